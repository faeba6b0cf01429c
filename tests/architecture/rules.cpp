#include "tests/architecture/rules.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <functional>
#include <map>
#include <set>
#include <sstream>
#include <tuple>

#include <fmt/format.h>

namespace eremos::architecture {
namespace {

// --- the shape of the project
// -------------------------------------------------------------------

struct layer_rule {
  std::string_view folder;
  std::vector<std::string_view> may_include;
};
/// The longest folder that fits a path decides. Nothing of the product includes tests or examples.
const std::vector<layer_rule>& layers() {
  static const std::vector<layer_rule> all = {
      {"messages/", {"messages/"}},
      {"runtime/", {"runtime/", "messages/"}},
      {"connectors/", {"connectors/", "runtime/", "messages/"}},
      {"actors/", {"actors/", "runtime/", "messages/"}},
      {"actors/node/", {"actors/", "connectors/", "runtime/", "messages/"}},
  };
  return all;
}
constexpr std::string_view wiring = "actors/node/";  // included by nobody but itself

struct door {
  std::string_view library;
  std::vector<std::string_view> includes;  ///< how its headers begin
  std::vector<std::string_view> rooms;     ///< paths that may include them
  std::size_t files_max;                   ///< how many files in all
};
constexpr std::size_t any_number = 1'000;
const std::vector<door>& doors() {
  static const std::vector<door> all = {
      {"libwebsockets", {"libwebsockets", "lws"}, {"connectors/net/"}, any_number},
      {"libcurl", {"curl/"}, {"connectors/net/"}, any_number},
      {"OpenSSL", {"openssl/"}, {"connectors/net/"}, any_number},
      {"simdjson",
       {"simdjson"},
       {"connectors/ethereum/", "connectors/replay/", "connectors/api/"},
       any_number},
      {"prometheus-cpp", {"prometheus/"}, {"connectors/api/"}, 1},
      {"libsecp256k1", {"secp256k1"}, {"connectors/ethereum/verify/"}, 1},
      {"SQLite", {"sqlite3"}, {"runtime/storage/"}, any_number},
      {"toml++", {"toml++/", "toml.hpp"}, {"runtime/config/"}, 1},
      {"CLI11", {"CLI/"}, {"actors/node/"}, 1},
      {"zlib", {"zlib.h"}, {"runtime/journal/"}, any_number},
      {"Boost",
       {"boost/"},
       {"messages/units.cpp", "messages/flat_table.hpp", "runtime/per_block.hpp"},
       3},
      {"sockets",
       {"sys/socket.h", "netinet/", "arpa/", "sys/un.h"},
       {"connectors/net/", "connectors/api/", "actors/node/"},
       any_number},
  };
  return all;
}

/// Logic that must run anywhere: no CAF (not even through another header), no threads, no I/O.
bool is_pure_room(std::string_view path) {
  if (path.starts_with("messages/")) return !path.starts_with("messages/protocols.");
  return path.starts_with("actors/detect/") || path.starts_with("runtime/policy/") ||
         path.starts_with("runtime/barrier.") || path.starts_with("runtime/defaults.");
}

bool is_product(std::string_view path) {
  return path.starts_with("messages/") || path.starts_with("runtime/") ||
         path.starts_with("connectors/") || path.starts_with("actors/");
}
bool is_product_or_example(std::string_view path) {
  return is_product(path) || path.starts_with("examples/");
}
/// Benchmarks measure time, so only they are left out.
bool is_timeless(std::string_view path) {
  return is_product_or_example(path) ||
         (path.starts_with("tests/") && !path.starts_with("tests/bench/"));
}

// --- helpers
// ------------------------------------------------------------------------------------

struct parsed_file {
  std::string path;
  std::string text;
  bool is_cpp = false;
  std::string code;  ///< without comments and text
  std::vector<include_line> includes;
};
using parsed_tree = std::vector<parsed_file>;
using violations = std::vector<violation>;

bool starts_with_any(std::string_view text, const std::vector<std::string_view>& prefixes) {
  return std::any_of(prefixes.begin(), prefixes.end(),
                     [&](std::string_view p) { return text.starts_with(p); });
}

bool is_any_of(std::string_view word, const std::vector<std::string_view>& words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

/// What stands directly before an offset, blanks skipped.
std::string_view before(std::string_view code, std::size_t at, std::size_t count) {
  while (at > 0 && code[at - 1] == ' ') --at;
  const auto begin = at > count ? at - count : 0;
  return code.substr(begin, at - begin);
}
std::string_view after(std::string_view code, std::size_t at) {
  const auto next = code.find_first_not_of(" \n", at);
  return next == std::string_view::npos ? std::string_view{} : code.substr(next);
}

/// A rule that looks at the identifiers of C++ files.
violations find_words(
    const parsed_tree& tree, bool (*applies)(std::string_view), std::string_view rule,
    const std::function<bool(std::string_view word, std::string_view code, std::size_t at)>& bad,
    std::string_view why) {
  violations out;
  for (const auto& file : tree) {
    if (!file.is_cpp || !applies(file.path)) continue;
    for_each_identifier(file.code, [&](std::string_view word, std::size_t at) {
      if (bad(word, file.code, at))
        out.push_back({std::string{rule}, file.path, line_at(file.code, at),
                       fmt::format("{}: {}", word, why)});
    });
  }
  return out;
}

// --- arrows and doors
// ---------------------------------------------------------------------------

violations arrows(const parsed_tree& tree) {
  violations out;
  for (const auto& file : tree) {
    const layer_rule* rule = nullptr;
    for (const auto& layer : layers())
      if (file.path.starts_with(layer.folder)) rule = &layer;
    if (!file.is_cpp || rule == nullptr) continue;
    for (const auto& include : file.includes) {
      if (include.system) continue;
      const bool allowed = starts_with_any(include.target, rule->may_include) &&
                           (!include.target.starts_with(wiring) || rule->folder == wiring);
      if (!allowed)
        out.push_back(
            {"arrows", file.path, include.line,
             fmt::format("{} may not include \"{}\"; includes go from the root to {}", rule->folder,
                         include.target, fmt::join(rule->may_include, ", "))});
    }
  }
  return out;
}

violations dependency_doors(const parsed_tree& tree) {
  violations out;
  for (const auto& door : doors()) {
    std::set<std::string> inside;
    for (const auto& file : tree) {
      if (!file.is_cpp || !is_product_or_example(file.path)) continue;
      for (const auto& include : file.includes) {
        if (!starts_with_any(include.target, door.includes)) continue;
        if (starts_with_any(file.path, door.rooms)) inside.insert(file.path);
        if (!starts_with_any(file.path, door.rooms))
          out.push_back(
              {"doors", file.path, include.line,
               fmt::format("{} is only for {}", door.library, fmt::join(door.rooms, ", "))});
        else if (inside.size() > door.files_max)
          out.push_back({"doors", file.path, include.line,
                         fmt::format("{} has {} already", door.library, *inside.begin())});
      }
    }
  }
  return out;
}

/// How a file reaches CAF: "a -> b -> <caf/all.hpp>", or nothing.
std::string way_to_caf(const std::map<std::string_view, const parsed_file*>& by_path,
                       const parsed_file& file, std::set<std::string_view>& seen) {
  if (!seen.insert(file.path).second) return {};
  for (const auto& include : file.includes) {
    if (include.target.starts_with("caf/"))
      return fmt::format("{} -> <{}>", file.path, include.target);
    const auto next = by_path.find(include.target);
    if (include.system || next == by_path.end()) continue;
    if (const auto rest = way_to_caf(by_path, *next->second, seen); !rest.empty())
      return fmt::format("{} -> {}", file.path, rest);
  }
  return {};
}

violations pure_rooms(const parsed_tree& tree) {
  const std::vector<std::string_view> impure = {"fstream", "iostream", "cstdio", "filesystem",
                                                "thread",  "future",   "random", "stop_token",
                                                "sys/",    "unistd.h"};
  std::map<std::string_view, const parsed_file*> by_path;
  for (const auto& file : tree) by_path[file.path] = &file;
  violations out;
  for (const auto& file : tree) {
    if (!file.is_cpp || !is_pure_room(file.path)) continue;
    std::set<std::string_view> seen;
    if (const auto way = way_to_caf(by_path, file, seen); !way.empty())
      out.push_back({"pure", file.path, 1, "reaches CAF: " + way});
    for (const auto& include : file.includes)
      if (include.system && starts_with_any(include.target, impure))
        out.push_back(
            {"pure", file.path, include.line, fmt::format("<{}> in pure logic", include.target)});
  }
  return out;
}

// --- what nobody may use
// ------------------------------------------------------------------------

violations locks(const parsed_tree& tree) {
  const std::vector<std::string_view> words = {"mutex",
                                               "shared_mutex",
                                               "recursive_mutex",
                                               "timed_mutex",
                                               "lock_guard",
                                               "unique_lock",
                                               "scoped_lock",
                                               "shared_lock",
                                               "shared_timed_mutex",
                                               "recursive_timed_mutex",
                                               "condition_variable",
                                               "condition_variable_any",
                                               "call_once",
                                               "once_flag",
                                               "counting_semaphore",
                                               "binary_semaphore",
                                               "latch",
                                               "atomic_flag"};
  return find_words(
      tree, is_product_or_example, "locks",
      [&](std::string_view word, std::string_view code, std::size_t at) {
        const bool of_std = before(code, at, 5) == "std::";
        return is_any_of(word, words) || (word == "barrier" && of_std) ||
               starts_with_any(word, {"spin_", "pthread_mutex", "pthread_cond", "pthread_rwlock",
                                      "pthread_spin", "pthread_barrier", "pthread_once"}) ||
               word.find("spinlock") != std::string_view::npos;
      },
      "actors share no locks");
}

violations statics(const parsed_tree& tree) {
  violations out;
  for (const auto& file : tree) {
    if (!file.is_cpp || !is_product_or_example(file.path)) continue;
    for (const auto at : mutable_state_in(file.code))
      out.push_back({"statics", file.path, line_at(file.code, at),
                     "state that can change and belongs to no actor"});
  }
  return out;
}

violations clocks(const parsed_tree& tree) {
  const std::vector<std::string_view> words = {
      "system_clock", "steady_clock", "high_resolution_clock",
      "utc_clock",    "gettimeofday", "clock_gettime",
      "localtime",    "localtime_r"};
  return find_words(
      tree, is_timeless, "clocks",
      [&](std::string_view word, std::string_view code, std::size_t at) {
        // time(nullptr), std::time(...): but not a member or a function of ours.
        const auto rest = after(code, at + word.size());
        const bool c_time =
            word == "time" && (rest.starts_with("(nullptr") || rest.starts_with("(NULL") ||
                               (rest.starts_with("(") && before(code, at, 5) == "std::"));
        return is_any_of(word, words) || c_time;
      },
      "logic knows event time only");
}

violations sleeps(const parsed_tree& tree) {
  const std::vector<std::string_view> words = {"sleep_for", "sleep_until", "usleep", "nanosleep",
                                               "sleep"};
  return find_words(
      tree, is_timeless, "sleeps",
      [&](std::string_view word, std::string_view code, std::size_t at) {
        return is_any_of(word, words) && after(code, at + word.size()).starts_with("(");
      },
      "nothing waits for real time to pass");
}

violations atomics(const parsed_tree& tree) {
  return find_words(
      tree, is_product_or_example, "atomics",
      [](std::string_view word, std::string_view code, std::size_t at) {
        const bool of_std = before(code, at, 5) == "std::";
        return of_std && (word == "atomic" || word.starts_with("atomic_"));
      },
      "only lane mailbox, wake-ups and progress counters");
}

violations randomness(const parsed_tree& tree) {
  const std::vector<std::string_view> words = {"random_device", "rand", "srand", "getrandom",
                                               "arc4random"};
  return find_words(
      tree, is_product_or_example, "random",
      [&](std::string_view word, std::string_view code, std::size_t at) {
        const bool call = word == "random_device" || after(code, at + word.size()).starts_with("(");
        return is_any_of(word, words) && call;
      },
      "the same input must give the same set of signals");
}

// --- form
// ---------------------------------------------------------------------------------------

violations long_files(const parsed_tree& tree) {
  constexpr std::size_t lines_max = 600;
  constexpr std::size_t with_reason_max = 2;
  constexpr std::size_t head = 1'000;  // characters in which the reason must stand
  violations out;
  std::size_t with_reason = 0;
  for (const auto& file : tree) {
    const bool source = file.is_cpp || file.path.starts_with("scripts/") ||
                        file.path.ends_with(".py") || file.path.ends_with(".js") ||
                        file.path.ends_with(".mjs") || file.path.ends_with(".cmake");
    const auto lines = line_at(file.text, file.text.size());
    if (!source || lines <= lines_max + 1) continue;
    const bool reason =
        std::string_view{file.text}.substr(0, head).find("Over 600 lines:") != std::string::npos;
    if (!reason || ++with_reason > with_reason_max)
      out.push_back({"long", file.path, lines,
                     reason ? "a third file over 600 lines"
                            : "over 600 lines; split it, or say \"Over 600 lines: …\" at its top"});
  }
  return out;
}

/// Whether what stands at `at` continues a longer path or an address: "https://host/home/".
bool is_inside_path(std::string_view text, std::size_t at) {
  const char left = at == 0 ? ' ' : text[at - 1];
  return is_any_of(std::string_view{&left, 1}, {"_", ".", "-", "}", ">", "*"}) ||
         std::isalnum(static_cast<unsigned char>(left)) != 0;
}

/// Whether a path below /tmp names a folder there: a file of a test's own is nobody's.
bool names_folder(std::string_view rest) {
  const auto end = rest.find_first_not_of("abcdefghijklmnopqrstuvwxyz");
  return end != std::string_view::npos && end > 0 && rest[end] == '/';
}

violations machine_paths(const parsed_tree& tree) {
  // Put together here, so that this file does not break the rule.
  std::vector<std::string> folders;
  for (const char* name : {"home", "root", "Users", "work", "farm", "mnt", "tmp"})
    folders.push_back(fmt::format("/{}/", name));
  violations out;
  for (const auto& file : tree)
    for (const auto& folder : folders)
      for (auto at = file.text.find(folder); at != std::string::npos;
           at = file.text.find(folder, at + 1)) {
        if (is_inside_path(file.text, at)) continue;
        const auto rest = std::string_view{file.text}.substr(at + folder.size());
        if (folder == "/tmp/" && !names_folder(rest)) continue;
        // Tests of configuration invent a user's home.
        if (folder == "/home/" && file.path.starts_with("tests/")) continue;
        out.push_back({"machine", file.path, line_at(file.text, at),
                       fmt::format("{} is a path of one machine", folder)});
      }
  return out;
}

violations characters(const parsed_tree& tree) {
  violations out;
  const auto report = [&](const parsed_file& file, std::size_t at, const char* what) {
    out.push_back({"characters", file.path, line_at(file.text, at), what});
  };
  for (const auto& file : tree) {
    if (const auto tab = file.text.find('\t'); tab != std::string::npos) report(file, tab, "a tab");
    if (const auto cr = file.text.find('\r'); cr != std::string::npos)
      report(file, cr, "a carriage return");
    if (!file.text.empty() && file.text.back() != '\n')
      report(file, file.text.size(), "no line end at the end");
    if (!file.is_cpp) continue;
    const auto odd = std::find_if(file.code.begin(), file.code.end(),
                                  [](char c) { return static_cast<unsigned char>(c) >= 0x80; });
    if (odd != file.code.end())
      report(file, static_cast<std::size_t>(odd - file.code.begin()),
             "a character outside ASCII, neither in a comment nor in text");
  }
  return out;
}

violations headers(const parsed_tree& tree) {
  violations out;
  for (const auto& file : tree) {
    if (!file.path.ends_with(".hpp")) continue;
    if (!file.text.starts_with("// "))
      out.push_back({"headers", file.path, 1, "a header begins with what it is for"});
    if (file.code.find("#pragma once") == std::string::npos)
      out.push_back({"headers", file.path, 1, "no #pragma once"});
  }
  return out;
}

/// Two types of one name and namespace in two headers: no compiler sees both, and the linker keeps
/// the member functions of either.
violations twins(const parsed_tree& tree) {
  violations out;
  std::map<std::string, std::string> first_at;
  for (const auto& file : tree) {
    if (!file.path.ends_with(".hpp") || !is_product(file.path)) continue;
    std::vector<std::string> spaces;  // those that are open
    std::istringstream lines{file.code}, commented{file.text};
    std::string text, whole;
    for (std::size_t line = 1; std::getline(lines, text) && std::getline(commented, whole);
         ++line) {
      // The formatter writes this comment.
      if (whole.starts_with("}  // namespace") && !spaces.empty()) spaces.pop_back();
      // Only what begins a line is of a namespace; a declaration without a body ends in `;`.
      std::istringstream words{text};
      std::string kind, name, next;
      if (text.starts_with(' ') || !(words >> kind >> name)) continue;
      if (kind == "namespace") spaces.push_back(name);
      if (kind == "enum" && name == "class") words >> name;
      if (kind != "struct" && kind != "class" && kind != "enum") continue;
      words >> next;
      if (name.ends_with(';') || next.empty() || next.starts_with('<')) continue;
      const auto where = fmt::format("{}:{}", file.path, line);
      const auto [at, fresh] =
          first_at.emplace(fmt::format("{}::{}", fmt::join(spaces, "::"), name), where);
      if (!fresh)
        out.push_back({"twins", file.path, line,
                       fmt::format("{} is also defined in {}", at->first, at->second)});
    }
  }
  return out;
}

struct named_rule {
  std::string_view name;
  violations (*find)(const parsed_tree&);
};
constexpr std::array<named_rule, 14> rules = {{{"arrows", arrows},
                                               {"doors", dependency_doors},
                                               {"pure", pure_rooms},
                                               {"locks", locks},
                                               {"statics", statics},
                                               {"clocks", clocks},
                                               {"sleeps", sleeps},
                                               {"atomics", atomics},
                                               {"random", randomness},
                                               {"long", long_files},
                                               {"machine", machine_paths},
                                               {"characters", characters},
                                               {"headers", headers},
                                               {"twins", twins}}};

parsed_tree parse(const source_tree& tree) {
  parsed_tree out;
  for (const auto& file : tree) {
    parsed_file parsed{.path = file.path, .text = file.text, .code = {}, .includes = {}};
    parsed.is_cpp = file.path.ends_with(".cpp") || file.path.ends_with(".hpp");
    if (parsed.is_cpp) {
      parsed.code = blank_text_and_comments(file.text);
      parsed.includes = includes_of(file.text);
    }
    out.push_back(std::move(parsed));
  }
  return out;
}

}  // namespace

std::string to_string(const violation& v) {
  return fmt::format("{}:{}: [{}] {}", v.path, v.line, v.rule, v.what);
}

std::vector<allowance> parse_allowances(std::string_view text) {
  std::vector<allowance> out;
  std::size_t line = 0;
  while (!text.empty()) {
    ++line;
    const auto end = std::min(text.find('\n'), text.size());
    auto row = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    const auto take = [&] {
      row.remove_prefix(std::min(row.find_first_not_of(' '), row.size()));
      const auto word = row.substr(0, row.find(' '));
      row.remove_prefix(word.size());
      return std::string{word};
    };
    if (row.find_first_not_of(' ') == std::string_view::npos || row.starts_with("#")) continue;
    allowance a{.rule = take(), .path = take(), .reason = {}, .line = line};
    row.remove_prefix(std::min(row.find_first_not_of(' '), row.size()));
    a.reason = row;
    out.push_back(std::move(a));
  }
  return out;
}

std::vector<std::string> rule_names() {
  std::vector<std::string> out;
  for (const auto& rule : rules) out.emplace_back(rule.name);
  return out;
}

std::vector<violation> check(const source_tree& tree, const std::vector<allowance>& allowed) {
  const auto parsed = parse(tree);
  violations found;
  for (const auto& rule : rules)
    for (auto& v : rule.find(parsed)) found.push_back(std::move(v));

  for (const auto& a : allowed) {
    const auto matches = [&](const violation& v) { return v.rule == a.rule && v.path == a.path; };
    const auto count = std::erase_if(found, matches);
    if (a.reason.empty())
      found.push_back({"allowed", "tests/architecture/allowed.txt", a.line, "wants a reason"});
    else if (count == 0)
      found.push_back({"allowed", "tests/architecture/allowed.txt", a.line,
                       fmt::format("{} in {} allows nothing (any more)", a.rule, a.path)});
  }
  std::sort(found.begin(), found.end(), [](const violation& a, const violation& b) {
    return std::tie(a.path, a.line, a.rule) < std::tie(b.path, b.line, b.rule);
  });
  return found;
}

}  // namespace eremos::architecture
