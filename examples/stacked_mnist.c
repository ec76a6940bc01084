/* How many of 1,000 modes do systems find? Images are three random digits as red, green and blue
 * (Che et al. 2017); the networks are those of Metz et al. 2017, the discriminator half as wide as
 * the generator, so that modes are lost. A LeNet reads the digits of 25,600 samples. One JSON line
 * is kept for each system and seed; the table at the end is over the seeds.
 *
 * SPDX-License-Identifier: MIT */
#include "common/program.h"
#include "common/idx.h"
#include "common/lenet.h"
#include "common/options.h"
#include "common/trials.h"

#include <stdlib.h>
#include <string.h>

enum {
    SIDE = LENET_SIDE,
    PIXELS = SIDE * SIDE,
    LATENT = 256,
    MODES = 1000,
    READ = 256, /* samples read at once                       */
    MAX_BATCH = 1024
};

/* The rates are Metz et al.'s; WGAN-GP's are its own. */
static const game_rules systems[] = {
    {"dcgan", GAN_LOSS_NON_SATURATING, GAN_PENALTY_NONE, 1, 1, 0, 0, 1e-4, 2e-4, 0.5, 0.99},
    {"dcgan-packed-2", GAN_LOSS_NON_SATURATING, GAN_PENALTY_NONE, 2, 1, 0, 0, 1e-4, 2e-4, 0.5,
     0.99},
    {"wgan-gp", GAN_LOSS_WASSERSTEIN, GAN_PENALTY_INTERPOLATED, 1, 5, 10, 0, 1e-4, 1e-4, 0.5, 0.9}};
enum { SYSTEMS = sizeof systems / sizeof *systems };

/* What all trials share. The LeNet is of a context of its own. */
typedef struct digits {
    gan_context *ctx;
    gan_dataset *images;
    gan_module *lenet;
    int64_t samples;
    int32_t *modes; /* samples of them: red digit, green digit, blue digit */
} digits;

/* ---- data ------------------------------------------------------------------------------------ */

/* Pixel p of the three digits to channels, bytes to [-1, 1]. */
static void stack(const uint8_t *const digit[3], float *out) {
    for (int p = 0; p < PIXELS; p++)
        for (int c = 0; c < 3; c++) out[3 * p + c] = (float)digit[c][p] / 127.5f - 1;
}

/* n images (n,28,28,3), drawn anew. */
static gan_tensor *draw(const game *g, int64_t n) {
    const digits *d = g->data;
    const uint8_t *pixels = gan_dataset_pixels(d->images);
    const int64_t count = 3 * n, shape[] = {n, SIDE, SIDE, 3};
    float *u = malloc((size_t)count * sizeof *u), *images = NULL;
    gan_tensor *result = NULL,
               *uniform = gan_rand(g->ctx, &count, 1, 0, (double)gan_dataset_size(d->images));
    if (u && gan_tensor_read(uniform, u, count) == GAN_OK)
        images = malloc((size_t)(count * PIXELS) * sizeof *images);
    for (int64_t i = 0; images && i < n; i++) {
        const uint8_t *digit[3];
        for (int c = 0; c < 3; c++) digit[c] = pixels + (int64_t)u[3 * i + c] * PIXELS;
        stack(digit, images + 3 * i * PIXELS);
    }
    if (images) result = gan_from_floats(g->ctx, images, shape, 4);
    free(images);
    free(u);
    return result;
}

/* ---- networks -------------------------------------------------------------------------------- */

/* 3 x 3 kernels of stride 2, one pixel around; output_pad 1 doubles a side exactly. */
static gan_conv2d_opts stride_2(int32_t output_pad) {
    gan_conv2d_opts opts;
    gan_conv2d_opts_init(&opts, sizeof opts);
    opts.stride_h = opts.stride_w = 2;
    opts.pad_top = opts.pad_bottom = opts.pad_left = opts.pad_right = 1;
    opts.output_pad_h = opts.output_pad_w = output_pad;
    return opts;
}

