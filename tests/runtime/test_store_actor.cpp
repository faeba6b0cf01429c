// STORE under CAF's test coordinator: what is grouped, answered, announced, and what a store that
// cannot be written does to those who wait.
#include <fstream>

#include <caf/all.hpp>
#include <caf/scheduler/test_coordinator.hpp>

#include "runtime/defaults.hpp"
#include "runtime/storage/store_actor.hpp"
#include "test_store_blocks.hpp"

using namespace eremos;
using namespace eremos::test;

namespace {

/// Passes everything on to a real store, but for commits it is told to refuse.
class refusing_store final : public store {
 public:
  struct switches {
    bool refuse_commit = false;
    bool refuse_write = false;
  };
  refusing_store(std::unique_ptr<store> real, std::shared_ptr<switches> s)
      : real_(std::move(real)), switches_(std::move(s)) {}

  result<std::vector<signal>> signals(const signal_query& want) override {
    return real_->signals(want);
  }
  result<maybe<signal>> find_signal(const signal_id& id) override { return real_->find_signal(id); }
  result<std::vector<memory_entry>> memories(const memory_query& want) override {
    return real_->memories(want);
  }
  result<maybe<std::string>> evidence(const event_id& id) override { return real_->evidence(id); }
  result<std::vector<ledger_row>> ledger(chain_id chain, std::size_t limit,
                                         maybe<integrity_state> only) override {
    return real_->ledger(chain, limit, only);
  }
  result<store_counts> counts() override { return real_->counts(); }
  result<maybe<std::string>> meta(std::string_view key) override { return real_->meta(key); }
  result<chain_restart> restart_point(chain_id chain) override {
    return real_->restart_point(chain);
  }
  result<wallets_loaded> facts(const load_wallets& want) override { return real_->facts(want); }
  result<std::vector<poison_noted>> poison() override { return real_->poison(); }
  status begin() override { return real_->begin(); }
  status commit() override {
    if (switches_->refuse_commit) return {errc::store_full, "disk is full"};
    return real_->commit();
  }
  void rollback() override { real_->rollback(); }
  result<written> write(const block_result& block) override {
    if (switches_->refuse_write) return {errc::store_full, "disk is full"};
    return real_->write(block);
  }
  result<written> revert(const chain_reverted& what) override { return real_->revert(what); }
  status finalize(const chain_finalized& what) override { return real_->finalize(what); }
  result<written> conclude(const std::vector<signal>& signals) override {
    return real_->conclude(signals);
  }
  bool note_pending_end(chain_id chain, const hash32& transaction) override {
    return real_->note_pending_end(chain, transaction);
  }
  result<written> expire_pending(chain_id chain, const hash32& transaction) override {
    return real_->expire_pending(chain, transaction);
  }
  status write_snapshots(const std::vector<agent_snapshot>& s) override {
    return real_->write_snapshots(s);
  }
  status note_poison(const poison_noted& what) override { return real_->note_poison(what); }
  status note_deliveries(const std::vector<delivery_note>& notes) override {
    return real_->note_deliveries(notes);
  }
  status release_alert_groups(time_ms now) override { return real_->release_alert_groups(now); }
  status set_meta(std::string_view key, std::string_view value) override {
    return real_->set_meta(key, value);
  }
  status apply(const retention& keep) override { return real_->apply(keep); }

 private:
  std::unique_ptr<store> real_;
  std::shared_ptr<switches> switches_;
};

struct testing_config : caf::actor_system_config {
  testing_config() {
    eremos::add_message_types(*this);
    add_message_type<log_record>("eremos.log_record");
    set("scheduler.policy", caf::atom("testing"));
    set("logger.verbosity", caf::atom("quiet"));
  }
};

announcement_listener::behavior_type listen(announcement_listener::pointer,
                                            std::shared_ptr<std::vector<signal>> heard) {
  return {[heard](const announcement& news) {
    heard->insert(heard->end(), news.signals.begin(), news.signals.end());
  }};
}

log_actor::behavior_type listen_log(log_actor::pointer, std::shared_ptr<std::string> kinds) {
  return {[kinds](const log_record& r) { *kinds += r.kind + " "; },
          [](drain) { return drained{}; }};
}

/// STORE with a listener, driven step by step.
struct actor_fixture {
  store_fixture f;
  std::string events_path = (f.folder.path() / "events.jsonl").string();
  std::shared_ptr<refusing_store::switches> disk = std::make_shared<refusing_store::switches>();
  std::shared_ptr<std::vector<signal>> heard = std::make_shared<std::vector<signal>>();
  std::shared_ptr<std::string> logged = std::make_shared<std::string>();
  testing_config config;
  caf::actor_system system{config};
  caf::scoped_actor self{system};
  store_actor store_handle = spawn();

