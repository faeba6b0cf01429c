#include "runtime/registry/own_labels.hpp"

#include <fmt/format.h>

#include "messages/keccak.hpp"
#include "runtime/printable.hpp"
#include "runtime/registry/look_alike.hpp"
#include "runtime/state_codec.hpp"

namespace eremos {

own_labels add_own_labels(const label_set& base, std::vector<label> own) {
  own_labels out;
  if (own.empty()) {
    out.labels = std::make_shared<const label_set>(base);
    return out;
  }
  const token_looks looks{base};
  for (auto& row : own) {
    if (const auto* before = base.find(row.chain, row.who)) {
      row.watched = row.watched || before->watched;
      row.flagged = row.flagged || before->flagged;
    }
    if (row.kind != "token" || row.flagged) continue;
    if (const auto* original = looks.imitated_by(row)) {
      row.flagged = true;
      out.warnings.push_back(
          fmt::format("token {} calls itself \"{}\", which looks like {} of that chain: flagged",
                      to_checksum(row.who), printable(row.name, 64), original->name));
    }
  }
  auto mark = to_hex(keccak256(encode_labels(label_set{own}))).substr(2, 8);
  auto rows = base.rows();
  rows.insert(rows.end(), std::make_move_iterator(own.begin()), std::make_move_iterator(own.end()));
  out.labels =
      std::make_shared<const label_set>(std::move(rows), base.version() + 1, std::move(mark));
  return out;
}

byte_vector encode_labels(const label_set& labels) {
  state_writer out;
  out.u64(labels.version());
  out.text(labels.own());
  out.u64(labels.rows().size());
  for (const auto& row : labels.rows()) {
    out.u64(row.chain);
    out.bytes(row.who);
    out.text(row.kind);
    out.text(row.name);
    out.u64(row.decimals);
    out.flag(row.watched);
    out.flag(row.flagged);
    out.text(row.source);
  }
  return std::move(out).take();
}

result<label_set> decode_labels(const byte_vector& bytes) {
  state_reader in{bytes};
  const auto version = in.u64();
  auto own = in.text();
  constexpr std::size_t least_bytes = address::size_bytes + 7 * 8;
  std::vector<label> rows(in.count(least_bytes));
  for (auto& row : rows) {
    row.chain = in.u64();
    in.bytes(row.who);
    row.kind = in.text();
    row.name = in.text();
    row.decimals = static_cast<unsigned>(in.u64());
    row.watched = in.flag();
    row.flagged = in.flag();
    row.source = in.text();
  }
  if (const auto whole = in.finish(); !whole) return whole.error();
  return label_set{std::move(rows), version, std::move(own)};
}

}  // namespace eremos
