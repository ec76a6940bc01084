#include "io/idx.h"

#include "core/alloc.h"
#include "core/error.h"
#include "io/deflate.h"
#include "io/file.h"

#include <inttypes.h>
#include <limits.h>
#include <string.h>
#include <zlib.h>

/* The file: two zero bytes, the element type, the rank, a big-endian 32-bit size per axis, data. */
enum {
    TYPE_UNSIGNED_BYTE = 0x08,
    MAX_HEADER_BYTES = 4 + 4 * GAN_MAX_RANK,
    GZIP_WINDOW = 15 + 16 /* zlib's way to ask for a gzip wrapper, its checksum included */
};

/* ---- header ---------------------------------------------------------------------------------- */

/* Reads rank and dims from the first `available` bytes of a file; gives the header's and the data's
 * sizes. */
static int32_t parse_header(gan_context *ctx, const char *path, const uint8_t *head,
                            size_t available, idx_file *idx, size_t *header_bytes,
                            size_t *data_bytes) {
    if (available < 4 || head[0] != 0 || head[1] != 0) {
        return error_set(ctx, GAN_EFORMAT, "%s: not an IDX file", path);
    }
    if (head[2] != TYPE_UNSIGNED_BYTE) {
        return error_set(ctx, GAN_EFORMAT, "%s: IDX elements of type 0x%02x, not unsigned bytes",
                         path, (unsigned)head[2]);
    }
    if (head[3] < 1 || head[3] > GAN_MAX_RANK) {
        return error_set(ctx, GAN_EFORMAT, "%s: IDX array of %u axes, not 1 to %d", path,
                         (unsigned)head[3], GAN_MAX_RANK);
    }
    idx->rank = head[3];
    *header_bytes = 4 + 4 * (size_t)head[3];
    if (available < *header_bytes) {
        return error_set(ctx, GAN_EFORMAT, "%s: ends inside the IDX header", path);
    }

    size_t product = 1;
    for (int32_t axis = 0; axis < idx->rank; axis++) {
        const uint8_t *b = head + 4 + 4 * axis;
        uint32_t dim =
            (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | (uint32_t)b[3];
        if (dim > INT32_MAX || (dim != 0 && product > (size_t)PTRDIFF_MAX / dim)) {
            return error_set(ctx, GAN_EFORMAT,
                             "%s: IDX axis %" PRId32 " of %" PRIu32 " is too long", path, axis,
                             dim);
        }
        idx->dims[axis] = dim;
        product *= dim;
    }
    *data_bytes = product;
    return GAN_OK;
}

static int32_t size_error(gan_context *ctx, const char *path, const char *problem,
                          size_t declared) {
    return error_set(ctx, GAN_EFORMAT, "%s: %s the %zu bytes of data that the IDX header declares",
                     path, problem, declared);
}

/* ---- plain ----------------------------------------------------------------------------------- */

static int32_t parse_plain(gan_context *ctx, const char *path, uint8_t *image, size_t bytes,
                           idx_file *idx) {
    size_t header, data;
    int32_t status = parse_header(ctx, path, image, bytes, idx, &header, &data);
    if (status != GAN_OK) return status;
    if (bytes - header < data) return size_error(ctx, path, "ends before", data);
    if (bytes - header > data) return size_error(ctx, path, "goes on after", data);

    idx->block = image;
    idx->data = image + header;
    return GAN_OK;
}

/* ---- gzip ------------------------------------------------------------------------------------ */

typedef struct gzip {
    gan_context *ctx;
    const char *path;
    z_stream stream;
    size_t left; /* compressed bytes not yet handed to the stream */
    int ended;   /* the checksum was reached and is right */
} gzip;

static void *zlib_alloc(void *ctx, unsigned count, unsigned size) {
    return arena_alloc_array(ctx, count, size);
}

static void zlib_free(void *ctx, void *block) { arena_free(ctx, block); }

/* zlib counts in 32 bits: its windows are filled up to this. */
static unsigned window(size_t bytes) { return bytes < UINT_MAX ? (unsigned)bytes : UINT_MAX; }

/* Inflates until `bytes` bytes are out or the compressed stream has ended; gives how many came. */
static int32_t gzip_read(gzip *g, uint8_t *to, size_t bytes, size_t *out_bytes) {
    size_t wanted = bytes;

    g->stream.next_out = to;
    while (wanted > 0 && !g->ended) {
        unsigned given = window(g->left), room = window(wanted);
        g->stream.avail_in = given;
        g->stream.avail_out = room;
        int result = inflate(&g->stream, Z_NO_FLUSH);
        g->left -= given - g->stream.avail_in;
        wanted -= room - g->stream.avail_out;

        if (result == Z_MEM_ERROR) return GAN_ENOMEM;
        if (result == Z_BUF_ERROR) {
            return error_set(g->ctx, GAN_EFORMAT, "%s: the gzip stream is cut off", g->path);
        }
        if (result != Z_OK && result != Z_STREAM_END) {
            return error_set(g->ctx, GAN_EFORMAT, "%s: damaged gzip stream: %s", g->path,
                             g->stream.msg != NULL ? g->stream.msg : "invalid data");
        }
        g->ended = result == Z_STREAM_END;
    }
    *out_bytes = bytes - wanted;
    return GAN_OK;
}

/* After the data: the stream must end here, and the file with it. */
static int32_t gzip_finish(gzip *g, size_t declared) {
    uint8_t extra;
    size_t got;
    int32_t status = gzip_read(g, &extra, 1, &got);
    if (status != GAN_OK) return status;
    if (got != 0) return size_error(g->ctx, g->path, "goes on after", declared);
    if (g->left != 0) {
        return error_set(g->ctx, GAN_EFORMAT, "%s: %zu bytes follow the gzip stream", g->path,
                         g->left);
    }
    return GAN_OK;
}

/* Reads the declared data into `to`, whose beginning came along with the header. */
static int32_t gzip_data(gzip *g, const uint8_t *begin, size_t begin_bytes, uint8_t *to,
                         size_t declared) {
    if (begin_bytes > declared) return size_error(g->ctx, g->path, "goes on after", declared);
    memcpy(to, begin, begin_bytes);

    size_t got;
    int32_t status = gzip_read(g, to + begin_bytes, declared - begin_bytes, &got);
    if (status != GAN_OK) return status;
    if (begin_bytes + got < declared) return size_error(g->ctx, g->path, "ends before", declared);
    return gzip_finish(g, declared);
}

static int32_t inflate_file(gzip *g, size_t compressed, idx_file *idx) {
    uint8_t head[MAX_HEADER_BYTES];
    size_t available, header, data;
    int32_t status = gzip_read(g, head, sizeof head, &available);
    if (status != GAN_OK) return status;
    status = parse_header(g->ctx, g->path, head, available, idx, &header, &data);
    if (status != GAN_OK) return status;
    if (data / DEFLATE_MAX_RATIO > compressed)
        return size_error(g->ctx, g->path, "is too short for", data);

    uint8_t *block = arena_alloc(g->ctx, data);
    if (block == NULL) return GAN_ENOMEM;
    status = gzip_data(g, head + header, available - header, block, data);
    if (status != GAN_OK) {
        arena_free(g->ctx, block);
        return status;
    }
    idx->block = block;
    idx->data = block;
    return GAN_OK;
}

static int32_t parse_gzip(gan_context *ctx, const char *path, uint8_t *image, size_t bytes,
                          idx_file *idx) {
    gzip g = {.ctx = ctx, .path = path, .left = bytes};
    g.stream.zalloc = zlib_alloc;
    g.stream.zfree = zlib_free;
    g.stream.opaque = ctx;
    g.stream.next_in = image;
    switch (inflateInit2(&g.stream, GZIP_WINDOW)) {
    case Z_OK:
        break;
    case Z_MEM_ERROR:
        return GAN_ENOMEM;
    default:
        return error_set(ctx, GAN_ENOTSUP, "%s: zlib %s does not fit", path, zlibVersion());
    }

    int32_t status = inflate_file(&g, bytes, idx);
    inflateEnd(&g.stream);
    return status;
}

/* ---------------------------------------------------------------------------------------------- */

int32_t idx_read(gan_context *ctx, const char *path, idx_file *out) {
    uint8_t *image;
    size_t bytes;
    int32_t status = file_read(ctx, path, &image, &bytes);
    if (status != GAN_OK) return status;

    idx_file idx = {0};
    int zipped = bytes >= 2 && image[0] == 0x1f && image[1] == 0x8b;
    status = zipped ? parse_gzip(ctx, path, image, bytes, &idx)
                    : parse_plain(ctx, path, image, bytes, &idx);
    if (idx.block != image) arena_free(ctx, image);
    if (status == GAN_OK) *out = idx;
    return status;
}

void idx_release(gan_context *ctx, idx_file *idx) { arena_free(ctx, idx->block); }
