// PROVIDERS with made-up connectors in CAF's test scheduler, and the parts of its judgement alone.
#include <map>
#include <memory>
#include <set>

#include <fmt/format.h>
#include <caf/all.hpp>
#include <caf/scheduler/test_coordinator.hpp>
#include <catch2/catch.hpp>

#include "connectors/ethereum/dialect.hpp"
#include "connectors/ethereum/request_budget.hpp"
#include "connectors/ethereum/subscription_watch.hpp"
#include "connectors/providers/doubted_blocks.hpp"
#include "connectors/providers/fetch_ahead.hpp"
#include "connectors/providers/head_votes.hpp"
#include "connectors/providers/provider_health.hpp"
#include "connectors/providers/providers.hpp"
#include "messages/keccak.hpp"
#include "runtime/caf_error.hpp"

using namespace eremos;
using namespace std::chrono_literals;

namespace {

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

/// What one made-up provider does.
struct acting {
  std::uint64_t branch = 0;
  block_number top = 1'000;  ///< it has no block above
  bool hangs = false;
  bool refuses = false;
  bool lies = false;      ///< its blocks fail a check
  bool is_wrong = false;  ///< its answers are refused for what they say
  bool reverts = false;   ///< contracts refuse its calls
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
      return {[me](const std::string&) {
        me->become(
            [](const fetch_block& what) { return shared<block_record>{record_of(what.number)}; });
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
                auto out = record_of(what.number, a.branch);
                if (a.lies) out.integrity = {integrity_state::suspect, "receipts_root", "made up"};
                return shared<block_record>{std::move(out)};
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
                return state_read{{1, 2, 3}, 3};
              },
              [](const more_wanted&) {},
              [](const get_report&) { return connector_report{}; }};
    });
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

