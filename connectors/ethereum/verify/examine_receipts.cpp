// What receipts' own texts say and prove.
#include <algorithm>

#include "connectors/ethereum/verify/block_verifier.hpp"
#include "connectors/ethereum/verify/receipt_encoding.hpp"

namespace eremos {
namespace {

using json::value;
using namespace verify;

class receipts_examiner {
 public:
  void run(const value& v) {
    if (v.kind() != json::kind::array) return examine(v);
    out_.is_whole = true;
    out_.receipts.reserve(json::length_of(v));
    json::fault ignored;
    static_cast<void>(json::each_element(v, "", ignored, [&](std::size_t, const value& receipt) {
      examine(receipt);
      return true;
    }));
    const auto by_index = [](const auto& a, const auto& b) { return a.index < b.index; };
    std::stable_sort(out_.receipts.begin(), out_.receipts.end(), by_index);
  }

  examined_receipts take() { return std::move(out_); }

 private:
  void examine(const value& v) {
    auto& receipt = out_.receipts.emplace_back();
    obstacle stop;
    auto fields = receipt_fields();
    maybe<std::uint64_t> status;
    const bool good =
        fields.load(v, stop) && fields.read(r_transaction_hash, receipt.transaction_hash, stop) &&
        fields.read(r_index, receipt.index, stop) &&
        fields.optional(r_block_hash, receipt.block_hash, stop) &&
        fields.optional(r_block_number, receipt.block_number, stop) &&
        fields.optional(r_type, receipt.type, stop) &&
        fields.optional(r_from, receipt.from, stop) && fields.optional(r_to, receipt.to, stop) &&
        fields.optional(r_contract, receipt.contract_address, stop) &&
        fields.optional(r_price, receipt.price, stop) &&
        fields.optional(r_gas_used, receipt.gas_used, stop) &&
        fields.read(r_cumulative_gas, receipt.cumulative_gas_used, stop) &&
        fields.optional(r_status, status, stop) &&
        encode_receipt(
            fields, blooms_, receipt, [&](const known_fields& log) { examine_log(log, receipt); },
            stop);
    receipt.failed = status && *status == 0;
    if (!good) {
      receipt.status.clear();
      if (stop.what == obstacle::kind::missing)
        return out_.checks.impossible(check_kind::receipts_root, stop.why.text());
      return out_.checks.fail(check_kind::receipts_root, "what its encoding needs",
                              stop.why.text());
    }
    examine_bloom(fields, receipt);
  }

  void examine_bloom(const known_fields& fields, const examined_receipt& receipt) {
    if (!fields.has(r_bloom)) return;
    log_bloom said;
    std::string_view text;
    if (json::string_of(fields[r_bloom], text) && read_hex(text, said.bits) &&
        said == receipt.bloom)
      return out_.checks.pass(check_kind::logs_bloom);
    out_.checks.fail(check_kind::logs_bloom, "the bloom of its logs",
                     fmt::format("another in the receipt of {}", to_hex(receipt.transaction_hash)));
  }

  void examine_log(const known_fields& log, examined_receipt& receipt) {
    obstacle stop;
    maybe<hash32> block, txn;
    maybe<std::uint64_t> number, index, time, log_index;
    if (!log.optional(l_block_hash, block, stop) || !log.optional(l_block_number, number, stop) ||
        !log.optional(l_transaction_hash, txn, stop) ||
        !log.optional(l_transaction_index, index, stop) ||
        !log.optional(l_block_timestamp, time, stop) || !log.optional(l_index, log_index, stop))
      return out_.checks.fail(check_kind::place, "where a log is", stop.why.text());
    const bool at_its_place =
        (!block || !receipt.block_hash || *block == *receipt.block_hash) &&
        (!number || !receipt.block_number || *number == *receipt.block_number) &&
        (!txn || *txn == receipt.transaction_hash) && (!index || *index == receipt.index);
    if (at_its_place)
      out_.checks.pass(check_kind::place);
    else
      out_.checks.fail(check_kind::place, "the block and transaction of its receipt",
                       fmt::format("another in a log of {}", to_hex(receipt.transaction_hash)));
    examine_log_index(log_index, receipt);
    ++receipt.logs;
    if (!time) return;
    if (receipt.timestamp && *receipt.timestamp != *time)
      out_.checks.fail(check_kind::block_timestamp, fmt::format("{}", *receipt.timestamp),
                       fmt::format("{} in a log of {}", *time, to_hex(receipt.transaction_hash)));
    receipt.timestamp = time;
  }

  void examine_log_index(const maybe<std::uint64_t>& index, examined_receipt& receipt) {
    if (!index)
      return out_.checks.fail(check_kind::log_indexes, "an index of each log", "one without");
    if (receipt.logs == 0) receipt.first_log = index;
    if (const auto expected = *receipt.first_log + receipt.logs; *index != expected)
      out_.checks.fail(check_kind::log_indexes, fmt::format("log {}", expected),
                       fmt::format("log {} of {}", *index, to_hex(receipt.transaction_hash)));
  }

  bloom_writer blooms_;
  examined_receipts out_;
};

}  // namespace

block_evidence block_verifier::examine_receipts(json_parser& parser, const json_text& text) const {
  block_evidence out;
  if (options_.level == verify_level::links) return out;
  const auto root = json::open(parser, text);
  if (!root || json::is_null(*root)) return out;
  receipts_examiner examiner;
  examiner.run(*root);
  out.receipts = examiner.take();
  return out;
}

}  // namespace eremos
