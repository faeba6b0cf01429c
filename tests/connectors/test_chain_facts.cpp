// What CHAIN asks of contracts, what it makes of the answers, and which block they go with.
#include <catch2/catch.hpp>

#include "connectors/chain/fact_book.hpp"
#include "connectors/chain/fact_desk.hpp"
#include "connectors/mock/evm_words.hpp"
#include "messages/keccak.hpp"
#include "runtime/caf_error.hpp"
#include "runtime/policy/transfer.hpp"
#include "tests/connectors/chain_stage.hpp"

using namespace eremos;
using namespace eremos::test;
using namespace std::chrono_literals;

namespace {

address token(std::uint64_t n) {
  address out;
  for (std::size_t i = 0; i < 8; ++i)
    out.data[12 + i] = static_cast<std::uint8_t>(n >> (56 - 8 * i));
  out.data[0] = 0x77;
  return out;
}

state_read whole(byte_vector bytes) {
  const auto size = bytes.size();
  return {std::move(bytes), size};
}

state_read number(const uint256& x) { return whole(abi_data({abi_word(x)})); }
state_read text(std::string_view x) { return whole(abi_text(x)); }

/// As a connector hands on an answer of any length.
state_read cut(byte_vector bytes) {
  const auto size = bytes.size();
  bytes.resize(std::min(bytes.size(), defaults::state_bytes_max));
  return {std::move(bytes), size};
}

token_answer symbol_of(const state_read& x) { return read_answer(fact_kind::symbol, x); }
token_answer decimals_of(const state_read& x) { return read_answer(fact_kind::decimals, x); }

contract_event transfer_of(const address& emitter, std::size_t topics = 3) {
  contract_event log;
  log.emitter = emitter;
  log.topics.count = static_cast<std::uint8_t>(topics);
  log.topics.items[0] = transfer_topic;
  return log;
}

event_list events_with(const std::vector<contract_event>& logs) {
  event_list out;
  for (const auto& log : logs) out.emplace_back().data = log;
  return out;
}

block_knowledge knowing(std::vector<label> labels = {}, std::vector<fact> facts = {}) {
  return {shared<label_set>{label_set{std::move(labels)}},
          shared<fact_set>{fact_set{}.with(std::move(facts))}};
}

}  // namespace

// --- answers

TEST_CASE("token answers: decimals are one word of at most 77") {
  CHECK(decimals_of(number(uint256{18})).number == 18);
  CHECK(decimals_of(number(uint256{})).verdict == answer_verdict::fact);
  CHECK(decimals_of(number(uint256{77})).verdict == answer_verdict::fact);
  for (const auto& liar :
       {number(uint256{78}), number(uint256{255}), number(uint256{} - uint256{1}),
        whole(byte_vector(31, 0)), whole(byte_vector(64, 0)), text("18")})
    CHECK(decimals_of(liar).verdict == answer_verdict::wrong);
}

TEST_CASE("token answers: an account without code answers nothing, and that is no fault") {
  CHECK(decimals_of(whole({})).verdict == answer_verdict::nothing);
  CHECK(symbol_of(whole({})).verdict == answer_verdict::nothing);
  CHECK(symbol_of(text("")).verdict == answer_verdict::nothing);
  CHECK(symbol_of(text(std::string(5, '\0'))).verdict == answer_verdict::nothing);
}

TEST_CASE("token answers: a symbol is a string, or the 32 bytes that older tokens return") {
  CHECK(symbol_of(text("USDC")).text == "USDC");
  CHECK(symbol_of(text("USD\xE2\x82\xAE")).text == "USD\xE2\x82\xAE");
  byte_vector old(32, 0);
  std::copy_n("MKR", 3, old.begin());
  CHECK(symbol_of(whole(old)).text == "MKR");
  CHECK(symbol_of(whole(byte_vector(32, 0))).verdict == answer_verdict::nothing);
  CHECK(symbol_of(whole(byte_vector(32, 'x'))).text.size() == 32);
}

