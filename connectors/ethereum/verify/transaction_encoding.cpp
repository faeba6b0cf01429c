#include "connectors/ethereum/verify/transaction_encoding.hpp"

#include <initializer_list>

#include "connectors/ethereum/verify/transaction_types.hpp"
#include "messages/keccak.hpp"

namespace eremos::verify {
namespace {

constexpr field_spec transaction_specs[] = {
    {"hash", form::fixed32},
    {"type", form::number},
    {"from", form::fixed20},
    {"blockHash", form::fixed32},
    {"blockNumber", form::number},
    {"blockTimestamp", form::number},
    {"transactionIndex", form::number},
    {"nonce", form::number},
    {"gasPrice", form::number},
    {"gas", form::number},
    {"to", form::fixed20},
    {"value", form::number},
    {"input", form::bytes},
    {"data", form::bytes},  // older name of `input`
    {"v", form::number},
    {"r", form::number},
    {"s", form::number},
    {"chainId", form::number},
    {"yParity", form::number},
    {"accessList"},
    {"maxPriorityFeePerGas", form::number},
    {"maxFeePerGas", form::number},
    {"maxFeePerBlobGas", form::number},
    {"blobVersionedHashes"},
    {"authorizationList"},
    {"sourceHash", form::fixed32},
    {"mint", form::number},
    {"isSystemTx", form::flag},
    {"depositReceiptVersion", form::number},
    {"queueIndex", form::number},
    {"sender", form::fixed20},
    {"requestId", form::fixed32},
    {"ticketId", form::fixed32},
    {"refundTo", form::fixed20},
    {"maxRefund", form::number},
    {"submissionFeeRefund", form::number},
    {"l1BaseFee", form::number},
    {"depositValue", form::number},
    {"retryTo", form::fixed20},
    {"retryValue", form::number},
    {"retryData", form::bytes},
    {"beneficiary", form::fixed20},
    {"maxSubmissionFee", form::number},
    {"feeCurrency", form::fixed20},
};
static_assert(std::size(transaction_specs) == t_fields && t_fields <= known_fields::fields_max);

using namespace transaction_type;

/// Writes one transaction's list; remembers where what was signed ends.
class encoder {
 public:
  encoder(const known_fields& txn, obstacle& stop) : txn_(txn), stop_(stop) {}

  encoder& field(std::size_t name) { return note(good_ && txn_.append(items_, name, stop_)); }
  encoder& fields(std::initializer_list<std::size_t> names) {
    for (const auto name : names) field(name);
    return *this;
  }
  encoder& or_empty(std::size_t name) {
    return note(good_ && txn_.append_or_empty(items_, name, stop_));
  }
  encoder& input() {
    if (txn_.has(t_input) || !txn_.has(t_data)) return field(t_input);
    return field(t_data);
  }
  encoder& access() { return note(good_ && append_access_list()); }
  encoder& blobs() { return note(good_ && append_hashes(t_blob_hashes)); }
  encoder& authorizations() { return note(good_ && append_authorizations()); }
  /// What follows is the signature.
  encoder& sign() {
    signed_bytes_ = items_.size();
    return *this;
  }
  encoder& parity() { return field(txn_.has(t_y_parity) ? t_y_parity : t_v); }

  bool good() const noexcept { return good_; }
  const byte_vector& items() const noexcept { return items_; }
  std::span<const std::uint8_t> signed_items() const noexcept {
    return std::span{items_}.first(signed_bytes_);
  }

 private:
  encoder& note(bool good) {
    good_ = good;
    return *this;
  }
  bool inner(bool good) {
    if (!good && stop_.what == obstacle::kind::none) stop_.what = obstacle::kind::broken;
    return good;
  }
  template <std::size_t N>
  bool append_fixed(const json::value& v, std::string_view name) {
    std::array<std::uint8_t, N> bytes{};
    std::string_view text;
    if (!json::string_of(v, text) || !read_hex(text, bytes))
      return stop_.broken(name, "not hex of its length");
    rlp::append_bytes(items_, bytes);
    return true;
  }
  bool append_list_of_hashes(const json::value& v, std::string_view name) {
    rlp::open_list list{items_};
    const bool good = json::each_element(v, name, stop_.why, [&](std::size_t, const auto& item) {
      return append_fixed<32>(item, "");
    });
    list.close();
    return inner(good);
  }
  bool append_hashes(std::size_t name) {
    if (!txn_.has(name)) return stop_.missing(txn_.name(name));
    return append_list_of_hashes(txn_[name], txn_.name(name));
  }

