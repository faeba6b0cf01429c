#include "connectors/ethereum/block_pieces.hpp"

#include <algorithm>
#include <unordered_map>

#include <fmt/format.h>

#include "connectors/ethereum/in_order.hpp"

namespace eremos {
namespace {

void merge_receipts(block_record& into, block_record& piece) {
  if (piece.has_receipts) {  // all of them: whatever single ones there were are among them
    into.receipts = std::move(piece.receipts);
    into.has_receipts = true;
    return;
  }
  if (into.has_receipts) return;
  for (auto& receipt : piece.receipts) {
    const auto at = std::lower_bound(
        into.receipts.begin(), into.receipts.end(), receipt.transaction_index,
        [](const auto& r, std::uint64_t index) { return r.transaction_index < index; });
    if (at == into.receipts.end() || at->transaction_index != receipt.transaction_index)
      into.receipts.insert(at, std::move(receipt));
  }
}

void merge_logs(block_record& into, block_record& piece) {
  if (piece.has_logs) {
    into.logs = std::move(piece.logs);
    into.has_logs = true;
    return;
  }
  if (into.has_logs) return;
  for (auto& log : piece.logs) {
    const auto at =
        std::lower_bound(into.logs.begin(), into.logs.end(), log.log_index,
                         [](const auto& l, std::uint64_t index) { return l.log_index < index; });
    if (at == into.logs.end() || at->log_index != log.log_index)
      into.logs.insert(at, std::move(log));
  }
}

void join(transaction_event& txn, const receipt_record& receipt) {
  txn.succeeded = receipt.succeeded;
  txn.gas_used = receipt.gas_used;
  txn.contract_address = receipt.contract_address;
  if (!receipt.effective_gas_price) return;
  txn.effective_gas_price = receipt.effective_gas_price;
  txn.gas_price = *receipt.effective_gas_price;
}

/// Whether each transaction's receipt is at its own place, as in any whole block.
bool side_by_side(const std::vector<transaction_event>& transactions,
                  const std::vector<receipt_record>& receipts) {
  return std::equal(transactions.begin(), transactions.end(), receipts.begin(), receipts.end(),
                    [](const auto& t, const auto& r) { return t.hash == r.transaction_hash; });
}

}  // namespace

status merge_piece(block_record& into, block_record&& piece) {
  const bool is_nameless = piece.header.hash.is_zero();
  if (into.chain != piece.chain)
    return {errc::malformed_shape,
            fmt::format("a piece of chain {} for a block of chain {}", piece.chain, into.chain)};
  if (!is_nameless &&
      (into.header.hash != piece.header.hash || into.header.number != piece.header.number))
    return {errc::malformed_shape,
            fmt::format("a piece of block {} {} for block {} {}", piece.header.number,
                        to_hex(piece.header.hash), into.header.number, to_hex(into.header.hash))};
  if (piece.has_header) {
    // A head does not know how many transactions its block has.
    const auto count = std::max(into.header.transaction_count, piece.header.transaction_count);
    into.header = piece.header;
    into.header.transaction_count = count;
    into.has_header = true;
    into.time = piece.time;
  }
  if (piece.has_transactions && !into.has_transactions) {
    into.transactions = std::move(piece.transactions);
    into.has_transactions = true;
    into.unknown_transaction_types = piece.unknown_transaction_types;
  }
  if (!into.time) into.time = piece.time;
  if (into.noted_at == 0) into.noted_at = piece.noted_at;
  if (into.received_ns == 0) into.received_ns = piece.received_ns;
  merge_receipts(into, piece);
  merge_logs(into, piece);
  return ok;
}

status is_asked_for(const block_record& got, const fetch_block& asked) {
  if (asked.hash && got.header.hash != *asked.hash)
    return {errc::provider_refused, fmt::format("asked for block {}, got block {}",
                                                to_hex(*asked.hash), to_hex(got.header.hash))};
  if (got.header.number != asked.number)
    return {errc::provider_refused,
            fmt::format("asked for block {}, got block {}", asked.number, got.header.number)};
  return ok;
}

std::size_t join_receipts(block_record& block) {
  return join_receipts(block.transactions, block.receipts);
}

std::size_t join_receipts(std::vector<transaction_event>& transactions,
                          const std::vector<receipt_record>& receipts) {
  if (side_by_side(transactions, receipts)) {
    for (std::size_t i = 0; i < transactions.size(); ++i) join(transactions[i], receipts[i]);
    return transactions.size();
  }
  std::unordered_map<hash32, const receipt_record*> by_hash;
  by_hash.reserve(receipts.size());
  for (const auto& receipt : receipts) by_hash.emplace(receipt.transaction_hash, &receipt);
  std::size_t joined = 0;
  for (auto& txn : transactions) {
    const auto at = by_hash.find(txn.hash);
    if (at == by_hash.end()) continue;
    join(txn, *at->second);
    ++joined;
  }
  return joined;
}

std::vector<contract_event> all_logs(const block_record& block) {
  std::vector<contract_event> out;
  std::size_t count = block.logs.size();
  for (const auto& receipt : block.receipts) count += receipt.logs.size();
  out.reserve(count);
  for (const auto& receipt : block.receipts)
    out.insert(out.end(), receipt.logs.begin(), receipt.logs.end());
  out.insert(out.end(), block.logs.begin(), block.logs.end());
  // Stable: a receipt's log stays before its double.
  sort_unless_sorted(out, &contract_event::log_index);
  out.erase(std::unique(out.begin(), out.end(),
                        [](const auto& a, const auto& b) { return a.log_index == b.log_index; }),
            out.end());
  return out;
}

}  // namespace eremos
