// The sink "exec": a program for each delivery, which reads the JSON on its standard input and
// exits 0. No shell takes part. One at a time, on the sink's own thread; one that takes too long is
// killed with all it started.
#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <caf/all.hpp>

#include "connectors/net/unix_fd.hpp"
#include "connectors/sinks/sink_kind.hpp"
#include "runtime/config/option_map.hpp"

namespace eremos {
namespace {

using steady = std::chrono::steady_clock;

struct exec_options {
  std::vector<std::string> command;
  duration_ms timeout_ms = 10 * second_ms;
};

result<exec_options> read_options(const alert_sink_section& section) {
  option_reader read{section.options};
  exec_options out;
  out.command = read.texts("command");
  if (out.command.empty() || !out.command.front().starts_with('/'))
    read.refuse("command", "command: want a list, the absolute path of a program first");
  out.timeout_ms = read.duration("timeout", out.timeout_ms);
  if (out.timeout_ms < 1 || out.timeout_ms > minute_ms)
    read.refuse("timeout", "timeout: want 1 ms to 1 minute");
  if (auto bad = read.finish()) return *bad;
  return out;
}

status check(const alert_sink_section& section) {
  const auto options = read_options(section);
  return options ? status{ok} : status{options.error()};
}

delivery_outcome failed(std::string what) { return {delivery_state::failed, std::move(what)}; }

/// The program, with its input; what it prints is nobody's.
result<pid_t> start(const std::vector<std::string>& command, const alert_delivery& x, int input) {
  std::vector<char*> argv;
  for (const auto& word : command) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  std::array<std::string, 4> variables = {"PATH=/usr/local/bin:/usr/bin:/bin", "ALERT_ID=" + x.key,
                                          "ALERT_KIND=" + x.kind, "ALERT_ROUTE=" + x.route};
  std::array<char*, 5> environment{};  // not the node's: it holds secrets
  for (std::size_t i = 0; i < variables.size(); ++i) environment[i] = variables[i].data();
  posix_spawn_file_actions_t files;
  posix_spawnattr_t attributes;
  ::posix_spawn_file_actions_init(&files);
  ::posix_spawn_file_actions_adddup2(&files, input, STDIN_FILENO);
  ::posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  ::posix_spawn_file_actions_addopen(&files, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  ::posix_spawn_file_actions_addclosefrom_np(&files, STDERR_FILENO + 1);
  ::posix_spawnattr_init(&attributes);
  // A group of its own, to be killed whole; none of the signals that the node blocks.
  sigset_t none;
  sigset_t usual;
  ::sigemptyset(&none);
  ::sigemptyset(&usual);
  ::sigaddset(&usual, SIGPIPE);
  ::sigaddset(&usual, SIGXFSZ);
  ::posix_spawnattr_setsigmask(&attributes, &none);
  ::posix_spawnattr_setsigdefault(&attributes, &usual);
  ::posix_spawnattr_setflags(
      &attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  pid_t child = -1;
  const int code = ::posix_spawn(&child, command.front().c_str(), &files, &attributes, argv.data(),
                                 environment.data());
  ::posix_spawnattr_destroy(&attributes);
  ::posix_spawn_file_actions_destroy(&files);
  if (code != 0)
    return {errc::file_unreadable, fmt::format("{}: {}", command.front(), std::strerror(code))};
  return child;
}

class program_runner final : public sink_actor::base {
 public:
  program_runner(caf::actor_config& cfg, exec_options options)
      : sink_actor::base(cfg), options_(std::move(options)) {}

  const char* name() const override { return "exec_sink"; }

  behavior_type make_behavior() override {
    return {[this](const alert_delivery& x) { return run(x); }};
  }

 private:
  delivery_outcome run(const alert_delivery& x) const {
    // A file takes the whole input at once; a pipe would make the node wait for the program.
    const unix_fd input{static_cast<int>(::memfd_create("alert", MFD_CLOEXEC))};
    if (input.get() < 0) return failed(std::strerror(errno));
    for (std::size_t sent = 0; sent < x.payload.size();) {
      const auto n = ::write(input.get(), x.payload.data() + sent, x.payload.size() - sent);
      if (n <= 0) return failed("no room for the program's input");
      sent += static_cast<std::size_t>(n);
    }
    ::lseek(input.get(), 0, SEEK_SET);
    const auto child = start(options_.command, x, input.get());
    return child ? wait_for(*child) : failed(child.error().message);
  }

  delivery_outcome wait_for(pid_t child) const {
    const unix_fd ended{static_cast<int>(::syscall(SYS_pidfd_open, child, 0))};
    const auto until = steady::now() + std::chrono::milliseconds{options_.timeout_ms};
    pollfd waiting{ended.get(), POLLIN, 0};
    int ready = 0;
    do {
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - steady::now());
      ready =
          ended.get() < 0 ? 0 : ::poll(&waiting, 1, std::max(0, static_cast<int>(left.count())));
    } while (ready < 0 && errno == EINTR);
    if (ready <= 0) ::kill(-child, SIGKILL);
    int how = 0;
    while (::waitpid(child, &how, 0) < 0 && errno == EINTR) {
    }
    if (ready <= 0) return failed("took too long and was killed");
    if (WIFEXITED(how) && WEXITSTATUS(how) == 0) return {};
    return failed(WIFEXITED(how) ? fmt::format("exited with {}", WEXITSTATUS(how))
                                 : fmt::format("ended by signal {}", WTERMSIG(how)));
  }

  const exec_options options_;
};

sink_actor make(caf::actor_system& system, const alert_sink_section& section,
                const sink_services&) {
  auto options = read_options(section);
  return system.spawn<program_runner, caf::detached>(std::move(*options));
}

}  // namespace

const sink_kind exec_sink = {"exec", "a program that reads the JSON", false, &check, &make};

}  // namespace eremos
