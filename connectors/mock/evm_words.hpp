// The few pieces of the EVM's encodings that making a chain up needs: ABI words, selectors, and the
// addresses that contracts get. Encodes only. Any thread.
#pragma once
#include <cstdint>
#include <initializer_list>
#include <string_view>

#include "messages/bytes.hpp"
#include "messages/units.hpp"

namespace eremos {

/// Solidity ABI, "Formal Specification of the Encoding": numbers and addresses fill 32 bytes from
/// the right.
hash32 abi_word(const uint256& number);
hash32 abi_word(const address& who);
/// Two's complement.
hash32 abi_negative(const uint256& magnitude);

/// First four bytes of the signature's Keccak-256, then the words.
byte_vector abi_call(std::string_view signature, std::initializer_list<hash32> words);
byte_vector abi_data(std::initializer_list<hash32> words);
/// What a function that returns one string returns.
byte_vector abi_text(std::string_view text);

/// Of the contract that `creator` makes with this nonce (Yellow Paper §7: the last 20 bytes of the
/// hash of the RLP of both).
address create_address(const address& creator, std::uint64_t nonce);
/// EIP-1014.
address create2_address(const address& factory, const hash32& salt, const hash32& init_code_hash);

/// Keccak-256 of the words as big-endian bytes, then of `more`.
hash32 hash_words(std::initializer_list<std::uint64_t> words,
                  std::span<const std::uint8_t> more = {});

}  // namespace eremos
