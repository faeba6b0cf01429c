// REPLAY: reads recordings and gives each chain's blocks to its CHAIN, in recorded order and only
// as fast as CHAIN asks. Judges nothing: what a recording means is CHAIN's to say.
#pragma once
#include <filesystem>
#include <vector>

#include <caf/actor_system.hpp>

#include "connectors/connector.hpp"
#include "connectors/replay/recording_assembler.hpp"

namespace eremos {

struct replay_config {
  std::vector<std::filesystem::path> files;   ///< read one after the other, as one recording
  maybe<chain_id> only_chain;                 ///< other chains' lines are passed over
  chain_id default_chain = 1;                 ///< of lines that name none
  std::vector<std::string> signatures;        ///< event declarations beside the built-in ones
  std::map<chain_id, verify_options> verify;  ///< of single chains
  verify_options verify_others;               ///< of those that are not in it
  shared<label_set> labels;                   ///< those of the recording are added to these
};

/// What spawn_replay needs to be able to do. Errors: bad_usage (no files), file_unreadable,
/// malformed_signature.
status check_replay(const replay_config& config);

/// Begins with connector_start, whose CHAIN is not used: `opener` is asked once for each chain that
/// occurs. At the end every opened CHAIN is told source_ended, then `opener` with chain 0.
/// The report counts lines as frames, text as bytes, and bad input by kind: malformed,
/// unknown_method, truncated, …; its state is idle, reading, waiting or ended. fetch_block is
/// answered with block_not_found: a recording is read forward only.
connector_actor spawn_replay(caf::actor_system& system, replay_config config, row_opener opener,
                             const connector_services& services);

}  // namespace eremos
