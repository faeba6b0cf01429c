#include "actors/detect/rapid_sequence.hpp"

#include <algorithm>

#include "actors/detect/kept_blocks.hpp"
#include "actors/detect/known_services.hpp"

namespace eremos::detect {

std::string_view excluded_sender(const transaction_event& t, const label* sender) noexcept {
  constexpr std::uint64_t arbitrum_internal = 0x6a;
  constexpr std::uint64_t optimism_deposit = 0x7e;
  constexpr std::uint64_t polygon_state_sync = 0x7f;
  if (t.from.is_zero()) return "zero";
  if (t.type == arbitrum_internal || t.type == optimism_deposit || t.type == polygon_state_sync)
    return "system";
  return service_kind(sender);
}

std::vector<rapid_sequence> rapid_sequences::block(const block_ref& block,
                                                   std::vector<sent_transaction> sent) {
  std::sort(sent.begin(), sent.end());
  std::vector<rapid_sequence> found;
  for (auto at = sent.begin(); at != sent.end();) {
    const auto end =
        std::find_if(at, sent.end(), [&](const sent_transaction& t) { return t.from != at->from; });
    const std::span<const sent_transaction> mine{at, end};
    at = end;
    const auto [entry, is_new] = senders_.try_emplace(mine.front().from);
    auto& state = entry->second;
    if (is_new || state.last != block.number) sent_in_[block.number].push_back(entry->first);
    // `blocks` quiet blocks lie between when the distance is blocks + 1.
    if (state.found && !within_blocks(state.last, block.number, limits_.blocks + 1))
      state.found = false;
    state.last = block.number;
    if (state.found) continue;
    std::erase_if(state.recent, [&](const kept_block& k) {
      return !within_blocks(k.block.number, block.number, limits_.blocks);
    });
    std::uint64_t before = 0;
    std::size_t room = rapid_kept_max;
    for (const auto& k : state.recent) {
      before += k.count;
      room -= k.kept;
    }
    if (before + mine.size() >= limits_.transactions) {
      found.push_back(conclude(mine.front().from, state, block, mine, before));
      state.found = true;
      state.recent.clear();
      continue;
    }
    auto& kept = state.recent.emplace_back();
    kept.block = block;
    kept.count = mine.size();
    kept.kept = std::min(mine.size(), room);
    for (std::size_t i = 0; i < kept.kept; ++i) kept.first[i] = mine[i].hash;
  }
  forget(block.number);
  return found;
}

rapid_sequence rapid_sequences::conclude(const address& sender, const sender_state& state,
                                         const block_ref& block,
                                         std::span<const sent_transaction> sent,
                                         std::uint64_t before) const {
  rapid_sequence out{.sender = sender, .count = before + sent.size()};
  // A snapshot of a time with a higher limit may hold enough before this block already.
  const auto completing = static_cast<std::size_t>(
      before < limits_.transactions ? limits_.transactions - before - 1 : 0);
  out.anchor = id_of_transaction(block, sent[completing].hash);
  for (const auto& k : state.recent) {
    out.blocks.push_back(k.block);
    for (const auto& hash : k.hashes()) out.evidence.push_back(id_of_transaction(k.block, hash));
  }
  out.blocks.push_back(block);
  for (const auto& t : sent) out.evidence.push_back(id_of_transaction(block, t.hash));
  out.confidence =
      1.0 - 0.5 * static_cast<double>(limits_.transactions) / static_cast<double>(out.count);
  if (out.count / 4 >= limits_.transactions) out.level = severity::medium;
  return out;
}

void rapid_sequences::forget(block_number now) {
  // What is out of reach for every later block, also for telling a run from the next one; then the
  // oldest, if that was not enough.
  std::erase_if(sent_in_, [&](const auto& entry) {
    const auto& [number, senders] = entry;
    if (within_blocks(number, now, limits_.blocks + 1)) return false;
    for (const auto& who : senders) {
      const auto at = senders_.find(who);
      if (at != senders_.end() && at->second.last == number) senders_.erase(at);
    }
    return true;
  });
  const auto dropped =
      drop_oldest(senders_, limits_.senders_max, [](const auto& x) { return x.last; });
  if (dropped == 0) return;
  evicted_ += dropped;
  sent_in_.clear();  // it names those that are gone
  for (const auto& [who, state] : senders_) sent_in_[state.last].push_back(who);
}

void rapid_sequences::save(state_writer& out) const {
  block_table table;
  const auto senders = by_key(senders_);
  for (const auto* entry : senders)
    for (const auto& k : entry->second.recent) table.add(k.block);
  table.save(out);
  out.u64(senders.size());
  for (const auto* entry : senders) {
    const auto& [who, state] = *entry;
    out.bytes(who);
    out.u64(state.last);
    out.flag(state.found);
    out.u64(state.recent.size());
    for (const auto& k : state.recent) {
      out.u64(table.place(k.block));
      out.u64(k.count);
      out.u64(k.kept);
      for (const auto& hash : k.hashes()) out.bytes(hash);
    }
  }
}

bool rapid_sequences::load(state_reader& in) {
  constexpr std::size_t sender_bytes = address::size_bytes + 3 * 8;
  constexpr std::size_t kept_bytes = 3 * 8;
  senders_.clear();
  sent_in_.clear();
  const auto table = block_table::load(in);
  const auto count = in.count(sender_bytes);
  if (count > limits_.senders_max) return false;
  for (std::uint64_t i = 0; i < count && in.intact(); ++i) {
    address who;
    in.bytes(who);
    auto& state = senders_[who];
    state.last = in.u64();
    state.found = in.flag();
    sent_in_[state.last].push_back(who);
    std::size_t hashes = 0;
    for (auto left = in.count(kept_bytes); left > 0 && in.intact(); --left) {
      const auto position = in.u64();
      if (position >= table.size()) return false;
      auto& kept = state.recent.emplace_back();
      kept.block = table[position];
      kept.count = in.u64();
      kept.kept = in.count(hash32::size_bytes);
      hashes += kept.kept;
      if (hashes > rapid_kept_max) return false;
      for (std::size_t k = 0; k < kept.kept; ++k) in.bytes(kept.first[k]);
    }
  }
  return in.intact();
}

}  // namespace eremos::detect
