// Lines of plain, gzip, torn and damaged files.
#include <filesystem>
#include <fstream>

#include <zlib.h>
#include <catch2/catch.hpp>

#include "runtime/journal/line_reader.hpp"

using namespace eremos;

namespace {

std::string gzip(std::string_view text) {
  z_stream stream{};
  REQUIRE(deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) == Z_OK);
  std::string out(text.size() + 128, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  REQUIRE(deflate(&stream, Z_FINISH) == Z_STREAM_END);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

/// A file of its own that is removed at the end.
class temporary_file {
 public:
  explicit temporary_file(std::string_view bytes) {
    std::string name = (std::filesystem::temp_directory_path() / "eremos-lines-XXXXXX").string();
    const int descriptor = mkstemp(name.data());
    REQUIRE(descriptor >= 0);
    close(descriptor);
    path_ = name;
    std::ofstream{path_, std::ios::binary} << bytes;
  }
  ~temporary_file() { std::filesystem::remove(path_); }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

struct outcome {
  std::vector<std::string> lines;
  std::vector<std::uint64_t> numbers;
  bool last_is_whole = true;
  std::uint64_t overlong = 0;
  source_end end = source_end::open;
};

outcome read(std::string_view bytes, std::size_t line_max = line_bytes_max) {
  const temporary_file file{bytes};
  auto reader = line_reader::open(file.path(), line_max);
  REQUIRE(reader);
  outcome out;
  while (const auto line = reader->next()) {
    out.lines.emplace_back(line->text);
    out.numbers.push_back(line->number);
    out.last_is_whole = line->is_whole;
  }
  CHECK(!reader->next());
  out.overlong = reader->overlong_lines();
  out.end = reader->ended();
  return out;
}

using texts = std::vector<std::string>;

}  // namespace

TEST_CASE("LINES: plain text, whatever ends its lines") {
  const auto seen = read("a\nbb\r\n\nccc\n");
  CHECK(seen.lines == texts{"a", "bb", "ccc"});
  CHECK(seen.numbers == std::vector<std::uint64_t>{1, 2, 4});
  CHECK(seen.last_is_whole);
  CHECK(seen.end == source_end::clean);
}

TEST_CASE("LINES: a last line without an end is given, and marked") {
  const auto seen = read("a\nbb");
  CHECK(seen.lines == texts{"a", "bb"});
  CHECK(!seen.last_is_whole);
}

TEST_CASE("LINES: an empty file has none") {
  CHECK(read("").lines.empty());
  CHECK(read("\n\n").lines.empty());
  CHECK(read(gzip("")).lines.empty());
  CHECK(read(gzip("")).end == source_end::clean);
}

TEST_CASE("LINES: gzip is known by its bytes, several members are one text") {
  const auto seen = read(gzip("a\nb") + gzip("b\n") + gzip("") + gzip("c\n"));
  CHECK(seen.lines == texts{"a", "bb", "c"});
  CHECK(seen.end == source_end::clean);
}

TEST_CASE("LINES: zeros after a gzip member are padding") {
  const auto seen = read(gzip("a\n") + std::string(600, '\0'));
  CHECK(seen.lines == texts{"a"});
  CHECK(seen.end == source_end::clean);
}

TEST_CASE("LINES: of a gzip file cut at any byte all whole lines are kept") {
  std::string text;
  for (int i = 0; i < 2000; ++i) text += "line " + std::to_string(i * 7919 % 10007) + "\n";
  const auto bytes = gzip(text);
  for (std::size_t cut = 20; cut < bytes.size(); cut += 997) {
    const auto seen = read(std::string_view{bytes}.substr(0, cut));
    CHECK(seen.end == source_end::truncated);
    std::string back;
    for (const auto& line : seen.lines) back += line + "\n";
    if (!seen.last_is_whole) back.pop_back();
    CHECK(text.starts_with(back));
  }
}

TEST_CASE("LINES: damage inside gzip is said, what was before it is kept") {
  auto bytes = gzip("a\nb\n") + "no gzip at all";
  auto seen = read(bytes);
  CHECK(seen.lines == texts{"a", "b"});
  CHECK(seen.end == source_end::corrupt);
  bytes = gzip("a\nb\n");
  bytes[bytes.size() - 6] ^= 1;  // the checksum
  seen = read(bytes);
  CHECK(seen.lines == texts{"a", "b"});
  CHECK(seen.end == source_end::corrupt);
}

TEST_CASE("LINES: a line over the limit is skipped and counted, the next is read") {
  const std::string long_line(700'000, 'x');
  auto seen = read("a\n" + long_line + "\nb\n", 300'000);
  CHECK(seen.lines == texts{"a", "b"});
  CHECK(seen.numbers == std::vector<std::uint64_t>{1, 3});
  CHECK(seen.overlong == 1);
  seen = read("a\n" + long_line, 300'000);
  CHECK(seen.lines == texts{"a"});
  CHECK(seen.overlong == 1);
  seen = read(gzip(long_line + "\n" + long_line + "\nc\n"), 10);
  CHECK(seen.lines == texts{"c"});
  CHECK(seen.overlong == 2);
  seen = read("12345\n123456\n", 5);
  CHECK(seen.lines == texts{"12345"});
  CHECK(seen.overlong == 1);
}

TEST_CASE("LINES: what cannot be opened is an error that names it") {
  const auto missing = line_reader::open("/nonexistent/file.jsonl");
  REQUIRE(!missing);
  CHECK(missing.error().code == errc::file_unreadable);
  CHECK(missing.error().message.find("/nonexistent/file.jsonl") != std::string::npos);
  CHECK(!line_reader::open(std::filesystem::temp_directory_path()));
}
