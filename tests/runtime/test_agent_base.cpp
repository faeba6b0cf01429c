// The agent base: counting a block's events, concluding in order, failing well, snapshots.
#include <catch2/catch.hpp>

#include "tests/support/agent_fixture.hpp"

using namespace eremos;
using namespace eremos::test;

namespace {

/// Remembers the sum of all values, signals each transaction, and throws on a value of 13.
class summing_agent final : public agent<summing_agent> {
 public:
  static constexpr agent_info info{.id = "summing", .glyph = "+", .role = "test"};
  struct options {
    bool chatty = false;
    static result<options> parse(const option_map& given) {
      option_reader read{given};
      options out;
      out.chatty = read.flag("chatty", false);
      if (auto bad = read.finish()) return *bad;
      return out;
    }
  };
  summing_agent(caf::actor_config& cfg, const agent_services& services, options o)
      : agent(cfg, services), options_(o) {}

  void on(const transaction_event& t) {
    if (t.value == wei{13}) throw std::runtime_error("unlucky");
    sums_.at(event().commit) += t.value;
    if (options_.chatty)
      for (int i = 0; i < 1'200; ++i)
        emit(
            {.type = "high_value_transaction", .subject = std::to_string(i), .anchor = event().id});
  }
  void on(const block_complete& b) {
    total_ += sums_.take(b.commit);
    if (total_ > wei{100}) after(minute_ms, "high");
    emit({.type = "rapid_transaction_sequence",
          .subject = to_string(total_),
          .anchor = {.chain = chain(), .block = b.block.hash, .subject = {}},
          .details = detail_map{}.set("total", total_)});
  }
  void on(const timer& t) { count(t.tag); }
  void on(const block_reverted& gone) { count("reverted_" + std::to_string(gone.block.number)); }

  void save(state_writer& out) const { out.amount(total_); }
  status load(state_reader& in) {
    total_ = in.amount();
    return in.finish();
  }

 private:
  options options_;
  per_block<wei> sums_;
  wei total_;
};

event_data transfer(std::uint64_t value, std::uint64_t salt = 0) {
  transaction_event t;
  t.hash = keccak256(std::to_string(value) + "/" + std::to_string(salt));
  t.value = wei{value};
  t.to = address{};
  return t;
}

test_block block(block_number n, std::vector<std::uint64_t> values) {
  test_block out{.number = n, .events = {}};
  for (std::size_t i = 0; i < values.size(); ++i)
    out.events.push_back(transfer(values[i], n * 1000 + i));
  return out;
}

}  // namespace

TEST_CASE("agent: a block completes once all its events are handled, whatever their order") {
  std::vector<test_block> blocks;
  for (block_number n = 1; n <= 30; ++n)
    blocks.push_back(block(n, {n + 1000, 2 * n, 3, 4, 5, 6, 7}));
  const auto signals = every_way<summing_agent>(blocks);
  REQUIRE(signals.size() == 30);
  CHECK(signals.back().details.find("total") == "\"32145\"");
}

TEST_CASE("agent: a later block never completes before an earlier one") {
  agent_fixture<summing_agent> f;
  f.send_block(block(1, {1, 2, 3}), nullptr);
  f.send_block(block(2, {}), nullptr);
  f.run();
  REQUIRE(f.notes().done.size() == 2);
  CHECK(f.notes().done[0].commit == 1);
  CHECK(f.notes().done[1].commit == 2);
}

TEST_CASE("agent: one that throws says on which event, and ends") {
  agent_fixture<summing_agent> f;
  f.send_block(block(1, {1, 13, 3}), nullptr);
  f.run();
  CHECK(f.notes().done.empty());
  REQUIRE(f.supervisor().failed.size() == 1);
  const auto& failed = f.supervisor().failed.front();
  REQUIRE(failed.event);
  CHECK(failed.event->type == event_type::transaction);
  CHECK(failed.what == "unlucky");
}

TEST_CASE("agent: over the limit per block it is cut off, counted, and one flood signal tells") {
  option_map options;
  options["chatty"] = {{"true"}, false, ""};
  agent_fixture<summing_agent> f{options};
  const auto done = f.feed(block(1, {1}));
  CHECK(done.signals.size() == defaults::emissions_per_block_max + 1);  // … and the flood
  CHECK(std::any_of(done.signals.begin(), done.signals.end(),
                    [](const signal& s) { return s.details.find("refused") == "201"; }));
  CHECK(std::count_if(done.signals.begin(), done.signals.end(),
                      [](const signal& s) { return s.type == "flood"; }) == 1);
  CHECK(f.report().emissions_refused == 201);
}

TEST_CASE("agent: timers fire in the first block at or past their time, also after a restart") {
  agent_fixture<summing_agent> f;
  f.feed(block(1, {101}));
  f.restart();
  for (block_number n = 2; n <= 5; ++n) f.feed(block(n, {}));
  CHECK(f.report().metrics.empty());
  f.feed(block(6, {}));  // 60 s after block 1
  CHECK(f.report().metrics == std::vector<std::pair<std::string, std::uint64_t>>{{"high", 1}});
}

TEST_CASE("agent: a revert takes its state back, and what waits is not handled") {
  agent_fixture<summing_agent> f;
  const std::vector<test_block> chain{block(1, {10}), block(2, {20}), block(3, {30})};
  for (const auto& b : chain) f.feed(b);
  // Of block 4 everything waits.
  f.send_block(block(4, {40, 41}), nullptr);
  CHECK(f.revert({block(4, {}), chain[2], chain[1]}));
  CHECK(f.notes().done.size() == 3);
  auto other = block(2, {5});
  other.branch = 1;
  const auto done = f.feed(other);
  REQUIRE(done.signals.size() == 1);
  CHECK(done.signals.front().subject == "15");
  const auto report = f.report();
  CHECK(report.blocks_reverted == 2);
  CHECK(report.metrics == std::vector<std::pair<std::string, std::uint64_t>>{{"reverted_2", 1},
                                                                             {"reverted_3", 1}});
  SECTION("and again, to before its first block") {
    CHECK(f.revert({other, chain[0]}));
    CHECK(f.feed(block(1, {7})).signals.front().subject == "7");
  }
  SECTION("blocks it never had change nothing") {
    CHECK(f.revert({block(9, {})}));
    CHECK(f.feed(block(3, {1})).signals.front().subject == "16");
  }
}

TEST_CASE("agent: timers that a reverted block set are gone, and those it fired are back") {
  agent_fixture<summing_agent> f;
  f.feed(block(1, {101}));  // sets one, due in five blocks
  for (block_number n = 2; n <= 5; ++n) f.feed(block(n, {0}));
  f.feed(block(6, {0}));
  CHECK(f.report().metrics.front() == std::pair<std::string, std::uint64_t>{"high", 1});
  CHECK(f.revert({block(6, {0})}));
  f.feed(block(7, {0}));
  const auto metrics = f.report().metrics;
  CHECK(std::find(metrics.begin(), metrics.end(),
                  std::pair<std::string, std::uint64_t>{"high", 3}) != metrics.end());
}

TEST_CASE("agent: a torn snapshot makes it fail, not guess") {
  agent_fixture<summing_agent> f;
  f.feed(block(1, {5}));
  auto torn = f.snapshot();
  torn.bytes.pop_back();
  caf::anon_send(f.agent(), restore_agent{0, torn, {}, {}});
  f.run();
  REQUIRE(f.supervisor().failed.size() == 1);
  CHECK(f.supervisor().failed.front().what.find("torn") != std::string::npos);
}

TEST_CASE("agent: it is subscribed to what it handles") {
  const auto kind = make_agent_kind<summing_agent>();
  CHECK(kind.wants({}).types == std::vector<event_type>{event_type::transaction});
  option_map unknown;
  unknown["chaty"] = {{"true"}, false, "eremos.toml:3:1"};
  const auto checked = kind.check(unknown);
  REQUIRE(!checked);
  CHECK(checked.error().message ==
        "eremos.toml:3:1: unknown option \"chaty\"; did you mean \"chatty\"?");
}
