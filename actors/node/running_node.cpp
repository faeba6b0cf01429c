#include "actors/node/running_node.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <caf/all.hpp>

#include "actors/node/assembly.hpp"
#include "connectors/net/url.hpp"
#include "runtime/caf_error.hpp"
#include "runtime/config/known_chains.hpp"

namespace eremos {
namespace {

/// Reverts of so many blocks are confirmed by the other providers, where there are others: deeper
/// ones are rare on every chain, and shallow ones must not wait.
constexpr std::uint64_t confirm_depth = 4;

std::uint64_t settled_depth_of(const chain_section& chain) {
  if (chain.finality_depth != 0) return chain.finality_depth;
  const auto* known = find_known_chain(chain.rules());
  return known != nullptr ? known->settled_depth : settled_depth_elsewhere;
}

/// Asks every chain for its end, and gives notice when the last has answered.
caf::behavior end_watcher(caf::event_based_actor* self, std::vector<chain_actor> chains,
                          const end_notice* notice) {
  auto waiting = std::make_shared<std::size_t>(chains.size());
  for (const auto& chain : chains)
    self->request(chain, caf::infinite, await_end{})
        .then(
            [self, waiting, notice](const drained&) {
              if (--*waiting > 0) return;
              notice->give();
              self->quit();
            },
            [self](const caf::error&) { self->quit(); });
  return {[](const await_end&) {}};
}

}  // namespace

bool is_over_network(const chain_section& chain) {
  return std::any_of(chain.providers.begin(), chain.providers.end(), [](const auto& provider) {
    const auto* kind = find_connector_kind(provider.kind);
    return kind != nullptr && kind->over_network;
  });
}

std::string provider_name(const provider_section& provider) {
  if (!provider.name.empty()) return provider.name;
  for (const auto* key : {"ws", "http"})
    if (const auto at = provider.options.find(key);
        at != provider.options.end() && !at->second.texts.empty() && !at->second.texts[0].empty())
      return redacted(at->second.texts[0]);
  return provider.kind;
}

connector_config connector_config_of(const chain_section& chain, const provider_section& provider,
                                     const node_config& config) {
  const auto* kind = find_connector_kind(provider.kind);
  const auto* known = find_known_chain(chain.rules());
  connector_config wanted{
      .kind = provider.kind,
      .chain = chain.id,
      .source = chain.name,
      .options = provider.options,
      .labels = {},
      .verify = assemble_verify(chain),
      .block_time = std::chrono::milliseconds{chain.block_time_ms},
      .public_mempool = known != nullptr ? maybe<bool>{known->public_mempool} : maybe<bool>{}};
  if (!config.signatures.empty() && kind != nullptr && kind->over_network) {
    auto& list = wanted.options["signatures"];
    list.is_list = true;
    for (const auto& s : config.signatures) list.texts.push_back(s.text);
  }
  return wanted;
}

result<chain_restart> running_node::restart_point(chain_id chain) {
  caf::scoped_actor asking{system_};
  result<chain_restart> out{errc::store_failed, ""};
  asking->request(parts_.shared.store, defaults::drain_max, load_chain{chain})
      .receive([&](chain_restart& known) { out = std::move(known); },
               [&](const caf::error& e) { out = from_caf(e); });
  return out;
}

result<provider_handle> running_node::make_provider(const chain_section& chain,
                                                    const provider_section& provider,
                                                    const node_config& config) {
  const auto* kind = find_connector_kind(provider.kind);
  if (kind == nullptr || kind->style != connector_style::follow)
    return {errc::bad_config,
            fmt::format("{}: no connector of kind \"{}\"", provider.where, provider.kind)};
  auto doors = parts_.doors;
  doors.log = parts_.shared.log.for_part(provider.kind + ":" + chain.name);
  auto wanted = connector_config_of(chain, provider, config);
  wanted.labels = parts_.shared.labels;
  auto connector = kind->make(system_, std::move(wanted), doors);
  if (!connector) return connector.error();
  return provider_handle{provider_name(provider), provider.weight, std::move(*connector)};
}

status running_node::add_chain(const chain_section& chain, const node_config& config) {
  providers_config all{.chain = chain.id,
                       .source = chain.name,
                       .providers = {},
                       .quorum = chain.quorum,
                       .settled_depth = settled_depth_of(chain),
                       .log = parts_.shared.log.for_part("providers:" + chain.name)};
  for (const auto& provider : chain.providers) {
    auto made = make_provider(chain, provider, config);
    if (!made) return made.error();
    all.providers.push_back(std::move(*made));
  }
  const bool several = all.providers.size() > 1;
  if (!is_over_network(chain)) all.ahead_max = 0;  // nothing is gained, and a mock's order is told
  const auto connector = spawn_providers(system_, std::move(all));
  auto known = restart_point(chain.id);
  if (!known) return known.error();
  if (known->cursor)
    parts_.shared.log.info(
        "resume",
        fmt::format("{} resumes after block {}, stored up to {}", chain.name,
                    known->resume_after ? known->resume_after->number : 0, known->cursor->number));
  const maybe<block_number> after = known->resume_after
                                        ? maybe<block_number>{known->resume_after->number}
                                        : maybe<block_number>{};
  const maybe<block_number> cursor =
      known->cursor ? maybe<block_number>{known->cursor->number} : maybe<block_number>{};
  rows_.push_back(make_row(system_, parts_.shared,
                           {.policy = assemble_policy(chain),
                            .first_block = chain.start,
                            .restart = std::move(*known),
                            .on_suspect = assemble_suspect_rule(chain),
                            .confirm_depth = several ? confirm_depth : 0,
                            .finality_depth = chain.finality_depth,
                            .facts_per_minute = chain.facts_per_minute,
                            .wallet_questions_per_minute = chain.wallet_questions_per_minute},
                           connector));
  caf::anon_send(connector, connector_start{rows_.back().head, after, cursor});
  return ok;
}

void running_node::watch_end(const end_notice& notice) {
  std::vector<chain_actor> chains;
  for (const auto& r : rows_) chains.push_back(r.head);
  if (!chains.empty()) system_.spawn(end_watcher, std::move(chains), &notice);
}

bool running_node::drain() {
  caf::scoped_actor asking{system_};
  bool whole = true;
  const auto until = std::chrono::steady_clock::now() + defaults::drain_max;
  const auto finish = [&](const auto& who) {
    const auto left =
        std::max(std::chrono::steady_clock::duration{1}, until - std::chrono::steady_clock::now());
    asking
        ->request(who, std::chrono::duration_cast<std::chrono::milliseconds>(left), eremos::drain{})
        .receive([](const drained&) {},
                 [&](const caf::error& e) {
                   whole = false;
                   parts_.shared.log.error(
                       "drain", "not everything could be finished: " + caf::to_string(e));
                 });
  };
  for (const auto& r : rows_) finish(r.head);
  for (const auto& r : rows_) finish(r.stream);
  finish(parts_.shared.store);
  return whole;
}

void running_node::end() {
  for (const auto& r : rows_) end_row(r);
  rows_.clear();
}

}  // namespace eremos
