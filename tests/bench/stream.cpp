// Many live clients of one node: what they take, what it costs the node, and whether its agents
// feel it. Each client is a WebSocket of its own; one thread of this program serves them all.
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "tests/bench/benches.hpp"
#include "tests/bench/loopback.hpp"
#include "tests/bench/node_process.hpp"

namespace eremos::bench {
namespace {

using namespace std::chrono_literals;
using steady = std::chrono::steady_clock;

struct options {
  std::size_t filtered = 1'000;
  std::size_t full = 10;
  std::uint64_t rate = 2'600;  ///< with what follows from each event about 5,000 items
  std::chrono::seconds seconds = 300s;
  std::chrono::seconds fill = 60s;
  std::filesystem::path node = node_process::beside_this_program();
};

bool parse(const arguments& given, options& out) {
  for (std::size_t i = 0; i + 1 < given.size(); i += 2) {
    const auto text = given[i + 1];
    if (given[i] == "--node") {
      out.node = text;
      continue;
    }
    std::uint64_t n = 0;
    if (std::from_chars(text.data(), text.data() + text.size(), n).ptr !=
            text.data() + text.size() ||
        (n == 0 && given[i] != "--fill"))
      return false;
    if (given[i] == "--filtered")
      out.filtered = n;
    else if (given[i] == "--full")
      out.full = n;
    else if (given[i] == "--rate")
      out.rate = n;
    else if (given[i] == "--fill")
      out.fill = std::chrono::seconds{n};
    else if (given[i] == "--seconds")
      out.seconds = std::chrono::seconds{n};
    else
      return false;
  }
  return given.size() % 2 == 0;
}

std::int64_t wall_clock_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

/// One WebSocket (RFC 6455), as far as a server's frames need: they are whole, and not masked.
struct client {
  int fd = -1;
  bool open = false;  ///< the handshake is over
  bool full = false;
  bool timed = false;  ///< tells how old signals are when they come
  std::string in;
  std::uint64_t items = 0;
};

struct tally {
  std::uint64_t bytes = 0;
  std::uint64_t closed = 0;
  std::vector<std::int64_t> ages_ms;  ///< of new signals, from stored to here
};

std::size_t count_items(std::string_view text) {
  std::size_t out = 0;
  for (auto at = text.find("{\"topic\":\""); at != text.npos;
       at = text.find("{\"topic\":\"", at + 1))
    ++out;
  return out;
}

/// Revisions keep the moment of the first one, so only first ones say how long they took.
void note_ages(std::string_view text, std::vector<std::int64_t>& ages) {
  const auto now = wall_clock_ms();
  for (auto at = text.find("\"revision\":1,"); at != text.npos;
       at = text.find("\"revision\":1,", at + 1)) {
    constexpr std::string_view name = "\"emitted_at\":";
    const auto value = text.find(name, at);
    if (value == text.npos) return;
    std::int64_t then = 0;
    std::from_chars(text.data() + value + name.size(), text.data() + text.size(), then);
    ages.push_back(now - then);
  }
}

void pong(const client& c) {
  constexpr std::array<char, 6> frame{static_cast<char>(0x8a), static_cast<char>(0x80), 0, 0, 0, 0};
  (void)::send(c.fd, frame.data(), frame.size(), MSG_NOSIGNAL);
}

/// Takes whole frames from what has come.
void read_frames(client& c, tally& all) {
  std::size_t at = 0;
  if (!c.open) {
    const auto head = c.in.find("\r\n\r\n");
    if (head == std::string::npos) return;
    at = head + 4;
    c.open = true;
  }
  while (c.in.size() - at >= 2) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(c.in[at + i]); };
    std::size_t size = byte(1) & 0x7fu, head = 2;
    const std::size_t more = size == 126 ? 2 : size == 127 ? 8 : 0;
    if (c.in.size() - at < 2 + more) break;
    if (more > 0) size = 0;
    for (std::size_t i = 0; i < more; ++i) size = size << 8 | byte(2 + i);
    head += more;
    if (c.in.size() - at < head + size) break;
    const auto kind = byte(0) & 0x0fu;
    const auto text = std::string_view{c.in}.substr(at + head, size);
    if (kind == 9) pong(c);
    if (kind == 1) {
      c.items += count_items(text);
      if (c.timed) note_ages(text, all.ages_ms);
    }
    at += head + size;
  }
  c.in.erase(0, at);
}

