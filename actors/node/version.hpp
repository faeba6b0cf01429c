// The version of Eremos, as `version`, reports and stored reports name it. Any thread.
#pragma once
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace eremos {

#ifdef EREMOS_VERSION
inline constexpr std::string_view version_text =
    EREMOS_VERSION;  // CMakeLists.txt: project(VERSION)
#else
inline constexpr std::string_view version_text = "unknown";
#endif

/// Names and versions of the compiler and of the libraries this program runs with.
std::vector<std::pair<std::string, std::string>> library_versions();

}  // namespace eremos
