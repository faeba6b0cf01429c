// A chain's row: CONNECTOR, CHAIN, WALLETS, STREAM, SUPERVISOR and the agents, made and connected
// in one place. Knows no command line and no configuration file. Used by NODE and by REPLAY's desk.
#pragma once
#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

#include <caf/actor_system.hpp>

#include "actors/services/bridge_linker.hpp"
#include "connectors/chain/suspect_policy.hpp"
#include "connectors/connector.hpp"
#include "messages/protocols.hpp"
#include "runtime/agent_registry.hpp"
#include "runtime/defaults.hpp"
#include "runtime/policy/chain_policy.hpp"
#include "runtime/recent_blocks.hpp"
#include "runtime/supervisor.hpp"

namespace eremos {

/// An agent with its options, and the chains it watches.
struct agent_choice {
  agent_plan plan;
  std::vector<chain_id> chains;  ///< empty: every chain
};

/// Bounds of a row that tests make smaller.
struct row_limits {
  recent_limits recent;
  std::size_t wallet_journal_blocks = defaults::ring_blocks;
  std::chrono::milliseconds stall_max = defaults::stall_max;
  std::chrono::milliseconds lag_max = defaults::lag_max;
};

/// What all rows of a node share.
struct shared_parts {
  store_actor store;
  announcement_listener provisional;  ///< shown critical signals at once; may be empty
  linker_actor linker;                ///< empty: no chain's bridges are watched
  logger log;
  label_view labels;
  std::vector<agent_choice> agents;
  std::string config_hash;
  bool recorded = false;          ///< a recording is replayed: no snapshots, nothing is resumed
  bool mempool_to_store = false;  ///< an events file wants mempool events
  row_limits limits;
};

struct row {
  chain_id chain = 0;
  std::string source;
  connector_actor connector;
  chain_actor head;  ///< CHAIN
  chain_listener wallets;
  stream_actor stream;
  supervisor_actor supervisor;
  coordinator_actor coordinator;
};

struct row_plan {
  chain_policy policy;
  maybe<block_number> first_block;
  connector_style style = connector_style::follow;
  chain_restart restart;
  suspect_rule on_suspect = suspect_rule::hold;
  std::uint64_t confirm_depth = 0;  ///< reverts of so many blocks are asked of every provider first
  std::uint64_t finality_depth = 0;    ///< so far below the tip blocks are final; 0: by words only
  std::uint64_t facts_per_minute = 0;  ///< questions to contracts; 0: none
  std::uint64_t wallet_questions_per_minute = 0;  ///< about wallets' pasts; 0: none
};

/// Makes and connects the row; nothing flows until the connector is started.
row make_row(caf::actor_system& system, const shared_parts& parts, const row_plan& plan,
             connector_actor connector);

/// Stops the row's actors. What is unfinished is lost to this process, not to the chain.
void end_row(const row& r);

}  // namespace eremos
