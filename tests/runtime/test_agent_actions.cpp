// What logs say that somebody did comes to agents as its type, and nothing else is sent to those
// who want nothing else.
#include <map>
#include <string>

#include <catch2/catch.hpp>

#include "runtime/policy/transfer.hpp"
#include "tests/actors/action_logs.hpp"
#include "tests/support/agent_fixture.hpp"

using namespace eremos;
using namespace eremos::test;

namespace {

struct no_options {
  static result<no_options> parse(const option_map& given) {
    option_reader read{given};
    if (auto bad = read.finish()) return *bad;
    return no_options{};
  }
};

/// Counts transfers and swaps, and knows no topic.
class action_counter final : public agent<action_counter> {
 public:
  static constexpr agent_info info{.id = "action-counter", .glyph = "a", .role = "test"};
  using options = no_options;
  action_counter(caf::actor_config& cfg, const agent_services& services, options)
      : agent(cfg, services) {}

  void on(const token_transfer& moved, const contract_event& log) {
    count(moved.token == log.emitter && !moved.quantity.is_zero() ? "transfers" : "wrong");
  }
  void on(const pool_swap& swap, const contract_event& log) {
    count(swap.pool.contract == log.emitter && event().id.log_index == log.log_index ? "swaps"
                                                                                     : "wrong");
  }
};

/// Wants every log, and of some what they say.
class log_counter final : public agent<log_counter> {
 public:
  static constexpr agent_info info{.id = "log-counter", .glyph = "l", .role = "test"};
  using options = no_options;
  log_counter(caf::actor_config& cfg, const agent_services& services, options)
      : agent(cfg, services) {}

  void on(const contract_event& log) {
    count("logs");
    if (kind_of(log.action) == action_kind::none) count("say_nothing_known");
  }
  void on(const token_transfer&, const contract_event&) { count("transfers"); }
};

contract_event at(contract_event log, std::uint64_t index) {
  log.log_index = index;
  return log;
}

test_block a_block() {
  const auto from = word_of(someone(1));
  const auto to = word_of(someone(2));
  return {
      .number = 1,
      .events = {
          at(log_of(someone(9), "Transfer(address,address,uint256)", {from, to}, {word_of(5)}), 1),
          at(log_of(someone(8), "Swap(address,uint256,uint256,uint256,uint256,address)", {from, to},
                    {word_of(10), word_of(0), word_of(0), word_of(9)}),
             2),
          // Nobody swapped: the same topic with other arguments.
          at(log_of(someone(8), "Swap(address,uint256,uint256,uint256,uint256,address)", {from},
                    {to}),
             3),
          at(log_of(someone(7), "Approval(address,address,uint256)", {from, to}, {word_of(5)}), 4),
          at(log_of(someone(7), "Unknown()", {}, {}), 5),
          at(log_of(someone(9), "Transfer(address,address,uint256)", {from, to}, {word_of(6)}), 6),
      }};
}

std::map<std::string, std::uint64_t> metrics_of(const agent_report& report) {
  return {report.metrics.begin(), report.metrics.end()};
}

}  // namespace

TEST_CASE("agent actions: each comes as its type, with its log") {
  agent_fixture<action_counter> fixture;
  fixture.feed(a_block());
  const auto report = fixture.report();
  CHECK(metrics_of(report) == std::map<std::string, std::uint64_t>{{"swaps", 1}, {"transfers", 2}});
  // Its topics were asked for, so that the approval and the unknown log were never sent.
  CHECK(report.events_handled == 4);
}

TEST_CASE("agent actions: whoever takes every log is sent every log") {
  agent_fixture<log_counter> fixture;
  fixture.feed(a_block());
  const auto report = fixture.report();
  CHECK(metrics_of(report) == std::map<std::string, std::uint64_t>{
                                  {"logs", 6}, {"say_nothing_known", 2}, {"transfers", 2}});
  CHECK(make_agent_kind<log_counter>().wants({}).topic0.empty());
}
