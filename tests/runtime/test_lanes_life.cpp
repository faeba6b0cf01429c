// How actors with lanes begin, ask, wait and end: what CAF promises must hold with this mailbox
// too.
#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>

#include <caf/scheduler/test_coordinator.hpp>

#include "tests/runtime/lane_probe.hpp"

using namespace lane_tests;

namespace {

/// A request that nobody answers fails its test, it does not hang it.
constexpr std::chrono::seconds patience{30};
constexpr std::array all_lanes = {lane::control, lane::critical, lane::high,
                                  lane::medium,  lane::low,      lane::block};

/// The number answered, or the error.
struct reply {
  std::uint32_t number = 0;
  caf::error error;
};

reply ask_probe(caf::scoped_actor& self, const probe_actor& who, question x) {
  reply got;
  self->request(who, patience, x)
      .receive([&](std::uint32_t n) { got.number = n; },
               [&](caf::error& why) { got.error = std::move(why); });
  return got;
}

/// Why an actor ended.
template <class Handle>
caf::error end_of(caf::scoped_actor& self, const Handle& who) {
  caf::error why;
  self->monitor(who);
  self->receive([&](caf::down_msg& x) { why = std::move(x.reason); });
  return why;
}

enum class ending { kill, quit, exception };

/// Makes the actor, which stands at a gate, end before it handles what waits.
void end(const probe_actor& who, ending how) {
  switch (how) {
    case ending::kill:
      return caf::anon_send_exit(who, caf::exit_reason::kill);
    case ending::quit:
      return send_on(who, lane::control, {.then = deed::quit});
    case ending::exception:
      return send_on(who, lane::control, {.then = deed::fail});
  }
}

/// An actor without a typed interface, made from a function.
using asker = with_lanes<caf::event_based_actor,
                         lane_types<load_on<lane::critical>, load_on<lane::low>, question>>;
class scripted : public asker {
 public:
  using script = std::function<caf::behavior(asker*)>;
  scripted(caf::actor_config& config, script begin) : asker(config), begin_(std::move(begin)) {}
  caf::behavior make_behavior() override { return begin_(this); }

 private:
  script begin_;
};

/// The same with CAF's managed state, made by a spawn function.
struct counting_state {
  static constexpr const char* name = "counting";
  std::uint32_t seen = 0;
};
using counting_actor = caf::stateful_actor<counting_state, lane_actor<probe_actor>>;
probe_actor::behavior_type counting(counting_actor* self, std::shared_ptr<journal> notes) {
  auto note = [self, notes](lane on, const load& x) {
    if (x.at) x.at->pass();
    ++self->state.seen;
    notes->note({on, x.number});
  };
  return {[=](const load_on<lane::control>& x) { note(lane::control, x.payload); },
          [=](const load_on<lane::critical>& x) { note(lane::critical, x.payload); },
          [=](const load_on<lane::high>& x) { note(lane::high, x.payload); },
          [=](const load_on<lane::medium>& x) { note(lane::medium, x.payload); },
          [=](const load_on<lane::low>& x) { note(lane::low, x.payload); },
          [=](const load_on<lane::block>& x) { note(lane::block, x.payload); },
          [=](const question&) { return self->state.seen; }};
}

}  // namespace

TEST_CASE("LANES: an actor that ends with thousands waiting leaks none of them") {
  const bool detached = GENERATE(false, true);
  const auto how = GENERATE(ending::kill, ending::quit, ending::exception);
  const auto token = std::make_shared<int>(0);
  {
    node on;
    const auto actor = spawn<probe>(on, detached, nullptr);
    const auto at = hold(actor);
    for (std::uint32_t n = 0; n < 6000; ++n)
      send_on(actor, all_lanes[n % 6], {.number = n, .events = 64, .token = token});
    // Urgent, or on the control lane before it was filled: either way 5000 and more are left over.
    end(actor, how);
    at->open();
    caf::scoped_actor self{on.system};
    const auto why = end_of(self, actor);
    CHECK((how != ending::exception || why == caf::sec::runtime_error));
    send_on(actor, lane::low, {.token = token});
  }
  CHECK(token.use_count() == 1);
}

