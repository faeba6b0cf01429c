#include "connectors/ethereum/log_range.hpp"

#include <array>
#include <cctype>
#include <charconv>
#include <string>

namespace eremos {
namespace {

/// What follows a phrase.
enum class follows : std::uint8_t {
  nothing,    ///< the phrase alone says it: too many blocks or logs
  blocks,     ///< the number of blocks that are allowed
  if_blocks,  ///< a number, of blocks only if it says so
};

struct phrase {
  std::string_view text;  ///< lower case
  follows then;
};

// Collected by ponder (packages/utils/src/getLogsRetryHelper.ts) and erpc
// (architecture/evm/error_normalizer.go), and seen. The first that fits counts.
constexpr std::array phrases = {
    phrase{"max range: ", follows::blocks},                        // Cloudflare
    phrase{"maximum block range: ", follows::blocks},              // publicnode, thirdweb
    phrase{"limit the query to at most ", follows::blocks},        // Coinbase
    phrase{"number of requested blocks is ", follows::blocks},     // thirdweb
    phrase{"ranges over ", follows::blocks},                       // dRPC
    phrase{"limited to a ", follows::blocks},                      // QuickNode, 1rpc
    phrase{"block range is too wide, at most ", follows::blocks},  // misbehaving-provider
    phrase{"limited to ", follows::if_blocks},                     // BlockPI, Tenderly
    phrase{"max is ", follows::if_blocks},                         // Merkle, LlamaRPC
    phrase{"block range is too ", follows::nothing},               // Ankr, Arbitrum
    phrase{"block range too ", follows::nothing},                  // BSC
    phrase{"block range limit exceeded", follows::nothing},        // Chainstack
    phrase{"query returned more than ", follows::nothing},         // Infura, zkSync: results
    phrase{"exceeds max results", follows::nothing},               // reth
    phrase{"logs matched by query exceeds limit", follows::nothing},
    phrase{"response size exceeded", follows::nothing},      // Alchemy
    phrase{"response is too big", follows::nothing},         // reth, jsonrpsee
    phrase{"response too large", follows::nothing},          // Optimism's proxyd
    phrase{"the answer is larger than ", follows::nothing},  // this program's own limit
    phrase{"http status 413", follows::nothing},             // QuickNode
};

/// "10,000", "10k", "2000"; `text` then begins behind it.
maybe<std::uint64_t> read_count(std::string_view& text) {
  std::string digits;
  std::size_t at = 0;
  for (; at < text.size() && digits.size() < 12; ++at) {
    if (std::isdigit(static_cast<unsigned char>(text[at])) != 0)
      digits += text[at];
    else if (text[at] != ',' || digits.empty())
      break;
  }
  std::uint64_t out = 0;
  if (std::from_chars(digits.data(), digits.data() + digits.size(), out).ec != std::errc{})
    return {};
  if (at < text.size() && text[at] == 'k') out *= 1'000, ++at;
  text.remove_prefix(at);
  return out == 0 ? maybe<std::uint64_t>{} : maybe<std::uint64_t>{out};
}

maybe<block_number> read_hex_number(std::string_view& text) {
  const auto at = text.find("0x");
  if (at == std::string_view::npos) return {};
  text.remove_prefix(at + 2);
  block_number out = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), out, 16);
  if (read.ec != std::errc{}) return {};
  text.remove_prefix(static_cast<std::size_t>(read.ptr - text.data()));
  return out;
}

/// Alchemy: "this block range should work: [0x1, 0x2]"; Infura: "Try with this block range […]".
maybe<block_span> read_suggestion(std::string_view text) {
  const auto at = text.find("this block range");
  if (at == std::string_view::npos) return {};
  auto rest = text.substr(at);
  const auto first = read_hex_number(rest);
  const auto last = first ? read_hex_number(rest) : maybe<block_number>{};
  if (!last || *last < *first) return {};
  return block_span{*first, *last};
}

/// "range 1000000 exceeds limit of 10000" (Infura), "exceeds the range allowed for your plan (a >
/// 500)" (Blast): the number allowed comes last.
maybe<range_hint> read_excess(std::string_view text) {
  const auto range = text.find("range");
  if (range == std::string_view::npos) return {};
  for (const std::string_view word : {"exceeds limit of ", " > "}) {
    const auto at = text.find(word);
    if (at == std::string_view::npos || text.find("exceeds") == std::string_view::npos) continue;
    auto rest = text.substr(at + word.size());
    if (const auto count = read_count(rest)) return range_hint{.works = {}, .blocks_max = count};
  }
  return {};
}

}  // namespace

maybe<range_hint> read_range_hint(std::string_view text) {
  std::string lower{text};
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  const std::string_view said{lower};
  if (const auto works = read_suggestion(said)) return range_hint{.works = works, .blocks_max = {}};
  for (const auto& p : phrases) {
    const auto at = said.find(p.text);
    if (at == std::string_view::npos) continue;
    if (p.then == follows::nothing) return range_hint{};
    auto rest = said.substr(at + p.text.size());
    const auto count = read_count(rest);
    const bool of_blocks = rest.starts_with(" block") || rest.starts_with(" range");
    if (count && (p.then == follows::blocks || of_blocks))
      return range_hint{.works = {}, .blocks_max = count};
  }
  return read_excess(said);
}

void log_range_size::answered(std::uint64_t asked, std::size_t logs,
                              std::chrono::nanoseconds took) noexcept {
  if (logs > logs_wanted || took > 2 * time_wanted) {
    blocks_ = std::max<std::uint64_t>(1, std::min(blocks_, asked) / 2);
    return;
  }
  if (asked < blocks_) return;  // the end of the gap came first
  if (++answers_ >= patience) refused_ = never;
  if (logs > logs_wanted / 2 || took > time_wanted) return;
  const auto step = refused_ == never ? blocks_ : (refused_ - blocks_) / 2;
  blocks_ = std::min({blocks_ + step, limit_, blocks_max});
}

void log_range_size::refused(const block_span& asked, const range_hint& hint) noexcept {
  answers_ = 0;
  refused_ = std::clamp<std::uint64_t>(asked.size(), 2, refused_);
  auto next = asked.size() / 2;
  if (hint.blocks_max) limit_ = std::min(limit_, *hint.blocks_max);
  // Some count the blocks between, so what is allowed by their words may be refused again.
  if (hint.blocks_max && *hint.blocks_max < asked.size()) next = *hint.blocks_max;
  if (hint.works && hint.works->first == asked.first && hint.works->size() < asked.size())
    next = hint.works->size();
  blocks_ = std::clamp<std::uint64_t>(next, 1, std::min(limit_, blocks_max));
}

}  // namespace eremos
