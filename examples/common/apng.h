/* Animations as PNG files (the APNG extension, part of the third edition of PNG): programs that do
 * not know them show the first picture.
 *
 * SPDX-License-Identifier: MIT */
#ifndef COMMON_APNG_H
#define COMMON_APNG_H

#include <stddef.h>

typedef struct apng_timing {
    int frame, last; /* milliseconds that a picture is shown, and the last one */
} apng_timing;

/* Writes folder/name from `count` PNG files of the same size and type. Their compressed pixels are
 * taken as they are. The file is replaced whole. Returns 0, or 1 after a message. */
int apng_write(const char *folder, const char *name, const char *const *frames, size_t count,
               apng_timing timing);

#endif
