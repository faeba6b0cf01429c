// What one block (or a late piece of one) did to each wallet that had a part in it. Sees only what
// transactions and logs show: no internal transfers, no block rewards, no withdrawals, no blob fees
// (EIP-4844) and no rollup's data fees. Pure; any thread.
//
// Parties: the sender and recipient of a transaction, the contract it created, both ends of a
// decoded token transfer; never the zero address, which nobody owns.
// balance_change = native value in - value out - fee. A failed transaction moves no value, creates
// nothing and pays its fee; the fee (gas used * effective gas price) counts only where the receipt
// is known. Without a receipt the value is taken as moved.
// transactions = how many of the block's transactions it had a part in, each once.
#pragma once
#include <vector>

#include "messages/chain.hpp"

namespace eremos {

/// Sorted by address.
std::vector<wallet_delta> wallet_changes(const event_list& events);

}  // namespace eremos
