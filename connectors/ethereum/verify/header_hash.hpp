// A block's header as its hash covers it: every fork's fields, by presence. Included by verifiers
// only. Pure; any thread.
#pragma once
#include "connectors/ethereum/verify/bloom.hpp"
#include "connectors/ethereum/verify/known_fields.hpp"
#include "messages/inspect.hpp"

namespace eremos::verify {

/// Keys of a block, in the order of `header_specs`. The header's own come first and in the order
/// of its RLP.
enum header_field : std::size_t {
  h_parent_hash,
  h_sha3_uncles,
  h_miner,
  h_state_root,
  h_transactions_root,
  h_receipts_root,
  h_logs_bloom,
  h_difficulty,
  h_number,
  h_gas_limit,
  h_gas_used,
  h_timestamp,
  h_extra_data,
  h_mix_hash,
  h_nonce,
  h_base_fee,
  h_withdrawals_root,
  h_blob_gas_used,
  h_excess_blob_gas,
  h_parent_beacon_root,
  h_requests_hash,
  h_access_list_hash,
  h_slot_number,
  h_tail_end,  // other names for some of them
  h_bal_hash = h_tail_end,
  h_requests_root,
  h_author,
  h_step,
  h_signature,
  h_aura_step,
  h_aura_seal,  // beside the header
  h_hash,
  h_transactions,
  h_withdrawals,
  h_l1_block_number,
  h_send_count,
  h_send_root,
  h_milli_timestamp,
  h_fields_read  // those behind it are known, and not read
};

/// A block's fields, ready for hash_header.
known_fields block_fields();

/// The hash that follows from the fields. False: `stop` says which one is missing or broken.
bool hash_header(const known_fields& block, hash32& out, obstacle& stop);

}  // namespace eremos::verify
