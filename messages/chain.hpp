// What is said about a chain on its way from a provider to the agents and back to the store.
// Decides nothing: CHAIN says what is canonical, STREAM what goes on which lane. Any thread.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "messages/agent_message.hpp"
#include "messages/counterparty_sketch.hpp"
#include "messages/event.hpp"
#include "messages/integrity.hpp"
#include "messages/knowledge.hpp"
#include "messages/memory.hpp"
#include "messages/signal.hpp"

namespace eremos {

// --- decoder to CHAIN
// -------------------------------------------------------------------------------------

/// A transaction receipt as decoded. Its logs carry everything but what only the block knows.
struct receipt_record {
  hash32 transaction_hash;
  std::uint64_t transaction_index = 0;
  maybe<bool> succeeded;  ///< none before Byzantium
  maybe<std::uint64_t> gas_used;
  maybe<wei> effective_gas_price;
  maybe<address> contract_address;
  std::vector<contract_event> logs;

  friend bool operator==(const receipt_record&, const receipt_record&) = default;
};
template <class Inspector>
auto inspect(Inspector& f, receipt_record& x) {
  return f(x.transaction_hash, x.transaction_index, x.succeeded, x.gas_used, x.effective_gas_price,
           x.contract_address, x.logs);
}

/// What a provider or a recording said of one block: all of it, or a piece.
struct block_record {
  chain_id chain = 0;
  block_event header;  ///< number and hash are always set; the rest if has_header
  bool has_header = false;
  bool has_transactions = false;  ///< `transactions` is all of them
  bool has_receipts = false;      ///< `receipts` is all of them, so their logs are all logs
  bool has_logs = false;  ///< `logs` is all of them (an answer to eth_getLogs by block hash)
  std::vector<transaction_event> transactions;  ///< by index
  std::vector<receipt_record> receipts;         ///< by index
  std::vector<contract_event> logs;  ///< by log index; only those that came without a receipt
  maybe<time_ms> time;               ///< of the header, or a log's blockTimestamp
  std::uint64_t unknown_transaction_types = 0;
  time_ms noted_at = 0;  ///< when a recording noted it (wall clock of the recorder); 0: live
  std::int64_t received_ns = 0;  ///< monotonic
  block_integrity integrity;     ///< what its CONNECTOR found, then what CHAIN made of it

  block_ref ref() const noexcept { return {chain, header.number, header.hash}; }
  friend bool operator==(const block_record&, const block_record&) = default;
};
template <class Inspector>
auto inspect(Inspector& f, block_record& x) {
  return f(x.chain, x.header, x.has_header, x.has_transactions, x.has_receipts, x.has_logs,
           x.transactions, x.receipts, x.logs, x.time, x.unknown_transaction_types, x.noted_at,
           x.received_ns, x.integrity);
}

/// CONNECTOR to CHAIN: a new head was announced. The block itself is fetched.
struct head_seen {
  chain_id chain = 0;
  block_number number = 0;
  hash32 hash;
  hash32 parent_hash;
  std::int64_t received_ns = 0;
};
template <class Inspector>
auto inspect(Inspector& f, head_seen& x) {
  return f(x.chain, x.number, x.hash, x.parent_hash, x.received_ns);
}

/// CONNECTOR to CHAIN: transactions that wait to be mined, and when the connector saw them.
struct pending_seen {
  chain_id chain = 0;
  std::vector<mempool_event> transactions;
  time_ms seen_at = 0;  ///< wall clock of the connector, or of the recording
  std::int64_t received_ns = 0;
  std::string provider;  ///< for people; never holds a URL's path or a key
};
template <class Inspector>
auto inspect(Inspector& f, pending_seen& x) {
  return f(x.chain, x.transactions, x.seen_at, x.received_ns, x.provider);
}

/// CONNECTOR to CHAIN: the newest blocks that a provider calls safe and finalized. None: it does
/// not say.
struct finality_seen {
  chain_id chain = 0;
  maybe<block_ref> safe;
  maybe<block_ref> finalized;
};
template <class Inspector>
auto inspect(Inspector& f, finality_seen& x) {
  return f(x.chain, x.safe, x.finalized);
}

/// CHAIN to CONNECTOR: one block, by hash if it is known (then `number` is only a hint), else by
/// number.
struct fetch_block {
  block_number number = 0;
  maybe<hash32> hash;
  /// Blocks up to this one will be asked for next, and are too old to be taken back; 0: not known.
  block_number settled = 0;
  bool of_gap = false;  ///< one of many: others may come first
};
template <class Inspector>
auto inspect(Inspector& f, fetch_block& x) {
  return f(x.number, x.hash, x.settled, x.of_gap);
}

/// To a CONNECTOR: which block stands at that height, as far as its provider knows.
struct name_block {
  block_number number = 0;
};
template <class Inspector>
auto inspect(Inspector& f, name_block& x) {
  return f(x.number);
}

enum class state_question : std::uint8_t {
  call,   ///< what a contract answers to an input (eth_call)
  nonce,  ///< how many transactions an account had sent, the block's included; by number
  time    ///< when the block was, in milliseconds; by number
};

/// CHAIN to CONNECTOR: a question about the state as of a block. Answered by state_read.
struct read_state {
  block_ref at;  ///< of history the number alone is known
  address who;
  byte_vector input;  ///< call: selector and arguments
  state_question what = state_question::call;
};
template <class Inspector>
auto inspect(Inspector& f, read_state& x) {
  return f(x.at, x.who, x.input, x.what);
}

struct state_read {
  byte_vector bytes;          ///< call: the first of them, at most state_bytes_max
  std::uint64_t size = 0;     ///< call: of all
  std::uint64_t number = 0;   ///< nonce, time
  std::uint64_t said_by = 1;  ///< nonce, time: providers that agree

