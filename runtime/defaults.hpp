// Every limit of Eremos with its reason. Nothing elsewhere invents one. Any thread.
#pragma once
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>

#include "messages/lane.hpp"
#include "messages/units.hpp"

namespace eremos::defaults {

using namespace std::chrono_literals;

// --- scheduler (measured on 2 cores, docs/benchmarks.md)
// -----------------------------------------------------

/// CAF's default is unlimited, which starves whole actors: with five saturated agents on two
/// workers three never ran.
inline constexpr std::size_t max_throughput = 10;
/// An actor gives its worker back after this long; a fixed number of messages fails once handlers
/// get slow.
inline constexpr std::chrono::nanoseconds time_slice = 50us;

// --- lanes
// ---------------------------------------------------------------------------------------------------

/// Events (not messages) a lane may take per round before lower lanes get their turn; control is
/// unlimited.
inline constexpr std::array<std::uint32_t, lane_count> lane_weights = {0xFFFFFFFFu, 4096, 1024,
                                                                       512,         256,  128};

/// A batch is one uninterruptible step of an actor: at most this many events …
inline constexpr std::size_t batch_events_max = 64;
/// … of the critical lane fewer, so that the first of a burst does not wait for the last …
inline constexpr std::size_t batch_critical_max = 16;
/// … and about this much handler time of its slowest subscriber.
inline constexpr std::chrono::nanoseconds batch_handler_time = 50us;

// --- the window of unfinished blocks
// -----------------------------------------------------------------------

/// Blocks and events per chain between CHAIN's commit and STORE's answer. The chain itself is the
/// queue behind it.
inline constexpr std::size_t window_blocks = 16;
inline constexpr std::size_t window_events = 65'536;
/// An agent whose lag alone keeps the window full for this long leaves the barrier.
inline constexpr std::chrono::milliseconds lag_max = 30s;
/// An agent whose handled count does not move for this long is quarantined.
inline constexpr std::chrono::milliseconds stall_max = 30s;
/// How often an unfinished block is looked at; a timer exists only while one is unfinished.
inline constexpr std::chrono::milliseconds stall_check_every = 1s;

/// Recent blocks STREAM keeps so that an agent can be taken back to its last snapshot but one: two
/// snapshot intervals and the window, …
inline constexpr std::size_t ring_blocks = 160;
/// … and at most this many events (about 700 bytes each: 90 MB), twice the window. A snapshot is
/// asked for early at a quarter of it, so that two of them and a full window fit.
inline constexpr std::size_t ring_events = 131'072;

/// Blocks that an agent can take back from memory, without a snapshot and the blocks after it:
/// twice what Ethereum's unfinalized span has in quiet times (64 to 96 blocks). Kept as
/// differences.
inline constexpr std::size_t undo_blocks = 256;
/// States are kept while the chain is at most this many blocks behind its head: what is older than
/// that is seldom taken back, and catching up must not pay for it.
inline constexpr std::uint64_t undo_behind_max = 2;

/// Mempool events an agent may have unhandled: about a second of a busy chain. Beyond it the oldest
/// go first.
inline constexpr std::size_t mempool_credit = 8'192;

// --- agents
// --------------------------------------------------------------------------------------------------

/// Commits between snapshots: what a restart has to handle again.
inline constexpr std::uint64_t snapshot_interval = 64;
/// A snapshot larger than this is refused (the agent keeps too much).
inline constexpr std::size_t snapshot_bytes_max = 1'048'576;
/// Snapshots of an agent kept in memory and in the store: a revert may pass the newest.
inline constexpr std::size_t snapshots_kept = 3;
/// Conclusions of one agent from one block, of each kind; the excess is counted and one `flood`
/// signal tells.
inline constexpr std::size_t emissions_per_block_max = 1'000;
/// Agents that a conclusion may come through before nobody is told of it any more. Each round of a
/// block adds one, so it is the number of rounds, too.
inline constexpr std::size_t hops_max = 4;
/// What an author puts into one message.
inline constexpr std::size_t agent_message_bytes_max = 65'536;
/// Messages of people that wait for the next block: more than anybody writes in that time.
inline constexpr std::size_t posted_messages_max = 100;
/// Memories of a chain that agents can recall; older ones are in the store only (the original's
/// figure).
inline constexpr std::size_t shared_memories_max = 1'000;
/// Supervision: restarts allowed within the period before an agent is quarantined (Erlang's
/// intensity and period).
inline constexpr std::size_t restarts_max = 5;
inline constexpr std::chrono::milliseconds restart_period = 60s;
/// Pause before the first restart; doubles up to the limit.
inline constexpr std::chrono::milliseconds restart_backoff_min = 10ms;
inline constexpr std::chrono::milliseconds restart_backoff_max = 5s;
/// Events an agent threw on and never sees again; one more and it is quarantined.
inline constexpr std::size_t poison_events_max = 64;
/// Subjects a rule remembers having spoken of; the longest ago go first. With the matches it stays
/// well under snapshot_bytes_max.
inline constexpr std::size_t rule_subjects_max = 4'096;
/// Matches a rule that counts keeps, over all subjects; the oldest go first and are counted.
inline constexpr std::size_t rule_matches_max = 4'096;
/// Comparisons in one rule's `where`.
inline constexpr std::size_t rule_comparisons_max = 32;

// --- chain
// ---------------------------------------------------------------------------------------------------

/// Block hashes remembered per chain, for parent links and duplicates: more than any chain keeps
/// unfinalized.
inline constexpr std::size_t chain_ledger_max = 16'384;
/// A fetch that failed is tried again after this long, doubling with jitter up to the limit.
inline constexpr std::chrono::milliseconds fetch_retry_min = 100ms;
inline constexpr std::chrono::milliseconds fetch_retry_max = 10s;
/// A block that was announced and is not there is asked for this often (about 1.5 s in all: nodes
/// behind one address are seldom further apart) before it is given up …
inline constexpr std::size_t missing_tries_max = 5;
/// … until the next head, or until it is looked for again: on a quiet chain no head may come for
/// long. Doubling with jitter up to the limit.
inline constexpr std::chrono::milliseconds look_again_min = 1s;
inline constexpr std::chrono::milliseconds look_again_max = 30s;
/// After so many answers that were not the block (about 10 s) the chain counts as blocked …
inline constexpr std::size_t blocked_after = 8;
/// … and an operator hears of it this often.
inline constexpr std::chrono::milliseconds blocked_said_every = 60s;
/// A block that failed a check is asked for this often in all (about 0.3 s: another node behind the
/// same address may have it right) before it is suspect …
inline constexpr std::size_t suspect_tries_max = 3;
/// … and, where the chain is to hold, for so long before it is delivered all the same.
inline constexpr std::chrono::milliseconds suspect_hold_max = 120s;
/// Between two questions for the safe and the finalized block: one slot of Ethereum, where both
/// move with an epoch of 32 slots; on other chains they move every few seconds to minutes.
inline constexpr std::chrono::milliseconds finality_poll = 12s;

// --- pending transactions
// ------------------------------------------------------------------------------------------------

/// Transactions that wait and are followed: an hour of Ethereum's, were none of them mined; beyond
/// it the oldest are dropped …
inline constexpr std::size_t pending_waiting_max = 65'536;
/// … and so they are beyond this, which blobs of calldata reach first (128 KiB each at most,
/// go-ethereum core/txpool/legacypool txMaxSize).
inline constexpr std::size_t pending_bytes_max = 64u * 1024 * 1024;
/// Hashes remembered of those that wait no more, so that each step is an event once: providers show
/// transactions again, also after they are mined.
inline constexpr std::size_t pending_done_max = 65'536;
/// A transaction that waits this long on the chain's clock is dropped: go-ethereum forgets one that
/// cannot be mined yet after as long (core/txpool/legacypool, DefaultConfig.Lifetime).
inline constexpr duration_ms pending_ttl = 3 * hour_ms;

// --- wallets
// -------------------------------------------------------------------------------------------------

/// Sets of labels that are kept of a chain, each with the block from which it holds. Blocks that
/// are handled once more (a restart, a revert) lie within the newest few.
inline constexpr std::size_t label_eras_max = 4;

/// Questions to contracts per minute and chain, where the configuration says nothing: two for a
/// token, so that one is known in 4 s, for about what six blocks with receipts cost a minute.
inline constexpr std::uint64_t facts_per_minute = 30;
/// Contracts that wait to be asked about: an hour of questions; beyond it those met least go …
inline constexpr std::size_t facts_waiting_max = 1'024;
/// … and those that were asked about and are not asked again, the oldest forgotten first: a week.
inline constexpr std::size_t facts_asked_max = 131'072;
/// A question that no provider answered is asked so often in all …
inline constexpr std::size_t fact_tries_max = 3;
/// … and after such a failure nothing is asked for so long.
inline constexpr std::chrono::milliseconds fact_pause = 60s;
/// Of an answer no more is kept: a symbol of 32 bytes takes 96.
inline constexpr std::size_t state_bytes_max = 4'096;

/// Questions about wallets' pasts per minute and chain, where the configuration says nothing. Most
/// wallets take one, so that about as many are asked as move an ether on Ethereum and were not
/// seen before; one that slept takes some 25, within the credit below.
inline constexpr std::uint64_t wallet_questions_per_minute = 10;
/// What was not asked is credit for later, up to one wallet that slept (2^25 blocks, and steps).
inline constexpr double sleep_credit_max = 32;
/// A wallet that takes more is given up: chains have no 2^48 blocks.
inline constexpr std::size_t sleep_questions_max = 64;
/// A wallet that did nothing for so long slept (the original's definition).
inline constexpr duration_ms sleep_min = 180 * day_ms;
/// A block so much older than need be will do: then one is looked for a day, not for each wallet.
inline constexpr duration_ms sleep_slack = day_ms;
/// What a wallet did is asked about for so long on the chain's clock: later it is no news.
inline constexpr duration_ms sleep_answer_within = hour_ms;
/// Wallets that wait to be asked about: more than are asked within the hour; those that moved least
/// go.
inline constexpr std::size_t sleep_waiting_max = 1'024;
/// Senders remembered, who are awake: some hours of Ethereum (about 100 bytes each).
inline constexpr std::size_t senders_seen_max = 65'536;
/// Blocks so far behind the head are looked through: what a restart handles again, and some.
inline constexpr std::uint64_t sleep_behind_max = 256;
/// Blocks whose time is remembered: the search for one of half a year ago reads some 20.
inline constexpr std::size_t block_times_max = 64;
/// Where no provider has the state of old blocks, it is looked for again after this long.
inline constexpr std::chrono::milliseconds no_archive_pause = 3'600s;

/// Wallets whose facts stay in memory (about 200 bytes each); the rest are asked of STORE.
inline constexpr std::size_t hot_wallets_max = 200'000;

// --- providers (go-ethereum rpc/websocket.go, rpc/http.go: wsMessageSizeLimit 32 MiB)
// ------------------------

inline constexpr std::size_t message_bytes_max = 32u * 1024 * 1024;
/// Answers to blocks with receipts of large chains are larger than one message.
inline constexpr std::size_t http_body_bytes_max = 64u * 1024 * 1024;
inline constexpr std::chrono::milliseconds reconnect_min = 100ms;
inline constexpr std::chrono::milliseconds reconnect_max = 30s;
/// A connection that lived this long was a good one though no head came: the next pause is short.
inline constexpr std::chrono::milliseconds settled_after = 10s;
inline constexpr std::chrono::milliseconds request_timeout = 15s;
inline constexpr std::chrono::milliseconds ping_every = 20s;

// --- store
// ---------------------------------------------------------------------------------------------------

/// Blocks that may share one SQLite transaction while behind, and for how long one may stay open.
inline constexpr std::size_t store_blocks_per_transaction = 256;
inline constexpr std::chrono::milliseconds store_transaction_max = 50ms;
/// A full disk is tried again this often.
inline constexpr std::chrono::milliseconds store_retry_every = 1s;

// --- program
// -------------------------------------------------------------------------------------------------

/// A drain that takes longer than this is given up with an error.
inline constexpr std::chrono::milliseconds drain_max = 10s;
/// Text from outside is cut to this many bytes in logs and samples.
inline constexpr std::size_t outside_text_max = 512;

}  // namespace eremos::defaults
