#include "connectors/mock/mock_logs.hpp"

#include <algorithm>
#include <string_view>

#include "connectors/mock/evm_words.hpp"
#include "messages/keccak.hpp"

namespace eremos {
namespace {

/// "Transfer(address indexed from, uint256 value)" -> "Transfer(address,uint256)". For the flat
/// declarations below only.
std::string canonical(std::string_view declaration) {
  std::string out{declaration.substr(0, declaration.find('(') + 1)};
  declaration.remove_prefix(out.size());
  while (!declaration.empty()) {
    out += declaration.substr(0, declaration.find_first_of(" ,)"));
    const auto end = declaration.find_first_of(",)");
    out += declaration[end];
    declaration.remove_prefix(std::min(declaration.size(), end + 2));
  }
  return out;
}

uint256 ten_to(unsigned exponent) {
  uint256 out{1};
  for (; exponent > 0; --exponent) out = out * uint256{10};
  return out;
}

/// What `value` of native coin buys.
uint256 worth(const wei& value, const mock_token& token) {
  return value * uint256{token.milli_per_ether} * ten_to(token.decimals) /
         (uint256{1'000} * ether(1));
}

/// A token outside the known ones: 18 decimals, a thousand for one ether.
mock_token token_of(const mock_draft& draft, const mock_cast& cast) {
  const auto& known = cast.tokens();
  if (!draft.token) return known[(draft.roll >> 8) % known.size()];
  const auto at = std::find_if(known.begin(), known.end(),
                               [&](const mock_token& t) { return t.who == *draft.token; });
  return at != known.end() ? *at : mock_token{*draft.token, 18, 1'000'000};
}

const mock_pool& pool_of(const mock_draft& draft, const mock_cast& cast,
                         const std::vector<mock_pool>& pools) {
  const auto token = token_of(draft, cast);
  const auto at = std::find_if(pools.begin(), pools.end(),
                               [&](const mock_pool& p) { return p.token.who == token.who; });
  return at != pools.end() ? *at : pools.front();
}

/// Whether a swap buys tokens with native coin or sells them for it.
bool buys(const mock_draft& draft) { return (draft.roll & 1) == 0; }

hash32 in_order(const hash32& first, const hash32& second, bool straight) {
  return straight ? first : second;
}

/// Far enough away that no deadline passes: what routers' front ends never send, but tests do.
const uint256 no_deadline{4'102'444'800};  // 2100-01-01T00:00:00Z

}  // namespace

mock_logs::kind mock_logs::kind_of(const std::string& declaration) {
  const auto signature = canonical(declaration);
  return {keccak256(signature),
          event_signature{signature.substr(0, signature.find('(')), signature, declaration}};
}

mock_logs::mock_logs(const mock_cast& cast)
    : cast_(cast),
      transfer_(kind_of("Transfer(address indexed from, address indexed to, uint256 value)")),
      approval_(kind_of("Approval(address indexed owner, address indexed spender, uint256 value)")),
      deposit_(kind_of("Deposit(address indexed dst, uint256 wad)")),
      withdrawal_(kind_of("Withdrawal(address indexed src, uint256 wad)")),
      sync_(kind_of("Sync(uint112 reserve0, uint112 reserve1)")),
      swap_v2_(kind_of("Swap(address indexed sender, uint256 amount0In, uint256 amount1In, "
                       "uint256 amount0Out, uint256 amount1Out, address indexed to)")),
      swap_v3_(kind_of("Swap(address indexed sender, address indexed recipient, int256 amount0, "
                       "int256 amount1, uint160 sqrtPriceX96, uint128 liquidity, int24 tick)")),
      owner_changed_(
          kind_of("OwnershipTransferred(address indexed previousOwner, address indexed newOwner)")),
      upgraded_(kind_of("Upgraded(address indexed implementation)")) {}

mock_effects mock_logs::effects_of(const mock_draft& draft) const {
  switch (draft.kind) {
    case mock_kind::pay:
      break;
    case mock_kind::token_transfer:
      return token_transfer(draft);
    case mock_kind::approve:
      return approve(draft);
    case mock_kind::swap_v2:
      return swap_v2(draft);
    case mock_kind::swap_v3:
      return swap_v3(draft);
    case mock_kind::wrap:
    case mock_kind::unwrap:
      return wrap(draft);
    case mock_kind::create:
      return create(draft);
    case mock_kind::claim:
      return claim(draft);
    case mock_kind::upgrade:
      return upgrade(draft);
    case mock_kind::burst:
      return burst(draft);
    case mock_kind::mint:
      return mint(draft);
  }
  return {.to = draft.to, .value = draft.value, .input = {}, .logs = {}, .created = {}};
}

contract_event mock_logs::log(const kind& what, const address& emitter,
                              std::initializer_list<hash32> indexed, byte_vector data) const {
  contract_event out;
  out.emitter = emitter;
  out.signature = what.signature;
  out.topics.items[0] = what.topic0;
  std::copy(indexed.begin(), indexed.end(), out.topics.items.begin() + 1);
  out.topics.count = static_cast<std::uint8_t>(indexed.size() + 1);
  out.data = std::move(data);
  return out;
}

contract_event mock_logs::moved(const address& token, const address& from, const address& to,
                                const uint256& amount) const {
  return log(transfer_, token, {abi_word(from), abi_word(to)}, abi_data({abi_word(amount)}));
}

mock_effects mock_logs::token_transfer(const mock_draft& draft) const {
  const auto token = token_of(draft, cast_);
  const auto amount = worth(draft.value, token);
  mock_effects out;
  out.to = token.who;
  out.input = abi_call("transfer(address,uint256)", {abi_word(draft.to), abi_word(amount)});
  out.gas_used = 46'000 + draft.roll % 20'000;
  out.logs.push_back(moved(token.who, draft.from, draft.to, amount));
  return out;
}

mock_effects mock_logs::approve(const mock_draft& draft) const {
  const auto token = token_of(draft, cast_);
  // More than half of real approvals are unlimited (2^256 - 1).
  const auto amount = buys(draft) ? uint256{} - uint256{1} : worth(draft.value, token);
  mock_effects out;
  out.to = token.who;
  out.input = abi_call("approve(address,uint256)", {abi_word(cast_.v2_router()), abi_word(amount)});
  out.gas_used = 46'500;
  out.logs.push_back(log(approval_, token.who, {abi_word(draft.from), abi_word(cast_.v2_router())},
                         abi_data({abi_word(amount)})));
  return out;
}

mock_effects mock_logs::swap_v2(const mock_draft& draft) const {
  const auto& pool = pool_of(draft, cast_, cast_.v2_pools());
  const auto& router = cast_.v2_router();
  const auto& weth = cast_.weth();
  const auto tokens = worth(draft.value, pool.token);
  const auto coins = abi_word(draft.value);
  const auto zero = abi_word(uint256{});
  mock_effects out;
  out.to = router;
  out.gas_used = 110'000 + draft.roll % 60'000;
  const bool buy = buys(draft);
  if (buy) {
    out.value = draft.value;
    out.input = abi_call(
        "swapExactETHForTokens(uint256,address[],address,uint256)",
        {abi_word(tokens), abi_word(uint256{128}), abi_word(draft.from), abi_word(no_deadline),
         abi_word(uint256{2}), abi_word(weth), abi_word(pool.token.who)});
    out.logs.push_back(log(deposit_, weth, {abi_word(router)}, abi_data({coins})));
    out.logs.push_back(moved(weth, router, pool.who, draft.value));
    out.logs.push_back(moved(pool.token.who, pool.who, draft.from, tokens));
  } else {
    out.input = abi_call(
        "swapExactTokensForETH(uint256,uint256,address[],address,uint256)",
        {abi_word(tokens), coins, abi_word(uint256{160}), abi_word(draft.from),
         abi_word(no_deadline), abi_word(uint256{2}), abi_word(pool.token.who), abi_word(weth)});
    out.logs.push_back(moved(pool.token.who, draft.from, pool.who, tokens));
    out.logs.push_back(moved(weth, pool.who, router, draft.value));
  }
  const auto reserve = ether(20'000 + draft.roll % 500);
  const auto reserve_coins = abi_word(reserve);
  const auto reserve_tokens = abi_word(worth(reserve, pool.token));
  const bool weth0 = pool.weth_first;
  out.logs.push_back(log(sync_, pool.who, {},
                         abi_data({in_order(reserve_coins, reserve_tokens, weth0),
                                   in_order(reserve_tokens, reserve_coins, weth0)})));
  const auto tokens_word = abi_word(tokens);
  const auto coins_in = buy ? coins : zero;
  const auto coins_out = buy ? zero : coins;
  const auto tokens_in = buy ? zero : tokens_word;
  const auto tokens_out = buy ? tokens_word : zero;
  out.logs.push_back(log(
      swap_v2_, pool.who, {abi_word(router), abi_word(buy ? draft.from : router)},
      abi_data({in_order(coins_in, tokens_in, weth0), in_order(tokens_in, coins_in, weth0),
                in_order(coins_out, tokens_out, weth0), in_order(tokens_out, coins_out, weth0)})));
  if (!buy) out.logs.push_back(log(withdrawal_, weth, {abi_word(router)}, abi_data({coins})));
  return out;
}

mock_effects mock_logs::swap_v3(const mock_draft& draft) const {
  const auto& pool = pool_of(draft, cast_, cast_.v3_pools());
  const auto& router = cast_.v3_router();
  const auto& weth = cast_.weth();
  const auto tokens = worth(draft.value, pool.token);
  const bool buy = buys(draft);
  const auto& in = buy ? weth : pool.token.who;
  const auto& taken = buy ? pool.token.who : weth;
  const auto amount_in = buy ? draft.value : tokens;
  const auto amount_out = buy ? tokens : draft.value;
  mock_effects out;
  out.to = router;
  out.gas_used = 120'000 + draft.roll % 70'000;
  out.input = abi_call(
      "exactInputSingle((address,address,uint24,address,uint256,uint256,uint256,uint160))",
      {abi_word(in), abi_word(taken), abi_word(uint256{500}), abi_word(draft.from),
       abi_word(no_deadline), abi_word(amount_in), abi_word(amount_out), abi_word(uint256{})});
  out.logs.push_back(moved(taken, pool.who, draft.from, amount_out));
  out.logs.push_back(moved(in, draft.from, pool.who, amount_in));
  // As the pool sees it: what it received is positive (v3-core UniswapV3Pool.sol).
  const auto coins = buy ? abi_word(draft.value) : abi_negative(draft.value);
  const auto others = buy ? abi_negative(tokens) : abi_word(tokens);
  const uint256 price = uint256{1'000'000 + draft.roll % 1'000} * ten_to(24);
  out.logs.push_back(
      log(swap_v3_, pool.who, {abi_word(router), abi_word(draft.from)},
          abi_data({in_order(coins, others, pool.weth_first),
                    in_order(others, coins, pool.weth_first), abi_word(price), abi_word(ten_to(22)),
                    abi_word(uint256{200'000 + draft.roll % 100})})));
  return out;
}

mock_effects mock_logs::wrap(const mock_draft& draft) const {
  const bool in = draft.kind == mock_kind::wrap;
  mock_effects out;
  out.to = cast_.weth();
  out.gas_used = in ? 45'038 : 35'102;
  if (in) out.value = draft.value;
  out.input =
      in ? abi_call("deposit()", {}) : abi_call("withdraw(uint256)", {abi_word(draft.value)});
  out.logs.push_back(log(in ? deposit_ : withdrawal_, cast_.weth(), {abi_word(draft.from)},
                         abi_data({abi_word(draft.value)})));
  return out;
}

mock_effects mock_logs::create(const mock_draft& draft) const {
  mock_effects out;
  out.created = create_address(draft.from, draft.nonce);
  out.gas_used = 900'000 + draft.roll % 1'500'000;
  // How solc's creation code begins (free memory pointer), then bytes that differ by contract.
  out.input = {0x60, 0x80, 0x60, 0x40, 0x52};
  for (std::uint64_t i = 0; i < 6; ++i) {
    const auto piece = hash_words({draft.roll, i});
    out.input.insert(out.input.end(), piece.data.begin(), piece.data.end());
  }
  out.logs.push_back(
      log(owner_changed_, *out.created, {abi_word(address{}), abi_word(draft.from)}, {}));
  return out;
}

mock_effects mock_logs::claim(const mock_draft& draft) const {
  mock_effects out;
  out.to = draft.to;
  out.value = draft.value;
  out.input = abi_call("claim(uint256)", {abi_word(uint256{1})});
  out.gas_used = 61'000;
  return out;
}

mock_effects mock_logs::upgrade(const mock_draft& draft) const {
  const auto implementation = create_address(draft.from, draft.nonce + 1'000'000);
  mock_effects out;
  out.to = draft.token;
  out.input = abi_call("upgradeTo(address)", {abi_word(implementation)});  // ERC-1967 proxies
  out.gas_used = 38'000;
  out.logs.push_back(log(upgraded_, *draft.token, {abi_word(implementation)}, {}));
  return out;
}

mock_effects mock_logs::burst(const mock_draft& draft) const {
  const auto token = token_of(draft, cast_);
  const auto amount = worth(draft.value, token);
  mock_effects out;
  out.to = token.who;
  out.input = abi_call("airdrop(uint256)", {abi_word(uint256{draft.logs})});
  out.gas_used = 30'000 + 28'000ull * draft.logs;
  for (std::uint32_t i = 0; i < draft.logs; ++i) {
    const auto to = cast_.wallet((draft.roll + i) % cast_.wallet_count());
    out.logs.push_back(moved(token.who, draft.from, to, amount));
  }
  return out;
}

/// EIP-20: new tokens come from the zero address.
mock_effects mock_logs::mint(const mock_draft& draft) const {
  const auto token = token_of(draft, cast_);
  const auto amount = worth(draft.value, token);
  mock_effects out;
  out.to = token.who;
  out.input = abi_call("mint(address,uint256)", {abi_word(draft.from), abi_word(amount)});
  out.gas_used = 69'000;
  out.logs.push_back(moved(token.who, address{}, draft.from, amount));
  return out;
}

}  // namespace eremos
