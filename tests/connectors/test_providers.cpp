// PROVIDERS with made-up connectors in CAF's test scheduler.
#include <limits>
#include <map>
#include <memory>
#include <set>

#include <fmt/format.h>
#include <caf/all.hpp>
#include <caf/scheduler/test_coordinator.hpp>
#include <catch2/catch.hpp>

#include "connectors/providers/providers.hpp"
#include "messages/keccak.hpp"
#include "runtime/caf_error.hpp"

using namespace eremos;
using namespace std::chrono_literals;

namespace {

constexpr std::size_t always = std::numeric_limits<std::size_t>::max();

hash32 hash_of(block_number n, std::uint64_t branch = 0) {
  return keccak256(fmt::format("block {} of {}", n, branch));
}

block_record record_of(block_number n, std::uint64_t branch = 0) {
  block_record r;
  r.chain = 1;
  r.has_header = true;
  r.header.number = n;
  r.header.hash = hash_of(n, branch);
  r.header.parent_hash = hash_of(n - 1, branch);
  return r;
}

/// What a provider of this branch answers.
block_record said_of(block_number n, bool lies, std::uint64_t branch = 0) {
  auto r = record_of(n, branch);
  if (lies) r.integrity = {integrity_state::suspect, "receipts_root", "made up", "full"};
  return r;
}

/// What one made-up provider does.
struct acting {
  std::uint64_t branch = 0;
  block_number top = 1'000;  ///< it has no block above
  bool hangs = false;
  bool refuses = false;
  bool lies = false;       ///< its blocks fail a check
  bool is_wrong = false;   ///< its answers are refused for what they say
  bool reverts = false;    ///< contracts refuse its calls
  std::uint64_t said = 7;  ///< of history
  std::size_t fetches = 0;
  std::size_t reads = 0;
  std::vector<block_number> fetched;
  fetch_block last;  ///< that it was asked for
};

struct fixture {
  caf::actor_system_config settings;
  std::unique_ptr<caf::actor_system> system;
  caf::scheduler::test_coordinator* scheduler = nullptr;
  std::unique_ptr<caf::scoped_actor> self;
  std::vector<std::unique_ptr<acting>> act;
  std::vector<caf::actor> puppets;  ///< the same connectors, to make them speak
  caf::actor holder;  ///< holds what a hanging provider was asked, until it is told to go on
  connector_actor providers;
  source_listener chain;
  std::vector<head_seen> heads;
  std::vector<provider_state> states;
  std::vector<finality_seen> finality;

  explicit fixture(std::size_t count, std::size_t quorum = 1,
                   std::vector<std::uint32_t> weights = {}) {
    add_message_types(settings);
    settings.set("scheduler.policy", caf::atom("testing"));
    system = std::make_unique<caf::actor_system>(settings);
    scheduler = dynamic_cast<caf::scheduler::test_coordinator*>(&system->scheduler());
    self = std::make_unique<caf::scoped_actor>(*system);
    holder = system->spawn([](caf::event_based_actor* me) -> caf::behavior {
      me->set_default_handler(caf::skip);
      return {[me](std::size_t lies) {
        me->become([lies](const fetch_block& what) mutable {
          const bool lie = lies > 0;
          if (lie) --lies;
          return shared{said_of(what.number, lie)};
        });
      }};
    });
    providers_config config{
        .chain = 1, .source = "test", .providers = {}, .quorum = quorum, .log = {}};
    for (std::size_t i = 0; i < count; ++i) {
      act.push_back(std::make_unique<acting>());
      config.providers.push_back(
          {fmt::format("p{}", i), i < weights.size() ? weights[i] : 1u, spawn_acting(*act.back())});
    }
    for (const auto& p : config.providers)
      puppets.push_back(caf::actor_cast<caf::actor>(p.connector));
    providers = spawn_providers(*system, std::move(config));
    chain = system->spawn([this]() -> source_listener::behavior_type {
      return {[this](const head_seen& h) { heads.push_back(h); },
              [](const pending_seen&) {},
              [this](const finality_seen& f) { finality.push_back(f); },
              [this](const provider_state& s) { states.push_back(s); },
              [](const block_recorded&) {},
              [](const source_ended&) {}};
    });
    (*self)->send(providers, connector_start{chain, {}, {}});
    scheduler->run();
    for (std::size_t i = 0; i < count; ++i) connect(i, true);
  }
  ~fixture() {
    (*self)->send_exit(holder, caf::exit_reason::user_shutdown);
    holder = nullptr;
    for (const auto& who :
         {caf::actor_cast<caf::actor>(providers), caf::actor_cast<caf::actor>(chain)})
      (*self)->send_exit(who, caf::exit_reason::user_shutdown);
    providers = nullptr;
    chain = nullptr;
    puppets.clear();
    scheduler->run();
    self.reset();
  }

