#include "tests/sim/outcome.hpp"

#include <algorithm>
#include <fstream>
#include <stdexcept>

#include <fmt/format.h>

#include "runtime/storage/sqlite.hpp"
#include "runtime/storage/sqlite_store.hpp"
#include "runtime/storage/wallet_json.hpp"

namespace eremos::sim {
namespace {

/// Rows of a query as lines, columns by their text; `agent` is the first column.
std::vector<std::string> rows(sqlite_connection& db, std::string_view sql, int columns,
                              const std::set<std::string>& left_out) {
  std::vector<std::string> out;
  auto q = db.query(sql);
  while (q.next()) {
    if (left_out.contains(std::string{q.text(0)})) continue;
    std::string line;
    for (int c = 0; c < columns; ++c) {
      if (c > 0) line += " | ";
      line += q.text(c);
    }
    out.push_back(std::move(line));
  }
  return out;
}

/// Events that stand when reverts are read as well, by the blocks that the file names.
std::vector<std::string> net_events(const std::string& path) {
  std::ifstream in{path};
  std::map<std::string, std::vector<std::string>> by_block;  // hash → lines
  std::string line;
  const auto field = [&](std::string_view key) {
    const auto name = fmt::format("\"{}\":\"", key);
    const auto at = line.find(name);
    if (at == std::string::npos) return std::string{};
    const auto begin = at + name.size();
    return line.substr(begin, line.find('"', begin) - begin);
  };
  while (std::getline(in, line)) {
    if (line.starts_with(R"({"id":"mempool:)")) continue;
    const auto block = field("block_hash");
    if (line.starts_with(R"({"type":"reverted")"))
      by_block.erase(block);
    else if (block.empty())
      throw std::runtime_error("an event line names no block: " + line);
    else
      // `sequence` is what one process counts.
      by_block[block].push_back(field("id"));
  }
  std::vector<std::string> out;
  for (auto& [block, lines] : by_block) out.insert(out.end(), lines.begin(), lines.end());
  std::sort(out.begin(), out.end());
  return out;
}

address wallet_of(const event_id& id) {
  address out;
  std::copy(id.subject.data.begin() + 12, id.subject.data.end(), out.data.begin());
  return out;
}

std::unique_ptr<sqlite_connection> open_db(const std::string& path) {
  auto db = sqlite_connection::open(path, sqlite_access::read_only);
  if (!db) throw std::runtime_error(db.error().message);
  return std::move(*db);
}

}  // namespace

outcome read_outcome(const run_state& state, const std::set<std::string>& left_out) {
  outcome out;
  out["events"] = net_events(state.events_path());
  {
    const auto db = open_db(state.store_path());
    out["signals"] =
        rows(*db,
             "SELECT agent, type, subject, hex(id), status, block_number, hex(block_hash), "
             "confidence, severity, evidence, evidence_total, blocks, details, event_time, "
             "config_hash FROM signals WHERE status = 'active' ORDER BY id",
             15, left_out);
    out["memories"] =
        rows(*db,
             "SELECT agent, type, key, hex(id), confidence, block_number, hex(block_hash), "
             "blocks, details, event_time FROM memories WHERE status = 'active' ORDER BY id",
             10, left_out);
    out["tags"] =
        rows(*db,
             "SELECT m.agent, hex(t.memory_id), t.tag FROM memory_tags t JOIN memories m ON "
             "m.id = t.memory_id WHERE m.status = 'active' ORDER BY t.memory_id, t.tag",
             3, left_out);
    out["messages"] =
        rows(*db,
             "SELECT sender, receiver, topic, schema, priority, details, blocks, path, "
             "event_time, block_number, hex(block_hash), part, position FROM messages "
             "WHERE status = 'active' ORDER BY block_number, part, position",
             13, left_out);
    out["ledger"] =
        rows(*db,
             "SELECT block_number, hex(block_hash), hex(parent_hash), time FROM ledger WHERE "
             "status = 'canonical' ORDER BY block_number, block_hash",
             4, {});
    out["cursor"] = rows(
        *db, "SELECT chain_id, block_number, hex(block_hash), first_block FROM cursors", 4, {});
    out["snapshots"] =
        rows(*db,
             "SELECT s.agent, s.version, hex(s.bytes) FROM snapshots s JOIN cursors c "
             "USING(chain_id, block_number, block_hash) ORDER BY s.agent",
             3, left_out);
    out["evidence"] =
        rows(*db,
             "SELECT s.agent, hex(s.id), e.value FROM signals s, json_each(s.evidence) e "
             "WHERE s.status = 'active' AND NOT EXISTS (SELECT 1 FROM evidence x WHERE "
             "x.id = e.value) ORDER BY s.id, e.value",
             3, left_out);
    out["poison"] =
        rows(*db,
             "SELECT agent, event_id FROM poison WHERE EXISTS (SELECT 1 FROM ledger WHERE "
             "status = 'canonical' AND instr(event_id, lower(hex(block_hash))) > 0) "
             "ORDER BY agent, event_id",
             2, left_out);
    std::set<address> seen;
    for (const auto& text : out["events"])
      if (const auto id = parse_event_id(text); id && id->type == event_type::wallet_activity)
        seen.insert(wallet_of(*id));
    const std::vector<address> wallets{seen.begin(), seen.end()};
    auto reader = open_sqlite_reader(state.store_path());
    if (!reader) throw std::runtime_error(reader.error().message);
    auto facts = (*reader)->facts({.chain = mock_chain_id,
                                   .up_to = ~block_number{0} >> 1,
                                   .all_blocks = true,
                                   .wallets = wallets});
    if (!facts) throw std::runtime_error(facts.error().message);
    for (const auto& f : facts->known)
      out["wallets"].push_back(to_json(wallet_row{mock_chain_id, f}));
    std::sort(out["wallets"].begin(), out["wallets"].end());
    if (auto failed = db->take_failure(); !failed) throw std::runtime_error(failed.error().message);
  }
  return out;
}

std::string difference(const outcome& seen, const outcome& wanted) {
  for (const auto& [part, lines] : wanted) {
    const auto at = seen.find(part);
    static const std::vector<std::string> none;
    const auto& has = at == seen.end() ? none : at->second;
    if (has == lines) continue;
    std::vector<std::string> missing;
    std::vector<std::string> extra;
    auto a = lines;
    auto b = has;
    std::sort(a.begin(), a.end());
    std::sort(b.begin(), b.end());
    std::set_difference(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(missing));
    std::set_difference(b.begin(), b.end(), a.begin(), a.end(), std::back_inserter(extra));
    auto out = fmt::format("{}: {} lines missing, {} too many (of {})\n", part, missing.size(),
                           extra.size(), lines.size());
    if (missing.empty() && extra.empty()) out += "  the same lines in another order\n";
    const auto show = [&](std::string_view mark, const std::vector<std::string>& of) {
      for (std::size_t i = 0; i < std::min<std::size_t>(of.size(), 3); ++i)
        out += fmt::format("  {} {}\n", mark, of[i].substr(0, 400));
    };
    show("missing", missing);
    show("extra  ", extra);
    return out;
  }
  return {};
}

std::string wrong_announcements(const run_state& state, bool crashed) {
  struct last_word {
    std::uint32_t revision = 0;
    signal_status status = signal_status::retracted;
    std::size_t life = 0;
  };
  std::map<signal_id, last_word> told;
  // What was shown provisionally: whether that hangs in the air. STORE may take back what an agent
  // has shown anew, because its block was handled again after a crash, and so may the agent.
  enum class showing { none, hangs, taken_back_by_store };
  std::map<signal_id, showing> shown;
  for (const auto& [number, s] : state.announced) {
    // Revision 0 takes back what was only shown.
    if (s.status == signal_status::provisional || s.revision == 0) {
      if (s.revision == 0 && shown[s.id] == showing::none)
        return fmt::format("signal {} was not shown, and is taken back\n", to_string(s.id));
      shown[s.id] = s.revision == 0 ? showing::none : showing::hangs;
      continue;
    }
    shown[s.id] = shown[s.id] == showing::hangs && s.status == signal_status::retracted
                      ? showing::taken_back_by_store
                      : showing::none;
    const auto [at, is_new] = told.emplace(s.id, last_word{});
    auto& last = at->second;
    const auto name = fmt::format("signal {} of {} (revision {}, {})", to_string(s.id), s.agent,
                                  s.revision, to_string(s.status));
    if (!is_new && s.revision <= last.revision)
      return fmt::format("{} was announced after revision {}\n", name, last.revision);
    const bool heard_all = !crashed || (!is_new && last.life == number);
    if (heard_all && s.status == signal_status::retracted &&
        last.status == signal_status::retracted)
      return fmt::format("{} was retracted, but did not stand\n", name);
    last = {s.revision, s.status, number};
  }
  if (!crashed && state.quiet_agents())
    for (const auto& [id, how] : shown)
      if (how == showing::hangs && !told.contains(id))
        return fmt::format("signal {} was shown, and neither stored nor taken back\n",
                           to_string(id));
  const auto db = open_db(state.store_path());
  auto q = db->query("SELECT id, revision, status, agent FROM signals ORDER BY id");
  while (q.next()) {
    const auto id = q.fixed<signal_id>(0);
    const auto at = told.find(id);
    const auto revision = static_cast<std::uint32_t>(q.integer(1));
    const auto status = q.text(2);
    if (at == told.end()) {
      if (!crashed && status == "active")
        return fmt::format("signal {} of {} stands and was never announced\n", to_string(id),
                           q.text(3));
      continue;
    }
    if (at->second.revision > revision)
      return fmt::format("signal {} was announced as revision {} and is stored as {}\n",
                         to_string(id), at->second.revision, revision);
    if (!crashed && (at->second.revision != revision || to_string(at->second.status) != status))
      return fmt::format(
          "signal {} is stored as revision {}, {}; its listeners know revision {}, {}\n",
          to_string(id), revision, status, at->second.revision, to_string(at->second.status));
  }
  return {};
}

}  // namespace eremos::sim
