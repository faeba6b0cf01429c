#include "actors/detect/wallet_cluster.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <set>
#include <span>

#include "actors/detect/kept_blocks.hpp"
#include "messages/keccak.hpp"

namespace eremos::detect {
namespace {

/// Blocks without a caller that every contract is taken to have had before.
constexpr double prior_blocks = 16;
/// Share of the confidence where no value is sent.
constexpr double unpaid = 0.8;
/// Gas of a payment that runs no code (Yellow Paper, G_transaction).
constexpr std::uint64_t plain_payment_gas = 21'000;
/// Bytes of an input that are compared: rollups post 128 KiB and more.
constexpr std::size_t input_max = 1'024;
constexpr std::size_t selector_bytes = 4;

using selector = std::uint32_t;
/// Methods that everyone calls on every token or router: no sign of acting together.
constexpr std::array<selector, 15> standard_methods = {
    0x095ea7b3,  // approve(address,uint256), EIP-20
    0x23b872dd,  // transferFrom(address,address,uint256), EIP-20 and EIP-721
    0x2e1a7d4d,  // withdraw(uint256), WETH9
    0x2eb2c2d6,  // safeBatchTransferFrom(…), EIP-1155
    0x3593564c,  // execute(bytes,bytes[],uint256), Uniswap UniversalRouter
    0x39509351,  // increaseAllowance(address,uint256), OpenZeppelin ERC20
    0x42842e0e,  // safeTransferFrom(address,address,uint256), EIP-721
    0x5ae401dc,  // multicall(uint256,bytes[]), Uniswap SwapRouter02
    0xa22cb465,  // setApprovalForAll(address,bool), EIP-721 and EIP-1155
    0xa457c2d7,  // decreaseAllowance(address,uint256), OpenZeppelin ERC20
    0xa9059cbb,  // transfer(address,uint256), EIP-20
    0xac9650d8,  // multicall(bytes[]), Uniswap v3-periphery
    0xb88d4fde,  // safeTransferFrom(address,address,uint256,bytes), EIP-721
    0xd0e30db0,  // deposit(), WETH9
    0xf242432a,  // safeTransferFrom(address,address,uint256,uint256,bytes), EIP-1155
};
static_assert(std::is_sorted(standard_methods.begin(), standard_methods.end()));

}  // namespace

bool calls_contract(const transaction_event& t) {
  if (!t.to) return false;
  return !t.input.empty() || (!t.value.is_zero() && t.gas_used && *t.gas_used > plain_payment_gas &&
                              t.access_list.empty() && t.authorization_list.empty());
}

hash32 likeness_of(const transaction_event& t, const likeness_rules& rules) {
  if (t.nonce > rules.nonce_max || !calls_contract(t)) return {};
  if (t.input.size() >= selector_bytes) {
    selector method = 0;
    for (std::size_t i = 0; i < selector_bytes; ++i) method = method << 8 | t.input[i];
    if (std::binary_search(standard_methods.begin(), standard_methods.end(), method)) return {};
  }
  const bool whole = rules.whole_input && t.value.is_zero();
  const auto compared = std::min(t.input.size(), whole ? input_max : selector_bytes);
  const auto value = to_big_endian(t.value);
  byte_vector text{value.begin(), value.end()};
  if (whole) {
    const auto size = to_big_endian(uint256{t.input.size()});
    text.insert(text.end(), size.begin(), size.end());
  }
  text.insert(text.end(), t.input.begin(), t.input.begin() + static_cast<std::ptrdiff_t>(compared));
  return keccak256(std::span<const std::uint8_t>{text});
}

double wallet_clusters::decay(std::uint64_t blocks) const {
  return std::exp2(-static_cast<double>(blocks) / limits_.half_life_blocks);
}

void wallet_clusters::prune(const block_ref& block) {
  for (auto& [contract, state] : contracts_) {
    std::erase_if(state.recent, [&](const kept_call& k) {
      return !within_blocks(k.block.number, block.number, limits_.blocks);
    });
    if (state.recent.empty()) state.told = false;
  }
}

std::vector<wallet_cluster> wallet_clusters::block(const block_ref& block, bool teaches,
                                                   std::vector<contract_call> calls) {
  std::sort(calls.begin(), calls.end());
  prune(block);
  std::vector<wallet_cluster> found;
  for (auto at = calls.begin(); at != calls.end();) {
    const auto end = std::find_if(
        at, calls.end(), [&](const contract_call& c) { return c.contract != at->contract; });
    const std::span<const contract_call> mine{at, end};
    at = end;
    auto& state =
        contracts_.try_emplace(mine.front().contract, contract_state{{}, 0, handled_, false})
            .first->second;
    std::set<std::pair<address, hash32>> known;
    for (const auto& k : state.recent) known.emplace(k.call.from, k.call.likeness);
    std::set<address> callers;
    for (const auto& call : mine) {
      callers.insert(call.from);
      if (known.emplace(call.from, call.likeness).second) state.recent.push_back({block, call});
    }
    // A late piece of a block, or a recording that goes back, brings earlier ones.
    std::stable_sort(state.recent.begin(), state.recent.end(),
                     [](const kept_call& a, const kept_call& b) { return a.order() < b.order(); });
    judge(state, found);
    state.callers *= decay(handled_ - state.at);
    state.at = handled_;
    if (teaches) state.callers += static_cast<double>(callers.size());
  }
  if (teaches && !calls.empty()) {
    weight_ = (weight_ + 1) * decay(1);
    // The sums just written are of block handled_; from now on they are one block old.
    ++handled_;
  }
  evict();
  return found;
}

void wallet_clusters::judge(contract_state& state, std::vector<wallet_cluster>& found) const {
  std::map<hash32, std::vector<const kept_call*>> groups;
  std::set<address> callers;
  for (const auto& k : state.recent) {
    callers.insert(k.call.from);
    if (!k.call.likeness.is_zero()) groups[k.call.likeness].push_back(&k);
  }
  const auto largest = std::max_element(
      groups.begin(), groups.end(),
      [](const auto& a, const auto& b) { return a.second.size() < b.second.size(); });
  if (largest == groups.end() || largest->second.size() < limits_.wallets) {
    state.told = false;
    return;
  }
  if (state.told) return;
  const auto wallets = static_cast<double>(largest->second.size());
  const double usual = state.callers * decay(handled_ - state.at) / (weight_ + prior_blocks) *
                       static_cast<double>(limits_.blocks);
  if (wallets < limits_.share_min * static_cast<double>(callers.size()) ||
      wallets < limits_.over_usual * usual)
    return;
  found.push_back(conclude(largest->second, callers.size(), usual));
  state.told = true;
}

wallet_cluster wallet_clusters::conclude(const std::vector<const kept_call*>& group,
                                         std::uint64_t callers, double usual) const {
  const auto& completing = *group[limits_.wallets - 1];
  wallet_cluster out{.contract = completing.call.contract, .callers = callers, .usual = usual};
  out.anchor = id_of_transaction(completing.block, completing.call.hash);
  for (const auto* k : group) {
    out.wallets.push_back(k->call.from);
    out.evidence.push_back(id_of_transaction(k->block, k->call.hash));
    if (out.blocks.empty() || out.blocks.back() != k->block) out.blocks.push_back(k->block);
  }
  const auto least = static_cast<double>(limits_.wallets);
  const auto wallets = static_cast<double>(group.size());
  out.confidence = (1.0 - 0.5 * least / wallets) *
                   (0.6 + 0.4 * weight_ / (weight_ + prior_blocks)) *
                   (completing.call.pays ? 1.0 : unpaid);
  if (group.size() / 3 >= limits_.wallets) out.level = severity::medium;
  return out;
}

void wallet_clusters::evict() {
  evicted_ += drop_oldest(contracts_, limits_.contracts_max, [](const auto& x) { return x.at; });
  const auto key = [](const kept_call& k) {
    return std::tuple{k.block.number, k.block.hash, k.call.contract,
                      k.call.index,   k.call.hash,  k.call.likeness};
  };
  std::size_t kept = 0;
  for (const auto& [who, state] : contracts_) kept += state.recent.size();
  if (kept <= limits_.calls_max) return;
  std::vector<std::invoke_result_t<decltype(key), kept_call>> calls;
  calls.reserve(kept);
  for (const auto& [who, state] : contracts_)
    for (const auto& k : state.recent) calls.push_back(key(k));
  const auto first = calls.begin() + static_cast<std::ptrdiff_t>(kept - limits_.calls_max);
  std::nth_element(calls.begin(), first, calls.end());
  const auto oldest = *first;
  for (auto& [who, state] : contracts_)
    std::erase_if(state.recent, [&](const kept_call& k) { return key(k) < oldest; });
  evicted_ += kept - limits_.calls_max;
}

void wallet_clusters::save(state_writer& out) const {
  block_table table;
  for (const auto& [who, state] : contracts_)
    for (const auto& k : state.recent) table.add(k.block);
  table.save(out);
  out.u64(handled_);
  out.real(weight_);
  out.u64(contracts_.size());
  for (const auto& [who, state] : contracts_) {
    out.bytes(who);
    out.real(state.callers);
    out.u64(state.at);
    out.flag(state.told);
    out.u64(state.recent.size());
    for (const auto& k : state.recent) {
      out.u64(table.place(k.block) * 2 + (k.call.pays ? 1 : 0));
      out.u64(k.call.index);
      out.bytes(k.call.from);
      out.bytes(k.call.hash);
      out.bytes(k.call.likeness);
    }
  }
}

bool wallet_clusters::load(state_reader& in) {
  constexpr std::size_t contract_bytes = address::size_bytes + 4 * 8;
  constexpr std::size_t call_bytes = 2 * 8 + address::size_bytes + 2 * hash32::size_bytes;
  const auto sane = [](double x) { return std::isfinite(x) && x >= 0; };
  contracts_.clear();
  const auto table = block_table::load(in);
  handled_ = in.u64();
  weight_ = in.real();
  const auto count = in.count(contract_bytes);
  if (!sane(weight_) || count > limits_.contracts_max) return false;
  std::size_t kept = 0;
  for (std::uint64_t i = 0; i < count && in.intact(); ++i) {
    address who;
    in.bytes(who);
    auto& state = contracts_[who];
    state.callers = in.real();
    state.at = in.u64();
    state.told = in.flag();
    if (!sane(state.callers) || state.at > handled_) return false;
    for (auto left = in.count(call_bytes); left > 0 && in.intact(); --left) {
      const auto place = in.u64();
      if (place / 2 >= table.size() || ++kept > limits_.calls_max) return false;
      kept_call k{.block = table[place / 2], .call = {.contract = who, .index = in.u64()}};
      k.call.pays = place % 2 == 1;
      in.bytes(k.call.from);
      in.bytes(k.call.hash);
      in.bytes(k.call.likeness);
      state.recent.push_back(std::move(k));
    }
  }
  return in.intact();
}

}  // namespace eremos::detect
