// A thin, owning layer over SQLite: a connection with its prepared statements, rows read by column.
// Knows no table of ours. The first failure of a connection sticks: later statements do nothing
// until take_failure() is called, so a long transaction is checked once, at its end.
// Owned by one thread.
#pragma once
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "messages/bytes.hpp"
#include "messages/inspect.hpp"
#include "messages/units.hpp"

struct sqlite3;
struct sqlite3_stmt;

namespace eremos {

class sqlite_connection;

/// One run of a prepared statement. Rewound when it goes out of scope.
///
/// 64-bit numbers without sign are stored as SQLite's signed ones, bit by bit: they come back
/// exact, but compare right only below 2^63 (EIP-2294 keeps chain ids there; block numbers are far
/// from it).
class sqlite_query {
 public:
  sqlite_query(sqlite_query&& other) noexcept;
  sqlite_query& operator=(sqlite_query&&) = delete;
  ~sqlite_query();

  /// Moves to the next row. False: no more, or the connection failed.
  bool next();

  bool is_null(int column) const;
  std::int64_t integer(int column) const;
  std::uint64_t number(int column) const { return static_cast<std::uint64_t>(integer(column)); }
  double real(int column) const;
  /// Valid until the next row.
  std::string_view text(int column) const;
  std::span<const std::uint8_t> blob(int column) const;
  /// A column of another length (nobody writes one) reads as zero bytes.
  template <class Fixed>
  Fixed fixed(int column) const {
    Fixed out;
    const auto bytes = blob(column);
    if (bytes.size() == Fixed::size_bytes) std::copy(bytes.begin(), bytes.end(), out.data.begin());
    return out;
  }

 private:
  friend class sqlite_connection;
  sqlite_query(sqlite_connection* connection, sqlite3_stmt* statement)
      : connection_(connection), statement_(statement) {}

  void put(int index, std::int64_t x);
  void put(int index, std::uint64_t x) { put(index, static_cast<std::int64_t>(x)); }
  void put(int index, std::uint32_t x) { put(index, std::int64_t{x}); }
  void put(int index, int x) { put(index, std::int64_t{x}); }
  void put(int index, bool x) { put(index, std::int64_t{x ? 1 : 0}); }
  void put(int index, double x);
  void put(int index, std::string_view x);
  void put(int index, const std::string& x) { put(index, std::string_view{x}); }
  void put(int index, const char* x) { put(index, std::string_view{x}); }
  void put(int index, std::span<const std::uint8_t> x);
  void put(int index, const byte_vector& x) { put(index, std::span<const std::uint8_t>{x}); }
  void put(int index, std::nullopt_t);
  template <std::size_t N, class Tag>
  void put(int index, const fixed_bytes<N, Tag>& x) {
    put(index, std::span<const std::uint8_t>{x.data});
  }
  template <class T>
  void put(int index, const maybe<T>& x) {
    if (x)
      put(index, *x);
    else
      put(index, std::nullopt);
  }

  sqlite_connection* connection_;
  sqlite3_stmt* statement_;  ///< null: the connection had failed before
  bool kept_ = true;         ///< the connection owns the statement
};

enum class sqlite_access : std::uint8_t { read_only, read_write };

class sqlite_connection {
 public:
  /// Errors: file_unreadable (nothing there, read_only), store_failed.
  static result<std::unique_ptr<sqlite_connection>> open(const std::string& path,
                                                         sqlite_access access);
  ~sqlite_connection();
  sqlite_connection(const sqlite_connection&) = delete;
  sqlite_connection& operator=(const sqlite_connection&) = delete;

  /// `sql` is kept as the key of the prepared statement: a string literal. A statement that is
  /// still being read must not be run again.
  template <class... Args>
  sqlite_query query(std::string_view sql, const Args&... args) {
    sqlite_query q{this, prepare(sql)};
    int index = 0;
    if (q.statement_) (q.put(++index, args), ...);
    return q;
  }
  /// Runs to the end; rows, if any, are not looked at.
  template <class... Args>
  void execute(std::string_view sql, const Args&... args) {
    auto q = query(sql, args...);
    while (q.next()) {
    }
  }
  /// One statement without parameters, not kept.
  sqlite_query query_once(const std::string& sql);
  /// Several statements without parameters, not kept.
  void run_script(const char* sql);

  /// The row id of the last insertion.
  std::int64_t last_row() const;
  /// Rows the last execute inserted, changed or deleted.
  std::int64_t changes() const;
  bool in_transaction() const;

  /// What went wrong since the last call; success if nothing did.
  status take_failure();
  bool failed() const noexcept { return failure_.has_value(); }

 private:
  friend class sqlite_query;
  explicit sqlite_connection(sqlite3* handle) : handle_(handle) {}
  sqlite3_stmt* prepare(std::string_view sql);
  void fail(int code, std::string_view doing);

  sqlite3* handle_;
  maybe<failure> failure_;
  std::unordered_map<std::string_view, sqlite3_stmt*> statements_;  ///< bounded by the literals
};

}  // namespace eremos
