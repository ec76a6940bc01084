#include "train/places.h"

#include "core/alloc.h"
#include "core/error.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* ---- listing --------------------------------------------------------------------------------- */

static const safetensors_dtype real_dtype = sizeof(real) == 8 ? SAFETENSORS_F64 : SAFETENSORS_F32;

/* "a.b" or "a.b.c", in the arena. */
static char *join(gan_context *ctx, const char *a, const char *b, const char *c) {
    size_t room = strlen(a) + strlen(b) + (c ? strlen(c) : 0) + 3;
    char *name = arena_alloc(ctx, room);
    if (name) snprintf(name, room, "%s.%s%s%s", a, b, c ? "." : "", c ? c : "");
    return name;
}

/* Takes the name, NULL for a failure before. */
static int32_t add(gan_context *ctx, place_list *list, char *name, place p) {
    if (!name) return GAN_ENOMEM;
    place *room = arena_make_room(ctx, list->at, list->count, &list->capacity, sizeof *room);
    if (!room) {
        arena_free(ctx, name);
        return GAN_ENOMEM;
    }
    p.name = name;
    list->at = room;
    list->at[list->count++] = p;
    return GAN_OK;
}

int32_t places_add_word(gan_context *ctx, place_list *list, const char *part, const char *name,
                        safetensors_dtype dtype, void *word) {
    return add(ctx, list, join(ctx, part, name, NULL),
               (place){.dtype = dtype, .data = word, .bytes = 8});
}

int32_t places_add_module(gan_context *ctx, place_list *list, const char *part, const gan_module *m,
                          int undone) {
    int32_t code = GAN_OK;
    for (size_t i = 0; m && i < m->entry_total && !code; i++) {
        const entry *e = module_entry(m, i);
        const shape *s = tensor_shape(e->tensor);
        code = add(ctx, list, join(ctx, part, module_entry_name(m, e), NULL),
                   (place){.dtype = real_dtype,
                           .shape = *s,
                           .tensor = e->tensor,
                           .bytes = (size_t)shape_size(s) * sizeof(real),
                           .undone = undone || e->role == ROLE_BUFFER});
    }
    return code;
}

static int32_t add_slot(gan_context *ctx, place_list *list, const char *part, slot *s, int undone) {
    int64_t n = tensor_size(s->parameter);
    int32_t code = add(
        ctx, list, join(ctx, part, s->name, "steps"),
        (place){
            .dtype = SAFETENSORS_U64, .data = &s->step, .bytes = sizeof s->step, .undone = undone});
    for (int k = 0; k < OPTIMIZER_STATES && s->state[k] && !code; k++) {
        char what[16];
        snprintf(what, sizeof what, "state%d", k);
        code = add(ctx, list, join(ctx, part, s->name, what),
                   (place){.dtype = real_dtype,
                           .shape = shape_1(n),
                           .data = s->state[k],
                           .bytes = (size_t)n * sizeof(real),
                           .undone = undone});
    }
    return code;
}

int32_t places_add_optimizer(gan_context *ctx, place_list *list, const char *part,
                             const gan_optimizer *o, int undone) {
    int32_t code = GAN_OK;
    for (size_t i = 0; i < o->count && !code; i++)
        code = add_slot(ctx, list, part, &o->slots[i], undone);
    return code;
}

void places_release(gan_context *ctx, place_list *list) {
    for (size_t i = 0; i < list->count; i++) arena_free(ctx, list->at[i].name);
    arena_free(ctx, list->at);
    *list = (place_list){0};
}

/* ---- reading and writing them ---------------------------------------------------------------- */

void *place_bytes(const place *p) { return p->tensor ? (void *)tensor_data(p->tensor) : p->data; }

void place_put(const place *p, const void *from) {
    memcpy(place_bytes(p), from, p->bytes);
    if (p->tensor) tensor_touch(p->tensor);
}

/* ---- files ----------------------------------------------------------------------------------- */

static const char FORMAT_KEY[] = "gan.checkpoint", SYSTEM_KEY[] = "gan.system",
                  CHECKSUM_KEY[] = "gan.checksum";

/* FNV-1a on words of 8 bytes, and the last ones on their own. */
static uint64_t hash(uint64_t h, const void *bytes, size_t n) {
    const uint8_t *at = bytes;
    const uint64_t prime = 0x100000001b3;
    uint64_t word;
    for (; n >= sizeof word; n -= sizeof word, at += sizeof word) {
        memcpy(&word, at, sizeof word);
        h = (h ^ word) * prime;
        h ^= h >> 32;
    }
    for (; n > 0; n--) h = (h ^ *at++) * prime;
    return h;
}

