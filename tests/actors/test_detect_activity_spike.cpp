// Contracts that emit far more than they used to; popular ones that are always busy are none.
#include <algorithm>
#include <string>
#include <string_view>

#include <rapidcheck.h>
#include <catch2/catch.hpp>

#include "actors/detect/activity_spike.hpp"
#include "tests/actors/detect_support.hpp"
#include "tests/support/gunzip.hpp"
#include "tests/support/shared_data.hpp"

using namespace eremos;
using namespace eremos::detect;
using namespace eremos::test;

namespace {

constexpr auto nobody_known = [](const address&) { return false; };

std::vector<counted_log> logs_of(std::uint64_t contract, std::uint64_t count,
                                 std::uint64_t first = 0, std::uint64_t per_transaction = 10) {
  std::vector<counted_log> out;
  for (std::uint64_t i = 0; i < count; ++i)
    out.push_back({someone(contract), first + i, i / per_transaction});
  return out;
}

std::vector<counted_log> operator+(std::vector<counted_log> a, const std::vector<counted_log>& b) {
  for (auto x : b) {
    x.log_index += 10'000;
    a.push_back(x);
  }
  return a;
}

/// Blocks 1 to `blocks`, each with 3 logs of contract 1 and 50 of contract 2.
activity_spikes after_ordinary(std::uint64_t blocks) {
  activity_spikes detector;
  for (std::uint64_t n = 1; n <= blocks; ++n)
    REQUIRE(
        detector.block(some_block(n), false, logs_of(1, 3) + logs_of(2, 50), nobody_known).empty());
  return detector;
}

/// A string value of a flat JSON object. Enough for the recordings' logs, and for them only.
std::string_view value_of(std::string_view object, std::string_view key) {
  const auto at = object.find(key);
  REQUIRE(at != std::string_view::npos);
  const auto begin = at + key.size();
  return object.substr(begin, object.find('"', begin) - begin);
}

std::vector<std::vector<counted_log>> recorded_blocks(const std::filesystem::path& path) {
  const auto text = read_file(path);
  std::vector<std::vector<counted_log>> out;
  for (std::size_t begin = 0; begin < text.size();) {
    const auto end = text.find('\n', begin);
    const auto line = std::string_view{text}.substr(begin, end - begin);
    begin = end == std::string::npos ? text.size() : end + 1;
    if (line.find("eth_getBlockReceipts") == std::string_view::npos) continue;
    auto& logs = out.emplace_back();
    for (auto at = line.find("\"logIndex\""); at != std::string_view::npos;
         at = line.find("\"logIndex\"", at + 1)) {
      const auto open = line.rfind('{', at);
      const auto object = line.substr(open, line.find('}', at) - open);
      logs.push_back({*parse_address(value_of(object, "\"address\":\"")),
                      *parse_quantity64(value_of(object, "\"logIndex\":\"")),
                      *parse_quantity64(value_of(object, "\"transactionIndex\":\""))});
    }
  }
  return out;
}

}  // namespace

TEST_CASE("activity spike: a contract far over its own baseline, or new and loud") {
  auto detector = after_ordinary(40);
  const auto found =
      detector.block(some_block(41), false, logs_of(1, 60) + logs_of(3, 40), nobody_known);
  REQUIRE(found.size() == 2);
  CHECK(found[0].contract == someone(1));
  CHECK(found[0].logs == 60);
  CHECK(found[0].transactions == 6);
  CHECK(found[0].expected == Approx(3).margin(0.5));
  CHECK(found[1].contract == someone(3));
  CHECK(found[1].expected < 0.5);
  for (const auto& f : found) {
    CHECK(f.evidence.size() == f.logs);
    CHECK(f.confidence > 0.4);
    CHECK(f.confidence < 0.9);
    CHECK(f.history == 40);
  }
}

TEST_CASE("activity spike: a popular contract is no spike at twice or half its usual") {
  auto detector = after_ordinary(40);
  for (const std::uint64_t logs : {100, 25, 92, 150, 10})
    CHECK(detector.block(some_block(50 + logs), false, logs_of(2, logs), nobody_known).empty());
}

TEST_CASE("activity spike: the anchor is the log that makes it one, in any order of events") {
  std::vector<event_id> anchors;
  for (std::uint64_t seed = 0; seed < 5; ++seed) {
    auto detector = after_ordinary(40);
    auto logs = logs_of(3, 45, 100);
    shuffle_with(seed, logs);
    const auto found = detector.block(some_block(41), false, logs, nobody_known);
    REQUIRE(found.size() == 1);
    anchors.push_back(found[0].anchor);
  }
  CHECK(anchors[0].log_index == 129);  // the 30th
  CHECK(std::count(anchors.begin(), anchors.end(), anchors[0]) == 5);
}

TEST_CASE("activity spike: a long burst is told once") {
  auto detector = after_ordinary(40);
  std::size_t found = 0;
  for (std::uint64_t n = 41; n <= 48; ++n)
    found += detector.block(some_block(n), false, logs_of(3, 60), nobody_known).size();
  CHECK(found == 1);
}

TEST_CASE("activity spike: nothing is judged without history, a known contract with little") {
  activity_spikes fresh;
  CHECK(fresh.block(some_block(1), false, logs_of(1, 500), nobody_known).empty());
  auto detector = after_ordinary(4);
  CHECK(detector.block(some_block(5), false, logs_of(3, 60), [](const address&) { return true; })
            .empty());
  auto same = after_ordinary(4);
  CHECK(same.block(some_block(5), false, logs_of(3, 60), nobody_known).size() == 1);
}

