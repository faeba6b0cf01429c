#include "runtime/storage/schema.hpp"

#include <fmt/format.h>

namespace eremos {
namespace {

/// "EREM": says whose file it is (SQLite file format §1.3.15, application id).
constexpr std::int64_t application_id = 0x4552454D;

// Text columns that hold names (status, severity) hold them as architecture.md §8 spells them;
// `blocks`, `evidence`, `absent`, `path` and `details` hold JSON. Enumerations and addresses are
// checked by the code that writes them. No foreign keys: parent and child rows are written and
// taken back by the same statements, and a check per row would cost every block.
constexpr const char* version_1 = R"sql(
CREATE TABLE meta(
  key TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- One row per chain. folded_to: wallet deltas up to this block are summed up in `wallets`.
CREATE TABLE cursors(
  chain_id INTEGER PRIMARY KEY,
  block_number INTEGER NOT NULL,
  block_hash BLOB NOT NULL,
  first_block INTEGER NOT NULL,
  folded_to INTEGER
) STRICT;

-- Every block that passed the barrier, or that was taken back. parent_hash and time are unknown for
-- a block that was taken back before it was stored; of a `partial` one only a piece has been seen
-- (recordings). The last three: integrity_rows.cpp.
CREATE TABLE ledger(
  chain_id INTEGER NOT NULL,
  block_number INTEGER NOT NULL,
  block_hash BLOB NOT NULL,
  parent_hash BLOB,
  time INTEGER,
  status TEXT NOT NULL CHECK(status IN ('canonical', 'partial', 'reverted')),
  absent TEXT NOT NULL DEFAULT '[]',
  integrity TEXT,
  failed_check TEXT,
  verified_by TEXT,
  PRIMARY KEY(chain_id, block_number, block_hash)
) STRICT, WITHOUT ROWID;

-- Late pieces of blocks already passed, so that none is taken in twice.
CREATE TABLE supplements(
  chain_id INTEGER NOT NULL,
  block_number INTEGER NOT NULL,
  block_hash BLOB NOT NULL,
  part INTEGER NOT NULL,
  PRIMARY KEY(chain_id, block_number, block_hash, part)
) STRICT, WITHOUT ROWID;

-- The newest revision of every signal. agent_revision: as the agent counts, without the revisions
-- that reverts made. reverted: retracted because a block it rests on was.
CREATE TABLE signals(
  seq INTEGER PRIMARY KEY,
  id BLOB NOT NULL UNIQUE,
  revision INTEGER NOT NULL,
  agent_revision INTEGER NOT NULL,
  reverted INTEGER NOT NULL,
  status TEXT NOT NULL,
  emitted_at INTEGER NOT NULL,
  type TEXT NOT NULL,
  agent TEXT NOT NULL,
  glyph TEXT NOT NULL,
  chain_id INTEGER NOT NULL,
  block_number INTEGER NOT NULL,
  block_hash BLOB NOT NULL,
  subject TEXT NOT NULL,
  confidence REAL NOT NULL,
  severity TEXT NOT NULL,
  finality TEXT NOT NULL,
  evidence TEXT NOT NULL,
  evidence_total INTEGER NOT NULL,
  blocks TEXT NOT NULL,
  details TEXT NOT NULL,
  event_time INTEGER NOT NULL,
  config_hash TEXT NOT NULL
) STRICT;
CREATE INDEX signals_by_time ON signals(event_time);

-- What a signal said before its newest revision, while a revert may still ask for it.
CREATE TABLE signal_history(
  id BLOB NOT NULL,
  agent_revision INTEGER NOT NULL,
  superseded_chain INTEGER NOT NULL,
  superseded_at INTEGER NOT NULL,
  status TEXT NOT NULL,
  type TEXT NOT NULL,
  agent TEXT NOT NULL,
  glyph TEXT NOT NULL,
  chain_id INTEGER NOT NULL,
  block_number INTEGER NOT NULL,
  block_hash BLOB NOT NULL,
  subject TEXT NOT NULL,
  confidence REAL NOT NULL,
  severity TEXT NOT NULL,
  finality TEXT NOT NULL,
  evidence TEXT NOT NULL,
  evidence_total INTEGER NOT NULL,
  blocks TEXT NOT NULL,
  details TEXT NOT NULL,
  event_time INTEGER NOT NULL,
  config_hash TEXT NOT NULL,
  PRIMARY KEY(id, agent_revision)
) STRICT;
CREATE INDEX signal_history_by_block ON signal_history(superseded_chain, superseded_at);

-- Which signals a revert of a block takes back.
CREATE TABLE signal_blocks(
  chain_id INTEGER NOT NULL,
  block_number INTEGER NOT NULL,
  block_hash BLOB NOT NULL,
  signal_id BLOB NOT NULL,
  PRIMARY KEY(chain_id, block_number, block_hash, signal_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE memories(
  seq INTEGER PRIMARY KEY,
  id BLOB NOT NULL UNIQUE,
  reverted INTEGER NOT NULL,
  status TEXT NOT NULL,
  type TEXT NOT NULL,
  agent TEXT NOT NULL,
  key TEXT NOT NULL,
  confidence REAL NOT NULL,
  chain_id INTEGER NOT NULL,
  block_number INTEGER NOT NULL,
  block_hash BLOB NOT NULL,
  blocks TEXT NOT NULL,
  details TEXT NOT NULL,
  event_time INTEGER NOT NULL
) STRICT;
CREATE INDEX memories_by_time ON memories(event_time);
CREATE TABLE memory_tags(
  memory_id BLOB NOT NULL,
  tag TEXT NOT NULL,
  PRIMARY KEY(memory_id, tag)
) STRICT, WITHOUT ROWID;
CREATE TABLE memory_blocks(
  chain_id INTEGER NOT NULL,
  block_number INTEGER NOT NULL,
  block_hash BLOB NOT NULL,
  memory_id BLOB NOT NULL,
  PRIMARY KEY(chain_id, block_number, block_hash, memory_id)
) STRICT, WITHOUT ROWID;

-- position: in order of delivery within (block, part).
CREATE TABLE messages(
  seq INTEGER PRIMARY KEY,
  chain_id INTEGER NOT NULL,
  block_number INTEGER NOT NULL,
  block_hash BLOB NOT NULL,
  part INTEGER NOT NULL,
  position INTEGER NOT NULL,
  status TEXT NOT NULL,
  sender TEXT NOT NULL,
  receiver TEXT NOT NULL,
  topic TEXT NOT NULL,
  schema TEXT NOT NULL,
  priority TEXT NOT NULL,
  details TEXT NOT NULL,
  blocks TEXT NOT NULL,
  path TEXT NOT NULL,
  event_time INTEGER NOT NULL,
  UNIQUE(chain_id, block_number, block_hash, part, position)
) STRICT;

-- Events that stored signals name as evidence.
CREATE TABLE evidence(
  seq INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  chain_id INTEGER NOT NULL,
  block_number INTEGER NOT NULL,
  block_hash BLOB NOT NULL,
  event TEXT NOT NULL
) STRICT;

CREATE TABLE snapshots(
  chain_id INTEGER NOT NULL,
  block_number INTEGER NOT NULL,
  block_hash BLOB NOT NULL,
  agent TEXT NOT NULL,
  version INTEGER NOT NULL,
  bytes BLOB NOT NULL,
  PRIMARY KEY(chain_id, block_number, block_hash, agent)
) STRICT;

-- Facts as of cursors.folded_to. balance_change: a sign byte (0 or 1), then the magnitude, big-endian
-- without leading zeros.
CREATE TABLE wallets(
  chain_id INTEGER NOT NULL,
  address BLOB NOT NULL,
  transactions INTEGER NOT NULL,
  first_seen INTEGER NOT NULL,
  last_activity INTEGER NOT NULL,
  balance_change BLOB NOT NULL,
  active_blocks INTEGER NOT NULL,
  PRIMARY KEY(chain_id, address)
) STRICT, WITHOUT ROWID;

-- Per block or supplement, what it changed of each wallet (wallet_rows.cpp has the bytes).
-- block_tag: the first 8 bytes of the block's hash (a recording may hold two blocks of one number);
-- part: 0, or which supplement.
CREATE TABLE wallet_deltas(
  seq INTEGER PRIMARY KEY,
  chain_id INTEGER NOT NULL,
  block_number INTEGER NOT NULL,
  block_tag INTEGER NOT NULL,
  part INTEGER NOT NULL,
  time INTEGER NOT NULL,
  deltas BLOB NOT NULL
) STRICT;

CREATE TABLE poison(
  agent TEXT NOT NULL,
  event_id TEXT NOT NULL,
  what TEXT NOT NULL,
  PRIMARY KEY(agent, event_id)
) STRICT, WITHOUT ROWID;

-- What sinks have to deliver; filled once there are sinks.
CREATE TABLE outbox(
  seq INTEGER PRIMARY KEY,
  sink TEXT NOT NULL,
  idempotency_key TEXT NOT NULL,
  payload TEXT NOT NULL,
  attempts INTEGER NOT NULL DEFAULT 0,
  next_attempt INTEGER NOT NULL DEFAULT 0,
  UNIQUE(sink, idempotency_key)
) STRICT;
)sql";

// Who first paid a wallet, and its cluster. NULL: unknown, none; so of every wallet stored before.
// wallet_deltas.funding: what the block set of both (wallet_rows.cpp has the bytes).
constexpr const char* version_2 = R"sql(
ALTER TABLE wallets ADD COLUMN funding_source TEXT;
ALTER TABLE wallets ADD COLUMN cluster_id BLOB;
ALTER TABLE wallet_deltas ADD COLUMN funding BLOB NOT NULL DEFAULT x'';
)sql";

// How far each chain is final; 0: not known. The index finds the signals that are not final yet
// without going through those that are.
constexpr const char* version_3 = R"sql(
ALTER TABLE cursors ADD COLUMN safe INTEGER NOT NULL DEFAULT 0;
ALTER TABLE cursors ADD COLUMN finalized INTEGER NOT NULL DEFAULT 0;
CREATE INDEX signals_not_final ON signals(chain_id, block_number)
  WHERE finality IN ('latest', 'safe');

-- Which signals rest on a pending transaction, and the block that holds it by now, if one does.
CREATE TABLE pending_signals(
  chain_id INTEGER NOT NULL,
  transaction_hash BLOB NOT NULL,
  signal_id BLOB NOT NULL,
  block_number INTEGER,
  block_hash BLOB,
  PRIMARY KEY(chain_id, transaction_hash, signal_id)
) STRICT, WITHOUT ROWID;
)sql";

// What verification found (integrity_rows.cpp). NULL: nobody looked; so of every block stored
// before. signals.integrity: 'suspect' of what rests on a suspect block.
constexpr const char* version_4 = R"sql(
ALTER TABLE ledger ADD COLUMN integrity_detail TEXT;
ALTER TABLE signals ADD COLUMN integrity TEXT;
ALTER TABLE signal_history ADD COLUMN integrity TEXT;
CREATE INDEX ledger_suspects ON ledger(chain_id, block_number) WHERE integrity = 'suspect';
)sql";

// Alerts (outbox.hpp has the states). ended, of a raised one: 'withdrawn' (its signal was taken
// back) or 'final'; NULL: it may still be told of either. about: chain, type and subject, for
// suppression. after: the row that must not be due any more, or the group it went with.
// event_time, created and next_attempt: milliseconds; the last two by the wall clock.
constexpr const char* version_5 = R"sql(
DROP TABLE outbox;
CREATE TABLE outbox(
  seq INTEGER PRIMARY KEY,
  key TEXT NOT NULL UNIQUE,
  kind TEXT NOT NULL,
  state TEXT NOT NULL,
  ended TEXT,
  route TEXT NOT NULL,
  sink TEXT NOT NULL,
  signal_id BLOB NOT NULL,
  chain_id INTEGER NOT NULL,
  about TEXT NOT NULL,
  group_key TEXT NOT NULL DEFAULT '',
  after INTEGER,
  event_time INTEGER NOT NULL,
  created INTEGER NOT NULL,
  attempts INTEGER NOT NULL DEFAULT 0,
  next_attempt INTEGER NOT NULL,
  error TEXT NOT NULL DEFAULT '',
  payload TEXT NOT NULL,
  fields TEXT NOT NULL
) STRICT;
CREATE INDEX outbox_due ON outbox(sink, next_attempt, seq) WHERE state = 'due';
CREATE INDEX outbox_gathered ON outbox(next_attempt) WHERE state = 'gathered';
CREATE INDEX outbox_dead ON outbox(seq) WHERE state = 'dead';
CREATE INDEX outbox_by_signal ON outbox(signal_id) WHERE kind = 'raised';
CREATE INDEX outbox_open ON outbox(chain_id) WHERE kind = 'raised' AND ended IS NULL;
CREATE INDEX outbox_by_subject ON outbox(route, about, event_time) WHERE kind = 'raised';

CREATE TABLE silences(
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  route TEXT,
  type TEXT,
  agent TEXT,
  subject TEXT,
  until INTEGER NOT NULL,
  created INTEGER NOT NULL,
  comment TEXT NOT NULL
) STRICT;
)sql";

