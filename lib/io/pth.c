#include "io/pth.h"

#include "core/alloc.h"
#include "core/error.h"
#include "io/pickle.h"
#include "io/zip.h"

#include <stdio.h>
#include <string.h>

enum {
    MAX_DEPTH = 32,             /* dicts in dicts */
    MAX_NAME = 1024,            /* of a tensor, or of a member of the archive */
    MAX_PICKLE_BYTES = 1 << 25, /* room for 200,000 tensors */
    MAX_EXPANSION = 8,          /* names, descriptions and copies: so many times the file */
    EXPANSION_CONSTANT = 1 << 16
};

/* ---- what a pickle may name ------------------------------------------------------------------ */

enum { ORDERED_DICT, REBUILD_TENSOR, REBUILD_PARAMETER, FIRST_STORAGE };

static const pickle_global globals[] = {
    [ORDERED_DICT] = {"collections", "OrderedDict", 1},
    [REBUILD_TENSOR] = {"torch._utils", "_rebuild_tensor_v2", 0},
    [REBUILD_PARAMETER] = {"torch._utils", "_rebuild_parameter", 0},
    [FIRST_STORAGE] = {"torch", "FloatStorage", 0},
    {"torch", "DoubleStorage", 0},
    {"torch", "HalfStorage", 0},
    {"torch", "BFloat16Storage", 0},
    {"torch", "LongStorage", 0},
    {"torch", "IntStorage", 0},
    {"torch", "ShortStorage", 0},
    {"torch", "CharStorage", 0},
    {"torch", "ByteStorage", 0},
    {"torch", "BoolStorage", 0},
};

/* Types of the storages. */
static const safetensors_dtype storages[] = {
    SAFETENSORS_F32, SAFETENSORS_F64, SAFETENSORS_F16, SAFETENSORS_BF16, SAFETENSORS_I64,
    SAFETENSORS_I32, SAFETENSORS_I16, SAFETENSORS_I8,  SAFETENSORS_U8,   SAFETENSORS_BOOL};

/* ---------------------------------------------------------------------------------------------- */

/* The tree is walked twice: first to count what its tensors need, then to write that down. */
typedef struct walk {
    gan_context *ctx;
    const char *path;
    zip_archive archive;
    const char *prefix; /* of the members: the archive's folder and a slash */
    size_t prefix_bytes;
    pickle pickle;
    size_t visits, most_visits;
    char name[MAX_NAME];
    size_t count, more_bytes;   /* counted, or written so far */
    safetensors_entry *entries; /* NULL: counting */
    uint8_t *more;
} walk;

static int32_t refuse(const walk *w, const char *problem) {
    return error_set(w->ctx, GAN_EFORMAT, "%s: tensor '%.64s' %s", w->path, w->name, problem);
}

/* ---- storages -------------------------------------------------------------------------------- */

/* A tensor's elements: those of a whole storage, and which of them. */
typedef struct view {
    const uint8_t *storage;
    size_t element; /* bytes */
    int64_t stored; /* elements of the storage */
    int64_t first, strides[SAFETENSORS_MAX_RANK];
} view;

/* ("storage", type, key, device, elements); the bytes are the member "data/<key>". */
static int32_t find_storage(const walk *w, const pickle_value *id, view *v,
                            safetensors_dtype *dtype) {
    const pickle *p = &w->pickle;
    if (id->kind != PICKLE_PERSISTENT || id->count != 5) return refuse(w, "has no storage");
    const pickle_value *type = pickle_at(p, id, 1), *key = pickle_at(p, id, 2),
                       *elements = pickle_at(p, id, 4);
    if (type->kind != PICKLE_GLOBAL || type->number < FIRST_STORAGE || key->kind != PICKLE_STRING ||
        elements->kind != PICKLE_INT)
        return refuse(w, "has a storage that is not described as one");
    char member[MAX_NAME];
    int length = key->number < MAX_NAME / 2 && w->prefix_bytes < MAX_NAME / 2 - 8
                     ? snprintf(member, sizeof member, "%.*sdata/%.*s", (int)w->prefix_bytes,
                                w->prefix, (int)key->number, key->text)
                     : 0;
    const zip_member *m = zip_find(&w->archive, member, (size_t)length);
    if (!m) return refuse(w, "has a storage that is not in the archive");
    *dtype = storages[type->number - FIRST_STORAGE];
    v->element = safetensors_element_bytes(*dtype);
    v->storage = m->data;
    v->stored = elements->number;
    if (v->stored < 0 || (uint64_t)v->stored != m->bytes / v->element || m->bytes % v->element)
        return refuse(w, "has a storage of another size than it says");
    return GAN_OK;
}

