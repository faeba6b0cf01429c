#include "actors/detect/flash_manipulation.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "actors/detect/kept_blocks.hpp"

namespace eremos::detect {
namespace {

/// One pool's part in the transaction.
struct pool_story {
  std::vector<const block_swap*> swaps;
  std::vector<double> prices;
  bool swaps_back = false;
  double move = 0;
  double returned = 0;
};

pool_story story_of(const pool_key& pool, const loan_transaction& t) {
  pool_story out;
  for (const auto& s : t.swaps)
    if (s.what.pool == pool) out.swaps.push_back(&s);
  for (const auto& p : t.prices)
    if (p.pool == pool && p.price > 0) out.prices.push_back(p.price);
  const auto opposite = [&](const block_swap* s) {
    return s->what.in_side != out.swaps.front()->what.in_side;
  };
  const auto back = std::count_if(out.swaps.begin(), out.swaps.end(), opposite);
  constexpr std::ptrdiff_t same_way_min = 3;
  out.swaps_back = back > 0 || static_cast<std::ptrdiff_t>(out.swaps.size()) >= same_way_min;
  if (out.prices.size() < 2 || out.swaps.size() < 2) return out;
  // The first swap has moved the price already: from where is told by how far the last came back,
  // so the range of all prices is the move, and the way back is from the extreme to the last.
  const auto [low, high] = std::minmax_element(out.prices.begin(), out.prices.end());
  out.move = *high / *low - 1.0;
  const double last = out.prices.back();
  const auto far = std::abs(std::log(*high / last)) > std::abs(std::log(last / *low)) ? high : low;
  const double range = std::log(*high / *low);
  if (range > 0) out.returned = std::abs(std::log(*far / last)) / range;
  // A price that only goes on is no return.
  if (far == out.prices.begin() && out.prices.size() > 1 && back == 0) out.returned = 0;
  return out;
}

std::map<address, int256> gains_of(const address& who, const loan_transaction& t) {
  std::map<address, int256> out;
  for (const auto& m : t.moves) {
    if (m.from == m.to || m.amount.is_zero()) continue;
    if (m.to == who) out[m.token] = out[m.token] + int256{false, m.amount};
    if (m.from == who) out[m.token] = out[m.token] - int256{false, m.amount};
  }
  return out;
}

bool paid_between(const pool_story& story, const loan_transaction& t, const address& executor) {
  const auto first = story.swaps.front()->log_index;
  const auto last = story.swaps.back()->log_index;
  const auto inside = [&](std::uint64_t log) { return log > first && log < last; };
  std::set<address> trading;
  for (const auto& s : t.swaps) trading.insert(s.what.pool.contract);
  for (const auto& l : t.loans) trading.insert(l.what.lender);
  if (std::any_of(t.changes.begin(), t.changes.end(), [&](const auto& c) {
        return inside(c.log_index) && !trading.contains(c.what.pool.contract);
      }))
    return true;
  return std::any_of(t.moves.begin(), t.moves.end(), [&](const auto& m) {
    if (!inside(m.log_index) || m.amount.is_zero()) return false;
    if (m.from.is_zero() || m.to.is_zero()) return true;
    return m.to == executor && !trading.contains(m.from);
  });
}

}  // namespace

maybe<flash_manipulation> find_manipulation(const block_ref& block, const loan_transaction& t,
                                            const manipulation_limits& limits) {
  if (t.loans.empty() || t.swaps.size() < 2) return {};
  const auto& loan =
      *std::max_element(t.loans.begin(), t.loans.end(),
                        [](const auto& a, const auto& b) { return a.what.amount < b.what.amount; });
  flash_manipulation out{.transaction = t.transaction,
                         .lender = loan.what.lender,
                         .executor = loan.what.borrower,
                         .token = loan.what.token,
                         .loan = loan.what.amount,
                         .anchor = id_of_log(block, loan.log_index),
                         .evidence = {}};
  // An event alone is a claim: the borrower must have got just that much.
  const auto lent = std::find_if(t.moves.begin(), t.moves.end(), [&](const token_move& m) {
    return m.to == out.executor && m.amount == out.loan &&
           (out.token.is_zero() || m.token == out.token);
  });
  if (lent == t.moves.end() || out.loan.is_zero()) return {};
  out.token = lent->token;
  std::set<pool_key> pools;
  for (const auto& s : t.swaps) pools.insert(s.what.pool);
  double best = -1;
  for (const auto& pool : pools) {
    const auto story = story_of(pool, t);
    const bool returns = story.move >= limits.price_move && story.returned >= 0.5;
    const bool between = story.swaps.size() > 1 && paid_between(story, t, out.executor);
    const double part = (story.swaps_back ? 0.3 : 0) + (returns ? 0.25 : 0) + (between ? 0.25 : 0);
    if (part <= best) continue;
    best = part;
    out.pool = pool;
    out.price_move = story.move;
    out.returned = story.returned;
    out.swaps_back = story.swaps_back;
    out.price_returns = returns;
    out.paid_between = between;
    out.evidence.clear();
    for (const auto* s : story.swaps) out.evidence.push_back(id_of_log(block, s->log_index));
  }
  for (const auto& who : {maybe<address>{out.executor}, t.from, t.to}) {
    if (!who) continue;
    const auto gains = gains_of(*who, t);
    const auto mine = gains.find(out.token);
    if (mine == gains.end() || mine->second.negative) continue;
    out.gain_of_loan =
        std::max(out.gain_of_loan, to_double(mine->second.magnitude) / to_double(out.loan));
  }
  out.gains = out.gain_of_loan >= limits.gain_of_loan;
  out.score = best + (out.gains ? 0.2 : 0);
  constexpr double rounding = 1e-9;
  if (out.score < limits.score_min - rounding) return {};
  constexpr double high = 0.85;
  if (out.score >= high) out.level = severity::high;
  for (const auto& l : t.loans) out.evidence.push_back(id_of_log(block, l.log_index));
  return out;
}

}  // namespace eremos::detect
