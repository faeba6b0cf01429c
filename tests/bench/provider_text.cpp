#include "tests/bench/provider_text.hpp"

#include <fmt/format.h>

#include "connectors/mock/dice.hpp"

namespace eremos::bench {
namespace {

/// What a dice is of, so that made-up bytes in different places differ.
enum purpose : std::uint64_t { of_header = 1, of_signature, of_bloom, of_withdrawals };

constexpr std::size_t bloom_bytes = 256;     // Yellow Paper §4.3.1
constexpr std::size_t withdrawals_max = 16;  // EIP-4895

/// An object's fields, one after the other.
class fields {
 public:
  explicit fields(std::string& out) : out_(out) { out_ += '{'; }
  ~fields() { out_ += '}'; }
  fields(const fields&) = delete;
  fields& operator=(const fields&) = delete;

  std::string& name(std::string_view key) {
    if (!first_) out_ += ',';
    first_ = false;
    fmt::format_to(std::back_inserter(out_), "\"{}\":", key);
    return out_;
  }
  void raw(std::string_view key, std::string_view json) { name(key) += json; }
  void bytes(std::string_view key, std::span<const std::uint8_t> data) { hex(name(key), data); }
  template <std::size_t N, class Tag>
  void bytes(std::string_view key, const fixed_bytes<N, Tag>& data) {
    hex(name(key), data.bytes());
  }
  void number(std::string_view key, const uint256& n) {
    auto& out = name(key);
    out += '"';
    out += to_quantity(n);
    out += '"';
  }
  template <class T>
  void optional(std::string_view key, const maybe<T>& value) {
    if (!value) return raw(key, "null");
    if constexpr (std::is_same_v<T, wei>)
      number(key, *value);
    else
      bytes(key, *value);
  }

  static void hex(std::string& out, std::span<const std::uint8_t> data) {
    constexpr char digits[] = "0123456789abcdef";
    out += "\"0x";
    for (const auto byte : data) {
      out += digits[byte >> 4];
      out += digits[byte & 15];
    }
    out += '"';
  }

