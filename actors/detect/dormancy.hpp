// Says whether a wallet that acts now slept before, for how long, and how sure that is. Knows no
// wallet: the caller brings its last activity. Pure and stateless; any thread.
//
// Dormant: last activity is known and more than 180 days ago (the original's definition).
//   confidence = 0.5 + 0.2 * min(1, (days - 180) / 1000) + 0.2 * [moves at least a "large" amount]
// so that longer sleep and more at stake count (weights: our research, not calibrated). Where part
// of the silence was not watched (a recording with holes) absence proves little: at most 0.3. What
// a single provider says of the time before anybody watched may be a lie: at most 0.5.
// Severity: medium; high after five years or with a very large amount; info where not watched.
#pragma once
#include <algorithm>

#include "messages/signal.hpp"
#include "messages/units.hpp"

namespace eremos::detect {

inline constexpr duration_ms dormant_after_ms = 180 * day_ms;
inline constexpr duration_ms long_dormant_ms = 5 * 365 * day_ms;
/// Confidence where the silence was not watched throughout …
inline constexpr double unwatched_confidence_max = 0.3;
/// … and where one provider alone said that there was silence.
inline constexpr double said_by_one_confidence_max = 0.5;
/// A wallet that was first seen so shortly before is one first met: whoever moves a sleeper's money
/// often sends it some for fees first.
inline constexpr duration_ms first_met_within_ms = day_ms;

/// How the silence is known.
enum class silence_proof : std::uint8_t {
  watched,         ///< block by block
  partly_watched,  ///< a recording with holes
  agreed,          ///< the chain's past was asked of several providers, who agree
  said_by_one      ///< the chain's past was asked of one
};

/// How long it slept; none if it did not, or was never seen (first seen is not woken up).
inline maybe<duration_ms> silence_before(time_ms last_activity, time_ms now,
                                         duration_ms dormant_after = dormant_after_ms) noexcept {
  if (last_activity <= 0 || now <= last_activity) return {};
  const auto silent = now - last_activity;
  return silent > dormant_after ? maybe<duration_ms>{silent} : maybe<duration_ms>{};
}

struct awakening {
  double confidence = 0;
  severity level = severity::medium;
};

inline bool first_met(time_ms first_seen, time_ms now) noexcept {
  return first_seen > 0 && now - first_seen < first_met_within_ms;
}

/// `large` and `very_large` speak of the native amount that leaves.
inline awakening judge_awakening(duration_ms silent, bool large, bool very_large,
                                 silence_proof proof) {
  const double days = static_cast<double>(silent) / static_cast<double>(day_ms);
  awakening out;
  out.confidence = 0.5 + 0.2 * std::clamp((days - 180.0) / 1000.0, 0.0, 1.0) + (large ? 0.2 : 0.0);
  if (very_large || silent > long_dormant_ms) out.level = severity::high;
  if (proof == silence_proof::said_by_one)
    out.confidence = std::min(out.confidence, said_by_one_confidence_max);
  if (proof == silence_proof::partly_watched) {
    out.confidence = std::min(out.confidence, unwatched_confidence_max);
    out.level = severity::info;
  }
  return out;
}

}  // namespace eremos::detect
