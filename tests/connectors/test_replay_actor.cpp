// REPLAY with CHAINs that only listen: what arrives, in what order, and on whose demand.
#include <fstream>
#include <map>
#include <set>

#include <caf/all.hpp>
#include <caf/scheduler/test_coordinator.hpp>
#include <catch2/catch.hpp>

#include "connectors/ethereum/block_pieces.hpp"
#include "connectors/replay/replay.hpp"
#include "runtime/journal/line_reader.hpp"
#include "tests/connectors/recordings.hpp"
#include "tests/support/shared_data.hpp"

using namespace eremos;

namespace {

/// What listening CHAINs heard. They report it to the test as messages.
struct heard {
  std::vector<shared<block_record>> records;
  std::vector<pending_seen> pending;
  std::vector<chain_id> ended;
  std::vector<std::pair<std::size_t, shared<label_set>>> labels;  ///< after so many records
  std::vector<std::pair<std::size_t, state_recorded>> reads;      ///< the same
  std::size_t unanswered = 0;  ///< records not yet answered by more_wanted
  std::size_t unanswered_max = 0;
};

/// A CHAIN that notes what it is told, and answers records or does not.
class listener final : public chain_actor::base {
 public:
  listener(caf::actor_config& cfg, std::shared_ptr<heard> out, chain_id chain, bool answers,
           std::shared_ptr<connector_actor> source)
      : chain_actor::base(cfg),
        out_(std::move(out)),
        chain_(chain),
        answers_(answers),
        source_(std::move(source)) {}

  behavior_type make_behavior() override {
    return {[](const head_seen&) {},
            [this](const pending_seen& p) { out_->pending.push_back(p); },
            [](const finality_seen&) {},
            [](const provider_state&) {},
            [this](const block_recorded& r) {
              out_->records.push_back(r.record);
              out_->unanswered_max = std::max(out_->unanswered_max, ++out_->unanswered);
              if (!answers_) return;
              --out_->unanswered;
              send(*source_, more_wanted{chain_, 1});
            },
            [this](const source_ended& e) { out_->ended.push_back(e.chain); },
            [this](const relabel& r) { out_->labels.emplace_back(out_->records.size(), r.labels); },
            [this](const state_recorded& s) { out_->reads.emplace_back(out_->records.size(), s); },
            [](const block_finished&) {},
            [](const rewind_chain&) {},
            [](const retry_fetch&) {},
            [](const drain&) { return drained{}; },
            [](const await_end&) { return drained{}; },
            [](const get_report&) { return chain_report{}; }};
  }

 private:
  std::shared_ptr<heard> out_;
  chain_id chain_;
  bool answers_;
  std::shared_ptr<connector_actor> source_;
};

class temporary_recording {
 public:
  explicit temporary_recording(const std::string& text) {
    std::string name = (std::filesystem::temp_directory_path() / "eremos-replay-XXXXXX").string();
    const int descriptor = mkstemp(name.data());
    REQUIRE(descriptor >= 0);
    close(descriptor);
    path_ = name;
    std::ofstream{path_} << text;
  }
  ~temporary_recording() { std::filesystem::remove(path_); }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

std::string block_line(unsigned number, chain_id chain = 1) {
  return fmt::format(
      R"({{"chain_id":{},"method":"eth_getBlockByNumber","params":["0x1",true],"result":{{)"
      R"("number":"0x{:x}","hash":"0x{:064x}","parentHash":"0x{:064x}","timestamp":"0x1",)"
      R"("transactions":[]}}}})",
      chain, number, number, number - 1);
}

/// One replay under CAF's test coordinator: until it ended, or waits for what will not come.
struct replayed {
  std::shared_ptr<heard> all = std::make_shared<heard>();
  connector_report report;
  std::set<chain_id> opened;
  bool opener_told = false;

