# find_package(Eremos): Eremos::node for a program with agents of its own, Eremos::plugin for a
# shared library of agents that `eremos-node run --load` takes. Installed beside EremosTargets.cmake.
include(CMakeFindDependencyMacro)

set(eremos_module_path "${CMAKE_MODULE_PATH}")
list(PREPEND CMAKE_MODULE_PATH "${CMAKE_CURRENT_LIST_DIR}")  # FindCAF and others
find_dependency(CAF 0.17.6 COMPONENTS core)
find_dependency(Libwebsockets)
find_dependency(Secp256k1)
set(CMAKE_MODULE_PATH "${eremos_module_path}")
find_dependency(fmt)
find_dependency(simdjson)
find_dependency(SQLite3)
find_dependency(ZLIB)
find_dependency(zstd)
find_dependency(CURL)
find_dependency(OpenSSL)
find_dependency(tomlplusplus)
find_dependency(CLI11)
find_dependency(Boost 1.81)
find_dependency(prometheus-cpp CONFIG)

include("${CMAKE_CURRENT_LIST_DIR}/EremosTargets.cmake")

if(NOT TARGET Eremos::node)
  add_library(Eremos::node INTERFACE IMPORTED)
  foreach(layer IN ITEMS messages runtime connectors actors)
    target_link_libraries(Eremos::node INTERFACE Eremos::${layer} $<TARGET_OBJECTS:Eremos::${layer}>)
  endforeach()
  # Such a program takes --load as well: a plugin must find the agent registry in it.
  target_link_options(Eremos::node INTERFACE -rdynamic)
endif()
