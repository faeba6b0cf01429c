// What clients send: JSON bodies, read strictly. An unknown field, a wrong type or too deep a
// nesting is an error that names it. Any thread.
#pragma once
#include <string>
#include <string_view>

#include "messages/agent_message.hpp"
#include "messages/error.hpp"
#include "runtime/log.hpp"

namespace eremos {

/// {"topic":"…","details":{…}[,"to":"…","chain":"…","schema":"…","priority":"…"]}
struct message_body {
  agent_message what;
  std::string chain;  ///< name or id; empty: every chain
};
// Errors of each: malformed_json, malformed_shape.
result<message_body> read_message(std::string_view body);
/// {"level":"debug"}
result<log_level> read_log_level(std::string_view body);

}  // namespace eremos
