/* The trainer beside a host's own loop, its options and its faults. */
#include "trainers.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- a host's own loop ----------------------------------------------------------------------- */

static void assert_same_modules(gan_module *a, gan_module *b) {
    assert_int_equal(gan_module_state_count(a), gan_module_state_count(b));
    for (size_t i = 0; i < gan_module_state_count(a); i++)
        assert_same_bits(gan_module_state(a, i), gan_module_state(b, i));
}

/* Algorithm 1 of Gulrajani et al. */
static void wgan_gp_step(gan_context *ctx, gan_trainer *t, gan_loader *l, gan_optimizer *of_g,
                         gan_optimizer *of_d) {
    gan_module *g = gan_trainer_generator(t), *d = gan_trainer_discriminator(t);
    int64_t scope = gan_scope_begin(ctx);
    for (int i = 0; i < 5; i++) {
        gan_tensor *x = gan_loader_next(l);
        gan_tensor *z = gan_randn(ctx, SHAPE(4, 6));
        gan_recording(ctx, 0);
        gan_tensor *fake = gan_forward(g, z);
        gan_recording(ctx, 1);
        gan_tensor *r = gan_forward(d, x), *f = gan_forward(d, fake);
        gan_tensor *points = gan_interpolate(x, fake);
        gan_tensor *loss = gan_add(gan_discriminator_loss(GAN_LOSS_WASSERSTEIN, r, f),
                                   gan_penalty_of(d, points, NULL));
        assert_ok(ctx, gan_optimizer_minimize(of_d, loss));
    }
    gan_tensor *fake = gan_forward(g, gan_trainer_latents(t, 4));
    gan_tensor *loss = gan_generator_loss(GAN_LOSS_WASSERSTEIN, gan_forward(d, fake));
    assert_ok(ctx, gan_optimizer_minimize(of_g, loss));
    gan_scope_end(ctx, scope);
}

/* Radford et al., in the way of dcgan.torch: the same fakes for both, scored again. */
static void dcgan_step(gan_context *ctx, gan_trainer *t, gan_loader *l, gan_optimizer *of_g,
                       gan_optimizer *of_d) {
    gan_module *g = gan_trainer_generator(t), *d = gan_trainer_discriminator(t);
    int64_t scope = gan_scope_begin(ctx);
    gan_tensor *x = gan_loader_next(l);
    gan_tensor *fake = gan_forward(g, gan_randn(ctx, SHAPE(4, 6)));
    gan_tensor *r = gan_forward(d, x), *f = gan_forward(d, gan_detach(fake));
    assert_ok(ctx,
              gan_optimizer_minimize(of_d, gan_discriminator_loss(GAN_LOSS_NON_SATURATING, r, f)));
    assert_ok(ctx, gan_optimizer_minimize(
                       of_g, gan_generator_loss(GAN_LOSS_NON_SATURATING, gan_forward(d, fake))));
    gan_scope_end(ctx, scope);
}

typedef void (*step_fn)(gan_context *ctx, gan_trainer *t, gan_loader *l, gan_optimizer *of_g,
                        gan_optimizer *of_d);

/* The trainer with two threads, and the host's loop with one, from the same seed. */
static void compare_with_host(int32_t system, step_fn step, double lr, double beta1, double beta2) {
    gan_context *ctx = context_with(2), *own = context_with(1);
    gan_trainer_opts o = small_opts(system, GAN_VARIANT_DEFAULT);
    gan_loader *l, *own_l;
    gan_trainer *t = small_trainer(ctx, &o, 28, &l), *networks = small_trainer(own, &o, 28, &own_l);
    gan_adam_opts adam;
    gan_adam_opts_init(&adam, sizeof adam);
    adam.lr = lr;
    adam.beta1 = beta1;
    adam.beta2 = beta2;
    gan_optimizer *of_g = NULL, *of_d = NULL;
    assert_ok(own, gan_adam_create(gan_trainer_generator(networks), &adam, &of_g));
    assert_ok(own, gan_adam_create(gan_trainer_discriminator(networks), &adam, &of_d));
    run_steps(ctx, t, 3);
    for (int i = 0; i < 3; i++) step(own, networks, own_l, of_g, of_d);
    assert_same_modules(gan_trainer_generator(t), gan_trainer_generator(networks));
    assert_same_modules(gan_trainer_discriminator(t), gan_trainer_discriminator(networks));
    assert_int_equal(stats_of(ctx).random_count, stats_of(own).random_count);
    gan_optimizer_unref(of_g);
    gan_optimizer_unref(of_d);
    gan_trainer_unref(t);
    gan_trainer_unref(networks);
    gan_loader_unref(l);
    gan_loader_unref(own_l);
    gan_context_destroy(ctx);
    gan_context_destroy(own);
}

