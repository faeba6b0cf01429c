# eremos_layer(NAME [DEPENDS layer|library ...])
#
# One layer of the project: every .cpp under the folder NAME becomes an OBJECT library eremos_NAME.
# OBJECT, because a static library would drop the files whose only content is a registration
# (EREMOS_AGENT, connector tables). The order of layers itself is checked by tests/architecture.
function(eremos_layer name)
  cmake_parse_arguments(layer "" "" "DEPENDS" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/${name}/*.cpp")
  list(FILTER sources EXCLUDE REGEX "/main\\.cpp$")
  add_library(eremos_${name} OBJECT ${sources})
  target_include_directories(eremos_${name} PUBLIC
    "$<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}>" "$<INSTALL_INTERFACE:${EREMOS_INSTALL_HEADERS}>")
  # Our warnings are for our own files: an installed layer asks for nothing but its flags.
  target_link_libraries(eremos_${name} PUBLIC
    $<BUILD_INTERFACE:eremos_build_options> eremos_flags ${layer_DEPENDS})
  eremos_use_pch(eremos_${name})
endfunction()

# One precompiled header for the whole tree: caf/all.hpp alone costs about 9 s a file without it.
function(eremos_use_pch target)
  if(EREMOS_PCH)
    target_precompile_headers(${target} REUSE_FROM eremos_pch)
  endif()
endfunction()
