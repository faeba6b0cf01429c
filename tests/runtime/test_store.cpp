// The store: what a block leaves behind, what the same block again changes (nothing), what a revert
// takes back.
#include "test_store_blocks.hpp"

using namespace eremos;
using namespace eremos::test;

TEST_CASE("store: a signal comes back as it was stored, but for its time of emission") {
  store_fixture f;
  auto block = block_at(10);
  block.signals = {signal_of("0xabc", {ref_at(9), ref_at(10)})};
  const auto outcome = f.write(block);
  CHECK(outcome.signals_new == 1);
  REQUIRE(outcome.changed.size() == 1);
  CHECK(outcome.changed[0].emitted_at == wall_time);
  const auto back = f.stored(block.signals[0]);
  CHECK(back == block.signals[0]);
  CHECK(back.emitted_at == wall_time);
}

TEST_CASE("store: evidence of a signal is kept, other events are not") {
  store_fixture f;
  auto block = block_at(10, 0, 0, 5);
  block.signals = {signal_of("0xabc", {ref_at(10)})};
  f.write(block);
  CHECK(f.rows("evidence") == 1);
  const auto event = f.db->evidence(block.signals[0].evidence[0]);
  REQUIRE(event);
  REQUIRE(event->has_value());
  CHECK((*event)->find(to_string(block.signals[0].evidence[0])) != std::string::npos);
}

TEST_CASE("store: the same block again doubles nothing and announces nothing") {
  store_fixture f;
  auto block = block_at(10);
  block.signals = {signal_of("0xabc", {ref_at(10)})};
  block.memories = {memory_of("k", ref_at(10))};
  agent_message to_b{.from = "a", .to = "b", .topic = "alert"};
  agent_message to_c{.from = "a", .to = "c", .topic = "alert"};
  block.messages = {to_b, to_c};
  block.wallets = {{wallet_at(1), {false, ether(1)}, 2}};
  CHECK(f.write(block).fresh);
  f.write(block_at(11));
  f.reopen();
  const auto again = f.write(block);
  CHECK_FALSE(again.fresh);
  CHECK(again.changed.empty());
  CHECK(again.signals_known == 1);
  CHECK(f.rows("signals") == 1);
  CHECK(f.rows("memories") == 1);
  CHECK(f.rows("messages") == 2);
  CHECK(f.rows("ledger") == 2);
  CHECK(f.facts(11, {wallet_at(1)})[0].transactions == 2);
  CHECK(f.cursor() == ref_at(11));  // not moved back
}

TEST_CASE("store: a later revision replaces a signal, an earlier or equal one is known") {
  store_fixture f;
  auto first = block_at(10);
  first.signals = {signal_of("0xabc", {ref_at(10)})};
  f.write(first);
  auto second = block_at(11);
  second.signals = {signal_of("0xabc", {ref_at(10), ref_at(11)}, 2)};
  const auto revised = f.write(second);
  REQUIRE(revised.changed.size() == 1);
  CHECK(revised.changed[0].revision == 2);
  CHECK(revised.signals_new == 0);
  CHECK(f.stored(first.signals[0]) == second.signals[0]);
  CHECK(f.write(first).signals_known == 1);
  CHECK(f.write(second).signals_known == 1);
  CHECK(f.stored(first.signals[0]) == second.signals[0]);
}

TEST_CASE("store: a revert retracts what rests on the block, under its revision plus one") {
  store_fixture f;
  f.write(block_at(10));
  auto block = block_at(11);
  block.signals = {signal_of("0xabc", {ref_at(10), ref_at(11)}), signal_of("0xdef", {ref_at(10)})};
  block.memories = {memory_of("k", ref_at(11)), memory_of("l", ref_at(10))};
  block.snapshots = {snapshot_of("a", ref_at(11))};
  block.wallets = {{wallet_at(1), {false, ether(1)}, 1}};
  f.write(block);
  const auto outcome = f.revert({test_chain, ref_at(10), {ref_at(11)}});
  REQUIRE(outcome.changed.size() == 1);
  CHECK(outcome.changed[0].subject == "0xabc");
  CHECK(outcome.changed[0].status == signal_status::retracted);
  CHECK(outcome.changed[0].revision == 2);
  CHECK(f.stored(block.signals[0]).status == signal_status::retracted);
  CHECK(f.stored(block.signals[1]).status == signal_status::active);
  const auto memories = f.db->memories({.status = signal_status::retracted});
  REQUIRE(memories);
  REQUIRE(memories->size() == 1);
  CHECK((*memories)[0].key == "k");
  CHECK(f.rows("snapshots") == 0);
  CHECK(f.facts(11, {wallet_at(1)}).empty());
  CHECK(f.cursor() == ref_at(10));
  CHECK(outcome.reverted == std::vector{ref_at(11)});
  const auto ledger = f.db->ledger(test_chain, 10);
  REQUIRE(ledger);
  CHECK((*ledger)[0].reverted);
  CHECK_FALSE((*ledger)[1].reverted);
}

