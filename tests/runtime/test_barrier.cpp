// The block barrier and the ring of recent blocks: order, completeness, what a revert leaves.
#include <catch2/catch.hpp>

#include "messages/keccak.hpp"
#include "runtime/barrier.hpp"
#include "runtime/rate_meter.hpp"
#include "runtime/recent_blocks.hpp"

using namespace eremos;

namespace {

block_ref ref(block_number n, std::string_view branch = "a") {
  return {1, n, keccak256(std::to_string(n) + std::string{branch})};
}

block_result begun(std::uint64_t commit, block_ref block) {
  return {.commit = commit, .block = block, .events = {}};
}

block_done answer(std::string agent, std::uint64_t commit, std::string type = "") {
  block_done out{.agent = agent, .commit = commit, .signals = {}};
  if (!type.empty()) {
    signal s;
    s.agent = agent;
    s.type = type;
    s.id = make_signal_id(agent, type, 1, "x", {});
    out.signals.push_back(s);
  }
  return out;
}

/// The oldest block, if all its agents have answered: its only round is kept as it is.
maybe<block_result> take_ready(block_barrier& b) {
  auto ended = b.take_round();
  if (!ended) return {};
  REQUIRE(b.keep(ended->commit, std::move(ended->content)));
  return b.take(ended->commit);
}

block_result take_block(block_barrier& b) {
  auto out = take_ready(b);
  REQUIRE(out);
  return std::move(*out);
}

}  // namespace

TEST_CASE(
    "barrier: a block leaves when all awaited agents have answered, sorted by agent and type") {
  block_barrier b;
  b.open(begun(1, ref(1)), {"one", "two"});
  CHECK(!take_ready(b));
  b.done(answer("two", 1, "flood"));
  CHECK(!take_ready(b));
  b.done(answer("one", 1, "flood"));
  const auto block = take_block(b);
  REQUIRE(block.signals.size() == 2);
  CHECK(block.signals[0].agent == "one");
  CHECK(b.empty());
}

TEST_CASE("barrier: a later block waits for an earlier one") {
  block_barrier b;
  b.open(begun(1, ref(1)), {"one"});
  b.open(begun(2, ref(2)), {"one"});
  b.done(answer("one", 2));
  CHECK(!take_ready(b));
  b.done(answer("one", 1));
  CHECK(take_block(b).commit == 1);
  CHECK(take_block(b).commit == 2);
}

TEST_CASE("barrier: an agent that answers twice counts once") {
  block_barrier b;
  b.open(begun(1, ref(1)), {"one", "two"});
  b.done(answer("one", 1, "flood"));
  b.done(answer("one", 1, "flood"));
  b.done(answer("three", 1, "flood"));
  CHECK(!take_ready(b));
  b.done(answer("two", 1));
  CHECK(take_block(b).signals.size() == 1);
}

TEST_CASE("barrier: an agent that leaves is recorded as absent and awaited no more") {
  block_barrier b;
  b.open(begun(1, ref(1)), {"one", "two"});
  b.done(answer("one", 1));
  b.leave("two");
  CHECK(take_block(b).absent == std::vector<std::string>{"two"});
}

TEST_CASE("barrier: reverted blocks that are still open vanish, and are told of all the same") {
  block_barrier b;
  b.open(begun(1, ref(1)), {"one"});
  b.open(begun(2, ref(2)), {"one"});
  b.revert({1, ref(1), {ref(2)}});
  b.done(answer("one", 2));
  b.done(answer("one", 1));
  CHECK(take_block(b).commit == 1);
  // An earlier process may have stored the block before this one began it once more.
  const auto revert = b.take_revert();
  REQUIRE(revert);
  CHECK(revert->blocks == std::vector<block_ref>{ref(2)});
  CHECK(b.empty());
}

TEST_CASE("barrier: a revert of stored blocks leaves after the blocks before it") {
  block_barrier b;
  b.open(begun(3, ref(3)), {"one"});
  b.open(begun(4, ref(4)), {"one"});
  b.revert({1, ref(1), {ref(4), ref(3), ref(2)}});
  b.open(begun(5, ref(2, "b")), {"one"});
  const auto revert = b.take_revert();
  REQUIRE(revert);
  CHECK(revert->blocks == std::vector<block_ref>{ref(4), ref(3), ref(2)});
  b.done(answer("one", 5));
  CHECK(take_block(b).commit == 5);
}

