#include "actors/node/scenario.hpp"

#include <algorithm>
#include <array>
#include <fstream>
#include <map>

#include <fmt/format.h>

#include "connectors/mock/mock_options.hpp"
#include "runtime/agent_registry.hpp"
#include "runtime/config/section_reader.hpp"

namespace eremos {
namespace embedded {
// examples/scenarios/*.toml
extern const std::string_view scenario_anomaly;
extern const std::string_view scenario_calm;
extern const std::string_view scenario_contract_deployment;
extern const std::string_view scenario_coordinated_response;
extern const std::string_view scenario_dormant_wallet;
extern const std::string_view scenario_high_frequency_trading;
extern const std::string_view scenario_launch_sequence;
extern const std::string_view scenario_mint_spike;
extern const std::string_view scenario_wallet_clustering;
}  // namespace embedded
namespace {

/// A scenario is a page of text; this is a wrong file.
constexpr std::size_t scenario_bytes_max = 64 * 1024;
constexpr std::uint64_t at_least_max = 1'000'000;

struct built_in {
  std::string_view name;
  const std::string_view* text;
};
constexpr std::array<built_in, 9> built_ins{{
    {"anomaly", &embedded::scenario_anomaly},
    {"calm", &embedded::scenario_calm},
    {"contract_deployment", &embedded::scenario_contract_deployment},
    {"coordinated_response", &embedded::scenario_coordinated_response},
    {"dormant_wallet", &embedded::scenario_dormant_wallet},
    {"high_frequency_trading", &embedded::scenario_high_frequency_trading},
    {"launch_sequence", &embedded::scenario_launch_sequence},
    {"mint_spike", &embedded::scenario_mint_spike},
    {"wallet_clustering", &embedded::scenario_wallet_clustering},
}};

class scenario_parser {
 public:
  explicit scenario_parser(std::string file) : problems_(std::move(file)) {}

  scenario_outcome parse(const toml_value& root) {
    section_reader read{root, "a scenario", problems_};
    out_.name = required(read, root, "name");
    out_.description = required(read, root, "description");
    out_.nothing_else = read.flag("nothing_else").value_or(false);
    if (const auto* mock = read.table("mock"))
      read_mock(*mock);
    else
      problems_.error(root.at, "no [mock]: what does the chain show, and for how many blocks?");
    if (const auto* list = read.take("expect")) read_expectations(*list);
    read.finish();
    if (out_.expect.empty() && !out_.nothing_else)
      problems_.error(root.at, "no [[expect]] and no nothing_else = true: this could not fail");
    auto errors = problems_.errors();
    errors.insert(errors.end(), mock_errors_.begin(), mock_errors_.end());
    return {std::move(out_), std::move(errors)};
  }

 private:
  std::string required(section_reader& read, const toml_value& table, std::string_view key) {
    const auto* written = read.take(key);
    auto text = read.text(key);
    if (text && !text->text.empty()) return std::move(text->text);
    // What is no text is a problem already.
    if (written == nullptr || text)
      problems_.error(written == nullptr ? table.at : written->at,
                      fmt::format("no {0}: want {0} = \"…\"", key));
    return {};
  }

  void read_mock(const toml_value& mock) {
    section_reader read{mock, "[mock]", problems_};
    std::vector<std::string> secret;  // a scenario holds nothing of the environment
    out_.mock = read.rest(secret);
    if (const auto first = out_.mock.find("first_block"); first != out_.mock.end())
      mock_errors_.push_back(
          {errc::bad_option,
           fmt::format("{}: first_block: a scenario begins at block 1", first->second.where)});
    const auto parsed = mock_options::parse(out_.mock);
    if (!parsed)
      mock_errors_.push_back(parsed.error());
    else if (parsed->blocks == 0)
      problems_.error(mock.at, "[mock] has no blocks: after how many does it end?");
    else
      out_.blocks = parsed->blocks;
  }

  void read_expectations(const toml_value& list) {
    if (list.kind != toml_kind::list) {
      problems_.error(list.at, "expect: want [[expect]], in double brackets: there may be several");
      return;
    }
    for (const auto& item : list.items) {
      if (item.kind == toml_kind::table)
        read_expectation(item);
      else
        problems_.error(item.at, fmt::format("expect: want a table, not {}", to_string(item.kind)));
    }
  }

  void read_expectation(const toml_value& item) {
    section_reader read{item, "[[expect]]", problems_};
    expectation wanted;
    wanted.agent = required(read, item, "agent");
    if (!wanted.agent.empty()) known_agent("agent", {wanted.agent, read.take("agent")->at});
    wanted.type = required(read, item, "type");
    wanted.at_least = read.number("at_least", 0, at_least_max).value_or(1);
    for (const auto& who : read.texts("named")) {
      known_agent("named", who);
      wanted.named.push_back(who.text);
    }
    read.finish();
    out_.expect.push_back(std::move(wanted));
  }

  void known_agent(std::string_view key, const located_text& id) {
    if (find_agent_kind(id.text) != nullptr) return;
    std::vector<std::string> known;
    for (const auto& kind : agent_kinds()) known.emplace_back(kind.info.id);
    problems_.error(
        id.at, fmt::format("{}: unknown agent \"{}\"{}", key, id.text, suggestion(id.text, known)));
  }

