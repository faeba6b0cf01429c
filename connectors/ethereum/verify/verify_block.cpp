// What the texts of one block say together, and what the checks mean for it.
#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "connectors/ethereum/verify/block_verifier.hpp"
#include "connectors/ethereum/verify/receipt_encoding.hpp"
#include "connectors/ethereum/verify/trie_root.hpp"
#include "messages/keccak.hpp"

namespace eremos {
namespace {

using namespace verify;

constexpr std::array<std::string_view, 3> level_names = {"links", "logs", "full"};

/// Yellow Paper §7: what a creation creates.
address created_by(const address& sender, std::uint64_t nonce) {
  byte_vector bytes;
  rlp::open_list list{bytes};
  rlp::append_bytes(bytes, sender.bytes());
  rlp::append_number(bytes, nonce);
  list.close();
  const auto hash = keccak256(bytes);
  address out;
  std::copy_n(hash.data.begin() + 12, out.data.size(), out.data.begin());
  return out;
}

bool covers(const log_bloom& whole, const log_bloom& part) {
  for (std::size_t i = 0; i < whole.bits.size(); ++i)
    if ((part.bits[i] & ~whole.bits[i]) != 0) return false;
  return true;
}

/// A block and its receipts, held against each other.
class together {
 public:
  together(const examined_block& block, const examined_receipts& receipts, const chain_rules& rules,
           check_list& out)
      : block_(block), receipts_(receipts), rules_(rules), out_(out) {}

  void run() {
    if (block_.has_transactions) {
      pair_up();
      if (is_whole_) examine_count();
    } else if (!rules_.has_state_sync) {
      // Of transactions that are not at hand all are taken to be in the root.
      for (const auto& receipt : receipts_.receipts) rooted_.push_back(&receipt);
      is_whole_ = receipts_.is_whole && (!block_.listed || *block_.listed == rooted_.size());
    }
    for (const auto& receipt : receipts_.receipts) examine(receipt);
    if (!is_whole_)
      return out_.impossible(check_kind::receipts_root, "not all receipts are at hand");
    // One that could not be encoded was told of when it was read.
    for (const auto* receipt : rooted_)
      if (receipt->status.empty()) return;
    examine_root();
    examine_whole();
  }

 private:
  /// Which transaction each receipt is of; those in no root are left out on both sides.
  void pair_up() {
    std::size_t rooted = 0;
    for (const auto& txn : block_.transactions) rooted += txn.is_rooted ? 1u : 0u;
    for (const auto& receipt : receipts_.receipts) {
      const auto* txn = receipt.index < block_.transactions.size()
                            ? &block_.transactions[receipt.index]
                            : nullptr;
      if (txn != nullptr && !txn->is_rooted && txn->hash == receipt.transaction_hash) continue;
      rooted_.push_back(&receipt);
      if (txn == nullptr || txn->hash != receipt.transaction_hash)
        out_.fail(check_kind::receipt_match,
                  txn != nullptr ? to_hex(txn->hash) : fmt::format("no receipt {}", receipt.index),
                  to_hex(receipt.transaction_hash));
    }
    is_whole_ = receipts_.is_whole || (rooted > 0 && rooted_.size() == rooted);
    rooted_transactions_ = rooted;
  }

  void examine_count() {
    if (rooted_.size() != rooted_transactions_)
      out_.fail(check_kind::receipt_match, fmt::format("{} receipts", rooted_transactions_),
                fmt::format("{}", rooted_.size()));
    for (std::size_t i = 0; i < rooted_.size(); ++i)
      if (i > 0 && rooted_[i]->index == rooted_[i - 1]->index)
        out_.fail(check_kind::receipt_match, "one receipt of each transaction",
                  fmt::format("two of index {}", rooted_[i]->index));
  }

  const examined_transaction* transaction_of(const examined_receipt& receipt) const {
    if (receipt.index >= block_.transactions.size()) return nullptr;
    const auto& txn = block_.transactions[receipt.index];
    return txn.hash == receipt.transaction_hash ? &txn : nullptr;
  }

