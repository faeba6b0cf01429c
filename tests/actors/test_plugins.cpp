// What is read of a plugin before any of its code runs. The loading itself:
// tests/system/test_plugins.py.
#include <cstring>
#include <random>
#include <vector>

#include <elf.h>

#include <catch2/catch.hpp>

#include "actors/node/elf_section.hpp"
#include "actors/node/plugins.hpp"

using namespace eremos;

namespace {

struct section {
  std::string name;
  std::string bytes;
  Elf64_Word type = SHT_PROGBITS;
  Elf64_Xword flags = SHF_ALLOC;
};

template <class Struct>
void put(std::string& file, std::size_t at, const Struct& value) {
  std::memcpy(file.data() + at, &value, sizeof value);
}

template <class Struct>
Struct get(const std::string& file, std::size_t at) {
  Struct out;
  std::memcpy(&out, file.data() + at, sizeof out);
  return out;
}

/// A shared library of these sections and their table of names, which comes last.
std::string library(std::vector<section> sections) {
  sections.insert(sections.begin(), {"", "", SHT_NULL, 0});
  std::string names;
  sections.push_back({".shstrtab", "", SHT_STRTAB, 0});
  std::vector<Elf64_Shdr> headers;
  for (const auto& s : sections) {
    Elf64_Shdr header{};
    header.sh_name = static_cast<Elf64_Word>(names.size());
    header.sh_type = s.type;
    header.sh_flags = s.flags;
    headers.push_back(header);
    names += s.name + '\0';
  }
  sections.back().bytes = names;
  std::string out(sizeof(Elf64_Ehdr), '\0');
  for (std::size_t i = 0; i < sections.size(); ++i) {
    headers[i].sh_offset = out.size();
    headers[i].sh_size = sections[i].bytes.size();
    out += sections[i].bytes;
  }
  Elf64_Ehdr header{};
  std::memcpy(header.e_ident, ELFMAG, SELFMAG);
  header.e_ident[EI_CLASS] = ELFCLASS64;
  header.e_ident[EI_DATA] = ELFDATA2LSB;
  header.e_type = ET_DYN;
  header.e_shoff = out.size();
  header.e_shentsize = sizeof(Elf64_Shdr);
  header.e_shnum = static_cast<Elf64_Half>(headers.size());
  header.e_shstrndx = static_cast<Elf64_Half>(headers.size() - 1);
  put(out, 0, header);
  for (const auto& h : headers) out.append(reinterpret_cast<const char*>(&h), sizeof h);
  return out;
}

/// Changes the header of a library.
template <class F>
std::string with_header(std::string file, F change) {
  auto header = get<Elf64_Ehdr>(file, 0);
  change(header);
  put(file, 0, header);
  return file;
}

/// Changes the header of a section of a library.
template <class F>
std::string with_section(std::string file, std::size_t index, F change) {
  const auto at = get<Elf64_Ehdr>(file, 0).e_shoff + index * sizeof(Elf64_Shdr);
  auto header = get<Elf64_Shdr>(file, at);
  change(header);
  put(file, at, header);
  return file;
}

std::string why_not(const std::string& file) {
  const auto found = find_elf_section(file, "note");
  return found ? "" : found.error().message;
}

const std::string good = library({{".text", "code"}, {"note", "what it says"}, {"note2", "no"}});

}  // namespace

TEST_CASE("ELF: a section is found by its whole name", "[plugins]") {
  const auto found = find_elf_section(good, "note");
  REQUIRE(found);
  REQUIRE(found->has_value());
  CHECK(**found == "what it says");
  CHECK(found->value().data() >= good.data());  // a part of the file, not a copy
  for (const char* absent : {"not", "note22", "ote", "other"}) {
    const auto none = find_elf_section(good, absent);
    REQUIRE(none);
    CHECK_FALSE(none->has_value());
  }
}

TEST_CASE("ELF: a library without sections has none of the name", "[plugins]") {
  const auto stripped = with_header(good, [](auto& h) { h.e_shnum = 0; });
  const auto found = find_elf_section(stripped, "note");
  REQUIRE(found);
  CHECK_FALSE(found->has_value());
}

TEST_CASE("ELF: what is no shared library says what it is", "[plugins]") {
  CHECK(why_not("") == "is not an ELF file");
  CHECK(why_not("#!/bin/sh\n") == "is not an ELF file");
  CHECK(why_not("\x7f"
                "ELF") == "is cut off in its ELF header");
  CHECK(why_not(with_header(good, [](auto& h) { h.e_ident[EI_CLASS] = ELFCLASS32; })) ==
        "is not a 64-bit little-endian ELF file");
  CHECK(why_not(with_header(good, [](auto& h) { h.e_ident[EI_DATA] = ELFDATA2MSB; })) ==
        "is not a 64-bit little-endian ELF file");
  CHECK(why_not(with_header(good, [](auto& h) { h.e_type = ET_REL; })) ==
        "is an ELF file, but not a shared library");
}

TEST_CASE("ELF: a number that points outside the file is refused", "[plugins]") {
  const auto huge = ~std::uint64_t{0};
  for (const auto offset : {std::uint64_t{good.size()}, huge, huge - 63})
    CHECK(why_not(with_header(good, [=](auto& h) { h.e_shoff = offset; })) ==
          "has section headers outside the file");
  CHECK(why_not(with_header(good, [](auto& h) { h.e_shnum = 0xffff; })) ==
        "has section headers outside the file");
  CHECK(why_not(with_header(good, [](auto& h) { h.e_shentsize = 1; })) ==
        "has section headers of a size unknown here");
  CHECK(why_not(with_header(good, [](auto& h) { h.e_shstrndx = h.e_shnum; })) ==
        "has no names of sections");
  CHECK(why_not(with_section(good, 4, [=](auto& s) { s.sh_size = huge; })) ==
        "has names of sections outside the file");
  CHECK(why_not(with_section(good, 2, [=](auto& s) { s.sh_size = huge; })) ==
        "has a section outside the file");
  CHECK(why_not(with_section(good, 2, [=](auto& s) { s.sh_offset = huge; })) ==
        "has a section outside the file");
}

