// Who paid a wallet its first money, as far as labels tell, and which wallets belong together
// because one wallet paid them all. Judges one block; what was known before comes from the ledger.
// Pure; any thread.
//
// Only wallets never seen before are judged, by the funder that wallet_changes found.
//   source   the funder's label: cex, dex or bridge, else unknown
//   cluster  if both may be in one (wallet_delta::may_cluster, and no label of a service): the
//            funder's own cluster, else Keccak-256 of "eremos.cluster.1", the chain's id (8 bytes,
//            big-endian) and the funder's address. The funder enters that cluster in the same
//            block.
// Who was funded in this block and funds others takes its own funder's cluster along, however long
// the chain. A circle (each funded by the next) has no first one: the smallest address stands for
// it. So nothing depends on the order of events.
//
// It proves little. "First" is first for this node, which sees a chain from some block on. One
// funder is not one owner: exchanges, payers of wages and faucets without a label fund many owners.
// Two clusters may well have one owner.
#pragma once
#include <span>
#include <vector>

#include "messages/chain.hpp"
#include "messages/labels.hpp"

namespace eremos {

/// The cluster of wallets that `funder` paid first, if it has none of its own.
hash32 cluster_founded_by(chain_id chain, const address& funder);

/// Sets funded_by and cluster of each change; of wallets seen before it clears the funder. `before`
/// has one for each change. Precondition: changes are sorted by address, each once.
void set_funding(chain_id chain, std::vector<wallet_delta>& changes,
                 std::span<const wallet_facts> before, const label_set& labels);

}  // namespace eremos
