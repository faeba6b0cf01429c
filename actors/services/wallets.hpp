// WALLETS, one per chain, between CHAIN and STREAM: adds to each block what it did to each wallet
// that had a part in it, and passes every word on in order. Asks STORE for wallets it does not have
// in memory, at most once per block; blocks wait meanwhile. Decides nothing about wallets: its
// judgement is in wallet_changes, wallet_funding, wallet_ledger and actors/detect/wallet_anomaly.
#pragma once
#include <string>

#include <caf/actor_system.hpp>

#include "messages/labels.hpp"
#include "messages/protocols.hpp"
#include "runtime/defaults.hpp"
#include "runtime/log.hpp"

namespace eremos {

struct wallets_config {
  chain_id chain = 0;
  std::string source;           ///< the chain's name, for blocks without any event
  bool recorded = false;        ///< blocks come in no order: STORE is asked for all it has
  bool nothing_stored = false;  ///< a new chain: STORE need not be asked
  wei large_change;             ///< smallest change of a balance that can be strange; 0: 1 coin
  std::size_t journal_blocks = defaults::ring_blocks;  ///< a revert of these is undone in memory
  label_view labels;
  logger log;
};

chain_listener spawn_wallets(caf::actor_system& system, wallets_config config, store_actor store,
                             chain_listener next);

}  // namespace eremos
