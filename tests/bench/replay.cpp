// A recording from its text to stored signals: `eremos-node replay` as a user runs it, every agent
// and rule on, into a data folder of its own.
#include <charconv>
#include <chrono>
#include <fstream>
#include <iterator>

#include <unistd.h>

#include <fmt/format.h>

#include "tests/bench/benches.hpp"
#include "tests/bench/node_process.hpp"
#include "tests/bench/recording_file.hpp"

namespace eremos::bench {
namespace {

struct options {
  std::uint64_t megabytes = 1000;
  std::filesystem::path folder = std::filesystem::temp_directory_path() / "eremos-bench";
  std::filesystem::path node = node_process::beside_this_program();
};

bool read_options(const arguments& given, options& out) {
  for (std::size_t i = 0; i + 1 < given.size(); i += 2) {
    const auto value = given[i + 1];
    if (given[i] == "--megabytes") {
      const auto [end, ec] =
          std::from_chars(value.data(), value.data() + value.size(), out.megabytes);
      if (ec != std::errc{} || end != value.data() + value.size() || out.megabytes == 0)
        return false;
    } else if (given[i] == "--folder") {
      out.folder = value;
    } else if (given[i] == "--node") {
      out.node = value;
    } else {
      return false;
    }
  }
  return given.size() % 2 == 0;
}

struct replayed {
  double seconds = 0;  ///< from the start of the process to its end
  std::uint64_t peak_rss_bytes = 0;
  std::uint64_t events = 0;  ///< decoded ones: wallet activity is derived
};

/// The number after `"name":` in a flat object.
std::uint64_t number_of(std::string_view json, std::string_view name) {
  const auto at = json.find(fmt::format("\"{}\":", name));
  std::uint64_t out = 0;
  if (at != std::string_view::npos)
    std::from_chars(json.data() + at + name.size() + 3, json.data() + json.size(), out);
  return out;
}

/// Blocks' links are verified and no more: the mock's hashes are not those of its headers.
result<replayed> replay_once(const options& given, const std::filesystem::path& file) {
  const auto data = given.folder / fmt::format("data-{}", getpid());
  const auto summary = given.folder / fmt::format("summary-{}.json", getpid());
  const auto begin = std::chrono::steady_clock::now();
  auto child = node_process::start({given.node, "replay", file, "--verify", "links", "--data-dir",
                                    data, "--summary", summary, "--log-level", "warn"});
  if (!child) return child.error();
  const auto end = child->wait();
  if (end.code != 0)
    return {errc::file_unreadable, fmt::format("{} ended with {}", given.node.string(), end.code)};
  replayed out;
  out.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  out.peak_rss_bytes = end.peak_rss_bytes;
  std::ifstream in{summary};
  const std::string json{std::istreambuf_iterator<char>{in}, {}};
  const auto events = std::string_view{json}.substr(std::min(json.find("\"events\""), json.size()));
  for (const auto type : {"block", "transaction", "contract_event", "mempool"})
    out.events += number_of(events, type);
  // The work itself: on a machine that others use, wall time says less.
  fmt::print(stderr, "{}: {:.2f} s, {:.2f} s of all cores, {}", file.filename().string(),
             out.seconds, end.cpu_seconds, json);
  std::error_code ec;
  std::filesystem::remove_all(data, ec);
  std::filesystem::remove(summary, ec);
  return out;
}

}  // namespace

int replay(const arguments& given) {
  options wanted;
  if (!read_options(given, wanted)) {
    fmt::print(stderr, "usage: eremos-bench replay [--megabytes N] [--folder DIR] [--node PATH]\n");
    return 2;
  }
  const auto fail = [](const failure& why) {
    fmt::print(stderr, "eremos-bench: {}\n", why.message);
    return 1;
  };
  const auto files = make_recording(wanted.folder, wanted.megabytes);
  if (!files) return fail(files.error());
  fmt::print(stderr, "recording: {} ({} bytes, seed {})\n", files->text.string(), files->text_bytes,
             recording_seed);
  const auto text = replay_once(wanted, files->text);
  if (!text) return fail(text.error());
  const auto packed = replay_once(wanted, files->packed);
  if (!packed) return fail(packed.error());
  const auto bare = inflate_seconds(files->packed);
  if (!bare) return fail(bare.error());
  const auto bytes = static_cast<double>(files->text_bytes);
  fmt::print(stderr, "gz: {:.1f} MB/s of text, bare inflate {:.1f} MB/s\n",
             bytes / packed->seconds / 1e6, bytes / *bare / 1e6);
  fmt::print(R"({{"bench":"replay","megabytes_per_second":{:.1f},"events_per_second":{:.0f},)"
             R"("peak_rss_bytes":{},"gz_ratio_to_inflate":{:.3f}}})"
             "\n",
             bytes / text->seconds / 1e6, static_cast<double>(text->events) / text->seconds,
             text->peak_rss_bytes, *bare / packed->seconds);
  return 0;
}

}  // namespace eremos::bench
