// What is hashed: RLP and the trie. Nothing here comes as bytes from outside; the fuzzer's bytes
// choose what is written, and an independent reader holds the result against it.
#include <array>
#include <span>
#include <vector>

#include "connectors/ethereum/verify/rlp.hpp"
#include "connectors/ethereum/verify/trie_root.hpp"
#include "tests/fuzz/targets.hpp"

namespace eremos::fuzz {
namespace {

using bytes = std::span<const std::uint8_t>;

bytes bytes_of(std::string_view input) {
  return {reinterpret_cast<const std::uint8_t*>(input.data()), input.size()};
}

/// Up to `wanted` bytes from the front of what is left.
bytes take(bytes& rest, std::size_t wanted) {
  const auto out = rest.first(std::min(wanted, rest.size()));
  rest = rest.subspan(out.size());
  return out;
}

/// One item of an encoding (Yellow Paper, appendix B), read as strictly as it is written.
struct item {
  bool is_list = false;
  bytes content;
};
item read_item(bytes& rest) {
  must(!rest.empty(), "an item is there");
  const auto first = rest[0];
  if (first < 0x80) return {false, take(rest, 1)};
  const bool is_list = first >= 0xc0;
  const std::size_t base = is_list ? 0xc0 : 0x80;
  take(rest, 1);
  std::size_t length = first - base;
  if (length > 55) {
    const auto digits = take(rest, length - 55);
    must(!digits.empty() && digits[0] != 0, "a length has no leading zeros");
    length = 0;
    for (const auto digit : digits) length = length << 8 | digit;
    must(length > 55, "a short item has the short form");
  }
  must(length <= rest.size(), "an item ends before its text does");
  const item out{is_list, take(rest, length)};
  must(is_list || length != 1 || out.content[0] >= 0x80, "a small byte stands for itself");
  return out;
}

bool same(bytes a, bytes b) { return std::equal(a.begin(), a.end(), b.begin(), b.end()); }

}  // namespace

/// The input is a list of strings and numbers: a byte says which and how long, the content follows.
void rlp(std::string_view input) {
  struct written {
    bool is_number = false;
    bytes content;
  };
  byte_vector out;
  std::vector<written> all;
  auto rest = bytes_of(input);
  {
    eremos::rlp::open_list list{out};
    while (!rest.empty()) {
      const auto how = take(rest, 1)[0];
      const bool is_number = (how & 1) != 0;
      // Strings up to 127 bytes, and some of up to 32 KiB.
      const auto wanted = (how & 2) != 0 ? std::size_t{how} * 128 : std::size_t{how} / 2;
      const auto content = take(rest, is_number ? std::min<std::size_t>(wanted, 32) : wanted);
      all.push_back({is_number, content});
      if (is_number) {
        uint256 number;
        for (std::size_t i = 0; i < content.size(); ++i) {
          const auto place = content.size() - 1 - i;  // of the byte, from the least
          number.limbs[3 - place / 8] |= std::uint64_t{content[i]} << (8 * (place % 8));
        }
        eremos::rlp::append_number(out, number);
      } else {
        eremos::rlp::append_bytes(out, content);
      }
    }
    list.close();
  }
  bytes encoded{out};
  const auto whole = read_item(encoded);
  must(whole.is_list && encoded.empty(), "what was written is one list");
  auto items = whole.content;
  for (const auto& [is_number, content] : all) {
    const auto read = read_item(items);
    auto expected = content;
    if (is_number)
      while (!expected.empty() && expected[0] == 0) expected = expected.subspan(1);
    must(!read.is_list && same(read.content, expected), "an item reads as it was written");
  }
  must(items.empty(), "no item is left over");
}

/// The input is a list of values, each after its length.
void trie(std::string_view input) {
  constexpr std::size_t values_max = 1'000;  // deeper keys than a block of today has
  std::vector<byte_vector> values;
  auto rest = bytes_of(input);
  while (!rest.empty() && values.size() < values_max) {
    const auto length = take(rest, 1)[0];
    const auto content = take(rest, length);
    values.emplace_back(content.begin(), content.end());
  }
  const auto root = trie_root(values);
  must(root == trie_root(values), "a root is the same twice");
  if (values.empty()) {
    must(root == empty_trie_root(), "no value makes the empty root");
    return;
  }
  auto other = values;
  const auto touched = input.size() % other.size();
  other[touched].push_back(1);
  must(trie_root(other) != root, "another value makes another root");
  other = values;
  other.pop_back();
  must(trie_root(other) != root, "a value less makes another root");
}

}  // namespace eremos::fuzz
