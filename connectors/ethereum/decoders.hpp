// DECODERS: a few actors that read and check blocks of the past for every CONNECTOR of a node, one
// fewer than there are workers. So a worker is left for chains at their head, whose blocks their
// own connectors read. What comes back is in no order; CHAIN commits in its own.
#pragma once
#include <cstddef>
#include <memory>
#include <string>

#include <caf/actor_system.hpp>
#include <caf/typed_actor.hpp>

#include "connectors/ethereum/read_block.hpp"

namespace eremos::ethereum {

// --- Never leave the process: what is shared in them is not serialised.

struct block_text {
  std::shared_ptr<const reading_plan> plan;
  fetch_block what;
  std::string text;
};
struct receipts_text {
  std::shared_ptr<const reading_plan> plan;
  std::shared_ptr<fetched_block> whole;
  std::string text;
};
struct logs_text {
  std::shared_ptr<const reading_plan> plan;
  std::string text;
};
template <class I>
auto inspect(I& f, block_text& x) {
  return f(x.what, x.text);
}
template <class I>
auto inspect(I& f, receipts_text& x) {
  return f(x.text);
}
template <class I>
auto inspect(I& f, logs_text& x) {
  return f(x.text);
}
template <class I>
auto inspect(I& f, text_read& x) {
  return f(x.pieces, x.bad, x.why);
}

using decoder_actor = caf::typed_actor<caf::replies_to<block_text>::with<text_read>,
                                       caf::replies_to<receipts_text>::with<text_read>,
                                       caf::replies_to<logs_text>::with<text_read>>;

/// Blocks of the past that may be in work at once: all workers but one.
constexpr std::size_t decoders_for(std::size_t workers) noexcept {
  return workers > 1 ? workers - 1 : 1;
}

/// Each ends when told to exit.
decoder_actor spawn_decoder(caf::actor_system& system);

}  // namespace eremos::ethereum
