// What a token is called, and amounts of it as people write them, for the details of signals: as
// the labels have it, else as its contract says itself, under another key. Nothing is decided by
// what is told here, and nothing of it is to be remembered: a contract may call itself anything,
// and when it was asked is chance. Owned by one agent.
#pragma once
#include <optional>
#include <string_view>

#include "messages/knowledge.hpp"
#include "messages/signal.hpp"
#include "runtime/registry/look_alike.hpp"

namespace eremos {

class token_names {
 public:
  explicit token_names(chain_id chain) : chain_(chain) {}

  /// `KEY_name` of a token that the labels know; of another `KEY_calls_itself`, and `KEY_imitates`
  /// if that looks like the name of one that they do know. Nothing of the chain's own coin.
  void tell(detail_map& details, std::string_view key, const address& token,
            const shared<block_knowledge>& known);
  /// `KEY_in_tokens`, as "1.2345", if the token's decimals are known.
  void tell_amount(detail_map& details, std::string_view key, const uint256& amount,
                   const address& token, const shared<block_knowledge>& known) const;

  /// What was told apart, with the rest. Precondition: they have no key in common.
  static void add(detail_map& details, const detail_map& words);

  /// Of whole tokens; none: not known.
  maybe<unsigned> decimals(const address& token, const block_knowledge& known) const;

 private:
  const label* imitated_by(const address& token, const std::string& symbol,
                           const shared<label_set>& labels);

  chain_id chain_;
  shared<label_set> looked_at_;       ///< whom looks_ is of
  std::optional<token_looks> looks_;  ///< made when it is first needed
};

}  // namespace eremos
