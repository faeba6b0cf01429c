// What detectors with a window share: how far two blocks or times are apart, the ids of events by
// their block, dropping the oldest of too many, a hashed map's entries in order, and a table, so
// that a snapshot writes each block once. Decides nothing. Pure; a table is owned by one call of
// save or load, the rest is for any thread.
#pragma once
#include <algorithm>
#include <map>
#include <utility>
#include <vector>

#include "messages/event.hpp"
#include "messages/signal.hpp"
#include "runtime/state_codec.hpp"

namespace eremos::detect {

/// Whether fewer than `blocks` numbers lie from one block to the other, in either direction: a
/// recording may go back.
inline bool within_blocks(block_number a, block_number b, std::uint64_t blocks) noexcept {
  return (a > b ? a - b : b - a) < blocks;
}

/// The same of event time.
inline bool within_time(time_ms a, time_ms b, duration_ms window) noexcept {
  return (a > b ? a - b : b - a) < window;
}

/// Erases those with the least (age(value), key) until `max` are left. How many it erased.
template <class Map, class Age>
std::size_t drop_oldest(Map& entries, std::size_t max, Age age) {
  if (entries.size() <= max) return 0;
  using row = std::pair<decltype(age(entries.begin()->second)), typename Map::key_type>;
  std::vector<row> by_age;
  by_age.reserve(entries.size());
  for (const auto& [key, value] : entries) by_age.emplace_back(age(value), key);
  const auto too_many = by_age.size() - max;
  std::nth_element(by_age.begin(), by_age.begin() + static_cast<std::ptrdiff_t>(too_many),
                   by_age.end());
  by_age.resize(too_many);
  for (const auto& [when, key] : by_age) entries.erase(key);
  return by_age.size();
}

/// The entries of a hashed map in the order of their keys, for what must not depend on hashing.
template <class Map>
std::vector<const typename Map::value_type*> by_key(const Map& entries) {
  std::vector<const typename Map::value_type*> out;
  out.reserve(entries.size());
  for (const auto& entry : entries) out.push_back(&entry);
  std::sort(out.begin(), out.end(),
            [](const auto* a, const auto* b) { return a->first < b->first; });
  return out;
}

inline event_id id_of_transaction(const block_ref& block, const hash32& hash) noexcept {
  return {
      .type = event_type::transaction, .chain = block.chain, .block = block.hash, .subject = hash};
}

inline event_id id_of_log(const block_ref& block, std::uint64_t log_index) noexcept {
  return {.type = event_type::contract_event,
          .chain = block.chain,
          .block = block.hash,
          .subject = {},
          .log_index = log_index};
}

/// Blocks in ascending order; what is saved names them by their place.
class block_table {
 public:
  void add(const block_ref& block) { places_.emplace(block, 0); }
  /// Ends adding.
  void save(state_writer& out) {
    out.u64(places_.size());
    std::uint64_t next = 0;
    for (auto& [ref, place] : places_) {
      out.ref(ref);
      place = next++;
    }
  }
  /// Precondition: added, then saved.
  std::uint64_t place(const block_ref& block) const { return places_.at(block); }

  /// What save wrote; empty where it is torn.
  static std::vector<block_ref> load(state_reader& in) {
    constexpr std::size_t ref_bytes = 2 * 8 + hash32::size_bytes;
    std::vector<block_ref> out(in.count(ref_bytes));
    for (auto& ref : out) ref = in.ref();
    return out;
  }

 private:
  std::map<block_ref, std::uint64_t> places_;
};

}  // namespace eremos::detect
