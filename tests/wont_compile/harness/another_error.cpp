// The harness must refuse this: it fails, but for another reason.
// expect: could not convert
#ifndef EREMOS_CORRECTED
#include "messages/no_such_header.hpp"
#endif
