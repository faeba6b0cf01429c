#include "tests/sim/provider.hpp"

#include <caf/all.hpp>

#include "runtime/caf_error.hpp"

namespace eremos::sim {
namespace {

caf::result<shared<block_record>> answer(provider_orders& orders, const fetch_block& what) {
  if (orders.failing_next > 0) {
    --orders.failing_next;
    ++orders.failed;
    return to_caf({orders.failed % 2 == 0 ? errc::provider_refused : errc::provider_unreachable,
                   "as it was told"});
  }
  if (orders.missing_next > 0) {
    --orders.missing_next;
    ++orders.missed;
    return to_caf({errc::block_not_found, "not yet"});
  }
  auto& tree = *orders.tree;
  if (what.hash) {
    // A node keeps the blocks of branches that lost, but has none that it has not heard of.
    const auto at = tree.find(*what.hash);
    if (!at || tree.ref(*at).number > tree.ref(orders.answers_as_of).number + 1) {
      if (at) ++orders.lagged;
      return to_caf({errc::block_not_found, "no such block here"});
    }
    return tree.record(*at);
  }
  const auto at = tree.ancestor(orders.answers_as_of, what.number);
  if (at != tree.ancestor(orders.head, what.number)) ++orders.lagged;
  if (!at) return to_caf({errc::block_not_found, "no block of that number here"});
  return tree.record(*at);
}

/// What the other providers say, which are at the head of the chain.
caf::result<block_ref> name(const provider_orders& orders, const name_block& what) {
  const auto at = orders.tree->ancestor(orders.head, what.number);
  if (!at) return to_caf({errc::block_not_found, "no block of that number here"});
  return orders.tree->ref(*at);
}

}  // namespace

connector_actor spawn_provider(caf::actor_system& system, provider_orders& orders) {
  return system.spawn([&orders]() -> connector_actor::behavior_type {
    return {
        [](const connector_start&) {},
        [&orders](const fetch_block& what) { return answer(orders, what); },
        [&orders](const name_block& what) { return name(orders, what); },
        [](const read_state&) -> caf::result<state_read> { return caf::sec::bad_function_call; },
        [](const more_wanted&) {},
        [](const get_report&) { return connector_report{}; }};
  });
}

}  // namespace eremos::sim
