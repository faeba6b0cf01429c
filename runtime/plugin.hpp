// What makes a shared library of agents an Eremos plugin: one EREMOS_PLUGIN() in one of its files.
// Checks nothing and loads nothing (actors/node/plugins.hpp). No CAF beyond its version.
//
//   #include "runtime/plugin.hpp"
//   EREMOS_PLUGIN()
#pragma once
#include <version>

#include <caf/config.hpp>

#define EREMOS_TEXT_OF(x) EREMOS_TEXT_OF_EXPANDED(x)
#define EREMOS_TEXT_OF_EXPANDED(x) #x

#ifdef __clang__
#define EREMOS_COMPILER "clang++ " __clang_version__
#else
#define EREMOS_COMPILER "g++ " __VERSION__
#endif

#ifdef _GLIBCXX_DEBUG
#define EREMOS_LIBRARY_MODE " debug"
#else
#define EREMOS_LIBRARY_MODE ""
#endif
#define EREMOS_LIBRARY                                                                         \
  "libstdc++ " EREMOS_TEXT_OF(_GLIBCXX_RELEASE) " abi " EREMOS_TEXT_OF(_GLIBCXX_USE_CXX11_ABI) \
      EREMOS_LIBRARY_MODE

// A sanitizer's run-time library must be in the program from its start.
#if defined(__SANITIZE_ADDRESS__)
#define EREMOS_SANITIZER "address"
#elif defined(__SANITIZE_THREAD__)
#define EREMOS_SANITIZER "thread"
#else
#define EREMOS_SANITIZER "none"
#endif

/// Everything that must be the same in a plugin and in the program that loads it: objects of each
/// other's making are passed between them. One `key=value` a line; the first says how to read the
/// rest. EREMOS_VERSION comes from the build: link Eremos::plugin.
#define EREMOS_PLUGIN_NOTE                             \
  EREMOS_NOTE_LINE("note", "1")                        \
  EREMOS_NOTE_LINE("Eremos", EREMOS_VERSION)           \
  EREMOS_NOTE_LINE("compiler", EREMOS_COMPILER)        \
  EREMOS_NOTE_LINE("C++ library", EREMOS_LIBRARY)      \
  EREMOS_NOTE_LINE("CAF", EREMOS_TEXT_OF(CAF_VERSION)) \
  EREMOS_NOTE_LINE("sanitizer", EREMOS_SANITIZER)
#define EREMOS_NOTE_LINE(key, value) key "=" value "\n"

/// The ELF section that holds the note, so that it is read before any code of the plugin runs.
#define EREMOS_PLUGIN_SECTION "eremos_abi"

/// Once per plugin. The symbol keeps the linker from leaving the section out.
#define EREMOS_PLUGIN()                                                                   \
  extern "C" __attribute__((visibility("default"), used, section(EREMOS_PLUGIN_SECTION))) \
  const char eremos_plugin_abi[] = EREMOS_PLUGIN_NOTE;