TEST_CASE("LANES: requests that wait when an actor ends are answered with an error") {
  const bool detached = GENERATE(false, true);
  const auto how = GENERATE(ending::kill, ending::quit, ending::exception);
  node on{2};
  const auto actor = spawn<probe>(on, detached, nullptr);
  const auto at = hold(actor);
  caf::scoped_actor self{on.system};
  auto first = self->request(actor, patience, question{1});
  auto second = self->request(actor, patience, question{2});
  end(actor, how);
  at->open();
  int refused = 0;
  for (auto* x : {&first, &second})
    x->receive([](std::uint32_t) { FAIL("answered by an actor that has ended"); },
               [&](caf::error& why) { refused += why == caf::sec::request_receiver_down; });
  CHECK(refused == 2);
  CHECK(ask_probe(self, actor, {3}).error == caf::sec::request_receiver_down);
}

TEST_CASE("LANES: a request whose handler throws is answered with the error") {
  const bool detached = GENERATE(false, true);
  node on{2};
  const auto actor = spawn<probe>(on, detached, nullptr);
  caf::scoped_actor self{on.system};
  const auto got = ask_probe(self, actor, {.number = 1, .then = deed::fail});
  CHECK(got.error == caf::sec::runtime_error);
  CHECK(on.system.render(got.error).find("as the test wants") != std::string::npos);
}

TEST_CASE("LANES: a request whose handler quits is answered with the result") {
  node on{2};
  const auto actor = spawn<probe>(on, false, nullptr);
  caf::scoped_actor self{on.system};
  CHECK(ask_probe(self, actor, {.number = 7, .then = deed::quit}).number == 7);
}

TEST_CASE("LANES: an exception ends the actor, and whoever monitors it learns the text") {
  node on;
  const auto actor = spawn<probe>(on, false, nullptr);
  caf::scoped_actor self{on.system};
  self->monitor(actor);
  send_on(actor, lane::low, {.then = deed::fail});
  self->receive([&](const caf::down_msg& x) {
    CHECK(x.source == actor.address());
    CHECK(x.reason == caf::sec::runtime_error);
    CHECK(on.system.render(x.reason).find("as the test wants") != std::string::npos);
  });
}

TEST_CASE("LANES: an exception while an actor starts ends it, with its messages refused") {
  const bool detached = GENERATE(false, true);
  struct broken : probe {
    explicit broken(caf::actor_config& config) : probe(config, nullptr) {}
    behavior_type make_behavior() override { throw std::runtime_error("cannot start"); }
  };
  node on{2};
  const auto actor = spawn<broken>(on, detached);
  caf::scoped_actor self{on.system};
  CHECK(end_of(self, actor) == caf::sec::runtime_error);
  CHECK(ask_probe(self, actor, {1}).error == caf::sec::request_receiver_down);
}

TEST_CASE("LANES: actors with managed state, from a spawn function, have lanes too") {
  const bool detached = GENERATE(false, true);
  node on{2};
  auto notes = std::make_shared<journal>(7);
  const auto actor =
      detached ? on.system.spawn<caf::detached>(counting, notes) : on.system.spawn(counting, notes);
  const auto at = hold(actor);
  for (std::uint32_t n = 0; n < 6; ++n) send_on(actor, all_lanes[5 - n], {});
  at->open();
  REQUIRE(notes->complete());
  for (std::size_t n = 0; n < 6; ++n) CHECK(notes->seen()[n + 1].on == all_lanes[n]);
  caf::scoped_actor self{on.system};
  CHECK(ask_probe(self, actor, {}).number == 7);
}

TEST_CASE("LANES: a linked actor ends with the one it is linked to") {
  node on;
  caf::scoped_actor self{on.system};
  const auto first = spawn<probe>(on, false, nullptr);
  auto linked = on.system.spawn<scripted>([first](asker* me) -> caf::behavior {
    me->link_to(first);
    return {[](const load_on<lane::low>&) {}};
  });
  caf::anon_send_exit(first, caf::exit_reason::user_shutdown);
  CHECK(end_of(self, linked) == caf::exit_reason::user_shutdown);
}

