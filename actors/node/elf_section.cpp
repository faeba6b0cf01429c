#include "actors/node/elf_section.hpp"

#include <cstdint>
#include <cstring>

#include <elf.h>

namespace eremos {
namespace {

// Names and values are those of elf(5) and <elf.h>.

maybe<std::string_view> part_of(std::string_view file, std::uint64_t offset, std::uint64_t size) {
  if (offset > file.size() || size > file.size() - offset) return std::nullopt;
  return file.substr(offset, size);
}

/// A copy, as nothing in a file is aligned by any right.
template <class Struct>
maybe<Struct> read_at(std::string_view file, std::uint64_t offset) {
  const auto bytes = part_of(file, offset, sizeof(Struct));
  if (!bytes) return std::nullopt;
  Struct out;
  std::memcpy(&out, bytes->data(), sizeof out);
  return out;
}

failure malformed(std::string what) { return {errc::malformed_shape, std::move(what)}; }

/// The header of a library whose table of sections lies inside the file.
result<Elf64_Ehdr> read_header(std::string_view file) {
  if (!file.starts_with(std::string_view{ELFMAG, SELFMAG})) return malformed("is not an ELF file");
  const auto header = read_at<Elf64_Ehdr>(file, 0);
  if (!header) return malformed("is cut off in its ELF header");
  if (header->e_ident[EI_CLASS] != ELFCLASS64 || header->e_ident[EI_DATA] != ELFDATA2LSB)
    return malformed("is not a 64-bit little-endian ELF file");
  if (header->e_type != ET_DYN) return malformed("is an ELF file, but not a shared library");
  if (header->e_shnum == 0) return *header;  // stripped of all section headers
  if (header->e_shentsize != sizeof(Elf64_Shdr))
    return malformed("has section headers of a size unknown here");
  if (!part_of(file, header->e_shoff, std::uint64_t{header->e_shnum} * sizeof(Elf64_Shdr)))
    return malformed("has section headers outside the file");
  if (header->e_shstrndx >= header->e_shnum) return malformed("has no names of sections");
  return *header;
}

maybe<Elf64_Shdr> section_at(std::string_view file, const Elf64_Ehdr& header, std::size_t index) {
  return read_at<Elf64_Shdr>(file, header.e_shoff + index * sizeof(Elf64_Shdr));
}

/// Its bytes in the file. Nothing where they lie outside it, and of a section that has none.
maybe<std::string_view> bytes_of(std::string_view file, const Elf64_Shdr& section) {
  if (section.sh_type == SHT_NOBITS) return std::nullopt;
  return part_of(file, section.sh_offset, section.sh_size);
}

bool is_named(const Elf64_Shdr& section, std::string_view names, std::string_view name) {
  const auto own = part_of(names, section.sh_name, name.size() + 1);
  return own && own->substr(0, name.size()) == name && own->back() == '\0';
}

}  // namespace

result<maybe<std::string_view>> find_elf_section(std::string_view file, std::string_view name) {
  const auto header = read_header(file);
  if (!header) return header.error();
  maybe<std::string_view> found;
  if (header->e_shnum == 0) return found;
  const auto names_section = section_at(file, *header, header->e_shstrndx);
  const auto names = names_section ? bytes_of(file, *names_section) : std::nullopt;
  if (!names) return malformed("has names of sections outside the file");
  for (std::size_t i = 0; i < header->e_shnum; ++i) {
    const auto section = section_at(file, *header, i);
    if (!section || !is_named(*section, *names, name)) continue;
    if (found) return malformed("has two sections of one name");
    if (section->sh_type != SHT_PROGBITS || (section->sh_flags & SHF_ALLOC) == 0)
      return malformed("has a section of the right name and the wrong kind");
    found = bytes_of(file, *section);
    if (!found) return malformed("has a section outside the file");
  }
  return found;
}

}  // namespace eremos