  store_actor spawn() {
    auto file = open_events_file(*f.db, events_path);
    REQUIRE(file);
    store_config c;
    c.storage = std::make_unique<refusing_store>(std::move(f.db), disk);
    c.events.emplace(std::move(*file));
    c.listeners = {system.spawn(listen, heard)};
    c.log = logger{system.spawn(listen_log, logged), "store"};
    c.own_thread = false;
    return spawn_store(system, std::move(c));
  }
  ~actor_fixture() {
    self->send_exit(store_handle, caf::exit_reason::user_shutdown);
    run();
  }
  caf::scheduler::test_coordinator& coordinator() {
    return dynamic_cast<caf::scheduler::test_coordinator&>(system.scheduler());
  }
  void run() { coordinator().run(); }
  void pass_retry_time() {
    coordinator().advance_time(defaults::store_retry_every);
    run();
  }
  template <class T>
  void tell(T message) {
    self->send(store_handle, std::move(message));
  }
  /// Answers that have come so far.
  template <class Answer>
  std::vector<Answer> answers() {
    std::vector<Answer> out;
    bool more = true;
    while (more)
      self->receive([&](const Answer& a) { out.push_back(a); },
                    caf::after(std::chrono::seconds{0}) >> [&] { more = false; });
    return out;
  }
  template <class Answer, class T>
  Answer ask_now(T message) {
    tell(std::move(message));
    run();
    const auto all = answers<Answer>();
    REQUIRE(all.size() == 1);
    return all[0];
  }
  std::string lines() {
    std::ifstream in{events_path};
    std::string out;
    for (std::string line; std::getline(in, line);)
      out += line.find("\"reverted\"") != std::string::npos       ? 'r'
             : line.find("\"id\":\"mempool") != std::string::npos ? 'm'
                                                                  : 'e';
    return out;
  }
};

block_result block_with_signal(block_number n, int fork = 0) {
  auto block = block_at(n, fork, 0, 1);
  block.signals = {signal_of(fmt::format("0x{}", n), {block.block})};
  return block;
}

}  // namespace

TEST_CASE("STORE: blocks that wait together share a transaction, each is answered once durable") {
  actor_fixture a;
  for (block_number n = 1; n <= 5; ++n) a.tell(block_with_signal(n));
  a.run();
  const auto answers = a.answers<block_stored>();
  REQUIRE(answers.size() == 5);
  CHECK(answers[0].commit == 1);
  CHECK(answers[4].commit == 5);
  CHECK(answers[4].chain == test_chain);
  const auto report = a.ask_now<store_report>(get_report{});
  CHECK(report.transactions_committed == 1);
  CHECK(report.blocks == 5);
  CHECK(report.signals == 5);
  CHECK(report.writable);
  CHECK(a.heard->size() == 5);
  a.tell(block_with_signal(6));
  a.run();
  CHECK(a.ask_now<store_report>(get_report{}).transactions_committed == 2);
}

TEST_CASE("STORE: a transaction takes no more than its share of blocks") {
  actor_fixture a;
  const auto count = defaults::store_blocks_per_transaction + 3;
  for (block_number n = 1; n <= count; ++n) a.tell(block_at(n, 0, 0, 0));
  a.run();
  CHECK(a.answers<block_stored>().size() == count);
  CHECK(a.ask_now<store_report>(get_report{}).transactions_committed == 2);
}

TEST_CASE("STORE: a block handled again is answered, announced to nobody and not written twice") {
  actor_fixture a;
  a.tell(block_with_signal(1));
  a.run();
  a.tell(block_with_signal(1));
  a.run();
  CHECK(a.answers<block_stored>().size() == 2);
  CHECK(a.heard->size() == 1);
  CHECK(a.lines() == "e");
  CHECK(a.ask_now<store_report>(get_report{}).signals_known == 1);
}

TEST_CASE("STORE: new, retracted and new again are announced in that order, reverts are lines") {
  actor_fixture a;
  a.tell(block_with_signal(1));
  a.tell(block_with_signal(2));
  a.tell(chain_reverted{test_chain, ref_at(1), {ref_at(2)}});
  a.tell(block_with_signal(2, 1));
  a.run();
  CHECK(a.answers<block_stored>().size() == 4);
  REQUIRE(a.heard->size() == 4);
  CHECK((*a.heard)[2].status == signal_status::retracted);
  CHECK((*a.heard)[2].subject == "0x2");
  CHECK((*a.heard)[3].status == signal_status::active);
  CHECK((*a.heard)[3].revision == 3);
  CHECK(a.lines() == "eere");
}

TEST_CASE("STORE: facts and restart points include what is not committed yet") {
  actor_fixture a;
  auto block = block_at(1);
  block.wallets = {{wallet_at(1), {}, 3}};
  a.tell(block);
  a.tell(load_wallets{test_chain, 1, false, {wallet_at(1), wallet_at(2)}});
  a.tell(load_chain{test_chain});
  a.run();
  const auto facts = a.answers<wallets_loaded>();
  REQUIRE(facts.size() == 1);
  REQUIRE(facts[0].known.size() == 1);
  CHECK(facts[0].known[0].transactions == 3);
  const auto restart = a.answers<chain_restart>();
  REQUIRE(restart.size() == 1);
  CHECK(restart[0].cursor.value_or(block_ref{}) == ref_at(1));
}

