// Which event a log is, by its first topic and how many topics it has: the built-in table and what
// the user adds. Immutable once filled; then any thread.
#pragma once
#include <cstddef>
#include <string_view>
#include <unordered_map>

#include "messages/event.hpp"

namespace eremos {

/// Signatures a user may add.
inline constexpr std::size_t signatures_max = 100'000;

/// Keyed by (topic0, topic count), because the same event is indexed differently by different
/// contracts (ERC-20 and ERC-721 Transfer; USDC's unindexed Upgraded). Where only topic0 is known
/// the name and the signature are given, and a declaration only if the topic count leaves no doubt
/// about what is indexed (nothing or everything).
class signature_table {
 public:
  /// The built-in events.
  static signature_table built_in();

  /// A declaration as in parse_event_declaration. The later one wins. Errors: malformed_signature;
  /// bad_option where the table is full.
  status add(std::string_view declaration);

  /// What the log is; nothing known: an empty signature.
  const shared<event_signature>& find(const topic_list& topics) const noexcept;
  std::size_t size() const noexcept { return exact_.size(); }

 private:
  struct key {
    hash32 topic0;
    std::uint8_t count = 0;
    friend bool operator==(const key&, const key&) = default;
  };
  struct key_hash {
    std::size_t operator()(const key& x) const noexcept {
      return std::hash<hash32>{}(x.topic0) + x.count;
    }
  };
  /// `derived`: not declared so, but follows from a declaration; never replaces another.
  void put(const key& at, event_signature signature, bool derived);

  std::unordered_map<key, shared<event_signature>, key_hash> exact_;
  std::unordered_map<hash32, shared<event_signature>> by_topic0_;
  shared<event_signature> unknown_;
};

}  // namespace eremos
