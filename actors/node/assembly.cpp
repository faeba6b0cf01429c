#include "actors/node/assembly.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "messages/keccak.hpp"
#include "runtime/agent_registry.hpp"
#include "runtime/registry/builtin_labels.hpp"

namespace eremos {

label_view assemble_labels(const node_config& config) {
  const auto builtin = builtin_labels();
  auto rows = builtin->rows();
  for (const auto& row : borrowed_labels(*builtin, 1, mock_chain_id)) rows.push_back(row);
  const auto add = [&](const address& who, bool flagged) {
    rows.push_back({.chain = 0,
                    .who = who,
                    .kind = flagged ? "flagged" : "watched",
                    .name = "",
                    .watched = true,
                    .flagged = flagged,
                    .source = "configuration"});
    // A row of a chain itself would win over one for every chain.
    for (auto& row : rows) {
      if (row.who != who) continue;
      row.watched = true;
      row.flagged = row.flagged || flagged;
    }
  };
  for (const auto& who : config.watch.addresses) add(who, false);
  for (const auto& who : config.watch.flagged) add(who, true);
  return std::make_shared<const label_set>(std::move(rows));
}

result<std::vector<agent_choice>> assemble_agents(const node_config& config,
                                                  const std::vector<std::string>& only) {
  for (const auto& id : only) {
    if (find_agent_kind(id) != nullptr) continue;
    std::vector<std::string> known;
    for (const auto& kind : agent_kinds()) known.emplace_back(kind.info.id);
    const auto guess = nearest(id, known);
    return {errc::unknown_agent,
            fmt::format("unknown agent \"{}\"; {}", id,
                        guess.empty() ? fmt::format("there are {}", fmt::join(known, ", "))
                                      : fmt::format("did you mean \"{}\"?", guess))};
  }
  std::vector<agent_choice> out;
  for (const auto& kind : agent_kinds()) {
    const std::string id{kind.info.id};
    if (!only.empty() && std::find(only.begin(), only.end(), id) == only.end()) continue;
    const auto section = config.agents.find(id);
    agent_choice choice{&kind, {}, {}};
    if (section != config.agents.end()) {
      if (!section->second.enabled) continue;
      choice.options = section->second.options;
      choice.chains = section->second.chains;
    }
    if (auto checked = kind.check(choice.options); !checked) return checked.error();
    out.push_back(std::move(choice));
  }
  return out;
}

chain_policy assemble_policy(const chain_section& chain) {
  auto out = builtin_chain_policy(chain.id);
  out.source = chain.name;
  out.large = chain.large;
  out.very_large = chain.very_large;
  out.block_time_ms = chain.block_time_ms;
  return out;
}

std::string config_hash(const node_config& config) {
  std::string text;
  for (const auto& [id, section] : config.agents) {
    text += fmt::format("{}:{};", id, section.enabled);
    for (const auto& [key, value] : section.options)
      text += fmt::format("{}={};", key, fmt::join(value.texts, ","));
  }
  for (const auto& c : config.chains)
    text += fmt::format("{}:{}:{};", c.id, to_string(c.large), to_string(c.very_large));
  for (const auto& who : config.watch.addresses) text += to_hex(who);
  text += '|';
  for (const auto& who : config.watch.flagged) text += to_hex(who);
  return to_hex(keccak256(text)).substr(2, 8);
}

chain_section mock_chain_section(const maybe<std::uint64_t>& seed, const std::string& rate) {
  chain_section out;
  out.name = "mock";
  out.id = mock_chain_id;
  out.start = block_number{1};
  provider_section provider;
  provider.kind = "mock";
  const auto set = [&](std::string_view key, std::string text) {
    provider.options.emplace(key, option_value{{std::move(text)}, false, "--" + std::string{key}});
  };
  if (seed) set("seed", std::to_string(*seed));
  if (!rate.empty()) set("rate", rate);
  out.providers.push_back(std::move(provider));
  return out;
}

}  // namespace eremos
