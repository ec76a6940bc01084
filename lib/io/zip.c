#include "io/zip.h"

#include "core/alloc.h"
#include "core/error.h"
#include "io/bytes.h"
#include "io/sort.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

/* Records of the format (APPNOTE.TXT, 4.3): their signatures and fixed sizes. */
enum {
    LOCAL = 0x04034b50,
    LOCAL_BYTES = 30,
    CENTRAL = 0x02014b50,
    CENTRAL_BYTES = 46,
    END = 0x06054b50,
    END_BYTES = 22,
    END64 = 0x06064b50,
    END64_BYTES = 56,
    LOCATOR64 = 0x07064b50,
    LOCATOR64_BYTES = 20,
    EXTRA64 = 0x0001,
    FLAG_ENCRYPTED = 1,
    MAX_COMMENT = 0xffff
};

static const uint64_t in_extra64 = 0xffffffff; /* stands for a number that is in the extra field */

typedef struct reader {
    gan_context *ctx;
    const char *path;
    const uint8_t *image;
    size_t bytes;
    uint64_t directory, directory_bytes, count;
} reader;

static int32_t refuse(const reader *r, const char *problem) {
    return error_set(r->ctx, GAN_EFORMAT, "%s: zip archive: %s", r->path, problem);
}

static int32_t refuse_member(const reader *r, const zip_member *m, const char *problem) {
    int length = m->name_bytes < 64 ? (int)m->name_bytes : 64;
    return error_set(r->ctx, GAN_EFORMAT, "%s: zip archive: member '%.*s' %s", r->path, length,
                     m->name, problem);
}

/* Whether a record of `size` bytes with this signature is at `at`. */
static int is_record(const reader *r, uint64_t at, size_t size, uint32_t signature) {
    return at <= r->bytes && size <= r->bytes - at && bytes_le(r->image + at, 4) == signature;
}

int zip_begins(const uint8_t *image, size_t bytes) {
    return bytes >= LOCAL_BYTES && bytes_le(image, 4) == LOCAL;
}

/* ---- the end --------------------------------------------------------------------------------- */

/* The place of the end record, behind which only its comment is; r->bytes if there is none. */
static size_t find_end(const reader *r) {
    for (size_t comment = 0; comment <= MAX_COMMENT && comment + END_BYTES <= r->bytes; comment++) {
        size_t at = r->bytes - END_BYTES - comment;
        if (is_record(r, at, END_BYTES, END) && bytes_le(r->image + at + 20, 2) == comment)
            return at;
    }
    return r->bytes;
}

static int32_t parse_end64(reader *r, size_t locator) {
    uint64_t at = bytes_le(r->image + locator + 8, 8);
    if (!is_record(r, at, END64_BYTES, END64)) return refuse(r, "its zip64 end is missing");
    r->count = bytes_le(r->image + at + 32, 8);
    r->directory_bytes = bytes_le(r->image + at + 40, 8);
    r->directory = bytes_le(r->image + at + 48, 8);
    return GAN_OK;
}

static int32_t parse_end(reader *r) {
    size_t at = find_end(r);
    if (at == r->bytes) return refuse(r, "its end is missing: the file is cut off");
    const uint8_t *end = r->image + at;
    r->count = bytes_le(end + 10, 2);
    r->directory_bytes = bytes_le(end + 12, 4);
    r->directory = bytes_le(end + 16, 4);
    int has64 =
        at >= LOCATOR64_BYTES && is_record(r, at - LOCATOR64_BYTES, LOCATOR64_BYTES, LOCATOR64);
    int32_t code = has64 ? parse_end64(r, at - LOCATOR64_BYTES) : GAN_OK;
    if (code) return code;
    if (r->directory > at || r->directory_bytes > at - r->directory ||
        r->count > r->directory_bytes / CENTRAL_BYTES)
        return refuse(r, "its directory is not inside the file");
    return GAN_OK;
}

/* ---- members --------------------------------------------------------------------------------- */

/* What the directory says of a member. */
typedef struct record {
    uint64_t flags, method, crc, stored, bytes, offset;
} record;

/* Replaces the numbers that did not fit into 32 bits (4.5.3). */
static int parse_extra(record *e, const uint8_t *extra, size_t bytes) {
    uint64_t *const wide[] = {&e->bytes, &e->stored, &e->offset};
    while (bytes >= 4) {
        uint64_t id = bytes_le(extra, 2), size = bytes_le(extra + 2, 2);
        if (size > bytes - 4) return 0;
        const uint8_t *at = extra + 4;
        for (int i = 0; i < 3 && id == EXTRA64; i++) {
            if (*wide[i] != in_extra64) continue;
            if (size < 8) return 0;
            *wide[i] = bytes_le(at, 8);
            at += 8;
            size -= 8;
        }
        size_t all = 4 + (size_t)bytes_le(extra + 2, 2);
        extra += all;
        bytes -= all;
    }
    return 1;
}