// What became public, in order, for clients that were away (feed_rows.cpp). The indexes let the API
// page through one agent's, type's or subject's without going through everybody's.
constexpr const char* version_6 = R"sql(
CREATE TABLE feed(
  seq INTEGER PRIMARY KEY,
  topic TEXT NOT NULL,
  chain_id INTEGER NOT NULL,
  agent TEXT NOT NULL,
  type TEXT NOT NULL,
  subject TEXT NOT NULL,
  status TEXT NOT NULL,
  confidence REAL NOT NULL,
  severity TEXT NOT NULL,
  json TEXT NOT NULL
) STRICT;
CREATE INDEX signals_by_agent ON signals(agent, event_time);
CREATE INDEX signals_by_type ON signals(type, event_time);
CREATE INDEX signals_by_subject ON signals(subject, event_time);
CREATE INDEX memories_by_type ON memories(type, event_time);
)sql";

// What contracts answered: of each kind (fact_kind, as its number) and contract one. Which of
// number, text (raw bytes) and account holds it, the kind says. as_of: asked at; from_block: came
// with; position: in the order of coming.
constexpr const char* version_7 = R"sql(
CREATE TABLE facts(
  chain_id INTEGER NOT NULL,
  address BLOB NOT NULL,
  kind INTEGER NOT NULL,
  number INTEGER NOT NULL,
  text BLOB NOT NULL,
  account BLOB NOT NULL,
  as_of INTEGER NOT NULL,
  from_block INTEGER NOT NULL,
  position INTEGER NOT NULL,
  PRIMARY KEY(chain_id, address, kind)
) STRICT, WITHOUT ROWID;
CREATE INDEX facts_by_position ON facts(chain_id, position);
CREATE INDEX facts_by_block ON facts(chain_id, from_block);
)sql";

