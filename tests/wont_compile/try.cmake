# cmake -DCOMPILER=… -DFLAGS=file -DSOURCE=x.cpp -P try.cmake
# Succeeds if SOURCE fails to compile with the error it expects, and compiles once corrected.
set(ENV{LC_ALL} C)  # errors in English, with plain quotes

function(refuse why)
  message(NOTICE "${SOURCE}: ${why}")  # not wrapped, as an error's text is
  message(FATAL_ERROR "refused")
endfunction()

file(STRINGS "${SOURCE}" expectation REGEX "^// expect: " LIMIT_COUNT 1)
string(REGEX REPLACE "^// expect: " "" expected "${expectation}")
if(expected STREQUAL "")
  refuse("has no line `// expect: <regex>`")
endif()

execute_process(COMMAND "${COMPILER}" "@${FLAGS}" "${SOURCE}"
                RESULT_VARIABLE status OUTPUT_VARIABLE output ERROR_VARIABLE output)
if(status EQUAL 0)
  refuse("compiles, and must not")
endif()
if(NOT output MATCHES "error: [^\n]*${expected}")
  refuse("fails for another reason than \"${expected}\":\n${output}")
endif()

execute_process(COMMAND "${COMPILER}" "@${FLAGS}" -DEREMOS_CORRECTED "${SOURCE}"
                RESULT_VARIABLE status OUTPUT_VARIABLE output ERROR_VARIABLE output)
if(NOT status EQUAL 0)
  refuse("does not compile in its corrected form either:\n${output}")
endif()
message(STATUS "refused as expected: ${expected}")
