// CORRELATOR: trading at a high frequency, contracts used at once, and subjects of which several
// agents speak.
#include "actors/services/correlator.hpp"

#include "messages/keccak.hpp"
#include "runtime/policy/transfer.hpp"
#include "tests/actors/detect_support.hpp"
#include "tests/support/agent_fixture.hpp"

using namespace eremos;
using namespace eremos::test;

namespace {

const auto trader = someone(1);
const auto pool = someone(4);
const auto deployer = someone(5);
const auto fresh = someone(6);
const auto exchange = someone(7);

label_view labels() {
  return std::make_shared<label_set>(
      std::vector<label>{{.chain = 0, .who = exchange, .kind = "cex", .name = "Exchange 1"}});
}

transaction_event sent(const address& from, maybe<address> to, std::uint64_t index,
                       std::uint64_t block) {
  transaction_event t;
  t.from = from;
  t.to = to;
  t.transaction_index = index;
  t.succeeded = true;
  t.hash = some_hash(1'000 * block + index);
  return t;
}

contract_event logged(const transaction_event& by, const address& emitter, std::uint64_t nth = 0) {
  contract_event log;
  log.emitter = emitter;
  log.transaction_hash = by.hash;
  log.transaction_index = by.transaction_index;
  log.log_index = 10 * by.transaction_index + nth;
  return log;
}

contract_event swapped(const transaction_event& by, std::uint64_t nth = 0) {
  auto log = logged(by, pool, nth);
  log.topics.items[0] = keccak256("Swap(address,uint256,uint256,uint256,uint256,address)");
  log.topics.count = 3;
  return log;
}

/// So many transactions of one wallet, each with two hops of a swap.
test_block trades(std::uint64_t number, std::uint64_t count, const address& who = trader) {
  test_block out{.number = number};
  for (std::uint64_t i = 0; i < count; ++i) {
    const auto t = sent(who, someone(90), i, number);
    out.events.push_back(t);
    out.events.push_back(swapped(t, 0));
    out.events.push_back(swapped(t, 1));
  }
  return out;
}

test_block creation(std::uint64_t number) {
  auto t = sent(deployer, {}, 3, number);
  t.contract_address = fresh;
  return {.number = number, .events = {t}};
}

/// One calls the contract, one makes it log, one's transaction fails.
test_block uses(std::uint64_t number, std::uint64_t calls, std::uint64_t logs) {
  test_block out{.number = number};
  for (std::uint64_t i = 0; i < calls; ++i)
    out.events.push_back(sent(someone(20 + i), fresh, 10 + i, number));
  for (std::uint64_t i = 0; i < logs; ++i) {
    const auto t = sent(someone(40 + i), someone(90), 20 + i, number);
    out.events.push_back(t);
    out.events.push_back(logged(t, fresh));
  }
  auto failed = sent(someone(60), fresh, 30, number);
  failed.succeeded = false;
  out.events.push_back(failed);
  out.events.push_back(sent(deployer, fresh, 31, number));
  return out;
}

/// An ERC-721 token from the zero address to the wallet, in the nth transaction.
contract_event minted(std::uint64_t nth, const address& to, std::uint64_t block) {
  auto log = logged(sent(to, fresh, nth, block), fresh);
  log.topics.items = {transfer_topic, {}, word_of(to), word_of(uint256{nth})};
  log.topics.count = 4;
  return log;
}

signal said(std::string agent, std::string type, const std::string& subject,
            std::uint64_t number = 1) {
  signal s;
  s.agent = std::move(agent);
  s.type = std::move(type);
  s.subject = subject;
  s.block = {1, number, test_hash(number)};
  s.blocks = {s.block};
  s.confidence = 0.5;
  return s;
}

round_content told(std::vector<signal> signals) { return {.signals = std::move(signals)}; }

}  // namespace

TEST_CASE("correlator: eight trades of one wallet in two blocks, told once") {
  const auto out = every_way<correlator>({trades(1, 5), trades(2, 5), trades(3, 5)});
  REQUIRE(out.size() == 1);
  CHECK(out[0].type == "high_frequency_trading");
  CHECK(out[0].subject == to_hex(trader));
  CHECK(out[0].block.number == 2);
  CHECK(out[0].details.find("trades") == "10");
  CHECK(out[0].details.find("window_seconds") == "24");
  CHECK(out[0].evidence_total == 10);
  CHECK(out[0].blocks.size() == 2);
}

TEST_CASE("correlator: a new run is told again, a slow trader and a service never") {
  const std::vector<test_block> twice{trades(1, 8), {.number = 2}, {.number = 3}, trades(4, 8)};
  CHECK(every_way<correlator>(twice).size() == 2);
  CHECK(every_way<correlator>({trades(1, 5), {.number = 2}, trades(3, 5)}).empty());
  CHECK(every_way<correlator>({trades(1, 20, exchange)}, {}, labels()).empty());
  // Hops of one transaction are one trade.
  CHECK(every_way<correlator>({trades(1, 7)}).empty());
}

TEST_CASE("correlator: a contract that others use within seconds of its deployment") {
  const auto out = every_way<correlator>({creation(1), uses(2, 1, 2)});
  REQUIRE(out.size() == 1);
  CHECK(out[0].type == "contract_deployment_activity");
  CHECK(out[0].subject == to_hex(fresh));
  CHECK(out[0].details.find("uses") == "3");
  CHECK(out[0].details.find("users") == "3");
  CHECK(out[0].details.find("seconds_after") == "12");
  CHECK(out[0].evidence_total == 4);
}

TEST_CASE("correlator: too few, too late, the deployer itself and what failed are no activity") {
  CHECK(every_way<correlator>({creation(1), uses(2, 1, 1)}).empty());
  CHECK(every_way<correlator>({creation(1), {.number = 2}, uses(3, 2, 2)}).empty());
  // One wallet, however often.
  test_block often{.number = 2};
  for (std::uint64_t i = 0; i < 30; ++i) often.events.push_back(sent(someone(20), fresh, i, 2));
  CHECK(every_way<correlator>({creation(1), often}).empty());
  often.events.push_back(sent(someone(21), fresh, 40, 2));
  CHECK(every_way<correlator>({creation(1), often}).size() == 1);
}

TEST_CASE("correlator: two agents that speak of one subject are a correlation, one agent is none") {
  agent_fixture<correlator> f;
  f.tell_next({told({said("intelligence", "contract_activity_spike", "0xaa"),
                     said("intelligence", "high_value_transaction", "0xaa"),
                     said("harvester", "mint_spike", "0xbb")})});
  f.feed({.number = 1, .events = {}});
  CHECK(f.notes().heard.back().memories.empty());
  f.restart();
  auto echo = said("theron", "archival", "0xbb", 2);
  echo.path = {"harvester"};
  f.tell_next({told({said("observer", "wallet_clustering", "0xaa", 2), echo})});
  f.feed({.number = 2, .events = {}});
  const auto& heard = f.notes().heard.back();
  REQUIRE(heard.memories.size() == 1);
  const auto& m = heard.memories[0];
  CHECK(m.type == memory_type::correlation);
  CHECK(m.key == "correlation:0xaa");
  CHECK(m.confidence == Approx(0.75));
  CHECK(m.details.find("agents") == R"("intelligence,observer")");
  CHECK(m.details.find("types") == R"("high_value_transaction,wallet_clustering")");
  CHECK(m.blocks.size() == 2);
}

TEST_CASE("correlator: its own patterns are one witness; a window that passed is forgotten") {
  agent_fixture<correlator> f;
  f.tell_next({told({said("intelligence", "rapid_transaction_sequence", to_hex(trader))})});
  const auto done = f.feed(trades(1, 8));
  CHECK(done.memories.size() == 1);  // the pattern
  REQUIRE(f.notes().heard.back().memories.size() == 1);
  CHECK(f.notes().heard.back().memories[0].details.find("agents") ==
        R"("correlator,intelligence")");
  for (std::uint64_t n = 2; n < 4; ++n) f.feed({.number = n, .events = {}});
  f.tell_next({told({said("observer", "wallet_clustering", to_hex(trader), 4)})});
  f.feed({.number = 4, .events = {}});
  CHECK(f.notes().heard.back().memories.empty());
}

TEST_CASE("correlator: a further agent is told in a later block, with at most 0.95") {
  agent_fixture<correlator> f;
  const auto sure = [](std::string agent, std::uint64_t number) {
    auto s = said(std::move(agent), "high_value_transaction", "0xaa", number);
    s.confidence = 0.9;
    return s;
  };
  f.tell_next({told({sure("a", 1), sure("b", 1), sure("c", 1)})});
  f.feed({.number = 1, .events = {}});
  REQUIRE(f.notes().heard.back().memories.size() == 1);
  CHECK(f.notes().heard.back().memories[0].confidence == Approx(0.95));
  f.tell_next({told({sure("a", 2)})});
  f.feed({.number = 2, .events = {}});
  CHECK(f.notes().heard.back().memories.empty());
  f.tell_next({told({sure("d", 3)})});
  f.feed({.number = 3, .events = {}});
  // Those of block 1 are out of the window; "a" was heard again in block 2.
  REQUIRE(f.notes().heard.back().memories.size() == 1);
  CHECK(f.notes().heard.back().memories[0].details.find("agents") == R"("a,d")");
}

TEST_CASE("correlator: what is over a limit is dropped, the oldest first, and counted") {
  agent_fixture<correlator> f;
  test_block many{.number = 1};
  for (std::uint64_t i = 0; i < 1'030; ++i) {
    const auto t = sent(someone(1'000 + i), someone(90), i, 1);
    many.events.push_back(t);
    many.events.push_back(swapped(t));
  }
  f.feed(many);
  CHECK(f.report().metrics == std::vector<std::pair<std::string, std::uint64_t>>{{"evicted", 6}});
}

TEST_CASE("correlator: wallets that each mint on one contract gather there, seen by logs alone") {
  // No transaction is known, as in a recording of receipts.
  const auto minting = [](std::uint64_t number, std::uint64_t first, std::uint64_t count) {
    test_block out{.number = number};
    for (std::uint64_t i = first; i < first + count; ++i)
      out.events.push_back(minted(i, someone(100 + i), number));
    return out;
  };
  const auto out = every_way<correlator>({minting(1, 0, 2), minting(2, 2, 3), minting(3, 5, 4)});
  REQUIRE(out.size() == 1);
  CHECK(out[0].type == "wallet_clustering");
  CHECK(out[0].subject == to_hex(fresh));
  CHECK(out[0].block.number == 2);
  CHECK(out[0].details.find("wallets") == "5");
  CHECK(out[0].evidence_total == 5);
  CHECK(out[0].blocks.size() == 2);
  CHECK(every_way<correlator>({minting(1, 0, 3), {.number = 2}, minting(3, 3, 1)}).empty());

  // One transaction for many, one wallet many times, and mints of a service gather nobody.
  test_block airdrop{.number = 1};
  test_block alone{.number = 1};
  test_block served{.number = 1};
  for (std::uint64_t i = 0; i < 10; ++i) {
    airdrop.events.push_back(minted(i, someone(100 + i), 1));
    std::get<contract_event>(airdrop.events.back().base()).transaction_index = 3;
    alone.events.push_back(minted(i, someone(100), 1));
    served.events.push_back(minted(i, exchange, 1));
  }
  CHECK(every_way<correlator>({airdrop}).empty());
  CHECK(every_way<correlator>({alone}).empty());
  CHECK(every_way<correlator>({served}, {}, labels()).empty());
}

TEST_CASE("correlator: what two agents make of the same events is witnessed once") {
  const auto correlated = [](std::vector<event_id> first, std::vector<event_id> second) {
    agent_fixture<correlator> f;
    auto a = said("intelligence", "contract_activity_spike", "0xaa");
    auto b = said("harvester", "mint_activity", "0xaa");
    a.confidence = 0.3;
    b.confidence = 0.6;
    a.evidence = std::move(first);
    b.evidence = std::move(second);
    f.tell_next({told({a, b})});
    f.feed({.number = 1, .events = {}});
    REQUIRE(f.notes().heard.back().memories.size() == 1);
    return f.notes().heard.back().memories[0];
  };
  std::vector<event_id> some;
  std::vector<event_id> others;
  for (std::uint64_t i = 0; i < 40; ++i) {
    some.push_back(
        {.type = event_type::contract_event, .chain = 1, .block = test_hash(1), .log_index = i});
    others.push_back({.type = event_type::contract_event,
                      .chain = 1,
                      .block = test_hash(1),
                      .log_index = 100 + i});
  }
  const auto twice = correlated(some, some);
  CHECK(twice.confidence == Approx(0.624));  // 0.6 + 0.2 (0.72 - 0.6)
  CHECK(twice.details.find("independent") == "1");
  const auto apart = correlated(some, others);
  CHECK(apart.confidence == Approx(0.72));
  CHECK(apart.details.find("independent") == "2");
}

TEST_CASE("correlator: options out of range are refused") {
  const auto given = [](std::string key, std::string text) {
    return correlator::options::parse(
        {{std::move(key), option_value{.texts = {std::move(text)}, .where = "t.toml:1:1"}}});
  };
  CHECK_FALSE(given("trades_min", "1"));
  CHECK_FALSE(given("trades_min", "65"));
  CHECK_FALSE(given("deployment_users", "17"));
  CHECK_FALSE(given("window", "soon"));
  CHECK_FALSE(given("window", "2h"));
  CHECK(given("window", "1h"));
  CHECK_FALSE(given("trade_min", "8"));
  CHECK(given("deployment_users", "6")->deployment.uses == 6);
}

TEST_CASE("correlator: torn or senseless state is refused") {
  agent_fixture<correlator> f;
  f.tell_next({told({said("intelligence", "contract_activity_spike", "0xaa")})});
  auto first = trades(1, 3);
  const auto created = creation(1);
  first.events.insert(first.events.end(), created.events.begin(), created.events.end());
  f.feed(first);
  auto second = uses(2, 2, 0);
  second.events.push_back(minted(50, someone(100), 2));
  f.feed(second);
  const auto bytes = f.snapshot().bytes;
  REQUIRE(bytes.size() > 200);
  const auto loads = [](std::span<const std::uint8_t> given) {
    state_reader in{given};
    if (in.u64() != 0) return false;  // the base's timers
    detect::trading_runs trading;
    detect::deployment_activities deployments;
    detect::gatherings gatherings;
    detect::concurrences concurrences;
    return trading.load(in) && deployments.load(in) && gatherings.load(in) &&
           concurrences.load(in) && in.finish().has_value();
  };
  CHECK(loads(bytes));
  for (std::size_t size = 0; size < bytes.size(); ++size)
    CHECK_FALSE(loads(std::span{bytes}.first(size)));
}
