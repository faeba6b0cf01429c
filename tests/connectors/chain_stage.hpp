// CHAIN between a connector and a listener that are tables of the test, on a clock that the test
// turns. The test derives from it and says what the connector answers and what it listens to.
#pragma once
#include <memory>
#include <utility>

#include <caf/all.hpp>
#include <caf/scheduler/test_coordinator.hpp>
#include <catch2/catch.hpp>

#include "connectors/chain/chain_actor.hpp"

namespace eremos::test {

class chain_stage {
 public:
  caf::actor_system_config settings;
  std::unique_ptr<caf::actor_system> system;
  caf::scheduler::test_coordinator* scheduler = nullptr;
  std::unique_ptr<caf::scoped_actor> self;
  connector_actor connector;
  chain_listener listener;
  chain_actor chain;

  template <class Word>
  void tell(Word word) {
    (*self)->send(chain, std::move(word));
    scheduler->run();
  }
  void pass(std::chrono::milliseconds time) {
    constexpr std::chrono::milliseconds step{100};
    for (; time.count() > 0; time -= step) {
      scheduler->advance_time(step);
      scheduler->run();
    }
  }
  chain_report report() {
    chain_report out;
    auto asked = (*self)->request(chain, caf::infinite, get_report{});
    scheduler->run();
    asked.receive([&](chain_report& r) { out = std::move(r); },
                  [](const caf::error&) { FAIL("no report"); });
    return out;
  }

 protected:
  /// begin() follows in the derived constructor, as it lets CHAIN ask.
  chain_stage() {
    add_message_types(settings);
    settings.set("scheduler.policy", caf::atom("testing"));
    system = std::make_unique<caf::actor_system>(settings);
    scheduler = dynamic_cast<caf::scheduler::test_coordinator*>(&system->scheduler());
    self = std::make_unique<caf::scoped_actor>(*system);
  }
  virtual ~chain_stage() {
    for (const auto& who :
         {caf::actor_cast<caf::actor>(connector), caf::actor_cast<caf::actor>(listener),
          caf::actor_cast<caf::actor>(chain)})
      (*self)->send_exit(who, caf::exit_reason::user_shutdown);
    connector = nullptr;
    listener = nullptr;
    chain = nullptr;
    scheduler->run();
    self.reset();
  }

  void begin(chain_config config) {
    connector = system->spawn([this]() -> connector_actor::behavior_type {
      return {
          [](const connector_start&) {},
          [this](const fetch_block& what) { return fetch(what); },
          [](const name_block&) -> caf::result<block_ref> { return caf::sec::bad_function_call; },
          [this](const read_state& what) { return read(what); },
          [](const more_wanted&) {},
          [](const get_report&) { return connector_report{}; }};
    });
    listener = system->spawn([this](chain_listener::pointer me) -> chain_listener::behavior_type {
      return {[this, me](const committed_block& b) {
                heard(b);
                me->send(caf::actor_cast<chain_actor>(me->current_sender()),
                         block_finished{b.commit, b.events.size()});
              },
              [this](const chain_reverted& r) { heard(r); },
              [this](const chain_finalized& f) { heard(f); },
              [this](const mempool_batch& m) { heard(m); },
              [](const chain_gap&) {},
              [this](const chain_rewound& r) { heard(r); },
              [this](const chain_ended& e) { heard(e); }};
    });
    config.chain = 1;
    config.source = "test";
    chain = spawn_chain(*system, std::move(config), connector, listener);
  }

  virtual caf::result<shared<block_record>> fetch(const fetch_block& what) = 0;
  virtual caf::result<state_read> read(const read_state&) { return caf::sec::bad_function_call; }

  virtual void heard(const committed_block&) {}
  virtual void heard(const chain_reverted&) {}
  virtual void heard(const chain_finalized&) {}
  virtual void heard(const mempool_batch&) {}
  virtual void heard(const chain_rewound&) {}
  virtual void heard(const chain_ended&) {}
};

}  // namespace eremos::test
