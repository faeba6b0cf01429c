#include "runtime/plugin.hpp"
EREMOS_PLUGIN()
