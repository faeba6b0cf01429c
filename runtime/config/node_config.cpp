#include "runtime/config/node_config.hpp"

#include <algorithm>
#include <fstream>
#include <sstream>

#include <fmt/format.h>

#include "runtime/config/alerts_reader.hpp"
#include "runtime/config/known_chains.hpp"
#include "runtime/config/section_reader.hpp"
#include "runtime/defaults.hpp"
#include "runtime/policy/chain_policy.hpp"

namespace eremos {
namespace {

/// A configuration is written by hand; this also bounds every list in it.
constexpr std::uintmax_t config_bytes_max = 1'048'576;
/// More threads than any machine we know of has cores.
constexpr std::uint64_t workers_max = 1'024;
constexpr duration_ms block_time_max = hour_ms;
/// A hundred a second: more than a chain meets of new tokens.
constexpr std::uint64_t facts_per_minute_max = 6'000;
/// Half of what is kept of a chain, so that what is not final is always known.
constexpr std::uint64_t finality_depth_max = defaults::chain_ledger_max / 2;
/// More providers of one chain add load and no safety; PROVIDERS counts their votes in a set of 32.
constexpr std::size_t providers_max = 32;
constexpr std::uint64_t weight_max = 1'000;
/// SQLite counts rows in 63 bits (its rowid); nobody needs as many.
constexpr std::uint64_t rows_max = 1'000'000'000'000;

/// Expands variables in every text of the tree, in place.
void expand_all(toml_value& value, const environment& env, problem_list& problems) {
  if (value.kind == toml_kind::text) {
    auto expanded = expand_variables(value.written, env);
    if (!expanded) {
      problems.error(value.at, expanded.error().message);
      return;
    }
    value.expanded = *expanded != value.written;
    value.text = std::move(*expanded);
  }
  for (auto& item : value.items) expand_all(item, env, problems);
  for (auto& entry : value.entries) expand_all(entry.value, env, problems);
}

std::vector<std::string> known_chain_names() {
  std::vector<std::string> names;
  for (const auto& chain : known_chains()) names.emplace_back(chain.name);
  return names;
}

/// "~/x" as a shell would have it.
std::string expand_home(std::string path, const environment& env) {
  if (path != "~" && !path.starts_with("~/")) return path;
  const auto home = env("HOME");
  return home ? *home + path.substr(1) : path;
}

class config_parser {
 public:
  config_parser(const std::string& file, const environment& env)
      : file_(file), env_(env), problems_(file) {}

  config_outcome run(std::string_view text) {
    config_outcome out;
    auto root = parse_toml(text, file_);
    if (!root) {
      out.errors.push_back(root.error());
      return out;
    }
    expand_all(*root, env_, problems_);
    read_root(*root);
    config_.file = file_;
    out.config = std::move(config_);
    out.errors = problems_.errors();
    out.warnings = problems_.warnings();
    return out;
  }

 private:
  void read_root(const toml_value& root) {
    section_reader read{root, "the file", problems_};
    if (const auto* node = read.table("node")) read_node(*node);
    if (const auto* api = read.table("api")) read_api(*api);
    if (const auto* chains = read.table("chains")) read_chains(*chains);
    if (const auto* watch = read.table("watch")) read_watch(*watch);
    if (const auto* labels = read.table("labels")) read_labels(*labels);
    if (const auto* events = read.table("events")) read_events(*events);
    if (const auto* store = read.table("store")) read_store(*store);
    if (const auto* agents = read.table("agents")) read_agents(*agents);
    if (const auto* rules = read.table("rules")) read_rules(*rules);
    if (const auto* alerts = read.table("alerts"))
      config_.alerts = read_alerts(*alerts, problems_,
                                   [this](const located_text& name) { return chain_named(name); });
    read.finish();
  }

  void read_node(const toml_value& table) {
    section_reader read{table, "[node]", problems_};
    auto& node = config_.node;
    if (auto dir = read.text("data_dir")) node.data_dir = expand_home(dir->text, env_);
    if (auto workers = read.number("workers", 0, workers_max))
      node.workers = static_cast<std::size_t>(*workers);
    if (auto level = read.word("log_level", {"trace", "debug", "info", "warn", "error"}))
      node.level = *parse_log_level(level->text);
    if (auto format = read.word("log_format", {"text", "json"}))
      node.format = format->text == "json" ? log_format::json : log_format::text;
    if (auto events = read.text("events")) node.events = expand_home(events->text, env_);
    read.finish();
  }

