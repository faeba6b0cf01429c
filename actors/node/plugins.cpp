#include "actors/node/plugins.hpp"

#include <algorithm>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <fstream>
#include <map>

#include <dlfcn.h>
#include <fmt/format.h>

#include "actors/node/elf_section.hpp"
#include "actors/node/queries.hpp"
#include "runtime/agent_registry.hpp"
#include "runtime/plugin.hpp"
#include "runtime/printable.hpp"

namespace eremos {
namespace {

namespace fs = std::filesystem;

/// Far above any library of agents, debug information included; it is read into memory.
constexpr std::uintmax_t plugin_bytes_max = std::uintmax_t{1} << 30;
/// Of a value in a foreign note, which may be anything.
constexpr std::size_t note_bytes_max = 64;

constexpr std::string_view own_note = EREMOS_PLUGIN_NOTE;

failure refused(std::string why) { return {errc::bad_usage, std::move(why)}; }

// --- the note
// ------------------------------------------------------------------------------------

struct note_line {
  std::string_view key;
  std::string_view value;
};

std::vector<note_line> lines_of(std::string_view note) {
  std::vector<note_line> out;
  while (!note.empty()) {
    const auto line = note.substr(0, note.find('\n'));
    note.remove_prefix(std::min(line.size() + 1, note.size()));
    const auto mark = std::min(line.find('='), line.size());
    out.push_back({line.substr(0, mark), line.substr(std::min(mark + 1, line.size()))});
  }
  return out;
}

std::string shown(const note_line& line) {
  const auto number = line.key == "CAF" ? parse_uint256(line.value) : result<uint256>{uint256{}};
  if (line.key != "CAF" || !number || !number->fits_uint64())
    return line.value.empty() ? "unnamed" : printable(line.value, note_bytes_max);
  const auto n = number->low64();  // CAF_VERSION: 1706 is 0.17.6
  return fmt::format("{}.{}.{}", n / 10'000, n / 100 % 100, n % 100);
}

// --- what initialisers throw
// ------------------------------------------------------------------------------------

/// The C library's loader lets no exception through: it ends in std::terminate, which is told here
/// what was being loaded.
const std::string* being_loaded = nullptr;

std::string current_exception_text() {
  try {
    if (const auto thrown = std::current_exception()) std::rethrow_exception(thrown);
  } catch (const std::exception& e) {
    return fmt::format("an initialiser of it threw: {}", printable(e.what()));
  } catch (...) {
    return "an initialiser of it threw something that is no std::exception";
  }
  return "an initialiser of it called std::terminate";
}

[[noreturn]] void refuse_what_threw() {
  fmt::print(stderr, "eremos-node: cannot load {}: {}\n", printable(*being_loaded),
             current_exception_text());
  std::_Exit(exit_usage);
}

/// dlopen, with `refuse_what_threw` for its time.
void* open_library(const fs::path& path, const std::string& file) {
  being_loaded = &file;
  const auto before = std::set_terminate(refuse_what_threw);
  // NODELETE: agents' code, their names and their types stay in use until the process ends.
  void* library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
  std::set_terminate(before);
  being_loaded = nullptr;
  return library;
}

// --- one plugin
// ------------------------------------------------------------------------------------

result<std::string> read_library(const fs::path& path) {
  std::error_code error;
  const auto kind = fs::status(path, error).type();
  if (kind == fs::file_type::not_found) return refused("there is no such file");
  if (kind != fs::file_type::regular) return refused("it is not a file that can be read");
  const auto size = fs::file_size(path, error);
  if (error) return refused(error.message());
  if (size > plugin_bytes_max) return refused("it is over 1 GiB");
  std::string bytes(static_cast<std::size_t>(size), '\0');
  std::ifstream in{path, std::ios::binary};
  if (!in.read(bytes.data(), static_cast<std::streamsize>(size)))
    return refused("it cannot be read");
  return bytes;
}

/// Before any code of it runs.
status check_library(const fs::path& path) {
  const auto bytes = read_library(path);
  if (!bytes) return bytes.error();
  const auto note = find_elf_section(*bytes, EREMOS_PLUGIN_SECTION);
  if (!note) return refused(fmt::format("it {}", note.error().message));
  if (!*note)
    return refused("it was not built as an Eremos plugin: it has no EREMOS_PLUGIN() line");
  return check_plugin_note(**note);
}

class plugin_loader {
 public:
  status load(const std::string& file) {
    std::error_code error;
    // Never a bare name, which the loader would look for elsewhere.
    const auto path = fs::absolute(file, error);
    if (error) return refused(error.message());
    for (const auto& other : paths_)
      if (fs::equivalent(path, other, error)) return refused("it is given twice");
    if (auto checked = check_library(path); !checked) return checked;
    void* library = nullptr;
    const auto agents = registered_during([&] { library = open_library(path, file); });
    if (library == nullptr) {
      const auto* reason = dlerror();
      return refused(reason == nullptr ? "unknown reason" : printable(reason));
    }
    if (agents.empty()) return refused("it registers no agent: it has no EREMOS_AGENT line");
    for (const auto& kind : agents)
      if (auto joined = join(kind, file); !joined) return joined;
    paths_.push_back(path);
    return ok;
  }

 private:
  status join(const agent_kind& kind, const std::string& file) {
    const auto [owner, fresh] = owners_.emplace(kind.info.id, file);
    if (!fresh || find_agent_kind(kind.info.id) != nullptr)
      return refused(fmt::format("its agent \"{}\" has the id of an agent of {}",
                                 printable(kind.info.id, note_bytes_max),
                                 fresh ? "this program" : printable(owner->second)));
    register_agent_kind(kind);
    return ok;
  }

  std::vector<fs::path> paths_;
  std::map<std::string, std::string, std::less<>> owners_;  ///< file by id of an agent
};

}  // namespace

status check_plugin_note(std::string_view note) {
  // It ends in one NUL; there may be more, which fill the section up.
  const auto end = note.find('\0');
  if (end == std::string_view::npos || note.find_first_not_of('\0', end) != std::string_view::npos)
    return refused("its note is not one that EREMOS_PLUGIN() writes");
  const auto text = note.substr(0, end);
  if (text == own_note) return ok;
  std::string differences;
  const auto lines = lines_of(text);
  for (const auto& own : lines_of(own_note)) {
    note_line its{own.key, {}};
    for (const auto& line : lines)
      if (line.key == own.key) its = line;
    if (its.value != own.value)
      differences += fmt::format("{}another {} ({}; here {})", differences.empty() ? "" : ", ",
                                 own.key, shown(its), shown(own));
  }
  if (differences.empty()) return refused("its note is not one that EREMOS_PLUGIN() writes");
  return refused(fmt::format("it was built with {}", differences));
}

status load_plugins(const std::vector<std::string>& files) {
  plugin_loader loader;
  for (const auto& file : files)
    if (auto loaded = loader.load(file); !loaded)
      return refused(fmt::format("cannot load {}: {}", printable(file), loaded.error().message));
  return ok;
}

}  // namespace eremos
