// A chain of dense blocks that is right under every check of a verifier, as a provider's texts:
// made and signed from a seed. For benches only. Any thread.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace eremos::bench {

struct dense_block {
  std::string hash;      ///< "0x…"
  std::string header;    ///< result of eth_getBlockByNumber without transactions
  std::string whole;     ///< and with them
  std::string receipts;  ///< result of eth_getBlockReceipts
};

struct dense_shape {
  std::uint64_t blocks = 200;  ///< numbered from 0; block 0 has what the others have
  std::uint64_t transactions = 160;
  std::uint64_t logs = 3;  ///< of each transaction; ERC-20 transfers
  std::uint64_t seed = 1;
};

/// Chain id 1, every header field up to Prague, transactions of type 2.
std::vector<dense_block> make_dense_chain(const dense_shape& shape);

}  // namespace eremos::bench
