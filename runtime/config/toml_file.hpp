// A TOML document as a plain tree in which every key and value knows its line and column.
// The only door to toml++. Gives no meaning to anything: node_config does. Any thread.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "messages/error.hpp"

namespace eremos {

/// Both from 1; columns count characters.
struct text_place {
  std::uint32_t line = 1;
  std::uint32_t column = 1;

  friend auto operator<=>(const text_place&, const text_place&) = default;
};

enum class toml_kind : std::uint8_t { text, integer, real, boolean, moment, list, table };
/// With an article, for messages: "a table".
std::string_view to_string(toml_kind x) noexcept;

struct toml_entry;
struct toml_value {
  toml_kind kind = toml_kind::table;
  text_place at;
  std::string text;       ///< of a scalar: what it says
  std::string written;    ///< of a scalar: as in the file, for messages (`text` may hold a secret)
  bool expanded = false;  ///< `text` holds something of the environment
  std::vector<toml_value> items;    ///< of a list
  std::vector<toml_entry> entries;  ///< of a table, sorted by key

  bool is_scalar() const noexcept { return kind != toml_kind::list && kind != toml_kind::table; }
};
struct toml_entry {
  std::string key;
  text_place at;
  toml_value value;
};

/// The root table. `file` only names the document in messages. toml++ stops at the first syntax
/// error. Errors: bad_config, "file:line:column: why".
result<toml_value> parse_toml(std::string_view text, const std::string& file);

/// "file:line:column".
std::string place_text(const std::string& file, const text_place& at);

}  // namespace eremos