  void read_api(const toml_value& table) {
    section_reader read{table, "[api]", problems_};
    if (auto listen = read.text("listen")) {
      if (auto bad = check_listen(listen->text))
        problems_.error(listen->at, "listen: " + *bad);
      else
        config_.api.listen = listen->text;
    }
    auto& api = config_.api;
    for (const auto& host : read.texts("hosts")) api.hosts.push_back(host.text);
    for (const auto& origin : read.texts("origins")) read_origin(origin);
    if (auto rate = read.number("requests_per_second", 0, rows_max))
      api.requests_per_second = *rate;
    if (auto file = read.text("tls_certificate"))
      api.tls_certificate = expand_home(file->text, env_);
    if (auto file = read.text("tls_key")) api.tls_key = expand_home(file->text, env_);
    if (api.tls_certificate.empty() != api.tls_key.empty())
      problems_.error(table.at, "[api]: tls_certificate and tls_key belong together");
    if (const auto* tokens = read.take("tokens")) read_tokens(*tokens);
    read.finish();
  }

  void read_origin(const located_text& origin) {
    const auto& text = origin.text;
    const auto host = text.find("://");
    if ((!text.starts_with("http://") && !text.starts_with("https://")) ||
        text.find('/', host + 3) != std::string::npos)
      problems_.error(origin.at, fmt::format("origins: \"{}\" is not like https://example.org",
                                             text.substr(0, 80)));
    else
      config_.api.origins.push_back(text);
  }

  void read_tokens(const toml_value& list) {
    if (list.kind != toml_kind::list) {
      problems_.error(list.at, "tokens: want [[api.tokens]], in double brackets");
      return;
    }
    for (const auto& item : list.items) {
      if (item.kind == toml_kind::table)
        read_token(item);
      else
        problems_.error(item.at, fmt::format("tokens: want a table, not {}", to_string(item.kind)));
    }
  }

  void read_token(const toml_value& item) {
    section_reader read{item, "[[api.tokens]]", problems_};
    token_section out;
    out.where = problems_.where(item.at);
    if (auto name = read.text("name")) out.name = name->text;
    if (auto scope = read.word("scope", {"read", "write"})) out.may_write = scope->text == "write";
    const auto* token = read.take("token");
    if (auto text = read.text("token")) {
      out.token = text->text;
      if (!token->expanded)
        problems_.error(token->at,
                        "token: does not belong in a file like this; write ${VARIABLE}, "
                        "or file = \"…\"");
      else if (out.token.size() < api_token_bytes_min)
        problems_.error(token->at,
                        fmt::format("token: has less than {} bytes; openssl rand -hex 32 "
                                    "makes a good one",
                                    api_token_bytes_min));
    }
    if (auto file = read.text("file")) out.file = expand_home(file->text, env_);
    if (out.name.empty()) problems_.error(item.at, "[[api.tokens]] has no name");
    if (out.token.empty() == out.file.empty())
      problems_.error(item.at, "[[api.tokens]] needs either token or file");
    read.finish();
    config_.api.tokens.push_back(std::move(out));
  }

  void read_watch(const toml_value& table) {
    section_reader read{table, "[watch]", problems_};
    config_.watch.addresses = read.addresses("addresses");
    config_.watch.flagged = read.addresses("flagged");
    read.finish();
  }

  void read_labels(const toml_value& table) {
    section_reader read{table, "[labels]", problems_};
    for (const auto& [text, at] : read.texts("files"))
      config_.labels.files.push_back(expand_home(text, env_));
    read.finish();
  }

  void read_events(const toml_value& table) {
    section_reader read{table, "[events]", problems_};
    for (const auto& [text, at] : read.texts("signatures"))
      config_.signatures.push_back({text, problems_.where(at)});
    read.finish();
  }

  void read_store(const toml_value& table) {
    section_reader read{table, "[store]", problems_};
    if (const auto* kept = read.table("retention")) read_retention(*kept);
    read.finish();
  }

