// The life of each pending transaction, as far as providers and blocks show it: seen, and then
// included, replaced or dropped. Each step of a transaction is told once for as long as its hash is
// remembered, whatever providers repeat and however often its block is reverted and comes again.
// Bounded in number and bytes, time is the chain's. Pure. Owned by one CHAIN.
#pragma once
#include <list>
#include <memory>
#include <unordered_map>
#include <utility>
#include <vector>

#include "messages/chain.hpp"
#include "messages/reports.hpp"
#include "runtime/defaults.hpp"

namespace eremos {

/// A step to tell, and when it was taken.
struct pending_step {
  mempool_event event;
  time_ms at = 0;
};

void count_step(chain_report& into, const mempool_event& step) noexcept;

struct pending_limits {
  std::size_t waiting_max = defaults::pending_waiting_max;
  std::size_t bytes_max = defaults::pending_bytes_max;
  std::size_t done_max = defaults::pending_done_max;
  duration_ms ttl = defaults::pending_ttl;
};

class pending_transactions {
 public:
  explicit pending_transactions(pending_limits limits = {}) : limits_(limits) {}

  /// A provider shows a transaction. It is `seen` the first time; another one of its sender and
  /// nonce that waits is `replaced` by it. `at` is on the chain's clock.
  std::vector<pending_step> show(mempool_event shown, const std::string& provider, time_ms at);
  /// A block has become canonical: what it holds is `included`, what it makes impossible
  /// `replaced`, and what has waited for too long `dropped`. Includes late pieces of blocks.
  std::vector<pending_step> commit(const block_ref& block, time_ms at,
                                   const std::vector<transaction_event>& transactions);
  /// What these blocks held waits again, and its time to live begins anew at `at`.
  std::vector<pending_step> revert(const std::vector<block_ref>& blocks, time_ms at);

  std::size_t waiting() const noexcept { return waiting_.size(); }
  /// Remembered, waiting or not.
  std::size_t known() const noexcept { return entries_.size(); }

 private:
  using sender_nonce = std::pair<address, std::uint64_t>;
  struct sender_nonce_hash {
    std::size_t operator()(const sender_nonce& x) const noexcept {
      return std::hash<address>{}(x.first) + x.second * 0x9E3779B97F4A7C15u;
    }
  };
  struct entry {
    std::unique_ptr<const mempool_event> shown;  ///< while it waits
    maybe<sender_nonce> signed_by;               ///< none: its hash alone was shown
    time_ms seen_at = 0;                         ///< first
    time_ms since = 0;                           ///< waits since: seen, or reverted
    std::list<hash32>::iterator place;           ///< in waiting_ or done_
    bool waits = false;
    std::uint8_t told = 0;  ///< a bit per mempool_state
    block_ref in;           ///< the canonical block that holds it; zero hash: none
    std::size_t bytes = 0;  ///< counted while it waits
  };

  /// Remembered from now on, if it was not; true: it was not.
  std::pair<entry&, bool> know(const hash32& hash);
  static bool tell(const hash32& hash, entry& e, mempool_state state, time_ms at,
                   std::vector<pending_step>& out);
  void take(const hash32& hash, entry& e, mempool_event shown, time_ms at,
            std::vector<pending_step>& out);
  void wait(const hash32& hash, entry& e, time_ms since);
  void end(entry& e);
  void replace_rival(const hash32& by, const sender_nonce& of, time_ms at,
                     std::vector<pending_step>& out);
  void drop_oldest(drop_reason why, time_ms at, std::vector<pending_step>& out);
  void keep_bounds(time_ms at, std::vector<pending_step>& out);

  pending_limits limits_;
  std::unordered_map<hash32, entry> entries_;
  std::list<hash32> waiting_;  ///< oldest first
  std::list<hash32> done_;     ///< ended longest ago first
  std::unordered_map<sender_nonce, hash32, sender_nonce_hash> by_nonce_;  ///< whole ones that wait
  std::size_t bytes_ = 0;
};

}  // namespace eremos