  explicit replayed(replay_config config, bool answers = true, std::set<chain_id> refused = {}) {
    caf::actor_system_config settings;
    add_message_types(settings);
    settings.set("scheduler.policy", caf::atom("testing"));
    caf::actor_system system{settings};
    auto& scheduler = dynamic_cast<caf::scheduler::test_coordinator&>(system.scheduler());
    caf::scoped_actor self{system};
    auto source = std::make_shared<connector_actor>();
    auto opener = system.spawn([this, answers, refused,
                                source](row_opener::pointer me) -> row_opener::behavior_type {
      return {[this, answers, refused, source, me](const open_row& o) -> caf::result<chain_actor> {
                if (refused.contains(o.chain)) return caf::sec::runtime_error;
                opened.insert(o.chain);
                return chain_actor{me->spawn<listener>(all, o.chain, answers, source)};
              },
              [this](const source_ended&) { opener_told = true; }};
    });
    *source = spawn_replay(system, std::move(config), opener, {});
    self->send(*source, connector_start{});
    scheduler.run();
    auto asked = self->request(*source, caf::infinite, get_report{});
    scheduler.run();
    asked.receive([&](connector_report& r) { report = std::move(r); },
                  [](const caf::error&) { FAIL("no report"); });
    self->send_exit(*source, caf::exit_reason::user_shutdown);
    self->send_exit(opener, caf::exit_reason::user_shutdown);
    *source = nullptr;
    scheduler.run();
  }