/// The mean, in microseconds, of one histogram of /metrics since an earlier look; all its rows.
struct mean {
  double sum = 0;
  double count = 0;
};
mean histogram(std::string_view metrics, std::string_view name) {
  mean out;
  const auto add = [&](std::string_view suffix, double& into) {
    const auto row = fmt::format("\n{}_{}", name, suffix);
    for (auto at = metrics.find(row); at != metrics.npos; at = metrics.find(row, at + 1)) {
      const auto line = metrics.substr(at + 1, metrics.find('\n', at + 1) - at - 1);
      into += std::stod(std::string{line.substr(line.rfind(' ') + 1)});
    }
  };
  add("sum", out.sum);
  add("count", out.count);
  return out;
}
double mean_us(const mean& before, const mean& after) {
  return after.count > before.count ? 1e6 * (after.sum - before.sum) / (after.count - before.count)
                                    : 0;
}

/// For the handshakes of those that are filtered.
constexpr auto opening_max = 30s;
constexpr std::string_view watched = "eremos_receive_to_handled_seconds";
/// What filtered clients ask for, in turn.
constexpr std::array<std::string_view, 4> filters = {
    "topic=signals&type=wallet_reactivated", "topic=signals&type=mint_spike",
    "topic=signals&severity=critical", "topic=memory&type=anomaly"};

}  // namespace

