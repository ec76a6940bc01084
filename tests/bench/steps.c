/* Times one training step of each kind of GAN: the workloads of peers/torch_steps.py under the same
 * names, with the same networks and sizes. compare.py runs both.
 *
 * SPDX-License-Identifier: MIT */
#include "common/options.h"
#include "common/progress.h"

#include <gan.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

enum { LATENT = 100, BEGAN_LATENT = 64, WARM_UPS = 2, MANY_REPS = 20 };

/* A workload's networks and data. The parts it does not use stay NULL. */
typedef struct bench {
    gan_context *ctx;
    gan_module *g, *d;
    gan_optimizer *og, *od;
    gan_tensor *real, *fake; /* kept batches */
    int64_t batch;
    double k; /* BEGAN's balance */
} bench;

/* ---- errors ---------------------------------------------------------------------------------- */

/* A benchmark has nothing to save: any error ends it. */
static void check(const bench *b, int32_t status) {
    if (status == GAN_OK) return;
    fprintf(stderr, "steps: %s\n", b->ctx ? gan_last_error(b->ctx) : gan_status_name(status));
    exit(1);
}

/* ---- networks -------------------------------------------------------------------------------- */

enum { NO_NORM, BATCH_NORM, INSTANCE_NORM };

static gan_conv2d_opts geometry(int32_t stride, int32_t pad, int32_t bias) {
    gan_conv2d_opts opts;
    gan_conv2d_opts_init(&opts, sizeof opts);
    opts.stride_h = opts.stride_w = stride;
    opts.pad_top = opts.pad_bottom = opts.pad_left = opts.pad_right = pad;
    opts.bias = bias;
    return opts;
}

static void add_conv(gan_module *net, int64_t in, int64_t out, int32_t k, int32_t stride,
                     int32_t pad, int32_t bias) {
    gan_conv2d_opts opts = geometry(stride, pad, bias);
    gan_add_conv2d(net, NULL, in, out, k, &opts);
}

static void add_conv_transpose(gan_module *net, int64_t in, int64_t out, int32_t k, int32_t stride,
                               int32_t pad, int32_t bias) {
    gan_conv2d_opts opts = geometry(stride, pad, bias);
    gan_add_conv_transpose2d(net, NULL, in, out, k, &opts);
}

static gan_module *new_network(bench *b) {
    gan_module *net = NULL;
    check(b, gan_sequential_create(b->ctx, &net));
    return net;
}

/* DCGAN's generator for 64 x 64 RGB: (N,1,1,100) to (N,64,64,3). */
static gan_module *dcgan_generator(bench *b) {
    enum { D = 64 };
    gan_module *net = new_network(b);
    int64_t in = LATENT;
    for (int64_t out = 16 * D; out >= 2 * D; out /= 2) {
        int first = in == LATENT; /* 1 x 1 to 4 x 4; the others double the side */
        add_conv_transpose(net, in, out, 4, first ? 1 : 2, first ? 0 : 1, 0);
        gan_add_batch_norm(net, NULL, out, NULL);
        gan_add_relu(net, NULL);
        in = out;
    }
    add_conv_transpose(net, in, 3, 4, 2, 1, 1);
    gan_add_tanh(net, NULL);
    return net;
}

/* Its discriminator or critic: (N,64,64,3) to (N,1,1,1). */
static gan_module *dcgan_critic(bench *b, int norm) {
    enum { D = 64 };
    gan_module *net = new_network(b);
    add_conv(net, 3, D, 4, 2, 1, 1);
    gan_add_leaky_relu(net, NULL, 0.2);
    for (int64_t in = D; in < 8 * D; in *= 2) {
        add_conv(net, in, 2 * in, 4, 2, 1, norm == NO_NORM);
        if (norm == BATCH_NORM) gan_add_batch_norm(net, NULL, 2 * in, NULL);
        if (norm == INSTANCE_NORM) gan_add_instance_norm(net, NULL, 2 * in, NULL);
        gan_add_leaky_relu(net, NULL, 0.2);
    }
    add_conv(net, 8 * D, 1, 4, 2, 0, 1);
    return net;
}

static gan_module *mlp(bench *b, const int64_t *sizes, int count, int tanh_last) {
    gan_module *net = new_network(b);
    for (int i = 0; i + 1 < count; i++) {
        gan_add_dense(net, NULL, sizes[i], sizes[i + 1], 1);
        if (i + 2 < count) gan_add_leaky_relu(net, NULL, 0.2);
    }
    if (tanh_last) gan_add_tanh(net, NULL);
    return net;
}

static void add_conv_elu(gan_module *net, int64_t in, int64_t out, int32_t stride) {
    add_conv(net, in, out, 3, stride, 1, 1);
    gan_add_elu(net, NULL, 1);
}

