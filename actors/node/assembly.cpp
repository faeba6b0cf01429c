#include "actors/node/assembly.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "actors/agents/bridge_watcher.hpp"
#include "actors/rules/text_rule.hpp"
#include "connectors/labels/label_file.hpp"
#include "connectors/mock/mock_chain.hpp"
#include "messages/keccak.hpp"
#include "runtime/agent_registry.hpp"
#include "runtime/config/section_reader.hpp"
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

result<own_labels> assemble_all_labels(const node_config& config) {
  auto own = read_label_files({config.labels.files.begin(), config.labels.files.end()});
  if (!own) return own.error();
  return add_own_labels(*assemble_labels(config), std::move(*own));
}

std::vector<std::string> agent_ids(const node_config& config) {
  std::vector<std::string> out;
  for (const auto& kind : agent_kinds()) out.emplace_back(kind.info.id);
  for (const auto& [id, rule] : config.rules) out.push_back(id);
  std::sort(out.begin(), out.end());
  return out;
}

std::vector<failure> rule_problems(const node_config& config) {
  std::vector<failure> out;
  const auto known = agent_ids(config);
  const auto refuse = [&](const std::string& where, std::string why) {
    const bool placed = why.starts_with(config.file + ":");
    out.push_back({errc::bad_config, placed ? std::move(why) : fmt::format("{}: {}", where, why)});
  };
  for (const auto& [id, rule] : config.rules) {
    if (!is_agent_id(id))
      refuse(rule.where,
             fmt::format("rules.{}: an id is in kebab-case, at most 64 characters", id));
    if (find_agent_kind(id) != nullptr)
      refuse(rule.where, fmt::format("rules.{0}: there is an agent of the id \"{0}\" already", id));
    const auto parsed = text_rule::options::parse(rule.options);
    if (!parsed) {
      refuse(rule.where, parsed.error().message);
      continue;
    }
    const auto check_agent = [&](const std::string& who, std::string_view key) {
      if (std::binary_search(known.begin(), known.end(), who)) return;
      refuse(rule.options.find(key)->second.where,
             fmt::format("{}: unknown agent \"{}\"{}", key, who, suggestion(who, known)));
    };
    if (!parsed->to.empty()) check_agent(parsed->to, "then.to");
    for (const auto& c : parsed->where) {
      const bool names_agent = (parsed->topic == rule_topic::message ? c.field().name() == "from"
                                                                     : c.field().name() == "agent");
      if (!is_event(parsed->topic) && names_agent && c.op() == comparison::equal)
        check_agent(to_text(c.value()), "when.where");
    }
  }
  return out;
}

result<std::vector<agent_choice>> assemble_agents(const node_config& config,
                                                  const std::vector<std::string>& only) {
  const auto known = agent_ids(config);
  for (const auto& id : only)
    if (!std::binary_search(known.begin(), known.end(), id))
      return {errc::unknown_agent,
              fmt::format("unknown agent \"{}\"{}", id, suggestion(id, known))};
  if (const auto problems = rule_problems(config); !problems.empty()) return problems.front();
  std::vector<agent_choice> out;
  const auto choose = [&](const agent_kind& kind, const std::string& id,
                          const agent_section* section) {
    if (!only.empty() && std::find(only.begin(), only.end(), id) == only.end()) return;
    if (section == nullptr)
      out.push_back({{&kind, {}, id}, {}});
    else if (section->enabled)
      out.push_back({{&kind, section->options, id}, section->chains});
  };
  for (const auto& kind : agent_kinds()) {
    const auto section = config.agents.find(kind.info.id);
    choose(kind, std::string{kind.info.id},
           section == config.agents.end() ? nullptr : &section->second);
  }
  for (const auto& [id, rule] : config.rules) choose(text_rule_kind(), id, &rule);
  for (const auto& choice : out)
    if (auto checked = choice.plan.kind->check(choice.plan.options); !checked)
      return checked.error();
  return out;
}

maybe<linker_config> assemble_linker(const node_config& config,
                                     const std::vector<agent_choice>& agents) {
  const auto watcher = std::find_if(agents.begin(), agents.end(), [](const agent_choice& a) {
    return a.plan.kind->info.id == bridge_watcher::info.id;
  });
  if (watcher == agents.end()) return {};
  const auto options = bridge_watcher::options::parse(watcher->plan.options);
  std::vector<linked_chain> chains;
  for (const auto& c : config.chains)
    if (watcher->chains.empty() ||
        std::find(watcher->chains.begin(), watcher->chains.end(), c.id) != watcher->chains.end())
      chains.push_back({c.id, c.name, c.block_time_ms});
  return linker_config{.limits = options->limits,
                       .chains = std::move(chains),
                       .before = {},
                       .config_hash = config_hash(config),
                       .recorded = false,
                       .log = {}};
}

chain_policy assemble_policy(const chain_section& chain) {
  auto out = builtin_chain_policy(chain.rules());
  out.chain = chain.id;
  out.source = chain.name;
  out.large = chain.large;
  out.very_large = chain.very_large;
  out.block_time_ms = chain.block_time_ms;
  return out;
}

// Whoever parsed the section has checked its words.
verify_options assemble_verify(const chain_section& chain) {
  const auto level = parse_verify_level(chain.verify);
  return {.level = level ? *level : verify_level::full,
          .senders = chain.verify_senders,
          .like = chain.like};
}

suspect_rule assemble_suspect_rule(const chain_section& chain) {
  const auto rule = parse_suspect_rule(chain.on_suspect);
  return rule ? *rule : suspect_rule::hold;
}

std::string config_hash(const node_config& config) {
  std::string text;
  for (const auto* sections : {&config.agents, &config.rules})
    for (const auto& [id, section] : *sections) {
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
  // as in a configuration
  out.facts_per_minute = 0;
  out.wallet_questions_per_minute = 0;
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
