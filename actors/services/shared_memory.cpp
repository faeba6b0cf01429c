#include "actors/services/shared_memory.hpp"

#include <algorithm>

#include <caf/all.hpp>

namespace eremos {

shared_memory::shared_memory(const std::vector<memory_entry>& known) {
  memory_view begun;
  for (const auto& m : known) {
    if (begun.entries.size() >= defaults::shared_memories_max) break;
    begun.entries.emplace_back(m);
  }
  view_ = shared<memory_view>{std::move(begun)};
}

const shared<memory_view>& shared_memory::add(const memorise& what) {
  steps_.push_back({what.block, view_});
  if (steps_.size() > defaults::undo_blocks) steps_.pop_front();
  memory_view next;
  const auto kept =
      std::min(view_->entries.size() + what.memories.size(), defaults::shared_memories_max);
  next.entries.reserve(kept);
  for (auto m = what.memories.rbegin(); m != what.memories.rend() && next.entries.size() < kept;
       ++m)
    next.entries.emplace_back(*m);
  for (const auto& m : view_->entries) {
    if (next.entries.size() >= kept) break;
    next.entries.push_back(m);
  }
  view_ = shared<memory_view>{std::move(next)};
  return view_;
}

void shared_memory::revert(const std::vector<block_ref>& blocks) {
  const auto reverted = [&](const step& s) {
    return std::find(blocks.begin(), blocks.end(), s.block) != blocks.end();
  };
  const auto first = std::find_if(steps_.begin(), steps_.end(), reverted);
  if (first == steps_.end()) return;
  view_ = first->before;
  steps_.erase(first, steps_.end());
}

namespace {

class memory final : public memory_actor::base {
 public:
  memory(caf::actor_config& cfg, const std::vector<memory_entry>& known)
      : memory_actor::base(cfg), memory_(known) {}

  const char* name() const override { return "memory"; }

  behavior_type make_behavior() override {
    return {[this](const memorise& what) {
              taken_ += what.memories.size();
              correlations_ += static_cast<std::uint64_t>(
                  std::count_if(what.memories.begin(), what.memories.end(),
                                [](const auto& m) { return m.type == memory_type::correlation; }));
              return memory_.add(what);
            },
            [this](const chain_reverted& r) { memory_.revert(r.blocks); },
            [this](const begin_memory& b) { memory_ = shared_memory{b.known}; },
            [this](const get_report&) {
              coordination_report out;
              out.memories = taken_;
              out.correlations = correlations_;
              out.memories_kept = memory_.view()->entries.size();
              return out;
            }};
  }

 private:
  shared_memory memory_;
  std::uint64_t taken_ = 0;
  std::uint64_t correlations_ = 0;
};

}  // namespace

memory_actor spawn_memory(caf::actor_system& system, const std::vector<memory_entry>& known) {
  return system.spawn<memory>(known);
}

}  // namespace eremos
