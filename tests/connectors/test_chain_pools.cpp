// What CHAIN asks of pools and their factories, and whom it believes.
#include <map>

#include <catch2/catch.hpp>

#include "connectors/chain/fact_desk.hpp"
#include "connectors/mock/evm_words.hpp"
#include "messages/keccak.hpp"
#include "runtime/caf_error.hpp"
#include "runtime/policy/hash_literal.hpp"
#include "runtime/policy/transfer.hpp"
#include "tests/connectors/chain_stage.hpp"

using namespace eremos;
using namespace eremos::test;
using namespace std::chrono_literals;

namespace {

constexpr auto swap_v2 =
    hash_literal("0xd78ad95fa46c994b6551d0da85fc275fe613ce37657fb8d5e3d130840159d822");
constexpr auto swap_v3 =
    hash_literal("0xc42079f94a6350d7e6235f29174924f928cc2ac818eb64fed8004e115fbcca67");
constexpr auto swap_pancake =
    hash_literal("0x19b47279256b2a23a1665c810c8d55a1758940ee09377d4f8d26497a3577dc83");
constexpr auto swap_aerodrome =
    hash_literal("0xb3e2773606abfd36b5bd91394b3a54d1398336c65005baf7bf7a05efeffaf75b");
constexpr auto swap_v4 =
    hash_literal("0x40e9cecb9f5f1f1c5b9c97dec2917b7ee92e57ba5563708daca94dd84ad7112f");

address account(std::uint8_t n) {
  address out;
  out.data[0] = 0x50;
  out.data[19] = n;
  return out;
}
const auto factory = account(200), low = account(1), high = account(2);

contract_event log_by(const address& who, const hash32& topic0, std::size_t topics = 3) {
  contract_event log;
  log.emitter = who;
  log.topics.count = static_cast<std::uint8_t>(topics);
  log.topics.items[0] = topic0;
  return log;
}

event_list events_with(const std::vector<contract_event>& logs) {
  event_list out;
  for (const auto& log : logs) out.emplace_back().data = log;
  return out;
}

state_read whole(byte_vector bytes) {
  const auto size = bytes.size();
  return {std::move(bytes), size};
}
state_read word(const address& who) { return whole(abi_data({abi_word(who)})); }
state_read word(std::uint64_t number) { return whole(abi_data({abi_word(uint256{number})})); }

/// Contracts by what they answer; others are accounts without code.
struct contracts {
  std::map<std::pair<address, byte_vector>, state_read> answers;

