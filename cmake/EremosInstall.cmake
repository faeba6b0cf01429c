# `cmake --install`: the program, the headers, the layers and what find_package(Eremos) reads.
include(CMakePackageConfigHelpers)
set(eremos_cmake_dir "${CMAKE_INSTALL_LIBDIR}/cmake/Eremos")

install(TARGETS eremos-node)
foreach(layer IN ITEMS messages runtime connectors actors)
  install(DIRECTORY "${PROJECT_SOURCE_DIR}/${layer}" DESTINATION "${EREMOS_INSTALL_HEADERS}"
          FILES_MATCHING PATTERN "*.hpp")
  # The layers go as the object files they are, so that a program gets every registration, as here;
  # from an archive the linker would leave them out.
  set_target_properties(eremos_${layer} PROPERTIES EXPORT_NAME ${layer})
  install(TARGETS eremos_${layer} EXPORT EremosTargets OBJECTS DESTINATION "${CMAKE_INSTALL_LIBDIR}/eremos")
endforeach()
set_target_properties(eremos_flags PROPERTIES EXPORT_NAME flags)
set_target_properties(eremos_plugin PROPERTIES EXPORT_NAME plugin)
install(TARGETS eremos_flags eremos_plugin EXPORT EremosTargets)
install(EXPORT EremosTargets NAMESPACE Eremos:: DESTINATION "${eremos_cmake_dir}")

write_basic_package_version_file("${PROJECT_BINARY_DIR}/EremosConfigVersion.cmake"
  COMPATIBILITY SameMinorVersion)
install(FILES cmake/EremosConfig.cmake cmake/FindCAF.cmake cmake/FindLibwebsockets.cmake
              cmake/FindSecp256k1.cmake
              "${PROJECT_BINARY_DIR}/EremosConfigVersion.cmake"
        DESTINATION "${eremos_cmake_dir}")

# The provider that misbehaves, for tests of one's own agents (docs/misbehaving-provider.md).
set(misbehaving_provider "${PROJECT_SOURCE_DIR}/tests/support/misbehaving_provider")
install(DIRECTORY "${misbehaving_provider}" DESTINATION "${CMAKE_INSTALL_DATADIR}/eremos"
        FILES_MATCHING PATTERN "*.py" PATTERN __pycache__ EXCLUDE)
install(PROGRAMS "${misbehaving_provider}/misbehaving-provider" DESTINATION "${CMAKE_INSTALL_BINDIR}")