TEST_CASE("store: what a revert retracted is active again when its block returns") {
  store_fixture f;
  f.write(block_at(10));
  auto block = block_at(11);
  block.signals = {signal_of("0xabc", {ref_at(11)})};
  block.memories = {memory_of("k", ref_at(11))};
  block.wallets = {{wallet_at(1), {false, ether(1)}, 1}};
  f.write(block);
  f.revert({test_chain, ref_at(10), {ref_at(11)}});
  CHECK(f.memories_of(signal_status::active) == 0);
  const auto outcome = f.write(block);
  CHECK(outcome.fresh);
  REQUIRE(outcome.changed.size() == 1);
  CHECK(outcome.changed[0].status == signal_status::active);
  CHECK(outcome.changed[0].revision == 3);
  CHECK(f.memories_of(signal_status::active) == 1);
  CHECK(f.facts(11, {wallet_at(1)}).size() == 1);
  CHECK(f.cursor() == ref_at(11));
}

TEST_CASE("store: a revert of a revision's block brings the revision before it back") {
  store_fixture f;
  auto first = block_at(10);
  first.signals = {signal_of("0xabc", {ref_at(10)})};
  f.write(first);
  auto second = block_at(11);
  second.signals = {signal_of("0xabc", {ref_at(10), ref_at(11)}, 2)};
  second.signals[0].evidence_total = 2;
  f.write(second);
  const auto outcome = f.revert({test_chain, ref_at(10), {ref_at(11)}});
  REQUIRE(outcome.changed.size() == 1);
  auto expected = first.signals[0];
  expected.revision = 3;
  CHECK(outcome.changed[0] == expected);
  CHECK(f.stored(expected) == expected);
  // The agent, back at its first revision, counts on from there.
  auto other = block_at(11, 1);
  other.signals = {signal_of("0xabc", {ref_at(10), ref_at(11, 1)}, 2)};
  const auto revised = f.write(other);
  REQUIRE(revised.changed.size() == 1);
  CHECK(revised.changed[0].revision == 4);
  // With the first block gone as well nothing stands.
  const auto all = f.revert({test_chain, ref_at(9), {ref_at(11, 1), ref_at(10)}});
  REQUIRE(all.changed.size() == 1);
  CHECK(all.changed[0].status == signal_status::retracted);
  CHECK(all.changed[0].revision == 5);
}

TEST_CASE("store: what rests on a block taken back is taken in as retracted, unannounced") {
  store_fixture f;
  f.write(block_at(10));
  f.write(block_at(11));
  f.revert({test_chain, ref_at(10), {ref_at(11)}});
  auto block = block_at(11, 1);
  block.signals = {signal_of("0xabc", {ref_at(11), ref_at(11, 1)})};
  block.memories = {memory_of("k", ref_at(11))};
  CHECK(f.write(block).changed.empty());
  CHECK(f.stored(block.signals[0]).status == signal_status::retracted);
  CHECK(f.memories_of(signal_status::active) == 0);
}

TEST_CASE("store: a retraction by the agent itself stays when a restart handles old blocks again") {
  store_fixture f;
  auto first = block_at(10);
  first.signals = {signal_of("0xabc", {ref_at(10)})};
  f.write(first);
  auto second = block_at(11);
  second.signals = {signal_of("0xabc", {ref_at(10), ref_at(11)}, 2)};
  second.signals[0].status = signal_status::retracted;
  f.write(second);
  CHECK(f.write(first).signals_known == 1);
  CHECK(f.stored(first.signals[0]).status == signal_status::retracted);
  CHECK(f.stored(first.signals[0]).revision == 2);
}

