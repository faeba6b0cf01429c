// Logs of many old blocks by one request, where a provider has no receipts by block. A log is of a
// block only if it names the hash that the block was fetched by, and all of a block's logs must
// make its bloom; else that block is asked for by its hash.
#include <fmt/format.h>

#include "connectors/ethereum/block_pieces.hpp"
#include "connectors/ethereum/ethereum_connector.hpp"

namespace eremos::ethereum {

void ethereum_connector::fetch_logs_in_range(const std::shared_ptr<fetched_block>& whole,
                                             block_promise promise) {
  const auto number = whole->header.number;
  switch (ranged_.of(number)) {
    case ranged_logs::state::here:
      return use_range(whole, promise);
    case ranged_logs::state::coming:
      waits_for_range_.emplace(number, waits_for_range{whole, promise});
      return;
    case ranged_logs::state::unknown:
      break;
  }
  const auto span = ranged_.next(number, range_size_.blocks(), whole->settled);
  if (span.size() == 1) {
    // By its hash it costs the same, and says whose logs they are.
    range_size_.answered(1, 0);
    return fetch_logs_by_hash(whole, promise);
  }
  waits_for_range_.emplace(number, waits_for_range{whole, promise});
  ask_for_range(span);
}

void ethereum_connector::ask_for_range(const block_span& span) {
  ranged_.asked(span);
  ++ranges_.asked;
  call("eth_getLogs",
       fmt::format(R"([{{"fromBlock":"{:#x}","toBlock":"{:#x}"}}])", span.first, span.last),
       [this, span, began_ns = steady_ns()](const result<json_text>& answer) {
         on_range(span, std::chrono::nanoseconds{steady_ns() - began_ns}, answer);
       });
}

void ethereum_connector::on_range(const block_span& span, std::chrono::nanoseconds took,
                                  const result<json_text>& answer) {
  if (!answer) {
    const auto& why = answer.error();
    if (why.code == errc::range_too_large || read_range_hint(why.message))
      return range_refused(span, why);
    if (why.code == errc::provider_refused || why.code == errc::method_unsupported)
      return no_ranges(span, why);
    return range_over(span, why);
  }
  read_range(*answer, [this, span, took](text_read& read) {
    if (!read.good()) {
      bad_.count(read.bad, read.why.message);
      return no_ranges(span, read.why);
    }
    use_answer(span, took, std::move(read.pieces));
  });
}

void ethereum_connector::use_answer(const block_span& span, std::chrono::nanoseconds took,
                                    std::vector<block_record> pieces) {
  std::size_t count = 0;
  for (const auto& piece : pieces) count += piece.logs.size();
  range_size_.answered(span.size(), count, took);
  if (const auto outside = ranged_.arrived(span, std::move(pieces)); outside != 0)
    bad_.count("logs_outside_range", fmt::format("{} blocks that are not among {} to {}", outside,
                                                 span.first, span.last));
  range_over(span, {});
}

void ethereum_connector::range_refused(const block_span& span, const failure& why) {
  ++ranges_.refused;
  range_size_.refused(span, read_range_hint(why.message).value_or(range_hint{}));
  log_.debug("log_range", fmt::format("blocks {} to {} are too many, {} are asked for next: {}",
                                      span.first, span.last, range_size_.blocks(), why.message));
  ranged_.failed(span);
  range_over(span, {});
}

/// Until the next connection only, as with receipts.
void ethereum_connector::no_ranges(const block_span& span, const failure& why) {
  ranges_supported_ = false;
  log_.info("no_log_ranges", fmt::format("logs are asked for by block: {}", why.message));
  ranged_.failed(span);
  range_over(span, {});
}

/// Whoever waits for it goes on: with what came, with a shorter range, or by hash.
void ethereum_connector::range_over(const block_span& span, const maybe<failure>& why) {
  if (why) ranged_.failed(span);
  std::vector<waits_for_range> waiting;
  const auto first = waits_for_range_.lower_bound(span.first);
  const auto last = waits_for_range_.upper_bound(span.last);
  for (auto at = first; at != last; ++at) waiting.push_back(std::move(at->second));
  waits_for_range_.erase(first, last);
  for (auto& one : waiting) {
    if (why)
      incomplete(*one.whole, one.promise, *why);
    else
      fetch_logs(one.whole, one.promise);
  }
}

void ethereum_connector::use_range(const std::shared_ptr<fetched_block>& whole,
                                   block_promise promise) {
  const auto number = whole->header.number;
  for (auto& piece : ranged_.take(number)) {
    if (piece.header.hash != whole->header.hash)
      return doubt_range(whole, promise, "foreign_log_in_range",
                         fmt::format("a log of block {} is of {}, not of {}", number,
                                     to_hex(piece.header.hash), to_hex(whole->header.hash)));
    if (auto merged = merge_piece(*whole, std::move(piece)); !merged)
      return doubt_range(whole, promise, "foreign_log_in_range", merged.error().message);
  }
  whole->has_logs = true;
  // What fails without logs fails with them from elsewhere, too, and is judged in deliver().
  const auto found = verifier_.verify(whole->evidence, *whole);
  if (found.is_suspect() && (found.check == "logs_bloom" || found.check == "log_indexes"))
    return doubt_range(whole, promise, "incomplete_range",
                       fmt::format("block {}: {}: {}", number, found.check, found.detail));
  ++ranges_.blocks;
  deliver(*whole, promise);
}

void ethereum_connector::doubt_range(const std::shared_ptr<fetched_block>& whole,
                                     block_promise promise, std::string_view kind,
                                     const std::string& text) {
  ++ranges_.doubts;
  bad_.count(kind, text);
  whole->logs.clear();
  whole->has_logs = false;
  fetch_logs_by_hash(whole, promise);
}

}  // namespace eremos::ethereum
