// What is known of a wallet as one JSON object, in the words of a wallet_activity event. Any
// thread.
#pragma once
#include <string>

#include "messages/chain.hpp"

namespace eremos {

struct wallet_row {
  chain_id chain = 0;
  wallet_facts facts;
};

/// Without a line end. Times are of the chain's clock (ms), balance_change is in wei.
std::string to_json(const wallet_row& row);

}  // namespace eremos
