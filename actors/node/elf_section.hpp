// One section of a shared library, read from its bytes: nothing of it runs. Reads 64-bit
// little-endian ELF only and trusts no number in it. Any thread.
#pragma once
#include <string_view>

#include "messages/error.hpp"
#include "messages/inspect.hpp"

namespace eremos {

/// The bytes of a section that is loaded with the library, as a part of `file`; nothing where there
/// is none of that name. Errors: malformed_shape, for what is not a shared library, for a number
/// that points outside the file, and for a second section of the name.
result<maybe<std::string_view>> find_elf_section(std::string_view file, std::string_view name);

}  // namespace eremos
