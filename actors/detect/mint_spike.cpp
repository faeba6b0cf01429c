#include "actors/detect/mint_spike.hpp"

#include <algorithm>
#include <cmath>
#include <set>

#include "actors/detect/kept_blocks.hpp"

namespace eremos::detect {
namespace {

/// Blocks without a mint that every token is taken to have had before.
constexpr double prior_weight = 4;
/// From here on a spike is more than everyday.
constexpr double weight_medium = 32;
constexpr double z_medium = 12;
constexpr double own_medium = 0.5;

double confidence_of(double z, double weight, double own) {
  const double strength = 1.0 - std::exp(-(z - 2.0) / 4.0);
  return std::clamp(0.9 * strength * (0.4 + 0.6 * weight / (weight + 16.0)) * (0.5 + 0.5 * own),
                    0.0, 1.0);
}

std::uint64_t transactions_of(std::span<const token_mint> mints) {
  std::set<std::uint64_t> seen;
  for (const auto& m : mints) seen.insert(m.transaction_index);
  return seen.size();
}

}  // namespace

double mint_spikes::decay(std::uint64_t blocks) const {
  return std::exp2(-static_cast<double>(blocks) / limits_.half_life_blocks);
}

/// What leaves the window becomes what was before.
void mint_spikes::slide(const block_ref& block) {
  const auto outside = [&](block_number number) {
    return !within_blocks(number, block.number, limits_.blocks);
  };
  std::erase_if(window_, [&](const window_block& w) { return outside(w.number); });
  for (auto& [who, state] : tokens_) {
    if (state.recent.empty()) continue;
    std::erase_if(state.recent, [&](const kept_block& k) {
      if (!outside(k.block.number)) return false;
      if (k.teaches) {
        state.mints = state.mints * decay(handled_ - state.at) +
                      static_cast<double>(k.count) * decay(handled_ - k.at);
        state.at = handled_;
      }
      return true;
    });
    if (state.recent.empty()) state.found = false;
  }
}

std::vector<mint_spike> mint_spikes::block(const block_ref& block, bool teaches,
                                           std::vector<token_mint> mints) {
  std::sort(mints.begin(), mints.end());
  slide(block);
  std::vector<mint_spike> found;
  for (auto at = mints.begin(); at != mints.end();) {
    const auto end =
        std::find_if(at, mints.end(), [&](const token_mint& m) { return m.token != at->token; });
    const std::span<const token_mint> mine{at, end};
    at = end;
    auto& state =
        tokens_.try_emplace(mine.front().token, token_state{0, handled_, handled_, false, {}})
            .first->second;
    state.last = handled_;
    judge(block, mine, state, found);
    kept_block kept{.block = block,
                    .at = handled_,
                    .teaches = teaches,
                    .count = mine.size(),
                    .transactions = transactions_of(mine),
                    .first = {}};
    std::set<address> receivers;
    for (const auto& m : mine)
      if (kept.first.size() < mint_receivers_max && receivers.insert(m.to).second)
        kept.first.push_back({m.to, m.log_index});
    state.recent.push_back(std::move(kept));
  }
  if (teaches) {
    window_.push_back({block.number, handled_});
    weight_ = (weight_ + 1) * decay(1);
    ++handled_;
  }
  evict();
  return found;
}

void mint_spikes::judge(const block_ref& block, std::span<const token_mint> mints,
                        token_state& state, std::vector<mint_spike>& found) const {
  mint_spike out{.token = mints.front().token, .mints = mints.size()};
  out.transactions = transactions_of(mints);
  std::set<address> receivers;
  for (const auto& m : mints) receivers.insert(m.to);
  std::uint64_t before = 0;
  for (const auto& k : state.recent) {
    before += k.count;
    out.transactions += k.transactions;
    for (const auto& m : k.first) receivers.insert(m.to);
  }
  out.mints += before;
  out.minters = receivers.size();
  if (out.mints < limits_.mints) {
    state.found = false;
    return;
  }
  out.history = handled_ - window_.size();
  if (state.found || out.minters < limits_.minters || out.history < limits_.history_min) return;
  double weight = weight_;
  for (const auto& w : window_) weight -= decay(handled_ - w.at);
  weight = std::max(0.0, weight);
  out.expected = state.mints * decay(handled_ - state.at) / (weight + prior_weight) *
                 static_cast<double>(window_.size() + 1);
  out.z = (static_cast<double>(out.mints) - out.expected) / (1.0 + out.expected / 2.0);
  if (out.z < limits_.z_min) return;
  state.found = true;
  const auto completing = before < limits_.mints ? limits_.mints - before - 1 : 0;
  out.anchor = id_of_log(block, mints[completing].log_index);
  for (const auto& k : state.recent) {
    out.blocks.push_back(k.block);
    for (const auto& m : k.first) out.evidence.push_back(id_of_log(k.block, m.log_index));
  }
  out.blocks.push_back(block);
  for (const auto& m : mints) out.evidence.push_back(id_of_log(block, m.log_index));
  const double own =
      std::min(1.0, static_cast<double>(out.transactions) / static_cast<double>(receivers.size()));
  out.confidence = confidence_of(out.z, weight, own);
  if (out.z >= z_medium && weight >= weight_medium && own >= own_medium)
    out.level = severity::medium;
  found.push_back(std::move(out));
}

void mint_spikes::evict() {
  evicted_ += drop_oldest(tokens_, limits_.tokens_max, [](const auto& t) { return t.last; });
  std::vector<std::tuple<std::uint64_t, address, std::size_t>> by_age;
  std::size_t kept = 0;
  for (const auto& [who, state] : tokens_)
    for (const auto& k : state.recent) {
      kept += k.first.size();
      by_age.emplace_back(k.at, who, k.first.size());
    }
  if (kept <= limits_.kept_max) return;
  std::sort(by_age.begin(), by_age.end());
  for (const auto& [at, who, size] : by_age) {
    if (kept <= limits_.kept_max) return;
    // By the same order, this is the token's first.
    tokens_.at(who).recent.erase(tokens_.at(who).recent.begin());
    kept -= size;
    evicted_ += size;
  }
}

void mint_spikes::save(state_writer& out) const {
  block_table table;
  for (const auto& [who, state] : tokens_)
    for (const auto& k : state.recent) table.add(k.block);
  table.save(out);
  out.u64(handled_);
  out.real(weight_);
  out.u64(window_.size());
  for (const auto& w : window_) {
    out.u64(w.number);
    out.u64(w.at);
  }
  out.u64(tokens_.size());
  for (const auto& [who, state] : tokens_) {
    out.bytes(who);
    out.real(state.mints);
    out.u64(state.at);
    out.u64(state.last);
    out.flag(state.found);
    out.u64(state.recent.size());
    for (const auto& k : state.recent) {
      out.u64(table.place(k.block));
      out.u64(k.at);
      out.flag(k.teaches);
      out.u64(k.count);
      out.u64(k.transactions);
      out.u64(k.first.size());
      for (const auto& m : k.first) {
        out.bytes(m.to);
        out.u64(m.log_index);
      }
    }
  }
}

bool mint_spikes::load(state_reader& in) {
  constexpr std::size_t token_bytes = address::size_bytes + 5 * 8;
  constexpr std::size_t block_bytes = 6 * 8;
  constexpr std::size_t mint_bytes = address::size_bytes + 8;
  const auto sane = [](double x) { return std::isfinite(x) && x >= 0; };
  tokens_.clear();
  const auto table = block_table::load(in);
  handled_ = in.u64();
  weight_ = in.real();
  if (!sane(weight_)) return false;
  window_.assign(in.count(2 * 8), {});
  for (auto& w : window_) {
    w.number = in.u64();
    w.at = in.u64();
    if (w.at >= handled_) return false;
  }
  const auto count = in.count(token_bytes);
  if (window_.size() > handled_ || count > limits_.tokens_max) return false;
  std::size_t kept = 0;
  for (std::uint64_t i = 0; i < count && in.intact(); ++i) {
    address who;
    in.bytes(who);
    auto& state = tokens_[who];
    state.mints = in.real();
    state.at = in.u64();
    state.last = in.u64();
    state.found = in.flag();
    if (!sane(state.mints) || state.at > handled_ || state.last > handled_) return false;
    for (auto left = in.count(block_bytes); left > 0 && in.intact(); --left) {
      const auto place = in.u64();
      if (place >= table.size()) return false;
      kept_block k{.block = table[place],
                   .at = in.u64(),
                   .teaches = in.flag(),
                   .count = in.u64(),
                   .transactions = in.u64(),
                   .first = {}};
      k.first.resize(in.count(mint_bytes));
      for (auto& m : k.first) {
        in.bytes(m.to);
        m.log_index = in.u64();
      }
      kept += k.first.size();
      if (k.at > handled_ || kept > limits_.kept_max) return false;
      state.recent.push_back(std::move(k));
    }
  }
  return in.intact();
}

}  // namespace eremos::detect
