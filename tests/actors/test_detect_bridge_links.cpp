// How flows of two chains are joined: ids, likeness, doubt, time, reverts and bounds.
#include "actors/detect/bridge_links.hpp"

#include <limits>

#include <catch2/catch.hpp>

#include "tests/actors/bridge_logs.hpp"

using namespace eremos;
using namespace eremos::test;
using detect::bridge_finding;
using detect::bridge_flow;
using detect::bridge_links;
using kind = bridge_finding::kind;

namespace {

constexpr time_ms noon = 1'700'000'000'000;
constexpr time_ms forever = std::numeric_limits<time_ms>::max();

struct told {
  kind what;
  event_id deposit;
  event_id withdrawal;
  double confidence;
  friend bool operator==(const told&, const told&) = default;
  friend auto operator<=>(const told&, const told&) = default;
};

std::vector<told> short_of(const std::vector<bridge_finding>& found) {
  std::vector<told> out;
  for (const auto& f : found)
    out.push_back({f.what, f.link.deposit.event, f.link.withdrawal.event, f.confidence});
  return out;
}

std::vector<bridge_finding> joined(const std::vector<bridge_flow>& flows,
                                   detect::bridge_limits limits = {}) {
  bridge_links links{limits};
  for (const auto& f : flows) links.add(f);
  return links.advance(forever);
}

std::size_t transfers(const std::vector<bridge_finding>& found) {
  return static_cast<std::size_t>(std::count_if(
      found.begin(), found.end(), [](const auto& f) { return f.what == kind::transfer; }));
}
std::size_t clusters(const std::vector<bridge_finding>& found) {
  return found.size() - transfers(found);
}

bridge_flow of_amount(bridge_flow f, std::uint64_t amount) {
  f.amount = uint256{amount};
  return f;
}
bridge_flow to(bridge_flow f, const address& who) {
  f.recipient = who;
  return f;
}
bridge_flow from(bridge_flow f, const address& who) {
  f.sender = f.signer = who;
  return f;
}

}  // namespace

TEST_CASE("bridge links: one id joins both sides, whichever comes first, on either clock") {
  for (const auto later : {-5 * second_ms, time_ms{0}, 20 * minute_ms}) {
    const auto out = with_key(deposit(5, noon), "k");
    const auto in = with_key(withdrawal(9, noon + later), "k");
    bridge_links first{detect::bridge_limits{}}, second{detect::bridge_limits{}};
    first.add(out);
    first.add(in);
    second.add(in);
    second.add(out);
    const auto decided_at = std::max(noon, noon + later);
    CHECK(first.advance(decided_at).empty());
    const auto found = first.advance(decided_at + 1);
    REQUIRE(transfers(found) == 1);
    CHECK(found[0].confidence == 0.99);
    CHECK(found[0].link.exact);
    CHECK(found[0].link.deposit == out);
    CHECK(found[0].link.withdrawal == in);
    CHECK(short_of(second.advance(forever)) == short_of(found));
    CHECK(first.advance(forever).empty());
    first.add(in);
    CHECK(first.advance(forever).empty());
  }
}

TEST_CASE("bridge links: an id joins within six hours, and only what each side says of the other") {
  const auto out = with_key(deposit(5, noon), "k");
  CHECK(transfers(joined({out, with_key(withdrawal(9, noon + 6 * hour_ms - 1), "k")})) == 1);
  CHECK(joined({out, with_key(withdrawal(9, noon + 6 * hour_ms), "k")}).empty());
  CHECK(joined({out, with_key(withdrawal(9, noon), "other")}).empty());
  auto elsewhere = out;
  elsewhere.other = 137;
  CHECK(joined({elsewhere, with_key(withdrawal(9, noon), "k")}).empty());
  elsewhere.other = 10;
  CHECK(transfers(joined({elsewhere, with_key(withdrawal(9, noon), "k")})) == 1);
  auto same_chain = with_key(flow(1, detect::flow_side::withdrawal, 9, noon), "k");
  CHECK(joined({out, same_chain}).empty());
}

TEST_CASE("bridge links: an id that one side says twice joins only what came before the second") {
  const auto out = with_key(deposit(5, noon), "k");
  const auto in = with_key(withdrawal(9, noon + second_ms), "k");
  const auto again = with_key(withdrawal(9, noon + 2 * second_ms, 1), "k");
  const auto at_once = with_key(withdrawal(9, noon + second_ms, 1), "k");
  CHECK(transfers(joined({out, in, again})) == 1);
  CHECK(transfers(joined({again, out, in})) == 1);
  CHECK(joined({out, in, at_once}).empty());
}

