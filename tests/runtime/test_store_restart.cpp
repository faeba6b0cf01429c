// What a store promises across processes: its version, its lock, a full disk, and kill -9.
#include <csignal>
#include <fstream>
#include <random>

#include <sys/wait.h>
#include <unistd.h>

#include "runtime/defaults.hpp"
#include "runtime/storage/schema.hpp"
#include "runtime/storage/sqlite.hpp"
#include "runtime/storage/store_actor.hpp"
#include "test_store_blocks.hpp"

using namespace eremos;
using namespace eremos::test;

namespace {

std::unique_ptr<sqlite_connection> connect(const std::string& path) {
  auto db = sqlite_connection::open(path, sqlite_access::read_write);
  REQUIRE(db);
  return std::move(*db);
}

std::int64_t number_of(sqlite_connection& db, const std::string& sql) {
  auto q = db.query_once(sql);
  return q.next() ? q.integer(0) : -1;
}

}  // namespace

TEST_CASE("store: a restart point names cursor, newest snapshots and the ledger up to it") {
  store_fixture f;
  CHECK_FALSE(f.restart().cursor.has_value());
  CHECK_FALSE(f.restart().first_block.has_value());
  for (block_number n = 5; n <= 12; ++n) {
    auto block = block_at(n);
    if (n == 7 || n == 10)
      block.snapshots = {snapshot_of("b", ref_at(n)), snapshot_of("a", ref_at(n))};
    f.write(block);
  }
  f.reopen();
  const auto at = f.restart();
  CHECK(f.cursor() == ref_at(12));
  CHECK(f.resume_after() == ref_at(10));
  CHECK(at.first_block.value_or(0) == 5);
  REQUIRE(at.snapshots.size() == 2);
  CHECK(at.snapshots[0].agent == "a");
  CHECK(at.snapshots[0].version == 3);
  CHECK(at.snapshots[0].block == ref_at(10));
  CHECK(at.snapshots[1].bytes == snapshot_of("b", ref_at(10)).bytes);
  REQUIRE(at.ledger.size() == 8);
  CHECK(at.ledger.front() == ref_at(5));
  CHECK(at.ledger.back() == ref_at(12));
}

TEST_CASE("store: without snapshots a chain resumes at its first stored block") {
  store_fixture f;
  f.write(block_at(5));
  f.write(block_at(6));
  const auto at = f.restart();
  CHECK_FALSE(at.resume_after.has_value());
  CHECK(at.first_block.value_or(0) == 5);
  CHECK(at.ledger == std::vector<block_ref>{ref_at(5), ref_at(6)});
}

TEST_CASE("store: chains do not see each other") {
  store_fixture f;
  auto other = block_at(20);
  other.block.chain = 137;
  other.wallets = {{wallet_at(0), {}, 1}};
  f.write(block_at(5));
  f.write(other);
  CHECK(f.cursor() == ref_at(5));
  CHECK(f.facts(99, {wallet_at(0)}).empty());
  f.revert({137, {137, 19, hash_at(19)}, {other.block}});
  CHECK(f.cursor() == ref_at(5));
  CHECK(f.db->restart_point(42)->cursor.has_value() == false);
}

TEST_CASE("store: a store of version 0 is brought forward step by step, keeping what it holds") {
  store_fixture f;
  const auto path = (f.folder.path() / "old.db").string();
  auto db = connect(path);
  const char* first[] = {"CREATE TABLE t(a INTEGER); INSERT INTO t VALUES(41);"};
  REQUIRE(migrate(*db, first));
  CHECK(number_of(*db, "PRAGMA user_version") == 1);
  const char* both[] = {first[0], "UPDATE t SET a = a + 1; CREATE TABLE u(b INTEGER);"};
  CHECK_FALSE(check_version(*db, both));
  REQUIRE(migrate(*db, both));
  CHECK(number_of(*db, "PRAGMA user_version") == 2);
  CHECK(number_of(*db, "SELECT a FROM t") == 42);
  REQUIRE(migrate(*db, both));  // nothing left to do
  CHECK(number_of(*db, "SELECT a FROM t") == 42);
}