TEST_CASE("token answers: a long symbol is cut between characters") {
  const auto exact = symbol_of(text(std::string(symbol_bytes_max, 'a')));
  CHECK_FALSE(exact.is_cut);
  CHECK(exact.text.size() == symbol_bytes_max);
  const auto longer = symbol_of(text(std::string(symbol_bytes_max + 1, 'a')));
  CHECK(longer.is_cut);
  CHECK(longer.text == std::string(symbol_bytes_max, 'a'));
  for (std::size_t before = symbol_bytes_max - 4; before <= symbol_bytes_max; ++before) {
    const std::string begin(before, 'a');
    const auto found = symbol_of(text(begin + "\xF0\x9F\x92\xB0 and more of it"));
    CHECK(found.is_cut);
    CHECK(found.text == (before == symbol_bytes_max - 4 ? begin + "\xF0\x9F\x92\xB0" : begin));
  }
  const auto huge = symbol_of(cut(abi_text(std::string(10'000'000, 'z'))));
  CHECK(huge.is_cut);
  CHECK(huge.text == std::string(symbol_bytes_max, 'z'));
}

TEST_CASE("token answers: what is no encoding of a string is wrong") {
  const auto words = [](std::initializer_list<uint256> numbers) {
    byte_vector out;
    for (const auto& n : numbers)
      for (const auto b : abi_word(n).data) out.push_back(b);
    return whole(out);
  };
  const uint256 most = uint256{} - uint256{1};
  for (const auto& bad :
       {words({uint256{32}, uint256{33}, uint256{}}), words({most, uint256{4}, uint256{}}),
        words({uint256{32}, most, uint256{}}), words({uint256{96}, uint256{4}, uint256{}}),
        words({uint256{65}, uint256{4}, uint256{}}), words({uint256{32}, uint256{64}}),
        whole(byte_vector(5, 1)), whole(byte_vector(33, 0xFF))})
    CHECK(symbol_of(bad).verdict == answer_verdict::wrong);
  // Behind what was kept of it: its length is not known.
  auto far = abi_data({abi_word(uint256{defaults::state_bytes_max})});
  far.resize(2 * defaults::state_bytes_max, 1);
  CHECK(symbol_of(cut(far)).verdict == answer_verdict::wrong);
}

TEST_CASE("token answers: the calls are those of EIP-20") {
  CHECK(token_call(fact_kind::decimals) == abi_call("decimals()", {}));
  CHECK(token_call(fact_kind::symbol) == abi_call("symbol()", {}));
  CHECK(*asked_by(abi_call("symbol()", {})) == fact_kind::symbol);
  CHECK_FALSE(asked_by(abi_call("totalSupply()", {})));
  CHECK_FALSE(asked_by(byte_vector{}));
}

// --- the desk

