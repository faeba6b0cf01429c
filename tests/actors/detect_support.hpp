// Small builders for detectors' tests: things that are told apart by a number.
#pragma once
#include <algorithm>
#include <random>

#include "messages/chain.hpp"
#include "messages/event.hpp"
#include "messages/signal.hpp"

namespace eremos::test {

inline address someone(std::uint64_t n) {
  address out;
  for (std::size_t i = 0; i < 8; ++i) out.data[19 - i] = static_cast<std::uint8_t>(n >> (8 * i));
  return out;
}

/// Who deals with all of these.
inline counterparty_sketch sketch_of(const std::vector<address>& met) {
  counterparty_sketch out;
  for (const auto& who : met) out.add(who);
  return out;
}

inline hash32 some_hash(std::uint64_t n) {
  hash32 out;
  for (std::size_t i = 0; i < 8; ++i) out.data[31 - i] = static_cast<std::uint8_t>(n >> (8 * i));
  out.data[0] = 0xAB;
  return out;
}

/// An address as an ABI word.
inline hash32 word_of(const address& who) {
  hash32 out;
  std::copy(who.data.begin(), who.data.end(), out.data.begin() + 12);
  return out;
}

inline hash32 word_of(const uint256& x) { return hash32{to_big_endian(x)}; }

inline block_ref some_block(std::uint64_t number, std::uint64_t fork = 0) {
  return {1, number, some_hash(number * 1'000 + fork)};
}

/// The same order for the same seed on every machine (std::shuffle is not specified).
template <class T>
void shuffle_with(std::uint64_t seed, std::vector<T>& items) {
  std::mt19937_64 random{seed};
  for (std::size_t i = items.size(); i > 1; --i) std::swap(items[i - 1], items[random() % i]);
}

}  // namespace eremos::test
