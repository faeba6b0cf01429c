// `eremos-node doctor`: tries out each configured provider and says what really works.
#include <algorithm>

#include <fmt/format.h>
#include <caf/all.hpp>

#include "actors/node/assembly.hpp"
#include "actors/node/commands.hpp"
#include "actors/node/running_node.hpp"
#include "actors/node/text_table.hpp"
#include "connectors/ethereum/dialect.hpp"
#include "connectors/ethereum/examine_provider.hpp"
#include "connectors/net/http.hpp"
#include "connectors/net/websocket.hpp"
#include "messages/signal.hpp"

namespace eremos {
namespace {

struct examined {
  std::string chain;
  std::string provider;
  std::string kind;
  std::vector<provider_finding> findings;

  bool is_met() const {
    return std::none_of(findings.begin(), findings.end(),
                        [](const provider_finding& f) { return f.state == finding_state::unmet; });
  }
};

std::string to_json(const examined& e) {
  std::string findings;
  for (const auto& f : e.findings)
    findings +=
        fmt::format("{}{{\"what\":{},\"state\":\"{}\",\"text\":{}}}", findings.empty() ? "" : ",",
                    json_quoted(f.what), to_string(f.state), json_quoted(f.text));
  return fmt::format("{{\"chain\":{},\"provider\":{},\"kind\":{},\"met\":{},\"findings\":[{}]}}",
                     json_quoted(e.chain), json_quoted(e.provider), json_quoted(e.kind), e.is_met(),
                     findings);
}

std::string to_text(const examined& e) {
  text_table table{{"", "", ""}};
  for (const auto& f : e.findings) table.add({std::string{to_string(f.state)}, f.what, f.text});
  return fmt::format("{} · {} ({})\n{}\n", e.chain, e.provider, e.kind, table.text());
}

/// What is wrong with a chain as a whole; empty: nothing.
std::string chain_problem(const chain_section& chain, std::size_t usable) {
  if (usable == 0) return fmt::format("{}: no provider can be used", chain.name);
  if (usable < chain.quorum)
    return fmt::format("{}: {} of its providers can be used and {} must agree", chain.name, usable,
                       chain.quorum);
  return {};
}

}  // namespace

int run_doctor(const doctor_command& given, query_context& context) {
  const auto outcome = load_config(*given.common.config, context.env);
  const auto problems = all_problems(outcome);
  for (const auto& p : problems) context.err << p.message << '\n';
  if (!problems.empty()) return exit_config;
  const auto& config = outcome.config;

  caf::actor_system_config settings;
  add_message_types(settings);
  caf::actor_system system{settings};
  const auto net_out = spawn_net_out(system);
  const auto http = spawn_http(system);
  bool met = true;
  std::string json;
  for (const auto& chain : config.chains) {
    std::size_t usable = 0;
    for (const auto& provider : chain.providers) {
      examined e{chain.name, provider_name(provider), provider.kind, {}};
      if (find_dialect(provider.kind) == nullptr) {
        e.findings.push_back(
            {"kind", finding_state::good, "no provider on the network: not tried"});
      } else if (auto options = provider_options::parse(provider.options)) {
        context.err << fmt::format("{} · {}: asking; its subscriptions have {} s to speak\n",
                                   e.chain, e.provider, given.listen / 1'000);
        e.findings =
            examine_provider(system, {.config = connector_config_of(chain, provider, config),
                                      .options = std::move(*options),
                                      .net_out = net_out,
                                      .http = http,
                                      .listen = std::chrono::milliseconds{given.listen}});
      } else {
        e.findings.push_back({"options", finding_state::unmet, options.error().message});
      }
      usable += e.is_met();
      met = met && e.is_met();
      if (given.common.json)
        json += (json.empty() ? "" : ",") + to_json(e);
      else
        context.out << to_text(e) << std::flush;
    }
    if (const auto problem = chain_problem(chain, usable); !problem.empty()) {
      context.err << "eremos-node: " << problem << '\n';
      met = false;
    }
  }
  for (const auto& door : {net_out, http})
    caf::anon_send_exit(door, caf::exit_reason::user_shutdown);
  if (given.common.json)
    context.out << fmt::format("{{\"met\":{},\"providers\":[{}]}}\n", met, json);
  return met ? exit_ok : exit_failure;
}

}  // namespace eremos
