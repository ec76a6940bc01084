# cmake -DMAP=libgan.map -DOUT=FILE -P exported.cmake: the names that the version script exports, one
# a line.
#
# SPDX-License-Identifier: MIT
file(STRINGS ${MAP} names REGEX "^ +gan_[a-z0-9_]+;")
list(TRANSFORM names REPLACE "^ +(gan_[a-z0-9_]+).*" "\\1")
string(JOIN "\n" text ${names})
file(WRITE ${OUT} "${text}\n")
