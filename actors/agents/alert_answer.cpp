#include "actors/agents/alert_answer.hpp"

namespace eremos {

message_draft answer_to_alert(const agent_message& alert,
                              const std::vector<shared<memory_entry>>& own) {
  message_draft out{.topic = "response",
                    .schema = "eremos.alert_answer.1",
                    .rank = alert.rank,
                    .blocks = alert.blocks,
                    .details = {}};
  auto subject = alert.details.find("subject");
  if (subject.size() >= 2) subject = subject.substr(1, subject.size() - 2);  // JSON's quotes
  out.details.set("subject", subject);
  std::uint64_t known = 0;
  for (const auto& m : own) {
    if (subject.empty() || m->key.find(subject) == std::string::npos) continue;
    if (++known > 1) continue;
    out.details.set("newest", m->key).set("confidence", m->confidence);
    out.blocks.insert(out.blocks.end(), m->blocks.begin(), m->blocks.end());
  }
  out.details.set("known", known);
  return out;
}

}  // namespace eremos
