#include "train/own_checkpoint.h"

#include "core/alloc.h"
#include "core/context.h"
#include "core/error.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const char SYSTEM[] = "own", WHOSE[] = "the checkpoint", NUMBER[] = "number.";

enum { NAME_MOST = 60, PART_TEXT = NAME_MOST + 16, RATE_TEXT = 48 };

/* ---- parts ----------------------------------------------------------------------------------- */

static void release_numbers(gan_context *ctx, number_list *list) {
    for (size_t i = 0; i < list->count; i++) arena_free(ctx, list->at[i].name);
    arena_free(ctx, list->at);
    *list = (number_list){0};
}

static void checkpoint_destroy(object *base) {
    gan_checkpoint *c = (gan_checkpoint *)base;
    for (size_t i = 0; i < c->count; i++) {
        object_unref(c->parts[i].of);
        arena_free(base->ctx, c->parts[i].name);
    }
    arena_free(base->ctx, c->parts);
    release_numbers(base->ctx, &c->numbers);
    object_free(base);
}

gan_checkpoint *own_checkpoint_new(gan_context *ctx) {
    return object_new(ctx, sizeof(gan_checkpoint), checkpoint_destroy);
}

static int is_name(const char *name) {
    static const char letters[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
    size_t length = strspn(name, letters);
    return length > 0 && length <= NAME_MOST && !name[length];
}

static int32_t check_name(gan_context *ctx, const char *function, const char *name) {
    if (is_name(name)) return GAN_OK;
    return error_set(ctx, GAN_EINVAL,
                     "%s: name is \"%.80s\", must be 1 to %d letters, digits, _ and -", function,
                     name, NAME_MOST);
}

int32_t own_checkpoint_add(gan_checkpoint *c, const char *function, const char *name,
                           part_kind kind, object *of) {
    gan_context *ctx = c->base.ctx;
    int32_t code = check_name(ctx, function, name);
    for (size_t i = 0; i < c->count && !code; i++)
        if (!strcmp(c->parts[i].name, name))
            code = error_set(ctx, GAN_EINVAL, "%s: there is a \"%s\" already", function, name);
    if (code) return code;
    part *room = arena_make_room(ctx, c->parts, c->count, &c->capacity, sizeof *room);
    if (!room) return GAN_ENOMEM;
    c->parts = room;
    char *copy = arena_strdup(ctx, name);
    if (!copy) return GAN_ENOMEM;
    object_ref(of);
    c->parts[c->count++] = (part){copy, kind, of};
    return GAN_OK;
}

/* ---- numbers --------------------------------------------------------------------------------- */

static int32_t add_number(gan_context *ctx, number_list *list, const char *name, double value) {
    own_number *room = arena_make_room(ctx, list->at, list->count, &list->capacity, sizeof *room);
    if (!room) return GAN_ENOMEM;
    list->at = room;
    char *copy = arena_strdup(ctx, name);
    if (!copy) return GAN_ENOMEM;
    list->at[list->count++] = (own_number){copy, value};
    return GAN_OK;
}

static own_number *find_number(const number_list *list, const char *name) {
    for (size_t i = 0; i < list->count; i++)
        if (!strcmp(list->at[i].name, name)) return &list->at[i];
    return NULL;
}

const own_number *own_checkpoint_find(const gan_checkpoint *c, const char *name) {
    return find_number(&c->numbers, name);
}

int32_t own_checkpoint_set(gan_checkpoint *c, const char *name, double value) {
    gan_context *ctx = c->base.ctx;
    own_number *there = find_number(&c->numbers, name);
    if (there) {
        there->value = value;
        return GAN_OK;
    }
    int32_t code = check_name(ctx, "gan_checkpoint_set", name);
    return code ? code : add_number(ctx, &c->numbers, name, value);
}

/* ---- listing --------------------------------------------------------------------------------- */

/* Where a stream is that the library does not keep as words: of a loader, or of random numbers. */
typedef struct stream {
    uint64_t key;            /* the loader's seed          */
    int64_t epoch, position; /* of a loader                */
    int64_t images;          /* of its data set            */
    uint64_t counter;        /* of random numbers          */
} stream;

/* All places; streams[0] is of random numbers, streams[1 + i] of part i. */
typedef struct listing {
    place_list places;
    stream *streams;
} listing;

static void part_name(const part *p, char name[PART_TEXT]) {
    static const char *const kinds[] = {"module", "optimizer", "loader"};
    snprintf(name, PART_TEXT, "%s.%s", kinds[p->kind], p->name);
}

/* The rate is called by the kind of optimizer, too: moments of one kind are none of another. */
static void rate_name(const gan_optimizer *o, char name[RATE_TEXT]) {
    snprintf(name, RATE_TEXT, "lr_of_%s", o->kind);
}

static int32_t list_optimizer(gan_context *ctx, place_list *list, const char *name,
                              gan_optimizer *o) {
    char rate[RATE_TEXT];
    rate_name(o, rate);
    int32_t code = places_add_optimizer(ctx, list, name, o, 0);
    if (!code) code = places_add_word(ctx, list, name, rate, SAFETENSORS_F64, &o->lr);
    return code ? code
                : places_add_word(ctx, list, name, "momentum", SAFETENSORS_F64, &o->momentum);
}

static int32_t list_loader(gan_context *ctx, place_list *list, const char *name,
                           const gan_loader *l, stream *s) {
    *s = (stream){.key = l->opts.seed,
                  .epoch = l->epoch,
                  .position = l->position,
                  .images = l->data->dims[0]};
    int32_t code = places_add_word(ctx, list, name, "seed", SAFETENSORS_U64, &s->key);
    if (!code) code = places_add_word(ctx, list, name, "epoch", SAFETENSORS_I64, &s->epoch);
    if (!code) code = places_add_word(ctx, list, name, "position", SAFETENSORS_I64, &s->position);
    return code ? code : places_add_word(ctx, list, name, "images", SAFETENSORS_I64, &s->images);
}

static int32_t list_part(gan_context *ctx, place_list *list, const part *p, stream *s) {
    char name[PART_TEXT];
    part_name(p, name);
    switch (p->kind) {
    case PART_MODULE:
        return places_add_module(ctx, list, name, (gan_module *)p->of, 0);
    case PART_OPTIMIZER:
        return list_optimizer(ctx, list, name, (gan_optimizer *)p->of);
    default:
        return list_loader(ctx, list, name, (gan_loader *)p->of, s);
    }
}

static void unlist(gan_context *ctx, listing *l) {
    places_release(ctx, &l->places);
    arena_free(ctx, l->streams);
}

/* What a failure leaves is the caller's to unlist. */
static int32_t list_all(const gan_checkpoint *c, listing *l) {
    gan_context *ctx = c->base.ctx;
    *l = (listing){.streams = arena_alloc_array(ctx, c->count + 1, sizeof(stream))};
    if (!l->streams) return GAN_ENOMEM;
    l->streams[0] = (stream){.key = ctx->random_key, .counter = ctx->random_counter};
    stream *random = &l->streams[0];
    int32_t code = places_add_word(ctx, &l->places, "random", "key", SAFETENSORS_U64, &random->key);
    if (!code)
        code = places_add_word(ctx, &l->places, "random", "counter", SAFETENSORS_U64,
                               &random->counter);
    for (size_t i = 0; i < c->count && !code; i++)
        code = list_part(ctx, &l->places, &c->parts[i], &l->streams[1 + i]);
    return code;
}

/* ---- saving ---------------------------------------------------------------------------------- */

int32_t own_checkpoint_save(gan_checkpoint *c, const char *path) {
    gan_context *ctx = c->base.ctx;
    const size_t n = c->numbers.count;
    listing l;
    int32_t code = list_all(c, &l);
    safetensors_entry *numbers = arena_alloc_array(ctx, n, sizeof *numbers);
    char(*names)[PART_TEXT] = arena_alloc_array(ctx, n, sizeof *names);
    if (!code && !(numbers && names)) code = GAN_ENOMEM;
    for (size_t i = 0; i < n && !code; i++) {
        snprintf(names[i], PART_TEXT, "%s%s", NUMBER, c->numbers.at[i].name);
        numbers[i] = (safetensors_entry){.name = names[i],
                                         .dtype = SAFETENSORS_F64,
                                         .data = (const uint8_t *)&c->numbers.at[i].value,
                                         .bytes = 8};
    }
    if (!code) code = places_write(ctx, path, &l.places, numbers, n, SYSTEM);
    arena_free(ctx, names);
    arena_free(ctx, numbers);
    unlist(ctx, &l);
    return code;
}

/* ---- loading --------------------------------------------------------------------------------- */

/* The numbers of the file, whatever they are called. What a failure leaves is the caller's. */
static int32_t read_numbers(gan_context *ctx, const char *path, const safetensors *file,
                            number_list *list) {
    int32_t code = GAN_OK;
    for (size_t i = 0; i < file->count && !code; i++) {
        const safetensors_entry *e = &file->entries[i];
        const char *name = e->name + sizeof NUMBER - 1;
        if (strncmp(e->name, NUMBER, sizeof NUMBER - 1) != 0) continue;
        if (e->dtype != SAFETENSORS_F64 || e->rank != 0 || !is_name(name))
            return error_set(ctx, GAN_EFORMAT, "%s: '%.80s' is no number", path, e->name);
        double value;
        memcpy(&value, e->data, sizeof value);
        code = add_number(ctx, list, name, value);
    }
    return code;
}

static int32_t out_of_range(gan_context *ctx, const char *path, const char *prefix) {
    return error_set(ctx, GAN_EFORMAT, "%s: a number of '%s' is out of its range", path, prefix);
}

static void word_of(const safetensors *file, const char *prefix, const char *name, void *word) {
    char whole[PART_TEXT + RATE_TEXT];
    snprintf(whole, sizeof whole, "%s.%s", prefix, name);
    places_word(file, whole, word);
}

/* The rate and the momentum are such as gan_optimizer_set_... take. */
static int32_t check_optimizer(gan_context *ctx, const char *path, const safetensors *file,
                               const char *prefix, const gan_optimizer *o) {
    double lr, momentum;
    char rate[RATE_TEXT];
    rate_name(o, rate);
    word_of(file, prefix, rate, &lr);
    word_of(file, prefix, "momentum", &momentum);
    const int fits = lr >= 0 && isfinite(lr) && momentum >= 0 && momentum < 1 &&
                     (momentum == 0 || o->has_velocity);
    return fits ? GAN_OK : out_of_range(ctx, path, prefix);
}

static int32_t check_loader(gan_context *ctx, const char *path, const safetensors *file,
                            const char *prefix, const gan_loader *l) {
    int64_t epoch, position, images;
    word_of(file, prefix, "epoch", &epoch);
    word_of(file, prefix, "position", &position);
    word_of(file, prefix, "images", &images);
    if (images != l->data->dims[0])
        return error_set(ctx, GAN_EFORMAT,
                         "%s: '%s' was made with %lld images, the loader has %lld", path, prefix,
                         (long long)images, (long long)l->data->dims[0]);
    const int fits = places_is_count(epoch) && position >= 0 && position <= images;
    return fits ? GAN_OK : out_of_range(ctx, path, prefix);
}

/* Numbers that not all bytes are. */
static int32_t check_parts(const gan_checkpoint *c, const char *path, const safetensors *file) {
    int32_t code = GAN_OK;
    for (size_t i = 0; i < c->count && !code; i++) {
        const part *p = &c->parts[i];
        char name[PART_TEXT];
        part_name(p, name);
        if (p->kind == PART_OPTIMIZER)
            code = check_optimizer(c->base.ctx, path, file, name, (gan_optimizer *)p->of);
        if (p->kind == PART_LOADER)
            code = check_loader(c->base.ctx, path, file, name, (gan_loader *)p->of);
    }
    return code;
}

/* Puts streams, whose words have been read, where they belong. */
static void apply(const gan_checkpoint *c, const listing *l) {
    c->base.ctx->random_key = l->streams[0].key;
    c->base.ctx->random_counter = l->streams[0].counter;
    for (size_t i = 0; i < c->count; i++) {
        if (c->parts[i].kind != PART_LOADER) continue;
        gan_loader *loader = (gan_loader *)c->parts[i].of;
        const stream *s = &l->streams[1 + i];
        loader->opts.seed = s->key;
        loader_seek(loader, s->epoch, s->position);
    }
}

int32_t own_checkpoint_load(gan_checkpoint *c, const char *path) {
    gan_context *ctx = c->base.ctx;
    safetensors file = {0};
    listing l;
    number_list numbers = {0};
    int32_t code = list_all(c, &l);
    if (!code) code = places_read(ctx, path, &file);
    const int is_read = !code;
    if (!code) code = places_check_system(ctx, path, &file, SYSTEM, WHOSE);
    if (!code) code = read_numbers(ctx, path, &file, &numbers);
    if (!code) code = places_check(ctx, path, &l.places, &file, numbers.count, WHOSE);
    if (!code) code = check_parts(c, path, &file);
    if (!code) {
        places_put(&l.places, &file);
        apply(c, &l);
        const number_list before = c->numbers;
        c->numbers = numbers;
        numbers = before;
    }
    release_numbers(ctx, &numbers);
    if (is_read) safetensors_release(ctx, &file);
    unlist(ctx, &l);
    return code;
}