TEST_CASE("store: a block that was never stored can be reverted, and leaves the cursor alone") {
  store_fixture f;
  f.write(block_at(10));
  const auto outcome = f.revert({test_chain, ref_at(12), {ref_at(13)}});
  CHECK(outcome.reverted.empty());
  CHECK(f.cursor() == ref_at(10));
}

TEST_CASE("store: after a restart, a block on a stored parent replaces the fork stored above it") {
  store_fixture f;
  for (block_number n = 10; n <= 13; ++n) {
    auto block = block_at(n);
    block.wallets = {{wallet_at(1), {false, ether(1)}, 1}};
    if (n == 12) block.signals = {signal_of("0xabc", {ref_at(12)})};
    f.write(block);
  }
  f.reopen();
  f.write(block_at(10));
  f.write(block_at(11));
  const auto outcome = f.write(block_at(12, 1));
  CHECK(outcome.reverted == std::vector{ref_at(13), ref_at(12)});
  REQUIRE(outcome.changed.size() == 1);
  CHECK(outcome.changed[0].status == signal_status::retracted);
  CHECK(f.cursor() == ref_at(12, 1));
  CHECK(f.facts(99, {wallet_at(1)})[0].transactions == 2);
}

TEST_CASE("store: a supplement moves no cursor, adds to the wallets once and counts no block") {
  store_fixture f;
  auto block = block_at(10);
  block.wallets = {{wallet_at(1), {false, ether(1)}, 1}};
  f.write(block);
  f.write(block_at(11));
  auto late = block_at(10, 0, 0, 4);
  late.supplement = true;
  late.wallets = {{wallet_at(1), {true, ether(3)}, 1}};
  CHECK(f.write(late).fresh);
  CHECK_FALSE(f.write(late).fresh);
  CHECK(f.cursor() == ref_at(11));
  const auto facts = f.facts(11, {wallet_at(1)});
  REQUIRE(facts.size() == 1);
  CHECK(facts[0].transactions == 2);
  CHECK(facts[0].balance_change == int256{true, ether(2)});
  CHECK(facts[0].active_blocks == 1);
}

TEST_CASE("store: a block whose piece came first is taken in all the same") {
  store_fixture f;
  auto early = block_at(10, 0, 0, 4);
  early.supplement = true;
  CHECK(f.write(early).fresh);
  CHECK(f.write(block_at(10)).fresh);
  CHECK_FALSE(f.write(block_at(10)).fresh);
  CHECK(f.cursor() == ref_at(10));
}

TEST_CASE("store: a rolled back transaction leaves nothing") {
  store_fixture f;
  auto block = block_at(10);
  block.signals = {signal_of("0xabc", {ref_at(10)})};
  REQUIRE(f.db->begin());
  REQUIRE(f.db->write(block));
  f.db->rollback();
  CHECK(f.rows("signals") == 0);
  CHECK_FALSE(f.restart().cursor.has_value());
}

