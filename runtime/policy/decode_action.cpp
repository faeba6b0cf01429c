#include "runtime/policy/decode_action.hpp"

#include <algorithm>
#include <array>

#include "runtime/policy/admin_topics.hpp"
#include "runtime/policy/hash_literal.hpp"
#include "runtime/policy/transfer.hpp"

namespace eremos {
namespace {

constexpr std::size_t word_bytes = 32;

const std::uint8_t* word(const contract_event& log, std::size_t i) noexcept {
  return log.data.data() + i * word_bytes;
}
uint256 number(const contract_event& log, std::size_t i) noexcept {
  return from_big_endian(word(log, i));
}
/// Zero where the word holds more than an address.
address account(const std::uint8_t* bytes) noexcept {
  const auto found = address_of_word(bytes);
  return found ? *found : address{};
}
address topic_account(const contract_event& log, std::size_t i) noexcept {
  return account(log.topics[i].data.data());
}
hash32 side(std::uint8_t n) noexcept {
  hash32 out;
  out.data.back() = n;
  return out;
}
hash32 side_at(const contract_event& log, std::size_t i) noexcept {
  hash32 out;
  std::copy_n(word(log, i), word_bytes, out.data.begin());
  return out;
}

/// Two's complement (Solidity ABI: int128 is extended to the word).
int256 signed_number(const contract_event& log, std::size_t i) noexcept {
  const auto x = number(log, i);
  const bool negative = (x.limbs[0] >> 63) != 0;
  return {negative, negative ? uint256{} - x : x};
}

/// From what each side gained; none unless one side gained and the other lost.
maybe<pool_swap> oriented(const int256& gain0, const int256& gain1) noexcept {
  if (gain0.magnitude.is_zero() || gain1.magnitude.is_zero() || gain0.negative == gain1.negative)
    return {};
  const bool zero_in = !gain0.negative;
  pool_swap out;
  out.in_side = side(zero_in ? 0 : 1);
  out.out_side = side(zero_in ? 1 : 0);
  out.in = zero_in ? gain0.magnitude : gain1.magnitude;
  out.out = zero_in ? gain1.magnitude : gain0.magnitude;
  return out;
}

int256 net(const uint256& in, const uint256& out) noexcept {
  return in >= out ? int256{false, in - out} : int256{true, out - in};
}

maybe<token_transfer> decode_multi_transfer(const contract_event& log) {
  const bool batch = log.topics[0] == transfer_batch_topic;
  constexpr std::size_t id_and_value = 64;
  if (!batch && (log.topics[0] != transfer_single_topic || log.data.size() != id_and_value))
    return {};
  const auto from = address_of_word(log.topics[2].data.data());
  const auto to = address_of_word(log.topics[3].data.data());
  if (!from || !to) return {};
  return token_transfer{.form = transfer_form::erc1155,
                        .token = log.emitter,
                        .from = *from,
                        .to = *to,
                        .quantity = batch ? uint256{} : from_big_endian(log.data.data() + 32),
                        .batch = batch};
}

decoded_action transfer(const contract_event& log) {
  if (auto found = decode_transfer(log)) return std::move(*found);
  return {};
}

/// In and out of both tokens; both may come in (a token that taxes, a flash swap), so the net
/// counts.
decoded_action swap_v2(const contract_event& log) {
  auto out = oriented(net(number(log, 0), number(log, 2)), net(number(log, 1), number(log, 3)));
  if (!out) return {};
  out->pool = {log.emitter, {}};
  out->sender = topic_account(log, 1);
  out->recipient = topic_account(log, 2);
  return *out;
}

decoded_action reserves_v2(const contract_event& log) {
  return pool_reserves{{log.emitter, {}}, number(log, 0), number(log, 1)};
}

/// Positive: the pool got it. PancakeSwap's two more words come last.
decoded_action swap_v3(const contract_event& log) {
  auto out = oriented(signed_number(log, 0), signed_number(log, 1));
  if (!out) return {};
  out->pool = {log.emitter, {}};
  out->sender = topic_account(log, 1);
  out->recipient = topic_account(log, 2);
  out->price_sqrt = number(log, 2);
  return *out;
}

/// The other sign: positive is what the swapper got (Uniswap/v4-core src/PoolManager.sol emits the
/// caller's BalanceDelta).
decoded_action swap_v4(const contract_event& log) {
  const auto flip = [](int256 x) {
    x.negative = !x.negative && !x.magnitude.is_zero();
    return x;
  };
  auto out = oriented(flip(signed_number(log, 0)), flip(signed_number(log, 1)));
  if (!out) return {};
  out->pool = {log.emitter, log.topics[1]};
  out->sender = topic_account(log, 2);
  out->price_sqrt = number(log, 2);
  return *out;
}

/// sold_id, tokens_sold, bought_id, tokens_bought.
decoded_action swap_curve(const contract_event& log) {
  pool_swap out;
  out.pool = {log.emitter, {}};
  out.in_side = side_at(log, 0);
  out.in = number(log, 1);
  out.out_side = side_at(log, 2);
  out.out = number(log, 3);
  out.sender = topic_account(log, 1);
  if (out.in.is_zero() || out.out.is_zero() || out.in_side == out.out_side) return {};
  return out;
}

decoded_action swap_balancer(const contract_event& log) {
  pool_swap out;
  out.pool = {log.emitter, log.topics[1]};
  out.in_side = log.topics[2];
  out.out_side = log.topics[3];
  out.in = number(log, 0);
  out.out = number(log, 1);
  if (out.in.is_zero() || out.out.is_zero() || out.in_side == out.out_side) return {};
  return out;
}

/// `amount0` is the place of the first amount in the data.
template <bool Added, std::size_t Amount0>
decoded_action liquidity(const contract_event& log) {
  return liquidity_change{{log.emitter, {}},
                          Added,
                          topic_account(log, 1),
                          number(log, Amount0),
                          number(log, Amount0 + 1)};
}

decoded_action liquidity_v4(const contract_event& log) {
  const auto delta = signed_number(log, 2);
  if (delta.magnitude.is_zero()) return {};
  return liquidity_change{
      {log.emitter, log.topics[1]}, !delta.negative, topic_account(log, 2), {}, {}};
}

decoded_action approval(const contract_event& log) {
  token_approval out{
      .token = log.emitter, .owner = topic_account(log, 1), .spender = topic_account(log, 2)};
  out.amount = number(log, 0);
  out.grants = !out.amount.is_zero();
  return out;
}

decoded_action approval_of_item(const contract_event& log) {
  token_approval out{.form = approval_form::item,
                     .token = log.emitter,
                     .owner = topic_account(log, 1),
                     .spender = topic_account(log, 2)};
  out.amount = from_big_endian(log.topics[3].data.data());
  out.grants = !out.spender.is_zero();  // EIP-721: the zero address revokes
  return out;
}

decoded_action approval_for_all(const contract_event& log) {
  token_approval out{.form = approval_form::all,
                     .token = log.emitter,
                     .owner = topic_account(log, 1),
                     .spender = topic_account(log, 2)};
  out.amount = number(log, 0);
  out.grants = !out.amount.is_zero();
  return out;
}

/// Uniswap permit2 IAllowanceTransfer.sol: owner, token, spender indexed.
decoded_action approval_permit2(const contract_event& log) {
  token_approval out{.token = topic_account(log, 2),
                     .owner = topic_account(log, 1),
                     .spender = topic_account(log, 3)};
  out.amount = number(log, 0);
  out.grants = !out.amount.is_zero();
  return out;
}

/// Borrower and token by topic, amount by word; 0: not said.
template <std::size_t Borrower, std::size_t Token, std::size_t Amount>
decoded_action loan(const contract_event& log) {
  return flash_loan{log.emitter, topic_account(log, Borrower),
                    Token == 0 ? address{} : topic_account(log, Token), number(log, Amount)};
}

/// Maker's DssFlash: token and amount in the data.
decoded_action loan_maker(const contract_event& log) {
  return flash_loan{log.emitter, topic_account(log, 1), account(word(log, 0)), number(log, 1)};
}

/// Two tokens may be lent at once; the larger number is told.
decoded_action loan_v3(const contract_event& log) {
  return flash_loan{
      log.emitter, topic_account(log, 2), {}, std::max(number(log, 0), number(log, 1))};
}

/// The second address is who gets the tokens.
decoded_action loan_dodo(const contract_event& log) {
  return flash_loan{
      log.emitter, account(word(log, 1)), {}, std::max(number(log, 2), number(log, 3))};
}

template <std::size_t Pool>
decoded_action pool_of_factory(const contract_event& log) {
  return pool_created{
      log.emitter, {account(word(log, Pool)), {}}, topic_account(log, 1), topic_account(log, 2)};
}

decoded_action pool_v4(const contract_event& log) {
  return pool_created{
      log.emitter, {log.emitter, log.topics[1]}, topic_account(log, 2), topic_account(log, 3)};
}

decoded_action contract_of_factory(const contract_event& log) {
  const auto* at = log.topics.size() > 1 ? log.topics[1].data.data() : word(log, 0);
  return contract_created{log.emitter, account(at)};
}

decoded_action admin(const contract_event& log) {
  const auto* known = find_admin_topic(log.topics);
  if (known == nullptr) return {};
  admin_action out{log.emitter, known->signature, {}};
  // The last address is who has the power now: (before, after), (role, account, sender).
  const bool role =
      known->signature.starts_with("RoleGranted") || known->signature.starts_with("RoleRevoked");
  const auto words = log.data.size() / word_bytes;
  const auto last = role ? 2 : log.topics.size() - 1;
  if (role || (words == 0 && last > 0))
    out.now = address_of_word(log.topics[last].data.data());
  else if (words > 0)
    out.now = address_of_word(word(log, words - 1));
  return out;
}

struct known_log {
  action_kind kind;
  hash32 topic0;
  std::uint8_t topics;
  std::uint16_t data_bytes;  ///< `any`: whatever there is
  decoded_action (*decode)(const contract_event&);
};
constexpr std::uint16_t any = 0xFFFF;

/// Sorted by topic0 before use. Sources: the declarations of the contracts named beside each.
constexpr auto known_logs() {
  std::array known_rows{
      // EIP-20, EIP-721, EIP-1155; the transfer's decoder looks at its shape
      known_log{action_kind::transfer,
                hash_literal("0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef"),
                0, any, transfer},
      known_log{action_kind::transfer,
                hash_literal("0xc3d58168c5ae7397731d063d5bbf3d657854427343f4c083240f7aacaa2d0f62"),
                4, any, transfer},
      known_log{action_kind::transfer,
                hash_literal("0x4a39dc06d4c0dbc64b70af90fd698a233a518aa5d07e595d983b8c0526c8f7fb"),
                4, any, transfer},
      // Uniswap V2 pairs and their forks; Solidly, Aerodrome
      known_log{action_kind::swap,
                hash_literal("0xd78ad95fa46c994b6551d0da85fc275fe613ce37657fb8d5e3d130840159d822"),
                3, 128, swap_v2},
      known_log{action_kind::swap,
                hash_literal("0xb3e2773606abfd36b5bd91394b3a54d1398336c65005baf7bf7a05efeffaf75b"),
                3, 128, swap_v2},
      known_log{action_kind::reserves,
                hash_literal("0x1c411e9a96e071241c2f21f7726b17ae89e3cab4c78be50e062b03a9fffbbad1"),
                1, 64, reserves_v2},
      // Uniswap V3 pools; PancakeSwap V3
      known_log{action_kind::swap,
                hash_literal("0xc42079f94a6350d7e6235f29174924f928cc2ac818eb64fed8004e115fbcca67"),
                3, 160, swap_v3},
      known_log{action_kind::swap,
                hash_literal("0x19b47279256b2a23a1665c810c8d55a1758940ee09377d4f8d26497a3577dc83"),
                3, 224, swap_v3},
      // Uniswap V4 PoolManager
      known_log{action_kind::swap,
                hash_literal("0x40e9cecb9f5f1f1c5b9c97dec2917b7ee92e57ba5563708daca94dd84ad7112f"),
                3, 192, swap_v4},
      // Curve: int128 and uint256 indices, NG crypto
      known_log{action_kind::swap,
                hash_literal("0x8b3e96f2b889fa771c53c981b40daf005f63f637f1869f707052d15a3dd97140"),
                2, 128, swap_curve},
      known_log{action_kind::swap,
                hash_literal("0xb2e76ae99761dc136e598d4a629bb347eccb9532a5f8bbd72e18467c3c34cc98"),
                2, 128, swap_curve},
      known_log{action_kind::swap,
                hash_literal("0x143f1f8e861fbdeddd5b46e844b7d3ac7b86a122f36e8c463859ee6811b1f29c"),
                2, 192, swap_curve},
      // Balancer V2 Vault
      known_log{action_kind::swap,
                hash_literal("0x2170c741c41531aec20e7c107c24eecfdd15e69c9bb0a8dd37b1840b9e0b207b"),
                4, 64, swap_balancer},
      // Mint and Burn of V2 pairs, of V3 pools; ModifyLiquidity of V4
      known_log{action_kind::liquidity,
                hash_literal("0x4c209b5fc8ad50758f13e2e1088ba56a560dff690a1c6fef26394f4c03821c4f"),
                2, 64, liquidity<true, 0>},
      known_log{action_kind::liquidity,
                hash_literal("0xdccd412f0b1252819cb1fd330b93224ca42612892bb3f4f789976e6d81936496"),
                3, 64, liquidity<false, 0>},
      known_log{action_kind::liquidity,
                hash_literal("0x7a53080ba414158be7ec69b987b5fb7d07dee101fe85488f0853ae16239d0bde"),
                4, 128, liquidity<true, 2>},
      known_log{action_kind::liquidity,
                hash_literal("0x0c396cd989a39f4459b5fa1aed6a9a8dcdbc45908acfd67e028cd568da98982c"),
                4, 96, liquidity<false, 1>},
      known_log{action_kind::liquidity,
                hash_literal("0xf208f4912782fd25c7f114ca3723a2d5dd6f3bcc3ac8db5af63baa85f711d5ec"),
                3, 128, liquidity_v4},
      // Approval of EIP-20 and of EIP-721, ApprovalForAll, Permit2 Approval and Permit
      known_log{action_kind::approval,
                hash_literal("0x8c5be1e5ebec7d5bd14f71427d1e84f3dd0314c0f7b2291e5b200ac8c7c3b925"),
                3, 32, approval},
      known_log{action_kind::approval,
                hash_literal("0x8c5be1e5ebec7d5bd14f71427d1e84f3dd0314c0f7b2291e5b200ac8c7c3b925"),
                4, 0, approval_of_item},
      known_log{action_kind::approval,
                hash_literal("0x17307eab39ab6107e8899845ad3d59bd9653f200f220920489ca2b5937696c31"),
                3, 32, approval_for_all},
      known_log{action_kind::approval,
                hash_literal("0xda9fa7c1b00402c17d0161b249b1ab8bbec047c5a52207b9c112deffd817036b"),
                4, 64, approval_permit2},
      known_log{action_kind::approval,
                hash_literal("0xc6a377bfc4eb120024a8ac08eef205be16b817020812c73223e81d1bdb9708ec"),
                4, 96, approval_permit2},
      // FlashLoan of Aave V1, V2, V3; Balancer V2, Maker DssFlash, Maker vat, Morpho, DODO, Uniswap
      // V3, Saddle
      known_log{action_kind::loan,
                hash_literal("0x5b8f46461c1dd69fb968f1a003acee221ea3e19540e350233b612ddb43433b55"),
                3, 128, loan<1, 2, 0>},
      known_log{action_kind::loan,
                hash_literal("0x631042c832b07452973831137f2d73e395028b44b250dedc5abb0ee766e168ac"),
                4, 96, loan<1, 3, 0>},
      known_log{action_kind::loan,
                hash_literal("0xefefaba5e921573100900a3ad9cf29f222d995fb3b6045797eaea7521bd8d6f0"),
                4, 128, loan<1, 2, 1>},
      known_log{action_kind::loan,
                hash_literal("0x0d7d75e01ab95780d3cd1c8ec0dd6c2ce19e3a20427eec8bf53283b6fb8e95f0"),
                3, 64, loan<1, 2, 0>},
      known_log{action_kind::loan,
                hash_literal("0x0d7d75e01ab95780d3cd1c8ec0dd6c2ce19e3a20427eec8bf53283b6fb8e95f0"),
                2, 96, loan_maker},
      known_log{action_kind::loan,
                hash_literal("0xbca56acc64a74a4c131755895cf7f72fc3f9e39af64241f7ad0f77e86f41ada9"),
                2, 64, loan<1, 0, 0>},
      known_log{action_kind::loan,
                hash_literal("0xc76f1b4fe4396ac07a9fa55a415d4ca430e72651d37d3401f3bed7cb13fc4f12"),
                3, 32, loan<1, 2, 0>},
      known_log{action_kind::loan,
                hash_literal("0x0b82e93068db15abd9fbb2682c65462ea8a0a10582dce93a5664818e296f54eb"),
                1, 128, loan_dodo},
      known_log{action_kind::loan,
                hash_literal("0xbdbdb71d7860376ba52b25a5028beea23581364a40522f6bcfb86bb1f2dca633"),
                3, 128, loan_v3},
      known_log{action_kind::loan,
                hash_literal("0x7c186b2827b23e9024e7b29869cba58a97a4bac6567802a8ea6a8afa7b8c22f0"),
                2, 128, loan<1, 0, 1>},
      // PairCreated of V2, PoolCreated of V3 and Aerodrome, Initialize of V4
      known_log{action_kind::pool,
                hash_literal("0x0d3648bd0f6ba80134a33ba9275ac585d9d315f0ad8355cddefde31afa28d0e9"),
                3, 64, pool_of_factory<0>},
      known_log{action_kind::pool,
                hash_literal("0x783cca1c0412dd0d695e784568c96da2e9c22ff989357a2e8b1d9b2b4e6b7118"),
                4, 64, pool_of_factory<1>},
      known_log{action_kind::pool,
                hash_literal("0x2128d88d14c80cb081c1252a5acff7a264671bf199ce226b53788fb26065005e"),
                4, 64, pool_of_factory<0>},
      known_log{action_kind::pool,
                hash_literal("0xdd466e674ea557f56295e2d0218a125ea4b4f0f6f3307b95f85e6110838d6438"),
                4, any, pool_v4},
      // ContractCreation (CreateCall), ProxyCreation (Safe's factory)
      known_log{action_kind::contract,
                hash_literal("0x4db17dd5e4732fb6da34a148104a592783ca119a1e7bb8829eba6cbadef0b511"),
                1, 32, contract_of_factory},
      known_log{action_kind::contract,
                hash_literal("0x4db17dd5e4732fb6da34a148104a592783ca119a1e7bb8829eba6cbadef0b511"),
                2, 0, contract_of_factory},
      known_log{action_kind::contract,
                hash_literal("0x4f51faf6c4561ff95f067657e43439f0f856d97c04d9ec9070a6199ad418e235"),
                1, 64, contract_of_factory},
      known_log{action_kind::contract,
                hash_literal("0x4f51faf6c4561ff95f067657e43439f0f856d97c04d9ec9070a6199ad418e235"),
                2, 32, contract_of_factory},
  };
  std::sort(known_rows.begin(), known_rows.end(),
            [](const known_log& a, const known_log& b) { return a.topic0.data < b.topic0.data; });
  return known_rows;
}

constexpr auto known_rows = known_logs();

/// Where topics that begin with a byte begin among the rows: a byte has one or two.
constexpr auto first_of_byte = [] {
  std::array<std::uint8_t, 257> out{};
  static_assert(known_rows.size() <= 255);
  std::size_t at = 0;
  for (std::size_t byte = 0; byte < out.size(); ++byte) {
    while (at < known_rows.size() && known_rows[at].topic0.data[0] < byte) ++at;
    out[byte] = static_cast<std::uint8_t>(at);
  }
  return out;
}();

}  // namespace

maybe<token_transfer> decode_transfer(const contract_event& log) {
  const auto& topics = log.topics;
  if (topics.size() == 4 && topics[0] != transfer_topic) return decode_multi_transfer(log);
  if (topics.empty() || topics[0] != transfer_topic) return {};
  constexpr std::size_t word = 32;
  const std::uint8_t* words[3] = {};
  auto form = transfer_form::erc20;
  if (topics.size() == 3 && log.data.size() == word) {
    words[0] = topics[1].data.data();
    words[1] = topics[2].data.data();
    words[2] = log.data.data();
  } else if (topics.size() == 4 && log.data.empty()) {
    form = transfer_form::erc721;
    for (std::size_t i = 0; i < 3; ++i) words[i] = topics[i + 1].data.data();
  } else if (topics.size() == 1 && log.data.size() == 3 * word) {
    form = transfer_form::unindexed;
    for (std::size_t i = 0; i < 3; ++i) words[i] = log.data.data() + i * word;
  } else {
    return {};
  }
  const auto from = address_of_word(words[0]);
  const auto to = address_of_word(words[1]);
  if (!from || !to) return {};
  return token_transfer{form, log.emitter, *from, *to, from_big_endian(words[2])};
}

decoded_action decode_action(const contract_event& log) {
  if (log.topics.empty()) return {};
  const std::size_t byte = log.topics[0].data[0];
  bool known = false;
  for (std::size_t i = first_of_byte[byte]; i < first_of_byte[byte + 1]; ++i) {
    const auto& row = known_rows[i];
    if (row.topic0 != log.topics[0]) continue;
    known = true;
    if ((row.topics == 0 || row.topics == log.topics.size()) &&
        (row.data_bytes == any || row.data_bytes == log.data.size()))
      return row.decode(log);
  }
  return known ? decoded_action{} : admin(log);
}

std::vector<hash32> action_topics(const std::vector<action_kind>& kinds) {
  const auto wanted = [&](action_kind k) {
    return std::find(kinds.begin(), kinds.end(), k) != kinds.end();
  };
  std::vector<hash32> out;
  for (const auto& row : known_rows)
    if (wanted(row.kind)) out.push_back(row.topic0);
  out.erase(std::unique(out.begin(), out.end()), out.end());
  if (wanted(action_kind::admin))
    for (const auto& row : admin_topics()) out.push_back(row.topic0);
  return out;
}

}  // namespace eremos
