#include "runtime/storage/event_json.hpp"

#include <cmath>
#include <iterator>
#include <span>
#include <string_view>

#include <fmt/format.h>

#include "messages/signal.hpp"

namespace eremos {
namespace {

/// Appends members of an object; knows when a comma is due.
class object_writer {
 public:
  explicit object_writer(std::string& out) : out_(out) { out_ += '{'; }

  object_writer& key(std::string_view name) {
    if (!first_) out_ += ',';
    first_ = false;
    out_ += '"';
    out_ += name;  // a literal: nothing to escape
    out_ += "\":";
    return *this;
  }
  void end() { out_ += '}'; }
  std::string& out() noexcept { return out_; }

 private:
  std::string& out_;
  bool first_ = true;
};

void put(std::string& out, std::uint64_t x) { fmt::format_to(std::back_inserter(out), "{}", x); }
void put(std::string& out, std::int64_t x) { fmt::format_to(std::back_inserter(out), "{}", x); }
void put(std::string& out, std::int32_t x) { put(out, std::int64_t{x}); }
void put(std::string& out, bool x) { out += x ? "true" : "false"; }
void put(std::string& out, double x) {
  if (std::isfinite(x))
    fmt::format_to(std::back_inserter(out), "{}", x);
  else
    out += "null";
}

void put_hex(std::string& out, std::span<const std::uint8_t> bytes) {
  out += '"';
  append_hex(out, bytes);
  out += '"';
}
template <std::size_t N, class Tag>
void put(std::string& out, const fixed_bytes<N, Tag>& x) {
  put_hex(out, x.data);
}
void put(std::string& out, const byte_vector& x) { put_hex(out, x); }

void put(std::string& out, const uint256& x) {
  if (x.fits_uint64())
    fmt::format_to(std::back_inserter(out), "\"{}\"", x.low64());
  else
    fmt::format_to(std::back_inserter(out), "\"{}\"", to_string(x));
}
void put(std::string& out, const int256& x) {
  fmt::format_to(std::back_inserter(out), "\"{}\"", to_string(x));
}
/// A name of ours: no character to escape.
void put_name(std::string& out, std::string_view name) {
  out += '"';
  out += name;
  out += '"';
}
/// Text from outside, or null where it is empty.
void put_text(std::string& out, std::string_view text) {
  if (text.empty())
    out += "null";
  else
    out += json_quoted(text);
}
template <class T>
void put(std::string& out, const maybe<T>& x) {
  if (x)
    put(out, *x);
  else
    out += "null";
}
template <class Range, class PutOne>
void put_list(std::string& out, const Range& range, PutOne put_one) {
  out += '[';
  bool first = true;
  for (const auto& x : range) {
    if (!first) out += ',';
    first = false;
    put_one(x);
  }
  out += ']';
}
template <class Range>
void put_list(std::string& out, const Range& range) {
  put_list(out, range, [&](const auto& x) { put(out, x); });
}

template <class T>
void member(object_writer& o, std::string_view name, const T& x) {
  put(o.key(name).out(), x);
}

void put_id(std::string& out, const event_id& id) {
  out += '"';
  append_id(out, id);
  out += '"';
}

void put_members(object_writer& o, const block_event& x) {
  member(o, "number", x.number);
  member(o, "hash", x.hash);
  member(o, "parent_hash", x.parent_hash);
  member(o, "timestamp", x.timestamp);
  member(o, "transaction_count", x.transaction_count);
  member(o, "gas_used", x.gas_used);
  member(o, "gas_limit", x.gas_limit);
  member(o, "miner", x.beneficiary);
  member(o, "base_fee_per_gas", x.base_fee_per_gas);
}

void put_body(object_writer& o, const transaction_body& x) {
  member(o, "hash", x.hash);
  member(o, "from", x.from);
  member(o, "to", x.to);
  member(o, "value", x.value);
  member(o, "type", x.type);
  member(o, "nonce", x.nonce);
  member(o, "gas_limit", x.gas_limit);
  member(o, "gas_price", x.gas_price);
  member(o, "max_fee_per_gas", x.max_fee_per_gas);
  member(o, "max_priority_fee_per_gas", x.max_priority_fee_per_gas);
  member(o, "max_fee_per_blob_gas", x.max_fee_per_blob_gas);
  member(o, "input", x.input);
  auto& out = o.key("access_list").out();
  put_list(out, x.access_list, [&](const access_entry& entry) {
    object_writer e{out};
    member(e, "address", entry.account);
    put_list(e.key("storage_keys").out(), entry.storage_keys);
    e.end();
  });
  put_list(o.key("blob_versioned_hashes").out(), x.blob_versioned_hashes);
  o.key("authorization_list");
  put_list(out, x.authorization_list, [&](const authorization& entry) {
    object_writer e{out};
    member(e, "chain_id", entry.chain);
    member(e, "address", entry.delegate);
    member(e, "nonce", entry.nonce);
    e.end();
  });
}

void put_members(object_writer& o, const transaction_event& x) {
  put_body(o, x);
  member(o, "block_number", x.number);
  member(o, "transaction_index", x.transaction_index);
  // 1 or 0 as in the receipt (EIP-658)
  o.key("status").out() += !x.succeeded ? "null" : *x.succeeded ? "1" : "0";
  member(o, "gas_used", x.gas_used);
  member(o, "effective_gas_price", x.effective_gas_price);
  member(o, "contract_address", x.contract_address);
}

void put_members(object_writer& o, const contract_event& x) {
  member(o, "address", x.emitter);
  put_text(o.key("event_name").out(), x.signature->name);
  put_text(o.key("signature").out(), x.signature->signature);
  put_list(o.key("topics").out(), x.topics);
  member(o, "data", x.data);
  member(o, "transaction_hash", x.transaction_hash);
  member(o, "transaction_index", x.transaction_index);
  member(o, "log_index", x.log_index);
}

void put_members(object_writer& o, const mempool_event& x) {
  member(o, "pending", x.pending());
  put_name(o.key("state").out(), to_string(x.state));
  member(o, "full", x.full);
  if (x.full)
    put_body(o, x);
  else
    member(o, "hash", x.hash);  // the provider gave nothing else
  put_text(o.key("provider").out(), x.provider);
  if (x.state == mempool_state::seen) return;
  member(o, "waited_ms", x.waited_ms);
  if (x.state == mempool_state::included) {
    member(o, "included_in", x.included_in);
    member(o, "included_in_hash", x.included_in_hash);
  } else if (x.state == mempool_state::replaced) {
    member(o, "replaced_by", x.replaced_by);
  } else {
    put_name(o.key("reason").out(), to_string(x.reason));
  }
}

void put_members(object_writer& o, const wallet_activity_event& x) {
  member(o, "address", x.account);
  member(o, "balance_change", x.balance_change);
  member(o, "transaction_count", x.transaction_count);
  member(o, "last_activity", x.last_activity);
  member(o, "first_seen", x.first_seen);
  member(o, "counterparties", x.counterparties);
  member(o, "cluster_id", x.cluster.is_zero() ? maybe<hash32>{} : maybe<hash32>{x.cluster});
  member(o, "funder", x.funder.is_zero() ? maybe<address>{} : maybe<address>{x.funder});
  put_name(o.key("funding_source").out(), to_string(x.funded_by));
  member(o, "anomaly_score", x.anomaly.score);
  member(o, "anomaly_value", x.anomaly.value);
  member(o, "anomaly_burst", x.anomaly.burst);
  member(o, "anomaly_wake", x.anomaly.wake);
}

}  // namespace

void append_json(std::string& out, const blockchain_event& event) {
  object_writer o{out};
  put_id(o.key("id").out(), event.id);
  put_name(o.key("type").out(), to_string(event.type()));
  member(o, "chain_id", event.chain());
  out += ",\"source\":";
  out += json_quoted(event.source);
  const bool in_block = event.type() != event_type::mempool;
  member(o, "block_number", in_block ? maybe<block_number>{event.number} : maybe<block_number>{});
  member(o, "block_hash", in_block ? maybe<hash32>{event.id.block} : maybe<hash32>{});
  member(o, "sequence", event.sequence);
  member(o, "event_time", event.event_time);
  member(o, "time_estimated", event.time_estimated);
  put_name(o.key("priority").out(), to_string(event.rank));
  member(o, "score", event.score);
  put_name(o.key("lane").out(), to_string(event.on));
  put_name(o.key("finality").out(), to_string(event.at));
  object_writer data{o.key("data").out()};
  std::visit([&](const auto& x) { put_members(data, x); }, event.data.base());
  data.end();
  o.end();
}

std::string to_json(const blockchain_event& event) {
  std::string out;
  append_json(out, event);
  return out;
}

}  // namespace eremos