TEST_CASE("bridge links: without an id recipient, amount and time decide, by the formula") {
  const auto out = deposit(5, noon);
  const auto found = joined({out, of_amount(withdrawal(9, noon + 180 * second_ms), 1'232'098)});
  REQUIRE(transfers(found) == 1);
  CHECK_FALSE(found[0].link.exact);
  const auto missing = 2'469.0 / 1'234'567.0;
  CHECK(found[0].confidence == Approx(0.4 + 0.35 * std::exp(-missing / 0.002) + 0.15 * 0.9 + 0.1));
  const auto whole = joined({out, withdrawal(9, noon)});
  REQUIRE(transfers(whole) == 1);
  CHECK(whole[0].confidence == 0.95);
  // Few digits are worth less.
  const auto round = joined({of_amount(out, 5'000), of_amount(withdrawal(9, noon), 5'000)});
  REQUIRE(transfers(round) == 1);
  CHECK(round[0].confidence == Approx(0.9));
  // Nothing is said below the least confidence.
  CHECK(joined({out, of_amount(withdrawal(9, noon + 1'700 * second_ms), 1'229'000)}).empty());
}

TEST_CASE("bridge links: what lies outside fee, window, recipient, asset or bridge does not fit") {
  const auto out = deposit(5, noon);
  const auto fits = [&](const bridge_flow& in) {
    return transfers(joined({out, in}, {0, 100})) == 1;
  };
  CHECK(fits(withdrawal(9, noon)));
  CHECK(fits(of_amount(withdrawal(9, noon), 1'228'395)));
  CHECK_FALSE(fits(of_amount(withdrawal(9, noon), 1'228'394)));
  CHECK_FALSE(fits(of_amount(withdrawal(9, noon), 1'234'568)));
  CHECK(fits(withdrawal(9, noon + 1'800 * second_ms)));
  CHECK_FALSE(fits(withdrawal(9, noon + 1'800 * second_ms + 1)));
  CHECK(fits(withdrawal(9, noon - minute_ms)));
  CHECK_FALSE(fits(withdrawal(9, noon - minute_ms - 1)));
  CHECK_FALSE(fits(to(withdrawal(9, noon), someone(2))));
  auto other = withdrawal(9, noon);
  other.asset = "native:POL";
  CHECK_FALSE(fits(other));
  other = withdrawal(9, noon);
  other.bridge = "op_bridge";
  CHECK_FALSE(fits(other));
  CHECK_FALSE(fits(flow(1, detect::flow_side::withdrawal, 9, noon)));
}

TEST_CASE("bridge links: a canonical bridge takes nothing") {
  auto out = deposit(5, noon);
  auto in = withdrawal(9, noon + 1'500 * second_ms);
  out.bridge = in.bridge = "op_bridge";
  CHECK(transfers(joined({out, in})) == 1);
  CHECK(joined({out, of_amount(in, 1'234'566)}).empty());
  in.time += 1;
  CHECK(joined({out, in}).empty());
}

TEST_CASE("bridge links: what two fit is not linked, from either side") {
  const auto out = deposit(5, noon);
  const auto in = withdrawal(9, noon + 60 * second_ms);
  CHECK(joined({out, in, withdrawal(9, noon + 120 * second_ms, 1)}).empty());
  CHECK(joined({out, in, deposit(5, noon + 30 * second_ms, 1)}).empty());
  // One that fits far worse is no rival: its amount is 0.4 % off.
  CHECK(transfers(joined({out, in, of_amount(withdrawal(9, noon, 1), 1'229'629)})) == 1);
  bridge_links links{detect::bridge_limits{}};
  links.add(out);
  links.add(in);
  links.add(withdrawal(9, noon + 120 * second_ms, 1));
  CHECK(links.advance(forever).empty());
  CHECK(links.counts().ambiguous == 1);
}

TEST_CASE("bridge links: likeness is decided once every rival is known") {
  bridge_links links{detect::bridge_limits{}};
  links.add(deposit(5, noon));
  links.add(withdrawal(9, noon));
  CHECK(links.advance(noon + 1'860 * second_ms).empty());
  CHECK(links.waiting());
  CHECK(transfers(links.advance(noon + 1'860 * second_ms + 1)) == 1);
  CHECK_FALSE(links.waiting());
}

TEST_CASE("bridge links: what is found does not depend on the order in which flows come") {
  std::vector<bridge_flow> all;
  for (std::uint64_t i = 0; i < 60; ++i) {
    const auto who = someone(1 + i % 7);
    auto out = from(to(deposit(100 + i, noon + static_cast<time_ms>(i * i) * 17 * second_ms), who),
                    someone(1 + i % 11));
    auto in =
        to(withdrawal(200 + i, out.time + static_cast<time_ms>(i % 9) * 100 * second_ms), who);
    if (i % 3 != 0) {
      out = with_key(out, "k" + std::to_string(i - i % 5));
      in = with_key(in, out.key);
    } else {
      out.amount = in.amount = uint256{1'000'000 + i % 12};
    }
    all.push_back(out);
    all.push_back(in);
  }
  const auto expected = short_of(joined(all));
  REQUIRE(expected.size() > 20);
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    INFO("seed " << seed);
    auto mixed = all;
    shuffle_with(seed, mixed);
    CHECK(short_of(joined(mixed)) == expected);
    // Each chain in its own order, told in turns; the watermark follows the slower.
    std::vector<bridge_flow> chains[2];
    for (const auto& f : all) chains[f.block.chain == 1 ? 0 : 1].push_back(f);
    for (auto& c : chains)
      std::sort(c.begin(), c.end(), [](const auto& a, const auto& b) { return a.time < b.time; });
    std::mt19937_64 random{seed};
    std::size_t at[2] = {0, 0};
    bridge_links links{detect::bridge_limits{}};
    std::vector<told> found;
    while (at[0] < chains[0].size() || at[1] < chains[1].size()) {
      const auto c = random() % 2;
      if (at[c] == chains[c].size()) continue;
      links.add(chains[c][at[c]++]);
      if (at[0] == 0 || at[1] == 0) continue;
      const auto some =
          short_of(links.advance(std::min(chains[0][at[0] - 1].time, chains[1][at[1] - 1].time)));
      found.insert(found.end(), some.begin(), some.end());
    }
    const auto rest = short_of(links.advance(forever));
    found.insert(found.end(), rest.begin(), rest.end());
    CHECK(found == expected);
  }
}

TEST_CASE("bridge links: a revert leaves what there would be without its blocks") {
  const auto out = deposit(5, noon);
  const auto in = withdrawal(9, noon + 60 * second_ms);
  const auto rival = withdrawal(10, noon + 120 * second_ms);
  bridge_links links{detect::bridge_limits{}};
  for (const auto& f : {out, in, rival}) links.add(f);
  CHECK(links.advance(noon + hour_ms).empty());
  links.revert({rival.block});
  CHECK(transfers(links.advance(noon + hour_ms)) == 1);
  // The deposit's block goes and comes again under another hash.
  links.revert({out.block});
  CHECK(links.advance(noon + hour_ms).empty());
  auto again = out;
  again.block = block_of(1, 5, 1);
  again.event.block = again.block.hash;
  links.add(again);
  const auto found = links.advance(noon + hour_ms);
  REQUIRE(transfers(found) == 1);
  CHECK(found[0].link.deposit.block == again.block);
  // And back to the first one.
  links.revert({again.block});
  links.add(out);
  CHECK(transfers(links.advance(noon + hour_ms)) == 1);
}

TEST_CASE("bridge links: a revert of an id's second side lets the first stand") {
  const auto out = with_key(deposit(5, noon), "k");
  const auto in = with_key(withdrawal(9, noon + second_ms), "k");
  const auto twice = with_key(withdrawal(10, noon + second_ms), "k");
  bridge_links links{detect::bridge_limits{}};
  for (const auto& f : {out, in, twice}) links.add(f);
  CHECK(links.advance(noon + minute_ms).empty());
  links.revert({twice.block});
  CHECK(transfers(links.advance(noon + minute_ms)) == 1);
}

TEST_CASE("bridge links: the oldest flows go first, counted, and what is past is let go") {
  bridge_links links{detect::bridge_limits{0.75, 4}};
  for (std::uint64_t i = 0; i < 6; ++i)
    links.add(with_key(deposit(i, noon + static_cast<time_ms>(i)), "k" + std::to_string(i)));
  CHECK(links.size() == 4);
  CHECK(links.counts().evicted == 2);
  for (std::uint64_t i = 0; i < 6; ++i)
    links.add(with_key(withdrawal(10 + i, noon + 100 + static_cast<time_ms>(i)),
                       "k" + std::to_string(i)));
  CHECK(links.size() == 4);
  CHECK(transfers(links.advance(forever)) == 0);

  bridge_links passing{detect::bridge_limits{}};
  passing.add(with_key(deposit(1, noon), "k"));
  CHECK(passing.advance(noon + 6 * hour_ms).empty());
  CHECK(passing.size() == 1);
  CHECK(passing.advance(noon + 7 * hour_ms).empty());
  CHECK(passing.size() == 0);
}

TEST_CASE("bridge links: who moves his own money is one hand on both chains, told once a while") {
  const auto trip = [](std::uint64_t n, time_ms time) {
    const auto key = "k" + std::to_string(n);
    return std::vector{with_key(deposit(n, time), key), with_key(withdrawal(n, time + 1), key)};
  };
  auto all = trip(1, noon);
  for (const auto& f : trip(2, noon + hour_ms)) all.push_back(f);
  CHECK(clusters(joined(all)) == 1);
  const auto found = joined(all);
  const auto cluster = std::find_if(found.begin(), found.end(),
                                    [](const auto& f) { return f.what == kind::cluster; });
  CHECK(cluster->confidence == 0.9);
  CHECK(cluster->link.deposit.key == "k1");
  for (const auto& f : trip(3, noon + 9 * hour_ms)) all.push_back(f);
  CHECK(clusters(joined(all)) == 2);
  // Once the first is taken back, the second opens it.
  bridge_links links{detect::bridge_limits{}};
  for (const auto& f : all)
    if (f.time < noon + 2 * hour_ms) links.add(f);
  CHECK(clusters(links.advance(noon + 2 * hour_ms)) == 1);
  links.revert({all[1].block});
  const auto instead = links.advance(noon + 2 * hour_ms);
  REQUIRE(instead.size() == 1);
  CHECK(instead[0].what == kind::cluster);
  CHECK(instead[0].link.deposit.key == "k2");
}

TEST_CASE("bridge links: two wallets are of one hand by an id alone, signed, and of no service") {
  const auto out = with_key(deposit(5, noon), "k");
  const auto in = to(with_key(withdrawal(9, noon), "k"), someone(2));
  const auto found = joined({out, in});
  REQUIRE(clusters(found) == 1);
  CHECK(found[1].confidence == 0.5);
  auto relayed = out;
  relayed.signer = someone(77);
  CHECK(clusters(joined({relayed, in})) == 0);
  auto served = in;
  served.service = true;
  CHECK(clusters(joined({out, served})) == 0);
  served = out;
  served.service = true;
  CHECK(clusters(joined({served, in})) == 0);
  CHECK(clusters(joined({from(to(deposit(5, noon), someone(2)), someone(1)),
                         to(withdrawal(9, noon), someone(2))})) == 0);
}

TEST_CASE("bridge links: who sends to many, or gets of many, is a service") {
  const auto sends = [](std::uint64_t n) {
    std::vector<bridge_flow> all;
    for (std::uint64_t i = 0; i < n; ++i) {
      const auto key = "k" + std::to_string(i);
      const auto when = noon + static_cast<time_ms>(i) * second_ms;
      all.push_back(with_key(deposit(i, when), key));
      all.push_back(to(with_key(withdrawal(i, when), key), someone(100 + i)));
    }
    return all;
  };
  CHECK(clusters(joined(sends(3))) == 3);
  CHECK(clusters(joined(sends(8))) == 3);  // it looked like one of a few until then
  std::vector<bridge_flow> gets;
  for (auto f : sends(8)) {
    if (f.side == detect::flow_side::deposit)
      gets.push_back(from(f, someone(300 + f.block.number)));
    else
      gets.push_back(to(f, someone(1)));
  }
  CHECK(clusters(joined(gets)) == 3);
}

TEST_CASE("bridge links: of what was decided before nothing is said, and it counts all the same") {
  const auto key = [](std::uint64_t n) { return "k" + std::to_string(n); };
  std::vector<bridge_flow> all;
  for (std::uint64_t i = 0; i < 3; ++i) {
    const auto when = noon + static_cast<time_ms>(i) * hour_ms;
    all.push_back(with_key(deposit(i, when), key(i)));
    all.push_back(with_key(withdrawal(i, when), key(i)));
  }
  bridge_links links{detect::bridge_limits{}, noon + hour_ms};
  for (const auto& f : all) links.add(f);
  const auto found = links.advance(forever);
  REQUIRE(found.size() == 1);
  CHECK(found[0].what == kind::transfer);
  CHECK(found[0].link.deposit.key == "k2");
}

TEST_CASE("bridge links: a chain that left and came late is linked all the same") {
  bridge_links links{detect::bridge_limits{}};
  links.add(deposit(5, noon));
  links.add(with_key(deposit(6, noon), "k"));
  CHECK(links.advance(noon + hour_ms).empty());
  links.add(withdrawal(9, noon));
  links.add(with_key(withdrawal(9, noon, 1), "k"));
  CHECK(transfers(links.advance(noon + hour_ms)) == 2);
}
