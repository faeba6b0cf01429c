// Reads what a log says that somebody did. A log is taken only with the number of topics and the
// bytes of data of a declaration we know (domain.md D5: the same topic0 comes with other arguments
// indexed); of everything else nothing is said. An amount near 2^256 is a number like any other.
// (runtime/policy/transfer tells a transfer's parties alone, for ranking, and is less strict.)
// Pure; any thread.
#pragma once
#include <algorithm>
#include <cstdint>
#include <cstring>
#include <vector>

#include "messages/event.hpp"

namespace eremos {

decoded_action decode_action(const contract_event& log);

/// The transfer alone. The first three forms have the same topic0, so the number of topics decides
/// (domain.md D5, trap a):
///   3 topics + 32 bytes   ERC-20   (EIP-20: from and to indexed, value in data)
///   4 topics + 0 bytes    ERC-721  (EIP-721: the token id is indexed too)
///   1 topic  + 96 bytes   tokens older than both, CryptoKitties among them: all three in data, and
///                         nothing says whether the third is an amount or an id
///   TransferSingle, TransferBatch with 4 topics   ERC-1155 (EIP-1155: operator, from, to indexed)
/// Mint and burn events of a token's own are none, nor is one whose address word has any of its
/// upper 12 bytes set: the ABI pads addresses with zeros (Solidity ABI specification, "uint160").
maybe<token_transfer> decode_transfer(const contract_event& log);

/// What such actions' logs have as first topic: for subscriptions.
std::vector<hash32> action_topics(const std::vector<action_kind>& kinds);

/// The address in an ABI word of 32 bytes; none if it holds more than an address.
inline maybe<address> address_of_word(const std::uint8_t* word) noexcept {
  constexpr std::size_t padding = 12;
  std::uint64_t first = 0;
  std::uint32_t rest = 0;
  std::memcpy(&first, word, sizeof first);
  std::memcpy(&rest, word + sizeof first, sizeof rest);
  if ((first | rest) != 0) return {};
  address out;
  std::copy_n(word + padding, out.data.size(), out.data.begin());
  return out;
}

}  // namespace eremos
