// Blocks that are being fetched: who waits for each, of whom it is asked, and what came so far; so
// that a block that is under way is not asked for twice. Pure. Owned by one PROVIDERS.
#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "messages/chain.hpp"

namespace eremos {

using fetched = std::function<void(result<shared<block_record>>)>;

/// One block that is asked for, of one provider after the other.
struct fetch_run {
  std::uint64_t id = 0;  ///< 0: it has not begun
  fetch_block what;
  std::vector<fetched> waiting;    ///< none: it is over
  std::vector<std::size_t> order;  ///< providers, best first
  std::size_t tried = 0;
  failure worst{errc::provider_unreachable, "no provider is connected"};
  maybe<shared<block_record>> doubtful;  ///< failed a check; what there is if nobody has better

  bool is_over() const noexcept { return waiting.empty(); }
  /// Whether the one that is asked now may take as long as its own requests do.
  bool asks_last() const noexcept { return tried == order.size(); }
};

class fetch_runs {
 public:
  void begin(std::shared_ptr<fetch_run> one) {
    one->id = ++last_id_;
    runs_.emplace(one->id, std::move(one));
  }
  /// A fetch of that block which another one may wait for. Where the last of several is asked,
  /// whoever comes now is better off to begin with the best.
  std::shared_ptr<fetch_run> under_way(const hash32& block) const {
    for (const auto& [id, one] : runs_)
      if (one->what.hash && *one->what.hash == block &&
          (!one->asks_last() || one->order.size() == 1))
        return one;
    return nullptr;
  }
  /// nullptr: it is over.
  std::shared_ptr<fetch_run> find(std::uint64_t id) const {
    const auto at = runs_.find(id);
    return at == runs_.end() ? nullptr : at->second;
  }
  /// Answers all who wait.
  void end(fetch_run& one, const result<shared<block_record>>& got) {
    const auto waiting = std::exchange(one.waiting, {});
    one.doubtful.reset();
    runs_.erase(one.id);
    for (const auto& answer : waiting) answer(got);
  }
  void clear() { runs_.clear(); }

 private:
  std::uint64_t last_id_ = 0;
  /// What CHAIN waits for, what is fetched ahead, and what it no longer wants: each ends when its
  /// last provider has answered, or could not in its request_timeout.
  std::map<std::uint64_t, std::shared_ptr<fetch_run>> runs_;
};

}  // namespace eremos