  connector_actor spawn_acting(acting& a) {
    return system->spawn([this, &a](connector_actor::pointer me) -> connector_actor::behavior_type {
      return {[](const connector_start&) {},
              [this, &a, me](const fetch_block& what) -> caf::result<shared<block_record>> {
                ++a.fetches;
                a.fetched.push_back(what.number);
                a.last = what;
                if (a.is_wrong) return to_caf({errc::answer_wrong, "another block"});
                if (a.hangs) return me->delegate(caf::actor_cast<connector_actor>(holder), what);
                if (a.refuses) return to_caf({errc::provider_refused, "no"});
                if (what.number > a.top) return to_caf({errc::block_not_found, "not here"});
                if (what.hash && *what.hash != hash_of(what.number, a.branch))
                  return to_caf({errc::block_not_found, "not on my branch"});
                return shared{said_of(what.number, a.lies, a.branch)};
              },
              [&a](const name_block& n) -> caf::result<block_ref> {
                if (a.refuses) return to_caf({errc::provider_refused, "no"});
                if (n.number > a.top) return to_caf({errc::block_not_found, "not here"});
                return block_ref{1, n.number, hash_of(n.number, a.branch)};
              },
              [this, &a, me](const read_state& what) -> caf::result<state_read> {
                ++a.reads;
                if (a.hangs) return me->delegate(caf::actor_cast<connector_actor>(holder), what);
                if (a.refuses) return to_caf({errc::provider_refused, "no"});
                if (a.reverts) return to_caf({errc::call_reverted, "it refuses"});
                if (what.what != state_question::call) return state_read{{}, 0, a.said};
                return state_read{{1, 2, 3}, 3};
              },
              [](const more_wanted&) {},
              [](const get_report&) { return connector_report{}; }};
    });
  }

  /// Those that hang answer, in the order they were asked in; first that many lies.
  void go_on(std::size_t lies = 0) {
    (*self)->send(holder, lies);
    scheduler->run();
  }
  /// The provider says it.
  template <class Word>
  void say(std::size_t who, Word word) {
    caf::send_as(puppets[who], caf::actor_cast<caf::actor>(providers), std::move(word));
    scheduler->run();
  }
  void connect(std::size_t who, bool yes) {
    say(who, provider_state{1, yes, fmt::format("p{}", who)});
  }
  void head(std::size_t who, block_number n) {
    const auto branch = act[who]->branch;
    say(who, head_seen{1, n, hash_of(n, branch), hash_of(n - 1, branch), 0});
  }
  result<shared<block_record>> fetch(fetch_block what, std::chrono::milliseconds time = 0ms) {
    result<shared<block_record>> out{errc::none, "no answer"};
    auto asked = (*self)->request(providers, caf::infinite, what);
    scheduler->run();
    for (; time > 0ms; time -= 100ms) {
      scheduler->advance_time(100ms);
      scheduler->run();
    }
    asked.receive([&](shared<block_record>& r) { out = std::move(r); },
                  [&](const caf::error& e) { out = from_caf(e); });
    return out;
  }
  connector_report report() {
    connector_report out;
    auto asked = (*self)->request(providers, caf::infinite, get_report{});
    scheduler->run();
    asked.receive([&](connector_report& r) { out = std::move(r); },
                  [](const caf::error&) { FAIL("no report"); });
    return out;
  }
};

}  // namespace

TEST_CASE("providers: one that fails is followed by the next, at once") {
  fixture f{3};
  f.act[0]->refuses = true;
  const auto got = f.fetch({10, hash_of(10)});
  REQUIRE(got);
  CHECK((*got)->header.hash == hash_of(10));
  CHECK(f.act[0]->fetches == 1);
  CHECK(f.act[1]->fetches == 1);
  CHECK(f.act[2]->fetches == 0);
  // It is asked last from then on.
  REQUIRE(f.fetch({11, hash_of(11)}));
  CHECK(f.act[0]->fetches == 1);
  CHECK(f.report().providers[0].failures == 1);
}