TEST_CASE("store: a step that fails leaves the store at the version before it") {
  store_fixture f;
  auto db = connect((f.folder.path() / "old.db").string());
  const char* steps[] = {"CREATE TABLE t(a INTEGER)",
                         "CREATE TABLE u(a); INSERT INTO missing VALUES(1)"};
  const auto outcome = migrate(*db, steps);
  REQUIRE_FALSE(outcome);
  CHECK(outcome.error().code == errc::store_failed);
  CHECK(number_of(*db, "PRAGMA user_version") == 1);
  CHECK(number_of(*db, "SELECT count(*) FROM sqlite_master WHERE name = 'u'") == 0);
}

TEST_CASE("store: a store written by a later version is refused, by readers too") {
  store_fixture f;
  f.db.reset();
  connect(f.folder.store_path())->run_script("PRAGMA user_version = 999");
  const auto opened = open_sqlite_store(f.folder.store_path());
  REQUIRE_FALSE(opened);
  CHECK(opened.error().code == errc::store_too_new);
  const auto reader = open_sqlite_reader(f.folder.store_path());
  REQUIRE_FALSE(reader);
  CHECK(reader.error().code == errc::store_too_new);
}

TEST_CASE("store: another program's database is refused, a missing one is not made by a reader") {
  store_fixture f;
  const auto path = (f.folder.path() / "other.db").string();
  connect(path)->run_script("CREATE TABLE theirs(a)");
  const auto opened = open_sqlite_store(path);
  REQUIRE_FALSE(opened);
  CHECK(opened.error().code == errc::store_failed);
  const auto missing = open_sqlite_reader((f.folder.path() / "none.db").string());
  REQUIRE_FALSE(missing);
  CHECK(missing.error().code == errc::file_unreadable);
}

