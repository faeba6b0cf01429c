#include "runtime/storage/label_rows.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "runtime/defaults.hpp"
#include "runtime/registry/own_labels.hpp"
#include "runtime/state_codec.hpp"

namespace eremos {
namespace {

std::string key_of(chain_id chain) { return fmt::format("labels.{}", chain); }

std::string encode(const std::vector<label_era>& eras) {
  state_writer out;
  out.u64(eras.size());
  for (const auto& era : eras) {
    const auto bytes = encode_labels(*era.labels);
    out.u64(era.from);
    out.u64(bytes.size());
    out.raw(bytes);
  }
  return to_hex(std::move(out).take());
}

std::vector<label_era> decode(std::string_view text) {
  const auto bytes = parse_hex(text);
  if (!bytes) return {};
  state_reader in{*bytes};
  std::vector<label_era> out;
  const auto count = in.count(2 * 8);
  for (std::uint64_t i = 0; i < count && in.intact(); ++i) {
    const auto from = in.u64();
    byte_vector one(in.count(1));
    in.raw(one);
    auto labels = decode_labels(one);
    if (!labels) return {};
    out.push_back({from, shared<label_set>{std::move(*labels)}});
  }
  return in.intact() ? out : std::vector<label_era>{};
}

}  // namespace

std::vector<label_era> read_label_eras(sqlite_connection& db, chain_id chain) {
  auto q = db.query("SELECT value FROM meta WHERE key = ?", key_of(chain));
  return q.next() ? decode(q.text(0)) : std::vector<label_era>{};
}

std::vector<label_era>& label_table::known(chain_id chain) {
  const auto at = known_.find(chain);
  if (at != known_.end()) return at->second;
  return known_[chain] = read_label_eras(db_, chain);
}

void label_table::write(const block_result& block) {
  if (!block.known || block.supplement) return;
  const auto& labels = (*block.known)->labels;
  auto& eras = known(block.block.chain);
  label_era* now = nullptr;
  for (auto& era : eras)
    if (era.from <= block.block.number) now = &era;
  if (now != nullptr && now->labels == labels) {
    now->labels = labels;  // the next look is at a pointer
    return;
  }
  std::erase_if(eras, [&](const label_era& era) { return era.from >= block.block.number; });
  eras.push_back({block.block.number, labels});
  if (eras.size() > defaults::label_eras_max) eras.erase(eras.begin());
  db_.execute("INSERT OR REPLACE INTO meta VALUES(?, ?)", key_of(block.block.chain), encode(eras));
}

}  // namespace eremos
