// CHAIN, one per chain: turns what one connector says into one canonical chain, in order, within
// the window. Its judgement is in chain_core (followed chains) and recorded_core (recordings).
#pragma once
#include <cstdint>
#include <string>

#include <caf/actor_system.hpp>

#include "connectors/chain/suspect_policy.hpp"
#include "connectors/connector.hpp"
#include "messages/protocols.hpp"
#include "runtime/log.hpp"

namespace eremos {

struct chain_config {
  chain_id chain = 0;
  std::string source;
  connector_style style = connector_style::follow;
  maybe<block_number> first_block;  ///< where a new chain begins; none: the first head
  chain_restart restart;            ///< what the store knows
  logger log;
  suspect_rule on_suspect = suspect_rule::hold;
  label_view labels;                 ///< none: blocks bring none
  std::uint64_t confirm_depth = 0;   ///< reverts of so many blocks are confirmed first; 0: none are
  std::uint64_t finality_depth = 0;  ///< so far below the tip blocks are final; 0: by words only
  std::uint64_t facts_per_minute = 0;             ///< questions to contracts; 0: none
  std::uint64_t wallet_questions_per_minute = 0;  ///< about wallets' pasts; 0: none
  wei waking_value;                               ///< who moves less is not asked about
};

chain_actor spawn_chain(caf::actor_system& system, chain_config config, connector_actor connector,
                        chain_listener next);

}  // namespace eremos
