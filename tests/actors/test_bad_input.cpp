// What lies, is odd or comes twice, to all agents at once: tokens that say anything, events that
// look like others, contracts where wallets are expected, times that repeat or jump.
#include <cmath>
#include <set>

#include "actors/agents/admin_watcher.hpp"
#include "actors/agents/approval_watcher.hpp"
#include "actors/agents/harvester.hpp"
#include "actors/agents/intelligence.hpp"
#include "actors/agents/launch_tracker.hpp"
#include "actors/agents/mev_watcher.hpp"
#include "actors/agents/observer.hpp"
#include "actors/agents/poison_watcher.hpp"
#include "actors/agents/skiero.hpp"
#include "tests/actors/action_logs.hpp"
#include "tests/support/agent_fixture.hpp"

using namespace eremos;
using namespace eremos::test;

namespace {

constexpr time_ms begin = 1'600'000'000'000;
const auto most = uint256{} - uint256{1};
const auto exchange = someone(1);
const auto usdx = someone(2);
const auto proxy = someone(3);
const auto odd = someone(4);  // a token with 255 decimals, as it says
const auto coin = someone(20);
const auto pool = someone(21);
constexpr auto swap_v2 = "Swap(address,uint256,uint256,uint256,uint256,address)";

label_view labels() {
  return std::make_shared<label_set>(std::vector<label>{
      {.chain = 0, .who = exchange, .kind = "cex", .name = "Exchange 1"},
      {.chain = 1, .who = usdx, .kind = "token", .name = "USDX", .decimals = 6},
      {.chain = 1, .who = odd, .kind = "token", .name = "ODD", .decimals = 255},
      {.chain = 1, .who = proxy, .kind = "dex", .name = "Proxy", .watched = true}});
}

/// What every agent says of the blocks, in any order of events and over restarts.
std::vector<signal> all_say(const std::vector<test_block>& blocks) {
  std::vector<signal> out;
  const auto ask = [&]<class Agent>() {
    for (auto& s : every_way<Agent>(blocks, {}, labels())) out.push_back(std::move(s));
  };
  ask.template operator()<admin_watcher>();
  ask.template operator()<approval_watcher>();
  ask.template operator()<harvester>();
  ask.template operator()<intelligence>();
  ask.template operator()<launch_tracker>();
  ask.template operator()<mev_watcher>();
  ask.template operator()<observer>();
  ask.template operator()<poison_watcher>();
  ask.template operator()<skiero>();
  for (const auto& s : out) {
    INFO(s.agent << " " << s.type);
    CHECK((s.confidence >= 0 && s.confidence <= 1));
    for (const auto& [key, json] : s.details.items) {
      INFO(key << " = " << json);
      CHECK(json.find("nan") == std::string::npos);
      CHECK(json.find("inf") == std::string::npos);
    }
  }
  return out;
}

std::set<std::string> types_of(const std::vector<signal>& said) {
  std::set<std::string> out;
  for (const auto& s : said) out.insert(s.type);
  return out;
}
using types = std::set<std::string>;

transaction_event sent(std::uint64_t index, const address& from, maybe<address> to,
                       const wei& value = {}) {
  transaction_event t;
  t.hash = some_hash(index);
  t.transaction_index = index;
  t.from = from;
  t.to = to;
  t.value = value;
  t.succeeded = true;
  t.nonce = 2'000;
  return t;
}

hash32 zero() { return word_of(std::uint64_t{0}); }

/// The events of some transactions, each with what it sends and logs.
class many {
 public:
  many& transaction(const address& from, const address& to, std::vector<contract_event> logs = {},
                    const wei& value = {}) {
    const auto index = next_++;
    events_.push_back(sent(index, from, to, value));
    for (auto& log : logs) events_.push_back(at(std::move(log), index, log_++));
    return *this;
  }
  operator std::vector<event_data>() const { return events_; }

 private:
  std::vector<event_data> events_;
  std::uint64_t next_ = 0;
  std::uint64_t log_ = 0;
};

/// One swap in the pool, with the transfers beside it.
std::vector<contract_event> trade(const address& who, bool buys, const uint256& in,
                                  const uint256& out, std::uint64_t tax_percent = 0) {
  const auto& gives = buys ? usdx : coin;
  const auto& gets = buys ? coin : usdx;
  std::vector<contract_event> logs = {transfer_log(gives, who, pool, in)};
  if (tax_percent == 0) {
    logs.push_back(transfer_log(gets, pool, who, out));
  } else {
    const auto tax = uint256{out.limbs[3] * tax_percent / 100};
    logs.push_back(transfer_log(gets, pool, someone(77), tax));
    logs.push_back(transfer_log(gets, pool, who, out - tax));
  }
  logs.push_back(log_of(pool, swap_v2, {word_of(who), word_of(who)},
                        buys ? std::vector{word_of(in), zero(), zero(), word_of(out)}
                             : std::vector{zero(), word_of(in), word_of(out), zero()}));
  return logs;
}

}  // namespace

