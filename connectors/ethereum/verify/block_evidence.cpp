#include "connectors/ethereum/verify/block_evidence.hpp"

#include <algorithm>

namespace eremos {
namespace {

void merge_blocks(examined_block& into, examined_block&& piece) {
  // What any of the texts got wrong stays wrong: which of them the records took is not asked here.
  const bool keeps_own = into.has_transactions && !piece.has_transactions;
  auto& kept = keeps_own ? into : piece;
  kept.checks.add_failures(keeps_own ? piece.checks : into.checks);
  if (!keeps_own) into = std::move(piece);
}

void merge_receipts(examined_receipts& into, examined_receipts&& piece) {
  into.checks.add(piece.checks);
  if (piece.is_whole) {
    into.receipts = std::move(piece.receipts);
    into.is_whole = true;
    return;
  }
  if (into.is_whole) return;
  for (auto& receipt : piece.receipts) {
    const auto at = std::lower_bound(into.receipts.begin(), into.receipts.end(), receipt.index,
                                     [](const auto& r, auto index) { return r.index < index; });
    if (at == into.receipts.end() || at->index != receipt.index)
      into.receipts.insert(at, std::move(receipt));
  }
}

}  // namespace

void block_evidence::merge(block_evidence&& piece) {
  if (piece.block && block)
    merge_blocks(*block, std::move(*piece.block));
  else if (piece.block)
    block = std::move(piece.block);
  if (piece.receipts && receipts)
    merge_receipts(*receipts, std::move(*piece.receipts));
  else if (piece.receipts)
    receipts = std::move(piece.receipts);
}

}  // namespace eremos
