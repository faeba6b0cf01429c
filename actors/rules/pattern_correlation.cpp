#include "actors/rules/pattern_correlation.hpp"

#include <algorithm>
#include <set>

#include "runtime/config/option_map.hpp"

namespace eremos {

double correlation_confidence(std::uint64_t memories) noexcept {
  return std::min(0.95, 0.7 + 0.1 * static_cast<double>(memories));
}

result<pattern_correlation::options> pattern_correlation::options::parse(const option_map& given) {
  options out;
  option_reader read{given};
  out.memories_min =
      read.number("memories_min", out.memories_min, 2, defaults::shared_memories_max);
  if (auto bad = read.finish()) return *bad;
  return out;
}

pattern_correlation::pattern_correlation(caf::actor_config& cfg, const agent_services& services,
                                         options opts)
    : agent(cfg, services), options_(std::move(opts)) {}

void pattern_correlation::on(const memory_added& heard) {
  const auto& fresh = heard.entry;
  if (std::find(fresh.tags.begin(), fresh.tags.end(), "cluster") == fresh.tags.end()) return;
  std::set<std::pair<std::string, block_ref>> independent{{fresh.agent, fresh.block}};
  std::set<std::string> agents{fresh.agent};
  auto blocks = fresh.blocks;
  for (const auto& m : recall({.type = {}, .agent = {}, .key = fresh.key, .tags = {"cluster"}})) {
    independent.emplace(m->agent, m->block);
    agents.insert(m->agent);
    blocks.insert(blocks.end(), m->blocks.begin(), m->blocks.end());
  }
  if (independent.size() < options_.memories_min) return;
  std::string names;
  for (const auto& who : agents) names += (names.empty() ? "" : ",") + who;
  memory_draft found{.type = memory_type::correlation,
                     .key = "correlation:" + fresh.key,
                     .confidence = correlation_confidence(independent.size()),
                     .tags = {"correlation"},
                     .blocks = std::move(blocks),
                     .details = {}};
  found.details.set("memories", static_cast<std::uint64_t>(independent.size()))
      .set("agents", names)
      .set("pattern", fresh.key);
  remember(std::move(found));
}

status pattern_correlation::load(state_reader& in) { return in.finish(); }

EREMOS_AGENT(pattern_correlation)

}  // namespace eremos
