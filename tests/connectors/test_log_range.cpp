// How ranges of logs are sized: what providers' refusals say, and what is asked for next.
#include <fstream>
#include <map>

#include <fmt/format.h>
#include <catch2/catch.hpp>

#include "connectors/ethereum/error_class.hpp"
#include "connectors/ethereum/log_range.hpp"
#include "connectors/ethereum/ranged_logs.hpp"
#include "tests/support/shared_data.hpp"

using namespace eremos;

namespace {

range_hint at_most(std::uint64_t blocks) { return {.works = {}, .blocks_max = blocks}; }
range_hint works(block_number first, block_number last) {
  return {.works = block_span{first, last}, .blocks_max = {}};
}
const range_hint too_large{};

block_record piece(block_number n, std::uint8_t hash) {
  block_record out;
  out.header.number = n;
  out.header.hash.data[0] = hash;
  out.logs.emplace_back();
  return out;
}

}  // namespace

TEST_CASE("log ranges: what providers say of one that is too large is understood") {
  // Texts as ponder, erpc and issue reports quote them; the provider beside each.
  const std::vector<std::pair<std::string_view, range_hint>> table = {
      {"Log response size exceeded. You can make eth_getLogs requests with up to a 2K block range "
       "and no limit on the response size, or you can request any block range with a cap of 10K "
       "logs in the response. Based on your parameters and the response size limit, this block "
       "range should work: [0x10bb0cf, 0x10bb0f1]",
       works(0x10bb0cf, 0x10bb0f1)},  // Alchemy
      {"query returned more than 10000 results. Try with this block range [0x10BB0CF, 0x10BB0D1].",
       works(0x10bb0cf, 0x10bb0d1)},  // Infura
      {"query returned more than 10000 results", too_large},
      {"range 1000000 exceeds limit of 10000", at_most(10'000)},                    // Infura, 2026
      {"query exceeds max results 20000", too_large},                               // reth
      {"Response is too big", too_large},                                           // reth
      {"eth_getLogs is limited to a 10,000 range", at_most(10'000)},                // QuickNode
      {"eth_getLogs is limited to a 1000 blocks range", at_most(1'000)},            // 1rpc
      {"block range is too wide", too_large},                                       // Ankr
      {"block range is too large", too_large},                                      // Arbitrum
      {"Block range limit exceeded. See more details at https://a", too_large},     // Chainstack
      {"ranges over 10000 blocks are not supported on freetier", at_most(10'000)},  // dRPC
      {"Max range: 800", at_most(800)},                                             // Cloudflare
      {"maximum block range: 2000", at_most(2'000)},                                // publicnode
      {"please limit the query to at most 1000 blocks", at_most(1'000)},            // Coinbase
      {"Maximum allowed number of requested blocks is 3500", at_most(3'500)},       // thirdweb
      {"block range exceeds the range allowed for your plan (5001 > 3000)", at_most(3'000)},
      {"eth_getLogs is limited to 1024 block range", at_most(1'024)},        // BlockPI
      {"eth_getLogs range is too large, max is 1k blocks", at_most(1'000)},  // Merkle
      {"logs matched by query exceeds limit of 10000", too_large},           // Arbitrum
      {"backend response too large", too_large},                             // Optimism
      {"eth_getLogs: HTTP status 413", too_large},                           // QuickNode
      {"https://a: the answer is larger than 67108864 bytes", too_large},    // our own limit
      {"block range is too wide, at most 2000", at_most(2'000)}};
  for (const auto& [text, hint] : table) {
    CAPTURE(text);
    CHECK(read_range_hint(text) == maybe{hint});
  }
}

TEST_CASE("log ranges: refusals for other reasons are not taken for a size") {
  for (const auto* text :
       {"rate limit exceeded", "credits limited to 6000/sec", "daily request count exceeded",
        "header not found", "the method eth_getLogs does not exist", "limit exceeded", "",
        "exceeded the quota usage", "invalid params", "max is 12", "limited to ", "Max range: many",
        "this block range should work: [0x, 0x1]"}) {
    CAPTURE(text);
    CHECK_FALSE(read_range_hint(text));
  }
}

TEST_CASE("log ranges: an error of eth_getLogs is of its size before it is of anything else") {
  const auto code_of = [](std::int64_t code, std::string text, std::string_view method) {
    return classify_rpc_error({.code = code, .message = std::move(text), .data = ""}, method).code;
  };
  CHECK(code_of(-32005, "query returned more than 10000 results", "eth_getLogs") ==
        errc::range_too_large);
  CHECK(code_of(-32005, "query returned more than 10000 results", "eth_x") == errc::rate_limited);
  CHECK(code_of(-32000, "Block range limit exceeded.", "eth_getLogs") == errc::range_too_large);
  CHECK(code_of(-32005, "rate limit exceeded", "eth_getLogs") == errc::rate_limited);
  CHECK(classify_http_status(413, "eth_getLogs").code == errc::range_too_large);
  CHECK(classify_http_status(413, "eth_getBlockReceipts").code == errc::provider_refused);
  // What the longest of them says last is not cut off.
  const auto quoted =
      classify_rpc_error({.code = -32602,
                          .message = "Log response size exceeded." + std::string(400, ' ') +
                                     "this block range should work: [0x1, 0x2]",
                          .data = ""},
                         "eth_getLogs");
  CHECK(read_range_hint(quoted.message) == maybe{works(1, 2)});
}

TEST_CASE("log ranges: recorded errors of providers are what they were filed as") {
  const auto file = test::shared_data("jsonrpc/provider-errors/quoted-from-issues.jsonl");
  if (!file) return;
  std::ifstream in{*file};
  std::map<std::string, int> found;
  for (std::string line; std::getline(in, line);) {
    const auto kind = line.substr(10, line.find('"', 10) - 10);
    const bool is_limit = read_range_hint(line).has_value();
    CAPTURE(line);
    CHECK(is_limit == (kind == "log_limit"));
    ++found[kind];
  }
  CHECK(found["log_limit"] == 2);
  CHECK(found["rate_limit"] == 3);
}

TEST_CASE("log ranges: sizes double until one is refused, and then come close to it") {
  log_range_size size;
  constexpr std::uint64_t allowed = 300;
  std::size_t refusals = 0;
  for (block_number at = 0; at < 20'000;) {
    const block_span span{at, at + size.blocks() - 1};
    if (span.size() > allowed) {
      ++refusals;
      size.refused(span, {});
      continue;
    }
    size.answered(span.size(), 10);
    at = span.last + 1;
  }
  CHECK(refusals <= 12);
  CHECK(size.blocks() > allowed / 2);
  CHECK(size.blocks() <= allowed);
}

TEST_CASE("log ranges: a limit that is named, and a range that is said to work, are kept to") {
  log_range_size named;
  named.refused({0, 31}, {.works = {}, .blocks_max = 10});
  CHECK(named.blocks() == 10);
  for (int i = 0; i < 200; ++i) named.answered(10, 0);
  CHECK(named.blocks() == 10);
  named.refused({0, 9}, {.works = {}, .blocks_max = 10});  // who counts the blocks between
  CHECK(named.blocks() == 5);

  log_range_size told;
  told.refused({100, 131}, works(100, 106));
  CHECK(told.blocks() == 7);
  told.answered(7, 0);
  CHECK(told.blocks() > 7);                   // it was of those blocks' logs
  told.refused({200, 218}, works(300, 305));  // not what was asked
  CHECK(told.blocks() == 9);
}

TEST_CASE("log ranges: the least is one block, and what holds many logs is asked for in less") {
  log_range_size size;
  for (block_number n = 32; n > 0; n /= 2) size.refused({0, n - 1}, {});
  CHECK(size.blocks() == 1);
  size.answered(1, 0);
  CHECK(size.blocks() == 1);
  for (std::uint64_t i = 0; i < log_range_size::patience; ++i) size.answered(size.blocks(), 0);
  CHECK(size.blocks() > 1);

  log_range_size dense;
  dense.answered(32, log_range_size::logs_wanted + 1);
  CHECK(dense.blocks() == 16);
  dense.answered(16, log_range_size::logs_wanted * 3 / 4);
  CHECK(dense.blocks() == 16);
  dense.answered(16, 0, std::chrono::milliseconds{1'500});
  CHECK(dense.blocks() == 16);
  dense.answered(16, 0, std::chrono::milliseconds{2'500});
  CHECK(dense.blocks() == 8);
  for (int i = 0; i < 20; ++i) dense.answered(dense.blocks(), 0);
  CHECK(dense.blocks() == log_range_size::blocks_max);
}

TEST_CASE(
    "ranged logs: each block's are taken once, and what is of no block asked for is left out") {
  ranged_logs logs;
  CHECK(logs.next(10, 5, 100) == block_span{10, 14});
  CHECK(logs.next(10, 5, 12) == block_span{10, 12});
  logs.asked({10, 14});
  CHECK(logs.of(12) == ranged_logs::state::coming);
  CHECK(logs.of(15) == ranged_logs::state::unknown);
  CHECK(logs.next(7, 50, 100) == block_span{7, 9});
  CHECK(logs.arrived({10, 14}, {piece(11, 1), piece(11, 2), piece(15, 1)}) == 1);
  CHECK(logs.of(12) == ranged_logs::state::here);
  CHECK(logs.take(11).size() == 2);  // of two hashes: whoever takes them sees it
  CHECK(logs.of(11) == ranged_logs::state::unknown);
  CHECK(logs.take(12).empty());
  logs.failed({10, 14});
  CHECK(logs.of(13) == ranged_logs::state::unknown);
}

TEST_CASE("ranged logs: no more blocks are kept than the limit, the lowest go first") {
  ranged_logs logs;
  logs.asked({1, ranged_logs::blocks_max});
  logs.asked({ranged_logs::blocks_max + 1, ranged_logs::blocks_max + 3});
  CHECK(logs.of(3) == ranged_logs::state::unknown);
  CHECK(logs.of(4) == ranged_logs::state::coming);
  CHECK(logs.arrived({1, ranged_logs::blocks_max}, {piece(2, 1)}) == 1);
}
