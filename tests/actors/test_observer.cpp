// Observer: which wallets act together, where, and what it remembers of them.
#include "actors/agents/observer.hpp"

#include "messages/keccak.hpp"
#include "tests/actors/detect_support.hpp"
#include "tests/support/agent_fixture.hpp"

using namespace eremos;
using namespace eremos::test;

namespace {

const auto target = someone(900);
const auto router = someone(901);

label_view labels() {
  return std::make_shared<label_set>(
      std::vector<label>{{.chain = 1, .who = router, .kind = "dex", .name = "Router"},
                         {.chain = 0, .who = someone(7), .kind = "cex", .name = "Exchange 1"}});
}

transaction_event buy(std::uint64_t who, std::uint64_t hash, const address& to = target,
                      const wei& value = ether(1)) {
  transaction_event t;
  t.hash = some_hash(hash);
  t.from = someone(who);
  t.to = to;
  t.transaction_index = who;
  t.value = value;
  t.input = {1, 2, 3, 4, static_cast<std::uint8_t>(who)};
  return t;
}

test_block buys(std::uint64_t number, std::uint64_t first, std::uint64_t count,
                const address& to = target, const wei& value = ether(1)) {
  test_block out{.number = number};
  for (std::uint64_t i = 0; i < count; ++i)
    out.events.push_back(buy(first + i, 100 * number + i, to, value));
  return out;
}

option_map options(std::vector<std::pair<std::string, std::string>> given) {
  option_map out;
  for (auto& [key, text] : given) out[key] = option_value{.texts = {text}, .where = "t.toml:1:1"};
  return out;
}

}  // namespace

TEST_CASE("observer: wallets that do the same in few blocks are a cluster, told once") {
  const auto out = every_way<observer>(
      {buys(1, 10, 2), buys(2, 12, 1), buys(3, 13, 2), buys(4, 15, 4), buys(5, 20, 1)}, {},
      labels());
  REQUIRE(out.size() == 1);
  CHECK(out[0].type == "wallet_clustering");
  CHECK(out[0].subject == to_hex(target));
  CHECK(out[0].block.number == 3);
  CHECK(out[0].details.find("wallets") == "5");
  CHECK(out[0].details.find("window_blocks") == "3");
  CHECK(out[0].evidence_total == 5);
  CHECK(out[0].blocks.size() == 3);
  CHECK(out[0].glyph == "φ");
}

TEST_CASE("observer: three wallets are none, nor are wallets of which each does its own") {
  CHECK(every_way<observer>({buys(1, 10, 3)}).empty());
  test_block each{.number = 1};
  for (std::uint64_t i = 0; i < 8; ++i) each.events.push_back(buy(10 + i, i, target, ether(i + 1)));
  CHECK(every_way<observer>({each}).empty());
  // Without a value only the whole input tells that they are alike.
  CHECK(every_way<observer>({buys(1, 10, 8, target, {})}).empty());
  CHECK(
      every_way<observer>({buys(1, 10, 8, target, {})}, options({{"cluster_whole_input", "false"}}))
          .size() == 1);
}

TEST_CASE("observer: services by label are left out, and counted") {
  agent_fixture<observer> f{{}, labels()};
  CHECK(f.feed(buys(1, 10, 8, router)).signals.empty());
  CHECK(f.feed({.number = 2, .events = {buy(7, 1)}}).signals.empty());
  CHECK(f.report().metrics == std::vector<std::pair<std::string, std::uint64_t>>{
                                  {"contracts_excluded", 8}, {"senders_excluded", 1}});
}

TEST_CASE("observer: a cluster is remembered with its contract as the key") {
  agent_fixture<observer> f{{}, labels()};
  const auto done = f.feed(buys(1, 10, 9));
  REQUIRE(done.signals.size() == 1);
  REQUIRE(done.memories.size() == 1);
  const auto& m = done.memories[0];
  CHECK(m.type == memory_type::pattern);
  CHECK(m.key == "cluster:" + to_hex(target));
  CHECK(m.tags == std::vector<std::string>{"cluster", "wallets"});
  CHECK(m.confidence == done.signals[0].confidence);
  CHECK(m.blocks == done.signals[0].blocks);
  std::string shown = "\"";
  for (std::uint64_t who = 10; who < 18; ++who)
    shown += (who == 10 ? "" : ",") + to_checksum(someone(who));
  CHECK(done.signals[0].details.find("addresses") == shown + "\"");
}

TEST_CASE("observer: its numbers are options, and a cluster is more than three") {
  CHECK(every_way<observer>({buys(1, 10, 5)}, options({{"cluster_wallets", "6"}})).empty());
  CHECK(every_way<observer>({buys(1, 10, 3), buys(5, 13, 1)}, options({{"cluster_blocks", "5"}}))
            .size() == 1);
  CHECK_FALSE(observer::options::parse(options({{"cluster_wallets", "3"}})));
  CHECK_FALSE(observer::options::parse(options({{"cluster_blocks", "9"}})));
  CHECK_FALSE(observer::options::parse(options({{"wallets", "4"}})));
}
