#include "tests/sim/story.hpp"

#include <array>

#include <fmt/format.h>

#include "tests/sim/chance.hpp"

namespace eremos::sim {
namespace {

constexpr std::array<std::string_view, act_kind_count> names = {
    "calm growth",      "reorg",           "deep reorg",      "reorg beyond undo", "nested reorg",
    "returning branch", "duplicate heads", "reordered heads", "missing block",     "provider error",
    "lagging node",     "mempool",         "slow agent",      "throw on event",    "throw at end",
    "lagging agent",    "hanging agent",   "crash",           "store error",       "label change"};

/// Of each kind of fault, in how many of 100 stories it is.
constexpr std::uint64_t presence_percent = 30;
/// Blocks a story adds at most, so that one takes a fraction of a second.
constexpr std::uint64_t blocks_max = 90;

std::uint64_t size_of(act_kind kind, chance& dice) {
  switch (kind) {
    case act_kind::calm_growth:
      return dice.between(1, 6);
    case act_kind::reorg:
      return dice.between(1, 3);
    case act_kind::deep_reorg:
      return dice.percent(80) ? dice.between(4, 16) : dice.between(17, 64);
    case act_kind::beyond_undo:
      return dice.between(10, 40);
    case act_kind::lagging_node:
      return dice.between(1, 4);
    case act_kind::store_error:
      return dice.between(1, 4);
    default:
      return dice.between(1, 3);
  }
}

std::uint64_t blocks_of(const act& a) {
  switch (a.kind) {
    case act_kind::reorg:
    case act_kind::deep_reorg:
    case act_kind::beyond_undo:
    case act_kind::nested_reorg:
    case act_kind::returning_branch:
      return a.size + 1;
    case act_kind::lagging_agent:
      return 20;
    default:
      return a.size;
  }
}

}  // namespace

std::string_view to_string(act_kind x) noexcept { return names[static_cast<std::size_t>(x)]; }

/// States of every block, of some, and of hardly any.
constexpr std::array<std::size_t, 4> undo_events{1, 20, 80, 512};

story make_story(std::uint64_t seed) {
  chance dice{seed * 0x2545F4914F6CDD1Du + 1};
  story out;
  out.seed = seed;
  // Any place in the mock's cycle of patterns.
  out.first_block = dice.between(2, 120);
  out.small_limits = dice.percent(60);
  out.undo_events = undo_events[seed % undo_events.size()];
  std::vector<act_kind> present;
  for (std::size_t i = 1; i < act_kind_count; ++i)
    if (dice.percent(presence_percent)) present.push_back(static_cast<act_kind>(i));
  std::vector<act_kind> order;
  for (const auto kind : present) order.push_back(kind);
  while (order.size() < present.size() + 4)
    order.push_back(present.empty() ? act_kind::calm_growth : present[dice.below(present.size())]);
  for (auto i = order.size(); i > 1; --i) std::swap(order[i - 1], order[dice.below(i)]);
  out.acts.push_back({act_kind::calm_growth, dice.between(3, 12), dice.next()});
  std::uint64_t blocks = 0;
  for (const auto kind : order) {
    if (kind == act_kind::deep_reorg || kind == act_kind::beyond_undo)
      out.acts.push_back({act_kind::calm_growth, dice.between(4, 20), dice.next()});
    if (dice.percent(60))
      out.acts.push_back(
          {act_kind::calm_growth, size_of(act_kind::calm_growth, dice), dice.next()});
    out.acts.push_back({kind, size_of(kind, dice), dice.next()});
    blocks = 0;
    for (const auto& a : out.acts) blocks += blocks_of(a);
    if (blocks > blocks_max) break;
  }
  out.acts.push_back({act_kind::calm_growth, dice.between(1, 5), dice.next()});
  return out;
}

std::string to_text(const story& s) {
  auto out = fmt::format("seed {}, blocks from {}, {} limits, states every {} events\n", s.seed,
                         s.first_block, s.small_limits ? "small" : "default", s.undo_events);
  for (const auto& a : s.acts)
    out += fmt::format("  {:<18} {:>3}  ({:016x})\n", to_string(a.kind), a.size, a.chance);
  return out;
}

}  // namespace eremos::sim
