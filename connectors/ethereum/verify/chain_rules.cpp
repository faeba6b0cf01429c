#include "connectors/ethereum/verify/chain_rules.hpp"

#include <algorithm>
#include <array>

#include "connectors/ethereum/verify/transaction_types.hpp"

namespace eremos {
namespace {

constexpr chain_rules of_ethereum{};

using namespace verify::transaction_type;

constexpr type_range only(std::uint64_t type) { return {type, type}; }

constexpr chain_rules op_stack(chain_id chain, std::string_view name) {
  return {.chain = chain,
          .name = name,
          .added_types = {only(optimism_deposit)},
          // From Isthmus: the storage root of L2ToL1MessagePasser (specs.optimism.io, Isthmus).
          .withdrawals_root_is_storage = true};
}

constexpr chain_rules arbitrum(chain_id chain, std::string_view name) {
  return {.chain = chain,
          .name = name,
          .added_types = {type_range{arbitrum_deposit, arbitrum_contract},
                          type_range{arbitrum_retry, arbitrum_internal}, only(arbitrum_classic)},
          // Nitro drops the tip (OffchainLabs/nitro, arbos: TxProcessor.DropTip).
          .pays_base_fee = true,
          .is_nitro = true,
          // Classic receipts count the L1 part in gasUsed only.
          .gas_does_not_add_up = true};
}

constexpr chain_rules celo(chain_id chain) {
  auto out = op_stack(chain, "celo");
  out.added_types[1] = only(celo_fee_currency);
  return out;
}

constexpr chain_rules polygon(chain_id chain, std::string_view name) {
  // bor appends state sync to `transactions` and to the receipts, in no root and no bloom.
  return {.chain = chain, .name = name, .added_types = {only(state_sync)}, .has_state_sync = true};
}

constexpr chain_rules scroll(chain_id chain, std::string_view name) {
  return {.chain = chain,
          .name = name,
          .added_types = {only(optimism_deposit)},
          .has_queued_messages = true};
}

// Sources: each chain's fork of go-ethereum; the rows that no data has shown are marked.
constexpr std::array all = {
    op_stack(10, "optimism"),
    op_stack(8453, "base"),
    op_stack(11155420, "optimism sepolia"),
    op_stack(84532, "base sepolia"),
    op_stack(7777777, "zora"),  // this and the OP Stack chains below: same code, no data seen
    op_stack(34443, "mode"),
    op_stack(480, "world chain"),
    op_stack(130, "unichain"),
    op_stack(57073, "ink"),
    op_stack(1868, "soneium"),
    op_stack(1301, "unichain sepolia"),
    op_stack(4801, "world chain sepolia"),
    celo(42220),
    arbitrum(42161, "arbitrum one"),
    arbitrum(42170, "arbitrum nova"),
    arbitrum(421614, "arbitrum sepolia"),
    polygon(137, "polygon"),
    polygon(80002, "polygon amoy"),
    scroll(534352, "scroll"),
    scroll(534351, "scroll sepolia"),
    // mixHash holds the milliseconds (BEP-520).
    chain_rules{.chain = 56, .name = "bsc", .has_milliseconds = true},
    chain_rules{.chain = 999, .name = "hyperevm", .has_unrooted_system_transactions = true},
};

}  // namespace

const chain_rules& rules_of(chain_id chain) noexcept {
  const auto at = std::find_if(all.begin(), all.end(),
                               [&](const chain_rules& row) { return row.chain == chain; });
  return at == all.end() ? of_ethereum : *at;
}

bool is_known_transaction_type(const chain_rules& rules, std::uint64_t type) noexcept {
  if (type <= standard_types.last) return true;
  return std::any_of(rules.added_types.begin(), rules.added_types.end(),
                     [&](const type_range& r) { return type >= r.first && type <= r.last; });
}

}  // namespace eremos
