# cmake -DINCLUDE=FOLDER -DOUT=FILE -P cdef.cmake: the public headers as one text of plain
# declarations, for LuaJIT's ffi.cdef and cffi's, which know neither a preprocessor nor attributes.
# Macros that stand for a number become constants.
#
# SPDX-License-Identifier: MIT
file(STRINGS ${INCLUDE}/gan.h headers REGEX "^#include \"")
list(TRANSFORM headers REPLACE "^#include \"(.*)\"" "\\1")
set(out "")
foreach(header ${headers})
    file(READ ${INCLUDE}/${header} text)
    string(REGEX REPLACE "/\\*[^*]*\\*+([^/*][^*]*\\*+)*/" "" text "${text}")
    string(REGEX REPLACE "#ifdef __cplusplus[^#]*#endif" "" text "${text}")
    string(REGEX REPLACE "#define (GAN_[A-Z0-9_]+) ([0-9]+)" "enum { \\1 = \\2 };" text "${text}")
    string(REGEX REPLACE "#[^\n]*" "" text "${text}")
    string(REGEX REPLACE "GAN_API " "" text "${text}")
    string(REGEX REPLACE "[ \t]+\n" "\n" text "${text}")
    string(REGEX REPLACE "\n\n+" "\n" text "${text}")
    string(APPEND out "${text}")
endforeach()
string(STRIP "${out}" out)
file(WRITE ${OUT} "${out}\n")
