#include "actors/services/wallet_funding.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <string_view>
#include <utility>

#include "actors/detect/known_services.hpp"
#include "messages/keccak.hpp"

namespace eremos {
namespace {

constexpr std::size_t nobody = std::numeric_limits<std::size_t>::max();
constexpr std::size_t on_path = nobody - 1;

funding_source source_of(const label* funder) {
  if (funder == nullptr) return funding_source::unknown;
  for (const auto source : {funding_source::cex, funding_source::dex, funding_source::bridge})
    if (funder->kind == to_string(source)) return source;
  return funding_source::unknown;
}

/// The funder of each change, by index, for those that take its cluster.
class funding_graph {
 public:
  funding_graph(chain_id chain, std::vector<wallet_delta>& changes,
                std::span<const wallet_facts> before)
      : chain_(chain), changes_(changes), before_(before) {}

  void add(std::size_t wallet, const address& funder) {
    const auto at =
        std::lower_bound(changes_.begin(), changes_.end(), funder,
                         [](const wallet_delta& d, const address& a) { return d.who < a; });
    if (at == changes_.end() || at->who != funder) return;
    if (funders_.empty()) funders_.assign(changes_.size(), nobody);
    funders_[wallet] = static_cast<std::size_t>(at - changes_.begin());
  }

  /// Each wallet is passed once: a path ends where another one has been.
  void settle() {
    for (std::size_t i = 0; i < funders_.size(); ++i)
      if (funders_[i] != nobody && changes_[i].cluster.is_zero()) settle(i);
  }

 private:
  void settle(std::size_t at) {
    path_.clear();
    while (changes_[at].cluster.is_zero() && funders_[at] != nobody && funders_[at] != on_path) {
      path_.push_back(at);
      at = std::exchange(funders_[at], on_path);
    }
    auto& end = changes_[at];
    if (end.cluster.is_zero())
      end.cluster = funders_[at] == on_path         ? cluster_founded_by(chain_, least_from(at))
                    : before_[at].cluster.is_zero() ? cluster_founded_by(chain_, end.who)
                                                    : before_[at].cluster;
    for (const auto i : path_) changes_[i].cluster = end.cluster;
  }

  /// The smallest address of the circle that begins at `at`. Changes are sorted: the first is it.
  const address& least_from(std::size_t at) const {
    return changes_[*std::min_element(std::find(path_.begin(), path_.end(), at), path_.end())].who;
  }

  chain_id chain_;
  std::vector<wallet_delta>& changes_;
  std::span<const wallet_facts> before_;
  std::vector<std::size_t> funders_;
  std::vector<std::size_t> path_;
};

}  // namespace

hash32 cluster_founded_by(chain_id chain, const address& funder) {
  // Every part has one length, so no two founders give the same bytes.
  constexpr std::string_view domain = "eremos.cluster.1";
  std::array<std::uint8_t, domain.size() + sizeof chain + address::size_bytes> text{};
  auto to = std::copy(domain.begin(), domain.end(), text.begin());
  for (int shift = 56; shift >= 0; shift -= 8) *to++ = static_cast<std::uint8_t>(chain >> shift);
  std::copy(funder.data.begin(), funder.data.end(), to);
  return keccak256(std::span<const std::uint8_t>{text});
}

void set_funding(chain_id chain, std::vector<wallet_delta>& changes,
                 std::span<const wallet_facts> before, const label_set& labels) {
  funding_graph graph{chain, changes, before};
  const auto serves = [](const label* known) { return !detect::service_kind(known).empty(); };
  for (std::size_t i = 0; i < changes.size(); ++i) {
    auto& change = changes[i];
    change.funded_by = funding_source::unknown;
    change.cluster = {};
    if (before[i].active_blocks != 0) {
      change.funder = {};
      change.may_cluster = false;
    }
    if (change.funder.is_zero()) continue;
    const auto* funder = labels.find(chain, change.funder);
    change.funded_by = source_of(funder);
    if (change.may_cluster && !serves(funder) && !serves(labels.find(chain, change.who)))
      graph.add(i, change.funder);
  }
  graph.settle();
}

}  // namespace eremos