  void read_retention(const toml_value& table) {
    section_reader read{table, "[store.retention]", problems_};
    auto& keep = config_.store.keep;
    if (auto rows = read.number("messages", 0, rows_max)) keep.messages = *rows;
    if (auto rows = read.number("evidence", 0, rows_max)) keep.evidence = *rows;
    if (auto rows = read.number("alerts", 0, rows_max)) keep.alerts = *rows;
    if (auto rows = read.number("feed", 0, rows_max)) keep.feed = *rows;
    const auto* ledger = read.take("ledger");
    if (auto rows = read.number("ledger", 0, rows_max)) {
      keep.ledger = *rows;
      if (*rows > 0 && *rows < defaults::chain_ledger_max)
        problems_.error(ledger->at, fmt::format("ledger: want 0 (all) or at least {}: a restart "
                                                "needs them",
                                                defaults::chain_ledger_max));
    }
    read.finish();
  }

  void read_chains(const toml_value& chains) {
    for (const auto& [name, at, value] : chains.entries) {
      if (value.kind == toml_kind::table)
        read_chain(name, at, value);
      else
        problems_.error(at, fmt::format("chains.{}: want a table, [chains.{}]", name, name));
    }
  }

  void read_chain(const std::string& name, const text_place& at, const toml_value& table) {
    section_reader read{table, fmt::format("[chains.{}]", name), problems_};
    chain_section chain;
    chain.name = name;
    chain.where = problems_.where(at);
    read_chain_id(read, chain, at);
    if (auto like = read.word("like", known_chain_names()))
      chain.like = find_known_chain(like->text)->id;
    const auto known = builtin_chain_policy(chain.rules());
    chain.large = known.large;
    chain.very_large = known.very_large;
    chain.block_time_ms = known.block_time_ms;
    read_chain_limits(read, chain, at);
    read_providers(read, chain, at);
    read_facts(read, chain);
    read.finish();
    config_.chains.push_back(std::move(chain));
  }

  void read_chain_id(section_reader& read, chain_section& chain, const text_place& at) {
    const auto* by_name = find_known_chain(chain.name);
    const auto* written = read.take("chain_id");
    const auto id = read.number("chain_id", 1, UINT64_MAX);
    if (written == nullptr && by_name == nullptr) {
      const auto guess = nearest(chain.name, known_chain_names());
      problems_.error(at, guess.empty()
                              ? fmt::format("chain \"{}\" needs a chain_id; known without one: {}",
                                            chain.name, fmt::join(known_chain_names(), ", "))
                              : fmt::format("unknown chain \"{}\"; did you mean \"{}\"? Any other "
                                            "chain needs a chain_id",
                                            chain.name, guess));
      return;
    }
    chain.id = id ? *id : by_name != nullptr ? by_name->id : 0;
    if (id && by_name != nullptr && *id != by_name->id)
      problems_.warn(written->at, fmt::format("chain_id {} is not {}'s, which is {}", *id,
                                              chain.name, by_name->id));
    for (const auto& other : config_.chains) {
      if (chain.id == 0 || other.id != chain.id) continue;
      problems_.error(written != nullptr ? written->at : at,
                      fmt::format("chain_id {} is already that of [chains.{}] at {}", chain.id,
                                  other.name, other.where));
    }
  }

  void read_chain_limits(section_reader& read, chain_section& chain, const text_place& at) {
    const auto* start = read.take("start");
    if (start != nullptr && start->text != "latest") {
      if (auto number = parse_uint256(start->text);
          start->is_scalar() && number && number->fits_uint64())
        chain.start = number->low64();
      else
        problems_.error(start->at,
                        fmt::format("start: \"{}\" is neither \"latest\" nor a block number",
                                    std::string_view{start->written}.substr(0, 80)));
    }
    if (auto large = read.amount("large")) chain.large = *large;
    if (auto very_large = read.amount("very_large")) chain.very_large = *very_large;
    if (chain.very_large < chain.large)
      problems_.error(
          at, fmt::format("[chains.{}]: very_large ({}) is less than large ({})", chain.name,
                          to_units(chain.very_large, 18), to_units(chain.large, 18)));
    if (auto time = read.duration("block_time", 1, block_time_max)) chain.block_time_ms = *time;
    read_finality(read, chain);
    read_verification(read, chain);
  }

  void read_finality(section_reader& read, chain_section& chain) {
    const auto* written = read.take("finality");
    if (written == nullptr || written->text == "tags") return;
    const auto depth = parse_uint256(written->text);
    if (written->is_scalar() && depth && *depth >= uint256{1} &&
        *depth <= uint256{finality_depth_max})
      chain.finality_depth = depth->low64();
    else
      problems_.error(
          written->at,
          fmt::format("finality: \"{}\" is neither \"tags\" nor a number of blocks, at "
                      "most {}",
                      std::string_view{written->written}.substr(0, 80), finality_depth_max));
  }

