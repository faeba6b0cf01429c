#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include <caf/all.hpp>
#include <catch2/catch.hpp>

#include "connectors/net/control_socket.hpp"
#include "connectors/net/unix_fd.hpp"

using namespace eremos;
using namespace std::chrono_literals;

namespace {

control_handler::behavior_type echo(control_handler::pointer) {
  return {[](const control_command& command) -> caf::result<std::string> {
    if (command.line == "fail") return caf::sec::unexpected_message;
    if (command.line == "large") return std::string(4'000'000, 'x');
    return "you said " + command.line + "\n";
  }};
}

struct temporary_folder {
  std::filesystem::path path;
  temporary_folder() {
    std::string name = "/tmp/eremos-control-XXXXXX";
    path = ::mkdtemp(name.data());
  }
  ~temporary_folder() { std::filesystem::remove_all(path); }
};

/// Everything of one test; CONTROL has ended when it is gone.
struct fixture {
  temporary_folder folder;
  std::filesystem::path path = folder.path / "control.sock";
  caf::actor_system_config config;
  caf::actor_system system{config};
  control_handler handler = system.spawn(echo);
  caf::actor control;

  status serve(std::chrono::milliseconds idle_max = control_idle_max) {
    auto made = serve_control(system, path, handler, {}, idle_max);
    if (!made) return made.error();
    control = *made;
    return ok;
  }
  void stop() {
    if (!control) return;
    caf::scoped_actor self{system};
    self->send_exit(control, caf::exit_reason::user_shutdown);
    self->wait_for(control);
    control = nullptr;
  }
  ~fixture() { stop(); }
};

unix_fd connect_to(const std::filesystem::path& path) {
  unix_fd fd{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  sockaddr_un where{};
  where.sun_family = AF_UNIX;
  std::copy_n(path.native().data(), path.native().size(), where.sun_path);
  REQUIRE(::connect(fd.get(), reinterpret_cast<sockaddr*>(&where), sizeof where) == 0);
  return fd;
}

std::string read_all(int fd) {
  std::string out;
  char buffer[1024];
  for (ssize_t got = 0; (got = ::read(fd, buffer, sizeof buffer)) > 0;) {
    out.append(buffer, static_cast<std::size_t>(got));
  }
  return out;
}

}  // namespace

TEST_CASE("CONTROL answers a line with text and an end") {
  fixture f;
  REQUIRE(f.serve());
  const auto answer = ask_control(f.path, "stats --json", 5s);
  REQUIRE(answer);
  CHECK(*answer == "you said stats --json\n");
  CHECK(ask_control(f.path, "large", 5s)->size() == 4'000'000);
  CHECK(ask_control(f.path, "fail", 5s)->starts_with("error: "));
}

TEST_CASE("CONTROL serves its owner only and takes its file away when it ends") {
  fixture f;
  REQUIRE(f.serve());
  struct stat info {};
  REQUIRE(::lstat(f.path.c_str(), &info) == 0);
  CHECK((info.st_mode & 0777) == 0600);
  f.stop();
  CHECK_FALSE(std::filesystem::exists(f.path));
  CHECK(ask_control(f.path, "stats", 1s).error().code == errc::file_unreadable);
}

TEST_CASE(
    "CONTROL replaces a dead node's file, but never a living node's or another kind of file") {
  fixture f;
  {
    unix_fd dead{::socket(AF_UNIX, SOCK_STREAM, 0)};
    sockaddr_un where{};
    where.sun_family = AF_UNIX;
    std::copy_n(f.path.native().data(), f.path.native().size(), where.sun_path);
    REQUIRE(::bind(dead.get(), reinterpret_cast<sockaddr*>(&where), sizeof where) == 0);
  }
  REQUIRE(std::filesystem::exists(f.path));
  REQUIRE(f.serve());
  CHECK(ask_control(f.path, "a", 5s));
  CHECK(serve_control(f.system, f.path, f.handler, {}).error().code == errc::folder_locked);
  CHECK(ask_control(f.path, "b", 5s));

  const auto plain = f.folder.path / "plain";
  std::ofstream{plain} << "mine";
  CHECK(serve_control(f.system, plain, f.handler, {}).error().code == errc::file_unwritable);
  CHECK(std::filesystem::exists(plain));
}

TEST_CASE("CONTROL refuses a line without end and a path without room") {
  fixture f;
  REQUIRE(f.serve());
  const auto fd = connect_to(f.path);
  const std::string junk(control_line_max + 1, 'a');
  REQUIRE(::write(fd.get(), junk.data(), junk.size()) == static_cast<ssize_t>(junk.size()));
  CHECK(read_all(fd.get()) == "error: the command is too long\n");
  const auto path = f.folder.path / std::string(120, 'p');
  CHECK(serve_control(f.system, path, f.handler, {}).error().code == errc::file_unwritable);
  CHECK(ask_control(path, "x", 1s).error().code == errc::file_unwritable);
}

TEST_CASE("CONTROL cannot be locked up by idle clients") {
  fixture f;
  REQUIRE(f.serve(200ms));
  std::vector<unix_fd> idle;
  for (std::size_t i = 0; i < control_clients_max; ++i) idle.push_back(connect_to(f.path));
  const auto answer = ask_control(f.path, "still there?", 5s);
  REQUIRE(answer);
  CHECK(*answer == "you said still there?\n");
}
