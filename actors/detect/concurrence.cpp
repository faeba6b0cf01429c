#include "actors/detect/concurrence.hpp"

#include <algorithm>
#include <set>

#include "actors/detect/combined_evidence.hpp"
#include "actors/detect/kept_blocks.hpp"

namespace eremos::detect {
namespace {

/// Blocks kept of one statement: those it rests on, newest last; the deciding one is among them.
constexpr std::size_t statement_blocks_max = 4;

}  // namespace

maybe<concurrence> concurrences::add(const std::string& subject, statement said) {
  forget(said.time);
  if (said.blocks.size() > statement_blocks_max)
    said.blocks.erase(said.blocks.begin(),
                      said.blocks.end() - static_cast<std::ptrdiff_t>(statement_blocks_max));
  auto& state = subjects_[subject];
  state.last = said.time;
  std::erase_if(state.spoken, [&](const statement& s) {
    return !within_time(s.time, said.time, limits_.window);
  });
  if (state.spoken.empty()) state.told = {};
  const auto same = std::find_if(state.spoken.begin(), state.spoken.end(),
                                 [&](const statement& s) { return s.agent == said.agent; });
  if (same != state.spoken.end()) {
    // One witness: its newest word counts, at the best confidence it had.
    said.confidence = std::max(said.confidence, same->confidence);
    *same = std::move(said);
    return {};
  }
  if (state.spoken.size() >= concurrence_agents_max) return {};
  const auto block = said.block;
  state.spoken.push_back(std::move(said));
  if (state.spoken.size() < limits_.agents || state.told == block) return {};
  state.told = block;
  concurrence out;
  std::set<std::string> types;
  for (const auto& s : state.spoken) {
    out.agents.push_back(s.agent);
    types.insert(s.type);
    out.blocks.push_back(s.block);
    out.blocks.insert(out.blocks.end(), s.blocks.begin(), s.blocks.end());
  }
  std::sort(out.agents.begin(), out.agents.end());
  out.types.assign(types.begin(), types.end());
  std::sort(out.blocks.begin(), out.blocks.end());
  out.blocks.erase(std::unique(out.blocks.begin(), out.blocks.end()), out.blocks.end());
  std::vector<testimony> all;
  for (const auto& x : state.spoken) all.push_back({x.agent, x.confidence, x.evidence});
  const auto together = combine(std::move(all));
  out.independent = together.groups;
  out.confidence = together.confidence;
  return out;
}

void concurrences::forget(time_ms now) {
  std::erase_if(subjects_, [&](const auto& entry) {
    return !within_time(entry.second.last, now, limits_.window);
  });
  // Room for one more.
  evicted_ +=
      drop_oldest(subjects_, limits_.subjects_max - 1, [](const auto& x) { return x.last; });
}

void concurrences::save(state_writer& out) const {
  out.u64(subjects_.size());
  for (const auto& [subject, state] : subjects_) {
    out.text(subject);
    out.i64(state.last);
    out.ref(state.told);
    out.u64(state.spoken.size());
    for (const auto& s : state.spoken) {
      out.text(s.agent);
      out.text(s.type);
      out.ref(s.block);
      out.u64(s.blocks.size());
      for (const auto& b : s.blocks) out.ref(b);
      out.i64(s.time);
      out.real(s.confidence);
      out.u64(s.evidence.size());
      for (const auto hash : s.evidence) out.u64(hash);
    }
  }
}

bool concurrences::load(state_reader& in) {
  constexpr std::size_t ref_bytes = 2 * 8 + hash32::size_bytes;
  constexpr std::size_t subject_bytes = 3 * 8 + ref_bytes;
  constexpr std::size_t statement_bytes = 6 * 8 + ref_bytes;
  subjects_.clear();
  const auto count = in.count(subject_bytes);
  if (count > limits_.subjects_max) return false;
  for (std::uint64_t i = 0; i < count && in.intact(); ++i) {
    auto& state = subjects_[in.text()];
    state.last = in.i64();
    state.told = in.ref();
    const auto spoken = in.count(statement_bytes);
    if (spoken > concurrence_agents_max) return false;
    for (auto left = spoken; left > 0 && in.intact(); --left) {
      statement s{.agent = in.text(), .type = in.text(), .block = in.ref(), .blocks = {}};
      const auto blocks = in.count(ref_bytes);
      if (blocks > statement_blocks_max) return false;
      for (auto more = blocks; more > 0 && in.intact(); --more) s.blocks.push_back(in.ref());
      s.time = in.i64();
      s.confidence = in.real();
      if (!(s.confidence >= 0 && s.confidence <= 1)) return false;
      const auto hashes = in.count(8);
      if (hashes > evidence_sample_max) return false;
      for (auto more = hashes; more > 0 && in.intact(); --more) s.evidence.push_back(in.u64());
      if (!std::is_sorted(s.evidence.begin(), s.evidence.end())) return false;
      state.spoken.push_back(std::move(s));
    }
  }
  return in.intact();
}

}  // namespace eremos::detect
