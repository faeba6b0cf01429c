// What to do when a block could not be had: ask again after a pause, give it up until later, or say
// that the chain is blocked. Pure: time is the sum of the pauses it gave. Owned by one CHAIN.
#pragma once
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "connectors/ethereum/backoff.hpp"
#include "messages/error.hpp"
#include "runtime/defaults.hpp"

namespace eremos {

/// How a fetch failed.
enum class fetch_end : std::uint8_t {
  missing,      ///< the provider has no such block (yet)
  unreachable,  ///< no provider was asked: says nothing of the block
  refused       ///< it answered, and not with the block
};

inline fetch_end end_of(const failure& why) noexcept {
  switch (why.code) {
    case errc::block_not_found:
      return fetch_end::missing;
    case errc::provider_unreachable:
    case errc::shutting_down:
      return fetch_end::unreachable;
    default:
      return fetch_end::refused;
  }
}

class fetch_retries {
 public:
  struct verdict {
    bool give_up = false;               ///< until a head comes or `pause` is over
    std::chrono::milliseconds pause{};  ///< before the next try
    bool say_blocked = false;           ///< an operator must hear of it, now
  };

  explicit fetch_retries(std::uint64_t seed)
      : retry_(defaults::fetch_retry_min, defaults::fetch_retry_max, seed),
        look_(defaults::look_again_min, defaults::look_again_max, seed + 1) {}

  verdict failed(fetch_end how) {
    if (how == fetch_end::missing) return not_there();
    verdict out{.pause = retry_.next()};
    if (how == fetch_end::refused && ++refused_ >= defaults::blocked_after) {
      out.say_blocked = !blocked_ || unsaid_ >= defaults::blocked_said_every;
      blocked_ = true;
      unsaid_ = (out.say_blocked ? std::chrono::milliseconds{0} : unsaid_) + out.pause;
    }
    return out;
  }

  /// Whatever differs between nodes: they must not all ask at the same moment.
  void stir(std::uint64_t more) noexcept {
    retry_.stir(more);
    look_.stir(more);
  }

  /// True if the chain was blocked until now.
  bool succeeded() {
    retry_.reset();
    missing_ = refused_ = 0;
    return std::exchange(blocked_, false);
  }

  /// A head came: what was given up is asked for as often as anything else.
  void new_head() noexcept {
    look_.reset();
    gave_up_ = false;
  }

  bool blocked() const noexcept { return blocked_; }
  std::size_t refused() const noexcept { return refused_; }

 private:
  verdict not_there() {
    if (++missing_ < (gave_up_ ? 1 : defaults::missing_tries_max)) return {.pause = retry_.next()};
    missing_ = 0;
    gave_up_ = true;
    retry_.reset();
    return {.give_up = true, .pause = look_.next()};
  }

  backoff retry_;
  backoff look_;
  std::size_t missing_ = 0;
  std::size_t refused_ = 0;
  bool gave_up_ = false;
  bool blocked_ = false;
  std::chrono::milliseconds unsaid_{0};  ///< since it was last said
};

}  // namespace eremos
