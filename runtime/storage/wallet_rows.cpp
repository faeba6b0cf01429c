#include "runtime/storage/wallet_rows.hpp"

#include <algorithm>
#include <array>
#include <set>
#include <tuple>

#include "runtime/storage/row_text.hpp"

namespace eremos {
namespace {

/// In a row: address, transactions (4 bytes, big-endian), length of the amount, amount.
byte_vector encode(const std::vector<wallet_delta>& deltas) {
  byte_vector out;
  out.reserve(deltas.size() * 40);
  for (const auto& delta : deltas) {
    out.insert(out.end(), delta.who.data.begin(), delta.who.data.end());
    for (int shift = 24; shift >= 0; shift -= 8)
      out.push_back(static_cast<std::uint8_t>(delta.transactions >> shift));
    const auto amount = amount_bytes(delta.balance_change);
    out.push_back(static_cast<std::uint8_t>(amount.size()));
    out.insert(out.end(), amount.begin(), amount.end());
  }
  return out;
}

std::vector<wallet_delta> decode(std::span<const std::uint8_t> bytes) {
  constexpr std::size_t fixed_size = address::size_bytes + 5;
  std::vector<wallet_delta> out;
  while (bytes.size() >= fixed_size) {
    wallet_delta delta;
    std::copy_n(bytes.begin(), address::size_bytes, delta.who.data.begin());
    for (std::size_t i = 0; i < 4; ++i)
      delta.transactions = (delta.transactions << 8) | bytes[address::size_bytes + i];
    const std::size_t length = bytes[fixed_size - 1];
    if (bytes.size() < fixed_size + length) break;
    delta.balance_change = read_amount(bytes.subspan(fixed_size, length));
    bytes = bytes.subspan(fixed_size + length);
    out.push_back(delta);
  }
  return out;
}

constexpr std::array funding_sources = {funding_source::cex, funding_source::dex,
                                        funding_source::bridge};

/// Its number in a row, 0 for unknown: not the enumeration's, which may change.
std::uint8_t code_of(funding_source x) {
  const auto at = std::find(funding_sources.begin(), funding_sources.end(), x);
  return at == funding_sources.end() ? std::uint8_t{0}
                                     : static_cast<std::uint8_t>(at - funding_sources.begin() + 1);
}

bool sets_funding(const wallet_delta& delta) {
  return delta.funded_by != funding_source::unknown || !delta.cluster.is_zero();
}

/// Of those that set something: address, code of the source, cluster.
byte_vector encode_funding(const std::vector<wallet_delta>& deltas) {
  byte_vector out;
  for (const auto& delta : deltas) {
    if (!sets_funding(delta)) continue;
    out.insert(out.end(), delta.who.data.begin(), delta.who.data.end());
    out.push_back(code_of(delta.funded_by));
    out.insert(out.end(), delta.cluster.data.begin(), delta.cluster.data.end());
  }
  return out;
}

void decode_funding(std::span<const std::uint8_t> bytes, std::vector<wallet_delta>& deltas) {
  constexpr std::size_t entry_size = address::size_bytes + 1 + hash32::size_bytes;
  auto delta = deltas.begin();  // both are by address
  for (; bytes.size() >= entry_size; bytes = bytes.subspan(entry_size)) {
    address who;
    std::copy_n(bytes.begin(), address::size_bytes, who.data.begin());
    delta = std::find_if(delta, deltas.end(), [&](const wallet_delta& d) { return d.who == who; });
    if (delta == deltas.end()) return;
    const std::size_t code = bytes[address::size_bytes];
    if (code != 0 && code <= funding_sources.size()) delta->funded_by = funding_sources[code - 1];
    std::copy_n(bytes.begin() + address::size_bytes + 1, hash32::size_bytes,
                delta->cluster.data.begin());
  }
}

/// Of each register that is not empty its index and what it holds.
byte_vector sketch_bytes(const counterparty_sketch& met) {
  byte_vector out;
  met.each([&](std::size_t index, unsigned rank) {
    out.push_back(static_cast<std::uint8_t>(index));
    out.push_back(static_cast<std::uint8_t>(rank));
  });
  return out;
}

void read_sketch(std::span<const std::uint8_t> bytes, counterparty_sketch& met) {
  for (; bytes.size() >= 2; bytes = bytes.subspan(2))
    if (bytes[0] < counterparty_sketch::registers) met.raise(bytes[0], bytes[1]);
}

/// Of each, in order: the number of registers in its sketch, plus 128 if its funder follows; the
/// funder; the sketch.
constexpr std::uint8_t with_funder = 128;

byte_vector encode_profiles(const std::vector<wallet_delta>& deltas) {
  byte_vector out;
  for (const auto& delta : deltas) {
    const auto head = out.size();
    out.push_back(0);
    if (!delta.funder.is_zero()) {
      out[head] = with_funder;
      out.insert(out.end(), delta.funder.data.begin(), delta.funder.data.end());
    }
    const auto sketch = sketch_bytes(delta.met);
    out[head] = static_cast<std::uint8_t>(out[head] | sketch.size() / 2);
    out.insert(out.end(), sketch.begin(), sketch.end());
  }
  return out;
}

/// Rows of stores before version 9 have none.
void decode_profiles(std::span<const std::uint8_t> bytes, std::vector<wallet_delta>& deltas) {
  for (auto& delta : deltas) {
    if (bytes.empty()) return;
    const std::size_t funder_size = (bytes[0] & with_funder) != 0 ? address::size_bytes : 0;
    const std::size_t sketch_size = 2 * std::size_t{bytes[0] & (with_funder - 1u)};
    bytes = bytes.subspan(1);
    if (bytes.size() < funder_size + sketch_size) return;
    std::copy_n(bytes.begin(), funder_size, delta.funder.data.begin());
    read_sketch(bytes.subspan(funder_size, sketch_size), delta.met);
    bytes = bytes.subspan(funder_size + sketch_size);
  }
}

maybe<std::string_view> source_text(funding_source x) {
  if (x == funding_source::unknown) return std::nullopt;
  return to_string(x);
}

funding_source read_source(std::string_view text) {
  const auto at = std::find_if(funding_sources.begin(), funding_sources.end(),
                               [&](funding_source x) { return to_string(x) == text; });
  return at == funding_sources.end() ? funding_source::unknown : *at;
}

/// The first that is set stays. `Facts`: wallet_facts, or another wallet_delta.
template <class Facts>
void add_funding(Facts& to, const wallet_delta& delta) {
  if (to.funded_by == funding_source::unknown) to.funded_by = delta.funded_by;
  if (to.funder.is_zero()) to.funder = delta.funder;
  if (to.cluster.is_zero()) to.cluster = delta.cluster;
}

/// By address, each once.
std::vector<wallet_delta> sorted_deltas(std::vector<wallet_delta> deltas) {
  std::sort(deltas.begin(), deltas.end(),
            [](const wallet_delta& a, const wallet_delta& b) { return a.who < b.who; });
  std::size_t kept = 0;
  for (std::size_t i = 1; i < deltas.size(); ++i) {
    if (deltas[i].who == deltas[kept].who) {
      deltas[kept].transactions += deltas[i].transactions;
      deltas[kept].balance_change = deltas[kept].balance_change + deltas[i].balance_change;
      deltas[kept].met.merge(deltas[i].met);
      add_funding(deltas[kept], deltas[i]);
    } else {
      deltas[++kept] = deltas[i];
    }
  }
  if (!deltas.empty()) deltas.resize(kept + 1);
  return deltas;
}

const wallet_delta& delta_of(const std::vector<wallet_delta>& deltas, const address& who) {
  return *std::lower_bound(deltas.begin(), deltas.end(), who,
                           [](const wallet_delta& d, const address& a) { return d.who < a; });
}

bool read_base(sqlite_connection& db, chain_id chain, wallet_facts& facts) {
  auto q = db.query(
      "SELECT transactions, first_seen, last_activity, balance_change, active_blocks, "
      "funding_source, cluster_id, funder, counterparties FROM wallets WHERE chain_id = ? AND "
      "address = ?",
      chain, facts.who);
  if (!q.next()) return false;
  facts.transactions = q.number(0);
  facts.first_seen = q.integer(1);
  facts.last_activity = q.integer(2);
  facts.balance_change = read_amount(q.blob(3));
  facts.active_blocks = static_cast<std::uint32_t>(q.integer(4));
  facts.funded_by = read_source(q.text(5));
  facts.cluster = q.fixed<hash32>(6);
  facts.funder = q.fixed<address>(7);
  read_sketch(q.blob(8), facts.met);
  return true;
}

/// Adds the rows of one wallet. A supplement counts as the block it belongs to; a delta without
/// transactions is no activity.
template <class Row>
void add_rows(wallet_facts& facts, std::vector<const Row*> rows) {
  std::sort(rows.begin(), rows.end(), [](const Row* a, const Row* b) {
    return std::tie(a->number, a->tag, a->part) < std::tie(b->number, b->tag, b->part);
  });
  const Row* before = nullptr;
  for (const auto* row : rows) {
    const auto& delta = delta_of(row->deltas, facts.who);
    add_funding(facts, delta);
    if (delta.transactions == 0) continue;
    const bool first = facts.active_blocks == 0;
    facts.first_seen = first ? row->time : std::min(facts.first_seen, row->time);
    facts.last_activity = first ? row->time : std::max(facts.last_activity, row->time);
    facts.transactions += delta.transactions;
    facts.balance_change = facts.balance_change + delta.balance_change;
    facts.met.merge(delta.met);
    if (!before || before->number != row->number || before->tag != row->tag) ++facts.active_blocks;
    before = row;
  }
}

}  // namespace

void wallet_table::load() {
  if (loaded_) return;
  chains_.clear();
  next_seq_ = 1;
  auto q = db_.query(
      "SELECT seq, chain_id, block_number, block_tag, part, time, deltas, funding, profiles "
      "FROM wallet_deltas ORDER BY seq");
  while (q.next()) {
    row x{q.number(2), q.integer(3), q.integer(4), q.integer(5), decode(q.blob(6))};
    decode_funding(q.blob(7), x.deltas);
    decode_profiles(q.blob(8), x.deltas);
    add(q.number(1), q.integer(0), std::move(x));
  }
  loaded_ = !db_.failed();
}

void wallet_table::add(chain_id chain, std::int64_t seq, row x) {
  auto& in = chains_[chain];
  for (const auto& delta : x.deltas) in.by_wallet[delta.who].push_back(seq);
  in.count += x.deltas.size();
  in.rows.emplace(seq, std::move(x));
  next_seq_ = std::max(next_seq_, seq + 1);
}

void wallet_table::remove(chain_deltas& from, std::int64_t seq) {
  const auto at = from.rows.find(seq);
  for (const auto& delta : at->second.deltas) {
    const auto wallet = from.by_wallet.find(delta.who);
    std::erase(wallet->second, seq);
    if (wallet->second.empty()) from.by_wallet.erase(wallet);
  }
  from.count -= at->second.deltas.size();
  from.rows.erase(at);
  db_.execute("DELETE FROM wallet_deltas WHERE seq = ?", seq);
}

void wallet_table::write(const block_result& block, std::int64_t part) {
  if (block.wallets.empty()) return;
  load();
  const auto chain = block.block.chain;
  row x{block.block.number, tag_of(block.block.hash), part, block.time,
        sorted_deltas(block.wallets)};
  const auto seq = next_seq_;
  db_.execute("INSERT INTO wallet_deltas VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?)", seq, chain, x.number,
              x.tag, x.part, x.time, encode(x.deltas), encode_funding(x.deltas),
              encode_profiles(x.deltas));
  add(chain, seq, std::move(x));
  if (chains_[chain].count > unfolded_max_) fold_excess(chain);
}

void wallet_table::revert(const block_ref& block) {
  load();
  auto& in = chains_[block.chain];
  std::vector<std::int64_t> gone;
  for (const auto& [seq, x] : in.rows)
    if (x.number == block.number && x.tag == tag_of(block.hash)) gone.push_back(seq);
  for (const auto seq : gone) remove(in, seq);
}

void wallet_table::fold(chain_id chain, block_number up_to) {
  load();
  std::vector<std::int64_t> seqs;
  for (const auto& [seq, x] : chains_[chain].rows)
    if (x.number <= up_to) seqs.push_back(seq);
  fold_rows(chain, seqs);
  set_wallets_folded_to(db_, chain, up_to);
}

void wallet_table::fold_excess(chain_id chain) {
  std::vector<std::int64_t> seqs;
  std::size_t count = 0;
  for (const auto& [seq, x] : chains_[chain].rows) {
    if (count > unfolded_max_ / 2) break;
    count += x.deltas.size();
    seqs.push_back(seq);
  }
  fold_rows(chain, seqs);
}

void wallet_table::fold_rows(chain_id chain, const std::vector<std::int64_t>& seqs) {
  auto& in = chains_[chain];
  std::map<address, std::vector<const row*>> wallets;  // in the order of the base's pages
  for (const auto seq : seqs) {
    const auto& x = in.rows.at(seq);
    for (const auto& delta : x.deltas) wallets[delta.who].push_back(&x);
  }
  for (auto& [who, rows] : wallets) {
    wallet_facts facts;
    facts.who = who;
    read_base(db_, chain, facts);
    add_rows(facts, std::move(rows));
    db_.execute("INSERT OR REPLACE INTO wallets VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", chain,
                who, facts.transactions, facts.first_seen, facts.last_activity,
                amount_bytes(facts.balance_change), facts.active_blocks,
                source_text(facts.funded_by),
                facts.cluster.is_zero() ? maybe<hash32>{} : maybe<hash32>{facts.cluster},
                facts.funder.is_zero() ? maybe<address>{} : maybe<address>{facts.funder},
                sketch_bytes(facts.met));
  }
  for (const auto seq : seqs) remove(in, seq);
}

wallets_loaded wallet_table::facts(const load_wallets& want) {
  load();
  wallets_loaded out;
  const auto in = chains_.find(want.chain);
  for (const auto& who : want.wallets) {
    wallet_facts facts;
    facts.who = who;
    bool known = read_base(db_, want.chain, facts);
    std::vector<const row*> rows;
    if (in != chains_.end()) {
      const auto wallet = in->second.by_wallet.find(who);
      if (wallet != in->second.by_wallet.end())
        for (const auto seq : wallet->second) {
          const auto& x = in->second.rows.at(seq);
          if (want.all_blocks || x.number <= want.up_to) rows.push_back(&x);
        }
    }
    known = known || !rows.empty();
    add_rows(facts, std::move(rows));
    if (known) out.known.push_back(facts);
  }
  return out;
}

maybe<block_number> wallets_folded_to(sqlite_connection& db, chain_id chain) {
  auto q = db.query("SELECT folded_to FROM cursors WHERE chain_id = ?", chain);
  if (!q.next() || q.is_null(0)) return std::nullopt;
  return q.number(0);
}

void set_wallets_folded_to(sqlite_connection& db, chain_id chain, block_number up_to) {
  db.execute("UPDATE cursors SET folded_to = ? WHERE chain_id = ?", up_to, chain);
}

}  // namespace eremos
