// The logs that a transaction of the mock's chain leaves, and the call that made it, encoded as the
// real contracts encode them. Amounts are plausible, not balanced. Immutable; any thread.
#pragma once
#include <string>
#include <vector>

#include "connectors/mock/mock_plan.hpp"
#include "messages/event.hpp"

namespace eremos {

/// What a draft calls and what comes of it.
struct mock_effects {
  maybe<address> to;  ///< the account or contract that is called; none: a creation
  wei value;          ///< native value sent along
  byte_vector input;
  std::uint64_t gas_used = 21'000;   ///< Yellow Paper appendix G, "Gtransaction"; more for calls
  std::vector<contract_event> logs;  ///< emitter, signature, topics, data
  maybe<address> created;
};

class mock_logs {
 public:
  explicit mock_logs(const mock_cast& cast);

  mock_effects effects_of(const mock_draft& draft) const;

 private:
  struct kind {
    hash32 topic0;
    shared<event_signature> signature;
  };
  static kind kind_of(const std::string& declaration);

  contract_event log(const kind& what, const address& emitter,
                     std::initializer_list<hash32> indexed, byte_vector data) const;
  contract_event moved(const address& token, const address& from, const address& to,
                       const uint256& amount) const;
  mock_effects token_transfer(const mock_draft& draft) const;
  mock_effects approve(const mock_draft& draft) const;
  mock_effects swap_v2(const mock_draft& draft) const;
  mock_effects swap_v3(const mock_draft& draft) const;
  mock_effects wrap(const mock_draft& draft) const;
  mock_effects create(const mock_draft& draft) const;
  mock_effects claim(const mock_draft& draft) const;
  mock_effects upgrade(const mock_draft& draft) const;
  mock_effects burst(const mock_draft& draft) const;
  mock_effects mint(const mock_draft& draft) const;

  const mock_cast& cast_;
  kind transfer_;
  kind approval_;
  kind deposit_;
  kind withdrawal_;
  kind sync_;
  kind swap_v2_;
  kind swap_v3_;
  kind owner_changed_;
  kind upgraded_;
};

}  // namespace eremos
