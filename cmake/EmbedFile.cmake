# eremos_embed(TARGET FILE SYMBOL)
#
# Builds the bytes of FILE into TARGET, so that the program needs no data folder. Who reads them
# declares `namespace eremos::embedded { extern const std::string_view SYMBOL; }`.
# The source is generated in the build folder, again whenever FILE changes. Run as a script
# (cmake -DINPUT= -DOUTPUT= -DSYMBOL= -P), this file does the generating.
if(CMAKE_SCRIPT_MODE_FILE STREQUAL CMAKE_CURRENT_LIST_FILE)
  file(READ "${INPUT}" bytes HEX)
  # 16 bytes a line keeps compilers' diagnostics and editors usable.
  string(REGEX REPLACE "(................................)" "\\1\n" bytes "${bytes}")
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "'\\\\x\\1'," bytes "${bytes}")
  file(WRITE "${OUTPUT}" "// Generated from ${INPUT}.
#include <string_view>
namespace eremos::embedded {
namespace {
constexpr char bytes[] = {
${bytes}
'\\0'};
}  // namespace
extern const std::string_view ${SYMBOL};
constinit const std::string_view ${SYMBOL}{bytes, sizeof bytes - 1};
}  // namespace eremos::embedded
")
  return()
endif()

set(EREMOS_EMBED_SCRIPT "${CMAKE_CURRENT_LIST_FILE}")

function(eremos_embed target file symbol)
  get_filename_component(input "${file}" ABSOLUTE BASE_DIR "${PROJECT_SOURCE_DIR}")
  set(output "${PROJECT_BINARY_DIR}/embedded/${symbol}.cpp")
  add_custom_command(
    OUTPUT "${output}"
    COMMAND "${CMAKE_COMMAND}" "-DINPUT=${input}" "-DOUTPUT=${output}" "-DSYMBOL=${symbol}"
            -P "${EREMOS_EMBED_SCRIPT}"
    DEPENDS "${input}" "${EREMOS_EMBED_SCRIPT}"
    COMMENT "Embedding ${file}"
    VERBATIM)
  # Bytes alone: no header to share, and one name in every file.
  set_source_files_properties("${output}" PROPERTIES
    SKIP_UNITY_BUILD_INCLUSION ON SKIP_PRECOMPILE_HEADERS ON)
  target_sources(${target} PRIVATE "${output}")
endfunction()
