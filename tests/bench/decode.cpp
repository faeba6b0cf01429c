// Text of a provider's messages to events, through the decoders of the live connector, beside what
// simdjson alone takes to parse the same text.
#include <filesystem>

#include <fmt/format.h>
#include <simdjson.h>

#include "connectors/ethereum/decode_block.hpp"
#include "connectors/ethereum/decode_log.hpp"
#include "connectors/ethereum/decode_receipt.hpp"
#include "connectors/ethereum/json_rpc.hpp"
#include "connectors/mock/mock_chain.hpp"
#include "connectors/replay/recorded_line.hpp"
#include "runtime/journal/line_reader.hpp"
#include "tests/bench/benches.hpp"
#include "tests/bench/measure.hpp"
#include "tests/bench/provider_text.hpp"

namespace eremos::bench {
namespace {

constexpr std::uint64_t seed = 1;
constexpr block_number made_blocks = 60;  // about 60 MB of text, more than any cache holds
constexpr double measured_seconds = 3;
constexpr int runs = 3;  // the best counts: whoever shares the machine only slows down

/// Whole WebSocket messages.
struct frames {
  std::vector<std::string> log, block, receipts;
};

std::string notification(std::string_view result) {
  return fmt::format(R"({{"jsonrpc":"2.0","method":"eth_subscription","params":{{"subscription":)"
                     R"("0x9cef478923ff08bf67fde6c64013158d","result":{}}}}})",
                     result);
}

std::string answer(std::size_t id, std::string_view result) {
  return fmt::format(R"({{"jsonrpc":"2.0","id":{},"result":{}}})", id, result);
}

frames made_frames() {
  const mock_chain chain{{.seed = seed, .chain = 1, .dense = true}};
  frames out;
  std::string text;
  for (block_number number = 2; number < made_blocks + 2; ++number) {
    const auto block = chain.block(number);
    append_block(text = {}, block);
    out.block.push_back(answer(number, text));
    append_receipts(text = {}, block);
    out.receipts.push_back(answer(number, text));
    for (const auto& receipt : block.receipts)
      for (const auto& log : receipt.logs) {
        append_log(text = {}, log, block.header);
        out.log.push_back(notification(text));
      }
  }
  return out;
}

/// The logs of a list of receipts, each as a message.
void add_logs(std::string_view receipts, std::vector<std::string>& out) {
  simdjson::dom::parser parser;
  simdjson::dom::array list;
  if (parser.parse(receipts.data(), receipts.size()).get(list)) return;
  for (const auto receipt : list) {
    simdjson::dom::array logs;
    if (receipt["logs"].get(logs)) continue;
    for (const auto log : logs) out.push_back(notification(simdjson::minify(log)));
  }
}

/// What the recordings of mainnet below a folder hold.
frames recorded_frames(const std::filesystem::path& folder) {
  frames out;
  json_parser parser;
  for (const auto& entry : std::filesystem::recursive_directory_iterator{folder}) {
    const auto name = entry.path().filename().string();
    if (!name.starts_with("ethereum-") || name.find(".jsonl") == std::string::npos) continue;
    auto reader = line_reader::open(entry.path());
    if (!reader) continue;
    while (const auto line = reader->next()) {
      const auto parts = parse_recorded_line(parser, line->text);
      if (!parts || parts->result.empty() || parts->result == "null") continue;
      const std::string result{parts->result};
      if (parts->method.starts_with("eth_getBlockBy")) {
        out.block.push_back(answer(out.block.size(), result));
      } else if (parts->method == "eth_getBlockReceipts") {
        out.receipts.push_back(answer(out.receipts.size(), result));
        add_logs(result, out.log);
      } else if (parts->method == "eth_getTransactionReceipt") {
        add_logs("[" + result + "]", out.log);
      }
    }
  }
  return out;
}

struct speed {
  double events_per_second = 0;
  double gigabytes_per_second = 0;
};

/// Handles every message again and again for a while. `handle` gives the events of one, or 0 where
/// it is refused.
template <class Handle>
speed measure(const std::vector<std::string>& messages, Handle&& handle) {
  speed best;
  for (int run = 0; run < runs; ++run) {
    std::uint64_t events = 0, bytes = 0;
    double seconds = 0;
    const auto begin = thread_cpu_seconds();
    while (seconds < measured_seconds / runs) {
      for (const auto& text : messages) {
        const std::uint64_t count = handle(text);
        if (count == 0) fmt::print(stderr, "refused: {:.200}\n", text);
        events += count;
        bytes += text.size();
      }
      seconds = thread_cpu_seconds() - begin;
    }
    best.events_per_second =
        std::max(best.events_per_second, static_cast<double>(events) / seconds);
    best.gigabytes_per_second =
        std::max(best.gigabytes_per_second, static_cast<double>(bytes) / seconds / 1e9);
  }
  return best;
}

/// `events_of(result)` decodes what a frame brought.
template <class EventsOf>
std::string figures(const std::vector<std::string>& messages, EventsOf&& events_of) {
  frame_decoder decoder;
  const auto decoded = measure(messages, [&](const std::string& text) {
    std::uint64_t events = 0;
    for (const auto& frame : decoder.decode(text)) events += events_of(frame.result);
    return events;
  });
  simdjson::dom::parser parser;
  const auto bare = measure(messages, [&](const std::string& text) {
    return parser.parse(text.data(), text.size()).error() == simdjson::SUCCESS ? 1u : 0u;
  });
  return fmt::format(R"({{"events_per_second":{:.0f},"gigabytes_per_second":{:.3f},)"
                     R"("bare_parse_gigabytes_per_second":{:.3f}}})",
                     decoded.events_per_second, decoded.gigabytes_per_second,
                     bare.gigabytes_per_second);
}

void describe(std::string_view what, const std::vector<std::string>& messages) {
  std::size_t bytes = 0;
  for (const auto& text : messages) bytes += text.size();
  fmt::print(stderr, "{}: {} messages, {:.1f} MB\n", what, messages.size(),
             static_cast<double>(bytes) / 1e6);
}

}  // namespace

int decode(const arguments& given) {
  const bool is_recorded = given.size() == 2 && given[0] == "--data";
  if (!given.empty() && !is_recorded) {
    fmt::print(stderr, "usage: eremos-bench decode [--data DIR]\n");
    return 2;
  }
  const auto input = is_recorded ? recorded_frames(given[1]) : made_frames();
  if (input.log.empty() || input.block.empty() || input.receipts.empty()) {
    fmt::print(stderr, "no recordings of mainnet with blocks and receipts below {}\n", given[1]);
    return 1;
  }
  if (is_recorded)
    fmt::print(stderr, "input: recordings of mainnet below {}\n", given[1]);
  else
    fmt::print(stderr, "input: made, seed {}, blocks as full as mainnet's\n", seed);
  describe("logs", input.log);
  describe("blocks", input.block);
  describe("receipts", input.receipts);

  const auto signatures = signature_table::built_in();
  const decode_context context{1, &signatures};
  json_parser parser;
  const auto log = figures(input.log, [&](std::string_view text) -> std::uint64_t {
    return decode_log(parser, context, text) ? 1 : 0;
  });
  const auto block = figures(input.block, [&](std::string_view text) -> std::uint64_t {
    const auto record = decode_block(parser, context, text);
    return record ? 1 + record->transactions.size() : 0;
  });
  const auto receipts = figures(input.receipts, [&](std::string_view text) -> std::uint64_t {
    const auto record = decode_receipts(parser, context, text);
    std::uint64_t events = 0;
    if (record)
      for (const auto& receipt : record->receipts) events += receipt.logs.size();
    return events;
  });
  fmt::print(R"({{"bench":"decode","log":{},"block":{},"receipts":{}}})"
             "\n",
             log, block, receipts);
  return 0;
}

}  // namespace eremos::bench
