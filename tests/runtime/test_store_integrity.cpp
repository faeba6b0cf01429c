// What the store keeps of verification: the ledger's states, and signals that rest on a suspect.
#include <catch2/catch.hpp>

#include "tests/runtime/test_store_blocks.hpp"

using namespace eremos;
using namespace eremos::test;

namespace {

block_integrity suspect_of(std::string check) {
  return {integrity_state::suspect, std::move(check), "expected 0x01, seen 0x02", "full"};
}
const block_integrity verified{integrity_state::verified, "", "", "full"};

block_result with(block_result block, block_integrity found) {
  block.integrity = std::move(found);
  return block;
}

std::vector<ledger_row> rows_of(const store_fixture& f, maybe<integrity_state> only = {}) {
  const auto rows = f.db->ledger(test_chain, 100, only);
  REQUIRE(rows);
  return *rows;
}

}  // namespace

TEST_CASE("store: the ledger keeps what was found of each block, and lists blocks by it") {
  store_fixture f;
  f.write(with(block_at(10), verified));
  f.write(with(block_at(11), suspect_of("receipts_root")));
  f.write(block_at(12));
  f.write(with(block_at(13), {integrity_state::repaired, "", "", "logs"}));
  f.reopen();
  const auto all = rows_of(f);
  REQUIRE(all.size() == 4);
  CHECK(all[0].integrity.state == integrity_state::repaired);
  CHECK(all[0].integrity.level == "logs");
  CHECK(all[1].integrity == block_integrity{});
  CHECK(all[2].integrity == suspect_of("receipts_root"));
  CHECK(all[3].integrity == verified);
  const auto suspects = rows_of(f, integrity_state::suspect);
  REQUIRE(suspects.size() == 1);
  CHECK(suspects[0].block == ref_at(11));
  CHECK(rows_of(f, integrity_state::unchecked).size() == 1);
  // The same block once more, whole this time.
  f.write(with(block_at(11), verified));
  CHECK(rows_of(f, integrity_state::suspect).empty());
}

TEST_CASE("store: a late piece speaks of its block only if it is suspect") {
  store_fixture f;
  f.write(with(block_at(10), verified));
  auto piece = block_at(10, 0, 0, 3);
  piece.supplement = true;
  f.write(piece);
  CHECK(rows_of(f)[0].integrity == verified);
  piece = with(block_at(10, 0, 0, 1), suspect_of("logs_bloom"));
  piece.supplement = true;
  f.write(piece);
  CHECK(rows_of(f)[0].integrity == suspect_of("logs_bloom"));
  auto alone = block_at(20);
  alone.supplement = true;
  f.write(alone);
  CHECK(rows_of(f, integrity_state::unchecked).size() == 1);
}

TEST_CASE("store: a signal that rests on a suspect block says so and is believed half") {
  store_fixture f;
  f.write(with(block_at(10), suspect_of("sender")));
  auto on_verified = with(block_at(11), verified);
  on_verified.signals = {signal_of("0xabc", {ref_at(11)}),
                         signal_of("0xdef", {ref_at(10), ref_at(11)})};
  const auto outcome = f.write(on_verified);
  REQUIRE(outcome.changed.size() == 2);
  CHECK_FALSE(outcome.changed[0].suspect);
  CHECK(outcome.changed[0].confidence == 0.75);
  CHECK(outcome.changed[1].suspect);
  CHECK(outcome.changed[1].confidence == suspect_confidence_max);
  CHECK(to_json(outcome.changed[1]).ends_with(R"(,"integrity":"suspect"})"));
  CHECK(to_json(outcome.changed[0]).find("integrity") == std::string::npos);
  auto on_suspect = with(block_at(12), suspect_of("header_hash"));
  on_suspect.signals = {signal_of("0x123", {ref_at(12)})};
  on_suspect.signals[0].confidence = 0.25;
  f.write(on_suspect);
  f.reopen();
  CHECK(f.stored(on_suspect.signals[0]).suspect);
  CHECK(f.stored(on_suspect.signals[0]).confidence == 0.25);
  CHECK(f.stored(outcome.changed[1]) == outcome.changed[1]);
  // A later revision without the suspect block stands by itself again; a revert brings back the
  // earlier one as it was.
  auto later = with(block_at(13), verified);
  later.signals = {signal_of("0xdef", {ref_at(11), ref_at(13)}, 2)};
  f.write(later);
  CHECK_FALSE(f.stored(later.signals[0]).suspect);
  f.revert({test_chain, ref_at(12), {ref_at(13)}});
  CHECK(f.stored(later.signals[0]).suspect);
  CHECK(f.stored(later.signals[0]).confidence == suspect_confidence_max);
}
