#include "runtime/config/section_reader.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "messages/keccak.hpp"

namespace eremos {
namespace {

/// More problems than a person reads at once; the rest are counted.
constexpr std::size_t problems_max = 50;

/// What a message quotes: as in the file, since the expanded text may hold a secret.
std::string_view quoted(const toml_value& value) {
  return std::string_view{value.written}.substr(0, 80);
}

}  // namespace

void problem_list::error(const text_place& at, std::string what) {
  errors_.push_back({at, std::move(what)});
}

void problem_list::warn(const text_place& at, std::string what) {
  warnings_.push_back({at, std::move(what)});
}

std::vector<std::string> problem_list::texts(std::vector<problem> problems) const {
  std::stable_sort(problems.begin(), problems.end(),
                   [](const problem& a, const problem& b) { return a.at < b.at; });
  std::vector<std::string> out;
  for (const auto& [at, what] : problems) {
    if (out.size() == problems_max) {
      out.push_back(fmt::format("{}: {} more problems", file_, problems.size() - problems_max));
      break;
    }
    out.push_back(fmt::format("{}: {}", where(at), what));
  }
  return out;
}

std::vector<failure> problem_list::errors() const {
  std::vector<failure> out;
  for (auto& text : texts(errors_)) out.push_back({errc::bad_config, std::move(text)});
  return out;
}

std::vector<std::string> problem_list::warnings() const { return texts(warnings_); }

std::string suggestion(std::string_view word, const std::vector<std::string>& known) {
  const auto guess = nearest(word, known);
  if (!guess.empty()) return fmt::format("; did you mean \"{}\"?", guess);
  return known.empty() ? "" : fmt::format("; known: {}", fmt::join(known, ", "));
}

bool section_reader::taken(std::string_view key) const {
  return std::find(taken_.begin(), taken_.end(), key) != taken_.end();
}

const toml_value* section_reader::take(std::string_view key) {
  if (!taken(key)) taken_.emplace_back(key);
  const auto& entries = table_.entries;
  const auto at =
      std::find_if(entries.begin(), entries.end(), [&](const auto& e) { return e.key == key; });
  return at == entries.end() ? nullptr : &at->value;
}

const toml_value* section_reader::table(std::string_view key) {
  const auto* value = take(key);
  if (value == nullptr || value->kind == toml_kind::table) return value;
  problems_.error(value->at, fmt::format("{}: want a table, not {}", key, to_string(value->kind)));
  return nullptr;
}

const toml_value* section_reader::scalar(std::string_view key) {
  const auto* value = take(key);
  if (value == nullptr || value->is_scalar()) return value;
  problems_.error(value->at,
                  fmt::format("{}: want one value, not {}", key, to_string(value->kind)));
  return nullptr;
}

maybe<located_text> section_reader::text(std::string_view key) {
  const auto* value = scalar(key);
  if (value == nullptr) return std::nullopt;
  if (value->kind == toml_kind::text) return located_text{value->text, value->at};
  problems_.error(value->at, fmt::format("{}: want text in quotes, not {}", key, value->written));
  return std::nullopt;
}

maybe<located_text> section_reader::word(std::string_view key,
                                         const std::vector<std::string>& words) {
  auto found = text(key);
  if (!found || std::find(words.begin(), words.end(), found->text) != words.end()) return found;
  const auto* value = take(key);
  const auto guess = nearest(value->text, words);
  problems_.error(
      value->at,
      fmt::format("{}: \"{}\" is not one of {}{}", key, quoted(*value), fmt::join(words, ", "),
                  guess.empty() ? "" : fmt::format("; did you mean \"{}\"?", guess)));
  return std::nullopt;
}

maybe<std::uint64_t> section_reader::number(std::string_view key, std::uint64_t min,
                                            std::uint64_t max) {
  const auto* value = scalar(key);
  if (value == nullptr) return std::nullopt;
  const auto parsed = parse_uint256(value->text);
  if (parsed && parsed->fits_uint64() && parsed->low64() >= min && parsed->low64() <= max)
    return parsed->low64();
  problems_.error(value->at, fmt::format("{}: \"{}\" is not a whole number from {} to {}", key,
                                         quoted(*value), min, max));
  return std::nullopt;
}

maybe<bool> section_reader::flag(std::string_view key) {
  const auto* value = scalar(key);
  if (value == nullptr) return std::nullopt;
  if (value->text == "true" || value->text == "false") return value->text == "true";
  problems_.error(value->at, fmt::format("{}: \"{}\" is not true or false", key, quoted(*value)));
  return std::nullopt;
}

maybe<duration_ms> section_reader::duration(std::string_view key, duration_ms min,
                                            duration_ms max) {
  const auto* value = scalar(key);
  if (value == nullptr) return std::nullopt;
  const auto parsed = parse_duration(value->text);
  if (parsed && *parsed >= min && *parsed <= max) return *parsed;
  problems_.error(
      value->at,
      parsed ? fmt::format("{}: \"{}\" is not from {} ms to {} ms", key, quoted(*value), min, max)
             : fmt::format("{}: \"{}\" is not a duration: want a whole number and ms, s, m, h or "
                           "d, like \"30s\"",
                           key, quoted(*value)));
  return std::nullopt;
}

maybe<wei> section_reader::amount(std::string_view key) {
  const auto* value = scalar(key);
  if (value == nullptr) return std::nullopt;
  auto parsed = parse_ether(value->text);
  if (parsed) return *parsed;
  problems_.error(value->at, fmt::format("{}: \"{}\" is not an amount of the chain's coin, like "
                                         "100 or \"1.5\"",
                                         key, quoted(*value)));
  return std::nullopt;
}

std::vector<located_text> section_reader::texts(std::string_view key) {
  const auto* value = take(key);
  if (value == nullptr) return {};
  std::vector<located_text> out;
  if (value->kind != toml_kind::list) {
    problems_.error(value->at, fmt::format("{}: want a list, like [\"…\"], not {}", key,
                                           to_string(value->kind)));
    return out;
  }
  for (const auto& item : value->items) {
    if (item.kind == toml_kind::text)
      out.push_back({item.text, item.at});
    else
      problems_.error(item.at,
                      fmt::format("{}: want text in quotes, not {}", key, to_string(item.kind)));
  }
  return out;
}

std::vector<address> section_reader::addresses(std::string_view key) {
  std::vector<address> out;
  for (const auto& [text, at] : texts(key)) {
    auto parsed = parse_checksummed(text);
    if (parsed)
      out.push_back(*parsed);
    else
      problems_.error(at, fmt::format("{}: {}", key, parsed.error().message));
  }
  return out;
}

option_map section_reader::rest(std::vector<std::string>& secret) {
  option_map out;
  for (const auto& [key, at, value] : table_.entries) {
    if (taken(key)) continue;
    taken_.push_back(key);
    if (value.is_scalar()) {
      out[key] = {{value.text}, false, problems_.where(value.at)};
      if (value.expanded) secret.push_back(key);
      continue;
    }
    const bool flat = value.kind == toml_kind::list &&
                      std::all_of(value.items.begin(), value.items.end(),
                                  [](const toml_value& item) { return item.is_scalar(); });
    if (!flat) {
      problems_.error(at,
                      fmt::format("{}: an option is one value or a list of values, not {}", key,
                                  value.kind == toml_kind::table ? "a table" : "a list of lists"));
      continue;
    }
    option_value list{{}, true, problems_.where(value.at)};
    for (const auto& item : value.items) {
      list.texts.push_back(item.text);
      list.places.push_back(problems_.where(item.at));
    }
    if (std::any_of(value.items.begin(), value.items.end(),
                    [](const toml_value& item) { return item.expanded; }))
      secret.push_back(key);
    out[key] = std::move(list);
  }
  return out;
}

void section_reader::finish() {
  for (const auto& [key, at, value] : table_.entries) {
    if (taken(key)) continue;
    problems_.error(at, fmt::format("unknown {} \"{}\" in {}{}",
                                    value.kind == toml_kind::table ? "table" : "key", key, title_,
                                    suggestion(key, taken_)));
  }
}

}  // namespace eremos
