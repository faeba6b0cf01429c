// DECODERS in CAF's test scheduler: how many blocks of the past are in work at once, and that they
// read what connectors read.
#include <set>

#include <caf/all.hpp>
#include <caf/scheduler/test_coordinator.hpp>
#include <catch2/catch.hpp>

#include "connectors/ethereum/decoders.hpp"
#include "messages/protocols.hpp"

using namespace eremos;
using namespace eremos::ethereum;

namespace {

const std::string block_4 = R"({"number":"0x4","hash":"0x)" + std::string(64, 'a') +
                            R"(","parentHash":"0x)" + std::string(64, 'b') +
                            R"(","timestamp":"0x64","transactions":[]})";

struct fixture {
  caf::actor_system_config settings;
  std::unique_ptr<caf::actor_system> system;
  caf::scheduler::test_coordinator* scheduler = nullptr;
  std::shared_ptr<const reading_plan> plan =
      std::make_shared<const reading_plan>(reading_plan{1, signature_table::built_in(), {}});

  fixture() {
    add_message_types(settings);
    settings.set("scheduler.policy", caf::atom("testing"));
    system = std::make_unique<caf::actor_system>(settings);
    scheduler = dynamic_cast<caf::scheduler::test_coordinator*>(&system->scheduler());
  }
};

}  // namespace

TEST_CASE("DECODERS: one fewer than workers, and no more blocks of the past in work than that") {
  CHECK(decoders_for(1) == 1);
  CHECK(decoders_for(2) == 1);
  CHECK(decoders_for(8) == 7);
  fixture f;
  constexpr std::size_t workers = 4;
  std::vector<decoder_actor> decoders;
  for (auto n = decoders_for(workers); n > 0; --n) decoders.push_back(spawn_decoder(*f.system));
  {
    caf::scoped_actor self{*f.system};
    for (std::size_t i = 0; i < 32; ++i)
      self->send(decoders[i % decoders.size()], block_text{f.plan, {4, {}}, block_4});
    // What could run now on as many threads as there are: jobs of different actors.
    CHECK(f.scheduler->jobs.size() == workers - 1);
    for (const auto& decoder : decoders) self->send_exit(decoder, caf::exit_reason::kill);
    f.scheduler->run();
  }
}

TEST_CASE("DECODERS: a text is read as its connector would read it, and what is wrong is named") {
  fixture f;
  const auto decoder = spawn_decoder(*f.system);
  caf::scoped_actor self{*f.system};
  const auto read = [&](block_number number, std::string text) {
    text_read out;
    auto asked = self->request(decoder, caf::infinite,
                               block_text{f.plan, {number, {}, 3, true}, std::move(text)});
    f.scheduler->run();
    asked.receive([&](text_read& r) { out = std::move(r); },
                  [](const caf::error&) { FAIL("no answer"); });
    return out;
  };
  const auto good = read(4, block_4);
  REQUIRE(good.good());
  CHECK(good.whole->header.number == 4);
  CHECK(good.whole->settled == 3);
  CHECK(good.whole->of_gap);
  CHECK_FALSE(good.whole->is_judged);
  CHECK(read(5, block_4).bad == "wrong_block");
  CHECK(read(4, "null").bad == "null_block");
  CHECK(read(4, "{}").bad == "malformed_block");
  CHECK(read(4, "[1").bad == "malformed_block");
  self->send_exit(decoder, caf::exit_reason::kill);
  f.scheduler->run();
}