/* ---- shapes ---------------------------------------------------------------------------------- */

static int32_t read_sizes(const walk *w, const pickle_value *tuple, int64_t *to, int32_t *rank) {
    if (tuple->kind != PICKLE_TUPLE) return refuse(w, "has no shape");
    if (tuple->count > SAFETENSORS_MAX_RANK) return refuse(w, "has more than 8 axes");
    *rank = tuple->count;
    for (int32_t i = 0; i < *rank; i++) {
        const pickle_value *size = pickle_at(&w->pickle, tuple, i);
        if (size->kind != PICKLE_INT || size->number < 0)
            return refuse(w, "has a size or stride that is no number of 0 or more");
        to[i] = size->number;
    }
    return GAN_OK;
}

/* The number of elements in *count, which all lie in the storage. Strides that nothing is reached
 * by may be any number in the file, and become 0. */
static int32_t check_view(const walk *w, const safetensors_entry *e, view *v, int64_t *count) {
    int64_t left = v->stored - 1 - v->first; /* places behind the first element */
    *count = 1;
    for (int32_t i = 0; i < e->rank; i++)
        if (e->dims[i] == 0) *count = 0;
    for (int32_t i = 0; i < e->rank && *count; i++) {
        int64_t steps = e->dims[i] - 1;
        if (steps == 0) v->strides[i] = 0;
        if (steps > 0 && v->strides[i] > left / steps) left = -1;
        if (left >= 0) left -= steps * v->strides[i];
        if (e->dims[i] > v->stored / *count) return refuse(w, "has more elements than its storage");
        *count *= e->dims[i];
    }
    if (*count && left < 0) return refuse(w, "goes beyond its storage");
    return GAN_OK;
}

static int is_contiguous(const safetensors_entry *e, const view *v) {
    int64_t stride = 1;
    for (int32_t i = e->rank - 1; i >= 0; i--) {
        if (e->dims[i] != 1 && v->strides[i] != stride) return 0;
        stride *= e->dims[i];
    }
    return 1;
}

/* Row-major elements of a view that has `count` > 0. */
static void gather(const safetensors_entry *e, const view *v, int64_t count, uint8_t *to) {
    int64_t index[SAFETENSORS_MAX_RANK] = {0}, at = v->first;
    for (int64_t n = 0; n < count; n++, to += v->element) {
        memcpy(to, v->storage + (size_t)at * v->element, v->element);
        for (int32_t i = e->rank - 1; i >= 0; i--) {
            at += v->strides[i];
            if (++index[i] < e->dims[i]) break;
            at -= v->strides[i] * e->dims[i];
            index[i] = 0;
        }
    }
}

/* ---- the tree -------------------------------------------------------------------------------- */

/* Bytes behind those written so far; NULL while counting. */
static uint8_t *reserve(walk *w, size_t bytes) {
    uint8_t *at = w->more ? w->more + w->more_bytes : NULL;
    w->more_bytes += bytes;
    return at;
}

static int32_t add_entry(walk *w, safetensors_entry *e, const view *v, int64_t count) {
    size_t name = strlen(w->name) + 1;
    char *text = (char *)reserve(w, name);
    e->bytes = (size_t)count * v->element;
    if (count == 0 || is_contiguous(e, v)) {
        e->data = v->storage + (count ? (size_t)v->first * v->element : 0);
    } else {
        uint8_t *copy = reserve(w, e->bytes);
        if (copy) gather(e, v, count, copy);
        e->data = copy;
    }
    if (w->entries) {
        memcpy(text, w->name, name);
        e->name = text;
        w->entries[w->count] = *e;
    }
    w->count++;
    return GAN_OK;
}