TEST_CASE("providers: one that does not answer is given up within fail_over_after") {
  fixture f{2};
  f.act[0]->hangs = true;
  const auto got = f.fetch({10, hash_of(10)}, providers_config{}.fail_over_after + 100ms);
  REQUIRE(got);
  CHECK((*got)->header.hash == hash_of(10));
}

TEST_CASE(
    "providers: nobody has it: not found; somebody refuses: refused; none is there: unreachable") {
  fixture f{2};
  f.act[0]->top = f.act[1]->top = 5;
  CHECK(f.fetch({10, hash_of(10)}).error().code == errc::block_not_found);
  f.act[1]->refuses = true;
  CHECK(f.fetch({10, hash_of(10)}).error().code == errc::provider_refused);
}

TEST_CASE("providers: what fails a check is asked of another, and counts as repaired") {
  fixture f{2};
  f.act[0]->lies = true;
  const auto got = f.fetch({10, hash_of(10)});
  REQUIRE(got);
  CHECK((*got)->integrity.state == integrity_state::repaired);
  CHECK((*got)->integrity.check == "receipts_root");
  CHECK(f.report().providers[0].suspect == 1);
  f.act[1]->lies = true;
  const auto all_lie = f.fetch({11, hash_of(11)});
  REQUIRE(all_lie);
  CHECK((*all_lie)->integrity.is_suspect());
}

TEST_CASE("providers: an answer that is refused for what it says makes the right one a repair") {
  fixture f{2};
  f.act[0]->is_wrong = true;
  const auto got = f.fetch({10, hash_of(10)});
  REQUIRE(got);
  CHECK((*got)->integrity.state == integrity_state::repaired);
  CHECK((*got)->integrity.check == "answer");
  CHECK((*got)->integrity.detail == "another block");
  CHECK(f.report().providers[0].suspect == 1);
  CHECK(f.report().providers[0].failures == 0);
  // Whenever it comes, and from whom.
  f.act[1]->refuses = true;
  CHECK_FALSE(f.fetch({11, hash_of(11)}));
  f.act[0]->is_wrong = f.act[1]->refuses = false;
  const auto later = f.fetch({11, hash_of(11)});
  REQUIRE(later);
  CHECK((*later)->integrity.state == integrity_state::repaired);
  const auto next = f.fetch({12, hash_of(12)});
  REQUIRE(next);
  CHECK((*next)->integrity.state == integrity_state::unchecked);
}

TEST_CASE("providers: a wrong answer is counted though its provider had been given up") {
  fixture f{2};
  f.act[0]->hangs = true;
  const auto after = providers_config{}.fail_over_after + 100ms;
  const auto got = f.fetch({10, hash_of(10)}, after);
  REQUIRE(got);
  CHECK((*got)->integrity.state == integrity_state::unchecked);
  CHECK(f.report().providers[0].failures == 1);
  CHECK(f.report().providers[0].suspect == 0);
  CHECK(f.report().bad.empty());
  f.go_on(1);
  CHECK(f.report().providers[0].failures == 1);
  CHECK(f.report().providers[0].suspect == 1);
  REQUIRE(f.report().bad.size() == 1);
  CHECK(f.report().bad[0].kind == "wrong_after_right");
  CHECK(f.report().bad[0].count == 1);
  CHECK(f.report().bad[0].sample == "p0: block 10 fails its check receipts_root: made up");
  // Should the block be asked for again, after a reorg, it bears that.
  f.act[0]->hangs = false;
  const auto again = f.fetch({10, hash_of(10)});
  REQUIRE(again);
  CHECK((*again)->integrity.state == integrity_state::repaired);
  CHECK((*again)->integrity.check == "receipts_root");
}

TEST_CASE("providers: a right answer of one that was given up is taken while nobody else has one") {
  fixture f{3};
  f.act[0]->hangs = f.act[1]->hangs = f.act[2]->hangs = true;
  auto asked = (*f.self)->request(f.providers, caf::infinite, fetch_block{10, hash_of(10)});
  f.scheduler->run();
  f.scheduler->advance_time(providers_config{}.fail_over_after + 100ms);
  f.scheduler->run();
  CHECK(f.report().providers[0].failures == 1);
  f.go_on();
  std::size_t answers = 0;
  asked.receive([&](const shared<block_record>& r) { answers += r->header.number == 10; },
                [](const caf::error&) { FAIL("no block"); });
  CHECK(answers == 1);
  const auto all = f.report().providers;
  CHECK(all[0].fetches + all[1].fetches + all[2].fetches == 2);
}

