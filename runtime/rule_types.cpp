#include "runtime/rule_types.hpp"

namespace eremos {

std::string subject_of(const block_event& x) { return to_hex(x.hash); }
std::string subject_of(const transaction_event& x) { return to_hex(x.from); }
std::string subject_of(const contract_event& x) { return to_hex(x.emitter); }
std::string subject_of(const mempool_event& x) { return x.full ? to_hex(x.from) : to_hex(x.hash); }
std::string subject_of(const wallet_activity_event& x) { return to_hex(x.account); }

severity severity_of(priority rank) noexcept {
  switch (rank) {
    case priority::low:
      return severity::low;
    case priority::medium:
      return severity::medium;
    case priority::high:
      return severity::high;
    case priority::critical:
      return severity::critical;
  }
  return severity::medium;
}

message_draft rule_message(const rule_match& match, std::string topic, priority rank) {
  message_draft out{.topic = std::move(topic),
                    .schema = "eremos.rule.1",
                    .rank = rank,
                    .blocks = {},
                    .details = {}};
  out.details.set("event", to_string(match.event)).set("subject", match.subject);
  return out;
}

}  // namespace eremos
