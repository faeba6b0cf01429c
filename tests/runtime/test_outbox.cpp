// The outbox: what becomes an alert in the transaction that stores a signal, what keeps it back,
// and who hears of its end.
#include <algorithm>

#include "runtime/storage/outbox.hpp"
#include "test_store_blocks.hpp"

using namespace eremos;
using namespace eremos::test;

namespace {

struct outbox_fixture : store_fixture {
  alert_rules rules;
  time_ms now = wall_time;

  explicit outbox_fixture(alert_rules wanted) : rules(std::move(wanted)) { reopen_with_rules(); }

  void reopen_with_rules() {
    db.reset();
    sqlite_options options;
    options.wall_clock = [this] { return now; };
    options.alerts = rules;
    auto opened = open_sqlite_store(folder.store_path(), std::move(options));
    if (!opened) FAIL(opened.error().message);
    db = std::move(*opened);
  }
  std::unique_ptr<outbox> open_outbox(bool to_edit = false) const {
    auto opened = outbox::open(folder.store_path(), to_edit);
    if (!opened) FAIL(opened.error().message);
    return std::move(*opened);
  }
  void write_signals(block_number number, std::vector<signal> signals, int fork = 0) {
    auto block = block_at(number, fork);
    block.signals = std::move(signals);
    write(block);
  }
  void note(std::vector<delivery_note> notes) {
    REQUIRE(db->begin());
    REQUIRE(db->note_deliveries(notes));
    REQUIRE(db->commit());
  }
  void release_groups() {
    REQUIRE(db->begin());
    REQUIRE(db->release_alert_groups(now));
    REQUIRE(db->commit());
  }
  std::vector<outbox_row> due(const std::string& sink = "ops") const {
    auto rows = open_outbox()->due(sink, now, 100);
    if (!rows) FAIL(rows.error().message);
    return *rows;
  }
  /// "raised due, retracted due, …", oldest first.
  std::string states() const {
    auto rows = open_outbox()->list({});
    if (!rows) FAIL(rows.error().message);
    std::reverse(rows->begin(), rows->end());
    std::string out;
    for (const auto& row : *rows)
      out += fmt::format("{}{} {}", out.empty() ? "" : ", ", to_string(row.kind), row.state);
    return out;
  }
  void deliver_all() {
    for (const auto& row : due()) note({{row.seq, "delivered", 1, 0, ""}});
  }
};

alert_route to_ops(std::string name = "big") {
  alert_route route;
  route.name = std::move(name);
  route.sinks = {"ops"};
  return route;
}

alert_rules rules_of(std::vector<alert_route> routes,
                     std::vector<alert_inhibition> inhibitions = {}) {
  return {.routes = std::move(routes),
          .inhibitions = std::move(inhibitions),
          .labels = {},
          .chain_names = {{test_chain, "ethereum"}}};
}

}  // namespace

TEST_CASE("OUTBOX: a signal that a route wants is one delivery a sink, once", "[outbox]") {
  auto route = to_ops();
  route.sinks = {"ops", "log"};
  route.filter.types = {"flood"};
  outbox_fixture f{rules_of({route})};
  auto other = signal_of("0xbb", {ref_at(1)});
  other.type = std::string{"mint_spike"};
  other.id = make_signal_id(other.agent, other.type, test_chain, other.subject,
                            event_id{.block = {}, .subject = {}});
  const auto wanted = signal_of("0xaa", {ref_at(1)});
  f.write_signals(1, {wanted, other});
  REQUIRE(f.due().size() == 1);
  REQUIRE(f.due("log").size() == 1);
  const auto row = f.due().front();
  CHECK(row.signal == wanted.id);
  CHECK(row.key != f.due("log").front().key);
  CHECK(row.payload.find(R"("type":"alert.raised")") == 1);
  CHECK(row.payload.find(to_string(wanted.id)) != std::string::npos);
  CHECK(row.fields.find(R"("chain":"ethereum")") != std::string::npos);
  // The same block again, and a later revision, tell nothing new.
  f.write_signals(1, {wanted, other});
  f.write_signals(2, {signal_of("0xaa", {ref_at(1), ref_at(2)}, 2)});
  CHECK(f.due().size() == 1);
  f.reopen_with_rules();
  CHECK(f.due().front().key == row.key);
  CHECK(f.due().front().payload == row.payload);
}