/* BEGAN's decoder, which is its generator too: (N,64) to (N,64,64,3). */
static void add_began_decoder(gan_module *net) {
    enum { F = 64 };
    gan_add_dense(net, NULL, BEGAN_LATENT, 64 * F, 1);
    gan_add_unflatten(net, NULL, F, 8, 8);
    for (int side = 8; side <= 64; side *= 2) {
        add_conv_elu(net, F, F, 1);
        add_conv_elu(net, F, F, 1);
        if (side < 64) gan_add_upsample(net, NULL, 2);
    }
    add_conv(net, F, 3, 3, 1, 1, 1);
}

/* Its encoder: (N,64,64,3) to (N,64). */
static void add_began_encoder(gan_module *net) {
    enum { F = 64 };
    add_conv_elu(net, 3, F, 1);
    for (int64_t i = 1; i <= 4; i++) {
        int64_t in = i * F, out = i < 4 ? in + F : in;
        add_conv_elu(net, in, in, 1);
        add_conv_elu(net, in, out, 1);
        if (i < 4) add_conv_elu(net, out, out, 2);
    }
    gan_add_flatten(net, NULL);
    gan_add_dense(net, NULL, 64 * 4 * F, BEGAN_LATENT, 1);
}

/* ---- data and optimizers --------------------------------------------------------------------- */

/* A kept batch, uniform in [lo, 1). */
static gan_tensor *uniform_batch(bench *b, const int64_t *shape, int32_t rank, double lo) {
    gan_tensor *kept = NULL;
    int64_t scope = gan_scope_begin(b->ctx);
    check(b, gan_tensor_take(gan_rand(b->ctx, shape, rank, lo, 1), &kept));
    gan_scope_end(b->ctx, scope);
    return kept;
}

static void use_features(bench *b, int64_t width) {
    b->real = uniform_batch(b, (int64_t[]){b->batch, width}, 2, -1);
}

static void use_images(bench *b) {
    b->real = uniform_batch(b, (int64_t[]){b->batch, 64, 64, 3}, 4, -1);
}

static gan_optimizer *adam(bench *b, gan_module *net, double lr, double beta1, double beta2) {
    gan_optimizer *o = NULL;
    gan_adam_opts opts;
    gan_adam_opts_init(&opts, sizeof opts);
    opts.lr = lr;
    opts.beta1 = beta1;
    opts.beta2 = beta2;
    check(b, gan_adam_create(net, &opts, &o));
    return o;
}

static gan_optimizer *rmsprop(bench *b, gan_module *net) {
    gan_optimizer *o = NULL;
    gan_rmsprop_opts opts;
    gan_rmsprop_opts_init(&opts, sizeof opts);
    opts.lr = 5e-5;
    check(b, gan_rmsprop_create(net, &opts, &o));
    return o;
}

/* ---- steps ----------------------------------------------------------------------------------- */

static gan_tensor *flat_latents(bench *b) {
    return gan_randn(b->ctx, (int64_t[]){b->batch, LATENT}, 2);
}

static gan_tensor *image_latents(bench *b) {
    return gan_randn(b->ctx, (int64_t[]){b->batch, 1, 1, LATENT}, 4);
}

/* Generated images without a graph. */
static gan_tensor *sample(bench *b) {
    gan_recording(b->ctx, 0);
    gan_tensor *fake = gan_forward(b->g, image_latents(b));
    gan_recording(b->ctx, 1);
    return fake;
}

static gan_tensor *penalty_between(bench *b, gan_tensor *real, gan_tensor *fake) {
    return gan_penalty_of(b->d, gan_interpolate(real, fake), NULL);
}

static gan_tensor *distance(bench *b, gan_tensor *fake) {
    return gan_wasserstein_critic(gan_forward(b->d, b->real), gan_forward(b->d, fake));
}

/* The discriminator's loss of the first GAN, for fakes cut from the generator. */
static gan_tensor *gan_discriminator_loss(bench *b, gan_tensor *fake) {
    return gan_add(gan_bce_with_logits(gan_forward(b->d, b->real), 1),
                   gan_bce_with_logits(gan_forward(b->d, gan_detach(fake)), 0));
}

/* Discriminator, then generator on the same fakes. */
static void gan_step(bench *b, gan_tensor *z) {
    gan_tensor *fake = gan_forward(b->g, z);
    check(b, gan_optimizer_minimize(b->od, gan_discriminator_loss(b, fake)));
    check(b, gan_optimizer_minimize(b->og, gan_bce_with_logits(gan_forward(b->d, fake), 1)));
}

static void gan_mlp_step(bench *b) { gan_step(b, flat_latents(b)); }