  /// When an answer comes is chance, and made-up chains are to do the same twice.
  void read_facts(section_reader& read, chain_section& chain) {
    const bool is_made_up = std::all_of(chain.providers.begin(), chain.providers.end(),
                                        [](const provider_section& p) { return p.kind == "mock"; });
    if (is_made_up) chain.facts_per_minute = chain.wallet_questions_per_minute = 0;
    if (auto wallets = read.number("wallet_questions_per_minute", 0, facts_per_minute_max))
      chain.wallet_questions_per_minute = *wallets;
    if (auto facts = read.number("facts_per_minute", 0, facts_per_minute_max))
      chain.facts_per_minute = *facts;
  }

  void read_verification(section_reader& read, chain_section& chain) {
    if (auto level = read.word("verify", {"full", "logs", "links"})) chain.verify = level->text;
    if (auto senders = read.flag("verify_senders")) chain.verify_senders = *senders;
    if (auto rule = read.word("on_suspect", {"hold", "deliver", "skip"}))
      chain.on_suspect = rule->text;
  }

  void read_providers(section_reader& read, chain_section& chain, const text_place& at) {
    const auto* list = read.take("providers");
    if (list == nullptr || (list->kind == toml_kind::list && list->items.empty())) {
      problems_.error(at, fmt::format("[chains.{0}] has no provider; write "
                                      "[[chains.{0}.providers]] with its kind",
                                      chain.name));
      return;
    }
    if (list->kind != toml_kind::list) {
      problems_.error(list->at, fmt::format("providers: want [[chains.{}.providers]], in double "
                                            "brackets: there may be several",
                                            chain.name));
      return;
    }
    for (const auto& item : list->items) read_provider(item, chain);
    if (chain.providers.size() > providers_max)
      problems_.error(list->at, fmt::format("[chains.{}] has {} providers; at most {} are of use",
                                            chain.name, chain.providers.size(), providers_max));
    const auto* quorum = read.take("quorum");
    if (auto wanted = read.number("quorum", 1, providers_max)) {
      chain.quorum = *wanted;
      if (chain.quorum > chain.providers.size())
        problems_.error(quorum->at,
                        fmt::format("quorum: {} providers cannot agree where there are {}",
                                    chain.quorum, chain.providers.size()));
    }
  }

  void read_provider(const toml_value& item, chain_section& chain) {
    if (item.kind != toml_kind::table) {
      problems_.error(item.at,
                      fmt::format("providers: want a table, not {}", to_string(item.kind)));
      return;
    }
    section_reader read{item, fmt::format("[[chains.{}.providers]]", chain.name), problems_};
    provider_section provider;
    provider.where = problems_.where(item.at);
    if (read.take("kind") == nullptr)
      problems_.error(
          item.at, fmt::format("[[chains.{}.providers]] has no kind, like \"ethereum\" or \"mock\"",
                               chain.name));
    if (auto kind = read.text("kind")) {
      provider.kind = kind->text;
      provider.where = problems_.where(kind->at);
    }
    if (auto name = read.text("name")) provider.name = name->text;
    if (auto weight = read.number("weight", 1, weight_max))
      provider.weight = static_cast<std::uint32_t>(*weight);
    provider.options = read.rest(provider.secret);
    chain.providers.push_back(std::move(provider));
  }

  // After the chains, whose names it may use.
  void read_agents(const toml_value& agents) {
    for (const auto& [id, at, value] : agents.entries) {
      if (value.kind != toml_kind::table) {
        problems_.error(at, fmt::format("agents.{}: want a table, [agents.{}]", id, id));
        continue;
      }
      section_reader read{value, fmt::format("[agents.{}]", id), problems_};
      auto agent = read_agent(read, at);
      agent.options = read.rest(agent.secret);
      config_.agents.emplace(id, std::move(agent));
    }
  }

  /// What agents and rules have in common.
  agent_section read_agent(section_reader& read, const text_place& at) {
    agent_section out;
    out.where = problems_.where(at);
    if (auto enabled = read.flag("enabled")) out.enabled = *enabled;
    for (const auto& name : read.texts("chains"))
      if (auto chain = chain_named(name)) out.chains.push_back(*chain);
    return out;
  }