/* Sets the member's data, past its local header, whose name must be the directory's. */
static int32_t locate(const reader *r, const record *e, zip_member *m) {
    if (!is_record(r, e->offset, LOCAL_BYTES, LOCAL))
        return refuse_member(r, m, "is not where the directory says");
    const uint8_t *local = r->image + e->offset;
    uint64_t name = bytes_le(local + 26, 2), extra = bytes_le(local + 28, 2);
    uint64_t before = e->offset + LOCAL_BYTES + name + extra;
    if (before > r->directory || e->bytes > r->directory - before)
        return refuse_member(r, m, "goes on past the directory");
    if (name != m->name_bytes || memcmp(local + LOCAL_BYTES, m->name, m->name_bytes) != 0)
        return refuse_member(r, m, "has another name in the directory");
    m->data = r->image + before;
    m->bytes = (size_t)e->bytes;
    return GAN_OK;
}

static int32_t check_member(const reader *r, const record *e, const zip_member *m) {
    if (memchr(m->name, 0, m->name_bytes)) return refuse_member(r, m, "has a NUL in its name");
    if (e->flags & FLAG_ENCRYPTED) return refuse_member(r, m, "is encrypted");
    if (e->method != 0)
        return refuse_member(r, m, "is compressed; PyTorch stores members as they are");
    if (e->stored != e->bytes) return refuse_member(r, m, "has two sizes");
    return GAN_OK;
}

/* Reads the directory's record at *at and moves behind it. */
static int32_t parse_member(const reader *r, uint64_t *at, zip_member *m) {
    uint64_t left = r->directory + r->directory_bytes - *at;
    if (left < CENTRAL_BYTES || !is_record(r, *at, CENTRAL_BYTES, CENTRAL))
        return refuse(r, "its directory is damaged");
    const uint8_t *c = r->image + *at;
    uint64_t name = bytes_le(c + 28, 2), extra = bytes_le(c + 30, 2), comment = bytes_le(c + 32, 2);
    if (name + extra + comment > left - CENTRAL_BYTES) return refuse(r, "its directory is cut off");
    record e = {.flags = bytes_le(c + 8, 2),
                .method = bytes_le(c + 10, 2),
                .crc = bytes_le(c + 16, 4),
                .stored = bytes_le(c + 20, 4),
                .bytes = bytes_le(c + 24, 4),
                .offset = bytes_le(c + 42, 4)};
    *m = (zip_member){.name = (const char *)c + CENTRAL_BYTES, .name_bytes = (size_t)name};
    if (!parse_extra(&e, c + CENTRAL_BYTES + name, (size_t)extra))
        return refuse_member(r, m, "has a damaged extra field");
    int32_t code = check_member(r, &e, m);
    if (!code) code = locate(r, &e, m);
    if (!code && crc32_z(0, m->data, m->bytes) != e.crc)
        code = refuse_member(r, m, "is damaged: its checksum does not fit");
    *at += CENTRAL_BYTES + name + extra + comment;
    return code;
}

static int by_name(const void *a, const void *b) {
    const zip_member *x = a, *y = b;
    size_t shorter = x->name_bytes < y->name_bytes ? x->name_bytes : y->name_bytes;
    int order = memcmp(x->name, y->name, shorter);
    return order ? order : (x->name_bytes > y->name_bytes) - (x->name_bytes < y->name_bytes);
}

static int32_t parse_members(const reader *r, zip_archive *a) {
    uint64_t at = r->directory, all = 0;
    int32_t code = GAN_OK;
    for (; a->count < r->count && !code; a->count++) {
        zip_member *m = &a->members[a->count];
        code = parse_member(r, &at, m);
        /* Members that share bytes would be summed up again and again. */
        if (!code && (all += m->bytes) > r->bytes)
            code = refuse_member(r, m, "overlaps with others");
    }
    if (code) return code;
    sort(a->members, a->count, sizeof *a->members, by_name);
    for (size_t i = 1; i < a->count; i++)
        if (by_name(&a->members[i - 1], &a->members[i]) == 0)
            return refuse_member(r, &a->members[i], "occurs twice");
    return GAN_OK;
}

int32_t zip_read(gan_context *ctx, const char *path, const uint8_t *image, size_t bytes,
                 zip_archive *out) {
    reader r = {.ctx = ctx, .path = path, .image = image, .bytes = bytes};
    int32_t code = parse_end(&r);
    if (code) return code;
    zip_archive a = {.members = arena_alloc_array(ctx, (size_t)r.count, sizeof *a.members)};
    if (!a.members) return GAN_ENOMEM;
    code = parse_members(&r, &a);
    if (code)
        zip_release(ctx, &a);
    else
        *out = a;
    return code;
}

void zip_release(gan_context *ctx, zip_archive *archive) { arena_free(ctx, archive->members); }

const zip_member *zip_find(const zip_archive *archive, const char *name, size_t name_bytes) {
    const zip_member key = {.name = name, .name_bytes = name_bytes};
    if (archive->count == 0) return NULL;
    return bsearch(&key, archive->members, archive->count, sizeof key, by_name);
}