TEST_CASE("store: a full disk is store_full; after rollback the same block can be written") {
  store_fixture f;
  f.db = f.open(120);
  auto large = block_at(1);
  agent_message filler{.from = "a"};
  filler.details.set("text", std::string(200'000, 'x'));
  large.messages = {filler, filler, filler};
  f.write(block_at(0));
  REQUIRE(f.db->begin());
  const auto outcome = f.db->write(large);
  REQUIRE_FALSE(outcome);
  CHECK(outcome.error().code == errc::store_full);
  f.db->rollback();
  CHECK(f.rows("ledger") == 1);
  CHECK(f.rows("messages") == 0);
  f.write(block_at(1));  // a small one still fits
  f.reopen();            // more room
  CHECK(f.cursor() == ref_at(1));
  large.block = ref_at(2);
  large.parent_hash = hash_at(1);
  f.write(large);
  CHECK(f.rows("messages") == 3);
}

TEST_CASE("data folder: a second owner is refused, naming the folder and who holds it") {
  const auto folder = store_fixture::make_folder();
  const auto again = data_folder::open(folder.path());
  REQUIRE_FALSE(again);
  CHECK(again.error().code == errc::folder_locked);
  CHECK(again.error().message.find(folder.path().string()) != std::string::npos);
  CHECK(again.error().message.find(std::to_string(::getpid())) != std::string::npos);
}

TEST_CASE("data folder: made with its parents for its owner alone, free again when let go") {
  const auto parent = store_fixture::make_folder();
  const auto path = parent.path() / "a" / "b";
  for (int i = 0; i < 2; ++i) {
    const auto made = data_folder::open(path.string() + "/");
    REQUIRE(made);
    const auto mode = std::filesystem::status(path).permissions();
    CHECK(mode == std::filesystem::perms::owner_all);
  }
  const auto file = parent.path() / "lock";
  CHECK(data_folder::open(file).error().code == errc::file_unwritable);
}

TEST_CASE("data folder: a temporary one goes with its owner") {
  std::filesystem::path path;
  {
    const auto folder = store_fixture::make_folder();
    path = folder.path();
    CHECK(std::filesystem::exists(path));
  }
  CHECK_FALSE(std::filesystem::exists(path));
}

namespace {

/// Writes blocks from the cursor on, with everything a block can have, telling each commit by a
/// byte.
[[noreturn]] void write_until_killed(const std::string& path, const std::string& events_path,
                                     int progress) {
  auto opened = open_sqlite_store(path);
  if (!opened) ::_exit(1);
  auto& db = **opened;
  auto file = open_events_file(db, events_path);
  if (!file) ::_exit(2);
  const auto key = events_file::key(events_path);
  const auto cursor = db.restart_point(test_chain)->cursor;
  // A restart handles some blocks again.
  auto n = cursor ? cursor->number - std::min<block_number>(cursor->number, 5) : 0;
  for (;;) {
    ++n;
    auto block = block_at(n, 0, 0, 20);
    block.signals = {signal_of(fmt::format("0x{}", n), {ref_at(n)})};
    block.memories = {memory_of("k", ref_at(n))};
    for (unsigned i = 0; i < 10; ++i) block.wallets.push_back({wallet_at(i), {false, wei{1}}, 1});
    if (n % 16 == 0) block.snapshots = {snapshot_of("a", ref_at(n))};
    if (!db.begin()) ::_exit(3);
    file->mark();
    const auto outcome = db.write(block);
    if (!outcome || (outcome->fresh && !file->append_block(*block.events)) || !file->flush() ||
        !db.set_meta(key, std::to_string(file->offset())) || !db.commit())
      ::_exit(4);
    if (::write(progress, ".", 1) != 1) ::_exit(5);
  }
}

}  // namespace

TEST_CASE("store: kill -9 at any moment loses nothing committed and doubles nothing") {
  const auto folder = store_fixture::make_folder();
  const auto path = folder.store_path();
  const auto events_path = (folder.path() / "events.jsonl").string();
  std::mt19937 random{7};
  std::uint64_t told = 0;  // commits the writers told of, less what restarts handle again
  for (int round = 0; round < 20; ++round) {
    int pipe_ends[2];
    REQUIRE(::pipe(pipe_ends) == 0);
    const auto child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
      ::close(pipe_ends[0]);
      write_until_killed(path, events_path, pipe_ends[1]);
    }
    ::close(pipe_ends[1]);
    const auto wanted = 8 + random() % 12;
    char dot = 0;
    for (std::uint64_t i = 0; i < wanted; ++i) REQUIRE(::read(pipe_ends[0], &dot, 1) == 1);
    for (auto spin = random() % 200'000; spin > 0; --spin) asm volatile("");
    ::kill(child, SIGKILL);
    int state = 0;
    ::waitpid(child, &state, 0);
    CHECK(WIFSIGNALED(state));
    ::close(pipe_ends[0]);
    told += round == 0 ? wanted : wanted - 5;

    auto opened = open_sqlite_store(path);
    REQUIRE(opened);
    auto& db = **opened;
    const auto head = db.restart_point(test_chain)->cursor;
    REQUIRE(head.has_value());
    CHECK(head->number >= told);
    told = head->number;
    const auto counts = db.counts();
    for (const auto& [table, rows] : counts->rows)
      if (table == "signals" || table == "memories" || table == "ledger" || table == "evidence")
        CHECK(rows == head->number);
    const auto facts = db.facts({test_chain, head->number, false, {wallet_at(3)}});
    CHECK(facts->known[0].transactions == head->number);
    CHECK(facts->known[0].active_blocks == head->number);
    auto file = open_events_file(db, events_path);
    REQUIRE(file);
    CHECK(file->offset() == std::filesystem::file_size(events_path));
    std::ifstream lines{events_path};
    std::string line;
    std::uint64_t count = 0;
    while (std::getline(lines, line)) {
      // 20 lines a block, in order
      const auto number = 1 + count++ / 20;
      if (line.find(fmt::format("\"block_number\":{},", number)) == std::string::npos)
        FAIL("line " << count << " is not of block " << number << ": " << line);
    }
    CHECK(count == 20 * head->number);
    opened->reset();
    auto raw = connect(path);
    auto check = raw->query_once("PRAGMA integrity_check");
    REQUIRE(check.next());
    CHECK(check.text(0) == "ok");
  }
}
