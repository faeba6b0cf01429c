// How many different addresses a wallet dealt with, in 32 bytes, whatever their number: HyperLogLog
// (Flajolet, Fusy, Gandouet, Meunier 2007) with 64 registers of 4 bits. The sketch of two sets
// together is the merged sketch of each, so that blocks can be added in any order, and twice.
// Values; any thread. What it keeps is stored: neither the hash nor the registers may change.
//
//   registers   the upper 6 bits of an address's hash choose one; it keeps the most leading zeros,
//               plus one, that the rest of a hash ever had, 15 at most
//   estimate    0.709 * 64^2 / sum of 2^-register                     (alpha of 64, ibid. figure 3)
//               up to 160 instead 64 ln(64 / empty registers)         (small range correction,
//               ibid.)
//
// Standard error 1.04 / sqrt(64) = 13 %; of up to ten it is seldom more than one off. Above about a
// million it says too little. The hash has no key, because two nodes are to say the same: whoever
// makes addresses for that purpose can have it say more or less than is true.
#pragma once
#include <algorithm>
#include <array>
#include <bit>
#include <cassert>
#include <cmath>
#include <cstdint>

#include "messages/bytes.hpp"

namespace eremos {

class counterparty_sketch {
 public:
  static constexpr std::size_t registers = 64;

  void add(const address& x) noexcept {
    const auto hash = hash_of(x);
    constexpr unsigned index_bits = std::countr_zero(registers);
    // The bit behind the last one of the hash ends the run of zeros.
    const auto rest = hash << index_bits | std::uint64_t{1} << (index_bits - 1);
    raise(hash >> (64 - index_bits), static_cast<unsigned>(std::countl_zero(rest)) + 1);
  }

  /// Register `index` holds at least `rank`; above 15 is 15. Precondition: index < registers.
  void raise(std::size_t index, unsigned rank) noexcept {
    assert(index < registers && "there are 64 registers");
    auto& both = pairs_[index / 2];
    const unsigned shift = index % 2 * 4;
    const unsigned held = both >> shift & 15u;
    const unsigned most = std::max(held, std::min(rank, 15u));
    both = static_cast<std::uint8_t>((both & ~(15u << shift)) | most << shift);
  }

  void merge(const counterparty_sketch& other) noexcept {
    for (std::size_t i = 0; i < pairs_.size(); ++i) {
      const unsigned a = pairs_[i];
      const unsigned b = other.pairs_[i];
      pairs_[i] = static_cast<std::uint8_t>(std::max(a & 0x0Fu, b & 0x0Fu) |
                                            std::max(a & 0xF0u, b & 0xF0u));
    }
  }

  /// How many there were; 0 only if none was added.
  std::uint64_t estimate() const noexcept {
    // Of all registers together: the sum of 2^(15 - register), at most 2^21, and above it how many
    // are empty, at most 2^6.
    static constexpr auto share_of = [] {
      std::array<std::uint32_t, 256> out{};
      for (unsigned both = 0; both < out.size(); ++both)
        for (const unsigned rank : {both & 15u, both >> 4u})
          out[both] += 1u << (15u - rank) | (rank == 0 ? 1u << 24u : 0u);
      return out;
    }();
    std::uint32_t sum = 0;
    for (const auto both : pairs_) sum += share_of[both];
    const auto empty = sum >> 24u;
    sum &= 0xFF'FFFFu;
    constexpr double m = registers;
    const double raw = 0.709 * m * m * 32'768.0 / sum;
    const bool few = raw <= 2.5 * m && empty != 0;
    return static_cast<std::uint64_t>(std::llround(few ? m * std::log(m / empty) : raw));
  }

  /// Calls use(index, rank) for each register that is not empty, in order.
  template <class Use>
  void each(Use&& use) const {
    for (std::size_t i = 0; i < registers; ++i)
      if (const unsigned rank = pairs_[i / 2] >> (i % 2 * 4) & 15u; rank != 0) use(i, rank);
  }

  friend bool operator==(const counterparty_sketch&, const counterparty_sketch&) = default;

  template <class Inspector>
  friend auto inspect(Inspector& f, counterparty_sketch& x) {
    return f(x.pairs_);
  }

 private:
  /// All 20 bytes, big-endian, through the finalizer of splitmix64 (Steele, Lea, Flood 2014).
  static std::uint64_t hash_of(const address& x) noexcept {
    std::uint64_t out = 0;
    for (std::size_t begin = 0; begin < address::size_bytes; begin += 8) {
      std::uint64_t word = 0;
      for (auto i = begin; i < std::min(begin + 8, address::size_bytes); ++i)
        word = word << 8 | x.data[i];
      out = mixed(out ^ word);
    }
    return out;
  }
  static std::uint64_t mixed(std::uint64_t x) noexcept {
    x += 0x9E3779B97F4A7C15u;
    x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9u;
    x = (x ^ x >> 27) * 0x94D049BB133111EBu;
    return x ^ x >> 31;
  }

  std::array<std::uint8_t, registers / 2> pairs_{};  ///< the even register in the lower half
};

}  // namespace eremos
