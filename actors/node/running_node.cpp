#include "actors/node/running_node.hpp"

#include <fmt/format.h>
#include <caf/all.hpp>

#include "actors/node/assembly.hpp"
#include "runtime/caf_error.hpp"

namespace eremos {
namespace {

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

result<chain_restart> running_node::restart_point(chain_id chain) {
  caf::scoped_actor asking{system_};
  result<chain_restart> out{errc::store_failed, ""};
  asking->request(parts_.shared.store, defaults::drain_max, load_chain{chain})
      .receive([&](chain_restart& known) { out = std::move(known); },
               [&](const caf::error& e) { out = from_caf(e); });
  return out;
}

status running_node::add_chain(const chain_section& chain, const node_config& config) {
  const auto& provider = chain.providers.front();
  const auto* kind = find_connector_kind(provider.kind);
  if (kind == nullptr || kind->style != connector_style::follow)
    return {errc::bad_config,
            fmt::format("{}: no connector of kind \"{}\"", provider.where, provider.kind)};
  connector_config wanted{.kind = provider.kind,
                          .chain = chain.id,
                          .source = chain.name,
                          .options = provider.options,
                          .labels = parts_.shared.labels,
                          .verify = assemble_verify(chain)};
  if (!config.signatures.empty() && provider.kind == "ethereum") {
    auto& list = wanted.options["signatures"];
    list.is_list = true;
    for (const auto& s : config.signatures) list.texts.push_back(s.text);
  }
  auto doors = parts_.doors;
  doors.log = parts_.shared.log.for_part(provider.kind + ":" + chain.name);
  auto connector = kind->make(system_, std::move(wanted), doors);
  if (!connector) return connector.error();
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
                            .style = kind->style,
                            .restart = std::move(*known),
                            .on_suspect = assemble_suspect_rule(chain)},
                           *connector));
  caf::anon_send(*connector, connector_start{rows_.back().head, after, cursor});
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