TEST_CASE("bad input: amounts near 2^256 of tokens, coins and loans are numbers like any other") {
  const auto bot = someone(50), victim = someone(51), payer = someone(52);
  uint256 quarter;
  quarter.limbs[0] = std::uint64_t{1} << 62;
  const auto lent = log_of(someone(60), "FlashLoan(address,address,uint256,uint256)",
                           {word_of(bot), word_of(coin)}, {word_of(most), word_of(most)});
  const many block = many{}
                         .transaction(bot, bot, trade(bot, true, quarter, most))
                         .transaction(victim, victim, trade(victim, true, most, most - uint256{1}))
                         .transaction(bot, bot, trade(bot, false, most, most))
                         .transaction(payer, coin,
                                      {transfer_log(coin, payer, bot, most),
                                       transfer_log(coin, someone(60), bot, most), lent})
                         .transaction(payer, odd, {transfer_log(odd, payer, bot, most)})
                         .transaction(payer, odd, {transfer_log(odd, payer, bot, uint256{1})})
                         .transaction(payer, bot, {}, most);
  const auto said = all_say({{.number = 1, .events = block}, {.number = 2, .events = block}});
  CHECK(types_of(said).contains("sandwich"));
  CHECK(types_of(said).contains("high_value_transaction"));
}

