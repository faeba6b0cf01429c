#include "runtime/storage/ledger_json.hpp"

#include <fmt/format.h>

namespace eremos {
namespace {

std::string text_or_null(const std::string& text) {
  return text.empty() ? "null" : json_quoted(text);
}

}  // namespace

std::string to_json(const ledger_row& row) {
  std::string absent;
  for (const auto& agent : row.absent) absent += (absent.empty() ? "" : ",") + json_quoted(agent);
  return fmt::format(
      R"({{"chain_id":{},"block_number":{},"block_hash":"{}","parent_hash":{},"time":{},"reverted":{},"finality":{},"absent":[{}],)"
      R"("integrity":"{}","check":{},"detail":{},"level":{}}})",
      row.block.chain, row.block.number, to_hex(row.block.hash),
      row.parent_hash ? json_quoted(to_hex(*row.parent_hash)) : "null",
      row.time ? std::to_string(*row.time) : "null", row.reverted,
      row.reverted ? "null" : json_quoted(to_string(row.at)), absent,
      to_string(row.integrity.state), text_or_null(row.integrity.check),
      text_or_null(row.integrity.detail), text_or_null(row.integrity.level));
}

}  // namespace eremos
