#include "nn/state.h"

#include "autograd/grad.h"
#include "core/alloc.h"
#include "core/error.h"
#include "core/scope.h"
#include "io/weights.h"
#include "ops/op.h"

#include <string.h>

/* ---- layouts --------------------------------------------------------------------------------- */

/* File axis i is memory axis to_file[i], and the other way round. */
typedef struct permutation {
    int32_t to_file[GAN_MAX_RANK], to_memory[GAN_MAX_RANK];
} permutation;

static const permutation *permutation_of(const entry *e) {
    static const permutation kernel = {{0, 3, 1, 2}, {0, 2, 3, 1}};
    static const permutation chw = {{2, 0, 1}, {1, 2, 0}};
    return e->layout == LAYOUT_KERNEL ? &kernel : e->layout == LAYOUT_CHW ? &chw : NULL;
}

/* The values as they stand in files. */
static gan_tensor *in_file_layout(const entry *e) {
    const permutation *p = permutation_of(e);
    return p ? op_transpose(e->tensor, p->to_file) : e->tensor;
}

static shape file_shape(const entry *e) {
    const permutation *p = permutation_of(e);
    shape s = *tensor_shape(e->tensor);
    for (int32_t i = 0; p && i < s.rank; i++)
        s.dim[i] = tensor_shape(e->tensor)->dim[p->to_file[i]];
    return s;
}

/* ---- save ------------------------------------------------------------------------------------ */

/* One parameter's bytes, in a block of the arena that the caller frees through out->data. */
static int32_t encode(const gan_module *m, const entry *row, safetensors_entry *out) {
    gan_context *ctx = m->base.ctx;
    int64_t mark = scope_begin(ctx);
    if (mark < 0) return (int32_t)mark;
    gan_tensor *t = in_file_layout(row);
    size_t n = t ? (size_t)tensor_size(t) : 0, size = row->integer ? 8 : 4;
    uint8_t *bytes = t ? arena_alloc_array(ctx, n, size) : NULL;
    for (size_t i = 0; bytes && i < n; i++) {
        real value = tensor_values(t)[i];
        if (row->integer)
            memcpy(bytes + 8 * i, &(int64_t){(int64_t)value}, 8);
        else
            memcpy(bytes + 4 * i, &(float){(float)value}, 4);
    }
    scope_escape(ctx, mark, NULL);
    if (!bytes) return GAN_ENOMEM;
    shape s = file_shape(row);
    *out = (safetensors_entry){.name = module_entry_name(m, row),
                               .dtype = row->integer ? SAFETENSORS_I64 : SAFETENSORS_F32,
                               .rank = s.rank,
                               .data = bytes,
                               .bytes = n * size};
    memcpy(out->dims, s.dim, (size_t)s.rank * sizeof s.dim[0]);
    return GAN_OK;
}

static void free_bytes(gan_context *ctx, const safetensors_entry *e) {
    union {
        const uint8_t *in;
        void *out;
    } data = {e->data};
    arena_free(ctx, data.out);
}

int32_t state_save(const gan_module *m, const char *path, const char *graph) {
    gan_context *ctx = m->base.ctx;
    size_t count = m->entry_total, done = 0;
    safetensors_entry *entries = arena_alloc_array(ctx, count, sizeof *entries);
    if (!entries) return GAN_ENOMEM;
    int32_t code = GAN_OK;
    int before = autograd_recording(ctx, 0);
    while (done < count && !(code = encode(m, module_entry(m, done), &entries[done]))) done++;
    autograd_recording(ctx, before);
    const safetensors_pair metadata[] = {{"gan.format", "1"}, {"gan.graph", graph}};
    if (!code) code = safetensors_write(ctx, path, entries, count, metadata, graph ? 2 : 1);
    while (done > 0) free_bytes(ctx, &entries[--done]);
    arena_free(ctx, entries);
    return code;
}

/* ---- load ------------------------------------------------------------------------------------ */

static int fits(const safetensors_entry *e, const shape *s) {
    if (e->rank != s->rank) return 0;
    for (int32_t i = 0; i < s->rank; i++)
        if (e->dims[i] != s->dim[i]) return 0;
    return 1;
}

static int32_t check_entry(const gan_module *m, const char *path, const entry *row,
                           const safetensors_entry *e) {
    gan_context *ctx = m->base.ctx;
    const char *name = module_entry_name(m, row);
    int right = row->integer ? e->dtype == SAFETENSORS_I64
                             : e->dtype == SAFETENSORS_F16 || e->dtype == SAFETENSORS_BF16 ||
                                   e->dtype == SAFETENSORS_F32 || e->dtype == SAFETENSORS_F64;
    if (!right)
        return error_set(ctx, GAN_EFORMAT, "%s: tensor '%s' is of type %s, must be %s", path, name,
                         safetensors_dtype_name(e->dtype),
                         row->integer ? "I64" : "F16, BF16, F32 or F64");
    shape wanted = file_shape(row);
    if (fits(e, &wanted)) return GAN_OK;
    char a[SHAPE_TEXT], b[SHAPE_TEXT];
    shape found = shape_of(e->rank < GAN_MAX_RANK ? e->rank : GAN_MAX_RANK, e->dims);
    return error_set(ctx, GAN_EFORMAT, "%s: tensor '%s' is %s, the module has %s", path, name,
                     shape_text(&found, a), shape_text(&wanted, b));
}

