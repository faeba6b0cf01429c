#include "connectors/ethereum/verify/receipt_encoding.hpp"

#include "connectors/ethereum/verify/transaction_types.hpp"

namespace eremos::verify {
namespace {

constexpr field_spec receipt_specs[] = {
    {"transactionHash", form::fixed32},
    {"transactionIndex", form::number},
    {"blockHash", form::fixed32},
    {"blockNumber", form::number},
    {"type", form::number},
    {"status", form::number},
    {"root", form::fixed32},
    {"cumulativeGasUsed", form::number},
    {"gasUsed", form::number},
    {"logsBloom", form::fixed256},
    {"logs"},
    {"from", form::fixed20},
    {"to", form::fixed20},
    {"contractAddress", form::fixed20},
    {"effectiveGasPrice", form::number},
    {"depositNonce", form::number},  // Optimism
    {"depositReceiptVersion", form::number},
    {"baseFee", form::number},  // Celo
};
static_assert(std::size(receipt_specs) == r_fields);

constexpr field_spec log_specs[] = {
    {"address", form::fixed20},
    {"topics"},
    {"data", form::bytes},
    {"blockHash", form::fixed32},
    {"blockNumber", form::number},
    {"blockTimestamp", form::number},
    {"transactionHash", form::fixed32},
    {"transactionIndex", form::number},
    {"logIndex", form::number},
};
static_assert(std::size(log_specs) == l_fields);

using namespace transaction_type;

/// `status` since Byzantium (EIP-658), before it the state's root. Some say both: then `status`
/// is what was made up.
bool append_status(byte_vector& out, const known_fields& receipt, obstacle& stop) {
  return receipt.append(out, receipt.has(r_root) && !receipt.has(r_status) ? r_root : r_status,
                        stop);
}

bool append_log(byte_vector& out, const known_fields& log, bloom_writer& blooms, log_bloom& bloom,
                obstacle& stop) {
  address emitter;
  if (!log.read(l_address, emitter, stop)) return false;
  rlp::open_list list{out};
  rlp::append_bytes(out, emitter.bytes());
  blooms.add(bloom, emitter);
  if (!log.has(l_topics)) return stop.missing("topics");
  rlp::open_list topics{out};
  const bool good =
      json::each_element(log[l_topics], "topics", stop.why, [&](std::size_t, const auto& v) {
        hash32 topic;
        if (!json::read(v, "", topic, stop.why)) return false;
        rlp::append_bytes(out, topic.bytes());
        blooms.add(bloom, topic);
        return true;
      });
  topics.close();
  if (!good) {
    stop.what = obstacle::kind::broken;
    return false;
  }
  if (!log.append(out, l_data, stop)) return false;
  list.close();
  return true;
}

/// What some chains put behind the logs: Optimism from Canyon on, Celo.
bool append_rest(const known_fields& receipt, examined_receipt& out, obstacle& stop) {
  if (receipt.has(r_deposit_version)) {
    out.has_deposit_version = true;
    return receipt.append(out.items, r_deposit_nonce, stop) &&
           receipt.append(out.items, r_deposit_version, stop);
  }
  return !receipt.has(r_base_fee) || receipt.append(out.items, r_base_fee, stop);
}

}  // namespace

known_fields receipt_fields() { return known_fields{receipt_specs}; }
known_fields log_fields() { return known_fields{log_specs}; }

bool encode_receipt(const known_fields& receipt, bloom_writer& blooms, examined_receipt& out,
                    const std::function<void(const known_fields&)>& each_log, obstacle& stop) {
  byte_vector logs;
  rlp::open_list list{logs};
  if (receipt.has(r_logs)) {
    const bool good =
        json::each_element(receipt[r_logs], "logs", stop.why, [&](std::size_t, const auto& v) {
          auto fields = log_fields();
          if (!fields.load(v, stop) || !append_log(logs, fields, blooms, out.bloom, stop))
            return false;
          each_log(fields);
          return true;
        });
    if (!good) {
      if (stop.what == obstacle::kind::none) stop.what = obstacle::kind::broken;
      return false;
    }
  }
  list.close();
  if (!receipt.append(out.items, r_cumulative_gas, stop)) return false;
  rlp::append_bytes(out.items, out.bloom.bits);
  out.items.insert(out.items.end(), logs.begin(), logs.end());
  return append_rest(receipt, out, stop) && append_status(out.status, receipt, stop);
}

byte_vector receipt_value(const examined_receipt& receipt, std::uint64_t type,
                          const examined_transaction* txn) {
  // Arbitrum classic has the byte 0 in the status's place, whatever the status is.
  const byte_vector classic_status = {0};
  const auto& status = type == arbitrum_classic ? classic_status : receipt.status;
  byte_vector rest;
  if (type == optimism_deposit && !receipt.has_deposit_version && txn != nullptr &&
      txn->deposit_receipt_version) {
    // Some providers leave both out of the receipt; the transaction has them.
    rlp::append_number(rest, txn->nonce);
    rlp::append_number(rest, *txn->deposit_receipt_version);
  }
  byte_vector out;
  out.reserve(status.size() + receipt.items.size() + rest.size() + 10);
  if (type != 0 && type != arbitrum_classic) out.push_back(static_cast<std::uint8_t>(type));
  rlp::append_list_header(out, status.size() + receipt.items.size() + rest.size());
  for (const auto& part :
       {std::span{status}, std::span{receipt.items}, std::span<const std::uint8_t>{rest}})
    out.insert(out.end(), part.begin(), part.end());
  return out;
}

}  // namespace eremos::verify
