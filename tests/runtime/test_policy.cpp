// Every row of the priority, score and lane tables, and what must hold for any event.
#include <rapidcheck.h>
#include <catch2/catch.hpp>

#include "messages/keccak.hpp"
#include "runtime/policy/admin_topics.hpp"
#include "runtime/policy/event_policy.hpp"
#include "runtime/policy/transfer.hpp"

using namespace eremos;

namespace {

address numbered(std::uint8_t last) {
  address out;
  out.data.back() = last;
  return out;
}

const address somebody = numbered(1);
const address other = numbered(2);
const address watched = numbered(3);
const address flagged = numbered(4);
const address known = numbered(5);  // labelled, neither watched nor flagged

const chain_policy ethereum = builtin_chain_policy(1);

const label_set& labels() {
  static const label_set set{
      {{.chain = 1, .who = watched, .kind = "cex", .name = "w", .source = ""},
       {.chain = 1,
        .who = flagged,
        .kind = "x",
        .name = "f",
        .watched = false,
        .flagged = true,
        .source = ""},
       {.chain = 1, .who = known, .kind = "token", .name = "k", .watched = false, .source = ""}}};
  return set;
}

struct judged {
  priority rank;
  std::int32_t score;
  lane on;
  friend bool operator==(const judged&, const judged&) = default;
};

judged judge(event_data data) {
  blockchain_event event;
  event.data = std::move(data);
  classify(event, labels(), ethereum);
  return {event.rank, event.score, event.on};
}

template <class Event>
Event sent(const address& from, maybe<address> to, const wei& value = {}) {
  Event event;
  event.from = from;
  event.to = std::move(to);
  event.value = value;
  if constexpr (std::is_same_v<Event, mempool_event>) event.full = true;
  return event;
}
constexpr auto mined = [](auto&&... xs) { return sent<transaction_event>(xs...); };
constexpr auto pending = [](auto&&... xs) { return sent<mempool_event>(xs...); };

hash32 word(const address& who) {
  hash32 out;
  std::copy(who.data.begin(), who.data.end(), out.data.begin() + 12);
  return out;
}

contract_event log_of(const address& emitter, std::initializer_list<hash32> topics) {
  contract_event log;
  log.emitter = emitter;
  for (const auto& topic : topics) log.topics.items[log.topics.count++] = topic;
  return log;
}

contract_event transfer(const address& emitter, const address& from, const address& to) {
  return log_of(emitter, {transfer_topic, word(from), word(to)});
}

contract_event admin_log(const address& emitter, const admin_topic& row, std::uint8_t count) {
  auto log = log_of(emitter, {row.topic0});
  log.topics.count = count;
  return log;
}

wallet_activity_event wallet(const address& who, double anomaly = 0) {
  wallet_activity_event event;
  event.account = who;
  event.anomaly.score = anomaly;
  return event;
}

constexpr auto low = priority::low;
constexpr auto medium = priority::medium;
constexpr auto high = priority::high;
constexpr auto critical = priority::critical;

}  // namespace

TEST_CASE("policy: blocks are low and wait last") {
  CHECK(judge(block_event{}) == judged{low, 20, lane::block});
}

