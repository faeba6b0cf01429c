#include <caf/all.hpp>
#include <catch2/catch.hpp>

#include "connectors/net/websocket.hpp"
#include "tests/connectors/hanging_names.hpp"
#include "tests/support/cutting_proxy.hpp"
#include "tests/support/fake_server.hpp"
#include "tests/support/mailbox_probe.hpp"

using namespace eremos;
using namespace eremos::test;
using namespace std::chrono_literals;

namespace {

net_out_config quick() {
  net_out_config out;
  out.ping_every = 500ms;
  out.connect_max = 1s;
  out.message_bytes_max = 1'000'000;
  return out;
}

struct fixture {
  caf::actor_system_config config;
  caf::actor_system system{config};
  caf::scoped_actor self{system};
  caf::actor net;
  fake_server server;

  explicit fixture(net_out_config options = quick()) : net(spawn_net_out(system, options)) {}
  ~fixture() { stop(self, net); }

  void open(std::uint64_t number, const std::string& url) {
    self->send(net, ws_open{number, url, {{"X-Test", "yes"}}});
  }
  void say(std::uint64_t number, std::string text) {
    self->send(net, ws_send{number, std::move(text)});
  }
  std::string hear() {
    auto got = expect<ws_text>(self);
    self->send(net, ws_taken{got.connection, got.text.size()});
    return got.text;
  }
};

void echo(fake_server& server) {
  server.on_text = [&server](int peer, const std::string& text) { server.send_text(peer, text); };
}

}  // namespace

TEST_CASE("NET-OUT opens, sends, receives and closes") {
  fixture f;
  echo(f.server);
  f.server.serve();
  f.open(7, f.server.ws() + "/key?x=1");
  CHECK(expect<ws_opened>(f.self).connection == 7);
  std::string head;
  f.server.call([&] { head = f.server.last_head(); });
  CHECK(head.starts_with("GET /key?x=1 HTTP/1.1\r\n"));
  CHECK(head.find("X-Test: yes\r\n") != std::string::npos);
  CHECK(head.find("permessage-deflate") == std::string::npos);
  f.say(7, "hello");
  const auto got = expect<ws_text>(f.self);
  CHECK(got.text == "hello");
  CHECK(got.connection == 7);
  CHECK(got.received_ns > 0);
  f.self->send(f.net, ws_close{7});
  CHECK(expect<ws_closed>(f.self).why == ws_end::asked);
  f.say(7, "into the void");
  CHECK(expect_none<ws_text>(f.self, 50ms));
}