TEST_CASE("ELF: a section of the wrong kind, or a second one, is refused", "[plugins]") {
  CHECK(why_not(library({{"note", "x"}, {"note", "y"}})) == "has two sections of one name");
  CHECK(why_not(library({{"note", "x", SHT_NOTE}})) ==
        "has a section of the right name and the wrong kind");
  CHECK(why_not(library({{"note", "x", SHT_NOBITS}})) ==
        "has a section of the right name and the wrong kind");
  CHECK(why_not(library({{"note", "x", SHT_PROGBITS, 0}})) ==
        "has a section of the right name and the wrong kind");
}

TEST_CASE("ELF: no cut and no change of bytes reads outside the file", "[plugins]") {
  // Exactly sized copies, so that the address sanitizer sees a read behind the end.
  const auto looked_at = [](std::string_view bytes) {
    const std::vector<char> copy{bytes.begin(), bytes.end()};
    const std::string_view file{copy.data(), copy.size()};
    const auto found = find_elf_section(file, "note");
    if (!found || !*found) return false;
    const auto part = **found;
    CHECK(part.data() >= file.data());
    CHECK(part.data() + part.size() <= file.data() + file.size());
    return true;
  };
  REQUIRE(looked_at(good));
  // The headers stand at the end: every cut loses some.
  for (std::size_t size = 0; size < good.size(); ++size)
    CHECK_FALSE(looked_at(std::string_view{good}.substr(0, size)));
  std::mt19937 dice{1};
  for (int round = 0; round < 20'000; ++round) {
    auto changed = good;
    for (auto left = 1 + dice() % 4; left > 0; --left)
      changed[dice() % changed.size()] = static_cast<char>(dice() % 256);
    looked_at(changed);
  }
}

namespace {

/// The note of this very program, with one value replaced.
std::string note_with(std::string_view key, std::string_view value) {
  // Every key with a value of nobody's is refused, and the refusal tells the right ones.
  std::string out;
  const auto said = check_plugin_note(std::string_view{"note=0\n\0", 8});
  const std::string why = said ? "" : said.error().message;
  for (const char* k : {"note", "Eremos", "compiler", "C++ library", "CAF", "sanitizer"}) {
    const auto begin = why.find("another " + std::string{k} + " (");
    REQUIRE(begin != std::string::npos);
    const auto here = why.find("; here ", begin) + 7;
    std::string own = why.substr(here, why.find(')', here) - here);
    if (std::string_view{k} == "CAF") own = "1706";
    out += std::string{k} + '=' + (key == k ? std::string{value} : own) + '\n';
  }
  return out + '\0';
}

}  // namespace

TEST_CASE("PLUGIN: a note of the same build is accepted, padded or not", "[plugins]") {
  CHECK(check_plugin_note(note_with("", "")));
  CHECK(check_plugin_note(note_with("", "") + std::string(16, '\0')));
}

TEST_CASE("PLUGIN: whatever differs is named on both sides", "[plugins]") {
  const auto why = [](std::string_view key, std::string_view value) {
    return check_plugin_note(note_with(key, value)).error().message;
  };
  CHECK(why("Eremos", "9.8.7").starts_with("it was built with another Eremos (9.8.7; here "));
  CHECK(why("compiler", "clang++ 14.0.6")
            .starts_with("it was built with another compiler (clang++ 14.0.6; here g++ "));
  CHECK(why("CAF", "1705") == "it was built with another CAF (0.17.5; here 0.17.6)");
  CHECK(why("CAF", "x") == "it was built with another CAF (x; here 0.17.6)");
  CHECK(why("C++ library", "libstdc++ 12 abi 0")
            .starts_with("it was built with another C++ library (libstdc++ 12 abi 0; here "));
  CHECK(why("sanitizer", "thread").starts_with("it was built with another sanitizer (thread; "));
  CHECK(why("note", "2") == "it was built with another note (2; here 1)");
  CHECK(why("Eremos", "").starts_with("it was built with another Eremos (unnamed; here "));
  CHECK(why("Eremos", "\x1b[2J").find('\x1b') == std::string::npos);
}

TEST_CASE("PLUGIN: a note that EREMOS_PLUGIN() does not write is refused", "[plugins]") {
  const auto whole = note_with("", "");
  for (const auto& damaged :
       {std::string{}, std::string{"x"}, whole.substr(0, whole.size() - 1), whole + "more",
        std::string{"more=1\n"} + whole, whole.substr(0, whole.size() - 1) + whole})
    CHECK(check_plugin_note(damaged).error().message ==
          "its note is not one that EREMOS_PLUGIN() writes");
  CHECK_FALSE(check_plugin_note(std::string_view{"\0", 1}));
}

TEST_CASE("PLUGIN: none to load is no error, and a bad one is named", "[plugins]") {
  CHECK(load_plugins({}));
  CHECK(load_plugins({"no/such.so"}).error() ==
        failure{errc::bad_usage, "cannot load no/such.so: there is no such file"});
}