TEST_CASE("policy: a transaction is judged by value and by whom it touches") {
  CHECK(judge(mined(somebody, other)) == judged{medium, 75, lane::low});
  CHECK(judge(mined(somebody, other, ether(100))) == judged{medium, 75, lane::low});
  CHECK(judge(mined(somebody, other, ether(101))) == judged{medium, 95, lane::medium});
  CHECK(judge(mined(somebody, other, ether(1'000))) == judged{medium, 95, lane::medium});
  CHECK(judge(mined(somebody, other, ether(1'001))) == judged{high, 120, lane::high});
  CHECK(judge(mined(watched, other)) == judged{high, 90, lane::medium});
  CHECK(judge(mined(somebody, watched)) == judged{high, 90, lane::medium});
  CHECK(judge(mined(somebody, watched, ether(101))) == judged{high, 110, lane::high});
  CHECK(judge(mined(somebody, known)) == judged{medium, 75, lane::low});
  CHECK(judge(mined(flagged, other)) == judged{critical, 110, lane::critical});
  CHECK(judge(mined(somebody, flagged)) == judged{critical, 110, lane::critical});
  CHECK(judge(mined(somebody, flagged, ether(1'001))) == judged{critical, 140, lane::critical});
}

TEST_CASE("policy: a contract creation is high, by a watched or flagged creator critical") {
  CHECK(judge(mined(somebody, maybe<address>{})) == judged{high, 90, lane::medium});
  CHECK(judge(mined(known, maybe<address>{})) == judged{high, 90, lane::medium});
  CHECK(judge(mined(watched, maybe<address>{})) == judged{critical, 110, lane::critical});
  CHECK(judge(mined(flagged, maybe<address>{})) == judged{critical, 110, lane::critical});
  CHECK(judge(pending(somebody, maybe<address>{})) == judged{high, 130, lane::high});
  CHECK(judge(pending(watched, maybe<address>{})) == judged{critical, 150, lane::critical});
  auto onto_flagged = mined(somebody, maybe<address>{});
  onto_flagged.contract_address = flagged;
  CHECK(judge(onto_flagged) == judged{critical, 110, lane::critical});
}

TEST_CASE("policy: a pending transaction is judged like a mined one, in the high lane or above") {
  CHECK(judge(pending(somebody, other)) == judged{medium, 115, lane::high});
  CHECK(judge(pending(somebody, other, ether(101))) == judged{medium, 135, lane::high});
  CHECK(judge(pending(somebody, other, ether(1'001))) == judged{high, 160, lane::high});
  CHECK(judge(pending(watched, other)) == judged{high, 130, lane::high});
  CHECK(judge(pending(somebody, flagged)) == judged{critical, 150, lane::critical});
}

TEST_CASE("policy: a pending hash without its transaction is no contract creation") {
  CHECK(judge(mempool_event{}) == judged{medium, 115, lane::high});
}

TEST_CASE("policy: a log is judged by its emitter and by the parties of a transfer") {
  CHECK(judge(log_of(somebody, {})) == judged{medium, 95, lane::medium});
  CHECK(judge(log_of(somebody, {keccak256("Anything()")})) == judged{medium, 95, lane::medium});
  CHECK(judge(log_of(watched, {})) == judged{high, 110, lane::high});
  CHECK(judge(log_of(known, {})) == judged{medium, 95, lane::medium});
  CHECK(judge(log_of(flagged, {})) == judged{high, 110, lane::high});
  CHECK(judge(transfer(known, somebody, other)) == judged{medium, 95, lane::medium});
  CHECK(judge(transfer(known, watched, other)) == judged{high, 110, lane::high});
  CHECK(judge(transfer(known, somebody, watched)) == judged{high, 110, lane::high});
  CHECK(judge(transfer(known, flagged, other)) == judged{critical, 130, lane::critical});
  CHECK(judge(transfer(known, somebody, flagged)) == judged{critical, 130, lane::critical});
  CHECK(judge(transfer(flagged, somebody, other)) == judged{critical, 130, lane::critical});
}

TEST_CASE("policy: an administrative log is critical on a labelled contract only") {
  for (const auto& row : admin_topics()) {
    INFO(row.signature);
    const judged on_known{critical, 130, lane::critical};
    const judged elsewhere{medium, 95, lane::medium};
    CHECK(judge(admin_log(watched, row, row.topics)) == on_known);
    CHECK(judge(admin_log(known, row, row.topics)) == on_known);
    CHECK(judge(admin_log(somebody, row, row.topics)) == elsewhere);
    for (std::uint8_t count = 1; count <= 4; ++count) {
      const bool listed = count == row.topics || count == row.other_topics;
      CHECK(judge(admin_log(known, row, count)) == (listed ? on_known : elsewhere));
    }
  }
}

TEST_CASE("policy: administrative topics are the hashes of their signatures") {
  for (const auto& row : admin_topics()) {
    INFO(row.signature);
    CHECK(row.topic0 == keccak256(row.signature));
  }
  CHECK(transfer_topic == keccak256("Transfer(address,address,uint256)"));
  CHECK(transfer_single_topic ==
        keccak256("TransferSingle(address,address,address,uint256,uint256)"));
  CHECK(transfer_batch_topic ==
        keccak256("TransferBatch(address,address,address,uint256[],uint256[])"));
}

TEST_CASE("policy: USDC's unindexed owner and implementation changes are found") {
  CHECK(
      find_admin_topic(log_of(known, {keccak256("OwnershipTransferred(address,address)")}).topics));
  CHECK(find_admin_topic(log_of(known, {keccak256("Upgraded(address)")}).topics));
  CHECK_FALSE(find_admin_topic(topic_list{}));
}

TEST_CASE("policy: a wallet is judged by its label and its anomaly score") {
  CHECK(judge(wallet(somebody)) == judged{low, 40, lane::low});
  CHECK(judge(wallet(somebody, 0.94)) == judged{low, 40, lane::low});
  CHECK(judge(wallet(somebody, 0.95)) == judged{critical, 90, lane::critical});
  CHECK(judge(wallet(watched)) == judged{high, 70, lane::low});
  CHECK(judge(wallet(flagged)) == judged{high, 70, lane::low});
}

TEST_CASE("policy: parties of a transfer are read from every shape of it") {
  const maybe<transfer_parties> want = transfer_parties{somebody, other};
  CHECK(transfer_parties_of(transfer(known, somebody, other)) == want);
  CHECK(transfer_parties_of(
            log_of(known, {transfer_topic, word(somebody), word(other), hash32{}})) == want);
  CHECK(transfer_parties_of(log_of(
            known, {transfer_single_topic, word(watched), word(somebody), word(other)})) == want);
  CHECK(transfer_parties_of(log_of(
            known, {transfer_batch_topic, word(watched), word(somebody), word(other)})) == want);
  auto unindexed = log_of(known, {transfer_topic});
  CHECK_FALSE(transfer_parties_of(unindexed));
  unindexed.data.resize(96);
  unindexed.data[31] = 1;
  unindexed.data[63] = 2;
  CHECK(transfer_parties_of(unindexed) == want);
  CHECK_FALSE(transfer_parties_of(log_of(known, {transfer_topic, word(somebody)})));
  CHECK_FALSE(transfer_parties_of(log_of(known, {transfer_single_topic})));
  CHECK_FALSE(transfer_parties_of(log_of(known, {})));
}

TEST_CASE("policy: the built-in chains have their own amounts, any other has Ethereum's") {
  struct row {
    chain_id chain;
    std::string source;
    wei large;
    wei very_large;
    duration_ms block_time_ms;
    std::string symbol;
  };
  for (const auto& want :
       std::vector<row>{{1, "ethereum", ether(100), ether(1'000), 12'000, "ETH"},
                        {10, "optimism", ether(100), ether(1'000), 2'000, "ETH"},
                        {137, "polygon", ether(1'000'000), ether(10'000'000), 2'000, "POL"},
                        {42'161, "arbitrum", ether(100), ether(1'000), 250, "ETH"},
                        {8'453, "chain-8453", ether(100), ether(1'000), 12'000, "ETH"}}) {
    const auto have = builtin_chain_policy(want.chain);
    CHECK(have.chain == want.chain);
    CHECK(have.source == want.source);
    CHECK(have.large == want.large);
    CHECK(have.very_large == want.very_large);
    CHECK(have.block_time_ms == want.block_time_ms);
    CHECK(have.native_symbol == want.symbol);
  }
}

TEST_CASE("policy: lanes begin at their scores, and only priority opens critical") {
  for (const auto rank : {low, medium, high}) {
    CHECK(lane_of(rank, 1'000) == lane::high);
    CHECK(lane_of(rank, 100) == lane::high);
    CHECK(lane_of(rank, 99) == lane::medium);
    CHECK(lane_of(rank, 80) == lane::medium);
    CHECK(lane_of(rank, 79) == lane::low);
    CHECK(lane_of(rank, 40) == lane::low);
    CHECK(lane_of(rank, 39) == lane::block);
  }
  CHECK(lane_of(critical, 0) == lane::critical);
}

TEST_CASE("policy: a table from config replaces the built-in one") {
  auto quiet = ethereum;
  quiet.scores.by_type = {0, 0, 0, 0, 0};
  quiet.scores.by_priority = {0, 0, 0, 0};
  blockchain_event event;
  event.data = mined(somebody, other);
  classify(event, labels(), quiet);
  CHECK(event.score == 0);
  CHECK(event.on == lane::block);
}

namespace {

event_data any_event() {
  const auto who = [] { return *rc::gen::element(somebody, other, watched, flagged, known); };
  const auto value = [] { return wei{*rc::gen::arbitrary<std::uint64_t>()} * wei{400}; };
  const auto to = [&] {
    return *rc::gen::arbitrary<bool>() ? maybe<address>{who()} : maybe<address>{};
  };
  switch (*rc::gen::inRange(0, 5)) {
    case 0:
      return block_event{};
    case 1:
      return sent<transaction_event>(who(), to(), value());
    case 2:
      return transfer(who(), who(), who());
    case 3: {
      auto event = sent<mempool_event>(who(), to(), value());
      event.full = *rc::gen::arbitrary<bool>();
      return event;
    }
    default:
      return wallet(who(), *rc::gen::inRange(0, 101) / 100.0);
  }
}

}  // namespace

TEST_CASE("policy: scores stay within what the table can add up to") {
  CHECK(rc::check([] {
    const auto out = judge(any_event());
    RC_ASSERT(out.score >= 20);
    RC_ASSERT(out.score <= 180);
  }));
}

TEST_CASE("policy: a higher score never waits in a lower lane") {
  CHECK(rc::check([] {
    const auto a = *rc::gen::inRange(0, 200);
    const auto b = *rc::gen::inRange(a, 201);
    const auto rank = *rc::gen::element(low, medium, high, critical);
    RC_ASSERT(index_of(lane_of(rank, b)) <= index_of(lane_of(rank, a)));
  }));
}

TEST_CASE("policy: the mempool never waits below the high lane") {
  CHECK(rc::check([] {
    const auto data = any_event();
    const auto out = judge(data);
    if (std::holds_alternative<mempool_event>(data.base()))
      RC_ASSERT(out.on == lane::high || out.on == lane::critical);
    RC_ASSERT((out.on == lane::critical) == (out.rank == critical));
  }));
}
