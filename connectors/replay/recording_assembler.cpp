#include "connectors/replay/recording_assembler.hpp"

#include <algorithm>
#include <array>

#include "connectors/chain/keyed_pools.hpp"
#include "connectors/chain/pool_answers.hpp"
#include "connectors/ethereum/block_pieces.hpp"
#include "connectors/ethereum/decode_block.hpp"
#include "connectors/ethereum/decode_log.hpp"
#include "connectors/ethereum/decode_receipt.hpp"
#include "connectors/ethereum/decode_transaction.hpp"
#include "connectors/ethereum/decode_value.hpp"
#include "connectors/labels/label_file.hpp"
#include "runtime/defaults.hpp"

namespace eremos {
namespace {

/// In the recording format, but only of use to agents that read on demand.
constexpr std::array<std::string_view, 2> set_aside_methods = {"eth_getTransactionCount",
                                                               "eth_getCode"};
constexpr std::string_view own_inputs = "eremos_";

bool is_set_aside(std::string_view method) {
  if (method == "eremos_labels") return false;
  return method.starts_with(own_inputs) ||
         std::find(set_aside_methods.begin(), set_aside_methods.end(), method) !=
             set_aside_methods.end();
}

line_outcome refused(const failure& why) {
  const auto verdict =
      why.code == errc::block_not_found ? line_verdict::no_result : line_verdict::malformed;
  return {verdict, why.message};
}

bool is_block(std::string_view method) {
  return method == "eth_getBlockByNumber" || method == "eth_getBlockByHash";
}
bool is_receipts(std::string_view method) {
  return method == "eth_getBlockReceipts" || method == "erigon_getBlockReceiptsByBlockHash";
}

bool answers_for(const block_record& nameless, const block_record& block) {
  return nameless.header.hash == block.header.hash ||
         (nameless.header.hash.is_zero() && nameless.header.number == block.header.number);
}

/// Takes what a nameless piece says into the block it answers for.
void merge_nameless(block_record& block, const block_record& nameless) {
  block.has_receipts = block.has_receipts || nameless.has_receipts;
  block.has_logs = block.has_logs || nameless.has_logs;
}

}  // namespace

std::string_view to_string(line_verdict x) noexcept {
  constexpr std::string_view names[] = {"taken",          "other_chain", "set_aside",
                                        "unknown_method", "no_result",   "malformed",
                                        "too_many_chains"};
  return names[static_cast<std::size_t>(x)];
}

recording_assembler::recording_assembler(recording_config config) : config_(std::move(config)) {}

line_outcome recording_assembler::take(std::string_view text, std::vector<recorded_item>& out) {
  const auto line = parse_recorded_line(line_parser_, text);
  if (!line) return refused(line.error());
  const auto chain = line->chain ? *line->chain : config_.default_chain;
  if (config_.only_chain && *config_.only_chain != chain) return {line_verdict::other_chain, {}};
  if (is_set_aside(line->method)) return {line_verdict::set_aside, std::string{line->method}};
  if (!chains_.contains(chain) && chains_.size() >= recorded_chains_max)
    return {line_verdict::too_many_chains, std::to_string(chain)};
  auto outcome = decode(*line, chain, out);
  outcome.bad_time = line->bad_time;
  return outcome;
}

line_outcome recording_assembler::decode(const recorded_line& line, chain_id chain,
                                         std::vector<recorded_item>& out) {
  const auto& method = line.method;
  const bool is_known = is_block(method) || is_receipts(method) ||
                        method == "eth_getTransactionReceipt" || method == "eth_getLogs" ||
                        method == "eth_subscription" || method == "eremos_labels" ||
                        method == "eth_call";
  if (!is_known) return {line_verdict::unknown_method, std::string{method}};
  if (method == "eth_call") return decode_call_line(line, chain, out);
  if (line.has_error) return {line_verdict::no_result, "the provider answered with an error"};
  if (line.result.empty()) return {line_verdict::malformed, "result: missing"};
  if (method == "eth_subscription") return decode_subscription(line, chain, out);
  if (method == "eth_getLogs") return decode_logs_line(line, chain, out);
  if (method == "eremos_labels") return decode_labels_line(line, chain, out);
  const decode_context context{chain, &config_.signatures, verifier_of(chain).options().like};
  auto piece = is_block(method)      ? decode_block(result_parser_, context, line.result)
               : is_receipts(method) ? decode_receipts(result_parser_, context, line.result)
                                     : decode_receipt(result_parser_, context, line.result);
  if (!piece) return refused(piece.error());
  const auto& verifier = verifier_of(chain);
  auto evidence = is_block(method) ? verifier.examine_block(result_parser_, chain, line.result)
                                   : verifier.examine_receipts(result_parser_, line.result);
  if (!piece->header.hash.is_zero()) return add(std::move(*piece), line, out, std::move(evidence));
  add_nameless(std::move(*piece), parse_recorded_request(result_parser_, line.params),
               std::move(evidence));
  return {};
}

/// They hold from the next block on: what is open comes first.
line_outcome recording_assembler::decode_labels_line(const recorded_line& line, chain_id chain,
                                                     std::vector<recorded_item>& out) {
  auto own = parse_label_json(line.result, "result");
  if (!own) return refused(own.error());
  if (own->size() > own_labels_max) return {line_verdict::malformed, "result: too many labels"};
  if (const auto at = chains_.find(chain); at != chains_.end()) flush(at->second, out);
  out.emplace_back(labels_recorded{chain, std::move(*own)});
  return {};
}

/// Of what is asked of tokens, pools and factories. An error is the contract's, nearly always.
line_outcome recording_assembler::decode_call_line(const recorded_line& line, chain_id chain,
                                                   std::vector<recorded_item>& out) {
  auto asked = parse_recorded_call(result_parser_, line.params);
  if (!asked ||
      !(asked_by(asked->input) || pool_call_of(asked->input) || is_pool_key_call(asked->input)))
    return {line_verdict::set_aside, std::string{line.method}};
  state_recorded said{chain, asked->to, std::move(asked->input), {}};
  if (!line.has_error) {
    if (line.result.empty()) return {line_verdict::malformed, "result: missing"};
    auto read = decode_bytes_begin(result_parser_, line.result, defaults::state_bytes_max);
    if (!read) return refused(read.error());
    said.answer = state_read{std::move(read->bytes), read->size};
  }
  auto& of = chains_[chain];
  if (of.reads.size() >= held_pending_max) flush(of, out);
  if (of.block)
    of.reads.push_back(std::move(said));
  else
    out.emplace_back(std::move(said));
  return {};
}

const block_verifier& recording_assembler::verifier_of(chain_id chain) {
  auto& verifier = chains_[chain].verifier;
  if (!verifier) {
    const auto at = config_.verify.find(chain);
    verifier = std::make_unique<const block_verifier>(
        at == config_.verify.end() ? config_.verify_others : at->second);
  }
  return *verifier;
}

line_outcome recording_assembler::decode_logs_line(const recorded_line& line, chain_id chain,
                                                   std::vector<recorded_item>& out) {
  const decode_context context{chain, &config_.signatures};
  auto logs = decode_logs(result_parser_, context, line.result);
  if (!logs) return refused(logs.error());
  const auto request = parse_recorded_request(result_parser_, line.params);
  const bool is_whole_block = request.asks_all_logs_of_block && logs->removed == 0;
  if (logs->blocks.empty() && is_whole_block) {
    block_record piece;
    piece.chain = chain;
    piece.has_logs = true;
    add_nameless(std::move(piece), request);
  }
  line_outcome outcome;
  for (auto& block : logs->blocks) {
    block.has_logs = is_whole_block && block.header.hash == *request.hash;
    auto added = add(std::move(block), line, out);
    if (added.verdict != line_verdict::taken) outcome = std::move(added);
  }
  outcome.removed = logs->removed;
  return outcome;
}

line_outcome recording_assembler::decode_subscription(const recorded_line& line, chain_id chain,
                                                      std::vector<recorded_item>& out) {
  const decode_context context{chain, &config_.signatures};
  const std::string topic{parse_recorded_request(result_parser_, line.params).topic};
  block_record piece;
  piece.chain = chain;
  if (topic == "newHeads") {
    auto head = decode_head(result_parser_, line.result);
    if (!head) return refused(head.error());
    piece.header = *head;
    piece.has_header = true;
    piece.time = head->timestamp;
    return add(std::move(piece), line, out,
               verifier_of(chain).examine_block(result_parser_, chain, line.result));
  }
  if (topic == "logs") {
    auto seen = decode_log(result_parser_, context, line.result);
    if (!seen) return refused(seen.error());
    if (seen->removed) return {.removed = 1};
    piece.header.number = seen->number;
    piece.header.hash = seen->block_hash;
    piece.time = seen->block_time;
    piece.logs.push_back(std::move(seen->log));
    return add(std::move(piece), line, out);
  }
  if (topic != "newPendingTransactions")
    return {line_verdict::unknown_method, "eth_subscription " + topic};
  auto pending = decode_pending(result_parser_, context, line.result);
  if (!pending) return refused(pending.error());
  pending_seen seen{chain, {}, line.received_at ? *line.received_at : 0};
  seen.transactions.push_back(std::move(*pending));
  add_pending(std::move(seen), out);
  return {};
}

line_outcome recording_assembler::add(block_record piece, const recorded_line& line,
                                      std::vector<recorded_item>& out, block_evidence evidence) {
  auto& chain = chains_[piece.chain];
  if (line.received_at) piece.noted_at = *line.received_at;
  if (chain.block && chain.block->header.hash == piece.header.hash) {
    if (const auto merged = merge_piece(*chain.block, std::move(piece)); !merged)
      return refused(merged.error());
  } else {
    flush(chain, out);
    chain.block = std::move(piece);
    chain.evidence = {};
  }
  chain.evidence.merge(std::move(evidence));
  if (chain.nameless && answers_for(*chain.nameless, *chain.block)) {
    merge_nameless(*chain.block, *chain.nameless);
    chain.evidence.merge(std::exchange(chain.nameless_evidence, {}));
    chain.nameless.reset();
  }
  return {};
}

void recording_assembler::add_nameless(block_record piece, const recorded_request& request,
                                       block_evidence evidence) {
  auto& chain = chains_[piece.chain];
  if (!request.hash && !request.number) return;  // by a tag: of which block, nobody can say
  if (request.hash) piece.header.hash = *request.hash;
  if (request.number) piece.header.number = *request.number;
  if (chain.block && answers_for(piece, *chain.block)) {
    merge_nameless(*chain.block, piece);
    chain.evidence.merge(std::move(evidence));
  } else {
    chain.nameless = std::move(piece);
    chain.nameless_evidence = std::move(evidence);
  }
}

void recording_assembler::add_pending(pending_seen pending, std::vector<recorded_item>& out) {
  auto& chain = chains_[pending.chain];
  if (chain.pending.size() >= held_pending_max) flush(chain, out);
  if (chain.block)
    chain.pending.push_back(std::move(pending));
  else
    out.emplace_back(std::move(pending));
}

void recording_assembler::flush(open_chain& chain, std::vector<recorded_item>& out) {
  if (chain.block) {
    const auto& verifier = verifier_of(chain.block->chain);
    chain.block->integrity = verifier.verify(chain.evidence, *chain.block);
    join_receipts(*chain.block);
    out.emplace_back(std::move(*chain.block));
    chain.block.reset();
  }
  for (auto& pending : chain.pending) out.emplace_back(std::move(pending));
  chain.pending.clear();
  for (auto& read : chain.reads) out.emplace_back(std::move(read));
  chain.reads.clear();
}

void recording_assembler::finish(std::vector<recorded_item>& out) {
  for (auto& [id, chain] : chains_) flush(chain, out);
}

}  // namespace eremos
