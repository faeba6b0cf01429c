// Whether two conclusions rest on the same events. What two agents make of the same events is said
// twice, but witnessed once. Pure; any thread.
//
// Of each conclusion the least few of a hash over its events are kept: of two that rest on the same
// events these are the same ones, and of two that share most of their events nearly always some
// (Broder, "On the resemblance and containment of documents", 1997). A single shared event among
// hundreds may be missed.
#pragma once
#include <algorithm>
#include <cstdint>
#include <cstring>
#include <vector>

#include "messages/event.hpp"

namespace eremos::detect {

inline constexpr std::size_t evidence_sample_max = 8;

inline std::uint64_t evidence_hash(const event_id& id) noexcept {
  const auto word = [](const hash32& h, std::size_t at) {
    std::uint64_t out = 0;
    std::memcpy(&out, h.data.data() + at, sizeof out);
    return out;
  };
  // Hashes of the chain are even already; the address of a wallet is in the last bytes.
  std::uint64_t x = word(id.block, 0) ^ word(id.subject, 24) ^ word(id.subject, 0) ^
                    (id.log_index + 1) * 0x9E3779B97F4A7C15ull ^
                    (static_cast<std::uint64_t>(id.type) << 56);
  // The finaliser of SplitMix64 (Steele, Lea, Flood 2014).
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9ull;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBull;
  return x ^ (x >> 31);
}

/// Sorted; at most evidence_sample_max.
inline std::vector<std::uint64_t> evidence_sample(const std::vector<event_id>& evidence) {
  std::vector<std::uint64_t> out;
  out.reserve(evidence.size());
  for (const auto& id : evidence) out.push_back(evidence_hash(id));
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  if (out.size() > evidence_sample_max) out.resize(evidence_sample_max);
  return out;
}

inline bool share_evidence(const std::vector<std::uint64_t>& a,
                           const std::vector<std::uint64_t>& b) noexcept {
  return std::any_of(a.begin(), a.end(),
                     [&](std::uint64_t x) { return std::binary_search(b.begin(), b.end(), x); });
}

}  // namespace eremos::detect
