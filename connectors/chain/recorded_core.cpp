#include "connectors/chain/recorded_core.hpp"

#include "connectors/ethereum/block_pieces.hpp"

namespace eremos {

recorded_core::passed& recorded_core::entry(const hash32& hash) {
  const auto [at, fresh] = passed_.try_emplace(hash);
  if (fresh) {
    order_.push_back(hash);
    if (order_.size() > passed_max) {
      passed_.erase(order_.front());
      order_.pop_front();
    }
  }
  return passed_.find(hash)->second;
}

void recorded_core::link(const block_record& record, recorded_verdict& out) {
  const auto* last = ledger_.last();
  const auto ref = record.ref();
  if (last != nullptr && record.header.parent_hash != last->hash) {
    if (ledger_.contains(record.header.parent_hash)) {
      const block_ref ancestor{chain_, ref.number - 1, record.header.parent_hash};
      out.revert = chain_reverted{chain_, ancestor, ledger_.pop_after(ancestor.hash)};
      counts_.reverted += out.revert->blocks.size();
      // What passed of the reverted blocks passes again if they return.
      for (const auto& gone : out.revert->blocks) passed_.erase(gone.hash);
    } else {
      out.gap = chain_gap{chain_, last->number, ref.number};
      ++counts_.discontinuities;
    }
  }
  ledger_.push(ref);
}

void recorded_core::keep_new(const block_record& record, passed& known, block_record& fresh) {
  fresh.receipts.clear();
  fresh.logs.clear();
  for (const auto& t : record.transactions)
    if (known.transactions.insert(t.hash).second) ++counts_.transactions;
  for (const auto& r : record.receipts)
    if (known.transactions.insert(r.transaction_hash).second) ++counts_.transactions;
  for (auto& log : all_logs(record)) {
    if (!known.logs.insert(log.log_index).second) continue;
    ++counts_.logs;
    fresh.logs.push_back(std::move(log));
  }
}

recorded_verdict recorded_core::on_record(const block_record& record) {
  recorded_verdict out;
  out.fresh = record;
  const bool block_is_new = record.has_header && !entry(record.header.hash).block;
  if (block_is_new) {
    link(record, out);
    ++counts_.blocks;
  }
  auto& known = entry(record.header.hash);
  if (block_is_new) known.block = true;
  // A head may have come long before: its block is then late, but its transactions are new.
  if (record.has_transactions && !known.transactions_passed) {
    known.transactions_passed = true;
    counts_.unknown_transaction_types += record.unknown_transaction_types;
    join_receipts(out.fresh);
  } else {
    out.fresh.transactions.clear();
  }
  keep_new(record, known, out.fresh);
  if (!block_is_new) {
    out.fresh.has_header = false;
    out.supplement = true;
  }
  out.commit = block_is_new || !out.fresh.transactions.empty() || !out.fresh.logs.empty();
  if (!out.commit)
    ++counts_.duplicates;
  else if (out.supplement)
    ++counts_.supplements;
  return out;
}

}  // namespace eremos
