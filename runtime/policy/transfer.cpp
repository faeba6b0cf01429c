#include "runtime/policy/transfer.hpp"

#include <algorithm>
#include <span>

#include "runtime/policy/hash_literal.hpp"

namespace eremos {

constinit const hash32 transfer_topic =
    hash_literal("0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef");
constinit const hash32 transfer_single_topic =
    hash_literal("0xc3d58168c5ae7397731d063d5bbf3d657854427343f4c083240f7aacaa2d0f62");
constinit const hash32 transfer_batch_topic =
    hash_literal("0x4a39dc06d4c0dbc64b70af90fd698a233a518aa5d07e595d983b8c0526c8f7fb");

namespace {

/// ABI: an address is the last 20 bytes of a 32-byte word.
address address_in(std::span<const std::uint8_t> word) {
  address out;
  std::copy_n(word.begin() + 12, out.data.size(), out.data.begin());
  return out;
}

}  // namespace

maybe<transfer_parties> transfer_parties_of(const contract_event& log) {
  const auto& topics = log.topics;
  if (topics.empty()) return {};
  const auto party = [&](std::size_t i) { return address_in(topics[i].data); };
  if (topics[0] == transfer_topic) {
    if (topics.size() >= 3) return transfer_parties{party(1), party(2)};
    const std::span data{log.data};
    if (topics.size() == 1 && data.size() == 96)
      return transfer_parties{address_in(data.first(32)), address_in(data.subspan(32, 32))};
    return {};
  }
  if (topics.size() == 4 &&
      (topics[0] == transfer_single_topic || topics[0] == transfer_batch_topic))
    return transfer_parties{party(2), party(3)};
  return {};
}

}  // namespace eremos