  /// [[address, [key, …]], …]; absent or null is the empty list.
  bool append_access_list() {
    rlp::open_list list{items_};
    const auto entry = [&](std::size_t, const json::value& v) {
      static constexpr field_spec specs[] = {{"address", form::fixed20}, {"storageKeys"}};
      known_fields fields{specs};
      if (!fields.load(v, stop_)) return false;
      rlp::open_list inside{items_};
      if (!fields.append(items_, 0, stop_)) return false;
      if (fields.has(1) && !append_list_of_hashes(fields[1], "storageKeys")) return false;
      if (!fields.has(1)) rlp::append_list_header(items_, 0);
      inside.close();
      return true;
    };
    const bool good = !txn_.has(t_access_list) ||
                      json::each_element(txn_[t_access_list], "accessList", stop_.why, entry);
    list.close();
    return inner(good);
  }

  bool append_authorizations() {
    if (!txn_.has(t_authorizations)) return stop_.missing("authorizationList");
    rlp::open_list list{items_};
    const auto entry = [&](std::size_t, const json::value& v) {
      static constexpr field_spec specs[] = {
          {"chainId"}, {"address", form::fixed20}, {"nonce"}, {"yParity"}, {"r"}, {"s"}, {"v"}};
      known_fields fields{specs};
      if (!fields.load(v, stop_)) return false;
      rlp::open_list inside{items_};
      for (const std::size_t i : {0, 1, 2})
        if (!fields.append(items_, i, stop_)) return false;
      if (!fields.append(items_, fields.has(3) ? 3 : 6, stop_)) return false;
      for (const std::size_t i : {4, 5})
        if (!fields.append(items_, i, stop_)) return false;
      inside.close();
      return true;
    };
    const bool good =
        json::each_element(txn_[t_authorizations], "authorizationList", stop_.why, entry);
    list.close();
    return inner(good);
  }