TEST_CASE("store: queries filter, newest first, at most the limit") {
  store_fixture f;
  for (block_number n = 1; n <= 9; ++n) {
    auto block = block_at(n);
    block.signals = {signal_of(fmt::format("0x{}", n), {ref_at(n)})};
    block.signals[0].confidence = static_cast<double>(n) / 10;
    if (n % 2 == 0) block.signals[0].agent = "other";
    block.memories = {memory_of(n % 3 == 0 ? "third" : fmt::format("{}", n), ref_at(n))};
    f.write(block);
  }
  const auto subjects = [&](const signal_query& want) {
    std::string out;
    const auto found = f.db->signals(want);
    REQUIRE(found);
    for (const auto& s : *found) out += s.subject.substr(2);
    return out;
  };
  CHECK(subjects({}) == "987654321");
  CHECK(subjects({.limit = 2}) == "98");
  CHECK(subjects({.agent = std::string{"other"}}) == "8642");
  CHECK(subjects({.since = time_at(7)}) == "987");
  CHECK(subjects({.min_confidence = 0.8}) == "98");
  CHECK(subjects({.min_severity = severity::info}) == "987654321");
  CHECK(subjects({.min_severity = severity::critical}).empty());
  CHECK(subjects({.subject = std::string{"0x4"}}) == "4");
  CHECK(subjects({.chain = chain_id{2}}).empty());
  CHECK(subjects({.status = signal_status::retracted}).empty());
  CHECK(subjects({.type = std::string{"flood"}, .limit = 1}) == "9");
  CHECK(subjects({.type = std::string{"none"}}).empty());
  const auto count = [&](const memory_query& want) {
    const auto found = f.db->memories(want);
    REQUIRE(found);
    return found->size();
  };
  const auto third = f.db->memories({.tags = {"alpha", "third"}});
  REQUIRE(third);
  REQUIRE(third->size() == 3);
  CHECK((*third)[0] == memory_of("third", ref_at(9)));
  CHECK(count({.tags = {"third", "unheard"}}) == 0);
  CHECK(count({.type = memory_type::anomaly}) == 0);
  CHECK(count({.min_confidence = 0.5, .limit = 4}) == 4);
  CHECK(count({.subject = (*third)[0].key}) == 3);
  CHECK(count({.subject = std::string{"hird"}}) == 0);
}

TEST_CASE("store: poison events and meta values come back") {
  store_fixture f;
  const poison_noted bad{"agent", transaction_in(ref_at(3), 1).id, "std::out_of_range"};
  REQUIRE(f.db->note_poison(bad));
  REQUIRE(f.db->note_poison(bad));
  REQUIRE(f.db->set_meta(meta_last_report, "{}"));
  f.reopen();
  const auto all = f.db->poison();
  REQUIRE(all);
  REQUIRE(all->size() == 1);
  CHECK((*all)[0].event == bad.event);
  CHECK((*all)[0].agent == bad.agent);
  CHECK(*f.db->meta(meta_last_report) == maybe<std::string>{std::string{"{}"}});
  CHECK_FALSE(f.db->meta("nothing")->has_value());
}

TEST_CASE("store: every kind of event id is read back from its text") {
  const auto block = hash_at(5);
  block_event head;
  head.hash = block;
  contract_event log;
  log.log_index = 12;
  wallet_activity_event wallet;
  wallet.account = wallet_at(9);
  mempool_event pending;
  pending.hash = hash_at(6);
  pending.state = mempool_state::replaced;
  for (const auto& id : {id_of(7, head), transaction_in(ref_at(5), 1).id, id_of(7, block, log),
                         id_of(137, pending), id_of(7, block, wallet)}) {
    const auto back = parse_event_id(to_string(id));
    REQUIRE(back);
    CHECK(*back == id);
  }
  for (const auto* text : {"", "tx", "tx:1:0x12", "log:1:0x", "mempool:1:x:seen", "wallet::"})
    CHECK_FALSE(parse_event_id(text));
}

TEST_CASE("store: retention keeps the newest rows") {
  store_fixture f;
  for (block_number n = 1; n <= 5; ++n) {
    auto block = block_at(n);
    block.messages = {agent_message{.from = "a"}, agent_message{.from = "b"}};
    f.write(block);
  }
  REQUIRE(f.db->apply({.messages = 3, .evidence = 1, .ledger = 1}));
  CHECK(f.rows("messages") == 3);
  CHECK(f.rows("ledger") == 5);  // never under what a restart asks for
}

TEST_CASE("store: a reader works beside an open transaction and sees only what is committed") {
  store_fixture f;
  auto block = block_at(10);
  block.signals = {signal_of("0xabc", {ref_at(10)})};
  f.write(block);
  REQUIRE(f.db->begin());
  auto next = block_at(11);
  next.signals = {signal_of("0xdef", {ref_at(11)})};
  REQUIRE(f.db->write(next));
  auto reader = open_sqlite_reader(f.folder.store_path());
  REQUIRE(reader);
  CHECK((*reader)->signals({})->size() == 1);
  REQUIRE(f.db->commit());
  CHECK((*reader)->signals({})->size() == 2);
}
