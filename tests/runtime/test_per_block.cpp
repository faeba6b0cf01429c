// What agents gather of each block: kept apart by commit, empty when it begins, and its room
// reused.
#include <map>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "runtime/per_block.hpp"

namespace {

struct gathered_things {
  std::vector<int> list;
  std::map<int, std::string> table;
  std::string text;
  int number = 0;

  bool is_new() const { return list.empty() && table.empty() && text.empty() && number == 0; }
};

void fill(gathered_things& x, int n) {
  x.list.assign(100, n);
  x.table[n] = "something";
  x.text = "a text that is too long to stand in the string itself";
  x.number = n;
}

}  // namespace

TEST_CASE("per block: commits are apart, and each begins empty") {
  eremos::per_block<gathered_things> blocks;
  for (int n = 1; n <= 20; ++n) {
    const auto commit = static_cast<std::uint64_t>(n);
    CHECK(blocks.at(commit).is_new());
    fill(blocks.at(commit), n);
    CHECK(blocks.at(commit + 1).is_new());  // the next block's events may come first
    blocks.at(commit).list.push_back(7);
    CHECK(blocks.size() == 2);
    const auto& taken = blocks.take(commit);
    CHECK(taken.number == n);
    CHECK(taken.list.size() == 101);
    CHECK(taken.table.size() == 1);
    CHECK(blocks.size() == 1);
  }
}

TEST_CASE("per block: a block of which nothing was gathered is empty, again and again") {
  eremos::per_block<gathered_things> blocks;
  CHECK(blocks.take(1).is_new());
  fill(blocks.at(2), 2);
  CHECK_FALSE(blocks.take(2).is_new());
  CHECK(blocks.take(3).is_new());
  CHECK(blocks.take(4).is_new());
  fill(blocks.take(5), 5);  // whatever is done to it meanwhile
  CHECK(blocks.at(6).is_new());
  CHECK(blocks.take(6).is_new());
}

TEST_CASE("per block: what was reverted before it was complete goes with the next one") {
  eremos::per_block<gathered_things> blocks;
  fill(blocks.at(1), 1);
  fill(blocks.at(2), 2);
  CHECK(blocks.take(3).is_new());
  CHECK(blocks.size() == 0);
  CHECK(blocks.at(1).is_new());
}

TEST_CASE("per block: a list keeps its room, but a freak one does not") {
  eremos::per_block<std::vector<int>> blocks;
  blocks.at(1).assign(1'000, 1);
  const auto* room = blocks.take(1).data();
  blocks.at(2).push_back(2);
  blocks.take(2);
  CHECK(blocks.at(3).capacity() >= 1'000);
  blocks.at(3).push_back(3);
  CHECK(blocks.take(3).data() == room);

  blocks.at(5).resize(2 * eremos::room_kept_bytes);
  blocks.take(5);
  blocks.take(6);
  CHECK(blocks.take(7).capacity() * sizeof(int) <= eremos::room_kept_bytes);
}
