// From configuration to parts: labels, agents, chains. Starts nothing. Any thread.
#pragma once
#include <string>
#include <vector>

#include "actors/node/row.hpp"
#include "runtime/config/node_config.hpp"
#include "runtime/registry/own_labels.hpp"

namespace eremos {

/// The built-in registry and the addresses of [watch]; for the mock chain also mainnet's contracts,
/// which it borrows.
label_view assemble_labels(const node_config& config);
/// Those and the files of [labels], as they are now. Errors: file_unreadable, bad_config.
result<own_labels> assemble_all_labels(const node_config& config);

/// Who may be an agent of this configuration: the registered ones and its rules. Sorted.
std::vector<std::string> agent_ids(const node_config& config);

/// What is wrong with [rules]: ids that are taken, conditions that cannot be read or never hold,
/// agents that are not there. With places.
std::vector<failure> rule_problems(const node_config& config);

/// Every registered agent and every rule that is not disabled, with its options checked. `only`:
/// these alone (empty: all). Errors: bad_option, with the place; unknown_agent.
result<std::vector<agent_choice>> assemble_agents(const node_config& config,
                                                  const std::vector<std::string>& only);

/// LINKER for the chains of the configuration; none without bridge-watchers among the agents.
/// Precondition: assemble_agents checked their options.
maybe<linker_config> assemble_linker(const node_config& config,
                                     const std::vector<agent_choice>& agents);

chain_policy assemble_policy(const chain_section& chain);
/// What of its blocks is checked, and what is done with one that fails.
verify_options assemble_verify(const chain_section& chain);
suspect_rule assemble_suspect_rule(const chain_section& chain);

/// Eight hex digits of a hash over everything that decides what is concluded.
std::string config_hash(const node_config& config);

/// The mock chain of `run --mock`.
chain_section mock_chain_section(const maybe<std::uint64_t>& seed, const std::string& rate);

}  // namespace eremos