static void test_host_loop(void **state) {
    (void)state;
    compare_with_host(GAN_SYSTEM_WGAN_GP, wgan_gp_step, 1e-4, 0, 0.9);
    compare_with_host(GAN_SYSTEM_DCGAN, dcgan_step, 2e-4, 0.5, 0.999);
}

/* ---- options --------------------------------------------------------------------------------- */

static void test_names(void **state) {
    (void)state;
    static const char *const names[] = {"gan",  "dcgan",   "cgan",   "pix2pix",
                                        "wgan", "wgan-gp", "dragan", "began"};
    for (int32_t i = 1; i <= COUNT_OF(names); i++) {
        assert_string_equal(gan_system_name(i), names[i - 1]);
        assert_int_equal(gan_system_find(names[i - 1]), i);
    }
    assert_null(gan_system_name(0));
    assert_null(gan_system_name(9));
    assert_int_equal(gan_system_find("wgan_gp"), 0);
    assert_int_equal(gan_system_find(NULL), 0);
    assert_int_equal(gan_system_side(GAN_SYSTEM_DCGAN, 28), 28);
    assert_int_equal(gan_system_side(GAN_SYSTEM_DCGAN, 29), 32);
    assert_int_equal(gan_system_side(GAN_SYSTEM_WGAN_GP, 28), 28);
    assert_int_equal(gan_system_side(GAN_SYSTEM_BEGAN, 28), 32);
    assert_int_equal(gan_system_side(GAN_SYSTEM_PIX2PIX, 33), 64);
    assert_int_equal(gan_system_side(GAN_SYSTEM_BEGAN, 300), 0);
    assert_int_equal(gan_system_side(0, 28), 0);
    assert_int_equal(gan_network_side(GAN_NETWORK_INFO_AUTOENCODER, 28), 28);
    assert_int_equal(gan_network_side(GAN_NETWORK_INFO, 29), 32);
    assert_int_equal(gan_network_side(0, 28), 0);
    assert_int_equal(gan_network_side(GAN_NETWORK_LABELLED + 1, 28), 0);
}

/* The text of a refused change of the preset, of a trainer without a loader. */
#define REFUSED(system, side_, change, ...)                                                        \
    do {                                                                                           \
        gan_trainer_opts o = small_opts(system, GAN_VARIANT_DEFAULT);                              \
        gan_trainer *t = NULL;                                                                     \
        o.side = side_;                                                                            \
        o.channels = 1;                                                                            \
        o.classes = o.condition ? 3 : 0;                                                           \
        o.input_channels = 1;                                                                      \
        change;                                                                                    \
        assert_status(ctx, gan_trainer_create(ctx, &o, NULL, &t), GAN_EINVAL,                      \
                      "gan_trainer_create", __VA_ARGS__);                                          \
        assert_null(t);                                                                            \
    } while (0)

