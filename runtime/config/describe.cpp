// The effective configuration as text: what a node was really started with, without its secrets.
#include <algorithm>

#include <fmt/format.h>

#include "messages/keccak.hpp"
#include "messages/signal.hpp"
#include "runtime/config/known_chains.hpp"
#include "runtime/config/node_config.hpp"
#include "runtime/printable.hpp"

namespace eremos {
namespace {

template <class Range, class ToText>
std::string list_of(const Range& range, ToText to_text) {
  std::string out;
  for (const auto& x : range) out += (out.empty() ? "" : ", ") + to_text(x);
  return "[" + out + "]";
}

std::string shown(std::string_view text) { return json_quoted(redact_urls(text)); }

/// A secret URL stays readable: its host says which provider it is, and the rest is cut anyway.
std::string shown_option(const std::string& text, bool secret) {
  return secret && text.find("://") == std::string::npos ? "\"…\"" : shown(text);
}

std::string options_text(const option_map& options, const std::vector<std::string>& secret) {
  std::string out;
  for (const auto& [key, value] : options) {
    const bool hidden = std::find(secret.begin(), secret.end(), key) != secret.end();
    const auto list =
        list_of(value.texts, [&](const std::string& text) { return shown_option(text, hidden); });
    out += fmt::format("{} = {}\n", key,
                       value.is_list ? list : std::string_view{list}.substr(1, list.size() - 2));
  }
  return out;
}

std::string duration_text(duration_ms t) {
  if (t % day_ms == 0) return fmt::format("\"{}d\"", t / day_ms);
  if (t % second_ms == 0) return fmt::format("\"{}s\"", t / second_ms);
  return fmt::format("\"{}ms\"", t);
}

std::string chain_text(const chain_section& chain) {
  auto out = fmt::format(
      "\n[chains.{}]\nchain_id = {}\nstart = {}\nlarge = \"{}\"\nvery_large = \"{}\"\n"
      "block_time = {}\nfinality = {}\nfacts_per_minute = {}\nwallet_questions_per_minute = {}\n"
      "verify = \"{}\"\nverify_senders = {}\n"
      "on_suspect = \"{}\"\n",
      chain.name, chain.id, chain.start ? std::to_string(*chain.start) : "\"latest\"",
      to_units(chain.large, 18, 18), to_units(chain.very_large, 18, 18),
      duration_text(chain.block_time_ms),
      chain.finality_depth != 0 ? std::to_string(chain.finality_depth) : "\"tags\"",
      chain.facts_per_minute, chain.wallet_questions_per_minute, chain.verify, chain.verify_senders,
      chain.on_suspect);
  if (const auto* like = find_known_chain(chain.like); like != nullptr)
    out += fmt::format("like = \"{}\"\n", like->name);
  for (const auto& provider : chain.providers)
    out += fmt::format("\n[[chains.{}.providers]]\nkind = {}\n{}", chain.name, shown(provider.kind),
                       options_text(provider.options, provider.secret));
  return out;
}

std::string chain_name(const node_config& config, chain_id id) {
  for (const auto& chain : config.chains)
    if (chain.id == id) return chain.name;
  const auto* known = find_known_chain(id);
  return known != nullptr ? std::string{known->name} : std::to_string(id);
}

/// `table` is "agents" or "rules".
std::string agent_text(const node_config& config, std::string_view table, const std::string& id,
                       const agent_section& agent) {
  auto out = fmt::format("\n[{}.{}]\nenabled = {}\n", table, id, agent.enabled);
  if (!agent.chains.empty())
    out += fmt::format("chains = {}\n", list_of(agent.chains, [&](chain_id chain) {
                         return json_quoted(chain_name(config, chain));
                       }));
  return out + options_text(agent.options, agent.secret);
}

std::string filter_text(const node_config& config, const alert_filter& filter) {
  std::string out;
  const auto list = [&](std::string_view key, const std::vector<std::string>& texts) {
    if (texts.empty()) return;
    out += fmt::format("{} = {}\n", key, list_of(texts, [](const auto& t) { return shown(t); }));
  };
  std::vector<std::string> chains;
  for (const auto id : filter.chains) chains.push_back(chain_name(config, id));
  list("agent", filter.agents);
  list("type", filter.types);
  list("chain", chains);
  list("label", filter.labels);
  if (filter.min_severity)
    out += fmt::format("min_severity = \"{}\"\n", to_string(*filter.min_severity));
  if (filter.min_confidence)
    out += fmt::format("min_confidence = {}\n", json_number(*filter.min_confidence));
  return out;
}

std::string alerts_text(const node_config& config) {
  const auto& alerts = config.alerts;
  const auto plain = [](const std::string& text) { return shown(text); };
  auto out = fmt::format("\n[alerts]\nretry_min = {}\nretry_max = {}\nattempts = {}\n",
                         duration_text(alerts.retry_min_ms), duration_text(alerts.retry_max_ms),
                         alerts.attempts);
  for (const auto& [id, sink] : alerts.sinks)
    out += fmt::format("\n[alerts.sinks.{}]\nkind = {}\n{}", id, shown(sink.kind),
                       options_text(sink.options, sink.secret));
  for (const auto& route : alerts.routes) {
    out += fmt::format(
        "\n[[alerts.route]]\nname = {}\nsinks = {}\nwait_for = \"{}\"\n"
        "suppress_for = {}\ntell_finality = {}\n{}",
        shown(route.name), list_of(route.sinks, plain), to_string(route.wait_for),
        duration_text(route.suppress_for_ms), route.tell_finality,
        filter_text(config, route.filter));
    if (route.group_wait_ms > 0)
      out += fmt::format("group_by = {}\ngroup_wait = {}\n", list_of(route.group_by, plain),
                         duration_text(route.group_wait_ms));
  }
  for (const auto& rule : alerts.inhibitions)
    out += fmt::format(
        "\n[[alerts.inhibit]]\nequal = {}\nwithin = {}\n\n[alerts.inhibit.when]\n{}"
        "\n[alerts.inhibit.mute]\n{}",
        list_of(rule.equal, plain), duration_text(rule.within_ms), filter_text(config, rule.when),
        filter_text(config, rule.mute));
  return out;
}

std::string api_text(const api_section& api) {
  auto out = fmt::format(
      "\n[api]\nlisten = {}\nhosts = {}\norigins = {}\nrequests_per_second = {}\n"
      "tls_certificate = {}\ntls_key = {}\n",
      shown(api.listen), list_of(api.hosts, shown), list_of(api.origins, shown),
      api.requests_per_second, shown(api.tls_certificate), shown(api.tls_key));
  for (const auto& token : api.tokens)
    out += fmt::format("\n# [[api.tokens]] {}, scope {}\n", shown(token.name),
                       token.may_write ? "write" : "read");
  return out;
}

}  // namespace

std::string describe(const node_config& config) {
  const auto& node = config.node;
  std::string out =
      fmt::format("# {}\n[node]\n", config.file.empty() ? "defaults only" : printable(config.file));
  out += node.data_dir ? fmt::format("data_dir = {}\n", shown(*node.data_dir))
                       : "# data_dir: $XDG_STATE_HOME/eremos\n";
  out +=
      fmt::format("workers = {}\nlog_level = \"{}\"\nlog_format = \"{}\"\nevents = {}\n",
                  node.workers, to_string(node.level), to_string(node.format), shown(node.events));
  out += api_text(config.api);
  const auto& keep = config.store.keep;
  out += fmt::format(
      "\n[store.retention]\nmessages = {}\nevidence = {}\nalerts = {}\nledger = {}\nfeed = {}\n",
      keep.messages, keep.evidence, keep.alerts, keep.ledger, keep.feed);
  const auto quoted_address = [](const address& who) { return json_quoted(to_checksum(who)); };
  out += fmt::format("\n[watch]\naddresses = {}\nflagged = {}\n",
                     list_of(config.watch.addresses, quoted_address),
                     list_of(config.watch.flagged, quoted_address));
  out += fmt::format("\n[labels]\nfiles = {}\n",
                     list_of(config.labels.files, [](const auto& file) { return shown(file); }));
  out += fmt::format("\n[events]\nsignatures = {}\n",
                     list_of(config.signatures, [](const auto& s) { return shown(s.text); }));
  for (const auto& chain : config.chains) out += chain_text(chain);
  for (const auto& [id, agent] : config.agents) out += agent_text(config, "agents", id, agent);
  for (const auto& [id, rule] : config.rules) out += agent_text(config, "rules", id, rule);
  return out + alerts_text(config);
}

}  // namespace eremos
