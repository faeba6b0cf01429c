// Which wallets slept, as it follows from what providers say of old blocks: honest ones, pruned
// ones, liars.
#include <algorithm>
#include <random>

#include <catch2/catch.hpp>

#include "connectors/chain/sleep_probe.hpp"
#include "connectors/ethereum/error_class.hpp"

using namespace eremos;
using namespace std::chrono_literals;

namespace {

address someone(std::uint64_t n) {
  address out;
  for (std::size_t i = 0; i < 8; ++i)
    out.data[12 + i] = static_cast<std::uint8_t>(n >> (56 - 8 * i));
  return out;
}

/// A chain of which only what is asked is made up: when its blocks were, and when one wallet sent.
struct past {
  block_number head = 0;
  time_ms begin = 1'438'269'988'000;  // Ethereum's first block with a time
  duration_ms pace = 12 * second_ms;
  std::vector<std::pair<block_number, duration_ms>> jumps;  ///< so much later from that block on
  std::vector<block_number> sent;                           ///< sorted, the last act left out

  time_ms time(block_number n) const {
    auto out = begin + static_cast<time_ms>(n) * pace / 1'000 * 1'000;
    for (const auto& [at, by] : jumps)
      if (n >= at) out += by;
    return out;
  }
  std::uint64_t count(block_number n) const {
    return static_cast<std::uint64_t>(std::upper_bound(sent.begin(), sent.end(), n) - sent.begin());
  }
  state_read answer(const read_state& q) const {
    state_read out;
    out.number = q.what == state_question::time ? static_cast<std::uint64_t>(time(q.at.number))
                                                : count(q.at.number);
    return out;
  }
};

transaction_event moving(const address& who, std::uint64_t nonce, const wei& value = ether(2)) {
  transaction_event t;
  t.from = who;
  t.nonce = nonce;
  t.value = value;
  t.type = 2;
  return t;
}

committed_block block_of(block_number number, time_ms time, std::vector<transaction_event> sent,
                         std::vector<label> labels = {}, std::vector<fact> facts = {}) {
  committed_block out;
  out.block = {1, number, {}};
  out.time = time;
  for (auto& t : sent) out.events.emplace_back().data = std::move(t);
  out.known = shared<block_knowledge>{{shared<label_set>{label_set{std::move(labels)}},
                                       shared<fact_set>{fact_set{}.with(std::move(facts))}}};
  return out;
}

struct outcome {
  maybe<fact> found;
  std::size_t counts = 0;  ///< questions
  std::size_t times = 0;
};

/// Asks all that there is to ask.
template <class Answer>
outcome ask_all(sleep_probe& probe, const Answer& answer, time_ms& now_s) {
  outcome out;
  for (int i = 0; i < 200; ++i) {
    const auto q = probe.next(std::chrono::seconds{now_s += 1});
    if (!q) break;
    ++(q->what == state_question::time ? out.times : out.counts);
    if (auto f = probe.answered(answer(*q), std::chrono::seconds{now_s})) out.found = f;
  }
  return out;
}

constexpr std::uint64_t plenty = 6'000;

}  // namespace

