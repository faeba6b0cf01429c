// A plugin whose initialiser throws.
#include <stdexcept>

#include "runtime/plugin.hpp"
EREMOS_PLUGIN()

namespace {
int fail() { throw std::runtime_error{"no licence for today"}; }
[[maybe_unused]] const int never = fail();
}  // namespace
