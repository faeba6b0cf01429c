// What a block says of money that leaves a chain over a bridge or comes out of one: who, how much,
// and, where the bridge's event names one, the id that both chains say. Joins nothing
// (bridge_links does), knows no labels: the caller says which addresses are bridges, as any
// contract can say "FundsDeposited". Pure; any thread.
//
//   across       FundsDeposited, FilledRelay: origin chain and deposit id
//   cctp         DepositForBurn, MessageReceived (version 1): source domain and nonce
//   layerzero    OFTSent, OFTReceived of any token, if the endpoint says the same beside it: guid
//   op_bridge    ETHBridgeInitiated, ETHBridgeFinalized: no id
//   arbitrum     a deposit of ether by InboxMessageDelivered; on Arbitrum a transaction of its own
//                type (0x64): no id
//   labelled     money to a bridge of which nothing above is said, money from one: no id
#pragma once
#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "actors/detect/by_index.hpp"
#include "messages/agent_message.hpp"
#include "messages/event.hpp"

namespace eremos::detect {

enum class flow_side : std::uint8_t { deposit, withdrawal };

struct bridge_flow {
  std::string bridge;  ///< of the list above
  flow_side side = flow_side::deposit;
  std::string key;       ///< the same on both sides, e.g. "across:1:4711"; empty: none is named
  chain_id other = 0;    ///< the chain at the other end; 0: not said
  address sender;        ///< of a deposit: whose money it was
  address signer;        ///< of its transaction; zero: not known
  address recipient;     ///< zero: not said
  address token;         ///< on this chain; zero: the native coin
  std::string asset;     ///< without a key: what both sides must have in common
  uint256 amount;        ///< in smallest units
  bool service = false;  ///< sender or recipient acts for many
  hash32 transaction;
  event_id event;
  block_ref block;
  time_ms time = 0;

  friend bool operator==(const bridge_flow&, const bridge_flow&) = default;
};

/// First topics of the logs that are read, but for transfers'.
const std::vector<hash32>& bridge_topics();
/// Whether it is one of a token's own contract, which no list can hold.
bool is_token_bridge_topic(const hash32& topic0) noexcept;

/// What one block says, as far as it matters here.
struct bridge_block {
  struct transaction {
    hash32 hash;
    address from;
    maybe<address> to;
    uint256 value;
    std::uint64_t type = 0;
    bool from_bridge = false;
    bool to_bridge = false;
  };
  /// Of a token that the labels know.
  struct transfer {
    std::uint64_t transaction_index = 0;
    std::uint64_t log_index = 0;
    hash32 transaction;
    address token;
    std::string asset;
    address from;
    address to;
    uint256 amount;
    bool from_bridge = false;
    bool to_bridge = false;
  };
  by_index<transaction> transactions;  ///< that succeeded
  std::vector<contract_event> logs;  ///< with one of bridge_topics(); of a bridge, or of any token
  std::vector<transfer> transfers;   ///< from or to a bridge
};

/// In the order of transactions and logs, with block and time.
std::vector<bridge_flow> bridge_flows(const bridge_block& what, const block_ref& block,
                                      time_ms time, std::string_view native_symbol);

/// A flow as the details of a message, and back. `event` is among them: STORE keeps what it names.
detail_map to_details(const bridge_flow& flow);
/// Errors: malformed_shape. Precondition: the message rests on one block.
result<bridge_flow> flow_of(const agent_message& told);

std::string_view to_string(flow_side x) noexcept;

}  // namespace eremos::detect
