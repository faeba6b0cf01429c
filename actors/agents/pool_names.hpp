// What pools are, for the details of signals: which dex's, by the label of the factory that made
// them, and of which tokens. Where forks emit the same logs, the factory tells them apart. Nothing
// is decided by what is told here, and nothing of it is to be remembered: when a pool was asked is
// chance. Owned by one agent.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "actors/agents/token_names.hpp"
#include "messages/actions.hpp"

namespace eremos {

/// "0x…" of a pool, "0x…/0x…" of one among many in a contract.
std::string pool_text(const pool_key& pool);

class pool_names {
 public:
  explicit pool_names(chain_id chain) : chain_(chain) {}

  /// `KEY_dex` and `KEY_factory` of a pool, if they are known; `KEY_token0` and `KEY_token1`, with
  /// what `tokens` tells of them.
  void tell(detail_map& details, std::string_view key, const pool_key& pool,
            const shared<block_knowledge>& known, token_names& tokens) const;
  /// `KEY_dexes`: a list, one for each, if any of them is known.
  void tell_dexes(detail_map& details, std::string_view key, const std::vector<pool_key>& pools,
                  const block_knowledge& known) const;
  /// The name of a factory's dex, as its label has it: "UniswapV2" of "UniswapV2Factory"; of one
  /// that no label knows "unknown factory 0x…".
  std::string dex_of(const address& factory, const block_knowledge& known) const;

 private:
  /// Empty: not known.
  std::string dex_of_pool(const pool_key& pool, const block_knowledge& known) const;

  chain_id chain_;
};

}  // namespace eremos
