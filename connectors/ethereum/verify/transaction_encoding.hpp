// A transaction as its hash and its block's transactionsRoot cover it: EIP-2718 types 0 to 4, and
// those that Optimism, Scroll, Arbitrum, Celo and Polygon add. Included by verifiers only. Pure;
// any thread.
#pragma once
#include "connectors/ethereum/verify/chain_rules.hpp"
#include "connectors/ethereum/verify/known_fields.hpp"
#include "messages/inspect.hpp"

namespace eremos::verify {

/// Keys of a transaction, in the order of `transaction_specs`.
enum transaction_field : std::size_t {
  t_hash,
  t_type,
  t_from,
  t_block_hash,
  t_block_number,
  t_block_timestamp,
  t_index,
  t_nonce,
  t_gas_price,
  t_gas,
  t_to,
  t_value,
  t_input,
  t_data,
  t_v,
  t_r,
  t_s,
  t_chain_id,
  t_y_parity,
  t_access_list,
  t_max_priority_fee,
  t_max_fee,
  t_max_blob_fee,
  t_blob_hashes,
  t_authorizations,
  t_source_hash,  // Optimism's deposits
  t_mint,
  t_is_system,
  t_deposit_receipt_version,
  t_queue_index,  // Scroll's messages
  t_sender,
  t_request_id,  // Arbitrum's messages from L1
  t_ticket_id,
  t_refund_to,
  t_max_refund,
  t_submission_fee_refund,
  t_l1_base_fee,
  t_deposit_value,
  t_retry_to,
  t_retry_value,
  t_retry_data,
  t_beneficiary,
  t_max_submission_fee,
  t_fee_currency,  // Celo
  t_fields
};

known_fields transaction_fields();

/// What a sender signed.
struct signature_parts {
  hash32 digest;
  bool parity = false;
  uint256 r;
  uint256 s;
  bool is_empty() const noexcept { return r.is_zero() && s.is_zero(); }
};

struct encoded_transaction {
  byte_vector value;  ///< in the trie
  hash32 hash;
  maybe<signature_parts> signature;   ///< of types that have one
  maybe<uint256> signed_chain;        ///< EIP-155, and every typed one
  bool is_legacy_without_id = false;  ///< signed for any chain
  bool hash_may_differ = false;       ///< Arbitrum classic: the node keeps hashes of its own
};

/// Encodes what `load` found. Which types there are beside Ethereum's own, and what they are, is
/// the chain's to say. False: `stop` says why.
bool encode_transaction(const known_fields& txn, std::uint64_t type, const chain_rules& rules,
                        encoded_transaction& out, obstacle& stop);

}  // namespace eremos::verify