static void test_refused_options(void **state) {
    gan_context *ctx = *state;
    REFUSED(GAN_SYSTEM_DCGAN, 28, o.system = 0, "system is 0");
    REFUSED(GAN_SYSTEM_DCGAN, 28, o.width = 0, "width is 0", "1 to 8192");
    REFUSED(GAN_SYSTEM_DCGAN, 28, o.lr_g = NAN, "lr_g is nan");
    REFUSED(GAN_SYSTEM_DCGAN, 28, o.side = 0, "side is 0");
    REFUSED(GAN_SYSTEM_DCGAN, 28, o.packing = 0, "packing is 0");
    REFUSED(GAN_SYSTEM_DCGAN, 28, o.beta1 = 1, "below 1");
    REFUSED(GAN_SYSTEM_DCGAN, 29, , "dcgan", "side 29", "the next is 32");
    REFUSED(GAN_SYSTEM_BEGAN, 28, , "began", "side 28", "the next is 32", "pad_to");
    REFUSED(GAN_SYSTEM_BEGAN, 32, o.loss = GAN_LOSS_HINGE, "autoencoder");
    REFUSED(GAN_SYSTEM_DCGAN, 28, o.loss = GAN_LOSS_BEGAN, "autoencoder");
    REFUSED(GAN_SYSTEM_WGAN_GP, 28, o.norm = GAN_NORM_BATCH, "batch norm");
    REFUSED(GAN_SYSTEM_CGAN, 28, o.classes = 0, "labels");
    REFUSED(GAN_SYSTEM_CGAN, 28, (o.matching_aware = 1, o.classes = 1), "two classes");
    REFUSED(GAN_SYSTEM_DCGAN, 28, o.matching_aware = 1, "matching_aware");
    REFUSED(GAN_SYSTEM_PIX2PIX, 32, o.update = GAN_UPDATE_FRESH, "U-Net");
    REFUSED(GAN_SYSTEM_DCGAN, 28, o.l1 = 1, "l1");
    REFUSED(GAN_SYSTEM_DCGAN, 28, o.latent = 0, "latent");
    REFUSED(GAN_SYSTEM_GAN, 8, o.latent_hi = -2, "latent_lo");
    REFUSED(GAN_SYSTEM_PIX2PIX, 32, o.skips = 2, "skips is 2");
    REFUSED(GAN_SYSTEM_PIX2PIX, 32, o.input_channels = 0, "input_channels");
    REFUSED(GAN_SYSTEM_GAN, 28, o.norm = GAN_NORM_LAYER, "has no norm");
    REFUSED(GAN_SYSTEM_BEGAN, 32, o.norm = GAN_NORM_INSTANCE, "has no norm");
    REFUSED(GAN_SYSTEM_DCGAN, 28, o.network = GAN_NETWORK_DENSE, "has no norm");
    REFUSED(GAN_SYSTEM_DCGAN, 28, (o.linear_steps = 4, o.linear_from = 4), "linear_from");
    REFUSED(GAN_SYSTEM_DCGAN, 28, o.linear_from = 4, "linear_from must be below linear_steps");
    REFUSED(GAN_SYSTEM_GAN, 30, o.network = GAN_NETWORK_INFO, "side 30", "the next is 32");

    gan_trainer_opts o;
    gan_trainer_opts_init(&o, sizeof o, 99, 0);
    assert_int_equal(o.system, 0);
    gan_trainer_opts_init(&o, sizeof o, GAN_SYSTEM_GAN, GAN_VARIANT_LUCIC + 1);
    assert_int_equal(o.system, 0);
    gan_trainer_opts_init(&o, sizeof o, GAN_SYSTEM_PIX2PIX, GAN_VARIANT_LUCIC);
    assert_int_equal(o.system, 0);
}

static void test_refused_data(void **state) {
    gan_context *ctx = *state;
    gan_trainer_opts o = small_opts(GAN_SYSTEM_DCGAN, GAN_VARIANT_DEFAULT);
    gan_loader *l = loader_of(ctx, (drawing){.n = 12, .side = 16, .channels = 1}, &o);
    gan_trainer *t = NULL;
#define CREATE() gan_trainer_create(ctx, &o, l, &t)
    o.side = 32;
    assert_status(ctx, CREATE(), GAN_EINVAL, "side is 32", "16");
    o.side = 0;
    o.channels = 3;
    assert_status(ctx, CREATE(), GAN_EINVAL, "channels is 3", "1");
    o.channels = 0;
    o.unit_range = 1;
    assert_status(ctx, CREATE(), GAN_EINVAL, "-1 to 1", "must be 0 to 1");
    o.unit_range = 0;
    o.packing = 3;
    assert_status(ctx, CREATE(), GAN_EINVAL, "packing 3");
    o = small_opts(GAN_SYSTEM_PIX2PIX, GAN_VARIANT_DEFAULT);
    assert_status(ctx, CREATE(), GAN_EINVAL, "pix2pix", "pairs");
#undef CREATE
    assert_null(t);
    gan_loader_unref(l);
}

