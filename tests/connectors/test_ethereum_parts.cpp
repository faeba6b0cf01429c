// The pure parts of the Ethereum connector: pauses, error classes, options, calls under way.
#include <fstream>

#include <fmt/format.h>
#include <catch2/catch.hpp>

#include "connectors/ethereum/backoff.hpp"
#include "connectors/ethereum/bad_input_counter.hpp"
#include "connectors/ethereum/block_pieces.hpp"
#include "connectors/ethereum/error_class.hpp"
#include "connectors/ethereum/log_sightings.hpp"
#include "connectors/ethereum/pending_lookups.hpp"
#include "connectors/ethereum/provider_options.hpp"
#include "connectors/ethereum/rpc_calls.hpp"

using namespace eremos;
using namespace std::chrono_literals;

TEST_CASE("reconnects: pauses double up to the limit, jittered, and begin anew after a success") {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    backoff pause{100ms, 1'000ms, seed};
    auto whole = 100ms;
    for (int i = 0; i < 10; ++i) {
      const auto p = pause.next();
      CHECK(p >= whole / 2);
      CHECK(p <= whole);
      whole = std::min(whole * 2, 1'000ms);
    }
    pause.reset();
    CHECK(pause.next() <= 100ms);
  }
}

TEST_CASE("errors of providers: words decide before codes, and the provider is quoted safely") {
  const auto classify = [](std::int64_t code, std::string text) {
    return classify_rpc_error({.code = code, .message = std::move(text), .data = ""}, "eth_x").code;
  };
  CHECK(classify(-32601, "the method eth_x does not exist/is not available") ==
        errc::method_unsupported);
  CHECK(classify(-32700, "Method eth_x is not supported.") == errc::method_unsupported);
  CHECK(classify(-32005, "daily request count exceeded") == errc::rate_limited);
  CHECK(classify(-32016, "over rate limit") == errc::rate_limited);
  CHECK(classify(-32012, "credits limited to 6000/sec") == errc::rate_limited);
  CHECK(classify(-32000, "header not found") == errc::block_not_found);
  CHECK(classify(-32602, "invalid argument 0") == errc::provider_refused);
  CHECK(classify(-32600, "eth_x is not available on the Free tier - upgrade to Pay As You Go") ==
        errc::method_unsupported);
  CHECK(classify(-32000, "you have reached the free tier limits") == errc::rate_limited);
  CHECK(classify_rpc_error({.code = -32602, .message = "invalid argument 0", .data = ""},
                           "eth_getBlockReceipts")
            .code == errc::method_unsupported);
  const auto hostile = classify_rpc_error(
      {.code = 1,
       .message = "see https://node.example/v3/KEY\x1b[2J\n" + std::string(5'000, 'x'),
       .data = ""},
      "eth_x");
  CHECK(hostile.message.find("KEY") == std::string::npos);
  CHECK(hostile.message.find('\x1b') == std::string::npos);
  CHECK(hostile.message.size() < 400);
  CHECK(classify_http_status(429, "eth_x").code == errc::rate_limited);
  CHECK(classify_http_status(402, "eth_x").code == errc::rate_limited);
  CHECK(classify_http_status(404, "eth_x").code == errc::provider_refused);
}

TEST_CASE("options of a provider: what is wrong is said with its place") {
  const auto parse = [](std::initializer_list<std::pair<std::string, std::string>> given) {
    option_map out;
    for (const auto& [key, value] : given) out[key] = {{value}, false, "eremos.toml:5:1"};
    const auto parsed = provider_options::parse(out);
    return parsed ? std::string{} : parsed.error().message;
  };
  CHECK(parse({{"ws", "wss://node.example/KEY"}}).empty());
  CHECK(parse({{"http", "http://127.0.0.1:8545"}, {"mempool", "off"}, {"poll", "250ms"}}).empty());
  CHECK(parse({}) == "an ethereum provider needs `ws`, `http` or both");
  CHECK(parse({{"ws", "http://node.example"}}) ==
        "eremos.toml:5:1: ws: want a URL of ws:// or wss://");
  CHECK(parse({{"ws", "ws://a"}, {"mempool", "some"}}) ==
        "eremos.toml:5:1: mempool: \"some\" is not full, hash or off");
  CHECK(parse({{"ws", "ws://a"}, {"credits_per_second", "500"}, {"credit_costs", "eth_getLogs=75"}})
            .empty());
  for (const auto* bad : {"eth_getLogs", "=5", "eth_getLogs=", "eth_getLogs=-1", "eth_getLogs=1x"})
    CHECK(parse({{"ws", "ws://a"}, {"credit_costs", bad}}) ==
          fmt::format("eremos.toml:5:1: credit_costs: \"{}\" is not like \"eth_getLogs=75\"", bad));
  CHECK(parse({{"mempol", "off"}}) ==
        "eremos.toml:5:1: unknown option \"mempol\"; did you mean \"mempool\"?");
  const auto leaked = parse({{"ws", "wss://node.example:99999/SECRET"}});
  CHECK(!leaked.empty());
  CHECK(leaked.find("SECRET") == std::string::npos);
}

TEST_CASE("calls: each gets one answer, by id, in time or not at all") {
  rpc_calls calls;
  std::vector<std::string> said;
  const auto note = [&](const result<json_text>& r) {
    said.push_back(r ? std::string{*r} : r.error().message);
  };
  calls.add(1, "eth_a", note);
  calls.add(2, "eth_b", note);
  calls.add(3, "eth_c", note);
  CHECK(calls.answer(2, {.kind = frame_kind::response, .id = 2, .result = "\"0x1\""}));
  CHECK(!calls.answer(2, {.kind = frame_kind::response, .id = 2, .result = "\"0x1\""}));
  calls.expire(1);
  calls.expire(1);
  calls.fail_all({errc::provider_unreachable, "gone"});
  CHECK(said == std::vector<std::string>{"\"0x1\"", "eth_a: no answer in time", "gone"});
  for (std::uint64_t i = 0; i < rpc_calls::calls_max; ++i) calls.add(100 + i, "eth_d", note);
  said.clear();
  CHECK(!calls.add(99, "eth_e", note));
  REQUIRE(said.size() == 1);
  CHECK(said[0].find("under way already") != std::string::npos);
  CHECK(rpc_request_text(7, "eth_x", "[]") ==
        R"({"jsonrpc":"2.0","id":7,"method":"eth_x","params":[]})");
}

TEST_CASE("bad input is counted by kind, with the newest sample, cut and escaped") {
  bad_input_counter bad;
  bad.count("malformed", "first");
  bad.count("malformed", std::string(10'000, 'y') + "\n");
  bad.count("rpc_error", "wss://h/KEY");
  REQUIRE(bad.kinds().size() == 2);
  CHECK(bad.kinds()[0].count == 2);
  CHECK(bad.kinds()[0].sample.size() <= 210);
  CHECK(bad.kinds()[1].sample.find("KEY") == std::string::npos);
}

namespace {

std::vector<contract_event> logs_with(std::initializer_list<std::uint64_t> indexes) {
  std::vector<contract_event> out;
  for (const auto index : indexes) {
    contract_event log;
    log.log_index = index;
    out.push_back(log);
  }
  return out;
}

hash32 block_hash(std::uint8_t n) {
  hash32 out;
  out.data[31] = n;
  return out;
}

}  // namespace

TEST_CASE("logs shown by the subscription: a fetched block must have each of them") {
  log_sightings seen;
  CHECK(seen.note(block_hash(1), 7) == log_sighting::first);
  CHECK(seen.note(block_hash(1), 3) == log_sighting::known);
  CHECK(seen.note(block_hash(1), 7) == log_sighting::known);
  CHECK(seen.missing_in(block_hash(1), logs_with({3, 4, 7})).empty());
  CHECK(seen.missing_in(block_hash(1), logs_with({4})) == std::vector<std::uint64_t>{3, 7});
  CHECK(seen.missing_in(block_hash(2), {}).empty());
  CHECK(seen.dispute(block_hash(1)) == 1);
  CHECK(seen.dispute(block_hash(1)) == 2);
  seen.settle(block_hash(1), logs_with({4}));
  CHECK(seen.missing_in(block_hash(1), {}).empty());
  CHECK(seen.note(block_hash(1), 4) == log_sighting::known);
  CHECK(seen.note(block_hash(1), 3) == log_sighting::unfitting);
}

TEST_CASE("logs shown by the subscription: of a block taken back nothing is missing") {
  log_sightings seen;
  seen.note(block_hash(1), 3);
  seen.forget(block_hash(1));
  CHECK(seen.missing_in(block_hash(1), {}).empty());
  CHECK(seen.note(block_hash(1), 3) == log_sighting::first);
}

TEST_CASE("logs shown by the subscription: only the newest blocks are remembered") {
  log_sightings seen;
  for (std::uint8_t n = 0; n <= log_sightings::blocks_max; ++n) seen.note(block_hash(n), 1);
  CHECK(seen.missing_in(block_hash(0), {}).empty());
  CHECK(seen.missing_in(block_hash(1), {}).size() == 1);
}

TEST_CASE("blocks: an answer that is not the block asked for is told from one that is") {
  block_record got;
  got.header.number = 7;
  got.header.hash = block_hash(7);
  CHECK(is_asked_for(got, {7, {}}));
  CHECK(is_asked_for(got, {7, block_hash(7)}));
  CHECK(!is_asked_for(got, {8, {}}));
  CHECK(!is_asked_for(got, {8, block_hash(7)}));
  CHECK(!is_asked_for(got, {7, block_hash(8)}));
}

TEST_CASE(
    "mempool: what is not there is looked up once more, and the oldest go before the newest") {
  pending_lookups lookups;
  for (std::size_t i = 0; i < pending_lookups::waiting_max; ++i) CHECK(lookups.add(block_hash(1)));
  CHECK(!lookups.add(block_hash(2)));
  CHECK(lookups.waiting() == pending_lookups::waiting_max);
  for (std::size_t i = 0; i < pending_lookups::open_max; ++i) CHECK(lookups.next());
  CHECK(!lookups.next());
  lookups.finish();
  CHECK(lookups.next());
  lookups.clear();
  CHECK(!lookups.next());
  lookups.add(block_hash(3));
  const auto first = lookups.next();
  REQUIRE(first);
  CHECK(lookups.once_more(*first));
  const auto second = lookups.next();
  REQUIRE(second);
  CHECK(second->hash == block_hash(3));
  CHECK(!lookups.once_more(*second));
  CHECK(!lookups.next());
}
