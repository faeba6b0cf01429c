// What a contract answers as of a block: eth_call, by the block's hash, or by its number where the
// provider knows no other way. And what was in old blocks, by their numbers: how many transactions
// an account had sent, and when the block was.
#include <fmt/format.h>

#include "connectors/ethereum/decode_block.hpp"
#include "connectors/ethereum/decode_value.hpp"
#include "connectors/ethereum/ethereum_connector.hpp"
#include "runtime/caf_error.hpp"

namespace eremos::ethereum {
namespace {

/// Whether the same may be had by number: the provider answered, and neither with the contract's
/// refusal nor that it is asked too often.
bool may_lack_hashes(const failure& why) {
  return why.code == errc::provider_refused || why.code == errc::method_unsupported;
}

}  // namespace

ethereum_connector::state_promise ethereum_connector::on_read_state(const read_state& what) {
  auto promise = make_response_promise<state_read>();
  switch (what.what) {
    case state_question::call:
      call_contract(what, state_by_hash_, promise);
      break;
    case state_question::nonce:
      call("eth_getTransactionCount",
           fmt::format(R"(["{}","{:#x}"])", to_hex(what.who), what.at.number),
           [this, promise](const result<json_text>& answer) {
             on_history(promise, answer ? decode_quantity64(parser_, *answer)
                                        : result<std::uint64_t>{answer.error()});
           });
      break;
    case state_question::time:
      call("eth_getBlockByNumber", fmt::format(R"(["{:#x}",false])", what.at.number),
           [this, promise, what](const result<json_text>& answer) {
             on_history(promise, answer ? time_of(what.at.number, *answer)
                                        : result<std::uint64_t>{answer.error()});
           });
      break;
  }
  return promise;
}

result<std::uint64_t> ethereum_connector::time_of(block_number number, const json_text& text) {
  if (text == "null") return {errc::block_not_found, fmt::format("no block {} here", number)};
  const auto head = decode_head(parser_, text);
  if (!head) return head.error();
  if (head->number != number || head->timestamp < 0)
    return {errc::answer_wrong, fmt::format("block {} for {}", head->number, number)};
  return static_cast<std::uint64_t>(head->timestamp);
}

void ethereum_connector::on_history(state_promise promise, const result<std::uint64_t>& said) {
  if (said) {
    promise.deliver(state_read{.bytes = {}, .number = *said});
    return;
  }
  auto why = said.error();
  const bool is_malformed = why.code == errc::malformed_json || why.code == errc::malformed_shape;
  if (is_malformed) why.code = errc::answer_wrong;
  if (why.code == errc::answer_wrong) bad_.count("malformed_state", why.message);
  promise.deliver(to_caf(why));
}

void ethereum_connector::call_contract(const read_state& what, bool by_hash,
                                       state_promise promise) {
  // EIP-1898: a block parameter that is an object names a block by its hash.
  const auto block = by_hash ? fmt::format(R"({{"blockHash":"{}"}})", to_hex(what.at.hash))
                             : fmt::format(R"("{:#x}")", what.at.number);
  call(
      "eth_call",
      fmt::format(R"([{{"to":"{}","data":"{}"}},{}])", to_hex(what.who), to_hex(what.input), block),
      [this, what, by_hash, promise](const result<json_text>& answer) {
        on_state(what, by_hash, promise, answer);
      });
}

void ethereum_connector::on_state(const read_state& what, bool by_hash, state_promise promise,
                                  const result<json_text>& answer) {
  if (!answer && by_hash && may_lack_hashes(answer.error())) {
    // Until the next connection only, as of receipts.
    if (std::exchange(state_by_hash_, false))
      log_.info("no_state_by_hash",
                fmt::format("it is asked for by number instead: {}", answer.error().message));
    return call_contract(what, false, promise);
  }
  if (!answer) {
    promise.deliver(to_caf(answer.error()));
    return;
  }
  auto read = decode_bytes_begin(parser_, *answer, defaults::state_bytes_max);
  if (!read) {
    bad_.count("malformed_state", read.error().message);
    promise.deliver(to_caf({errc::answer_wrong, read.error().message}));
    return;
  }
  if (read->size > read->bytes.size())
    bad_.count("long_state", fmt::format("{} answers with {} bytes", to_hex(what.who), read->size));
  promise.deliver(state_read{std::move(read->bytes), read->size});
}

}  // namespace eremos::ethereum