TEST_CASE("providers: a wrong answer while others are asked makes the right one a repair") {
  fixture f{2};
  f.act[0]->hangs = f.act[1]->hangs = true;
  auto asked = (*f.self)->request(f.providers, caf::infinite, fetch_block{10, hash_of(10)});
  f.scheduler->run();
  f.scheduler->advance_time(providers_config{}.fail_over_after + 100ms);
  f.scheduler->run();
  // Both are open now; the one that was given up speaks first.
  f.go_on(1);
  block_integrity got;
  asked.receive([&](const shared<block_record>& r) { got = r->integrity; },
                [](const caf::error&) { FAIL("no block"); });
  CHECK(got.state == integrity_state::repaired);
  CHECK(got.check == "receipts_root");
  CHECK(f.report().providers[0].suspect == 1);
  CHECK(f.report().providers[1].suspect == 0);
  CHECK(f.report().bad.empty());  // nobody had it right before
}

TEST_CASE("providers: a block that is under way by its height is waited for by its hash") {
  fixture f{2, 2};
  f.head(0, 10);
  f.head(1, 10);
  f.act[0]->hangs = true;
  auto first = (*f.self)->request(f.providers, caf::infinite, fetch_block{1, {}});
  f.scheduler->run();
  const auto asked = f.act[0]->fetches + f.act[1]->fetches;
  CHECK(asked == 1 + providers_config{}.ahead_max);
  auto second = (*f.self)->request(f.providers, caf::infinite, fetch_block{2, hash_of(2)});
  f.scheduler->run();
  CHECK(f.act[0]->fetches + f.act[1]->fetches == asked);
  SECTION("its answer, right or wrong, is one answer") {
    f.act[1]->hangs = false;
    f.go_on(always);
    maybe<block_integrity> got;
    second.receive([&](const shared<block_record>& r) { got = r->integrity; },
                   [](const caf::error&) { FAIL("no block"); });
    REQUIRE(got);
    CHECK(got->state == integrity_state::repaired);
    CHECK(f.report().bad.empty());
  }
  SECTION("but not while the last of several has it: the best is asked anew") {
    f.act[1]->hangs = true;
    f.scheduler->advance_time(providers_config{}.fail_over_after + 100ms);
    f.scheduler->run();
    const auto before = f.act[0]->fetches + f.act[1]->fetches;
    f.act[0]->hangs = f.act[1]->hangs = false;
    CHECK(f.fetch({2, hash_of(2)}));
    CHECK(f.act[0]->fetches + f.act[1]->fetches == before + 1);
    // What the first two say now changes nothing and is counted.
    f.go_on(always);
    CHECK(f.report().bad.at(0).kind == "wrong_after_right");
    second.receive([](const shared<block_record>&) {}, [](const caf::error&) {});
  }
  first.receive([](const shared<block_record>&) {}, [](const caf::error&) {});
}

TEST_CASE("providers: a block that was fetched ahead is not fetched again by its hash") {
  fixture f{1};
  f.head(0, 3);
  REQUIRE(f.fetch({1, {}}));
  CHECK(f.act[0]->fetches == 3);
  REQUIRE(f.fetch({2, hash_of(2)}));
  CHECK(f.act[0]->fetches == 3);
  // What is there of another branch is of no use.
  REQUIRE(f.fetch({1, {}}));
  const auto before = f.act[0]->fetches;
  f.act[0]->branch = 7;
  const auto other = f.fetch({2, hash_of(2, 7)});
  REQUIRE(other);
  CHECK((*other)->header.hash == hash_of(2, 7));
  CHECK(f.act[0]->fetches == before + 1);
}

TEST_CASE("providers: the heavier one is asked first, whoever announced the head before all") {
  fixture f{2, 1, {1, 5}};
  REQUIRE(f.fetch({10, hash_of(10)}));
  CHECK(f.act[1]->fetches == 1);
  f.head(0, 11);
  REQUIRE(f.fetch({11, hash_of(11)}));
  CHECK(f.act[0]->fetches == 1);
}

