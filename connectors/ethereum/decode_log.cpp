#include "connectors/ethereum/decode_log.hpp"

#include <unordered_map>

#include "connectors/ethereum/decode_fields.hpp"
#include "connectors/ethereum/in_order.hpp"

namespace eremos {
namespace json {
namespace {

bool read_topics(const value& v, topic_list& out, fault& why) {
  out = {};
  if (is_null(v)) return true;  // LOG0, from some nodes
  return each_element(v, "topics", why, [&](std::size_t i, const value& element) {
    if (i >= out.items.size()) return why.at("", "more than four");
    if (!read(element, "", out.items[i], why)) return false;
    out.count = static_cast<std::uint8_t>(i + 1);
    return true;
  });
}

}  // namespace

bool read_log(const value& v, const decode_context& context, contract_event& out, log_place& where,
              fault& why) {
  bool has_address = false, has_topics = false, has_hash = false, has_index = false,
       has_log_index = false;
  const bool good = each_field(v, why, [&](std::string_view key, const value& field) {
    if (is(key, "address")) return has_address = read(field, key, out.emitter, why);
    if (is(key, "topics")) return has_topics = read_topics(field, out.topics, why);
    if (is(key, "data")) return optional(field, key, out.data, why);
    if (is(key, "logIndex")) return has_log_index = read(field, key, out.log_index, why);
    if (is(key, "transactionHash")) return has_hash = read(field, key, out.transaction_hash, why);
    if (is(key, "transactionIndex"))
      return has_index = read(field, key, out.transaction_index, why);
    if (is(key, "blockHash")) return optional(field, key, where.block_hash, why);
    if (is(key, "blockNumber")) return optional(field, key, where.number, why);
    if (is(key, "removed")) return optional(field, key, where.removed, why);
    if (is(key, "blockTimestamp")) {
      if (is_null(field)) return true;
      time_ms at = 0;
      if (!read_seconds(field, key, at, why)) return false;
      where.block_time = at;
    }
    return true;
  });
  if (!good) return false;
  if (!has_address) return why.at("address", "missing");
  if (!has_topics) return why.at("topics", "missing");
  if (!has_hash) return why.at("transactionHash", "missing");
  if (!has_index) return why.at("transactionIndex", "missing");
  if (!has_log_index) return why.at("logIndex", "missing");
  if (context.signatures) out.signature = context.signatures->find(out.topics);
  return true;
}

}  // namespace json

namespace {

bool read_placed_log(const json::value& v, const decode_context& context, decoded_log& out,
                     json::fault& why) {
  json::log_place where;
  if (!json::read_log(v, context, out.log, where, why)) return false;
  if (!where.block_hash) return why.at("blockHash", "missing");
  if (!where.number) return why.at("blockNumber", "missing");
  out.block_hash = *where.block_hash;
  out.number = *where.number;
  out.block_time = where.block_time;
  out.removed = where.removed;
  return true;
}

/// Puts logs into the record of their block; logs of one block mostly come together.
class log_sorter {
 public:
  explicit log_sorter(chain_id chain) : chain_(chain) {}

  bool add(decoded_log&& seen, decoded_logs& out, json::fault& why) {
    const auto [at, is_new] = index_.try_emplace(seen.block_hash, out.blocks.size());
    if (is_new) {
      auto& fresh = out.blocks.emplace_back();
      fresh.chain = chain_;
      fresh.header.number = seen.number;
      fresh.header.hash = seen.block_hash;
    }
    auto& block = out.blocks[at->second];
    if (block.header.number != seen.number)
      return why.at("blockNumber", "differs from that of another log of the block");
    if (!block.time) block.time = seen.block_time;
    block.logs.push_back(std::move(seen.log));
    return true;
  }

 private:
  chain_id chain_ = 0;
  std::unordered_map<hash32, std::size_t> index_;
};

}  // namespace

result<decoded_logs> decode_logs(json_parser& parser, const decode_context& context,
                                 const json_text& text) {
  if (json::is_null_text(text)) return {errc::block_not_found, "the provider has no such block"};
  return json::decode_text_as<decoded_logs>(
      parser, "logs", text, [&](const json::value& v, decoded_logs& out, json::fault& why) {
        log_sorter sorter{context.chain};
        const bool good =
            json::each_element(v, "", why, [&](std::size_t, const json::value& element) {
              decoded_log seen;
              if (!read_placed_log(element, context, seen, why)) return false;
              if (seen.removed) return ++out.removed, true;
              return sorter.add(std::move(seen), out, why);
            });
        for (auto& block : out.blocks) sort_unless_sorted(block.logs, &contract_event::log_index);
        return good;
      });
}

result<decoded_log> decode_log(json_parser& parser, const decode_context& context,
                               const json_text& text) {
  return json::decode_text_as<decoded_log>(
      parser, "log", text, [&](const json::value& v, decoded_log& out, json::fault& why) {
        return read_placed_log(v, context, out, why);
      });
}

}  // namespace eremos
