# Debian packages: `cmake --preset debian && cmake --build --preset debian && cpack --preset debian`.
# One for each component.
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME libgan)
set(CPACK_PACKAGE_CONTACT "The libgan authors")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_COMPONENTS_ALL runtime development python)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_COMPRESSION_TYPE gzip CACHE STRING "Of the Debian packages; none is quick")
set(CPACK_STRIP_FILES ON)
set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS ON) # what packages of its users will depend on
set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS_POLICY ">=")
set(CPACK_PRE_BUILD_SCRIPTS ${PROJECT_SOURCE_DIR}/cmake/debian_copyright.cmake)
set(CPACK_GAN_LICENCE ${PROJECT_SOURCE_DIR}/LICENSE)
if(GAN_BLAS STREQUAL "static")
    set(CPACK_GAN_BLAS_COPYRIGHT ${GAN_BLAS_COPYRIGHT})
endif()

set(CPACK_DEBIAN_RUNTIME_PACKAGE_NAME libgan0)
set(CPACK_DEBIAN_RUNTIME_PACKAGE_SECTION libs)
set(CPACK_DEBIAN_RUNTIME_PACKAGE_SHLIBDEPS ON)
set(CPACK_COMPONENT_RUNTIME_DESCRIPTION
    "A library for programs that train or run such networks.\nThis package has the shared library.")

set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_NAME libgan-dev)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_DEPENDS
    "libgan0 (= ${PROJECT_VERSION}), libc6-dev, zlib1g-dev")
if(GAN_PNG)
    string(APPEND CPACK_DEBIAN_DEVELOPMENT_PACKAGE_DEPENDS ", libpng-dev")
endif()
set(CPACK_COMPONENT_DEVELOPMENT_DESCRIPTION
    "A library for programs that train or run such networks.\nThis package has the headers, the static \
library\nand the reference.")

set(CPACK_DEBIAN_PYTHON_PACKAGE_NAME python3-gan)
set(CPACK_DEBIAN_PYTHON_PACKAGE_SECTION python)
set(CPACK_DEBIAN_PYTHON_PACKAGE_ARCHITECTURE all)
set(CPACK_DEBIAN_PYTHON_PACKAGE_DEPENDS
    "libgan0 (= ${PROJECT_VERSION}), python3 (>= 3.9), python3-numpy")
set(CPACK_DEBIAN_PYTHON_PACKAGE_SUGGESTS python3-tqdm)
# its byte code, which dpkg does not know, comes and goes with it
set(CPACK_DEBIAN_PYTHON_PACKAGE_CONTROL_EXTRA
    ${CMAKE_CURRENT_LIST_DIR}/python/postinst ${CMAKE_CURRENT_LIST_DIR}/python/prerm)
set(CPACK_COMPONENT_PYTHON_DESCRIPTION
    "A library for programs that train or run such networks.\nThis package has the module gan for Python, \
over NumPy.")
include(CPack)
