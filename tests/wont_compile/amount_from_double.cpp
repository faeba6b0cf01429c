// An amount is never a double.
// expect: (narrowing conversion|conversion from .double.)
#include "messages/units.hpp"

#ifdef EREMOS_CORRECTED
constexpr std::uint64_t price = 2;
#else
constexpr double price = 1.5;
#endif

eremos::wei f() { return eremos::wei{price}; }
