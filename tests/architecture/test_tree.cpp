// The tree as it lies here keeps its own rules.
#include <algorithm>
#include <fstream>
#include <iterator>

#include <catch2/catch.hpp>

#include "tests/architecture/rules.hpp"

using namespace eremos::architecture;

TEST_CASE("architecture: the tree keeps its rules") {
  const auto tree = read_tree(EREMOS_SOURCE_DIR);
  for (const char* folder : {"messages/", "runtime/", "connectors/", "actors/", "tests/"}) {
    INFO("files read below " << folder);
    CHECK(std::any_of(tree.begin(), tree.end(),
                      [&](const source_file& f) { return f.path.starts_with(folder); }));
  }
  std::ifstream file{EREMOS_SOURCE_DIR "/tests/architecture/allowed.txt"};
  const std::string text{std::istreambuf_iterator<char>{file}, {}};
  for (const auto& v : check(tree, parse_allowances(text))) FAIL_CHECK(to_string(v));
}