/* _rebuild_tensor_v2(storage, first element, shape, strides, ...) */
static int32_t read_tensor(walk *w, const pickle_value *call) {
    const pickle *p = &w->pickle;
    const pickle_value *first = pickle_at(p, call, 1);
    safetensors_entry e = {0};
    view v = {0};
    int32_t strides = 0, code = GAN_OK;
    int64_t count;
    if (call->count < 4 || first->kind != PICKLE_INT || first->number < 0)
        return refuse(w, "is not described as one");
    v.first = first->number;
    code = find_storage(w, pickle_at(p, call, 0), &v, &e.dtype);
    if (!code) code = read_sizes(w, pickle_at(p, call, 2), e.dims, &e.rank);
    if (!code) code = read_sizes(w, pickle_at(p, call, 3), v.strides, &strides);
    if (!code && strides != e.rank) code = refuse(w, "has another number of strides than of axes");
    if (!code) code = check_view(w, &e, &v, &count);
    return code ? code : add_entry(w, &e, &v, count);
}

static int32_t visit(walk *w, const pickle_value *value, size_t name_bytes, int depth);

/* The child's name: a key, or its number in a list. */
static int32_t visit_item(walk *w, const pickle_item *item, int32_t index, size_t name_bytes,
                          int depth) {
    const pickle_value *key = item->key < 0 ? NULL : &w->pickle.values[item->key];
    char *end = w->name + name_bytes;
    size_t room = MAX_NAME - name_bytes;
    const char *dot = name_bytes ? "." : "";
    if (key && key->kind != PICKLE_STRING && key->kind != PICKLE_INT) return GAN_OK;
    if (key && key->kind == PICKLE_STRING &&
        (key->number >= MAX_NAME || memchr(key->text, 0, (size_t)key->number)))
        return refuse(w, "has below it a key that is too long or has a NUL");
    int length = key && key->kind == PICKLE_STRING
                     ? snprintf(end, room, "%s%.*s", dot, (int)key->number, key->text)
                     : snprintf(end, room, "%s%lld", dot, key ? (long long)key->number : index);
    if (length < 0 || (size_t)length >= room) return refuse(w, "has too long a name");
    return visit(w, &w->pickle.values[item->value], name_bytes + (size_t)length, depth);
}

/* Reads a value and what is below it. Dicts may be in several places, or in themselves. */
static int32_t visit(walk *w, const pickle_value *value, size_t name_bytes, int depth) {
    if (depth > MAX_DEPTH) return refuse(w, "is too deep in dicts");
    if (++w->visits > w->most_visits)
        return error_set(w->ctx, GAN_EFORMAT, "%s: the pickle repeats itself", w->path);
    if (value->kind == PICKLE_CALL && value->number == REBUILD_PARAMETER) {
        if (!value->count) return refuse(w, "is not described as one");
        return visit(w, pickle_at(&w->pickle, value, 0), name_bytes, depth + 1);
    }
    if (value->kind == PICKLE_CALL && value->number == REBUILD_TENSOR) return read_tensor(w, value);
    if (value->kind != PICKLE_DICT && value->kind != PICKLE_TUPLE) return GAN_OK;
    int32_t code = GAN_OK, at = value->first;
    for (int32_t i = 0; i < value->count && !code; i++, at = w->pickle.items[at].next)
        code = visit_item(w, &w->pickle.items[at], i, name_bytes, depth + 1);
    w->name[name_bytes] = 0;
    return code;
}

static int32_t walk_tree(walk *w) {
    w->visits = w->count = w->more_bytes = 0;
    w->name[0] = 0;
    return visit(w, &w->pickle.values[w->pickle.root], 0, 0);
}

/* ---- the file -------------------------------------------------------------------------------- */

