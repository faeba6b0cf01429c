#include "actors/node/chain_names.hpp"

#include <fmt/format.h>

#include "runtime/config/known_chains.hpp"

namespace eremos {

chain_names::chain_names(const node_config& config) {
  for (const auto& chain : config.chains) rows_.emplace_back(chain.name, chain.id);
  for (const auto& known : known_chains()) rows_.emplace_back(known.name, known.id);
}

std::string chain_names::name_of(chain_id id) const {
  for (const auto& [name, known] : rows_)
    if (known == id) return name;
  return std::to_string(id);
}

result<chain_id> chain_names::id_of(std::string_view text) const {
  std::vector<std::string> names;
  for (const auto& [name, id] : rows_) {
    if (name == text) return id;
    names.push_back(name);
  }
  const auto number = parse_uint256(text);
  if (number && number->fits_uint64()) return number->low64();
  const auto guess = nearest(text, names);
  return {errc::bad_usage,
          fmt::format("unknown chain \"{}\"{}", text.substr(0, 80),
                      guess.empty() ? "; want a name of the configuration or a chain id"
                                    : fmt::format("; did you mean \"{}\"?", guess))};
}

}  // namespace eremos
