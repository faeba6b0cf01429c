// A plugin that wants a function which nobody has.
#include "runtime/plugin.hpp"
EREMOS_PLUGIN()

int defined_nowhere();
[[maybe_unused]] extern const int wanted;
const int wanted = defined_nowhere();
