// Whom facts are about that are not of a contract. Pure; any thread.
#pragma once
#include <algorithm>

#include "messages/bytes.hpp"

namespace eremos {

/// Of a pool that has an id and no contract of its own (Uniswap V4): the id's first 20 bytes. An id
/// is a hash, so that no other pool or contract has them.
inline address pool_fact_key(const hash32& id) noexcept {
  address out;
  std::copy_n(id.data.begin(), out.data.size(), out.data.begin());
  return out;
}

}  // namespace eremos