TEST_CASE("activity spike: a single receipt is judged but teaches nothing") {
  auto taught = after_ordinary(40);
  auto control = after_ordinary(40);
  for (std::uint64_t i = 0; i < 100; ++i)
    taught.block(some_block(20), true, logs_of(9, 2), nobody_known);
  const auto next = logs_of(2, 60) + logs_of(1, 60);
  const auto a = taught.block(some_block(41), false, next, nobody_known);
  const auto b = control.block(some_block(41), false, next, nobody_known);
  REQUIRE(a.size() == b.size());
  for (std::size_t i = 0; i < a.size(); ++i) CHECK(a[i].z == b[i].z);
  auto judged = after_ordinary(40);
  CHECK(judged.block(some_block(20), true, logs_of(3, 40, 0, 100), nobody_known).size() == 1);
}

TEST_CASE("activity spike: six whole blocks of mainnet have the mint burst and nothing else") {
  const auto path = shared_data("recordings/ethereum-receipts-only.jsonl.gz");
  if (!path) return;
  activity_spikes detector;
  std::vector<std::pair<std::size_t, activity_spike>> found;
  const auto blocks = recorded_blocks(*path);
  REQUIRE(blocks.size() == 6);
  for (std::size_t i = 0; i < blocks.size(); ++i)
    for (const auto& f : detector.block(some_block(i), false, blocks[i], nobody_known))
      found.emplace_back(i, f);
  REQUIRE(found.size() == 1);
  CHECK(found[0].first == 3);
  CHECK(to_hex(found[0].second.contract) == "0x4ad8a7406caac3457981a1b3c88b8aab00d6e13d");
  CHECK(found[0].second.logs == 40);
  CHECK(found[0].second.transactions == 2);
  CHECK(found[0].second.confidence < 0.5);  // four blocks are little history
}

TEST_CASE("activity spike: ordinary mainnet blocks, again and again, have none") {
  const auto path = shared_data("recordings/ethereum-blocks-with-receipts.jsonl.gz");
  if (!path) return;
  const auto blocks = recorded_blocks(*path);
  REQUIRE(blocks.size() == 1);
  activity_spikes detector;
  for (std::uint64_t n = 0; n < 50; ++n)
    CHECK(detector.block(some_block(n), false, blocks[0], nobody_known).empty());
}

namespace {

std::vector<std::vector<counted_log>> some_story(std::uint64_t seed) {
  std::mt19937_64 random{seed};
  std::vector<std::vector<counted_log>> out;
  for (int n = 0; n < 50; ++n) {
    std::vector<counted_log> logs;
    std::uint64_t index = 0;
    for (std::uint64_t contract = 1; contract <= 6; ++contract) {
      const auto count = random() % 12 == 0 ? random() % 200 : random() % (contract * 4);
      for (std::uint64_t i = 0; i < count; ++i)
        logs.push_back({someone(contract), index++, random() % 5});
    }
    out.push_back(std::move(logs));
  }
  return out;
}

using conclusions = std::vector<std::tuple<address, event_id, double, double>>;

conclusions run(const std::vector<std::vector<counted_log>>& s, std::uint64_t shuffle,
                std::size_t restart_every = 0) {
  conclusions out;
  activity_spikes detector;
  for (std::size_t i = 0; i < s.size(); ++i) {
    auto logs = s[i];
    shuffle_with(shuffle + i, logs);
    for (const auto& f : detector.block(some_block(i), false, logs, nobody_known))
      out.emplace_back(f.contract, f.anchor, f.z, f.confidence);
    if (restart_every == 0 || i % restart_every != 0) continue;
    state_writer writer;
    detector.save(writer);
    const auto bytes = std::move(writer).take();
    activity_spikes restarted;
    state_reader reader{bytes};
    REQUIRE(restarted.load(reader));
    REQUIRE(reader.finish());
    detector = std::move(restarted);
  }
  return out;
}

}  // namespace

TEST_CASE("activity spike: same conclusions in any order of events and over restarts") {
  CHECK(rc::check("order-free", [](std::uint64_t seed, std::uint64_t shuffle) {
    const auto s = some_story(seed);
    const auto expected = run(s, 0);
    RC_ASSERT(run(s, shuffle) == expected);
    RC_ASSERT(run(s, shuffle, 5) == expected);
  }));
}

TEST_CASE("activity spike: baselines are bounded and the least recent goes first") {
  activity_spikes detector{{.contracts_max = 5}};
  for (std::uint64_t n = 1; n <= 10; ++n)
    detector.block(some_block(n), false, logs_of(n, 2) + logs_of(100 + n, 2), nobody_known);
  CHECK(detector.contracts() == 5);
  CHECK(detector.evicted() == 15);
}

TEST_CASE("activity spike: the same state is saved as the same bytes, in any order of events") {
  const auto saved_after = [](bool backwards) {
    activity_spikes detector;
    for (std::uint64_t n = 1; n <= 6; ++n) {
      std::vector<counted_log> logs;
      for (std::uint64_t contract = 1; contract <= 40; ++contract)
        logs = std::move(logs) + logs_of(contract * n, 1 + contract % 3);
      if (backwards) std::reverse(logs.begin(), logs.end());
      detector.block(some_block(n), false, logs, nobody_known);
    }
    state_writer writer;
    detector.save(writer);
    return std::move(writer).take();
  };
  CHECK(saved_after(false) == saved_after(true));
}

TEST_CASE("activity spike: torn or senseless state is refused") {
  const auto detector = after_ordinary(5);
  state_writer writer;
  detector.save(writer);
  auto bytes = std::move(writer).take();
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    state_reader reader{std::span{bytes}.first(size)};
    CHECK_FALSE(activity_spikes{}.load(reader));
  }
  std::fill(bytes.begin() + 8, bytes.begin() + 16,
            std::uint8_t{0xFF});  // a weight that is no number
  state_reader reader{bytes};
  CHECK_FALSE(activity_spikes{}.load(reader));
}