int stream(const arguments& given) {
  options o;
  if (!parse(given, o)) {
    fmt::print(
        stderr,
        "usage: eremos-bench stream [--filtered N] [--full N] [--rate N] [--seconds N] [--fill N] "
        "[--node PATH]\n"
        "  --filtered  clients that take a few signals (1000)\n"
        "  --full      clients that take every event and signal (10)\n"
        "  --rate      the mock chain's events per second (2600: with wallets' about 5,000 items)\n"
        "  --seconds   with the clients there (300); as long a tenth of it without before and "
        "after\n"
        "  --fill      so long at full rate first, so that tables and store are as after days "
        "(60)\n");
    return 2;
  }
  const auto folder =
      std::filesystem::temp_directory_path() / fmt::format("eremos-bench-stream-{}", getpid());
  const auto end = [&](int code) {
    std::error_code ec;
    std::filesystem::remove_all(folder, ec);
    return code;
  };
  if (o.fill > 0s) {
    auto filling = node_process::start({o.node, "run", "--mock", "--seed", "1", "--rate", "max",
                                        "--for", fmt::format("{}s", o.fill.count()), "--data-dir",
                                        folder, "--no-api", "--log-level", "warn"});
    if (!filling || filling->wait().code != 0) {
      fmt::print(stderr, "eremos-bench: the node that fills the store has failed\n");
      return end(1);
    }
  }
  const auto port = free_port();
  auto node = node_process::start({o.node, "run", "--mock", "--seed", "1", "--rate",
                                   std::to_string(o.rate), "--data-dir", folder, "--listen",
                                   fmt::format("127.0.0.1:{}", port), "--log-level", "warn"});
  if (!node || !wait_until_ready(port)) {
    fmt::print(stderr, "eremos-bench: the node does not answer\n");
    return end(1);
  }
  // Clients are elsewhere in truth: what serving them takes of this machine is to be theirs alone,
  // so the bench gives way to the node.
  constexpr int least = 19;
  if (::setpriority(PRIO_PROCESS, 0, least) != 0)
    fmt::print(stderr, "stream: cannot lower its own priority\n");
  ::sleep(5);
  const auto alone_seconds =
      static_cast<unsigned>(std::max<std::int64_t>(o.seconds.count() / 10, 5));
  mean alone_mean;  // before the clients and after them: a machine is not the same for minutes
  const auto listen_alone = [&] {
    const auto from = histogram(get(port, "/metrics"), watched);
    ::sleep(alone_seconds);
    const auto to = histogram(get(port, "/metrics"), watched);
    alone_mean.sum += to.sum - from.sum;
    alone_mean.count += to.count - from.count;
  };
  const auto cpu_from = node->sample().cpu_seconds;
  listen_alone();
  const auto alone = node->sample();

  const int poll = ::epoll_create1(EPOLL_CLOEXEC);
  std::vector<client> clients(o.filtered + o.full + 1);
  mean with_from;
  process_sample before;
  tally all;
  std::vector<char> bytes(1 << 20);
  std::array<epoll_event, 256> ready{};
  const auto read_ready = [&] {
    const int n = ::epoll_wait(poll, ready.data(), static_cast<int>(ready.size()), 100);
    for (int i = 0; i < n; ++i) {
      auto& c = clients[ready[static_cast<std::size_t>(i)].data.u64];
      const auto got = ::recv(c.fd, bytes.data(), bytes.size(), MSG_DONTWAIT);
      if (got <= 0) {
        ++all.closed;
        ::epoll_ctl(poll, EPOLL_CTL_DEL, c.fd, nullptr);
        continue;
      }
      all.bytes += static_cast<std::uint64_t>(got);
      c.in.append(bytes.data(), static_cast<std::size_t>(got));
      read_frames(c, all);
    }
  };
  for (std::size_t i = 0; i < clients.size(); ++i) {
    if (i == o.filtered) {  // a thousand handshakes at once are another measurement
      const auto is_open = [](const client& c) { return c.open; };
      for (const auto since = steady::now(); steady::now() - since < opening_max;) {
        if (std::all_of(clients.begin(), clients.begin() + static_cast<std::ptrdiff_t>(i), is_open))
          break;
        read_ready();
      }
      with_from = histogram(get(port, "/metrics"), watched);
      before = node->sample();
      fmt::print(stderr, "stream: {} clients; the node has {} MB\n", i,
                 before.rss_bytes / 1'000'000);
    }
    auto& c = clients[i];
    c.full = i >= o.filtered && i + 1 < clients.size();
    c.timed = i + 1 == clients.size();
    const auto query = c.full    ? "topic=events&topic=signals"
                       : c.timed ? std::string_view{"topic=signals"}
                                 : filters[i % filters.size()];
    c.fd = connect_to(port);
    const auto request = fmt::format(
        "GET /api/v1/stream?{} HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\n"
        "Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        "Sec-WebSocket-Version: 13\r\n\r\n",
        query);
    epoll_event wanted{.events = EPOLLIN, .data = {.u64 = i}};
    if (c.fd < 0 || ::send(c.fd, request.data(), request.size(), MSG_NOSIGNAL) < 0 ||
        ::epoll_ctl(poll, EPOLL_CTL_ADD, c.fd, &wanted) != 0) {
      fmt::print(stderr, "eremos-bench: client {} of {} cannot connect\n", i + 1, clients.size());
      return end(1);
    }
  }
  const auto begun = steady::now();
  std::uint64_t rss_third = 0;
  for (auto now = begun; now - begun < o.seconds; now = steady::now()) {
    read_ready();
    if (rss_third == 0 && now - begun > o.seconds / 3) rss_third = node->sample().rss_bytes;
  }
  const double seconds = std::chrono::duration<double>(steady::now() - begun).count();
  const auto after = node->sample();
  const auto with_to = histogram(get(port, "/metrics"), watched);
  std::uint64_t filtered = 0, full = 0, opened = 0;
  for (const auto& c : clients) {
    opened += c.open;
    if (c.full) full += c.items;
    if (!c.full && !c.timed) filtered += c.items;
    ::close(c.fd);
  }
  ::close(poll);
  ::sleep(5);  // the node lets go of them
  listen_alone();
  node->stop();
  node->wait();
  std::sort(all.ages_ms.begin(), all.ages_ms.end());
  const auto age = [&](double share) {
    return all.ages_ms.empty() ? 0
                               : all.ages_ms[static_cast<std::size_t>(
                                     share * static_cast<double>(all.ages_ms.size() - 1))];
  };
  fmt::print(
      R"({{"bench":"stream","clients":{},"opened":{},"closed":{},"seconds":{:.0f},)"
      R"("items_per_full_client_second":{:.0f},"items_per_filtered_client_second":{:.2f},)"
      R"("megabytes_per_second":{:.1f},"signal_to_client_p50_ms":{},"signal_to_client_p99_ms":{},)"
      R"("signals":{},"received_to_handled_mean_us":{{"alone":{:.0f},"with_clients":{:.0f}}},)"
      R"("node_cores":{{"alone":{:.2f},"with_clients":{:.2f}}},)"
      R"("rss_bytes":{{"alone":{},"after_a_third":{},"at_the_end":{}}}}})"
      "\n",
      clients.size(), opened, all.closed, seconds,
      static_cast<double>(full) / static_cast<double>(o.full) / seconds,
      static_cast<double>(filtered) / static_cast<double>(o.filtered) / seconds,
      static_cast<double>(all.bytes) / seconds / 1e6, age(0.5), age(0.99), all.ages_ms.size(),
      mean_us({}, alone_mean), mean_us(with_from, with_to),
      (alone.cpu_seconds - cpu_from) / alone_seconds,
      (after.cpu_seconds - before.cpu_seconds) / seconds, alone.rss_bytes, rss_third,
      after.rss_bytes);
  return end(opened == clients.size() ? 0 : 1);
}

}  // namespace eremos::bench
