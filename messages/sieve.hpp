// A first question to a set that is asked mostly about what it lacks. Values; any thread.
#pragma once
#include <bit>
#include <bitset>
#include <cstddef>
#include <functional>

namespace eremos {

/// One bit per hash: most keys that are not in the set are told apart without looking at it, and
/// none that is. Worth its while with up to about Bits / 8 keys. `Bits` is a power of two.
template <class Key, std::size_t Bits>
class sieve {
  static_assert(std::has_single_bit(Bits) && Bits > 1);

 public:
  void add(const Key& x) { bits_.set(bit_of(std::hash<Key>{}(x))); }
  /// False: it was not added. True: it may have been.
  bool passes(const Key& x) const noexcept { return passes_hash(std::hash<Key>{}(x)); }
  bool passes_hash(std::size_t hash) const noexcept { return bits_[bit_of(hash)]; }

 private:
  /// The hash's upper bits, into which all bytes went.
  static std::size_t bit_of(std::size_t hash) noexcept {
    return hash >> (64 - std::bit_width(Bits - 1));
  }
  static_assert(sizeof(std::size_t) == 8);

  std::bitset<Bits> bits_;
};

}  // namespace eremos
