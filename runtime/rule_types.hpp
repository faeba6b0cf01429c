// The words that rules share, in C++ or in a configuration. Pure; any thread.
#pragma once
#include <compare>
#include <string>

#include "runtime/agent_types.hpp"

namespace eremos {

/// An event for which a rule's condition held.
struct rule_match {
  event_id event;
  std::string subject;  ///< what it is about: 0x-hex of an address, or a hash

  friend auto operator<=>(const rule_match&, const rule_match&) = default;
};

/// Whom an event is about, if nobody says otherwise: a transaction's sender, a log's emitter, a
/// wallet's address; of a block its hash.
std::string subject_of(const block_event& x);
std::string subject_of(const transaction_event& x);
std::string subject_of(const contract_event& x);
std::string subject_of(const mempool_event& x);
std::string subject_of(const wallet_activity_event& x);

/// The severity of what a rule of that rank concludes.
severity severity_of(priority rank) noexcept;

/// A rule's message: schema eremos.rule.1, with `event` and `subject` in its details.
message_draft rule_message(const rule_match& match, std::string topic, priority rank);

}  // namespace eremos
