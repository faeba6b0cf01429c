#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include <rapidcheck.h>
#include <catch2/catch.hpp>

#include "messages/protocols.hpp"
#include "runtime/lane_policy.hpp"
#include "runtime/lane_types.hpp"

using namespace eremos;

namespace {

using weight_table = lane_policy::weight_table;

/// The rule in the plainest words: look at every lane, most urgent first.
class naive_policy {
 public:
  explicit naive_policy(const weight_table& weights) : weights_(weights) { new_round(); }

  std::optional<std::size_t> pick(const std::array<bool, lane_count>& waiting) {
    if (auto found = first(waiting)) return found;
    new_round();
    return first(waiting);
  }
  void charge(std::size_t i, std::uint64_t events) {
    if (i == 0) return;
    for (std::uint64_t n = 0; n < events && credit_[i] > 1 - static_cast<std::int64_t>(weights_[i]);
         ++n)
      --credit_[i];
  }

 private:
  std::optional<std::size_t> first(const std::array<bool, lane_count>& waiting) const {
    for (std::size_t i = 0; i < lane_count; ++i)
      if (waiting[i] && (i == 0 || credit_[i] > 0)) return i;
    return std::nullopt;
  }
  void new_round() {
    for (std::size_t i = 0; i < lane_count; ++i) {
      const auto debt = credit_[i] < 0 ? -credit_[i] : 0;
      credit_[i] = static_cast<std::int64_t>(weights_[i]) - debt;
    }
  }

  weight_table weights_;
  std::array<std::int64_t, lane_count> credit_{};
};

lane_set set_of(const std::array<bool, lane_count>& waiting) {
  lane_set set;
  for (std::size_t i = 0; i < lane_count; ++i)
    if (waiting[i]) set.insert(static_cast<lane>(i));
  return set;
}

/// What each lane got of so many picks, all of these lanes being full.
std::array<std::uint64_t, lane_count> served(std::size_t picks, std::uint64_t batch,
                                             std::vector<lane> full) {
  lane_policy policy;
  lane_set waiting;
  for (const auto l : full) waiting.insert(l);
  std::array<std::uint64_t, lane_count> events{};
  for (std::size_t n = 0; n < picks; ++n) {
    const auto l = policy.pick(waiting);
    REQUIRE(l);
    policy.charge(*l, batch);
    events[index_of(*l)] += batch;
  }
  return events;
}

constexpr std::array streams = {lane::critical, lane::high, lane::medium, lane::low, lane::block};

}  // namespace

TEST_CASE("LANES: the policy picks as the plain rule does, for any weights, sizes and arrivals") {
  const bool holds = rc::check([] {
    weight_table weights;
    for (auto& x : weights) x = *rc::gen::inRange<std::uint32_t>(1, 40);
    lane_policy policy{weights};
    naive_policy model{weights};
    const auto steps = *rc::gen::container<std::vector<std::pair<std::uint8_t, std::uint16_t>>>(
        rc::gen::pair(rc::gen::arbitrary<std::uint8_t>(), rc::gen::inRange<std::uint16_t>(1, 120)));
    for (const auto& [bits, events] : steps) {
      std::array<bool, lane_count> waiting{};
      for (std::size_t i = 0; i < lane_count; ++i) waiting[i] = (bits >> i & 1) != 0;
      const auto expected = model.pick(waiting);
      const auto picked = policy.pick(set_of(waiting));
      RC_ASSERT(picked.has_value() == expected.has_value());
      if (!picked) continue;
      RC_ASSERT(index_of(*picked) == *expected);
      policy.charge(*picked, events);
      model.charge(*expected, events);
    }
  });
  CHECK(holds);
}

TEST_CASE("LANES: no lane that waits is passed over for more than one round") {
  const bool holds = rc::check([] {
    weight_table weights;
    std::uint64_t round = 0;
    for (auto& x : weights) round += x = *rc::gen::inRange<std::uint32_t>(1, 40);
    lane_policy policy{weights};
    lane_set all;
    for (const auto l : streams) all.insert(l);
    std::array<std::uint64_t, lane_count> waited{};
    for (int n = 0; n < 500; ++n) {
      const auto picked = *policy.pick(all);
      // Also for messages that cost more than a lane has in a round.
      policy.charge(picked, *rc::gen::inRange<std::uint64_t>(1, 200));
      for (const auto l : streams) ++waited[index_of(l)];
      waited[index_of(picked)] = 0;
      // Two rounds of single events bound it: the rest of this one, and the next up to its turn.
      for (const auto l : streams) RC_ASSERT(waited[index_of(l)] <= 2 * round);
    }
  });
  CHECK(holds);
}

TEST_CASE("LANES: in a round each lane gets its weight in events, however they are packed") {
  const std::uint64_t round = 4096 + 1024 + 512 + 256 + 128;
  for (const std::uint64_t batch : {1, 16, 64, 128}) {
    CAPTURE(batch);
    CHECK(served(round / batch, batch, {streams.begin(), streams.end()}) ==
          std::array<std::uint64_t, lane_count>{0, 4096, 1024, 512, 256, 128});
  }
}

TEST_CASE("LANES: what a batch takes beyond the weight is paid back in the next round") {
  // 63 does not divide any weight, so each round ends in debt; over many rounds it is even.
  const auto events = served(100'000, 63, {streams.begin(), streams.end()});
  for (std::size_t i = 1; i + 1 < lane_count; ++i) {
    const double ratio = static_cast<double>(events[i]) / static_cast<double>(events[i + 1]);
    const double wanted = static_cast<double>(defaults::lane_weights[i]) /
                          static_cast<double>(defaults::lane_weights[i + 1]);
    CHECK(ratio == Approx(wanted).epsilon(0.01));
  }
}

TEST_CASE("LANES: a lane alone is served without end") {
  CHECK(served(1000, 64, {lane::block})[index_of(lane::block)] == 64'000);
}

TEST_CASE("LANES: control is served before all others and costs nothing") {
  CHECK(served(10'000, 64, {lane::control, lane::critical, lane::block})[0] == 640'000);
}

TEST_CASE("LANES: the default batch is never larger than the smallest weight") {
  // Otherwise the debt of a batch would be cut, and large batches would buy precedence.
  for (const auto weight : defaults::lane_weights) CHECK(weight >= defaults::batch_events_max);
}

TEST_CASE("LANES: a message's lane and cost come from its type") {
  using table = lane_types_of<agent_actor>;
  auto load_of_value = [](const auto& x) { return table::classify(typeid(x), &x); };

  event_batch three;
  three.picks = {0, 1, 2};
  const auto low = load_of_value(on_lane<lane::low, event_batch>{three});
  CHECK(low.on == lane::low);
  CHECK(low.events == 3);
  CHECK(load_of_value(on_lane<lane::critical, event_batch>{}).events == 1);  // never 0
  CHECK(load_of_value(block_end{}).on == lane::control);
  CHECK(load_of_value(restore_agent{}).on == lane::control);
  CHECK(load_of_value(get_report{}).on == lane::control);
  // Not in the interface.
  CHECK(load_of_value(head_seen{}).on == lane::medium);
  // In an interface, but says no lane.
  const mempool_batch pending;
  CHECK(lane_types_of<stream_actor>::classify(typeid(pending), &pending).on == lane::medium);
}
