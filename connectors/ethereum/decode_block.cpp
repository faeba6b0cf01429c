#include "connectors/ethereum/decode_block.hpp"

#include "connectors/ethereum/decode_fields.hpp"
#include "connectors/ethereum/decode_transaction.hpp"
#include "connectors/ethereum/in_order.hpp"
#include "connectors/ethereum/verify/chain_rules.hpp"

namespace eremos {
namespace {

using json::fault;
using json::value;

struct header_marks {
  bool number = false, hash = false, parent_hash = false, timestamp = false;
  bool has_miner = false;
};

/// A field of the header; others are let pass.
bool read_header_field(std::string_view key, const value& v, block_event& out, header_marks& marks,
                       fault& why) {
  if (json::is(key, "number")) return marks.number = json::read(v, key, out.number, why);
  if (json::is(key, "hash")) return marks.hash = json::read(v, key, out.hash, why);
  if (json::is(key, "parentHash"))
    return marks.parent_hash = json::read(v, key, out.parent_hash, why);
  if (json::is(key, "timestamp"))
    return marks.timestamp = json::read_seconds(v, key, out.timestamp, why);
  if (json::is(key, "gasUsed")) return json::optional(v, key, out.gas_used, why);
  if (json::is(key, "gasLimit")) return json::optional(v, key, out.gas_limit, why);
  if (json::is(key, "baseFeePerGas")) return json::optional(v, key, out.base_fee_per_gas, why);
  if (json::is(key, "miner"))
    return marks.has_miner = true, json::optional(v, key, out.beneficiary, why);
  // OpenEthereum's name for it, beside or instead of `miner`.
  if (json::is(key, "author"))
    return marks.has_miner || json::optional(v, key, out.beneficiary, why);
  return true;
}

bool is_complete(const header_marks& marks, fault& why) {
  if (!marks.number) return why.at("number", "missing");
  if (!marks.hash) return why.at("hash", "missing");
  if (!marks.parent_hash) return why.at("parentHash", "missing");
  if (!marks.timestamp) return why.at("timestamp", "missing");
  return true;
}

/// What the block's transactions say of it, checked once the header is read: keys come in any
/// order.
struct block_said {
  maybe<hash32> hash;
  bool hash_differs = false;
  bool has_hashes_only = false;
};

bool read_mined(const value& v, std::size_t position, block_record& out, block_said& said,
                fault& why) {
  auto& txn = out.transactions.emplace_back();
  json::place where;
  if (!json::read_transaction(v, txn, where, why)) return false;
  if (!where.number) return why.at("blockNumber", "missing");
  txn.number = *where.number;
  txn.transaction_index = where.transaction_index ? *where.transaction_index : position;
  if (where.block_hash) {
    if (!said.hash) said.hash = where.block_hash;
    said.hash_differs = said.hash_differs || *said.hash != *where.block_hash;
  }
  return true;
}

bool read_transactions(const value& v, block_record& out, block_said& said, fault& why) {
  out.transactions.clear();
  out.header.transaction_count = 0;
  said = {};
  if (json::is_null(v)) return true;
  const bool good =
      json::each_element(v, "transactions", why, [&](std::size_t i, const value& element) {
        const bool is_hash = json::is_string(element);
        if (i > 0 && is_hash != said.has_hashes_only) return why.at("", "hashes and objects mixed");
        said.has_hashes_only = is_hash;
        if (i == 0 && !is_hash) out.transactions.reserve(json::length_of(v));
        ++out.header.transaction_count;
        hash32 unused;
        return is_hash ? json::read(element, "", unused, why)
                       : read_mined(element, i, out, said, why);
      });
  out.has_transactions = good && !said.has_hashes_only;
  return good;
}

bool finish(const decode_context& context, const block_said& said, block_record& out, fault& why) {
  if (said.hash_differs || (said.hash && *said.hash != out.header.hash))
    return why.at("transactions.blockHash", "differs from the block's");
  const auto& rules = rules_of(context.like != 0 ? context.like : context.chain);
  for (const auto& txn : out.transactions) {
    if (txn.number != out.header.number)
      return why.at("transactions.blockNumber", "differs from the block's");
    if (!is_known_transaction_type(rules, txn.type)) ++out.unknown_transaction_types;
  }
  sort_unless_sorted(out.transactions, &transaction_event::transaction_index);
  out.chain = context.chain;
  out.has_header = true;
  out.time = out.header.timestamp;
  return true;
}

bool read_block(const value& v, const decode_context& context, block_record& out, fault& why) {
  header_marks marks;
  block_said said;
  const bool good = json::each_field(v, why, [&](std::string_view key, const value& field) {
    if (json::is(key, "transactions")) return read_transactions(field, out, said, why);
    return read_header_field(key, field, out.header, marks, why);
  });
  return good && is_complete(marks, why) && finish(context, said, out, why);
}

}  // namespace

result<block_record> decode_block(json_parser& parser, const decode_context& context,
                                  const json_text& text) {
  if (json::is_null_text(text)) return {errc::block_not_found, "the provider has no such block"};
  return json::decode_text_as<block_record>(parser, "block", text,
                                            [&](const value& v, block_record& out, fault& why) {
                                              return read_block(v, context, out, why);
                                            });
}

result<block_event> decode_head(json_parser& parser, const json_text& text) {
  return json::decode_text_as<block_event>(
      parser, "head", text, [](const value& v, block_event& out, fault& why) {
        header_marks marks;
        return json::each_field(v, why,
                                [&](std::string_view key, const value& field) {
                                  return read_header_field(key, field, out, marks, why);
                                }) &&
               is_complete(marks, why);
      });
}

}  // namespace eremos
