// Every typed actor interface of Eremos, a sentence for each message. What an actor accepts is here
// and nowhere else. In prose actors are written in UPPERCASE. Any thread.
#pragma once
#include <caf/actor_control_block.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/typed_actor.hpp>

#include "messages/chain.hpp"
#include "messages/coordination.hpp"
#include "messages/labels.hpp"
#include "messages/lane.hpp"
#include "messages/reports.hpp"

namespace eremos {

// --- requests without content
// -------------------------------------------------------------------------------

template <class Tag>
struct ask {
  static constexpr lane lane_id = lane::control;
};
template <class Inspector, class Tag>
auto inspect(Inspector& f, ask<Tag>&) {
  return f();
}
using get_report = ask<struct report_tag>;
using take_snapshot = ask<struct snapshot_tag>;
/// Finish what is begun, take no more, answer when done.
using drain = ask<struct drain_tag>;

/// Answered when the source has ended and all it gave is finished.
using await_end = ask<struct end_tag>;
/// SUPERVISOR to STREAM: the agents of the start are registered.
using agents_made = ask<struct agents_made_tag>;
/// To oneself, after a pause.
using retry_fetch = ask<struct retry_tag>;

struct drained {
  std::uint64_t blocks = 0;
};
template <class Inspector>
auto inspect(Inspector& f, drained& x) {
  return f(x.blocks);
}

// --- AGENT
// --------------------------------------------------------------------------------------------------

using agent_actor = caf::typed_actor<
    /// Events of one lane; handled one by one by the author's on(...).
    caf::reacts_to<on_lane<lane::critical, event_batch>>,
    caf::reacts_to<on_lane<lane::high, event_batch>>,
    caf::reacts_to<on_lane<lane::medium, event_batch>>,
    caf::reacts_to<on_lane<lane::low, event_batch>>,
    caf::reacts_to<on_lane<lane::block, event_batch>>,
    /// All batches of a commit are on the way; answered by block_done at STREAM once all are
    /// handled.
    caf::reacts_to<block_end>,
    /// What others concluded from a commit; answered by block_done at STREAM.
    caf::reacts_to<agent_round>,
    /// Nothing more comes of a commit.
    caf::reacts_to<block_settled>,
    /// Blocks were taken back; answered by blocks_undone at STREAM.
    caf::reacts_to<blocks_reverted>,
    /// The state to begin from: once, before anything else.
    caf::reacts_to<restore_agent>,
    /// The next block does not follow the last.
    caf::reacts_to<chain_gap>,
    /// Counters of the agent base.
    caf::replies_to<get_report>::with<agent_report>,
    /// State as of the last completed block.
    caf::replies_to<take_snapshot>::with<agent_snapshot>>;

// --- the society of a chain: COORDINATOR, MEMORY
// --------------------------------------------------------------------------------------------

/// MEMORY (the original's SharedMemory): the newest memories of a chain's agents, as of each recent
/// block.
using memory_actor = caf::typed_actor<
    /// Takes in what a block left; answered with the view from the next block on.
    caf::replies_to<memorise>::with<shared<memory_view>>,
    /// Goes back to the view before these blocks.
    caf::reacts_to<chain_reverted>,
    /// Begins anew.
    caf::reacts_to<begin_memory>,
    /// Counters.
    caf::replies_to<get_report>::with<coordination_report>>;

/// COORDINATOR (the original's AgentCoordinator): who the agents are, what of their conclusions
/// reaches whom, and in how many rounds. It feeds nobody itself: STREAM does.
using coordinator_actor = caf::typed_actor<
    /// The union of one round; answered with what is kept and what the next round tells.
    caf::replies_to<round_ended>::with<round_plan>,
    /// For MEMORY.
    caf::replies_to<memorise>::with<shared<memory_view>>,
    /// For MEMORY.
    caf::reacts_to<chain_reverted>,
    /// For MEMORY.
    caf::reacts_to<begin_memory>,
    /// The agent can be written to.
    caf::reacts_to<agent_joined>,
    /// It cannot any more.
    caf::reacts_to<agent_left>,
    /// Counters, MEMORY's included.
    caf::replies_to<get_report>::with<coordination_report>>;

// --- the row of a chain: CONNECTOR, CHAIN, WALLETS, STREAM
// --------------------------------------------------

/// Who listens to CHAIN's words: WALLETS, then STREAM.
using chain_listener = caf::typed_actor<
    /// A block became canonical.
    caf::reacts_to<committed_block>,
    /// Blocks are canonical no more.
    caf::reacts_to<chain_reverted>,
    /// What CHAIN said before is void; it says it again from an earlier block on.
    caf::reacts_to<chain_rewound>,
    /// Finality advanced.
    caf::reacts_to<chain_finalized>,
    /// Transactions wait to be mined.
    caf::reacts_to<mempool_batch>,
    /// The next block does not follow the last.
    caf::reacts_to<chain_gap>,
    /// No block will follow.
    caf::reacts_to<chain_ended>>;

/// Who hears a CONNECTOR: CHAIN, or PROVIDERS in front of it.
using source_listener = caf::typed_actor<
    /// A provider announced a head.
    caf::reacts_to<head_seen>,
    /// A provider showed its mempool.
    caf::reacts_to<pending_seen>,
    /// A provider named its safe and finalized blocks.
    caf::reacts_to<finality_seen>,
    /// A provider came or went.
    caf::reacts_to<provider_state>,
    /// A recording's next block or piece.
    caf::reacts_to<block_recorded>,
    /// The source has no more.
    caf::reacts_to<source_ended>>;

/// These labels hold from the next block on.
struct relabel {
  shared<label_set> labels;
};
template <class Inspector>
auto inspect(Inspector& f, relabel& x) {
  return f(x.labels);
}

using chain_actor = source_listener::extend<
    /// A person, or a recording, says anew who is known.
    caf::reacts_to<relabel>,
    /// What a contract answered while the recording was made.
    caf::reacts_to<state_recorded>,
    /// STREAM freed room in the window.
    caf::reacts_to<block_finished>,
    /// STREAM wants the blocks after an earlier one once more; answered by chain_rewound.
    caf::reacts_to<rewind_chain>,
    /// The pause after a failed fetch is over.
    caf::reacts_to<retry_fetch>,
    /// Ask for no more blocks; answered when all committed ones are finished.
    caf::replies_to<drain>::with<drained>,
    /// Answered when the source has ended and everything committed is finished.
    caf::replies_to<await_end>::with<drained>,
    /// Counters.
    caf::replies_to<get_report>::with<chain_report>>;

/// CONNECTOR's first message: who to talk to, and from where.
struct connector_start {
  source_listener listener;
  maybe<block_number> resume_after;  ///< none: a new chain
  maybe<block_number> cursor;        ///< the last block that was stored; none: a new chain
};
template <class Inspector>
auto inspect(Inspector& f, connector_start& x) {
  return f(x.listener, x.resume_after, x.cursor);
}

using connector_actor = caf::typed_actor<
    /// Begin: connect, subscribe, read.
    caf::reacts_to<connector_start>,
    /// One block with its receipts or logs. Errors: block_not_found (not there yet), provider_*,
    /// rate_limited.
    caf::replies_to<fetch_block>::with<shared<block_record>>,
    /// Which block the source has for canonical at a height. Errors as above.
    caf::replies_to<name_block>::with<block_ref>,
    /// What a contract answers as of a block. Errors: call_reverted (the contract refuses),
    /// block_not_found (no such block, or its state is kept no more), else as above.
    caf::replies_to<read_state>::with<state_read>,
    /// That many more recorded blocks may come.
    caf::reacts_to<more_wanted>,
    /// Counters.
    caf::replies_to<get_report>::with<connector_report>>;

/// A recording speaks of a chain that has no row yet.
struct open_row {
  chain_id chain = 0;
};
template <class Inspector>
auto inspect(Inspector& f, open_row& x) {
  return f(x.chain);
}

/// NODE, as REPLAY sees it.
using row_opener = caf::typed_actor<
    /// The CHAIN of that chain, made if it is not there yet.
    caf::replies_to<open_row>::with<chain_actor>,
    /// The recording has been read to its end (chain 0).
    caf::reacts_to<source_ended>>;

/// How an agent wants to be fed: nothing set means every event of the listed types.
struct subscription {
  std::vector<event_type> types;   ///< what the class handles; filled in by the agent base
  std::vector<address> addresses;  ///< any of: emitter, from, to, wallet
  std::vector<hash32> topic0;      ///< contract events only
  uint256 min_value;               ///< transactions and mempool: native value at least
  priority min_priority = priority::low;

