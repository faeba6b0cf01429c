#include "tests/sim/faulty_store.hpp"

#include <algorithm>
#include <utility>

namespace eremos::sim {
namespace {

class faulty_store final : public store {
 public:
  faulty_store(std::unique_ptr<store> inner, store_orders& orders)
      : inner_(std::move(inner)), orders_(orders) {}

  result<std::vector<signal>> signals(const signal_query& want) override {
    return inner_->signals(want);
  }
  result<maybe<signal>> find_signal(const signal_id& id) override {
    return inner_->find_signal(id);
  }
  result<std::vector<memory_entry>> memories(const memory_query& want) override {
    return inner_->memories(want);
  }
  result<maybe<std::string>> evidence(const event_id& id) override { return inner_->evidence(id); }
  result<std::vector<ledger_row>> ledger(chain_id chain, std::size_t limit,
                                         maybe<integrity_state> only) override {
    return inner_->ledger(chain, limit, only);
  }
  result<store_counts> counts() override { return inner_->counts(); }
  result<maybe<std::string>> meta(std::string_view key) override { return inner_->meta(key); }
  result<chain_restart> restart_point(chain_id chain) override {
    return inner_->restart_point(chain);
  }
  result<wallets_loaded> facts(const load_wallets& want) override { return inner_->facts(want); }
  result<std::vector<poison_noted>> poison() override { return inner_->poison(); }

  status begin() override {
    open_ = orders_.cursor;
    return fails() ? refused() : inner_->begin();
  }
  status commit() override {
    if (fails()) return refused();
    auto done = inner_->commit();
    if (done) orders_.cursor = open_;
    return done;
  }
  void rollback() override { inner_->rollback(); }
  result<written> write(const block_result& block) override {
    if (fails()) return refused().error();
    open_ = block.block;
    return inner_->write(block);
  }
  result<written> revert(const chain_reverted& what) override {
    if (fails()) return refused().error();
    open_ = what.ancestor;
    auto out = inner_->revert(what);
    if (out) orders_.deepest = std::max<std::uint64_t>(orders_.deepest, out->reverted.size());
    return out;
  }
  status finalize(const chain_finalized& what) override {
    return fails() ? refused() : inner_->finalize(what);
  }
  result<written> conclude(const std::vector<signal>& signals) override {
    if (fails()) return refused().error();
    return inner_->conclude(signals);
  }
  bool note_pending_end(chain_id chain, const hash32& transaction) override {
    return inner_->note_pending_end(chain, transaction);
  }
  result<written> expire_pending(chain_id chain, const hash32& transaction) override {
    if (fails()) return refused().error();
    return inner_->expire_pending(chain, transaction);
  }
  status write_snapshots(const std::vector<agent_snapshot>& snapshots) override {
    return fails() ? refused() : inner_->write_snapshots(snapshots);
  }
  status note_poison(const poison_noted& what) override {
    return fails() ? refused() : inner_->note_poison(what);
  }
  status note_deliveries(const std::vector<delivery_note>& notes) override {
    return fails() ? refused() : inner_->note_deliveries(notes);
  }
  status release_alert_groups(time_ms now) override {
    return fails() ? refused() : inner_->release_alert_groups(now);
  }
  status set_meta(std::string_view key, std::string_view value) override {
    return fails() ? refused() : inner_->set_meta(key, value);
  }
  status apply(const retention& keep) override { return fails() ? refused() : inner_->apply(keep); }

 private:
  bool fails() {
    if (orders_.dead) return true;
    if (orders_.fail_next == 0) return false;
    --orders_.fail_next;
    ++orders_.failed;
    return true;
  }
  static status refused() { return {errc::store_full, "the simulated disk is full"}; }

  std::unique_ptr<store> inner_;
  store_orders& orders_;
  maybe<block_ref> open_;  ///< the cursor as the open transaction has it
};

}  // namespace

std::unique_ptr<store> faulty(std::unique_ptr<store> inner, store_orders& orders) {
  return std::make_unique<faulty_store>(std::move(inner), orders);
}

}  // namespace eremos::sim
