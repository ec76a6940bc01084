#include "io/file.h"

#include "core/alloc.h"
#include "core/error.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum {
    BUFFER_BYTES = 1 << 16,
    CALL_BYTES = 1 << 30, /* some systems refuse more in one read or write */
    NAME_ATTEMPTS = 100
};

int32_t file_error(gan_context *ctx, const char *path, const char *action, int reason) {
    char text[128];

    if (reason == FILE_SHORT) {
        return error_set(ctx, GAN_EIO, "%s: became shorter while it was read", path);
    }
    if (strerror_r(reason, text, sizeof text) != 0) {
        snprintf(text, sizeof text, "error %d", reason);
    }
    return error_set(ctx, GAN_EIO, "%.300s: cannot %s: %s", path, action, text);
}

/* ---- reading --------------------------------------------------------------------------------- */

static int32_t check_regular(gan_context *ctx, const char *path, file_source *source) {
    struct stat info;
    if (fstat(source->descriptor, &info) != 0) return file_error(ctx, path, "read", errno);
    if (S_ISDIR(info.st_mode)) return file_error(ctx, path, "read", EISDIR);
    if (!S_ISREG(info.st_mode)) {
        return error_set(ctx, GAN_EIO, "%s: cannot read: not a regular file", path);
    }
    source->bytes = (size_t)info.st_size;
    if ((off_t)source->bytes != info.st_size) return file_error(ctx, path, "read", EFBIG);
    return GAN_OK;
}