/* ---- choices --------------------------------------------------------------------------------- */

/* Two steps of a changed preset. */
static gan_trainer_stats try_out(gan_context *ctx, const gan_trainer_opts *o) {
    gan_loader *l;
    gan_trainer *t = small_trainer(ctx, o, 16, &l);
    gan_trainer_stats s = run_steps(ctx, t, 2);
    assert_true(isfinite(s.d_loss) && isfinite(s.g_loss));
    gan_trainer_unref(t);
    gan_loader_unref(l);
    return s;
}

static void test_choices(void **state) {
    gan_context *ctx = *state;
#define TRY(system, change)                                                                        \
    do {                                                                                           \
        gan_trainer_opts o = small_opts(system, GAN_VARIANT_DEFAULT);                              \
        change;                                                                                    \
        try_out(ctx, &o);                                                                          \
    } while (0)
    TRY(GAN_SYSTEM_CGAN, o.condition = GAN_CONDITION_PROJECTION);
    TRY(GAN_SYSTEM_CGAN, o.matching_aware = 1);
    TRY(GAN_SYSTEM_CGAN, (o.norm = GAN_NORM_LAYER, o.penalty = GAN_PENALTY_R1));
    TRY(GAN_SYSTEM_WGAN_GP, (o.condition = GAN_CONDITION_MAPS, o.norm = GAN_NORM_LAYER));
    TRY(GAN_SYSTEM_WGAN_GP, (o.norm = GAN_NORM_INSTANCE, o.one_sided = 1));
    TRY(GAN_SYSTEM_WGAN_GP, o.packing = 2);
    TRY(GAN_SYSTEM_DCGAN, o.packing = 4);
    TRY(GAN_SYSTEM_DCGAN, (o.loss = GAN_LOSS_HINGE, o.half = 1));
    TRY(GAN_SYSTEM_DCGAN, (o.loss = GAN_LOSS_LSGAN, o.update = GAN_UPDATE_SIMULTANEOUS));
    TRY(GAN_SYSTEM_DCGAN, (o.loss = GAN_LOSS_MINIMAX, o.real_target = 0.9));
    TRY(GAN_SYSTEM_WGAN, (o.rmsprop_tf1 = 1, o.clip_weights_only = 1));
    TRY(GAN_SYSTEM_GAN, o.condition = GAN_CONDITION_MAPS);
#undef TRY
}

/* The half option halves the loss but not the penalty. */
static void test_half(void **state) {
    gan_trainer_opts o = small_opts(GAN_SYSTEM_DRAGAN, GAN_VARIANT_DEFAULT);
    (void)state;
    gan_trainer_stats s[2];
    for (int half = 0; half < 2; half++) {
        gan_context *ctx = context_with(1);
        gan_loader *l;
        o.half = half;
        gan_trainer *t = small_trainer(ctx, &o, 16, &l);
        s[half] = run_steps(ctx, t, 1);
        gan_trainer_unref(t);
        gan_loader_unref(l);
        gan_context_destroy(ctx);
    }
    assert_near(s[0].penalty, s[1].penalty, 1e-9);
    assert_near((s[0].d_loss - s[0].penalty) / 2, s[1].d_loss - s[1].penalty, 1e-5);
}