TEST_CASE("providers: heads of each go through; the chain is connected until the last is lost") {
  fixture f{2};
  CHECK(f.states.size() == 2);
  f.head(0, 10);
  f.head(1, 11);
  CHECK(f.heads.size() == 2);
  f.connect(0, false);
  CHECK(f.states.size() == 2);
  f.head(1, 12);
  CHECK(f.heads.size() == 3);
  f.connect(1, false);
  REQUIRE(f.states.size() == 3);
  CHECK_FALSE(f.states.back().connected);
}

TEST_CASE(
    "providers: with a quorum a head counts once enough announced it, and a forged one never") {
  fixture f{3, 2};
  f.head(0, 10);
  CHECK(f.heads.empty());
  f.head(1, 10);
  CHECK(f.heads.size() == 1);
  f.act[2]->branch = 7;  // consistent in itself, and nobody else has it
  f.head(2, 11);
  CHECK(f.heads.size() == 1);
  f.head(0, 11);
  f.head(1, 11);
  CHECK(f.heads.size() == 2);
  CHECK(f.heads.back().hash == hash_of(11));
  CHECK(f.report().providers[2].disagreements == 1);
}

TEST_CASE("providers: with a quorum a block is asked for by the hash that enough name") {
  fixture f{3, 2, {9, 1, 1}};
  f.act[0]->branch = 7;
  const auto got = f.fetch({10, {}});
  REQUIRE(got);
  CHECK((*got)->header.hash == hash_of(10));
  CHECK(f.report().providers[0].disagreements == 1);
  f.act[1]->branch = 8;
  CHECK_FALSE(f.fetch({11, {}}));
}

TEST_CASE("providers: final is what enough call final") {
  fixture f{3, 2};
  const auto block = [](block_number n) { return block_ref{1, n, hash_of(n)}; };
  f.say(0, finality_seen{1, block(90), block(80)});
  CHECK_FALSE(f.finality.back().finalized);
  f.say(1, finality_seen{1, block(70), block(60)});
  CHECK(f.finality.back().finalized == maybe{block(60)});
  CHECK(f.finality.back().safe == maybe{block(70)});
  f.say(2, finality_seen{1, block(500), block(500)});
  CHECK(f.finality.back().finalized == maybe{block(80)});
}

TEST_CASE("providers: which block stands at a height is what most of them say") {
  fixture f{3};
  f.act[0]->branch = 7;
  const auto ask = [&] {
    maybe<block_ref> out;
    auto asked = (*f.self)->request(f.providers, caf::infinite, name_block{10});
    f.scheduler->run();
    asked.receive([&](const block_ref& r) { out = r; }, [](const caf::error&) {});
    return out;
  };
  CHECK(ask() == maybe{block_ref{1, 10, hash_of(10)}});
  f.act[1]->refuses = true;
  CHECK_FALSE(ask());  // one against one
}

TEST_CASE("providers: a chain that catches up has its next blocks fetched ahead, each once") {
  fixture f{1};
  f.head(0, 100);
  for (block_number n = 1; n <= 50; ++n) {
    const auto got = f.fetch({n, {}});
    REQUIRE(got);
    CHECK((*got)->header.number == n);
  }
  CHECK(f.act[0]->fetches == 50 + providers_config{}.ahead_max);
  CHECK(std::set<block_number>(f.act[0]->fetched.begin(), f.act[0]->fetched.end()).size() ==
        f.act[0]->fetches);
  CHECK(f.report().prefetched > 40);
}

TEST_CASE("providers: of a block in a gap it is said so, and up to where nothing is taken back") {
  fixture f{1};
  f.head(0, 200);
  REQUIRE(f.fetch({100, {}}));
  CHECK(f.act[0]->last.of_gap);
  CHECK(f.act[0]->last.settled == 200 - providers_config{}.settled_depth);
  f.say(0, finality_seen{1, {}, block_ref{1, 150, hash_of(150)}});
  REQUIRE(f.fetch({120, {}}));
  CHECK(f.act[0]->last.settled == 150);
  REQUIRE(f.fetch({200, {}}));
  CHECK_FALSE(f.act[0]->last.of_gap);
  REQUIRE(f.fetch({200, hash_of(200)}));
  CHECK(f.act[0]->last.settled == 0);
}

