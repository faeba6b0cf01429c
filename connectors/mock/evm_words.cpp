#include "connectors/mock/evm_words.hpp"

#include <algorithm>

#include "messages/keccak.hpp"

namespace eremos {
namespace {

void append(byte_vector& out, std::span<const std::uint8_t> bytes) {
  out.insert(out.end(), bytes.begin(), bytes.end());
}

void append_big_endian(byte_vector& out, std::uint64_t word) {
  for (int shift = 56; shift >= 0; shift -= 8)
    out.push_back(static_cast<std::uint8_t>(word >> shift));
}

address last_20(const hash32& hash) {
  address out;
  std::copy(hash.data.begin() + 12, hash.data.end(), out.data.begin());
  return out;
}

}  // namespace

hash32 abi_word(const uint256& number) {
  hash32 out;
  out.data = to_big_endian(number);
  return out;
}

hash32 abi_word(const address& who) {
  hash32 out;
  std::copy(who.data.begin(), who.data.end(), out.data.begin() + 12);
  return out;
}

hash32 abi_negative(const uint256& magnitude) { return abi_word(uint256{} - magnitude); }

byte_vector abi_data(std::initializer_list<hash32> words) {
  byte_vector out;
  out.reserve(words.size() * hash32::size_bytes);
  for (const auto& word : words) append(out, word.bytes());
  return out;
}

byte_vector abi_text(std::string_view text) {
  auto out = abi_data({abi_word(uint256{hash32::size_bytes}), abi_word(uint256{text.size()})});
  out.insert(out.end(), text.begin(), text.end());
  const auto words = (out.size() + hash32::size_bytes - 1) / hash32::size_bytes;
  out.resize(words * hash32::size_bytes);
  return out;
}

byte_vector abi_call(std::string_view signature, std::initializer_list<hash32> words) {
  byte_vector out;
  append(out, keccak256(signature).bytes().first(4));
  append(out, abi_data(words));
  return out;
}

address create_address(const address& creator, std::uint64_t nonce) {
  // RLP (Yellow Paper appendix B): a byte under 0x80 is itself, zero is the empty string, longer
  // strings carry 0x80 + length, the short list around them 0xc0 + length.
  byte_vector number;
  append_big_endian(number, nonce);
  number.erase(number.begin(), std::find_if(number.begin(), number.end(),
                                            [](std::uint8_t byte) { return byte != 0; }));
  byte_vector body{0x80 + address::size_bytes};
  append(body, creator.bytes());
  if (number.size() != 1 || number.front() >= 0x80)
    body.push_back(static_cast<std::uint8_t>(0x80 + number.size()));
  append(body, number);
  byte_vector rlp{static_cast<std::uint8_t>(0xC0 + body.size())};
  append(rlp, body);
  return last_20(keccak256(rlp));
}

address create2_address(const address& factory, const hash32& salt, const hash32& init_code_hash) {
  byte_vector text{0xFF};
  append(text, factory.bytes());
  append(text, salt.bytes());
  append(text, init_code_hash.bytes());
  return last_20(keccak256(text));
}

hash32 hash_words(std::initializer_list<std::uint64_t> words, std::span<const std::uint8_t> more) {
  byte_vector text;
  text.reserve(words.size() * 8 + more.size());
  for (const auto word : words) append_big_endian(text, word);
  append(text, more);
  return keccak256(text);
}

}  // namespace eremos
