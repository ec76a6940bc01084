# Where everything goes at `cmake --install`: component `runtime` is what a program that was built needs
# to run, `development` what building one needs.
set(CMAKE_INSTALL_DEFAULT_COMPONENT_NAME development)
include(CMakePackageConfigHelpers)

# ---- libraries ------------------------------------------------------------------------------------

install(TARGETS gan EXPORT ganShared LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}
        COMPONENT runtime NAMELINK_COMPONENT development)
install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/ DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
        FILES_MATCHING PATTERN "*.h")
install(DIRECTORY ${PROJECT_SOURCE_DIR}/bindings/cpp/ DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
        FILES_MATCHING PATTERN "*.hpp")
if(TARGET gan_static)
    install(TARGETS gan_static EXPORT ganStatic ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
endif()

# ---- for FFIs: the headers without a preprocessor ---------------------------------------------------

file(GLOB_RECURSE GAN_HEADERS CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/include/*.h)
set(GAN_CDEF ${PROJECT_BINARY_DIR}/gan.cdef)
add_custom_command(OUTPUT ${GAN_CDEF}
    COMMAND ${CMAKE_COMMAND} -DINCLUDE=${PROJECT_SOURCE_DIR}/include -DOUT=${GAN_CDEF}
            -P ${PROJECT_SOURCE_DIR}/cmake/cdef.cmake
    DEPENDS ${GAN_HEADERS} ${PROJECT_SOURCE_DIR}/cmake/cdef.cmake VERBATIM)
add_custom_target(gan_cdef ALL DEPENDS ${GAN_CDEF})
install(FILES ${GAN_CDEF} ${PROJECT_SOURCE_DIR}/bindings/csharp/Gan.cs
        DESTINATION ${CMAKE_INSTALL_DATADIR}/gan)
install(FILES ${PROJECT_SOURCE_DIR}/bindings/lua/gan.lua DESTINATION ${CMAKE_INSTALL_DATADIR}/lua/5.1)

# ---- Python: where Debian looks, so in its package only; others use pip ------------------------------

set(packages lib/python3/dist-packages)
install(DIRECTORY ${PROJECT_SOURCE_DIR}/bindings/python/gan DESTINATION ${packages} COMPONENT python
        EXCLUDE_FROM_ALL FILES_MATCHING PATTERN "*.py" PATTERN "py.typed" PATTERN "__pycache__" EXCLUDE)
set(metadata ${PROJECT_BINARY_DIR}/libgan-${PROJECT_VERSION}.egg-info)
file(CONFIGURE OUTPUT ${metadata} @ONLY CONTENT "Metadata-Version: 2.1
Name: libgan
Version: @PROJECT_VERSION@
Summary: @PROJECT_DESCRIPTION@
License: MIT
Requires-Dist: numpy
")
install(FILES ${metadata} DESTINATION ${packages} COMPONENT python EXCLUDE_FROM_ALL)

# ---- CMake ------------------------------------------------------------------------------------------

set(GAN_STATIC_PACKAGES Threads ZLIB)
if(GAN_PNG)
    list(APPEND GAN_STATIC_PACKAGES PNG)
endif()
set(config ${CMAKE_INSTALL_LIBDIR}/cmake/gan)
configure_package_config_file(cmake/ganConfig.cmake.in ${PROJECT_BINARY_DIR}/ganConfig.cmake
                              INSTALL_DESTINATION ${config} NO_SET_AND_CHECK_MACRO)
write_basic_package_version_file(${PROJECT_BINARY_DIR}/ganConfigVersion.cmake
                                 COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/ganConfig.cmake ${PROJECT_BINARY_DIR}/ganConfigVersion.cmake
        DESTINATION ${config})
install(EXPORT ganShared NAMESPACE gan:: DESTINATION ${config})
if(TARGET gan_static)
    install(EXPORT ganStatic NAMESPACE gan:: DESTINATION ${config})
endif()

# ---- pkg-config: relative to its own place, so that the whole may be moved --------------------------

if(IS_ABSOLUTE "${CMAKE_INSTALL_LIBDIR}")
    set(GAN_PC_PREFIX ${CMAKE_INSTALL_PREFIX})
    set(GAN_PC_LIBDIR ${CMAKE_INSTALL_LIBDIR})
else()
    file(RELATIVE_PATH up /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
    string(REGEX REPLACE "/$" "" GAN_PC_PREFIX "\${pcfiledir}/${up}")
    set(GAN_PC_LIBDIR "\${prefix}/${CMAKE_INSTALL_LIBDIR}")
endif()
set(GAN_PC_INCLUDEDIR ${CMAKE_INSTALL_INCLUDEDIR})
if(NOT IS_ABSOLUTE "${CMAKE_INSTALL_INCLUDEDIR}")
    set(GAN_PC_INCLUDEDIR "\${prefix}/${CMAKE_INSTALL_INCLUDEDIR}")
endif()
set(GAN_PC_REQUIRES zlib)
if(GAN_PNG)
    string(APPEND GAN_PC_REQUIRES " libpng")
endif()
set(GAN_PC_LIBS "-lm -pthread")
if(GAN_BLAS STREQUAL "shared")
    string(PREPEND GAN_PC_LIBS "-lopenblas ")
endif()
configure_file(cmake/gan.pc.in ${PROJECT_BINARY_DIR}/gan.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/gan.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)

# ---- licences: the project's, and of what is inside its libraries -----------------------------------

install(FILES ${PROJECT_SOURCE_DIR}/LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT runtime)
if(GAN_BLAS STREQUAL "static")
    # The notice that came with the very library that is linked in.
    find_file(GAN_BLAS_COPYRIGHT copyright PATHS /usr/share/doc/libopenblas-serial-dev
              NO_DEFAULT_PATH)
    if(NOT GAN_BLAS_COPYRIGHT)
        message(FATAL_ERROR "OpenBLAS goes into the library, and its licence asks for its notice \
beside it: set GAN_BLAS_COPYRIGHT to the file")
    endif()
    install(FILES ${GAN_BLAS_COPYRIGHT} DESTINATION ${CMAKE_INSTALL_DOCDIR} RENAME LICENSE.OpenBLAS
            COMPONENT runtime)
endif()