TEST_CASE("OUTBOX: what is not committed is no alert", "[outbox]") {
  outbox_fixture f{rules_of({to_ops()})};
  auto block = block_at(1);
  block.signals = {signal_of("0xaa", {ref_at(1)})};
  REQUIRE(f.db->begin());
  REQUIRE(f.db->write(block));
  f.db->rollback();
  CHECK(f.due().empty());
  f.write(block);
  CHECK(f.due().size() == 1);
}

TEST_CASE("OUTBOX: a retraction follows its alert to whoever may have had it", "[outbox]") {
  outbox_fixture f{rules_of({to_ops()})};
  f.write_signals(1, {});
  f.write_signals(2, {signal_of("0xaa", {ref_at(2)})});
  const auto alert = f.due().front();
  f.revert({test_chain, ref_at(1), {ref_at(2)}});
  CHECK(f.states() == "raised due, retracted due");
  // Not before the alert: it may be under way.
  REQUIRE(f.due().size() == 1);
  CHECK(f.due().front().seq == alert.seq);
  f.note({{alert.seq, "delivered", 1, 0, ""}});
  REQUIRE(f.due().size() == 1);
  const auto retraction = f.due().front();
  CHECK(retraction.kind == alert_kind::retracted);
  CHECK(retraction.key != alert.key);
  CHECK(retraction.payload.find(R"("status":"retracted")") != std::string::npos);
  f.deliver_all();
  // The block comes back, and so does the alert, under a key of its own.
  f.write_signals(2, {signal_of("0xaa", {ref_at(2)})});
  REQUIRE(f.due().size() == 1);
  CHECK(f.due().front().kind == alert_kind::raised);
  CHECK(f.due().front().key != alert.key);
}

TEST_CASE("OUTBOX: an alert that was given up is retracted all the same", "[outbox]") {
  outbox_fixture f{rules_of({to_ops()})};
  f.write_signals(1, {});
  f.write_signals(2, {signal_of("0xaa", {ref_at(2)})});
  f.note({{f.due().front().seq, "dead", 15, 0, "status 500"}});
  f.revert({test_chain, ref_at(1), {ref_at(2)}});
  CHECK(f.states() == "raised dead, retracted due");
}

TEST_CASE("OUTBOX: an alert that waits for finality is sent once it is final, or never",
          "[outbox]") {
  auto route = to_ops();
  route.wait_for = finality::safe;
  outbox_fixture f{rules_of({route})};
  f.write_signals(1, {signal_of("0xaa", {ref_at(1)})});
  f.write_signals(2, {signal_of("0xbb", {ref_at(2)})});
  CHECK(f.states() == "raised held, raised held");
  f.finalize(1, 0);
  REQUIRE(f.due().size() == 1);
  CHECK(f.due().front().payload.find(R"("finality":"safe")") != std::string::npos);
  f.revert({test_chain, ref_at(1), {ref_at(2)}});
  CHECK(f.states() == "raised due, raised cancelled");
}

TEST_CASE("OUTBOX: whoever had an alert hears when it is final, once", "[outbox]") {
  auto quiet = to_ops("quiet");
  quiet.tell_finality = false;
  outbox_fixture f{rules_of({to_ops(), quiet})};
  f.write_signals(1, {signal_of("0xaa", {ref_at(1)})});
  f.deliver_all();
  f.finalize(1, 0);
  CHECK(f.due().empty());
  f.finalize(1, 1);
  f.finalize(1, 1);
  REQUIRE(f.due().size() == 1);
  CHECK(f.due().front().kind == alert_kind::finalized);
  CHECK(f.due().front().route == "big");
  CHECK(f.due().front().payload.find(R"("finality":"finalized")") != std::string::npos);
}

