#include "io/safetensors.h"

#include "core/alloc.h"
#include "core/error.h"
#include "io/bytes.h"
#include "io/file.h"
#include "io/half.h"
#include "io/json.h"
#include "io/sort.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "elements go into files and out of them as they are in memory, which must be little-endian"
#endif

enum {
    LENGTH_BYTES = 8,
    MAX_HEADER_BYTES = 100000000, /* the format's own limit */
    HEADER_ALIGNMENT = 8
};

static const char METADATA_KEY[] = "__metadata__";

/* How much of a name from a file goes into an error text: "%.64s". */
#define NAME "'%.64s'"

/* ---- element types --------------------------------------------------------------------------- */

static const struct {
    const char *name;
    unsigned bits;
} dtypes[SAFETENSORS_DTYPE_COUNT] = {
    [SAFETENSORS_BOOL] = {"BOOL", 8},       [SAFETENSORS_F4] = {"F4", 4},
    [SAFETENSORS_F6_E2M3] = {"F6_E2M3", 6}, [SAFETENSORS_F6_E3M2] = {"F6_E3M2", 6},
    [SAFETENSORS_U8] = {"U8", 8},           [SAFETENSORS_I8] = {"I8", 8},
    [SAFETENSORS_F8_E5M2] = {"F8_E5M2", 8}, [SAFETENSORS_F8_E4M3] = {"F8_E4M3", 8},
    [SAFETENSORS_F8_E8M0] = {"F8_E8M0", 8}, [SAFETENSORS_I16] = {"I16", 16},
    [SAFETENSORS_U16] = {"U16", 16},        [SAFETENSORS_F16] = {"F16", 16},
    [SAFETENSORS_BF16] = {"BF16", 16},      [SAFETENSORS_I32] = {"I32", 32},
    [SAFETENSORS_U32] = {"U32", 32},        [SAFETENSORS_F32] = {"F32", 32},
    [SAFETENSORS_C64] = {"C64", 64},        [SAFETENSORS_F64] = {"F64", 64},
    [SAFETENSORS_I64] = {"I64", 64},        [SAFETENSORS_U64] = {"U64", 64},
};

const char *safetensors_dtype_name(safetensors_dtype dtype) { return dtypes[dtype].name; }

size_t safetensors_element_bytes(safetensors_dtype dtype) { return dtypes[dtype].bits / 8; }

/* SAFETENSORS_DTYPE_COUNT: unknown. */
static safetensors_dtype find_dtype(const char *name) {
    int dtype = 0;
    while (dtype < SAFETENSORS_DTYPE_COUNT && strcmp(dtypes[dtype].name, name) != 0) dtype++;
    return (safetensors_dtype)dtype;
}

/* The bytes that type and shape need: 1, or 0 if they overflow or are no whole number. */
static int needed_bytes(const safetensors_entry *entry, size_t *out) {
    size_t bits = dtypes[entry->dtype].bits;

    for (int32_t axis = 0; axis < entry->rank; axis++) {
        uint64_t dim = (uint64_t)entry->dims[axis];
        if (dim != 0 && bits > SIZE_MAX / dim) return 0;
        bits *= (size_t)dim;
    }
    *out = bits / 8;
    return bits % 8 == 0;
}

/* ---- sorting --------------------------------------------------------------------------------- */

