// How sure several testimonies make together: confidence rises by independent evidence alone.
// Holds nothing: the terms are the caller's, so that a retraction takes one out and what is left
// is combined anew. Pure; any thread.
//
//   group        testimonies of one lineage (one agent), or whose evidence overlaps
//   (shared_evidence
//                .hpp), directly or by way of others. What is said twice in the same words is one
//   in a group   p_g = max + (1 - rho) (noisy-or - max), rho = 0.8: what rests on the same events
//                says a little more if seen in two ways, far less than two witnesses do
//   together     P = 1 - product of (1 - p_g) over the groups, at most 0.95: all of them look at
//                one chain
//
// rho and the cap are our own and not calibrated. Groups are taken for independent.
#pragma once
#include <algorithm>
#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "actors/detect/shared_evidence.hpp"

namespace eremos::detect {

inline constexpr double evidence_correlation = 0.8;
inline constexpr double combined_confidence_max = 0.95;

struct testimony {
  std::string lineage;  ///< whose it is
  double confidence = 0;
  std::vector<std::uint64_t> evidence;  ///< evidence_sample()

  friend auto operator<=>(const testimony&, const testimony&) = default;
};

struct combined_evidence {
  double confidence = 0;
  std::uint64_t groups = 0;  ///< independent ones
};

/// In any order; the result is the same.
inline combined_evidence combine(std::vector<testimony> all) {
  std::sort(all.begin(), all.end());
  all.erase(std::unique(all.begin(), all.end()), all.end());
  std::vector<std::size_t> group(all.size());
  for (std::size_t i = 0; i < all.size(); ++i) {
    group[i] = i;
    for (std::size_t k = 0; k < i; ++k) {
      if (group[k] == group[i] ||
          (all[k].lineage != all[i].lineage && !share_evidence(all[k].evidence, all[i].evidence)))
        continue;
      const auto joined = group[k];
      std::replace(group.begin(), group.begin() + static_cast<std::ptrdiff_t>(i) + 1, joined,
                   group[i]);
    }
  }
  struct sums {
    double most = 0;
    double doubt = 1;
  };
  std::map<std::size_t, sums> groups;
  for (std::size_t i = 0; i < all.size(); ++i) {
    auto& g = groups[group[i]];
    g.most = std::max(g.most, all[i].confidence);
    g.doubt *= 1 - all[i].confidence;
  }
  double doubt = 1;
  for (const auto& [which, g] : groups)
    doubt *= 1 - (g.most + (1 - evidence_correlation) * (1 - g.doubt - g.most));
  return {std::min(combined_confidence_max, 1 - doubt), groups.size()};
}

}  // namespace eremos::detect