static void dcgan_step(bench *b) { gan_step(b, image_latents(b)); }

static void wgan_critic_step(bench *b) {
    check(b, gan_optimizer_minimize(b->od, distance(b, sample(b))));
    check(b, gan_module_clip(b->d, 0.01, 0));
}

static void wgangp_critic_step(bench *b) {
    gan_tensor *fake = sample(b);
    gan_tensor *loss = gan_add(distance(b, fake), penalty_between(b, b->real, fake));
    check(b, gan_optimizer_minimize(b->od, loss));
}

/* The penalty and its gradient in the critic's parameters, without a step. */
static void penalty_step(bench *b) {
    enum { MOST = 64 };
    gan_tensor *parameters[MOST], *grads[MOST];
    size_t n = gan_module_parameter_count(b->d);
    for (size_t i = 0; i < n; i++) parameters[i] = gan_module_parameter(b->d, i);
    check(b, gan_grad(penalty_between(b, b->real, b->fake), parameters, n, 0, grads));
    for (size_t i = 0; i < n; i++) gan_tensor_unref(grads[i]);
}

static void wgan_generator_step(bench *b) {
    gan_tensor *scores = gan_forward(b->d, gan_forward(b->g, image_latents(b)));
    check(b, gan_optimizer_minimize(b->og, gan_wasserstein_generator(scores)));
}

/* Kodali et al. 2017, as their program has it: noise of half the batch's deviation around the real
 * images, a random average of both, the penalty there. */
static void dragan_step(bench *b) {
    gan_tensor *fake = gan_forward(b->g, flat_latents(b));
    gan_tensor *noise = gan_rand(b->ctx, gan_tensor_shape(b->real), 2, 0, 0.5);
    gan_tensor *around = gan_add(b->real, gan_mul(noise, gan_std(b->real, NULL, 0, 0, 1)));
    gan_tensor *loss =
        gan_add(gan_discriminator_loss(b, fake), penalty_between(b, b->real, around));
    check(b, gan_optimizer_minimize(b->od, loss));
    check(b, gan_optimizer_minimize(b->og, gan_bce_with_logits(gan_forward(b->d, fake), 1)));
}

/* Mean absolute error of the autoencoder. */
static gan_tensor *reconstruction(bench *b, gan_tensor *x) {
    return gan_mean_all(gan_abs(gan_sub(gan_forward(b->d, x), x)));
}

/* Berthelot et al. 2017, section 3.3, gamma 0.5, lambda_k 0.001. */
static void began_step(bench *b) {
    gan_tensor *z = gan_rand(b->ctx, (int64_t[]){b->batch, BEGAN_LATENT}, 2, -1, 1);
    gan_tensor *fake = gan_forward(b->g, z);
    gan_tensor *real_error = reconstruction(b, b->real);
    gan_tensor *fake_error = reconstruction(b, gan_detach(fake));
    check(b, gan_optimizer_minimize(b->od, gan_sub(real_error, gan_scale(fake_error, b->k))));
    gan_tensor *generator_error = reconstruction(b, fake);
    check(b, gan_optimizer_minimize(b->og, generator_error));

    double real_value, generator_value;
    check(b, gan_tensor_item(real_error, &real_value));
    check(b, gan_tensor_item(generator_error, &generator_value));
    b->k += 0.001 * (0.5 * real_value - generator_value);
    b->k = b->k < 0 ? 0 : b->k > 1 ? 1 : b->k;
}

static void sample_step(bench *b) {
    if (!sample(b)) check(b, gan_error_code(b->ctx));
}

/* ---- set-ups --------------------------------------------------------------------------------- */

static void gan_mlp_setup(bench *b) {
    b->g = mlp(b, (int64_t[]){LATENT, 256, 512, 1024, 784}, 5, 1);
    b->d = mlp(b, (int64_t[]){784, 512, 256, 1}, 4, 0);
    b->og = adam(b, b->g, 2e-4, 0.5, 0.999);
    b->od = adam(b, b->d, 2e-4, 0.5, 0.999);
    use_features(b, 784);
}

static void dragan_setup(bench *b) {
    b->g = mlp(b, (int64_t[]){LATENT, 512, 784}, 3, 1);
    b->d = mlp(b, (int64_t[]){784, 512, 1}, 3, 0);
    b->og = adam(b, b->g, 2e-4, 0.5, 0.999);
    b->od = adam(b, b->d, 2e-4, 0.5, 0.999);
    use_features(b, 784);
}

static void image_pair(bench *b, int norm) {
    b->g = dcgan_generator(b);
    b->d = dcgan_critic(b, norm);
    check(b, gan_module_init(b->g, GAN_INIT_NORMAL, 0.02));
    check(b, gan_module_init(b->d, GAN_INIT_NORMAL, 0.02));
    use_images(b);
}

