// Event declarations, and arguments by declaration.
#include <simdjson.h>
#include <catch2/catch.hpp>

#include "messages/keccak.hpp"
#include "runtime/abi/abi.hpp"
#include "tests/connectors/capture_files.hpp"

using namespace eremos;

namespace {

std::string fault(std::string_view text) {
  const auto event = parse_event_declaration(text);
  REQUIRE(!event);
  CHECK(event.error().code == errc::malformed_signature);
  return event.error().message;
}

event_declaration declare(std::string_view text) {
  auto event = parse_event_declaration(text);
  INFO(text);
  REQUIRE(event);
  return *event;
}

topic_list topics_of(std::initializer_list<hash32> items) {
  topic_list out;
  for (const auto& item : items) out.items[out.count++] = item;
  return out;
}

/// 32-byte words from the last hex digits of each.
byte_vector words(std::initializer_list<std::string> items) {
  byte_vector out;
  for (const auto& item : items) {
    const auto word = parse_hex("0x" + std::string(64 - item.size(), '0') + item);
    REQUIRE(word);
    out.insert(out.end(), word->begin(), word->end());
  }
  return out;
}

std::string first_value(std::string_view type, const byte_vector& data) {
  const auto event = declare("E(" + std::string{type} + " x)");
  const auto arguments = decode_arguments(event, topics_of({event.topic0()}), data);
  if (!arguments) return "! " + arguments.error().message;
  return to_string(arguments->front().value);
}

}  // namespace

TEST_CASE("ABI: a declaration is read as Solidity writes it") {
  const auto event = declare("Transfer(address indexed from, address indexed to, uint256 value)");
  CHECK(event.name == "Transfer");
  CHECK(event.canonical() == "Transfer(address,address,uint256)");
  CHECK(event.indexed_count() == 2);
  CHECK(event.declaration() == "Transfer(address indexed from, address indexed to, uint256 value)");
  CHECK(to_hex(event.topic0()) ==
        "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef");
  CHECK(declare("  event  A( uint  ,int x ) ;").canonical() == "A(uint256,int256)");
  CHECK(declare("A()").canonical() == "A()");
  CHECK(declare("A(bytes4[2][],string indexed s) anonymous;").anonymous);
  CHECK(declare("A((uint8 a,(address,bytes)[3] b)[] indexed x, function f)").canonical() ==
        "A((uint8,(address,bytes)[3])[],function)");
  CHECK(declare("A(tuple(uint256 a) x)").canonical() == "A((uint256))");
}

TEST_CASE("ABI: what is wrong in a declaration is placed") {
  CHECK(fault("Transfer(addres from)") ==
        "column 10 of \"Transfer(addres from)\": unknown type \"addres\"");
  CHECK(fault("").starts_with("column 1 "));
  CHECK(fault("event event(uint8 a)").starts_with("column 12 "));
  CHECK(fault("A(uint7)").find("column 3 ") == 0);
  CHECK(fault("A(uint264)").find("unknown type") != std::string::npos);
  CHECK(fault("A(bytes33)").find("unknown type") != std::string::npos);
  CHECK(fault("A(uint256").find("column 10 ") == 0);
  CHECK(fault("A(uint256,)").find("column 11 ") == 0);
  CHECK(fault("A(uint256) x").find("column 12 ") == 0);
  CHECK(fault("A(uint256[0])").find("column 11 ") == 0);
  CHECK(fault("A(address indexed a,address indexed b,address indexed c,address indexed d)")
            .find("topics") != std::string::npos);
  CHECK(fault("A(uint256[65535][65535])").find("too large") != std::string::npos);
  CHECK(fault("A(" + std::string(20, '(') + "uint8").find("nested") != std::string::npos);
  CHECK(fault(std::string(5000, 'a')).find("longer") != std::string::npos);
}

