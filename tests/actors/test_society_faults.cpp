// What one agent does wrong changes nothing of what the others conclude, and nobody goes on for
// ever.
#include <future>

#include "actors/rules/text_rule.hpp"
#include "tests/actors/society.hpp"

using namespace eremos;
using namespace eremos::test;

namespace {

/// Does all that an agent should not: throws, concludes without end, and talks to itself.
class nuisance final : public agent<nuisance> {
 public:
  static constexpr agent_info info{.id = "nuisance", .glyph = "N", .role = "test"};
  using options = no_options;
  nuisance(caf::actor_config& cfg, const agent_services& services, options)
      : agent(cfg, services) {}
  void on(const transaction_event& t) {
    if (t.value == wei{3}) throw std::runtime_error("three");
  }
  void on(const block_complete&) {
    for (std::size_t i = 0; i < 2 * defaults::emissions_per_block_max; ++i)
      emit({.type = "archival",
            .subject = std::to_string(i),
            .anchor = block_id(chain(), block()),
            .evidence = {},
            .blocks = {},
            .details = {}});
    send("nuisance", {.topic = "me", .schema = "", .blocks = {}, .details = {}});
  }
  void on(const agent_message& m) {
    send("nuisance", {.topic = m.topic, .schema = "", .blocks = {}, .details = {}});
  }
};

/// Does not come back from its first block until it is let go.
class hanging final : public agent<hanging> {
 public:
  static constexpr agent_info info{.id = "hanging", .glyph = "H", .role = "test"};
  using options = no_options;
  inline static std::shared_future<void> let_go;
  hanging(caf::actor_config& cfg, const agent_services& services, options) : agent(cfg, services) {}
  void on(const transaction_event&) { let_go.wait(); }
};

}  // namespace

TEST_CASE(
    "rounds: an agent that throws, floods and talks to itself changes nothing for the others") {
  const auto conclusions = [](bool with_nuisance) {
    auto kinds = talkers();
    if (with_nuisance) kinds.push_back(make_agent_kind<nuisance>());
    society s{std::move(kinds)};
    for (block_number n = 1; n <= 6; ++n) s.commit(n, n);
    CHECK(s.notes->results.size() == 6);
    auto out = s.signals();
    if (with_nuisance) {
      CHECK(std::count_if(out.begin(), out.end(), [](const std::string& text) {
              return text.find("nuisance flood") != std::string::npos;
            }) == 6);
      CHECK(std::count_if(out.begin(), out.end(), [](const std::string& text) {
              return text.find("nuisance archival") != std::string::npos;
            }) == 6 * static_cast<std::ptrdiff_t>(defaults::emissions_per_block_max));
    }
    std::erase_if(
        out, [](const std::string& text) { return text.find(" nuisance ") != std::string::npos; });
    return out;
  };
  const auto alone = conclusions(false);
  CHECK_FALSE(alone.empty());
  CHECK(conclusions(true) == alone);
}

TEST_CASE("rounds: an agent that never comes back is left behind and changes nothing for others") {
  society calm{talkers()};
  for (block_number n = 1; n <= 6; ++n) calm.commit(n, n);

  std::promise<void> let_go;
  hanging::let_go = let_go.get_future().share();
  {
    auto kinds = talkers();
    kinds.push_back(make_agent_kind<hanging>());
    society s{std::move(kinds), {}, 2, std::chrono::milliseconds{200}};
    s.notes->awaited = 6;
    auto there = s.notes->there.get_future();
    for (block_number n = 1; n <= 6; ++n) s.commit(n, n);
    const auto in_time = there.wait_for(std::chrono::seconds{60});
    let_go.set_value();
    REQUIRE(in_time == std::future_status::ready);
    CHECK(s.signals() == calm.signals());
    for (const auto& r : s.notes->results) CHECK(r.absent == std::vector<std::string>{"hanging"});
  }
}

TEST_CASE("rounds: two rules of the configuration that answer each other come to an end") {
  const auto rule = [](std::string when, std::string then) {
    option_map out;
    const auto set = [&](const char* key, std::string text) {
      out[key] = option_value{
          .texts = {std::move(text)}, .is_list = false, .where = "r.toml:1:1", .places = {}};
    };
    set("when.type", "signal");
    set("when.subject", "type");
    set("then.signal", std::move(then));
    set("cooldown", "1ms");
    out["when.where"] = option_value{.texts = {"type == \"" + when + "\""},
                                     .is_list = true,
                                     .where = "r.toml:1:1",
                                     .places = {}};
    return out;
  };
  society s{{make_agent_kind<asking>(), make_agent_kind<listener>(), make_agent_kind<text_rule>(),
             make_agent_kind<text_rule>(), make_agent_kind<text_rule>()},
            {{},
             {},
             {"begin", rule("rapid_transaction_sequence", "ping")},
             {"to", rule("ping", "pong")},
             {"fro", rule("pong", "ping")}}};
  for (block_number n = 1; n <= 3; ++n) s.commit(n, n);
  REQUIRE(s.notes->results.size() == 3);  // blocks go on
  std::size_t answers = 0;
  for (const auto& r : s.notes->results)
    for (const auto& sig : r.signals) {
      CHECK(sig.path.size() <= defaults::hops_max);
      answers += sig.type == "ping" || sig.type == "pong" ? 1 : 0;
    }
  CHECK(answers >= 6);   // each block's question begins it …
  CHECK(answers <= 15);  // … and nobody answers what came from itself
}
