# Finds gperftools' tcmalloc_minimal; the package ships no CMake files.
# Offers the imported target Tcmalloc::minimal: a program that links it allocates by it.
find_library(TCMALLOC_LIBRARY NAMES tcmalloc_minimal)

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(Tcmalloc
  REQUIRED_VARS TCMALLOC_LIBRARY
  REASON_FAILURE_MESSAGE "on Debian: apt-get install libgoogle-perftools-dev, or configure with -DEREMOS_TCMALLOC=OFF")

if(Tcmalloc_FOUND AND NOT TARGET Tcmalloc::minimal)
  add_library(Tcmalloc::minimal INTERFACE IMPORTED)
  # No symbol of it is named anywhere, so a linker that drops what nobody needs would drop it.
  set_target_properties(Tcmalloc::minimal PROPERTIES INTERFACE_LINK_LIBRARIES
    "-Wl,--push-state,--no-as-needed;${TCMALLOC_LIBRARY};-Wl,--pop-state")
endif()
mark_as_advanced(TCMALLOC_LIBRARY)
