// The store and STORE: what somebody above the chains concludes, of blocks of several chains, and
// what such an agent is told.
#include <caf/all.hpp>
#include <caf/scheduler/test_coordinator.hpp>

#include "runtime/storage/store_actor.hpp"
#include "test_store_blocks.hpp"

using namespace eremos;
using namespace eremos::test;

namespace {

constexpr chain_id elsewhere = 2;

block_result other_chain(block_number number, int fork = 0) {
  auto out = block_at(number, fork, fork);
  out.block.chain = elsewhere;
  return out;
}

/// Rests on block 5 of both chains.
signal joined() {
  auto s = signal_of("0xjoined", {ref_at(5)});
  s.blocks.push_back(other_chain(5).block);
  std::sort(s.blocks.begin(), s.blocks.end());
  return s;
}

struct two_chains : store_fixture {
  two_chains() {
    for (block_number n = 4; n <= 6; ++n) {
      write(block_at(n));
      write(other_chain(n));
    }
  }
  written conclude(const signal& s) {
    REQUIRE(db->begin());
    auto outcome = db->conclude({s});
    REQUIRE(outcome);
    REQUIRE(db->commit());
    return *outcome;
  }
  void finalize_elsewhere(block_number safe, block_number finalized) {
    REQUIRE(db->begin());
    REQUIRE(db->finalize({elsewhere, safe, finalized}));
    REQUIRE(db->commit());
  }
  chain_reverted back(chain_id chain) const {
    return {chain, {chain, 4, hash_at(4)}, {{chain, 6, hash_at(6)}, {chain, 5, hash_at(5)}}};
  }
};

struct above_config : caf::actor_system_config {
  above_config() {
    eremos::add_message_types(*this);
    set("scheduler.policy", caf::atom("testing"));
    set("logger.verbosity", caf::atom("quiet"));
  }
};

overseer_actor::behavior_type note_steps(overseer_actor::pointer,
                                         std::shared_ptr<std::vector<stored_step>> steps) {
  return {[steps](const steps_stored& s) {
    steps->insert(steps->end(), s.steps.begin(), s.steps.end());
  }};
}

agent_message to(const std::string& who, const block_ref& block) {
  agent_message m;
  m.from = "test-agent";
  m.to = who;
  m.topic = "news";
  m.details.set("event", to_string(transaction_in(block, 1).id));
  m.blocks = {block};
  return m;
}

}  // namespace

TEST_CASE("store: what is concluded above the chains is stored once, and changes are announced") {
  two_chains f;
  const auto first = f.conclude(joined());
  CHECK(first.signals_new == 1);
  REQUIRE(first.changed.size() == 1);
  CHECK(first.changed[0].emitted_at == wall_time);
  const auto again = f.conclude(joined());
  CHECK(again.signals_known == 1);
  CHECK(again.changed.empty());
}

TEST_CASE("store: a revert on either chain takes it back, and it comes back with its blocks") {
  for (const auto chain : {test_chain, elsewhere}) {
    INFO("chain " << chain);
    two_chains f;
    f.conclude(joined());
    const auto gone = f.revert(f.back(chain));
    REQUIRE(gone.changed.size() == 1);
    CHECK(gone.changed[0].status == signal_status::retracted);
    const auto meanwhile = f.conclude(joined());
    CHECK(meanwhile.changed.empty());
    for (block_number n = 5; n <= 6; ++n)
      f.write(chain == test_chain ? block_at(n) : other_chain(n));
    const auto back = f.conclude(joined());
    REQUIRE(back.changed.size() == 1);
    CHECK(back.changed[0].status == signal_status::active);
    CHECK(back.changed[0].revision == 3);
  }
}

TEST_CASE("store: what was taken back before it is concluded was never said") {
  two_chains f;
  f.revert(f.back(elsewhere));
  CHECK(f.conclude(joined()).changed.empty());
  CHECK(f.stored(joined()).status == signal_status::retracted);
}

