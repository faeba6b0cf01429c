// The life of pending transactions: each step is told once, whatever providers and reorgs repeat.
#include <random>
#include <set>

#include <catch2/catch.hpp>

#include "connectors/chain/pending_transactions.hpp"
#include "messages/keccak.hpp"

using namespace eremos;

namespace {

address sender(unsigned i) {
  address out;
  out.data[19] = static_cast<std::uint8_t>(i);
  return out;
}

/// Named by its sender, nonce and fee: a higher fee makes another transaction.
mempool_event waits(unsigned from, std::uint64_t nonce, unsigned fee = 1) {
  mempool_event out;
  out.from = sender(from);
  out.nonce = nonce;
  out.gas_price = wei{fee};
  out.hash =
      keccak256(std::to_string(from) + " " + std::to_string(nonce) + " " + std::to_string(fee));
  out.full = true;
  return out;
}

mempool_event only_hash(const mempool_event& t) {
  mempool_event out;
  out.hash = t.hash;
  return out;
}

transaction_event mined(const mempool_event& t) {
  transaction_event out;
  static_cast<transaction_body&>(out) = t;
  return out;
}

block_ref block(block_number n, unsigned branch = 0) {
  return {1, n, keccak256(std::to_string(n) + " of " + std::to_string(branch))};
}

std::vector<mempool_state> states(const std::vector<pending_step>& steps) {
  std::vector<mempool_state> out;
  for (const auto& s : steps) out.push_back(s.event.state);
  return out;
}

using mempool_states = std::vector<mempool_state>;
constexpr auto seen = mempool_state::seen;
constexpr auto included = mempool_state::included;
constexpr auto replaced = mempool_state::replaced;
constexpr auto dropped = mempool_state::dropped;

}  // namespace