TEST_CASE("providers: no more than 256 doubts are kept") {
  doubted_blocks doubts;
  for (block_number n = 0; n <= doubted_blocks::blocks_max; ++n) doubts.add({n, {}});
  CHECK_FALSE(doubts.has(record_of(0).header));
  CHECK(doubts.has(record_of(1).header));
  doubts.add({5'000, hash_of(5'000, 1)});
  CHECK_FALSE(doubts.has(record_of(5'000).header));  // another block of that height
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
  (*f.self)->send(f.holder, std::string{"go on"});
  f.scheduler->run();
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

// --- the parts

TEST_CASE("provider health: behind, failing and not connected count less") {
  provider_health a{1};
  provider_health b{1};
  a.connected(true);
  b.connected(true);
  a.saw_head(100);
  b.saw_head(99);
  CHECK(a.score(100) == b.score(100));  // one behind is usual
  b.saw_head(90);
  CHECK(a.score(100) > b.score(100));
  for (int i = 0; i < 8; ++i) a.fetched(1ms, false);
  CHECK(a.score(100) < b.score(90));
  a.connected(false);
  CHECK(a.score(100) == 0);
}

TEST_CASE("request budget: learns how many at once, and pauses when it was too many") {
  request_budget budget{0, 1};
  auto now = std::chrono::nanoseconds{1s};
  std::size_t sent = 0;
  while (!budget.must_wait(now)) ++sent;
  CHECK(sent == static_cast<std::size_t>(request_budget::begin_with));
  budget.over(now, true);
  CHECK(budget.allowed() == static_cast<std::uint64_t>(request_budget::begin_with / 2));
  const auto pause = budget.must_wait(now);
  REQUIRE(pause);
  CHECK(*pause >= request_budget::pause_min / 2);
  // The rest of the same burst does not halve it again.
  for (std::size_t i = 1; i < sent; ++i) budget.over(now, true);
  CHECK(budget.allowed() == static_cast<std::uint64_t>(request_budget::begin_with / 2));
  now += *pause;
  for (int i = 0; i < 1'000; ++i) {
    REQUIRE_FALSE(budget.must_wait(now));
    budget.over(now, false);
  }
  CHECK(budget.allowed() > 16);
  CHECK(budget.allowed() <= 64);
}

TEST_CASE("request budget: no more per second than configured") {
  request_budget budget{10, 1};
  auto now = std::chrono::nanoseconds{1s};
  std::size_t sent = 0;
  for (int ms = 0; ms < 3'000; ++ms, now += 1ms)
    if (!budget.must_wait(now)) {
      ++sent;
      budget.over(now, false);
    }
  CHECK(sent >= 38);
  CHECK(sent <= 41);  // ten at once, then ten a second
}

TEST_CASE("request budget: no more of a provider's credits per second than configured") {
  request_budget budget{0, 1, 100};
  const auto spent_in_3s = [&](std::uint32_t cost) {
    std::uint64_t spent = 0;
    auto now = std::chrono::nanoseconds{1s};
    for (int ms = 0; ms < 3'000; ++ms, now += 1ms)
      if (!budget.must_wait(now, cost)) {
        spent += cost;
        budget.over(now, false);
      }
    return spent;
  };
  SECTION("many cheap ones") {
    const auto spent = spent_in_3s(10);
    CHECK(spent >= 380);
    CHECK(spent <= 410);
  }
  SECTION("one that costs five seconds waits for a full second's worth, and is then paid off") {
    auto now = std::chrono::nanoseconds{1s};
    REQUIRE_FALSE(budget.must_wait(now, 500));
    budget.over(now, false);
    const auto wait = budget.must_wait(now, 10);
    REQUIRE(wait);
    CHECK(*wait > 4s);
    CHECK_FALSE(budget.must_wait(now + *wait, 10));
  }
  SECTION("what costs nothing never waits") {
    CHECK_FALSE(budget.must_wait(1s, 100));
    CHECK(budget.must_wait(1s, 1));
    CHECK_FALSE(budget.must_wait(1s, 0));
  }
}

TEST_CASE("request costs: of a dialect by method, else its usual one") {
  const auto cost = [](std::string_view kind, std::string_view method) {
    return find_dialect(kind)->costs.of(method);
  };
  CHECK(cost("alchemy", "eth_chainId") == 0);
  CHECK(cost("alchemy", "eth_getBlockByHash") == 20);
  CHECK(cost("alchemy", "eth_getLogs") == 60);
  CHECK(cost("alchemy", "eth_getBlockReceipts") == 500);
  CHECK(cost("infura", "eth_getBlockByHash") == 80);
  CHECK(cost("infura", "eth_getLogs") == 255);
  CHECK(cost("infura", "eth_getBlockReceipts") == 1'000);
  CHECK(cost("quicknode", "eth_getLogs") == 20);
  CHECK(cost("generic", "eth_getLogs") == 1);
}

TEST_CASE("subscription watch: a silent subscription is told from a slow chain") {
  using verdict = subscription_watch::head_verdict;
  subscription_watch watch{2'000ms};
  auto now = std::chrono::nanoseconds{100s};
  watch.begin(now);
  CHECK(watch.look_at_heads(now + 5s) == verdict::fine);
  CHECK(watch.look_at_heads(now + 6s) == verdict::ask);
  CHECK(watch.look_at_heads(now + 7s) == verdict::fine);  // it is asked
  CHECK_FALSE(watch.answered(now + 7s, false));           // nothing new: slow
  CHECK(watch.look_at_heads(now + 8s) == verdict::fine);
  CHECK(watch.look_at_heads(now + 13s) == verdict::ask);
  CHECK(watch.answered(now + 13s, true));                 // silent: subscribe again
  CHECK(watch.look_at_heads(now + 14s) == verdict::ask);  // and ask as long as it is
  CHECK_FALSE(watch.answered(now + 14s, true));
  watch.saw_head(now + 15s);
  CHECK(watch.look_at_heads(now + 16s) == verdict::fine);
  CHECK(watch.look_at_heads(now + 30s) == verdict::ask);
  CHECK(watch.look_at_heads(now + 30s + subscription_watch::probe_max) == verdict::gone);
}

TEST_CASE("subscription watch: logs are silent when blocks with logs come without them") {
  subscription_watch watch{2'000ms};
  for (std::uint32_t i = 1; i < subscription_watch::heads_without_logs_max; ++i)
    CHECK_FALSE(watch.saw_bloom());
  watch.saw_log();
  for (std::uint32_t i = 1; i < subscription_watch::heads_without_logs_max; ++i)
    CHECK_FALSE(watch.saw_bloom());
  CHECK(watch.saw_bloom());
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
