// A receipt as its block's receiptsRoot covers it, without what only its transaction knows.
// Included by verifiers only. Pure; any thread.
#pragma once
#include <functional>

#include "connectors/ethereum/verify/block_evidence.hpp"
#include "connectors/ethereum/verify/known_fields.hpp"

namespace eremos::verify {

/// Keys of a receipt, in the order of `receipt_specs`.
enum receipt_field : std::size_t {
  r_transaction_hash,
  r_index,
  r_block_hash,
  r_block_number,
  r_type,
  r_status,
  r_root,
  r_cumulative_gas,
  r_gas_used,
  r_bloom,
  r_logs,
  r_from,
  r_to,
  r_contract,
  r_price,
  r_deposit_nonce,
  r_deposit_version,
  r_base_fee,
  r_fields
};

known_fields receipt_fields();

/// Keys of a log, in the order of `log_specs`.
enum log_field : std::size_t {
  l_address,
  l_topics,
  l_data,
  l_block_hash,
  l_block_number,
  l_block_timestamp,
  l_transaction_hash,
  l_transaction_index,
  l_index,
  l_fields
};

known_fields log_fields();

/// Encodes a receipt into `out.status` and `out.items`, and computes `out.bloom` of its logs.
/// `each_log` is called with every log's fields. False: `stop` says why.
bool encode_receipt(const known_fields& receipt, bloom_writer& blooms, examined_receipt& out,
                    const std::function<void(const known_fields&)>& each_log, obstacle& stop);

/// The value in the trie, once its transaction's type is known. `txn` may be null.
byte_vector receipt_value(const examined_receipt& receipt, std::uint64_t type,
                          const examined_transaction* txn);

}  // namespace eremos::verify
