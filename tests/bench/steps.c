/* Times one training step of each kind of GAN: the workloads of peers/torch_steps.py under the same
 * names, with the same networks and sizes. compare.py runs both.
 *
 * SPDX-License-Identifier: MIT */
#include "common/options.h"
#include "common/progress.h"
#include "bench.h"

#include <gan.h>

#include <stdio.h>
#include <string.h>

enum { MANY_REPS = 20, WIDTH = 64, MIB = 1 << 20 };

/* ---- data and optimizers --------------------------------------------------------------------- */

static void use_features(bench *b, int64_t width) {
    b->real = bench_uniform(b, (int64_t[]){b->batch, width}, 2, -1);
}

static gan_optimizer *rmsprop(bench *b, network *net) {
    gan_optimizer *o = NULL;
    gan_rmsprop_opts opts;
    gan_rmsprop_opts_init(&opts, sizeof opts);
    opts.lr = 5e-5;
    bench_check(b, gan_rmsprop_create(net->module, &opts, &o));
    net->copies = 3;
    return o;
}

/* ---- steps ----------------------------------------------------------------------------------- */

/* Generated images without a graph. */
static gan_tensor *sample(bench *b) {
    gan_recording(b->ctx, 0);
    gan_tensor *fake = gan_forward(b->g.module, bench_latents(b, 4));
    gan_recording(b->ctx, 1);
    return fake;
}

static gan_tensor *penalty_between(bench *b, gan_tensor *real, gan_tensor *fake) {
    return gan_penalty_of(b->d.module, gan_interpolate(real, fake), NULL);
}

static gan_tensor *distance(bench *b, gan_tensor *fake) {
    return gan_wasserstein_critic(gan_forward(b->d.module, b->real),
                                  gan_forward(b->d.module, fake));
}

static void gan_mlp_step(bench *b) { bench_gan_step(b, bench_latents(b, 2), bench_joined_loss); }

static void wgan_critic_step(bench *b) {
    bench_check(b, gan_optimizer_minimize(b->od, distance(b, sample(b))));
    bench_check(b, gan_module_clip(b->d.module, 0.01, 0));
}

static void wgangp_critic_step(bench *b) {
    gan_tensor *fake = sample(b);
    gan_tensor *loss = gan_add(distance(b, fake), penalty_between(b, b->real, fake));
    bench_check(b, gan_optimizer_minimize(b->od, loss));
}

/* The penalty and its gradient in the critic's parameters, without a step. */
static void penalty_step(bench *b) {
    enum { MOST = 64 };
    gan_tensor *parameters[MOST], *grads[MOST];
    size_t n = gan_module_parameter_count(b->d.module);
    for (size_t i = 0; i < n; i++) parameters[i] = gan_module_parameter(b->d.module, i);
    bench_check(b, gan_grad(penalty_between(b, b->real, b->fake), parameters, n, 0, grads));
    for (size_t i = 0; i < n; i++) gan_tensor_unref(grads[i]);
}

static void wgan_generator_step(bench *b) {
    gan_tensor *scores = gan_forward(b->d.module, gan_forward(b->g.module, bench_latents(b, 4)));
    bench_check(b, gan_optimizer_minimize(b->og, gan_wasserstein_generator(scores)));
}

/* Kodali et al. 2017, as their program has it: noise of half the batch's deviation around the real
 * images, a random average of both, the penalty there. */
static void dragan_step(bench *b) {
    gan_tensor *fake = gan_forward(b->g.module, bench_latents(b, 2));
    gan_tensor *noise = gan_rand(b->ctx, gan_tensor_shape(b->real), 2, 0, 0.5);
    gan_tensor *around = gan_add(b->real, gan_mul(noise, gan_std(b->real, NULL, 0, 0, 1)));
    gan_tensor *loss = gan_add(bench_joined_loss(b, fake), penalty_between(b, b->real, around));
    bench_check(b, gan_optimizer_minimize(b->od, loss));
    bench_check(
        b, gan_optimizer_minimize(b->og, gan_bce_with_logits(gan_forward(b->d.module, fake), 1)));
}

/* Mean absolute error of the autoencoder. */
static gan_tensor *reconstruction(bench *b, gan_tensor *x) {
    return gan_mean_all(gan_abs(gan_sub(gan_forward(b->d.module, x), x)));
}

