// The event type that withdrawal.patch adds, on its whole way: from a provider's JSON to an event
// with an id, to who observes it, to a rule, to the events file. Compiles only where the patch is
// applied: see add_event_type.py.
#include <fmt/format.h>
#include <simdjson.h>
#include <caf/binary_deserializer.hpp>
#include <caf/binary_serializer.hpp>

#include "actors/rules/text_rule.hpp"
#include "connectors/chain/block_events.hpp"
#include "connectors/chain/recorded_core.hpp"
#include "connectors/ethereum/block_pieces.hpp"
#include "connectors/ethereum/decode_block.hpp"
#include "runtime/config/node_config.hpp"
#include "runtime/state_codec.hpp"
#include "runtime/storage/event_json.hpp"
#include "tests/actors/detect_support.hpp"
#include "tests/support/agent_fixture.hpp"

using namespace eremos;
using namespace eremos::test;

namespace {

withdrawal_event paid_out(std::uint64_t index, std::uint64_t to, wei amount) {
  withdrawal_event out;
  out.index = index;
  out.validator_index = 1'000 + index;
  out.account = someone(to);
  out.amount = amount;
  return out;
}

/// Two withdrawals as a provider tells them (execution-apis, schema Withdrawal).
std::string block_json(const std::string& transactions = "[]") {
  return fmt::format(
      R"({{"number":"0x10","hash":"{}","parentHash":"{}","timestamp":"0x64","transactions":{},)"
      R"("withdrawals":[{{"index":"0x7","validatorIndex":"0x3ef","address":"{}","amount":"0x1"}},)"
      R"({{"index":"0x8","validatorIndex":"0x3f0","address":"{}","amount":"0x773594000"}}]}})",
      to_hex(some_hash(16)), to_hex(some_hash(15)), transactions, to_hex(someone(1)),
      to_hex(someone(2)));
}

result<block_record> decoded(const std::string& text) {
  json_parser parser;
  return decode_block(parser, {.chain = 1}, text);
}

/// Says who was paid, and how much; those of a block in their order.
template <class Self>
class payout_clerk : public agent<Self> {
 public:
  struct options {
    static result<options> parse(const option_map& given) {
      option_reader read{given};
      if (auto bad = read.finish()) return *bad;
      return options{};
    }
  };

  payout_clerk(caf::actor_config& cfg, const agent_services& services, options)
      : agent<Self>(cfg, services) {}

  void on(const withdrawal_event& paid) {
    const auto& e = this->event();
    signal_draft told{.type = "paid_out",
                      .subject = to_hex(paid.account),
                      .anchor = e.id,
                      .evidence = {e.id},
                      .details = {}};
    told.details.set("amount", paid.amount);
    told_.at(e.commit).push_back(std::move(told));
  }
  void on(const block_complete& whole) {
    auto& told = told_.take(whole.commit);
    std::sort(told.begin(), told.end(),
              [](const auto& a, const auto& b) { return a.anchor < b.anchor; });
    for (auto& one : told) this->emit(std::move(one));
  }

 private:
  per_block<std::vector<signal_draft>> told_;
};

class any_payout final : public payout_clerk<any_payout> {
 public:
  static constexpr agent_info info{.id = "any-payout", .glyph = "P", .role = "test"};
  using payout_clerk::payout_clerk;
};

class payout_of_two final : public payout_clerk<payout_of_two> {
 public:
  static constexpr agent_info info{.id = "payout-of-two", .glyph = "2", .role = "test"};
  using payout_clerk::payout_clerk;
  static subscription wants(const options&) {
    subscription out;
    out.addresses = {someone(2)};
    return out;
  }
};

class pays_itself final : public agent<pays_itself> {
 public:
  static constexpr agent_info info{.id = "pays-itself", .glyph = "0", .role = "test"};
  using options = any_payout::options;
  pays_itself(caf::actor_config& cfg, const agent_services& services, options)
      : agent(cfg, services) {}
  void on(const transaction_event&) {}
};

const std::vector<test_block> three_blocks{
    {.number = 1, .events = {paid_out(7, 1, gwei(1)), paid_out(8, 2, ether(32))}},
    {.number = 2, .events = {transaction_event{}}},
    {.number = 3, .events = {paid_out(9, 2, gwei(3)), paid_out(10, 3, gwei(4))}}};

blockchain_event judged(withdrawal_event paid, const label_set& labels = {}) {
  blockchain_event e;
  e.id = id_of(1, some_hash(16), paid);
  e.data = std::move(paid);
  e.source = "ethereum";
  e.number = 16;
  e.sequence = 3;
  e.event_time = 100'000;
  classify(e, labels, builtin_chain_policy(1));
  return e;
}

}  // namespace

TEST_CASE("withdrawal: a provider's block becomes events, after its logs, in wei") {
  auto record = decoded(block_json());
  REQUIRE(record);
  const auto block = to_committed(*record, {contract_event{}},
                                  {.source = "ethereum", .commit = 5, .time = *record->time});
  REQUIRE(block.events.size() == 4);
  CHECK(block.events[1].type() == event_type::contract_event);
  const auto& second = block.events[3];
  CHECK(second.type() == event_type::withdrawal);
  CHECK(std::get<withdrawal_event>(second.data.base()) == paid_out(8, 2, ether(32)));
  CHECK(second.commit == 5);
  CHECK(second.event_time == 100'000);
}

TEST_CASE("withdrawal: what is not one is named, and blocks from before Shanghai have none") {
  CHECK(decoded(R"({"number":"0x1","hash":"0x)" + std::string(64, '1') + R"(","parentHash":"0x)" +
                std::string(64, '2') + R"(","timestamp":"0x1","transactions":[]})")
            ->withdrawals.empty());
  auto text = block_json();
  const std::string_view amount = R"("amount":"0x1")";
  text.replace(text.find(amount), amount.size(), R"("amount":"much")");
  CHECK(decoded(text).error().message == "block: withdrawals[0].amount: not a quantity");
  text.replace(text.find(R"("amount":"much")"), 15, R"("sum":"0x1")");
  CHECK(decoded(text).error().message == "block: withdrawals[0]: not a whole withdrawal");
}

