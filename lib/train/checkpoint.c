/* What a trainer consists of, as a list of places in memory; from it checkpoints are written and
 * read, and failed steps undone. */
#include "train/trainer.h"

#include "core/alloc.h"
#include "core/context.h"
#include "core/error.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/* ---- the list -------------------------------------------------------------------------------- */

static const safetensors_dtype real_dtype = sizeof(real) == 8 ? SAFETENSORS_F64 : SAFETENSORS_F32;

/* "a.b" or "a.b.c", in the arena. */
static char *join(gan_context *ctx, const char *a, const char *b, const char *c) {
    size_t room = strlen(a) + strlen(b) + (c ? strlen(c) : 0) + 3;
    char *name = arena_alloc(ctx, room);
    if (name) snprintf(name, room, "%s.%s%s%s", a, b, c ? "." : "", c ? c : "");
    return name;
}

/* Adds a place; takes the name, NULL for a failure before. */
static int32_t add(gan_trainer *t, char *name, trainer_item item) {
    if (!name) return GAN_ENOMEM;
    trainer_item *room =
        arena_make_room(t->base.ctx, t->items, t->item_count, &t->item_capacity, sizeof *room);
    if (!room) {
        arena_free(t->base.ctx, name);
        return GAN_ENOMEM;
    }
    item.name = name;
    t->items = room;
    t->items[t->item_count++] = item;
    return GAN_OK;
}

static int32_t add_module(gan_trainer *t, const char *part, const gan_module *m, int undone) {
    int32_t code = GAN_OK;
    for (size_t i = 0; m && i < m->entry_total && !code; i++) {
        const entry *e = module_entry(m, i);
        const shape *s = tensor_shape(e->tensor);
        code = add(t, join(t->base.ctx, part, module_entry_name(m, e), NULL),
                   (trainer_item){.dtype = real_dtype,
                                  .shape = *s,
                                  .tensor = e->tensor,
                                  .bytes = (size_t)shape_size(s) * sizeof(real),
                                  .undone = undone || e->role == ROLE_BUFFER});
    }
    return code;
}

static int32_t add_slot(gan_trainer *t, const char *part, slot *s, int undone) {
    gan_context *ctx = t->base.ctx;
    int64_t n = tensor_size(s->parameter);
    int32_t code = add(
        t, join(ctx, part, s->name, "steps"),
        (trainer_item){
            .dtype = SAFETENSORS_U64, .data = &s->step, .bytes = sizeof s->step, .undone = undone});
    for (int k = 0; k < OPTIMIZER_STATES && s->state[k] && !code; k++) {
        char what[16];
        snprintf(what, sizeof what, "state%d", k);
        code = add(t, join(ctx, part, s->name, what),
                   (trainer_item){.dtype = real_dtype,
                                  .shape = shape_1(n),
                                  .data = s->state[k],
                                  .bytes = (size_t)n * sizeof(real),
                                  .undone = undone});
    }
    return code;
}

static int32_t add_optimizer(gan_trainer *t, const char *part, gan_optimizer *o, int undone) {
    int32_t code = GAN_OK;
    for (size_t i = 0; i < o->count && !code; i++) code = add_slot(t, part, &o->slots[i], undone);
    return code;
}