  friend bool operator==(const state_read&, const state_read&) = default;
};
template <class Inspector>
auto inspect(Inspector& f, state_read& x) {
  return f(x.bytes, x.size, x.number, x.said_by);
}

/// CONNECTOR to CHAIN: a recorded answer to read_state, after the block that it was asked at.
struct state_recorded {
  chain_id chain = 0;
  address who;
  byte_vector input;
  maybe<state_read> answer;  ///< none: the contract refused
};
template <class Inspector>
auto inspect(Inspector& f, state_recorded& x) {
  return f(x.chain, x.who, x.input, x.answer);
}

/// CONNECTOR to CHAIN: a recorded block or piece, in the order of the recording. Answered by
/// `more_wanted`.
struct block_recorded {
  shared<block_record> record;
};
template <class Inspector>
auto inspect(Inspector& f, block_recorded& x) {
  return f(x.record);
}

/// CHAIN to CONNECTOR: that many more recorded blocks may come.
struct more_wanted {
  chain_id chain = 0;
  std::uint32_t count = 0;
};
template <class Inspector>
auto inspect(Inspector& f, more_wanted& x) {
  return f(x.chain, x.count);
}

/// CONNECTOR to CHAIN: the recording has no more, or the mock reached its end.
struct source_ended {
  chain_id chain = 0;
};
template <class Inspector>
auto inspect(Inspector& f, source_ended& x) {
  return f(x.chain);
}

/// CONNECTOR to CHAIN: connected, or why not.
struct provider_state {
  chain_id chain = 0;
  bool connected = false;
  std::string text;  ///< for people; never holds a URL's path or a key
};
template <class Inspector>
auto inspect(Inspector& f, provider_state& x) {
  return f(x.chain, x.connected, x.text);
}

// --- CHAIN's words, through WALLETS to STREAM
// ---------------------------------------------------------------

/// What one block changed of one wallet. STORE keeps it until the block is safe.
struct wallet_delta {
  address who;
  int256 balance_change;
  std::uint32_t transactions = 0;  ///< 0: no activity, it only tells the cluster
  address funder;  ///< of a wallet never seen before: who sent it its first value; zero: nobody
  bool may_cluster = false;  ///< as far as the block shows, it and its funder are no contracts
  funding_source funded_by = funding_source::unknown;  ///< set by this block
  hash32 cluster;                                      ///< set by this block; zero: none
  counterparty_sketch met;                             ///< with whom it dealt

