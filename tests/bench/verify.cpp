// What it costs to hold a block against its hash: CPU time of the one thread that does it, decoding
// not counted.
#include <algorithm>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "connectors/ethereum/decode_block.hpp"
#include "connectors/ethereum/decode_receipt.hpp"
#include "connectors/ethereum/verify/block_verifier.hpp"
#include "connectors/replay/recorded_line.hpp"
#include "runtime/journal/line_reader.hpp"
#include "tests/bench/benches.hpp"
#include "tests/bench/measure.hpp"
#include "tests/bench/verified_chain.hpp"

namespace eremos::bench {
namespace {

constexpr chain_id mainnet = 1;
constexpr dense_shape made_shape{.blocks = 40, .transactions = 200};
/// Of each block; the best counts: whoever shares the machine only slows down.
constexpr int runs_of_each = 5;

/// Of blocks with full bodies, as a provider gave them.
struct block_text {
  std::string block;
  std::string receipts;  ///< empty: not recorded as a list
  std::size_t transactions = 0;
};

std::vector<block_text> made_blocks() {
  std::vector<block_text> out;
  for (auto& b : make_dense_chain(made_shape))
    out.push_back({std::move(b.whole), std::move(b.receipts), made_shape.transactions});
  return out;
}

/// What the recordings of mainnet below a folder hold.
std::vector<block_text> recorded_blocks(const std::filesystem::path& folder) {
  const decode_context context{mainnet, nullptr};
  json_parser lines, results;
  std::map<hash32, block_text> by_hash;
  for (const auto& entry : std::filesystem::recursive_directory_iterator{folder}) {
    const auto name = entry.path().filename().string();
    if (!name.starts_with("ethereum-") || name.find(".jsonl") == std::string::npos) continue;
    auto reader = line_reader::open(entry.path());
    if (!reader) continue;
    while (const auto text = reader->next()) {
      const auto line = parse_recorded_line(lines, text->text);
      if (!line || line->result.empty() || line->result == "null") continue;
      if (line->method.starts_with("eth_getBlockBy")) {
        const auto block = decode_block(results, context, line->result);
        if (!block || block->transactions.empty()) continue;
        auto& known = by_hash[block->header.hash];
        known.block = line->result;
        known.transactions = block->transactions.size();
      } else if (line->method == "eth_getBlockReceipts") {
        const auto list = decode_receipts(results, context, line->result);
        if (list) by_hash[list->header.hash].receipts = line->result;
      }
    }
  }
  std::vector<block_text> out;
  for (auto& [hash, texts] : by_hash)
    if (!texts.block.empty()) out.push_back(std::move(texts));
  return out;
}

struct cost {
  double seconds = 0;
  std::uint64_t transactions = 0;
  std::size_t suspect = 0;
  double slowest_seconds = 0;
  std::size_t slowest_transactions = 0;
};

cost verify_all(const std::vector<block_text>& blocks, verify_options options) {
  const block_verifier verifier{options};
  json_parser parser;
  block_record record;
  record.chain = mainnet;
  cost out;
  for (const auto& texts : blocks) {
    double best = 0;
    bool suspect = false;
    for (int run = 0; run < runs_of_each; ++run) {
      const auto begin = thread_cpu_seconds();
      auto evidence = verifier.examine_block(parser, mainnet, texts.block);
      if (!texts.receipts.empty())
        evidence.merge(verifier.examine_receipts(parser, texts.receipts));
      suspect = verifier.verify(evidence, record).is_suspect();
      const auto seconds = thread_cpu_seconds() - begin;
      best = run == 0 ? seconds : std::min(best, seconds);
    }
    out.seconds += best;
    out.transactions += texts.transactions;
    if (suspect) ++out.suspect;
    if (best > out.slowest_seconds) {
      out.slowest_seconds = best;
      out.slowest_transactions = texts.transactions;
    }
  }
  return out;
}

std::string cost_text(const cost& c) {
  const auto each = c.seconds / static_cast<double>(c.transactions);
  return fmt::format(R"({{"us_per_transaction":{:.1f},"ms_per_200_transactions":{:.2f},)"
                     R"("slowest_block_ms":{:.2f},"slowest_block_transactions":{},)"
                     R"("suspect":{}}})",
                     each * 1e6, each * 200e3, c.slowest_seconds * 1e3, c.slowest_transactions,
                     c.suspect);
}

}  // namespace

int verify(const arguments& given) {
  const bool is_recorded = given.size() == 2 && given[0] == "--data";
  if (!given.empty() && !is_recorded) {
    fmt::print(stderr, "usage: eremos-bench verify [--data DIR]\n");
    return 2;
  }
  const auto blocks = is_recorded ? recorded_blocks(given[1]) : made_blocks();
  if (blocks.empty()) {
    fmt::print(stderr, "no recordings of mainnet with full blocks below {}\n", given[1]);
    return 1;
  }
  std::size_t transactions = 0, with_receipts = 0;
  for (const auto& b : blocks) {
    transactions += b.transactions;
    with_receipts += b.receipts.empty() ? 0 : 1;
  }
  fmt::print(stderr, "input: {} full blocks {}, {} with receipts, {} transactions\n", blocks.size(),
             is_recorded ? fmt::format("recorded below {}", given[1])
                         : fmt::format("made, seed {}", made_shape.seed),
             with_receipts, transactions);
  fmt::print(R"({{"bench":"verify","full":{},"full_without_senders":{},"logs":{}}})"
             "\n",
             cost_text(verify_all(blocks, {})), cost_text(verify_all(blocks, {.senders = false})),
             cost_text(verify_all(blocks, {.level = verify_level::logs})));
  return 0;
}

}  // namespace eremos::bench
