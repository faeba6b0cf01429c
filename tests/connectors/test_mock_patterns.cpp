// What the mock's chain plants is what its options name, and nothing else changes with it.
#include <map>
#include <set>

#include <catch2/catch.hpp>

#include "connectors/mock/mock_chain.hpp"
#include "connectors/mock/mock_options.hpp"
#include "runtime/policy/admin_topics.hpp"
#include "runtime/policy/transfer.hpp"

using namespace eremos;

namespace {

/// Of a transaction: its hash.
std::set<hash32> hashes_of(const block_record& block) {
  std::set<hash32> out;
  for (const auto& txn : block.transactions) out.insert(txn.hash);
  return out;
}

mock_patterns only(mock_pattern p) { return mock_patterns::none().add(p); }

/// The first block that differs from one without patterns, and how many do, in a cycle.
struct difference {
  block_number first = 0;
  std::uint64_t blocks = 0;
  std::uint64_t transactions = 0;
};
difference difference_of(const mock_chain& chain, const mock_chain& plain) {
  difference out;
  for (block_number n = 1; n <= mock_cycle; ++n) {
    const auto mine = hashes_of(chain.block(n));
    const auto theirs = hashes_of(plain.block(n));
    if (mine == theirs) continue;
    if (out.blocks++ == 0) out.first = n;
    for (const auto& hash : mine) out.transactions += theirs.contains(hash) ? 0 : 1;
  }
  return out;
}

/// Mints by token and block.
std::map<address, std::map<block_number, std::set<address>>> mints_of(const mock_chain& chain,
                                                                      block_number last) {
  std::map<address, std::map<block_number, std::set<address>>> out;
  for (block_number n = 1; n <= last; ++n)
    for (const auto& receipt : chain.block(n).receipts)
      for (const auto& log : receipt.logs)
        if (const auto parties = transfer_parties_of(log); parties && parties->from.is_zero())
          out[log.emitter][n].insert(parties->to);
  return out;
}

}  // namespace

TEST_CASE("mock patterns: names are read, and unknown ones told") {
  std::vector<std::string> names;
  for (const auto& info : mock_pattern_infos()) {
    CHECK(*mock_patterns::parse({std::string{info.name}}) == only(info.pattern));
    names.emplace_back(info.name);
  }
  CHECK(*mock_patterns::parse(names) == mock_patterns::all());
  CHECK(*mock_patterns::parse({}) == mock_patterns::none());
  CHECK(mock_patterns::parse({"mint"}).error().message ==
        "unknown pattern \"mint\"; did you mean \"mints\"?");
  CHECK(mock_patterns::parse({"everything"}).error().message ==
        "unknown pattern \"everything\"; there are wake, whale, run, launch, upgrade, burst, "
        "claims, trade, deployment, mints, habit");
}

TEST_CASE("mock patterns: the option is a list; without it all are planted, empty none") {
  const auto parse = [](std::vector<std::string> names, bool list) {
    return mock_options::parse({{"patterns", {std::move(names), list, "e.toml:3:1"}}});
  };
  CHECK(mock_options::parse({})->patterns == mock_patterns::all());
  CHECK(parse({}, true)->patterns == mock_patterns::none());
  CHECK(parse({"launch", "launch"}, true)->patterns == only(mock_pattern::launch));
  CHECK(parse({"launch"}, false).error().message ==
        "e.toml:3:1: patterns: want a list, like [\"launch\", \"mints\"]");
  CHECK(parse({"lanch"}, true).error().message ==
        "e.toml:3:1: patterns: unknown pattern \"lanch\"; did you mean \"launch\"?");
}

