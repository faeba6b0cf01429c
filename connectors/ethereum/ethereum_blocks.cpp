// One block for CHAIN: the block, then its receipts or its logs, held against what was asked for
// and what the subscriptions showed.
#include <fmt/format.h>

#include "connectors/ethereum/block_pieces.hpp"
#include "connectors/ethereum/decode_block.hpp"
#include "connectors/ethereum/decode_log.hpp"
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
         if (!answer) return fail(promise, answer.error());
         read_block(what, *answer, [this, promise, began_ns](text_read& read) {
           if (!read.good()) return refuse(promise, read);
           read.whole->received_ns = began_ns;
           fetch_pieces(read.whole, promise);
         });
       });
  return promise;
}

// --- by whom texts are read

void ethereum_connector::read_block(const fetch_block& what, const json_text& text, on_read then) {
  if (what.of_gap && !decoders_.empty())
    return ask_decoder(block_text{reading_, what, std::string{text}}, std::move(then));
  auto read = reader().block(what, text);
  then(read);
}

void ethereum_connector::read_receipts(const std::shared_ptr<fetched_block>& whole,
                                       const json_text& text, on_read then) {
  if (whole->of_gap && !decoders_.empty())
    return ask_decoder(receipts_text{reading_, whole, std::string{text}}, std::move(then));
  auto read = reader().receipts(whole, text);
  then(read);
}

void ethereum_connector::read_range(const json_text& text, on_read then) {
  if (!decoders_.empty())
    return ask_decoder(logs_text{reading_, std::string{text}}, std::move(then));
  auto read = reader().logs(text);
  then(read);
}

template <class Text>
void ethereum_connector::ask_decoder(Text text, on_read then) {
  request(decoders_[decoder_turn_++ % decoders_.size()], caf::infinite, std::move(text))
      .then([then](text_read& read) { then(read); },
            [then](const caf::error& e) {
              text_read none;
              none.bad = "not_read";
              none.why = from_caf(e);
              then(none);
            });
}

// --- what stands at a height

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

// --- a block's pieces

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
  if (!answer) return incomplete(*whole, promise, answer.error());
  read_receipts(whole, *answer, [this, promise](text_read& read) {
    if (read.good()) return deliver(*read.whole, promise);
    // Not the block, but its receipts are not there: its logs may be.
    if (read.why.code != errc::block_not_found) return refuse(promise, read);
    bad_.count(read.bad, read.why.message);
    fetch_logs(read.whole, promise);
  });
}

void ethereum_connector::fetch_logs(const std::shared_ptr<fetched_block>& whole,
                                    block_promise promise) {
  if (ranges_supported_ && whole->header.number <= whole->settled)
    return fetch_logs_in_range(whole, promise);
  fetch_logs_by_hash(whole, promise);
}

void ethereum_connector::fetch_logs_by_hash(const std::shared_ptr<fetched_block>& whole,
                                            block_promise promise) {
  call("eth_getLogs", fmt::format(R"([{{"blockHash":"{}"}}])", to_hex(whole->header.hash)),
       [this, whole, promise](const result<json_text>& answer) {
         if (!answer) return incomplete(*whole, promise, answer.error());
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
  if (!whole.is_judged) whole.integrity = verifier_.verify(whole.evidence, whole);
  if (whole.integrity.is_suspect())
    bad_.count("failed_check", fmt::format("block {}: {}: {}", whole.header.number,
                                           whole.integrity.check, whole.integrity.detail));
  promise.deliver(shared<block_record>{std::move(static_cast<block_record&>(whole))});
}

/// Its receipts or logs did not come. What came may be known for wrong all the same.
void ethereum_connector::incomplete(const fetched_block& whole, block_promise promise,
                                    const failure& why) {
  const auto* failed = whole.evidence.block ? whole.evidence.block->checks.first_failed() : nullptr;
  if (failed == nullptr) return fail(promise, why);
  refuse(
      promise, "failed_check",
      {errc::answer_wrong, fmt::format("block {}: {}: expected {}, seen {}", whole.header.number,
                                       to_string(failed->kind), failed->expected, failed->seen)});
}

/// It said something, and that is wrong; or (null) that there is nothing.
void ethereum_connector::refuse(block_promise promise, std::string_view kind, const failure& why) {
  bad_.count(kind, why.message);
  const bool is_wrong = why.code < errc::bad_config || why.code == errc::provider_refused;
  fail(std::move(promise), is_wrong ? failure{errc::answer_wrong, why.message} : why);
}

void ethereum_connector::fail(block_promise promise, const failure& why) {
  promise.deliver(to_caf(why));
}

}  // namespace eremos::ethereum
