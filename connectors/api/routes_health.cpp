// Probes and metrics. Probes ask for no token and no name, and say nothing of secrets.
#include <algorithm>

#include <fmt/format.h>

#include "connectors/api/metrics.hpp"
#include "connectors/api/problem.hpp"
#include "connectors/api/process_facts.hpp"
#include "connectors/api/route.hpp"
#include "runtime/defaults.hpp"

namespace eremos {
namespace {

/// Beyond it a node is not healthy: its bounds sum up to far less (docs/benchmarks.md).
constexpr std::uint64_t resident_bytes_max = 4ull * 1024 * 1024 * 1024;

struct check {
  std::string_view name;
  std::string trouble;  ///< empty: all is well
};

std::string events_trouble(const node_state& s) {
  for (const auto& c : s.report.chains)
    if (c.state == "stopped" || c.state == "blocked" || c.state == "holding")
      return fmt::format("{} is {}", c.source, c.state);
  return {};
}

std::string queue_trouble(const node_state& s) {
  for (const auto& x : s.report.streams)
    if (x.blocks_waiting >= defaults::window_blocks)
      return fmt::format("the window of {} is full", x.source);
  return {};
}

std::string agents_trouble(const node_state& s) {
  for (const auto& x : s.report.streams) {
    if (x.agents.empty()) return fmt::format("{} has no agents", x.source);
    const auto at = std::find_if(x.agents.begin(), x.agents.end(),
                                 [](const auto& a) { return a.state == "quarantined"; });
    if (at != x.agents.end()) return fmt::format("{} is in quarantine", at->agent);
  }
  return s.report.streams.empty() ? "no chain runs" : "";
}

std::string memory_trouble(const node_state&) {
  const auto resident = read_process_facts().resident_bytes;
  return resident > resident_bytes_max ? fmt::format("{} MiB are resident", resident >> 20) : "";
}

std::string providers_trouble(const node_state& s) {
  for (const auto& c : s.report.chains)
    if (c.connector.state == "connecting" || c.connector.state == "disconnected")
      return fmt::format("the provider of {} is {}", c.source, c.connector.state);
  return {};
}

std::string store_trouble(const node_state& s) {
  return s.report.store.writable ? "" : "the store cannot be written";
}

web_reply ready(const api_call& call, const api_context&, const node_state& s) {
  const check checks[] = {{"event processing", events_trouble(s)},
                          {"message queue", queue_trouble(s)},
                          {"agent registration", agents_trouble(s)},
                          {"memory growth", memory_trouble(s)},
                          {"providers", providers_trouble(s)},
                          {"store", store_trouble(s)},
                          {"draining", s.draining ? "the node ends" : ""}};
  std::string text;
  bool well = true;
  for (const auto& c : checks) {
    well = well && c.trouble.empty();
    text += c.trouble.empty() ? fmt::format("[+] {}\n", c.name)
                              : fmt::format("[-] {}: {}\n", c.name, c.trouble);
  }
  const bool verbose = call.text("verbose").has_value();
  return text_reply((verbose ? text : std::string{}) + (well ? "ready\n" : "not ready\n"),
                    well ? 200 : 503);
}

web_reply alive(const api_call&, const api_context&) { return text_reply("ok\n"); }

web_reply metrics(const api_call&, const api_context& context, const node_state& s) {
  auto out = text_reply(metrics_text(s, context));
  // Prometheus' text format.
  out.type = "text/plain; version=0.0.4; charset=utf-8";
  return out;
}

const std::vector<api_route> routes = {
    {"GET",
     "/livez",
     "health",
     "Answered while the node runs",
     {},
     "",
     "text/plain",
     &alive,
     api_scope::open},
    {"GET",
     "/healthz",
     "health",
     "The same as /livez",
     {},
     "",
     "text/plain",
     &alive,
     api_scope::open},
    {"GET",
     "/readyz",
     "health",
     "200 while the node does its work, else 503",
     {{"verbose", parameter_kind::text, "Tells each check"}},
     "",
     "text/plain",
     &ready,
     api_scope::open},
    {"GET", "/metrics", "health", "Counters for Prometheus", {}, "", "text/plain", &metrics},
};

}  // namespace
EREMOS_API_ROUTES(routes)
}  // namespace eremos
