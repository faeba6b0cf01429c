// Every rule catches what it is for, and leaves alone what only looks like it: without this the
// test of the tree could pass by seeing nothing.
#include <algorithm>
#include <set>

#include <fmt/format.h>
#include <catch2/catch.hpp>

#include "tests/architecture/rules.hpp"

using namespace eremos::architecture;

namespace {

std::vector<violation> found(const source_tree& tree, const std::string& rule,
                             const std::string& allowed = "") {
  auto out = check(tree, parse_allowances(allowed));
  std::erase_if(out, [&](const violation& v) { return v.rule != rule; });
  return out;
}

/// Whether a file of that path and code breaks the rule.
bool breaks(const std::string& rule, const std::string& path, const std::string& code) {
  return !found({{path, code}}, rule).empty();
}

/// A planted violation of each rule.
struct planted {
  const char* rule;
  const char* path;
  const char* code;
};
const std::vector<planted>& plants() {
  static const std::vector<planted> all = {
      // arrows
      {"arrows", "messages/a.hpp", "#include \"runtime/log.hpp\"\n"},
      {"arrows", "messages/a.hpp", "  #  include \"actors/a.hpp\"\n"},
      {"arrows", "runtime/a.cpp", "#include \"connectors/connector.hpp\"\n"},
      {"arrows", "runtime/a.cpp", "#include \"actors/detect/a.hpp\"\n"},
      {"arrows", "connectors/mock/a.cpp", "#include \"actors/services/wallets.hpp\"\n"},
      {"arrows", "actors/agents/a.cpp", "#include \"connectors/connector.hpp\"\n"},
      {"arrows", "actors/agents/a.cpp", "#include \"actors/node/wiring.hpp\"\n"},
      {"arrows", "actors/agents/a.cpp", "#include \"neighbour.hpp\"\n"},
      {"arrows", "actors/node/main.cpp", "#include \"tests/support/chain.hpp\"\n"},
      // twins
      {"twins", "actors/detect/a.hpp",
       "// a\nnamespace eremos {\nstruct a {\n};\nclass a final : b {\n};\n}\n"},
      {"twins", "runtime/a.hpp",
       "// a\nnamespace eremos {\nstruct a {};\nnamespace detail {\nstruct b {};\n}  // namespace "
       "detail\nstruct a {};\n}  // namespace eremos\n"},
      {"twins", "runtime/a.hpp", "// a\nenum class a : int { x };\nstruct a {};\n"},
      // doors
      {"doors", "connectors/ethereum/a.cpp", "#include <libwebsockets.h>\n"},
      {"doors", "connectors/sinks/a.cpp", "#include <curl/curl.h>\n"},
      {"doors", "actors/services/a.cpp", "#include <openssl/sha.h>\n"},
      {"doors", "connectors/mock/a.cpp", "#include <simdjson.h>\n"},
      {"doors", "connectors/ethereum/a.cpp", "#include <secp256k1.h>\n"},
      {"doors", "actors/services/a.cpp", "#include <sqlite3.h>\n"},
      {"doors", "actors/node/a.cpp", "#include <toml++/toml.h>\n"},
      {"doors", "runtime/config/a.cpp", "#include <CLI/CLI.hpp>\n"},
      {"doors", "connectors/replay/a.cpp", "#include <zlib.h>\n"},
      {"doors", "messages/bytes.cpp", "#include <boost/multiprecision/cpp_int.hpp>\n"},
      {"doors", "runtime/a.cpp", "#include <sys/socket.h>\n"},
      {"doors", "examples/a.cpp", "#include <sqlite3.h>\n"},
      // pure rooms
      {"pure", "actors/detect/a.hpp", "#include <caf/all.hpp>\n"},
      {"pure", "runtime/policy/a.hpp", "#include <caf/actor.hpp>\n"},
      {"pure", "runtime/barrier.cpp", "#include <thread>\n"},
      {"pure", "messages/lane.hpp", "#include <caf/meta/type_name.hpp>\n"},
      {"pure", "actors/detect/a.cpp", "#include <fstream>\n"},
      // locks
      {"locks", "runtime/a.cpp", "std::mutex m;\n"},
      {"locks", "actors/a.cpp", "std::condition_variable_any c;\n"},
      {"locks", "connectors/a.cpp", "const std::lock_guard guard{m};\n"},
      {"locks", "messages/a.cpp", "void f(std::barrier<>& b);\n"},
      {"locks", "runtime/a.cpp", "pthread_mutex_t m;\n"},
      {"locks", "runtime/a.cpp", "caf::detail::shared_spinlock lock;\n"},
      {"locks", "examples/a.cpp", "std::once_flag once;\n"},
      // statics
      {"statics", "runtime/a.cpp", "int f() { static int calls = 0; return ++calls; }\n"},
      {"statics", "runtime/a.cpp", "static std::vector<int> all;\n"},
      {"statics", "runtime/a.cpp", "static std::function<void(int)> hook = {};\n"},
      {"statics", "runtime/a.cpp", "struct s { inline static int shared{}; };\n"},
      {"statics", "runtime/a.cpp", "static const char* name = \"x\";\n"},
      {"statics", "runtime/a.cpp", "static std::vector<const int*> all;\n"},
      {"statics", "runtime/a.cpp", "thread_local int depth = 0;\n"},
      {"statics", "runtime/a.cpp", "namespace eremos {\nnamespace {\nint counter = 0;\n}\n}\n"},
      {"statics", "runtime/a.cpp", "namespace n { inline std::map<int, int> table = {{1, 2}}; }\n"},
      {"statics", "runtime/a.cpp", "int f(int x) { return x; }\nbool ready{};\n"},
      // clocks
      {"clocks", "actors/a.cpp", "auto t = std::chrono::system_clock::now();\n"},
      {"clocks", "runtime/a.cpp", "using clock = std::chrono::steady_clock;\n"},
      {"clocks", "messages/a.cpp", "const auto t = time(nullptr);\n"},
      {"clocks", "messages/a.cpp", "const auto t = std::time(&out);\n"},
      {"clocks", "connectors/a.cpp", "clock_gettime(CLOCK_REALTIME, &t);\n"},
      {"clocks", "tests/runtime/a.cpp", "auto t = std::chrono::steady_clock::now();\n"},
      // sleeps
      {"sleeps", "runtime/a.cpp", "std::this_thread::sleep_for(1ms);\n"},
      {"sleeps", "tests/runtime/a.cpp", "usleep (10);\n"},
      // atomics, random
      {"atomics", "actors/a.cpp", "std::atomic<int> n;\n"},
      {"atomics", "actors/a.cpp", "std::atomic_ref ref{n};\n"},
      {"random", "connectors/a.cpp", "std::random_device device;\n"},
      {"random", "connectors/a.cpp", "return rand() % 6;\n"},
      // characters, headers
      {"characters", "messages/a.cpp", "int\tx;\n"},
      {"characters", "messages/a.cpp", "int x;\r\n"},
      {"characters", "messages/a.cpp", "int x;"},
      {"characters", "messages/a.cpp",
       "int gr\xC3\xB6\xC3\x9F"
       "e;\n"},
      {"headers", "messages/a.hpp", "#pragma once\n"},
      {"headers", "messages/a.hpp", "// What it is for.\n"},
  };
  return all;
}

std::string lines(std::size_t count, const std::string& first = "// x\n") {
  std::string out = first;
  for (std::size_t i = 1; i < count; ++i) out += "\n";
  return out;
}

}  // namespace

