#include <map>
#include <set>

#include <simdjson.h>
#include <catch2/catch.hpp>

#include "connectors/api/guards.hpp"
#include "connectors/api/json_body.hpp"
#include "connectors/api/live_filter.hpp"
#include "connectors/api/openapi.hpp"
#include "connectors/api/route.hpp"
#include "messages/keccak.hpp"

using namespace eremos;

namespace {

std::string lowered(std::string_view text) {
  std::string out{text};
  for (auto& c : out) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return out;
}

api_context some_context() {
  api_context out;
  out.chains = {{"mock", 1337}};
  out.hosts = {"node.example"};
  out.origins = {"https://app.example"};
  out.tokens = {
      {"reader", token_scope::read, keccak256(std::string_view{"a-token-to-read-with"})},
      {"writer", token_scope::write, keccak256(std::string_view{"a-token-to-write-with"})}};
  return out;
}

result<api_call> call(std::string_view method, std::string path, text_pairs query) {
  const auto match = find_route(method, path);
  REQUIRE(match.route);
  web_request request;
  request.query = std::move(query);
  return make_call(*match.route, match.path_arguments, request, some_context());
}

}  // namespace

TEST_CASE("API: the table of routes and the OpenAPI document agree both ways") {
  simdjson::dom::parser parser;
  const simdjson::padded_string text{openapi_text("1")};
  simdjson::dom::element document;
  REQUIRE(parser.parse(text).get(document) == simdjson::SUCCESS);
  CHECK(std::string_view{document["openapi"]} == "3.1.0");

  std::set<std::pair<std::string, std::string>> described, routed;
  std::map<std::string, std::set<std::string>> parameters_described, parameters_routed;
  for (const auto path : simdjson::dom::object(document["paths"]))
    for (const auto method : simdjson::dom::object(path.value)) {
      described.emplace(path.key, method.key);
      for (const auto p : simdjson::dom::array(method.value["parameters"])) {
        const std::string name{std::string_view{p["name"]}};
        parameters_described[std::string{path.key} + std::string{method.key}].insert(name);
        const bool in_path = std::string_view{p["in"]} == "path";
        CHECK(in_path == (std::string{path.key}.find("{" + name + "}") != std::string::npos));
        CHECK(bool(p["required"]) == in_path);
      }
    }
  for (const auto& r : api_routes()) {
    routed.emplace(r.path, lowered(r.method));
    for (const auto& p : r.parameters)
      parameters_routed[std::string{r.path} + lowered(r.method)].insert(std::string{p.name});
  }
  CHECK(described == routed);
  CHECK(parameters_described == parameters_routed);
  CHECK(routed.size() > 25);

  std::set<std::string_view> schemas;
  for (const auto& s : api_schemas()) {
    CAPTURE(s.name);
    CHECK(schemas.insert(s.name).second);
    simdjson::dom::parser of_schema;
    CHECK(of_schema.parse(s.json.data(), s.json.size()).error() == simdjson::SUCCESS);
  }
  for (const auto& r : api_routes()) {
    CAPTURE(r.path, r.method);
    CHECK((r.answer.find('/') != std::string_view::npos || schemas.contains(r.answer)));
    CHECK((r.body.empty() || schemas.contains(r.body)));
    // Whoever changes something says so, and whoever reads changes nothing.
    CHECK((r.method == "GET") == (r.scope != api_scope::write));
    std::size_t variables = 0;
    for (const auto& p : r.parameters) variables += p.in_path(r.path) ? 1 : 0;
    CHECK(variables == static_cast<std::size_t>(std::count(r.path.begin(), r.path.end(), '{')));
  }
}

TEST_CASE("API: a path is found whatever the method, and says which methods it takes") {
  CHECK(find_route("GET", "/api/v1/signals").route);
  CHECK(find_route("HEAD", "/api/v1/signals").route);
  const auto wrong = find_route("DELETE", "/api/v1/log-level");
  CHECK_FALSE(wrong.route);
  CHECK(wrong.methods == std::vector<std::string>{"GET", "PUT"});
  CHECK(find_route("GET", "/api/v1/nothing").methods.empty());
  CHECK(find_route("GET", "/api/v1/agents//pause").methods.empty());
  CHECK(find_route("GET", "/").methods.empty());
  CHECK(find_route("DELETE", "/api/v1/silences/7").route);
  CHECK(find_route("POST", "/api/v1/alerts/routes/severe/test").path_arguments ==
        text_pairs{{"id", "severe"}});
  CHECK(find_route("POST", "/api/v1/agents/skiero/pause").path_arguments ==
        text_pairs{{"id", "skiero"}});
}

