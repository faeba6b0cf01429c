// A node's API from a client's side, over the loopback. Errors end in an empty answer: a bench says so
// and gives up. Any thread.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace eremos::bench {

/// A port that nobody listens at, in this moment.
std::uint16_t free_port();

/// A blocking socket to 127.0.0.1; -1 where nobody listens.
int connect_to(std::uint16_t port);

/// The body of one GET; empty without an answer of 200.
std::string get(std::uint16_t port, std::string_view target);

/// Waits until the node says that it is ready; false after half a minute.
bool wait_until_ready(std::uint16_t port);

}  // namespace eremos::bench
