// The store: which labels held from which block of a chain on.
#include "runtime/defaults.hpp"
#include "test_store_blocks.hpp"

using namespace eremos;
using namespace eremos::test;

namespace {

shared<label_set> set_named(const std::string& name) {
  std::vector<label> rows;
  rows.push_back({.chain = 1, .who = wallet_at(1), .kind = "cex", .name = name, .source = "test"});
  return shared<label_set>{label_set{std::move(rows), 1, name}};
}

block_result labelled(block_number number, const std::string& name, int fork = 0) {
  auto out = block_at(number, fork);
  out.known = shared<block_knowledge>{{set_named(name), {}}};
  return out;
}

std::vector<std::pair<block_number, std::string>> eras(store_fixture& f) {
  std::vector<std::pair<block_number, std::string>> out;
  const auto known = f.db->restart_point(test_chain);
  REQUIRE(known);
  for (const auto& era : known->labels) {
    out.emplace_back(era.from, era.labels->own());
    CHECK(era.labels->rows().at(0).name == era.labels->own());
  }
  return out;
}

using era_list = std::vector<std::pair<block_number, std::string>>;

}  // namespace

TEST_CASE("store: labels are written with the first block that brings others, and read back") {
  store_fixture f;
  f.write(block_at(1));
  CHECK(eras(f).empty());
  for (block_number n = 2; n <= 5; ++n) f.write(labelled(n, n < 4 ? "a" : "b"));
  CHECK(eras(f) == era_list{{2, "a"}, {4, "b"}});
  f.reopen();
  f.write(labelled(6, "b"));
  f.write(labelled(7, "c"));
  CHECK(eras(f) == era_list{{2, "a"}, {4, "b"}, {7, "c"}});
}

TEST_CASE(
    "store: a block that comes again with its own labels changes no era, with others it does") {
  store_fixture f;
  for (block_number n = 1; n <= 6; ++n) f.write(labelled(n, n < 4 ? "a" : "b"));
  f.write(labelled(3, "a"));
  CHECK(eras(f) == era_list{{1, "a"}, {4, "b"}});
  f.write(labelled(3, "z"));
  CHECK(eras(f) == era_list{{1, "a"}, {3, "z"}});
}

TEST_CASE("store: of a chain the last few sets of labels are kept") {
  store_fixture f;
  for (block_number n = 1; n <= 9; ++n) f.write(labelled(n, std::to_string(n)));
  const auto kept = eras(f);
  CHECK(kept.size() == defaults::label_eras_max);
  CHECK(kept.back() == std::pair<block_number, std::string>{9, "9"});
}
