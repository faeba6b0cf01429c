#include "actors/detect/arbitrage.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "actors/detect/kept_blocks.hpp"
#include "runtime/policy/decode_action.hpp"

namespace eremos::detect {
namespace {

template <class Fits>
maybe<address> token_of(std::uint64_t transaction, const std::vector<token_move>& moves,
                        Fits fits) {
  auto at = std::lower_bound(
      moves.begin(), moves.end(), transaction,
      [](const token_move& m, std::uint64_t index) { return m.transaction_index < index; });
  maybe<address> out;
  for (; at != moves.end() && at->transaction_index == transaction; ++at) {
    if (!fits(*at)) continue;
    if (out && *out != at->token) return {};
    out = at->token;
  }
  return out;
}

/// What went into and came out of the legs, of one token.
struct balance {
  uint256 in;
  uint256 out;
  std::uint64_t ins = 0;
  std::uint64_t outs = 0;
};

}  // namespace

maybe<address> token_in(const block_swap& swap, const std::vector<token_move>& moves) {
  if (const auto named = address_of_word(swap.what.in_side.data.data());
      !swap.what.pool.id.is_zero() && named && !swap.what.in_side.is_zero() &&
      named->data.front() != 0)
    return named;
  return token_of(swap.transaction_index, moves, [&](const token_move& m) {
    return m.to == swap.what.pool.contract && m.amount == swap.what.in;
  });
}

maybe<address> token_out(const block_swap& swap, const std::vector<token_move>& moves) {
  if (const auto named = address_of_word(swap.what.out_side.data.data());
      !swap.what.pool.id.is_zero() && named && named->data.front() != 0)
    return named;
  return token_of(swap.transaction_index, moves, [&](const token_move& m) {
    return m.from == swap.what.pool.contract && m.amount == swap.what.out;
  });
}

maybe<arbitrage> find_arbitrage(const block_ref& block, std::span<const block_swap> swaps,
                                const std::vector<token_move>& moves) {
  if (swaps.size() < 2) return {};
  std::map<address, balance> tokens;
  std::map<address, address>
      next;  // of a leg: from the token that goes in to the one that comes out
  std::set<pool_key> pools;
  for (const auto& s : swaps) {
    const auto in = token_in(s, moves);
    const auto out = token_out(s, moves);
    if (!in || !out || *in == *out || !next.emplace(*in, *out).second) return {};
    auto& paid = tokens[*in];
    paid.in = s.what.in;
    ++paid.ins;
    auto& got = tokens[*out];
    got.out = s.what.out;
    ++got.outs;
    pools.insert(s.what.pool);
  }
  if (pools.size() < 2 || tokens.size() != swaps.size()) return {};
  std::size_t steps = 1;
  for (auto at = next.begin()->second; at != next.begin()->first && steps <= swaps.size(); ++steps)
    if (const auto leg = next.find(at); leg == next.end())
      return {};
    else
      at = leg->second;
  if (steps != swaps.size()) return {};
  maybe<arbitrage> found;
  bool exact = true;
  for (const auto& [token, b] : tokens) {
    if (b.ins != 1 || b.outs != 1) return {};
    if (b.in == b.out) continue;
    constexpr double margin = 0.01;
    const double off = to_double(b.out) / to_double(b.in) - 1.0;
    const bool earns = b.out > b.in;
    if (earns && !found) {
      found = arbitrage{.token = token, .gain = b.out - b.in, .pools = {}, .evidence = {}};
      continue;
    }
    if (std::abs(off) > margin) return {};
    exact = false;
  }
  if (!found) return {};
  const auto& last = swaps.back();
  found->transaction = last.transaction;
  found->executor = last.to ? *last.to : last.what.recipient;
  found->legs = swaps.size();
  found->pools.assign(pools.begin(), pools.end());
  found->confidence = 0.8 + (exact ? 0.1 : 0.0);
  found->anchor = id_of_log(block, last.log_index);
  for (const auto& s : swaps) found->evidence.push_back(id_of_log(block, s.log_index));
  return found;
}

}  // namespace eremos::detect