/* a = decay a + (1 - decay) w, from a = w; batch norm's statistics, too. */
static void test_average(void **state) {
    gan_context *ctx = *state;
    gan_trainer_opts o = small_opts(GAN_SYSTEM_DCGAN, GAN_VARIANT_DEFAULT);
    o.average = 0.75;
    gan_loader *l;
    gan_trainer *t = small_trainer(ctx, &o, 16, &l);
    gan_module *g = gan_trainer_generator(t), *a = gan_trainer_averaged(t);
    assert_same_modules(g, a);
    static const char *const names[] = {"1.weight", "2.running_var"};
    for (int i = 0; i < COUNT_OF(names); i++) {
        double before = element(gan_module_find(a, names[i]), 3);
        run_steps(ctx, t, 1);
        double now = element(gan_module_find(g, names[i]), 3);
        assert_true(fabs(now - before) > 1e-6);
        assert_near(element(gan_module_find(a, names[i]), 3), 0.75 * before + 0.25 * now, 1e-7);
    }
    gan_trainer_unref(t);
    gan_loader_unref(l);
}

/* Goodfellow et al. 2014: with no weights the generator gives the mean image. */
static void test_begins_at_means(void **state) {
    gan_context *ctx = *state;
    gan_trainer_opts o = small_opts(GAN_SYSTEM_GAN, GAN_VARIANT_DEFAULT);
    for (o.unit_range = 0; o.unit_range < 2; o.unit_range++) {
        gan_loader *l;
        gan_trainer *t = small_trainer(ctx, &o, 8, &l);
        gan_init(gan_module_find(gan_trainer_generator(t), "4.weight"), GAN_INIT_NORMAL, 0);
        gan_loader_opts plain;
        gan_loader_opts_init(&plain, sizeof plain);
        plain.batch = 12;
        plain.lo = o.unit_range ? 0 : -1;
        gan_dataset *d = drawn_images(ctx, (drawing){.n = 12, .side = 8, .channels = 1});
        gan_loader *all = NULL;
        assert_ok(ctx, gan_loader_create(d, &plain, &all));
        gan_tensor *means = gan_mean(gan_loader_next(all), AXES(0), 1);
        gan_tensor *x = gan_trainer_sample(t, gan_trainer_latents(t, 1), NULL);
        for (int64_t i = 0; i < 64; i++) assert_near(element(x, i), element(means, i), 1e-5);
        gan_loader_unref(all);
        gan_dataset_unref(d);
        gan_trainer_unref(t);
        gan_loader_unref(l);
    }
}

/* Rates fall by the factor, in a line, and by halves when M stalls, but not below the floor. */
static void test_rates(void **state) {
    gan_context *ctx = *state;
    gan_trainer_opts o = small_opts(GAN_SYSTEM_DCGAN, GAN_VARIANT_DEFAULT);
    o.lr_decay = 2;
    o.lr_floor = 1e-4;
    o.lr_d = 3e-5; /* begins below the floor */
    gan_loader *l;
    gan_trainer *t = small_trainer(ctx, &o, 16, &l);
    assert_near(run_steps(ctx, t, 1).lr_g, 2e-4, 1e-12);
    assert_near(run_steps(ctx, t, 1).lr_g, 1e-4, 1e-12);
    gan_trainer_stats s = run_steps(ctx, t, 1);
    assert_near(s.lr_g, 1e-4, 1e-12);
    assert_near(s.lr_d, 3e-5, 1e-12);
    gan_trainer_unref(t);
    gan_loader_unref(l);

    o = small_opts(GAN_SYSTEM_DCGAN, GAN_VARIANT_DEFAULT);
    o.linear_steps = 4;
    static const double shares[2][6] = {{1, 0.75, 0.5, 0.25, 0, 0}, {1, 1, 1, 0.5, 0, 0}};
    for (int late = 0; late < 2; late++) {
        o.linear_from = late ? 2 : 0;
        t = small_trainer(ctx, &o, 16, &l);
        for (int i = 0; i < COUNT_OF(shares[late]); i++)
            assert_near(run_steps(ctx, t, 1).lr_d, 2e-4 * shares[late][i], 1e-12);
        gan_trainer_unref(t);
        gan_loader_unref(l);
    }

    o = small_opts(GAN_SYSTEM_BEGAN, GAN_VARIANT_DEFAULT);
    o.lr_g = o.lr_d = 1e-9; /* so that M stalls */
    o.lr_floor = 0;
    t = small_trainer(ctx, &o, 16, &l);
    double falling = run_steps(ctx, t, 13).lr_g;
    assert_true(falling < 1e-9 && falling >= 1e-9 / 64);
    gan_trainer_unref(t);
    gan_loader_unref(l);
}

