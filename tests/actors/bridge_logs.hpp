// Logs of bridges, and flows, for tests.
#pragma once
#include <string>

#include "actors/detect/bridge_flow.hpp"
#include "tests/actors/action_logs.hpp"

namespace eremos::test {

inline const auto spoke_pool = someone(0x5B0CE);
inline const auto endpoint = someone(0xE9D);
inline const auto usdc = someone(0x05DC);

inline contract_event across_deposit(std::uint64_t id, const address& from, const hash32& to,
                                     std::uint64_t amount, chain_id destination) {
  return log_of(spoke_pool,
                "FundsDeposited(bytes32,bytes32,uint256,uint256,uint256,uint256,uint32,uint32,"
                "uint32,bytes32,bytes32,bytes32,bytes)",
                {word_of(std::uint64_t{destination}), word_of(id), word_of(from)},
                {word_of(usdc), word_of(usdc), word_of(amount), word_of(amount - 10), word_of(1),
                 word_of(2), word_of(3), to, word_of(0), word_of(10 * 32), word_of(0)});
}

inline contract_event across_fill(std::uint64_t id, const address& from, const address& to,
                                  std::uint64_t amount, chain_id origin) {
  return log_of(spoke_pool,
                "FilledRelay(bytes32,bytes32,uint256,uint256,uint256,uint256,uint256,uint32,uint32,"
                "bytes32,bytes32,bytes32,bytes32,bytes32,(bytes32,bytes32,uint256,uint8))",
                {word_of(std::uint64_t{origin}), word_of(id), word_of(someone(0x4E1A))},
                {word_of(usdc), word_of(usdc), word_of(amount + 10), word_of(amount), word_of(1),
                 word_of(2), word_of(3), word_of(0), word_of(from), word_of(to), word_of(0),
                 word_of(to), word_of(0), word_of(amount), word_of(0)});
}

inline contract_event oft_sent(const address& token, std::uint64_t guid, const address& from,
                               std::uint64_t amount) {
  return log_of(token, "OFTSent(bytes32,uint32,address,uint256,uint256)",
                {some_hash(guid), word_of(from)},
                {word_of(30'110), word_of(amount), word_of(amount)});
}

inline contract_event oft_received(const address& token, std::uint64_t guid, const address& to,
                                   std::uint64_t amount) {
  return log_of(token, "OFTReceived(bytes32,uint32,address,uint256)",
                {some_hash(guid), word_of(to)}, {word_of(30'101), word_of(amount)});
}

/// Of the endpoint: a packet with that guid.
inline contract_event packet_sent(std::uint64_t guid) {
  auto out = log_of(endpoint, "PacketSent(bytes,bytes,address)", {}, {});
  byte_vector packet(81, 1);
  const auto id = some_hash(guid);
  packet.insert(packet.end(), id.data.begin(), id.data.end());
  packet.resize(160, 0);
  out.data = words({word_of(96), word_of(288), word_of(someone(7)), word_of(packet.size())});
  out.data.insert(out.data.end(), packet.begin(), packet.end());
  out.data.resize(out.data.size() + 32, 0);
  return out;
}

inline contract_event packet_delivered(const address& receiver) {
  return log_of(endpoint, "PacketDelivered((uint32,bytes32,uint64),address)", {},
                {word_of(30'101), some_hash(1), word_of(9), word_of(receiver)});
}

inline block_ref block_of(chain_id chain, std::uint64_t number, std::uint64_t fork = 0) {
  return {chain, number, some_hash(chain * 1'000'000 + number * 100 + fork)};
}

/// Of a wallet to itself, without an id, over a labelled bridge.
inline detect::bridge_flow flow(chain_id chain, detect::flow_side side, std::uint64_t block,
                                time_ms time, std::uint64_t log = 0) {
  detect::bridge_flow out;
  out.bridge = "labelled";
  out.side = side;
  out.sender = side == detect::flow_side::deposit ? someone(1) : address{};
  out.signer = out.sender;
  out.recipient = someone(1);
  out.asset = "native:ETH";
  out.amount = uint256{1'234'567};
  out.block = block_of(chain, block);
  out.event = {.type = event_type::contract_event,
               .chain = chain,
               .block = out.block.hash,
               .subject = {},
               .log_index = log};
  out.transaction = some_hash(chain * 1'000 + block);
  out.time = time;
  return out;
}
inline detect::bridge_flow deposit(std::uint64_t block, time_ms time, std::uint64_t log = 0) {
  return flow(1, detect::flow_side::deposit, block, time, log);
}
inline detect::bridge_flow withdrawal(std::uint64_t block, time_ms time, std::uint64_t log = 0) {
  return flow(10, detect::flow_side::withdrawal, block, time, log);
}
inline detect::bridge_flow with_key(detect::bridge_flow f, std::string key) {
  f.key = std::move(key);
  f.bridge = "across";
  f.asset.clear();
  return f;
}

}  // namespace eremos::test
