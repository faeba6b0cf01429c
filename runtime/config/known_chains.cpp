#include "runtime/config/known_chains.hpp"

#include <algorithm>

namespace eremos {
namespace {

template <class Predicate>
const known_chain* find_if(Predicate predicate) {
  const auto& all = known_chains();
  const auto at = std::find_if(all.begin(), all.end(), predicate);
  return at == all.end() ? nullptr : &*at;
}

}  // namespace

const std::vector<known_chain>& known_chains() {
  // EIP-155 ids (chainid.network). The sequencers of Arbitrum and Optimism keep what waits to
  // themselves: providers accept the subscription and nothing comes (docs.arbitrum.io,
  // docs.optimism.io). Depths: Ethereum finalizes two epochs behind; Polygon's and Arbitrum's are
  // those that ponder waits for; Optimism's sequencer may take back what it has not yet posted, 5
  // to 10 minutes (docs.optimism.io, "Transaction finality").
  static const std::vector<known_chain> all = {{"arbitrum", 42161, false, 240},
                                               {"ethereum", 1, true, 64},
                                               {"optimism", 10, false, 300},
                                               {"polygon", 137, true, 200}};
  return all;
}

const known_chain* find_known_chain(std::string_view name) {
  return find_if([&](const auto& chain) { return chain.name == name; });
}

const known_chain* find_known_chain(chain_id id) {
  return find_if([&](const auto& chain) { return chain.id == id; });
}

}  // namespace eremos
