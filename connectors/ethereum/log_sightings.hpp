// What the `logs` subscription showed of recent blocks, to be held against the blocks that are
// fetched. Keeps indexes only; says what does not fit, decides nothing. Pure; owned by one
// connector.
#pragma once
#include <cstddef>
#include <cstdint>
#include <deque>
#include <vector>

#include "messages/chain.hpp"

namespace eremos {

/// What a log notification means for what is known of its block.
enum class log_sighting : std::uint8_t {
  first,     ///< the first thing heard of this block
  known,     ///< the block is expected, or was fetched and has this log
  unfitting  ///< the block was fetched and lacks this log
};

class log_sightings {
 public:
  /// Blocks kept, oldest out: a log that comes later than this is no longer compared.
  static constexpr std::size_t blocks_max = 64;
  /// Logs kept of one block: several times the largest blocks of the chains served.
  static constexpr std::size_t logs_max = 65'536;

  /// A log that the subscription showed.
  log_sighting note(const hash32& block, std::uint64_t log_index);
  /// `removed:true`: a reorg took the block back; what was seen of it counts no more.
  void forget(const hash32& block);
  /// Indexes that were seen and that the fetched block lacks, ascending.
  std::vector<std::uint64_t> missing_in(const hash32& block,
                                        const std::vector<contract_event>& fetched) const;
  /// Counts one more answer that lacked logs; how many there were.
  std::size_t dispute(const hash32& block);
  /// The block goes to CHAIN as fetched; later notifications are compared with it.
  void settle(const hash32& block, const std::vector<contract_event>& fetched);

 private:
  struct sighted {
    hash32 block;
    bool fetched = false;
    std::size_t disputes = 0;
    std::vector<std::uint64_t> indexes;  ///< ascending; of the block once it is fetched
  };
  sighted* find(const hash32& block);
  const sighted* find(const hash32& block) const;
  sighted& add(const hash32& block);

  std::deque<sighted> blocks_;  ///< at most blocks_max, oldest first
};

}  // namespace eremos
