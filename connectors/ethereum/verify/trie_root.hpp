// The root of the Merkle-Patricia trie over a list, as a header has it for transactions, receipts
// and withdrawals: keys are RLP of the index (Yellow Paper, appendix D). Keeps no trie. Pure; any
// thread.
#pragma once
#include <vector>

#include "messages/bytes.hpp"

namespace eremos {

/// Of the values in order of their index. An empty list has the root of an empty trie.
hash32 trie_root(const std::vector<byte_vector>& values);

/// keccak256 of RLP's empty string.
hash32 empty_trie_root();

}  // namespace eremos
