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
// met = the other end of each of these, whatever it is: whom it called, who called it, with whom it
// exchanged tokens. A transfer of nothing is no dealing, as anyone can make one in another's name.
// Neither the zero address nor itself.
// funder = the sender of the first native value into it (by transaction index), else of the first
// token transfer into it that moves something (by log index). Nobody funds itself, a mint is from
// nobody, and what a contract is created with is its code's, not a wallet's first money. Whether
// the wallet was seen before is not known here.
// may_cluster = the funder signed a transaction of the block, which no contract can (EIP-3607), and
// the wallet does nothing there that only contracts do: to be created, to be called with an input,
// to emit logs, to pass tokens on without signing. An approved contract can pass on a plain
// wallet's tokens too: such a wallet is left out, as one too few is better than one too many.
#pragma once
#include <vector>

#include "messages/chain.hpp"

namespace eremos {

/// Sorted by address; the same for every order of the events.
std::vector<wallet_delta> wallet_changes(const event_list& events);

}  // namespace eremos