/* Goodfellow et al. 2014: the momentum is as given in the first epoch, and moves from then on. */
static void test_momentum(void **state) {
    (void)state;
    gan_context *ctx[2];
    gan_trainer *t[2];
    gan_loader *l[2];
    for (int i = 0; i < 2; i++) {
        gan_trainer_opts o = small_opts(GAN_SYSTEM_GAN, GAN_VARIANT_DEFAULT);
        o.momentum_epochs = 2;
        o.momentum_end = i ? 0.9 : 0; /* 0: it stays */
        ctx[i] = context_with(1);
        t[i] = small_trainer(ctx[i], &o, 8, &l[i]);
    }
    for (int epoch = 0; epoch < 2; epoch++) {
        for (int i = 0; i < 2; i++) run_steps(ctx[i], t[i], 3);
        double a = element(gan_module_parameter(gan_trainer_discriminator(t[0]), 0), 5);
        double b = element(gan_module_parameter(gan_trainer_discriminator(t[1]), 0), 5);
        assert_int_equal(a != b, epoch);
    }
    for (int i = 0; i < 2; i++) {
        gan_trainer_unref(t[i]);
        gan_loader_unref(l[i]);
        gan_context_destroy(ctx[i]);
    }
}

/* R1 is gan_zero_penalty at the real images. */
static void test_r1(void **state) {
    gan_context *ctx = *state;
    gan_trainer_opts o = small_opts(GAN_SYSTEM_WGAN_GP, GAN_VARIANT_DEFAULT);
    o.penalty = GAN_PENALTY_R1;
    o.n_critic = 1;
    gan_loader *l;
    gan_trainer *t = small_trainer(ctx, &o, 16, &l);
    gan_tensor *real = gan_track(gan_loader_next(l));
    double wanted =
        item(gan_zero_penalty(gan_trainer_score(t, real, NULL, NULL), real, o.lambda, 0));
    assert_ok(ctx, gan_loader_seek(l, 0, 0));
    assert_true(wanted > 0);
    assert_near(run_steps(ctx, t, 1).penalty, wanted, 1e-6 * wanted);
    gan_trainer_unref(t);
    gan_loader_unref(l);
}

/* ---- faults ---------------------------------------------------------------------------------- */

static void check_no_trace(gan_context *ctx, gan_trainer *t, const char *path, const char *what) {
    size_t n, m;
    unsigned char *before = picture_of(ctx, t, path, &n);
    gan_trainer_stats s = {.struct_size = sizeof s, .d_loss = 42};
    assert_status(ctx, gan_trainer_step(t, &s), GAN_ENONFINITE, "gan_trainer_step", what);
    assert_near(s.d_loss, 42, 0);
    unsigned char *after = picture_of(ctx, t, path, &m);
    assert_int_equal(n, m);
    assert_memory_equal(before, after, n);
    free(before);
    free(after);
}

static void poison(gan_tensor *w, float value) {
    int64_t n = gan_tensor_size(w);
    float *values = malloc((size_t)n * sizeof *values);
    gan_tensor_read(w, values, n);
    values[0] = value;
    gan_tensor_write(w, values, n);
    free(values);
}

static void test_faults(void **state) {
    gan_context *ctx = *state;
    const char *path = temp_file("run.safetensors");
    gan_loader *l;
    gan_trainer_opts o = small_opts(GAN_SYSTEM_DCGAN, GAN_VARIANT_DEFAULT);
    gan_trainer *t = small_trainer(ctx, &o, 16, &l);
    run_steps(ctx, t, 2);
    poison(gan_module_parameter(gan_trainer_generator(t), 0), NAN);
    check_no_trace(ctx, t, path, "the discriminator's loss is nan in step 3");
    gan_trainer_unref(t);
    gan_loader_unref(l);

    /* The critic's update goes through, and makes it so steep that the generator's loss is none:
     * the critic and its moments are put back. */
    o = small_opts(GAN_SYSTEM_WGAN, GAN_VARIANT_PAPER);
    o.norm = GAN_NORM_NONE;
    o.clip = GAN_CLIP_NONE;
    o.n_critic = 1;
    o.lr_d = 1e9;
    o.width = 16;
    t = small_trainer(ctx, &o, 64, &l);
    check_no_trace(ctx, t, path, "the generator");
    gan_trainer_unref(t);
    gan_loader_unref(l);
}