  void examine(const examined_receipt& receipt) {
    if ((receipt.block_hash && *receipt.block_hash != block_.hash) ||
        (receipt.block_number && *receipt.block_number != block_.number))
      out_.fail(check_kind::place, fmt::format("block {}", to_hex(block_.hash)),
                fmt::format("another in the receipt of {}", to_hex(receipt.transaction_hash)));
    if (receipt.timestamp && *receipt.timestamp != block_.timestamp)
      out_.fail(
          check_kind::block_timestamp, fmt::format("{}", block_.timestamp),
          fmt::format("{} in logs of {}", *receipt.timestamp, to_hex(receipt.transaction_hash)));
    else if (receipt.timestamp)
      out_.pass(check_kind::block_timestamp);
    const auto* txn = transaction_of(receipt);
    if (txn == nullptr || !txn->is_rooted) return;
    examine_match(receipt, *txn);
    examine_price(receipt, *txn);
    examine_contract(receipt, *txn);
    if (block_.bloom && !covers(*block_.bloom, receipt.bloom))
      out_.fail(check_kind::logs_bloom, "bits within the header's bloom",
                fmt::format("others in {}", to_hex(receipt.transaction_hash)));
  }

  void examine_match(const examined_receipt& receipt, const examined_transaction& txn) {
    const bool same = (!receipt.type || *receipt.type == txn.type) &&
                      (!receipt.from || (*receipt.from == txn.from && receipt.to == txn.to));
    if (same) return out_.pass(check_kind::receipt_match);
    out_.fail(check_kind::receipt_match, "type, from and to of its transaction",
              fmt::format("others in the receipt of {}", to_hex(txn.hash)));
  }

  void examine_price(const examined_receipt& receipt, const examined_transaction& txn) {
    if (!receipt.price || !txn.price) return;
    if (rules_.pays_base_fee && !block_.base_fee) return;
    const auto expected = rules_.pays_base_fee ? *block_.base_fee : *txn.price;
    if (*receipt.price == expected) return out_.pass(check_kind::effective_gas_price);
    out_.fail(check_kind::effective_gas_price, to_string(expected),
              fmt::format("{} for {}", to_string(*receipt.price), to_hex(txn.hash)));
  }

  void examine_contract(const examined_receipt& receipt, const examined_transaction& txn) {
    constexpr std::uint64_t ethereum_types = 4;
    if (txn.type > ethereum_types) return;
    const auto expected =
        txn.to ? maybe<address>{} : maybe<address>{created_by(txn.from, txn.nonce)};
    if (receipt.contract_address == expected || (receipt.failed && !receipt.contract_address))
      return out_.pass(check_kind::contract_address);
    const auto text = [](const maybe<address>& x) { return x ? to_hex(*x) : std::string{"none"}; };
    out_.fail(check_kind::contract_address, text(expected), text(receipt.contract_address));
  }

  void examine_root() {
    if (!block_.receipts_root)
      return out_.impossible(check_kind::receipts_root, "the header has no receiptsRoot");
    std::vector<byte_vector> values;
    values.reserve(rooted_.size());
    for (const auto* receipt : rooted_) {
      const auto* txn = transaction_of(*receipt);
      const auto type = txn != nullptr ? txn->type : receipt->type ? *receipt->type : 0;
      values.push_back(receipt_value(*receipt, type, txn));
    }
    if (const auto root = trie_root(values); root != *block_.receipts_root)
      return out_.fail(
          check_kind::receipts_root,
          fmt::format("root of {} receipts {}", values.size(), to_hex(*block_.receipts_root)),
          to_hex(root));
    out_.pass(check_kind::receipts_root);
  }

  /// Rules over all receipts of a block.
  void examine_whole() {
    log_bloom bloom;
    std::uint64_t next_log = 0;
    std::uint64_t gas = 0;
    bool adds_up = true;
    for (const auto* receipt : rooted_) {
      bloom |= receipt->bloom;
      if (receipt->first_log && *receipt->first_log != next_log)
        out_.fail(check_kind::log_indexes, fmt::format("log {}", next_log),
                  fmt::format("log {}", *receipt->first_log));
      next_log += receipt->logs;
      gas += receipt->gas_used ? *receipt->gas_used : 0;
      adds_up = adds_up && (!receipt->gas_used || gas == receipt->cumulative_gas_used);
    }
    out_.pass(check_kind::log_indexes);
    if (block_.bloom) {
      if (bloom == *block_.bloom)
        out_.pass(check_kind::logs_bloom);
      else
        out_.fail(check_kind::logs_bloom, "the bloom of all logs", "another in the header");
    }
    const bool is_classic = rules_.gas_does_not_add_up && !block_.base_fee;
    if (is_classic || rooted_.empty()) return;
    const bool is_last = rooted_.back()->cumulative_gas_used == block_.gas_used;
    if (adds_up && is_last) return out_.pass(check_kind::gas_used);
    out_.fail(check_kind::gas_used, fmt::format("{} in all", block_.gas_used),
              adds_up ? fmt::format("{}", rooted_.back()->cumulative_gas_used)
                      : "receipts whose gasUsed does not add up to cumulativeGasUsed");
  }

