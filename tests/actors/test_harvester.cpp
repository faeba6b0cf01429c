// Harvester: what is a mint, and which tokens are minted in a rush.
#include "actors/agents/harvester.hpp"

#include "runtime/policy/transfer.hpp"
#include "tests/actors/detect_support.hpp"
#include "tests/support/agent_fixture.hpp"

using namespace eremos;
using namespace eremos::test;

namespace {

const auto token = someone(900);
const auto stable = someone(901);

label_view labels() {
  return std::make_shared<label_set>(
      std::vector<label>{{.chain = 1, .who = stable, .kind = "token", .name = "USDX"}});
}

enum class form { erc20, erc721, single, batch };

contract_event moved(form f, const address& emitter, const address& from, const address& to,
                     std::uint64_t index) {
  contract_event log;
  log.emitter = emitter;
  log.log_index = index;
  log.transaction_index = index;
  log.data.assign(32, 0);
  log.data.back() = 1;
  log.topics.items = {transfer_topic, word_of(from), word_of(to), hash32{}};
  log.topics.count = 3;
  if (f == form::erc721) {
    log.topics.count = 4;
    log.data.clear();
  } else if (f != form::erc20) {
    log.topics.items = {f == form::single ? transfer_single_topic : transfer_batch_topic,
                        word_of(someone(1)), word_of(from), word_of(to)};
    log.topics.count = 4;
    log.data.assign(64, 1);
  }
  return log;
}

/// Blocks 1 to 16 with ordinary transfers, then mints of `emitter` in blocks of so many.
std::vector<test_block> rush(form f, const address& emitter, std::vector<std::uint64_t> counts,
                             std::uint64_t receivers = 1'000) {
  std::vector<test_block> out;
  for (std::uint64_t n = 1; n <= 16; ++n)
    out.push_back({.number = n,
                   .events = {moved(form::erc20, someone(902), someone(5), someone(6), 0),
                              moved(form::erc20, someone(902), {}, someone(6), 1)}});
  std::uint64_t who = 0;
  for (const auto count : counts) {
    test_block b{.number = out.size() + 1};
    for (std::uint64_t i = 0; i < count; ++i, ++who)
      b.events.push_back(moved(f, emitter, {}, someone(100 + who % receivers), i));
    out.push_back(std::move(b));
  }
  return out;
}

option_map options(std::vector<std::pair<std::string, std::string>> given) {
  option_map out;
  for (auto& [key, text] : given) out[key] = option_value{.texts = {text}, .where = "t.toml:1:1"};
  return out;
}

/// Without what is only indexed.
std::vector<signal> spikes(const std::vector<test_block>& blocks, const option_map& given = {}) {
  auto out = every_way<harvester>(blocks, given, labels());
  std::erase_if(out, [](const signal& s) { return s.type == "mint_activity"; });
  return out;
}

}  // namespace

TEST_CASE("harvester: a token minted in a rush by many is a spike, of any standard") {
  for (const auto f : {form::erc20, form::erc721, form::single, form::batch}) {
    const auto out = every_way<harvester>(rush(f, token, {8, 8, 8, 8}), {}, labels());
    REQUIRE(out.size() == 1);
    CHECK(out[0].type == "mint_spike");
    CHECK(out[0].subject == to_hex(token));
    CHECK(out[0].block.number == 19);
    CHECK(out[0].details.find("mints") == "24");
    CHECK(out[0].details.find("minters") == "24");
    CHECK(out[0].evidence_total == 24);
    CHECK(out[0].blocks.size() == 3);
    CHECK(out[0].glyph == "λ");
  }
}

TEST_CASE("harvester: mints to few, of known tokens, or transfers between wallets are none") {
  CHECK(spikes(rush(form::erc721, token, {40}, 4)).empty());
  CHECK(every_way<harvester>(rush(form::erc20, stable, {40}), {}, labels()).empty());
  auto sales = rush(form::erc20, token, {});
  test_block b{.number = 17};
  for (std::uint64_t i = 0; i < 40; ++i)
    b.events.push_back(moved(form::erc20, token, someone(5), someone(100 + i), i));
  sales.push_back(std::move(b));
  CHECK(every_way<harvester>(sales, {}, labels()).empty());
}

TEST_CASE("harvester: many mints in one block are indexed, once in a while, and alarm nobody") {
  auto blocks = rush(form::erc721, token, {40, 19, 40}, 4);
  blocks.push_back({.number = 60, .time = 1'600'000'000'000 + hour_ms, .events = {}});
  for (std::uint64_t i = 0; i < 20; ++i)
    blocks.back().events.push_back(moved(form::erc721, token, {}, someone(100), i));
  const auto out = every_way<harvester>(blocks, {}, labels());
  REQUIRE(out.size() == 2);
  CHECK(out[0].type == "mint_activity");
  CHECK(out[0].level == severity::info);
  CHECK(out[0].subject == to_hex(token));
  CHECK(out[0].block.number == 17);
  CHECK(out[0].confidence == Approx(0.75));
  CHECK(out[0].details.find("mints") == "40");
  CHECK(out[0].details.find("minters") == "4");
  CHECK(out[0].evidence_total == 40);
  CHECK(out[1].block.number == 60);
  CHECK(out[1].confidence == Approx(0.5));
  // Seven of one token are nothing to index; of a known one no number is.
  CHECK(every_way<harvester>(rush(form::erc721, token, {7}), {}, labels()).empty());
  CHECK(every_way<harvester>(rush(form::erc721, stable, {40}), {}, labels()).empty());
}

TEST_CASE("harvester: a token that is minted steadily never spikes") {
  std::vector<std::uint64_t> steady(40, 3);
  steady.insert(steady.end(), {6, 6, 9});
  CHECK(every_way<harvester>(rush(form::erc721, token, steady), {}, labels()).empty());
}

TEST_CASE("harvester: mints are counted, and a spike is remembered by its token") {
  agent_fixture<harvester> f{{}, labels()};
  block_done last;
  for (const auto& b : rush(form::erc721, token, {25})) last = f.feed(b);
  REQUIRE(last.memories.size() == 2);  // the index's, then the spike's
  CHECK(last.memories[1].type == memory_type::pattern);
  CHECK(last.memories[1].key == "mint:" + to_hex(token));
  CHECK(last.memories[1].confidence == last.signals.at(1).confidence);
  f.feed({.number = 30, .events = {moved(form::erc20, stable, {}, someone(6), 1)}});
  CHECK(f.report().metrics ==
        std::vector<std::pair<std::string, std::uint64_t>>{{"mints", 42}, {"mints_of_known", 1}});
}

TEST_CASE("harvester: its numbers are options") {
  const auto blocks = rush(form::erc721, token, {8});
  CHECK(every_way<harvester>(blocks, options({{"mints_min", "8"}})).size() == 1);
  CHECK(every_way<harvester>(blocks, options({{"mints_min", "8"}, {"minters_min", "9"}})).empty());
  CHECK(every_way<harvester>(blocks, options({{"mints_min", "8"}, {"mint_z_min", "9"}})).empty());
  CHECK(every_way<harvester>(blocks, options({{"mints_min", "8"}, {"mint_history_min", "14"}}))
            .empty());
  CHECK_FALSE(harvester::options::parse(options({{"minters_min", "33"}})));
  CHECK_FALSE(harvester::options::parse(options({{"mint_blocks", "0"}})));
}
