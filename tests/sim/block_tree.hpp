// Every block that any provider of a simulated run ever had: a tree that grows, of the mock chain's
// content under hashes of its own, so that branches may be nested and come back. Owned by one run.
#pragma once
#include <map>
#include <memory>
#include <unordered_map>
#include <vector>

#include "connectors/mock/mock_chain.hpp"

namespace eremos::sim {

class block_tree {
 public:
  /// An index into the tree. The root is the block before the first one.
  using place = std::size_t;

  block_tree(std::uint64_t seed, block_number first);

  /// The block after `parent`. Two of one parent and salt are one block.
  place add(place parent, std::uint64_t salt);
  static constexpr place root = 0;
  const block_ref& ref(place at) const { return blocks_[at].ref; }
  place parent(place at) const { return blocks_[at].parent; }
  maybe<place> find(const hash32& hash) const;
  /// The ancestor of that height (or the place itself); none if the tree begins above.
  maybe<place> ancestor(place at, block_number number) const;
  /// From the first block to this one.
  std::vector<place> path(place at) const;
  /// Whole, with receipts.
  const shared<block_record>& record(place at);
  /// What waits to be mined before that block.
  std::vector<mempool_event> pending(place at) const;

 private:
  struct node {
    place parent = 0;
    block_ref ref;
    std::uint64_t salt = 0;
    maybe<shared<block_record>> record;
  };
  mock_chain& chain_of(std::uint64_t salt) const;

  std::uint64_t seed_;
  block_number first_;
  std::vector<node> blocks_;
  std::unordered_map<hash32, place> by_hash_;
  mutable std::map<std::uint64_t, std::unique_ptr<mock_chain>> chains_;  // at most salts_max
};

/// Branches differ in about half of their blocks' transactions; there are this many to differ by.
inline constexpr std::uint64_t salts_max = 4;

}  // namespace eremos::sim
