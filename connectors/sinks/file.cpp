// The sink "file": each delivery as a line of JSON at a file's end, on disk before it counts. The
// file is opened for each, so that whoever rotates it needs no word with the node.
#include <array>
#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>
#include <caf/all.hpp>

#include "connectors/net/unix_fd.hpp"
#include "connectors/sinks/sink_kind.hpp"
#include "messages/signal.hpp"
#include "runtime/config/option_map.hpp"

namespace eremos {
namespace {

result<std::string> read_path(const alert_sink_section& section) {
  option_reader read{section.options};
  auto path = read.text("path", "");
  if (path.empty()) read.refuse("path", "path: is needed");
  if (auto bad = read.finish()) return *bad;
  return path;
}

status check(const alert_sink_section& section) {
  const auto path = read_path(section);
  return path ? status{ok} : status{path.error()};
}

delivery_outcome failed(const std::string& path, std::string_view doing) {
  return {delivery_state::failed, fmt::format("{}: {}: {}", path, doing, std::strerror(errno))};
}

delivery_outcome append(const std::string& path, std::string line) {
  // Not to wait where the path is a pipe that nobody reads.
  const unix_fd file{
      ::open(path.c_str(), O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK, 0640)};
  if (file.get() < 0) return failed(path, "open");
  struct stat about {};
  if (::fstat(file.get(), &about) != 0) return failed(path, "stat");
  if (!S_ISREG(about.st_mode)) return {delivery_state::failed, path + ": is no regular file"};
  // A line that a full disk or a crash tore must not swallow the next.
  char last = '\n';
  if (about.st_size > 0 && ::pread(file.get(), &last, 1, about.st_size - 1) != 1)
    return failed(path, "read");
  if (last != '\n') line.insert(0, 1, '\n');
  const auto written = ::write(file.get(), line.data(), line.size());
  if (written < 0) return failed(path, "write");
  if (static_cast<std::size_t>(written) != line.size())
    return {delivery_state::failed, path + ": no room for a whole line"};
  if (::fdatasync(file.get()) != 0) return failed(path, "sync");
  return {};
}

class file_writer final : public sink_actor::base {
 public:
  file_writer(caf::actor_config& cfg, std::string path)
      : sink_actor::base(cfg), path_(std::move(path)) {}

  const char* name() const override { return "file_sink"; }

  behavior_type make_behavior() override {
    return {[this](const alert_delivery& x) {
      return append(path_, fmt::format("{{\"id\":{},{}\n", json_quoted(x.key),
                                       std::string_view{x.payload}.substr(1)));
    }};
  }

 private:
  const std::string path_;
};

sink_actor make(caf::actor_system& system, const alert_sink_section& section,
                const sink_services&) {
  auto path = read_path(section);
  return system.spawn<file_writer, caf::detached>(std::move(*path));
}

}  // namespace

const sink_kind file_sink = {"file", "JSON Lines at a file's end", false, &check, &make};

}  // namespace eremos
