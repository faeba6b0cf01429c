// The feed: what became public and was taken back, in order, and pages of what is stored.
#include <sqlite3.h>
#include <catch2/catch.hpp>

#include "runtime/storage/store_pages.hpp"
#include "tests/runtime/test_store_blocks.hpp"

using namespace eremos;
using namespace eremos::test;

namespace {

std::unique_ptr<store_pages> pages_of(const store_fixture& f) {
  auto out = store_pages::open(f.folder.store_path());
  if (!out) FAIL(out.error().message);
  return std::move(*out);
}

std::vector<std::string> told(store_pages& pages, std::int64_t after = 0) {
  const auto items = pages.feed(after, 1'000);
  REQUIRE(items);
  std::vector<std::string> out;
  for (const auto& x : *items) out.push_back(x.topic + " " + x.subject + " " + x.status);
  return out;
}

block_result telling(block_number number, int fork, std::vector<std::string> subjects) {
  auto b = block_at(number, fork);
  for (const auto& s : subjects) b.signals.push_back(signal_of(s, {ref_at(number, fork)}));
  return b;
}

/// Counts the steps of SQLite's machine on connections opened while it lives.
class counted_steps {
 public:
  counted_steps() {
    count = 0;
    ::sqlite3_auto_extension(reinterpret_cast<void (*)()>(&watch));
  }
  ~counted_steps() { ::sqlite3_cancel_auto_extension(reinterpret_cast<void (*)()>(&watch)); }
  counted_steps(const counted_steps&) = delete;
  counted_steps& operator=(const counted_steps&) = delete;

  std::uint64_t taken() const { return count; }

 private:
  static int watch(::sqlite3* db, const char**, const struct ::sqlite3_api_routines*) {
    ::sqlite3_progress_handler(
        db, 1,
        [](void*) {
          ++count;
          return 0;
        },
        nullptr);
    return SQLITE_OK;
  }
  static inline std::uint64_t count = 0;
};

}  // namespace

TEST_CASE("feed: each change is there once, in order, also what a revert takes back") {
  store_fixture f;
  auto first = telling(10, 0, {"0xa", "0xb"});
  first.memories = {memory_of("wallet:0xc", ref_at(10))};
  agent_message m;
  m.from = std::string{"skiero"};
  m.topic = "alert";
  m.blocks = {ref_at(10)};
  first.messages = {m};
  f.write(first);
  f.write(first);  // the same block again: nothing new
  auto second = block_at(11);
  second.signals = {signal_of("0xb", {ref_at(11)}, 2)};
  f.write(second);
  const auto pages = pages_of(f);
  const auto before = told(*pages);
  CHECK(std::count(before.begin(), before.end(), "signals 0xa active") == 1);
  CHECK(std::count(before.begin(), before.end(), "signals 0xb active") == 2);
  CHECK(std::count(before.begin(), before.end(), "memory wallet:0xc active") == 1);
  CHECK(std::count(before.begin(), before.end(), "messages  active") == 1);
  CHECK(before.size() == 5);
  const auto last = pages->bounds()->last;
  CHECK(last == 5);
  f.revert({test_chain, ref_at(9), {ref_at(11), ref_at(10)}});
  const auto after = told(*pages, last);
  CHECK(std::count(after.begin(), after.end(), "signals 0xa retracted") == 1);
  CHECK(std::count(after.begin(), after.end(), "memory wallet:0xc retracted") == 1);
  CHECK(std::count(after.begin(), after.end(), "messages  retracted") == 1);
  // A retraction that is revised is told as it is then.
  f.write(telling(10, 1, {"0xa"}));
  CHECK(told(*pages, pages->bounds()->last - 1) == std::vector<std::string>{"signals 0xa active"});
  f.reopen();
  CHECK(told(*pages, last).size() == after.size() + 1);
}

TEST_CASE("feed: what is not committed is not told, and its numbers are used again") {
  store_fixture f;
  f.write(telling(10, 0, {"0xa"}));
  REQUIRE(f.db->begin());
  REQUIRE(f.db->write(telling(11, 0, {"0xb"})));
  const auto pages = pages_of(f);
  CHECK(told(*pages).size() == 1);
  f.db->rollback();
  f.write(telling(11, 0, {"0xc"}));
  CHECK(told(*pages) == std::vector<std::string>{"signals 0xa active", "signals 0xc active"});
  CHECK(pages->bounds()->last == 2);
}

TEST_CASE("feed: it keeps the newest") {
  store_fixture f;
  for (block_number n = 10; n < 20; ++n) f.write(telling(n, 0, {std::to_string(n)}));
  REQUIRE(f.db->begin());
  REQUIRE(f.db->apply({.feed = 3}));
  REQUIRE(f.db->commit());
  const auto pages = pages_of(f);
  CHECK(pages->bounds()->first == 8);
  CHECK(told(*pages).size() == 3);
  f.write(telling(20, 0, {"20"}));
  CHECK(pages->bounds()->last == 11);
}

TEST_CASE("feed: where it begins and ends is found without reading it, however long it is") {
  store_fixture f;
  const auto steps_at = [&](block_number blocks) {
    for (auto n = f.cursor().number + 1; n <= blocks; ++n) {
      std::vector<std::string> subjects;
      for (block_number i = 0; i < 50; ++i) subjects.push_back(std::to_string(50 * n + i));
      f.write(telling(n, 0, subjects));
    }
    const counted_steps steps;
    const auto pages = pages_of(f);
    const auto opened = steps.taken();
    REQUIRE(pages->bounds()->last == static_cast<std::int64_t>(50 * blocks));
    return steps.taken() - opened;
  };
  const auto of_few = steps_at(1);
  CHECK(of_few > 0);
  CHECK(steps_at(40) == of_few);
}

TEST_CASE("pages: they hold every signal once, whichever filter leads") {
  store_fixture f;
  for (block_number n = 10; n < 40; ++n)
    f.write(telling(n, 0, {"0xa" + std::to_string(n), "0xb" + std::to_string(n)}));
  const auto pages = pages_of(f);
  const auto count = [&](signal_query want) {
    std::vector<std::string> subjects;
    want.limit = 7;
    time_ms last = INT64_MAX;
    while (true) {
      const auto page = pages->signals(want);
      REQUIRE(page);
      CHECK(page->rows.size() <= 7);
      for (const auto& s : page->rows) {
        CHECK(s.event_time <= last);
        last = s.event_time;
        subjects.push_back(s.subject);
      }
      if (!page->next) break;
      want.after = page->next;
    }
    std::sort(subjects.begin(), subjects.end());
    CHECK(std::adjacent_find(subjects.begin(), subjects.end()) == subjects.end());
    return subjects.size();
  };
  CHECK(count({}) == 60);
  CHECK(count({.type = std::string{"flood"}}) == 60);
  CHECK(count({.agent = std::string{"test-agent"}}) == 60);
  CHECK(count({.agent = std::string{"nobody"}}) == 0);
  CHECK(count({.subject = std::string{"0xa12"}}) == 1);
  CHECK(count({.type = std::string{"flood"},
               .agent = std::string{"test-agent"},
               .since = time_at(20)}) == 40);
  CHECK(count({.until = time_at(19)}) == 20);
  CHECK(count({.since = time_at(20), .until = time_at(20)}) == 2);
  CHECK(count({.min_confidence = 0.8}) == 0);
  CHECK(count({.min_severity = severity::critical}) == 0);
}

TEST_CASE("pages: severity and chain are told from an index, in the order of the listing") {
  store_fixture f;
  const auto db = sqlite_connection::open(f.folder.store_path(), sqlite_access::read_only);
  REQUIRE(db);
  const auto [leading, index] =
      GENERATE(table<std::string, std::string>({{"", "signals_by_time"},
                                                {"agent = ? AND ", "signals_by_agent"},
                                                {"type = ? AND ", "signals_by_type"}}));
  auto q = (*db)->query("EXPLAIN QUERY PLAN SELECT seq FROM signals WHERE " + leading +
                        "event_time <= ? AND severity = ? AND chain_id = ? "
                        "ORDER BY event_time DESC, seq DESC");
  REQUIRE(q.next());
  // "… USING COVERING INDEX name": no row is read, and none sorted.
  CHECK(std::string{q.text(3)}.find("COVERING INDEX " + index + " ") != std::string::npos);
  CHECK_FALSE(q.next());
}

TEST_CASE("pages: memory, messages and blocks") {
  store_fixture f;
  for (block_number n = 10; n < 20; ++n) {
    auto b = block_at(n);
    b.memories = {memory_of(std::to_string(n), ref_at(n))};
    agent_message m;
    m.from = n % 2 == 0 ? "even" : "odd";
    m.to = "skiero";
    m.topic = "alert";
    b.messages = {m};
    f.write(b);
  }
  const auto pages = pages_of(f);
  memory_query want{.tags = {"alpha"}, .limit = 4};
  std::size_t memories = 0;
  for (maybe<row_cursor> next{row_cursor{}}; next; memories += 1) {
    const auto page = pages->memories(want);
    REQUIRE(page);
    want.after = next = page->next;
    CHECK(page->rows.size() == (next ? 4 : 2));
  }
  CHECK(memories == 3);
  const auto messages = pages->messages({.from = std::string{"even"}, .limit = 3});
  REQUIRE(messages);
  REQUIRE(messages->size() == 3);
  CHECK(messages->front().block == ref_at(18));
  const auto rest =
      pages->messages({.from = std::string{"even"}, .before = messages->back().seq, .limit = 10});
  REQUIRE(rest);
  CHECK(rest->size() == 2);
  CHECK(rest->back().what.to == "skiero");
  const auto blocks = pages->ledger({.chain = test_chain, .before = 15, .limit = 3});
  REQUIRE(blocks);
  REQUIRE(blocks->size() == 3);
  CHECK(blocks->front().block == ref_at(14));
}
