// Between whom a log moves a token. Reads topics (and data where nothing is indexed), not amounts;
// whether the emitter is a token at all it cannot know. Any thread.
#pragma once
#include "messages/event.hpp"

namespace eremos {

// Topics of EIP-20 and EIP-721 (the same signature), EIP-1155.
extern const hash32 transfer_topic;         ///< Transfer(address,address,uint256)
extern const hash32 transfer_single_topic;  ///< TransferSingle(address,address,address,…)
extern const hash32 transfer_batch_topic;   ///< TransferBatch(address,address,address,…)

struct transfer_parties {
  address from;  ///< zero: minted
  address to;    ///< zero: burnt

  friend bool operator==(const transfer_parties&, const transfer_parties&) = default;
};

/// None if the log is no token transfer. Takes Transfer with 3 topics (ERC-20), 4 (ERC-721) or 1
/// and 96 bytes of data (tokens older than the standard), and both ERC-1155 events with 4.
maybe<transfer_parties> transfer_parties_of(const contract_event& log);

}  // namespace eremos