TEST_CASE("OUTBOX: suppress_for keeps a second alert of one type and subject back", "[outbox]") {
  auto route = to_ops();
  route.suppress_for_ms = 30 * second_ms;
  outbox_fixture f{rules_of({route})};
  const auto again = [](block_number number) {  // another signal about the same
    auto s = signal_of("0xaa", {ref_at(number)});
    s.id = make_signal_id(s.agent, s.type, test_chain, s.subject,
                          event_id{.block = hash_at(number), .subject = {}});
    return s;
  };
  f.write_signals(1, {again(1), signal_of("0xbb", {ref_at(1)})});
  f.write_signals(2, {again(2)});  // 12 s later
  f.write_signals(3, {});
  f.write_signals(4, {again(4)});  // 36 s later
  CHECK(f.states() == "raised due, raised due, raised suppressed, raised due");
  // Nobody is told of the end of what nobody had.
  f.revert({test_chain, ref_at(1), {ref_at(4), ref_at(3), ref_at(2)}});
  CHECK(f.states() == "raised due, raised due, raised suppressed, raised due, retracted due");
}

TEST_CASE("OUTBOX: what is graver, much surer or another agent's is not suppressed", "[outbox]") {
  auto route = to_ops();
  route.filter = {};
  route.suppress_for_ms = minute_ms;
  outbox_fixture f{rules_of({route})};
  block_number number = 1;
  const auto told = [&](severity level, double confidence, std::string agent = "") {
    auto s = signal_of("0xaa", {ref_at(number)});
    if (!agent.empty()) s.agent = agent;
    s.level = level;
    s.confidence = confidence;
    s.id = make_signal_id(s.agent, s.type, test_chain, s.subject,
                          event_id{.block = hash_at(number), .subject = {}});
    f.write_signals(number++, {s});
    return f.states().ends_with("due");
  };
  CHECK(told(severity::low, 0.5));
  CHECK_FALSE(told(severity::low, 0.6));
  CHECK(told(severity::low, 0.65));
  CHECK_FALSE(told(severity::low, 0.75));
  CHECK(told(severity::medium, 0.5));
  CHECK_FALSE(told(severity::medium, 0.5));
  CHECK(told(severity::low, 0.5, "another"));
}

TEST_CASE("OUTBOX: a silence fits by what it names, until it ends", "[outbox]") {
  outbox_fixture f{rules_of({to_ops()})};
  const auto editor = f.open_outbox(true);
  REQUIRE(editor->add_silence({.type = std::string{"mint_spike"},
                               .until = f.now + 1'000,
                               .created = f.now,
                               .comment = "another"}));
  const auto id = editor->add_silence({.route = std::string{"big"},
                                       .subject = std::string{"0xaa"},
                                       .until = f.now + 1'000,
                                       .created = f.now,
                                       .comment = "deploy"});
  REQUIRE(id);
  CHECK(editor->silences(f.now)->size() == 2);
  f.write_signals(1, {signal_of("0xaa", {ref_at(1)}), signal_of("0xbb", {ref_at(1)})});
  CHECK(f.states() == "raised silenced, raised due");
  CHECK(*editor->remove_silence(*id));
  CHECK_FALSE(*editor->remove_silence(*id));
  f.now += 1'000;
  CHECK(editor->silences(f.now)->empty());
  f.write_signals(2, {signal_of("0xcc", {ref_at(2)})});
  CHECK(f.states() == "raised silenced, raised due, raised due");
}

TEST_CASE("OUTBOX: there is a bound to silences", "[outbox]") {
  outbox_fixture f{rules_of({to_ops()})};
  const auto editor = f.open_outbox(true);
  for (std::size_t i = 0; i < 3; ++i)
    REQUIRE(editor->add_silence({.until = f.now + 1, .created = f.now, .comment = ""}));
  // Those that have ended make room.
  REQUIRE(editor->add_silence({.until = f.now + 9, .created = f.now + 1, .comment = ""}));
  CHECK(f.rows("silences") == 1);
}

