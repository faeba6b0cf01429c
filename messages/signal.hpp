// What an agent concludes. Knows how its id follows from content; stores and sends nothing.
// Any thread.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "messages/event.hpp"

namespace eremos {

/// A block by which something stored can be taken back, also after a restart.
struct block_ref {
  chain_id chain = 0;
  block_number number = 0;
  hash32 hash;

  friend auto operator<=>(const block_ref&, const block_ref&) = default;
};
template <class Inspector>
auto inspect(Inspector& f, block_ref& x) {
  return f(x.chain, x.number, x.hash);
}

enum class severity : std::uint8_t { info, low, medium, high, critical };
enum class signal_status : std::uint8_t { provisional, active, retracted, expired };
std::string_view to_string(severity x) noexcept;
std::string_view to_string(signal_status x) noexcept;
result<severity> parse_severity(std::string_view text);
result<signal_status> parse_signal_status(std::string_view text);

/// Details of a signal or a message: keys in order, values already JSON (see detail()).
struct detail_map {
  std::vector<std::pair<std::string, std::string>> items;  ///< sorted by key

  /// Value as a JSON string, number or boolean. Amounts go in as strings: JSON numbers lose digits.
  detail_map& set(std::string_view key, std::string_view text);
  detail_map& set(std::string_view key, const char* text) {
    return set(key, std::string_view{text});
  }
  detail_map& set(std::string_view key, std::uint64_t number);
  detail_map& set(std::string_view key, double number);
  detail_map& set(std::string_view key, bool flag);
  detail_map& set(std::string_view key, const wei& amount);
  detail_map& set(std::string_view key, const address& who);
  detail_map& set(std::string_view key, const hash32& hash);
  /// The JSON text of a value; empty if the key is absent.
  std::string_view find(std::string_view key) const noexcept;
  /// {"key":value,…}
  std::string to_json() const;

  friend bool operator==(const detail_map&, const detail_map&) = default;

 private:
  detail_map& put(std::string_view key, std::string json);
};
template <class Inspector>
auto inspect(Inspector& f, detail_map& x) {
  return f(x.items);
}

/// First 16 bytes of a Keccak-256, 32 hex digits as text.
struct signal_id_tag;
using signal_id = fixed_bytes<16, signal_id_tag>;
/// 32 hex digits, without 0x.
std::string to_string(const signal_id& id);
result<signal_id> parse_signal_id(std::string_view text);

inline constexpr std::size_t signal_evidence_max = 256;  ///< kept ids; evidence_total counts all

struct signal {
  signal_id id;
  std::uint32_t revision = 1;
  std::string type;  ///< a snake_case noun of signal_types
  std::string agent;
  std::string glyph;    ///< of the agent, for people
  block_ref block;      ///< the deciding block
  std::string subject;  ///< address, contract or transaction, 0x-hex
  double confidence = 0;
  severity level = severity::info;
  finality at = finality::latest;
  signal_status status = signal_status::active;
  std::vector<event_id> evidence;  ///< sorted by text; at most signal_evidence_max
  std::uint64_t evidence_total = 0;
  std::vector<block_ref> blocks;  ///< it rests on; sorted, the deciding block among them
  detail_map details;
  time_ms event_time = 0;
  time_ms emitted_at = 0;  ///< wall clock; takes no part in comparisons
  std::string config_hash;
  /// Agents whose conclusions led to this one, oldest first. Of use within a block only: not
  /// stored.
  std::vector<std::string> path;
  bool suspect = false;  ///< STORE: a block it rests on failed a check (messages/integrity.hpp)

  /// Everything but emitted_at.
  friend bool operator==(const signal& a, const signal& b);
};
template <class Inspector>
auto inspect(Inspector& f, signal& x) {
  return f(x.id, x.revision, x.type, x.agent, x.glyph, x.block, x.subject, x.confidence, x.level,
           x.at, x.status, x.evidence, x.evidence_total, x.blocks, x.details, x.event_time,
           x.emitted_at, x.config_hash, x.path, x.suspect);
}

/// Keccak-256 over the length-prefixed ("eremos.signal.1", agent, type, chain id, subject, anchor),
/// cut to 16 bytes. `anchor` is the event that completes the first match.
signal_id make_signal_id(std::string_view agent, std::string_view type, chain_id chain,
                         std::string_view subject, const event_id& anchor);

/// The struct as one JSON object without a line end (keys of architecture.md §8).
std::string to_json(const signal& s);

/// Every type of signal, with a sentence for people.
struct signal_type_info {
  std::string_view name;
  std::string_view sentence;
};
const std::vector<signal_type_info>& signal_types();

/// (agent, type, id): the order in which a block's conclusions are stored and shown.
bool signal_order(const signal& a, const signal& b) noexcept;

/// Text as a JSON string with its quotes. Invalid UTF-8 becomes U+FFFD.
std::string json_quoted(std::string_view text);
/// The shortest text that gives the number back; null for what JSON has no number for.
std::string json_number(double number);

}  // namespace eremos
