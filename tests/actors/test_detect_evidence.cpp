// Evidence that adds up: independent testimonies do, echoes and what rests on
// the same events do not.
#include <catch2/catch.hpp>
#include <rapidcheck.h>

#include "actors/detect/combined_evidence.hpp"
#include "runtime/cooldown.hpp"
#include "tests/actors/detect_support.hpp"

using namespace eremos;
using namespace eremos::detect;
using namespace eremos::test;

namespace {

testimony said(std::string who, double confidence, std::uint64_t first,
               std::uint64_t events = 3) {
  testimony out{.lineage = std::move(who), .confidence = confidence};
  std::vector<event_id> ids;
  for (std::uint64_t i = 0; i < events; ++i) {
    event_id id{.type = event_type::transaction, .chain = 1};
    id.subject = some_hash(first + i);
    ids.push_back(id);
  }
  out.evidence = evidence_sample(ids);
  return out;
}

} // namespace

TEST_CASE("evidence: independent testimonies add up, up to a cap") {
  CHECK(combine({}).confidence == 0);
  CHECK(combine({said("a", 0.6, 1)}).confidence == Approx(0.6));
  const auto two = combine({said("a", 0.6, 1), said("b", 0.5, 100)});
  CHECK(two.confidence == Approx(0.8));
  CHECK(two.groups == 2);
  CHECK(combine({said("a", 0.9, 1), said("b", 0.9, 100), said("c", 0.9, 200)})
            .confidence == Approx(0.95));
}

TEST_CASE("evidence: one lineage, or the same events, are one group that says "
          "a little more") {
  const double expected = 0.6 + 0.2 * (0.8 - 0.6);
  const auto same_agent = combine({said("a", 0.6, 1), said("a", 0.5, 100)});
  CHECK(same_agent.groups == 1);
  CHECK(same_agent.confidence == Approx(expected));
  const auto same_events = combine({said("a", 0.6, 1), said("b", 0.5, 1)});
  CHECK(same_events.groups == 1);
  CHECK(same_events.confidence == Approx(expected));
  // By way of a third.
  CHECK(combine({said("a", 0.6, 1), said("b", 0.6, 10), said("c", 0.5, 1, 12)})
            .groups == 1);
  // Without any evidence nothing is shared.
  CHECK(combine({said("a", 0.6, 1, 0), said("b", 0.6, 1, 0)}).groups == 2);
}

TEST_CASE("evidence: a duplicate of any testimony, a hundred times, changes "
          "nothing") {
  CHECK(rc::check("duplicates and order", [](std::uint64_t seed) {
    std::mt19937_64 random{seed};
    std::vector<testimony> all;
    for (std::uint64_t i = 0; i < 1 + random() % 6; ++i)
      all.push_back(said(std::string(1, static_cast<char>('a' + random() % 4)),
                         static_cast<double>(random() % 100) / 100,
                         random() % 20, random() % 10));
    const auto expected = combine(all);
    RC_ASSERT(expected.confidence <= 0.95);
    for (const auto &t : all)
      RC_ASSERT(expected.confidence >= std::min(0.95, t.confidence) - 1e-12);
    auto more = all;
    const auto echo = all[random() % all.size()];
    for (int i = 0; i < 100; ++i)
      more.push_back(echo);
    shuffle_with(seed, more);
    RC_ASSERT(combine(more).confidence == expected.confidence);
    RC_ASSERT(combine(more).groups == expected.groups);
    // Taking one out and combining anew is what it was without it.
    more = all;
    more.push_back(said("z", 0.5, 5'000));
    RC_ASSERT(combine(more).confidence >= expected.confidence);
    more.pop_back();
    RC_ASSERT(combine(more).confidence == expected.confidence);
  }));
}

TEST_CASE("cooldown: another subject, what is graver and what is much surer pass at any time") {
  cooldown quiet{hour_ms, 100};
  CHECK(quiet.pass("a", 0, severity::low, 0.5));
  CHECK_FALSE(quiet.pass("a", 1, severity::low, 0.6));
  CHECK(quiet.pass("b", 1, severity::low, 0.5));
  CHECK(quiet.pass("a", 2, severity::low, 0.65));
  CHECK_FALSE(quiet.pass("a", 3, severity::info, 0.7));
  CHECK(quiet.pass("a", 4, severity::medium, 0.1));
  CHECK_FALSE(quiet.pass("a", 5, severity::medium, 0.1));
  CHECK(quiet.pass("a", 4 + hour_ms, severity::info, 0.1));
  // Without a severity nothing is graver.
  CHECK(quiet.pass("c", 0));
  CHECK_FALSE(quiet.pass("c", 1, severity::critical, 1));
  state_writer writer;
  quiet.save(writer);
  const auto bytes = std::move(writer).take();
  state_reader reader{bytes};
  cooldown restored{hour_ms, 100};
  restored.load(reader);
  REQUIRE(reader.finish());
  CHECK_FALSE(restored.pass("b", 2, severity::low, 0.6));
  CHECK(restored.pass("b", 2, severity::low, 0.7));
}
