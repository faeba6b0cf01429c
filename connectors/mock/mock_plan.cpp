#include "connectors/mock/mock_plan.hpp"

#include <cassert>

#include "connectors/mock/evm_words.hpp"

namespace eremos {
namespace {

/// What a dice is for, so that equal numbers in different places stay unrelated.
enum purpose : std::uint64_t { counts = 101, rounds, slots, exchanges, acts };

// Positions within a cycle, block 1 being position 0 of cycle 0. The first patterns fit into the
// first 200 events of the default load, whose blocks have about 35; trades come right behind them.
// A rush of mints needs 10 blocks before its 5 to be told from a token that is minted always, and
// a habit the blocks that make it one (actors/detect/mint_spike.hpp, wallet_anomaly.hpp).
constexpr std::uint64_t wake_at = 1;          ///< a sleeper wakes
constexpr std::uint64_t whale_at = 1;         ///< a very large transfer to an exchange …
constexpr std::uint64_t whale_again_at = 21;  ///< … and another, to a wallet
constexpr std::uint64_t run_at = 1;           ///< 8 transactions of one sender in 3 blocks
constexpr std::array<std::uint64_t, 3> run = {3, 2, 3};
constexpr std::uint64_t launch_at = 2;       ///< a contract is created …
constexpr std::uint64_t launch_buys_at = 3;  ///< … and three others move its token right after
constexpr std::uint64_t launch_buys = 3;
constexpr std::uint64_t claims_at = 3;  ///< five wallets make the same call of one contract
constexpr std::uint64_t claims = 5;
constexpr std::uint64_t upgrade_at = 2;       ///< a known token's code changes: a critical event
constexpr std::uint64_t burst_at = 3;         ///< the quiet token emits many logs …
constexpr std::uint64_t burst_again_at = 30;  ///< … and again, after a longer quiet time
constexpr std::uint32_t burst_logs = 30;
constexpr std::uint32_t burst_again_logs = 40;
constexpr std::uint64_t sleep_at = 20;  ///< one falls asleep for mock_sleep_cycles
constexpr std::uint64_t trade_at = 4;   ///< one sender swaps to and fro, 15 times in 3 blocks
constexpr std::uint64_t trades_a_block = 5;
constexpr std::uint64_t deployment_at = 7;       ///< a contract is created …
constexpr std::uint64_t deployment_uses_at = 8;  ///< … and others call it right after
constexpr std::uint64_t deployment_uses = 3;
constexpr std::uint64_t mints_at = 14;  ///< wallets mint a new token, in two blocks
constexpr std::uint64_t mints_a_block = 12;
constexpr std::uint64_t habit_at = 3;  ///< somebody pays a little in every block …
constexpr std::uint64_t habit_blocks = 26;
constexpr std::uint64_t habit_breaks_at = 29;  ///< … and then very much, many times at once
constexpr std::uint64_t habit_breaks = 24;

wei milli_ether(std::uint64_t n) { return wei{n} * wei{1'000'000'000'000'000ull}; }

/// Mostly small: every factor of ten is about equally likely, as on a real chain.
wei everyday_value(dice& d) {
  switch (d.below(10)) {
    case 0:
      return milli_ether(d.between(10'000, 90'000));
    case 1:
    case 2:
    case 3:
      return milli_ether(d.between(1'000, 9'999));
    case 4:
    case 5:
    case 6:
      return milli_ether(d.between(100, 999));
    default:
      return milli_ether(d.between(1, 99));
  }
}

/// A bit over two logs a transaction (mainnet's block 18,000,000 has three).
mock_kind everyday_kind(dice& d) {
  const auto x = d.below(100);
  if (x < 22) return mock_kind::pay;
  if (x < 48) return mock_kind::token_transfer;
  if (x < 53) return mock_kind::approve;
  if (x < 79) return mock_kind::swap_v2;
  if (x < 95) return mock_kind::swap_v3;
  if (x < 97) return mock_kind::wrap;
  return x < 99 ? mock_kind::unwrap : mock_kind::create;
}

}  // namespace

mock_plan::mock_plan(std::uint64_t key, bool dense, const mock_cast& cast, mock_patterns patterns)
    : key_(key), cast_(cast), patterns_(patterns) {
  // With a withdrawal and what is planted: mostly 6 to 12 transactions a block, or mainnet's 150 to
  // 200. The same whatever is planted, so that ordinary traffic is.
  // Where the first patterns are planted there is less else, so that they come early.
  dice d{key, purpose::counts};
  for (std::size_t i = 0; i < mock_cycle; ++i) {
    const bool crowded = i >= run_at && i <= burst_at;
    const auto slots = dense ? d.between(150, 185) : crowded ? d.between(3, 4) : d.between(5, 9);
    slots_before_[i + 1] = slots_before_[i] + slots;
  }
}

std::vector<mock_draft> mock_plan::drafts(std::uint64_t number, std::uint64_t salt) const {
  assert(number > 0);
  std::vector<mock_draft> out;
  if (number == 1) {
    if (plants(mock_pattern::wake)) gathering(out);
  } else {
    ordinary(number, salt, out);
    out.push_back(withdrawal(number));
  }
  planted(number, out);
  return out;
}

void mock_plan::ordinary(std::uint64_t number, std::uint64_t salt,
                         std::vector<mock_draft>& out) const {
  const auto position = (number - 1) % mock_cycle;
  const auto count = slots_before_[position + 1] - slots_before_[position];
  for (std::uint64_t slot = 0; slot < count; ++slot)
    out.push_back(ordinary_draft(number, slot, slot % 2 == 1 ? salt : 0));
}

mock_draft mock_plan::ordinary_draft(std::uint64_t number, std::uint64_t slot,
                                     std::uint64_t salt) const {
  // Slots are counted from the chain's first block on. In every round of as many slots as there are
  // wallets each wallet sends once, in a new order (a step through a prime number of wallets), so a
  // wallet's nonce is the round: no history is needed to know it.
  const auto cycle = (number - 1) / mock_cycle;
  const auto position = (number - 1) % mock_cycle;
  const auto global = cycle * slots_before_.back() + slots_before_[position] + slot;
  const auto wallets = cast_.wallet_count();
  const auto round = global / wallets;
  dice order{key_, purpose::rounds, round};
  const auto step = order.between(1, wallets - 1);
  const auto start = order.below(wallets);
  const auto sender = (step * (global % wallets) + start) % wallets;

  dice d{key_, purpose::slots, number, slot, salt};
  mock_draft out;
  out.from = cast_.wallet(sender);
  out.nonce = cast_.first_nonce(mock_role::wallet, sender) + round;
  out.roll = d.next();
  out.value = everyday_value(d);
  out.kind = everyday_kind(d);
  const bool deposits = d.chance(30) && out.kind == mock_kind::pay;
  out.to = deposits ? any_exchange(d) : any_wallet(d, out.from);
  if (slot == 0) {  // the quiet token's one log a block
    out.kind = mock_kind::token_transfer;
    out.token = cast_.account(mock_role::quiet_token, cycle);
    out.planted = true;
  }
  return out;
}

/// Every block one exchange pays somebody out; each in its turn, so its nonce is the round.
mock_draft mock_plan::withdrawal(std::uint64_t number) const {
  const auto cycle = (number - 1) / mock_cycle;
  const auto position = (number - 1) % mock_cycle;
  const auto count = cast_.exchange_count();
  const auto round = number / count;
  const auto shift = dice{key_, purpose::exchanges, round}.below(count);
  const auto sender = (number % count + shift) % count;
  dice d{key_, purpose::exchanges, number, sender};
  mock_draft out;
  out.from = cast_.exchange(sender);
  // Exchanges have sent millions of transactions before.
  out.nonce = 1'000'000 * (sender + 1) + round;
  out.roll = d.next();
  out.value = everyday_value(d);
  out.kind = d.chance(60) ? mock_kind::pay : mock_kind::token_transfer;
  out.to = any_wallet(d, out.from);
  if (position + 1 == launch_at && plants(mock_pattern::launch)) {
    // Who creates a contract next was paid by an exchange.
    out.kind = mock_kind::pay;
    out.to = cast_.account(mock_role::launcher, cycle * (launch_buys + 1));
    out.value = ether(5);
    out.planted = true;
  }
  return out;
}

/// A transaction of an account made up for a pattern: its `nth`, counted from 0.
mock_draft mock_plan::act(mock_role role, std::uint64_t index, std::uint64_t nth,
                          mock_kind kind) const {
  dice d{key_, purpose::acts, static_cast<std::uint64_t>(role), index, nth};
  mock_draft out;
  out.kind = kind;
  out.from = cast_.account(role, index);
  out.nonce = cast_.first_nonce(role, index) + nth;
  out.roll = d.next();
  out.to = any_wallet(d, out.from);
  out.planted = true;
  return out;
}

/// Block 1: the sleepers of the first cycles meet, two by two, and nothing else happens. An
/// ordinary wallet there would wake with the second block, 200 days later.
void mock_plan::gathering(std::vector<mock_draft>& out) const {
  for (std::uint64_t i = 0; i < mock_sleep_cycles; i += 2) {
    auto meets = act(mock_role::sleeper, i, 0, mock_kind::pay);
    meets.to = cast_.account(mock_role::sleeper, i + 1);
    meets.value = milli_ether(3'000 + meets.roll % 30'000);
    out.push_back(std::move(meets));
  }
}

void mock_plan::planted(std::uint64_t number, std::vector<mock_draft>& out) const {
  const auto cycle = (number - 1) / mock_cycle;
  const auto position = (number - 1) % mock_cycle;
  first_act(cycle, position, out);
  later_act(cycle, position, out);
  deployment(cycle, position, out);
  mints(cycle, position, out);
  habit(cycle, position, out);
}

void mock_plan::first_act(std::uint64_t cycle, std::uint64_t position,
                          std::vector<mock_draft>& out) const {
  dice d{key_, purpose::acts, cycle, position};
  if (position == wake_at && plants(mock_pattern::wake)) {
    const bool sent_before = cycle >= mock_sleep_cycles || cycle % 2 == 0;
    auto wakes = act(mock_role::sleeper, cycle, sent_before ? 1 : 0, mock_kind::pay);
    wakes.to = any_exchange(d);
    wakes.value = milli_ether(d.between(40'000, 95'000));
    out.push_back(std::move(wakes));
  }
  if (position == whale_at && plants(mock_pattern::whale)) {
    auto large = act(mock_role::whale, cycle, 0, mock_kind::pay);
    large.to = any_exchange(d);
    large.value = ether(d.between(1'100, 5'000));
    out.push_back(std::move(large));
  }
  std::uint64_t sent = 0;
  for (std::size_t i = 0; i < run.size(); sent += run[i++]) {
    if (position != run_at + i || !plants(mock_pattern::run)) continue;
    for (std::uint64_t k = 0; k < run[i]; ++k) {
      auto runs = act(mock_role::runner, 2 * cycle, sent + k, mock_kind::token_transfer);
      runs.value = milli_ether(d.between(50, 500));
      out.push_back(std::move(runs));
    }
  }
  if (!plants(mock_pattern::launch)) return;
  const auto launcher = cycle * (launch_buys + 1);
  if (position == launch_at)
    out.push_back(act(mock_role::launcher, launcher, 0, mock_kind::create));
  if (position == launch_buys_at) {
    for (std::uint64_t k = 1; k <= launch_buys; ++k) {
      auto buys = act(mock_role::launcher, launcher + k, 0, mock_kind::token_transfer);
      const auto creator = act(mock_role::launcher, launcher, 0, mock_kind::create);
      buys.token = create_address(creator.from, creator.nonce);
      buys.value = milli_ether(d.between(100, 900));
      out.push_back(std::move(buys));
    }
  }
}

void mock_plan::later_act(std::uint64_t cycle, std::uint64_t position,
                          std::vector<mock_draft>& out) const {
  dice d{key_, purpose::acts, cycle, position, 1};
  if ((position == burst_at || position == burst_again_at) && plants(mock_pattern::burst)) {
    const bool again = position == burst_again_at;
    auto bursts = act(mock_role::burster, cycle, again ? 1 : 0, mock_kind::burst);
    bursts.token = cast_.account(mock_role::quiet_token, cycle);
    bursts.logs = again ? burst_again_logs : burst_logs;
    bursts.value = milli_ether(d.between(1, 50));
    out.push_back(std::move(bursts));
  }
  if (position == claims_at && plants(mock_pattern::claims)) {
    for (std::uint64_t k = 0; k < claims; ++k) {
      auto same = act(mock_role::claimer, claims * cycle + k, 0, mock_kind::claim);
      same.to = cast_.account(mock_role::claimed, cycle);
      same.value = milli_ether(10);
      out.push_back(std::move(same));
    }
  }
  if (position == upgrade_at && plants(mock_pattern::upgrade)) {
    auto upgrades = act(mock_role::keeper, 0, cycle, mock_kind::upgrade);
    upgrades.token = cast_.tokens()[cycle % cast_.tokens().size()].who;
    upgrades.value = {};
    out.push_back(std::move(upgrades));
  }
  if (position == sleep_at && plants(mock_pattern::wake)) {
    auto sleeps = act(mock_role::sleeper, cycle + mock_sleep_cycles, 0, mock_kind::pay);
    sleeps.value = milli_ether(d.between(100, 9'000));
    out.push_back(std::move(sleeps));
  }
  if (position == whale_again_at && plants(mock_pattern::whale)) {
    auto large = act(mock_role::whale, cycle, 1, mock_kind::pay);
    large.value = ether(d.between(1'100, 3'000));
    out.push_back(std::move(large));
  }
  if (position >= trade_at && position < trade_at + 3 && plants(mock_pattern::trade)) {
    for (std::uint64_t k = 0; k < trades_a_block; ++k) {
      const auto nth = (position - trade_at) * trades_a_block + k;
      auto trades = act(mock_role::runner, 2 * cycle + 1, nth, mock_kind::swap_v3);
      trades.token = cast_.tokens().front().who;
      trades.value = milli_ether(d.between(900, 1'100));
      // To and fro: the roll's lowest bit is the direction.
      trades.roll = (trades.roll & ~std::uint64_t{1}) | (nth & 1);
      out.push_back(std::move(trades));
    }
  }
}

/// A contract of a wallet that is no launcher: old, and paid by nobody of late.
void mock_plan::deployment(std::uint64_t cycle, std::uint64_t position,
                           std::vector<mock_draft>& out) const {
  if (!plants(mock_pattern::deployment)) return;
  const auto first = cycle * (deployment_uses + 1);
  const auto creates = act(mock_role::developer, first, 0, mock_kind::create);
  if (position == deployment_at) out.push_back(creates);
  if (position != deployment_uses_at) return;
  for (std::uint64_t k = 1; k <= deployment_uses; ++k) {
    auto uses = act(mock_role::developer, first + k, 0, mock_kind::claim);
    uses.to = create_address(creates.from, creates.nonce);
    uses.value = milli_ether(5);
    out.push_back(std::move(uses));
  }
}

/// Each minter mints once; nothing is paid, and no two calls are alike, so that they are no
/// cluster.
void mock_plan::mints(std::uint64_t cycle, std::uint64_t position,
                      std::vector<mock_draft>& out) const {
  if (position < mints_at || position > mints_at + 1 || !plants(mock_pattern::mints)) return;
  const auto first = (2 * cycle + position - mints_at) * mints_a_block;
  for (std::uint64_t k = 0; k < mints_a_block; ++k) {
    auto mints = act(mock_role::minter, first + k, 0, mock_kind::mint);
    mints.token = cast_.account(mock_role::minted, cycle);
    mints.value = milli_ether(1 + mints.roll % 50);
    out.push_back(std::move(mints));
  }
}

/// One account pays a little to the same wallet, block after block, then a fortune to many.
void mock_plan::habit(std::uint64_t cycle, std::uint64_t position,
                      std::vector<mock_draft>& out) const {
  if (!plants(mock_pattern::habit)) return;
  if (position >= habit_at && position < habit_at + habit_blocks) {
    auto pays = act(mock_role::habit, cycle, position - habit_at, mock_kind::pay);
    pays.to = cast_.wallet(cycle % cast_.wallet_count());
    pays.value = milli_ether(40 + pays.roll % 20);
    out.push_back(std::move(pays));
  }
  for (std::uint64_t k = 0; position == habit_breaks_at && k < habit_breaks; ++k) {
    auto breaks = act(mock_role::habit, cycle, habit_blocks + k, mock_kind::pay);
    breaks.value = ether(45);
    out.push_back(std::move(breaks));
  }
}

const address& mock_plan::any_wallet(dice& d, const address& not_this) const {
  const auto i = d.below(cast_.wallet_count());
  const auto& who = cast_.wallet(i);
  return who == not_this ? cast_.wallet((i + 1) % cast_.wallet_count()) : who;
}

const address& mock_plan::any_exchange(dice& d) const {
  return cast_.exchange(d.below(cast_.exchange_count()));
}

}  // namespace eremos
