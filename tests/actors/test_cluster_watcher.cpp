// ClusterWatcher: what counts as a wallet's payment, and what it says of a cluster.
#include "actors/agents/cluster_watcher.hpp"

#include "tests/actors/action_logs.hpp"
#include "tests/support/agent_fixture.hpp"

using namespace eremos;
using namespace eremos::test;

namespace {

const auto exchange = someone(0x900000);
const auto router = someone(0x900001);
const auto deposit = someone(0x500000);
const auto token = someone(0x800000);

label_view labels() {
  return std::make_shared<label_set>(
      std::vector<label>{{.chain = 1, .who = exchange, .kind = "cex", .name = "an exchange"},
                         {.chain = 1, .who = router, .kind = "dex", .name = "a router"}});
}

void send(test_block& b, const address& from, const address& to, std::uint64_t value,
          byte_vector input = {}) {
  transaction_event t;
  t.transaction_index = b.events.size();
  t.hash = some_hash(1'000 * b.number + t.transaction_index);
  t.from = from;
  t.to = to;
  t.value = value;
  t.input = std::move(input);
  t.succeeded = true;
  b.events.push_back(t);
}

void send_token(test_block& b, const address& from, const address& to, std::uint64_t amount) {
  const auto index = b.events.size();
  send(b, from, token, 0, {0xa9, 0x05, 0x9c, 0xbb});
  auto log = at(transfer_log(token, from, to, uint256{amount}), index, index);
  b.events.push_back(log);
}

/// Wallets from 0x110000 on use one deposit address.
std::vector<test_block> users(std::uint64_t n, const address& sink) {
  std::vector<test_block> out;
  for (std::uint64_t i = 0; i < n; ++i) {
    test_block b{.number = i + 1};
    if (i % 2 == 0) {
      send(b, someone(0x110000 + i), deposit, 1'000'000'000);
      send(b, deposit, sink, 1'000'000'000);
    } else {
      send_token(b, someone(0x110000 + i), deposit, 500 + i);
      send_token(b, deposit, sink, 500 + i);
    }
    out.push_back(b);
  }
  return out;
}

}  // namespace

TEST_CASE("cluster watcher: users of one deposit address are told with their links") {
  const auto out = every_way<cluster_watcher>(users(5, exchange), {}, labels());
  REQUIRE(out.size() == 1);
  CHECK(out[0].type == "linked_wallets");
  CHECK(out[0].subject == to_hex(someone(0x110000)));
  CHECK(out[0].details.find("wallets") == "4");
  CHECK(out[0].details.find("kinds") == "\"3 deposit\"");
  CHECK(out[0].details.find("links").find(to_checksum(deposit)) != std::string_view::npos);
  CHECK(every_way<cluster_watcher>(users(5, router), {}, labels()).empty());
  CHECK(every_way<cluster_watcher>(users(5, someone(0x660000)), {}, labels()).empty());
  CHECK(every_way<cluster_watcher>(users(5, someone(0xdead)), {}, labels()).empty());
}

TEST_CASE("cluster watcher: who is called is no wallet, failed and a rollup's own tell nothing") {
  auto called = users(5, exchange);
  for (auto& b : called) send(b, someone(0x770000), deposit, 0, {1, 2, 3, 4});
  CHECK(every_way<cluster_watcher>(called, {}, labels()).empty());
  auto failed = users(5, exchange);
  auto system = users(5, exchange);
  for (auto& b : failed)
    for (auto& e : b.events)
      if (auto* t = std::get_if<transaction_event>(&e.base())) t->succeeded = false;
  for (auto& b : system)
    for (auto& e : b.events)
      if (auto* t = std::get_if<transaction_event>(&e.base())) t->type = 0x7e;
  CHECK(every_way<cluster_watcher>(failed, {}, labels()).empty());
  CHECK(every_way<cluster_watcher>(system, {}, labels()).empty());
}
