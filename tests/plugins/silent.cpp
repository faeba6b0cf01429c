// A plugin without an agent.
#include "runtime/plugin.hpp"
EREMOS_PLUGIN()