TEST_CASE("store: it is as final as the blocks of both chains, with the next word of its own") {
  two_chains f;
  f.conclude(joined());
  f.finalize(6, 6);
  CHECK(f.stored(joined()).at == finality::latest);
  f.finalize_elsewhere(5, 4);
  CHECK(f.stored(joined()).at == finality::latest);
  f.finalize(6, 6);
  CHECK(f.stored(joined()).at == finality::safe);
  f.finalize_elsewhere(5, 5);
  f.finalize(6, 6);
  CHECK(f.stored(joined()).at == finality::finalized);
}

TEST_CASE("store: what rests on a suspect block of another chain is marked") {
  two_chains f;
  auto doubtful = other_chain(7);
  doubtful.integrity.state = integrity_state::suspect;
  f.write(doubtful);
  auto s = joined();
  s.blocks.push_back(doubtful.block);
  f.conclude(s);
  CHECK(f.stored(s).suspect);
}

TEST_CASE("store: an event that a message names is kept, as if a signal named it") {
  store_fixture f;
  auto block = block_at(1);
  block.messages = {to("above", block.block)};
  f.write(block);
  const auto kept = f.db->evidence(transaction_in(block.block, 1).id);
  REQUIRE(kept);
  CHECK(kept->has_value());
  const auto other = f.db->evidence(transaction_in(block.block, 0).id);
  REQUIRE(other);
  CHECK_FALSE(other->has_value());
}

TEST_CASE("STORE: an agent above the chains hears of blocks and reverts in order, once durable") {
  store_fixture f;
  above_config config;
  caf::actor_system system{config};
  caf::scoped_actor self{system};
  const auto steps = std::make_shared<std::vector<stored_step>>();
  store_config c;
  c.storage = std::move(f.db);
  c.overseers = {{"above", system.spawn(note_steps, steps)}};
  c.own_thread = false;
  const auto store = spawn_store(system, std::move(c));
  auto& coordinator = dynamic_cast<caf::scheduler::test_coordinator&>(system.scheduler());

  auto block = block_at(1);
  block.messages = {to("above", block.block), to("somebody", block.block), to("", block.block)};
  self->send(store, block);
  self->send(store, chain_reverted{test_chain, ref_at(0), {ref_at(1)}});
  self->send(store, block_at(1, 1));
  CHECK(steps->empty());
  coordinator.run();
  REQUIRE(steps->size() == 3);
  CHECK((*steps)[0].block == ref_at(1));
  CHECK((*steps)[0].time == time_at(1));
  REQUIRE((*steps)[0].messages.size() == 1);
  CHECK((*steps)[0].messages[0].to == "above");
  CHECK((*steps)[1].reverted == std::vector{ref_at(1)});
  CHECK((*steps)[1].block.hash.is_zero());
  CHECK((*steps)[2].block == ref_at(1, 1));

  // Handled once more after a restart: it is known, and says nothing again. Back again after a
  // revert it does.
  self->send(store, block_at(1, 1));
  self->send(store, chain_reverted{test_chain, ref_at(0), {ref_at(1, 1)}});
  self->send(store, block);
  self->send(store, block);
  coordinator.run();
  REQUIRE(steps->size() == 7);
  CHECK((*steps)[5].messages.size() == 1);
  CHECK((*steps)[6].messages.empty());

  // A block that takes another's place reverts it first.
  self->send(store, block_at(2));
  self->send(store, block_at(2, 1));
  coordinator.run();
  REQUIRE(steps->size() == 9);
  CHECK((*steps)[8].reverted == std::vector{ref_at(2)});
  CHECK((*steps)[8].block == ref_at(2, 1));

  self->send(store, conclude_above{{signal_of("0xabc", {ref_at(1)})}});
  coordinator.run();
  bool answered = false;
  auto asked = self->request(store, caf::infinite, drain{});
  coordinator.run();
  asked.receive([&](const drained&) { answered = true; }, [](const caf::error&) {});
  CHECK(answered);
  auto reader = open_sqlite_reader(f.folder.store_path());
  REQUIRE(reader);
  CHECK((*reader)->find_signal(signal_of("0xabc", {ref_at(1)}).id)->has_value());
  self->send_exit(store, caf::exit_reason::user_shutdown);
  coordinator.run();
}
