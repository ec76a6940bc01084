/* What the trainer has for small sets of sprites: augmentation, relativistic losses, lazy
 * penalties, and colours multiplied by alpha on the way in and divided by it on the way out. */
#include "samplers.h"
#include "trainers.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { ALL = GAN_AUGMENT_COLOR | GAN_AUGMENT_TRANSLATION | GAN_AUGMENT_CUTOUT, BATCH = 4 };

/* The recipe at a width that is quick. */
static gan_trainer_opts sprite_opts(void) {
    gan_trainer_opts o = small_opts(GAN_SYSTEM_DCGAN, GAN_VARIANT_DEFAULT);
    o.norm = GAN_NORM_NONE;
    o.update = GAN_UPDATE_FRESH;
    o.penalty = GAN_PENALTY_R1;
    o.lambda = 0.5;
    o.penalty_every = 2;
    o.augment = ALL;
    o.relativistic = 1;
    o.premultiply = 1;
    return o;
}

/* Over 12 drawn images of RGBA. */
static gan_trainer *sprite_trainer(gan_context *ctx, const gan_trainer_opts *o, gan_loader **l) {
    gan_dataset *d = drawn_images(ctx, (drawing){.n = 12, .side = 16, .channels = 4});
    gan_loader_opts opts;
    gan_trainer *t = NULL;
    gan_loader_opts_init(&opts, sizeof opts);
    assert_ok(ctx, gan_trainer_loader_opts(o, &opts));
    assert_ok(ctx, gan_loader_create(d, &opts, l));
    assert_ok(ctx, gan_trainer_create(ctx, o, *l, &t));
    gan_dataset_unref(d);
    return t;
}

static void destroy(gan_trainer *t, gan_loader *l) {
    gan_trainer_unref(t);
    gan_loader_unref(l);
}

/* ---- the loader ------------------------------------------------------------------------------ */

/* With 0..1 for bytes: c a / 255^2. */
static void test_premultiplied(void **state) {
    gan_context *ctx = *state;
    const uint8_t bytes[] = {255, 51, 0, 51, 10, 20, 30, 0};
    gan_dataset *d = NULL;
    assert_ok(ctx, gan_dataset_from_bytes(ctx, bytes, (int64_t[]){1, 1, 2, 4}, NULL, NULL, &d));
    gan_loader_opts o;
    gan_loader_opts_init(&o, sizeof o);
    o.batch = 1;
    o.premultiply = 1;
    for (int32_t unit = 0; unit < 2; unit++)
        for (o.flip = 0; o.flip < 2; o.flip++) {
            gan_loader *l = NULL;
            o.lo = unit ? 0 : -1;
            assert_ok(ctx, gan_loader_create(d, &o, &l));
            gan_tensor *x = gan_loader_next(l);
            if (!unit) x = gan_scale(gan_add_scalar(x, 1), 0.5);
            int mirrored = element(x, 3) == 0;
            const double wanted[] = {0.2, 0.04, 0, 0.2};
            for (int64_t i = 0; i < 8; i++)
                assert_near(element(x, i), (i / 4 == mirrored) ? wanted[i % 4] : 0, 1e-6);
            assert_true(o.flip || !mirrored);
            gan_loader_unref(l);
        }
    gan_dataset_unref(d);
}

/* ---- a host's own loop ----------------------------------------------------------------------- */

static gan_tensor *scores_of(gan_module *d, gan_tensor *x) {
    return gan_forward(d, gan_augment(x, NULL));
}

/* RpGAN with R1 in every second step, all that D sees augmented. */
static void host_step(gan_context *ctx, gan_module *g, gan_module *d, gan_loader *l, int step,
                      gan_optimizer *of_g, gan_optimizer *of_d) {
    int64_t scope = gan_scope_begin(ctx);
    gan_tensor *x = gan_loader_next(l), *z = gan_randn(ctx, SHAPE(BATCH, 6));
    gan_recording(ctx, 0);
    gan_tensor *fake = gan_forward(g, z);
    gan_recording(ctx, 1);
    gan_tensor *real_scores = scores_of(d, x), *fake_scores = scores_of(d, fake);
    gan_tensor *loss = gan_real_loss(GAN_LOSS_NON_SATURATING, gan_sub(real_scores, fake_scores), 1);
    if (step % 2 == 0) {
        gan_tensor *points = gan_track(x);
        loss = gan_add(loss, gan_scale(gan_zero_penalty(scores_of(d, points), points, 0.5, 0), 2));
    }
    assert_ok(ctx, gan_optimizer_minimize(of_d, loss));
    fake_scores = scores_of(d, gan_forward(g, gan_randn(ctx, SHAPE(BATCH, 6))));
    real_scores = scores_of(d, x);
    loss = gan_generator_loss(GAN_LOSS_NON_SATURATING, gan_sub(fake_scores, real_scores));
    assert_ok(ctx, gan_optimizer_minimize(of_g, loss));
    gan_scope_end(ctx, scope);
}