TEST_CASE("API: parameters are what the table says, or the request is refused with the name") {
  CHECK(*call("GET", "/api/v1/signals", {{"chain", "mock"}})->count("chain") == 1337);
  CHECK(*call("GET", "/api/v1/signals", {{"subject", "0xABC"}})->text("subject") == "0xabc");
  CHECK(*call("GET", "/api/v1/signals", {{"since", "2026-11-22T10:00:00Z"}})->moment("since") ==
        1'795'341'600'000);
  CHECK(call("GET", "/api/v1/signals", {})->limit() == limit_default);
  const struct {
    text_pairs query;
    const char* name;
  } cases[] = {
      {{{"limit", "0"}}, "limit"},
      {{{"limit", "501"}}, "limit"},
      {{{"limit", "1e1"}}, "limit"},
      {{{"limit", "5"}, {"limit", "5"}}, "limit"},
      {{{"min_confidence", "1.5"}}, "min_confidence"},
      {{{"min_confidence", "nan"}}, "min_confidence"},
      {{{"severity", "HIGH"}}, "severity"},
      {{{"chain", "etherum"}}, "chain"},
      {{{"since", "yesterday"}}, "since"},
      {{{"status", ""}}, "status"},
      {{{"subject", std::string(513, 'a')}}, "subject"},
      {{{"lmit", "5"}}, "did you mean \"limit\"?"},
      {{{"id", "x"}}, "id"},
  };
  for (const auto& c : cases) {
    CAPTURE(c.query);
    const auto made = call("GET", "/api/v1/signals", c.query);
    REQUIRE_FALSE(made);
    CHECK(made.error().message.find(c.name) != std::string::npos);
  }
  CHECK_FALSE(call("GET", "/api/v1/signals/xyz", {}));
  CHECK(call("GET", "/api/v1/memory", {{"tag", "a"}, {"tag", "b"}})->all("tag").size() == 2);
  CHECK_FALSE(call("GET", "/api/v1/memory", text_pairs(17, {"tag", "a"})));
}

TEST_CASE("API: only addresses and configured names are answered to") {
  const auto context = some_context();
  for (const auto* host : {"127.0.0.1:8900", "127.0.0.1", "[::1]:8900", "localhost", "LOCALHOST:1",
                           "192.168.1.7:8900", "node.example:8900"})
    CHECK(host_allowed(host, context));
  for (const auto* host : {"", "evil.example", "127.0.0.1.evil.example",
                           "localhost.evil.example:8900", "[evil]", "0x7f.1", "node.example.evil"})
    CHECK_FALSE(host_allowed(host, context));
  CHECK(origin_allowed("http://127.0.0.1:8900", "127.0.0.1:8900", context));
  CHECK(origin_allowed("https://app.example", "127.0.0.1:8900", context));
  for (const auto* origin : {"null", "http://evil.example", "https://127.0.0.1:8900",
                             "http://127.0.0.1:8901", "https://app.example.evil", ""})
    CHECK_FALSE(origin_allowed(origin, "127.0.0.1:8900", context));
}

TEST_CASE("API: tokens are found by what they are, in either place") {
  const auto context = some_context();
  REQUIRE(find_token("a-token-to-read-with", context));
  CHECK(find_token("a-token-to-read-with", context)->name == "reader");
  CHECK(find_token("a-token-to-write-with", context)->scope == token_scope::write);
  for (const auto* wrong :
       {"", "a-token-to-read-wit", "a-token-to-read-with ", "A-TOKEN-TO-READ-WITH"})
    CHECK(find_token(wrong, context) == nullptr);
  web_request request;
  request.headers = {{"authorization", "Bearer abc"}};
  CHECK(bearer_of(request) == "abc");
  request.headers = {{"authorization", "Basic abc"}};
  CHECK(bearer_of(request).empty());
  request.headers = {{"sec-websocket-protocol", "eremos, bearer.abc"}};
  CHECK(bearer_of(request) == "abc");
}