  const known_fields& txn_;
  obstacle& stop_;
  byte_vector items_;
  std::size_t signed_bytes_ = 0;
  bool good_ = true;
};

byte_vector as_list(std::span<const std::uint8_t> items, std::uint64_t type) {
  byte_vector out;
  out.reserve(items.size() + 10);
  if (type != legacy) out.push_back(static_cast<std::uint8_t>(type));
  rlp::append_list_header(out, items.size());
  out.insert(out.end(), items.begin(), items.end());
  return out;
}

bool read_signature(const known_fields& txn, signature_parts& out, obstacle& stop) {
  return txn.read(t_r, out.r, stop) && txn.read(t_s, out.s, stop);
}

constexpr std::uint64_t legacy_v_even = 27;  // Yellow Paper, appendix F
constexpr std::uint64_t eip155_v_least = 35;

/// What a legacy signature covers: six items, and with EIP-155 the chain.
bool legacy_signature(const known_fields& txn, const encoder& list, encoded_transaction& out,
                      obstacle& stop) {
  signature_parts parts;
  uint256 v;
  if (!txn.read(t_v, v, stop) || !read_signature(txn, parts, stop)) return false;
  if (parts.is_empty()) {
    out.signature = parts;
    out.is_legacy_without_id = true;
    return true;
  }
  byte_vector items{list.signed_items().begin(), list.signed_items().end()};
  if (v == uint256{legacy_v_even} || v == uint256{legacy_v_even + 1}) {
    parts.parity = v != uint256{legacy_v_even};
    out.is_legacy_without_id = true;
  } else if (v >= uint256{eip155_v_least}) {
    const auto rest = v - uint256{eip155_v_least};
    parts.parity = rest.low64() % 2 != 0;
    out.signed_chain = rest / uint256{2};
    rlp::append_number(items, *out.signed_chain);
    rlp::append_number(items, std::uint64_t{0});
    rlp::append_number(items, std::uint64_t{0});
  } else {
    return stop.broken("v", "neither 27, 28 nor 35 and above");
  }
  parts.digest = keccak256(as_list(items, legacy));
  out.signature = parts;
  return true;
}

bool typed_signature(const known_fields& txn, const encoder& list, std::uint64_t type,
                     encoded_transaction& out, obstacle& stop) {
  signature_parts parts;
  std::uint64_t parity = 0;
  uint256 chain;
  if (!txn.read(txn.has(t_y_parity) ? t_y_parity : t_v, parity, stop) ||
      !read_signature(txn, parts, stop) || !txn.read(t_chain_id, chain, stop))
    return false;
  if (parity > 1) return stop.broken("yParity", "neither 0 nor 1");
  parts.parity = parity == 1;
  parts.digest = keccak256(as_list(list.signed_items(), type));
  out.signature = parts;
  out.signed_chain = chain;
  return true;
}

void append_optimism_deposit(encoder& list) {
  list.fields({t_source_hash, t_from}).or_empty(t_to).or_empty(t_mint);
  list.fields({t_value, t_gas}).or_empty(t_is_system).input();
}

void append_arbitrum_submit(encoder& list) {
  list.fields({t_chain_id, t_request_id, t_from, t_l1_base_fee, t_deposit_value, t_max_fee, t_gas});
  list.or_empty(t_retry_to);
  list.fields({t_retry_value, t_beneficiary, t_max_submission_fee, t_refund_to, t_retry_data});
}

/// Appends the list of a type that has no signature. False: there is no such type.
bool append_unsigned(encoder& list, const chain_rules& rules, std::uint64_t type) {
  switch (type) {
    case arbitrum_deposit:
      list.fields({t_chain_id, t_request_id, t_from, t_to, t_value});
      return true;
    case arbitrum_unsigned:
      list.fields({t_chain_id, t_from, t_nonce, t_gas_price, t_gas}).or_empty(t_to).field(t_value);
      list.input();
      return true;
    case arbitrum_contract:
      list.fields({t_chain_id, t_request_id, t_from, t_max_fee, t_gas}).or_empty(t_to);
      list.field(t_value).input();
      return true;
    case arbitrum_retry:
      list.fields({t_chain_id, t_nonce, t_from, t_max_fee, t_gas}).or_empty(t_to).field(t_value);
      list.input().fields({t_ticket_id, t_refund_to, t_max_refund, t_submission_fee_refund});
      return true;
    case arbitrum_submit:
      append_arbitrum_submit(list);
      return true;
    case arbitrum_internal:
      list.field(t_chain_id).input();
      return true;
    case optimism_deposit:
      if (!rules.has_queued_messages) {
        append_optimism_deposit(list);
        return true;
      }
      list.fields({t_queue_index, t_gas}).or_empty(t_to).field(t_value).input().field(t_sender);
      return true;
    default:
      return false;
  }
}

/// Appends the list of a type that is signed. False: there is no such type.
bool append_signed(encoder& list, std::uint64_t type) {
  switch (type) {
    case legacy:
    case arbitrum_classic:
      list.fields({t_nonce, t_gas_price, t_gas}).or_empty(t_to).field(t_value).input();
      list.sign().fields({t_v, t_r, t_s});
      return true;
    case access_list:
      list.fields({t_chain_id, t_nonce, t_gas_price, t_gas}).or_empty(t_to).field(t_value).input();
      list.access();
      break;
    case dynamic_fee:
    case blob:
    case set_code:
    case celo_fee_currency:
      list.fields({t_chain_id, t_nonce, t_max_priority_fee, t_max_fee, t_gas}).or_empty(t_to);
      list.field(t_value).input().access();
      if (type == blob) list.field(t_max_blob_fee).blobs();
      if (type == set_code) list.authorizations();
      if (type == celo_fee_currency) list.or_empty(t_fee_currency);
      break;
    default:
      return false;
  }
  list.sign().parity().fields({t_r, t_s});
  return true;
}

bool can_be_encoded(std::uint64_t type, const known_fields& txn, const chain_rules& rules) {
  if (type == state_sync) return false;  // its events are not in JSON, so its hash cannot be made
  // Celo had another one of that number before it was an L2.
  if (type == celo_fee_currency && !txn.has(t_max_fee)) return false;
  return is_known_transaction_type(rules, type);
}

}  // namespace

known_fields transaction_fields() { return known_fields{transaction_specs}; }

bool encode_transaction(const known_fields& txn, std::uint64_t type, const chain_rules& rules,
                        encoded_transaction& out, obstacle& stop) {
  encoder list{txn, stop};
  const bool known = can_be_encoded(type, txn, rules);
  const bool is_signed = known && append_signed(list, type);
  if (!is_signed && !(known && append_unsigned(list, rules, type)))
    return stop.unsupported("type", fmt::format("no rule for {:#x} here", type));
  if (!list.good()) return false;
  const bool is_legacy = type == legacy || type == arbitrum_classic;
  out.value = as_list(list.items(), is_legacy ? legacy : type);
  out.hash = keccak256(out.value);
  out.hash_may_differ = type == arbitrum_classic;
  if (!is_signed) return true;
  return is_legacy ? legacy_signature(txn, list, out, stop)
                   : typed_signature(txn, list, type, out, stop);
}

}  // namespace eremos::verify