  void add(const address& who, std::string_view call, std::initializer_list<hash32> words,
           state_read answer) {
    answers[{who, abi_call(call, words)}] = std::move(answer);
  }
  void add_pair(const address& pool, const address& claims = factory) {
    add(pool, "factory()", {}, word(claims));
    add(pool, "token0()", {}, word(low));
    add(pool, "token1()", {}, word(high));
  }
  void confirm_pair(const address& pool, const address& by = factory) {
    add(by, "getPair(address,address)", {abi_word(low), abi_word(high)}, word(pool));
  }
  state_read answer(const address& to, const byte_vector& input) const {
    const auto at = answers.find({to, input});
    return at == answers.end() ? state_read{} : at->second;
  }
};

struct inquiry {
  std::vector<fact> facts;
  std::vector<address> asked;
  fact_report counts;
};

/// Everything that is asked about a pool, once it was met.
inquiry ask_all(const contracts& world, const address& pool, const hash32& topic0) {
  fact_desk desk{6'000};
  desk.meet(events_with({log_by(pool, topic0)}), 1, {});
  inquiry out;
  for (auto now = 1s;; now += 1s) {
    const auto q = desk.next(now);
    if (!q) break;
    REQUIRE(q->who == pool);
    out.asked.push_back(q->to);
    for (auto& f : desk.answered(*q, world.answer(q->to, q->input), 7))
      out.facts.push_back(std::move(f));
  }
  out.counts = desk.counts();
  CHECK(desk.waiting() == 0);
  return out;
}

void check_no_facts(const inquiry& found, std::uint64_t refused, std::uint64_t wrong,
                    std::size_t questions) {
  CHECK(found.facts.empty());
  CHECK(found.counts.refused == refused);
  CHECK(found.counts.wrong == wrong);
  CHECK(found.counts.answered == 0);
  CHECK(found.asked.size() == questions);
}

bool asks(std::span<const std::uint8_t> input, pool_call what) {
  const auto call = pool_call_of(input);
  return call && *call == what;
}

const auto pool = account(100);

}  // namespace

// --- answers

TEST_CASE("pool answers: the calls are those of pairs, pools and their factories") {
  using call = pool_call;
  const std::pair<std::string_view, call> known[] = {
      {"factory()", call::factory}, {"token0()", call::token0}, {"token1()", call::token1},
      {"fee()", call::fee},         {"stable()", call::stable},
  };
  for (const auto& [name, what] : known) CHECK(asks(abi_call(name, {}), what));
  const auto a = abi_word(low), b = abi_word(high);
  CHECK(asks(abi_call("getPair(address,address)", {a, b}), call::pool_of_pair));
  CHECK(asks(abi_call("getPool(address,address,uint24)", {a, b, a}), call::pool_of_fee));
  CHECK(asks(abi_call("getPool(address,address,bool)", {a, b, a}), call::pool_of_stable));
  CHECK_FALSE(pool_call_of(abi_call("getPair(address,address)", {a})));
  CHECK_FALSE(pool_call_of(abi_call("factory()", {a})));
  CHECK_FALSE(pool_call_of(abi_call("symbol()", {})));
  CHECK_FALSE(pool_call_of(byte_vector{}));
}

TEST_CASE("pool answers: swaps tell what their pool's factory tells pools apart by") {
  const auto shape = [](const hash32& topic0) { return shape_of_swap(log_by(pool, topic0)); };
  CHECK(*shape(swap_v2) == pool_shape::pair);
  CHECK(*shape(swap_v3) == pool_shape::fee);
  CHECK(*shape(swap_pancake) == pool_shape::fee);
  CHECK(*shape(swap_aerodrome) == pool_shape::stable);
  CHECK_FALSE(shape(swap_v4));
  CHECK_FALSE(shape(transfer_topic));
  CHECK_FALSE(shape_of_swap(log_by(pool, swap_v2, 2)));
}

TEST_CASE("pool answers: an account is one word, of somebody, and not the pool itself") {
  const auto verdict = [](const state_read& answer, pool_call call = pool_call::factory) {
    pool_claims said;
    const auto out = hear_pool(call, pool, answer, said);
    // What is wrong is not taken down.
    CHECK((out == answer_verdict::fact) == (said != pool_claims{}));
    return out;
  };
  CHECK(verdict(word(factory)) == answer_verdict::fact);
  CHECK(verdict({}) == answer_verdict::nothing);
  byte_vector dirty = abi_data({abi_word(factory)});
  dirty[11] = 1;
  byte_vector huge = abi_data({abi_word(factory)});
  huge.resize(defaults::state_bytes_max);
  for (const auto call : {pool_call::factory, pool_call::token0, pool_call::token1})
    for (const auto& bad :
         {word(address{}), word(pool), whole(dirty), whole(byte_vector(31, 1)),
          whole(byte_vector(33, 0)), whole(byte_vector(64, 0)), whole(abi_text("a factory")),
          state_read{huge, 10'000'000}, state_read{{}, 32}})
      CHECK(verdict(bad, call) == answer_verdict::wrong);
  CHECK(verdict(word(3'000), pool_call::fee) == answer_verdict::fact);
  CHECK(verdict(word(0xFFFFFF), pool_call::fee) == answer_verdict::fact);
  CHECK(verdict(word(0x1000000), pool_call::fee) == answer_verdict::wrong);
  CHECK(verdict(word(factory), pool_call::fee) == answer_verdict::wrong);
  CHECK(verdict(state_read{{}, 32}, pool_call::fee) == answer_verdict::wrong);
  CHECK(verdict(word(std::uint64_t{1}), pool_call::stable) == answer_verdict::fact);
  CHECK(verdict(word(2), pool_call::stable) == answer_verdict::wrong);
}

// --- whom the desk believes

TEST_CASE("fact desk: a pool is its factory's if the factory says the same") {
  contracts world;
  world.add_pair(pool);
  world.confirm_pair(pool);
  const auto found = ask_all(world, pool, swap_v2);
  REQUIRE(found.facts.size() == 3);
  CHECK(found.facts[0] ==
        fact{.what = fact_kind::factory, .who = pool, .account = factory, .as_of = 7});
  CHECK(found.facts[1] == fact{.what = fact_kind::token0, .who = pool, .account = low, .as_of = 7});
  CHECK(found.facts[2] ==
        fact{.what = fact_kind::token1, .who = pool, .account = high, .as_of = 7});
  CHECK(found.asked == std::vector<address>{pool, pool, pool, factory});
  CHECK(found.counts.asked == 4);
  CHECK(found.counts.answered == 3);
}

TEST_CASE("fact desk: pools of one pair of tokens are told apart by fee, or by being stable") {
  contracts world;
  world.add_pair(pool);
  world.add(pool, "fee()", {}, word(500));
  world.add(pool, "stable()", {}, word(std::uint64_t{1}));
  const auto a = abi_word(low), b = abi_word(high);
  world.add(factory, "getPool(address,address,uint24)", {a, b, abi_word(uint256{500})}, word(pool));
  world.add(factory, "getPool(address,address,bool)", {a, b, abi_word(uint256{1})}, word(pool));
  for (const auto& topic0 : {swap_v3, swap_pancake, swap_aerodrome}) {
    const auto found = ask_all(world, pool, topic0);
    CHECK(found.facts.size() == 3);
    CHECK(found.asked == std::vector<address>{pool, pool, pool, pool, factory});
  }
  // The factory has another pool for that fee.
  world.add(factory, "getPool(address,address,uint24)", {a, b, abi_word(uint256{500})},
            word(account(101)));
  check_no_facts(ask_all(world, pool, swap_v3), 0, 1, 5);
}

TEST_CASE("fact desk: who claims a factory that knows nothing of it gets none of its facts") {
  contracts world;
  const auto liar = account(66);
  world.add_pair(pool);
  world.confirm_pair(pool);
  world.add_pair(liar);  // all that the true pool says
  check_no_facts(ask_all(world, liar, swap_v2), 0, 1, 4);
  // A factory that knows no such pair says zero; a wallet says nothing, and so does another shape.
  world.add(factory, "getPair(address,address)", {abi_word(low), abi_word(high)}, word(address{}));
  check_no_facts(ask_all(world, liar, swap_v2), 0, 1, 4);
  world.add_pair(liar, account(3));
  check_no_facts(ask_all(world, liar, swap_v2), 1, 0, 4);
  world.add(liar, "fee()", {}, word(500));
  check_no_facts(ask_all(world, liar, swap_v3), 1, 0, 5);
}

TEST_CASE("fact desk: what is no pool is asked no more than shows it") {
  contracts world;
  check_no_facts(ask_all(world, pool, swap_v2), 1, 0, 1);
  world.add(pool, "factory()", {}, word(pool));  // its own factory
  check_no_facts(ask_all(world, pool, swap_v2), 0, 1, 1);
  world.add_pair(pool);
  world.add(pool, "token1()", {}, word(low));  // one token on both sides
  check_no_facts(ask_all(world, pool, swap_v2), 0, 1, 3);
  world.add(pool, "token0()", {}, whole(byte_vector(96, 1)));
  check_no_facts(ask_all(world, pool, swap_v2), 0, 1, 2);
  world.add_pair(pool);
  check_no_facts(ask_all(world, pool, swap_v3), 1, 0, 4);  // no fee
}

TEST_CASE("fact desk: a factory that refuses makes no facts, and one out of reach is asked again") {
  contracts world;
  world.add_pair(pool);
  world.confirm_pair(pool);
  for (const auto code : {errc::call_reverted, errc::provider_timeout}) {
    fact_desk desk{6'000};
    desk.meet(events_with({log_by(pool, swap_v2)}), 1, {});
    auto now = 1s;
    for (int i = 0; i < 3; ++i, now += 1s) {
      const auto q = desk.next(now);
      CHECK(desk.answered(*q, world.answer(q->to, q->input), 7).empty());
    }
    const auto asked = *desk.next(now);
    CHECK(asked.to == factory);
    desk.failed(asked, {code, "no"}, now);
    const auto again = desk.next(now + 1h);
    if (code == errc::call_reverted) {
      CHECK_FALSE(again);
      CHECK(desk.counts().refused == 1);
      continue;
    }
    REQUIRE(again);  // what the pool has said already is not asked once more
    CHECK(again->input == asked.input);
    CHECK(again->tries == 2);
    CHECK(desk.answered(*again, world.answer(again->to, again->input), 9).size() == 3);
  }
}

TEST_CASE("fact desk: pools and tokens share a budget, and who is met more comes first") {
  fact_desk desk{6'000};
  const auto token = account(9);
  desk.meet(events_with({log_by(token, transfer_topic), log_by(pool, swap_v2)}), 1, {});
  CHECK(desk.waiting() == 2);
  auto q = desk.next(1s);
  CHECK(q->who == token);  // met as often: tokens first
  CHECK_FALSE(desk.next(2s));
  desk.answered(*q, {}, 1);
  // A pair is a token as well, and what is met twice in a row is one meeting.
  desk.meet(events_with({log_by(pool, transfer_topic), log_by(pool, swap_v2), log_by(pool, swap_v2),
                         log_by(token, transfer_topic)}),
            1, {});
  CHECK(desk.waiting() == 3);
  q = desk.next(3s);
  CHECK(q->who == token);
  CHECK(q->what == fact_kind::symbol);
  desk.answered(*q, {}, 1);
  q = desk.next(4s);
  CHECK(q->what == fact_kind::factory);
  desk.answered(*q, {}, 1);  // no pool after all: it is done with
  q = desk.next(5s);
  CHECK(q->who == pool);
  CHECK(q->what == fact_kind::decimals);
  CHECK(desk.counts().asked == 4);
  std::uint64_t asked = 0;
  fact_desk slow{30};
  std::vector<contract_event> swaps;
  for (int n = 0; n < 250; ++n)
    swaps.push_back(log_by(account(static_cast<std::uint8_t>(n)), swap_v3));
  slow.meet(events_with(swaps), 1, {});
  for (std::chrono::nanoseconds now = 1h; now <= 1h + 5min; now += 100ms)
    while (const auto question = slow.next(now)) {
      ++asked;
      slow.answered(*question, {}, 1);
    }
  CHECK(asked <= 5 * 30 + 6);
  CHECK(asked >= 5 * 30 - 1);
}

TEST_CASE("fact desk: a pool that is known is not asked, one that a label knows is") {
  const block_knowledge known{
      shared<label_set>{label_set{{{.chain = 1, .who = account(101), .kind = "dex"}}}},
      shared<fact_set>{
          fact_set{}.with({{.what = fact_kind::factory, .who = pool, .account = factory}})}};
  fact_desk desk{6'000};
  desk.meet(events_with({log_by(pool, swap_v2), log_by(account(101), swap_v2)}), 1, known);
  CHECK(desk.waiting() == 1);
  CHECK(desk.next(1s)->who == account(101));
}

TEST_CASE("fact desk: what a pool said at a block that lost is asked again") {
  contracts world;
  world.add_pair(pool);
  world.confirm_pair(pool);
  fact_desk desk{6'000};
  desk.meet(events_with({log_by(pool, swap_v2)}), 1, {});
  auto now = 1s;
  const auto ask = [&](block_number at) {
    now += 1s;
    const auto q = desk.next(now);
    return desk.answered(*q, world.answer(q->to, q->input), at);
  };
  ask(10);
  ask(11);
  desk.revert(11);
  ask(11);  // token1
  desk.revert(10);
  CHECK(asks(desk.next(now + 1s)->input, pool_call::factory));
}

// --- recordings

TEST_CASE("fact desk: a recording's answers make the same facts, once the factory has spoken") {
  contracts world;
  world.add_pair(pool);
  world.confirm_pair(pool);
  fact_desk desk{0};
  const auto line = [&](const address& who, std::string_view call,
                        std::initializer_list<hash32> words, block_number at) {
    const auto input = abi_call(call, words);
    return desk.recorded({1, who, input, world.answer(who, input)}, at);
  };
  const auto a = abi_word(low), b = abi_word(high);
  CHECK(line(factory, "getPair(address,address)", {a, b}, 5).empty());  // of whom, nobody knows yet
  CHECK(desk.counts().wrong == 1);
  CHECK(line(pool, "token1()", {}, 5).empty());
  CHECK(line(pool, "factory()", {}, 5).empty());
  CHECK(line(pool, "token0()", {}, 6).empty());
  CHECK(line(account(201), "getPair(address,address)", {a, b}, 6).empty());  // another factory
  const auto facts = line(factory, "getPair(address,address)", {a, b}, 6);
  REQUIRE(facts.size() == 3);
  CHECK(facts[0] == fact{.what = fact_kind::factory, .who = pool, .account = factory, .as_of = 6});
  CHECK(desk.recorded({1, pool, abi_call("fee()", {}), {}}, 6).empty());
  CHECK(desk.counts().refused == 2);
  CHECK(desk.counts().asked == 7);
  // What was said at a block that lost is void.
  line(pool, "factory()", {}, 8);
  line(pool, "token0()", {}, 8);
  line(pool, "token1()", {}, 8);
  desk.revert(7);
  CHECK(line(factory, "getPair(address,address)", {a, b}, 8).empty());
}

TEST_CASE("fact desk: what pools of a recording say without an end is bounded") {
  fact_desk desk{0};
  for (std::uint64_t n = 0; n < 3 * defaults::facts_waiting_max; ++n) {
    address who = pool;
    who.data[1] = static_cast<std::uint8_t>(n >> 8);
    who.data[2] = static_cast<std::uint8_t>(n);
    desk.recorded({1, who, abi_call("factory()", {}), word(factory)}, 1);
  }
  CHECK(desk.counts().dropped == 2 * defaults::facts_waiting_max);
}

// --- CHAIN

namespace {

hash32 hash_of(block_number n) { return keccak256(std::to_string(n)); }

/// Each block has a swap in the pool.
struct fixture : chain_stage {
  contracts world;
  std::vector<committed_block> blocks;

  explicit fixture(chain_config config) {
    config.labels = std::make_shared<const label_set>();
    begin(std::move(config));
  }
  shared<block_record> block(block_number n) const {
    block_record r;
    r.chain = 1;
    r.has_header = r.has_transactions = r.has_receipts = true;
    r.header.number = n;
    r.header.hash = hash_of(n);
    r.header.parent_hash = hash_of(n - 1);
    r.header.timestamp = static_cast<time_ms>(n) * second_ms;
    receipt_record receipt;
    receipt.logs.push_back(log_by(pool, swap_v2));
    r.receipts.push_back(receipt);
    return shared<block_record>{std::move(r)};
  }
  caf::result<shared<block_record>> fetch(const fetch_block& what) override {
    return block(what.number);
  }
  caf::result<state_read> read(const read_state& what) override {
    return world.answer(what.who, what.input);
  }
  void heard(const committed_block& b) override { blocks.push_back(b); }

  void head(block_number n) {
    scheduler->advance_time(60s);
    tell(head_seen{1, n, hash_of(n), hash_of(n - 1), 7});
  }
  const fact* factory_at(std::size_t i) const {
    return (*blocks.at(i).known)->facts->find(fact_kind::factory, pool);
  }
};

}  // namespace

TEST_CASE("CHAIN: a pool that swaps is asked, its factory too, and known from the next block on") {
  fixture f{{.first_block = block_number{100}, .facts_per_minute = 600}};
  f.world.add_pair(pool);
  f.world.confirm_pair(pool);
  for (block_number n = 100; n <= 102; ++n) f.head(n);
  REQUIRE(f.blocks.size() == 3);
  CHECK(f.factory_at(0) == nullptr);
  REQUIRE(f.factory_at(1) != nullptr);
  CHECK(f.factory_at(1)->account == factory);
  CHECK(f.factory_at(1)->as_of == 100);
  CHECK(f.blocks[1].learned.size() == 3);
  CHECK(f.blocks[2].learned.empty());
  CHECK((*f.blocks[2].known)->facts->find(fact_kind::token1, pool)->account == high);
  const auto counts = f.report().facts;
  CHECK(counts.asked == 4);
  CHECK(counts.answered == 3);
  CHECK(counts.known == 3);
}

TEST_CASE("CHAIN: a pool that only claims its factory is counted, and never known") {
  fixture f{{.first_block = block_number{100}, .facts_per_minute = 600}};
  f.world.add_pair(pool);
  f.world.confirm_pair(account(101));
  for (block_number n = 100; n <= 103; ++n) f.head(n);
  CHECK(f.factory_at(3) == nullptr);
  const auto counts = f.report().facts;
  CHECK(counts.wrong == 1);
  CHECK(counts.asked == 4);
  CHECK(counts.known == 0);
}

TEST_CASE("CHAIN: a recorded inquiry goes with the next recorded block") {
  fixture f{{.style = connector_style::recorded}};
  f.world.add_pair(pool);
  f.world.confirm_pair(pool);
  f.tell(block_recorded{f.block(100)});
  for (const auto& [asked, answer] : f.world.answers)
    if (asked.first == pool) f.tell(state_recorded{1, asked.first, asked.second, answer});
  for (const auto& [asked, answer] : f.world.answers)
    if (asked.first == factory) f.tell(state_recorded{1, asked.first, asked.second, answer});
  f.tell(block_recorded{f.block(101)});
  REQUIRE(f.blocks.size() == 2);
  CHECK(f.factory_at(0) == nullptr);
  REQUIRE(f.factory_at(1) != nullptr);
  CHECK(f.factory_at(1)->account == factory);
}