 private:
  std::string& out_;
  bool first_ = true;
};

template <class List, class Append>
void append_list(std::string& out, const List& list, Append&& append) {
  out += '[';
  bool first = true;
  for (const auto& x : list) {
    if (!std::exchange(first, false)) out += ',';
    append(x);
  }
  out += ']';
}

hash32 made_up_hash(dice& d) {
  hash32 out;
  for (auto& byte : out.data) byte = static_cast<std::uint8_t>(d.next());
  return out;
}

/// A filter with some bits set, as sparse as real ones.
byte_vector made_up_bloom(dice& d, std::size_t logs) {
  byte_vector out(bloom_bytes);
  for (std::size_t bits = 9 * std::min<std::size_t>(logs, 150); bits > 0; --bits)
    out[d.below(bloom_bytes)] |= static_cast<std::uint8_t>(1u << d.below(8));
  return out;
}

void append_hashes(std::string& out, const std::vector<hash32>& hashes) {
  append_list(out, hashes, [&](const hash32& x) { fields::hex(out, x.bytes()); });
}

void add_typed(fields& f, const transaction_body& txn, chain_id chain) {
  if (txn.type >= 1) {
    auto& out = f.name("accessList");
    append_list(out, txn.access_list, [&](const access_entry& entry) {
      fields inner{out};
      inner.bytes("address", entry.account);
      append_hashes(inner.name("storageKeys"), entry.storage_keys);
    });
  }
  f.number("chainId", chain);
  if (txn.type == 3) append_hashes(f.name("blobVersionedHashes"), txn.blob_versioned_hashes);
  if (txn.type == 4) {
    auto& out = f.name("authorizationList");
    append_list(out, txn.authorization_list, [&](const authorization& a) {
      dice d{purpose::of_signature, a.nonce, txn.nonce};
      fields inner{out};
      inner.number("chainId", a.chain);
      inner.bytes("address", a.delegate);
      inner.number("nonce", a.nonce);
      inner.number("yParity", d.below(2));
      inner.bytes("r", made_up_hash(d));
      inner.bytes("s", made_up_hash(d));
    });
  }
}

/// `place` is null while the transaction waits.
void append_transaction(std::string& out, const transaction_body& txn, chain_id chain,
                        const block_event* block, std::uint64_t index) {
  dice d{purpose::of_signature, txn.nonce, txn.hash.data[0], txn.hash.data[1]};
  fields f{out};
  if (block) {
    f.bytes("blockHash", block->hash);
    f.number("blockNumber", block->number);
    f.number("blockTimestamp", static_cast<std::uint64_t>(block->timestamp / second_ms));
  } else {
    f.raw("blockHash", "null");
    f.raw("blockNumber", "null");
  }
  f.bytes("from", txn.from);
  f.number("gas", txn.gas_limit);
  f.number("gasPrice", txn.gas_price);
  if (txn.max_fee_per_gas) f.number("maxFeePerGas", *txn.max_fee_per_gas);
  if (txn.max_priority_fee_per_gas) f.number("maxPriorityFeePerGas", *txn.max_priority_fee_per_gas);
  if (txn.max_fee_per_blob_gas) f.number("maxFeePerBlobGas", *txn.max_fee_per_blob_gas);
  f.bytes("hash", txn.hash);
  f.bytes("input", txn.input);
  f.number("nonce", txn.nonce);
  f.optional("to", txn.to);
  if (block)
    f.number("transactionIndex", index);
  else
    f.raw("transactionIndex", "null");
  f.number("value", txn.value);
  f.number("type", txn.type);
  add_typed(f, txn, chain);
  const auto parity = d.below(2);
  f.number("v", txn.type == 0 ? 35 + 2 * chain + parity : parity);  // EIP-155
  f.bytes("r", made_up_hash(d));
  f.bytes("s", made_up_hash(d));
  if (txn.type != 0) f.number("yParity", parity);
}

void add_withdrawals(fields& f, const block_event& header) {
  auto& out = f.name("withdrawals");
  dice d{purpose::of_withdrawals, header.number};
  std::array<std::uint64_t, withdrawals_max> indices{};
  for (std::size_t i = 0; i < indices.size(); ++i) indices[i] = header.number * indices.size() + i;
  append_list(out, indices, [&](std::uint64_t index) {
    fields inner{out};
    inner.number("index", index);
    inner.number("validatorIndex", d.below(1'000'000));
    const auto target = made_up_hash(d);
    inner.bytes("address", target.bytes().first<20>());
    inner.number("amount", d.between(10'000'000, 20'000'000));  // gwei
  });
}

}  // namespace

void append_block(std::string& out, const block_record& block) {
  const auto& header = block.header;
  dice d{purpose::of_header, header.number};
  fields f{out};
  if (header.base_fee_per_gas) f.number("baseFeePerGas", *header.base_fee_per_gas);
  f.number("blobGasUsed", 131'072 * d.below(7));  // EIP-4844
  f.number("difficulty", 0);
  f.number("excessBlobGas", 131'072 * d.below(600));
  f.raw("extraData", "\"0x6265617665726275696c642e6f7267\"");
  f.number("gasLimit", header.gas_limit);
  f.number("gasUsed", header.gas_used);
  f.bytes("hash", header.hash);
  f.bytes("logsBloom", made_up_bloom(d, 3 * block.transactions.size()));
  f.bytes("miner", header.beneficiary);
  f.bytes("mixHash", made_up_hash(d));
  f.raw("nonce", "\"0x0000000000000000\"");
  f.number("number", header.number);
  f.bytes("parentBeaconBlockRoot", made_up_hash(d));
  f.bytes("parentHash", header.parent_hash);
  for (const auto root : {"receiptsRoot", "requestsHash", "sha3Uncles"})
    f.bytes(root, made_up_hash(d));
  f.number("size", d.between(60'000, 180'000));
  f.bytes("stateRoot", made_up_hash(d));
  f.number("timestamp", static_cast<std::uint64_t>(header.timestamp / second_ms));
  append_list(f.name("transactions"), block.transactions, [&](const transaction_event& txn) {
    append_transaction(out, txn, block.chain, &header, txn.transaction_index);
  });
  f.bytes("transactionsRoot", made_up_hash(d));
  f.raw("uncles", "[]");
  add_withdrawals(f, header);
  f.bytes("withdrawalsRoot", made_up_hash(d));
}

void append_receipts(std::string& out, const block_record& block) {
  std::uint64_t gas = 0;
  append_list(out, block.receipts, [&](const receipt_record& receipt) {
    const auto& txn = block.transactions[receipt.transaction_index];
    dice d{purpose::of_bloom, block.header.number, receipt.transaction_index};
    gas += receipt.gas_used.value_or(0);
    fields f{out};
    f.bytes("blockHash", block.header.hash);
    f.number("blockNumber", block.header.number);
    f.optional("contractAddress", receipt.contract_address);
    f.number("cumulativeGasUsed", gas);
    if (receipt.effective_gas_price) f.number("effectiveGasPrice", *receipt.effective_gas_price);
    f.bytes("from", txn.from);
    f.number("gasUsed", receipt.gas_used.value_or(0));
    append_list(f.name("logs"), receipt.logs,
                [&](const contract_event& log) { append_log(out, log, block.header); });
    f.bytes("logsBloom", made_up_bloom(d, receipt.logs.size()));
    f.number("status", receipt.succeeded.value_or(true) ? 1 : 0);
    f.optional("to", txn.to);
    f.bytes("transactionHash", receipt.transaction_hash);
    f.number("transactionIndex", receipt.transaction_index);
    f.number("type", txn.type);
  });
}

void append_log(std::string& out, const contract_event& log, const block_event& header) {
  fields f{out};
  f.bytes("address", log.emitter);
  append_list(f.name("topics"), log.topics, [&](const hash32& x) { fields::hex(out, x.bytes()); });
  f.bytes("data", log.data);
  f.number("blockNumber", header.number);
  f.bytes("transactionHash", log.transaction_hash);
  f.number("transactionIndex", log.transaction_index);
  f.bytes("blockHash", header.hash);
  f.number("blockTimestamp", static_cast<std::uint64_t>(header.timestamp / second_ms));
  f.number("logIndex", log.log_index);
  f.raw("removed", "false");
}

void append_pending(std::string& out, const mempool_event& pending, chain_id chain) {
  append_transaction(out, pending, chain, nullptr, 0);
}

}  // namespace eremos::bench
