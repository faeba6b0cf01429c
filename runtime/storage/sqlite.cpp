#include "runtime/storage/sqlite.hpp"

#include <cstdlib>
#include <filesystem>

#include <fmt/format.h>
#include <sqlite3.h>

namespace eremos {
namespace {

/// Readers (the command line) hold no lock for long; a writer that meets one waits at most this.
constexpr int busy_timeout_ms = 5'000;
constexpr std::size_t shown_sql_max = 60;

errc code_of(int sqlite_code) {
  // An I/O error may pass (a network disk, a quota): callers try again as with a full disk.
  return (sqlite_code & 0xFF) == SQLITE_FULL ? errc::store_full : errc::store_failed;
}

}  // namespace

sqlite_query::sqlite_query(sqlite_query&& other) noexcept
    : connection_(other.connection_),
      statement_(std::exchange(other.statement_, nullptr)),
      kept_(other.kept_) {}

sqlite_query::~sqlite_query() {
  if (!statement_) return;
  if (!kept_) {
    sqlite3_finalize(statement_);
    return;
  }
  sqlite3_reset(statement_);
  sqlite3_clear_bindings(statement_);
}

bool sqlite_query::next() {
  if (!statement_ || connection_->failed()) return false;
  const int code = sqlite3_step(statement_);
  if (code == SQLITE_ROW) return true;
  if (code != SQLITE_DONE) connection_->fail(code, sqlite3_sql(statement_));
  return false;
}

bool sqlite_query::is_null(int column) const {
  return sqlite3_column_type(statement_, column) == SQLITE_NULL;
}
std::int64_t sqlite_query::integer(int column) const {
  return sqlite3_column_int64(statement_, column);
}
double sqlite_query::real(int column) const { return sqlite3_column_double(statement_, column); }

std::string_view sqlite_query::text(int column) const {
  const auto* begin = reinterpret_cast<const char*>(sqlite3_column_text(statement_, column));
  return {begin ? begin : "", static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
}

std::span<const std::uint8_t> sqlite_query::blob(int column) const {
  const auto* begin = static_cast<const std::uint8_t*>(sqlite3_column_blob(statement_, column));
  return {begin, static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
}

void sqlite_query::put(int index, std::int64_t x) {
  if (const int code = sqlite3_bind_int64(statement_, index, x))
    connection_->fail(code, sqlite3_sql(statement_));
}
void sqlite_query::put(int index, double x) {
  if (const int code = sqlite3_bind_double(statement_, index, x))
    connection_->fail(code, sqlite3_sql(statement_));
}
void sqlite_query::put(int index, std::string_view x) {
  // A null pointer would bind NULL, not the empty text.
  const auto* begin = x.data() ? x.data() : "";
  if (const int code =
          sqlite3_bind_text64(statement_, index, begin, x.size(), SQLITE_TRANSIENT, SQLITE_UTF8))
    connection_->fail(code, sqlite3_sql(statement_));
}
void sqlite_query::put(int index, std::span<const std::uint8_t> x) {
  const int code =
      x.empty() ? sqlite3_bind_zeroblob(statement_, index, 0)
                : sqlite3_bind_blob64(statement_, index, x.data(), x.size(), SQLITE_TRANSIENT);
  if (code) connection_->fail(code, sqlite3_sql(statement_));
}
void sqlite_query::put(int index, std::nullopt_t) { sqlite3_bind_null(statement_, index); }

result<std::unique_ptr<sqlite_connection>> sqlite_connection::open(const std::string& path,
                                                                   sqlite_access access) {
  const bool reading = access == sqlite_access::read_only;
  std::error_code ignored;
  if (reading && !std::filesystem::exists(path, ignored))
    return {errc::file_unreadable, fmt::format("{}: no store there", path)};
  sqlite3* handle = nullptr;
  const int flags = (reading ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE) |
                    SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
  const int code = sqlite3_open_v2(path.c_str(), &handle, flags, nullptr);
  auto out = std::unique_ptr<sqlite_connection>{new sqlite_connection{handle}};
  if (code != SQLITE_OK) {
    const auto* why = handle ? sqlite3_errmsg(handle) : sqlite3_errstr(code);
    return {code_of(code), fmt::format("{}: {}", path, why)};
  }
  sqlite3_busy_timeout(handle, busy_timeout_ms);
  return out;
}

sqlite_connection::~sqlite_connection() {
  for (const auto& [sql, statement] : statements_) sqlite3_finalize(statement);
  sqlite3_close(handle_);
}

sqlite3_stmt* sqlite_connection::prepare(std::string_view sql) {
  if (failure_) return nullptr;
  if (const auto known = statements_.find(sql); known != statements_.end()) {
    if (sqlite3_stmt_busy(known->second)) std::abort();  // programmer error: it is being read
    return known->second;
  }
  sqlite3_stmt* statement = nullptr;
  const int code = sqlite3_prepare_v3(handle_, sql.data(), static_cast<int>(sql.size()),
                                      SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
  if (code != SQLITE_OK) {
    fail(code, sql);
    return nullptr;
  }
  statements_.emplace(sql, statement);
  return statement;
}

sqlite_query sqlite_connection::query_once(const std::string& sql) {
  sqlite3_stmt* statement = nullptr;
  if (!failure_) {
    const int code = sqlite3_prepare_v2(handle_, sql.c_str(), -1, &statement, nullptr);
    if (code != SQLITE_OK) fail(code, sql);
  }
  sqlite_query q{this, statement};
  q.kept_ = false;
  return q;
}

void sqlite_connection::run_script(const char* sql) {
  if (failure_) return;
  if (const int code = sqlite3_exec(handle_, sql, nullptr, nullptr, nullptr)) fail(code, sql);
}

void sqlite_connection::fail(int code, std::string_view doing) {
  if (failure_) return;  // what follows a first failure only hides it
  failure_ =
      failure{code_of(code), fmt::format("SQLite: {} ({}) in \"{}\"", sqlite3_errmsg(handle_), code,
                                         doing.substr(0, shown_sql_max))};
}

std::int64_t sqlite_connection::last_row() const { return sqlite3_last_insert_rowid(handle_); }

std::int64_t sqlite_connection::changes() const {
  return failure_ ? 0 : sqlite3_changes64(handle_);
}
bool sqlite_connection::in_transaction() const { return sqlite3_get_autocommit(handle_) == 0; }

status sqlite_connection::take_failure() {
  if (!failure_) return ok;
  auto why = std::move(*failure_);
  failure_.reset();
  return why;
}

}  // namespace eremos