TEST_CASE("providers: what is under way when CHAIN asks for it is not asked for twice") {
  fixture f{1};
  f.head(0, 10);
  f.act[0]->hangs = true;
  auto first = (*f.self)->request(f.providers, caf::infinite, fetch_block{1, {}});
  f.scheduler->run();
  auto second = (*f.self)->request(f.providers, caf::infinite, fetch_block{2, {}});
  f.scheduler->run();
  const auto asked = f.act[0]->fetched;
  CHECK(std::count(asked.begin(), asked.end(), 2) == 1);
  f.go_on();
  block_number got = 0;
  second.receive([&](const shared<block_record>& r) { got = r->header.number; },
                 [](const caf::error&) {});
  CHECK(got == 2);
  first.receive([](const shared<block_record>&) {}, [](const caf::error&) {});
}

TEST_CASE("providers: what failed when it was fetched ahead is asked for again only by CHAIN") {
  fixture f{1};
  f.head(0, 100);
  f.act[0]->top = 1;
  REQUIRE(f.fetch({1, {}}));
  const auto asked = f.act[0]->fetches;
  for (int i = 0; i < 5; ++i) CHECK_FALSE(f.fetch({2, {}}));
  CHECK(f.act[0]->fetches <= asked + 5 + 1);
}

TEST_CASE(
    "providers: a contract is asked through one provider after the other, until one answers") {
  fixture f{3};
  const auto ask = [&](std::chrono::milliseconds time = 0ms) {
    result<state_read> out{errc::none, "no answer"};
    auto asked =
        (*f.self)->request(f.providers, caf::infinite, read_state{{1, 10, hash_of(10)}, {}, {}});
    f.scheduler->run();
    for (; time > 0ms; time -= 100ms) {
      f.scheduler->advance_time(100ms);
      f.scheduler->run();
    }
    asked.receive([&](const state_read& r) { out = r; },
                  [&](const caf::error& e) { out = from_caf(e); });
    return out;
  };
  for (std::size_t i = 0; i < 3; ++i) f.connect(i, true);
  CHECK(ask()->size == 3);
  CHECK(f.act[0]->reads + f.act[1]->reads + f.act[2]->reads == 1);
  f.act[0]->refuses = true;
  f.act[1]->hangs = true;
  CHECK(ask(4s)->size == 3);
  CHECK(f.act[2]->reads >= 1);
  // That the contract refuses is an answer.
  for (auto& a : f.act) *a = {.reverts = true};
  CHECK(ask().error().code == errc::call_reverted);
  CHECK(f.act[0]->reads + f.act[1]->reads + f.act[2]->reads == 1);
  for (auto& a : f.act) *a = {.refuses = true};
  CHECK(ask().error().code == errc::provider_refused);
  for (std::size_t i = 0; i < 3; ++i) f.connect(i, false);
  CHECK(ask().error().code == errc::provider_unreachable);
}

TEST_CASE("providers: of history as many must say the same as of a head, and liars are counted") {
  const auto ask = [](fixture& f) {
    result<state_read> out{errc::none, "no answer"};
    auto asked = (*f.self)->request(f.providers, caf::infinite,
                                    read_state{{1, 10, {}}, {}, {}, state_question::nonce});
    f.scheduler->run();
    asked.receive([&](const state_read& r) { out = r; },
                  [&](const caf::error& e) { out = from_caf(e); });
    return out;
  };
  fixture one{3};
  one.act[1]->said = one.act[2]->said = 8;
  CHECK(ask(one)->said_by == 1);

  fixture f{3, 2};
  auto said = ask(f);
  REQUIRE(said);
  CHECK(said->number == 7);
  CHECK(said->said_by == 2);
  CHECK(f.act[0]->reads + f.act[1]->reads + f.act[2]->reads == 2);
  // One lies, whoever is asked first.
  f.act[0]->said = 8;
  said = ask(f);
  REQUIRE(said);
  CHECK(said->number == 7);
  CHECK(f.report().providers[0].disagreements == 1);
  CHECK(f.report().providers[1].disagreements == 0);
  // Nobody knows who lies.
  f.act[1]->said = 9;
  CHECK(ask(f).error().code == errc::answer_wrong);
  // One alone is not enough.
  f.act[1]->refuses = f.act[2]->refuses = true;
  CHECK(ask(f).error().code == errc::provider_refused);
  f.act[1]->refuses = false;
  f.act[1]->said = 8;
  CHECK(ask(f)->number == 8);
}