  friend bool operator==(const wallet_delta&, const wallet_delta&) = default;
};
template <class Inspector>
auto inspect(Inspector& f, wallet_delta& x) {
  return f(x.who, x.balance_change, x.transactions, x.funder, x.may_cluster, x.funded_by, x.cluster,
           x.met);
}

/// A block is part of the canonical chain. Events are in order (block, transactions, logs, then
/// wallets by address); score, priority, lane and sequence are not given yet.
struct committed_block {
  std::uint64_t commit = 0;  ///< per chain and process: 1, 2, 3, …
  block_ref block;
  hash32 parent_hash;
  time_ms time = 0;
  bool time_estimated = false;
  bool supplement = false;   ///< a late piece of a block already passed: moves no cursor
  std::uint64_t behind = 0;  ///< blocks between this one and the known head
  event_list events;
  std::vector<wallet_delta> wallets;
  block_integrity integrity;
  known_at_block known;
  std::vector<fact> learned;  ///< of `known`, what this block brought
};
template <class Inspector>
auto inspect(Inspector& f, committed_block& x) {
  return f(x.commit, x.block, x.parent_hash, x.time, x.time_estimated, x.supplement, x.behind,
           x.events, x.wallets, x.integrity, x.known, x.learned);
}

/// Blocks that are no longer canonical, newest first. The chain goes on after `ancestor`.
struct chain_reverted {
  chain_id chain = 0;
  block_ref ancestor;
  std::vector<block_ref> blocks;
};
template <class Inspector>
auto inspect(Inspector& f, chain_reverted& x) {
  return f(x.chain, x.ancestor, x.blocks);
}

/// Finality advanced: of the blocks that were committed before this word, those up to `finalized`
/// are never reverted, and those up to `safe` hardly ever.
struct chain_finalized {
  chain_id chain = 0;
  block_number safe = 0;       ///< not below `finalized`; 0: none
  block_number finalized = 0;  ///< 0: none
};
template <class Inspector>
auto inspect(Inspector& f, chain_finalized& x) {
  return f(x.chain, x.safe, x.finalized);
}

/// STREAM to CHAIN: what agents know was lost further back than it can be undone. Commit again what
/// follows this block (none: the chain from its first block), as after a restart.
struct rewind_chain {
  maybe<block_ref> after;
  std::uint64_t number = 0;  ///< of the rewind, for its answer
};
template <class Inspector>
auto inspect(Inspector& f, rewind_chain& x) {
  return f(x.after, x.number);
}

/// CHAIN's answer, in its place among its words: all it said before is void. Not `accepted`: the
/// block is canonical no more, and nothing was done.
struct chain_rewound {
  chain_id chain = 0;
  std::uint64_t number = 0;
  bool accepted = false;
};
template <class Inspector>
auto inspect(Inspector& f, chain_rewound& x) {
  return f(x.chain, x.number, x.accepted);
}

/// The stream has a hole (a recording's, never a live chain's): the next block does not follow the
/// last one.
struct chain_gap {
  static constexpr lane lane_id = lane::control;
  chain_id chain = 0;
  block_number after = 0;   ///< last block before the hole
  block_number before = 0;  ///< first block after it
};
template <class Inspector>
auto inspect(Inspector& f, chain_gap& x) {
  return f(x.chain, x.after, x.before);
}

/// Mempool events of one arrival, not yet sequenced.
struct mempool_batch {
  chain_id chain = 0;
  event_list events;
};
template <class Inspector>
auto inspect(Inspector& f, mempool_batch& x) {
  return f(x.chain, x.events);
}

/// No block will follow. STREAM answers the drain once the last barrier is stored.
struct chain_ended {
  chain_id chain = 0;
};
template <class Inspector>
auto inspect(Inspector& f, chain_ended& x) {
  return f(x.chain);
}

// --- STREAM to agents and back
// ------------------------------------------------------------------------------

/// Some events of one commit, all of one lane, shared by every agent of a subscription class.
struct event_batch {
  std::uint64_t commit = 0;          ///< 0: mempool
  shared<event_list> block;          ///< all events of the commit
  std::vector<std::uint32_t> picks;  ///< which of them, by index
  std::int64_t sent_ns = 0;          ///< monotonic clock of this process
  known_at_block known;