TEST_CASE("withdrawal: pieces of a recorded block bring it once") {
  const auto whole = decoded(block_json());
  REQUIRE(whole);
  block_record head;
  head.chain = 1;
  head.header = whole->header;
  head.has_header = true;
  recorded_core core{1};
  CHECK(core.on_record(head).fresh.withdrawals.empty());
  const auto late = core.on_record(*whole);
  CHECK(late.commit);
  CHECK(late.fresh.withdrawals.size() == 2);
  CHECK_FALSE(core.on_record(*whole).commit);
  REQUIRE(merge_piece(head, block_record{*whole}));
  CHECK(head.withdrawals.size() == 2);
}

TEST_CASE("withdrawal: its id follows from content, reads back, and survives a snapshot") {
  const auto id = id_of(1, some_hash(16), paid_out(8, 2, ether(32)));
  CHECK(to_string(id) == "withdrawal:1:" + to_hex(some_hash(16)) + ":8");
  REQUIRE(parse_event_id(to_string(id)));
  CHECK(*parse_event_id(to_string(id)) == id);
  CHECK_FALSE(parse_event_id("withdrawal:1:0x12:8"));
  CHECK(*parse_event_type("withdrawal") == event_type::withdrawal);
  state_writer out;
  out.id(id);
  const auto bytes = std::move(out).take();
  state_reader in{bytes};
  CHECK(in.id() == id);
  CHECK(in.finish());
}

TEST_CASE("withdrawal: ranked by whom it pays and by its amount") {
  const label_set labels{{{.chain = 1, .who = someone(2), .kind = "cex", .name = "Exchange"}}};
  CHECK(judged(paid_out(1, 1, gwei(19'000'000)), labels).rank == priority::low);
  CHECK(judged(paid_out(1, 2, gwei(19'000'000)), labels).rank == priority::high);
  CHECK(judged(paid_out(1, 1, ether(1'001)), labels).rank == priority::high);
  CHECK(judged(paid_out(1, 1, gwei(1))).on == lane::low);
}

TEST_CASE("withdrawal: sent to who observes the type or the address, in every order") {
  const auto all = every_way<any_payout>(three_blocks);
  REQUIRE(all.size() == 4);
  const auto some = every_way<payout_of_two>(three_blocks);
  REQUIRE(some.size() == 2);
  for (const auto& s : some) CHECK(s.subject == to_hex(someone(2)));
  CHECK(some[0].details.find("amount") == "\"32000000000000000000\"");
  agent_fixture<pays_itself> other;
  CHECK(other.feed(three_blocks[0]).events_handled == 0);
  CHECK(other.feed(three_blocks[1]).events_handled == 1);
}

TEST_CASE("withdrawal: a rule of a configuration looks at it") {
  const auto read = parse_config(R"([rules.exit]
[rules.exit.when]
type = "withdrawal"
where = ["amount >= 32 ether", "validator_index = 1008", "address.label != cex"]
[rules.exit.then]
signal = "validator_exit"
)",
                                 "e.toml", {});
  REQUIRE(read.errors.empty());
  const auto found = every_way<text_rule>(three_blocks, read.config.rules.at("exit").options);
  REQUIRE(found.size() == 1);
  CHECK(found[0].type == "validator_exit");
  CHECK(found[0].subject == to_hex(someone(2)));
}

TEST_CASE("withdrawal: as JSON, every field under its name") {
  const auto e = judged(paid_out(8, 2, ether(32)));
  const auto text = to_json(e);
  INFO(text);
  simdjson::dom::parser parser;
  const simdjson::dom::element json = parser.parse(simdjson::padded_string{text});
  CHECK(std::string_view{json["type"]} == "withdrawal");
  REQUIRE(parse_event_id(std::string_view{json["id"]}));
  CHECK(*parse_event_id(std::string_view{json["id"]}) == e.id);
  const auto data = json["data"];
  withdrawal_event back;
  back.index = std::uint64_t{data["index"]};
  back.validator_index = std::uint64_t{data["validator_index"]};
  back.account = *parse_address(std::string_view{data["address"]});
  back.amount = *parse_uint256(std::string_view{data["amount"]});
  CHECK(back == std::get<withdrawal_event>(e.data.base()));
}

TEST_CASE("withdrawal: survives CAF's serialisers inside an event") {
  caf::actor_system_config config;
  add_message_types(config);
  caf::actor_system system{config};
  auto e = judged(paid_out(8, 2, ether(32)));
  std::vector<char> buffer;
  caf::binary_serializer sink{system, buffer};
  REQUIRE(!sink(e));
  caf::binary_deserializer source{system, buffer};
  blockchain_event back;
  REQUIRE(!source(back));
  CHECK(back == e);
}
