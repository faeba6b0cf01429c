// How actors say what happens to an operator: records go to LOG, an actor of its own thread, as
// text or JSON lines. Decides nothing and is never read back by logic. A logger is a value; any
// thread.
#pragma once
#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include <caf/typed_actor.hpp>

#include "messages/protocols.hpp"

namespace eremos {

enum class log_level : std::uint8_t { trace, debug, info, warn, error };
std::string_view to_string(log_level x) noexcept;
result<log_level> parse_log_level(std::string_view text);

struct log_record {
  log_level level = log_level::info;
  std::string part;  ///< who speaks: "chain:ethereum", "agent:skiero"
  std::string kind;  ///< what kind of thing happened, snake_case; repeats of (part, kind) are
                     ///< counted, not printed
  std::string text;  ///< a sentence for a person; LOG escapes and cuts it
};
template <class Inspector>
auto inspect(Inspector& f, log_record& x) {
  return f(x.level, x.part, x.kind, x.text);
}

using log_actor = caf::typed_actor<
    /// One thing that happened.
    caf::reacts_to<log_record>,
    /// Answered when everything before it is written.
    caf::replies_to<drain>::with<drained>>;

/// What an actor holds to speak to LOG. A default-constructed one says nothing.
class logger {
 public:
  logger() = default;
  logger(log_actor to, std::string part, log_level min = log_level::info);
  /// The same LOG and level, for another part.
  logger for_part(std::string part) const;

  /// Of this logger and of all that for_part made of it or of the one it was made of.
  void set_level(log_level min) const;
  log_level level() const noexcept;

  void debug(std::string_view kind, std::string text) const {
    say(log_level::debug, kind, std::move(text));
  }
  void info(std::string_view kind, std::string text) const {
    say(log_level::info, kind, std::move(text));
  }
  void warn(std::string_view kind, std::string text) const {
    say(log_level::warn, kind, std::move(text));
  }
  void error(std::string_view kind, std::string text) const {
    say(log_level::error, kind, std::move(text));
  }
  void say(log_level level, std::string_view kind, std::string text) const;

 private:
  log_actor to_;
  std::string part_;
  std::shared_ptr<std::atomic<log_level>> min_;  ///< people change it while the node runs
};

}  // namespace eremos
