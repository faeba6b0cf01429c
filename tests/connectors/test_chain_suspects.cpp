// CHAIN and blocks that fail a check: asked for again, held, delivered marked, or left out.
#include <limits>
#include <map>

#include <catch2/catch.hpp>

#include "messages/keccak.hpp"
#include "runtime/defaults.hpp"
#include "tests/connectors/chain_stage.hpp"

using namespace eremos;
using namespace eremos::test;
using namespace std::chrono_literals;

namespace {

constexpr std::size_t always = std::numeric_limits<std::size_t>::max();

hash32 hash_of(block_number n) { return keccak256(std::to_string(n)); }

/// Has every block; of some the first answers fail a check.
struct liar {
  std::map<block_number, std::size_t> lies;
  std::size_t fetches = 0;

  shared<block_record> get(const fetch_block& what) {
    ++fetches;
    block_record r;
    r.chain = 1;
    r.has_header = r.has_transactions = true;
    r.header.number = what.number;
    r.header.hash = hash_of(what.number);
    r.header.parent_hash = hash_of(what.number - 1);
    r.header.timestamp = 1'000 * second_ms;
    r.transactions.resize(2);
    auto& left = lies[what.number];
    if (left == 0) {
      r.integrity = {integrity_state::verified, "", "", "full"};
    } else {
      r.integrity = {integrity_state::suspect, "receipts_root", "expected 1, seen 2", "full"};
      if (left != always) --left;
    }
    return shared<block_record>{std::move(r)};
  }
};

struct fixture : chain_stage {
  liar source;
  std::vector<committed_block> said;

  explicit fixture(suspect_rule rule) {
    begin({.on_suspect = rule});
    tell(provider_state{1, true, "test"});
    head(100);
  }
  caf::result<shared<block_record>> fetch(const fetch_block& what) override {
    return source.get(what);
  }
  void heard(const committed_block& b) override { said.push_back(b); }

  void head(block_number n) { tell(head_seen{1, n, hash_of(n), hash_of(n - 1), 7}); }
  std::uint64_t count(integrity_state state) {
    return report().by_integrity[static_cast<std::size_t>(state)];
  }
};

}  // namespace

TEST_CASE("CHAIN: a block that fails a check once is asked for again and is repaired") {
  fixture f{suspect_rule::hold};
  f.source.lies[101] = 1;
  f.head(101);
  CHECK(f.said.size() == 1);
  f.pass(1s);
  REQUIRE(f.said.size() == 2);
  CHECK(f.said[0].integrity.state == integrity_state::verified);
  CHECK(f.said[1].integrity.state == integrity_state::repaired);
  CHECK(f.count(integrity_state::verified) == 1);
  CHECK(f.count(integrity_state::repaired) == 1);
  CHECK(f.report().state == "following");
}

TEST_CASE("CHAIN: hold waits for a right answer, two minutes at most, and says so meanwhile") {
  fixture f{suspect_rule::hold};
  f.source.lies[101] = always;
  f.head(101);
  f.pass(10s);
  CHECK(f.said.size() == 1);
  CHECK(f.report().state == "holding");
  f.head(102);  // nothing passes it
  CHECK(f.said.size() == 1);
  f.source.lies[101] = 0;
  f.pass(15s);
  REQUIRE(f.said.size() == 3);
  CHECK(f.said[1].integrity.state == integrity_state::repaired);
  CHECK(f.report().state == "following");

  f.source.lies[103] = always;
  f.head(103);
  f.pass(140s);
  REQUIRE(f.said.size() == 4);
  CHECK(f.said[3].integrity.state == integrity_state::suspect);
  CHECK(f.said[3].integrity.check == "receipts_root");
  CHECK(f.said[3].events.size() == 3);
  CHECK(f.count(integrity_state::suspect) == 1);
  CHECK(f.report().state == "following");
}

TEST_CASE("CHAIN: deliver commits a suspect block after a few tries, marked") {
  fixture f{suspect_rule::deliver};
  f.source.lies[101] = always;
  f.head(101);
  f.pass(1s);
  REQUIRE(f.said.size() == 2);
  CHECK(f.said[1].integrity.is_suspect());
  CHECK(f.said[1].events.size() == 3);
  f.head(102);
  REQUIRE(f.said.size() == 3);
  CHECK(f.said[2].integrity.state == integrity_state::verified);
}

TEST_CASE("CHAIN: skip commits a suspect block without what it says, and goes on") {
  fixture f{suspect_rule::skip};
  f.source.lies[101] = always;
  f.head(101);
  f.pass(1s);
  REQUIRE(f.said.size() == 2);
  CHECK(f.said[1].integrity.is_suspect());
  CHECK(f.said[1].events.empty());
  CHECK(f.said[1].time == 1'000 * second_ms);
  f.head(102);
  REQUIRE(f.said.size() == 3);
  CHECK(f.said[2].events.size() == 3);
}