/* A finite loss of an infinite gradient: the text tells whose, and the parameter. */
static void test_infinite_gradient(void **state) {
    gan_context *ctx = *state;
    gan_loader *l;
    gan_trainer_opts o = small_opts(GAN_SYSTEM_WGAN, GAN_VARIANT_PAPER);
    o.norm = GAN_NORM_NONE;
    o.clip = GAN_CLIP_NONE;
    gan_trainer *t = small_trainer(ctx, &o, 16, &l);
    gan_module *d = gan_trainer_discriminator(t);
    gan_module_init(gan_module_child(d, "0"), GAN_INIT_NORMAL, 0); /* scores are 0 */
    gan_module_init(gan_module_child(d, "2"), GAN_INIT_NORMAL, 1e25);
    gan_module_init(gan_module_child(d, "4"), GAN_INIT_NORMAL, 1e25);
    check_no_trace(ctx, t, temp_file("run.safetensors"), "the gradient of \"");
    gan_trainer_unref(t);
    gan_loader_unref(l);
}

/* Of an operator of the host's that failed: no reason for a step to fail. */
static void test_pending_error(void **state) {
    gan_context *ctx = *state;
    gan_loader *l;
    const gan_trainer_opts o = small_opts(GAN_SYSTEM_DCGAN, GAN_VARIANT_DEFAULT);
    gan_trainer *t = small_trainer(ctx, &o, 16, &l);
    const int64_t mark = gan_scope_begin(ctx);
    gan_tensor *none = gan_add(gan_zeros(ctx, SHAPE(2)), gan_zeros(ctx, SHAPE(3)));
    run_steps(ctx, t, 1);
    poison(gan_module_parameter(gan_trainer_generator(t), 0), NAN);
    assert_int_equal(gan_trainer_step(t, NULL), GAN_ENONFINITE); /* its own */
    assert_non_null(strstr(gan_last_error(ctx), "gan_trainer_step"));
    assert_null(none);
    assert_int_equal(gan_error_code(ctx), GAN_EINVAL); /* that of gan_add */
    assert_int_equal(gan_error_code(ctx), GAN_OK);
    gan_scope_end(ctx, mark);
    gan_trainer_unref(t);
    gan_loader_unref(l);
}

/* Data that is poor, but legal. */
static void test_poor_data(void **state) {
    gan_context *ctx = *state;
    static const uint8_t flat[5 * 16 * 16];
    const int32_t labels[5] = {0};
    for (int32_t system = GAN_SYSTEM_GAN; system <= GAN_SYSTEM_BEGAN; system++) {
        gan_trainer_opts o = small_opts(system, GAN_VARIANT_DEFAULT);
        o.batch = system % 2 ? 7 : 1; /* more than there are, or one, with batch norm */
        gan_dataset *d = NULL, *used = NULL;
        gan_loader *l = NULL;
        gan_trainer *t = NULL;
        gan_loader_opts lo;
        gan_loader_opts_init(&lo, sizeof lo);
        assert_ok(ctx, gan_trainer_loader_opts(&o, &lo));
        assert_ok(ctx,
                  gan_dataset_from_bytes(ctx, flat, (int64_t[]){5, 16, 16, 1}, labels, NULL, &d));
        if (o.network == GAN_NETWORK_UNET)
            assert_ok(ctx, gan_dataset_outlines(d, 0.2, &used));
        else
            used = gan_dataset_ref(d);
        assert_ok(ctx, gan_loader_create(used, &lo, &l));
        assert_ok(ctx, gan_trainer_create(ctx, &o, l, &t));
        run_steps(ctx, t, 2);
        gan_trainer_unref(t);
        gan_loader_unref(l);
        gan_dataset_unref(used);
        gan_dataset_unref(d);
    }
}

