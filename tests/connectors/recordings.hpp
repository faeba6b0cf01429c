// The recordings of the shared data and what an independent program (Python, by key) counted in
// them. For tests only.
#pragma once
#include <cstddef>
#include <string_view>

namespace eremos::test {

struct recording_counts {
  std::string_view file;
  std::size_t lines;
  std::size_t blocks;              ///< distinct, with a header
  std::size_t block_transactions;  ///< distinct, in blocks
  std::size_t transactions;        ///< distinct, in blocks or receipts
  std::size_t logs;                ///< distinct, in receipts or eth_getLogs
};

inline constexpr recording_counts recordings[] = {
    {"recordings/arbitrum_one-varied.jsonl.gz", 327, 163, 1111, 1115, 1487},
    {"recordings/base-varied.jsonl.gz", 164, 42, 5047, 5134, 2777},
    {"recordings/ethereum-blocks-only.jsonl.gz", 5, 5, 659, 659, 0},
    {"recordings/ethereum-blocks-with-receipts.jsonl.gz", 2, 1, 94, 94, 291},
    {"recordings/ethereum-receipts-only.jsonl.gz", 6, 0, 0, 1329, 1582},
    {"recordings/ethereum-varied.jsonl.gz", 756, 75, 16707, 17309, 4603},
    {"recordings/gnosis-varied.jsonl.gz", 137, 47, 591, 639, 2982},
    {"recordings/optimism-varied.jsonl.gz", 279, 131, 2465, 2488, 4197},
    {"recordings/polygon_pos-varied.jsonl.gz", 95, 32, 4078, 4109, 1053},
    {"labels/address-poisoning/recording.jsonl.gz", 199, 0, 0, 0, 201},
    {"labels/sandwich-coms4507/recording.jsonl.gz", 5, 0, 0, 12, 50},
};

}  // namespace eremos::test
