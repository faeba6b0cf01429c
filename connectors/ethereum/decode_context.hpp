// What decoders need to know besides the text. Any thread.
#pragma once
#include "connectors/ethereum/signatures.hpp"
#include "messages/units.hpp"

namespace eremos {

struct decode_context {
  chain_id chain = 0;
  /// Gives contract events their names; must outlive the call. None: events stay unnamed.
  const signature_table* signatures = nullptr;
  chain_id like = 0;  ///< whose types of transactions there are; 0: the chain's own
};

}  // namespace eremos
