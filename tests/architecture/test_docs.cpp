// What the guides quote is what is compiled: a code block that names its source is found there,
// word for word, and a guide shows no C++ of unknown origin. Links between pages lead somewhere.
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>

#include <catch2/catch.hpp>

#include "tests/architecture/rules.hpp"

using namespace eremos::architecture;

namespace {

struct code_block {
  std::string page;
  std::size_t line = 0;
  std::string language;
  std::string source;  ///< of "<!-- from PATH -->" on the line before; empty: none
  std::string text;
};

std::vector<code_block> blocks_of(const source_file& page) {
  constexpr std::string_view mark = "<!-- from ";
  std::vector<code_block> out;
  std::istringstream in{page.text};
  std::string line;
  std::string source;
  bool inside = false;
  for (std::size_t number = 1; std::getline(in, line); ++number) {
    if (line.starts_with("```")) {
      inside = !inside;
      if (inside) out.push_back({page.path, number, line.substr(3), source, {}});
      source.clear();
    } else if (inside) {
      out.back().text += line + "\n";
    } else {
      source = line.starts_with(mark) ? line.substr(mark.size(), line.find(" -->") - mark.size())
                                      : std::string{};
    }
  }
  return out;
}

std::string read(const std::string& path) {
  std::ifstream file{path, std::ios::binary};
  return {std::istreambuf_iterator<char>{file}, {}};
}

/// A lambda looks like a link.
std::string without_code(const std::string& text) {
  std::istringstream in{text};
  std::string out;
  std::string line;
  bool inside = false;
  while (std::getline(in, line)) {
    if (line.starts_with("```")) inside = !inside;
    if (!inside) out += line + "\n";
  }
  return out;
}

std::vector<source_file> pages() {
  std::vector<source_file> out;
  const std::filesystem::path root{EREMOS_SOURCE_DIR};
  out.push_back({"README.md", read((root / "README.md").string())});
  for (const auto& entry : std::filesystem::recursive_directory_iterator{root / "docs"})
    if (entry.path().extension() == ".md")
      out.push_back(
          {std::filesystem::relative(entry.path(), root).string(), read(entry.path().string())});
  return out;
}

}  // namespace

TEST_CASE("docs: code is quoted from files that are built and run") {
  std::size_t quoted = 0;
  for (const auto& page : pages()) {
    for (const auto& block : blocks_of(page)) {
      INFO(block.page << ":" << block.line);
      if (block.source.empty()) {
        CHECK(block.language != "cpp");
        continue;
      }
      ++quoted;
      const auto source = read(std::string{EREMOS_SOURCE_DIR "/"} + block.source);
      REQUIRE_FALSE(source.empty());
      CHECK(source.find(block.text) != std::string::npos);
    }
  }
  CHECK(quoted > 0);
}

TEST_CASE("docs: links between pages lead to files") {
  const std::filesystem::path root{EREMOS_SOURCE_DIR};
  for (auto page : pages()) {
    page.text = without_code(page.text);
    const auto folder = (root / page.path).parent_path();
    for (std::size_t at = page.text.find("]("); at != std::string::npos;
         at = page.text.find("](", at + 2)) {
      auto target = page.text.substr(at + 2, page.text.find(')', at) - at - 2);
      target = target.substr(0, target.find('#'));
      if (target.empty() || target.find("://") != std::string::npos) continue;
      INFO(page.path << " links to " << target);
      CHECK(std::filesystem::exists(folder / target));
    }
  }
}