TEST_CASE("mock patterns: each alone changes its own blocks and nothing of the ordinary traffic") {
  const std::map<mock_pattern, difference> wanted = {
      {mock_pattern::wake, {1, 3, 20 + 2}},
      {mock_pattern::whale, {2, 2, 2}},
      {mock_pattern::run, {2, 3, 8}},
      {mock_pattern::launch, {3, 2, 1 + 3}},
      {mock_pattern::upgrade, {3, 1, 1}},
      {mock_pattern::burst, {4, 2, 2}},
      {mock_pattern::claims, {4, 1, 5}},
      {mock_pattern::trade, {5, 3, 15}},
      {mock_pattern::deployment, {8, 2, 1 + 3}},
      {mock_pattern::mints, {15, 2, 24}},
      {mock_pattern::habit, {4, 26 + 1, 26 + 24}},
  };
  REQUIRE(wanted.size() == mock_pattern_infos().size());
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    const mock_chain plain{{.seed = seed, .patterns = mock_patterns::none()}};
    for (const auto& [pattern, want] : wanted) {
      const mock_chain chain{{.seed = seed, .patterns = only(pattern)}};
      INFO("seed " << seed << ", " << mock_pattern_infos()[static_cast<std::size_t>(pattern)].name);
      const auto got = difference_of(chain, plain);
      CHECK(got.first == want.first);
      CHECK(got.blocks == want.blocks);
      CHECK(got.transactions == want.transactions);
      // The payment that funds a launch keeps its hash: it only goes elsewhere.
      for (block_number n = 1; n <= mock_cycle; ++n) {
        std::uint64_t lost = 0;
        const auto mine = hashes_of(chain.block(n));
        for (const auto& hash : hashes_of(plain.block(n))) lost += mine.contains(hash) ? 0 : 1;
        CHECK(lost == 0);
      }
    }
  }
}

TEST_CASE("mock patterns: ordinary traffic alone shows nothing odd, whatever the seed") {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    INFO("seed " << seed);
    const mock_chain chain{{.seed = seed, .patterns = mock_patterns::none()}};
    CHECK(chain.block(1).transactions.empty());
    std::set<address> senders;
    for (std::uint64_t i = 0; i < chain.cast().wallet_count(); ++i)
      senders.insert(chain.cast().wallet(i));
    for (std::uint64_t i = 0; i < chain.cast().exchange_count(); ++i)
      senders.insert(chain.cast().exchange(i));
    for (block_number n = 2; n <= 200; ++n) {
      const auto block = chain.block(n);
      std::map<address, std::uint64_t> logs;
      for (const auto& txn : block.transactions) {
        CHECK(senders.contains(txn.from));
        CHECK(txn.value < ether(100));
      }
      for (const auto& receipt : block.receipts)
        for (const auto& log : receipt.logs) {
          ++logs[log.emitter];
          // New contracts tell their first owner, and are known to nobody.
          if (find_admin_topic(log.topics))
            CHECK(receipt.contract_address == maybe<address>{log.emitter});
          const auto parties = transfer_parties_of(log);
          CHECK_FALSE((parties && parties->from.is_zero()));
        }
      for (const auto& [who, count] : logs) CHECK(count < 30);
    }
    CHECK(mints_of(chain, 200).empty());
  }
}

TEST_CASE("mock patterns: mints come in a rush once a cycle, each by a wallet of its own") {
  for (const std::uint64_t seed : {1u, 2u, 9u}) {
    const mock_chain chain{{.seed = seed}};
    const auto mints = mints_of(chain, 3 * mock_cycle);
    REQUIRE(mints.size() == 3);
    std::set<block_number> blocks;
    std::set<address> minters;
    for (const auto& [token, by_block] : mints)
      for (const auto& [n, receivers] : by_block) {
        blocks.insert(n);
        CHECK(receivers.size() == 12);
        minters.insert(receivers.begin(), receivers.end());
      }
    CHECK(blocks == std::set<block_number>{15, 16, 55, 56, 95, 96});
    CHECK(minters.size() == 72);
  }
}

TEST_CASE("mock patterns: what does not fit into the first 200 events comes soon, any seed") {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    INFO("seed " << seed);
    const mock_chain chain{{.seed = seed}};
    std::map<block_number, std::uint64_t> events;
    std::uint64_t sum = 0;
    for (block_number n = 1; n <= 30; ++n) events[n] = sum += chain.events_of(n);
    CHECK(events[6] <= 340);    // 10 trades: enough
    CHECK(events[9] <= 500);    // a deployment and its uses
    CHECK(events[16] <= 800);   // 24 mints
    CHECK(events[30] <= 1350);  // the habit, and its break
  }
}