/* Berthelot et al. 2017, section 3.3, gamma 0.5, lambda_k 0.001. */
static void began_step(bench *b) {
    gan_tensor *z = gan_rand(b->ctx, (int64_t[]){b->batch, BEGAN_LATENT}, 2, -1, 1);
    gan_tensor *fake = gan_forward(b->g.module, z);
    gan_tensor *real_error = reconstruction(b, b->real);
    gan_tensor *fake_error = reconstruction(b, gan_detach(fake));
    bench_check(b, gan_optimizer_minimize(b->od, gan_sub(real_error, gan_scale(fake_error, b->k))));
    gan_tensor *generator_error = reconstruction(b, fake);
    bench_check(b, gan_optimizer_minimize(b->og, generator_error));

    double real_value, generator_value;
    bench_check(b, gan_tensor_item(real_error, &real_value));
    bench_check(b, gan_tensor_item(generator_error, &generator_value));
    b->k += 0.001 * (0.5 * real_value - generator_value);
    b->k = b->k < 0 ? 0 : b->k > 1 ? 1 : b->k;
}

static void sample_step(bench *b) {
    if (!sample(b)) bench_check(b, gan_error_code(b->ctx));
}

/* ---- set-ups --------------------------------------------------------------------------------- */

static void gan_mlp_setup(bench *b) {
    b->g = mlp(b->ctx, (int64_t[]){LATENT, 256, 512, 1024, 784}, 5, 1);
    b->d = mlp(b->ctx, (int64_t[]){784, 512, 256, 1}, 4, 0);
    bench_dcgan_optimizers(b);
    use_features(b, 784);
}

static void dragan_setup(bench *b) {
    b->g = mlp(b->ctx, (int64_t[]){LATENT, 512, 784}, 3, 1);
    b->d = mlp(b->ctx, (int64_t[]){784, 512, 1}, 3, 0);
    bench_dcgan_optimizers(b);
    use_features(b, 784);
}

static void image_pair(bench *b, int norm) {
    b->g = dcgan_generator(b->ctx, WIDTH);
    b->d = dcgan_critic(b->ctx, WIDTH, norm);
    bench_check(b, gan_module_init(b->g.module, GAN_INIT_NORMAL, 0.02));
    bench_check(b, gan_module_init(b->d.module, GAN_INIT_NORMAL, 0.02));
    bench_use_images(b, 64, 3);
}

static void dcgan_setup(bench *b) {
    image_pair(b, BATCH_NORM);
    bench_dcgan_optimizers(b);
}

static void wgan_critic_setup(bench *b) {
    image_pair(b, INSTANCE_NORM);
    b->od = rmsprop(b, &b->d);
}

static void wgan_generator_setup(bench *b) {
    image_pair(b, INSTANCE_NORM);
    b->og = rmsprop(b, &b->g);
    bench_check(b, gan_module_freeze(b->d.module, 1));
}

static void wgangp_critic_setup(bench *b) {
    image_pair(b, INSTANCE_NORM);
    b->od = bench_adam(b, &b->d, 1e-4, 0, 0.9);
}

static void penalty_setup(bench *b) {
    image_pair(b, INSTANCE_NORM);
    b->d.copies = 2;
    b->fake = bench_uniform(b, gan_tensor_shape(b->real), 4, 0);
}

static void began_setup(bench *b) {
    b->batch = 16;
    b->d = began_autoencoder(b->ctx);
    b->g = began_generator(b->ctx);
    b->og = bench_adam(b, &b->g, 1e-4, 0.5, 0.999);
    b->od = bench_adam(b, &b->d, 1e-4, 0.5, 0.999);
    bench_use_images(b, 64, 3);
}

static void sample_setup(bench *b) {
    b->g = dcgan_generator(b->ctx, WIDTH);
    bench_check(b, gan_module_train(b->g.module, 0));
}

static void sample_1_setup(bench *b) {
    b->batch = 1;
    sample_setup(b);
}

static void sample_64_setup(bench *b) {
    b->batch = 64;
    sample_setup(b);
}

/* ---- memory ---------------------------------------------------------------------------------- */

/* What a step has to keep at its fullest moment. */
typedef struct kept {
    int g, d;     /* recorded passes through each network */
    int gradient; /* 1: and a recorded gradient of the critic */
    int batches;  /* of data, or of their size, besides */
} kept;

static double network_elements(const network *net) {
    return net->module ? (double)net->copies * bench_parameters(net->module) : 0;
}

