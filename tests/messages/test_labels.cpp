// Who is known on a chain, by chain and address.
#include <rapidcheck/catch.h>
#include <catch2/catch.hpp>

#include "messages/labels.hpp"
#include "tests/support/generators.hpp"

using namespace eremos;

namespace {

address who(std::uint8_t last) {
  address out;
  out.data.back() = last;
  return out;
}

label row(chain_id chain, std::uint8_t last, std::string name) {
  label out;
  out.chain = chain;
  out.who = who(last);
  out.name = std::move(name);
  return out;
}

}  // namespace

TEST_CASE("labels: a chain's own row is preferred to the row for every chain") {
  const label_set set{{row(0, 1, "everywhere"), row(137, 1, "polygon"), row(1, 2, "ethereum")}};
  CHECK(set.find(137, who(1))->name == "polygon");
  CHECK(set.find(1, who(1))->name == "everywhere");
  CHECK(set.find(1, who(2))->name == "ethereum");
  CHECK(set.find(137, who(2)) == nullptr);
  CHECK(set.find(1, who(3)) == nullptr);
}

TEST_CASE("labels: a later row of the same key replaces an earlier one") {
  const label_set set{{row(1, 1, "old"), row(1, 2, "other"), row(1, 1, "new")}, 7};
  CHECK(set.rows().size() == 2);
  CHECK(set.find(1, who(1))->name == "new");
  CHECK(set.version() == 7);
}

TEST_CASE("labels: an empty set knows nobody") {
  CHECK(label_set{}.find(1, who(1)) == nullptr);
  CHECK(label_set{std::vector<label>{}}.find(0, who(0)) == nullptr);
}

TEST_CASE("labels: every row of any set is found by its key") {
  rc::prop("any rows", [] {
    std::vector<label> rows;
    for (const auto& [chain, last] : *rc::gen::container<std::vector<std::pair<int, int>>>(
             rc::gen::pair(rc::gen::inRange(0, 4), rc::gen::inRange(0, 256))))
      rows.push_back(row(static_cast<chain_id>(chain), static_cast<std::uint8_t>(last), "x"));
    const label_set set{rows};
    for (const auto& r : rows) {
      const auto* found = set.find(r.chain, r.who);
      RC_ASSERT(found != nullptr);
      RC_ASSERT(found->chain == r.chain);
      RC_ASSERT(found->who == r.who);
    }
  });
}
