#include "actors/node/labels_text.hpp"

#include "actors/node/text_table.hpp"
#include "messages/keccak.hpp"
#include "runtime/json_object.hpp"
#include "runtime/printable.hpp"

namespace eremos {
namespace {

std::string marks_of(const label& row) {
  if (row.flagged) return row.watched ? "watched, flagged" : "flagged";
  return row.watched ? "watched" : "";
}

}  // namespace

std::string labels_text(const label_set& labels) {
  constexpr std::size_t cell_max = 80;
  text_table table{{"chain", "address", "kind", "name", "marks", "source"}};
  for (const auto& row : labels.rows())
    table.add({row.chain == 0 ? "all" : std::to_string(row.chain), to_checksum(row.who),
               printable(row.kind, cell_max), printable(row.name, cell_max), marks_of(row),
               printable(row.source, cell_max)});
  return table.text();
}

std::string labels_json(const label_set& labels) {
  std::string out;
  for (const auto& row : labels.rows())
    out += json_object{}
               .count("chain_id", row.chain)
               .text("address", to_hex(row.who))
               .text("kind", row.kind)
               .text("name", row.name)
               .count("decimals", row.decimals)
               .flag("watched", row.watched)
               .flag("flagged", row.flagged)
               .text("source", row.source)
               .done() +
           "\n";
  return out;
}

}  // namespace eremos
