// Whether a name passes itself off as another: the same to the eye, other letters (Cyrillic, Greek,
// full-width, with marks nobody sees). Tells what a name looks like, never who somebody is: that is
// the address's to say. Pure; any thread.
#pragma once
#include <map>
#include <string>
#include <string_view>

#include "messages/labels.hpp"

namespace eremos {

/// What a name looks like: letters that look like Latin ones become those, capitals small ones,
/// spaces and characters that show nothing go. Broken UTF-8 becomes '?'.
std::string skeleton(std::string_view utf8);

/// The tokens of a set, by what their names look like. Owned by one.
class token_looks {
 public:
  /// `known` outlives this.
  explicit token_looks(const label_set& known);

  /// The token of the same chain (chain 0: of any) that has another address and a name that looks
  /// the same, or is the same: two tokens of one name on one chain are one too many. nullptr: none.
  const label* imitated_by(const label& token) const;

 private:
  std::multimap<std::string, const label*> by_look_;
};

}  // namespace eremos
