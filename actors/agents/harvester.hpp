// Harvester (λ): what is minted: tokens with many mints in one block (an index: it says nothing of
// what is usual), and tokens minted far more often than they used to be. A mint is
// an ERC-20, ERC-721 or ERC-1155 transfer from the zero address; a batch is one. Tokens known by
// label are counted, and never a spike: stablecoins and wrapped coins are minted all day. Judges
// nothing itself: that is in actors/detect/mint_spike. Owned by one actor.
#pragma once
#include "actors/agents/token_names.hpp"
#include "actors/detect/mint_spike.hpp"
#include "runtime/agent.hpp"
#include "runtime/cooldown.hpp"

namespace eremos {

class harvester final : public agent<harvester> {
 public:
  static constexpr agent_info info{.id = "harvester",
                                   .glyph = "λ",
                                   .role = "indexing",
                                   .description = "mints, and tokens minted in a rush"};
  static constexpr std::uint32_t snapshot_version = 3;

  struct options {
    detect::mint_limits mint;
    std::uint64_t index_min = 20;        ///< mints of a token in one block that are indexed
    duration_ms quiet = 10 * minute_ms;  ///< between two entries of one token in the index

    static result<options> parse(const option_map& given);
  };

  harvester(caf::actor_config& cfg, const agent_services& services, options opts);

  void on(const contract_event& log);
  void on(const block_complete& completed);
  void on(const agent_message& heard);

  void save(state_writer& out) const;
  status load(state_reader& in);

 private:
  /// One block so far.
  struct gathered {
    std::vector<detect::token_mint> mints;
    maybe<std::uint64_t> transaction;  ///< the index of one with logs
    bool several = false;              ///< more than one has logs
  };

  void index(const block_ref& block, std::vector<detect::token_mint> mints);
  void conclude(const detect::mint_spike& found);

  options options_;
  detect::mint_spikes spikes_;
  cooldown indexed_;
  per_block<gathered> blocks_;
  token_names names_{chain()};
};

}  // namespace eremos