TEST_CASE("pending: a transaction is seen once, then included with its block and its wait") {
  pending_transactions p;
  const auto t = waits(1, 7);
  const auto first = p.show(t, "one", 1'000);
  REQUIRE(states(first) == mempool_states{seen});
  CHECK(first[0].event.provider == "one");
  CHECK(first[0].at == 1'000);
  CHECK(p.show(t, "two", 2'000).empty());
  CHECK(p.waiting() == 1);
  auto in_block = mined(t);
  in_block.gas_price = wei{99};
  const auto second = p.commit(block(5), 13'000, {in_block, mined(waits(2, 0))});
  REQUIRE(states(second) == mempool_states{included});
  const auto& e = second[0].event;
  CHECK(e.hash == t.hash);
  CHECK(e.included_in == 5);
  CHECK(e.included_in_hash == block(5).hash);
  CHECK(e.waited_ms == 12'000);
  CHECK(e.provider == "one");
  CHECK(e.gas_price == wei{99});
  CHECK(p.waiting() == 0);
  CHECK(p.show(t, "two", 14'000).empty());            // shown late
  CHECK(p.show(waits(2, 0), "two", 14'000).empty());  // mined, never shown before
}

TEST_CASE(
    "pending: of one sender and nonce the later shown, or the mined one, replaces the other") {
  pending_transactions p;
  const auto low = waits(1, 7, 1);
  const auto high = waits(1, 7, 2);
  const auto other = waits(1, 7, 3);
  p.show(low, "", 0);
  const auto steps = p.show(high, "", 10);
  REQUIRE(states(steps) == mempool_states{seen, replaced});
  CHECK(steps[1].event.hash == low.hash);
  CHECK(steps[1].event.replaced_by == high.hash);
  CHECK(steps[1].event.waited_ms == 10);
  CHECK(p.show(low, "", 20).empty());  // an old one, sent once more, replaces nothing
  const auto end = p.commit(block(1), 30, {mined(other)});
  REQUIRE(states(end) == mempool_states{replaced});
  CHECK(end[0].event.hash == high.hash);
  CHECK(end[0].event.replaced_by == other.hash);
  CHECK(p.waiting() == 0);
}

TEST_CASE("pending: one that was said to be replaced and is mined after all is included") {
  pending_transactions p;
  const auto low = waits(1, 7, 1);
  const auto high = waits(1, 7, 2);
  p.show(low, "", 0);
  p.show(high, "", 10);
  const auto end = p.commit(block(1), 30, {mined(low)});
  REQUIRE(states(end) == mempool_states{included, replaced});
  CHECK(end[0].event.hash == low.hash);
  CHECK(end[1].event.hash == high.hash);
}

TEST_CASE("pending: it is dropped when it has waited too long on the chain's clock") {
  pending_transactions p{{.ttl = 100}};
  const auto t = waits(1, 7);
  p.show(t, "one", 1'000);
  CHECK(p.commit(block(1), 1'099, {}).empty());
  const auto end = p.commit(block(2), 1'100, {});
  REQUIRE(states(end) == mempool_states{dropped});
  CHECK(end[0].event.reason == drop_reason::expired);
  CHECK(end[0].event.waited_ms == 100);
  CHECK(end[0].event.from == t.from);
  // Shown again it waits again, and may still be mined: nothing is told twice.
  CHECK(p.show(t, "one", 1'200).empty());
  CHECK(p.waiting() == 1);
  CHECK(p.commit(block(3), 1'300, {}).empty());
  CHECK(p.waiting() == 0);
  CHECK(states(p.commit(block(4), 1'400, {mined(t)})) == mempool_states{included});
}

TEST_CASE("pending: a block that holds it comes before its time is over") {
  pending_transactions p{{.ttl = 100}};
  const auto t = waits(1, 7);
  p.show(t, "", 0);
  CHECK(states(p.commit(block(1), 5'000, {mined(t)})) == mempool_states{included});
}

TEST_CASE("pending: what is over the bounds goes, oldest first, and is told") {
  SECTION("in number") {
    pending_transactions p{{.waiting_max = 3, .done_max = 4}};
    for (unsigned i = 0; i < 3; ++i)
      CHECK(states(p.show(waits(i, 0), "", i)) == mempool_states{seen});
    const auto steps = p.show(waits(3, 0), "", 9);
    REQUIRE(states(steps) == mempool_states{seen, dropped});
    CHECK(steps[1].event.hash == waits(0, 0).hash);
    CHECK(steps[1].event.reason == drop_reason::evicted);
    for (unsigned i = 4; i < 50; ++i) p.show(waits(i, 0), "", i);
    CHECK(p.waiting() == 3);
    CHECK(p.known() == 7);
  }
  SECTION("in bytes") {
    pending_transactions p{{.bytes_max = 100'000}};
    for (unsigned i = 0; i < 20; ++i) {
      auto large = waits(i, 0);
      large.input.resize(30'000);
      p.show(large, "", i);
    }
    CHECK(p.waiting() == 3);
  }
}

TEST_CASE("pending: a reverted block's transactions wait again, and no step is told twice") {
  pending_transactions p{{.ttl = 1'000}};
  const auto known = waits(1, 7);
  const auto unknown = waits(2, 7);
  p.show(known, "", 0);
  p.commit(block(5), 10, {mined(known), mined(unknown)});
  p.revert({block(5)}, 20);
  CHECK(p.waiting() == 1);
  CHECK(p.show(known, "", 25).empty());
  // Nobody had shown the other one: now it is seen.
  CHECK(states(p.show(unknown, "", 25)) == mempool_states{seen});
  SECTION("included again") {
    const auto again = p.commit(block(5, 1), 30, {mined(known), mined(unknown)});
    REQUIRE(states(again) == mempool_states{included});
    CHECK(again[0].event.hash == unknown.hash);
    CHECK(p.waiting() == 0);
  }
  SECTION("replaced") {
    const auto rival = waits(1, 7, 9);
    const auto end = p.commit(block(5, 1), 30, {mined(rival)});
    REQUIRE(states(end) == mempool_states{replaced});
    CHECK(end[0].event.hash == known.hash);
    CHECK(end[0].event.replaced_by == rival.hash);
  }
  SECTION("dropped, its time counted from the revert") {
    CHECK(p.commit(block(5, 1), 1'019, {}).empty());
    const auto end = p.commit(block(6, 1), 1'020, {});
    REQUIRE(states(end) == mempool_states{dropped});
    CHECK(end[0].event.hash == known.hash);
  }
  SECTION("the block returns") {
    CHECK(states(p.commit(block(5), 30, {mined(known), mined(unknown)})) ==
          mempool_states{included});
    CHECK(p.waiting() == 0);
  }
}

TEST_CASE("pending: of a hash alone no sender is known, until a block tells") {
  pending_transactions p;
  const auto t = waits(1, 7);
  CHECK(states(p.show(only_hash(t), "", 0)) == mempool_states{seen});
  CHECK(states(p.show(waits(1, 7, 2), "", 0)) == mempool_states{seen});
  const auto end = p.commit(block(1), 10, {mined(t)});
  REQUIRE(states(end) == mempool_states{included, replaced});
  CHECK(end[0].event.full);
  CHECK(end[1].event.hash == waits(1, 7, 2).hash);
}

TEST_CASE("pending: whatever comes in whatever order, each step is told once and bounds hold") {
  for (std::uint32_t seed = 1; seed <= 100; ++seed) {
    std::mt19937 engine{seed};
    const auto below = [&](unsigned n) { return static_cast<unsigned>(engine() % n); };
    pending_transactions p{{.waiting_max = 20, .done_max = 10'000, .ttl = 200}};
    std::set<event_id> told;
    std::vector<block_ref> chain;
    const auto hear = [&](const std::vector<pending_step>& steps) {
      for (const auto& s : steps) {
        INFO("seed " << seed << ", " << to_string(id_of(1, s.event)));
        REQUIRE(told.insert(id_of(1, s.event)).second);
        if (s.event.state != seen) {
          auto before = s.event;
          before.state = seen;
          REQUIRE(told.contains(id_of(1, before)));
        }
      }
      REQUIRE(p.waiting() <= 20);
    };
    time_ms now = 0;
    for (int i = 0; i < 400; ++i) {
      now += below(20);
      const auto some = [&] { return waits(below(6), below(8), below(3)); };
      switch (below(4)) {
        case 0:
        case 1:
          hear(p.show(some(), "", now));
          break;
        case 2: {
          std::vector<transaction_event> txns;
          for (auto n = below(4); n > 0; --n) txns.push_back(mined(some()));
          chain.push_back(block(chain.size() + 1, below(3)));
          hear(p.commit(chain.back(), now, txns));
          break;
        }
        default:
          if (chain.empty()) break;
          hear(p.revert({chain.back()}, now));
          chain.pop_back();
      }
    }
  }
}