/* The fields of the state, each of 8 bytes. */
#define FIELD(name, dtype)                                                                         \
    { #name, offsetof(trainer_state, name), dtype }
static const struct {
    const char *name;
    size_t offset;
    safetensors_dtype dtype;
} fields[] = {FIELD(step, SAFETENSORS_I64),
              FIELD(halvings, SAFETENSORS_I64),
              FIELD(k, SAFETENSORS_F64),
              FIELD(m_sum, SAFETENSORS_F64),
              FIELD(m_best, SAFETENSORS_F64),
              FIELD(random_key, SAFETENSORS_U64),
              FIELD(random_counter, SAFETENSORS_U64),
              FIELD(loader_seed, SAFETENSORS_U64),
              FIELD(epoch, SAFETENSORS_I64),
              FIELD(position, SAFETENSORS_I64),
              FIELD(images, SAFETENSORS_I64)};

static int32_t add_state(gan_trainer *t) {
    int32_t code = GAN_OK;
    for (size_t i = 0; i < sizeof fields / sizeof *fields && !code; i++)
        code = add(t, join(t->base.ctx, "state", fields[i].name, NULL),
                   (trainer_item){.dtype = fields[i].dtype,
                                  .data = (char *)&t->state + fields[i].offset,
                                  .bytes = 8});
    return code;
}

static size_t entries_of(const gan_trainer *t) {
    return t->generator->entry_total + t->discriminator->entry_total +
           (t->averaged ? t->averaged->entry_total : 0);
}

/* Whether m has the names of its average. */
static int are_alike(const gan_module *average, const gan_module *m) {
    int alike = average->entry_total == m->entry_total;
    for (size_t i = 0; alike && i < m->entry_total; i++)
        alike = module_find(average, module_entry_name(m, module_entry(m, i))) != NULL;
    return alike;
}

/* The generator is updated last, so only its statistics have to be undone, and nothing of the
 * average. */
static int32_t list_all(gan_trainer *t) {
    int32_t code = add_module(t, "generator", t->generator, 0);
    if (!code) code = add_module(t, "discriminator", t->discriminator, 1);
    if (!code) code = add_optimizer(t, "generator", t->optimizer_g, 0);
    if (!code) code = add_optimizer(t, "discriminator", t->optimizer_d, 1);
    if (!code) code = add_module(t, "averaged", t->averaged, 0);
    if (!code) code = add_state(t);
    size_t bytes = 0;
    for (size_t i = 0; i < t->item_count; i++) bytes += t->items[i].undone ? t->items[i].bytes : 0;
    if (!code && !(t->backup = arena_alloc(t->base.ctx, bytes))) code = GAN_ENOMEM;
    return code;
}

int32_t checkpoint_list(gan_trainer *t, const char *function) {
    const size_t entries = entries_of(t);
    if (t->listed == entries) return GAN_OK;
    if (t->averaged && !are_alike(t->averaged, t->generator))
        return error_set(t->base.ctx, GAN_ESTATE,
                         "%s: the generator's layers have changed: change those of "
                         "gan_trainer_averaged alike",
                         function);
    checkpoint_release(t);
    int32_t code = list_all(t);
    if (!code) t->listed = entries;
    return code;
}

void checkpoint_release(gan_trainer *t) {
    for (size_t i = 0; i < t->item_count; i++) arena_free(t->base.ctx, t->items[i].name);
    arena_free(t->base.ctx, t->items);
    arena_free(t->base.ctx, t->backup);
    t->items = NULL;
    t->item_count = t->item_capacity = t->listed = 0;
    t->backup = NULL;
}

/* ---- reading and writing places -------------------------------------------------------------- */

static void *place(const trainer_item *item) {
    return item->tensor ? (void *)tensor_data(item->tensor) : item->data;
}

static void put(const trainer_item *item, const void *from) {
    memcpy(place(item), from, item->bytes);
    if (item->tensor) tensor_touch(item->tensor);
}

/* Where the streams of numbers and of batches are. */
static void capture(gan_trainer *t) {
    trainer_state *s = &t->state;
    s->random_key = t->base.ctx->random_key;
    s->random_counter = t->base.ctx->random_counter;
    if (!t->loader) return;
    s->loader_seed = t->loader->opts.seed;
    s->epoch = t->loader->epoch;
    s->position = t->loader->position;
}

static void apply(const gan_trainer *t) {
    const trainer_state *s = &t->state;
    t->base.ctx->random_key = s->random_key;
    t->base.ctx->random_counter = s->random_counter;
    if (!t->loader) return;
    t->loader->opts.seed = s->loader_seed;
    loader_seek(t->loader, s->epoch, s->position);
}

void checkpoint_keep(gan_trainer *t) {
    uint8_t *at = t->backup;
    capture(t);
    for (size_t i = 0; i < t->item_count; i++) {
        const trainer_item *item = &t->items[i];
        if (!item->undone) continue;
        memcpy(at, place(item), item->bytes);
        at += item->bytes;
    }
}

void checkpoint_restore(gan_trainer *t) {
    const uint8_t *at = t->backup;
    for (size_t i = 0; i < t->item_count; i++) {
        const trainer_item *item = &t->items[i];
        if (!item->undone) continue;
        put(item, at);
        at += item->bytes;
    }
    apply(t);
}

/* ---- files ----------------------------------------------------------------------------------- */

static const char FORMAT_KEY[] = "gan.checkpoint", SYSTEM_KEY[] = "gan.system",
                  CHECKSUM_KEY[] = "gan.checksum";

enum { NAME_TEXT = 64 };

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

void checkpoint_checksum(const safetensors_entry *entries, size_t count, char text[CHECKSUM_TEXT]) {
    uint64_t sum = 0;
    for (size_t i = 0; i < count; i++) {
        uint64_t h = hash(0xcbf29ce484222325, entries[i].name, strlen(entries[i].name));
        sum += hash(h, entries[i].data, entries[i].bytes);
    }
    snprintf(text, CHECKSUM_TEXT, "%016" PRIx64, sum);
}

static safetensors_entry entry_of(const trainer_item *item) {
    safetensors_entry e = {.name = item->name,
                           .dtype = item->dtype,
                           .rank = item->shape.rank,
                           .data = place(item),
                           .bytes = item->bytes};
    memcpy(e.dims, item->shape.dim, (size_t)e.rank * sizeof *e.dims);
    return e;
}

static void option_name(const preset_option *row, char name[NAME_TEXT]) {
    snprintf(name, NAME_TEXT, "option.%s", row->name);
}

static safetensors_entry option_entry(const gan_trainer_opts *o, const preset_option *row,
                                      char name[NAME_TEXT]) {
    option_name(row, name);
    return (safetensors_entry){.name = name,
                               .dtype = row->number ? SAFETENSORS_F64 : SAFETENSORS_I32,
                               .data = (const uint8_t *)o + row->offset,
                               .bytes = row->number ? 8 : 4};
}

int32_t checkpoint_save(gan_trainer *t, const char *path) {
    gan_context *ctx = t->base.ctx;
    int32_t code = checkpoint_list(t, "gan_trainer_save");
    if (code) return code;
    size_t count = t->item_count + preset_option_count;
    safetensors_entry *entries = arena_alloc_array(ctx, count, sizeof *entries);
    char(*names)[NAME_TEXT] = arena_alloc_array(ctx, preset_option_count, sizeof *names);
    code = entries && names ? GAN_OK : GAN_ENOMEM;
    if (!code) {
        char sum[CHECKSUM_TEXT];
        capture(t);
        for (size_t i = 0; i < t->item_count; i++) entries[i] = entry_of(&t->items[i]);
        for (size_t i = 0; i < preset_option_count; i++)
            entries[t->item_count + i] = option_entry(&t->opts, &preset_options[i], names[i]);
        checkpoint_checksum(entries, count, sum);
        const safetensors_pair metadata[] = {
            {FORMAT_KEY, "1"}, {SYSTEM_KEY, preset_name(t->opts.system)}, {CHECKSUM_KEY, sum}};
        code = safetensors_write(ctx, path, entries, count, metadata, 3);
    }
    arena_free(ctx, names);
    arena_free(ctx, entries);
    return code;
}

static const char *metadata_find(const safetensors *file, const char *key) {
    const char *value = safetensors_metadata(file, key);
    return value ? value : "";
}

/* A whole file that gan_trainer_save wrote. */
static int32_t check_format(gan_context *ctx, const char *path, const safetensors *file) {
    const char *format = metadata_find(file, FORMAT_KEY);
    char sum[CHECKSUM_TEXT];
    if (!*format) return error_set(ctx, GAN_EFORMAT, "%s: is no checkpoint of a trainer", path);
    if (strcmp(format, "1") != 0)
        return error_set(ctx, GAN_EFORMAT, "%s: is of format %.16s, this library knows 1", path,
                         format);
    checkpoint_checksum(file->entries, file->count, sum);
    if (strcmp(sum, metadata_find(file, CHECKSUM_KEY)) != 0)
        return error_set(ctx, GAN_EFORMAT, "%s: the checksum does not fit: the file is damaged",
                         path);
    return GAN_OK;
}

static int32_t check_system(const gan_trainer *t, const char *path, const safetensors *file) {
    const char *system = metadata_find(file, SYSTEM_KEY);
    if (strcmp(system, preset_name(t->opts.system)) == 0) return GAN_OK;
    return error_set(t->base.ctx, GAN_EFORMAT, "%s: is of system %.16s, the trainer is %s", path,
                     system, preset_name(t->opts.system));
}

/* The file's entry like `wanted`, or NULL with the error set. */
static const safetensors_entry *find(gan_context *ctx, const char *path, const safetensors *file,
                                     const safetensors_entry *wanted) {
    const safetensors_entry *e = safetensors_find(file, wanted->name);
    if (e && e->dtype == wanted->dtype && e->rank == wanted->rank &&
        memcmp(e->dims, wanted->dims, (size_t)e->rank * sizeof *e->dims) == 0)
        return e;
    error_set(ctx, GAN_EFORMAT, "%s: tensor '%s' %s", path, wanted->name,
              e ? "has another type or shape than in the trainer" : "is missing");
    return NULL;
}

/* The options over *o; *count is of those that the file has. */
static int32_t read_options(gan_context *ctx, const char *path, const safetensors *file,
                            gan_trainer_opts *o, size_t *count) {
    *count = 0;
    for (size_t i = 0; i < preset_option_count; i++) {
        const preset_option *row = &preset_options[i];
        char name[NAME_TEXT];
        safetensors_entry wanted = option_entry(o, row, name);
        if (row->later && !safetensors_find(file, name)) continue;
        const safetensors_entry *e = find(ctx, path, file, &wanted);
        if (!e) return GAN_EFORMAT;
        memcpy((char *)o + row->offset, e->data, e->bytes);
        ++*count;
    }
    return GAN_OK;
}

static int32_t check_options(const gan_trainer *t, const char *path, const safetensors *file,
                             gan_trainer_opts *o, size_t *count) {
    preset_fill(GAN_SYSTEM_GAN, GAN_VARIANT_DEFAULT, o);
    int32_t code = read_options(t->base.ctx, path, file, o, count);
    for (size_t i = 0; i < preset_option_count && !code; i++) {
        const preset_option *row = &preset_options[i];
        double theirs = preset_option_value(row, o), ours = preset_option_value(row, &t->opts);
        if (row->fixed && theirs != ours)
            code = error_set(t->base.ctx, GAN_EFORMAT,
                             "%s: was made with %s %.10g, the trainer with %.10g", path, row->name,
                             theirs, ours);
    }
    return code;
}

static int32_t check_items(const gan_trainer *t, const char *path, const safetensors *file,
                           size_t options) {
    for (size_t i = 0; i < t->item_count; i++) {
        safetensors_entry wanted = entry_of(&t->items[i]);
        if (!find(t->base.ctx, path, file, &wanted)) return GAN_EFORMAT;
    }
    if (file->count == t->item_count + options) return GAN_OK;
    return error_set(t->base.ctx, GAN_EFORMAT, "%s: holds %zu tensors, the trainer %zu", path,
                     file->count, t->item_count + options);
}

/* Counts that steps go on from, never near the end of their range. */
static int is_count(int64_t n) { return n >= 0 && n <= INT64_MAX / 4; }

/* The state's numbers, in their ranges, and the loader's like ours. */
static int32_t check_state(const gan_trainer *t, const char *path, const safetensors *file) {
    trainer_state s = t->state;
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        char name[NAME_TEXT];
        snprintf(name, sizeof name, "state.%s", fields[i].name);
        memcpy((char *)&s + fields[i].offset, safetensors_find(file, name)->data, 8);
    }
    if (t->loader && s.images != t->loader->data->dims[0])
        return error_set(t->base.ctx, GAN_EFORMAT,
                         "%s: was made with %lld images, the loader has %lld", path,
                         (long long)s.images, (long long)t->loader->data->dims[0]);
    if (is_count(s.step) && is_count(s.halvings) && s.k >= 0 && s.k <= 1 && is_count(s.epoch) &&
        s.position >= 0 && s.position <= s.images)
        return GAN_OK;
    return error_set(t->base.ctx, GAN_EFORMAT, "%s: a number of the state is out of its range",
                     path);
}

