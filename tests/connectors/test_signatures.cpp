// The table of signatures: what is built in, and what a user adds.
#include <simdjson.h>
#include <catch2/catch.hpp>

#include "connectors/ethereum/signatures.hpp"
#include "messages/keccak.hpp"
#include "runtime/abi/abi.hpp"
#include "tests/connectors/capture_files.hpp"

using namespace eremos;

namespace {

topic_list topics_of(std::initializer_list<hash32> items) {
  topic_list out;
  for (const auto& item : items) out.items[out.count++] = item;
  return out;
}

}  // namespace

TEST_CASE("SIGNATURES: the built-in table knows every topic of the registry") {
  const auto path = test::shared_data("registry/topics.json");
  if (!path) return;
  const auto table = signature_table::built_in();
  simdjson::dom::parser parser;
  std::size_t rows = 0;
  const auto text = test::read_all(*path);
  for (simdjson::dom::element row : parser.parse(text).get_array()) {
    const auto topic0 = parse_hash32(row["topic0"].get_string().value());
    REQUIRE(topic0);
    const auto& found = table.find(topics_of({*topic0}));
    CHECK(found->signature == row["signature"].get_string().value());
    ++rows;
  }
  CHECK(rows == 44);
}

TEST_CASE("SIGNATURES: the number of topics tells how an event is indexed") {
  const auto table = signature_table::built_in();
  const auto transfer = keccak256("Transfer(address,address,uint256)");
  CHECK(table.find(topics_of({transfer, {}, {}}))->declaration.find("uint256 value") !=
        std::string::npos);
  CHECK(table.find(topics_of({transfer, {}, {}, {}}))->declaration.find("indexed tokenId") !=
        std::string::npos);
  CHECK(table.find(topics_of({transfer}))->declaration ==
        "Transfer(address from, address to, uint256 value)");
  // With one of three indexed nobody can say which.
  CHECK(table.find(topics_of({transfer, {}}))->name == "Transfer");
  CHECK(table.find(topics_of({transfer, {}}))->declaration.empty());
  const auto upgraded = keccak256("Upgraded(address)");
  CHECK(table.find(topics_of({upgraded}))->declaration == "Upgraded(address implementation)");
  CHECK(table.find(topics_of({upgraded, {}}))->declaration ==
        "Upgraded(address indexed implementation)");
  CHECK(table.find(topics_of({}))->name.empty());
  CHECK(table.find(topics_of({keccak256("no such event")}))->name.empty());
}

TEST_CASE("SIGNATURES: what the user adds is known, the later declaration wins") {
  auto table = signature_table::built_in();
  REQUIRE(table.add("event Launched(address indexed token, string name);"));
  const auto topic0 = keccak256("Launched(address,string)");
  CHECK(table.find(topics_of({topic0, {}}))->declaration ==
        "Launched(address indexed token, string name)");
  REQUIRE(table.add("Launched(address indexed coin, string)"));
  CHECK(table.find(topics_of({topic0, {}}))->declaration ==
        "Launched(address indexed coin, string)");
  CHECK(table.add("Launched(adress)").error().code == errc::malformed_signature);
  CHECK(!table.add("A(uint256) anonymous"));
}
