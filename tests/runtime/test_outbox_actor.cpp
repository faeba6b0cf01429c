// OUTBOX between a real STORE and sinks of the test: order, retries, dead letters, and that one
// sink never waits for another.
#include <atomic>
#include <map>

#include <caf/all.hpp>

#include "runtime/alerts/outbox_actor.hpp"
#include "runtime/storage/store_actor.hpp"
#include "test_store_blocks.hpp"
#include "tests/support/mailbox_probe.hpp"

using namespace eremos;
using namespace eremos::test;

namespace {

/// Hands each delivery to the test and answers as it is told, in turn; the last goes on for ever.
sink_actor::behavior_type fake_sink(sink_actor::pointer self, caf::actor to,
                                    std::vector<delivery_outcome> outcomes) {
  auto turn = std::make_shared<std::size_t>(0);
  return {[self, to, outcomes, turn](const alert_delivery& x) {
    caf::anon_send(to, x);
    return outcomes[std::min((*turn)++, outcomes.size() - 1)];
  }};
}

/// Takes deliveries and never answers.
sink_actor::behavior_type hanging_sink(sink_actor::pointer self, caf::actor to) {
  auto open = std::make_shared<std::vector<caf::typed_response_promise<delivery_outcome>>>();
  self->attach_functor([open] { open->clear(); });
  return {[self, to, open](const alert_delivery& x) {
    caf::anon_send(to, x);
    open->push_back(self->make_response_promise<delivery_outcome>());
    return open->back();
  }};
}

struct fixture {
  store_fixture f;
  caf::actor_system_config config;
  caf::actor_system system{config};
  caf::scoped_actor self{system};
  std::shared_ptr<std::atomic<time_ms>> now = std::make_shared<std::atomic<time_ms>>(wall_time);
  outbox_actor box;
  outbox_store_actor storage;

  void begin(std::vector<std::pair<std::string, sink_actor>> sinks, std::uint32_t attempts = 3) {
    sqlite_options options;
    // Each look at the clock is a minute later: no retry ever has to be waited for.
    const auto clock = [now = now] { return *now += minute_ms; };
    options.wall_clock = clock;
    alert_route route;
    route.name = "all";
    for (const auto& [id, handle] : sinks) route.sinks.push_back(id);
    options.alerts.routes = {route};
    f.db.reset();
    auto opened = open_sqlite_store(f.folder.store_path(), std::move(options));
    REQUIRE(opened);
    box = spawn_outbox(system, {.store_path = f.folder.store_path(),
                                .sinks = std::move(sinks),
                                .retry_min_ms = 1,
                                .retry_max_ms = 10,
                                .attempts = attempts,
                                .wall_clock = clock,
                                .jitter = [] { return 0.0; },
                                .log = {}});
    store_config c;
    c.storage = std::move(*opened);
    c.listeners = {box};
    storage = spawn_store(system, std::move(c));
    self->send(box, outbox_start{storage});
  }
  ~fixture() {
    stop(self, box);
    stop(self, storage);
  }
  void store_signals(block_number number, std::size_t count) {
    auto block = block_at(number);
    for (std::size_t i = 0; i < count; ++i)
      block.signals.push_back(
          signal_of(fmt::format("0x{:04x}{:04x}", number, i), {ref_at(number)}));
    self->request(storage, patience, std::move(block))
        .receive([](const block_stored&) {}, [](const caf::error& e) { FAIL(caf::to_string(e)); });
  }
  void drain_box() {
    self->request(box, patience, drain{})
        .receive([](const drained&) {}, [](const caf::error& e) { FAIL(caf::to_string(e)); });
  }
  std::map<std::string, std::size_t> states() {
    std::map<std::string, std::size_t> out;
    const auto stored = outbox::open(f.folder.store_path(), false);
    REQUIRE(stored);
    const auto rows = (*stored)->list({.limit = 10'000});
    REQUIRE(rows);
    for (const auto& row : *rows) ++out[row.state];
    return out;
  }
};

const delivery_outcome works{};
const delivery_outcome fails{delivery_state::failed, "status 500"};
const delivery_outcome refuses{delivery_state::refused, "gone"};

}  // namespace

TEST_CASE("OUTBOX: everything is delivered, and known as delivered", "[outbox]") {
  fixture x;
  x.begin({{"a", x.system.spawn(fake_sink, x.self, std::vector{works})}});
  x.store_signals(1, 300);
  for (int i = 0; i < 300; ++i) expect<alert_delivery>(x.self);
  x.drain_box();
  CHECK(x.states() == std::map<std::string, std::size_t>{{"delivered", 300}});
  CHECK(expect_none<alert_delivery>(x.self, std::chrono::milliseconds{20}));
}

TEST_CASE("OUTBOX: what failed goes again, the same under the same key", "[outbox]") {
  fixture x;
  x.begin({{"a", x.system.spawn(fake_sink, x.self, std::vector{fails, fails, works})}});
  x.store_signals(1, 1);
  const auto first = expect<alert_delivery>(x.self);
  for (int i = 0; i < 2; ++i) {
    const auto again = expect<alert_delivery>(x.self);
    CHECK(again.key == first.key);
    CHECK(again.payload == first.payload);
    CHECK(again.now > first.now);
  }
  x.drain_box();
  CHECK(x.states() == std::map<std::string, std::size_t>{{"delivered", 1}});
}

TEST_CASE("OUTBOX: after its tries a delivery is a dead letter; what is refused is one at once",
          "[outbox]") {
  fixture x;
  x.begin({{"a", x.system.spawn(fake_sink, x.self, std::vector{fails})},
           {"b", x.system.spawn(fake_sink, x.self, std::vector{refuses})}});
  x.store_signals(1, 1);
  for (int i = 0; i < 4; ++i) expect<alert_delivery>(x.self);
  x.drain_box();
  CHECK(x.states() == std::map<std::string, std::size_t>{{"dead", 2}});
  CHECK(expect_none<alert_delivery>(x.self, std::chrono::milliseconds{20}));
}

TEST_CASE("OUTBOX: a sink that hangs holds a few deliveries, and nobody else", "[outbox]") {
  fixture x;
  caf::scoped_actor others{x.system};
  const auto hung = x.system.spawn(hanging_sink, caf::actor{others});
  x.begin({{"hung", hung}, {"quick", x.system.spawn(fake_sink, x.self, std::vector{works})}});
  x.store_signals(1, 200);
  for (int i = 0; i < 200; ++i) expect<alert_delivery>(x.self);
  for (std::size_t i = 0; i < sink_in_flight; ++i) expect<alert_delivery>(others);
  CHECK(expect_none<alert_delivery>(others, std::chrono::milliseconds{20}));
  stop(x.self, hung);
}

TEST_CASE("OUTBOX: a new node sends what the last one had not heard of", "[outbox]") {
  fixture x;
  caf::scoped_actor others{x.system};
  const auto hung = x.system.spawn(hanging_sink, caf::actor{others});
  x.begin({{"a", hung}});
  x.store_signals(1, 1);
  const auto first = expect<alert_delivery>(others);
  stop(x.self, x.box);  // between the sending and the answer
  stop(x.self, x.storage);
  stop(x.self, hung);
  x.begin({{"a", x.system.spawn(fake_sink, x.self, std::vector{works})}});
  const auto again = expect<alert_delivery>(x.self);
  CHECK(again.key == first.key);
  CHECK(again.payload == first.payload);
}
