#include "tests/sim/block_tree.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "messages/keccak.hpp"

namespace eremos::sim {

block_tree::block_tree(std::uint64_t seed, block_number first) : seed_(seed), first_(first) {
  blocks_.push_back({.parent = root,
                     .ref = {mock_chain_id, first - 1, keccak256(fmt::format("root {}", seed))},
                     .record = {}});
}

block_tree::place block_tree::add(place parent, std::uint64_t salt) {
  const auto& before = blocks_[parent].ref;
  const auto hash = keccak256(fmt::format("{} {} {}", to_hex(before.hash), salt, seed_));
  const auto [at, is_new] = by_hash_.emplace(hash, blocks_.size());
  if (is_new)
    blocks_.push_back({.parent = parent,
                       .ref = {mock_chain_id, before.number + 1, hash},
                       .salt = salt,
                       .record = {}});
  return at->second;
}

maybe<block_tree::place> block_tree::find(const hash32& hash) const {
  const auto at = by_hash_.find(hash);
  if (at == by_hash_.end()) return {};
  return at->second;
}

maybe<block_tree::place> block_tree::ancestor(place at, block_number number) const {
  while (at != root && blocks_[at].ref.number > number) at = blocks_[at].parent;
  if (at == root || blocks_[at].ref.number != number) return {};
  return at;
}

std::vector<block_tree::place> block_tree::path(place at) const {
  std::vector<place> out;
  for (; at != root; at = blocks_[at].parent) out.push_back(at);
  std::reverse(out.begin(), out.end());
  return out;
}

mock_chain& block_tree::chain_of(std::uint64_t salt) const {
  auto& chain = chains_[salt % salts_max];
  if (!chain) {
    mock_shape shape{.seed = seed_, .chain = mock_chain_id, .fork = {}};
    if (salt % salts_max != 0) shape.fork = mock_fork{first_, salt % salts_max};
    chain = std::make_unique<mock_chain>(shape);
  }
  return *chain;
}

const shared<block_record>& block_tree::record(place at) {
  auto& block = blocks_[at];
  if (!block.record) {
    auto made = chain_of(block.salt).block(block.ref.number);
    made.header.hash = block.ref.hash;
    made.header.parent_hash = blocks_[block.parent].ref.hash;
    block.record = shared<block_record>{std::move(made)};
  }
  return *block.record;
}

std::vector<mempool_event> block_tree::pending(place at) const {
  return chain_of(blocks_[at].salt).pending(blocks_[at].ref.number);
}

}  // namespace eremos::sim
