/* Whole files in, whole files out: with folder.h the only code that talks to the file system.
 * Failures are GAN_EIO and the text names the path and the system's reason. */
#ifndef GAN_IO_FILE_H
#define GAN_IO_FILE_H

#include "gan/base.h"

#include <stddef.h>
#include <stdint.h>

/* Sets GAN_EIO: "<path>: cannot <action>: <the text of the errno `reason`>", or that the
 * file became shorter. */
int32_t file_error(gan_context *ctx, const char *path, const char *action, int reason);

/* Bytes that are read piece by piece, by any thread: those of a regular file, or of memory. */
typedef struct file_source {
    int descriptor;        /* -1: none, */
    const uint8_t *memory; /* but this, borrowed */
    size_t bytes;
} file_source;

int32_t file_source_open(gan_context *ctx, const char *path, file_source *out);
void file_source_close(file_source *source);

/* Copies `bytes` bytes from byte `at` on. Returns 0, an errno, or FILE_SHORT: the file was cut
 * after it was opened. */
enum { FILE_SHORT = -1 };
int file_source_read(const file_source *source, size_t at, void *to, size_t bytes);

/* Reads a regular file into a block of the arena, which is the caller's. */
int32_t file_read(gan_context *ctx, const char *path, uint8_t **out, size_t *out_bytes);

/* A file that replaces `path` when it is complete, and leaves it untouched otherwise: bytes go to a
 * temporary file in the same directory, which is synced and renamed at the end. A symbolic link is
 * replaced, not followed; what exists and is no regular file (a device, a directory) is refused. */
typedef struct file_writer {
    gan_context *ctx;
    const char *path; /* borrowed */
    char *temporary;  /* its path */
    uint8_t *buffer;
    size_t used;    /* bytes in the buffer */
    int32_t status; /* the first failure; later calls do nothing */
    int descriptor;
} file_writer;

/* After a failure there is nothing to close. */
int32_t file_writer_open(file_writer *w, gan_context *ctx, const char *path);

int32_t file_writer_append(file_writer *w, const void *data, size_t bytes);

/* Puts the file in place if `status` (how the producer of the bytes fared) is GAN_OK and all bytes
 * were written; otherwise removes it. Returns the first failure. */
int32_t file_writer_close(file_writer *w, int32_t status);

#endif
