// PoisonWatcher (π): transfers that put a look-alike of a paid address into a wallet's history, and
// wallets that fall for one. Judges nothing itself: that is in actors/detect/address_poisoning.
// Which tokens are genuine it knows by their addresses in the labels, never by a symbol. Owned by
// one actor.
#pragma once
#include <vector>

#include "actors/agents/token_names.hpp"
#include "actors/detect/address_poisoning.hpp"
#include "actors/detect/by_index.hpp"
#include "runtime/agent.hpp"

namespace eremos {

class poison_watcher final : public agent<poison_watcher> {
 public:
  static constexpr agent_info info{.id = "poison-watcher",
                                   .glyph = "π",
                                   .role = "surveillance",
                                   .description = "address poisoning and who falls for it"};
  static constexpr std::uint32_t snapshot_version = 1;

  struct options {
    detect::poisoning_limits limits;
    wei dust;  ///< of the native coin: less is dust

    static result<options> parse(const option_map& given);
  };

  poison_watcher(caf::actor_config& cfg, const agent_services& services, options opts);

  void on(const transaction_event& t);
  void on(const token_transfer& moved, const contract_event& log);
  void on(const pool_swap& swap, const contract_event& log);
  void on(const block_complete& completed);

  void save(state_writer& out) const;
  status load(state_reader& in);

 private:
  struct gathered {
    std::vector<detect::payment> payments;
    detect::by_index<eremos::address> senders;
    std::vector<std::uint64_t> trades;  ///< indices of transactions with a swap, as they came
  };

  bool pays_someone(const eremos::address& from, const eremos::address& to) const;
  void conclude(const detect::poisoning& found);

  options options_;
  detect::poisonings poisonings_;
  per_block<gathered> blocks_;
  token_names names_{chain()};
  std::uint64_t evicted_told_ = 0;  ///< since the start, as the detector counts
};

}  // namespace eremos