/* MiB of parameters, gradients, moments and what the derivatives read, from the shapes alone. */
static double least_memory(const bench *b, const kept *k) {
    int64_t sample = k->g * b->g.kept + k->d * b->d.kept + k->gradient * b->d.cotangents;
    if (k->batches) sample += k->batches * (gan_tensor_size(b->real) / b->batch);
    double elements =
        (double)(sample * b->batch) + network_elements(&b->g) + network_elements(&b->d);
    return elements * (double)sizeof(float) / MIB;
}

static double live_memory(const bench *b) {
    gan_stats stats = {.struct_size = sizeof stats};
    bench_check(b, gan_context_stats(b->ctx, &stats));
    return (double)stats.peak_bytes / MIB;
}

/* ---- timing ---------------------------------------------------------------------------------- */

static const struct workload {
    const char *name;
    void (*setup)(bench *);
    void (*step)(bench *);
    int64_t reps; /* times --reps */
    kept kept;
} workloads[] = {
    {"gan-mlp-28", gan_mlp_setup, gan_mlp_step, MANY_REPS, {.g = 1, .d = 2, .batches = 1}},
    {"dcgan-64", dcgan_setup, bench_dcgan_step, 1, {.g = 1, .d = 2, .batches = 1}},
    {"wgan-64-critic", wgan_critic_setup, wgan_critic_step, 1, {.d = 2, .batches = 2}},
    /* real, fake, points between them, the gradient there */
    {"wgangp-64-critic",
     wgangp_critic_setup,
     wgangp_critic_step,
     1,
     {.d = 3, .gradient = 1, .batches = 4}},
    {"wgangp-64-penalty", penalty_setup, penalty_step, 1, {.d = 1, .gradient = 1, .batches = 4}},
    {"wgan-64-generator",
     wgan_generator_setup,
     wgan_generator_step,
     1,
     {.g = 1, .d = 1, .batches = 1}},
    {"dragan-mlp-28",
     dragan_setup,
     dragan_step,
     MANY_REPS,
     {.g = 1, .d = 3, .gradient = 1, .batches = 3}},
    /* real, fake, both differences */
    {"began-64", began_setup, began_step, 1, {.g = 1, .d = 2, .batches = 4}},
    {"sample-64-b1", sample_1_setup, sample_step, MANY_REPS, {0}},
    {"sample-64-b64", sample_64_setup, sample_step, 1, {0}},
};

enum { WORKLOADS = sizeof workloads / sizeof *workloads };

static void run(const struct workload *w, int32_t threads, int64_t batch, int64_t reps) {
    bench b = {.batch = batch};
    bench_begin(&b, threads);
    w->setup(&b);
    gan_context_reset_peak(b.ctx);
    const bench_times t = bench_time(&b, w->step, WARM_UPS, reps * w->reps);
    const double live = live_memory(&b), least = least_memory(&b, &w->kept);
    bench_print(w->name, &t);
    printf("  live %7.0f MiB", live);
    if (w->kept.d) printf("  bound %7.0f MiB  live/bound %5.2f", least, live / least);
    putchar('\n');
    fflush(stdout);
    bench_end(&b);
}

/* Whether `name` is in the comma-separated list; an empty list has all. */
static int is_listed(const char *list, const char *name) {
    size_t length = strlen(name);
    if (!*list) return 1;
    for (const char *at = list; *at; at += strcspn(at, ","), at += *at == ',')
        if (strcspn(at, ",") == length && memcmp(at, name, length) == 0) return 1;
    return 0;
}

int main(int argc, char **argv) {
    int64_t threads = 2, reps = 5, batch = 64;
    const char *only = "";
    const option_row rows[] = {
        {"threads", OPTION_INTEGER, &threads, 0, 256, "threads of the context"},
        {"reps", OPTION_INTEGER, &reps, 1, 100000, "timed steps, 20 times as many if short"},
        {"only", OPTION_TEXT, &only, 0, 0, "workloads, separated by commas"},
        {"batch", OPTION_INTEGER, &batch, 1, 4096, "samples a step"},
    };
    const option_table table = {"steps", "times one training step of each kind of GAN", rows,
                                (int)(sizeof rows / sizeof *rows)};
    int code = options_read(&table, argc, argv);
    if (code >= 0) return code;
    int ran = 0;
    for (int i = 0; i < WORKLOADS; i++) {
        if (!is_listed(only, workloads[i].name)) continue;
        run(&workloads[i], (int32_t)threads, batch, reps);
        ran++;
    }
    if (!ran) fprintf(stderr, "steps: no workload of that name: %s\n", only);
    return ran ? 0 : 2;
}