/* Batch norm of vectors has nothing to normalise in one image: told before, not after an epoch. */
static void test_batches_of_one(void **state) {
    gan_context *ctx = *state;
    gan_trainer_opts o = small_opts(GAN_SYSTEM_WGAN_GP, GAN_VARIANT_LUCIC);
    gan_dataset *d = drawn_images(ctx, (drawing){.n = 9, .side = 16, .channels = 1});
    enum { EACH, LAST, PACKED, CASES };
    for (int which = 0; which < CASES; which++) {
        gan_loader_opts lo;
        gan_loader_opts_init(&lo, sizeof lo);
        if (which == PACKED) o = small_opts(GAN_SYSTEM_GAN, GAN_VARIANT_LUCIC);
        o.batch = which == EACH ? 1 : 4;
        o.packing = which == PACKED ? 4 : 1;
        assert_ok(ctx, gan_trainer_loader_opts(&o, &lo));
        lo.remainder = which == LAST ? GAN_REMAINDER_KEEP : GAN_REMAINDER_WRAP;
        gan_loader *l = NULL;
        gan_trainer *t = NULL;
        assert_ok(ctx, gan_loader_create(d, &lo, &l));
        assert_status(ctx, gan_trainer_create(ctx, &o, l, &t), GAN_EINVAL, "batches of one");
        gan_loader_unref(l);
    }
    gan_dataset_unref(d);
}

/* Showing and writing a generator leaves it in the mode that the host has put it into. */
static void test_mode(void **state) {
    gan_context *ctx = *state;
    gan_loader *l;
    const gan_trainer_opts o = small_opts(GAN_SYSTEM_DCGAN, GAN_VARIANT_DEFAULT);
    gan_trainer *t = small_trainer(ctx, &o, 16, &l);
    run_steps(ctx, t, 1);
    gan_tensor *z = gan_trainer_latents(t, 2);
    for (int32_t mode = 0; mode < 2; mode++) {
        assert_ok(ctx, gan_module_train(gan_trainer_generator(t), mode));
        gan_tensor *before = gan_trainer_generate(t, z, NULL);
        gan_trainer_sample(t, z, NULL);
        assert_ok(ctx, gan_trainer_save_model(t, temp_file("model")));
        assert_ok(ctx, gan_trainer_save_onnx(t, temp_file("model")));
        assert_same_bits(gan_trainer_generate(t, z, NULL), before);
    }
    gan_trainer_unref(t);
    gan_loader_unref(l);
}

static void test_labels(void **state) {
    gan_context *ctx = *state;
    gan_trainer_opts o = small_opts(GAN_SYSTEM_CGAN, GAN_VARIANT_DEFAULT);
    gan_loader *l;
    gan_trainer *t = small_trainer(ctx, &o, 16, &l);
    gan_tensor *z = gan_trainer_latents(t, 2);
    const int32_t labels[] = {0, 3};
    assert_int_equal(gan_trainer_options(t)->classes, 3);
    assert_refused(ctx, gan_trainer_sample(t, z, labels), GAN_EINVAL, "label 1 is 3", "3 classes");
    assert_refused(ctx, gan_trainer_sample(t, z, NULL), GAN_EINVAL, "labels are NULL");
    gan_trainer_unref(t);
    gan_loader_unref(l);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_host_loop),
        cmocka_unit_test(test_names),
        CONTEXT_TEST(test_refused_options),
        CONTEXT_TEST(test_refused_data),
        CONTEXT_TEST(test_choices),
        cmocka_unit_test(test_half),
        CONTEXT_TEST(test_average),
        CONTEXT_TEST(test_begins_at_means),
        CONTEXT_TEST(test_rates),
        cmocka_unit_test(test_momentum),
        CONTEXT_TEST(test_r1),
        CONTEXT_TEST(test_faults),
        CONTEXT_TEST(test_infinite_gradient),
        CONTEXT_TEST(test_pending_error),
        CONTEXT_TEST(test_poor_data),
        CONTEXT_TEST(test_batches_of_one),
        CONTEXT_TEST(test_mode),
        CONTEXT_TEST(test_labels),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