/* Integers count batches. A tensor counts them exactly to here, and then no further. */
static double count_of(double value) {
    const double most = 1 << 24;
    return value < 0 ? 0 : value > most ? most : value;
}

/* The file's values in memory layout: a tensor of the current scope. */
static gan_tensor *decode(gan_context *ctx, const entry *row, const safetensors_entry *e) {
    shape s = file_shape(row);
    gan_tensor *t = tensor_new(ctx, &s);
    if (!t) return NULL;
    for (int64_t i = 0; i < tensor_size(t); i++) {
        double value = safetensors_value(e, i);
        tensor_data(t)[i] = (real)(row->integer ? count_of(value) : value);
    }
    const permutation *p = permutation_of(row);
    return p ? op_transpose(t, p->to_memory) : t;
}

/* The first entry whose name ends with a dot and `name`, or NULL. */
static const safetensors_entry *find_deeper(const safetensors *file, const char *name) {
    size_t length = strlen(name);
    for (size_t i = 0; i < file->count; i++) {
        size_t whole = strlen(file->entries[i].name), before = whole - length;
        if (whole > length && file->entries[i].name[before - 1] == '.' &&
            strcmp(file->entries[i].name + before, name) == 0)
            return &file->entries[i];
    }
    return NULL;
}

static int32_t report_missing(const gan_module *m, const char *path, const char *name,
                              const safetensors *file) {
    const safetensors_entry *deeper = find_deeper(file, name);
    if (!deeper)
        return error_set(m->base.ctx, GAN_EFORMAT, "%s: tensor '%s' is missing", path, name);
    return error_set(m->base.ctx, GAN_EFORMAT,
                     "%s: tensor '%s' is missing, but '%s' is there: load that part", path, name,
                     deeper->name);
}

/* Finds what the module lacks or the file has too much of. */
static int32_t check_names(const gan_module *m, const char *path, const safetensors *file) {
    for (size_t i = 0; i < m->entry_total; i++) {
        const char *name = module_entry_name(m, module_entry(m, i));
        if (!safetensors_find(file, name)) return report_missing(m, path, name, file);
    }
    for (size_t i = 0; i < file->count && file->count > m->entry_total; i++)
        if (!module_find(m, file->entries[i].name))
            return error_set(m->base.ctx, GAN_EFORMAT, "%s: the module has no tensor '%s'", path,
                             file->entries[i].name);
    return GAN_OK;
}

static int32_t decode_all(const gan_module *m, const char *path, const safetensors *file,
                          gan_tensor **values) {
    int32_t code = check_names(m, path, file);
    for (size_t i = 0; i < m->entry_total && !code; i++) {
        const entry *row = module_entry(m, i);
        const safetensors_entry *e = safetensors_find(file, module_entry_name(m, row));
        code = check_entry(m, path, row, e);
        if (!code && !(values[i] = decode(m->base.ctx, row, e))) code = GAN_ENOMEM;
    }
    return code;
}

/* The part's entries of a file, which the caller releases. */
static int32_t read_part(gan_context *ctx, const char *path, const char *part, safetensors *file) {
    int32_t code = weights_read(ctx, path, file);
    if (code) return code;
    if (safetensors_metadata(file, "gan.checkpoint"))
        code = error_set(ctx, GAN_EFORMAT,
                         "%s: is a checkpoint, which gan_trainer_load or gan_checkpoint_load reads",
                         path);
    safetensors_keep(file, part);
    if (!code && *part && !file->count)
        code = error_set(ctx, GAN_EFORMAT, "%s: has no part '%.64s'", path, part);
    if (code) safetensors_release(ctx, file);
    return code;
}

int32_t state_load(gan_module *m, const char *path, const char *part) {
    gan_context *ctx = m->base.ctx;
    gan_tensor **values = arena_alloc_array(ctx, m->entry_total, sizeof(gan_tensor *));
    if (!values) return GAN_ENOMEM;
    safetensors file;
    int32_t code = read_part(ctx, path, part, &file);
    if (!code) {
        int before = autograd_recording(ctx, 0);
        int64_t mark = scope_begin(ctx);
        code = mark < 0 ? (int32_t)mark : decode_all(m, path, &file, values);
        for (size_t i = 0; i < m->entry_total && !code; i++)
            tensor_copy(module_entry(m, i)->tensor, values[i]);
        scope_escape(ctx, mark, NULL);
        autograd_recording(ctx, before);
        safetensors_release(ctx, &file);
    }
    arena_free(ctx, values);
    return code;
}
