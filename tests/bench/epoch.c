/* Times epochs of a small DCGAN on images of 28 x 28, the loading of shuffled batches included: the
 * same as peers/torch_epoch.py does.
 *
 * SPDX-License-Identifier: MIT */
#include "bench.h"
#include "common/options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SIDE = 28, PIXELS = SIDE * SIDE };

/* What an epoch goes through. */
typedef struct images {
    int64_t count;
    float *values; /* count x PIXELS */
    int64_t *order;
    float *batch;
} images;

static void *need(size_t bytes) {
    void *block = malloc(bytes);
    if (block) return block;
    fprintf(stderr, "epoch: out of memory\n");
    exit(1);
}

static images make_images(int64_t count, int64_t batch) {
    const size_t image = PIXELS * sizeof(float);
    images m = {.count = count,
                .values = need((size_t)count * image),
                .order = need((size_t)count * sizeof *m.order),
                .batch = need((size_t)batch * image)};
    for (int64_t i = 0; i < count * PIXELS; i++)
        m.values[i] = (float)rand() / (float)RAND_MAX * 2 - 1;
    for (int64_t i = 0; i < count; i++) m.order[i] = i;
    return m;
}

static void free_images(images *m) {
    free(m->values);
    free(m->order);
    free(m->batch);
}

static void shuffle(images *m) {
    for (int64_t i = m->count - 1; i > 0; i--) {
        const int64_t k = rand() % (i + 1), kept = m->order[i];
        m->order[i] = m->order[k];
        m->order[k] = kept;
    }
}

/* The batch of the images order[0 .. N). */
static gan_tensor *load(const bench *b, const int64_t *order) {
    const images *m = b->user;
    for (int64_t i = 0; i < b->batch; i++)
        memcpy(m->batch + i * PIXELS, m->values + order[i] * PIXELS, PIXELS * sizeof(float));
    return gan_from_floats(b->ctx, m->batch, (int64_t[]){b->batch, SIDE, SIDE, 1}, 4);
}

static void step(bench *b, const int64_t *order) {
    const int64_t scope = gan_scope_begin(b->ctx);
    bench_check(b, gan_tensor_take(load(b, order), &b->real));
    bench_dcgan_step(b);
    gan_tensor_unref(b->real);
    b->real = NULL;
    gan_scope_end(b->ctx, scope);
}

static void epoch(bench *b) {
    images *m = b->user;
    shuffle(m);
    for (int64_t i = 0; i + b->batch <= m->count; i += b->batch) step(b, m->order + i);
}

int main(int argc, char **argv) {
    int64_t threads = 2, reps = 1, count = 6400, batch = 64;
    const option_row rows[] = {
        {"threads", OPTION_INTEGER, &threads, 0, 256, "threads of the context"},
        {"reps", OPTION_INTEGER, &reps, 1, 1000, "epochs"},
        {"images", OPTION_INTEGER, &count, 1, 1000000, "images of an epoch"},
        {"batch", OPTION_INTEGER, &batch, 1, 4096, "samples a step"},
    };
    const option_table table = {"epoch", "times epochs of a small DCGAN", rows,
                                (int)(sizeof rows / sizeof *rows)};
    const int code = options_read(&table, argc, argv);
    if (code >= 0) return code;
    bench b = {.batch = batch};
    bench_begin(&b, (int32_t)threads);
    b.g = small_generator(b.ctx);
    b.d = small_critic(b.ctx);
    bench_dcgan_optimizers(&b);
    images m = make_images(count, batch);
    b.user = &m;
    const bench_times t = bench_time(&b, epoch, 0, reps);
    bench_print("epoch-dcgan-28", &t);
    putchar('\n');
    bench_end(&b);
    free_images(&m);
    return 0;
}
