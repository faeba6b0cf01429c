// ApprovalWatcher: what of a block is an allowance, a use or a taking, and what is said of it.
#include "actors/agents/approval_watcher.hpp"

#include "tests/actors/action_logs.hpp"
#include "tests/support/agent_fixture.hpp"

using namespace eremos;
using namespace eremos::test;

namespace {

const auto token = someone(10);
const auto spender = someone(20);
const auto master = someone(21);
const auto receiver = someone(22);

transaction_event sent(std::uint64_t txn, const address& from, const address& to,
                       const wei& value = {}) {
  transaction_event t;
  t.hash = some_hash(txn);
  t.transaction_index = txn;
  t.from = from;
  t.to = to;
  t.value = value;
  t.succeeded = true;
  return t;
}

test_block allowed(std::uint64_t owners) {
  test_block b{.number = 1};
  for (std::uint64_t i = 0; i < owners; ++i) {
    b.events.push_back(sent(i, someone(100 + i), token));
    b.events.push_back(
        at(log_of(token, "Approval(address,address,uint256)",
                  {word_of(someone(100 + i)), word_of(spender)}, {word_of(uint256{} - uint256{1})}),
           i, i));
  }
  return b;
}

test_block taken(std::uint64_t owners, const wei& value = {}) {
  test_block b{.number = 2, .events = {sent(0, master, spender, value)}};
  for (std::uint64_t i = 0; i < owners; ++i)
    b.events.push_back(at(transfer_log(token, someone(100 + i), receiver, uint256{500}), 0, i));
  return b;
}

std::vector<signal> run(const std::vector<test_block>& blocks, std::vector<label> rows = {}) {
  return every_way<approval_watcher>(blocks, {}, std::make_shared<label_set>(std::move(rows)));
}

}  // namespace

TEST_CASE("approval watcher: what a spender takes from its owners is a drain") {
  const auto out = run({allowed(4), taken(4)});
  REQUIRE(out.size() == 1);
  CHECK(out[0].type == "wallet_drain");
  CHECK(out[0].subject == to_hex(spender));
  CHECK(out[0].details.find("owners") == "4");
  CHECK(out[0].details.find("receivers") == "[\"" + to_hex(receiver) + "\"]");
  CHECK(out[0].blocks.size() == 2);
}

TEST_CASE("approval watcher: a sale, a swap for them and a known service are none") {
  CHECK(run({allowed(4), taken(4, ether(1))}).empty());
  auto swapped = taken(4);
  for (std::uint64_t i = 0; i < 4; ++i)
    swapped.events.push_back(
        at(transfer_log(someone(11), receiver, someone(100 + i), uint256{5}), 0, 50 + i));
  CHECK(run({allowed(4), swapped}).empty());
  CHECK(run({allowed(4), taken(4)}, {{.chain = 1, .who = spender, .kind = "dex", .name = "X"}})
            .empty());
  auto failed = taken(4);
  std::get<transaction_event>(failed.events[0].base()).succeeded = false;
  CHECK(run({allowed(4), failed}).empty());
}

TEST_CASE("approval watcher: an allowance to whom is known to be bad is told at once") {
  const auto out = run(
      {allowed(1)}, {{.chain = 1, .who = spender, .kind = "flagged", .name = "", .flagged = true}});
  REQUIRE(out.size() == 1);
  CHECK(out[0].type == "approval_phishing");
  CHECK(out[0].level == severity::high);
}