static void dcgan_setup(bench *b) {
    image_pair(b, BATCH_NORM);
    b->og = adam(b, b->g, 2e-4, 0.5, 0.999);
    b->od = adam(b, b->d, 2e-4, 0.5, 0.999);
}

static void wgan_critic_setup(bench *b) {
    image_pair(b, INSTANCE_NORM);
    b->od = rmsprop(b, b->d);
}

static void wgan_generator_setup(bench *b) {
    image_pair(b, INSTANCE_NORM);
    b->og = rmsprop(b, b->g);
    check(b, gan_module_freeze(b->d, 1));
}

static void wgangp_critic_setup(bench *b) {
    image_pair(b, INSTANCE_NORM);
    b->od = adam(b, b->d, 1e-4, 0, 0.9);
}

static void penalty_setup(bench *b) {
    image_pair(b, INSTANCE_NORM);
    b->fake = uniform_batch(b, gan_tensor_shape(b->real), 4, 0);
}

static void began_setup(bench *b) {
    b->batch = 16;
    b->d = new_network(b);
    add_began_encoder(b->d);
    add_began_decoder(b->d);
    b->g = new_network(b);
    add_began_decoder(b->g);
    b->og = adam(b, b->g, 1e-4, 0.5, 0.999);
    b->od = adam(b, b->d, 1e-4, 0.5, 0.999);
    use_images(b);
}

static void sample_setup(bench *b) {
    b->g = dcgan_generator(b);
    check(b, gan_module_train(b->g, 0));
}

static void sample_1_setup(bench *b) {
    b->batch = 1;
    sample_setup(b);
}

static void sample_64_setup(bench *b) {
    b->batch = 64;
    sample_setup(b);
}

/* ---- timing ---------------------------------------------------------------------------------- */

static const struct workload {
    const char *name;
    void (*setup)(bench *);
    void (*step)(bench *);
    int64_t reps; /* times --reps */
} workloads[] = {
    {"gan-mlp-28", gan_mlp_setup, gan_mlp_step, MANY_REPS},
    {"dcgan-64", dcgan_setup, dcgan_step, 1},
    {"wgan-64-critic", wgan_critic_setup, wgan_critic_step, 1},
    {"wgangp-64-critic", wgangp_critic_setup, wgangp_critic_step, 1},
    {"wgangp-64-penalty", penalty_setup, penalty_step, 1},
    {"wgan-64-generator", wgan_generator_setup, wgan_generator_step, 1},
    {"dragan-mlp-28", dragan_setup, dragan_step, MANY_REPS},
    {"began-64", began_setup, began_step, 1},
    {"sample-64-b1", sample_1_setup, sample_step, MANY_REPS},
    {"sample-64-b64", sample_64_setup, sample_step, 1},
};

enum { WORKLOADS = sizeof workloads / sizeof *workloads };

static int by_value(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double time_step(const struct workload *w, bench *b) {
    double started = wall_seconds();
    int64_t scope = gan_scope_begin(b->ctx);
    w->step(b);
    gan_scope_end(b->ctx, scope);
    return wall_seconds() - started;
}

/* Peak resident memory of the process so far, MiB. */
static double peak_memory(void) {
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double)usage.ru_maxrss / 1024;
}

static void run(const struct workload *w, int32_t threads, int64_t batch, int64_t reps) {
    bench b = {.batch = batch};
    gan_context_opts opts;
    gan_context_opts_init(&opts, sizeof opts);
    opts.threads = threads;
    check(&b, gan_context_create(&opts, &b.ctx));
    w->setup(&b);
    for (int i = 0; i < WARM_UPS; i++) time_step(w, &b);

    size_t n = (size_t)(reps * w->reps);
    double *seconds = malloc(n * sizeof *seconds);
    if (!seconds) check(&b, GAN_ENOMEM);
    for (size_t i = 0; i < n; i++) seconds[i] = time_step(w, &b);
    qsort(seconds, n, sizeof *seconds, by_value);
    double median = (seconds[(n - 1) / 2] + seconds[n / 2]) / 2;
    printf("%-20s median %9.5f s  min %9.5f s  rss %7.0f MiB\n", w->name, median, seconds[0],
           peak_memory());
    fflush(stdout);
    free(seconds);

    gan_tensor_unref(b.real);
    gan_tensor_unref(b.fake);
    gan_optimizer_unref(b.og);
    gan_optimizer_unref(b.od);
    gan_module_unref(b.g);
    gan_module_unref(b.d);
    gan_context_destroy(b.ctx);
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
