// The order in which an actor with lanes handles what waits.
#include <algorithm>
#include <array>
#include <cstdint>
#include <deque>
#include <memory>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>

#include <caf/scheduler/test_coordinator.hpp>

#include "tests/runtime/lane_probe.hpp"

using namespace lane_tests;

namespace {

constexpr std::array all_lanes = {lane::control, lane::critical, lane::high,
                                  lane::medium,  lane::low,      lane::block};
constexpr std::array streams = {lane::critical, lane::high, lane::medium, lane::low, lane::block};

std::vector<entry> on_lane_only(const std::vector<entry>& all, lane l) {
  std::vector<entry> some;
  std::copy_if(all.begin(), all.end(), std::back_inserter(some),
               [l](const entry& x) { return x.on == l; });
  return some;
}

/// Sends all of it while the actor stands at a gate; says in which order it was handled.
std::vector<entry> order_of(const std::vector<entry>& sent, bool detached) {
  node on;
  auto notes = std::make_shared<journal>(sent.size() + 1);
  const auto actor = spawn<probe>(on, detached, notes);
  const auto at = hold(actor);
  for (const auto& x : sent)
    send_on(actor, x.on, {.number = x.number, .events = x.events, .producer = x.producer});
  at->open();
  REQUIRE(notes->complete());
  auto handled = notes->seen();
  handled.erase(handled.begin());  // the gate
  return handled;
}

/// The order that the rule of architecture gives, worked out the slow way.
std::vector<entry> expected_order(const std::vector<entry>& sent) {
  std::array<std::deque<entry>, lane_count> queues;
  for (const auto& x : sent) queues[index_of(x.on)].push_back(x);
  std::array<std::int64_t, lane_count> credit{};
  auto new_round = [&credit] {
    for (std::size_t i = 1; i < lane_count; ++i)
      credit[i] = defaults::lane_weights[i] + std::min<std::int64_t>(credit[i], 0);
  };
  new_round();
  std::vector<entry> order;
  while (order.size() < sent.size()) {
    auto serve = [&](std::size_t i) {
      if (queues[i].empty() || (i != 0 && credit[i] <= 0)) return false;
      credit[i] -= i == 0 ? 0 : queues[i].front().events;
      order.push_back(queues[i].front());
      queues[i].pop_front();
      return true;
    };
    std::size_t i = 0;
    while (i < lane_count && !serve(i)) ++i;
    if (i == lane_count) new_round();
  }
  return order;
}

/// How many messages were handled before the first that is not on lane `l`.
std::size_t leading(const std::vector<entry>& order, lane l) {
  const auto other =
      std::find_if(order.begin(), order.end(), [l](const entry& x) { return x.on != l; });
  return static_cast<std::size_t>(other - order.begin());
}

}  // namespace

TEST_CASE("LANES: within a lane, first in is first out") {
  const bool detached = GENERATE(false, true);
  std::vector<entry> sent;
  for (std::uint32_t n = 0; n < 3000; ++n) sent.push_back({all_lanes[n * 7 % 6], n, 1 + n % 5});
  const auto handled = order_of(sent, detached);
  for (const auto l : all_lanes) CHECK(on_lane_only(handled, l) == on_lane_only(sent, l));
}

TEST_CASE("LANES: one message on each lane is handled in the order of lanes") {
  const bool detached = GENERATE(false, true);
  std::vector<entry> sent;
  for (const auto l : all_lanes) sent.insert(sent.begin(), {l, 0, 1});
  auto by_lane = sent;
  std::reverse(by_lane.begin(), by_lane.end());
  CHECK(order_of(sent, detached) == by_lane);
}

TEST_CASE("LANES: all of control goes before everything that waits") {
  std::vector<entry> sent;
  for (std::uint32_t n = 0; n < 500; ++n) sent.push_back({streams[n % 5], n, 64});
  for (std::uint32_t n = 0; n < 500; ++n) sent.push_back({lane::control, n, 64});
  CHECK(leading(order_of(sent, false), lane::control) == 500);
}

TEST_CASE("LANES: the weights decide the order of batches, counted in events") {
  const bool detached = GENERATE(false, true);
  std::vector<entry> sent;
  SECTION("batches of 64") {
    for (std::uint32_t n = 0; n < 100; ++n)
      for (const auto l : streams) sent.push_back({l, n, 64});
    const auto handled = order_of(sent, detached);
    // 4096 / 1024 / 512 / 256 / 128 events, then the next round.
    const std::vector<std::pair<lane, std::size_t>> round = {
        {lane::critical, 64}, {lane::high, 16},     {lane::medium, 8}, {lane::low, 4},
        {lane::block, 2},     {lane::critical, 36}, {lane::high, 16}};
    std::size_t at = 0;
    for (const auto& [l, batches] : round)
      for (std::size_t n = 0; n < batches; ++n) REQUIRE(handled[at++].on == l);
    CHECK(handled == expected_order(sent));
  }
  SECTION("batches of all sizes, so that rounds end in debt") {
    for (std::uint32_t n = 0; n < 1500; ++n) sent.push_back({streams[n % 5], n, 1 + n * 37 % 64});
    CHECK(order_of(sent, detached) == expected_order(sent));
  }
}

