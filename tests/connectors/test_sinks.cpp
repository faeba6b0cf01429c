// Sinks against a scripted server: what they post, how webhooks are signed, what they refuse, what
// an answer means, and how long a receiver may take.
#include <filesystem>
#include <fstream>
#include <sstream>

#include <fmt/format.h>
#include <caf/all.hpp>
#include <catch2/catch.hpp>

#include "connectors/net/public_address.hpp"
#include "connectors/net/signing.hpp"
#include "connectors/sinks/http_sink.hpp"
#include "connectors/sinks/webhook.hpp"
#include "runtime/alerts/alert_text.hpp"
#include "runtime/storage/data_folder.hpp"
#include "tests/support/fake_server.hpp"
#include "tests/support/mailbox_probe.hpp"

using namespace eremos;
using namespace eremos::test;

namespace {

/// The vector that the libraries of Standard Webhooks are tested with.
constexpr std::string_view vector_secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

struct seen_request {
  std::string head;
  std::string body;
};
template <class Inspector>
auto inspect(Inspector& f, seen_request& x) {
  return f(x.head, x.body);
}

alert_sink_section section_of(std::string kind,
                              std::vector<std::pair<std::string, std::string>> options) {
  alert_sink_section out;
  out.kind = std::move(kind);
  out.where = "test:1:1";
  for (auto& [key, text] : options) {
    const bool list = key == "secrets" || key == "command";
    option_value value{{}, list, "test:1:1", {}};
    std::istringstream words{text};
    for (std::string word; list && words >> word;) value.texts.push_back(word);
    if (!list) value.texts.push_back(text);
    out.options.emplace(key, std::move(value));
    out.secret.push_back(key);
  }
  return out;
}

/// What check() says; empty: nothing.
std::string problem_of(const alert_sink_section& section) {
  const auto* kind = find_sink_kind(section.kind);
  REQUIRE(kind != nullptr);
  const auto checked = kind->check(section);
  return checked ? "" : checked.error().message;
}

struct fixture {
  caf::actor_system_config config;
  caf::actor_system system{config};
  caf::scoped_actor self{system};
  caf::actor http = spawn_http(system);
  fake_server server;
  sink_actor sink;

  fixture() {
    server.on_http = [to = caf::actor{self}](const std::string& head, const std::string& body) {
      caf::anon_send(to, seen_request{head, body});
      return std::optional{fake_server::http_answer{200, "ok", {}}};
    };
  }
  ~fixture() {
    if (sink) stop(self, sink);
    stop(self, http);
  }

  void make(const alert_sink_section& section) {
    INFO(section.kind);
    REQUIRE(problem_of(section) == "");
    sink = find_sink_kind(section.kind)->make(system, section, {http});
  }
  delivery_outcome deliver(const std::string& kind = "raised") {
    signal s;
    s.type = "flood";
    s.agent = "observer";
    s.subject = "0xaa <&>";
    s.level = severity::high;
    s.block = {1, 7, {}};
    delivery_outcome out;
    self->request(
            sink, patience,
            alert_delivery{"alert_1", kind, "big", R"({"type":"alert.raised"})",
                           alert_text_fields(alert_kind::raised, "big", s, "ethereum").to_json(),
                           1'614'265'330'500})
        .receive([&](const delivery_outcome& x) { out = x; },
                 [&](const caf::error& why) { FAIL(caf::to_string(why)); });
    return out;
  }
  std::string url() const { return server.http() + "/hook"; }
};

std::string header(const std::string& head, const std::string& name) {
  const auto at = head.find("\r\n" + name + ": ");
  if (at == std::string::npos) return "";
  const auto begin = at + name.size() + 4;
  return head.substr(begin, head.find("\r\n", begin) - begin);
}

}  // namespace

TEST_CASE("SINKS: base64 and HMAC-SHA256 are those of their standards") {
  // RFC 4648 §10.
  for (const auto& [plain, text] :
       {std::pair{"", ""}, {"f", "Zg=="}, {"fo", "Zm8="}, {"foo", "Zm9v"}, {"foob", "Zm9vYg=="}}) {
    CHECK(to_base64(plain) == text);
    CHECK(*from_base64(text) == plain);
  }
  for (const auto* bad : {"Zg", "Zg=", "Z===", "Zm9v!", "Zm 9"}) CHECK_FALSE(from_base64(bad));
  // RFC 4231 §4.2 and §4.3.
  CHECK(to_base64(hmac_sha256(std::string(20, '\x0b'), "Hi There")) ==
        "sDRMYdjbOFNcqK/OrwvxK4gdwgDJgz2nJuk3bC4yz/c=");
  CHECK(to_base64(hmac_sha256("Jefe", "what do ya want for nothing?")) ==
        "W9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOEM=");
}

