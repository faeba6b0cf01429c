#include "connectors/ethereum/signatures.hpp"

#include <fmt/format.h>

#include "runtime/abi/abi.hpp"

namespace eremos {
namespace {

// Declarations as in the contracts' own sources: EIP-20, EIP-721, EIP-1155, WETH9, Uniswap v2-core,
// v3-core and v4-core, OpenZeppelin Contracts, circlefin/stablecoin-evm, TetherToken, Polygon
// pos-contracts, ethereum-optimism OptimismPortal, ERC-4337 EntryPoint.
constexpr std::string_view built_in_events[] = {
    "Transfer(address indexed from, address indexed to, uint256 value)",
    "Transfer(address indexed from, address indexed to, uint256 indexed tokenId)",
    "Approval(address indexed owner, address indexed spender, uint256 value)",
    "Approval(address indexed owner, address indexed approved, uint256 indexed tokenId)",
    "ApprovalForAll(address indexed owner, address indexed operator, bool approved)",
    "TransferSingle(address indexed operator, address indexed from, address indexed to, "
    "uint256 id, uint256 value)",
    "TransferBatch(address indexed operator, address indexed from, address indexed to, "
    "uint256[] ids, uint256[] values)",
    "Deposit(address indexed dst, uint256 wad)",
    "Withdrawal(address indexed src, uint256 wad)",
    "Swap(address indexed sender, uint256 amount0In, uint256 amount1In, uint256 amount0Out, "
    "uint256 amount1Out, address indexed to)",
    "Sync(uint112 reserve0, uint112 reserve1)",
    "Mint(address indexed sender, uint256 amount0, uint256 amount1)",
    "Burn(address indexed sender, uint256 amount0, uint256 amount1, address indexed to)",
    "PairCreated(address indexed token0, address indexed token1, address pair, uint256 index)",
    "Swap(address indexed sender, address indexed recipient, int256 amount0, int256 amount1, "
    "uint160 sqrtPriceX96, uint128 liquidity, int24 tick)",
    "Mint(address sender, address indexed owner, int24 indexed tickLower, "
    "int24 indexed tickUpper, uint128 amount, uint256 amount0, uint256 amount1)",
    "Burn(address indexed owner, int24 indexed tickLower, int24 indexed tickUpper, "
    "uint128 amount, uint256 amount0, uint256 amount1)",
    "Collect(address indexed owner, address recipient, int24 indexed tickLower, "
    "int24 indexed tickUpper, uint128 amount0, uint128 amount1)",
    "Flash(address indexed sender, address indexed recipient, uint256 amount0, uint256 amount1, "
    "uint256 paid0, uint256 paid1)",
    "Initialize(uint160 sqrtPriceX96, int24 tick)",
    "PoolCreated(address indexed token0, address indexed token1, uint24 indexed fee, "
    "int24 tickSpacing, address pool)",
    "Swap(bytes32 indexed id, address indexed sender, int128 amount0, int128 amount1, "
    "uint160 sqrtPriceX96, uint128 liquidity, int24 tick, uint24 fee)",
    "Initialize(bytes32 indexed id, address indexed currency0, address indexed currency1, "
    "uint24 fee, int24 tickSpacing, address hooks, uint160 sqrtPriceX96, int24 tick)",
    "ModifyLiquidity(bytes32 indexed id, address indexed sender, int24 tickLower, "
    "int24 tickUpper, int256 liquidityDelta, bytes32 salt)",
    "OwnershipTransferred(address indexed previousOwner, address indexed newOwner)",
    "OwnershipTransferred(address previousOwner, address newOwner)",
    "OwnershipTransferStarted(address indexed previousOwner, address indexed newOwner)",
    "Upgraded(address indexed implementation)",
    "Upgraded(address implementation)",
    "AdminChanged(address previousAdmin, address newAdmin)",
    "BeaconUpgraded(address indexed beacon)",
    "Paused(address account)",
    "Unpaused(address account)",
    "RoleGranted(bytes32 indexed role, address indexed account, address indexed sender)",
    "RoleRevoked(bytes32 indexed role, address indexed account, address indexed sender)",
    "Mint(address indexed minter, address indexed to, uint256 amount)",
    "Burn(address indexed burner, uint256 amount)",
    "Blacklisted(address indexed account)",
    "Issue(uint256 amount)",
    "Redeem(uint256 amount)",
    "AddedBlackList(address user)",
    "DestroyedBlackFunds(address blackListedUser, uint256 balance)",
    "LogTransfer(address indexed token, address indexed from, address indexed to, "
    "uint256 amount, uint256 input1, uint256 input2, uint256 output1, uint256 output2)",
    "LogFeeTransfer(address indexed token, address indexed from, address indexed to, "
    "uint256 amount, uint256 input1, uint256 input2, uint256 output1, uint256 output2)",
    "StateCommitted(uint256 indexed stateId, bool success)",
    "StateSynced(uint256 indexed id, address indexed contractAddress, bytes data)",
    "TransactionDeposited(address indexed from, address indexed to, uint256 indexed version, "
    "bytes opaqueData)",
    "UserOperationEvent(bytes32 indexed userOpHash, address indexed sender, "
    "address indexed paymaster, uint256 nonce, bool success, uint256 actualGasCost, "
    "uint256 actualGasUsed)",
};

constexpr std::size_t topics_max = 4;  // LOG4

event_signature to_signature(const event_declaration& event) {
  return {event.name, event.canonical(), event.declaration()};
}

event_declaration with_all_indexed(event_declaration event, bool indexed) {
  for (auto& parameter : event.parameters) parameter.indexed = indexed;
  return event;
}

}  // namespace

signature_table signature_table::built_in() {
  signature_table out;
  for (const auto declaration : built_in_events)
    if (!out.add(declaration)) std::abort();  // programmer error: the table above
  return out;
}

status signature_table::add(std::string_view declaration) {
  auto event = parse_event_declaration(declaration);
  if (!event) return event.error();
  if (event->anonymous)
    return {errc::malformed_signature,
            fmt::format("\"{}\": an anonymous event has no topic to know it by", event->name)};
  const auto topic0 = event->topic0();
  if (by_topic0_.size() >= signatures_max && !by_topic0_.contains(topic0))
    return {errc::bad_option, fmt::format("more than {} event signatures", signatures_max)};
  put({topic0, static_cast<std::uint8_t>(event->indexed_count() + 1)}, to_signature(*event), false);
  // With no topic but the first, everything is in the data; with as many as there are parameters,
  // nothing is. Anything between could be indexed in more than one way.
  const auto count = event->parameters.size();
  put({topic0, 1}, to_signature(with_all_indexed(*event, false)), true);
  if (count + 1 <= topics_max)
    put({topic0, static_cast<std::uint8_t>(count + 1)},
        to_signature(with_all_indexed(*event, true)), true);
  by_topic0_[topic0] = event_signature{event->name, event->canonical(), ""};
  return ok;
}

void signature_table::put(const key& at, event_signature signature, bool derived) {
  const auto known = exact_.find(at);
  if (known != exact_.end() && derived) return;
  exact_[at] = shared<event_signature>{std::move(signature)};
}

const shared<event_signature>& signature_table::find(const topic_list& topics) const noexcept {
  if (topics.empty()) return unknown_;
  const auto exact = exact_.find({topics[0], topics.count});
  if (exact != exact_.end()) return exact->second;
  const auto named = by_topic0_.find(topics[0]);
  return named == by_topic0_.end() ? unknown_ : named->second;
}

}  // namespace eremos
