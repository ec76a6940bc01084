# Run by cpack: gives each package the file `copyright` where Debian looks for it, made of the installed
# licences.
#
# SPDX-License-Identifier: MIT
foreach(component ${CPACK_COMPONENTS_ALL})
    string(TOUPPER ${component} key)
    file(READ ${CPACK_GAN_LICENCE} text)
    if(CPACK_GAN_BLAS_COPYRIGHT AND NOT component STREQUAL "python")
        file(READ ${CPACK_GAN_BLAS_COPYRIGHT} blas)
        string(APPEND text "\nIt contains OpenBLAS:\n\n${blas}")
    endif()
    file(WRITE ${CPACK_TEMPORARY_DIRECTORY}/${component}/usr/share/doc/${CPACK_DEBIAN_${key}_PACKAGE_NAME}/copyright
         "${text}")
endforeach()
