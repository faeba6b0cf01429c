#include "tests/bench/node_process.hpp"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <sstream>
#include <utility>

#include <fmt/format.h>

namespace eremos::bench {
namespace {

/// The number behind "NAME:" in a file of /proc; 0 where it is not.
std::uint64_t number_in(const std::filesystem::path& file, std::string_view name) {
  std::ifstream in{file};
  std::string line;
  while (std::getline(in, line))
    if (line.starts_with(name) && line.size() > name.size() && line[name.size()] == ':')
      return std::stoull(line.substr(name.size() + 1));
  return 0;
}

}  // namespace

std::filesystem::path node_process::beside_this_program() {
  return std::filesystem::read_symlink("/proc/self/exe").parent_path().parent_path().parent_path() /
         "eremos-node";
}

result<node_process> node_process::start(std::vector<std::string> words) {
  std::vector<char*> argv;
  for (auto& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  pid_t child = 0;
  const int refused = posix_spawn(&child, argv[0], &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (refused != 0)
    return {errc::file_unreadable,
            fmt::format("cannot start {}; build eremos-node, or name it with --node", words[0])};
  return node_process{child};
}

node_process::node_process(node_process&& other) noexcept : pid_(std::exchange(other.pid_, 0)) {}

node_process::~node_process() {
  if (pid_ == 0) return;
  kill(pid_, SIGKILL);
  wait();
}

process_sample node_process::sample() const {
  process_sample out;
  const std::filesystem::path proc = fmt::format("/proc/{}", pid_);
  // proc(5): the 14th and 15th fields are user and system time in ticks; the second, the name, has
  // no spaces here.
  std::ifstream stat{proc / "stat"};
  std::string skipped;
  for (int i = 0; i < 13; ++i) stat >> skipped;
  double user = 0, system = 0;
  stat >> user >> system;
  out.cpu_seconds = (user + system) / static_cast<double>(sysconf(_SC_CLK_TCK));
  out.rss_bytes = number_in(proc / "status", "VmRSS") * 1024;
  std::error_code gone;
  for (const auto& task : std::filesystem::directory_iterator{proc / "task", gone})
    out.wakeups += number_in(task.path() / "status", "voluntary_ctxt_switches");
  return out;
}

void node_process::stop() const { kill(pid_, SIGTERM); }

process_end node_process::wait() {
  int status = 0;
  rusage used{};
  wait4(std::exchange(pid_, 0), &status, 0, &used);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  return {WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status),
          seconds(used.ru_utime) + seconds(used.ru_stime),
          static_cast<std::uint64_t>(used.ru_maxrss) * 1024};  // getrusage(2): KiB
}

}  // namespace eremos::bench
