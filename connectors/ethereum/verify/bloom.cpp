#include "connectors/ethereum/verify/bloom.hpp"

#include "messages/keccak.hpp"

namespace eremos {

template <class Item>
void bloom_writer::add(log_bloom& to, const Item& item,
                       std::unordered_map<Item, bit_numbers>& known) {
  const auto [at, is_new] = known.try_emplace(item);
  if (is_new) {
    const auto hash = keccak256(item.bytes());
    for (std::size_t i = 0; i < 3; ++i)
      at->second[i] =
          static_cast<std::uint16_t>((hash.data[2 * i] << 8 | hash.data[2 * i + 1]) & 2047);
  }
  for (const auto bit : at->second)
    to.bits[255u - bit / 8u] |= static_cast<std::uint8_t>(1u << (bit % 8u));
}

void bloom_writer::add(log_bloom& to, const address& emitter) { add(to, emitter, emitters_); }
void bloom_writer::add(log_bloom& to, const hash32& topic) { add(to, topic, topics_); }

}  // namespace eremos
