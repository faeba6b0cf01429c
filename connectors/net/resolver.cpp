#include "connectors/net/resolver.hpp"

#include <algorithm>
#include <array>
#include <deque>
#include <memory>
#include <string_view>
#include <system_error>
#include <thread>

#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <caf/all.hpp>

#include "connectors/net/loop_actor.hpp"
#include "connectors/net/unix_fd.hpp"

namespace eremos {
namespace {

/// What a lookup says in one packet: its addresses, each on a line, or "!" and why there is none.
std::string look_up(const std::string& host) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_ADDRCONFIG;
  addrinfo* found = nullptr;
  if (const int code = ::getaddrinfo(host.c_str(), nullptr, &hints, &found); code != 0)
    return std::string{"!"} + ::gai_strerror(code);
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> guard{found, &::freeaddrinfo};
  std::string out;
  std::size_t count = 0;
  for (const auto* at = found; at && count < resolved_addresses_max; at = at->ai_next) {
    std::array<char, NI_MAXHOST> text;
    if (::getnameinfo(at->ai_addr, at->ai_addrlen, text.data(), text.size(), nullptr, 0,
                      NI_NUMERICHOST) != 0)
      continue;
    out.append(text.data()).push_back('\n');
    ++count;
  }
  return out.empty() ? "!the name has no address" : out;
}

/// The other end of a lookup. It may outlive this process's actors, so it knows none of them.
bool start_thread(const std::string& host, unix_fd answer) {
  try {
    std::thread([host, fd = std::move(answer)] {
      const auto said = look_up(host);
      // Nobody may listen any more, which is no reason for a signal.
      static_cast<void>(::send(fd.get(), said.data(), said.size(), MSG_NOSIGNAL));
    }).detach();
    return true;
  } catch (const std::system_error&) {
    return false;
  }
}

class resolver final : public loop_actor {
 public:
  explicit resolver(caf::actor_config& cfg) : loop_actor(cfg) {}

  const char* name() const override { return "resolver"; }

  void act() override {
    while (handle_mail([this](const resolve_host& question) { ask(question); })) {
      std::vector<pollfd> watched{{wake_fd(), POLLIN, 0}};
      for (const auto& l : open_) watched.push_back({l.answer.get(), POLLIN, 0});
      ::poll(watched.data(), watched.size(), -1);
      for (auto i = open_.size(); i-- > 0;)
        if (watched[i + 1].revents != 0) finish(i);
      start_waiting();
    }
    open_.clear();
    waiting_.clear();
  }

 private:
  struct asker {
    std::uint64_t token = 0;
    caf::actor who;
  };
  struct lookup {
    std::string host;
    std::vector<asker> askers;
    unix_fd answer;
  };

  void ask(const resolve_host& question) {
    const asker from{question.token, caf::actor_cast<caf::actor>(current_sender())};
    for (auto* list : {&open_, &waiting_})
      for (auto& l : *list)
        if (l.host == question.host) {
          if (l.askers.size() >= resolve_waiting_max) return tell(from, "!too many ask for it");
          return l.askers.push_back(from);
        }
    if (waiting_.size() >= resolve_waiting_max) return tell(from, "!too many names wait");
    waiting_.push_back({question.host, {from}, {}});
    start_waiting();
  }

  void start_waiting() {
    while (!waiting_.empty() && open_.size() < resolving_max) {
      auto next = std::move(waiting_.front());
      waiting_.pop_front();
      std::array<int, 2> ends{};
      // Packets, so that an answer comes whole or, with the thread gone, as an end.
      const bool made = ::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) == 0;
      if (made) next.answer = unix_fd{ends[0]};
      if (made && start_thread(next.host, unix_fd{ends[1]})) {
        open_.push_back(std::move(next));
        continue;
      }
      for (const auto& a : next.askers) tell(a, "!no thread is free for it");
    }
  }

  void finish(std::size_t index) {
    std::array<char, (NI_MAXHOST + 1) * resolved_addresses_max> buffer;
    const auto size = ::recv(open_[index].answer.get(), buffer.data(), buffer.size(), 0);
    const std::string_view said =
        size > 0 ? std::string_view{buffer.data(), static_cast<std::size_t>(size)}
                 : std::string_view{"!no answer"};
    for (const auto& a : open_[index].askers) tell(a, said);
    open_.erase(open_.begin() + static_cast<std::ptrdiff_t>(index));
  }

  void tell(const asker& to, std::string_view said) {
    host_resolved out;
    out.token = to.token;
    if (said.starts_with('!')) {
      out.error = said.substr(1);
    } else {
      while (!said.empty()) {
        const auto end = said.find('\n');
        out.addresses.emplace_back(said.substr(0, end));
        said.remove_prefix(end == std::string_view::npos ? said.size() : end + 1);
      }
    }
    send(to.who, std::move(out));
  }

  std::deque<lookup> open_;     ///< at most resolving_max
  std::deque<lookup> waiting_;  ///< at most resolve_waiting_max
};

}  // namespace

caf::actor spawn_resolver(caf::actor_system& system) {
  return system.spawn<resolver, caf::detached>();
}

}  // namespace eremos