  std::uint64_t bad(std::string_view kind) const {
    for (const auto& each : report.bad)
      if (each.kind == kind) return each.count;
    return 0;
  }
};

}  // namespace

TEST_CASE("REPLAY: every recording gives what an independent count finds in it") {
  if (!test::shared_data("recordings")) return;
  for (const auto& expected : test::recordings) {
    const auto path = test::shared_data(std::string{expected.file});
    REQUIRE(path);
    INFO(expected.file);
    const replayed r{{.files = {*path}}};
    std::set<hash32> blocks;
    std::set<std::pair<hash32, hash32>> block_transactions, transactions;
    std::set<std::pair<hash32, std::uint64_t>> logs;
    std::uint64_t unknown_types = 0;
    for (const auto& record : r.all->records) {
      const auto& hash = record->header.hash;
      if (record->has_header) blocks.insert(hash);
      for (const auto& txn : record->transactions) {
        block_transactions.emplace(hash, txn.hash);
        transactions.emplace(hash, txn.hash);
      }
      for (const auto& receipt : record->receipts)
        transactions.emplace(hash, receipt.transaction_hash);
      for (const auto& log : all_logs(*record)) logs.emplace(hash, log.log_index);
      unknown_types += record->unknown_transaction_types;
    }
    CHECK(r.report.state == "ended");
    CHECK(r.report.frames == expected.lines);
    CHECK(blocks.size() == expected.blocks);
    CHECK(block_transactions.size() == expected.block_transactions);
    CHECK(transactions.size() == expected.transactions);
    CHECK(logs.size() == expected.logs);
    CHECK(unknown_types == 0);
    CHECK(r.report.bad.empty());
    CHECK(r.opened.size() == 1);
    CHECK(r.all->ended.size() == 1);
    CHECK(r.opener_told);
  }
}

TEST_CASE("REPLAY: CHAIN gets no more than it asked for") {
  std::string text;
  for (unsigned i = 1; i <= 20; ++i) text += block_line(i) + "\n";
  const temporary_recording file{text};
  const replayed silent{{.files = {file.path()}}, false};
  CHECK(silent.report.state == "waiting");
  CHECK(silent.all->records.size() == 4);
  CHECK(silent.all->ended.empty());
  const replayed asking{{.files = {file.path()}}};
  CHECK(asking.report.state == "ended");
  REQUIRE(asking.all->records.size() == 20);
  for (unsigned i = 0; i < 20; ++i) CHECK(asking.all->records[i]->header.number == i + 1);
}

TEST_CASE("REPLAY: several files are one recording, several chains several rows") {
  const temporary_recording first{block_line(1) + "\n" + block_line(1, 137) + "\n"};
  const temporary_recording second{block_line(2) + "\n"};
  const replayed r{{.files = {first.path(), second.path()}}};
  CHECK(r.opened == std::set<chain_id>{1, 137});
  CHECK(r.all->records.size() == 3);
  CHECK(r.all->ended.size() == 2);
  const replayed one{{.files = {first.path(), second.path()}, .only_chain = 137}};
  CHECK(one.opened == std::set<chain_id>{137});
  CHECK(one.all->records.size() == 1);
}

TEST_CASE("REPLAY: labels reach CHAIN between the blocks they stand between, beside those given") {
  const auto labels = [](const std::string& rows) {
    return R"({"chain_id":1,"method":"eremos_labels","params":[],"result":[)" + rows + "]}\n";
  };
  const std::string mine =
      R"({"address":"0x00000000000000000000000000000000000000aa","kind":"cex","name":"A"})";
  const temporary_recording file{block_line(1) + "\n" + labels(mine) + block_line(2) + "\n" +
                                 labels("") + block_line(3)};
  address given, own;
  given.data[19] = 0xbb;
  own.data[19] = 0xaa;
  const label_set known{{{.chain = 1, .who = given, .kind = "dex", .name = "B"}}};
  const replayed r{{.files = {file.path()}, .labels = known}};
  CHECK(r.all->records.size() == 3);
  const auto& said = r.all->labels;
  REQUIRE(said.size() == 2);
  CHECK(said[0].first == 1);
  CHECK(said[0].second->find(1, own)->name == "A");
  CHECK(said[0].second->find(1, given)->name == "B");
  CHECK(said[1].first == 2);
  CHECK(*said[1].second == known);
}

TEST_CASE("REPLAY: what tokens answered reaches CHAIN after the block it stands behind") {
  const auto call = [](const std::string& to, const std::string& input, const std::string& rest) {
    return R"({"chain_id":1,"method":"eth_call","params":[{"to":")" + to + R"(","data":")" + input +
           R"("},"latest"],)" + rest + "}\n";
  };
  const std::string token = "0x00000000000000000000000000000000000000aa";
  const std::string symbol = "0x95d89b41", decimals = "0x313ce567";
  const temporary_recording file{
      call(token, symbol, R"("result":"0x01")") + block_line(1) + "\n" +
      call(token, symbol, R"("result":"0x)" + std::string(2 * 100'000, 'a') + R"(")") +
      call(token, decimals, R"("error":{"code":3,"message":"execution reverted"})") +
      call(token, "0x18160ddd", R"("result":"0x01")") +  // totalSupply()
      call("0xaa", symbol, R"("result":"0x01")") + call(token, symbol, R"("result":"0x1")") +
      call(token, symbol, R"("result":null)") + block_line(2)};
  const replayed r{{.files = {file.path()}}};
  CHECK(r.all->records.size() == 2);
  const auto& said = r.all->reads;
  REQUIRE(said.size() == 3);
  CHECK(said[0].first == 0);
  CHECK(said[0].second.answer == maybe<state_read>{state_read{{1}, 1}});
  CHECK(to_hex(said[0].second.who) == token);
  CHECK(said[1].first == 1);
  CHECK(said[1].second.answer->size == 100'000);
  CHECK(said[1].second.answer->bytes.size() == defaults::state_bytes_max);
  CHECK(said[2].first == 1);
  CHECK_FALSE(said[2].second.answer);
  CHECK(to_hex(said[2].second.input) == decimals);
  CHECK(r.bad("set_aside") == 2);
  CHECK(r.bad("malformed") == 2);
}

TEST_CASE("REPLAY: a chain whose row cannot be opened is left out and counted") {
  const temporary_recording file{block_line(1) + "\n" + block_line(1, 137) + "\n" + block_line(2)};
  const replayed r{{.files = {file.path()}}, true, {137}};
  CHECK(r.report.state == "ended");
  CHECK(r.all->records.size() == 2);
  CHECK(r.bad("no_row") == 1);
}

