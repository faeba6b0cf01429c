// Built for another version of Eremos. Its initialiser must never run.
#include <cstdio>

#include "runtime/plugin.hpp"

#undef EREMOS_VERSION
#define EREMOS_VERSION "99.0.0"
EREMOS_PLUGIN()

namespace {
[[maybe_unused]] const int ran = std::puts("CODE RAN: of_another_version");
}
