// TradeWatcher: what it gathers of a block, whom it leaves out, and what it says.
#include "actors/agents/trade_watcher.hpp"

#include "tests/actors/action_logs.hpp"
#include "tests/support/agent_fixture.hpp"

using namespace eremos;
using namespace eremos::test;

namespace {

const auto pool = someone(100);
const auto token = someone(10);
const auto weth = someone(11);
const auto nft = someone(12);
const auto exchange = someone(900);

label_view labels() {
  return std::make_shared<label_set>(
      std::vector<label>{{.chain = 1, .who = exchange, .kind = "cex", .name = "an exchange"}});
}

void send(std::vector<event_data>& out, std::uint64_t txn, const address& from, const address& to,
          std::uint64_t value = 0, bool call = true) {
  transaction_event t;
  t.hash = some_hash(txn);
  t.transaction_index = txn;
  t.from = from;
  t.to = to;
  t.value = value;
  if (call) t.input = {1, 2, 3, 4};
  t.succeeded = true;
  out.push_back(t);
}

void swap(std::vector<event_data>& out, std::uint64_t txn, const address& by, bool buys,
          std::uint64_t in, std::uint64_t paid, bool backed = true) {
  send(out, txn, by, someone(4));
  const auto next = [&] { return out.size(); };
  if (backed) {
    out.push_back(at(transfer_log(buys ? weth : token, by, pool, uint256{in}), txn, next()));
    out.push_back(at(transfer_log(buys ? token : weth, pool, by, uint256{paid}), txn, next()));
  }
  const auto zero = word_of(std::uint64_t{0});
  out.push_back(at(log_of(pool, "Swap(address,uint256,uint256,uint256,uint256,address)",
                          {word_of(by), word_of(by)},
                          buys ? std::vector{word_of(in), zero, zero, word_of(paid)}
                               : std::vector{zero, word_of(in), word_of(paid), zero}),
                   txn, next()));
}

std::vector<test_block> washing(const address& who, bool backed = true) {
  std::vector<test_block> out;
  for (std::uint64_t n = 1; n <= 5; ++n) {
    test_block b{.number = n};
    swap(b.events, 1, who, true, 1'000, 9'000, backed);
    swap(b.events, 2, who, false, 9'000, 994, backed);
    out.push_back(b);
  }
  return out;
}

/// `to` buys an item for coin.
void buy(std::vector<event_data>& out, std::uint64_t txn, const address& from, const address& to,
         std::uint64_t price, const address& called) {
  send(out, txn, to, called, price);
  out.push_back(at(log_of(nft, "Transfer(address,address,uint256)",
                          {word_of(from), word_of(to), word_of(std::uint64_t{7})}, {}),
                   txn, out.size()));
}

}  // namespace

TEST_CASE("trade watcher: who trades with itself is told, services and claims are not") {
  const auto out = every_way<trade_watcher>(washing(someone(1)), {}, labels());
  REQUIRE(out.size() == 1);
  CHECK(out[0].type == "wash_trading");
  CHECK(out[0].subject == to_hex(someone(1)));
  CHECK(out[0].details.find("pool") == "\"" + to_checksum(pool) + "\"");
  CHECK(out[0].details.find("turns") == "7");
  CHECK(out[0].blocks.size() == 4);
  CHECK(every_way<trade_watcher>(washing(exchange), {}, labels()).empty());
  CHECK(every_way<trade_watcher>(washing(someone(1), false), {}, labels()).empty());
  CHECK(every_way<trade_watcher>(washing(someone(1)),
                                 {{"wash_turns_min", {.texts = {"9"}, .where = "x"}}}, labels())
            .size() == 1);
}

TEST_CASE("trade watcher: an item sold round among wallets that pay each other is told") {
  const auto market = someone(40);
  std::vector<test_block> blocks;
  blocks.push_back({.number = 1});
  buy(blocks[0].events, 1, someone(1), someone(2), 1'000, market);
  blocks.push_back({.number = 2});
  send(blocks[1].events, 1, someone(1), someone(2), 500, false);
  blocks.push_back({.number = 3});
  buy(blocks[2].events, 1, someone(2), someone(1), 1'020, market);
  const auto out = every_way<trade_watcher>(blocks);
  REQUIRE(out.size() == 1);
  CHECK(out[0].details.find("kind") == "\"ring\"");
  CHECK(out[0].details.find("sales") == "2");
  CHECK(out[0].details.find("linked") == "true");
  CHECK(out[0].subject == to_hex(someone(1)));
  // The contract that is called holds the item: a deposit and what comes back.
  auto held = blocks;
  held[0].events.clear();
  held[2].events.clear();
  buy(held[0].events, 1, someone(1), someone(2), 1'000, someone(2));
  buy(held[2].events, 1, someone(2), someone(1), 1'020, someone(2));
  CHECK(every_way<trade_watcher>(held).empty());
}

TEST_CASE("trade watcher: wallets of one cluster are linked, paid for in tokens, several at once") {
  const auto market = someone(40);
  const auto sale = [&](const address& from, const address& to) {
    std::vector<event_data> out;
    send(out, 1, from, market);
    out.push_back(at(transfer_log(weth, to, from, uint256{2'000}), 1, 1));
    for (std::uint64_t item : {7, 8})
      out.push_back(at(log_of(nft, "Transfer(address,address,uint256)",
                              {word_of(from), word_of(to), word_of(item)}, {}),
                       1, item));
    for (const auto& who : {from, to}) {
      wallet_activity_event w;
      w.account = who;
      w.cluster = some_hash(5);
      out.push_back(w);
    }
    return out;
  };
  const auto out =
      every_way<trade_watcher>({{.number = 1, .events = sale(someone(1), someone(2))},
                                {.number = 2, .events = sale(someone(2), someone(1))}});
  REQUIRE(out.size() == 2);  // one for each item
  CHECK(out[0].details.find("price") == "1000");
  CHECK(out[0].details.find("linked") == "true");
}
