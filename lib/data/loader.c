#include "data/loader.h"

#include "core/alloc.h"
#include "core/tensor.h"
#include "core/threads.h"
#include "kernels/kernels.h"

/* ---- epochs ---------------------------------------------------------------------------------- */

enum { WORDS = 128 }; /* random words that are drawn together */

/* The independent uses of an epoch's random numbers. Each has a key of its own, drawn with the seed
 * as the key and (epoch, use) as the counter. */
typedef enum random_use { RANDOM_ORDER, RANDOM_FLIPS, RANDOM_USES } random_use;

static uint64_t key_of(const gan_loader *l, random_use use) {
    uint64_t key, counter = (uint64_t)l->epoch * RANDOM_USES + (uint64_t)use;
    noise_words(l->base.ctx, l->opts.seed, counter, 1, &key);
    return key;
}

/* Draws the words from number `first` on, a multiple of WORDS, and gives how many of `n` those are.
 */
static int64_t draw_words(const gan_loader *l, uint64_t key, int64_t first, int64_t n,
                          uint64_t words[WORDS]) {
    int64_t count = n - first < WORDS ? n - first : WORDS;
    noise_words(l->base.ctx, key, noise_word_blocks(first), count, words);
    return count;
}

/* Fisher and Yates: from the last place down, each is swapped with one not above it. A remainder of
 * 64 bits is uneven by no more than n / 2^64. */
static void shuffle(gan_loader *l) {
    uint64_t words[WORDS], key = key_of(l, RANDOM_ORDER);
    int64_t n = l->data->dims[0], swaps = n - 1;
    for (int64_t first = 0; first < swaps; first += WORDS) {
        int64_t count = draw_words(l, key, first, swaps, words);
        for (int64_t k = 0; k < count; k++) {
            int64_t i = n - 1 - (first + k), j = (int64_t)(words[k] % (uint64_t)(i + 1));
            int32_t moved = l->order[i];
            l->order[i] = l->order[j];
            l->order[j] = moved;
        }
    }
}

static void draw_flips(gan_loader *l) {
    uint64_t words[WORDS], key = key_of(l, RANDOM_FLIPS);
    int64_t n = l->data->dims[0];
    for (int64_t first = 0; first < n; first += WORDS) {
        int64_t count = draw_words(l, key, first, n, words);
        for (int64_t k = 0; k < count; k++) l->flips[first + k] = words[k] & 1;
    }
}

static void begin_epoch(gan_loader *l, int64_t epoch) {
    l->epoch = epoch;
    l->position = 0;
    for (int64_t i = 0; i < l->data->dims[0]; i++) l->order[i] = (int32_t)i;
    if (l->opts.shuffle) shuffle(l);
    if (l->flips) draw_flips(l);
}

/* Images that the next batch has. */
static int64_t next_count(const gan_loader *l) {
    int64_t left = l->data->dims[0] - l->position;
    return l->opts.remainder == GAN_REMAINDER_KEEP && left < l->opts.batch ? left : l->opts.batch;
}

/* Moves on from where no batch can begin. */
static void settle(gan_loader *l) {
    int64_t left = l->data->dims[0] - l->position;
    int64_t needed = l->opts.remainder == GAN_REMAINDER_DROP ? l->opts.batch : 1;
    if (left < needed) begin_epoch(l, l->epoch + 1);
}

void loader_seek(gan_loader *l, int64_t epoch, int64_t position) {
    begin_epoch(l, epoch);
    l->position = position;
    settle(l);
}

/* ---- batches --------------------------------------------------------------------------------- */

/* Takes the image at the position as number k of the batch. */
static void take(gan_loader *l, int64_t k) {
    l->index[k] = l->order[l->position];
    if (l->mirrored) l->mirrored[k] = l->flips[l->position];
    if (l->labels) l->labels[k] = l->data->labels[l->index[k]];
    l->position++;
    if (l->position == l->data->dims[0]) begin_epoch(l, l->epoch + 1);
}

typedef struct conversion {
    const gan_loader *loader;
    const gan_dataset *from;
    int64_t images; /* a chunk */
    real *to;
} conversion;