static void assert_same_modules(gan_module *a, gan_module *b) {
    for (size_t i = 0; i < gan_module_state_count(a); i++)
        assert_same_bits(gan_module_state(a, i), gan_module_state(b, i));
}

/* The trainer with two threads, and the host's loop with one, from the same seed. */
static void test_host_loop(void **state) {
    (void)state;
    gan_context *ctx = context_with(2), *own = context_with(1);
    gan_trainer_opts o = sprite_opts();
    gan_loader *l, *own_l;
    gan_trainer *t = sprite_trainer(ctx, &o, &l), *networks = sprite_trainer(own, &o, &own_l);
    gan_module *g = gan_trainer_generator(networks), *d = gan_trainer_discriminator(networks);
    gan_adam_opts adam;
    gan_adam_opts_init(&adam, sizeof adam);
    adam.lr = 2e-4;
    adam.beta1 = 0.5;
    gan_optimizer *of_g = NULL, *of_d = NULL;
    assert_ok(own, gan_adam_create(g, &adam, &of_g));
    assert_ok(own, gan_adam_create(d, &adam, &of_d));
    run_steps(ctx, t, 3);
    for (int i = 0; i < 3; i++) host_step(own, g, d, own_l, i, of_g, of_d);
    assert_same_modules(gan_trainer_generator(t), g);
    assert_same_modules(gan_trainer_discriminator(t), d);
    assert_int_equal(stats_of(ctx).random_count, stats_of(own).random_count);
    gan_optimizer_unref(of_g);
    gan_optimizer_unref(of_d);
    destroy(t, l);
    destroy(networks, own_l);
    gan_context_destroy(ctx);
    gan_context_destroy(own);
}

/* ---- options --------------------------------------------------------------------------------- */

static void test_lazy_penalty(void **state) {
    gan_context *ctx = *state;
    gan_trainer_opts o = sprite_opts();
    gan_loader *l;
    gan_trainer *t;
    double penalty[2];
    o.augment = 0; /* which would draw other numbers */
    for (int lazy = 0; lazy < 2; lazy++) {
        assert_ok(ctx, gan_context_seed(ctx, 5));
        o.penalty_every = lazy ? 3 : 0;
        t = sprite_trainer(ctx, &o, &l);
        penalty[lazy] = run_steps(ctx, t, 1).penalty;
        for (int step = 2; step <= 7; step++) {
            gan_trainer_stats s = run_steps(ctx, t, 1);
            assert_int_equal(isfinite(s.penalty), !lazy || step % 3 == 1);
        }
        destroy(t, l);
    }
    assert_true(penalty[0] > 0);
    assert_near(penalty[1], 3 * penalty[0], 1e-6 * penalty[0]);
}

static void test_choices(void **state) {
    gan_context *ctx = *state;
#define TRY(change)                                                                                \
    do {                                                                                           \
        gan_trainer_opts o = sprite_opts();                                                        \
        gan_loader *l;                                                                             \
        change;                                                                                    \
        gan_trainer *t = sprite_trainer(ctx, &o, &l);                                              \
        gan_trainer_stats s = run_steps(ctx, t, 2);                                                \
        assert_true(isfinite(s.d_loss) && isfinite(s.g_loss));                                     \
        destroy(t, l);                                                                             \
    } while (0)
    TRY(o.update = GAN_UPDATE_SIMULTANEOUS);
    TRY(o.update = GAN_UPDATE_SAME_FAKES);
    TRY((o.loss = GAN_LOSS_LSGAN, o.unit_range = 1));
    TRY((o.loss = GAN_LOSS_HINGE, o.half = 1));
    TRY((o.condition = GAN_CONDITION_PROJECTION, o.penalty = GAN_PENALTY_INTERPOLATED));
    TRY((o.penalty = GAN_PENALTY_DRAGAN, o.augment = GAN_AUGMENT_TRANSLATION));
    TRY((o.augment = 0, o.packing = 2));
#undef TRY
}

