/* What a trainer consists of, as a list of places in memory; from it checkpoints are written and
 * read, and failed steps undone. */
#include "train/trainer.h"

#include "core/alloc.h"
#include "core/context.h"
#include "core/error.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* ---- the list -------------------------------------------------------------------------------- */

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
        code = places_add_word(t->base.ctx, &t->places, "state", fields[i].name, fields[i].dtype,
                               (char *)&t->state + fields[i].offset);
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
    gan_context *ctx = t->base.ctx;
    place_list *list = &t->places;
    int32_t code = places_add_module(ctx, list, "generator", t->generator, 0);
    if (!code) code = places_add_module(ctx, list, "discriminator", t->discriminator, 1);
    if (!code) code = places_add_optimizer(ctx, list, "generator", t->optimizer_g, 0);
    if (!code) code = places_add_optimizer(ctx, list, "discriminator", t->optimizer_d, 1);
    if (!code) code = places_add_module(ctx, list, "averaged", t->averaged, 0);
    if (!code) code = add_state(t);
    size_t bytes = 0;
    for (size_t i = 0; i < list->count; i++) bytes += list->at[i].undone ? list->at[i].bytes : 0;
    if (!code && !(t->backup = arena_alloc(ctx, bytes))) code = GAN_ENOMEM;
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
    places_release(t->base.ctx, &t->places);
    arena_free(t->base.ctx, t->backup);
    t->listed = 0;
    t->backup = NULL;
}

/* ---- keeping and undoing ----------------------------------------------------------------------
 */

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
    for (size_t i = 0; i < t->places.count; i++) {
        const place *p = &t->places.at[i];
        if (!p->undone) continue;
        memcpy(at, place_bytes(p), p->bytes);
        at += p->bytes;
    }
}

void checkpoint_restore(gan_trainer *t) {
    const uint8_t *at = t->backup;
    for (size_t i = 0; i < t->places.count; i++) {
        const place *p = &t->places.at[i];
        if (!p->undone) continue;
        place_put(p, at);
        at += p->bytes;
    }
    apply(t);
}

/* ---- files ----------------------------------------------------------------------------------- */

static const char WHOSE[] = "the trainer";

enum { NAME_TEXT = 64 };

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
    safetensors_entry *options = arena_alloc_array(ctx, preset_option_count, sizeof *options);
    char(*names)[NAME_TEXT] = arena_alloc_array(ctx, preset_option_count, sizeof *names);
    code = options && names ? GAN_OK : GAN_ENOMEM;
    if (!code) {
        capture(t);
        for (size_t i = 0; i < preset_option_count; i++)
            options[i] = option_entry(&t->opts, &preset_options[i], names[i]);
        code = places_write(ctx, path, &t->places, options, preset_option_count,
                            preset_name(t->opts.system));
    }
    arena_free(ctx, names);
    arena_free(ctx, options);
    return code;
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
        const safetensors_entry *e = places_find(ctx, path, file, &wanted, WHOSE);
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

/* The state's numbers, in their ranges, and the loader's like ours. */
static int32_t check_state(const gan_trainer *t, const char *path, const safetensors *file) {
    trainer_state s = t->state;
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        char name[NAME_TEXT];
        snprintf(name, sizeof name, "state.%s", fields[i].name);
        places_word(file, name, (char *)&s + fields[i].offset);
    }
    if (t->loader && s.images != t->loader->data->dims[0])
        return error_set(t->base.ctx, GAN_EFORMAT,
                         "%s: was made with %lld images, the loader has %lld", path,
                         (long long)s.images, (long long)t->loader->data->dims[0]);
    if (places_is_count(s.step) && places_is_count(s.halvings) && s.k >= 0 && s.k <= 1 &&
        places_is_count(s.epoch) && s.position >= 0 && s.position <= s.images)
        return GAN_OK;
    return error_set(t->base.ctx, GAN_EFORMAT, "%s: a number of the state is out of its range",
                     path);
}

/* M's sum since the last look, if looks were `every` steps apart: not of all steps since, unless
 * one is due now. */
static void restart_measure(gan_trainer *t, int32_t every) {
    const int32_t ours = t->opts.halve_every;
    if (every != ours) t->state.m_sum = ours && t->state.step % ours == 0 ? 0 : NAN;
}

int32_t checkpoint_load(gan_trainer *t, const char *path) {
    gan_context *ctx = t->base.ctx;
    safetensors file;
    gan_trainer_opts o;
    size_t options = 0;
    int32_t code = checkpoint_list(t, "gan_trainer_load");
    if (!code) code = places_read(ctx, path, &file);
    if (code) return code;
    code = places_check_system(ctx, path, &file, preset_name(t->opts.system), WHOSE);
    if (!code) code = check_options(t, path, &file, &o, &options);
    if (!code) code = places_check(ctx, path, &t->places, &file, options, WHOSE);
    if (!code) code = check_state(t, path, &file);
    if (!code) places_put(&t->places, &file);
    if (!code) restart_measure(t, o.halve_every);
    if (!code) apply(t);
    safetensors_release(ctx, &file);
    return code;
}

int32_t checkpoint_options(gan_context *ctx, const char *path, gan_trainer_opts *o) {
    safetensors file;
    size_t count;
    int32_t code = places_read(ctx, path, &file);
    if (code) return code;
    code = read_options(ctx, path, &file, o, &count);
    safetensors_release(ctx, &file);
    return code;
}