void places_checksum(const safetensors_entry *entries, size_t count, char text[CHECKSUM_TEXT]) {
    uint64_t sum = 0;
    for (size_t i = 0; i < count; i++) {
        uint64_t h = hash(0xcbf29ce484222325, entries[i].name, strlen(entries[i].name));
        sum += hash(h, entries[i].data, entries[i].bytes);
    }
    snprintf(text, CHECKSUM_TEXT, "%016" PRIx64, sum);
}

static safetensors_entry entry_of(const place *p) {
    safetensors_entry e = {.name = p->name,
                           .dtype = p->dtype,
                           .rank = p->shape.rank,
                           .data = place_bytes(p),
                           .bytes = p->bytes};
    memcpy(e.dims, p->shape.dim, (size_t)e.rank * sizeof *e.dims);
    return e;
}

int32_t places_write(gan_context *ctx, const char *path, const place_list *list,
                     const safetensors_entry *more, size_t more_count, const char *system) {
    size_t count = list->count + more_count;
    safetensors_entry *entries = arena_alloc_array(ctx, count, sizeof *entries);
    if (!entries) return GAN_ENOMEM;
    for (size_t i = 0; i < list->count; i++) entries[i] = entry_of(&list->at[i]);
    for (size_t i = 0; i < more_count; i++) entries[list->count + i] = more[i];
    char sum[CHECKSUM_TEXT];
    places_checksum(entries, count, sum);
    const safetensors_pair metadata[] = {
        {FORMAT_KEY, "1"}, {SYSTEM_KEY, system}, {CHECKSUM_KEY, sum}};
    int32_t code = safetensors_write(ctx, path, entries, count, metadata, 3);
    arena_free(ctx, entries);
    return code;
}

static const char *metadata_find(const safetensors *file, const char *key) {
    const char *value = safetensors_metadata(file, key);
    return value ? value : "";
}

static int32_t check_format(gan_context *ctx, const char *path, const safetensors *file) {
    const char *format = metadata_find(file, FORMAT_KEY);
    char sum[CHECKSUM_TEXT];
    if (!*format) return error_set(ctx, GAN_EFORMAT, "%s: is no checkpoint", path);
    if (strcmp(format, "1") != 0)
        return error_set(ctx, GAN_EFORMAT, "%s: is of format %.16s, this library knows 1", path,
                         format);
    places_checksum(file->entries, file->count, sum);
    if (strcmp(sum, metadata_find(file, CHECKSUM_KEY)) != 0)
        return error_set(ctx, GAN_EFORMAT, "%s: the checksum does not fit: the file is damaged",
                         path);
    return GAN_OK;
}

int32_t places_read(gan_context *ctx, const char *path, safetensors *out) {
    safetensors file;
    int32_t code = safetensors_read(ctx, path, &file);
    if (code) return code;
    code = check_format(ctx, path, &file);
    if (code)
        safetensors_release(ctx, &file);
    else
        *out = file;
    return code;
}

int32_t places_check_system(gan_context *ctx, const char *path, const safetensors *file,
                            const char *system, const char *whose) {
    const char *theirs = metadata_find(file, SYSTEM_KEY);
    if (strcmp(theirs, system) == 0) return GAN_OK;
    return error_set(ctx, GAN_EFORMAT, "%s: is of system %.16s, %s is %s", path, theirs, whose,
                     system);
}

const safetensors_entry *places_find(gan_context *ctx, const char *path, const safetensors *file,
                                     const safetensors_entry *wanted, const char *whose) {
    const safetensors_entry *e = safetensors_find(file, wanted->name);
    if (e && e->dtype == wanted->dtype && e->rank == wanted->rank &&
        memcmp(e->dims, wanted->dims, (size_t)e->rank * sizeof *e->dims) == 0)
        return e;
    if (e)
        error_set(ctx, GAN_EFORMAT, "%s: tensor '%s' has another type or shape than in %s", path,
                  wanted->name, whose);
    else
        error_set(ctx, GAN_EFORMAT, "%s: tensor '%s' is missing", path, wanted->name);
    return NULL;
}

int32_t places_check(gan_context *ctx, const char *path, const place_list *list,
                     const safetensors *file, size_t others, const char *whose) {
    for (size_t i = 0; i < list->count; i++) {
        safetensors_entry wanted = entry_of(&list->at[i]);
        if (!places_find(ctx, path, file, &wanted, whose)) return GAN_EFORMAT;
    }
    if (file->count == list->count + others) return GAN_OK;
    return error_set(ctx, GAN_EFORMAT, "%s: holds %zu tensors, %s %zu", path, file->count, whose,
                     list->count + others);
}

void places_put(const place_list *list, const safetensors *file) {
    for (size_t i = 0; i < list->count; i++)
        place_put(&list->at[i], safetensors_find(file, list->at[i].name)->data);
}

void places_word(const safetensors *file, const char *name, void *word) {
    memcpy(word, safetensors_find(file, name)->data, 8);
}

int places_is_count(int64_t n) { return n >= 0 && n <= INT64_MAX / 4; }
