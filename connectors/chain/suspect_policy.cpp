#include "connectors/chain/suspect_policy.hpp"

#include <fmt/format.h>

namespace eremos {

result<suspect_rule> parse_suspect_rule(std::string_view text) {
  if (text == "hold") return suspect_rule::hold;
  if (text == "deliver") return suspect_rule::deliver;
  if (text == "skip") return suspect_rule::skip;
  return {errc::bad_option, fmt::format("\"{}\" is none of hold, deliver, skip", text)};
}

void suspect_policy::forget() {
  failed_ = 0;
  holding_ = false;
  held_ = {};
  pause_.reset();
}

suspect_policy::verdict suspect_policy::fetched(block_number number, const block_integrity& found) {
  if (failed_ > 0 && number != number_) forget();
  if (!found.is_suspect()) {
    verdict out{.repaired = failed_ > 0 && found.state == integrity_state::verified};
    forget();
    return out;
  }
  number_ = number;
  if (++failed_ < defaults::suspect_tries_max) return {.ask_again = true, .pause = pause_.next()};
  if (rule_ == suspect_rule::hold && held_ < defaults::suspect_hold_max) {
    verdict out{.ask_again = true, .pause = pause_.next(), .begins_to_hold = !holding_};
    holding_ = true;
    held_ += out.pause;
    return out;
  }
  forget();
  return {.leave_out = rule_ == suspect_rule::skip};
}

}  // namespace eremos
