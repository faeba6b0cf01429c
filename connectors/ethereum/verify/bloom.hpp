// The logs' Bloom filter of receipts and headers: 2,048 bits, three per address and topic (Yellow
// Paper §4.3.1). Pure; any thread.
#pragma once
#include <array>
#include <cstdint>
#include <unordered_map>

#include "messages/bytes.hpp"

namespace eremos {

struct log_bloom {
  std::array<std::uint8_t, 256> bits{};

  void operator|=(const log_bloom& other) noexcept {
    for (std::size_t i = 0; i < bits.size(); ++i) bits[i] |= other.bits[i];
  }
  friend bool operator==(const log_bloom&, const log_bloom&) = default;
};

/// Adds addresses and topics to blooms. Remembers the bits of what it has hashed: most items of a
/// block occur many times. For one block.
class bloom_writer {
 public:
  void add(log_bloom& to, const address& emitter);
  void add(log_bloom& to, const hash32& topic);

 private:
  using bit_numbers = std::array<std::uint16_t, 3>;
  template <class Item>
  static void add(log_bloom& to, const Item& item, std::unordered_map<Item, bit_numbers>& known);

  std::unordered_map<address, bit_numbers> emitters_;
  std::unordered_map<hash32, bit_numbers> topics_;
};

}  // namespace eremos
