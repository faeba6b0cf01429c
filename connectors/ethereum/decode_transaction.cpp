#include "connectors/ethereum/decode_transaction.hpp"

#include <algorithm>
#include <array>

#include "connectors/ethereum/decode_fields.hpp"

namespace eremos {
namespace json {
namespace {

bool read_hashes(const value& v, std::string_view name, std::vector<hash32>& out, fault& why) {
  out.clear();
  if (is_null(v)) return true;
  return each_element(v, name, why, [&](std::size_t, const value& element) {
    return read(element, "", out.emplace_back(), why);
  });
}

bool read_access_list(const value& v, std::vector<access_entry>& out, fault& why) {
  out.clear();
  if (is_null(v)) return true;
  return each_element(v, "accessList", why, [&](std::size_t, const value& element) {
    auto& entry = out.emplace_back();
    bool has_account = false;
    const bool good = each_field(element, why, [&](std::string_view key, const value& field) {
      if (is(key, "address")) return has_account = read(field, key, entry.account, why);
      if (is(key, "storageKeys")) return read_hashes(field, key, entry.storage_keys, why);
      return true;
    });
    return good && (has_account || why.at("address", "missing"));
  });
}

bool read_authorizations(const value& v, std::vector<authorization>& out, fault& why) {
  out.clear();
  if (is_null(v)) return true;
  return each_element(v, "authorizationList", why, [&](std::size_t, const value& element) {
    auto& entry = out.emplace_back();
    bool has_delegate = false;
    const bool good = each_field(element, why, [&](std::string_view key, const value& field) {
      if (is(key, "address")) return has_delegate = read(field, key, entry.delegate, why);
      if (is(key, "chainId")) return optional(field, key, entry.chain, why);
      if (is(key, "nonce")) return optional(field, key, entry.nonce, why);
      return true;
    });
    return good && (has_delegate || why.at("address", "missing"));
  });
}

/// Fields that only some transactions have.
bool read_typed_field(std::string_view key, const value& v, transaction_event& out, fault& why) {
  if (is(key, "maxFeePerGas")) return optional(v, key, out.max_fee_per_gas, why);
  if (is(key, "maxPriorityFeePerGas")) return optional(v, key, out.max_priority_fee_per_gas, why);
  if (is(key, "maxFeePerBlobGas")) return optional(v, key, out.max_fee_per_blob_gas, why);
  if (is(key, "accessList")) return read_access_list(v, out.access_list, why);
  if (is(key, "blobVersionedHashes")) return read_hashes(v, key, out.blob_versioned_hashes, why);
  if (is(key, "authorizationList")) return read_authorizations(v, out.authorization_list, why);
  return true;
}

bool read_place_field(std::string_view key, const value& v, place& out, fault& why) {
  if (is(key, "blockHash")) return optional(v, key, out.block_hash, why);
  if (is(key, "blockNumber")) return optional(v, key, out.number, why);
  if (is(key, "transactionIndex")) return optional(v, key, out.transaction_index, why);
  return true;
}

}  // namespace

bool read_transaction(const value& v, transaction_event& out, place& where, fault& why) {
  bool has_hash = false;
  bool has_from = false;
  bool has_input = false;
  const bool good = each_field(v, why, [&](std::string_view key, const value& field) {
    if (is(key, "hash")) return has_hash = read(field, key, out.hash, why);
    if (is(key, "from")) return has_from = read(field, key, out.from, why);
    if (is(key, "to")) return optional(field, key, out.to, why);
    if (is(key, "value")) return optional(field, key, out.value, why);
    if (is(key, "type")) return optional(field, key, out.type, why);
    if (is(key, "nonce")) return optional(field, key, out.nonce, why);
    if (is(key, "gas")) return optional(field, key, out.gas_limit, why);
    if (is(key, "gasPrice")) return optional(field, key, out.gas_price, why);
    if (is(key, "input")) return has_input = true, optional(field, key, out.input, why);
    // Some nodes say `data`, some both.
    if (is(key, "data")) return has_input || optional(field, key, out.input, why);
    return read_place_field(key, field, where, why) && read_typed_field(key, field, out, why);
  });
  if (!good) return false;
  if (!has_hash) return why.at("hash", "missing");
  if (!has_from) return why.at("from", "missing");
  return true;
}

}  // namespace json

namespace {

/// A hash alone or a whole transaction.
bool read_pending(const json::value& v, mempool_event& out, json::fault& why) {
  if (json::is_string(v)) return json::read(v, "pending transaction", out.hash, why);
  transaction_event whole;
  json::place ignored;
  if (!json::read_transaction(v, whole, ignored, why)) return false;
  static_cast<transaction_body&>(out) = std::move(static_cast<transaction_body&>(whole));
  out.full = true;
  return true;
}

}  // namespace

result<mempool_event> decode_pending(json_parser& parser, const decode_context&,
                                     const json_text& text) {
  return json::decode_text_as<mempool_event>(parser, "pending transaction", text, read_pending);
}

result<mempool_event> decode_pending_by_hash(json_parser& parser, const decode_context& context,
                                             const json_text& text) {
  if (json::is_null_text(text)) return {errc::block_not_found, "the transaction is not known"};
  return decode_pending(parser, context, text);
}

}  // namespace eremos
