// Waits, with a limit, for what actors on other threads send to a test. Tests only.
#pragma once
#include <chrono>
#include <stdexcept>

#include <caf/all.hpp>

namespace eremos::test {

/// Longer than anything takes on a busy machine: a failing test waits this long, a passing one
/// never.
inline constexpr std::chrono::seconds patience{20};

/// The next message of type T; other messages stay for later.
template <class T>
T expect(caf::scoped_actor& self, std::chrono::milliseconds limit = patience) {
  T out{};
  bool found = false;
  self->receive(
      [&](T& x) {
        out = std::move(x);
        found = true;
      },
      caf::after(limit) >> [] {});
  if (!found) throw std::runtime_error{"an expected message did not come"};
  return out;
}

/// Whether no message of type T comes within `limit`.
template <class T>
bool expect_none(caf::scoped_actor& self, std::chrono::milliseconds limit) {
  bool found = false;
  self->receive([&](const T&) { found = true; }, caf::after(limit) >> [] {});
  return !found;
}

/// Ends an actor and waits until it has ended.
template <class Handle>
void stop(caf::scoped_actor& self, const Handle& who) {
  self->send_exit(who, caf::exit_reason::user_shutdown);
  self->wait_for(who);
}

}  // namespace eremos::test
