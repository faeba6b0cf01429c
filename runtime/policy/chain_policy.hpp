// What differs from chain to chain when events are judged: amounts that count as large, the usual
// block time, names. Plain data with built-in rows; config may change any field. Asks nobody.
// Any thread.
#pragma once
#include <string>

#include "messages/units.hpp"
#include "runtime/policy/score_table.hpp"

namespace eremos {

struct chain_policy {
  chain_id chain = 1;
  std::string source = "ethereum";  ///< the chain's name, as events carry it
  wei large = ether(100);           ///< native value above this scores more …
  wei very_large = ether(1'000);    ///< … above this still more, and ranks high
  duration_ms block_time_ms = 12 * second_ms;
  std::string native_symbol = "ETH";
  score_table scores;

  friend bool operator==(const chain_policy&, const chain_policy&) = default;
};

/// The built-in row of chains 1, 10, 137 and 42161; for any other chain id Ethereum's values under
/// the name "chain-<id>".
chain_policy builtin_chain_policy(chain_id chain);

}  // namespace eremos
