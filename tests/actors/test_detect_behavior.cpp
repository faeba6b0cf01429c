// Contracts that behave unlike themselves, one feature by one and all together;
// a planted study.
#include <cmath>
#include <iostream>

#include <catch2/catch.hpp>

#include "actors/detect/behavior.hpp"
#include "tests/actors/detect_support.hpp"

using namespace eremos;
using namespace eremos::detect;
using namespace eremos::test;

namespace {

/// Normal deviates, the same on every machine (Box and Muller).
struct deviates {
  std::mt19937_64 random;

  double share() { return static_cast<double>(random() >> 11) * 0x1.0p-53; }
  double next() {
    const double r = std::sqrt(-2 * std::log(1 - share()));
    return r * std::cos(6.283185307179586 * share());
  }
};

/// What contract `n` does in a block: features that go with a common level,
/// around its own means.
contract_behavior usual_of(std::uint64_t n, deviates& draw, double level_share = 0.8) {
  contract_behavior out{.contract = someone(1'000 + n), .activity = 10};
  const double level = draw.next();
  for (std::size_t f = 0; f < behavior_features; ++f) {
    const double own = 2.0 + 0.3 * static_cast<double>((n * 7 + f * 3) % 10);
    const double x =
        own + 0.4 * (level_share * level + std::sqrt(1 - level_share * level_share) * draw.next());
    out.values[f] = std::expm1(std::max(0.0, x));
  }
  return out;
}

/// One feature far off, all of them moved, or the features against each other.
void make_odd(contract_behavior& b, std::uint64_t kind, deviates& draw) {
  const auto shift = [&](std::size_t f, double by) {
    b.values[f] = std::expm1(std::max(0.0, std::log1p(b.values[f]) + by));
  };
  if (kind == 0) {
    shift(draw.random() % behavior_features, 1.8);
  } else if (kind == 1) {
    for (std::size_t f = 0; f < behavior_features; ++f) shift(f, 0.7);
  } else {
    for (std::size_t f = 0; f < behavior_features; ++f) shift(f, f % 2 == 0 ? 0.7 : -0.7);
  }
}

/// The share of pairs of an odd and an ordinary one in which the odd one scores more; of equal
/// scores half.
double auc(std::vector<std::pair<double, bool>> scored) {
  std::sort(scored.begin(), scored.end());
  double ranks = 0;
  double odd = 0;
  for (std::size_t i = 0; i < scored.size();) {
    auto end = i;
    double here = 0;
    for (; end < scored.size() && scored[end].first == scored[i].first; ++end)
      here += scored[end].second ? 1 : 0;
    ranks += here * static_cast<double>(i + end + 1) / 2;
    odd += here;
    i = end;
  }
  const double ordinary = static_cast<double>(scored.size()) - odd;
  return (ranks - odd * (odd + 1) / 2) / (odd * ordinary);
}

/// Blocks of ordinary behaviour of some contracts, all known by then.
behaviors after_ordinary(std::uint64_t blocks, deviates& draw, std::uint64_t contracts = 20,
                         behavior_limits limits = {}) {
  behaviors model{limits};
  for (std::uint64_t n = 0; n < blocks; ++n) {
    std::vector<contract_behavior> all;
    for (std::uint64_t c = 0; c < contracts; ++c) all.push_back(usual_of(c, draw));
    model.block(static_cast<time_ms>(n) * 12'000, all);
  }
  return model;
}

}  // namespace

TEST_CASE(
    "behavior: a planted study; one block in a hundred is odd in one of "
    "three ways") {
  double least = 1;
  double mean = 0;
  double mean_oddest = 0;
  double mean_rarity = 0;
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    deviates draw{std::mt19937_64{seed}};
    auto model = after_ordinary(60, draw);
    std::vector<std::pair<double, bool>> both;
    std::vector<std::pair<double, bool>> oddest;
    std::vector<std::pair<double, bool>> rarity;
    for (std::uint64_t n = 0; n < 500; ++n) {
      std::vector<contract_behavior> all;
      std::vector<address> odd;
      for (std::uint64_t c = 0; c < 20; ++c) {
        all.push_back(usual_of(c, draw));
        if (draw.random() % 100 != 0) continue;
        make_odd(all.back(), draw.random() % 3, draw);
        odd.push_back(all.back().contract);
      }
      model.block(static_cast<time_ms>(60 + n) * 12'000, all);
      for (const auto& [who, s] : model.scored()) {
        const bool planted = std::find(odd.begin(), odd.end(), who) != odd.end();
        both.emplace_back(s.score, planted);
        oddest.emplace_back(s.oddest, planted);
        rarity.emplace_back(s.rarity, planted);
      }
    }
    const auto one = auc(both);
    least = std::min(least, one);
    mean += one / 5;
    mean_oddest += auc(oddest) / 5;
    mean_rarity += auc(rarity) / 5;
  }
  std::cout << "behavior: AUC " << mean << " (worst seed " << least << "), one by one alone "
            << mean_oddest << ", together alone " << mean_rarity << '\n';
  CHECK(mean >= 0.85);
  CHECK(least >= 0.8);
}

TEST_CASE(
    "behavior: what is far off is told with its features, once an hour, "
    "and teaches nothing") {
  deviates draw{std::mt19937_64{7}};
  auto model = after_ordinary(120, draw, 20, {.rate = 0.01});
  const auto odd = [&](time_ms time) {
    auto b = usual_of(3, draw);
    b.values[6] = 100'000;
    b.values[0] = 0;
    return model.block(time, {b});
  };
  const auto found = odd(120 * 12'000);
  REQUIRE(found.size() == 1);
  CHECK(found[0].contract == someone(1'003));
  CHECK(found[0].score >= 0.9);
  CHECK(found[0].history == 120);
  CHECK(found[0].parts[6].z > 10);
  CHECK(found[0].parts[6].value == 100'000);
  CHECK(found[0].parts[6].expected < 1'000);
  double shares = 0;
  for (const auto& p : found[0].parts) shares += p.share;
  CHECK(shares == Approx(1));
  CHECK(found[0].parts[6].share > 0.5);
  CHECK(found[0].parts[6].forest > 0);
  CHECK(odd(121 * 12'000).empty());
  CHECK(odd(120 * 12'000 + hour_ms - 1).empty());
  const auto again = odd(120 * 12'000 + hour_ms);
  REQUIRE(again.size() == 1);
  CHECK(again[0].parts[6].expected == Approx(found[0].parts[6].expected));
}

TEST_CASE(
    "behavior: new contracts, idle ones and a forest without a window "
    "are not judged") {
  deviates draw{std::mt19937_64{8}};
  auto model = after_ordinary(120, draw);
  auto b = usual_of(500, draw);
  b.values[6] = 1e12;
  CHECK(model.block(1, {b}).empty());
  auto idle = usual_of(3, draw);
  idle.values[6] = 1e12;
  idle.activity = 3;
  CHECK(model.block(2, {idle}).empty());
  // 31 blocks are no history; three contracts fill no window.
  auto young = after_ordinary(31, draw);
  auto far = usual_of(3, draw);
  far.values[6] = 1e12;
  CHECK(young.block(3, {far}).empty());
  CHECK(young.scored().empty());
}

TEST_CASE(
    "behavior: nearly nobody of ordinary ones is told, amounts near "
    "2^256 break nothing") {
  deviates draw{std::mt19937_64{9}};
  behaviors model;
  std::size_t told = 0;
  for (std::uint64_t n = 0; n < 1'000; ++n) {
    std::vector<contract_behavior> all;
    for (std::uint64_t c = 0; c < 20; ++c) all.push_back(usual_of(c, draw));
    told += model.block(static_cast<time_ms>(n) * 12'000, all).size();
  }
  CHECK(told <= 2);  // of 20,000
  auto b = usual_of(3, draw);
  for (auto& x : b.values) x = 1.2e77;
  const auto found = model.block(20'000'000, {b});
  REQUIRE(found.size() == 1);
  CHECK(found[0].score <= 1);
  for (const auto& p : found[0].parts) CHECK(std::isfinite(p.share));
}

TEST_CASE(
    "behavior: the same in any order and over restarts, bounded, and "
    "taken whole or not") {
  const auto play = [](std::uint64_t shuffle, bool restarts) {
    deviates draw{std::mt19937_64{10}};
    behaviors model{{.scored_min = 50, .contracts_max = 25}};
    std::vector<std::tuple<address, double, double>> out;
    for (std::uint64_t n = 0; n < 120; ++n) {
      std::vector<contract_behavior> all;
      for (std::uint64_t c = 0; c < 20; ++c) {
        all.push_back(usual_of(c, draw));
        if (n > 80 && (n + c) % 50 == 0) make_odd(all.back(), 0, draw);
        if (n > 80 && (n + c) % 50 == 0) make_odd(all.back(), 0, draw);
      }
      all.push_back(usual_of(100 + n, draw));
      shuffle_with(shuffle + n, all);
      for (const auto& f : model.block(static_cast<time_ms>(n) * 12'000, all))
        out.emplace_back(f.contract, f.score, f.parts[2].share);
      CHECK(model.contracts() <= 25);
      if (!restarts || n % 10 != 0) continue;
      state_writer writer;
      model.save(writer);
      const auto bytes = std::move(writer).take();
      behaviors restarted{{.scored_min = 50, .contracts_max = 25}};
      state_reader reader{bytes};
      REQUIRE(restarted.load(reader));
      REQUIRE(reader.finish());
      state_reader torn{{bytes.data(), bytes.size() / 2}};
      CHECK_FALSE((behaviors{}.load(torn) && torn.finish()));
      model = std::move(restarted);
    }
    return out;
  };
  const auto expected = play(1, false);
  CHECK_FALSE(expected.empty());
  CHECK(play(2, false) == expected);
  CHECK(play(3, true) == expected);
}
