#include "connectors/chain/block_events.hpp"

namespace eremos {

committed_block to_committed(block_record record, std::vector<contract_event> logs,
                             const block_context& context) {
  committed_block out;
  out.commit = context.commit;
  out.block = record.ref();
  out.parent_hash = record.header.parent_hash;
  out.time = context.time;
  out.time_estimated = context.time_estimated;
  out.supplement = context.supplement;
  out.behind = context.behind;
  // With room for what WALLETS adds, about as many as transactions have ends: to move a whole block
  // of events once more costs as much as to make them.
  out.events.reserve(1 + 3 * record.transactions.size() + logs.size());
  const auto& hash = out.block.hash;
  const auto chain = out.block.chain;
  // In its place at once: an event is too large to be moved for nothing.
  const auto add = [&](const event_id& id, auto&& data) {
    auto& e = out.events.emplace_back();
    e.id = id;
    e.source = context.source;
    e.data = std::forward<decltype(data)>(data);
    e.number = out.block.number;
    e.commit = context.commit;
    e.event_time = context.time;
    e.time_estimated = context.time_estimated;
    e.received_ns = record.received_ns;
  };
  if (record.has_header) add(id_of(chain, record.header), record.header);
  for (auto& t : record.transactions) add(id_of(chain, hash, t), std::move(t));
  for (auto& log : logs) add(id_of(chain, hash, log), std::move(log));
  return out;
}

void without_content(block_record& record) {
  record.time = record.header.timestamp;
  record.has_header = false;
  record.transactions.clear();
  record.receipts.clear();
  record.logs.clear();
}

mempool_batch to_mempool_batch(std::vector<pending_step> steps, chain_id chain,
                               const std::string& source, std::int64_t received_ns) {
  mempool_batch out{chain, {}};
  out.events.reserve(steps.size());
  for (auto& step : steps) {
    auto& e = out.events.emplace_back();
    e.id = id_of(chain, step.event);
    e.source = source;
    e.event_time = step.at;
    e.received_ns = received_ns;
    e.at = finality::pending;
    e.data = std::move(step.event);
  }
  return out;
}

}  // namespace eremos
