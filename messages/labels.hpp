// Who is known on a chain: an immutable, versioned set keyed by (chain id, address).
// A symbol or a name is never a key: they lie. Any thread.
#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "messages/bytes.hpp"
#include "messages/flat_table.hpp"
#include "messages/inspect.hpp"
#include "messages/sieve.hpp"
#include "messages/units.hpp"

namespace eremos {

/// One known address. chain 0: the same owner on every EVM chain (exchange wallets).
struct label {
  chain_id chain = 0;
  address who;
  std::string kind;  ///< token, dex, cex, bridge, mixer, …
  std::string name;
  unsigned decimals = 0;  ///< tokens only
  bool watched = true;    ///< on the watch list: whatever touches it ranks higher
  bool flagged = false;   ///< known to be bad: transfers that touch it are critical
  std::string source;

  friend bool operator==(const label&, const label&) = default;
};
template <class Inspector>
auto inspect(Inspector& f, label& x) {
  return f(x.chain, x.who, x.kind, x.name, x.decimals, x.watched, x.flagged, x.source);
}

class label_set {
 public:
  label_set() = default;
  /// A later row of the same (chain, address) replaces an earlier one. `own`: see own().
  explicit label_set(std::vector<label> rows, std::uint64_t version = 1, std::string own = {});

  /// The chain's own row, else the row for every chain, else nullptr.
  const label* find(chain_id chain, const address& who) const noexcept;
  std::uint64_t version() const noexcept { return version_; }
  /// Names what a person's own files added, 8 hex digits; empty: nothing.
  const std::string& own() const noexcept { return own_; }
  const std::vector<label>& rows() const noexcept { return rows_; }  ///< sorted by (chain, address)

  /// The same rows of the same origin, whatever their version.
  friend bool operator==(const label_set& a, const label_set& b) {
    return a.own_ == b.own_ && a.rows_ == b.rows_;
  }

 private:
  std::vector<label> rows_;
  sieve<address, 16'384> known_;  ///< of any chain: most addresses of a block are nobody's
  /// The rows of an address; of most there is one.
  flat_table<address, std::vector<std::uint32_t>> places_;
  std::uint64_t version_ = 0;
  std::string own_;
};

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, label_set& x) {
  auto rows = x.rows();
  auto version = x.version();
  auto own = x.own();
  if constexpr (Inspector::reads_state) {
    return f(rows, version, own);
  } else {
    if (auto err = f(rows, version, own)) return err;
    x = label_set{std::move(rows), version, std::move(own)};
    return {};
  }
}

using label_view = std::shared_ptr<const label_set>;

}  // namespace eremos
