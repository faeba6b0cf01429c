// What clients send: JSON bodies, read strictly. An unknown field, a wrong type or too deep a
// nesting is an error that names it. Any thread.
#pragma once
#include <string>
#include <string_view>

#include "messages/agent_message.hpp"
#include "messages/error.hpp"
#include "runtime/log.hpp"
#include "runtime/storage/outbox.hpp"

namespace eremos {

/// {"topic":"…","details":{…}[,"to":"…","chain":"…","schema":"…","priority":"…"]}
struct message_body {
  agent_message what;
  std::string chain;  ///< name or id; empty: every chain
};
// Errors of each: malformed_json, malformed_shape.
result<message_body> read_message(std::string_view body);
/// {"seconds":7200[,"route":"…","type":"…","agent":"…","subject":"0x…","comment":"…"]}, with at
/// least one of what a silence is about. `until` and `created` are left to the caller.
struct silence_body {
  silence what;
  duration_ms lasts_ms = 0;
};
result<silence_body> read_silence(std::string_view body);
/// {"level":"debug"}
result<log_level> read_log_level(std::string_view body);

}  // namespace eremos