TEST_CASE("NET-OUT puts fragments together and carries messages of any size under the limit") {
  fixture f;
  echo(f.server);
  f.server.on_upgrade = [&](int peer) {
    f.server.send_raw(peer, ws_frame("one ", 1, false) + ws_frame("tw", 0, false) +
                                ws_frame("x", 9) + ws_frame("o", 0, true) + ws_frame("", 1));
  };
  f.server.serve();
  f.open(1, f.server.ws());
  CHECK(f.hear() == "one two");
  CHECK(f.hear().empty());
  for (const std::size_t size : {1u, 125u, 126u, 65'535u, 65'536u, 999'999u, 1'000'000u}) {
    f.say(1, std::string(size, 'm'));
    CHECK(f.hear() == std::string(size, 'm'));
  }
}

TEST_CASE("NET-OUT closes a connection whose message is too large, announced or grown") {
  fixture f;
  std::string bytes;
  f.server.on_upgrade = [&](int peer) { f.server.send_raw(peer, bytes); };
  f.server.serve();
  SECTION("a frame that announces 2^63-1 bytes") {
    bytes = std::string{"\x81\x7f\x7f\xff\xff\xff\xff\xff\xff\xff", 10} + std::string(70'000, 'x');
  }
  SECTION("a frame of one byte too many") { bytes = ws_frame(std::string(1'000'001, 'x')); }
  SECTION("fragments without end") {
    bytes = ws_frame("x", 1, false);
    for (int i = 0; i < 40; ++i) bytes += ws_frame(std::string(30'000, 'x'), 0, false);
  }
  f.open(1, f.server.ws());
  CHECK(expect<ws_closed>(f.self).why == ws_end::message_too_large);
}

TEST_CASE("NET-OUT survives bytes that are no WebSocket") {
  // Also what valgrind is for: libwebsockets reads on for a while after it has found an error.
  fixture f;
  std::uint32_t seed = 1;
  const auto random_bytes = [&](std::size_t size) {
    std::string out(size, '\0');
    for (auto& c : out) {
      seed = seed * 1'664'525u + 1'013'904'223u;
      c = static_cast<char>(seed >> 24);
    }
    return out;
  };
  std::size_t round = 0;
  f.server.on_upgrade = [&](int peer) {
    std::string bytes;
    if (round % 4 == 0) bytes = random_bytes(300'000);
    if (round % 4 == 1)
      bytes = ws_frame("\xff\xfe" + random_bytes(150'000)) + random_bytes(150'000);
    if (round % 4 == 2) bytes = ws_frame(random_bytes(500), 9) + random_bytes(150'000);
    if (round % 4 == 3) bytes = ws_frame("a", 1, false) + ws_frame("b", 1) + random_bytes(150'000);
    ++round;
    f.server.send_raw(peer, bytes);
  };
  f.server.serve();
  for (std::uint64_t i = 0; i < 40; ++i) {
    f.open(i, f.server.ws());
    expect<ws_opened>(f.self);
    f.self->send(f.net, ws_close{i});
    while (expect<ws_closed>(f.self).connection != i) {
    }
  }
}

TEST_CASE("NET-OUT survives an uncompressed message after refusing compression") {
  // libwebsockets 4.1.6 spins for ever on these bytes if permessage-deflate was negotiated.
  fixture f;
  f.server.on_upgrade = [&](int peer) {
    f.server.send_raw(peer, ws_frame(std::string(3000, 'p')));
    f.server.send_raw(peer, std::string{"\xc1\x03", 2} + "abc");  // RSV1 without negotiation
  };
  f.server.serve();
  f.open(1, f.server.ws());
  CHECK(f.hear() == std::string(3000, 'p'));
  CHECK(expect<ws_closed>(f.self).connection == 1);
}

TEST_CASE("NET-OUT says why a connection could not be had, without its path") {
  fixture f;
  f.server.takes_upgrades = false;
  f.server.on_http = [](const std::string&, const std::string&) {
    return std::optional{fake_server::http_answer{402, "pay", {}}};
  };
  f.server.serve();
  const auto check = [&](const std::string& url, ws_end why, int status) {
    INFO(url);
    f.open(1, url);
    const auto end = expect<ws_closed>(f.self);
    CHECK(to_string(end.why) == to_string(why));
    CHECK(end.http_status == status);
    CHECK(end.text.find("secret") == std::string::npos);
  };
  check(f.server.ws() + "/secret", ws_end::refused, 402);
  check("ws://127.0.0.1:" + std::to_string(free_port()) + "/secret", ws_end::unreachable, 0);
  check("ws://nowhere.invalid/secret", ws_end::unreachable, 0);
  check("http://localhost/secret", ws_end::bad_url, 0);
  check("wss://127.0.0.1:" + std::to_string(f.server.port()) + "/secret", ws_end::unreachable, 0);
}

TEST_CASE("NET-OUT reports a server's close, its reset and its silence") {
  fixture f;
  f.server.on_text = [&](int peer, const std::string& text) {
    if (text == "close") f.server.send_raw(peer, ws_frame(std::string{"\x03\xe9", 2} + "bye", 8));
    if (text == "drop") f.server.drop(peer);
  };
  f.server.serve();
  cutting_proxy proxy{f.server.port()};
  const auto url = "ws://localhost:" + std::to_string(proxy.port());
  SECTION("close frame") {
    f.open(1, url);
    f.say(1, "close");
    const auto end = expect<ws_closed>(f.self);
    CHECK(end.why == ws_end::closed);
    CHECK(end.text.find("1001") != std::string::npos);
    CHECK(end.text.find("bye") != std::string::npos);
  }
  SECTION("end of stream") {
    f.open(1, url);
    f.say(1, "drop");
    CHECK(expect<ws_closed>(f.self).why == ws_end::cut);
  }
  SECTION("reset") {
    f.open(1, url);
    expect<ws_opened>(f.self);
    proxy.cut();
    CHECK(expect<ws_closed>(f.self).why == ws_end::cut);
  }
  SECTION("half-open: no pong within two ping intervals") {
    f.open(1, url);
    expect<ws_opened>(f.self);
    proxy.freeze(true);
    CHECK(expect<ws_closed>(f.self).why == ws_end::cut);
  }
  SECTION("a healthy idle connection stays") {
    f.open(1, url);
    expect<ws_opened>(f.self);
    CHECK(expect_none<ws_closed>(f.self, 2000ms));
  }
  SECTION("a handshake that never ends") {
    proxy.freeze(true);
    f.open(1, url);
    CHECK(expect<ws_closed>(f.self).why == ws_end::unreachable);
  }
}

TEST_CASE("NET-OUT stops to read when its user does not keep up, and loses nothing") {
  auto options = quick();
  options.unread_messages_max = 10;
  fixture f{options};
  constexpr std::size_t count = 4'000;
  f.server.on_upgrade = [&](int peer) {
    for (std::size_t i = 0; i < count; ++i) {
      f.server.send_text(peer, std::to_string(i) + std::string(1000, '.'));
    }
  };
  f.server.serve();
  f.open(1, f.server.ws());
  expect<ws_opened>(f.self);
  std::vector<ws_text> first;
  while (first.size() < 11) first.push_back(expect<ws_text>(f.self));
  CHECK(expect_none<ws_text>(f.self, 200ms));
  for (const auto& x : first) f.self->send(f.net, ws_taken{1, x.text.size()});
  for (std::size_t i = first.size(); i < count; ++i) {
    REQUIRE(f.hear().starts_with(std::to_string(i) + "."));
  }
}

TEST_CASE("NET-OUT gives up a connection whose server takes nothing") {
  auto options = quick();
  options.unsent_bytes_max = 100'000;
  options.ping_every = 60s;
  fixture f{options};
  f.server.serve();
  cutting_proxy proxy{f.server.port()};
  f.open(1, "ws://127.0.0.1:" + std::to_string(proxy.port()));
  expect<ws_opened>(f.self);
  proxy.freeze(true);
  for (int i = 0; i < 400; ++i) f.say(1, std::string(50'000, 'x'));
  CHECK(expect<ws_closed>(f.self).why == ws_end::queue_full);
}

TEST_CASE("NET-OUT closes what belongs to an actor that is gone, and keeps users apart") {
  fixture f;
  std::atomic<int> peers{0};
  echo(f.server);
  f.server.on_upgrade = [&](int) { ++peers; };
  f.server.serve();
  f.open(1, f.server.ws());
  expect<ws_opened>(f.self);
  {
    caf::scoped_actor other{f.system};
    other->send(f.net, ws_open{1, f.server.ws(), {}});
    expect<ws_opened>(other);
    other->send(f.net, ws_send{1, "mine"});
    CHECK(expect<ws_text>(other).text == "mine");
  }
  f.say(1, "still here");
  CHECK(f.hear() == "still here");
  CHECK(peers == 2);
}

TEST_CASE("NET-OUT gives up a name that hangs, and opens others meanwhile") {
  const hanging_names hang;
  fixture f;
  echo(f.server);
  f.server.serve();
  f.open(1, "ws://e.hangs.test/secret");
  f.open(2, f.server.ws());
  CHECK(expect<ws_opened>(f.self).connection == 2);
  const auto end = expect<ws_closed>(f.self);
  CHECK(end.connection == 1);
  CHECK(end.why == ws_end::unreachable);
  CHECK(end.text == "e.hangs.test: no address in time");
  f.say(2, "still here");
  CHECK(f.hear() == "still here");
}

TEST_CASE("NET-OUT does not take its own pause for the silence of a server") {
  auto options = quick();
  options.ping_every = 100ms;
  options.unread_messages_max = 10;
  fixture f{options};
  f.server.on_upgrade = [&](int peer) {
    for (int i = 0; i < 400; ++i) f.server.send_text(peer, std::to_string(i));
  };
  f.server.serve();
  f.open(1, f.server.ws());
  expect<ws_opened>(f.self);
  CHECK(expect_none<ws_closed>(f.self, 1'500ms));
  for (int i = 0; i < 400; ++i) REQUIRE(f.hear() == std::to_string(i));
}
