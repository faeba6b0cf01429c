#include "connectors/ethereum/verify/trie_root.hpp"

#include <algorithm>
#include <array>

#include "connectors/ethereum/verify/rlp.hpp"
#include "messages/keccak.hpp"

namespace eremos {
namespace {

/// A key in nibbles: an RLP index below 2^32 has at most five bytes.
struct trie_item {
  std::array<std::uint8_t, 10> path{};
  std::size_t length = 0;
  const byte_vector* value = nullptr;
};

trie_item item_of(std::size_t index, const byte_vector& value) {
  byte_vector key;
  rlp::append_number(key, index);
  trie_item out;
  out.value = &value;
  for (const auto byte : key) {
    out.path[out.length++] = byte >> 4;
    out.path[out.length++] = byte & 15;
  }
  return out;
}

using items = std::span<const trie_item>;

/// Hex-prefix encoding (Yellow Paper, appendix C).
void append_path(byte_vector& out, std::span<const std::uint8_t> nibbles, bool is_leaf) {
  std::array<std::uint8_t, 6> bytes{};
  std::size_t size = 0;
  const std::uint8_t flag = is_leaf ? 0x20 : 0x00;
  const bool is_odd = nibbles.size() % 2 != 0;
  bytes[size++] = is_odd ? static_cast<std::uint8_t>(flag | 0x10 | nibbles[0]) : flag;
  for (std::size_t i = is_odd ? 1 : 0; i < nibbles.size(); i += 2)
    bytes[size++] = static_cast<std::uint8_t>(nibbles[i] << 4 | nibbles[i + 1]);
  rlp::append_bytes(out, std::span{bytes}.first(size));
}

byte_vector node(items range, std::size_t depth);

/// A child as its parent holds it: itself if it is short, else its hash.
void append_reference(byte_vector& out, items range, std::size_t depth) {
  const auto encoded = node(range, depth);
  if (encoded.size() < hash32::size_bytes)
    out.insert(out.end(), encoded.begin(), encoded.end());
  else
    rlp::append_bytes(out, keccak256(encoded).bytes());
}

std::size_t common_nibbles(items range, std::size_t depth) {
  // Sorted, so what the first and the last share they all share.
  const auto& a = range.front();
  const auto& b = range.back();
  std::size_t at = depth;
  while (at < a.length && at < b.length && a.path[at] == b.path[at]) ++at;
  return at - depth;
}

void append_branch(byte_vector& out, items range, std::size_t depth) {
  for (std::uint8_t nibble = 0; nibble < 16; ++nibble) {
    const auto end = std::find_if(range.begin(), range.end(), [&](const trie_item& item) {
      return item.path[depth] != nibble;
    });
    const auto count = static_cast<std::size_t>(end - range.begin());
    if (count == 0)
      rlp::append_bytes(out, {});
    else
      append_reference(out, range.first(count), depth + 1);
    range = range.subspan(count);
  }
  rlp::append_bytes(out, {});  // no key is a prefix of another, so a branch has no value
}

/// The node over a sorted range of items that share their first `depth` nibbles.
byte_vector node(items range, std::size_t depth) {
  byte_vector out;
  const auto& first = range.front();
  if (range.size() == 1) {
    out.reserve(first.value->size() + 16);
    rlp::open_list list{out};
    append_path(out, std::span{first.path}.subspan(depth, first.length - depth), true);
    rlp::append_bytes(out, *first.value);
    list.close();
    return out;
  }
  rlp::open_list list{out};
  if (const auto shared_nibbles = common_nibbles(range, depth); shared_nibbles > 0) {
    append_path(out, std::span{first.path}.subspan(depth, shared_nibbles), false);
    append_reference(out, range, depth + shared_nibbles);
  } else {
    append_branch(out, range, depth);
  }
  list.close();
  return out;
}

}  // namespace

hash32 trie_root(const std::vector<byte_vector>& values) {
  if (values.empty()) return empty_trie_root();
  std::vector<trie_item> sorted;
  sorted.reserve(values.size());
  // In order of the keys' bytes: 1 to 127, then 0 (0x80), then the longer keys.
  for (std::size_t i = 1; i < std::min<std::size_t>(values.size(), 128); ++i)
    sorted.push_back(item_of(i, values[i]));
  sorted.push_back(item_of(0, values[0]));
  for (std::size_t i = 128; i < values.size(); ++i) sorted.push_back(item_of(i, values[i]));
  return keccak256(node(sorted, 0));
}

hash32 empty_trie_root() {
  constexpr std::array<std::uint8_t, 1> empty_string = {0x80};
  return keccak256(empty_string);
}

}  // namespace eremos