  friend bool operator==(const subscription&, const subscription&) = default;
};
template <class Inspector>
auto inspect(Inspector& f, subscription& x) {
  return f(x.types, x.addresses, x.topic0, x.min_value, x.min_priority);
}

/// SUPERVISOR to STREAM: an agent is there (new, or again after a failure).
struct register_agent {
  std::string agent;
  agent_actor handle;
  subscription wants;
  hearing hears;
  maybe<agent_snapshot> snapshot;  ///< from the store, at the node's start
  std::vector<event_id> poison;
};
template <class Inspector>
auto inspect(Inspector& f, register_agent& x) {
  return f(x.agent, x.handle, x.wants, x.hears, x.snapshot, x.poison);
}

/// SUPERVISOR or a user to STREAM: the agent gets nothing more and nobody waits for it.
struct unregister_agent {
  std::string agent;
  std::string reason;  ///< unregistered, quarantined
};
template <class Inspector>
auto inspect(Inspector& f, unregister_agent& x) {
  return f(x.agent, x.reason);
}

/// AGENT to SUPERVISOR, as its last words: it threw.
struct agent_failed {
  chain_id chain = 0;
  std::string agent;
  maybe<event_id> event;  ///< which it was handling; none: it was completing a block or restoring
  std::string what;
};
template <class Inspector>
auto inspect(Inspector& f, agent_failed& x) {
  return f(x.chain, x.agent, x.event, x.what);
}

/// STREAM to SUPERVISOR: blocks were reverted; agents of the chain begin anew from a snapshot.
struct restart_agents {
  chain_id chain = 0;
  std::string only;  ///< this one; empty: every one
};
template <class Inspector>
auto inspect(Inspector& f, restart_agents& x) {
  return f(x.chain, x.only);
}

/// STREAM to SUPERVISOR: the agent's handled count does not move; it is out of the barrier for
/// good.
struct agent_stalled {
  chain_id chain = 0;
  std::string agent;
};
template <class Inspector>
auto inspect(Inspector& f, agent_stalled& x) {
  return f(x.chain, x.agent);
}

/// What a person may ask of an agent.
enum class agent_order : std::uint8_t {
  pause,   ///< it gets nothing more and no block waits for it, until it is resumed
  resume,  ///< it is fed what it missed, then is awaited again
  release  ///< out of quarantine: it is made anew
};

/// API to STREAM.
struct steer_agent {
  static constexpr lane lane_id = lane::control;
  std::string agent;
  agent_order order = agent_order::pause;
};
template <class Inspector>
auto inspect(Inspector& f, steer_agent& x) {
  return f(x.agent, x.order);
}

/// API to STREAM: a message of a person to one agent, or to all.
struct post_message {
  static constexpr lane lane_id = lane::control;
  agent_message what;
};
template <class Inspector>
auto inspect(Inspector& f, post_message& x) {
  return f(x.what);
}

/// STREAM's answer to both.
enum class steered : std::uint8_t {
  done,
  unknown_agent,  ///< the chain has none of that name
  not_now,        ///< it is in another state than the order is for
  queue_full      ///< too many messages wait for the next block
};

/// STREAM to SUPERVISOR: somebody trusts the agent again.
struct release_agent {
  std::string agent;
};
template <class Inspector>
auto inspect(Inspector& f, release_agent& x) {
  return f(x.agent);
}

/// NODE to SUPERVISOR: begin. `stream` is a stream_actor (named below, because it names
/// SUPERVISOR's words too).
struct supervise {
  caf::strong_actor_ptr stream;
  std::vector<agent_snapshot> snapshots;
  std::vector<poison_noted> poison;  ///< of earlier runs
};
template <class Inspector>
auto inspect(Inspector& f, supervise& x) {
  return f(x.stream, x.snapshots, x.poison);
}

/// SUPERVISOR to itself, after a back-off.
struct respawn_agent {
  chain_id chain = 0;
  std::string agent;
};
template <class Inspector>
auto inspect(Inspector& f, respawn_agent& x) {
  return f(x.chain, x.agent);
}

/// SUPERVISOR of one chain: makes its agents, and makes them again when they fail.
using supervisor_actor = caf::typed_actor<
    /// NODE, once: make the agents, from these snapshots of the store.
    caf::reacts_to<supervise>,
    /// An agent threw.
    caf::reacts_to<agent_failed>,
    /// A revert that agents could not undo: they begin anew.
    caf::reacts_to<restart_agents>,
    /// An agent hangs: it is quarantined.
    caf::reacts_to<agent_stalled>,
    /// It is in quarantine no more, and its failures are forgotten.
    caf::reacts_to<release_agent>,
    /// The back-off is over.
    caf::reacts_to<respawn_agent>>;

/// NODE to STREAM, once, before any block: where free room in the window is reported.
struct stream_start {
  chain_actor chain;
};
template <class Inspector>
auto inspect(Inspector& f, stream_start& x) {
  return f(x.chain);
}

/// STREAM: sequence, priority, lanes, routing, the block barrier (the original's
/// EventStreamManager).
using stream_actor = chain_listener::extend<
    /// Who CHAIN is.
    caf::reacts_to<stream_start>,
    /// Events flow to this agent from the next block on (or, after a failure, from its snapshot
    /// on).
    caf::reacts_to<register_agent>,
    /// Events flow to it no more.
    caf::reacts_to<unregister_agent>,
    /// Blocks may begin to flow.
    caf::reacts_to<agents_made>,
    /// An agent's conclusions of one commit.
    caf::reacts_to<block_done>,
    /// An agent has taken back what was reverted, or cannot.
    caf::reacts_to<blocks_undone>,
    /// An agent's mempool credit.
    caf::reacts_to<mempool_handled>,
    /// Wake up and look whether the oldest unfinished block still moves.
    caf::reacts_to<ask<struct stall_check_tag>>,
    /// A person pauses, resumes or releases an agent.
    caf::replies_to<steer_agent>::with<steered>,
    /// A person's message joins what the next block's agents say.
    caf::replies_to<post_message>::with<steered>,
    /// Answered when every committed block is stored; agents' snapshots are stored with it.
    caf::replies_to<drain>::with<drained>,
    /// Counters, the agents' included.
    caf::replies_to<get_report>::with<stream_report>>;
using stall_check = ask<struct stall_check_tag>;

// --- STORE and who hears of what is stored
// ------------------------------------------------------------------

/// What became public with one store transaction: already sorted.
struct announcement {
  std::vector<signal> signals;
  std::vector<shared<event_list>> events;  ///< per block, or of the mempool; for who asked for them
};
template <class Inspector>
auto inspect(Inspector& f, announcement& x) {
  return f(x.signals, x.events);
}

struct load_chain {
  chain_id chain = 0;
};
template <class Inspector>
auto inspect(Inspector& f, load_chain& x) {
  return f(x.chain);
}

/// CONSOLE, FEED, and later OUTBOX.
using announcement_listener = caf::typed_actor<caf::reacts_to<announcement>>;

using store_actor = caf::typed_actor<
    /// One block's rows, in one transaction; answered when it is durable.
    caf::replies_to<block_result>::with<block_stored>,
    /// Marks what rests on these blocks as retracted, moves the cursor back; answered when durable.
    caf::replies_to<chain_reverted>::with<block_stored>,
    /// Marks what rests on safe and finalized blocks only; answered when durable.
    caf::replies_to<chain_finalized>::with<block_stored>,
    /// Snapshots at shutdown, all as of the cursor; answered when durable.
    caf::replies_to<std::vector<agent_snapshot>>::with<block_stored>,
    /// Where to begin.
    caf::replies_to<load_chain>::with<chain_restart>,
    /// Facts about wallets.
    caf::replies_to<load_wallets>::with<wallets_loaded>,
    /// Sequenced mempool events, for the events file; and the ends of those that signals rest on.
    caf::reacts_to<mempool_batch>,
    /// An event set aside.
    caf::reacts_to<poison_noted>,
    /// Ends the open transaction (sent by STORE to itself behind what was already waiting).
    caf::reacts_to<ask<struct flush_tag>>,
    /// Answered when nothing is open.
    caf::replies_to<drain>::with<drained>,
    /// Counters.
    caf::replies_to<get_report>::with<store_report>>;
using flush_store = ask<struct flush_tag>;

/// Makes every message type known to CAF's serialisers. Call once per system, before it starts.
void add_message_types(caf::actor_system_config& config);

}  // namespace eremos
