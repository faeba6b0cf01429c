// Values of the chain for property tests: amounts of every width, addresses, hashes, any bytes.
#pragma once
#include <algorithm>
#include <array>
#include <string>

#include <rapidcheck.h>

#include "messages/bytes.hpp"
#include "messages/units.hpp"

namespace rc {

/// Amounts whose limbs are often all zeros or all ones: carries run along those.
template <>
struct Arbitrary<eremos::uint256> {
  static Gen<eremos::uint256> arbitrary() {
    const auto limb = gen::weightedOneOf<std::uint64_t>({{2, gen::arbitrary<std::uint64_t>()},
                                                         {2, gen::just<std::uint64_t>(0)},
                                                         {1, gen::just(~std::uint64_t{0})},
                                                         {1, gen::just<std::uint64_t>(1)}});
    return gen::map(gen::container<std::array<std::uint64_t, 4>>(limb),
                    [](const std::array<std::uint64_t, 4>& limbs) {
                      eremos::uint256 out;
                      out.limbs = limbs;
                      return out;
                    });
  }
};

template <std::size_t N, class Tag>
struct Arbitrary<eremos::fixed_bytes<N, Tag>> {
  static Gen<eremos::fixed_bytes<N, Tag>> arbitrary() {
    return gen::map(gen::container<std::array<std::uint8_t, N>>(gen::arbitrary<std::uint8_t>()),
                    [](const std::array<std::uint8_t, N>& data) {
                      eremos::fixed_bytes<N, Tag> out;
                      out.data = data;
                      return out;
                    });
  }
};

}  // namespace rc

namespace eremos::test {

/// Any bytes, the invalid ones included.
inline rc::Gen<std::string> any_text() {
  return rc::gen::container<std::string>(
      rc::gen::map(rc::gen::inRange<int>(0, 256), [](int c) { return static_cast<char>(c); }));
}

inline rc::Gen<byte_vector> any_bytes(std::size_t length) {
  return rc::gen::container<byte_vector>(
      length, rc::gen::map(rc::gen::inRange<int>(0, 256),
                           [](int c) { return static_cast<std::uint8_t>(c); }));
}

}  // namespace eremos::test