// With what a page is mostly filtered by beside the entries, in the order of the listing: a row
// that the filter refuses is not read.
constexpr const char* version_8 = R"sql(
DROP INDEX signals_by_time;
DROP INDEX signals_by_agent;
DROP INDEX signals_by_type;
CREATE INDEX signals_by_time ON signals(event_time, seq, severity, chain_id);
CREATE INDEX signals_by_agent ON signals(agent, event_time, seq, severity, chain_id);
CREATE INDEX signals_by_type ON signals(type, event_time, seq, severity, chain_id);
)sql";

// Who first paid a wallet (NULL: not known), and a sketch of with whom it dealt since it was
// stored by this version. wallet_deltas.profiles: what the block set of both (wallet_rows.cpp has
// the bytes of all).
constexpr const char* version_9 = R"sql(
ALTER TABLE wallets ADD COLUMN funder BLOB;
ALTER TABLE wallets ADD COLUMN counterparties BLOB NOT NULL DEFAULT x'';
ALTER TABLE wallet_deltas ADD COLUMN profiles BLOB NOT NULL DEFAULT x'';
)sql";

constexpr const char* all_steps[] = {version_1, version_2, version_3, version_4, version_5,
                                     version_6, version_7, version_8, version_9};

std::int64_t pragma_number(sqlite_connection& db, const char* sql) {
  auto q = db.query(sql);
  return q.next() ? q.integer(0) : 0;
}