TEST_CASE("REPLAY: bad lines are counted by kind and placed, the rest is read") {
  const temporary_recording file{block_line(1) + "\n{bad\n\n" +
                                 R"({"method":"eth_gasPrice","result":"0x1"})" + "\n" +
                                 R"({"method":"eth_call","result":"0x1"})" + "\n" +
                                 R"({"method":"eth_getBlockByNumber","result":null})" + "\n" +
                                 block_line(2) + "\n" + block_line(3).substr(0, 100)};
  const replayed r{{.files = {file.path()}}};
  CHECK(r.all->records.size() == 2);
  CHECK(r.report.frames == 7);
  CHECK(r.bad("malformed") == 1);
  CHECK(r.bad("unknown_method") == 1);
  CHECK(r.bad("set_aside") == 1);
  CHECK(r.bad("no_result") == 1);
  CHECK(r.bad("truncated") == 1);
  for (const auto& bad : r.report.bad)
    if (bad.kind == "malformed")
      CHECK(bad.sample.find(file.path().string() + ":2: ") != std::string::npos);
}

TEST_CASE("REPLAY: a recording without a chain ends all the same") {
  const temporary_recording file{""};
  const replayed r{{.files = {file.path()}}};
  CHECK(r.report.state == "ended");
  CHECK(r.opened.empty());
  CHECK(r.opener_told);
}

TEST_CASE("REPLAY: many pending transactions wait for CHAIN to follow") {
  std::string text;
  for (unsigned i = 0; i < 3'000; ++i)
    text +=
        fmt::format(
            R"({{"method":"eth_subscription","params":["newPendingTransactions"],"result":"0x{:064x}",)"
            R"("received_at":"1970-01-01T00:00:{:02d}Z"}})",
            i, i % 60) +
        "\n";
  const temporary_recording file{text};
  const replayed r{{.files = {file.path()}}};
  CHECK(r.report.state == "ended");
  REQUIRE(r.all->pending.size() == 3'000);
  CHECK(r.all->pending[59].seen_at == 59'000);
}

TEST_CASE("REPLAY: on real workers it ends too") {
  std::string text;
  for (unsigned i = 1; i <= 500; ++i) text += block_line(i, 1 + i % 3) + "\n";
  const temporary_recording file{text};
  caf::actor_system_config settings;
  add_message_types(settings);
  settings.set("scheduler.max-threads", 2u);
  caf::actor_system system{settings};
  caf::scoped_actor self{system};
  auto source = std::make_shared<connector_actor>();
  std::map<chain_id, std::shared_ptr<heard>> heard_by;
  const auto test = caf::actor_cast<caf::actor>(self);
  auto opener =
      system.spawn([&, test, source](row_opener::pointer me) -> row_opener::behavior_type {
        return {[&, source, me](const open_row& o) -> caf::result<chain_actor> {
                  auto& out = heard_by[o.chain] = std::make_shared<heard>();
                  return chain_actor{me->spawn<listener>(out, o.chain, true, source)};
                },
                [test](const source_ended& e) { caf::anon_send(test, e); }};
      });
  *source = spawn_replay(system, {.files = {file.path()}}, opener, {});
  self->send(*source, connector_start{});
  bool ended = false;
  self->receive([&](const source_ended&) { ended = true; },
                caf::after(std::chrono::seconds{60}) >> [] {});
  CHECK(ended);
  self->send_exit(*source, caf::exit_reason::user_shutdown);
  self->wait_for(*source);
  self->send_exit(opener, caf::exit_reason::user_shutdown);
  self->wait_for(opener);
  *source = nullptr;
}

TEST_CASE("REPLAY: what cannot be read is an error before anything is spawned") {
  CHECK(check_replay({}).error().code == errc::bad_usage);
  CHECK(check_replay({.files = {"/nonexistent.jsonl"}}).error().code == errc::file_unreadable);
  const temporary_recording file{""};
  CHECK(check_replay({.files = {file.path()}}));
  CHECK(check_replay({.files = {file.path()}, .signatures = {"A(b)"}}).error().code ==
        errc::malformed_signature);
}
