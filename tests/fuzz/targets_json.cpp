// What a provider's text goes through before anything is believed.
#include <array>

#include "connectors/chain/pool_answers.hpp"
#include "connectors/ethereum/block_pieces.hpp"
#include "connectors/ethereum/decode_block.hpp"
#include "connectors/ethereum/decode_log.hpp"
#include "connectors/ethereum/decode_receipt.hpp"
#include "connectors/ethereum/decode_transaction.hpp"
#include "connectors/ethereum/decode_value.hpp"
#include "connectors/ethereum/error_class.hpp"
#include "connectors/ethereum/json_rpc.hpp"
#include "connectors/ethereum/verify/block_verifier.hpp"
#include "connectors/replay/recording_assembler.hpp"
#include "runtime/policy/decode_action.hpp"
#include "tests/fuzz/targets.hpp"

namespace eremos::fuzz {
namespace {

/// The chains whose transaction types differ; which one, the input decides.
chain_id chain_of(std::string_view input) {
  constexpr std::array<chain_id, 4> chains = {1, 137, 42161, 10};
  return chains[input.size() % chains.size()];
}

const signature_table& signatures() {
  static const auto table = signature_table::built_in();
  return table;
}

decode_context context_of(std::string_view input) { return {chain_of(input), &signatures()}; }

/// What was decoded is JSON to a strict parser as well, and decodes to the same again.
template <class T, class Decode>
void decode_twice(json_parser& parser, std::string_view input, Decode&& decode) {
  const result<T> first = decode();
  if (!first) {
    const bool claims_no_json = first.error().code == errc::malformed_json;
    must(!claims_no_json || !is_json(parser, input), "what is refused as no JSON is none");
    return;
  }
  must(static_cast<bool>(decode()), "what was decoded once is decoded again");
}

}  // namespace

void json_rpc(std::string_view input) {
  frame_decoder frames;
  json_parser parser;
  for (const auto& frame : frames.decode(input)) {
    must(frame.kind != frame_kind::malformed || !is_json(parser, input),
         "a malformed frame is no JSON");
    if (frame.kind == frame_kind::error)
      must(!classify_rpc_error(frame.error, "eth_getLogs").message.empty(), "an error has a text");
    if (frame.kind != frame_kind::response && frame.kind != frame_kind::notification) continue;
    // A result that knows its tokens says the same as its text alone.
    const std::string copy{frame.result};
    const auto with = decode_text(parser, frame.result);
    const auto without = decode_text(parser, copy);
    must(with.has_value() == without.has_value(), "tokens and text say the same");
    (void)decode_quantity(parser, copy);
    (void)decode_bytes(parser, copy);
    for (const std::size_t kept : {33u, 4'096u}) {
      auto begin = decode_bytes_begin(parser, copy, kept);
      if (!begin) continue;
      must(begin->bytes.size() <= std::min<std::uint64_t>(kept, begin->size), "no more is kept");
      const state_read answer{std::move(begin->bytes), begin->size};
      must(read_answer(fact_kind::symbol, answer).text.size() <= symbol_bytes_max,
           "a symbol is cut");
      must(read_answer(fact_kind::decimals, answer).number <= decimals_max, "decimals are few");
      pool_claims said;
      for (const auto call : {pool_call::factory, pool_call::token0, pool_call::token1,
                              pool_call::fee, pool_call::stable})
        (void)hear_pool(call, {}, answer, said);
      must(!said.token0 || !said.token0->is_zero(), "a token is somebody");
      (void)pool_call_of(answer.bytes);
    }
    (void)decode_flag(parser, copy);
  }
}

void block(std::string_view input) {
  json_parser parser;
  const auto context = context_of(input);
  decode_twice<block_record>(parser, input, [&] { return decode_block(parser, context, input); });
  decode_twice<block_event>(parser, input, [&] { return decode_head(parser, input); });
  const block_verifier verifier{{.level = verify_level::full, .senders = false}};
  const auto evidence = verifier.examine_block(parser, context.chain, input);
  auto record = decode_block(parser, context, input);
  if (!record) return;
  (void)verifier.verify(evidence, *record);
  (void)join_receipts(*record);
  (void)all_logs(*record);
}

void receipts(std::string_view input) {
  json_parser parser;
  const auto context = context_of(input);
  decode_twice<block_record>(parser, input,
                             [&] { return decode_receipts(parser, context, input); });
  decode_twice<block_record>(parser, input, [&] { return decode_receipt(parser, context, input); });
  const block_verifier verifier;
  const auto evidence = verifier.examine_receipts(parser, input);
  auto record = decode_receipts(parser, context, input);
  if (!record) return;
  (void)join_receipts(*record);
  (void)all_logs(*record);
  (void)verifier.verify(evidence, *record);
}

void logs(std::string_view input) {
  json_parser parser;
  const auto context = context_of(input);
  decode_twice<decoded_logs>(parser, input, [&] { return decode_logs(parser, context, input); });
  if (const auto decoded = decode_logs(parser, context, input))
    for (const auto& piece : decoded->blocks)
      for (const auto& log : piece.logs) (void)decode_action(log);
  decode_twice<decoded_log>(parser, input, [&] { return decode_log(parser, context, input); });
}

void transaction(std::string_view input) {
  json_parser parser;
  const auto context = context_of(input);
  decode_twice<mempool_event>(parser, input,
                              [&] { return decode_pending(parser, context, input); });
  decode_twice<mempool_event>(parser, input,
                              [&] { return decode_pending_by_hash(parser, context, input); });
}

void recording(std::string_view input) {
  recording_config how;
  how.signatures = signatures();
  how.verify[1] = {.level = verify_level::full, .senders = false};
  recording_assembler assembler{std::move(how)};
  std::vector<recorded_item> out;
  json_parser parser;
  while (!input.empty()) {
    const auto line = input.substr(0, input.find('\n'));
    input.remove_prefix(std::min(input.size(), line.size() + 1));
    const auto outcome = assembler.take(line, out);
    must(outcome.verdict != line_verdict::taken ||
             static_cast<bool>(parse_recorded_line(parser, line)),
         "a line that was taken is a line of a recording");
  }
  assembler.finish(out);
}

}  // namespace eremos::fuzz
