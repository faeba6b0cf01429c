// A hash is no address: both are bytes, and a swapped pair would be a wrong alert.
// expect: could not convert
#include "messages/bytes.hpp"

#ifdef EREMOS_CORRECTED
using given = eremos::address;
#else
using given = eremos::hash32;
#endif

eremos::address beneficiary(given x) { return x; }
