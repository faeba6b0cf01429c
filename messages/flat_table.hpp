// A hash table whose entries lie beside each other: one cache line to find an entry and nothing to
// allocate for it, where std::unordered_map takes three and a node. An insertion moves entries, so
// no pointer to one outlives it; the order is nobody's. Values; any thread.
#pragma once
#include <functional>

#include <boost/unordered/unordered_flat_map.hpp>

namespace eremos {

template <class Key, class Value, class Hash = std::hash<Key>>
using flat_table = boost::unordered_flat_map<Key, Value, Hash>;

}  // namespace eremos
