// What signals say of tokens: labels win, and what a contract says of itself is named so.
#include "actors/agents/token_names.hpp"

#include "actors/agents/poison_watcher.hpp"
#include "actors/node/explain.hpp"
#include "tests/actors/action_logs.hpp"
#include "tests/support/agent_fixture.hpp"

using namespace eremos;
using namespace eremos::test;

namespace {

const auto stable = someone(900);
const auto stranger = someone(901);
const auto router = someone(902);

fact named(const address& who, const std::string& text) {
  return {.what = fact_kind::symbol, .who = who, .text = text};
}
fact units(const address& who, std::uint64_t number) {
  return {.what = fact_kind::decimals, .who = who, .number = number};
}

shared<block_knowledge> knowing(const std::vector<fact>& facts) {
  return shared<block_knowledge>{
      {shared<label_set>{
           label_set{{{.chain = 1, .who = stable, .kind = "token", .name = "USDX", .decimals = 6},
                      {.chain = 1, .who = router, .kind = "dex", .name = "Router"}}}},
       shared<fact_set>{fact_set{}.with(facts)}}};
}

detail_map told(const address& token, const std::vector<fact>& facts) {
  token_names names{1};
  detail_map out;
  names.tell(out, "token", token, knowing(facts));
  names.tell_amount(out, "gain", uint256{1'500'000}, token, knowing(facts));
  return out;
}

}  // namespace

TEST_CASE("token names: labels win over what a contract says") {
  const auto out = told(stable, {named(stable, "LIE"), units(stable, 0)});
  CHECK(out.find("token_name") == "\"USDX\"");
  CHECK(out.find("gain_in_tokens") == "\"1.5\"");
  CHECK(out.find("token_calls_itself").empty());
  // What is no token has no decimals, whatever it answers.
  CHECK(told(router, {units(router, 2)}).find("gain_in_tokens").empty());
}

TEST_CASE("token names: of others what they call themselves, made fit to be shown") {
  const auto out = told(stranger, {named(stranger, "COIN"), units(stranger, 4)});
  CHECK(out.find("token_calls_itself") == "\"COIN\"");
  CHECK(out.find("token_name").empty());
  CHECK(out.find("token_imitates").empty());
  CHECK(out.find("gain_in_tokens") == "\"150\"");
  CHECK(told(stranger, {}).items.empty());
  CHECK(told(stranger, {units(stranger, 77)}).find("gain_in_tokens") == "\"0\"");
  const auto shown = told(stranger, {named(stranger, "A\n\x1b[2J\xFF")});
  const auto nasty = shown.find("token_calls_itself");
  REQUIRE_FALSE(nasty.empty());
  CHECK(nasty.find('\n') == std::string_view::npos);
  CHECK(nasty.find('\x1b') == std::string_view::npos);
}

TEST_CASE("token names: one that looks like a labelled token's is said to imitate it") {
  for (const auto* lie : {"USDX", "usdx",
                          "US\xE2\x80\x8B"
                          "DX",
                          "\xEF\xBC\xB5SDX", "USD\xD0\xA5"})
    CHECK(told(stranger, {named(stranger, lie)}).find("token_imitates") == "\"USDX\"");
  CHECK(told(stranger, {named(stranger, "USDY")}).find("token_imitates").empty());
}

TEST_CASE(
    "poison watcher: a counterfeit says whom it calls itself, and the signal stays the same") {
  const auto victim = someone(7);
  const auto paid = *parse_address("0x1aD94812a595bF57326E568712684DA9D28A8020");
  const auto alike = *parse_address("0x1ad3ae9d47ffceeec12592390d0fe5cc6b6a8020");
  const auto labels = std::make_shared<label_set>(std::vector<label>{
      {.chain = 1, .who = stable, .kind = "token", .name = "USDX", .decimals = 6}});
  const auto run = [&](bool with_facts) {
    agent_fixture<poison_watcher> f{{}, labels};
    if (with_facts) f.know({named(stranger, "USDX"), units(stranger, 6)});
    f.feed({.number = 1,
            .events = {at(transfer_log(stable, victim, paid, uint256{5'000'000}), 1, 1)}});
    f.feed({.number = 2,
            .events = {at(transfer_log(stranger, victim, alike, uint256{5'000'000}), 1, 1)}});
    return f.signals();
  };
  const auto plain = run(false);
  const auto known = run(true);
  REQUIRE(plain.size() == 1);
  REQUIRE(known.size() == 1);
  CHECK(known[0].id == plain[0].id);
  CHECK(known[0].confidence == plain[0].confidence);
  CHECK(known[0].details.find("kind") == "\"counterfeit\"");
  CHECK(known[0].details.find("token_imitates") == "\"USDX\"");
  CHECK(plain[0].details.find("token_imitates").empty());
  CHECK(plain_words(known[0]).find("calls itself USDX and is not USDX") != std::string::npos);
  CHECK(plain_words(plain[0]).find("calls itself") == std::string::npos);
}
