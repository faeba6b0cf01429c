// Scores one wallet's part in one block against what is known of the wallet: 0 ordinary, 1 strange.
// Learns nothing and keeps nothing: facts before the block come from WALLETS. Pure; any thread.
//
// Three oddities, each 0..1, combined as if independent (noisy or), so that one alone is never an
// alarm and all three reach the critical 0.95:
//
//   score = 1 - (1 - 0.8 h value) (1 - 0.6 h burst) (1 - 0.75 wake),   rounded to 1/1000
//
//   and the same of each alone: 0.8 h value, 0.6 h burst, 0.75 wake
//
//   h      = n / (n + 4), n the blocks it took part in before: little history, little to say; a
//            wallet seen for the first time scores 0
//   value  = log10(|change| / usual) / 3, cut to 0..1: a thousand times the usual is 1.
//            usual = max(|sum of all changes| / sqrt(n), floor): n independent ins and outs of size
//            s sum to about s sqrt(n), one-way ones to s n, so that a wallet that only gathers is
//            judged more mildly. The sum of a balanced wallet can be small by chance (under a tenth
//            of s sqrt(n): 8 %), hence the slow logarithm: ten times the usual adds only 0.27.
//   burst  = log2(many / (mean per block it took part in + 1)) / 5, cut to 0..1, from 8 on: 32
//   times
//            its mean is 1. Many transactions, or many addresses it never dealt with, whichever is
//            odder: they mostly come together, and one transaction can pay hundreds. New addresses
//            are what the sketch of counterparties grows by, of wallets that dealt with at most 160
//            so far: beyond, it is too coarse to tell a few more.
//   wake   = 0 up to 180 days of silence, then from 0.5 to 1 at five years; only if the balance
//            falls, as anyone can send dust to a wallet that sleeps
//
// Ordinary activity stays under 0.5: ten times the usual value in four times the usual transactions
// scores at most 0.45. Not calibrated: there is no public ground truth for wallet behaviour.
#pragma once
#include "messages/chain.hpp"
#include "messages/event.hpp"

namespace eremos::detect {

struct anomaly_limits {
  /// Below it a change is never large: "very large" of the chain / 1000, about 1 ETH.
  wei value_floor = ether(1);
  /// Fewer transactions, or new counterparties, of one wallet in one block are no burst.
  std::uint32_t burst_min = 8;
};

/// `now` is the block's time. Facts without any block give zeros.
anomaly_parts wallet_anomaly(const wallet_facts& before, const wallet_delta& change, time_ms now,
                             const anomaly_limits& limits = {});

}  // namespace eremos::detect
