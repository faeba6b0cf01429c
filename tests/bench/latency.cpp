// From send, by a thread outside CAF, to handled by a real agent, while every lower lane of five
// agents stays full. `ahead` counts what no other load on the machine changes: lower batches that
// anybody handled in between.
#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <fmt/format.h>
#include <caf/all.hpp>

#include "messages/protocols.hpp"
#include "runtime/agent.hpp"
#include "runtime/scheduler_settings.hpp"
#include "tests/bench/benches.hpp"
#include "tests/bench/measure.hpp"

namespace eremos::bench {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t workers = 2;
constexpr std::size_t agents = 5;
constexpr std::uint64_t backlog = 100'000;  ///< events per lane and agent
constexpr std::size_t singles = 6'000;      ///< 0.1 to 0.7 ms apart
constexpr std::size_t bursts = 150;         ///< 20 ms apart
constexpr std::size_t burst = 256;
constexpr std::size_t one_lane_probes = 400;  ///< 5 ms apart
/// One in so many lower batches says how long it waited.
constexpr std::uint64_t sampled = 16;

std::int64_t now_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

/// What one agent noted. Written by it alone; read when it has ended.
struct notes {
  struct wait {
    std::int64_t ns = 0;
    std::uint64_t ahead = 0;
  };
  std::array<std::vector<wait>, lane_count> by_lane;
};

struct shared_notes {
  std::atomic<std::uint64_t> lower_batches{0};  ///< handled, by all agents
  std::atomic<bool> refill{true};
  bool one_lane = false;
  std::array<notes, agents> of;
};

/// How it is told which bench it is part of: agents get options as text, and this is no text.
thread_local shared_notes* being_made_for = nullptr;

/// Spends on each event what a plain detector does, and keeps its lower lanes full: each batch that
/// it has handled is sent to itself again.
class probe final : public agent<probe> {
 public:
  static constexpr agent_info info{.id = "probe", .glyph = "P", .role = "bench"};
  struct options {
    static result<options> parse(const option_map&) { return options{}; }
  };
  probe(caf::actor_config& cfg, const agent_services& services, options)
      : agent(cfg, services),
        all_(being_made_for),
        own_(&all_->of[std::stoul(services.id.substr(services.id.find('-') + 1))]) {}

  void on(const transaction_event& t) {
    work(t);
    const auto& e = event();
    // `nonce` says what the event is: 0 one of many, 1 the last of a batch, 2 one to be timed.
    if (t.nonce == 0) return;
    const auto on = index_of(e.on);
    if (e.received_ns != 0)
      own_->by_lane[on].push_back(
          {now_ns() - e.received_ns,
           all_->lower_batches.load(std::memory_order_relaxed) - t.gas_limit});
    if (t.nonce != 1) return;
    all_->lower_batches.fetch_add(1, std::memory_order_relaxed);
    if (all_->refill.load(std::memory_order_relaxed)) refill(e.on);
  }

  static event_list filled(lane on, std::size_t count, bool timed, std::uint64_t handled) {
    event_list out(count);
    for (auto& e : out) {
      e.data = transaction_event{};
      e.on = on;
      e.commit = 1;
    }
    auto& last = std::get<transaction_event>(out.back().data.base());
    last.nonce = 1;
    last.gas_limit = handled;
    if (timed) out.back().received_ns = now_ns();
    return out;
  }

  void refill(lane on) {
    const bool timed = !all_->one_lane && ++refilled_ % sampled == 0;
    auto& plain = plain_[index_of(on)];
    if (plain->empty()) plain = filled(on, defaults::batch_events_max, false, 0);
    const auto events =
        timed ? shared<event_list>{filled(on, defaults::batch_events_max, true,
                                          all_->lower_batches.load(std::memory_order_relaxed))}
              : plain;
    const auto self = caf::actor_cast<agent_actor>(this);
    send_batch(self, on, events);
  }

  /// All of the events, in one batch of the lane.
  static void send_batch(const agent_actor& to, lane on, const shared<event_list>& events) {
    event_batch batch{1, events, {}};
    for (std::uint32_t i = 0; i < events->size(); ++i) batch.picks.push_back(i);
    switch (on) {
      case lane::critical:
        return caf::anon_send(to, on_lane<lane::critical, event_batch>{std::move(batch)});
      case lane::high:
        return caf::anon_send(to, on_lane<lane::high, event_batch>{std::move(batch)});
      case lane::medium:
        return caf::anon_send(to, on_lane<lane::medium, event_batch>{std::move(batch)});
      case lane::low:
        return caf::anon_send(to, on_lane<lane::low, event_batch>{std::move(batch)});
      default:
        return caf::anon_send(to, on_lane<lane::block, event_batch>{std::move(batch)});
    }
  }

 private:
  /// About 100 ns: less than any shipped agent takes on average (`pipeline`).
  void work(const transaction_event& t) {
    for (std::uint64_t i = 0; i < 24; ++i)
      mixed_ = (mixed_ ^ (t.value.limbs[0] + i)) * 0x9E3779B97F4A7C15ull % 0xFFFFFFFFFFFFFFC5ull;
  }