TEST_CASE("bad input: transfers to oneself and of nothing make nobody do anything") {
  many block;
  std::uint64_t next = 100;
  for (std::uint64_t i = 0; i < 5; ++i) {
    const auto say = [&](const auto& log_by) {
      const auto who = someone(next++);
      block.transaction(who, coin, {log_by(who)});
    };
    say([](const address& who) { return transfer_log(usdx, who, who, uint256{1'000'000'000}); });
    say([](const address& who) { return transfer_log(coin, who, who, most); });
    say([&](const address& who) { return transfer_log(coin, who, someone(900 + i), {}); });
    say([](const address&) { return transfer_log(coin, {}, {}, most); });
    say([](const address& who) { return transfer_log(coin, {}, who, {}); });
    say([](const address& who) {
      return log_of(coin, "Approval(address,address,uint256)", {word_of(who), word_of(who)},
                    {word_of(most)});
    });
    block.transaction(someone(next), someone(next), {}, ether(1));
    ++next;
  }
  CHECK(types_of(all_say({{.number = 1, .events = block}})) == types{});
}

TEST_CASE("bad input: a known topic with other arguments, torn or padded data says nothing") {
  const auto a = word_of(someone(50)), b = word_of(someone(51));
  const auto padded = word_of(most);
  std::vector<contract_event> logs = {
      log_of(pool, swap_v2, {}, {a, zero(), padded, padded, zero(), b}),
      log_of(pool, swap_v2, {a, b}, {padded, zero(), zero()}),
      log_of(pool, "Swap(address,address,int256,int256,uint160,uint128,int24)", {a, b}, {padded}),
      log_of(coin, "Transfer(address,address,uint256)", {a}, {b, padded}),
      log_of(coin, "Transfer(address,address,uint256)", {padded, b}, {padded}),
      log_of(coin, "Transfer(address,address,uint256)", {zero(), b}, {padded, padded}),
      log_of(coin, "TransferSingle(address,address,address,uint256,uint256)", {a, zero(), b}, {}),
      log_of(coin, "Approval(address,address,uint256)", {}, {a, b, padded}),
      log_of(pool, "FlashLoan(address,address,uint256,uint256)", {a}, {b}),
      log_of(pool, "Sync(uint112,uint112)", {}, {padded}),
      log_of(pool, "Mint(address,uint256,uint256)", {}, {a, padded, padded}),
      log_of(pool, "PairCreated(address,address,address,uint256)", {a}, {b, b, padded}),
      log_of(proxy, "Upgraded(address)", {a, b, a}, {}),
      log_of(proxy, "OwnershipTransferred(address,address)", {a}, {b}),
      log_of(proxy, "Paused(address)", {a, b}, {a})};
  contract_event torn = logs[0];
  torn.data.resize(torn.data.size() - 1);
  logs.push_back(torn);
  contract_event empty;
  empty.emitter = proxy;
  logs.push_back(empty);
  many block;
  for (std::uint64_t i = 0; i < 25; ++i) block.transaction(someone(100 + i), someone(99), logs);
  const auto said = types_of(all_say({{.number = 1, .events = block}}));
  CHECK_FALSE(said.contains("sandwich"));
  CHECK_FALSE(said.contains("admin_change"));
  CHECK_FALSE(said.contains("mint_activity"));
  CHECK_FALSE(said.contains("address_poisoning"));
}

TEST_CASE("bad input: events whose arguments are not indexed are the events they are") {
  const auto none = std::vector<hash32>{};
  many block;
  // USDC's proxy and its owner (circlefin/stablecoin-evm UpgradeabilityProxy.sol, Ownable.sol).
  block.transaction(someone(50), proxy,
                    {log_of(proxy, "Upgraded(address)", none, {word_of(someone(60))}),
                     log_of(proxy, "OwnershipTransferred(address,address)", none,
                            {word_of(someone(50)), word_of(someone(61))})});
  // A token as old as CryptoKitties.
  for (std::uint64_t i = 0; i < 25; ++i)
    block.transaction(someone(100 + i), coin,
                      {log_of(coin, "Transfer(address,address,uint256)", none,
                              {zero(), word_of(someone(100 + i)), word_of(i)})});
  const auto said = all_say({{.number = 1, .events = block}});
  CHECK(types_of(said).contains("admin_change"));
  CHECK(types_of(said).contains("mint_activity"));
  for (const auto& s : said)
    if (s.type == "admin_change") {
      CHECK(s.details.find("change") == "\"upgrade\"");
      CHECK(s.details.find("now") == "\"" + to_checksum(someone(60)) + "\"");
    }
}

TEST_CASE("bad input: a proxy is watched by its own address, whatever its code's address logs") {
  const auto code = someone(61);
  const auto upgraded = [](const address& emitter) {
    return log_of(emitter, "Upgraded(address)", {word_of(someone(60))}, {});
  };
  const auto behind =
      all_say({{.number = 1, .events = many{}.transaction(someone(50), code, {upgraded(code)})}});
  CHECK(behind.empty());
  const auto before =
      all_say({{.number = 1, .events = many{}.transaction(someone(50), code, {upgraded(proxy)})}});
  REQUIRE(before.size() == 1);
  CHECK(before[0].subject == to_hex(proxy));
  CHECK(before[0].level == severity::critical);
}

TEST_CASE("bad input: a token that keeps a tax of each transfer is traded all the same") {
  const auto bot = someone(50), victim = someone(51);
  // The bot gets 95 of 100 and sells 95, of which the pool gets all.
  const auto n = [](std::uint64_t x) { return uint256{x}; };
  const many block = many{}
                         .transaction(bot, bot, trade(bot, true, n(1'000), n(100), 5))
                         .transaction(victim, victim, trade(victim, true, n(1'000), n(80), 5))
                         .transaction(bot, bot, trade(bot, false, n(95), n(1'100)));
  const auto said = all_say({{.number = 1, .events = block}});
  REQUIRE(types_of(said) == types{"sandwich"});
  CHECK(said[0].details.find("amount_ratio") == "0.95");
}

TEST_CASE("bad input: contracts that slept are no wallets that wake") {
  const auto asleep = [](const address& who) {
    wallet_activity_event out;
    out.account = who;
    out.last_activity = begin - 400 * day_ms;
    return out;
  };
  const auto trader = someone(50);
  std::vector<event_data> block =
      many{}.transaction(trader, someone(90), trade(trader, false, uint256{100}, uint256{1'000}));
  block.push_back(asleep(pool));
  block.push_back(asleep(coin));
  CHECK(all_say({{.number = 1, .time = begin, .events = block}}).empty());
  // A router logs nothing itself; it is called.
  auto called = sent(3, trader, someone(92));
  called.input = {0x7f, 0xf3, 0x6a, 0xb5};
  std::vector<event_data> routed = {
      called, at(transfer_log(usdx, someone(92), pool, uint256{5}), 3, 9), asleep(someone(92))};
  CHECK(all_say({{.number = 1, .time = begin, .events = routed}}).empty());
  // An account that has code (EIP-7702) and sends is one.
  auto sends = block;
  sends.push_back(sent(7, pool, someone(91)));
  CHECK(types_of(all_say({{.number = 1, .time = begin, .events = sends}})) ==
        types{"wallet_reactivated"});
}

TEST_CASE("bad input: times that repeat, go back, jump or are absurd break nothing") {
  const auto deployer = someone(40);
  auto deploys = sent(0, deployer, {});
  deploys.nonce = 0;
  deploys.contract_address = coin;
  many bought, busy;
  for (std::uint64_t i = 0; i < 4; ++i) bought.transaction(someone(60 + i), coin);
  for (std::uint64_t i = 0; i < 25; ++i)
    busy.transaction(someone(100), coin, {transfer_log(coin, {}, someone(200 + i), uint256{5})});
  const auto told_at = [&](std::vector<time_ms> times) {
    const std::vector<std::vector<event_data>> blocks = {
        {sent(0, exchange, deployer, ether(1))}, {deploys}, bought, busy, busy};
    std::vector<test_block> out;
    for (std::size_t i = 0; i < blocks.size(); ++i)
      out.push_back({.number = i + 1, .time = times[i], .events = blocks[i]});
    return types_of(all_say(out)).contains("launch_detected");
  };
  constexpr time_ms far = 253'402'300'799'000;  // the year 9999
  CHECK(told_at({begin, begin, begin, begin, begin}));
  CHECK(told_at({begin, begin + 1, begin - hour_ms, begin, begin}));
  // A deployment before its payment, or long after it, is none.
  CHECK_FALSE(told_at({begin, begin - 1, begin, begin, begin}));
  CHECK_FALSE(told_at({begin, begin + 300 * 365 * day_ms, begin, begin, begin}));
  told_at({1, far, 1, far, 1});
  told_at({far, far, far, far, far});
}
