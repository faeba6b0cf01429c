// The five kinds of event, and the envelope in which they travel.
// Makes no decisions: score, priority and lane are given by runtime/policy.
// Any thread; events are immutable once sequenced.
#pragma once
#include <array>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "messages/actions.hpp"
#include "messages/bytes.hpp"
#include "messages/inspect.hpp"
#include "messages/lane.hpp"
#include "messages/units.hpp"

namespace eremos {

enum class event_type : std::uint8_t {
  block,
  transaction,
  contract_event,
  mempool,
  wallet_activity
};
enum class priority : std::uint8_t { low, medium, high, critical };
enum class finality : std::uint8_t { pending, latest, safe, finalized };
/// What became of a transaction that was seen in the mempool.
enum class mempool_state : std::uint8_t { seen, included, replaced, dropped };
/// Why a transaction that waited is waited for no more, though nobody saw its end.
enum class drop_reason : std::uint8_t {
  none,
  expired,  ///< it waited longer than pending_ttl
  evicted   ///< more transactions wait than are remembered
};
/// Who first funded a wallet.
enum class funding_source : std::uint8_t { unknown, cex, dex, bridge };

std::string_view to_string(event_type x) noexcept;
std::string_view to_string(priority x) noexcept;
std::string_view to_string(finality x) noexcept;
std::string_view to_string(mempool_state x) noexcept;
std::string_view to_string(drop_reason x) noexcept;
std::string_view to_string(funding_source x) noexcept;
result<event_type> parse_event_type(std::string_view text);
result<priority> parse_priority(std::string_view text);

/// Names an event by its content, so that it is the same from any provider and on any run.
/// `block:<chain>:<hash>`, `tx:<chain>:<hash>@<block hash>`, `log:<chain>:<block hash>:<log
/// index>`, `mempool:<chain>:<tx hash>:<state>`, `wallet:<chain>:<address>:<block hash>`.
struct event_id {
  event_type type = event_type::block;
  mempool_state state = mempool_state::seen;  ///< mempool only
  chain_id chain = 0;
  hash32 block;    ///< zero for mempool
  hash32 subject;  ///< transaction hash, or the address in its last 20 bytes; zero for others
  std::uint64_t log_index = 0;  ///< contract_event only

  friend auto operator<=>(const event_id&, const event_id&) = default;
};
std::string to_string(const event_id& id);
void append_id(std::string& out, const event_id& id);
/// The inverse of to_string. Errors: malformed_shape.
result<event_id> parse_event_id(std::string_view text);

template <class Inspector>
auto inspect(Inspector& f, event_id& x) {
  return f(x.type, x.state, x.chain, x.block, x.subject, x.log_index);
}

/// A block's header, as far as agents need it.
struct block_event {
  block_number number = 0;
  hash32 hash;
  hash32 parent_hash;
  time_ms timestamp = 0;
  std::uint64_t transaction_count = 0;
  std::uint64_t gas_used = 0;
  std::uint64_t gas_limit = 0;
  address beneficiary;              ///< "miner" of JSON-RPC
  maybe<uint256> base_fee_per_gas;  ///< EIP-1559; none before London

  friend bool operator==(const block_event&, const block_event&) = default;
};
template <class Inspector>
auto inspect(Inspector& f, block_event& x) {
  return f(x.number, x.hash, x.parent_hash, x.timestamp, x.transaction_count, x.gas_used,
           x.gas_limit, x.beneficiary, x.base_fee_per_gas);
}

/// One entry of an EIP-2930 access list.
struct access_entry {
  address account;
  std::vector<hash32> storage_keys;

  friend bool operator==(const access_entry&, const access_entry&) = default;
};
template <class Inspector>
auto inspect(Inspector& f, access_entry& x) {
  return f(x.account, x.storage_keys);
}

/// One EIP-7702 authorization. The authority itself is recovered from the signature, not carried
/// here.
struct authorization {
  uint256 chain;
  address delegate;
  std::uint64_t nonce = 0;