  shared_notes* all_;
  notes* own_;
  std::array<shared<event_list>, lane_count> plain_;
  std::uint64_t refilled_ = 0;
  std::uint64_t mixed_ = 1;
};

struct spread {
  double p50_us = 0;
  double p99_us = 0;
  double p999_us = 0;
  double max_us = 0;
  std::uint64_t ahead_p99 = 0;
  std::size_t count = 0;
};

spread spread_of(std::vector<notes::wait> waits) {
  spread out;
  out.count = waits.size();
  if (waits.empty()) return out;
  const auto at = [&](double q) {
    return std::min(waits.size() - 1,
                    static_cast<std::size_t>(q * static_cast<double>(waits.size())));
  };
  std::sort(waits.begin(), waits.end(), [](const auto& a, const auto& b) { return a.ns < b.ns; });
  const auto us = [&](std::size_t i) { return static_cast<double>(waits[i].ns) / 1'000; };
  out.p50_us = us(at(0.5));
  out.p99_us = us(at(0.99));
  out.p999_us = us(at(0.999));
  out.max_us = us(waits.size() - 1);
  std::sort(waits.begin(), waits.end(),
            [](const auto& a, const auto& b) { return a.ahead < b.ahead; });
  out.ahead_p99 = waits[at(0.99)].ahead;
  return out;
}

std::string json(const spread& s) {
  return fmt::format(
      R"({{"p50_us":{:.1f},"p99_us":{:.1f},"p999_us":{:.1f},"max_us":{:.1f},"count":{}}})",
      s.p50_us, s.p99_us, s.p999_us, s.max_us, s.count);
}

struct saturated {
  std::array<spread, lane_count> lanes;
  measured took;
};

/// `one_lane`: everything, the critical ones too, waits in one queue.
saturated run(bool one_lane, std::size_t times, std::size_t at_once,
              std::chrono::microseconds pause, std::chrono::microseconds jitter) {
  shared_notes all;
  all.one_lane = one_lane;
  saturated out;
  {
    caf::actor_system_config config;
    apply_scheduler_settings(config, workers);
    add_message_types(config);
    caf::actor_system system{config};
    std::vector<agent_actor> who;
    const auto kind = make_agent_kind<probe>();
    being_made_for = &all;
    for (std::size_t i = 0; i < agents; ++i) {
      agent_services services;
      services.id = fmt::format("probe-{}", i);
      services.labels = std::make_shared<label_set>();
      who.push_back(kind.spawn(system, services, {}));
    }
    const std::array lower = {lane::high, lane::medium, lane::low, lane::block};
    for (const auto on : lower) {
      const auto queue = one_lane ? lane::low : on;
      const shared<event_list> full{probe::filled(queue, defaults::batch_events_max, false, 0)};
      for (std::uint64_t i = 0; i < backlog / defaults::batch_events_max; ++i)
        for (const auto& a : who) probe::send_batch(a, queue, full);
    }
    const auto urgent = one_lane ? lane::low : lane::critical;
    const stopwatch watch;
    std::uint64_t dice = 1;
    auto next = std::chrono::steady_clock::now();
    for (std::size_t i = 0; i < times; ++i) {
      dice = dice * 6'364'136'223'846'793'005ull + 1'442'695'040'888'963'407ull;
      next +=
          pause +
          std::chrono::microseconds{
              jitter.count() == 0 ? 0 : (dice >> 33) % static_cast<std::uint64_t>(jitter.count())};
      std::this_thread::sleep_until(next);
      const auto& to = who[i % agents];
      for (std::size_t sent = 0; sent < at_once;) {
        const auto count = std::min(at_once - sent, defaults::batch_critical_max);
        auto events = probe::filled(urgent, count, false, 0);
        for (auto& e : events) {
          auto& t = std::get<transaction_event>(e.data.base());
          t.nonce = 2;
          t.gas_limit = all.lower_batches.load(std::memory_order_relaxed);
          e.received_ns = now_ns();
        }
        sent += count;
        probe::send_batch(to, urgent, std::move(events));
      }
    }
    out.took = watch.read();
    all.refill = false;
    // What waits is handled before the system ends: exits wait for nothing, so the agents are
    // asked.
    caf::scoped_actor asking{system};
    for (const auto& a : who) {
      bool idle = false;
      while (!idle) {
        asking->request(a, caf::infinite, get_report{})
            .receive(
                [&](const agent_report& r) {
                  idle = std::all_of(r.depth.begin(), r.depth.end(),
                                     [](std::uint64_t n) { return n == 0; });
                },
                [&](const caf::error&) { idle = true; });
        if (!idle) std::this_thread::sleep_for(20ms);
      }
      caf::anon_send_exit(a, caf::exit_reason::user_shutdown);
    }
  }
  for (std::size_t l = 0; l < lane_count; ++l) {
    std::vector<notes::wait> waits;
    for (const auto& n : all.of)
      waits.insert(waits.end(), n.by_lane[l].begin(), n.by_lane[l].end());
    out.lanes[l] = spread_of(std::move(waits));
  }
  return out;
}

}  // namespace

int latency(const arguments&) {
  fmt::print(stderr, "latency: {} agents, {} events waiting in each lower lane of each\n", agents,
             backlog);
  const auto single = run(false, singles, 1, 100us, 600us);
  const auto burst256 = run(false, bursts, burst, 20ms, 0us);
  const auto one_lane = run(true, one_lane_probes, 1, 5ms, 0us);
  const auto critical = single.lanes[index_of(lane::critical)];
  std::string lanes;
  for (std::size_t l = index_of(lane::critical); l < lane_count; ++l)
    lanes +=
        fmt::format(R"({}"{}":{})", lanes.empty() ? "" : ",", lane_names[l], json(single.lanes[l]));
  fmt::print(
      R"({{"bench":"latency","workers":{},"agents":{},"backlog":{},"lanes":{{{}}},)"
      R"("burst256":{},"burst256_ahead_p99":{},"one_lane":{},"ahead_p99":{},"stolen_percent":{:.1f}}})"
      "\n",
      workers, agents, backlog, lanes, json(burst256.lanes[index_of(lane::critical)]),
      burst256.lanes[index_of(lane::critical)].ahead_p99, json(one_lane.lanes[index_of(lane::low)]),
      critical.ahead_p99, single.took.stolen_percent);
  return 0;
}

}  // namespace eremos::bench