/* Differences of scores in place of scores: with the second loss they are RpGAN's. */
static void test_relativistic(void **state) {
    gan_context *ctx = *state;
    gan_tensor *r = gan_randn(ctx, SHAPE(5, 1)), *f = gan_randn(ctx, SHAPE(5, 1));
    assert_near(item(gan_real_loss(GAN_LOSS_NON_SATURATING, gan_sub(r, f), 1)),
                item(gan_relativistic_discriminator(r, f)), 1e-6);
    assert_near(item(gan_generator_loss(GAN_LOSS_NON_SATURATING, gan_sub(f, r))),
                item(gan_relativistic_generator(r, f)), 1e-6);
    gan_trainer_opts o = sprite_opts();
    o.loss = GAN_LOSS_WASSERSTEIN; /* whose loss is the difference of the scores that it tells */
    o.penalty = GAN_PENALTY_NONE;
    o.penalty_every = 0;
    gan_loader *l;
    gan_trainer *t = sprite_trainer(ctx, &o, &l);
    gan_trainer_stats s = run_steps(ctx, t, 1);
    assert_near(s.d_loss, s.fake_score - s.real_score, 1e-6);
    destroy(t, l);
}

static void test_refused(void **state) {
    gan_context *ctx = *state;
#define REFUSED(change, ...)                                                                       \
    do {                                                                                           \
        gan_trainer_opts o = sprite_opts();                                                        \
        gan_trainer *t = NULL;                                                                     \
        o.side = 16;                                                                               \
        o.channels = 4;                                                                            \
        change;                                                                                    \
        assert_status(ctx, gan_trainer_create(ctx, &o, NULL, &t), GAN_EINVAL,                      \
                      "gan_trainer_create", __VA_ARGS__);                                          \
        assert_null(t);                                                                            \
    } while (0)
    REFUSED(o.augment = 8, "augment is 8", "0 to 7");
    REFUSED(o.relativistic = 2, "relativistic is 2");
    REFUSED(o.packing = 2, "augment and packing");
    REFUSED(o.channels = 3, "premultiply needs RGBA");
    REFUSED(o.penalty_every = -1, "penalty_every is -1");
    REFUSED(o.penalty = GAN_PENALTY_NONE, "penalty_every needs a penalty");
    REFUSED((o.condition = GAN_CONDITION_MAPS, o.classes = 3, o.matching_aware = 1),
            "relativistic and matching_aware");
#undef REFUSED
    gan_trainer_opts o = small_opts(GAN_SYSTEM_BEGAN, GAN_VARIANT_DEFAULT);
    gan_trainer *t = NULL;
    o.side = 16;
    o.channels = 1;
    o.relativistic = 1;
    assert_status(ctx, gan_trainer_create(ctx, &o, NULL, &t), GAN_EINVAL, "relativistic needs");
    o = small_opts(GAN_SYSTEM_PIX2PIX, GAN_VARIANT_DEFAULT);
    o.side = 16;
    o.channels = o.input_channels = 1;
    o.augment = 1;
    assert_status(ctx, gan_trainer_create(ctx, &o, NULL, &t), GAN_EINVAL, "no U-Net");

    gan_loader *l;
    o = sprite_opts();
    destroy(sprite_trainer(ctx, &o, &l), NULL);
    o.premultiply = 0;
    assert_status(ctx, gan_trainer_create(ctx, &o, l, &t), GAN_EINVAL, "premultiply is 0",
                  "loader's is 1", "gan_trainer_loader_opts");
    gan_loader_unref(l);
    assert_null(t);
}

/* ---- pictures -------------------------------------------------------------------------------- */

/* Alpha is as it was generated, colours are divided by it. */
static void test_straight_samples(void **state) {
    gan_context *ctx = *state;
    gan_trainer_opts o = sprite_opts();
    gan_loader *l;
    gan_trainer *t = sprite_trainer(ctx, &o, &l);
    gan_tensor *z = gan_trainer_latents(t, 3), *x = gan_trainer_sample(t, z, NULL);
    assert_ok(ctx, gan_module_train(gan_trainer_generator(t), 0));
    gan_tensor *made = gan_forward(gan_trainer_generator(t), z);
    for (int64_t i = 0; i < gan_tensor_size(x); i++) {
        double alpha = (element(made, i | 3) + 1) / 2, c = (element(made, i) + 1) / 2;
        assert_near((element(x, i) + 1) / 2, i % 4 == 3 ? alpha : fmin(1, c / alpha), 1e-5);
    }
    destroy(t, l);
}

