/* Zip archives whose members are stored as they are, as PyTorch writes them; zip64 included. */
#ifndef GAN_IO_ZIP_H
#define GAN_IO_ZIP_H

#include "gan/base.h"

#include <stddef.h>
#include <stdint.h>

/* Points into the archive's bytes; the name has no NUL. */
typedef struct zip_member {
    const char *name;
    size_t name_bytes;
    const uint8_t *data;
    size_t bytes;
} zip_member;

typedef struct zip_archive {
    zip_member *members; /* by name */
    size_t count;
} zip_archive;

/* 1 if this is how archives begin. */
int zip_begins(const uint8_t *image, size_t bytes);

/* Lists and checks the members: names that occur once, contents inside the archive, not compressed,
 * not encrypted, with the right checksums. *out is written on success only. */
int32_t zip_read(gan_context *ctx, const char *path, const uint8_t *image, size_t bytes,
                 zip_archive *out);
void zip_release(gan_context *ctx, zip_archive *archive);

/* NULL if there is none. */
const zip_member *zip_find(const zip_archive *archive, const char *name, size_t name_bytes);

#endif