/* torch.save before PyTorch 1.6 began with the pickle of this number: protocol 2, LONG1, 10 bytes,
 * 0x1950a86a20f9469cfc6c, STOP. */
static const uint8_t legacy[] = {0x80, 0x02, 0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46,
                                 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19, '.'};

static int is_legacy(const uint8_t *image, size_t bytes) {
    return bytes >= sizeof legacy && memcmp(image, legacy, sizeof legacy) == 0;
}

int pth_begins(const uint8_t *image, size_t bytes) {
    return zip_begins(image, bytes) || is_legacy(image, bytes);
}

static int ends_with(const zip_member *m, const char *end) {
    size_t bytes = strlen(end);
    return m->name_bytes >= bytes && memcmp(m->name + m->name_bytes - bytes, end, bytes) == 0;
}

/* The pickle, "<folder>/data.pkl"; NULL with the error set. */
static const zip_member *find_pickle(walk *w) {
    static const char pickle_name[] = "data.pkl";
    const zip_member *found = NULL;
    for (size_t i = 0; i < w->archive.count && !found; i++) {
        const zip_member *m = &w->archive.members[i];
        if (ends_with(m, "/data.pkl")) found = m;
        if (ends_with(m, "/byteorder") && m->bytes == 3 && memcmp(m->data, "big", 3) == 0) {
            error_set(w->ctx, GAN_EFORMAT, "%s: was written on a big-endian machine", w->path);
            return NULL;
        }
    }
    if (!found || found->bytes > MAX_PICKLE_BYTES) {
        error_set(w->ctx, GAN_EFORMAT, "%s: zip archive: %s", w->path,
                  found ? "its pickle is too long"
                        : "has no data.pkl, so torch.save did not make it");
        return NULL;
    }
    w->prefix = found->name;
    w->prefix_bytes = found->name_bytes - strlen(pickle_name);
    return found;
}

/* Room for what was counted, and the second walk. */
static int32_t write_down(walk *w, size_t file_bytes) {
    size_t most = file_bytes * MAX_EXPANSION + EXPANSION_CONSTANT;
    if (w->count > most / sizeof *w->entries ||
        w->more_bytes > most - w->count * sizeof *w->entries)
        return error_set(w->ctx, GAN_EFORMAT,
                         "%s: tensors that share storages unfold to more than %d times the file",
                         w->path, MAX_EXPANSION);
    w->entries = arena_alloc_array(w->ctx, w->count, sizeof *w->entries);
    w->more = w->entries ? arena_alloc(w->ctx, w->more_bytes) : NULL;
    return w->more ? walk_tree(w) : GAN_ENOMEM;
}

static int32_t parse_archive(walk *w, size_t file_bytes) {
    const zip_member *m = find_pickle(w);
    if (!m) return GAN_EFORMAT;
    int32_t code = pickle_read(w->ctx, w->path, m->data, m->bytes, globals,
                               sizeof globals / sizeof *globals, &w->pickle);
    if (code) return code;
    w->most_visits = m->bytes;
    code = walk_tree(w);
    if (!code) code = write_down(w, file_bytes);
    pickle_release(w->ctx, &w->pickle);
    return code;
}

int32_t pth_parse(gan_context *ctx, const char *path, uint8_t *image, size_t bytes,
                  safetensors *out) {
    walk w = {.ctx = ctx, .path = path};
    int32_t code =
        is_legacy(image, bytes)
            ? error_set(ctx, GAN_EFORMAT,
                        "%s: is in PyTorch's old format (before 1.6): read it with torch.load and "
                        "write it again with torch.save",
                        path)
            : zip_read(ctx, path, image, bytes, &w.archive);
    if (!code) {
        code = parse_archive(&w, bytes);
        zip_release(ctx, &w.archive);
    }
    safetensors file = {.entries = w.entries, .count = w.count, .image = image, .more = w.more};
    if (!code) code = safetensors_index(ctx, path, &file);
    if (code)
        safetensors_release(ctx, &file);
    else
        *out = file;
    return code;
}