TEST_CASE("architecture: each planted violation is caught") {
  for (const auto& plant : plants()) {
    INFO(plant.rule << " in " << plant.path << ": " << plant.code);
    CHECK(breaks(plant.rule, plant.path, plant.code));
  }
}

TEST_CASE("architecture: no rule is without a planted violation") {
  std::set<std::string> tried = {"long", "machine"};  // below: their plants are made, not written
  for (const auto& plant : plants()) tried.insert(plant.rule);
  for (const auto& rule : rule_names()) {
    INFO(rule);
    CHECK(tried.count(rule) == 1);
  }
  CHECK(tried.size() == rule_names().size());
}

TEST_CASE("architecture: what is as it should be is left alone") {
  const source_tree good = {
      {"messages/bytes.hpp", "// Bytes.\n#pragma once\n#include <array>\n"},
      {"messages/a.hpp", "// A.\n#pragma once\nnamespace eremos {\nstruct a;\nstruct b {};\n"},
      {"messages/b.hpp", "// B.\n#pragma once\nnamespace eremos::x {\nstruct b {};\n"},
      {"messages/c.hpp",
       "// C.\n#pragma once\nnamespace eremos {\nnamespace x::y {\nstruct b {};\n}  // namespace "
       "x::y\nstruct a {};\n}  // namespace eremos\n"},
      {"messages/units.cpp", "#include <boost/multiprecision/cpp_int.hpp>\n"},
      {"messages/protocols.hpp", "// Words.\n#pragma once\n#include <caf/typed_actor.hpp>\n"},
      {"runtime/log.hpp", "// Log.\n#pragma once\n#include \"messages/protocols.hpp\"\n"},
      {"runtime/config/toml.cpp", "#include <toml++/toml.h>\n"},
      {"connectors/net/http.cpp", "#include <curl/curl.h>\n#include \"runtime/log.hpp\"\n"},
      {"actors/detect/burst.cpp", "#include \"messages/bytes.hpp\"\n"},
      {"actors/node/main.cpp",
       "#include \"connectors/net/http.hpp\"\n#include \"actors/node/wiring.hpp\"\n"},
      {"tests/actors/a.cpp", "#include <simdjson.h>\n#include \"actors/node/wiring.hpp\"\n"},
      {"runtime/a.cpp",
       "// std::mutex and \xC3\xA9 are words here, and system_clock too\n"
       "/* static int x; */\n"
       "const char* const text = \"std::mutex, time(nullptr), gr\xC3\xBC\xC3\x9F\";\n"
       "constexpr auto raw = R\"x(\" static int y; std::mutex )x\";\n"
       "constexpr auto large = 1'000'000;\n"
       "namespace eremos {\n"
       "namespace {\n"
       "constexpr int limit = 3;\n"
       "const std::vector<int> all = {1, 64 * 1024};\n"
       "const auto f = [](int x) { return x; };\n"
       "struct point { int x = 0; int time(int unit) const; };\n"
       "enum class colour { red, blue };\n"
       "template <class T = int> T one() { T local = 1; return local; }\n"
       "bool operator==(const point& a, const point& b) { return a.x == b.x; }\n"
       "int plain(int a = 3);\n"
       "static int helper(int a) { static const int once = a; return once; }\n"
       "}  // namespace\n"
       "extern \"C\" { int from_c(void); }\n"
       "struct barrier { static barrier make(); static constexpr lane id = lane::low; };\n"
       "using clock = caf::actor_clock;\n"
       "void hold() { pthread_sigmask(SIG_BLOCK, &set, nullptr); }\n"
       "REGISTER(one)\n"
       "int point::time(int unit) const { int y = unit; return y; }\n"
       "}\n"},
  };
  for (const auto& v : check(good, {})) FAIL_CHECK(to_string(v));
}