TEST_CASE("LANES: while an answer is awaited messages keep, then come in the order of lanes") {
  struct settings : caf::actor_system_config {
    settings() { set("scheduler.policy", caf::atom("testing")); }
  } config;
  caf::actor_system system{config};
  auto& scheduler = dynamic_cast<caf::scheduler::test_coordinator&>(system.scheduler());
  auto notes = std::make_shared<journal>(301);
  const auto answering = system.spawn<probe>(nullptr);
  const auto actor = system.spawn<scripted>([=](asker* me) -> caf::behavior {
    me->time_slice(std::chrono::nanoseconds{0});
    auto note = [notes](lane on) { return [=](const load& x) { notes->note({on, x.number}); }; };
    return {[=](const question&) {
              me->request(answering, caf::infinite, question{5}).await([=](std::uint32_t n) {
                notes->note({lane::control, n});
              });
            },
            [=](const load_on<lane::critical>& x) { note(lane::critical)(x.payload); },
            [=](const load_on<lane::low>& x) { note(lane::low)(x.payload); }};
  });
  scheduler.run();
  caf::anon_send(actor, question{});
  REQUIRE(scheduler.try_run_once());
  for (std::uint32_t n = 0; n < 300; ++n)
    send_on(actor, n % 2 == 0 ? lane::low : lane::critical, {.number = n});
  // The asker looks at all of them before the answer is there: each lane has some set aside.
  REQUIRE(scheduler.prioritize(actor));
  REQUIRE(scheduler.try_run_once());
  CHECK(notes->seen().empty());
  scheduler.run();
  REQUIRE(notes->complete());
  CHECK(notes->seen()[0] == entry{lane::control, 5});
  for (std::uint32_t n = 0; n < 150; ++n) {
    CHECK(notes->seen()[1 + n] == entry{lane::critical, 2 * n + 1});
    CHECK(notes->seen()[151 + n] == entry{lane::low, 2 * n});
  }
}

TEST_CASE("LANES: an answer taken with then comes before all that already waits") {
  node on{2};
  auto notes = std::make_shared<journal>(100 + 1);
  const auto answering = spawn<probe>(on, false, nullptr);
  auto at = std::make_shared<gate>();
  const auto actor = on.system.spawn<scripted>([=](asker* me) -> caf::behavior {
    return {[=](const question&) {
              me->request(answering, caf::infinite, question{5}).then([=](std::uint32_t n) {
                notes->note({lane::control, n});
              });
              at->pass();
            },
            [=](const load_on<lane::critical>& x) {
              notes->note({lane::critical, x.payload.number});
            }};
  });
  caf::anon_send(actor, question{});
  at->wait_until_entered();
  for (std::uint32_t n = 0; n < 100; ++n) send_on(actor, lane::critical, {.number = n});
  // A later answer of the same actor has arrived here, so the first has arrived there.
  caf::scoped_actor self{on.system};
  CHECK(ask_probe(self, answering, {6}).number == 6);
  at->open();
  REQUIRE(notes->complete());
  CHECK(notes->seen().front() == entry{lane::control, 5});
}

TEST_CASE("LANES: messages that a behaviour skips are handled by the next one, in order") {
  node on;
  auto notes = std::make_shared<journal>(200);
  const auto actor = on.system.spawn<scripted>([=](asker* me) -> caf::behavior {
    me->set_default_handler(caf::skip);
    return {[=](const question&) {
      me->become(
          [=](const load_on<lane::critical>& x) {
            notes->note({lane::critical, x.payload.number});
          },
          [=](const load_on<lane::low>& x) {
            notes->note({lane::low, x.payload.number});
          });
    }};
  });
  for (std::uint32_t n = 0; n < 200; ++n)
    send_on(actor, n % 2 == 0 ? lane::low : lane::critical, {.number = n});
  caf::anon_send(actor, question{});
  REQUIRE(notes->complete());
  for (std::uint32_t n = 0; n < 100; ++n) {
    CHECK(notes->seen()[n] == entry{lane::critical, 2 * n + 1});
    CHECK(notes->seen()[100 + n] == entry{lane::low, 2 * n});
  }
}