TEST_CASE("fact desk: tokens that neither labels nor facts know are asked, those met most first") {
  fact_desk desk{6'000};
  const auto known = knowing({{.chain = 1, .who = token(1), .kind = "token", .name = "ONE"}},
                             {{.what = fact_kind::symbol, .who = token(2), .text = "TWO"}});
  contract_event other = transfer_of(token(9));
  other.topics.items[0] = abi_word(uint256{1});
  desk.meet(events_with({transfer_of(token(1)), transfer_of(token(2)), transfer_of(token(3)),
                         transfer_of(token(3)), transfer_of(token(4)), other, transfer_of(token(3)),
                         transfer_of(token(5), 4)}),
            1, known);
  CHECK(desk.waiting() == 3);
  std::vector<std::pair<std::uint8_t, fact_kind>> order;
  for (auto now = 1s; order.size() < 5; now += 1s) {
    const auto q = desk.next(now);
    REQUIRE(q);
    CHECK_FALSE(desk.next(now));  // one at a time
    order.emplace_back(q->who.data[19], q->what);
    desk.answered(*q, q->what == fact_kind::decimals ? number(uint256{6}) : text("X"), 7);
  }
  using kind = fact_kind;
  // Of items nothing but the symbol: they are counted in whole ones.
  CHECK(order == std::vector<std::pair<std::uint8_t, kind>>{{3, kind::decimals},
                                                            {3, kind::symbol},
                                                            {5, kind::symbol},
                                                            {4, kind::decimals},
                                                            {4, kind::symbol}});
  CHECK_FALSE(desk.next(1h));
  CHECK(desk.counts().asked == 5);
  CHECK(desk.counts().answered == 5);
  desk.meet(events_with({transfer_of(token(3))}), 1, known);
  CHECK(desk.waiting() == 0);  // asked once
  desk.forget(token(3));
  desk.meet(events_with({transfer_of(token(3))}), 1, known);
  CHECK(desk.waiting() == 1);
}

TEST_CASE("fact desk: no more is asked in a minute than it may, and nothing with none") {
  const auto known = knowing();
  std::vector<contract_event> logs;
  for (std::uint64_t n = 0; n < 500; ++n) logs.push_back(transfer_of(token(n)));
  for (const std::uint64_t per_minute : {1u, 30u, 600u}) {
    fact_desk desk{per_minute};
    desk.meet(events_with(logs), 1, known);
    std::uint64_t asked = 0;
    for (std::chrono::nanoseconds now = 1h; now <= 1h + 5min; now += 100ms)
      while (const auto q = desk.next(now)) {
        ++asked;
        desk.answered(*q, whole({}), 1);
      }
    // And a sixth of a minute's worth saved up.
    const auto most = 5 * per_minute + std::max<std::uint64_t>(1, per_minute / 6) + 1;
    CHECK(asked <= most);
    CHECK(asked >= std::min<std::uint64_t>(1'000, 5 * per_minute - 1));
    CHECK(desk.counts().refused == asked);
  }
  fact_desk mute{0};
  mute.meet(events_with(logs), 1, known);
  CHECK_FALSE(mute.next(1h));
  CHECK_FALSE(mute.asks());
}

TEST_CASE("fact desk: what waits is bounded, and those met least go") {
  fact_desk desk{6'000};
  const auto known = knowing();
  for (int i = 0; i < 3; ++i) desk.meet(events_with({transfer_of(token(1))}), 1, known);
  for (std::uint64_t n = 2; n < 5'000; ++n) {
    desk.meet(events_with({transfer_of(token(n))}), 1, known);
    REQUIRE(desk.waiting() <= defaults::facts_waiting_max);
  }
  CHECK(desk.counts().dropped + desk.waiting() == 4'999);
  CHECK(desk.next(1s)->who == token(1));
}

TEST_CASE(
    "fact desk: a question without an answer is asked again after a pause, and not for ever") {
  fact_desk desk{6'000};
  desk.meet(events_with({transfer_of(token(1), 4)}), 1, knowing());
  std::chrono::nanoseconds now = 1s;
  for (std::size_t i = 1; i <= defaults::fact_tries_max; ++i) {
    const auto q = desk.next(now);
    REQUIRE(q);
    CHECK(q->tries == i);
    desk.failed(*q, {errc::provider_timeout, "no"}, now);
    CHECK_FALSE(desk.next(now + 1s));
    now += defaults::fact_pause;
  }
  CHECK_FALSE(desk.next(now));
  CHECK(desk.counts().failed == 1);
  CHECK(desk.counts().asked == defaults::fact_tries_max);
  desk.meet(events_with({transfer_of(token(1), 4)}), 1, knowing());
  CHECK(desk.waiting() == 0);
}

TEST_CASE("fact desk: a contract that refuses is not asked again, and nobody pauses for it") {
  fact_desk desk{6'000};
  desk.meet(events_with({transfer_of(token(1))}), 1, knowing());
  const auto q = desk.next(1s);
  desk.failed(*q, {errc::call_reverted, "execution reverted"}, 1s);
  const auto other = desk.next(2s);
  REQUIRE(other);
  CHECK(other->what == fact_kind::symbol);
  desk.answered(*other, whole(byte_vector(5, 1)), 1);
  CHECK(desk.counts().refused == 1);
  CHECK(desk.counts().wrong == 1);
  CHECK_FALSE(desk.next(1h));
}

// --- the book

namespace {

fact answer(std::uint64_t n, block_number as_of) {
  return {.what = fact_kind::symbol, .who = token(n), .text = std::to_string(n), .as_of = as_of};
}

std::vector<std::string> texts(const std::vector<fact>& rows) {
  std::vector<std::string> out;
  for (const auto& f : rows) out.push_back(f.text);
  return out;
}

using list = std::vector<std::string>;

}  // namespace

TEST_CASE("fact book: an answer goes with the next block, whatever came first") {
  fact_book book;
  CHECK(book.commit(1, true).empty());
  const auto before = book.now();
  book.add(answer(8, 1));
  book.add(answer(3, 1));
  const auto learned = book.commit(2, true);
  CHECK(texts(learned) == list{"3", "8"});
  CHECK(learned[0].from == 2);
  CHECK(learned[1].order == 2);
  CHECK(before->size() == 0);  // of the block before nothing changes
  CHECK(book.now()->size() == 2);
  const auto same = book.now();
  CHECK(book.commit(3, true).empty());
  CHECK(book.now().get() == same.get());
  book.add(answer(3, 3));
  CHECK(book.commit(4, true).empty());  // it is known
}

TEST_CASE(
    "fact book: a fact is gone with the block it was asked at, and comes again without its own") {
  fact_book book;
  for (block_number n = 1; n <= 5; ++n) book.commit(n, true);
  book.add(answer(1, 4));
  book.add(answer(2, 5));
  book.commit(6, true);
  book.add(answer(3, 6));
  const auto gone = book.revert(4);
  CHECK(texts(gone) == list{"3", "2"});
  CHECK(book.now()->size() == 0);
  CHECK(texts(book.commit(5, true)) == list{"1"});
  CHECK(book.revert(4).empty());
  CHECK(texts(book.commit(5, true)) == list{"1"});
  CHECK(texts(book.revert(3)) == list{"1"});
  CHECK(book.commit(4, true).empty());
}

TEST_CASE("fact book: blocks that come again bring what they brought, and nothing later") {
  chain_restart restart;
  fact_book first;
  for (block_number n = 1; n <= 9; ++n) {
    first.add(answer(n, n));
    const auto learned = first.commit(n, true);
    restart.facts.insert(restart.facts.end(), learned.begin(), learned.end());
  }
  restart.cursor = block_ref{1, 9, {}};
  restart.resume_after = block_ref{1, 6, {}};
  fact_book second;
  second.resume(restart);
  CHECK(second.now()->rows() == first.now()->up_to(6).rows());
  second.add(answer(50, 9));
  for (block_number n = 7; n <= 9; ++n) {
    const auto learned = second.commit(n, true);
    REQUIRE(learned.size() == 1);
    CHECK(learned[0] == restart.facts[n - 1]);
  }
  CHECK(second.now()->rows() == first.now()->rows());
  CHECK(texts(second.commit(10, true)) == list{"50"});
  // The same within a process; and taken back while they are coming again.
  second.rewind(4);
  CHECK(texts(second.commit(5, true)) == list{"5"});
  CHECK(texts(second.revert(5)) == list{"6", "7", "8", "9", "50"});
  CHECK(second.commit(6, true).empty());
}

TEST_CASE("fact book: what waits between two blocks of a recording is bounded") {
  fact_book book;
  for (std::uint64_t n = 0; n < fact_book::waiting_max; ++n) CHECK(book.add(answer(n, 1)));
  CHECK_FALSE(book.add(answer(9'999, 1)));
  // Blocks of a recording may come in any order.
  CHECK(book.commit(7, false).size() == fact_book::waiting_max);
  book.add(answer(9'999, 7));
  CHECK(book.commit(3, false).size() == 1);
}

// --- CHAIN

namespace {

hash32 hash_of(block_number n, std::uint64_t branch = 0) {
  return keccak256(std::to_string(n) + " of " + std::to_string(branch));
}

/// A provider whose every block has one transfer of token(its number), and from 106 on another one.
struct provider {
  std::uint64_t branch = 0;
  std::vector<read_state> asked;
  maybe<failure> fails;

  shared<block_record> block(block_number n) const {
    block_record r;
    r.chain = 1;
    r.has_header = r.has_transactions = r.has_receipts = true;
    r.header.number = n;
    r.header.hash = hash_of(n, branch);
    r.header.parent_hash = n > 100 ? hash_of(n - 1, n - 1 > 102 ? branch : 0) : hash_of(n - 1);
    if (n <= 102) r.header.hash = hash_of(n);
    r.header.timestamp = static_cast<time_ms>(n) * second_ms;
    receipt_record receipt;
    receipt.logs.push_back(transfer_of(token(n)));
    if (n >= 106) receipt.logs.push_back(transfer_of(token(103)));
    for (std::size_t i = 0; i < receipt.logs.size(); ++i) receipt.logs[i].log_index = i;
    r.receipts.push_back(receipt);
    return shared<block_record>{std::move(r)};
  }
  caf::result<state_read> answer(const read_state& what) {
    asked.push_back(what);
    if (fails) return to_caf(*fails);
    if (*asked_by(what.input) == fact_kind::decimals) return number(uint256{6});
    return text("T" + std::to_string(what.who.data[19]));
  }
};

struct fixture : chain_stage {
  provider source;
  std::vector<committed_block> blocks;

  explicit fixture(chain_config config) {
    config.labels = std::make_shared<const label_set>();
    begin(std::move(config));
  }
  caf::result<shared<block_record>> fetch(const fetch_block& what) override {
    return source.block(what.number);
  }
  caf::result<state_read> read(const read_state& what) override { return source.answer(what); }
  void heard(const committed_block& b) override { blocks.push_back(b); }

  void head(block_number n) {
    scheduler->advance_time(60s);
    tell(head_seen{1, n, source.block(n)->header.hash, source.block(n)->header.parent_hash, 7});
    scheduler->run();
  }
  fact_report counts() { return report().facts; }
  const fact_set& known(std::size_t i) const { return *(*blocks.at(i).known)->facts; }
};

}  // namespace

TEST_CASE("CHAIN: a token met in a block is asked at that block, and known from the next one on") {
  fixture f{{.first_block = block_number{100}, .facts_per_minute = 60}};
  f.head(100);
  REQUIRE(f.source.asked.size() == 2);
  CHECK(f.source.asked[0].at == block_ref{1, 100, hash_of(100)});
  CHECK(f.source.asked[0].who == token(100));
  f.head(101);
  f.head(102);
  REQUIRE(f.blocks.size() == 3);
  CHECK(f.known(0).size() == 0);
  CHECK(f.blocks[1].learned.size() == 2);
  CHECK(f.known(1).find(fact_kind::decimals, token(100))->number == 6);
  CHECK(f.known(1).find(fact_kind::symbol, token(100))->text == "T100");
  CHECK(f.known(2).size() == 4);
  CHECK(f.source.asked.size() == 6);
  const auto counts = f.counts();
  CHECK(counts.asked == 6);
  CHECK(counts.answered == 6);
  CHECK(counts.known == 4);  // the last two go with the next block
}

TEST_CASE("CHAIN: contracts are asked nothing while it catches up, nor without a budget") {
  fixture f{{.first_block = block_number{100}, .facts_per_minute = 600}};
  f.head(110);
  REQUIRE(f.blocks.size() == 11);
  // The last two blocks were not behind, and of all before them no token is even met.
  CHECK(f.source.asked.size() == 6);
  for (const auto& q : f.source.asked) {
    CHECK(q.at.number >= 109);
    CHECK((q.who == token(109) || q.who == token(110) || q.who == token(103)));
  }
  fixture mute{{.first_block = block_number{100}}};
  mute.head(100);
  mute.head(101);
  CHECK(mute.source.asked.empty());
  CHECK(mute.blocks[1].known);
}

TEST_CASE("CHAIN: a reorg takes what was asked at its blocks, and it is asked again") {
  fixture f{{.first_block = block_number{100}, .facts_per_minute = 600}};
  for (block_number n = 100; n <= 104; ++n) f.head(n);
  CHECK(f.known(4).find(fact_kind::symbol, token(103)) != nullptr);
  f.source.branch = 1;
  f.source.asked.clear();
  f.head(105);
  REQUIRE(f.blocks.size() == 8);
  REQUIRE(f.blocks[5].block == block_ref{1, 103, hash_of(103, 1)});
  // Asked at 102, brought by 103: it comes again with the other 103.
  CHECK(f.known(5).find(fact_kind::symbol, token(102)) != nullptr);
  CHECK(f.known(5).find(fact_kind::symbol, token(103)) == nullptr);
  CHECK(texts(f.blocks[5].learned) == list{"", "T102"});
  CHECK(f.counts().reverted == 4);
  CHECK(f.source.asked.front().at.hash == hash_of(104, 1));
  // It is met again.
  f.head(106);
  CHECK((*f.blocks.back().known)->facts->find(fact_kind::symbol, token(103)) == nullptr);
  f.head(107);
  const auto* again = (*f.blocks.back().known)->facts->find(fact_kind::symbol, token(103));
  REQUIRE(again != nullptr);
  CHECK(again->as_of == 106);
}

TEST_CASE("CHAIN: a provider without answers costs some questions, and no block") {
  fixture f{{.first_block = block_number{100}, .facts_per_minute = 6'000}};
  f.source.fails = failure{errc::provider_refused, "not in your plan"};
  for (block_number n = 100; n <= 120; ++n) f.head(n);
  CHECK(f.blocks.size() == 21);
  const auto counts = f.counts();
  CHECK(counts.asked <= 22);
  CHECK(counts.answered == 0);
  CHECK(counts.waiting > 0);
  CHECK(counts.known == 0);
}

TEST_CASE("CHAIN: stored facts are back after a restart, and of those nothing is asked") {
  chain_restart restart;
  restart.facts = {{.what = fact_kind::symbol,
                    .who = token(101),
                    .text = "OLD",
                    .as_of = 99,
                    .from = 100,
                    .order = 1},
                   {.what = fact_kind::symbol,
                    .who = token(50),
                    .text = "LATER",
                    .as_of = 101,
                    .from = 102,
                    .order = 2}};
  for (block_number n = 90; n <= 102; ++n) restart.ledger.push_back({1, n, hash_of(n)});
  restart.first_block = 90;
  restart.cursor = block_ref{1, 102, hash_of(102)};
  restart.resume_after = block_ref{1, 100, hash_of(100)};
  fixture f{{.restart = restart, .facts_per_minute = 600}};
  f.head(103);
  REQUIRE(f.blocks.size() == 3);
  CHECK(f.blocks[0].block.number == 101);
  CHECK(f.known(0).find(fact_kind::symbol, token(101))->text == "OLD");
  CHECK(f.known(0).find(fact_kind::symbol, token(50)) == nullptr);
  CHECK(f.known(1).find(fact_kind::symbol, token(50))->text == "LATER");
  CHECK(f.blocks[1].learned == std::vector<fact>{restart.facts[1]});
  for (const auto& q : f.source.asked) CHECK(q.who != token(101));
}

TEST_CASE("CHAIN: recorded answers go with the next recorded block, and nothing is asked") {
  fixture f{{.style = connector_style::recorded}};
  f.tell(block_recorded{f.source.block(100)});
  f.tell(state_recorded{1, token(7), token_call(fact_kind::symbol), text("SEVEN")});
  f.tell(state_recorded{1, token(7), token_call(fact_kind::decimals), {}});
  f.tell(state_recorded{1, token(8), token_call(fact_kind::decimals), number(uint256{99})});
  f.tell(block_recorded{f.source.block(101)});
  REQUIRE(f.blocks.size() == 2);
  CHECK(f.known(0).size() == 0);
  REQUIRE(f.known(1).size() == 1);
  const auto* said = f.known(1).find(fact_kind::symbol, token(7));
  REQUIRE(said != nullptr);
  CHECK(said->text == "SEVEN");
  CHECK(said->as_of == 100);
  CHECK(f.source.asked.empty());
  const auto counts = f.counts();
  CHECK(counts.refused == 1);
  CHECK(counts.wrong == 1);
}