/* A maxout generator begins at the mean of what its discriminator sees. */
static void test_begins_at_seen_means(void **state) {
    gan_context *ctx = *state;
    gan_trainer_opts o = small_opts(GAN_SYSTEM_GAN, GAN_VARIANT_DEFAULT);
    o.premultiply = 1;
    gan_loader *l, *all = NULL;
    gan_trainer *t = sprite_trainer(ctx, &o, &l);
    gan_module *g = gan_trainer_generator(t);
    gan_init(gan_module_find(g, "4.weight"), GAN_INIT_NORMAL, 0);
    gan_dataset *d = drawn_images(ctx, (drawing){.n = 12, .side = 16, .channels = 4});
    gan_loader_opts opts;
    gan_loader_opts_init(&opts, sizeof opts);
    assert_ok(ctx, gan_trainer_loader_opts(&o, &opts));
    opts.batch = 12;
    assert_ok(ctx, gan_loader_create(d, &opts, &all));
    gan_tensor *means = gan_mean(gan_loader_next(all), AXES(0), 1);
    gan_tensor *x = gan_forward(g, gan_trainer_latents(t, 1));
    for (int64_t i = 0; i < gan_tensor_size(means); i++)
        assert_near(element(x, i), element(means, i), 1e-5);
    gan_loader_unref(all);
    gan_dataset_unref(d);
    destroy(t, l);
}

/* The sampler's pixels are those bytes, too; a pixel that is not seen is black. */
static void test_sampler(void **state) {
    gan_context *ctx = *state;
    enum { SIDE = 16, BYTES = SIDE * SIDE * 4 };
    gan_trainer_opts o = sprite_opts();
    gan_loader *l;
    gan_trainer *t = sprite_trainer(ctx, &o, &l);
    gan_module *g = gan_trainer_generator(t);
    gan_tensor *last = gan_module_parameter(g, gan_module_parameter_count(g) - 1);
    gan_init(last, GAN_INIT_NORMAL, 0.5); /* alpha of many values */
    run_steps(ctx, t, 1);
    assert_ok(ctx, gan_trainer_save_model(t, temp_file("model")));
    gan_sampler *s = sampler_with(temp_file("model"), 1, 1);
    uint8_t pixels[BYTES];
    float latent[6];
    assert_sampler_ok(s, gan_sampler_latent(s, 8, 0, latent));
    assert_sampler_ok(s,
                      gan_sampler_sample_rgba8(s, 8, NULL, 1, NULL, pixels, SIDE, SIDE, SIDE * 4));
    gan_tensor *x = gan_trainer_sample(t, gan_from_floats(ctx, latent, SHAPE(1, 6)), NULL);
    for (int64_t i = 0; i < BYTES; i++)
        assert_near(pixels[i], (element(x, i) + 1) * 127.5, pixels[i | 3] < 8 ? 32 : 2);
    float *raw = sampled(s, 8, 1); /* the network's own numbers: colours below alpha, or near it */
    int changed = 0;
    for (int64_t i = 0; i < BYTES; i++) changed += fabs((double)raw[i] - element(x, i)) > 0.05;
    assert_true(changed > BYTES / 10);
    free(raw);
    gan_sampler_free(s);
    destroy(t, l);
}

/* ---- checkpoints ----------------------------------------------------------------------------- */

/* The options come back; the next steps have the same bits. */
static void test_checkpoint(void **state) {
    gan_context *ctx = *state;
    const char *path = temp_file("run.safetensors");
    gan_trainer_opts o = sprite_opts(), kept = {.struct_size = sizeof kept};
    gan_loader *l, *other_l;
    gan_trainer *t = sprite_trainer(ctx, &o, &l);
    run_steps(ctx, t, 3);
    assert_ok(ctx, gan_trainer_save(t, path));
    assert_ok(ctx, gan_trainer_opts_load(ctx, path, &kept));
    assert_int_equal(kept.augment, ALL);
    assert_int_equal(kept.penalty_every, 2);
    assert_true(kept.relativistic && kept.premultiply);

    gan_context *again = context_with(2);
    gan_trainer *other = sprite_trainer(again, &kept, &other_l);
    assert_ok(again, gan_trainer_load(other, path));
    run_steps(ctx, t, 2);
    run_steps(again, other, 2);
    assert_same_modules(gan_trainer_generator(t), gan_trainer_generator(other));
    assert_same_modules(gan_trainer_discriminator(t), gan_trainer_discriminator(other));
    destroy(other, other_l);

    kept.premultiply = 0;
    other = sprite_trainer(again, &kept, &other_l);
    assert_status(again, gan_trainer_load(other, path), GAN_EFORMAT, "premultiply 1", "0");
    destroy(other, other_l);
    destroy(t, l);
    gan_context_destroy(again);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        CONTEXT_TEST(test_premultiplied),    cmocka_unit_test(test_host_loop),
        CONTEXT_TEST(test_lazy_penalty),     CONTEXT_TEST(test_choices),
        CONTEXT_TEST(test_relativistic),     CONTEXT_TEST(test_refused),
        CONTEXT_TEST(test_straight_samples), CONTEXT_TEST(test_begins_at_seen_means),
        CONTEXT_TEST(test_sampler),          CONTEXT_TEST(test_checkpoint),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