TEST_CASE("LANES: skipped messages count as waiting and are not leaked") {
  const auto token = std::make_shared<int>(0);
  {
    node on;
    const auto actor = on.system.spawn<scripted>([](asker* me) -> caf::behavior {
      me->set_default_handler(caf::skip);
      return {[=](const question&) {
        return std::uint64_t{me->lane_depth(lane::low)} * 1000 + me->lane_events(lane::low);
      }};
    });
    for (int n = 0; n < 10; ++n) send_on(actor, lane::low, {.events = 7, .token = token});
    caf::scoped_actor self{on.system};
    std::uint64_t counted = 0;
    // The first answer may come before they are skipped; either way they wait.
    self->request(actor, patience, question{})
        .receive([&](std::uint64_t x) { counted = x; }, [](const caf::error&) {});
    CHECK(counted == 10'070);
    CHECK(token.use_count() == 11);
    caf::anon_send_exit(actor, caf::exit_reason::kill);
  }
  CHECK(token.use_count() == 1);
}

TEST_CASE("LANES: delayed messages and receive timeouts come") {
  const bool detached = GENERATE(false, true);
  node on;
  auto notes = std::make_shared<journal>(2);
  scripted::script run = [=](asker* me) -> caf::behavior {
    me->delayed_send(me, std::chrono::milliseconds(1), load_on<lane::low>{{.number = 1}});
    return {[=](const load_on<lane::low>& x) {
              notes->note({lane::low, x.payload.number});
            },
            caf::after(std::chrono::milliseconds(20)) >>
                [=] {
                  notes->note({lane::control, 2});
                  me->quit();
                }};
  };
  spawn<scripted>(on, detached, run);
  REQUIRE(notes->complete());
  CHECK(notes->seen() == std::vector<entry>{{lane::low, 1}, {lane::control, 2}});
}

TEST_CASE("LANES: an unknown message is counted, and harms neither sender nor receiver") {
  node on;
  caf::scoped_actor self{on.system};
  const auto actor = on.system.spawn<scripted>([](asker* me) -> caf::behavior {
    return {[=](const question&) { return me->unhandled_messages(); }};
  });
  const auto sender = on.system.spawn<scripted>([actor](asker* me) -> caf::behavior {
    me->send(actor, stranger{});
    me->send(actor, stranger{});
    return {[=](const question& x) { return x.number; }};
  });
  auto answer_of = [&](const caf::actor& who, auto message) {
    caf::error failed;
    std::uint64_t got = 0;
    self->request(who, patience, message)
        .receive([&](std::uint64_t x) { got = x; }, [&](caf::error& why) { failed = why; });
    return std::pair{got, failed};
  };
  CHECK(answer_of(actor, stranger{}).second == caf::sec::unexpected_message);
  // An answer from the sender: it has sent both, and lives.
  self->request(sender, patience, question{4})
      .receive([&](std::uint32_t x) { CHECK(x == 4); }, [](const caf::error&) { FAIL(); });
  CHECK(answer_of(actor, question{}) == std::pair{std::uint64_t{3}, caf::error{}});
  self->request(sender, patience, question{5})
      .receive([&](std::uint32_t x) { CHECK(x == 5); }, [](const caf::error&) { FAIL(); });
  for (const auto& x : {actor, sender}) caf::anon_send_exit(x, caf::exit_reason::kill);
}

TEST_CASE("LANES: an actor nobody holds is taken away") {
  const bool detached = GENERATE(false, true);
  const auto token = std::make_shared<int>(0);
  struct holding : probe {
    holding(caf::actor_config& config, std::shared_ptr<int> held)
        : probe(config, nullptr), held_(std::move(held)) {}
    std::shared_ptr<int> held_;
  };
  {
    node on;
    spawn<holding>(on, detached, token);
    const auto lazy = on.system.spawn<holding, caf::lazy_init>(token);
    send_on(lazy, lane::low, {.token = token});
  }
  CHECK(token.use_count() == 1);
}

TEST_CASE("LANES: a kill while four threads send leaks nothing, thirty times") {
  const bool detached = GENERATE(false, true);
  const auto token = std::make_shared<int>(0);
  for (int run = 0; run < 30; ++run) {
    node on{2};
    const auto actor = spawn<probe>(on, detached, nullptr);
    std::vector<std::thread> threads;
    for (std::uint32_t p = 0; p < 4; ++p)
      threads.emplace_back([&, p] {
        for (std::uint32_t n = 0; n < 500; ++n) {
          send_on(actor, all_lanes[n % 6], {.number = n, .token = token});
          if (p == 0 && n == static_cast<std::uint32_t>(run) * 16)
            caf::anon_send_exit(actor, caf::exit_reason::kill);
        }
      });
    for (auto& x : threads) x.join();
    caf::scoped_actor self{on.system};
    REQUIRE(end_of(self, actor) == caf::exit_reason::kill);
  }
  CHECK(token.use_count() == 1);
}
