#include "actors/node/node_system.hpp"

#include <fmt/format.h>
#include <caf/all.hpp>

#include "actors/services/linker_words.hpp"
#include "runtime/scheduler_settings.hpp"
#include "runtime/storage/sqlite_store.hpp"
#include "runtime/storage/store_actor.hpp"

namespace eremos {
namespace {

/// A recording takes back what STREAM still has, and no restart asks for more: as many changes as
/// its ring has events (`ring_events`), some 300 bytes each.
constexpr std::size_t recorded_unfolded_max = 131'072;
/// For receivers that answer; what others lack waits in the outbox for the next start.
constexpr std::chrono::milliseconds last_deliveries_max{3'000};

void say_links(const logger& log, const linker_report& r) {
  if (r.counts.flows == 0 && r.malformed == 0) return;
  log.info("links",
           fmt::format("{} flows over bridges: {} linked, {} fit several, {} forgotten as too many "
                       "waited; {} messages were none",
                       r.counts.flows, r.counts.links, r.counts.ambiguous, r.counts.evicted,
                       r.malformed));
  if (r.left > 0)
    log.info("chains_left", fmt::format("chains were silent and left the watermark {} times; {} "
                                        "are in it",
                                        r.left, r.live));
}

}  // namespace

node_system::node_system(const node_system_plan& plan)
    : config_(std::make_unique<caf::actor_system_config>()) {
  add_message_types(*config_);
  apply_scheduler_settings(*config_, plan.workers);
  system_ = std::make_unique<caf::actor_system>(*config_);
}

result<std::unique_ptr<node_system>> node_system::begin(node_system_plan plan) {
  sqlite_options options;
  options.durable = plan.durable;
  if (!plan.keep_snapshots) options.unfolded_wallets_max = recorded_unfolded_max;
  options.alerts = std::move(plan.rules);
  auto storage = open_sqlite_store(plan.store_path, std::move(options));
  if (!storage) return storage.error();
  std::optional<events_file> events;
  if (!plan.events.empty()) {
    auto opened = open_events_file(**storage, plan.events);
    if (!opened) return opened.error();
    events.emplace(std::move(*opened));
  }
  if (plan.linker) {
    auto before =
        read_told_before(plan.store_path, plan.linker->chains, plan.linker->limits.flows_max);
    if (!before) return before.error();
    plan.linker->before = std::move(*before);
  }
  std::unique_ptr<node_system> out{new node_system{plan}};
  auto& system = *out->system_;
  out->log_actor_ = spawn_log(system, std::move(plan.log));
  out->log_ = logger{out->log_actor_, "node", plan.level};
  plan.console.log = out->log_.for_part("console");
  out->console_ = spawn_console(system, std::move(plan.console));
  out->alerting_ = spawn_alerting(system, plan.alerts, plan.store_path, out->log_);
  out->with_events_ = events.has_value();
  if (plan.api)
    out->feed_ = spawn_feed(system, {.store_path = plan.store_path,
                                     .log = out->log_.for_part("feed"),
                                     .first_event = plan.first_event});
  store_config sc{.storage = std::move(*storage),
                  .events = std::move(events),
                  .listeners = {out->console_},
                  .followers = {},
                  .overseers = {},
                  .log = out->log_.for_part("store"),
                  .keep_snapshots = plan.keep_snapshots,
                  .keep = plan.keep};
  const auto& outbox = out->alerting_.outbox;
  if (outbox) sc.listeners.push_back(outbox);
  if (out->feed_) sc.followers.push_back(out->feed_);
  if (plan.linker) {
    plan.linker->log = out->log_.for_part("linker");
    out->linker_ = spawn_linker(system, std::move(*plan.linker));
    sc.overseers.push_back({std::string{linker_id}, out->linker_});
  }
  const auto store = spawn_store(system, std::move(sc));
  if (out->linker_) caf::anon_send(out->linker_, linker_start{store});
  if (outbox) caf::anon_send(outbox, outbox_start{store});
  out->store_ = store;
  return out;
}

shared_parts node_system::parts() const {
  shared_parts out;
  out.store = store_;
  out.provisional = console_;
  out.log = log_;
  out.linker = linker_;
  out.mempool_to_store = with_events_ || feed_;
  return out;
}

bool node_system::conclude() {
  if (!linker_) return true;
  caf::scoped_actor asking{*system_};
  bool whole = true;
  asking->request(linker_, defaults::drain_max, await_end{})
      .receive([](const drained&) {}, [&](const caf::error&) { whole = false; });
  return whole;
}

bool node_system::flush(std::chrono::milliseconds each_part) {
  caf::scoped_actor asking{*system_};
  bool whole = true;
  if (linker_)
    asking->request(linker_, each_part, drain{})
        .receive([](const drained&) {}, [&](const caf::error&) { whole = false; });
  if (linker_)
    asking->request(linker_, each_part, get_report{})
        .receive([&](const linker_report& r) { say_links(log_, r); }, [](const caf::error&) {});
  asking->request(store_, each_part, drain{})
      .receive([](const drained&) {}, [&](const caf::error&) { whole = false; });
  if (alerting_.outbox)
    asking->request(alerting_.outbox, std::min(each_part, last_deliveries_max), drain{})
        .receive([](const drained&) {}, [](const caf::error&) {});
  // CONSOLE is gone where standard output took no more: what was to be printed is lost.
  asking->request(console_, each_part, drain{})
      .receive([](const drained&) {}, [&](const caf::error&) { whole = false; });
  asking->request(log_actor_, each_part, drain{})
      .receive([](const drained&) {}, [](const caf::error&) {});
  return whole;
}

node_system::~node_system() {
  end_alerting(alerting_);
  alerting_ = {};
  for (const auto& who :
       {caf::actor_cast<caf::actor>(feed_), caf::actor_cast<caf::actor>(linker_),
        caf::actor_cast<caf::actor>(store_), caf::actor_cast<caf::actor>(console_),
        caf::actor_cast<caf::actor>(log_actor_)})
    if (who) caf::anon_send_exit(who, caf::exit_reason::user_shutdown);
  feed_ = nullptr;
  linker_ = nullptr;
  store_ = nullptr;
  console_ = nullptr;
  log_ = {};
  log_actor_ = nullptr;
}

}  // namespace eremos