TEST_CASE("STORE: a full disk answers nobody, loses nothing, and goes on when there is room") {
  actor_fixture a;
  a.tell(block_with_signal(1));
  a.run();
  REQUIRE(a.answers<block_stored>().size() == 1);
  a.disk->refuse_commit = true;
  auto block = block_with_signal(2);
  block.wallets = {{wallet_at(1), {}, 3}};
  a.tell(block);
  a.tell(mempool_batch{test_chain, {pending_transaction(1)}});
  a.run();
  a.tell(block_with_signal(3));
  a.tell(load_wallets{test_chain, 3, false, {wallet_at(1)}});
  a.tell(drain{});
  a.run();
  a.pass_retry_time();
  a.pass_retry_time();
  CHECK(a.answers<block_stored>().empty());
  CHECK(a.answers<wallets_loaded>().empty());  // an answer now would not know of block 2
  CHECK(a.answers<drained>().empty());
  CHECK(a.heard->size() == 1);
  CHECK(a.lines() == "e");
  CHECK_FALSE(a.ask_now<store_report>(get_report{}).writable);
  CHECK(*a.logged == "store_not_writable ");

  a.disk->refuse_commit = false;
  a.pass_retry_time();
  const auto stored = a.answers<block_stored>();
  REQUIRE(stored.size() == 2);
  CHECK(stored[0].commit == 2);
  CHECK(stored[1].commit == 3);
  const auto facts = a.answers<wallets_loaded>();
  REQUIRE(facts.size() == 1);
  CHECK(facts[0].known[0].transactions == 3);
  CHECK(a.answers<drained>().size() == 1);
  CHECK(a.heard->size() == 3);
  CHECK(a.lines() == "eeme");
  CHECK(a.ask_now<store_report>(get_report{}).writable);
  CHECK(*a.logged == "store_not_writable store_writable ");
}

TEST_CASE("STORE: a write refused in the middle of a group takes the whole group back") {
  actor_fixture a;
  a.tell(block_with_signal(1));
  a.tell(block_with_signal(2));
  a.coordinator().run_once();  // block 1 is in the open transaction
  a.disk->refuse_write = true;
  a.run();
  CHECK(a.answers<block_stored>().empty());
  CHECK(a.lines().empty());
  a.disk->refuse_write = false;
  a.pass_retry_time();
  CHECK(a.answers<block_stored>().size() == 2);
  CHECK(a.heard->size() == 2);
  CHECK(a.lines() == "ee");
  CHECK(a.ask_now<store_report>(get_report{}).blocks == 2);
}

TEST_CASE("STORE: mempool lines wait for no block") {
  actor_fixture a;
  a.tell(mempool_batch{test_chain, {pending_transaction(1), pending_transaction(2)}});
  a.run();
  CHECK(a.lines() == "mm");
}

TEST_CASE(
    "STORE: snapshots at shutdown are answered when durable; a drain with nothing open at once") {
  actor_fixture a;
  a.tell(block_at(1));
  a.run();
  a.answers<block_stored>();
  CHECK(a.ask_now<block_stored>(std::vector{snapshot_of("a", ref_at(1))}).chain == test_chain);
  CHECK(a.ask_now<drained>(drain{}).blocks == 1);
  a.tell(poison_noted{"a", transaction_in(ref_at(1), 0).id, "threw"});
  a.tell(load_chain{test_chain});
  a.run();
  const auto restart = a.answers<chain_restart>();
  REQUIRE(restart.size() == 1);
  CHECK(restart[0].snapshots.size() == 1);
}

TEST_CASE("STORE: on a thread of its own it answers what other threads ask") {
  store_fixture f;
  caf::actor_system_config config;
  eremos::add_message_types(config);
  caf::actor_system system{config};
  store_config c;
  c.storage = std::move(f.db);
  auto handle = spawn_store(system, std::move(c));
  caf::scoped_actor self{system};
  for (block_number n = 1; n <= 50; ++n) self->send(handle, block_with_signal(n));
  for (block_number n = 1; n <= 50; ++n)
    self->receive([&](const block_stored& s) { CHECK(s.commit == n); });
  self->request(handle, caf::infinite, drain{})
      .receive([](const drained& d) { CHECK(d.blocks == 50); },
               [](const caf::error&) { FAIL("no answer to drain"); });
  self->send_exit(handle, caf::exit_reason::user_shutdown);
  self->wait_for(handle);
  f.db = f.open();
  CHECK(f.rows("signals") == 50);
  CHECK(f.cursor() == ref_at(50));
}
