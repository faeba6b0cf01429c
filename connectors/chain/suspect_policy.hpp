// What to do with a block that failed a check: ask again, hold the chain, deliver it marked, or
// leave its content out. Pure: time is the sum of the pauses it gave. Owned by one CHAIN.
#pragma once
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "connectors/ethereum/backoff.hpp"
#include "messages/chain.hpp"
#include "runtime/defaults.hpp"

namespace eremos {

/// What a chain does once asking again has not helped.
enum class suspect_rule : std::uint8_t {
  hold,     ///< wait and ask for suspect_hold_max, then deliver it marked
  deliver,  ///< deliver it marked
  skip      ///< commit the block without its content
};
/// Errors: bad_option.
result<suspect_rule> parse_suspect_rule(std::string_view text);

class suspect_policy {
 public:
  struct verdict {
    bool ask_again = false;
    std::chrono::milliseconds pause{};  ///< before that
    bool begins_to_hold = false;        ///< an operator must hear of it, now
    bool repaired = false;              ///< what came before had failed
    bool leave_out = false;             ///< its content is not to be committed
  };

  suspect_policy(suspect_rule rule, std::uint64_t seed)
      : rule_(rule), pause_(defaults::fetch_retry_min, defaults::fetch_retry_max, seed) {}

  /// A block was fetched, and this was found of it.
  verdict fetched(block_number number, const block_integrity& found);

  bool holding() const noexcept { return holding_; }

 private:
  void forget();

  suspect_rule rule_;
  backoff pause_;
  block_number number_ = 0;  ///< of the block that failed last
  std::size_t failed_ = 0;   ///< answers in a row; 0: none
  bool holding_ = false;
  std::chrono::milliseconds held_{0};
};

}  // namespace eremos