TEST_CASE(
    "sleep probe: of any past it finds the very block of the last act, or that there is none") {
  std::size_t asleep = 0, most_counts = 0, most_times = 0;
  for (std::uint64_t seed = 1; seed <= 2'000; ++seed) {
    std::mt19937_64 random{seed};
    const auto below = [&](std::uint64_t n) { return random() % n; };
    past p;
    // Up to 25 million blocks, some chains of which nearly all is one silence.
    p.head = 2 + below(std::uint64_t{1} << (4 + below(21)));
    p.head = std::min<block_number>(p.head, 25'000'000);
    p.pace = 250 + static_cast<duration_ms>(below(15'000));
    for (auto n = below(4); n > 0; --n)
      p.jumps.emplace_back(1 + below(p.head), static_cast<duration_ms>(below(400)) * day_ms);
    const auto acts = 1 + below(40);
    const auto last = below(3) == 0 ? p.head - 1 : 1 + below(p.head - 1);
    for (std::uint64_t n = 1; n < acts; ++n) p.sent.push_back(1 + below(last));
    p.sent.push_back(last);
    std::sort(p.sent.begin(), p.sent.end());

    sleep_probe probe{1, plenty, ether(1)};
    probe.meet(block_of(p.head, p.time(p.head), {moving(someone(seed), acts)}));
    time_ms now = 1;
    const auto out = ask_all(
        probe, [&](const read_state& q) { return p.answer(q); }, now);
    INFO("seed " << seed << ", head " << p.head << ", last act " << last);
    const auto silent = p.time(p.head) - p.time(last);
    if (silent >= defaults::sleep_min + defaults::sleep_slack) REQUIRE(out.found);
    if (silent < defaults::sleep_min) REQUIRE_FALSE(out.found);
    const auto report = probe.report();
    CHECK(report.asleep + report.awake == 1);
    CHECK(report.asked == out.counts + out.times);
    most_counts = std::max(most_counts, out.counts);
    most_times = std::max(most_times, out.times);
    if (!out.found) continue;
    ++asleep;
    CHECK(out.found->what == fact_kind::last_act);
    CHECK(out.found->who == someone(seed));
    CHECK(out.found->number == static_cast<std::uint64_t>(p.time(last)));
    CHECK(out.found->text == "1");
    CHECK(out.found->as_of == p.head);
  }
  CHECK(asleep > 400);
  // 25 halves of 25 million blocks, the yes or no, and the steps back.
  CHECK(most_counts <= 29);
  CHECK(most_times <= 45);
}

TEST_CASE("sleep probe: who is awake costs one question once a day's block is known") {
  past p;
  p.head = 20'000'000;
  for (block_number n = 1; n < 200; ++n) p.sent.push_back(n * 100'000);
  sleep_probe probe{1, plenty, ether(1)};
  time_ms now = 1;
  std::size_t times = 0;
  for (std::uint64_t n = 0; n < 100; ++n) {
    const auto at = p.head + n;
    probe.meet(block_of(at, p.time(at), {moving(someone(n), p.sent.size())}));
    const auto out = ask_all(
        probe, [&](const read_state& q) { return p.answer(q); }, now);
    CHECK(out.counts == 1);
    times += out.times;
  }
  CHECK(probe.report().awake == 100);
  CHECK(times <= 12);
}

TEST_CASE("sleep probe: asked about is who moves much, signed for it, and is known to nobody") {
  const std::vector<label> labels{{.chain = 1, .who = someone(1), .kind = "cex", .name = "One"}};
  const std::vector<fact> facts{{.what = fact_kind::last_act, .who = someone(2), .number = 5}};
  auto failed = moving(someone(3), 7);
  failed.succeeded = false;
  auto deposit = moving(someone(4), 7);
  deposit.type = 0x7e;  // of a rollup: its sender may be a contract
  const auto meets = [&](std::vector<transaction_event> sent) {
    sleep_probe probe{1, plenty, ether(1)};
    probe.meet(block_of(9, 9'000, std::move(sent), labels, facts));
    return probe.report().waiting;
  };
  CHECK(meets({moving(someone(1), 7)}) == 0);
  CHECK(meets({moving(someone(2), 7)}) == 0);
  CHECK(meets({failed}) == 0);
  CHECK(meets({deposit}) == 0);
  CHECK(meets({moving(someone(5), 0)}) == 0);
  CHECK(meets({moving(someone(5), 7, ether(1) - wei{1})}) == 0);
  CHECK(meets({moving(someone(5), 7, ether(1))}) == 1);
  CHECK(meets({moving(someone(5), 7), moving(someone(5), 8), moving(someone(6), 1)}) == 2);
  // It was new a moment ago: what it had sent before counts.
  CHECK(meets({moving(someone(5), 0, wei{}), moving(someone(5), 1)}) == 0);

  sleep_probe probe{1, plenty, ether(1)};
  auto late_piece = block_of(9, 9'000, {moving(someone(5), 7)});
  late_piece.supplement = true;
  probe.meet(late_piece);
  CHECK(probe.report().waiting == 0);
  probe.meet(block_of(9, 9'000, {moving(someone(5), 7, wei{1})}));
  probe.meet(block_of(10, 9'001 + hour_ms, {moving(someone(5), 8)}));
  CHECK(probe.report().waiting == 0);  // seen to send before
  sleep_probe mute{1, 0, ether(1)};
  mute.meet(block_of(9, 9'000, {moving(someone(5), 7)}));
  CHECK(mute.report().waiting == 0);
  CHECK_FALSE(mute.next(1h));
}

TEST_CASE("sleep probe: it is held against what the wallet had sent before it woke") {
  past p;
  p.head = 3'000'000;
  p.sent = {1'000, 2'000};
  // A small one first, then the large one: of the same block, and of one some minutes later.
  for (const block_number later : {0u, 50u}) {
    sleep_probe probe{1, plenty, ether(1)};
    const auto small = moving(someone(1), 2, wei{1});
    const auto large = moving(someone(1), 3);
    if (later == 0) {
      probe.meet(block_of(p.head, p.time(p.head), {small, large}));
    } else {
      probe.meet(block_of(p.head - later, p.time(p.head - later), {small}));
      probe.meet(block_of(p.head, p.time(p.head), {large}));
    }
    // Once is enough.
    probe.meet(block_of(p.head + 1, p.time(p.head + 1), {moving(someone(1), 4)}));
    time_ms now = 1;
    const auto out = ask_all(
        probe, [&](const read_state& q) { return p.answer(q); }, now);
    REQUIRE(out.found);
    CHECK(out.found->number == static_cast<std::uint64_t>(p.time(2'000)));
    CHECK(out.found->as_of == p.head);
    CHECK(probe.report().waiting == 0);
  }
}

TEST_CASE("sleep probe: no state of old blocks is not known, and is not asked for again soon") {
  // As providers say it: base.blockpi.network, gnosis.blockpi.network, go-ethereum since 1.16.
  for (const auto& [code, text] : std::vector<std::pair<std::int64_t, std::string>>{
           {-32000, "missing trie node 7a8d16 (path ) state 0x7a8d is not available"},
           {-32002, "No state available for block 36600 (0x985a2c)"},
           {-32000, "historical state 5ab2c1 is not available"},
           {-32601, "the method eth_getTransactionCount does not exist/is not available"}}) {
    past p;
    p.head = 3'000'000;
    p.sent = {1'000};
    sleep_probe probe{1, plenty, ether(1)};
    probe.meet(block_of(p.head, p.time(p.head), {moving(someone(1), 1), moving(someone(2), 1)}));
    auto now = 1s;
    auto q = probe.next(now);
    for (; q && q->what == state_question::time; q = probe.next(now += 1s))
      CHECK_FALSE(probe.answered(p.answer(*q), now));
    REQUIRE(q);
    const auto why =
        classify_rpc_error({.code = code, .message = text, .data = {}}, "eth_getTransactionCount");
    INFO(text);
    CHECK(probe.failed(why, now));
    CHECK(probe.report().unknown == 1);
    CHECK(probe.report().asleep == 0);
    CHECK_FALSE(probe.next(now + 59min));
    CHECK(probe.next(now + 61min));
  }
}

TEST_CASE("sleep probe: a provider that is away is asked again, and not for ever") {
  past p;
  p.head = 3'000'000;
  p.sent = {1'000};
  sleep_probe probe{1, plenty, ether(1)};
  probe.meet(block_of(p.head, p.time(p.head), {moving(someone(1), 1)}));
  std::chrono::nanoseconds now = 1s;
  for (std::size_t i = 0; i < defaults::fact_tries_max; ++i) {
    REQUIRE(probe.next(now));
    CHECK_FALSE(probe.failed({errc::provider_timeout, "no"}, now));
    CHECK_FALSE(probe.next(now + 1s));
    now += defaults::fact_pause;
  }
  CHECK_FALSE(probe.next(now));
  CHECK(probe.report().unknown == 1);
}

TEST_CASE("sleep probe: answers that contradict the chain or each other make no sleeper") {
  past p;
  p.head = 3'000'000;
  p.sent = {1'000, 400'000};
  const auto lies = [&](auto&& lie) {
    sleep_probe probe{1, plenty, ether(1)};
    probe.meet(block_of(p.head, p.time(p.head), {moving(someone(1), 2)}));
    time_ms now = 1;
    std::size_t counts = 0;
    const auto out = ask_all(
        probe,
        [&](const read_state& q) {
          auto said = p.answer(q);
          if (q.what == state_question::nonce) ++counts;
          lie(q, counts, said.number);
          return said;
        },
        now);
    CHECK_FALSE(out.found);
    CHECK(probe.report().asleep == 0);
    return probe.report().contradicted;
  };
  const auto is_count = [](const read_state& q) { return q.what == state_question::nonce; };
  // More than it had sent when it moved: half a year ago, and further back.
  CHECK(lies([&](const auto& q, auto, auto& n) { n += is_count(q) ? 1 : 0; }) == 1);
  CHECK(lies([&](const auto& q, auto nth, auto& n) { n = is_count(q) && nth == 3 ? 3 : n; }) == 1);
  // Fewer than in an earlier block.
  CHECK(lies([&](const auto& q, auto nth, auto& n) {
          if (is_count(q) && nth > 3 && n < 2) n = 0;
          if (is_count(q) && nth == 3 && n < 2) n = 1;
        }) <= 1);
  std::uint64_t least = 2;
  CHECK(lies([&](const auto& q, auto, auto& n) {
          if (!is_count(q) || n == 2) return;
          n = least == 2 ? 1 : 0;
          least = n;
        }) == 1);
  // Times that go back, that are none, that are later than the block's in which it moved, and a
  // last act that was not half a year ago.
  const auto is_time = [](const read_state& q) { return q.what == state_question::time; };
  CHECK(lies([&](const auto& q, auto, auto& n) { n = is_time(q) ? 20'000'000'000'000 - n : n; }) ==
        1);
  CHECK(lies([&](const auto& q, auto, auto& n) { n = is_time(q) ? 0 : n; }) == 1);
  CHECK(lies([&](const auto& q, auto, auto& n) { n = is_time(q) ? ~std::uint64_t{0} : n; }) == 1);
  CHECK(lies([&](const auto& q, auto nth, auto& n) {
          if (is_time(q) && nth > 1) n = static_cast<std::uint64_t>(p.time(p.head) - day_ms);
        }) == 1);
  // Providers that a quorum asks, and that differ.
  sleep_probe probe{1, plenty, ether(1)};
  probe.meet(block_of(p.head, p.time(p.head), {moving(someone(1), 2)}));
  REQUIRE(probe.next(1s));
  CHECK_FALSE(probe.failed({errc::answer_wrong, "providers contradict each other"}, 1s));
  CHECK(probe.report().contradicted == 1);
  CHECK_FALSE(probe.next(2s));
}

TEST_CASE("sleep probe: whatever liars say, it ends, and says no more than it was told") {
  for (std::uint64_t seed = 1; seed <= 500; ++seed) {
    std::mt19937_64 random{seed};
    past p;
    p.head = 10'000'000;
    p.sent = {1'000, 400'000};
    sleep_probe probe{1, plenty, ether(1)};
    for (std::uint64_t n = 0; n < 3; ++n)
      probe.meet(block_of(p.head + n, p.time(p.head + n), {moving(someone(n), 2)}));
    INFO("seed " << seed);
    std::chrono::nanoseconds now = 1s;
    for (int i = 0; i < 1'000; ++i) {
      const auto q = probe.next(now += 2min);
      if (!q) break;
      auto said = p.answer(*q);
      if (random() % 8 == 0) said.number = random() >> (random() % 64);
      const auto found = probe.answered(said, now);
      if (found)
        CHECK(found->number + static_cast<std::uint64_t>(defaults::sleep_min) <=
              static_cast<std::uint64_t>(p.time(p.head + 2)));
    }
    const auto r = probe.report();
    CHECK(r.waiting == 0);
    CHECK(r.asleep + r.awake + r.unknown + r.contradicted + r.late == 3);
    CHECK(r.asked <= 3 * (defaults::sleep_questions_max + 64));
  }
}

TEST_CASE("sleep probe: how many agree is the fewest that agreed on any answer") {
  past p;
  p.head = 3'000'000;
  p.sent = {1'000};
  sleep_probe probe{1, plenty, ether(1)};
  probe.meet(block_of(p.head, p.time(p.head), {moving(someone(1), 1)}));
  time_ms now = 1;
  std::uint64_t asked = 0;
  const auto out = ask_all(
      probe,
      [&](const read_state& q) {
        auto said = p.answer(q);
        said.said_by = ++asked == 5 ? 2 : 3;
        return said;
      },
      now);
  REQUIRE(out.found);
  CHECK(out.found->text == "2");
}

TEST_CASE("sleep probe: on a chain younger than half a year nobody slept, and one question tells") {
  past p;
  p.head = 100'000;
  p.sent = {10};
  sleep_probe probe{1, plenty, ether(1)};
  time_ms now = 1;
  for (std::uint64_t n = 0; n < 5; ++n)
    probe.meet(block_of(p.head + n, p.time(p.head + n), {moving(someone(n), 1)}));
  const auto out = ask_all(
      probe, [&](const read_state& q) { return p.answer(q); }, now);
  CHECK(out.counts == 0);
  CHECK(out.times <= 10);
  CHECK(probe.report().awake == 5);
}

TEST_CASE("sleep probe: what was sent before the chain's first block is not known") {
  past p;
  p.head = 3'000'000;
  p.sent = {0, 0};
  sleep_probe probe{1, plenty, ether(1)};
  probe.meet(block_of(p.head, p.time(p.head), {moving(someone(1), 2)}));
  time_ms now = 1;
  CHECK_FALSE(ask_all(
                  probe, [&](const read_state& q) { return p.answer(q); }, now)
                  .found);
  CHECK(probe.report().unknown == 1);
}

TEST_CASE("sleep probe: who moved most is asked about first, and what waits is bounded") {
  past p;
  p.head = 3'000'000;
  sleep_probe probe{1, plenty, ether(1)};
  std::uint64_t met = 0;
  for (block_number b = 0; b < 20; ++b) {
    std::vector<transaction_event> sent;
    for (int i = 0; i < 100; ++i, ++met)
      sent.push_back(moving(someone(met), 1, ether(1) + wei{(met * 7'919) % 2'000}));
    probe.meet(block_of(p.head + b, p.time(p.head + b), std::move(sent)));
    REQUIRE(probe.report().waiting <= defaults::sleep_waiting_max);
  }
  CHECK(probe.report().dropped + probe.report().waiting == met);
  std::chrono::nanoseconds now = 1s;
  maybe<read_state> q;
  while ((q = probe.next(now += 1s)) && q->what == state_question::time)
    probe.answered(p.answer(*q), now);
  REQUIRE(q);
  // 7,919 is a unit modulo 2,000: some wallet moved 1,999 wei over an ether.
  std::uint64_t richest = 0;
  while ((richest * 7'919) % 2'000 != 1'999) ++richest;
  CHECK(q->who == someone(richest));
  // What nobody could ask about within the hour is no news.
  probe.answered(state_read{}, now);
  const auto waiting = probe.report().waiting;
  probe.meet(block_of(p.head + 400, p.time(p.head + 400), {}));
  CHECK_FALSE(probe.next(now + 1min));
  CHECK(probe.report().late == waiting);
}

TEST_CASE("sleep probe: no more is asked in a minute than it may, but for what it had saved") {
  for (const std::uint64_t per_minute : {1u, 10u, 600u}) {
    sleep_probe probe{1, per_minute, ether(1)};
    past p;
    p.head = 3'000'000;
    std::uint64_t asked = 0, met = 0;
    for (std::chrono::nanoseconds now = 1h; now <= 1h + 5min; now += 100ms) {
      for (int i = 0; i < 3; ++i, ++met)
        probe.meet(block_of(p.head + met, p.time(p.head), {moving(someone(met), 1)}));
      while (const auto q = probe.next(now)) {
        ++asked;
        probe.answered(p.answer(*q), now);
      }
    }
    CHECK(asked <= 5 * per_minute + static_cast<std::uint64_t>(defaults::sleep_credit_max) + 1);
    CHECK(asked >= 5 * per_minute - 1);
  }
}

TEST_CASE("sleep probe: a revert takes back what was asked because of its blocks") {
  past p;
  p.head = 3'000'000;
  p.sent = {1'000};
  const auto at = [&](block_number n) { return p.time(n); };
  sleep_probe probe{1, plenty, ether(1)};
  probe.meet(block_of(p.head, at(p.head), {moving(someone(1), 1)}));
  probe.meet(block_of(p.head + 1, at(p.head + 1), {moving(someone(2), 1, ether(9))}));
  time_ms now = 1;
  const auto q = probe.next(std::chrono::seconds{++now});
  REQUIRE(q);
  probe.revert(p.head);
  CHECK(probe.report().reverted == 1);
  CHECK(probe.report().waiting == 1);
  CHECK_FALSE(probe.next(std::chrono::seconds{++now}));  // the answer is still to come
  CHECK_FALSE(probe.answered(p.answer(*q), std::chrono::seconds{++now}));
  const auto first = ask_all(
      probe, [&](const read_state& x) { return p.answer(x); }, now);
  REQUIRE(first.found);
  CHECK(first.found->who == someone(1));
  // It moves on the other branch as well, and is no stranger to be forgotten.
  probe.meet(block_of(p.head + 1, at(p.head + 1), {moving(someone(2), 1, ether(9))}));
  const auto again = ask_all(
      probe, [&](const read_state& x) { return p.answer(x); }, now);
  REQUIRE(again.found);
  CHECK(again.found->who == someone(2));
  CHECK(again.found->as_of == p.head + 1);

  // Seen before the block that goes, and asked about because of it: as it waits, or after it.
  for (const bool is_answered : {false, true}) {
    sleep_probe other{1, plenty, ether(1)};
    other.meet(block_of(p.head, at(p.head), {moving(someone(3), 1, wei{1})}));
    other.meet(block_of(p.head + 1, at(p.head + 1), {moving(someone(3), 2)}));
    const auto answer = [&](const read_state& x) { return p.answer(x); };
    if (is_answered) REQUIRE(ask_all(other, answer, now).found);
    other.revert(p.head);
    if (is_answered) other.forget(someone(3));  // as its fact went
    CHECK_FALSE(ask_all(other, answer, now).found);
    other.meet(block_of(p.head + 1, at(p.head + 1), {moving(someone(3), 2)}));
    CHECK(ask_all(other, answer, now).found);
  }
}