TEST_CASE("SINKS: webhooks are signed as Standard Webhooks says") {
  const auto key = parse_webhook_secret(vector_secret);
  REQUIRE(key);
  CHECK(webhook_signature("msg_p5jXN8AQM9LWM0D4loKWxJek", 1'614'265'330'999,
                          R"({"test": 2432232314})",
                          {*key}) == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
  for (const auto* bad : {"whsec_", "whsec_c2hvcnQ=", "whsec_?"}) {
    const auto parsed = parse_webhook_secret(bad);
    REQUIRE_FALSE(parsed);
    CHECK(parsed.error().message.find("c2hvcnQ") == std::string::npos);
  }
}

TEST_CASE("SINKS: a webhook carries id, time and a signature of each key, the newest first") {
  fixture f;
  f.server.serve();
  const std::string second = "whsec_" + to_base64(std::string(32, 'k'));
  f.make(section_of("webhook", {{"url", f.url()},
                                {"secrets", std::string{vector_secret} + " " + second},
                                {"allow_private", "true"}}));
  CHECK(f.deliver().state == delivery_state::delivered);
  const auto seen = expect<seen_request>(f.self);
  CHECK(seen.body == R"({"type":"alert.raised"})");
  CHECK(header(seen.head, "webhook-id") == "alert_1");
  CHECK(header(seen.head, "webhook-timestamp") == "1614265330");
  CHECK(header(seen.head, "Content-Type") == "application/json");
  const std::vector<std::string> keys{*parse_webhook_secret(vector_secret), std::string(32, 'k')};
  const auto signature = header(seen.head, "webhook-signature");
  CHECK(signature == webhook_signature("alert_1", 1'614'265'330'500, seen.body, keys));
  CHECK(std::count(signature.begin(), signature.end(), ' ') == 1);
}

TEST_CASE("SINKS: what an answer means") {
  CHECK(judge({.status = 204}).state == delivery_state::delivered);
  CHECK(judge({.status = 302}).state == delivery_state::failed);
  CHECK(judge({.status = 400}).state == delivery_state::failed);
  CHECK(judge({.status = 410}).state == delivery_state::refused);
  const auto busy = judge({.status = 429, .retry_after_ms = 7'000});
  CHECK(busy.state == delivery_state::failed);
  CHECK(busy.retry_after_ms == 7'000);
}

TEST_CASE("SINKS: a redirect is not followed, a huge answer not read") {
  fixture f;
  f.server.on_http = [](const std::string& head, const std::string&) {
    if (head.find("/big ") != std::string::npos)
      return std::optional{fake_server::http_answer{200, std::string(1'000'000, 'x'), {}}};
    return std::optional{
        fake_server::http_answer{307, "", "Location: http://127.0.0.1:1/elsewhere\r\n"}};
  };
  f.server.serve();
  const auto of = [&](const std::string& path) {
    return section_of("webhook", {{"url", f.server.http() + path},
                                  {"secrets", std::string{vector_secret}},
                                  {"allow_private", "true"}});
  };
  f.make(of("/away"));
  const auto away = f.deliver();
  CHECK(away.state == delivery_state::failed);
  CHECK(away.what.find("redirect") != std::string::npos);
  stop(f.self, f.sink);
  f.make(of("/big"));
  CHECK(f.deliver().state == delivery_state::delivered);
}

TEST_CASE("SINKS: a receiver that says nothing, and one that is not there, are failures") {
  fixture f;
  f.server.on_http = [](const std::string&, const std::string&) {
    return std::optional<fake_server::http_answer>{};
  };
  f.server.serve();
  const auto of = [&](const std::string& url) {
    return section_of("webhook", {{"url", url},
                                  {"secrets", std::string{vector_secret}},
                                  {"timeout", "100ms"},
                                  {"allow_private", "true"}});
  };
  f.make(of(f.server.http() + "/s3cret"));
  const auto silent = f.deliver();
  CHECK(silent.state == delivery_state::failed);
  CHECK(silent.what.find("s3cret") == std::string::npos);
  stop(f.self, f.sink);
  f.make(of("http://127.0.0.1:" + std::to_string(free_port())));
  CHECK(f.deliver().state == delivery_state::failed);
}

TEST_CASE("SINKS: only addresses of the open internet are public") {
  for (const auto* who : {"1.1.1.1", "172.32.0.1", "100.128.0.1", "2606:4700::1111",
                          "::ffff:1.1.1.1", "64:ff9b::1.1.1.1", "2002:0101:0101::"}) {
    INFO(who);
    CHECK(is_public_address(who));
  }
  for (const auto* who : {"127.0.0.1",
                          "127.1.2.3",
                          "10.0.0.1",
                          "172.16.0.1",
                          "172.31.255.255",
                          "192.168.1.1",
                          "169.254.169.254",
                          "100.64.0.1",
                          "0.0.0.0",
                          "224.0.0.1",
                          "255.255.255.255",
                          "198.18.0.1",
                          "192.0.2.1",
                          "::",
                          "::1",
                          "fe80::1",
                          "fc00::1",
                          "fd00:ec2::254",
                          "ff02::1",
                          "::ffff:127.0.0.1",
                          "::ffff:169.254.169.254",
                          "64:ff9b::10.0.0.1",
                          "2002:7f00:0001::",
                          "2001:db8::1",
                          "::127.0.0.1",
                          "nonsense",
                          ""}) {
    INFO(who);
    CHECK_FALSE(is_public_address(who));
  }
}

TEST_CASE("SINKS: a name that leads inside is refused, and nothing is connected") {
  fixture f;
  f.server.serve();
  for (const auto* host : {"localhost", "0x7f.1"}) {
    INFO(host);
    f.make(section_of("webhook", {{"url", fmt::format("http://{}:{}/", host, f.server.port())},
                                  {"secrets", std::string{vector_secret}}}));
    const auto outcome = f.deliver();
    CHECK(outcome.state == delivery_state::failed);
    CHECK(outcome.what.find("special address") != std::string::npos);
    stop(f.self, f.sink);
  }
  f.sink = nullptr;
  CHECK(expect_none<seen_request>(f.self, std::chrono::milliseconds{50}));
}

TEST_CASE("SINKS: options are checked before anything starts, secrets must not lie open") {
  const std::string secrets{vector_secret};
  const auto webhook = [&](const std::string& url) {
    return section_of("webhook", {{"url", url}, {"secrets", secrets}});
  };
  CHECK(problem_of(webhook("https://example.org/x")) == "");
  CHECK(problem_of(webhook("http://169.254.169.254/latest")).find("allow_private") !=
        std::string::npos);
  CHECK(problem_of(webhook("http://2130706433/")).find("allow_private") != std::string::npos);
  CHECK(problem_of(webhook("https://[::1]/")).find("allow_private") != std::string::npos);
  CHECK(problem_of(webhook("ftp://example.org")).find("http") != std::string::npos);
  auto open = webhook("https://example.org/x");
  open.secret.clear();
  const auto why = problem_of(open);
  CHECK(why.find("${NAME}") != std::string::npos);
  CHECK(why.find(secrets.substr(6)) == std::string::npos);
  CHECK(problem_of(section_of("webhook", {{"url", "https://example.org"}})) != "");
  CHECK(
      problem_of(section_of("slack", {{"url", "https://hooks.slack.com/x"}, {"template", "{typ}"}}))
          .find("did you mean \"type\"") != std::string::npos);
  CHECK(problem_of(section_of("telegram", {{"token", "1:a/b"}, {"chat", "@c"}})) != "");
  CHECK(problem_of(section_of("telegram", {{"token", "1:ab"}, {"chat", "@c"}})) == "");
  CHECK(problem_of(section_of("pagerduty", {{"routing_key", "r"}})) == "");
  CHECK(problem_of(section_of("exec", {{"command", "true"}})) != "");
  CHECK(problem_of(section_of("file", {{"path", "a.jsonl"}, {"pth", "b"}})) != "");
}

TEST_CASE("SINKS: chats get a line of the template, in their own form") {
  fixture f;
  f.server.serve();
  const std::string text = "{kind} {type}: {subject}";
  const auto post = [&](std::string kind, std::vector<std::pair<std::string, std::string>> more,
                        const std::string& what = "raised") {
    more.emplace_back("allow_private", "true");
    more.emplace_back("template", text);
    f.make(section_of(std::move(kind), std::move(more)));
    CHECK(f.deliver(what).state == delivery_state::delivered);
    stop(f.self, f.sink);
    f.sink = nullptr;
    return expect<seen_request>(f.self);
  };
  CHECK(post("slack", {{"url", f.url()}}).body == R"({"text":"raised flood: 0xaa &lt;&amp;&gt;"})");
  CHECK(post("discord", {{"url", f.url()}}).body ==
        R"({"content":"raised flood: 0xaa <&>","allowed_mentions":{"parse":[]}})");
  const auto telegram =
      post("telegram", {{"api", f.server.http()}, {"token", "12:aB_-"}, {"chat", "@room"}});
  CHECK(telegram.head.starts_with("POST /bot12:aB_-/sendMessage HTTP/1.1\r\n"));
  CHECK(telegram.body ==
        R"({"chat_id":"@room","text":"raised flood: 0xaa <&>","disable_web_page_preview":true})");
  const auto trigger = post("pagerduty", {{"url", f.url()}, {"routing_key", "rk"}});
  CHECK(trigger.body.starts_with(
      R"({"routing_key":"rk","event_action":"trigger","dedup_key":"big/00000000)"));
  CHECK(trigger.body.find(R"("severity":"error")") != std::string::npos);
  CHECK(trigger.body.ends_with(R"("custom_details":{"type":"alert.raised"}}})"));
  const auto resolve = post("pagerduty", {{"url", f.url()}, {"routing_key", "rk"}}, "retracted");
  CHECK(resolve.body == R"({"routing_key":"rk","event_action":"resolve",)"
                        R"("dedup_key":"big/00000000000000000000000000000000"})");
}

TEST_CASE("SINKS: a long text is cut at a whole character") {
  CHECK(cut_text("short", 10) == "short");
  CHECK(cut_text("0123456789abc", 10) == "0123456…");
  CHECK(cut_text("01234é6789abc", 9) == "01234…");  // the cut would be inside é
}

TEST_CASE("SINKS: a file gets a line, after whatever was torn") {
  auto folder = data_folder::temporary();
  REQUIRE(folder);
  const auto path = (folder->path() / "alerts.jsonl").string();
  std::ofstream{path} << R"({"torn":)";
  fixture f;
  f.make(section_of("file", {{"path", path}}));
  CHECK(f.deliver().state == delivery_state::delivered);
  CHECK(f.deliver().state == delivery_state::delivered);
  std::ostringstream all;
  all << std::ifstream{path}.rdbuf();
  const std::string line = R"({"id":"alert_1","type":"alert.raised"})";
  CHECK(all.str() == "{\"torn\":\n" + line + "\n" + line + "\n");
  stop(f.self, f.sink);
  f.make(section_of("file", {{"path", folder->path().string()}}));
  CHECK(f.deliver().state == delivery_state::failed);
}

TEST_CASE("SINKS: a program reads the JSON; one that fails or hangs is a failure") {
  auto folder = data_folder::temporary();
  REQUIRE(folder);
  const auto path = (folder->path() / "out").string();
  const auto script = folder->path() / "run";
  std::ofstream{script}
      << "#!/bin/sh\n{ echo \"$ALERT_ID $ALERT_KIND $ALERT_ROUTE $1 ${HOME-none}\"; "
         "cat; } > "
      << path << "\n";
  std::filesystem::permissions(script, std::filesystem::perms::owner_all);
  fixture f;
  f.make(section_of("exec", {{"command", script.string() + " word"}}));
  CHECK(f.deliver().state == delivery_state::delivered);
  std::ostringstream all;
  all << std::ifstream{path}.rdbuf();
  CHECK(all.str() == "alert_1 raised big word none\n{\"type\":\"alert.raised\"}");
  for (const auto& [command, why] : {std::pair{"/bin/false", "exited with 1"},
                                     {"/no/such/program", "No such file"},
                                     {"/bin/sleep 100", "took too long"}}) {
    stop(f.self, f.sink);
    f.make(section_of("exec", {{"command", command}, {"timeout", "300ms"}}));
    const auto outcome = f.deliver();
    CHECK(outcome.state == delivery_state::failed);
    CHECK(outcome.what.find(why) != std::string::npos);
  }
}
