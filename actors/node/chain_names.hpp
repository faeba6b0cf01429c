// Chains by name and by id, for people: those of the configuration, then those Eremos knows.
// Any thread.
#pragma once
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "runtime/config/node_config.hpp"

namespace eremos {

class chain_names {
 public:
  chain_names() : chain_names(node_config{}) {}
  explicit chain_names(const node_config& config);

  /// Its digits where nobody gave it a name.
  std::string name_of(chain_id id) const;
  /// A name, or digits. Errors: bad_usage, with what was probably meant.
  result<chain_id> id_of(std::string_view text) const;

 private:
  std::vector<std::pair<std::string, chain_id>> rows_;
};

}  // namespace eremos
