# `cpack`: the Debian package. It holds the program, unit, manual, completions, configuration and
# documentation, and no headers; plugins are built against an installed tree (EremosInstall.cmake).
set(eremos_package_dir "${PROJECT_SOURCE_DIR}/packaging")
set(eremos_doc_dir "${CMAKE_INSTALL_DATADIR}/doc/eremos")

install(TARGETS eremos-node RUNTIME COMPONENT package EXCLUDE_FROM_ALL)
install(FILES "${eremos_package_dir}/eremos.service" DESTINATION lib/systemd/system
        COMPONENT package EXCLUDE_FROM_ALL)
install(FILES "${PROJECT_SOURCE_DIR}/examples/eremos.toml" DESTINATION /etc/eremos
        COMPONENT package EXCLUDE_FROM_ALL)
install(FILES "${eremos_package_dir}/eremos-node.1" DESTINATION "${CMAKE_INSTALL_DATADIR}/man/man1"
        COMPONENT package EXCLUDE_FROM_ALL)
install(FILES "${eremos_package_dir}/eremos-node.bash" RENAME eremos-node
        DESTINATION "${CMAKE_INSTALL_DATADIR}/bash-completion/completions"
        COMPONENT package EXCLUDE_FROM_ALL)
install(FILES "${eremos_package_dir}/eremos-node.zsh" RENAME _eremos-node
        DESTINATION "${CMAKE_INSTALL_DATADIR}/zsh/vendor-completions"
        COMPONENT package EXCLUDE_FROM_ALL)
install(FILES "${eremos_package_dir}/eremos-node.fish"
        DESTINATION "${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d"
        COMPONENT package EXCLUDE_FROM_ALL)
install(FILES "${PROJECT_SOURCE_DIR}/LICENSE" RENAME copyright DESTINATION "${eremos_doc_dir}"
        COMPONENT package EXCLUDE_FROM_ALL)
install(FILES "${PROJECT_SOURCE_DIR}/CHANGELOG.md" "${PROJECT_SOURCE_DIR}/SECURITY.md"
        DESTINATION "${eremos_doc_dir}" COMPONENT package EXCLUDE_FROM_ALL)
install(DIRECTORY "${PROJECT_SOURCE_DIR}/docs" DESTINATION "${eremos_doc_dir}"
        COMPONENT package EXCLUDE_FROM_ALL)

set(CPACK_GENERATOR DEB)
set(CPACK_INSTALL_CMAKE_PROJECTS "${PROJECT_BINARY_DIR};Eremos;package;/")
set(CPACK_SET_DESTDIR ON)  # /etc lies outside the prefix
set(CPACK_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)  # plugins need the dynamic symbols, which stay
set(CPACK_PACKAGE_NAME eremos)
set(CPACK_PACKAGE_CONTACT "Eremos <eremos@localhost>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "${PROJECT_DESCRIPTION}")
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS ca-certificates)
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA "${eremos_package_dir}/conffiles"
    "${eremos_package_dir}/postinst" "${eremos_package_dir}/prerm")
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
include(CPack)