  std::size_t event_count() const noexcept { return picks.size(); }
};
template <class Inspector>
auto inspect(Inspector& f, event_batch& x) {
  return f(x.commit, x.block, x.picks, x.sent_ns, x.known);
}

/// The last batch of a commit has been sent. It may overtake batches: the agent counts.
struct block_end {
  static constexpr lane lane_id = lane::control;
  std::uint64_t commit = 0;
  block_ref block;
  time_ms time = 0;
  bool supplement = false;
  std::uint64_t events_sent = 0;  ///< to this subscription class
  bool snapshot = false;          ///< put a snapshot into block_done
  bool undo = false;              ///< keep the state after it: a revert may go back to it
  known_at_block known;
};
template <class Inspector>
auto inspect(Inspector& f, block_end& x) {
  return f(x.commit, x.block, x.time, x.supplement, x.events_sent, x.snapshot, x.undo, x.known);
}

/// An agent's state after a block, written by the agent itself. At most snapshot_bytes_max.
struct agent_snapshot {
  std::string agent;
  std::uint32_t version = 0;
  std::uint64_t commit = 0;  ///< in this process; 0 when loaded from the store
  block_ref block;           ///< state is as of after this block
  byte_vector bytes;

  friend bool operator==(const agent_snapshot&, const agent_snapshot&) = default;
};
template <class Inspector>
auto inspect(Inspector& f, agent_snapshot& x) {
  return f(x.agent, x.version, x.commit, x.block, x.bytes);
}

/// STREAM to an agent, once, before anything else: the state to begin from.
struct restore_agent {
  static constexpr lane lane_id = lane::control;
  std::uint64_t commit = 0;        ///< the state is as of after this commit
  maybe<agent_snapshot> snapshot;  ///< none: the state of a new agent
  shared<memory_view> memory;      ///< as of the snapshot's block
  std::vector<event_id> poison;    ///< events this agent must not see again
};
template <class Inspector>
auto inspect(Inspector& f, restore_agent& x) {
  return f(x.commit, x.snapshot, x.memory, x.poison);
}

/// What became of one batch at an agent, for the histograms.
struct batch_times {
  lane on = lane::medium;
  std::uint32_t events = 0;
  std::int64_t waited_ns = 0;   ///< from STREAM to the handler
  std::int64_t handled_ns = 0;  ///< from the receipt of its first event to its end; 0: not known
};
template <class Inspector>
auto inspect(Inspector& f, batch_times& x) {
  return f(x.on, x.events, x.waited_ns, x.handled_ns);
}

/// An agent to STREAM: what it concluded from one commit, or in one round of it.
struct block_done {
  std::string agent;
  std::uint64_t commit = 0;
  std::uint32_t round = 0;  ///< 0: its own block_complete; else see coordination.hpp
  std::vector<signal> signals;
  std::vector<memory_entry> memories;
  std::vector<agent_message> messages;
  std::uint64_t events_handled = 0;
  std::uint64_t busy_ns = 0;  ///< time in handlers for this commit, for batch sizing
  std::vector<batch_times> batches;
  maybe<agent_snapshot> snapshot;
};
template <class Inspector>
auto inspect(Inspector& f, block_done& x) {
  return f(x.agent, x.commit, x.round, x.signals, x.memories, x.messages, x.events_handled,
           x.busy_ns, x.batches, x.snapshot);
}

/// An agent to STREAM: that many mempool events are handled; their credit is free again.
struct mempool_handled {
  std::string agent;
  std::uint64_t events = 0;
  batch_times times;
};
template <class Inspector>
auto inspect(Inspector& f, mempool_handled& x) {
  return f(x.agent, x.events, x.times);
}

// --- STREAM to STORE and back
// -------------------------------------------------------------------------------

/// Everything one block leaves behind: stored in one transaction, or not at all.
struct block_result {
  std::uint64_t commit = 0;
  block_ref block;
  hash32 parent_hash;
  time_ms time = 0;
  bool supplement = false;
  shared<event_list> events;
  std::vector<wallet_delta> wallets;
  std::vector<signal> signals;          ///< sorted by signal_order
  std::vector<memory_entry> memories;   ///< sorted by id
  std::vector<agent_message> messages;  ///< in order of delivery
  std::vector<agent_snapshot> snapshots;
  std::vector<std::string> absent;  ///< agents that left the barrier: lagging or quarantined
  block_integrity integrity;
  known_at_block known;
  std::vector<fact> learned;  ///< of `known`, what this block brought
};
template <class Inspector>
auto inspect(Inspector& f, block_result& x) {
  return f(x.commit, x.block, x.parent_hash, x.time, x.supplement, x.events, x.wallets, x.signals,
           x.memories, x.messages, x.snapshots, x.absent, x.integrity, x.known, x.learned);
}

struct block_stored {
  chain_id chain = 0;
  std::uint64_t commit = 0;
};
template <class Inspector>
auto inspect(Inspector& f, block_stored& x) {
  return f(x.chain, x.commit);
}

/// STREAM to CHAIN: a commit is stored; its room in the window is free again.
struct block_finished {
  std::uint64_t commit = 0;
  std::uint64_t events = 0;
};
template <class Inspector>
auto inspect(Inspector& f, block_finished& x) {
  return f(x.commit, x.events);
}

/// An event set aside because an agent threw on it.
struct poison_noted {
  std::string agent;
  event_id event;
  std::string what;
};
template <class Inspector>
auto inspect(Inspector& f, poison_noted& x) {
  return f(x.agent, x.event, x.what);
}

/// Labels that hold from a block on.
struct label_era {
  block_number from = 0;
  shared<label_set> labels;
};
template <class Inspector>
auto inspect(Inspector& f, label_era& x) {
  return f(x.from, x.labels);
}

/// What STORE knows of a chain when the node starts.
struct chain_restart {
  maybe<block_ref> cursor;        ///< last stored block; none: a new chain
  maybe<block_ref> resume_after;  ///< block of the snapshots; none: from the chain's first block
  std::vector<agent_snapshot> snapshots;  ///< all of block resume_after
  std::vector<block_ref>
      ledger;  ///< canonical blocks known, oldest first, at most chain_ledger_max
  maybe<block_number> first_block;     ///< the first ever stored; none: a new chain
  std::vector<memory_entry> memories;  ///< active ones as of resume_after, newest first
  std::vector<poison_noted> poison;    ///< of this chain
  chain_finalized finality;            ///< the last that was stored; zeros: none
  std::vector<label_era> labels;       ///< of blocks up to the cursor, oldest first
  std::vector<fact> facts;             ///< of blocks up to the cursor, by order
};
template <class Inspector>
auto inspect(Inspector& f, chain_restart& x) {
  return f(x.cursor, x.resume_after, x.snapshots, x.ledger, x.first_block, x.memories, x.poison,
           x.finality, x.labels, x.facts);
}

// --- wallet facts
// ------------------------------------------------------------------------------------------

/// What STORE knows of a wallet as of a block.
struct wallet_facts {
  address who;
  std::uint64_t transactions = 0;
  time_ms first_seen = 0;  ///< 0: never
  time_ms last_activity = 0;
  int256 balance_change;                               ///< since first seen
  std::uint32_t active_blocks = 0;                     ///< blocks it took part in
  funding_source funded_by = funding_source::unknown;  ///< for good once it is known
  hash32 cluster;                                      ///< for good once it is not zero
  address funder;                                      ///< for good once it is not zero
  counterparty_sketch met;                             ///< with whom it dealt since

  friend bool operator==(const wallet_facts&, const wallet_facts&) = default;
};
template <class Inspector>
auto inspect(Inspector& f, wallet_facts& x) {
  return f(x.who, x.transactions, x.first_seen, x.last_activity, x.balance_change, x.active_blocks,
           x.funded_by, x.cluster, x.funder, x.met);
}

struct load_wallets {
  chain_id chain = 0;
  block_number up_to = 0;   ///< facts include this block and none after it
  bool all_blocks = false;  ///< ignore up_to (recordings, whose blocks are in no order)
  std::vector<address> wallets;
};
template <class Inspector>
auto inspect(Inspector& f, load_wallets& x) {
  return f(x.chain, x.up_to, x.all_blocks, x.wallets);
}

struct wallets_loaded {
  std::vector<wallet_facts> known;  ///< only those that are known
};
template <class Inspector>
auto inspect(Inspector& f, wallets_loaded& x) {
  return f(x.known);
}

}  // namespace eremos
