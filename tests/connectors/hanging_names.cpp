#include "tests/connectors/hanging_names.hpp"

#include <array>
#include <atomic>
#include <cstdlib>
#include <string_view>

#include <dlfcn.h>
#include <netdb.h>
#include <unistd.h>

namespace {

std::atomic<int> gate{-1};  // a pipe nobody writes to: reading ends when its other end is closed
std::atomic<int> held_open{-1};
std::atomic<int> begun{0};

}  // namespace

namespace eremos::test {

hanging_names::hanging_names() {
  std::array<int, 2> ends{};
  if (::pipe(ends.data()) != 0) std::abort();
  gate = ends[0];
  held_open = ends[1];
}

hanging_names::~hanging_names() {
  ::close(held_open.exchange(-1));
  ::close(gate.exchange(-1));
}

int hanging_lookups() noexcept { return begun; }

}  // namespace eremos::test

/// Stands before the C library's, for this program and the libraries it uses.
extern "C" int getaddrinfo(const char* name, const char* service, const addrinfo* hints,
                           addrinfo** found) {
  if (name != nullptr && std::string_view{name}.ends_with("hangs.test")) {
    const int waiting = ::dup(gate);
    ++begun;
    char unused = 0;
    while (waiting >= 0 && ::read(waiting, &unused, 1) > 0) {
    }
    if (waiting >= 0) ::close(waiting);
    return EAI_AGAIN;
  }
  using function = int (*)(const char*, const char*, const addrinfo*, addrinfo**);
  static const auto real = reinterpret_cast<function>(::dlsym(RTLD_NEXT, "getaddrinfo"));
  return real(name, service, hints, found);
}
