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
  # Files of one shape: each has its own `make`, `routes`, `on_wake` …
  eremos_alone("/(connectors/(sinks|net)/|connectors/api/routes_)" ${sources})
  target_include_directories(eremos_${name} PUBLIC
    "$<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}>" "$<INSTALL_INTERFACE:${EREMOS_INSTALL_HEADERS}>")
  # Our warnings are for our own files: an installed layer asks for nothing but its flags.
  target_link_libraries(eremos_${name} PUBLIC
    $<BUILD_INTERFACE:eremos_build_options> eremos_flags ${layer_DEPENDS})
  eremos_use_pch(eremos_${name})
endfunction()

# One precompiled header for the whole tree: caf/all.hpp alone costs about 9 s a file without it. Even
# so each compilation costs 4 s before its first line, so several files share one.
function(eremos_use_pch target)
  if(EREMOS_PCH)
    target_precompile_headers(${target} REUSE_FROM eremos_pch)
  endif()
  if(EREMOS_UNITY)
    set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 8)
  endif()
endfunction()

# eremos_alone(REGEX SOURCE ...): the sources that match are compiled one by one, because they use the
# same names for what is theirs alone.
function(eremos_alone regex)
  list(FILTER ARGN INCLUDE REGEX "${regex}")
  set_source_files_properties(${ARGN} PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
endfunction()
