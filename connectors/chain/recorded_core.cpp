#include "connectors/chain/recorded_core.hpp"

#include <algorithm>

#include "connectors/ethereum/block_pieces.hpp"

namespace eremos {

namespace {

/// A piece's own words, without its transactions, receipts and logs: those may be many.
block_record without_lists(const block_record& record) {
  block_record out;
  out.chain = record.chain;
  out.header = record.header;
  out.has_header = record.has_header;
  out.has_transactions = record.has_transactions;
  out.has_receipts = record.has_receipts;
  out.has_logs = record.has_logs;
  out.time = record.time;
  out.unknown_transaction_types = record.unknown_transaction_types;
  out.noted_at = record.noted_at;
  out.received_ns = record.received_ns;
  out.integrity = record.integrity;
  return out;
}

/// False: it is there already. Indexes mostly come in order.
bool add_index(std::vector<std::uint64_t>& sorted, std::uint64_t index) {
  const auto at = sorted.empty() || sorted.back() < index
                      ? sorted.end()
                      : std::lower_bound(sorted.begin(), sorted.end(), index);
  if (at != sorted.end() && *at == index) return false;
  sorted.insert(at, index);
  return true;
}

}  // namespace

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
  for (const auto& t : record.transactions)
    if (known.transactions.insert(t.hash).second) ++counts_.transactions;
  for (const auto& r : record.receipts)
    if (known.transactions.insert(r.transaction_hash).second) ++counts_.transactions;
  for (auto& log : all_logs(record)) {
    if (!add_index(known.logs, log.log_index)) continue;
    ++counts_.logs;
    fresh.logs.push_back(std::move(log));
  }
}

recorded_verdict recorded_core::on_record(const block_record& record) {
  recorded_verdict out;
  out.fresh = without_lists(record);
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
    out.fresh.transactions = record.transactions;
    join_receipts(out.fresh.transactions, record.receipts);
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

void tell_counts(const recorded_counts& from, chain_report& into) noexcept {
  into.blocks = from.blocks;
  into.transactions = from.transactions;
  into.logs = from.logs;
  into.unknown_transaction_types = from.unknown_transaction_types;
  into.supplements = from.supplements;
  into.duplicates = from.duplicates;
  into.discontinuities = from.discontinuities;
  into.reverted = from.reverted;
}

}  // namespace eremos
