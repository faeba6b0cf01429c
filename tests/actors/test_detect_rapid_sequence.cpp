// One sender, many transactions, few blocks: once per run, the same for any order inside a block.
#include <rapidcheck.h>
#include <catch2/catch.hpp>

#include "actors/detect/rapid_sequence.hpp"
#include "messages/labels.hpp"
#include "tests/actors/detect_support.hpp"

using namespace eremos;
using namespace eremos::detect;
using namespace eremos::test;

namespace {

/// `count` transactions of one sender, hashes told apart by (number, index).
std::vector<sent_transaction> sent(std::uint64_t number, const address& from, std::size_t count,
                                   std::uint64_t first_index = 0) {
  std::vector<sent_transaction> out;
  for (std::uint64_t i = 0; i < count; ++i)
    out.push_back({from, first_index + i, some_hash(number * 10'000 + first_index + i)});
  return out;
}

const address bot = someone(7);

}  // namespace

TEST_CASE("rapid sequence: five in one block match, four do not") {
  rapid_sequences detector;
  CHECK(detector.block(some_block(10), sent(10, bot, 4)).empty());
  CHECK(rapid_sequences{}.block(some_block(10), sent(10, bot, 5)).size() == 1);
}

TEST_CASE("rapid sequence: the fifth in order of block and index is the anchor") {
  rapid_sequences detector;
  CHECK(detector.block(some_block(10), sent(10, bot, 2)).empty());
  CHECK(detector.block(some_block(11), sent(11, bot, 1)).empty());
  auto last = sent(12, bot, 4, 30);
  shuffle_with(3, last);
  const auto found = detector.block(some_block(12), last);
  REQUIRE(found.size() == 1);
  CHECK(found[0].count == 7);
  CHECK(found[0].anchor.subject == some_hash(12 * 10'000 + 31));
  CHECK(found[0].anchor.block == some_block(12).hash);
  CHECK(found[0].evidence.size() == 7);
  CHECK(found[0].blocks == std::vector{some_block(10), some_block(11), some_block(12)});
}

TEST_CASE("rapid sequence: what is older than the window does not count") {
  rapid_sequences detector;
  CHECK(detector.block(some_block(10), sent(10, bot, 4)).empty());
  CHECK(detector.block(some_block(13), sent(13, bot, 1)).empty());
  CHECK(detector.block(some_block(14), sent(14, bot, 3)).empty());
  CHECK(detector.block(some_block(15), sent(15, bot, 1)).size() == 1);
}

TEST_CASE("rapid sequence: once per run, again after as many quiet blocks as the window has") {
  rapid_sequences detector;
  CHECK(detector.block(some_block(10), sent(10, bot, 5)).size() == 1);
  for (const std::uint64_t n : {11, 12, 15, 18}) {
    INFO(n);
    CHECK(detector.block(some_block(n), sent(n, bot, 9)).empty());
  }
  for (const std::uint64_t n : {19, 20, 21}) CHECK(detector.block(some_block(n), {}).empty());
  CHECK(detector.block(some_block(22), sent(22, bot, 5)).size() == 1);
}

TEST_CASE("rapid sequence: confidence and severity grow with the count") {
  const auto of = [](std::size_t count) {
    return rapid_sequences{}.block(some_block(1), sent(1, bot, count)).at(0);
  };
  CHECK(of(5).confidence == Approx(0.5));
  CHECK(of(25).confidence == Approx(0.9));
  CHECK(of(19).level == severity::low);
  CHECK(of(20).level == severity::medium);
}

TEST_CASE("rapid sequence: two pieces of one block count together") {
  rapid_sequences detector;
  CHECK(detector.block(some_block(10), sent(10, bot, 3)).empty());
  CHECK(detector.block(some_block(10), sent(10, bot, 2, 3)).size() == 1);
}

TEST_CASE("rapid sequence: a recording that goes back does no harm") {
  rapid_sequences detector;
  CHECK(detector.block(some_block(1'000), sent(1'000, bot, 4)).empty());
  CHECK(detector.block(some_block(10), sent(10, bot, 1)).empty());
  CHECK(detector.block(some_block(11), sent(11, bot, 4)).size() == 1);
}

TEST_CASE("rapid sequence: what is kept is bounded and the oldest goes first") {
  rapid_sequences detector{{.transactions = 3, .blocks = 3, .senders_max = 10}};
  for (std::uint64_t n = 1; n <= 3; ++n) {
    std::vector<sent_transaction> all;
    for (std::uint64_t i = 0; i < 8; ++i)
      all.push_back({someone(100 * n + i), i, some_hash(100 * n + i)});
    detector.block(some_block(n), all);
    CHECK(detector.senders() <= 10);
  }
  CHECK(detector.evicted() == 14);
  // Senders of the newest block are still known.
  CHECK(detector.block(some_block(4), sent(4, someone(307), 2)).size() == 1);
}

TEST_CASE(
    "rapid sequence: senders that act for others or sign nothing are left out, with a reason") {
  transaction_event t;
  t.from = bot;
  CHECK(excluded_sender(t, nullptr).empty());
  const label exchange{.kind = "cex"};
  CHECK(excluded_sender(t, &exchange) == "cex");
  t.type = 0x7e;
  CHECK(excluded_sender(t, nullptr) == "system");
  t.from = {};
  CHECK(excluded_sender(t, nullptr) == "zero");
}

namespace {

struct story {
  std::vector<std::pair<block_ref, std::vector<sent_transaction>>> blocks;
};

/// A few senders of different habits over 60 blocks.
story some_story(std::uint64_t seed) {
  std::mt19937_64 random{seed};
  story out;
  for (std::uint64_t n = 1; n <= 60; ++n) {
    std::vector<sent_transaction> all;
    for (std::uint64_t i = 0, count = random() % 14; i < count; ++i)
      all.push_back({someone(1 + random() % 4), i, some_hash(n * 100 + i)});
    out.blocks.emplace_back(some_block(n), std::move(all));
  }
  return out;
}

using conclusions = std::vector<std::tuple<address, event_id, std::uint64_t>>;

conclusions run(const story& s, std::uint64_t shuffle, std::size_t restart_every = 0) {
  conclusions out;
  rapid_sequences detector;
  for (std::size_t i = 0; i < s.blocks.size(); ++i) {
    auto all = s.blocks[i].second;
    shuffle_with(shuffle + i, all);
    for (const auto& f : detector.block(s.blocks[i].first, all))
      out.emplace_back(f.sender, f.anchor, f.count);
    if (restart_every != 0 && i % restart_every == 0) {
      state_writer writer;
      detector.save(writer);
      const auto bytes = std::move(writer).take();
      rapid_sequences restarted;
      state_reader reader{bytes};
      REQUIRE(restarted.load(reader));
      REQUIRE(reader.finish());
      detector = std::move(restarted);
    }
  }
  return out;
}

/// What the header promises, computed from the whole story each time.
conclusions naive(const story& s) {
  conclusions out;
  std::map<address, bool> found;
  for (std::size_t i = 0; i < s.blocks.size(); ++i) {
    for (std::uint64_t who = 1; who <= 4; ++who) {
      const auto of = [&](std::size_t block) {
        std::vector<sent_transaction> mine;
        for (const auto& t : s.blocks[block].second)
          if (t.from == someone(who)) mine.push_back(t);
        return mine;
      };
      const auto now = of(i);
      if (now.empty()) continue;
      bool quiet = true;
      for (std::size_t back = 1; back <= 3 && back <= i; ++back) quiet &= of(i - back).empty();
      if (quiet) found[someone(who)] = false;
      if (found[someone(who)]) continue;
      std::vector<std::pair<std::size_t, sent_transaction>> window;
      for (std::size_t b = i < 2 ? 0 : i - 2; b <= i; ++b)
        for (const auto& t : of(b)) window.emplace_back(b, t);
      if (window.size() < 5) continue;
      found[someone(who)] = true;
      const auto& [b, fifth] = window[4];
      out.emplace_back(someone(who),
                       event_id{.type = event_type::transaction,
                                .chain = 1,
                                .block = s.blocks[b].first.hash,
                                .subject = fifth.hash},
                       window.size());
    }
  }
  return out;
}

}  // namespace

TEST_CASE("rapid sequence: same conclusions as counting by hand, in any order, over restarts") {
  CHECK(rc::check("same as naive", [](std::uint64_t seed, std::uint64_t shuffle) {
    const auto s = some_story(seed);
    const auto expected = naive(s);
    RC_ASSERT(run(s, shuffle) == expected);
    RC_ASSERT(run(s, shuffle + 1, 7) == expected);
  }));
}

TEST_CASE("rapid sequence: torn state is refused") {
  rapid_sequences detector;
  detector.block(some_block(1), sent(1, bot, 3));
  detector.block(some_block(2), sent(2, someone(8), 1));
  state_writer writer;
  detector.save(writer);
  const auto bytes = std::move(writer).take();
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    state_reader reader{std::span{bytes}.first(size)};
    CHECK_FALSE(rapid_sequences{}.load(reader));
  }
}

TEST_CASE("rapid sequence: the same state is saved as the same bytes, whatever way it came about") {
  const auto saved = [](const rapid_sequences& detector) {
    state_writer writer;
    detector.save(writer);
    return std::move(writer).take();
  };
  rapid_sequences lived;
  for (std::uint64_t n = 1; n <= 3; ++n)
    for (std::uint64_t i = 40; i > 0; --i) lived.block(some_block(n), sent(n, someone(n * i), 1));
  const auto bytes = saved(lived);
  rapid_sequences loaded;
  state_reader reader{bytes};
  REQUIRE(loaded.load(reader));
  CHECK(saved(loaded) == bytes);
}

TEST_CASE("rapid sequence: the fullest state fits into half a snapshot") {
  rapid_sequences detector;
  for (std::uint64_t n = 1; n <= 3; ++n) {
    std::vector<sent_transaction> all;
    for (std::uint64_t i = 0; i < 3'000; ++i)
      all.push_back({someone(i), i, some_hash(n * 10'000 + i)});
    detector.block(some_block(n), all);
  }
  state_writer writer;
  detector.save(writer);
  CHECK(std::move(writer).take().size() < 786'432);
}