  problem_list problems_;
  std::vector<failure> mock_errors_;  ///< with their places
  scenario out_;
};

/// The words of a signal's details.agents: "a,b" as JSON text.
std::vector<std::string> agents_named(const signal& s) {
  auto json = s.details.find("agents");
  std::vector<std::string> out;
  if (json.size() < 2) return out;
  json = json.substr(1, json.size() - 2);
  while (!json.empty()) {
    const auto end = std::min(json.find(','), json.size());
    out.emplace_back(json.substr(0, end));
    json.remove_prefix(std::min(end + 1, json.size()));
  }
  return out;
}

bool names_all(const signal& s, const std::vector<std::string>& wanted) {
  const auto named = agents_named(s);
  return std::all_of(wanted.begin(), wanted.end(), [&](const std::string& who) {
    return std::find(named.begin(), named.end(), who) != named.end();
  });
}

/// "a x (2), b y (1)", sorted; "nothing".
std::string counted(const std::vector<const signal*>& signals) {
  std::map<std::string, std::uint64_t> counts;
  for (const auto* s : signals) ++counts[s->agent + " " + s->type];
  std::string out;
  for (const auto& [what, count] : counts)
    out += fmt::format("{}{} ({})", out.empty() ? "" : ", ", what, count);
  return out.empty() ? "nothing" : out;
}

checked_expectation check_one(const expectation& wanted, const std::vector<const signal*>& seen) {
  std::uint64_t count = 0;
  std::vector<const signal*> by_agent;
  std::string named;
  for (const auto* s : seen) {
    if (s->agent != wanted.agent) continue;
    by_agent.push_back(s);
    if (s->type != wanted.type) continue;
    if (names_all(*s, wanted.named)) ++count;
    if (!wanted.named.empty()) named = fmt::format("{}", fmt::join(agents_named(*s), ","));
  }
  checked_expectation out;
  out.met = count >= wanted.at_least;
  out.text = fmt::format("{} {}", wanted.agent, wanted.type);
  if (!wanted.named.empty()) out.text += fmt::format(" naming {}", fmt::join(wanted.named, ","));
  out.text += fmt::format(": {} seen, at least {} wanted", count, wanted.at_least);
  if (out.met) return out;
  out.text += fmt::format("; of {} came {}", wanted.agent, counted(by_agent));
  if (!named.empty()) out.text += fmt::format(", naming {}", named);
  return out;
}

}  // namespace

scenario_outcome parse_scenario(std::string_view text, const std::string& file) {
  const auto root = parse_toml(text, file);
  if (!root) return {{}, {root.error()}};
  return scenario_parser{file}.parse(*root);
}

std::vector<std::string> scenario_names() {
  std::vector<std::string> out;
  for (const auto& known : built_ins) out.emplace_back(known.name);
  return out;
}

scenario_outcome load_scenario(const std::string& name) {
  if (!name.ends_with(".toml") && name.find('/') == std::string::npos) {
    const auto at = std::find_if(built_ins.begin(), built_ins.end(),
                                 [&](const built_in& known) { return known.name == name; });
    if (at != built_ins.end()) return parse_scenario(*at->text, name + ".toml");
    const auto names = scenario_names();
    const auto guess = nearest(name, names);
    return {
        {},
        {{errc::bad_usage,
          fmt::format("unknown scenario \"{}\"{} There are {}; else name a file that ends in .toml",
                      name, guess.empty() ? "." : fmt::format("; did you mean \"{}\"?", guess),
                      fmt::join(names, ", "))}}};
  }
  const auto unreadable = [&](std::string_view why) {
    return scenario_outcome{{}, {{errc::file_unreadable, fmt::format("{}: {}", name, why)}}};
  };
  std::ifstream in{name, std::ios::binary};
  if (!in) return unreadable("cannot be opened");
  std::string text(scenario_bytes_max + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (in.bad() || (in.fail() && !in.eof())) return unreadable("cannot be read");
  text.resize(static_cast<std::size_t>(in.gcount()));
  if (text.size() > scenario_bytes_max) return unreadable("is larger than 64 KiB");
  return parse_scenario(text, name);
}

std::vector<checked_expectation> check_scenario(const scenario& what,
                                                const std::vector<signal>& seen) {
  std::vector<const signal*> standing;
  for (const auto& s : seen)
    if (s.status != signal_status::retracted) standing.push_back(&s);
  std::vector<checked_expectation> out;
  for (const auto& wanted : what.expect) out.push_back(check_one(wanted, standing));
  if (!what.nothing_else) return out;
  std::erase_if(standing, [&](const signal* s) {
    return std::any_of(what.expect.begin(), what.expect.end(), [&](const expectation& wanted) {
      return wanted.agent == s->agent && wanted.type == s->type;
    });
  });
  out.push_back({standing.empty(), fmt::format("nothing else: {} seen{}", standing.size(),
                                               standing.empty() ? "" : ": " + counted(standing))});
  return out;
}

}  // namespace eremos