TEST_CASE("barrier: a round follows another, and answers of an earlier one come too late") {
  block_barrier b;
  b.open(begun(1, ref(1)), {"one", "two"});
  b.done(answer("one", 1, "flood"));
  b.done(answer("two", 1));
  auto first = b.take_round();
  REQUIRE(first);
  CHECK(first->content.signals.size() == 1);
  CHECK(!b.take_round());
  REQUIRE(b.keep(1, std::move(first->content)));
  b.begin_round(1, 1, {"two"});
  b.done(answer("two", 1, "flood"));  // of round 0
  CHECK(!b.take_round());
  auto late = answer("two", 1, "sandwich");
  late.round = 1;
  b.done(late);
  auto second = b.take_round();
  REQUIRE(second);
  CHECK(second->round == 1);
  REQUIRE(b.keep(1, std::move(second->content)));
  const auto block = b.take(1);
  REQUIRE(block.signals.size() == 2);
  CHECK(block.signals[0].agent == "one");
  CHECK(block.signals[1].type == "sandwich");
}

TEST_CASE("barrier: what is planned for a block that was reverted meanwhile is not kept") {
  block_barrier b;
  b.open(begun(1, ref(1)), {"one"});
  b.done(answer("one", 1, "flood"));
  REQUIRE(b.take_round());
  b.revert({1, ref(0), {ref(1)}});
  CHECK(!b.keep(1, {}));
  CHECK(b.take_revert());
  CHECK(b.empty());
}

TEST_CASE("recent blocks: the ring knows how far back it reaches") {
  recent_blocks ring;
  for (std::uint64_t c = 1; c <= defaults::ring_blocks + 10; ++c)
    ring.push({.commit = c, .block = ref(c), .events = {}, .rounds = {}, .settled = true});
  CHECK(ring.size() == defaults::ring_blocks);
  CHECK(!ring.reaches_back_to(9));
  CHECK(ring.reaches_back_to(10));
  CHECK(ring.after(10).size() == defaults::ring_blocks);
  ring.revert({ref(defaults::ring_blocks + 10)});
  CHECK(ring.last()->commit == defaults::ring_blocks + 9);
}

TEST_CASE("recent blocks: what is not settled is never dropped") {
  recent_blocks ring;
  ring.push({.commit = 1, .block = ref(1), .events = event_list(4), .rounds = {}});
  ring.push(
      {.commit = 2, .block = ref(2), .events = event_list(defaults::ring_events), .rounds = {}});
  CHECK(ring.find(1) != nullptr);
  ring.find(1)->settled = true;
  ring.push({.commit = 3, .block = ref(3), .events = {}, .rounds = {}});
  CHECK(ring.find(1) == nullptr);
}

TEST_CASE("recent blocks: a snapshot is due each interval, and early when blocks are large") {
  recent_blocks ring;
  std::uint64_t commit = 0;
  std::size_t asked = 0;
  for (; commit < 2 * defaults::snapshot_interval;) {
    const bool due = ring.snapshot_due();
    asked += due ? 1 : 0;
    ring.push(
        {.commit = ++commit, .block = ref(commit), .snapshot = due, .events = {}, .rounds = {}});
  }
  CHECK(asked == 2);
  ring.push({.commit = ++commit,
             .block = ref(commit),
             .events = event_list(defaults::ring_events / 4),
             .rounds = {}});
  CHECK(ring.snapshot_due());
}

TEST_CASE("recent blocks: states are kept once there is enough to handle again") {
  recent_blocks ring{{.undo_events = 10}};
  std::uint64_t commit = 0;
  std::vector<std::uint64_t> kept;
  for (const std::size_t events : {3, 3, 3, 3, 12, 0, 9, 1}) {
    const bool undo = ring.undo_due(events);
    ring.push({.commit = ++commit,
               .block = ref(commit),
               .undo = undo,
               .events = event_list(events),
               .rounds = {}});
    if (undo) kept.push_back(commit);
    CHECK(ring.ends_with_undo() == undo);
  }
  CHECK(kept == std::vector<std::uint64_t>{4, 5, 8});
}

TEST_CASE("rate meter: rates follow what was added, and fall to zero without a timer") {
  rate_meter meter;
  for (std::int64_t ms = 0; ms < 10'000; ms += 100) meter.add(ms, 10);
  CHECK(meter.per_second(9'900, 60) == Approx(100).epsilon(0.05));
  CHECK(meter.per_second(9'900, 1) == Approx(100).epsilon(0.3));
  CHECK(meter.per_second(200'000, 1) == 0);
  CHECK(meter.per_second(200'000, 60) == 0);
}
