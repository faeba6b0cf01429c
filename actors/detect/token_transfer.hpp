// Reads a log as a transfer of a token: who gave what to whom. Knows ERC-20, ERC-721, ERC-1155 and
// the older form whose arguments are not indexed; no mint or burn events of a token's own. A log
// proves only that its emitter said so: any contract can say "Transfer". (runtime/policy/transfer
// tells the parties alone, for ranking, and is less strict.) Pure; any thread.
//
// The first three forms have the same topic0, so the number of topics decides (domain.md D5, trap
// a):
//   3 topics + 32 bytes   ERC-20   (EIP-20: from and to indexed, value in data)
//   4 topics + 0 bytes    ERC-721  (EIP-721: the token id is indexed too)
//   1 topic  + 96 bytes   tokens older than both, CryptoKitties among them: all three in data, and
//                         nothing says whether the third is an amount or an id
//   TransferSingle, TransferBatch with 4 topics   ERC-1155 (EIP-1155: operator, from, to indexed)
// Everything else of these topics is no transfer we know. Nor is one whose address word has any of
// its upper 12 bytes set: the ABI pads addresses with zeros (Solidity ABI specification,
// "uint160").
#pragma once
#include <algorithm>
#include <cstdint>

#include "messages/event.hpp"
#include "runtime/policy/transfer.hpp"

namespace eremos::detect {

enum class transfer_form : std::uint8_t {
  erc20,      ///< quantity is an amount in the token's smallest unit
  erc721,     ///< quantity is a token id
  unindexed,  ///< quantity may be either
  erc1155,    ///< quantity is an amount of one id; 0 for a batch, whose amounts are not read
};

struct token_transfer {
  transfer_form form = transfer_form::erc20;
  address token;
  address from;  ///< zero: minted
  address to;    ///< zero: burned
  uint256 quantity;
  bool batch = false;  ///< ERC-1155 only

  /// False for a transfer of nothing, which anyone may make in anyone's name: the usual address
  /// poisoning (EIP-20 demands that transfers of 0 values fire the event).
  bool moves_something() const noexcept {
    return form == transfer_form::erc721 || batch || !quantity.is_zero();
  }
  friend bool operator==(const token_transfer&, const token_transfer&) = default;
};

/// The address in an ABI word of 32 bytes; none if it holds more than an address.
inline maybe<address> address_of_word(const std::uint8_t* word) noexcept {
  constexpr std::size_t padding = 12;
  if (std::any_of(word, word + padding, [](std::uint8_t b) { return b != 0; })) return {};
  address out;
  std::copy_n(word + padding, out.data.size(), out.data.begin());
  return out;
}

namespace detail {

inline maybe<token_transfer> decode_multi_transfer(const contract_event& log) {
  const bool batch = log.topics[0] == transfer_batch_topic;
  constexpr std::size_t id_and_value = 64;
  if (!batch && (log.topics[0] != transfer_single_topic || log.data.size() != id_and_value))
    return {};
  const auto from = address_of_word(log.topics[2].data.data());
  const auto to = address_of_word(log.topics[3].data.data());
  if (!from || !to) return {};
  return token_transfer{.form = transfer_form::erc1155,
                        .token = log.emitter,
                        .from = *from,
                        .to = *to,
                        .quantity = batch ? uint256{} : from_big_endian(log.data.data() + 32),
                        .batch = batch};
}

}  // namespace detail

inline maybe<token_transfer> decode_transfer(const contract_event& log) {
  const auto& topics = log.topics;
  if (topics.size() == 4 && topics[0] != transfer_topic) return detail::decode_multi_transfer(log);
  if (topics.empty() || topics[0] != transfer_topic) return {};
  constexpr std::size_t word = 32;
  const std::uint8_t* words[3] = {};
  auto form = transfer_form::erc20;
  if (topics.size() == 3 && log.data.size() == word) {
    words[0] = topics[1].data.data();
    words[1] = topics[2].data.data();
    words[2] = log.data.data();
  } else if (topics.size() == 4 && log.data.empty()) {
    form = transfer_form::erc721;
    for (std::size_t i = 0; i < 3; ++i) words[i] = topics[i + 1].data.data();
  } else if (topics.size() == 1 && log.data.size() == 3 * word) {
    form = transfer_form::unindexed;
    for (std::size_t i = 0; i < 3; ++i) words[i] = log.data.data() + i * word;
  } else {
    return {};
  }
  const auto from = address_of_word(words[0]);
  const auto to = address_of_word(words[1]);
  if (!from || !to) return {};
  return token_transfer{form, log.emitter, *from, *to, from_big_endian(words[2])};
}

}  // namespace eremos::detect
