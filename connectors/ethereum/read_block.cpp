#include "connectors/ethereum/read_block.hpp"

#include <fmt/format.h>

#include "connectors/ethereum/block_pieces.hpp"
#include "connectors/ethereum/decode_block.hpp"
#include "connectors/ethereum/decode_log.hpp"
#include "connectors/ethereum/decode_receipt.hpp"

namespace eremos::ethereum {
namespace {

text_read refused(std::string_view kind, failure why) {
  text_read out;
  out.bad = kind;
  out.why = std::move(why);
  return out;
}

/// `null_kind` where the provider said that there is nothing.
text_read unread(std::string_view null_kind, std::string_view kind, const failure& why) {
  return refused(why.code == errc::block_not_found ? null_kind : kind, why);
}

}  // namespace

text_read text_reader::block(const fetch_block& what, const json_text& text) const {
  auto record = decode_block(parser_, decoding(), text);
  if (!record) return unread("null_block", "malformed_block", record.error());
  if (auto fits = is_asked_for(*record, what); !fits) return refused("wrong_block", fits.error());
  text_read out;
  out.whole = std::make_shared<fetched_block>(
      fetched_block{std::move(*record), verifier_.examine_block(parser_, plan_.chain, text),
                    what.settled, what.of_gap});
  return out;
}

text_read text_reader::receipts(std::shared_ptr<fetched_block> whole, const json_text& text) const {
  auto receipts = decode_receipts(parser_, decoding(), text);
  if (!receipts) {
    auto out = unread("null_receipts", "malformed_receipts", receipts.error());
    out.whole = std::move(whole);
    return out;
  }
  if (receipts->receipts.size() < whole->transactions.size())
    return refused(
        "receipts_missing",
        {errc::provider_refused,
         fmt::format("block {} has {} transactions and {} receipts", whole->header.number,
                     whole->transactions.size(), receipts->receipts.size())});
  if (auto merged = merge_piece(*whole, std::move(*receipts)); !merged)
    return refused("foreign_receipts", merged.error());
  whole->evidence.merge(verifier_.examine_receipts(parser_, text));
  whole->integrity = verifier_.verify(whole->evidence, *whole);
  whole->is_judged = true;
  text_read out;
  out.whole = std::move(whole);
  return out;
}

text_read text_reader::logs(const json_text& text) const {
  auto logs = decode_logs(parser_, decoding(), text);
  if (!logs) return refused("malformed_logs", logs.error());
  text_read out;
  out.pieces = std::move(logs->blocks);
  return out;
}

}  // namespace eremos::ethereum
