#include "connectors/ethereum/decode_receipt.hpp"

#include "connectors/ethereum/decode_fields.hpp"
#include "connectors/ethereum/in_order.hpp"

namespace eremos {
namespace {

using json::fault;
using json::value;

/// Which block the receipts say they are of; the first decides.
struct receipt_block {
  maybe<hash32> hash;
  maybe<block_number> number;
  maybe<time_ms> time;
};

/// `what` is the block's own word for it so far.
template <class T>
bool agree(maybe<T>& what, const maybe<T>& said, std::string_view field, fault& why) {
  if (!said) return true;
  if (!what) what = said;
  return *what == *said || why.at(field, "differs from the rest of the block");
}

bool read_logs(const value& v, const decode_context& context, receipt_record& out,
               receipt_block& block, fault& why) {
  out.logs.clear();
  if (json::is_null(v)) return true;
  out.logs.reserve(json::length_of(v));
  return json::each_element(v, "logs", why, [&](std::size_t, const value& element) {
    json::log_place where;
    // `removed` is not looked at: a receipt holds what its block did, canonical or not.
    const bool good = json::read_log(element, context, out.logs.emplace_back(), where, why) &&
                      agree(block.hash, where.block_hash, "blockHash", why) &&
                      agree(block.number, where.number, "blockNumber", why);
    if (good && !block.time) block.time = where.block_time;
    return good;
  });
}

bool read_status(const value& v, std::string_view key, maybe<bool>& out, fault& why) {
  maybe<std::uint64_t> number;
  if (!json::optional(v, key, number, why)) return false;
  if (number && *number > 1) return why.at(key, "neither 0 nor 1");
  if (number) out = *number == 1;
  return true;
}

bool read_receipt(const value& v, const decode_context& context, receipt_record& out,
                  receipt_block& block, fault& why) {
  bool has_hash = false, has_index = false, has_logs = false;
  receipt_block said;
  const bool good = json::each_field(v, why, [&](std::string_view key, const value& field) {
    if (json::is(key, "transactionHash"))
      return has_hash = json::read(field, key, out.transaction_hash, why);
    if (json::is(key, "transactionIndex"))
      return has_index = json::read(field, key, out.transaction_index, why);
    if (json::is(key, "blockHash")) return json::optional(field, key, said.hash, why);
    if (json::is(key, "blockNumber")) return json::optional(field, key, said.number, why);
    if (json::is(key, "status")) return read_status(field, key, out.succeeded, why);
    if (json::is(key, "gasUsed")) return json::optional(field, key, out.gas_used, why);
    if (json::is(key, "effectiveGasPrice"))
      return json::optional(field, key, out.effective_gas_price, why);
    if (json::is(key, "contractAddress"))
      return json::optional(field, key, out.contract_address, why);
    if (json::is(key, "logs")) return has_logs = read_logs(field, context, out, block, why);
    return true;
  });
  if (!good) return false;
  if (!has_hash) return why.at("transactionHash", "missing");
  if (!has_index) return why.at("transactionIndex", "missing");
  if (!has_logs) return why.at("logs", "missing");
  if (!said.hash) return why.at("blockHash", "missing");
  if (!said.number) return why.at("blockNumber", "missing");
  return agree(block.hash, said.hash, "blockHash", why) &&
         agree(block.number, said.number, "blockNumber", why);
}

block_record to_record(chain_id chain, const receipt_block& block) {
  block_record out;
  out.chain = chain;
  if (block.hash) out.header.hash = *block.hash;
  if (block.number) out.header.number = *block.number;
  out.time = block.time;
  return out;
}

failure not_there() { return {errc::block_not_found, "the provider has no such receipts"}; }

}  // namespace

result<block_record> decode_receipts(json_parser& parser, const decode_context& context,
                                     const json_text& text) {
  if (json::is_null_text(text)) return not_there();
  return json::decode_text_as<block_record>(
      parser, "receipts", text, [&](const value& v, block_record& out, fault& why) {
        receipt_block block;
        std::vector<receipt_record> receipts;
        receipts.reserve(json::length_of(v));
        const bool good = json::each_element(v, "", why, [&](std::size_t, const value& element) {
          return read_receipt(element, context, receipts.emplace_back(), block, why);
        });
        if (!good) return false;
        sort_unless_sorted(receipts, &receipt_record::transaction_index);
        out = to_record(context.chain, block);
        out.receipts = std::move(receipts);
        out.has_receipts = true;
        return true;
      });
}

result<block_record> decode_receipt(json_parser& parser, const decode_context& context,
                                    const json_text& text) {
  if (json::is_null_text(text)) return not_there();
  return json::decode_text_as<block_record>(parser, "receipt", text,
                                            [&](const value& v, block_record& out, fault& why) {
                                              receipt_block block;
                                              receipt_record receipt;
                                              if (!read_receipt(v, context, receipt, block, why))
                                                return false;
                                              out = to_record(context.chain, block);
                                              out.receipts.push_back(std::move(receipt));
                                              return true;
                                            });
}

}  // namespace eremos
