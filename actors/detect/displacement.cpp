#include "actors/detect/displacement.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <set>

#include "actors/detect/kept_blocks.hpp"

namespace eremos::detect {
namespace {

constexpr std::size_t argument_bytes = 32;
constexpr std::size_t method_id_bytes = 4;
constexpr std::size_t telling_bytes_min = 16;
constexpr double displacement_medium = 0.8;

/// Methods that many call with the same proof or signature: claim(...) and mint(...) in their usual
/// shapes (4byte.directory).
constexpr std::array<std::uint32_t, 7> public_methods = {
    0x4e71d92d,  // claim()
    0x2e7ba6ef,  // claim(uint256,address,uint256,bytes32[])
    0x3d13f874,  // claim(address,uint256,bytes32[])
    0xae0b51df,  // claim(uint256,bytes32[])
    0xba41b0c6,  // mint(uint256,bytes32[])
    0x40c10f19,  // mint(address,uint256)
    0xa0712d68,  // mint(uint256)
};

bool tells(const std::uint8_t* word) noexcept {
  std::size_t n = 0;
  for (std::size_t i = 0; i < argument_bytes; ++i) n += word[i] != 0 && word[i] != 0xff ? 1 : 0;
  return n >= telling_bytes_min;
}

/// FNV-1a over the word's four parts; finalised as SplitMix64 is.
std::uint64_t hash_word(const std::uint8_t* word) noexcept {
  std::uint64_t out = 0xcbf29ce484222325ull;
  for (std::size_t i = 0; i < argument_bytes; i += 8) {
    std::uint64_t part = 0;
    std::memcpy(&part, word + i, sizeof part);
    out = (out ^ part) * 0x100000001b3ull;
    out ^= out >> 29;
  }
  out = (out ^ (out >> 30)) * 0xBF58476D1CE4E5B9ull;
  return out ^ (out >> 27);
}

}  // namespace

std::vector<std::uint64_t> distinctive_words(const byte_vector& input) {
  std::vector<std::uint64_t> out;
  for (auto at = method_id_bytes;
       at + argument_bytes <= input.size() && out.size() < displacement_words_max;
       at += argument_bytes)
    if (tells(input.data() + at)) out.push_back(hash_word(input.data() + at));
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

copied_call call_of(const transaction_body& t) {
  copied_call out{.transaction = t.hash,
                  .from = t.from,
                  .to = t.to,
                  .tip = t.max_priority_fee_per_gas,
                  .gas_price = t.gas_price,
                  .words = distinctive_words(t.input)};
  for (std::size_t i = 0; i < method_id_bytes && i < t.input.size(); ++i)
    out.method = out.method << 8 | t.input[i];
  return out;
}

void displacements::note_sender(word_use& use, const address& who) {
  if (is_common(use) || std::find(use.senders.begin(), use.senders.end(), who) != use.senders.end())
    return;
  use.senders.push_back(who);
  if (is_common(use)) use.waiting = {};
}

void displacements::saw(copied_call call, std::uint64_t order, time_ms time) {
  if (call.words.size() < limits_.words_min || waiting_.contains(call.transaction)) return;
  for (const auto word : call.words) {
    auto& use = words_[word];
    note_sender(use, call.from);
    ++use.uses;
    if (!is_common(use)) use.waiting.push_back(call.transaction);
  }
  const auto hash = call.transaction;
  const std::pair place{order, hash};
  by_order_.insert(std::upper_bound(by_order_.begin(), by_order_.end(), place), place);
  waiting_.emplace(hash, waiting_call{std::move(call), order, time});
  while (waiting_.size() > limits_.waiting_max) {
    ++evicted_;
    erase_oldest();
  }
}

void displacements::erase_oldest() {
  const auto at = waiting_.find(by_order_.front().second);
  for (const auto word : at->second.call.words) {
    const auto use = words_.find(word);
    std::erase(use->second.waiting, at->first);
    if (--use->second.uses == 0) words_.erase(use);
  }
  by_order_.pop_front();
  waiting_.erase(at);
}

std::vector<displacement> displacements::block(const block_ref& block, time_ms time,
                                               std::vector<mined_call> calls) {
  std::vector<displacement> found;
  if (waiting_.empty()) return found;
  std::sort(calls.begin(), calls.end(),
            [](const auto& a, const auto& b) { return a.index < b.index; });
  // A word that others use too, in this block, tells nobody.
  for (const auto& c : calls)
    for (const auto word : c.call.words)
      if (const auto use = words_.find(word); use != words_.end())
        note_sender(use->second, c.call.from);
  for (const auto& c : calls) {
    const auto victim = waiting_.find(c.call.transaction);
    if (victim != waiting_.end() && victim->second.time < time)
      for (const auto& copy : open_)
        if (copy.victim == c.call.transaction)
          if (auto one = conclude(block, copy, victim->second, c)) found.push_back(std::move(*one));
    match(block, time, c);
  }
  forget(time);
  return found;
}

/// Opens a copy for each call that waits and that this one repeats.
void displacements::match(const block_ref& block, time_ms time, const mined_call& attack) {
  if (attack.call.words.size() < limits_.words_min) return;
  std::set<hash32> candidates;
  for (const auto word : attack.call.words) {
    const auto use = words_.find(word);
    if (use != words_.end())
      candidates.insert(use->second.waiting.begin(), use->second.waiting.end());
  }
  const auto own = waiting_.find(attack.call.transaction);
  for (const auto& hash : candidates) {
    const auto& v = waiting_.at(hash);
    if (v.call.from == attack.call.from || v.call.to == attack.call.to || v.time >= time ||
        hash == attack.call.transaction)
      continue;
    if (own != waiting_.end() && own->second.order < v.order) continue;
    std::size_t telling = 0;
    std::size_t shared = 0;
    for (const auto word : v.call.words) {
      if (is_common(words_.at(word))) continue;
      ++telling;
      shared +=
          std::binary_search(attack.call.words.begin(), attack.call.words.end(), word) ? 1 : 0;
    }
    const double contained =
        telling == 0 ? 0 : static_cast<double>(shared) / static_cast<double>(telling);
    const double share =
        static_cast<double>(shared) / static_cast<double>(attack.call.words.size());
    if (shared < limits_.words_min || contained < limits_.contained_min ||
        share < limits_.share_min || (own != waiting_.end() && !outbids(attack.call, v.call)))
      continue;
    open_.push_back({hash, attack, block, time, contained, share, own == waiting_.end()});
  }
}

/// Tips of different kinds cannot be compared, so they do not decide.
bool displacements::outbids(const copied_call& attack, const copied_call& victim) const {
  if (attack.tip.has_value() != victim.tip.has_value()) return true;
  return attack.tip ? *attack.tip > *victim.tip : attack.gas_price > victim.gas_price;
}

maybe<displacement> displacements::conclude(const block_ref& block, const open_copy& copy,
                                            const waiting_call& victim,
                                            const mined_call& mined) const {
  displacement out{.victim = mined.call.transaction,
                   .attack = copy.attack.call.transaction,
                   .victim_sender = victim.call.from,
                   .attacker = copy.attack.call.from,
                   .contained = copy.contained,
                   .share = copy.share,
                   .victim_failed = mined.failed,
                   .is_private = copy.is_private};
  const bool is_public = std::find(public_methods.begin(), public_methods.end(),
                                   victim.call.method) != public_methods.end();
  out.confidence = 0.5 + (mined.failed ? 0.3 : 0.0) - (is_public ? 0.4 : 0.0);
  if (out.confidence < limits_.confidence_min) return {};
  if (out.confidence >= displacement_medium) out.level = severity::medium;
  out.anchor = id_of_transaction(block, out.victim);
  out.evidence = {id_of_transaction(copy.block, out.attack), out.anchor};
  out.blocks = {copy.block};
  if (copy.block != block) out.blocks.push_back(block);
  return out;
}

void displacements::reverted(const block_ref& block) {
  std::erase_if(open_, [&](const open_copy& c) { return c.block == block; });
}

void displacements::forget(time_ms now) {
  while (!by_order_.empty()) {
    const auto seen = waiting_.at(by_order_.front().second).time;
    if (within_time(seen, now, limits_.window) || seen >= now) break;
    erase_oldest();
  }
  std::erase_if(open_, [&](const open_copy& c) {
    return !within_time(c.time, now, limits_.window) || !waiting_.contains(c.victim);
  });
  if (open_.size() > limits_.open_max) {
    const auto gone = open_.size() - limits_.open_max;
    open_.erase(open_.begin(), open_.begin() + static_cast<std::ptrdiff_t>(gone));
    evicted_ += gone;
  }
}

}  // namespace eremos::detect