result<std::size_t> version_of(sqlite_connection& db, std::size_t newest) {
  const auto id = pragma_number(db, "PRAGMA application_id");
  const auto version = pragma_number(db, "PRAGMA user_version");
  const auto tables = pragma_number(db, "SELECT count(*) FROM sqlite_master");
  if (auto read = db.take_failure(); !read) return read.error();
  const bool fresh = id == 0 && version == 0 && tables == 0;
  if (!fresh && id != application_id)
    return {errc::store_failed, "the file is an SQLite database, but not a store of Eremos"};
  if (version < 0 || static_cast<std::size_t>(version) > newest)
    return {errc::store_too_new,
            fmt::format("the store is of version {}, written by a later Eremos; this one knows "
                        "versions up to {}",
                        version, newest)};
  return static_cast<std::size_t>(version);
}

}  // namespace

std::span<const char* const> schema_steps() { return all_steps; }

status migrate(sqlite_connection& db, std::span<const char* const> steps) {
  const auto from = version_of(db, steps.size());
  if (!from) return from.error();
  for (auto version = *from; version < steps.size(); ++version) {
    db.run_script("BEGIN IMMEDIATE");
    db.run_script(steps[version]);
    db.run_script(fmt::format("PRAGMA application_id = {}; PRAGMA user_version = {}; COMMIT",
                              application_id, version + 1)
                      .c_str());
    if (auto step = db.take_failure(); !step) {
      if (db.in_transaction()) db.run_script("ROLLBACK");
      if (auto rolled_back = db.take_failure(); !rolled_back) return rolled_back;
      return step;
    }
  }
  return ok;
}

status check_version(sqlite_connection& db, std::span<const char* const> steps) {
  const auto version = version_of(db, steps.size());
  if (!version) return version.error();
  if (*version < steps.size())
    return {
        errc::store_failed,
        fmt::format("the store is of version {}, this program reads version {}; a `run` with it "
                    "brings the store forward",
                    *version, steps.size())};
  return ok;
}

}  // namespace eremos
