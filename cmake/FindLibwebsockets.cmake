# Finds libwebsockets whether or not its package ships CMake files.
# Offers the imported target Libwebsockets::websockets.
find_library(LIBWEBSOCKETS_LIBRARY NAMES websockets)
find_path(LIBWEBSOCKETS_INCLUDE_DIR NAMES libwebsockets.h)

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(Libwebsockets
  REQUIRED_VARS LIBWEBSOCKETS_LIBRARY LIBWEBSOCKETS_INCLUDE_DIR
  REASON_FAILURE_MESSAGE "on Debian: apt-get install libwebsockets-dev")

if(Libwebsockets_FOUND AND NOT TARGET Libwebsockets::websockets)
  add_library(Libwebsockets::websockets UNKNOWN IMPORTED)
  set_target_properties(Libwebsockets::websockets PROPERTIES
    IMPORTED_LOCATION "${LIBWEBSOCKETS_LIBRARY}"
    INTERFACE_INCLUDE_DIRECTORIES "${LIBWEBSOCKETS_INCLUDE_DIR}")
endif()
mark_as_advanced(LIBWEBSOCKETS_LIBRARY LIBWEBSOCKETS_INCLUDE_DIR)
