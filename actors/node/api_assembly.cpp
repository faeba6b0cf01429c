#include "actors/node/api_assembly.hpp"

#include <fstream>

#include <fmt/format.h>

#include "messages/keccak.hpp"
#include "runtime/config/node_config.hpp"

namespace eremos {
namespace {

/// The first line of the token's file, or what the environment said.
result<std::string> token_text(const token_section& token) {
  if (token.file.empty()) return token.token;
  std::ifstream in{token.file};
  std::string line;
  if (!in || !std::getline(in, line))
    return {errc::bad_config, fmt::format("{}: cannot read {}", token.where, token.file)};
  while (!line.empty() && (line.back() == '\r' || line.back() == ' ')) line.pop_back();
  if (line.size() < api_token_bytes_min)
    return {errc::bad_config, fmt::format("{}: the token in {} has less than {} bytes", token.where,
                                          token.file, api_token_bytes_min)};
  return line;
}

}  // namespace

result<std::optional<assembled_api>> assemble_api(const listen_choice& listen,
                                                  const node_config& config) {
  if (listen.at.empty()) return std::optional<assembled_api>{};
  assembled_api out;
  for (const auto& section : config.api.tokens) {
    const auto text = token_text(section);
    if (!text) return text.error();
    out.tokens.push_back({section.name, section.may_write ? token_scope::write : token_scope::read,
                          keccak256(*text)});
  }
  auto door = open_door(listen.at);
  // Somebody's node, often this very program, has the default port: that is no reason not to run.
  if (!door && !listen.asked && door.error().code == errc::file_unwritable)
    return std::optional<assembled_api>{};
  if (!door) return door.error();
  if (!is_loopback(door->host) && out.tokens.empty())
    return {errc::bad_config,
            fmt::format("listen: others can reach {}, and no [[api.tokens]] says who may ask; set "
                        "one, or listen on 127.0.0.1",
                        listen.at)};
  out.door = std::move(*door);
  return std::optional<assembled_api>{std::move(out)};
}

result<std::optional<running_api>> begin_api(node_system& node, std::optional<assembled_api> what,
                                             const control_desk_actor& desk,
                                             const node_config& config, const label_view& labels,
                                             const std::string& store_path,
                                             const std::string& version) {
  const auto log = node.log().for_part("api");
  if (!what) return std::optional<running_api>{};
  api_plan plan;
  plan.store_path = store_path;
  plan.feed = node.feed();
  plan.backend = desk;
  plan.net_in.tls_certificate = config.api.tls_certificate;
  plan.net_in.tls_key = config.api.tls_key;
  auto& context = plan.context;
  context.version = version;
  for (const auto& chain : config.chains) context.chains.emplace_back(chain.name, chain.id);
  context.labels = labels;
  context.config_toml = describe(config);
  context.config_file = config.file;
  context.log = log;
  context.tokens = std::move(what->tokens);
  context.hosts = config.api.hosts;
  context.origins = config.api.origins;
  context.requests_per_second = config.api.requests_per_second;
  const auto where = fmt::format("{}:{}", what->door.host, what->door.port);
  auto running = running_api::begin(node.actors(), std::move(what->door), std::move(plan));
  if (!running) return running.error();
  log.info("listening",
           fmt::format("http{}://{}", config.api.tls_certificate.empty() ? "" : "s", where));
  return std::optional<running_api>{std::move(*running)};
}

}  // namespace eremos
