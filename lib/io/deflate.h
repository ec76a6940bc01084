/* A limit of the format under gzip and PNG (RFC 1951): how much its bytes can expand. */
#ifndef GAN_IO_DEFLATE_H
#define GAN_IO_DEFLATE_H

/* A match of 258 bytes takes at least two bits, so no file holds more than this many times its
 * size. A header that declares more lies, and is refused before memory is taken for it. */
enum { DEFLATE_MAX_RATIO = 1032 };

#endif
