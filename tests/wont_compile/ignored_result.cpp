// A failure that nobody looks at would be lost in silence.
// expect: ignoring returned value.*nodiscard
#include "messages/bytes.hpp"

void f() {
#ifdef EREMOS_CORRECTED
  if (!eremos::parse_address("0x")) return;
#else
  eremos::parse_address("0x");
#endif
}