/* Entries by name or pairs by key, which both are the first member. */
static int by_name(const void *a, const void *b) {
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int by_place(const void *a, const void *b) {
    const safetensors_entry *x = a, *y = b;
    if (x->at != y->at) return x->at < y->at ? -1 : 1;
    return (x->bytes > y->bytes) - (x->bytes < y->bytes);
}

/* The writer's order: wide types first, so that all data is aligned to its type. */
static int by_dtype_and_name(const void *a, const void *b) {
    const safetensors_entry *x = a, *y = b;
    if (x->dtype != y->dtype) return x->dtype > y->dtype ? -1 : 1;
    return strcmp(x->name, y->name);
}

/* A name that occurs twice in an array sorted by name, or NULL. */
static const char *find_duplicate(const void *array, size_t count, size_t size) {
    const char *base = array;

    for (size_t i = 1; i < count; i++) {
        if (by_name(base + (i - 1) * size, base + i * size) == 0) {
            return *(const char *const *)(const void *)(base + i * size);
        }
    }
    return NULL;
}

/* ---- reading --------------------------------------------------------------------------------- */

typedef struct parser {
    gan_context *ctx;
    const char *path;
    json_reader json;
    const uint8_t *data; /* behind the header, or NULL: was not read */
    size_t data_at, data_bytes;
    size_t entry_capacity, metadata_capacity;
    int metadata_seen;
    safetensors file;
} parser;

static int32_t syntax_error(const parser *p) {
    return error_set(p->ctx, GAN_EFORMAT, "%s: safetensors header, byte %zu: %s", p->path,
                     p->json.where, p->json.problem);
}

static int32_t tensor_error(const parser *p, const char *name, const char *problem) {
    return error_set(p->ctx, GAN_EFORMAT, "%s: tensor " NAME " %s", p->path, name, problem);
}

static int32_t parse_metadata(parser *p) {
    if (p->metadata_seen) {
        return error_set(p->ctx, GAN_EFORMAT, "%s: %s occurs twice", p->path, METADATA_KEY);
    }
    p->metadata_seen = 1;

    const char *key;
    json_open_object(&p->json);
    while ((key = json_next_key(&p->json)) != NULL) {
        const char *value = json_get_string(&p->json);
        if (value == NULL) break;
        safetensors_pair *pairs = arena_make_room(p->ctx, p->file.metadata, p->file.metadata_count,
                                                  &p->metadata_capacity, sizeof *pairs);
        if (pairs == NULL) return GAN_ENOMEM;
        p->file.metadata = pairs;
        pairs[p->file.metadata_count++] = (safetensors_pair){key, value};
    }
    return p->json.problem != NULL ? syntax_error(p) : GAN_OK;
}

static int32_t parse_dtype(parser *p, safetensors_entry *entry) {
    const char *name = json_get_string(&p->json);
    if (name == NULL) return syntax_error(p);
    entry->dtype = find_dtype(name);
    if (entry->dtype != SAFETENSORS_DTYPE_COUNT) return GAN_OK;
    return error_set(p->ctx, GAN_EFORMAT, "%s: tensor " NAME " has the unknown type '%.16s'",
                     p->path, entry->name, name);
}

static int32_t parse_shape(parser *p, safetensors_entry *entry) {
    json_open_array(&p->json);
    while (json_next_element(&p->json)) {
        int64_t dim = json_get_int(&p->json);
        if (p->json.problem != NULL) break;
        if (dim < 0) return tensor_error(p, entry->name, "has a negative size");
        if (entry->rank == SAFETENSORS_MAX_RANK) {
            return tensor_error(p, entry->name, "has more than 8 axes");
        }
        entry->dims[entry->rank++] = dim;
    }
    return p->json.problem != NULL ? syntax_error(p) : GAN_OK;
}

static int32_t parse_offsets(parser *p, safetensors_entry *entry) {
    int64_t offsets[2];
    int count = 0;

    json_open_array(&p->json);
    while (json_next_element(&p->json)) {
        int64_t offset = json_get_int(&p->json);
        if (p->json.problem != NULL) break;
        if (count == 2) return tensor_error(p, entry->name, "has more than two offsets");
        offsets[count++] = offset;
    }
    if (p->json.problem != NULL) return syntax_error(p);
    if (count < 2) return tensor_error(p, entry->name, "has fewer than two offsets");

    int64_t begin = offsets[0], end = offsets[1];
    if (begin < 0 || end < begin) {
        return error_set(p->ctx, GAN_EFORMAT,
                         "%s: tensor " NAME " goes from %" PRId64 " to %" PRId64, p->path,
                         entry->name, begin, end);
    }
    if ((uint64_t)end > p->data_bytes) {
        return error_set(p->ctx, GAN_EFORMAT,
                         "%s: tensor " NAME " ends at %" PRId64 ", past the data's %zu bytes",
                         p->path, entry->name, end, p->data_bytes);
    }
    entry->at = p->data_at + (size_t)begin;
    if (p->data != NULL) entry->data = p->data + begin;
    entry->bytes = (size_t)(end - begin);
    return GAN_OK;
}

static int32_t check_size(const parser *p, const safetensors_entry *entry) {
    size_t needed;
    if (!needed_bytes(entry, &needed)) {
        return tensor_error(p, entry->name, "has a shape whose bytes cannot be counted");
    }
    if (needed == entry->bytes) return GAN_OK;
    return error_set(p->ctx, GAN_EFORMAT,
                     "%s: tensor " NAME " has %zu bytes where its shape and type need %zu", p->path,
                     entry->name, entry->bytes, needed);
}

/* The object that describes one tensor. Fields that the format may gain later are skipped. */
static int32_t parse_tensor(parser *p, safetensors_entry *entry) {
    static const struct {
        const char *name;
        int32_t (*parse)(parser *p, safetensors_entry *entry);
    } fields[] = {{"dtype", parse_dtype}, {"shape", parse_shape}, {"data_offsets", parse_offsets}};
    enum { FIELDS = sizeof fields / sizeof fields[0] };
    unsigned seen = 0;

    const char *key;
    json_open_object(&p->json);
    while ((key = json_next_key(&p->json)) != NULL) {
        unsigned field = 0;
        while (field < FIELDS && strcmp(fields[field].name, key) != 0) field++;
        if (field == FIELDS) {
            json_skip(&p->json);
            continue;
        }
        if (seen & 1u << field) return tensor_error(p, entry->name, "repeats a field");
        seen |= 1u << field;
        int32_t status = fields[field].parse(p, entry);
        if (status != GAN_OK) return status;
    }
    if (p->json.problem != NULL) return syntax_error(p);
    if (seen != (1u << FIELDS) - 1) {
        return tensor_error(p, entry->name, "lacks dtype, shape or data_offsets");
    }
    return check_size(p, entry);
}

static int32_t parse_header(parser *p) {
    const char *name;

    json_open_object(&p->json);
    while ((name = json_next_key(&p->json)) != NULL) {
        int32_t status;
        if (strcmp(name, METADATA_KEY) == 0) {
            status = parse_metadata(p);
        } else {
            safetensors_entry *entries = arena_make_room(p->ctx, p->file.entries, p->file.count,
                                                         &p->entry_capacity, sizeof *entries);
            if (entries == NULL) return GAN_ENOMEM;
            p->file.entries = entries;
            entries[p->file.count] = (safetensors_entry){.name = name};
            status = parse_tensor(p, &entries[p->file.count++]);
        }
        if (status != GAN_OK) return status;
    }
    json_finish(&p->json);
    return p->json.problem != NULL ? syntax_error(p) : GAN_OK;
}

/* Entries must follow each other from the first byte of the data to its last. */
static int32_t check_coverage(parser *p) {
    size_t end = p->data_at;

    sort(p->file.entries, p->file.count, sizeof *p->file.entries, by_place);
    for (size_t i = 0; i < p->file.count; i++) {
        const safetensors_entry *entry = &p->file.entries[i];
        if (entry->at != end) {
            return error_set(p->ctx, GAN_EFORMAT,
                             "%s: tensor " NAME " begins at %zu where %zu is next: %s", p->path,
                             entry->name, entry->at - p->data_at, end - p->data_at,
                             entry->at < end ? "an overlap" : "a hole");
        }
        end += entry->bytes;
    }
    if (end != p->data_at + p->data_bytes) {
        return error_set(p->ctx, GAN_EFORMAT,
                         "%s: the tensors end at %zu, before the data's %zu bytes", p->path,
                         end - p->data_at, p->data_bytes);
    }
    return GAN_OK;
}

int32_t safetensors_index(gan_context *ctx, const char *path, safetensors *file) {
    sort(file->entries, file->count, sizeof *file->entries, by_name);
    const char *twice = find_duplicate(file->entries, file->count, sizeof *file->entries);
    if (twice == NULL) return GAN_OK;
    return error_set(ctx, GAN_EFORMAT, "%s: tensor " NAME " occurs twice", path, twice);
}

static int32_t check_names(parser *p) {
    safetensors *file = &p->file;

    int32_t status = safetensors_index(p->ctx, p->path, file);
    if (status != GAN_OK) return status;
    sort(file->metadata, file->metadata_count, sizeof *file->metadata, by_name);
    const char *twice =
        find_duplicate(file->metadata, file->metadata_count, sizeof *file->metadata);
    if (twice == NULL) return GAN_OK;
    return error_set(p->ctx, GAN_EFORMAT, "%s: metadata " NAME " occurs twice", p->path, twice);
}

/* Where the data of a file of `bytes` bytes begins, whose first are at `image`, if there are so
 * many. */
static int32_t find_data(gan_context *ctx, const char *path, const uint8_t *image, size_t bytes,
                         size_t *out) {
    if (bytes < LENGTH_BYTES) {
        return error_set(ctx, GAN_EFORMAT, "%s: %zu bytes are no safetensors file", path, bytes);
    }
    uint64_t header = bytes_le(image, LENGTH_BYTES);
    if (header > MAX_HEADER_BYTES || header > bytes - LENGTH_BYTES) {
        return error_set(ctx, GAN_EFORMAT,
                         "%s: no safetensors file: a header of %" PRIu64 " bytes in a file of %zu",
                         path, header, bytes);
    }
    *out = LENGTH_BYTES + (size_t)header;
    return GAN_OK;
}

/* p->data_at and, if there is the data in the image, p->data are known. */
static int32_t parse_image(parser *p, size_t bytes, safetensors *out) {
    p->json = json_read((char *)p->file.image + LENGTH_BYTES, p->data_at - LENGTH_BYTES);
    p->data_bytes = bytes - p->data_at;
    int32_t status = parse_header(p);
    if (status == GAN_OK) status = check_coverage(p);
    if (status == GAN_OK) status = check_names(p);
    if (status == GAN_OK) *out = p->file;
    return status;
}

int32_t safetensors_parse(gan_context *ctx, const char *path, uint8_t *image, size_t bytes,
                          safetensors *out) {
    parser p = {.ctx = ctx, .path = path, .file.image = image};
    int32_t status = find_data(ctx, path, image, bytes, &p.data_at);
    if (status == GAN_OK) {
        p.data = image + p.data_at;
        status = parse_image(&p, bytes, out);
    }
    if (status != GAN_OK) safetensors_release(ctx, &p.file);
    return status;
}

/* The first bytes of the source, as many as there are if it is shorter. */
static int32_t read_begin(gan_context *ctx, const char *path, const file_source *source,
                          uint8_t *to, size_t bytes) {
    int reason = file_source_read(source, 0, to, bytes < source->bytes ? bytes : source->bytes);
    return reason == 0 ? GAN_OK : file_error(ctx, path, "read", reason);
}

int32_t safetensors_read_header(gan_context *ctx, const char *path, const file_source *source,
                                safetensors *out) {
    parser p = {.ctx = ctx, .path = path};
    uint8_t length[LENGTH_BYTES];
    int32_t status = read_begin(ctx, path, source, length, sizeof length);
    if (status == GAN_OK) status = find_data(ctx, path, length, source->bytes, &p.data_at);
    if (status != GAN_OK) return status;

    p.file.image = arena_alloc(ctx, p.data_at);
    if (p.file.image == NULL) return GAN_ENOMEM;
    status = read_begin(ctx, path, source, p.file.image, p.data_at);
    if (status == GAN_OK) status = parse_image(&p, source->bytes, out);
    if (status != GAN_OK) safetensors_release(ctx, &p.file);
    return status;
}

int32_t safetensors_read(gan_context *ctx, const char *path, safetensors *out) {
    uint8_t *image;
    size_t bytes;
    int32_t status = file_read(ctx, path, &image, &bytes);
    return status == GAN_OK ? safetensors_parse(ctx, path, image, bytes, out) : status;
}

void safetensors_release(gan_context *ctx, safetensors *file) {
    arena_free(ctx, file->entries);
    arena_free(ctx, file->metadata);
    arena_free(ctx, file->image);
    arena_free(ctx, file->more);
}

const safetensors_entry *safetensors_find(const safetensors *file, const char *name) {
    if (file->count == 0) return NULL;
    return bsearch(&name, file->entries, file->count, sizeof *file->entries, by_name);
}

const char *safetensors_metadata(const safetensors *file, const char *key) {
    if (file->metadata_count == 0) return NULL;
    const safetensors_pair *pair =
        bsearch(&key, file->metadata, file->metadata_count, sizeof *pair, by_name);
    return pair == NULL ? NULL : pair->value;
}

void safetensors_keep(safetensors *file, const char *part) {
    size_t length = strlen(part), kept = 0;

    for (size_t i = 0; i < file->count && length > 0; i++) {
        safetensors_entry *entry = &file->entries[i];
        if (strncmp(entry->name, part, length) != 0 || entry->name[length] != '.') continue;
        entry->name += length + 1;
        file->entries[kept++] = *entry;
    }
    if (length > 0) file->count = kept;
}

double safetensors_value(const safetensors_entry *entry, int64_t i) {
    const uint8_t *at = entry->data + (size_t)i * (dtypes[entry->dtype].bits / 8);
    float f;
    double d;
    uint16_t h;
    int64_t n;

    switch (entry->dtype) {
    case SAFETENSORS_F16:
    case SAFETENSORS_BF16:
        memcpy(&h, at, sizeof h);
        return (double)(entry->dtype == SAFETENSORS_F16 ? half_from_f16(h) : half_from_bf16(h));
    case SAFETENSORS_F32:
        memcpy(&f, at, sizeof f);
        return (double)f;
    case SAFETENSORS_F64:
        memcpy(&d, at, sizeof d);
        return d;
    case SAFETENSORS_I64:
        memcpy(&n, at, sizeof n);
        return (double)n;
    default:
        return NAN;
    }
}

/* ---- writing --------------------------------------------------------------------------------- */

/* Puts the entries into the file's order, after checking that a reader will take them. */
static int32_t arrange(gan_context *ctx, const char *path, safetensors_entry *entries,
                       size_t count) {
    sort(entries, count, sizeof *entries, by_name);
    const char *twice = find_duplicate(entries, count, sizeof *entries);
    if (twice != NULL) {
        return error_set(ctx, GAN_EINVAL, "%s: two tensors are named " NAME, path, twice);
    }
    for (size_t i = 0; i < count; i++) {
        size_t needed;
        if (strcmp(entries[i].name, METADATA_KEY) == 0) {
            return error_set(ctx, GAN_EINVAL, "%s: no tensor may be named %s", path, METADATA_KEY);
        }
        if (!needed_bytes(&entries[i], &needed) || needed != entries[i].bytes) {
            return error_set(ctx, GAN_EINVAL, "%s: tensor " NAME ": %zu bytes do not fit its shape",
                             path, entries[i].name, entries[i].bytes);
        }
    }
    sort(entries, count, sizeof *entries, by_dtype_and_name);
    return GAN_OK;
}

static void put_metadata(json_writer *w, const safetensors_pair *metadata, size_t count) {
    json_put_key(w, METADATA_KEY);
    json_begin_object(w);
    for (size_t i = 0; i < count; i++) {
        json_put_key(w, metadata[i].key);
        json_put_string(w, metadata[i].value);
    }
    json_end_object(w);
}

static void put_entry(json_writer *w, const safetensors_entry *entry, size_t offset) {
    json_put_key(w, entry->name);
    json_begin_object(w);
    json_put_key(w, "dtype");
    json_put_string(w, dtypes[entry->dtype].name);
    json_put_key(w, "shape");
    json_begin_array(w);
    for (int32_t axis = 0; axis < entry->rank; axis++) json_put_int(w, entry->dims[axis]);
    json_end_array(w);
    json_put_key(w, "data_offsets");
    json_begin_array(w);
    json_put_int(w, (int64_t)offset);
    json_put_int(w, (int64_t)(offset + entry->bytes));
    json_end_array(w);
    json_end_object(w);
}

static void put_header(json_writer *w, const safetensors_entry *entries, size_t count,
                       const safetensors_pair *metadata, size_t metadata_count) {
    size_t offset = 0;

    json_begin_object(w);
    if (metadata_count > 0) put_metadata(w, metadata, metadata_count);
    for (size_t i = 0; i < count; i++) {
        put_entry(w, &entries[i], offset);
        offset += entries[i].bytes;
    }
    json_end_object(w);
}

static int32_t write_file(gan_context *ctx, const char *path, const char *header,
                          size_t header_bytes, const safetensors_entry *entries, size_t count) {
    static const char spaces[HEADER_ALIGNMENT] = "        ";
    size_t padding = (HEADER_ALIGNMENT - header_bytes % HEADER_ALIGNMENT) % HEADER_ALIGNMENT;
    if (header_bytes + padding > MAX_HEADER_BYTES) {
        return error_set(ctx, GAN_EINVAL, "%s: a header of %zu bytes; at most %d", path,
                         header_bytes + padding, MAX_HEADER_BYTES);
    }
    uint8_t length[LENGTH_BYTES];
    for (int i = 0; i < LENGTH_BYTES; i++) {
        length[i] = (uint8_t)((uint64_t)(header_bytes + padding) >> 8 * i);
    }

    file_writer w;
    int32_t status = file_writer_open(&w, ctx, path);
    if (status != GAN_OK) return status;
    file_writer_append(&w, length, sizeof length);
    file_writer_append(&w, header, header_bytes);
    file_writer_append(&w, spaces, padding);
    for (size_t i = 0; i < count; i++) file_writer_append(&w, entries[i].data, entries[i].bytes);
    return file_writer_close(&w, GAN_OK);
}

int32_t safetensors_write(gan_context *ctx, const char *path, const safetensors_entry *entries,
                          size_t count, const safetensors_pair *metadata, size_t metadata_count) {
    safetensors_entry *ordered = arena_alloc_array(ctx, count, sizeof *ordered);
    if (ordered == NULL) return GAN_ENOMEM;
    if (count > 0) memcpy(ordered, entries, count * sizeof *ordered);

    json_writer header = json_write(ctx);
    int32_t status = arrange(ctx, path, ordered, count);
    if (status == GAN_OK) {
        put_header(&header, ordered, count, metadata, metadata_count);
        status = header.status;
    }
    if (status == GAN_OK) {
        status = write_file(ctx, path, header.text, header.length, ordered, count);
    }
    json_writer_release(&header);
    arena_free(ctx, ordered);
    return status;
}
