#include "connectors/mock/mock_chain.hpp"

#include <cassert>

#include "connectors/mock/dice.hpp"
#include "connectors/mock/evm_words.hpp"

namespace eremos {
namespace {

constexpr time_ms genesis_time = 1'704'067'200'000;  // 2024-01-01T00:00:00Z
constexpr duration_ms block_time_ms = 12 * second_ms;
constexpr std::uint64_t gas_limit = 36'000'000;  // mainnet, 2025
constexpr std::uint64_t builder_count = 5;

/// What a hash is of, so that equal numbers in different places stay unrelated.
enum tag : std::uint64_t { of_key = 201, of_block, of_transaction, of_blob };

/// Wei per gas; rises and falls between 10 and 13.2 gwei, by less than an eighth a block
/// (EIP-1559).
std::uint64_t base_fee_at(block_number number) {
  const auto x = number % 128;
  return 10'000'000'000 + (x < 64 ? x : 128 - x) * 50'000'000;
}

}  // namespace

mock_chain::mock_chain(const mock_shape& shape)
    : shape_(shape),
      key_(dice{tag::of_key, shape.seed, shape.chain}.next()),
      cast_(key_, shape.dense),
      plan_(key_, shape.dense, cast_, shape.patterns),
      logs_(cast_) {
  assert(!shape.fork || shape.fork->salt != 0);
}

std::uint64_t mock_chain::salt_at(block_number number) const noexcept {
  return shape_.fork && number >= shape_.fork->from ? shape_.fork->salt : 0;
}

hash32 mock_chain::hash_of(block_number number) const {
  return hash_words({key_, tag::of_block, number, salt_at(number)});
}

time_ms mock_chain::time_of(block_number number) const {
  auto time = genesis_time + static_cast<time_ms>(number) * block_time_ms;
  if (number <= 1) return time;
  return time + mock_first_rest_ms + static_cast<time_ms>((number - 1) / mock_cycle) * mock_rest_ms;
}

block_record mock_chain::block(block_number number) const {
  block_record out;
  out.chain = shape_.chain;
  out.has_header = out.has_transactions = out.has_receipts = true;
  out.time = time_of(number);
  auto& header = out.header;
  header.number = number;
  header.hash = hash_of(number);
  header.parent_hash = hash_of(number - 1);
  header.timestamp = time_of(number);
  header.gas_limit = gas_limit;
  header.base_fee_per_gas = wei{base_fee_at(number)};
  header.beneficiary =
      cast_.account(mock_role::builder, dice{key_, tag::of_block, number}.below(builder_count));
  std::uint64_t log_index = 0;
  for (auto& [txn, logs, seen] : transactions(number)) {
    for (auto& log : logs) {
      log.transaction_hash = txn.hash;
      log.transaction_index = txn.transaction_index;
      log.log_index = log_index++;
    }
    header.gas_used += *txn.gas_used;
    receipt_record receipt;
    receipt.transaction_hash = txn.hash;
    receipt.transaction_index = txn.transaction_index;
    receipt.succeeded = txn.succeeded;
    receipt.gas_used = txn.gas_used;
    receipt.effective_gas_price = txn.effective_gas_price;
    receipt.contract_address = txn.contract_address;
    receipt.logs = std::move(logs);
    out.receipts.push_back(std::move(receipt));
    out.transactions.push_back(std::move(txn));
  }
  header.transaction_count = out.transactions.size();
  return out;
}

std::vector<mempool_event> mock_chain::pending(block_number number) const {
  std::vector<mempool_event> out;
  for (const auto& [txn, logs, seen] : transactions(number)) {
    if (!seen) continue;
    mempool_event waits;
    static_cast<transaction_body&>(waits) = txn;
    // JSON-RPC's gasPrice of a transaction that is not mined yet (go-ethereum internal/ethapi).
    if (waits.max_fee_per_gas) waits.gas_price = *waits.max_fee_per_gas;
    waits.full = true;
    out.push_back(std::move(waits));
  }
  return out;
}

std::uint64_t mock_chain::events_of(block_number number) const {
  std::uint64_t count = 1;
  for (const auto& [txn, logs, seen] : transactions(number))
    count += 1 + logs.size() + (seen ? 1 : 0);
  return count;
}

std::vector<mock_chain::made> mock_chain::transactions(block_number number) const {
  std::vector<made> out;
  for (const auto& draft : plan_.drafts(number, salt_at(number)))
    out.push_back(transaction(draft, number, out.size()));
  return out;
}

mock_chain::made mock_chain::transaction(const mock_draft& draft, block_number number,
                                         std::uint64_t index) const {
  auto effects = logs_.effects_of(draft);
  dice d{key_, tag::of_transaction, draft.roll};
  made out;
  auto& txn = out.txn;
  txn.hash = hash_words({key_, tag::of_transaction, draft.nonce, draft.roll}, draft.from.bytes());
  txn.from = draft.from;
  txn.to = effects.to;
  txn.value = effects.value;
  txn.nonce = draft.nonce;
  txn.input = std::move(effects.input);
  txn.number = number;
  txn.transaction_index = index;
  price(txn, d, number);
  extras(txn, d);
  const bool fails = !draft.planted && draft.kind != mock_kind::pay && d.chance(4);
  // Front ends ask for a fifth more than they expect to use; a plain payment for what it costs.
  txn.gas_limit = draft.kind == mock_kind::pay ? effects.gas_used : effects.gas_used * 6 / 5;
  txn.gas_used = fails ? effects.gas_used / 2 + 10'500 : effects.gas_used;
  txn.succeeded = !fails;
  if (effects.created) txn.contract_address = effects.created;
  if (!fails) out.logs = std::move(effects.logs);
  out.seen_pending = draft.planted || d.chance(80);
  return out;
}

/// Type and fees: mostly EIP-1559, some of every other type since.
void mock_chain::price(transaction_event& txn, dice& d, block_number number) const {
  const auto base = base_fee_at(number);
  const auto tip = d.between(100, 3'000) * 1'000'000;
  const auto roll = d.below(100);
  txn.type = roll < 14 ? 0 : roll < 16 ? 1 : 2;
  if (roll == 98 && txn.to) txn.type = 3;  // blobs and code cannot come with a creation
  if (roll == 99 && txn.to) txn.type = 4;
  txn.gas_price = wei{base + tip};
  txn.effective_gas_price = txn.gas_price;
  if (txn.type < 2) return;
  txn.max_fee_per_gas = wei{2 * base + tip};
  txn.max_priority_fee_per_gas = wei{tip};
}

/// What only some types carry: access lists (EIP-2930), blobs (EIP-4844), authorizations
/// (EIP-7702).
void mock_chain::extras(transaction_event& txn, dice& d) const {
  if (txn.type == 1) txn.access_list = {{cast_.weth(), {hash_words({d.next()})}}};
  if (txn.type == 3) {
    txn.max_fee_per_blob_gas = gwei(1);
    for (auto left = d.between(1, 6); left > 0; --left) {
      auto blob = hash_words({key_, tag::of_blob, d.next()});
      blob.data[0] = 1;  // VERSIONED_HASH_VERSION_KZG
      txn.blob_versioned_hashes.push_back(blob);
    }
  }
  if (txn.type == 4)
    txn.authorization_list = {{uint256{shape_.chain}, cast_.v2_router(), d.below(10)}};
}

}  // namespace eremos