TEST_CASE("architecture: CAF is found through any number of headers") {
  const source_tree tree = {
      {"actors/detect/burst.hpp", "// A.\n#pragma once\n#include \"runtime/middle.hpp\"\n"},
      {"runtime/middle.hpp", "// B.\n#pragma once\n#include \"runtime/far.hpp\"\n"},
      {"runtime/far.hpp",
       "// C.\n#pragma once\n#include \"runtime/middle.hpp\"\n#include <caf/actor.hpp>\n"}};
  const auto bad = found(tree, "pure");
  REQUIRE(bad.size() == 1);
  CHECK(bad[0].path == "actors/detect/burst.hpp");
  CHECK(bad[0].what ==
        "reaches CAF: actors/detect/burst.hpp -> runtime/middle.hpp -> runtime/far.hpp -> "
        "<caf/actor.hpp>");
}

TEST_CASE("architecture: a door for one file lets no second one in") {
  const source_tree tree = {{"runtime/config/a.cpp", "#include <toml++/toml.h>\n"},
                            {"runtime/config/b.cpp", "#include <toml++/toml.h>\n"}};
  const auto bad = found(tree, "doors");
  REQUIRE(bad.size() == 1);
  CHECK(bad[0].path == "runtime/config/b.cpp");
}

TEST_CASE("architecture: over 600 lines wants a reason, and only two files may have one") {
  CHECK_FALSE(breaks("long", "runtime/a.cpp", lines(600)));
  CHECK(breaks("long", "runtime/a.cpp", lines(601)));
  CHECK(breaks("long", "scripts/demo", lines(601)));
  CHECK_FALSE(breaks("long", "docs/status.md", lines(601)));
  const auto excused = lines(700, "// Over 600 lines: one table.\n");
  source_tree tree = {{"runtime/a.cpp", excused}, {"runtime/b.cpp", excused}};
  CHECK(found(tree, "long").empty());
  tree.push_back({"runtime/c.cpp", excused});
  CHECK(found(tree, "long").size() == 1);
}

TEST_CASE("architecture: a path of one machine is found, part of a longer path is not") {
  const auto path = [](const char* folder) { return fmt::format("see /{}/eremos\n", folder); };
  CHECK(breaks("machine", "docs/a.md", path("home")));
  CHECK_FALSE(breaks("machine", "tests/runtime/a.cpp", path("home")));
  CHECK(breaks("machine", "tests/runtime/a.cpp", path("root")));
  CHECK(breaks("machine", "scripts/test", fmt::format("cd /{}/eremos/build\n", "tmp")));
  CHECK_FALSE(breaks("machine", "scripts/test", "mkdtemp(\"/tmp/eremos-XXXXXX\")\n"));
  CHECK_FALSE(breaks("machine", "docs/a.md", "see https://example.org" + path("home").substr(4)));
  CHECK_FALSE(breaks("machine", "docs/a.md", "see /etc/eremos, ../shared/data\n"));
}

TEST_CASE("architecture: an allowance needs a reason and something to allow") {
  const source_tree tree = {{"runtime/a.cpp", "std::atomic<int> n;\nstd::atomic<int> m;\n"}};
  CHECK(found(tree, "atomics").size() == 2);
  CHECK(found(tree, "atomics", "atomics runtime/a.cpp it wakes an actor\n").empty());
  CHECK(found(tree, "allowed", "atomics runtime/a.cpp it wakes an actor\n").empty());
  CHECK(found(tree, "allowed", "atomics runtime/a.cpp\n").size() == 1);
  CHECK(found(tree, "allowed", "# why\n\natomics runtime/b.cpp gone since\n").size() == 1);
  CHECK(found(tree, "allowed", "atoms runtime/a.cpp no such rule\n").size() == 1);
}

TEST_CASE("architecture: a violation says where") {
  const auto bad = found({{"runtime/a.cpp", "\n\n  std::mutex m;\n"}}, "locks");
  REQUIRE(bad.size() == 1);
  CHECK(to_string(bad[0]) == "runtime/a.cpp:3: [locks] mutex: actors share no locks");
}