TEST_CASE("ABI: topics of 7,624 real events are as published") {
  const auto path = test::shared_data("vectors/topic0.tsv.gz");
  if (!path) return;
  std::size_t events = 0, written_wrong = 0;
  for (const auto& line : test::read_lines(*path)) {
    const auto first = line.find('\t'), second = line.find('\t', first + 1);
    const auto topic0 = line.substr(0, first);
    const auto signature = line.substr(first + 1, second - first - 1);
    if (signature.find("tuple") != std::string::npos) {
      ++written_wrong;  // the list has lost the tuple's members, and so has a topic of its own
      continue;
    }
    // Declarations that differ in what is indexed follow each other.
    auto rest = std::string_view{line}.substr(second + 1);
    while (!rest.empty()) {
      const auto end = std::min(rest.find(';'), rest.size());
      const auto event = parse_event_declaration(rest.substr(0, end));
      INFO(line);
      if (!event) FAIL(event.error().message);
      CHECK(event->canonical() == signature);
      CHECK(to_hex(event->topic0()) == topic0);
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    ++events;
  }
  CHECK(events + written_wrong == 7624);
  CHECK(written_wrong < 100);
}

TEST_CASE("ARGUMENTS: a transfer by its declaration") {
  const auto event = declare("Transfer(address indexed from, address indexed to, uint256 value)");
  hash32 from, to;
  from.data[31] = 1;
  to.data[31] = 2;
  const auto arguments =
      decode_arguments(event, topics_of({event.topic0(), from, to}), words({"0de0b6b3a7640000"}));
  REQUIRE(arguments);
  REQUIRE(arguments->size() == 3);
  CHECK((*arguments)[0].name == "from");
  CHECK(to_string((*arguments)[0].value) == "0x0000000000000000000000000000000000000001");
  CHECK((*arguments)[2].type == "uint256");
  CHECK(to_string((*arguments)[2].value) == "1000000000000000000");
  CHECK(!decode_arguments(event, topics_of({event.topic0(), from}), words({"1"})));
  CHECK(!decode_arguments(event, topics_of({event.topic0(), from, to}), {}));
}

TEST_CASE("ARGUMENTS: every kind of word, and only if it is clean") {
  const std::string minus_one(64, 'f');
  CHECK(first_value("bool", words({"1"})) == "true");
  CHECK(first_value("bool", words({"2"})).starts_with("!"));
  CHECK(first_value("uint8", words({"ff"})) == "255");
  CHECK(first_value("uint8", words({"100"})).starts_with("!"));
  CHECK(first_value("int24", words({minus_one})) == "-1");
  CHECK(first_value("int24", words({"7fffff"})) == "8388607");
  CHECK(first_value("int24", words({"800000"})).starts_with("!"));
  CHECK(first_value("int256", words({"8" + std::string(63, '0')})) ==
        "-57896044618658097711785492504343953926634992332820282019728792003956564819968");
  CHECK(first_value("bytes4", words({"12345678" + std::string(56, '0')})) == "0x12345678");
  CHECK(first_value("bytes4", words({"1234567801" + std::string(54, '0')})).starts_with("!"));
  CHECK(first_value("address", words({minus_one})).starts_with("!"));
  CHECK(first_value("uint256[2]", words({"1", "2"})) ==
        "0x" + std::string(63, '0') + "1" + std::string(63, '0') + "2");
}

TEST_CASE("ARGUMENTS: dynamic values stay inside of the data") {
  const std::string text = "68656c6c6f" + std::string(54, '0');  // "hello"
  CHECK(first_value("string", words({"20", "5", text})) == "hello");
  CHECK(first_value("bytes", words({"20", "5", text})) == "0x68656c6c6f");
  CHECK(first_value("string", words({"20", "0"})).empty());
  CHECK(first_value("string", words({"20", "21", text})).starts_with("!"));
  CHECK(first_value("string", words({"60", "5", text})).starts_with("!"));
  CHECK(first_value("string", words({std::string(64, 'f'), "5", text})).starts_with("!"));
  CHECK(first_value("string", words({"20", std::string(64, 'f')})).starts_with("!"));
  CHECK(first_value("uint256[]", words({"20", "2", "7", "8"})).size() == 2 + 3 * 64);
  CHECK(first_value("uint256[]", words({"20", "3", "7", "8"})).starts_with("!"));
  CHECK(first_value("string[]", words({"20", "1", "20", "5", text})).size() == 2 + 4 * 64);
}

TEST_CASE("ARGUMENTS: offsets that point at each other cost little") {
  // Every word is a length of 32 and an offset to another: 32^4 leaves in 64 KiB.
  byte_vector data;
  for (int i = 0; i < 2'000; ++i) {
    const auto word = words({"20"});
    data.insert(data.end(), word.begin(), word.end());
  }
  CHECK(first_value("bytes[][][][]", data).starts_with("!"));
}