TEST_CASE("OUTBOX: an inhibition mutes while something worse is there", "[outbox]") {
  alert_inhibition rule;
  rule.when.min_severity = severity::critical;
  rule.mute.types = {"flood"};
  rule.equal = {"subject"};
  rule.within_ms = minute_ms;
  outbox_fixture f{rules_of({to_ops()}, {rule})};
  auto worse = signal_of("0xaa", {ref_at(1)});
  worse.agent = "z-agent";  // stored after what it mutes
  worse.type = std::string{"mint_spike"};
  worse.level = severity::critical;
  worse.id = make_signal_id(worse.agent, worse.type, test_chain, worse.subject,
                            event_id{.block = {}, .subject = {}});
  f.write_signals(1, {signal_of("0xaa", {ref_at(1)}), signal_of("0xbb", {ref_at(1)}), worse});
  CHECK(f.states() == "raised inhibited, raised due, raised due");
  auto later = signal_of("0xaa", {ref_at(9)});
  later.id = make_signal_id("test-agent", "flood", test_chain, "0xaa",
                            event_id{.block = hash_at(9), .subject = {}});
  f.write_signals(9, {later});  // 96 s
  CHECK(f.states() == "raised inhibited, raised due, raised due, raised due");
}

TEST_CASE("OUTBOX: a group goes out as one, when its first has waited", "[outbox]") {
  auto route = to_ops();
  route.group_by = {"type"};
  route.group_wait_ms = 10'000;
  outbox_fixture f{rules_of({route})};
  f.write_signals(1, {signal_of("0xaa", {ref_at(1)})});
  f.now += 9'000;
  f.write_signals(2, {signal_of("0xbb", {ref_at(2)}), signal_of("0xcc", {ref_at(2)})});
  CHECK(f.open_outbox()->next_group()->value() == wall_time + 10'000);
  // Retracted before anybody had it.
  auto reverted = signal_of("0xdd", {ref_at(3)});
  f.write_signals(3, {reverted});
  f.revert({test_chain, ref_at(2), {ref_at(3)}});
  f.release_groups();
  CHECK(f.due().empty());
  f.now += 1'000;
  f.release_groups();
  CHECK(f.states() ==
        "raised grouped, raised grouped, raised grouped, raised cancelled, group due");
  const auto group = f.due().front();
  CHECK(group.payload.find("0xaa") < group.payload.find("0xbb"));
  CHECK(read_alert_fields(group.fields).size() == 3);
  CHECK_FALSE(f.open_outbox()->next_group()->has_value());
  // A member's retraction follows the group.
  f.revert({test_chain, ref_at(1), {ref_at(2)}});
  CHECK(f.due().size() == 1);
  f.note({{group.seq, "delivered", 1, 0, ""}});
  CHECK(f.due().size() == 2);
}

TEST_CASE("OUTBOX: a group of one is an ordinary alert", "[outbox]") {
  auto route = to_ops();
  route.group_wait_ms = 10'000;
  outbox_fixture f{rules_of({route})};
  f.write_signals(1, {signal_of("0xaa", {ref_at(1)})});
  f.now += 10'000;
  f.release_groups();
  REQUIRE(f.due().size() == 1);
  CHECK(f.due().front().kind == alert_kind::raised);
}

TEST_CASE("OUTBOX: dead letters are sent again by their key", "[outbox]") {
  outbox_fixture f{rules_of({to_ops()})};
  f.write_signals(1, {signal_of("0xaa", {ref_at(1)})});
  const auto row = f.due().front();
  f.note({{row.seq, "due", 1, f.now + 5'000, "status 500"}});
  CHECK(f.due().empty());
  f.now += 5'000;
  CHECK(f.due().front().attempts == 1);
  f.note({{row.seq, "dead", 2, 0, "status 500"}});
  CHECK(f.due().empty());
  const auto editor = f.open_outbox(true);
  CHECK_FALSE(*editor->resend("alert_none", f.now));
  CHECK(*editor->resend(row.key, f.now));
  REQUIRE(f.due().size() == 1);
  CHECK(f.due().front().key == row.key);
  CHECK(f.due().front().payload == row.payload);
  CHECK(f.due().front().attempts == 0);
}

TEST_CASE("OUTBOX: deliveries are listed newest first, by state and page by page", "[outbox]") {
  outbox_fixture f{rules_of({to_ops()})};
  f.write_signals(1, {signal_of("0xaa", {ref_at(1)}), signal_of("0xbb", {ref_at(1)}),
                      signal_of("0xcc", {ref_at(1)})});
  const auto due = f.due();
  REQUIRE(due.size() == 3);
  f.note({{due[0].seq, "dead", 2, 0, "status 500"}, {due[1].seq, "delivered", 1, 0, ""}});
  const auto seqs = [&](const outbox_query& want) {
    auto rows = f.open_outbox()->list(want);
    if (!rows) FAIL(rows.error().message);
    std::vector<std::int64_t> out;
    for (const auto& row : *rows) out.push_back(row.seq);
    return out;
  };
  using list = std::vector<std::int64_t>;
  CHECK(seqs({.state = std::string{"dead"}}) == list{due[0].seq});
  CHECK(seqs({.state = std::string{"delivered"}}) == list{due[1].seq});
  CHECK(seqs({.state = std::string{"due"}}) == list{due[2].seq});
  CHECK(seqs({.state = std::string{"gathered"}}).empty());
  CHECK(seqs({.state = std::string{"dead"}, .sink = std::string{"elsewhere"}}).empty());
  const auto backlog = f.open_outbox()->waiting();
  REQUIRE(backlog);
  REQUIRE(backlog->size() == 1);
  CHECK(backlog->front().sink == "ops");
  CHECK(backlog->front().due == 1);
  CHECK(backlog->front().dead == 1);
  const auto newest = seqs({.limit = 2});
  CHECK(newest == list{due[2].seq, due[1].seq});
  CHECK(seqs({.before = newest.back(), .limit = 2}) == list{due[0].seq});
  CHECK(seqs({.state = std::string{"dead"}, .before = due[0].seq}).empty());
}

TEST_CASE("OUTBOX: a wall clock that is put back delays no alert", "[outbox]") {
  outbox_fixture f{rules_of({to_ops()})};
  f.write_signals(1, {signal_of("0xaa", {ref_at(1)})});
  f.now -= hour_ms;
  CHECK(f.due().size() == 1);
}

TEST_CASE("OUTBOX: a late word about a row that is settled changes nothing", "[outbox]") {
  outbox_fixture f{rules_of({to_ops()})};
  f.write_signals(1, {signal_of("0xaa", {ref_at(1)})});
  const auto row = f.due().front();
  f.note({{row.seq, "delivered", 1, 0, ""}});
  f.note({{row.seq, "due", 2, 0, "late"}});
  CHECK(f.states() == "raised delivered");
}

TEST_CASE("OUTBOX: retention lets settled rows go, oldest first, and never what is due",
          "[outbox]") {
  outbox_fixture f{rules_of({to_ops()})};
  for (block_number n = 1; n <= 6; ++n)
    f.write_signals(n, {signal_of(fmt::format("0x{:02x}", n), {ref_at(n)})});
  const auto rows = f.due();
  for (std::size_t i = 1; i < 6; ++i) f.note({{rows[i].seq, "delivered", 1, 0, ""}});
  REQUIRE(f.db->begin());
  REQUIRE(f.db->apply({.alerts = 2}));
  REQUIRE(f.db->commit());
  CHECK(f.states() == "raised due, raised delivered, raised delivered");
}

TEST_CASE("OUTBOX: an alert of the mempool expires with its transaction", "[outbox]") {
  outbox_fixture f{rules_of({to_ops()})};
  const auto pending = pending_transaction(1);
  auto s = signal_of("0xaa", {ref_at(1)});
  s.at = finality::pending;
  s.evidence = {pending.id};
  s.blocks.clear();
  s.block = {.chain = test_chain};
  f.write_signals(1, {s});
  f.deliver_all();
  REQUIRE(f.db->begin());
  REQUIRE(f.db->expire_pending(test_chain, pending.id.subject));
  REQUIRE(f.db->commit());
  CHECK(f.states() == "raised delivered, expired due");
}
