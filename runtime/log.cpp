#include "runtime/log.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <caf/send.hpp>

namespace eremos {
namespace {
constexpr std::array<std::string_view, 5> level_names = {"trace", "debug", "info", "warn", "error"};
}

std::string_view to_string(log_level x) noexcept {
  return level_names[static_cast<std::size_t>(x)];
}

result<log_level> parse_log_level(std::string_view text) {
  const auto at = std::find(level_names.begin(), level_names.end(), text);
  if (at != level_names.end()) return static_cast<log_level>(at - level_names.begin());
  return {errc::bad_option, fmt::format("unknown log level \"{}\"; want one of {}", text,
                                        fmt::join(level_names, ", "))};
}

logger::logger(log_actor to, std::string part, log_level min)
    : to_(std::move(to)),
      part_(std::move(part)),
      min_(std::make_shared<std::atomic<log_level>>(min)) {}

logger logger::for_part(std::string part) const {
  auto out = *this;
  out.part_ = std::move(part);
  return out;
}

void logger::set_level(log_level min) const {
  if (min_) min_->store(min, std::memory_order_relaxed);
}

log_level logger::level() const noexcept {
  return min_ ? min_->load(std::memory_order_relaxed) : log_level::error;
}

void logger::say(log_level level, std::string_view kind, std::string text) const {
  if (to_ && level >= this->level())
    caf::anon_send(to_, log_record{level, part_, std::string{kind}, std::move(text)});
}

}  // namespace eremos
