#include "actors/node/queries.hpp"

#include <cassert>
#include <chrono>
#include <filesystem>

#include <fmt/format.h>

#include "actors/node/alerting.hpp"
#include "actors/node/alerts_query.hpp"
#include "actors/node/assembly.hpp"
#include "actors/node/chain_names.hpp"
#include "actors/node/explain.hpp"
#include "actors/node/listings.hpp"
#include "actors/node/status_text.hpp"
#include "actors/node/text_table.hpp"
#include "connectors/connector.hpp"
#include "connectors/ethereum/signatures.hpp"
#include "connectors/labels/label_file.hpp"
#include "connectors/net/control_socket.hpp"
#include "runtime/agent_registry.hpp"
#include "runtime/node_report.hpp"
#include "runtime/printable.hpp"
#include "runtime/storage/fact_json.hpp"
#include "runtime/storage/ledger_json.hpp"
#include "runtime/storage/sqlite_store.hpp"
#include "runtime/storage/store_pages.hpp"

namespace eremos {
namespace {

/// A node answers between two blocks; one that does not is stuck, and the last state is shown.
constexpr std::chrono::milliseconds control_timeout{3'000};

class query_runner {
 public:
  explicit query_runner(query_context& context) : context_(context) {}

  int operator()(const check_command& what) {
    const auto outcome = load_config(what.file, context_.env);
    const auto problems = all_problems(outcome);
    if (what.common.json) {
      for (const auto& problem : problems) print_problem("error", problem.message);
      for (const auto& warning : outcome.warnings) print_problem("warning", warning);
    } else {
      for (const auto& problem : problems) context_.out << problem.message << '\n';
      for (const auto& warning : outcome.warnings) context_.err << "warning: " << warning << '\n';
      if (problems.empty()) context_.err << what.file << " is valid\n";
    }
    return problems.empty() ? exit_ok : exit_config;
  }

  int operator()(const version_command& what) {
    std::string json = fmt::format("{{\"eremos\":{}", json_quoted(context_.version));
    std::string text = fmt::format("eremos {}\n", context_.version);
    for (const auto& [name, version] : context_.parts) {
      json += fmt::format(",{}:{}", json_quoted(name), json_quoted(version));
      text += fmt::format("{} {}\n", name, version);
    }
    context_.out << (what.common.json ? json + "}\n" : text);
    return exit_ok;
  }

  int operator()(const stats_command& what) { return state("stats", what.common); }
  int operator()(const agents_command& what) { return state("agents", what.common); }

  int operator()(const labels_command& what) {
    if (const auto code = find_folder(what.common); code != exit_ok) return code;
    const auto* line = what.reload        ? "labels reload"
                       : what.common.json ? "labels json"
                                          : "labels text";
    const auto answer = ask_control(folder_ / control_socket_name, line, control_timeout);
    if (!answer) return fail(answer.error(), exit_failure);
    // CONTROL answers a refusal as text.
    const bool refused = answer->starts_with("error: ");
    (refused ? context_.err : context_.out) << *answer;
    return refused ? exit_config : exit_ok;
  }

  int operator()(const signals_command& what) {
    if (const auto code = prepare(what.common); code != exit_ok) return code;
    signal_query want{.type = what.type,
                      .agent = what.agent,
                      .status = what.status,
                      .since = since(what.since),
                      .min_confidence = what.min_confidence,
                      .min_severity = what.min_severity,
                      .subject = what.subject,
                      .limit = what.limit};
    if (const auto code = choose_chain(what.chain, want.chain); code != exit_ok) return code;
    return list(store_->signals(want), what.common.json, "no signals",
                [&](const auto& rows) { return signals_text(rows, names_); });
  }

  int operator()(const memory_command& what) {
    if (const auto code = prepare(what.common); code != exit_ok) return code;
    memory_query want{.type = what.type,
                      .agent = what.agent,
                      .tags = what.tags,
                      .status = what.status,
                      .since = since(what.since),
                      .min_confidence = what.min_confidence,
                      .subject = what.subject,
                      .limit = what.limit};
    if (const auto code = choose_chain(what.chain, want.chain); code != exit_ok) return code;
    return list(store_->memories(want), what.common.json, "no memories",
                [&](const auto& rows) { return memories_text(rows, names_); });
  }

  int operator()(const blocks_command& what) {
    std::vector<chain_id> chains;
    if (const auto code = prepare(what.common, what.chain, chains); code != exit_ok) return code;
    std::vector<ledger_row> rows;
    for (const auto chain : chains) {
      const auto found = store_->ledger(chain, what.limit, what.state);
      if (!found) return fail(found.error(), exit_failure);
      rows.insert(rows.end(), found->begin(), found->end());
    }
    return list(result<std::vector<ledger_row>>{std::move(rows)}, what.common.json, "no blocks",
                [&](const auto& all) { return blocks_text(all, names_); });
  }

  int operator()(const facts_command& what) {
    if (const auto code = prepare(what.common); code != exit_ok) return code;
    fact_query want{.chain = {}, .who = what.who, .before = {}, .limit = what.limit};
    if (const auto code = choose_chain(what.chain, want.chain); code != exit_ok) return code;
    auto pages = store_pages::open((folder_ / store_file_name).string());
    if (!pages) return fail(pages.error(), exit_failure);
    return list((*pages)->facts(want), what.common.json, "no facts",
                [&](const auto& rows) { return facts_text(rows, names_); });
  }

  int operator()(const wallet_command& what) {
    std::vector<chain_id> chains;
    if (const auto code = prepare(what.common, what.chain, chains); code != exit_ok) return code;
    std::vector<wallet_row> rows;
    for (const auto chain : chains) {
      const auto found = store_->facts({.chain = chain, .all_blocks = true, .wallets = {what.who}});
      if (!found) return fail(found.error(), exit_failure);
      for (const auto& facts : found->known) rows.push_back({chain, facts});
    }
    return list(result<std::vector<wallet_row>>{std::move(rows)}, what.common.json,
                "no block of this store has that wallet",
                [&](const auto& all) { return wallet_text(all, names_); });
  }

  int operator()(const explain_command& what) {
    if (const auto code = prepare(what.common); code != exit_ok) return code;
    auto found = store_->find_signal(what.id);
    if (!found) return fail(found.error(), exit_failure);
    if (!*found)
      return fail({errc::bad_usage, fmt::format("no signal {} is stored", to_string(what.id))},
                  exit_failure);
    const auto explained = explain(*store_, std::move(**found));
    if (!explained) return fail(explained.error(), exit_failure);
    context_.out << (what.common.json ? to_json(*explained) : to_text(*explained, names_));
    return exit_ok;
  }

  int operator()(const alerts_command& what) {
    if (what.action == alerts_action::test) return run_alerts_test(what, context_);
    if (const auto code = find_folder(what.common); code != exit_ok) return code;
    return run_alerts(what, folder_ / store_file_name, context_);
  }

  template <class Other>
  int operator()(const Other&) {
    assert(false && "run, replay and help are no queries");
    return exit_failure;
  }

 private:
  int fail(const failure& why, int code) { return say(context_, why, code); }

  void print_problem(std::string_view level, std::string_view message) {
    context_.out << fmt::format("{{\"level\":\"{}\",\"message\":{}}}\n", level,
                                json_quoted(message));
  }

  /// Finds the data folder, by way of the configuration if there is one.
  int find_folder(const common_options& common) {
    node_config config;
    if (common.config) {
      auto outcome = load_config(*common.config, context_.env);
      for (const auto& error : outcome.errors) context_.err << error.message << '\n';
      if (!outcome.errors.empty()) return exit_config;
      config = std::move(outcome.config);
    }
    names_ = chain_names{config};
    auto folder = choose_data_dir(common, config, context_.env);
    if (!folder) return fail(folder.error(), exit_usage);
    folder_ = std::move(*folder);
    return exit_ok;
  }

  int open_store() {
    const auto path = folder_ / store_file_name;
    std::error_code ignored;
    if (!std::filesystem::exists(path, ignored))
      return fail({errc::file_unreadable, fmt::format("nothing is stored in {}", folder_.string())},
                  exit_failure);
    auto opened = open_sqlite_reader(path.string());
    if (!opened) return fail(opened.error(), exit_failure);
    store_ = std::move(*opened);
    return exit_ok;
  }

  int prepare(const common_options& common) {
    const auto code = find_folder(common);
    return code == exit_ok ? open_store() : code;
  }

  /// Likewise; `chains` is the one that was chosen, or all of the store.
  int prepare(const common_options& common, const std::string& chosen,
              std::vector<chain_id>& chains) {
    if (const auto code = prepare(common); code != exit_ok) return code;
    maybe<chain_id> only;
    if (const auto code = choose_chain(chosen, only); code != exit_ok) return code;
    if (only) {
      chains = {*only};
      return exit_ok;
    }
    const auto counts = store_->counts();
    if (!counts) return fail(counts.error(), exit_failure);
    for (const auto& cursor : counts->cursors) chains.push_back(cursor.chain);
    return exit_ok;
  }

  int choose_chain(const std::string& text, maybe<chain_id>& out) {
    if (text.empty()) return exit_ok;
    const auto id = names_.id_of(text);
    if (!id) return fail(id.error(), exit_usage);
    out = *id;
    return exit_ok;
  }

  maybe<time_ms> since(const since_option& given) const {
    if (const auto* moment = std::get_if<time_ms>(&given)) return *moment;
    if (const auto* ago = std::get_if<before_now>(&given)) return context_.now() - ago->span;
    return std::nullopt;
  }

  template <class Rows, class ToText>
  int list(const result<Rows>& rows, bool json, std::string_view none, ToText to_text) {
    if (!rows) return fail(rows.error(), exit_failure);
    if (json) {
      for (const auto& row : *rows) context_.out << to_json(row) << '\n';
    } else if (rows->empty()) {
      context_.err << none << '\n';
    } else {
      context_.out << to_text(*rows);
    }
    return exit_ok;
  }

  /// `stats` and `agents`: the running node's answer, else the last stored state with its age.
  int state(std::string_view what, const common_options& common) {
    if (const auto code = find_folder(common); code != exit_ok) return code;
    const auto line = fmt::format("{} {}", what, common.json ? "json" : "text");
    const auto answer = ask_control(folder_ / control_socket_name, line, control_timeout);
    if (answer) {
      context_.out << *answer;
      return exit_ok;
    }
    if (const auto code = open_store(); code != exit_ok) return code;
    const auto stored = store_->meta(meta_last_report);
    if (!stored) return fail(stored.error(), exit_failure);
    if (!*stored)
      return fail({errc::file_unreadable,
                   fmt::format("no node runs on {} ({}), and none has left its state",
                               folder_.string(), answer.error().message)},
                  exit_failure);
    const auto report = decode_report(**stored, context_.version);
    if (!report) return fail(report.error(), exit_failure);
    context_.err << fmt::format("no node runs on {}; this is its state {} ago ({})\n",
                                folder_.string(), span_text(context_.now() - report->taken_at),
                                to_rfc3339(report->taken_at));
    context_.out << *answer_control(line, *report);
    return exit_ok;
  }

  query_context& context_;
  chain_names names_;
  std::filesystem::path folder_;
  std::unique_ptr<store_reader> store_;
};

}  // namespace

std::vector<failure> all_problems(const config_outcome& outcome) {
  const auto& config = outcome.config;
  auto problems = outcome.errors;
  std::vector<std::string> agents;
  for (const auto& kind : agent_kinds()) agents.emplace_back(kind.info.id);
  std::vector<std::string> providers;
  for (const auto& kind : connector_kinds()) providers.emplace_back(kind.name);
  for (auto& unknown : unknown_names(config, agents, providers))
    problems.push_back(std::move(unknown));
  const auto add = [&](const status& checked, const std::string& where) {
    if (checked) return;
    const auto& [code, message] = checked.error();
    const bool placed = message.starts_with(config.file + ":");
    problems.push_back({code, placed ? message : fmt::format("{}: {}", where, message)});
  };
  for (const auto& chain : config.chains)
    for (const auto& provider : chain.providers) {
      const auto* kind = find_connector_kind(provider.kind);
      if (kind != nullptr && kind->check != nullptr)
        add(kind->check(provider.options), provider.where);
    }
  auto signatures = signature_table::built_in();
  for (const auto& [text, where] : config.signatures) add(signatures.add(text), where);
  for (const auto& [id, section] : config.agents) {
    const auto* kind = find_agent_kind(id);
    if (kind != nullptr) add(kind->check(section.options), section.where);
  }
  const auto labels = read_label_files({config.labels.files.begin(), config.labels.files.end()});
  if (!labels) problems.push_back({errc::bad_config, labels.error().message});
  for (auto& wrong : alert_problems(config)) problems.push_back(std::move(wrong));
  for (auto& wrong : rule_problems(config)) problems.push_back(std::move(wrong));
  return problems;
}

int say(query_context& context, const failure& why, int code) {
  context.err << "eremos-node: " << printable(redact_urls(why.message)) << '\n';
  return code;
}

int run_query(const command& what, query_context& context) {
  query_runner runner{context};
  return std::visit([&](const auto& x) { return runner(x); }, what);
}

}  // namespace eremos
