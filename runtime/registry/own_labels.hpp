// Labels that a person brings beside the built-in ones: how both become one set, and how a set is
// written into the store and read back. Reads no file. Pure; any thread.
#pragma once
#include <string>
#include <vector>

#include "messages/labels.hpp"
#include "messages/units.hpp"

namespace eremos {

struct own_labels {
  label_view labels;
  std::vector<std::string> warnings;  ///< a sentence each
};

/// `own` added to `base`: a row of the same (chain, address) is replaced, but stays watched or
/// flagged if it was. A token whose name looks like another token's of its chain is flagged, with a
/// warning: a symbol proves nothing.
own_labels add_own_labels(const label_set& base, std::vector<label> own);

/// Errors of the second: snapshot_invalid.
byte_vector encode_labels(const label_set& labels);
result<label_set> decode_labels(const byte_vector& bytes);

}  // namespace eremos