static void convert_image(const conversion *c, int64_t k) {
    const gan_loader *l = c->loader;
    const int64_t *dims = c->from->dims;
    int64_t size = dataset_image_bytes(c->from), row = dims[2] * dims[3];
    const uint8_t *image = c->from->pixels + l->index[k] * size;
    real *to = c->to + k * size;
    if (!l->mirrored || !l->mirrored[k])
        pixels_to_reals(&l->levels, image, size, to);
    else
        for (int64_t y = 0; y < dims[1]; y++)
            pixels_mirrored(&l->levels, image + y * row, dims[2], dims[3], to + y * row);
    if (l->opts.premultiply && dims[3] == 4)
        pixels_premultiply(to, dims[1] * dims[2], l->opts.lo, l->opts.hi);
}

static void convert_chunk(void *arg, int64_t chunk, int worker) {
    (void)worker;
    const conversion *c = arg;
    int64_t begin = chunk * c->images, end = begin + c->images;
    if (end > c->loader->count) end = c->loader->count;
    for (int64_t k = begin; k < end; k++) convert_image(c, k);
}

static gan_tensor *new_batch(gan_loader *l, const gan_dataset *d, int64_t count) {
    shape s = shape_4(count, d->dims[1], d->dims[2], d->dims[3]);
    return tensor_new(l->base.ctx, &s);
}

static void fill(gan_loader *l, const gan_dataset *d, gan_tensor *batch) {
    enum { GRAIN = 32768 }; /* elements a chunk, about */
    int64_t size = dataset_image_bytes(d);
    conversion c = {.loader = l,
                    .from = d,
                    .images = size < GRAIN ? GRAIN / size : 1,
                    .to = tensor_data(batch)};
    parallel_for(l->base.ctx, (l->count + c.images - 1) / c.images, convert_chunk, &c);
}

gan_tensor *loader_batch_of(gan_loader *l, const gan_dataset *d) {
    gan_tensor *batch = new_batch(l, d, l->count);
    if (batch) fill(l, d, batch);
    return batch;
}

gan_tensor *loader_next(gan_loader *l) {
    int64_t count = next_count(l);
    gan_tensor *batch = new_batch(l, l->data, count);
    if (!batch) return NULL;
    l->count = count;
    for (int64_t k = 0; k < count; k++) take(l, k);
    settle(l);
    fill(l, l->data, batch);
    return batch;
}

/* ---- lifetime -------------------------------------------------------------------------------- */

static void loader_destroy(object *o) {
    gan_loader *l = (gan_loader *)o;
    object_unref(&l->data->base);
    arena_free(o->ctx, l->order);
    arena_free(o->ctx, l->flips);
    arena_free(o->ctx, l->index);
    arena_free(o->ctx, l->mirrored);
    arena_free(o->ctx, l->labels);
    object_free(o);
}

gan_loader *loader_new(gan_dataset *d, const gan_loader_opts *opts) {
    gan_context *ctx = d->base.ctx;
    gan_loader *l = object_new(ctx, sizeof *l, loader_destroy);
    if (!l) return NULL;
    object_ref(&d->base);
    l->data = d;
    l->opts = *opts;
    l->levels = pixels_levels(opts->lo, opts->hi);
    size_t images = (size_t)d->dims[0], batch = (size_t)opts->batch;
    if (opts->remainder == GAN_REMAINDER_KEEP && batch > images) batch = images;
    int flip = opts->flip != 0, labelled = d->labels != NULL;
    if (!(l->order = arena_alloc_array(ctx, images, sizeof *l->order)) ||
        !(l->index = arena_alloc_array(ctx, batch, sizeof *l->index)) ||
        (flip && !(l->flips = arena_alloc(ctx, images))) ||
        (flip && !(l->mirrored = arena_alloc(ctx, batch))) ||
        (labelled && !(l->labels = arena_alloc_array(ctx, batch, sizeof *l->labels)))) {
        object_unref(&l->base);
        return NULL;
    }
    begin_epoch(l, 0);
    return l;
}
