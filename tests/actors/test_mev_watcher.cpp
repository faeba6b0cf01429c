// MevWatcher and AdminWatcher: what they gather of a block, and what they say of it.
#include "actors/agents/mev_watcher.hpp"

#include "actors/agents/admin_watcher.hpp"
#include "tests/actors/action_logs.hpp"
#include "tests/support/agent_fixture.hpp"

using namespace eremos;
using namespace eremos::test;

namespace {

const auto pool = someone(100);
const auto other_pool = someone(101);
const auto token = someone(10);
const auto weth = someone(11);
const auto known = someone(900);

label_view labels() {
  return std::make_shared<label_set>(
      std::vector<label>{{.chain = 1, .who = known, .kind = "token", .name = "USDX"}});
}

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
  out.push_back(at(transfer_log(buys ? weth : token, by, where, uint256{in}), txn, next()));
  out.push_back(at(transfer_log(buys ? token : weth, where, by, uint256{paid}), txn, next()));
  const auto zero = word_of(std::uint64_t{0});
  out.push_back(at(log_of(where, "Swap(address,uint256,uint256,uint256,uint256,address)",
                          {word_of(by), word_of(by)},
                          buys ? std::vector{word_of(in), zero, zero, word_of(paid)}
                               : std::vector{zero, word_of(in), word_of(paid), zero}),
                   txn, next()));
}

}  // namespace

TEST_CASE("mev watcher: a sandwich is told with its front, victims and back") {
  test_block b{.number = 1};
  send(b.events, 1, someone(1), someone(2));
  swap(b.events, 1, someone(2), true, 1'000, 9'000);
  send(b.events, 2, someone(3), someone(4));
  swap(b.events, 2, someone(4), true, 1'000, 8'000);
  send(b.events, 3, someone(1), someone(2));
  swap(b.events, 3, someone(2), false, 9'000, 1'200);
  const auto out = every_way<mev_watcher>({b});
  REQUIRE(out.size() == 1);
  CHECK(out[0].type == "sandwich");
  CHECK(out[0].details.find("front") == "\"" + to_hex(some_hash(1)) + "\"");
  CHECK(out[0].details.find("victims") == "[\"" + to_hex(some_hash(2)) + "\"]");
  CHECK(out[0].details.find("back") == "\"" + to_hex(some_hash(3)) + "\"");
  CHECK(out[0].details.find("pool") == "\"" + to_checksum(pool) + "\"");
  CHECK(out[0].evidence.size() == 3);
  CHECK(
      every_way<mev_watcher>({b}, {{"sandwich_confidence_min", {.texts = {"0.999"}, .where = "x"}}})
          .empty());
}

TEST_CASE("mev watcher: sandwiches show in logs that come alone, less surely") {
  test_block b{.number = 1};
  swap(b.events, 1, someone(2), true, 1'000, 9'000);
  swap(b.events, 2, someone(4), true, 1'000, 8'000);
  swap(b.events, 3, someone(2), false, 9'000, 1'200);
  const auto out = every_way<mev_watcher>({b});
  REQUIRE(out.size() == 1);
  CHECK(out[0].confidence < 0.9);
  CHECK(out[0].level == severity::low);
}

TEST_CASE("mev watcher: a circle of swaps is arbitrage, with a loan as well") {
  test_block b{.number = 1};
  send(b.events, 1, someone(1), someone(2));
  b.events.push_back(at(log_of(someone(60), "FlashLoan(address,address,uint256,uint256)",
                               {word_of(someone(2)), word_of(weth)},
                               {word_of(std::uint64_t{1'000}), word_of(std::uint64_t{0})}),
                        1, 90));
  swap(b.events, 1, someone(2), true, 1'000, 9'000);
  swap(b.events, 1, someone(2), false, 9'000, 1'010, other_pool);
  const auto out = every_way<mev_watcher>({b});
  REQUIRE(out.size() == 1);
  CHECK(out[0].type == "arbitrage");
  CHECK(out[0].level == severity::info);
  CHECK(out[0].details.find("gain") == "\"10\"");
  CHECK(out[0].details.find("gain_in_tokens").empty());
  // What its contract said by then is told as well, and changes nothing else.
  agent_fixture<mev_watcher> knowing;
  knowing.know({{.what = fact_kind::symbol, .who = weth, .text = "WETH9"},
                {.what = fact_kind::decimals, .who = weth, .number = 1}});
  knowing.feed(b);
  const auto told = knowing.signals();
  REQUIRE(told.size() == 1);
  CHECK(told[0].id == out[0].id);
  CHECK(told[0].details.find("token_calls_itself") == "\"WETH9\"");
  CHECK(told[0].details.find("gain_in_tokens") == "\"1\"");
  CHECK(told[0].details.items.size() == out[0].details.items.size() + 2);
}

TEST_CASE("admin watcher: an upgrade of a known contract is critical, of an unknown one nothing") {
  const auto upgraded = [&](const address& what) {
    return at(log_of(what, "Upgraded(address)", {word_of(someone(5))}, {}), 1, 1);
  };
  const auto out =
      every_way<admin_watcher>({{.number = 1, .events = {upgraded(known)}}}, {}, labels());
  REQUIRE(out.size() == 1);
  CHECK(out[0].type == "admin_change");
  CHECK(out[0].level == severity::critical);
  CHECK(out[0].subject == to_hex(known));
  CHECK(out[0].details.find("now") == "\"" + to_hex(someone(5)) + "\"");
  CHECK(
      every_way<admin_watcher>({{.number = 1, .events = {upgraded(token)}}}, {}, labels()).empty());
  transaction_event creation;
  creation.contract_address = known;
  CHECK(
      every_way<admin_watcher>({{.number = 1, .events = {creation, upgraded(known)}}}, {}, labels())
          .empty());
}

TEST_CASE("admin watcher: a timelock's change is announced, several of a block are one") {
  const auto role = at(log_of(known, "RoleGranted(bytes32,address,address)",
                              {some_hash(1), word_of(someone(5)), word_of(someone(6))}, {}),
                       1, 1);
  const auto owner = at(log_of(known, "OwnershipTransferred(address,address)",
                               {word_of(someone(5)), word_of(someone(6))}, {}),
                        1, 2);
  const auto executed = at(log_of(someone(7), "CallExecuted(bytes32,uint256,address,uint256,bytes)",
                                  {some_hash(1), some_hash(2)}, {}),
                           1, 3);
  const auto out =
      every_way<admin_watcher>({{.number = 1, .events = {role, owner, executed}}}, {}, labels());
  REQUIRE(out.size() == 1);
  CHECK(out[0].details.find("change") == "\"ownership\"");
  CHECK(out[0].details.find("announced") == "true");
  CHECK(out[0].level == severity::high);
  CHECK(out[0].evidence.size() == 2);
  CHECK(every_way<admin_watcher>({{.number = 1, .events = {role}}},
                                 {{"roles", {.texts = {"false"}, .where = "x"}}}, labels())
            .empty());
}
