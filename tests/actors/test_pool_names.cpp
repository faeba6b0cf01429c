// What signals say of pools: whose they are, by the factory's label, and what they trade.
#include "actors/agents/pool_names.hpp"

#include "actors/agents/launch_tracker.hpp"
#include "actors/agents/mev_watcher.hpp"
#include "actors/agents/trade_watcher.hpp"
#include "actors/node/explain.hpp"
#include "messages/fact_keys.hpp"
#include "tests/actors/action_logs.hpp"
#include "tests/support/agent_fixture.hpp"

using namespace eremos;
using namespace eremos::test;

namespace {

const auto original = someone(900);  // a factory that labels know
const auto copycat = someone(901);   // one that they do not
const auto manager = someone(902);   // holds many pools
const auto weth = someone(11);
const auto coin = someone(10);
const auto pool = someone(100);
const auto other_pool = someone(101);
const hash32 id = some_hash(5);

label_view labels() {
  return std::make_shared<label_set>(std::vector<label>{
      {.chain = 1, .who = original, .kind = "dex", .name = "UniswapV2Factory"},
      {.chain = 1, .who = manager, .kind = "dex", .name = "UniswapV4 PoolManager"},
      {.chain = 1, .who = weth, .kind = "token", .name = "WETH", .decimals = 18}});
}

std::vector<fact> made_by(const address& factory, const address& who = pool) {
  return {{.what = fact_kind::factory, .who = who, .account = factory},
          {.what = fact_kind::token0, .who = who, .account = coin},
          {.what = fact_kind::token1, .who = who, .account = weth}};
}

shared<block_knowledge> knowing(std::vector<fact> facts) {
  return shared<block_knowledge>{
      {shared<label_set>{*labels()}, shared<fact_set>{fact_set{}.with(std::move(facts))}}};
}

detail_map told(const pool_key& what, std::vector<fact> facts) {
  token_names tokens{1};
  detail_map out;
  pool_names{1}.tell(out, "pool", what, knowing(std::move(facts)), tokens);
  return out;
}

std::string quoted(const std::string& text) { return "\"" + text + "\""; }

void send(std::vector<event_data>& out, std::uint64_t txn, const address& from, const address& to) {
  transaction_event t;
  t.hash = some_hash(txn);
  t.transaction_index = txn;
  t.from = from;
  t.to = to;
  t.succeeded = true;
  out.push_back(t);
}

/// WETH in, or out.
void swap(std::vector<event_data>& out, std::uint64_t txn, const address& by, bool buys,
          std::uint64_t in, std::uint64_t paid, const address& where = pool) {
  const auto next = [&] { return out.size(); };
  out.push_back(at(transfer_log(buys ? weth : coin, by, where, uint256{in}), txn, next()));
  out.push_back(at(transfer_log(buys ? coin : weth, where, by, uint256{paid}), txn, next()));
  const auto zero = word_of(std::uint64_t{0});
  out.push_back(at(log_of(where, "Swap(address,uint256,uint256,uint256,uint256,address)",
                          {word_of(by), word_of(by)},
                          buys ? std::vector{word_of(in), zero, zero, word_of(paid)}
                               : std::vector{zero, word_of(in), word_of(paid), zero}),
                   txn, next()));
}

/// The same with and without facts: what is told may differ in words alone.
template <class Agent>
signal only_words_differ(const std::vector<test_block>& blocks, const std::vector<fact>& facts) {
  const auto run = [&](bool with_facts, std::vector<memory_entry>& memories) {
    agent_fixture<Agent> f{{}, labels()};
    if (with_facts) f.know(facts);
    for (const auto& b : blocks) {
      auto done = f.feed(b);
      std::move(done.memories.begin(), done.memories.end(), std::back_inserter(memories));
    }
    return f.signals();
  };
  std::vector<memory_entry> plain_memories, memories;
  const auto plain = run(false, plain_memories);
  const auto known = run(true, memories);
  REQUIRE(plain.size() == 1);
  REQUIRE(known.size() == 1);
  CHECK(known[0].id == plain[0].id);
  CHECK(known[0].confidence == plain[0].confidence);
  CHECK(known[0].level == plain[0].level);
  CHECK(memories == plain_memories);
  for (const auto& [key, json] : plain[0].details.items) CHECK(known[0].details.find(key) == json);
  return known[0];
}

}  // namespace

TEST_CASE("pool names: a pool is its factory's dex, by the factory's label") {
  const auto out = told({pool, {}}, made_by(original));
  CHECK(out.find("pool_dex") == quoted("UniswapV2"));
  CHECK(out.find("pool_factory") == quoted(to_checksum(original)));
  CHECK(out.find("pool_token0") == quoted(to_checksum(coin)));
  CHECK(out.find("pool_token0_name").empty());
  CHECK(out.find("pool_token1") == quoted(to_checksum(weth)));
  CHECK(out.find("pool_token1_name") == quoted("WETH"));
}

TEST_CASE("pool names: forks that emit the same are told apart by factory, and named as unknown") {
  auto facts = made_by(copycat);
  facts.push_back({.what = fact_kind::symbol, .who = coin, .text = "WETH"});
  const auto out = told({pool, {}}, facts);
  CHECK(out.find("pool_dex") == quoted("unknown factory " + to_checksum(copycat)));
  CHECK(out.find("pool_token0_calls_itself") == quoted("WETH"));
  CHECK(out.find("pool_token0_imitates") == quoted("WETH"));
}

TEST_CASE("pool names: of a pool that nobody asked nothing is said") {
  CHECK(told({pool, {}}, {}).items.empty());
  CHECK(told({pool, {}}, made_by(original, other_pool)).items.empty());
  // Of which the oldest facts are forgotten already.
  const auto out = told({pool, {}}, {made_by(original)[2]});
  CHECK(out.items.size() == 2);
  CHECK(out.find("pool_token1_name") == quoted("WETH"));
}

