// A shared library that is no plugin. Its initialiser must never run.
#include <cstdio>

namespace {
[[maybe_unused]] const int ran = std::puts("CODE RAN: plain");
}