/* z (N,256) to images (N,28,28,3): 4 x 4 x 64, 7 x 7 x 32, 14 x 14 x 16, 28 x 28 x 8. */
static int32_t build_generator(gan_context *ctx, gan_module **out) {
    gan_conv2d_opts same = stride_2(0);
    same.stride_h = same.stride_w = 1;
    int32_t status = gan_sequential_create(ctx, out);
    if (status < 0) return status;
    gan_module *net = *out;
    gan_add_dense(net, NULL, LATENT, 4 * 4 * 64, 1);
    gan_add_unflatten(net, NULL, 64, 4, 4);
    gan_add_batch_norm(net, NULL, 64, NULL);
    gan_add_relu(net, NULL);
    for (int64_t in = 64; in > 8; in /= 2) {
        gan_conv2d_opts doubling = stride_2(in < 64); /* 4 -> 7, 7 -> 14, 14 -> 28 */
        gan_add_conv_transpose2d(net, NULL, in, in / 2, 3, &doubling);
        gan_add_batch_norm(net, NULL, in / 2, NULL);
        gan_add_relu(net, NULL);
    }
    gan_add_conv2d(net, NULL, 8, 3, 3, &same);
    gan_add_tanh(net, NULL);
    return gan_module_init(net, GAN_INIT_XAVIER_UNIFORM, 1);
}

/* Packs (N,28,28,3 packing) to scores (N,1): 14 x 14 x 4, 7 x 7 x 8, 4 x 4 x 16; without batch norm
 * where there is a penalty. */
static int32_t build_discriminator(gan_context *ctx, const game_rules *rules, gan_module **out) {
    gan_conv2d_opts halving = stride_2(0);
    int32_t status = gan_sequential_create(ctx, out);
    if (status < 0) return status;
    gan_module *net = *out;
    int64_t in = 3 * rules->packing;
    for (int64_t width = 4; width <= 16; in = width, width *= 2) {
        gan_add_conv2d(net, NULL, in, width, 3, &halving);
        if (rules->penalty == GAN_PENALTY_NONE) gan_add_batch_norm(net, NULL, width, NULL);
        gan_add_leaky_relu(net, NULL, 0.3);
    }
    gan_add_flatten(net, NULL);
    gan_add_dense(net, NULL, 4 * 4 * 16, 1, 1);
    return gan_module_init(net, GAN_INIT_XAVIER_UNIFORM, 1);
}

static int32_t build(game *g, void *user) {
    g->real = draw;
    g->data = user;
    int32_t status = build_generator(g->ctx, &g->generator);
    if (status < 0) return status;
    return build_discriminator(g->ctx, g->rules, &g->discriminator);
}

/* ---- judging --------------------------------------------------------------------------------- */

/* The modes of n <= READ samples: their channels, one after the other, are read as digits. */
static int32_t read_modes(const game *g, digits *d, int64_t n, int32_t *modes) {
    static float pixels[READ * 3 * PIXELS];
    int32_t read[READ * 3];
    gan_tensor *channels = gan_transpose(game_fakes(g, n), (int32_t[]){0, 3, 1, 2});
    int32_t status = gan_tensor_read(channels, pixels, n * 3 * PIXELS);
    if (status < 0) return status;
    int64_t scope = gan_scope_begin(d->ctx);
    gan_tensor *images = gan_from_floats(d->ctx, pixels, (int64_t[]){3 * n, SIDE, SIDE, 1}, 4);
    status = lenet_read(d->lenet, images, NULL, read);
    gan_scope_end(d->ctx, scope);
    for (int64_t i = 0; i < n; i++)
        modes[i] = 100 * read[3 * i] + 10 * read[3 * i + 1] + read[3 * i + 2];
    return status;
}

static int32_t judge(const game *g, void *user, double numbers[TRIAL_NUMBERS]) {
    digits *d = user;
    int32_t status = gan_module_train(g->generator, 0);
    for (int64_t i = 0; i < d->samples && status == GAN_OK; i += READ) {
        int64_t scope = gan_scope_begin(g->ctx);
        status = read_modes(g, d, d->samples - i < READ ? d->samples - i : READ, d->modes + i);
        gan_scope_end(g->ctx, scope);
    }
    gan_histogram h = {.struct_size = sizeof h};
    if (status == GAN_OK)
        status = gan_histogram_statistics(g->ctx, d->modes, d->samples, MODES, NULL, &h);
    numbers[0] = (double)h.present;
    numbers[1] = h.kl;
    return status;
}

/* ---- the run --------------------------------------------------------------------------------- */