  void read_rules(const toml_value& rules) {
    if (rules.entries.size() > rules_max)
      problems_.error(rules.at, fmt::format("rules: more than {}", rules_max));
    for (const auto& [id, at, value] : rules.entries) {
      if (value.kind != toml_kind::table)
        problems_.error(at, fmt::format("rules.{}: want a table, [rules.{}]", id, id));
      else
        read_rule(id, at, value);
    }
  }

  void read_rule(const std::string& id, const text_place& at, const toml_value& table) {
    const auto title = fmt::format("[rules.{}]", id);
    section_reader read{table, title, problems_};
    auto rule = read_agent(read, at);
    const auto part = [&](const std::string& name) {
      const auto* inner = read.table(name);
      if (inner == nullptr) return;
      section_reader keys{*inner, fmt::format("[rules.{}.{}]", id, name), problems_};
      std::vector<std::string> secret;
      for (auto& [key, option] : keys.rest(secret))
        rule.options.emplace(fmt::format("{}.{}", name, key), std::move(option));
      for (const auto& key : secret) rule.secret.push_back(fmt::format("{}.{}", name, key));
    };
    part("when");
    part("then");
    if (!rule.options.contains("when.type"))
      problems_.error(at,
                      fmt::format("{} says not when: it needs [rules.{}.when] with a type, like "
                                  "\"transaction\"",
                                  title, id));
    rule.options.merge(read.rest(rule.secret));
    config_.rules.emplace(id, std::move(rule));
  }

  maybe<chain_id> chain_named(const located_text& name) {
    std::vector<std::string> names = known_chain_names();
    for (const auto& chain : config_.chains) {
      if (chain.name == name.text) return chain.id;
      names.push_back(chain.name);
    }
    if (const auto* known = find_known_chain(name.text)) return known->id;
    std::sort(names.begin(), names.end());
    names.erase(std::unique(names.begin(), names.end()), names.end());
    problems_.error(name.at, fmt::format("unknown chain \"{}\"{}", name.text.substr(0, 80),
                                         suggestion(name.text, names)));
    return std::nullopt;
  }

  const std::string& file_;
  const environment& env_;
  problem_list problems_;
  node_config config_;
};

}  // namespace

maybe<std::string> check_listen(std::string_view text) {
  if (text.empty()) return std::nullopt;
  const auto colon = text.rfind(':');
  const auto port = colon == std::string_view::npos ? result<uint256>{errc::malformed_number, ""}
                                                    : parse_uint256(text.substr(colon + 1));
  if (port && colon > 0 && port->fits_uint64() && port->low64() <= 65'535) return std::nullopt;
  return fmt::format("\"{}\" is not host:port, like \"127.0.0.1:8900\"", text.substr(0, 80));
}

config_outcome parse_config(std::string_view text, const std::string& file,
                            const environment& env) {
  return config_parser{file, env}.run(text);
}

config_outcome load_config(const std::string& path, const environment& env) {
  const auto unreadable = [&](std::string_view why) {
    config_outcome out;
    out.errors.push_back({errc::file_unreadable, fmt::format("{}: {}", path, why)});
    return out;
  };
  std::ifstream in{path, std::ios::binary};
  if (!in) return unreadable("cannot be opened");
  std::string text(config_bytes_max + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (in.bad() || (in.fail() && !in.eof())) return unreadable("cannot be read");
  text.resize(static_cast<std::size_t>(in.gcount()));
  if (text.size() > config_bytes_max) return unreadable("is larger than 1 MiB");
  return parse_config(text, path, env);
}

std::vector<failure> unknown_names(const node_config& config,
                                   const std::vector<std::string>& agent_ids,
                                   const std::vector<std::string>& provider_kinds) {
  std::vector<failure> out;
  const auto knows = [](const std::vector<std::string>& names, const std::string& name) {
    return std::find(names.begin(), names.end(), name) != names.end();
  };
  for (const auto& chain : config.chains) {
    for (const auto& provider : chain.providers) {
      if (provider.kind.empty() || knows(provider_kinds, provider.kind)) continue;
      out.push_back({errc::bad_config,
                     fmt::format("{}: unknown kind of provider \"{}\"{}", provider.where,
                                 provider.kind, suggestion(provider.kind, provider_kinds))});
    }
  }
  for (const auto& [id, agent] : config.agents) {
    if (knows(agent_ids, id)) continue;
    out.push_back({errc::bad_config, fmt::format("{}: unknown agent \"{}\"{}", agent.where, id,
                                                 suggestion(id, agent_ids))});
  }
  return out;
}

}  // namespace eremos