TEST_CASE("LANES: no 1,900 lower events go before the 65th critical one") {
  std::vector<entry> sent;
  for (std::uint32_t n = 0; n < 30; ++n)
    for (const auto l : {lane::high, lane::medium, lane::low, lane::block})
      sent.push_back({l, n, 64});
  for (std::uint32_t n = 0; n < 5000; ++n) sent.push_back({lane::critical, n, 1});
  const auto handled = order_of(sent, false);
  // As many as the weight says, and not 64 messages.
  CHECK(leading(handled, lane::critical) == 4096);
}

TEST_CASE("LANES: every lane is served in each round, however full the others are") {
  std::vector<entry> sent;
  const std::uint32_t rounds = 5;
  for (std::uint32_t n = 0; n < rounds * 64; ++n) sent.push_back({lane::critical, n, 64});
  for (std::uint32_t n = 0; n < rounds * 2; ++n) sent.push_back({lane::block, n, 64});
  const auto handled = order_of(sent, false);
  for (std::uint32_t r = 0; r < rounds; ++r) {
    CAPTURE(r);
    CHECK(handled[r * 66 + 63].on == lane::critical);
    CHECK(handled[r * 66 + 64].on == lane::block);
    CHECK(handled[r * 66 + 65].on == lane::block);
  }
}

TEST_CASE("LANES: a burst of critical ones waits for the batch in hand and nothing else") {
  const bool detached = GENERATE(false, true);
  node on;
  const std::uint32_t waiting = 1000, burst = 200;
  auto notes = std::make_shared<journal>(5 * waiting + burst + 2);
  const auto actor = spawn<probe>(on, detached, notes);
  const auto at = hold(actor);
  // The first batch stops at a second gate: by then the actor has sorted full lanes.
  auto batch = std::make_shared<gate>();
  send_on(actor, lane::high, {.number = 0, .events = 64, .at = batch});
  for (std::uint32_t n = 1; n <= waiting; ++n)
    for (const auto l : streams)
      if (l != lane::critical) send_on(actor, l, {.number = n, .events = 64});
  at->open();
  batch->wait_until_entered();
  for (std::uint32_t n = 1; n <= burst; ++n) send_on(actor, lane::critical, {.number = n});
  for (std::uint32_t n = 1; n <= waiting; ++n) send_on(actor, lane::high, {.number = n});
  batch->open();
  REQUIRE(notes->complete());
  REQUIRE(notes->seen()[1] == entry{lane::high, 0, 64});
  for (std::uint32_t n = 0; n < burst; ++n)
    REQUIRE(notes->seen()[n + 2] == entry{lane::critical, n + 1, 1});
}

TEST_CASE("LANES: a critical one sent in the midst of work overtakes within one message") {
  // Each low message sends a critical one to its own actor, which must be the very next handled.
  class echoing : public probe {
   public:
    using probe::probe;
    void on_load(lane on, const load& x) override {
      if (on == lane::low) send_on(caf::actor_cast<probe_actor>(this), lane::critical, x);
    }
  };
  node on;
  auto notes = std::make_shared<journal>(1 + 2 * 1000);
  const auto actor = spawn<echoing>(on, false, notes);
  const auto at = hold(actor);
  for (std::uint32_t n = 0; n < 1000; ++n) send_on(actor, lane::low, {.number = n});
  at->open();
  REQUIRE(notes->complete());
  for (std::uint32_t n = 0; n < 1000; ++n) {
    REQUIRE(notes->seen()[1 + 2 * n] == entry{lane::low, n, 1});
    REQUIRE(notes->seen()[2 + 2 * n] == entry{lane::critical, n, 1});
  }
}

TEST_CASE("LANES: four producers lose nothing, and keep their order on each lane") {
  const bool detached = GENERATE(false, true);
  constexpr std::uint32_t each = 20'000, producers = 4;
  node on{2};
  auto notes = std::make_shared<journal>(each * producers);
  const auto actor = spawn<probe>(on, detached, notes);
  std::vector<std::thread> threads;
  for (std::uint32_t p = 0; p < producers; ++p)
    threads.emplace_back([&actor, p] {
      for (std::uint32_t n = 0; n < each; ++n)
        send_on(actor, all_lanes[n % 6], {.number = n, .producer = p});
    });
  for (auto& x : threads) x.join();
  REQUIRE(notes->complete());
  std::array<std::array<std::uint32_t, lane_count>, producers> next{};
  for (auto& x : next)
    for (std::uint32_t l = 0; l < lane_count; ++l) x[l] = l;
  for (const auto& x : notes->seen()) {
    auto& wanted = next[x.producer][index_of(x.on)];
    REQUIRE(x.number == wanted);
    wanted += lane_count;
  }
}

