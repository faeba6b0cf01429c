// What the texts about one block say that its records do not keep, as far as checks need it. Pieces
// come in any order and are merged. Pure; any thread.
#pragma once
#include <vector>

#include "connectors/ethereum/verify/bloom.hpp"
#include "connectors/ethereum/verify/check.hpp"
#include "messages/inspect.hpp"
#include "messages/units.hpp"

namespace eremos {

struct examined_transaction {
  hash32 hash;
  std::uint64_t type = 0;
  address from;
  maybe<address> to;
  std::uint64_t nonce = 0;
  maybe<uint256> price;  ///< wei per gas that its fees and the base fee make
  maybe<std::uint64_t> deposit_receipt_version;  ///< Optimism: receipts may lack it
  bool is_rooted = true;  ///< false: listed, but in no root (chain_rules.hpp)
};

/// Of a block's own text. Its checks are those that need nothing else.
struct examined_block {
  check_list checks;
  hash32 hash;
  std::uint64_t number = 0;
  std::uint64_t timestamp = 0;  ///< seconds
  std::uint64_t gas_used = 0;
  maybe<uint256> base_fee;
  maybe<hash32> receipts_root;
  maybe<log_bloom> bloom;
  maybe<std::size_t> listed;      ///< transactions the block has; none: a head, which does not tell
  bool has_transactions = false;  ///< `transactions` is all of them
  std::vector<examined_transaction> transactions;
};

struct examined_receipt {
  hash32 transaction_hash;
  std::uint64_t index = 0;
  maybe<hash32> block_hash;
  maybe<std::uint64_t> block_number;
  maybe<std::uint64_t> type;
  maybe<address> from;
  maybe<address> to;
  maybe<address> contract_address;
  maybe<uint256> price;
  maybe<std::uint64_t> gas_used;
  std::uint64_t cumulative_gas_used = 0;
  bool failed = false;  ///< `status` is 0
  maybe<std::uint64_t> first_log;
  std::size_t logs = 0;
  maybe<std::uint64_t> timestamp;  ///< that its logs say, in seconds
  log_bloom bloom;                 ///< of its logs, whatever `logsBloom` says
  byte_vector status;              ///< first item of its RLP list; empty: it could not be encoded
  byte_vector items;               ///< the others; type and list header wait for the transaction
  bool has_deposit_version = false;
};

/// Of receipts' texts: all of a block's, or single ones.
struct examined_receipts {
  check_list checks;
  bool is_whole = false;                   ///< one answer had all of them
  std::vector<examined_receipt> receipts;  ///< by index
};

struct block_evidence {
  maybe<examined_block> block;
  maybe<examined_receipts> receipts;

  /// Adds what another piece of the same block said.
  void merge(block_evidence&& piece);
};

}  // namespace eremos