static int all_trials(trials *t, digits *d) {
    const trial_kind kind = {.data = "stacked-mnist",
                             .user = d,
                             .latent = LATENT,
                             .build = build,
                             .judge = judge,
                             .numbers = {"modes", "kl"},
                             .units = {1, 1}};
    t->total = (int)t->seeds * SYSTEMS;
    int code = trials_begin(t);
    if (code) return code;
    for (int seed = 1; seed <= t->seeds; seed++)
        for (int i = 0; i < SYSTEMS && !code; i++) code = trials_play(t, &kind, &systems[i], seed);
    trials_end(t);
    if (code) return code;
    trials_print_head(&kind);
    for (int i = 0; i < SYSTEMS; i++) trials_print_line(t, &kind, &systems[i]);
    return 0;
}

/* Modes that are counted by a network of other images are none. */
static int check_judge(digits *d, const char *file) {
    int64_t n = gan_dataset_size(d->images);
    int32_t *classes = malloc((size_t)n * sizeof *classes);
    if (!classes) return fail("out of memory");
    int bad;
    if (lenet_read_dataset(d->lenet, d->images, NULL, classes) < 0)
        bad = fail("%s", gan_last_error(d->ctx));
    else
        bad = lenet_check(file, lenet_right(classes, gan_dataset_labels(d->images), n));
    free(classes);
    return bad;
}

/* The training digits, and the LeNet that has learnt them. */
static int prepare(digits *d, const trials *t, const char *mnist, const char *classifier,
                   int64_t epochs) {
    gan_context_opts opts;
    gan_context_opts_init(&opts, sizeof opts);
    opts.threads = (int32_t)t->threads;
    if (gan_context_create(&opts, &d->ctx) < 0) return fail("cannot make a context");
    if (idx_open(d->ctx, mnist, IDX_TRAIN, 1, NULL, &d->images) < 0)
        return fail("%s", gan_last_error(d->ctx));
    if (!lenet_fits(d->images))
        return fail("the images in %s are not of 28 x 28 pixels and 10 classes", mnist);
    if (lenet_cached(d->ctx, classifier, d->images, epochs, &d->lenet) < 0)
        return fail("%s", gan_last_error(d->ctx));
    if (check_judge(d, classifier)) return 1;
    d->modes = malloc((size_t)d->samples * sizeof *d->modes);
    return d->modes ? 0 : fail("out of memory");
}

int main(int argc, char **argv) {
    const char *mnist = "", *classifier = "lenet.safetensors";
    int64_t epochs = LENET_EPOCHS;
    digits d = {.samples = 25600};
    trials t = {.program = "stacked_mnist",
                .out = "stacked_mnist.jsonl",
                .steps = 20000,
                .seeds = 3,
                .batch = 128};
    const option_row rows[] = {
        {"mnist", OPTION_TEXT, &mnist, 0, 0, "folder of MNIST's IDX files"},
        {"classifier", OPTION_TEXT, &classifier, 0, 0, "the LeNet's file, made if missing"},
        {"epochs", OPTION_INTEGER, &epochs, 1, 1000, "of the LeNet's training"},
        {"out", OPTION_TEXT, &t.out, 0, 0, "file of the results"},
        {"steps", OPTION_INTEGER, &t.steps, 1, 1e9, "of the generator, a trial"},
        {"seeds", OPTION_INTEGER, &t.seeds, 1, 1e6, "trials of each system"},
        {"batch", OPTION_INTEGER, &t.batch, 2, MAX_BATCH, "images (packs) a step"},
        {"samples", OPTION_INTEGER, &d.samples, 1, 1e7, "generated images to read"},
        {"threads", OPTION_INTEGER, &t.threads, 0, 256, "0 = one per core"},
        {"resume", OPTION_FLAG, &t.resume, 0, 1, "keep the trials that the file has"},
    };
    const option_table table = {t.program, "counts the modes that systems find of 1,000", rows,
                                (int)(sizeof rows / sizeof *rows)};
    program_begin("stacked_mnist");
    int code = options_read(&table, argc, argv);
    if (code >= 0) return code;
    if (!*mnist) {
        fail("--mnist FOLDER is missing: where MNIST's files are");
        return 2;
    }
    code = prepare(&d, &t, mnist, classifier, epochs);
    if (!code) code = all_trials(&t, &d);
    free(d.modes);
    gan_module_unref(d.lenet);
    gan_dataset_unref(d.images);
    gan_context_destroy(d.ctx);
    return code;
}
