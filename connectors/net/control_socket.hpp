// The UNIX socket on which a running node answers its own command line: one line in, text out, end.
// Understands no command itself: a handler does. Only the user who runs the node may connect
// (0600). serve_control is called once by NODE; ask_control by any thread of another process.
#pragma once
#include <chrono>
#include <filesystem>
#include <string>
#include <string_view>

#include <caf/actor.hpp>
#include <caf/actor_system.hpp>
#include <caf/typed_actor.hpp>

#include "messages/error.hpp"
#include "runtime/log.hpp"

namespace eremos {

/// One line from a client, without its end: "stats", "agents --json", …
struct control_command {
  std::string line;
};
template <class Inspector>
auto inspect(Inspector& f, control_command& x) {
  return f(x.line);
}

using control_handler = caf::typed_actor<
    /// What to answer; an error is answered as "error: …".
    caf::replies_to<control_command>::with<std::string>>;

/// A client that neither sends nor takes anything for this long is cut off, so that 16 idle ones
/// cannot lock everybody out.
inline constexpr std::chrono::milliseconds control_idle_max{5'000};
/// A handler that has not answered by then is answered for.
inline constexpr std::chrono::milliseconds control_answer_max{10'000};
/// Commands are a few words.
inline constexpr std::size_t control_line_max = 4 * 1024;
/// More clients than a person's terminals; the rest wait in the kernel's queue.
inline constexpr std::size_t control_clients_max = 16;
/// What a client reads of an answer at most: far above any list a node prints.
inline constexpr std::size_t control_answer_bytes_max = 64u * 1024 * 1024;

/// Listens on `path` and spawns CONTROL, a detached actor that serves it until it is told to exit
/// (then the file goes). A file left by a dead node is replaced. Errors: folder_locked (somebody
/// answers there), file_unwritable.
result<caf::actor> serve_control(caf::actor_system& system, const std::filesystem::path& path,
                                 control_handler handler, logger log,
                                 std::chrono::milliseconds idle_max = control_idle_max);

/// Sends one line to the node that serves `path` and returns its whole answer. Errors:
/// file_unreadable (no node there), provider_timeout.
result<std::string> ask_control(const std::filesystem::path& path, std::string_view line,
                                std::chrono::milliseconds timeout);

}  // namespace eremos
