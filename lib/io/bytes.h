/* Little-endian numbers of files, whose bytes may have any alignment. */
#ifndef GAN_IO_BYTES_H
#define GAN_IO_BYTES_H

#include <stdint.h>

/* The number of `count` <= 8 bytes at `at`. */
static inline uint64_t bytes_le(const uint8_t *at, int count) {
    uint64_t value = 0;
    while (count-- > 0) value = value << 8 | at[count];
    return value;
}

#endif