TEST_CASE("LANES: an actor says what waits and what it has handled, in messages and events") {
  struct counts {
    std::size_t depth = 0;
    std::uint64_t waiting = 0, handled = 0;
  };
  class counting : public probe {
   public:
    counting(caf::actor_config& config, std::shared_ptr<journal> notes,
             std::shared_ptr<std::vector<counts>> seen)
        : probe(config, std::move(notes)), seen_(std::move(seen)) {}
    void on_load(lane on, const load&) override {
      seen_->push_back({lane_depth(on), lane_events(on), handled_events(on)});
    }

   private:
    std::shared_ptr<std::vector<counts>> seen_;
  };
  node on;
  auto notes = std::make_shared<journal>(4);
  auto seen = std::make_shared<std::vector<counts>>();
  const auto actor = spawn<counting>(on, false, notes, seen);
  const auto at = hold(actor);
  for (std::uint32_t n = 1; n <= 3; ++n) send_on(actor, lane::low, {.number = n, .events = 10 * n});
  at->open();
  REQUIRE(notes->complete());
  // The message in hand no longer waits and is not yet handled.
  const std::vector<std::array<std::uint64_t, 3>> wanted = {{2, 50, 0}, {1, 30, 10}, {0, 0, 30}};
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    const auto& x = (*seen)[i + 1];
    CHECK(std::array<std::uint64_t, 3>{x.depth, x.waiting, x.handled} == wanted[i]);
  }
}

TEST_CASE("LANES: a turn ends with its time slice or its count of messages") {
  // Two actors that always have work share one worker; who runs is seen from their one journal.
  struct slice_probe : probe {
    slice_probe(caf::actor_config& config, std::shared_ptr<journal> notes,
                std::chrono::nanoseconds slice)
        : probe(config, std::move(notes)) {
      time_slice(slice);
    }
  };
  const auto [slice, turn] = GENERATE(table<std::chrono::nanoseconds, std::size_t>(
      {{std::chrono::nanoseconds{1}, 1},
       {std::chrono::nanoseconds{0}, defaults::max_throughput},
       {std::chrono::hours{1}, defaults::max_throughput}}));
  node on;
  const std::uint32_t each = 200;
  auto notes = std::make_shared<journal>(2 * each + 1);
  const auto blocker = spawn<probe>(on, false, nullptr);
  const auto first = spawn<slice_probe>(on, false, notes, slice);
  const auto second = spawn<slice_probe>(on, false, notes, slice);
  const auto at = hold(blocker);
  for (std::uint32_t n = 0; n < each; ++n) send_on(first, lane::low, {.number = n, .producer = 1});
  for (std::uint32_t n = 0; n < each; ++n) send_on(second, lane::low, {.number = n, .producer = 2});
  send_on(second, lane::block, {.producer = 2});
  at->open();
  REQUIRE(notes->complete());
  for (std::size_t n = 0; n < 2 * each; ++n) REQUIRE(notes->seen()[n].producer == 1 + n / turn % 2);
}

TEST_CASE("LANES: actors with lanes run under CAF's test coordinator") {
  struct settings : caf::actor_system_config {
    settings() { set("scheduler.policy", caf::atom("testing")); }
  } config;
  caf::actor_system system{config};
  auto& scheduler = dynamic_cast<caf::scheduler::test_coordinator&>(system.scheduler());
  auto notes = std::make_shared<journal>(6);
  const auto actor = system.spawn<probe>(notes);
  scheduler.run();
  for (std::uint32_t n = 0; n < 6; ++n) send_on(actor, all_lanes[5 - n], {.number = n});
  // What CAF's test tools look at to say what comes next.
  auto* next = caf::actor_cast<caf::abstract_actor*>(actor)->peek_at_next_mailbox_element();
  REQUIRE(next != nullptr);
  CHECK(next->content().match_elements<load_on<lane::control>>());
  scheduler.run();
  CHECK(caf::actor_cast<caf::abstract_actor*>(actor)->peek_at_next_mailbox_element() == nullptr);
  REQUIRE(notes->complete());
  for (std::uint32_t n = 0; n < 6; ++n) CHECK(notes->seen()[n].on == all_lanes[n]);
}