int32_t file_source_open(gan_context *ctx, const char *path, file_source *out) {
    /* O_NONBLOCK: opening a pipe without a writer would wait for ever. */
    file_source source = {.descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
    if (source.descriptor < 0) return file_error(ctx, path, "open", errno);

    int32_t status = check_regular(ctx, path, &source);
    if (status != GAN_OK) {
        close(source.descriptor);
        return status;
    }
    *out = source;
    return GAN_OK;
}

void file_source_close(file_source *source) {
    if (source->descriptor >= 0) close(source->descriptor);
    source->descriptor = -1;
}

int file_source_read(const file_source *source, size_t at, void *to, size_t bytes) {
    uint8_t *next = to;

    if (source->descriptor < 0) {
        memcpy(to, source->memory + at, bytes);
        return 0;
    }
    while (bytes > 0) {
        ssize_t got =
            pread(source->descriptor, next, bytes < CALL_BYTES ? bytes : CALL_BYTES, (off_t)at);

        if (got > 0) {
            next += got;
            at += (size_t)got;
            bytes -= (size_t)got;
        } else if (got == 0) {
            return FILE_SHORT;
        } else if (errno != EINTR) {
            return errno;
        }
    }
    return 0;
}

int32_t file_read(gan_context *ctx, const char *path, uint8_t **out, size_t *out_bytes) {
    file_source source;
    int32_t status = file_source_open(ctx, path, &source);
    if (status != GAN_OK) return status;

    uint8_t *block = arena_alloc(ctx, source.bytes);
    int reason = block == NULL ? 0 : file_source_read(&source, 0, block, source.bytes);
    file_source_close(&source);
    if (block == NULL) return GAN_ENOMEM;
    if (reason != 0) {
        arena_free(ctx, block);
        return file_error(ctx, path, "read", reason);
    }
    *out = block;
    *out_bytes = source.bytes;
    return GAN_OK;
}

/* ---- writing --------------------------------------------------------------------------------- */

/* Length of the path's directory with its slash; 0 for the current one. */
static size_t directory_length(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash == NULL ? 0 : (size_t)(slash - path) + 1;
}

/* Creates the temporary file under a name that nobody has. The name does not contain the target's,
 * which may already be as long as the file system allows. */
static int32_t create_temporary(file_writer *w, mode_t mode) {
    static const char pattern[] = ".gan-0123456789abcdef.tmp";
    size_t directory = directory_length(w->path);

    w->temporary = arena_alloc(w->ctx, directory + sizeof pattern);
    if (w->temporary == NULL) return GAN_ENOMEM;
    memcpy(w->temporary, w->path, directory);

    struct timespec now = {0, 0};
    clock_gettime(CLOCK_REALTIME, &now);
    uint64_t number = ((uint64_t)getpid() << 32 | (uint32_t)now.tv_nsec) ^ (uint64_t)now.tv_sec;
    for (int attempt = 0; attempt < NAME_ATTEMPTS; attempt++, number++) {
        snprintf(w->temporary + directory, sizeof pattern, ".gan-%016" PRIx64 ".tmp", number);
        w->descriptor = open(w->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
        if (w->descriptor >= 0) return GAN_OK;
        if (errno != EEXIST) break;
    }
    return file_error(w->ctx, w->path, "create", errno);
}

static void release(file_writer *w) {
    arena_free(w->ctx, w->temporary);
    arena_free(w->ctx, w->buffer);
}

int32_t file_writer_open(file_writer *w, gan_context *ctx, const char *path) {
    struct stat target;
    mode_t mode = 0666;
    int exists = 0;
    if (stat(path, &target) == 0) {
        if (S_ISDIR(target.st_mode)) return file_error(ctx, path, "write", EISDIR);
        if (!S_ISREG(target.st_mode)) {
            return error_set(ctx, GAN_EIO, "%s: cannot write: not a regular file", path);
        }
        mode &= target.st_mode; /* a private file stays private */
        exists = 1;
    } else if (errno != ENOENT) {
        return file_error(ctx, path, "write", errno);
    }

    *w = (file_writer){.ctx = ctx, .path = path, .descriptor = -1};
    w->buffer = arena_alloc(ctx, BUFFER_BYTES);
    int32_t status = w->buffer == NULL ? GAN_ENOMEM : create_temporary(w, mode);
    if (status != GAN_OK) release(w);
    /* and a shared one shared, whatever the umask; where that is refused, it is as a new one */
    if (status == GAN_OK && exists) (void)!fchmod(w->descriptor, mode);
    return status;
}

static void write_out(file_writer *w, const uint8_t *data, size_t bytes) {
    while (bytes > 0 && w->status == GAN_OK) {
        ssize_t put = write(w->descriptor, data, bytes < CALL_BYTES ? bytes : CALL_BYTES);

        if (put >= 0) {
            data += put;
            bytes -= (size_t)put;
        } else if (errno != EINTR) {
            w->status = file_error(w->ctx, w->path, "write", errno);
        }
    }
}

static void flush(file_writer *w) {
    write_out(w, w->buffer, w->used);
    w->used = 0;
}

int32_t file_writer_append(file_writer *w, const void *data, size_t bytes) {
    if (bytes > BUFFER_BYTES - w->used) flush(w);
    if (bytes >= BUFFER_BYTES) {
        write_out(w, data, bytes);
    } else if (bytes > 0) {
        memcpy(w->buffer + w->used, data, bytes);
        w->used += bytes;
    }
    return w->status;
}

/* Makes the rename last. Best effort: the file is complete either way, and not every file system
 * can sync a directory. */
static void sync_directory(file_writer *w) {
    size_t length = directory_length(w->path);
    w->temporary[length] = '\0';

    int descriptor = open(length == 0 ? "." : w->temporary, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0) return;
    fsync(descriptor);
    close(descriptor);
}

/* Waits until the content is on the disk. EINVAL: the file system has nothing to sync. */
static void sync_content(file_writer *w) {
    int failed;
    do failed = fsync(w->descriptor) != 0;
    while (failed && errno == EINTR);
    if (failed && errno != EINVAL) w->status = file_error(w->ctx, w->path, "sync", errno);
}

int32_t file_writer_close(file_writer *w, int32_t status) {
    if (w->status == GAN_OK) w->status = status;
    if (w->status == GAN_OK) flush(w);
    if (w->status == GAN_OK) sync_content(w);
    if (close(w->descriptor) != 0 && errno != EINTR && w->status == GAN_OK) {
        w->status = file_error(w->ctx, w->path, "write", errno);
    }
    if (w->status == GAN_OK && rename(w->temporary, w->path) != 0) {
        w->status = file_error(w->ctx, w->path, "replace", errno);
    }

    if (w->status == GAN_OK) {
        sync_directory(w);
    } else {
        unlink(w->temporary);
    }
    release(w);
    return w->status;
}
