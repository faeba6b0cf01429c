#include "connectors/ethereum/verify/chain_rules.hpp"

#include <algorithm>
#include <array>

namespace eremos {
namespace {

constexpr chain_rules ethereum{};

constexpr chain_rules op_stack(chain_id chain, std::string_view name) {
  return {.chain = chain,
          .name = name,
          // From Isthmus: the storage root of L2ToL1MessagePasser (specs.optimism.io, Isthmus).
          .withdrawals_root_is_storage = true};
}

constexpr chain_rules arbitrum(chain_id chain, std::string_view name) {
  return {.chain = chain,
          .name = name,
          // Nitro drops the tip (OffchainLabs/nitro, arbos: TxProcessor.DropTip).
          .pays_base_fee = true,
          .is_nitro = true,
          // Classic receipts count the L1 part in gasUsed only.
          .gas_does_not_add_up = true};
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
    op_stack(42220, "celo"),
    arbitrum(42161, "arbitrum one"),
    arbitrum(42170, "arbitrum nova"),
    arbitrum(421614, "arbitrum sepolia"),
    // bor appends it to `transactions` and to the receipts, in no root and no bloom.
    chain_rules{.chain = 137, .name = "polygon", .has_state_sync = true},
    chain_rules{.chain = 80002, .name = "polygon amoy", .has_state_sync = true},
    // mixHash holds the milliseconds (BEP-520).
    chain_rules{.chain = 56, .name = "bsc", .has_milliseconds = true},
    chain_rules{.chain = 999, .name = "hyperevm", .has_unrooted_system_transactions = true},
};

}  // namespace

const chain_rules& rules_of(chain_id chain) noexcept {
  const auto at = std::find_if(all.begin(), all.end(),
                               [&](const chain_rules& row) { return row.chain == chain; });
  return at == all.end() ? ethereum : *at;
}

}  // namespace eremos