  friend bool operator==(const authorization&, const authorization&) = default;
};
template <class Inspector>
auto inspect(Inspector& f, authorization& x) {
  return f(x.chain, x.delegate, x.nonce);
}

/// What a sender signed: shared by mined and pending transactions.
struct transaction_body {
  hash32 hash;
  address from;
  maybe<address> to;  ///< none: contract creation
  wei value;
  std::uint64_t type = 0;  ///< EIP-2718; 0 also for transactions older than types
  std::uint64_t nonce = 0;
  std::uint64_t gas_limit = 0;
  wei gas_price;               ///< wei per gas: legacy price, or the effective one once mined
  maybe<wei> max_fee_per_gas;  ///< EIP-1559
  maybe<wei> max_priority_fee_per_gas;  ///< EIP-1559
  maybe<wei> max_fee_per_blob_gas;      ///< EIP-4844
  byte_vector input;
  std::vector<access_entry> access_list;          ///< EIP-2930
  std::vector<hash32> blob_versioned_hashes;      ///< EIP-4844
  std::vector<authorization> authorization_list;  ///< EIP-7702

  friend bool operator==(const transaction_body&, const transaction_body&) = default;
};
template <class Inspector>
auto inspect(Inspector& f, transaction_body& x) {
  return f(x.hash, x.from, x.to, x.value, x.type, x.nonce, x.gas_limit, x.gas_price,
           x.max_fee_per_gas, x.max_priority_fee_per_gas, x.max_fee_per_blob_gas, x.input,
           x.access_list, x.blob_versioned_hashes, x.authorization_list);
}

/// A mined transaction.
struct transaction_event : transaction_body {
  block_number number = 0;  ///< of its block
  std::uint64_t transaction_index = 0;
  // From the receipt; none where only the block is known.
  maybe<bool> succeeded;  ///< "status" of the receipt (EIP-658)
  maybe<std::uint64_t> gas_used;
  maybe<wei> effective_gas_price;
  maybe<address> contract_address;  ///< created by this transaction

  friend bool operator==(const transaction_event&, const transaction_event&) = default;
};
template <class Inspector>
auto inspect(Inspector& f, transaction_event& x) {
  return f(static_cast<transaction_body&>(x), x.number, x.transaction_index, x.succeeded,
           x.gas_used, x.effective_gas_price, x.contract_address);
}

/// What a topic0 stands for, as far as it is known. Shared by all events of that kind.
struct event_signature {
  std::string name;       ///< "Transfer"; empty if unknown
  std::string signature;  ///< "Transfer(address,address,uint256)"; empty if unknown
  /// As declared: "Transfer(address indexed from, address indexed to, uint256 value)"; empty if
  /// unknown.
  std::string declaration;

  friend bool operator==(const event_signature&, const event_signature&) = default;
};
template <class Inspector>
auto inspect(Inspector& f, event_signature& x) {
  return f(x.name, x.signature, x.declaration);
}

/// Up to four topics (LOG0 to LOG4).
struct topic_list {
  std::array<hash32, 4> items{};
  std::uint8_t count = 0;

  std::size_t size() const noexcept { return count; }
  bool empty() const noexcept { return count == 0; }
  const hash32& operator[](std::size_t i) const noexcept { return items[i]; }
  const hash32* begin() const noexcept { return items.data(); }
  const hash32* end() const noexcept { return items.data() + count; }
  friend bool operator==(const topic_list&, const topic_list&) = default;
};
/// Wrapped, because CAF takes anything with begin() and end() for a container of its own.
template <class Inspector>
auto inspect(Inspector& f, topic_list& x) {
  return f(x.items, x.count);
}

/// One log of a mined transaction.
struct contract_event {
  address emitter;  ///< "address" of JSON-RPC
  shared<event_signature> signature;
  topic_list topics;
  byte_vector data;
  hash32 transaction_hash;
  std::uint64_t transaction_index = 0;
  std::uint64_t log_index = 0;  ///< in the block
  /// What it says that somebody did. Follows from topics and data, once for all who ask: set by
  /// STREAM with the event's rank, and not sent along.
  decoded_action action;

  friend bool operator==(const contract_event&, const contract_event&) = default;
};
template <class Inspector>
auto inspect(Inspector& f, contract_event& x) {
  return f(x.emitter, x.signature, x.topics, x.data, x.transaction_hash, x.transaction_index,
           x.log_index);
}

/// A step in the life of a transaction that waits to be mined: seen, and then whatever became of
/// it. `full` is false where the provider gave its hash alone.
struct mempool_event : transaction_body {
  mempool_state state = mempool_state::seen;
  bool full = false;
  std::string provider;          ///< which one showed it first; for people
  duration_ms waited_ms = 0;     ///< since it was seen, on the chain's clock; 0 for seen
  block_number included_in = 0;  ///< included: the block …
  hash32 included_in_hash;       ///< … and its hash; zero for other states
  hash32 replaced_by;  ///< replaced: the transaction of the same sender and nonce; else zero
  drop_reason reason = drop_reason::none;  ///< dropped: why

