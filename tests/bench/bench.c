#include "bench.h"

#include "common/progress.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

void bench_check(const bench *b, int32_t status) {
    if (status == GAN_OK) return;
    fprintf(stderr, "bench: %s\n", b->ctx ? gan_last_error(b->ctx) : gan_status_name(status));
    exit(1);
}

void bench_begin(bench *b, int32_t threads) {
    gan_context_opts opts;
    gan_context_opts_init(&opts, sizeof opts);
    opts.threads = threads;
    bench_check(b, gan_context_create(&opts, &b->ctx));
}

void bench_end(bench *b) {
    gan_tensor_unref(b->real);
    gan_tensor_unref(b->fake);
    gan_optimizer_unref(b->og);
    gan_optimizer_unref(b->od);
    gan_module_unref(b->g.module);
    gan_module_unref(b->d.module);
    gan_context_destroy(b->ctx);
}

/* ---- data and optimizers --------------------------------------------------------------------- */

gan_tensor *bench_uniform(bench *b, const int64_t *shape, int32_t rank, double lo) {
    gan_tensor *kept = NULL;
    int64_t scope = gan_scope_begin(b->ctx);
    bench_check(b, gan_tensor_take(gan_rand(b->ctx, shape, rank, lo, 1), &kept));
    gan_scope_end(b->ctx, scope);
    return kept;
}

void bench_use_images(bench *b, int64_t side, int64_t channels) {
    b->real = bench_uniform(b, (int64_t[]){b->batch, side, side, channels}, 4, -1);
}

gan_tensor *bench_latents(bench *b, int32_t rank) {
    if (rank == 2) return gan_randn(b->ctx, (int64_t[]){b->batch, LATENT}, 2);
    return gan_randn(b->ctx, (int64_t[]){b->batch, 1, 1, LATENT}, 4);
}

gan_optimizer *bench_adam(bench *b, network *net, double lr, double beta1, double beta2) {
    gan_optimizer *o = NULL;
    gan_adam_opts opts;
    gan_adam_opts_init(&opts, sizeof opts);
    opts.lr = lr;
    opts.beta1 = beta1;
    opts.beta2 = beta2;
    bench_check(b, gan_adam_create(net->module, &opts, &o));
    net->copies = 4;
    return o;
}

void bench_dcgan_optimizers(bench *b) {
    b->og = bench_adam(b, &b->g, 2e-4, 0.5, 0.999);
    b->od = bench_adam(b, &b->d, 2e-4, 0.5, 0.999);
}

double bench_parameters(const gan_module *m) {
    int64_t elements = 0;
    for (size_t i = 0; i < gan_module_parameter_count(m); i++)
        elements += gan_tensor_size(gan_module_parameter(m, i));
    return (double)elements;
}

/* ---- steps ----------------------------------------------------------------------------------- */

gan_tensor *bench_discriminator_loss(bench *b, gan_tensor *fake) {
    return gan_add(gan_bce_with_logits(gan_forward(b->d.module, b->real), 1),
                   gan_bce_with_logits(gan_forward(b->d.module, gan_detach(fake)), 0));
}

gan_tensor *bench_joined_loss(bench *b, gan_tensor *fake) {
    const int64_t half[] = {b->batch, 1};
    gan_tensor *images = gan_concat((gan_tensor *[]){b->real, gan_detach(fake)}, 2, 0);
    gan_tensor *scores = gan_forward(b->d.module, images); /* (2N,1) */
    return gan_add(gan_bce_with_logits(gan_slice(scores, (int64_t[]){0, 0}, half), 1),
                   gan_bce_with_logits(gan_slice(scores, (int64_t[]){b->batch, 0}, half), 0));
}

void bench_gan_step(bench *b, gan_tensor *z, bench_loss *loss) {
    gan_tensor *fake = gan_forward(b->g.module, z);
    bench_check(b, gan_optimizer_minimize(b->od, loss(b, fake)));
    gan_tensor *scores = gan_forward(b->d.module, fake);
    bench_check(b, gan_optimizer_minimize(b->og, gan_bce_with_logits(scores, 1)));
}

void bench_dcgan_step(bench *b) {
    bench_gan_step(b, bench_latents(b, 4), bench_discriminator_loss);
}

int bench_by_value(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double time_step(bench *b, void (*step)(bench *)) {
    double started = wall_seconds();
    int64_t scope = gan_scope_begin(b->ctx);
    step(b);
    gan_scope_end(b->ctx, scope);
    return wall_seconds() - started;
}

bench_times bench_time(bench *b, void (*step)(bench *), int warm_ups, int64_t reps) {
    size_t n = (size_t)reps;
    double *seconds = malloc(n * sizeof *seconds);
    if (!seconds) bench_check(b, GAN_ENOMEM);
    for (int i = 0; i < warm_ups; i++) time_step(b, step);
    for (size_t i = 0; i < n; i++) seconds[i] = time_step(b, step);
    qsort(seconds, n, sizeof *seconds, bench_by_value);
    bench_times t = {(seconds[(n - 1) / 2] + seconds[n / 2]) / 2, seconds[0]};
    free(seconds);
    return t;
}

void bench_print(const char *name, const bench_times *t) {
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    printf("%-20s median %9.5f s  min %9.5f s  rss %7.0f MiB", name, t->median, t->least,
           (double)usage.ru_maxrss / 1024);
}