  const examined_block& block_;
  const examined_receipts& receipts_;
  const chain_rules& rules_;
  check_list& out_;
  std::vector<const examined_receipt*> rooted_;  ///< receipts that are in the root
  std::size_t rooted_transactions_ = 0;
  bool is_whole_ = false;
};

/// Logs that came without receipts: what the header's bloom says of them.
void examine_logs(const examined_block& block, const block_record& record, bool has_state_sync,
                  check_list& out) {
  if (!block.bloom) return;
  if (record.logs.empty() && !record.has_logs) return;
  bloom_writer blooms;
  log_bloom all;
  std::uint64_t next = 0;
  for (const auto& log : record.logs) {
    blooms.add(all, log.emitter);
    for (const auto& topic : log.topics) blooms.add(all, topic);
    if (record.has_logs && log.log_index != next)
      out.fail(check_kind::log_indexes, fmt::format("log {}", next),
               fmt::format("log {}", log.log_index));
    ++next;
  }
  const bool is_right = record.has_logs ? all == *block.bloom : covers(*block.bloom, all);
  if (is_right)
    out.pass(check_kind::logs_bloom);
  else if (has_state_sync && covers(all, *block.bloom))
    out.impossible(check_kind::logs_bloom, "state-sync logs are in no bloom");
  else
    out.fail(check_kind::logs_bloom, "logs that make the header's bloom", "others");
}

failure bad_level(std::string_view text) {
  return {errc::bad_option,
          fmt::format("\"{}\" is none of {}", text, fmt::join(level_names, ", "))};
}

}  // namespace

std::string_view to_string(verify_level x) noexcept {
  return level_names[static_cast<std::size_t>(x)];
}

result<verify_level> parse_verify_level(std::string_view text) {
  for (std::size_t i = 0; i < level_names.size(); ++i)
    if (level_names[i] == text) return static_cast<verify_level>(i);
  return bad_level(text);
}

check_list block_verifier::checks_of(const block_evidence& evidence,
                                     const block_record& record) const {
  check_list out;
  if (evidence.block) out.add(evidence.block->checks);
  if (evidence.receipts) out.add(evidence.receipts->checks);
  if (!evidence.block) return out;
  const auto& block = *evidence.block;
  const auto& rules = rules_of(options_.like != 0 ? options_.like : record.chain);
  // No receipts are asked for, or answered, of a block that has no transactions.
  const bool is_empty = block.has_transactions && block.transactions.empty();
  if (evidence.receipts || is_empty)
    together{block, evidence.receipts ? *evidence.receipts : examined_receipts{.is_whole = true},
             rules, out}
        .run();
  else
    out.impossible(check_kind::receipts_root, "the receipts are not at hand");
  examine_logs(block, record, rules.has_state_sync, out);
  return out;
}

block_integrity block_verifier::judge(const check_list& checks) const {
  block_integrity out;
  out.level = to_string(options_.level);
  if (const auto* failed = checks.first_failed()) {
    out.state = integrity_state::suspect;
    out.check = to_string(failed->kind);
    out.detail = fmt::format("expected {}, seen {}", failed->expected, failed->seen);
    return out;
  }
  if (options_.level == verify_level::links) return out;
  constexpr std::array needed = {check_kind::header_hash, check_kind::transactions_root,
                                 check_kind::receipts_root};
  for (const auto kind : needed) {
    if (kind == check_kind::transactions_root && options_.level != verify_level::full) continue;
    if (checks.passed(kind)) continue;
    out.check = to_string(kind);
    const auto* why = checks.find(kind);
    out.detail = why != nullptr ? why->seen : std::string{"the block is not at hand"};
    return out;
  }
  out.state = integrity_state::verified;
  return out;
}

}  // namespace eremos
