// The undo journal: every state of its last blocks comes back byte by byte, whatever was kept.
#include <algorithm>
#include <random>

#include <catch2/catch.hpp>

#include "messages/keccak.hpp"
#include "runtime/undo_journal.hpp"

using namespace eremos;

namespace {

block_ref ref(block_number n, std::uint64_t branch = 0) {
  return {1, n, keccak256(std::to_string(n) + "/" + std::to_string(branch))};
}

/// A state as agents have them: sorted records, of which a block changes, adds and drops a few.
byte_vector next_state(const byte_vector& before, std::mt19937& random) {
  auto out = before;
  for (int i = 0; i < 5; ++i) {
    const auto at = out.empty() ? 0 : random() % out.size();
    const auto where = out.begin() + static_cast<std::ptrdiff_t>(at);
    if (random() % 2 == 0 || out.size() < 64) {
      byte_vector record(40);
      for (auto& b : record) b = static_cast<std::uint8_t>(random());
      out.insert(where, record.begin(), record.end());
    } else {
      out.erase(where, where + std::min<std::ptrdiff_t>(24, out.end() - where));
    }
  }
  return out;
}

undo_journal::saved state_of(char what) {
  return {byte_vector(100, static_cast<std::uint8_t>(what)), {}};
}

}  // namespace

TEST_CASE("undo journal: any revert brings back the state before it, or the newest older one") {
  struct copy {
    std::uint64_t commit = 0;
    block_ref block;
    byte_vector bytes;
    bool kept = false;
  };
  const auto kept_of = GENERATE(1u, 4u);
  std::mt19937 random{7};
  undo_journal journal{64};
  std::vector<copy> states;
  byte_vector state;
  std::uint64_t commit = 0;
  for (int step = 0; step < 400; ++step) {
    if (random() % 5 != 0 || states.size() < 2) {
      state = next_state(state, random);
      const auto block = ref(states.size() + 1, commit);
      const bool kept = random() % kept_of == 0;
      journal.note(++commit, block, 1 + random() % 3,
                   kept ? maybe<undo_journal::saved>{{state, {}}} : std::nullopt);
      states.push_back({commit, block, state, kept});
      continue;
    }
    const auto depth = 1 + random() % std::min<std::size_t>(states.size() - 1, 12);
    std::vector<block_ref> gone;
    for (std::size_t i = 0; i < depth; ++i) {
      gone.push_back(states.back().block);
      states.pop_back();
    }
    const auto undone = journal.revert(gone);
    CHECK(undone.any);
    CHECK(undone.blocks == gone);
    const auto remembered = journal.size();
    if (remembered > 0) CHECK(journal.go_back(false).has_value() == states.back().kept);
    const auto before = journal.go_back(true);
    const auto first = states.end() - static_cast<std::ptrdiff_t>(remembered);
    if (!before) {
      CHECK(std::none_of(first, states.end(), [](const copy& x) { return x.kept; }));
      state = states.back().bytes;
      continue;
    }
    CHECK(before->is_newest == states.back().kept);
    while (!states.back().kept) states.pop_back();
    CHECK(before->commit == states.back().commit);
    CHECK(before->block == states.back().block);
    CHECK(before->then.bytes == states.back().bytes);
    state = states.back().bytes;
  }
}

TEST_CASE("undo journal: what it does not reach it does not guess") {
  undo_journal journal{4};
  for (std::uint64_t n = 1; n <= 10; ++n) journal.note(n, ref(n), 1, state_of('x'));
  CHECK(journal.size() == 4);
  SECTION("further back than it remembers") {
    CHECK(journal.revert({ref(10), ref(9), ref(8), ref(7)}).any);
    CHECK_FALSE(journal.go_back(true));
  }
  SECTION("to a block of which no state was kept") {
    journal.note(11, ref(11), 0, {});
    journal.note(12, ref(12), 2, state_of('y'));
    CHECK(journal.revert({ref(12)}).commits == std::vector<std::uint64_t>{12});
    CHECK_FALSE(journal.go_back(false));
    CHECK(journal.size() == 3);
    const auto before = journal.go_back(true);
    REQUIRE(before);
    CHECK(before->commit == 10);
    CHECK_FALSE(before->is_newest);
    CHECK(before->then.bytes == byte_vector(100, 'x'));
    CHECK(journal.size() == 2);
  }
  SECTION("blocks it was never told of") {
    CHECK_FALSE(journal.revert({ref(11)}).any);
    const auto before = journal.go_back(false);
    REQUIRE(before);
    CHECK(before->then.bytes == byte_vector(100, 'x'));
  }
}

TEST_CASE("undo journal: the states of many blocks take little more than one") {
  std::mt19937 random{3};
  byte_vector state(200'000);
  for (auto& b : state) b = static_cast<std::uint8_t>(random());
  undo_journal journal;
  for (std::uint64_t n = 1; n <= 256; ++n) {
    state = next_state(state, random);
    journal.note(n, ref(n), 1, undo_journal::saved{state, {}});
  }
  CHECK(journal.size() == 256);
  CHECK(journal.bytes() < 2 * state.size());
}
