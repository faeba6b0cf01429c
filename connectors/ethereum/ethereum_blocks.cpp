// One block for CHAIN: the block, then its receipts or its logs, held against what was asked for
// and what the subscriptions showed.
#include <fmt/format.h>

#include "connectors/ethereum/block_pieces.hpp"
#include "connectors/ethereum/decode_block.hpp"
#include "connectors/ethereum/decode_log.hpp"
#include "connectors/ethereum/decode_receipt.hpp"
#include "connectors/ethereum/ethereum_connector.hpp"
#include "runtime/caf_error.hpp"

namespace eremos::ethereum {
namespace {

/// A block that lacks logs which were shown is asked for this often before it is taken as it is.
constexpr std::size_t log_disputes_max = 3;

}  // namespace

ethereum_connector::block_promise ethereum_connector::on_fetch(const fetch_block& what) {
  auto promise = make_response_promise<shared<block_record>>();
  const auto began_ns = steady_ns();
  const auto method = what.hash ? "eth_getBlockByHash" : "eth_getBlockByNumber";
  const auto param = what.hash ? to_hex(*what.hash) : fmt::format("{:#x}", what.number);
  call(method, fmt::format(R"(["{}",true])", param),
       [this, promise, what, began_ns](const result<json_text>& answer) {
         on_block(what, began_ns, promise, answer);
       });
  return promise;
}

caf::typed_response_promise<block_ref> ethereum_connector::on_name(const name_block& what) {
  auto promise = make_response_promise<block_ref>();
  call("eth_getBlockByNumber", fmt::format(R"(["{:#x}",false])", what.number),
       [this, promise, what](const result<json_text>& answer) mutable {
         if (answer && *answer == "null") {
           promise.deliver(
               to_caf({errc::block_not_found, fmt::format("no block {} here", what.number)}));
           return;
         }
         const auto head =
             answer ? decode_head(parser_, *answer) : result<block_event>{answer.error()};
         if (head && head->number != what.number) {
           const auto text = fmt::format("block {} for {}", head->number, what.number);
           bad_.count("wrong_block", text);
           promise.deliver(to_caf({errc::provider_refused, text}));
         } else if (head)
           promise.deliver(block_ref{config_.chain, head->number, head->hash});
         else
           promise.deliver(to_caf(head.error()));
       });
  return promise;
}

void ethereum_connector::on_block(const fetch_block& what, std::int64_t began_ns,
                                  block_promise promise, const result<json_text>& answer) {
  if (!answer) return fail(promise, answer.error());
  auto record = decode_block(parser_, decoding(), *answer);
  if (!record && record.error().code == errc::block_not_found) {
    bad_.count("null_block", fmt::format("block {}", what.number));
    return fail(promise, record.error());
  }
  if (!record) return refuse(promise, "malformed_block", record.error());
  if (auto fits = is_asked_for(*record, what); !fits)
    return refuse(promise, "wrong_block", fits.error());
  record->received_ns = began_ns;
  auto evidence = verifier_.examine_block(parser_, config_.chain, *answer);
  fetch_pieces(
      std::make_shared<fetched_block>(fetched_block{std::move(*record), std::move(evidence)}),
      promise);
}

void ethereum_connector::fetch_pieces(const std::shared_ptr<fetched_block>& whole,
                                      block_promise promise) {
  if (!receipts_supported_) return fetch_logs(whole, promise);
  call("eth_getBlockReceipts", fmt::format(R"(["{}"])", to_hex(whole->header.hash)),
       [this, whole, promise](const result<json_text>& answer) {
         on_receipts(whole, promise, answer);
       });
}

void ethereum_connector::on_receipts(const std::shared_ptr<fetched_block>& whole,
                                     block_promise promise, const result<json_text>& answer) {
  if (!answer && answer.error().code == errc::method_unsupported) {
    // Until the next connection only: behind one address not every node is alike.
    receipts_supported_ = false;
    log_.info("no_receipts", fmt::format("logs are asked for instead: {}", answer.error().message));
    return fetch_logs(whole, promise);
  }
  if (!answer) return fail(promise, answer.error());
  auto receipts = decode_receipts(parser_, decoding(), *answer);
  if (!receipts && receipts.error().code == errc::block_not_found) {
    bad_.count("null_receipts", fmt::format("block {}", whole->header.number));
    return fetch_logs(whole, promise);
  }
  if (!receipts) return refuse(promise, "malformed_receipts", receipts.error());
  if (receipts->receipts.size() < whole->transactions.size())
    return refuse(promise, "receipts_missing",
                  {errc::provider_refused,
                   fmt::format("block {} has {} transactions and {} receipts", whole->header.number,
                               whole->transactions.size(), receipts->receipts.size())});
  if (auto merged = merge_piece(*whole, std::move(*receipts)); !merged)
    return refuse(promise, "foreign_receipts", merged.error());
  whole->evidence.merge(verifier_.examine_receipts(parser_, *answer));
  deliver(*whole, promise);
}

void ethereum_connector::fetch_logs(const std::shared_ptr<fetched_block>& whole,
                                    block_promise promise) {
  call("eth_getLogs", fmt::format(R"([{{"blockHash":"{}"}}])", to_hex(whole->header.hash)),
       [this, whole, promise](const result<json_text>& answer) {
         if (!answer) return fail(promise, answer.error());
         auto logs = decode_logs(parser_, decoding(), *answer);
         if (!logs) return refuse(promise, "malformed_logs", logs.error());
         for (auto& piece : logs->blocks)
           if (auto merged = merge_piece(*whole, std::move(piece)); !merged)
             return refuse(promise, "foreign_logs", merged.error());
         whole->has_logs = true;
         deliver(*whole, promise);
       });
}

/// Asks again where logs are missing that the provider itself has shown.
void ethereum_connector::deliver(fetched_block& whole, block_promise promise) {
  const auto logs = all_logs(whole);
  const auto& hash = whole.header.hash;
  if (const auto missing = sightings_.missing_in(hash, logs); !missing.empty()) {
    const auto text = fmt::format("block {} lacks {} logs that were shown, log {} the first",
                                  whole.header.number, missing.size(), missing.front());
    if (sightings_.dispute(hash) < log_disputes_max)
      return refuse(promise, "logs_missing", {errc::provider_refused, text});
    bad_.count("logs_missing", text);
    log_.error("logs_missing", text + "; asked several times, it is taken as it is");
  }
  sightings_.settle(hash, logs);
  whole.integrity = verifier_.verify(whole.evidence, whole);
  if (whole.integrity.is_suspect())
    bad_.count("failed_check", fmt::format("block {}: {}: {}", whole.header.number,
                                           whole.integrity.check, whole.integrity.detail));
  promise.deliver(shared<block_record>{std::move(static_cast<block_record&>(whole))});
}

void ethereum_connector::refuse(block_promise promise, std::string_view kind, const failure& why) {
  bad_.count(kind, why.message);
  fail(std::move(promise), why);
}

void ethereum_connector::fail(block_promise promise, const failure& why) {
  promise.deliver(to_caf(why));
}

}  // namespace eremos::ethereum
