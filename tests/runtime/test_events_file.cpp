// The events file: each event once, whatever a crash left behind the stored offset.
#include <fstream>
#include <sstream>

#include "runtime/storage/event_json.hpp"
#include "runtime/storage/events_file.hpp"
#include "runtime/storage/store_actor.hpp"
#include "test_store_blocks.hpp"

using namespace eremos;
using namespace eremos::test;

namespace {

std::string text_of(const std::string& path) {
  std::ifstream in{path};
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

void append_text(const std::string& path, const std::string& text) {
  std::ofstream{path, std::ios::app} << text;
}

events_file must_open(const std::string& path, maybe<std::uint64_t> offset) {
  auto file = events_file::open(path, offset);
  if (!file) FAIL(file.error().message);
  return std::move(*file);
}

struct file_fixture {
  data_folder folder = store_fixture::make_folder();
  std::string path = (folder.path() / "events.jsonl").string();
  std::string block_line = to_json(transaction_in(ref_at(1), 0)) + "\n";
  std::string pending_line = to_json(pending_transaction(1)) + "\n";
};

}  // namespace

TEST_CASE("events file: lines are in the file after a flush, one event each") {
  file_fixture f;
  auto file = must_open(f.path, std::nullopt);
  REQUIRE(file.append_block({transaction_in(ref_at(1), 0), transaction_in(ref_at(1), 1)}));
  REQUIRE(file.append_reverted({ref_at(1)}));
  REQUIRE(file.flush());
  const auto text = text_of(f.path);
  CHECK(file.offset() == text.size());
  CHECK(text == f.block_line + to_json(transaction_in(ref_at(1), 1)) + "\n" +
                    R"({"type":"reverted","chain_id":1,"block_number":1,"block_hash":")" +
                    to_hex(hash_at(1)) + "\"}\n");
}

TEST_CASE("events file: what follows the stored offset is cut, but for mempool lines") {
  file_fixture f;
  append_text(f.path, f.block_line);
  const auto stored = f.block_line.size();
  const auto second_pending = to_json(pending_transaction(2)) + "\n";
  append_text(f.path, f.block_line + f.pending_line + f.block_line + second_pending +
                          f.pending_line.substr(0, 30));
  const auto file = must_open(f.path, stored);
  CHECK(text_of(f.path) == f.block_line + f.pending_line + second_pending);
  CHECK(file.offset() == stored + f.pending_line.size() + second_pending.size());
}

TEST_CASE("events file: a crash while cutting leaves no mempool line twice") {
  file_fixture f;
  append_text(f.path, f.block_line + f.pending_line + f.block_line + f.pending_line);
  must_open(f.path, f.block_line.size());
  CHECK(text_of(f.path) == f.block_line + f.pending_line);
}

TEST_CASE("events file: a torn write is cut to the stored offset") {
  file_fixture f;
  append_text(f.path, f.block_line + f.block_line.substr(0, 20));
  must_open(f.path, f.block_line.size());
  CHECK(text_of(f.path) == f.block_line);
}

TEST_CASE("events file: without a stored offset writing begins at the end") {
  file_fixture f;
  append_text(f.path, "somebody's line\n");
  auto file = must_open(f.path, std::nullopt);
  REQUIRE(file.append_block({transaction_in(ref_at(1), 0)}));
  REQUIRE(file.flush());
  CHECK(text_of(f.path) == "somebody's line\n" + f.block_line);
}

TEST_CASE("events file: a file shorter than the stored offset is continued at its end") {
  file_fixture f;
  append_text(f.path, f.block_line);
  CHECK(must_open(f.path, 10'000).offset() == f.block_line.size());
}

TEST_CASE("events file: rewind forgets what was appended since the mark, written or not") {
  file_fixture f;
  auto file = must_open(f.path, std::nullopt);
  REQUIRE(file.append_mempool({pending_transaction(1)}));
  REQUIRE(file.write_out());
  file.mark();
  event_list many;
  for (unsigned i = 0; i < 3'000; ++i) many.push_back(transaction_in(ref_at(1), i));
  REQUIRE(file.append_block(many));  // more than the buffer holds
  CHECK(text_of(f.path).size() > f.pending_line.size());
  REQUIRE(file.rewind());
  REQUIRE(file.flush());
  CHECK(text_of(f.path) == f.pending_line);
}

TEST_CASE("events file: a file in a folder that is not there is refused by name") {
  file_fixture f;
  const auto path = (f.folder.path() / "none" / "events.jsonl").string();
  const auto file = events_file::open(path, std::nullopt);
  REQUIRE_FALSE(file);
  CHECK(file.error().code == errc::file_unwritable);
  CHECK(file.error().message.find(path) != std::string::npos);
}

TEST_CASE("events file: the store knows where writing began before the first line is written") {
  store_fixture f;
  const auto path = (f.folder.path() / "events.jsonl").string();
  const std::string theirs = "somebody's line\n";
  append_text(path, theirs);
  {
    auto file = open_events_file(*f.db, path);
    REQUIRE(file);
    REQUIRE(file->append_block({transaction_in(ref_at(1), 0)}));
    REQUIRE(file->flush());  // and the process ends here, before its commit
  }
  REQUIRE(open_events_file(*f.db, path));
  CHECK(text_of(path) == theirs);
}
