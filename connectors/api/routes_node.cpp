// What the running node is and does: agents, rules, chains, statistics, labels, configuration.
#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "connectors/api/json_body.hpp"
#include "connectors/api/problem.hpp"
#include "connectors/api/route.hpp"
#include "runtime/json_object.hpp"

namespace eremos {
namespace {

constexpr std::string_view rule_role = "rule";

std::string list_reply_text(const std::vector<std::string>& items) {
  return json_object{}
      .raw("items", json_list(items, [](const auto& x) { return x; }))
      .raw("next", "null")
      .done();
}

/// The agents of all chains and those above them, or those of one chain, that the test takes.
template <class Test>
std::vector<std::string> agents_where(const api_call& call, const node_state& state, Test test) {
  const auto chain = call.count("chain");
  std::vector<std::string> out;
  for (const auto& stream : state.report.streams)
    for (const auto& agent : stream.agents)
      if ((!chain || *chain == stream.chain) && test(agent)) out.push_back(to_json(agent));
  for (const auto& agent : state.report.above)
    if (!chain && test(agent)) out.push_back(to_json(agent));
  return out;
}

web_reply agents(const api_call& call, const api_context&, const node_state& state) {
  return json_reply(list_reply_text(agents_where(call, state, [](const auto&) { return true; })));
}

web_reply one_agent(const api_call& call, const api_context&, const node_state& state) {
  const auto id = *call.text("id");
  const auto found =
      agents_where(call, state, [&](const agent_report& a) { return a.agent == id; });
  if (found.empty()) return problem(404, "this node has no agent of that id");
  return json_reply(list_reply_text(found));
}

web_reply rules(const api_call& call, const api_context&, const node_state& state) {
  return json_reply(list_reply_text(
      agents_where(call, state, [](const agent_report& a) { return a.role == rule_role; })));
}

result<node_order> steer(const api_call& call, agent_order order) {
  node_order out;
  out.chain = call.count("chain");
  out.steer = steer_agent{*call.text("id"), order};
  return out;
}
result<node_order> pause(const api_call& call, const api_context&) {
  return steer(call, agent_order::pause);
}
result<node_order> resume(const api_call& call, const api_context&) {
  return steer(call, agent_order::resume);
}
result<node_order> release(const api_call& call, const api_context&) {
  return steer(call, agent_order::release);
}

result<node_order> post(const api_call& call, const api_context& context) {
  auto body = read_message(call.body);
  if (!body) return body.error();
  node_order out;
  if (!body->chain.empty()) {
    out.chain = context.chain_named(body->chain);
    if (!out.chain) return {errc::bad_usage, "chain: no chain of this node has that name"};
  }
  body->what.from = call.who.empty() ? "operator" : fmt::format("operator:{}", call.who);
  out.post = post_message{std::move(body->what)};
  return out;
}

web_reply chains(const api_call&, const api_context& context, const node_state& state) {
  std::vector<std::string> out;
  for (const auto& chain : state.report.chains)
    out.push_back(json_object{}
                      .text("name", context.name_of(chain.chain))
                      .raw("head", to_json(chain))
                      .done());
  return json_reply(list_reply_text(out));
}

web_reply stats(const api_call&, const api_context&, const node_state& state) {
  const auto& feed = state.feed;
  const auto& web = state.web;
  return json_reply(json_object{}
                        .raw("node", to_json(state.report))
                        .raw("api", json_object{}
                                        .count("connections", web.connections)
                                        .count("streams", web.streams)
                                        .count("requests", web.requests)
                                        .count("malformed", web.malformed)
                                        .count("timed_out", web.timed_out)
                                        .count("refused_connections", web.refused_connections)
                                        .count("live_items", feed.items)
                                        .count("live_frames", feed.frames)
                                        .count("live_slow", feed.slow)
                                        .count("live_gaps", feed.gaps)
                                        .done())
                        .done());
}

web_reply history(const api_call& call, const api_context&, const node_state& state) {
  const auto seconds = call.count("seconds").value_or(history_seconds_max);
  const auto points = call.count("points").value_or(history_points_default);
  return json_reply(state.history.to_json(seconds, static_cast<std::size_t>(points)));
}

std::string label_json(const label& x) {
  return json_object{}
      .raw("chain_id", x.chain == 0 ? "null" : std::to_string(x.chain))
      .text("address", to_hex(x.who))
      .text("kind", x.kind)
      .text("name", x.name)
      .flag("watched", x.watched)
      .flag("flagged", x.flagged)
      .text("source", x.source)
      .done();
}

/// As of the newest block of the chain asked for, else of any: they may have been read again.
web_reply labels(const api_call& call, const api_context& context, store_pages& store) {
  const auto chain = call.count("chain");
  const auto kind = call.text("kind");
  std::size_t from = 0;
  if (const auto cursor = call.text("cursor")) {
    const auto number = call.count("cursor");
    if (!number) return problem(400, "cursor: this was not given by this API");
    from = static_cast<std::size_t>(*number);
  }
  std::vector<std::string> out;
  shared<label_set> known{context.labels};
  for (const auto& [name, id] : context.chains) {
    if (chain && id != *chain) continue;
    const auto newest = store.labels(id);
    if (!newest) return problem(503, newest.error().message);
    if (!*newest) continue;
    known = **newest;
    break;
  }
  const auto& rows = known->rows();
  maybe<std::string> next;
  for (auto i = from; i < rows.size(); ++i) {
    const auto& x = rows[i];
    if ((chain && x.chain != 0 && x.chain != *chain) || (kind && x.kind != *kind)) continue;
    if (out.size() == call.limit()) {
      next = std::to_string(i);
      break;
    }
    out.push_back(label_json(x));
  }
  return json_reply(json_object{}
                        .raw("items", json_list(out, [](const auto& x) { return x; }))
                        .raw("next", next ? json_quoted(*next) : "null")
                        .done());
}

web_reply config(const api_call&, const api_context& context) {
  return json_reply(json_object{}
                        .text("version", context.version)
                        .text("file", context.config_file)
                        .text("toml", context.config_toml)
                        .done());
}

std::string level_json(const api_context& context) {
  return json_object{}.text("level", to_string(context.log.level())).done();
}

web_reply log_level_now(const api_call&, const api_context& context) {
  return json_reply(level_json(context));
}

web_reply set_log_level(const api_call& call, const api_context& context) {
  const auto level = read_log_level(call.body);
  if (!level) return problem_of(level.error());
  context.log.set_level(*level);
  return not_stored(json_reply(level_json(context)));
}

api_parameter agent_parameter() { return {"id", parameter_kind::text, "The agent"}; }
api_parameter rule_parameter() { return {"id", parameter_kind::text, "The rule"}; }

const std::vector<api_route> routes = {
    {"GET",
     "/api/v1/agents",
     "agents",
     "Every agent of every chain, and those above the chains, with state and counters",
     {chain_parameter()},
     "",
     "agent_page",
     &agents},
    {"GET",
     "/api/v1/agents/{id}",
     "agents",
     "One agent, on each chain it watches",
     {agent_parameter(), chain_parameter()},
     "",
     "agent_page",
     &one_agent},
    {"POST",
     "/api/v1/agents/{id}/pause",
     "agents",
     "Blocks go on without the agent until it is resumed, or the node restarts",
     {agent_parameter(), chain_parameter()},
     "",
     "done",
     &pause,
     api_scope::write},
    {"POST",
     "/api/v1/agents/{id}/resume",
     "agents",
     "A paused agent catches up and is awaited again",
     {agent_parameter(), chain_parameter()},
     "",
     "done",
     &resume,
     api_scope::write},
    {"POST",
     "/api/v1/agents/{id}/release",
     "agents",
     "An agent in quarantine starts again",
     {agent_parameter(), chain_parameter()},
     "",
     "done",
     &release,
     api_scope::write},
    {"GET",
     "/api/v1/rules",
     "rules",
     "Every rule of every chain with its state and counters",
     {chain_parameter()},
     "",
     "agent_page",
     &rules},
    {"POST",
     "/api/v1/rules/{id}/disable",
     "rules",
     "Pauses the rule",
     {rule_parameter(), chain_parameter()},
     "",
     "done",
     &pause,
     api_scope::write},
    {"POST",
     "/api/v1/rules/{id}/enable",
     "rules",
     "Resumes the rule",
     {rule_parameter(), chain_parameter()},
     "",
     "done",
     &resume,
     api_scope::write},
    {"POST",
     "/api/v1/messages",
     "messages",
     "A message to one agent, or to all, heard with the next block",
     {},
     "new_message",
     "done",
     &post,
     api_scope::write,
     202},
    {"GET",
     "/api/v1/chains",
     "chains",
     "Head, finality, provider and counters of each chain",
     {},
     "",
     "chain_page",
     &chains},
    {"GET", "/api/v1/stats", "node", "All counters of the node", {}, "", "stats", &stats},
    {"GET",
     "/api/v1/stats/history",
     "node",
     "Events per second, waiting events and memories of the last hours, all chains together",
     {{"seconds",
       parameter_kind::count,
       "How far back; six hours where nothing is said",
       {},
       1,
       history_seconds_max},
      {"points",
       parameter_kind::count,
       "At most so many, each the mean of its time; 240 where nothing is said",
       {},
       1,
       history_samples_max}},
     "",
     "stats_history",
     &history},
    {"GET",
     "/api/v1/labels",
     "node",
     "Known addresses",
     {chain_parameter(),
      {"kind", parameter_kind::text, "Of one kind, like cex"},
      limit_parameter(),
      cursor_parameter()},
     "",
     "label_page",
     &labels},
    {"GET",
     "/api/v1/config",
     "node",
     "What the node was started with, without secrets",
     {},
     "",
     "config",
     &config},
    {"GET", "/api/v1/log-level", "node", "What the node logs", {}, "", "log_level", &log_level_now},
    {"PUT",
     "/api/v1/log-level",
     "node",
     "Logs more or less from now on",
     {},
     "log_level",
     "log_level",
     &set_log_level,
     api_scope::write},
};

}  // namespace
EREMOS_API_ROUTES(routes)
}  // namespace eremos