int32_t checkpoint_load(gan_trainer *t, const char *path) {
    gan_context *ctx = t->base.ctx;
    safetensors file;
    gan_trainer_opts o;
    size_t options = 0;
    int32_t code = checkpoint_list(t, "gan_trainer_load");
    if (!code) code = safetensors_read(ctx, path, &file);
    if (code) return code;
    code = check_format(ctx, path, &file);
    if (!code) code = check_system(t, path, &file);
    if (!code) code = check_options(t, path, &file, &o, &options);
    if (!code) code = check_items(t, path, &file, options);
    if (!code) code = check_state(t, path, &file);
    for (size_t i = 0; i < t->item_count && !code; i++)
        put(&t->items[i], safetensors_find(&file, t->items[i].name)->data);
    if (!code && o.halve_every != t->opts.halve_every) t->state.m_sum = NAN;
    if (!code) apply(t);
    safetensors_release(ctx, &file);
    return code;
}

int32_t checkpoint_options(gan_context *ctx, const char *path, gan_trainer_opts *o) {
    safetensors file;
    int32_t code = safetensors_read(ctx, path, &file);
    if (code) return code;
    code = check_format(ctx, path, &file);
    size_t count;
    if (!code) code = read_options(ctx, path, &file, o, &count);
    safetensors_release(ctx, &file);
    return code;
}
