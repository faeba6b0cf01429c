// PoisonWatcher: which logs and payments are looked at, and what is said of them.
#include "actors/agents/poison_watcher.hpp"

#include "tests/actors/action_logs.hpp"
#include "tests/support/agent_fixture.hpp"

using namespace eremos;
using namespace eremos::test;

namespace {

const auto stable = someone(900);
const auto fake = someone(901);
const auto victim = someone(7);
const auto paid = *parse_address("0x1aD94812a595bF57326E568712684DA9D28A8020");
const auto alike = *parse_address("0x1ad3ae9d47ffceeec12592390d0fe5cc6b6a8020");

label_view labels() {
  return std::make_shared<label_set>(std::vector<label>{
      {.chain = 1, .who = stable, .kind = "token", .name = "USDX", .decimals = 6}});
}

contract_event moved(const address& token, const address& from, const address& to,
                     std::uint64_t amount, std::uint64_t txn = 1) {
  return at(transfer_log(token, from, to, uint256{amount}), txn, txn);
}

transaction_event sent(const address& from, const address& to, const wei& value = {}) {
  transaction_event t;
  t.hash = some_hash(1);
  t.transaction_index = 1;
  t.from = from;
  t.to = to;
  t.value = value;
  t.succeeded = true;
  return t;
}

std::vector<signal> after_payment(std::vector<event_data> next) {
  return every_way<poison_watcher>(
      {{.number = 1, .events = {moved(stable, victim, paid, 50'000'000)}},
       {.number = 2, .events = std::move(next)},
       {.number = 3, .events = {moved(stable, victim, paid, 7'000'000)}}},
      {}, labels());
}

}  // namespace

TEST_CASE("poison watcher: a transfer of nothing to a look-alike is told by its transaction") {
  const auto out = after_payment({moved(stable, victim, alike, 0)});
  REQUIRE(out.size() == 1);
  CHECK(out[0].type == "address_poisoning");
  CHECK(out[0].subject == to_hex(some_hash(1)));
  CHECK(out[0].details.find("transaction") == "\"" + to_hex(some_hash(1)) + "\"");
  CHECK(out[0].details.find("intended") == "\"0x1aD94812a595bF57326E568712684DA9D28A8020\"");
  CHECK(out[0].details.find("look_alike") == "\"0x1ad3aE9d47FfCeEEC12592390D0FE5Cc6b6A8020\"");
  CHECK(out[0].details.find("kind") == "\"zero_value\"");
  CHECK(out[0].blocks.size() == 2);
  CHECK(out[0].evidence.size() == 2);
}

TEST_CASE("poison watcher: tokens are known by address alone, dust by its amount, coin as well") {
  CHECK(after_payment({moved(fake, victim, alike, 50'000'000)})[0].details.find("kind") ==
        "\"counterfeit\"");
  CHECK(after_payment({moved(stable, alike, victim, 1'000)})[0].details.find("kind") == "\"dust\"");
  CHECK(after_payment({moved(stable, alike, victim, 50'000'000)}).empty());
  CHECK(after_payment({sent(alike, victim, wei{1'000})})[0].details.find("kind") == "\"dust\"");
  CHECK(after_payment({sent(alike, victim, ether(1))}).empty());
}

TEST_CASE("poison watcher: what the victim sends itself is no poison, and after poison a payoff") {
  CHECK(after_payment({moved(stable, victim, alike, 50'000'000)}).empty());
  CHECK(after_payment({sent(victim, fake), moved(fake, victim, alike, 5)}).empty());
  const auto out = every_way<poison_watcher>(
      {{.number = 1, .events = {moved(stable, victim, paid, 50'000'000)}},
       {.number = 2, .events = {moved(stable, victim, alike, 0)}},
       {.number = 3, .events = {moved(stable, victim, alike, 50'000'000, 2)}}},
      {}, labels());
  REQUIRE(out.size() == 2);
  CHECK(out[1].type == "poisoning_payoff");
  CHECK(out[1].level == severity::critical);
}

TEST_CASE("poison watcher: its numbers are options") {
  const option_map strict{{"prefix_min", {.texts = {"4"}, .where = "t.toml:1:1"}},
                          {"split_min", {.texts = {"12"}, .where = "t.toml:1:1"}}};
  const std::vector<test_block> blocks{
      {.number = 1, .events = {moved(stable, victim, paid, 50'000'000)}},
      {.number = 2, .events = {moved(stable, victim, alike, 0)}}};
  CHECK(every_way<poison_watcher>(blocks, strict, labels()).empty());
  CHECK_FALSE(poison_watcher::options::parse({{"suffix_min", {.texts = {"2"}, .where = "x"}}}));
}