  bool pending() const noexcept { return state == mempool_state::seen; }
  friend bool operator==(const mempool_event&, const mempool_event&) = default;
};
template <class Inspector>
auto inspect(Inspector& f, mempool_event& x) {
  return f(static_cast<transaction_body&>(x), x.state, x.full, x.provider, x.waited_ms,
           x.included_in, x.included_in_hash, x.replaced_by, x.reason);
}

/// How far one block is from what a wallet did before (actors/detect/wallet_anomaly.hpp): each 0
/// ordinary .. 1, score = 1 - (1 - value) (1 - burst) (1 - wake).
struct anomaly_parts {
  double score = 0;
  double value = 0;  ///< by what moved
  double burst = 0;  ///< by how much was done at once
  double wake = 0;   ///< by how long it slept

  friend bool operator==(const anomaly_parts&, const anomaly_parts&) = default;
};
template <class Inspector>
auto inspect(Inspector& f, anomaly_parts& x) {
  return f(x.score, x.value, x.burst, x.wake);
}

/// What one block did to one address: derived by WALLETS, one per block and address.
struct wallet_activity_event {
  address account;
  int256 balance_change;  ///< native in - out - fee, as far as transactions show (no internal
                          ///< transfers)
  std::uint64_t transaction_count =
      0;                      ///< blocks' transactions it took part in so far, this block included
  time_ms last_activity = 0;  ///< before this block; 0: never seen
  time_ms first_seen = 0;     ///< this block's time, if it was never seen
  std::uint64_t counterparties = 0;  ///< addresses it dealt with so far, this block included; an
                                     ///< estimate (messages/counterparty_sketch.hpp)
  hash32 cluster;                    ///< wallets that one wallet paid first; zero: in no known one
  address funder;                    ///< who sent it the first value we saw; zero: not known
  funding_source funded_by = funding_source::unknown;  ///< what the funder is, as labels say
  anomaly_parts anomaly;

  friend bool operator==(const wallet_activity_event&, const wallet_activity_event&) = default;
};
template <class Inspector>
auto inspect(Inspector& f, wallet_activity_event& x) {
  return f(x.account, x.balance_change, x.transaction_count, x.last_activity, x.first_seen,
           x.counterparties, x.cluster, x.funder, x.funded_by, x.anomaly);
}

/// In the order of event_type.
using event_data =
    one_of<block_event, transaction_event, contract_event, mempool_event, wallet_activity_event>;
inline constexpr std::size_t event_type_count = std::variant_size_v<event_data::alternatives>;

/// One event on its way to agents.
struct blockchain_event {
  event_id id;
  std::string source;  ///< "ethereum", "polygon", …, or a chain's name from config
  event_data data;
  priority rank = priority::low;
  std::int32_t score = 0;
  lane on = lane::block;
  block_number number = 0;     ///< 0 for mempool
  std::uint64_t commit = 0;    ///< in-process generation of the block's commit; 0 for mempool
  std::uint64_t sequence = 0;  ///< per chain, gap-free; the mempool has its own
  time_ms event_time = 0;
  bool time_estimated = false;   ///< the provider gave no block time
  std::int64_t received_ns = 0;  ///< monotonic clock of this process; never stored
  finality at = finality::latest;

  event_type type() const noexcept { return static_cast<event_type>(data.index()); }
  chain_id chain() const noexcept { return id.chain; }
  friend bool operator==(const blockchain_event&, const blockchain_event&) = default;
};
template <class Inspector>
auto inspect(Inspector& f, blockchain_event& x) {
  return f(x.id, x.source, x.data, x.rank, x.score, x.on, x.number, x.commit, x.sequence,
           x.event_time, x.time_estimated, x.received_ns, x.at);
}

using event_list = std::vector<blockchain_event>;

// The one place that knows how an id follows from content.
event_id id_of(chain_id chain, const block_event& x) noexcept;
event_id id_of(chain_id chain, const hash32& block, const transaction_event& x) noexcept;
event_id id_of(chain_id chain, const hash32& block, const contract_event& x) noexcept;
event_id id_of(chain_id chain, const mempool_event& x) noexcept;
event_id id_of(chain_id chain, const hash32& block, const wallet_activity_event& x) noexcept;

}  // namespace eremos
