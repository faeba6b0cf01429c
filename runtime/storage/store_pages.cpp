#include "runtime/storage/store_pages.hpp"

#include "runtime/storage/chain_rows.hpp"
#include "runtime/storage/label_rows.hpp"
#include "runtime/storage/memory_rows.hpp"
#include "runtime/storage/schema.hpp"
#include "runtime/storage/signal_rows.hpp"

namespace eremos {

result<std::unique_ptr<store_pages>> store_pages::open(const std::string& path) {
  auto db = sqlite_connection::open(path, sqlite_access::read_only);
  if (!db) return db.error();
  if (auto fits = check_version(**db); !fits)
    return {fits.error().code, path + ": " + fits.error().message};
  return std::unique_ptr<store_pages>{new store_pages{std::move(*db)}};
}

result<std::int64_t> store_pages::version() {
  auto q = db_->query("PRAGMA data_version");
  const auto found = q.next() ? q.integer(0) : 0;
  return checked(found);
}
result<page_of<signal>> store_pages::signals(const signal_query& want) {
  return checked(read_signals(*db_, want));
}
result<maybe<signal>> store_pages::find_signal(const signal_id& id) {
  return checked(read_signal(*db_, id));
}
result<maybe<std::string>> store_pages::evidence(const event_id& id) {
  return checked(read_evidence_event(*db_, id));
}
result<page_of<memory_entry>> store_pages::memories(const memory_query& want) {
  return checked(read_memories(*db_, want));
}
result<std::vector<message_row>> store_pages::messages(const message_query& want) {
  return checked(read_messages(*db_, want));
}
result<std::vector<ledger_row>> store_pages::ledger(const ledger_query& want) {
  return checked(read_ledger(*db_, want.chain, want.limit, want.state, want.before));
}
result<std::vector<fact_row>> store_pages::facts(const fact_query& want) {
  return checked(read_facts(*db_, want));
}
result<std::vector<feed_item>> store_pages::feed(std::int64_t after, std::size_t limit) {
  return checked(read_feed(*db_, after, limit));
}
result<maybe<shared<label_set>>> store_pages::labels(chain_id chain) {
  const auto eras = read_label_eras(*db_, chain);
  return checked(eras.empty() ? maybe<shared<label_set>>{} : eras.back().labels);
}
result<feed_bounds> store_pages::bounds() { return checked(read_feed_bounds(*db_)); }

}  // namespace eremos