TEST_CASE("API: an address asks at its rate, after a burst of two seconds of it") {
  request_rate rate{10};
  int taken = 0;
  for (int i = 0; i < 100; ++i) taken += rate.take("a", 1'000) ? 1 : 0;
  CHECK(taken == 20);
  CHECK(rate.take("b", 1'000));
  CHECK(rate.take("a", 1'100));
  CHECK_FALSE(rate.take("a", 1'100));
  for (std::size_t i = 0; i < 2 * request_rate::peers_max; ++i) rate.take(std::to_string(i), 2'000);
  CHECK(rate.take("a", 3'000));
}

TEST_CASE("API: bodies are read strictly") {
  const auto message = read_message(
      R"({"to":"skiero","topic":"request","priority":"high","details":{"b":[1,{"c":null}],"a":"x"}})");
  REQUIRE(message);
  CHECK(message->what.to == "skiero");
  CHECK(message->what.rank == priority::high);
  CHECK(message->what.details.to_json() == R"({"a":"x","b":[1,{"c":null}]})");
  std::string deep = R"({"topic":"t","details":{"a":)";
  deep += std::string(100, '[') + std::string(100, ']') + "}}";
  for (const auto& body :
       {std::string{}, std::string{"[]"}, std::string{"{"}, std::string{"{}"},
        std::string{R"({"topic":1})"}, std::string{R"({"topic":""})"},
        std::string{R"({"topic":"t","topic":"u"})"},
        std::string{R"({"topic":"t","from":"skiero"})"},
        std::string{R"({"topic":"t","details":[]})"},
        std::string{R"({"topic":"t","priority":"now"})"},
        std::string{R"({"topic":"t","details":{"a":1,"a":2}})"},
        std::string{"{\"topic\":\"\xff\"}"}, deep,
        R"({"topic":"t","details":{"a":")" + std::string(70'000, 'a') + "\"}}"}) {
    CAPTURE(body.substr(0, 80));
    CHECK_FALSE(read_message(body));
  }
  const auto quiet = read_silence(
      R"({"seconds":7200,"type":"flood","subject":"0xABC","comment":"known since \"May\""})");
  REQUIRE(quiet);
  CHECK(quiet->lasts_ms == 2 * hour_ms);
  CHECK(*quiet->what.type == "flood");
  CHECK(*quiet->what.subject == "0xabc");
  CHECK(quiet->what.comment == "known since \"May\"");
  CHECK_FALSE(quiet->what.route);
  for (const auto* body :
       {R"({"seconds":7200})", R"({"type":"flood"})", R"({"seconds":0,"type":"flood"})",
        R"({"seconds":-1,"type":"flood"})", R"({"seconds":1.5,"type":"flood"})",
        R"({"seconds":31622401,"type":"flood"})", R"({"seconds":"60","type":"flood"})",
        R"({"seconds":60,"type":""})", R"({"seconds":60,"type":null})",
        R"({"seconds":60,"type":"flood","until":5})", R"({"seconds":60,"route":["a"]})"}) {
    CAPTURE(body);
    CHECK_FALSE(read_silence(body));
  }
  CHECK_FALSE(
      read_silence(R"({"seconds":60,"type":"a","comment":")" + std::string(513, 'a') + "\"}"));
  CHECK(*read_log_level(R"({"level":"debug"})") == log_level::debug);
  CHECK_FALSE(read_log_level(R"({"level":"loud"})"));
  CHECK_FALSE(read_log_level(R"({})"));
}

TEST_CASE("API: a live cursor comes back as it went") {
  const live_cursor x{12, 1'795'341'600'000ull << 20};
  CHECK(*parse_live_cursor(to_string(x)) == x);
  for (const auto* wrong :
       {"", "1", "1.", ".1", "-1.2", "1.2.3", "1.2 ", "x.y", "99999999999999999999.1"})
    CHECK_FALSE(parse_live_cursor(wrong));
}
