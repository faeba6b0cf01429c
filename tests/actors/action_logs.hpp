// Builders of logs for detectors' tests.
#pragma once
#include <initializer_list>

#include "messages/keccak.hpp"
#include "runtime/policy/transfer.hpp"
#include "tests/actors/detect_support.hpp"

namespace eremos::test {

inline byte_vector words(const std::vector<hash32>& items) {
  byte_vector out;
  for (const auto& w : items) out.insert(out.end(), w.data.begin(), w.data.end());
  return out;
}

/// A log of the event with this signature; `topics` are the indexed arguments.
inline contract_event log_of(const address& emitter, std::string_view signature,
                             const std::vector<hash32>& topics, const std::vector<hash32>& data) {
  contract_event out;
  out.emitter = emitter;
  out.topics.items[out.topics.count++] = keccak256(signature);
  for (const auto& t : topics) out.topics.items[out.topics.count++] = t;
  out.data = words(data);
  return out;
}

inline hash32 word_of(std::uint64_t n) { return word_of(uint256{n}); }
/// Two's complement.
inline hash32 minus(std::uint64_t n) { return word_of(uint256{} - uint256{n}); }

inline contract_event transfer_log(const address& token, const address& from, const address& to,
                                   const uint256& amount) {
  return log_of(token, "Transfer(address,address,uint256)", {word_of(from), word_of(to)},
                {word_of(amount)});
}

/// Places a log in its block.
inline contract_event at(contract_event log, std::uint64_t transaction, std::uint64_t index) {
  log.transaction_index = transaction;
  log.transaction_hash = some_hash(transaction);
  log.log_index = index;
  return log;
}

}  // namespace eremos::test
