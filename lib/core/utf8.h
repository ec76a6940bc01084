#ifndef GAN_CORE_UTF8_H
#define GAN_CORE_UTF8_H

#include <stddef.h>

/* Bytes of the UTF-8 character at `at`; 0: not one (overlong, surrogate, out of range, cut off). */
size_t utf8_length(const char *at, const char *end);

#endif
