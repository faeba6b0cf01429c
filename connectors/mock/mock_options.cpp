#include "connectors/mock/mock_options.hpp"

#include <fmt/format.h>

namespace eremos {
namespace {

/// Above this a head is due every few microseconds, which "max" says better.
constexpr double rate_max = 10'000'000;
/// Block times in milliseconds stay far inside 64 bits up to here.
constexpr block_number first_block_max = 1'000'000'000;
/// A branch that loses is not finalized.
constexpr std::uint64_t reorg_depth_max = mock_finalized_depth - 1;

}  // namespace

result<mock_options> mock_options::parse(const option_map& options) {
  mock_options out;
  option_reader read{options};
  out.seed = read.number("seed", out.seed);
  const auto rate = options.find("rate");
  if (rate != options.end() && rate->second.texts == std::vector<std::string>{"max"}) {
    read.text("rate", "");  // known, and read
    out.events_per_second = std::nullopt;
  } else {
    const auto number = read.real("rate", *out.events_per_second, 0, rate_max);
    out.events_per_second = number > 0 ? maybe<double>{number} : maybe<double>{};
  }
  out.first_block = read.number("first_block", out.first_block, 1, first_block_max);
  out.blocks = read.number("blocks", out.blocks, 0, first_block_max);
  out.dense = read.flag("dense", out.dense);
  out.mempool = read.flag("mempool", out.mempool);
  out.reorg_every = read.number("reorg_every", out.reorg_every, 0, first_block_max);
  out.reorg_depth = read.number("reorg_depth", out.reorg_depth, 1, reorg_depth_max);
  const auto names = read.texts("patterns");
  if (const auto bad = read.finish()) return *bad;
  if (out.reorg_every != 0 && out.reorg_every <= out.reorg_depth) {
    const auto at = options.find("reorg_every");
    return {errc::bad_option,
            fmt::format("{}reorg_every: {} is not more than reorg_depth, which is {}",
                        at->second.where.empty() ? "" : at->second.where + ": ", out.reorg_every,
                        out.reorg_depth)};
  }
  if (const auto at = options.find("patterns"); at != options.end()) {
    const auto where = at->second.where.empty() ? "" : at->second.where + ": ";
    if (!at->second.is_list)
      return {errc::bad_option, where + "patterns: want a list, like [\"launch\", \"mints\"]"};
    auto patterns = mock_patterns::parse(names);
    if (!patterns)
      return {errc::bad_option, fmt::format("{}patterns: {}", where, patterns.error().message)};
    out.patterns = *patterns;
  }
  return out;
}

}  // namespace eremos
