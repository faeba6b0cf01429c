#include <caf/all.hpp>
#include <catch2/catch.hpp>

#include "connectors/net/http.hpp"
#include "runtime/caf_error.hpp"
#include "tests/connectors/hanging_names.hpp"
#include "tests/support/fake_server.hpp"
#include "tests/support/mailbox_probe.hpp"

using namespace eremos;
using namespace eremos::test;
using namespace std::chrono_literals;

namespace {

struct fixture {
  caf::actor_system_config config;
  caf::actor_system system{config};
  caf::scoped_actor self{system};
  caf::actor http = spawn_http(system);
  fake_server server;

  ~fixture() { stop(self, http); }

  result<http_reply> ask(http_request request) {
    result<http_reply> out{failure{}};
    self->request(http, patience, std::move(request))
        .receive([&](http_reply& x) { out = std::move(x); },
                 [&](caf::error& why) { out = from_caf(why); });
    return out;
  }
};

}  // namespace

TEST_CASE("HTTP posts a body and hands back status and body, whatever the status") {
  fixture f;
  f.server.on_http = [](const std::string& head, const std::string& body) {
    const bool post = head.starts_with("POST /key HTTP/1.1\r\n") &&
                      head.find("content-type: application/json") == std::string::npos;
    return std::optional{
        fake_server::http_answer{post ? 429 : 200, "got " + body, "Retry-After: 7\r\n"}};
  };
  f.server.serve();
  const auto reply = f.ask({.url = f.server.http() + "/key", .body = "{\"id\":1}"});
  REQUIRE(reply);
  CHECK(reply->status == 429);
  CHECK(reply->body == "got {\"id\":1}");
  CHECK(reply->retry_after_ms == 7'000);
  CHECK(reply->received_ns > 0);
  CHECK(f.ask({.url = f.server.http() + "/get"})->body == "got ");
}

TEST_CASE("HTTP refuses an answer over the limit, and other requests go on") {
  fixture f;
  f.server.on_http = [](const std::string& head, const std::string&) {
    return std::optional{fake_server::http_answer{
        200, std::string(head.starts_with("GET /big") ? 9000 : 9, 'x'), {}}};
  };
  f.server.serve();
  const auto big = f.ask({.url = f.server.http() + "/big/secret", .body_bytes_max = 8'999});
  REQUIRE_FALSE(big);
  CHECK(big.error().code == errc::provider_refused);
  CHECK(big.error().message.find("secret") == std::string::npos);
  CHECK(f.ask({.url = f.server.http() + "/big", .body_bytes_max = 9'000}));
  CHECK(f.ask({.url = f.server.http() + "/small", .body_bytes_max = 9})->body == "xxxxxxxxx");
}

TEST_CASE("HTTP follows no redirect") {
  fixture f;
  f.server.on_http = [](const std::string&, const std::string&) {
    return std::optional{
        fake_server::http_answer{302, "elsewhere", "Location: file:///etc/passwd\r\n"}};
  };
  f.server.serve();
  const auto reply = f.ask({.url = f.server.http()});
  REQUIRE(reply);
  CHECK(reply->status == 302);
  CHECK(reply->body == "elsewhere");
}

TEST_CASE("HTTP gives each request exactly one answer: late, dead and foreign servers") {
  fixture f;
  f.server.on_http = [](const std::string&, const std::string&) {
    return std::optional<fake_server::http_answer>{};
  };
  f.server.serve();
  CHECK(f.ask({.url = f.server.http(), .timeout_ms = 200}).error().code == errc::provider_timeout);
  const auto dead = "http://127.0.0.1:" + std::to_string(free_port()) + "/secret";
  const auto refused = f.ask({.url = dead});
  CHECK(refused.error().code == errc::provider_unreachable);
  CHECK(refused.error().message.find("secret") == std::string::npos);
  for (const char* url :
       {"ftp://localhost/x", "file:///etc/passwd", "ws://localhost", "nonsense"}) {
    CHECK(f.ask({.url = url}).error().code == errc::bad_option);
  }
}

TEST_CASE("HTTP serves many requests at once, and a stalled server delays nobody else") {
  fixture f;
  f.server.on_http = [](const std::string& head, const std::string& body) {
    if (head.starts_with("POST /stall")) return std::optional<fake_server::http_answer>{};
    return std::optional{fake_server::http_answer{200, body, {}}};
  };
  f.server.serve();
  constexpr int count = 500;
  f.self->send(f.http, http_request{.url = f.server.http() + "/stall", .body = "x"});
  for (int i = 0; i < count; ++i) {
    f.self->send(f.http, http_request{.url = f.server.http(), .body = std::to_string(i)});
  }
  std::vector<bool> seen(count);
  for (int i = 0; i < count; ++i) {
    const auto reply = expect<http_reply>(f.self);
    REQUIRE(reply.status == 200);
    seen[std::stoul(reply.body)] = true;
  }
  CHECK(std::count(seen.begin(), seen.end(), true) == count);
}

TEST_CASE("HTTP: a name that hangs costs its own request, and neither others nor the exit") {
  const hanging_names hang;  // outlives the actors: waiting for the name would never end
  fixture f;
  f.server.on_http = [](const std::string&, const std::string&) {
    return std::optional{fake_server::http_answer{200, "here", {}}};
  };
  f.server.serve();
  const auto before = hanging_lookups();
  for (int i = 0; i < 3; ++i) {
    const auto hung = f.ask({.url = "http://c.hangs.test/", .timeout_ms = 50});
    REQUIRE(!hung);
    CHECK(hung.error().code == errc::provider_timeout);
    CHECK(f.ask({.url = f.server.http()})->body == "here");
  }
  CHECK(hanging_lookups() - before == 1);
  f.self->send(f.http, http_request{.url = "http://d.hangs.test/", .body = {}, .headers = {}});
  CHECK(f.ask({.url = f.server.http()})->body == "here");
}

TEST_CASE("HTTP: a name is looked up once for many requests, and says why it has no address") {
  fixture f;
  f.server.on_http = [](const std::string& head, const std::string&) {
    const bool named = head.find("\r\nHost: localhost:") != std::string::npos;
    return std::optional{fake_server::http_answer{named ? 200 : 400, "here", {}}};
  };
  f.server.serve();
  for (int i = 0; i < 3; ++i) {
    const auto reply = f.ask({.url = "http://localhost:" + std::to_string(f.server.port()) + "/"});
    REQUIRE(reply);
    CHECK(reply->status == 200);
  }
  const auto lost = f.ask({.url = "http://nowhere.invalid/secret"});
  REQUIRE(!lost);
  CHECK(lost.error().code == errc::provider_unreachable);
  CHECK(lost.error().message.find("secret") == std::string::npos);
}
