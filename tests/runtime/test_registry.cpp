// The built-in labels are well-formed, are what the public registry says, and mark what they say.
#include <fstream>
#include <map>
#include <set>

#include <simdjson.h>
#include <catch2/catch.hpp>

#include "messages/keccak.hpp"
#include "runtime/registry/builtin_labels.hpp"
#include "tests/support/shared_data.hpp"

using namespace eremos;

namespace {

std::string file_text(const std::string& path) {
  std::ifstream in{path, std::ios::binary};
  return {std::istreambuf_iterator<char>{in}, {}};
}

}  // namespace

TEST_CASE("registry: every address is spelled with its EIP-55 checksum") {
  const auto csv = file_text(EREMOS_SOURCE_DIR "/runtime/registry/labels.csv");
  const auto rows = parse_labels(csv, "labels.csv");
  REQUIRE(rows);
  CHECK(rows->size() == 102);
  for (const auto& row : *rows) {
    INFO(row.name);
    CHECK(csv.find("," + to_checksum(row.who) + ",") != std::string::npos);
    CHECK_FALSE(row.source.empty());
    CHECK_FALSE(row.flagged);
  }
}

TEST_CASE("registry: no two rows share a chain and an address") {
  CHECK(builtin_labels()->rows().size() == 102);
}

TEST_CASE("registry: the program carries the file it was built from") {
  const auto rows =
      parse_labels(file_text(EREMOS_SOURCE_DIR "/runtime/registry/labels.csv"), "labels.csv");
  REQUIRE(rows);
  const auto labels = builtin_labels();
  CHECK((label_set{*rows}.rows() == labels->rows()));
}

TEST_CASE("registry: exchange wallets are found on every chain, tokens on their own only") {
  const auto labels = builtin_labels();
  const auto binance = *parse_address("0x28C6c06298d514Db089934071355E5743bf21d60");
  const auto usdc = *parse_address("0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48");
  for (const chain_id chain : {1, 10, 137, 42'161, 1'337, 99'999}) {
    REQUIRE(labels->find(chain, binance));
    CHECK(labels->find(chain, binance)->kind == "cex");
    CHECK((labels->find(chain, usdc) != nullptr) == (chain == 1));
  }
  CHECK(labels->find(1, usdc)->decimals == 6);
}

TEST_CASE("registry: exchange wallets and contracts are watched, tokens and bridges are not") {
  const auto labels = builtin_labels();
  for (const auto& row : labels->rows()) {
    INFO(row.name);
    CHECK(row.watched == (row.kind != "token" && row.kind != "bridge" &&
                          row.name.find("PoolManager") == std::string::npos));
  }
}

TEST_CASE("registry: the donation address once taken for Pump.fun is not in it") {
  const auto who = *parse_address("0x165CD37b4C644C2921454429E7F9358d18A45e14");
  const auto labels = builtin_labels();
  for (const auto& row : labels->rows()) CHECK(row.who != who);
}

TEST_CASE("registry: rows are those of the shared registry, and bridges and factories since") {
  const auto path = test::shared_data("registry/addresses.json");
  if (!path) return;
  simdjson::dom::parser parser;
  std::set<std::tuple<chain_id, std::string, std::string, std::string, unsigned>> want;
  for (const simdjson::dom::element row : parser.load(path->string()).get_array()) {
    const auto chain = row["chain_id"].is_null() ? 0 : row["chain_id"].get_uint64().value();
    const auto decimals = row["decimals"].is_null() ? 0 : row["decimals"].get_uint64().value();
    want.emplace(chain, std::string{row["kind"].get_string().value()},
                 std::string{row["name"].get_string().value()},
                 std::string{row["address"].get_string().value()}, static_cast<unsigned>(decimals));
  }
  decltype(want) have;
  const auto labels = builtin_labels();
  for (const auto& row : labels->rows())
    if (row.kind != "bridge" && !row.name.starts_with("PancakeSwap") &&
        row.name != "SushiSwap V3 Factory")
      have.emplace(row.chain, row.kind, row.name, to_checksum(row.who), row.decimals);
  CHECK((have == want));
}

TEST_CASE("registry: a bad row is refused with its line and what is wrong") {
  const std::string good =
      "1,token,USDC,0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48,6,-,somewhere, some day\n";
  const auto rows = parse_labels("# comment\n\n" + good, "x.csv");
  REQUIRE(rows);
  REQUIRE(rows->size() == 1);
  CHECK(rows->front().source == "somewhere, some day");
  struct bad_row {
    std::string text;
    std::string says;
  };
  for (const auto& [text, says] : std::vector<bad_row>{
           {"1,token,USDC", "separated by commas"},
           {"one,token,USDC,0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48,6,-,s", "chain id"},
           {"1,,USDC,0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48,6,-,s", "kind"},
           {"1,token,USDC,0xA0b86a33E6441b8c4C32714C5C7441C01F3A602E5,6,-,s", "0xA0b86a33"},
           {"1,token,USDC,0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eb48,6,-,s", "checksum"},
           {"1,token,USDC,0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48,256,-,s", "decimals"},
           {"1,token,USDC,0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48,6,maybe,s", "marks"}}) {
    const auto result = parse_labels(good + text + "\n", "x.csv");
    REQUIRE_FALSE(result);
    CHECK(result.error().code == errc::bad_config);
    CHECK_THAT(result.error().message, Catch::Contains("x.csv:2: ") && Catch::Contains(says));
  }
}

TEST_CASE("registry: a chain can borrow another's rows") {
  const auto rows = borrowed_labels(*builtin_labels(), 1, 1'337);
  CHECK(rows.size() == 25);
  for (const auto& row : rows) CHECK(row.chain == 1'337);
}