TEST_CASE("pool names: a pool among many is of the contract that holds it") {
  const auto out = told({manager, id}, made_by(original, manager));
  CHECK(out.items.size() == 1);
  CHECK(out.find("pool_dex") == quoted("UniswapV4"));
  CHECK(told({copycat, id}, {}).items.empty());
  // What is known of it is about its id.
  const auto keyed = told({manager, id}, made_by(manager, pool_fact_key(id)));
  CHECK(keyed.items.size() == 4);
  CHECK(keyed.find("pool_token0") == quoted(to_checksum(coin)));
  CHECK(keyed.find("pool_token1_name") == quoted("WETH"));
  auto of_the_coin = made_by(manager, pool_fact_key(id));
  of_the_coin[1].account = {};
  CHECK(told({manager, id}, of_the_coin).find("pool_token0_name") == quoted("the native coin"));
  CHECK(pool_text({manager, id}) == to_checksum(manager) + "/" + to_hex(id));
}

TEST_CASE("mev watcher: a sandwich says of which dex its pool is, and stays the same") {
  test_block b{.number = 1};
  send(b.events, 1, someone(1), someone(2));
  swap(b.events, 1, someone(2), true, 1'000, 9'000);
  send(b.events, 2, someone(3), someone(4));
  swap(b.events, 2, someone(4), true, 1'000, 8'000);
  send(b.events, 3, someone(1), someone(2));
  swap(b.events, 3, someone(2), false, 9'000, 1'200);
  const auto s = only_words_differ<mev_watcher>({b}, made_by(copycat));
  CHECK(s.type == "sandwich");
  CHECK(s.details.find("pool_dex") == quoted("unknown factory " + to_checksum(copycat)));
  CHECK(plain_words(s).ends_with(" That pool is of unknown factory " + to_checksum(copycat) +
                                 " and trades " + to_checksum(coin) + " for WETH."));
}

TEST_CASE("mev watcher: an arbitrage names the dexes of its pools, in their order") {
  test_block b{.number = 1};
  send(b.events, 1, someone(1), someone(2));
  swap(b.events, 1, someone(2), true, 1'000, 9'000);
  swap(b.events, 1, someone(2), false, 9'000, 1'010, other_pool);
  const auto s = only_words_differ<mev_watcher>({b}, made_by(original, other_pool));
  CHECK(s.type == "arbitrage");
  const auto pools = s.details.find("pools");
  const bool first = pools.find(to_checksum(other_pool)) < pools.find(to_checksum(pool));
  CHECK(s.details.find("pools_dexes") ==
        (first ? R"(["UniswapV2","not known"])" : R"(["not known","UniswapV2"])"));
  CHECK(plain_words(s).ends_with(first ? " The pools are of UniswapV2, not known."
                                       : " The pools are of not known, UniswapV2."));
}

TEST_CASE("trade watcher: a wash trader's pool has its dex in the signal, and not in memory") {
  std::vector<test_block> blocks;
  for (std::uint64_t n = 1; n <= 5; ++n) {
    auto& b = blocks.emplace_back(test_block{.number = n});
    for (std::uint64_t txn : {1, 2}) {
      send(b.events, txn, someone(1), someone(4));
      swap(b.events, txn, someone(1), txn == 1, txn == 1 ? 1'000 : 9'000, txn == 1 ? 9'000 : 994);
    }
  }
  const auto s = only_words_differ<trade_watcher>(blocks, made_by(original));
  CHECK(s.type == "wash_trading");
  CHECK(s.details.find("pool_dex") == quoted("UniswapV2"));
  CHECK(s.details.find("pool_token1_name") == quoted("WETH"));
}

TEST_CASE("launch tracker: a launch names the dex that made its pool, without asking anybody") {
  const auto deployer = someone(2);
  const auto exchange = someone(3);
  auto rows = labels()->rows();
  rows.push_back({.chain = 0, .who = exchange, .kind = "cex", .name = "Exchange 1"});
  agent_fixture<launch_tracker> f{{}, std::make_shared<label_set>(rows)};
  transaction_event paid;
  paid.from = exchange;
  paid.to = deployer;
  paid.value = ether(1);
  paid.succeeded = true;
  transaction_event made;
  made.from = deployer;
  made.transaction_index = 1;
  made.contract_address = coin;
  made.succeeded = true;
  f.feed({.number = 1, .events = {paid, made}});
  test_block opened{.number = 2};
  opened.events.push_back(
      at(log_of(original, "PairCreated(address,address,address,uint256)",
                {word_of(coin), word_of(weth)}, {word_of(pool), word_of(std::uint64_t{1})}),
         1, 1));
  opened.events.push_back(at(log_of(pool, "Mint(address,uint256,uint256)", {word_of(deployer)},
                                    {word_of(std::uint64_t{5}), word_of(std::uint64_t{5})}),
                             1, 2));
  f.feed(opened);
  test_block bought{.number = 3};
  for (std::uint64_t i = 0; i < 3; ++i) {
    send(bought.events, 10 + i, someone(50 + i), someone(9));
    bought.events.push_back(
        at(transfer_log(coin, pool, someone(50 + i), uint256{1}), 10 + i, 20 + i));
  }
  f.feed(bought);
  const auto out = f.signals();
  REQUIRE(out.size() == 1);
  CHECK(out[0].details.find("pool_factory") == quoted(to_checksum(original)));
  CHECK(out[0].details.find("pool_dex") == quoted("UniswapV2"));
  CHECK(plain_words(out[0]).ends_with(" That pool is of UniswapV2."));
}
