// Keccak-256 against published vectors and two other implementations; EIP-55.
#include <algorithm>
#include <cctype>
#include <sstream>

#include <botan/hash.h>
#include <cryptopp/keccak.h>
#include <rapidcheck/catch.h>
#include <simdjson.h>
#include <catch2/catch.hpp>

#include "messages/keccak.hpp"
#include "tests/support/generators.hpp"
#include "tests/support/gunzip.hpp"
#include "tests/support/shared_data.hpp"

using namespace eremos;

namespace {

hash32 by_botan(const byte_vector& bytes) {
  const auto hash = Botan::HashFunction::create_or_throw("Keccak-1600(256)");
  hash->update(bytes.data(), bytes.size());
  hash32 out;
  hash->final(out.data.data());
  return out;
}

hash32 by_cryptopp(const byte_vector& bytes) {
  CryptoPP::Keccak_256 hash;
  hash.Update(bytes.data(), bytes.size());
  hash32 out;
  hash.Final(out.data.data());
  return out;
}

/// A JSON file of the shared data, with the parser that owns it.
struct json_file {
  simdjson::dom::parser parser;
  simdjson::dom::element root;
  explicit json_file(const std::filesystem::path& path) {
    root = parser.parse(simdjson::padded_string{test::read_file(path)});
  }
};

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

std::string upper_digits(std::string text) {
  std::transform(text.begin() + 2, text.end(), text.begin() + 2,
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return text;
}

// EIP-55, "Test Cases".
const std::vector<std::string>& eip55() {
  static const std::vector<std::string> all = {
      "0x52908400098527886E0F7030069857D2E4169EE7", "0x8617E340B3D01FA5F11F306F4090FD50E238070D",
      "0xde709f2102306220921060314715629080e2fb77", "0x27b1fdb04752bbc536007a920d24acb045561c26",
      "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
      "0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB", "0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb"};
  return all;
}

}  // namespace

TEST_CASE("keccak: the empty string and the best known topic have their published hashes") {
  CHECK(to_hex(keccak256("")) ==
        "0xc5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470");
  CHECK(to_hex(keccak256("Transfer(address,address,uint256)")) ==
        "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef");
}

TEST_CASE("keccak: every length around the block size agrees with Botan and Crypto++") {
  // 136 bytes is the rate: padding, a full block and the second block's start are all here.
  for (std::size_t length = 0; length <= 3 * 136 + 2; ++length) {
    byte_vector bytes(length);
    for (std::size_t i = 0; i < length; ++i) bytes[i] = static_cast<std::uint8_t>(i * 31 + length);
    INFO(length);
    REQUIRE(keccak256(bytes) == by_botan(bytes));
    REQUIRE(keccak256(bytes) == by_cryptopp(bytes));
  }
}

TEST_CASE("keccak: any bytes agree with Botan and Crypto++") {
  rc::prop("0 to 1000 bytes", [] {
    const auto bytes = *test::any_bytes(*rc::gen::inRange<std::size_t>(0, 1001));
    RC_ASSERT(keccak256(bytes) == by_botan(bytes));
    RC_ASSERT(keccak256(bytes) == by_cryptopp(bytes));
  });
}

TEST_CASE("keccak: the vectors of ethers.js") {
  const auto path = test::shared_data("vectors/ethers-testcases/hashes.json.gz");
  if (!path) return;
  json_file file{*path};
  std::size_t count = 0;
  for (const auto vector : file.root.get_array()) {
    const auto data = parse_hex(vector["data"].get_string().value());
    REQUIRE(data);
    INFO(vector["name"].get_string().value());
    CHECK(to_hex(keccak256(*data)) == vector["keccak256"].get_string().value());
    ++count;
  }
  CHECK(count == 257);
}

TEST_CASE("keccak: 7,624 event signatures hash to their published topics") {
  const auto path = test::shared_data("vectors/topic0.tsv.gz");
  if (!path) return;
  std::istringstream rows{test::read_file(*path)};
  std::size_t count = 0;
  for (std::string row; std::getline(rows, row);) {
    const auto first = row.find('\t');
    const auto signature = row.substr(first + 1, row.find('\t', first + 1) - first - 1);
    if (to_hex(keccak256(signature)) != row.substr(0, first)) FAIL_CHECK(signature);
    ++count;
  }
  CHECK(count == 7'624);
}

TEST_CASE("checksum: the addresses of EIP-55 are printed and taken as they stand there") {
  for (const auto& text : eip55()) {
    const auto who = parse_address(text);
    REQUIRE(who);
    CHECK(to_checksum(*who) == text);
    for (const auto& spelling : {text, lower(text), upper_digits(text)}) {
      const auto taken = parse_checksummed(spelling);
      REQUIRE(taken);
      CHECK(*taken == *who);
    }
  }
}

TEST_CASE("checksum: 259 addresses of ethers.js are spelled as there") {
  const auto path = test::shared_data("vectors/ethers-testcases/accounts.json.gz");
  if (!path) return;
  json_file file{*path};
  std::size_t count = 0;
  for (const auto account : file.root.get_array()) {
    const std::string text{account["address"].get_string().value()};
    const auto who = parse_checksummed(text);
    REQUIRE(who);
    CHECK(to_checksum(*who) == text);
    ++count;
  }
  CHECK(count == 259);
}

TEST_CASE("checksum: one letter in the wrong case is refused, with the right spelling") {
  for (const auto& right : eip55()) {
    for (std::size_t i = 2; i < right.size(); ++i) {
      if (std::isalpha(static_cast<unsigned char>(right[i])) == 0) continue;
      auto wrong = right;
      wrong[i] = static_cast<char>(wrong[i] ^ 0x20);
      if (wrong == lower(wrong) || wrong == upper_digits(wrong)) continue;  // claims no checksum
      const auto taken = parse_checksummed(wrong);
      REQUIRE_FALSE(taken);
      CHECK(taken.error().code == errc::malformed_checksum);
      CHECK(taken.error().message.find(right) != std::string::npos);
    }
  }
}

TEST_CASE("checksum: printing and parsing any address gives it back") {
  rc::prop("any address", [](const address& who) {
    const auto text = to_checksum(who);
    RC_ASSERT(lower(text) == to_hex(who));
    const auto back = parse_checksummed(text);
    RC_ASSERT(back.has_value());
    RC_ASSERT(*back == who);
  });
}
