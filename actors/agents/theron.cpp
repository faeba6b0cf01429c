#include "actors/agents/theron.hpp"

#include <algorithm>

#include "actors/agents/alert_answer.hpp"
#include "runtime/config/option_map.hpp"

namespace eremos {

result<theron::options> theron::options::parse(const option_map& given) {
  options out;
  option_reader read{given};
  const auto from = read.text("archive_from", to_string(out.archive_from));
  out.archive_again = read.duration("archive_again", out.archive_again);
  if (auto bad = read.finish()) return *bad;
  const auto level = parse_severity(from);
  if (!level) return {errc::bad_option, "archive_from: " + level.error().message};
  out.archive_from = *level;
  return out;
}

theron::theron(caf::actor_config& cfg, const agent_services& services, options opts)
    : agent(cfg, services), options_(std::move(opts)) {}

void theron::on(const signal_raised& heard) {
  const auto& s = heard.what;
  if (s.level < options_.archive_from || s.type == "coordinated_response") return;
  const auto key = "archive:" + s.type + ":" + s.subject;
  if (archived_of_late(key)) return count("archived_already");
  memory_draft entry{.type = memory_type::anomaly,
                     .key = key,
                     .confidence = s.confidence,
                     .tags = {"archive", s.type},
                     .blocks = s.blocks,
                     .details = {}};
  entry.details.set("signal", to_string(s.id)).set("agent", s.agent).set("subject", s.subject);
  remember(std::move(entry));
  signal_draft told{.type = "archival",
                    .subject = s.subject,
                    .anchor = s.evidence.front(),
                    .evidence = s.evidence,
                    .blocks = s.blocks,
                    .confidence = s.confidence,
                    .level = severity::info,
                    .details = {}};
  told.details.set("signal", to_string(s.id)).set("signal_type", s.type).set("agent", s.agent);
  emit(std::move(told));
}

void theron::on(const agent_message& heard) {
  if (heard.topic == "alert") send(heard.from, answer_to_alert(heard, recall({.agent = id()})));
}

bool theron::archived_of_late(const std::string& key) {
  const auto known = archived_.find(key);
  const bool late = known != archived_.end() && now() - known->second < options_.archive_again;
  if (late) return true;
  if (known == archived_.end() && archived_.size() >= archived_max)
    archived_.erase(
        std::min_element(archived_.begin(), archived_.end(),
                         [](const auto& a, const auto& b) { return a.second < b.second; }));
  archived_[key] = now();
  return false;
}

void theron::save(state_writer& out) const {
  out.u64(archived_.size());
  for (const auto& [key, when] : archived_) {
    out.text(key);
    out.i64(when);
  }
}

status theron::load(state_reader& in) {
  archived_.clear();
  const auto size = in.count(16);
  for (std::uint64_t i = 0; i < size && in.intact(); ++i) {
    auto key = in.text();
    archived_[std::move(key)] = in.i64();
  }
  return in.finish();
}

EREMOS_AGENT(theron)

}  // namespace eremos
