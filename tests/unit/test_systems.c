/* Every system, small: it trains, samples, saves and goes on from a checkpoint with the same bits.
 */
#include "trainers.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* All parameters and buffers of a module one after the other, to be freed. */
static float *weights_of(gan_module *m, size_t *count) {
    *count = 0;
    for (size_t i = 0; i < gan_module_state_count(m); i++)
        *count += (size_t)gan_tensor_size(gan_module_state(m, i));
    float *all = malloc(*count * sizeof *all), *at = all;
    for (size_t i = 0; i < gan_module_state_count(m); i++) {
        gan_tensor *t = gan_module_state(m, i);
        gan_tensor_read(t, at, gan_tensor_size(t));
        at += gan_tensor_size(t);
    }
    return all;
}

static void assert_same_weights(gan_module *a, gan_module *b) {
    size_t n, m;
    float *x = weights_of(a, &n), *y = weights_of(b, &m);
    assert_int_equal(n, m);
    assert_memory_equal(x, y, n * sizeof *x);
    free(x);
    free(y);
}

/* Every parameter has moved since `before`, but perhaps the last, and is finite. */
static void assert_moved(gan_module *m, const float *before, int but_last, const char *what) {
    size_t n;
    float *now = weights_of(m, &n), *at = now;
    for (size_t i = 0; i < n; i++) assert_true(isfinite(now[i]));
    size_t count = gan_module_state_count(m) - (but_last ? 1 : 0);
    for (size_t i = 0; i < count; i++) {
        int64_t size = gan_tensor_size(gan_module_state(m, i));
        const char *name = gan_module_state_name(m, i);
        if (memcmp(at, before + (at - now), (size_t)size * sizeof *at) == 0)
            fail_msg("%s: \"%s\" has not moved", what, name);
        at += size;
    }
    free(now);
}

static const struct {
    int32_t system, variant, side;
} cases[] = {
    {GAN_SYSTEM_GAN, GAN_VARIANT_DEFAULT, 8},    {GAN_SYSTEM_DCGAN, GAN_VARIANT_DEFAULT, 28},
    {GAN_SYSTEM_DCGAN, GAN_VARIANT_PAPER, 16},   {GAN_SYSTEM_CGAN, GAN_VARIANT_DEFAULT, 16},
    {GAN_SYSTEM_CGAN, GAN_VARIANT_PAPER, 8},     {GAN_SYSTEM_PIX2PIX, GAN_VARIANT_DEFAULT, 16},
    {GAN_SYSTEM_WGAN, GAN_VARIANT_DEFAULT, 16},  {GAN_SYSTEM_WGAN, GAN_VARIANT_PAPER, 16},
    {GAN_SYSTEM_WGAN, GAN_VARIANT_CODE, 16},     {GAN_SYSTEM_WGAN_GP, GAN_VARIANT_DEFAULT, 28},
    {GAN_SYSTEM_WGAN_GP, GAN_VARIANT_CODE, 16},  {GAN_SYSTEM_DRAGAN, GAN_VARIANT_DEFAULT, 16},
    {GAN_SYSTEM_DRAGAN, GAN_VARIANT_PAPER, 16},  {GAN_SYSTEM_DRAGAN, GAN_VARIANT_CODE, 8},
    {GAN_SYSTEM_BEGAN, GAN_VARIANT_DEFAULT, 16}, {GAN_SYSTEM_BEGAN, GAN_VARIANT_CODE, 16},
    {GAN_SYSTEM_GAN, GAN_VARIANT_LUCIC, 12},     {GAN_SYSTEM_WGAN, GAN_VARIANT_LUCIC, 12},
    {GAN_SYSTEM_WGAN_GP, GAN_VARIANT_LUCIC, 12}, {GAN_SYSTEM_DRAGAN, GAN_VARIANT_LUCIC, 12},
    {GAN_SYSTEM_BEGAN, GAN_VARIANT_LUCIC, 12},   {GAN_SYSTEM_CGAN, GAN_VARIANT_CODE, 12},
};

static const char *case_name(int i) {
    static char text[64];
    snprintf(text, sizeof text, "%s, variant %d", gan_system_name(cases[i].system),
             (int)cases[i].variant);
    return text;
}

/* ---- training -------------------------------------------------------------------------------- */

static void check_stats(const gan_trainer_opts *o, const gan_trainer_stats *s) {
    assert_true(isfinite(s->d_loss) && isfinite(s->g_loss));
    assert_true(isfinite(s->real_score) && isfinite(s->fake_score));
    assert_true(s->d_grad_norm > 0 && s->g_grad_norm > 0);
    assert_true(s->lr_d > 0 && s->lr_g > 0);
    assert_int_equal(isfinite(s->penalty), o->penalty != GAN_PENALTY_NONE);
    assert_true(!(s->penalty < 0) && !(s->penalty > 1e4));
    assert_int_equal(isfinite(s->wasserstein), o->loss == GAN_LOSS_WASSERSTEIN);
    assert_int_equal(isfinite(s->l1), o->l1 > 0);
    assert_int_equal(isfinite(s->k), o->loss == GAN_LOSS_BEGAN);
    assert_int_equal(isfinite(s->measure), o->loss == GAN_LOSS_BEGAN);
    assert_true(!(s->k < 0) && !(s->k > 1));
}

static void test_trains(void **state) {
    gan_context *ctx = *state;
    for (int i = 0; i < COUNT_OF(cases); i++) {
        gan_trainer_opts o = small_opts(cases[i].system, cases[i].variant);
        gan_loader *l;
        gan_trainer *t = small_trainer(ctx, &o, cases[i].side, &l);
        size_t n;
        float *g = weights_of(gan_trainer_generator(t), &n);
        float *d = weights_of(gan_trainer_discriminator(t), &n);
        gan_trainer_stats s = run_steps(ctx, t, 3);
        assert_int_equal(s.step, 3);
        assert_int_equal(s.d_updates, o.n_critic);
        check_stats(gan_trainer_options(t), &s);
        /* A bias on all scores does not change what a critic says of their difference. */
        int shift = o.loss == GAN_LOSS_WASSERSTEIN &&
                    (o.norm == GAN_NORM_NONE || o.network == GAN_NETWORK_INFO);
        assert_moved(gan_trainer_generator(t), g, 0, case_name(i));
        assert_moved(gan_trainer_discriminator(t), d, shift, case_name(i));
        free(g);
        free(d);
        gan_trainer_unref(t);
        gan_loader_unref(l);
    }
}

/* Arjovsky et al.: after a step no parameter of the critic is outside, and many are at the bound.
 */
static void test_clip(void **state) {
    gan_context *ctx = *state;
    gan_trainer_opts o = small_opts(GAN_SYSTEM_WGAN, GAN_VARIANT_DEFAULT);
    gan_loader *l;
    gan_trainer *t = small_trainer(ctx, &o, 16, &l);
    run_steps(ctx, t, 2);
    gan_module *d = gan_trainer_discriminator(t);
    for (size_t i = 0; i < gan_module_parameter_count(d); i++) {
        gan_tensor *w = gan_module_parameter(d, i);
        for (int64_t k = 0; k < gan_tensor_size(w); k++)
            assert_true(fabs(element(w, k)) <= 0.01 * (1 + 1e-6));
    }
    gan_trainer_unref(t);
    gan_loader_unref(l);
}

static void test_warmup(void **state) {
    gan_context *ctx = *state;
    gan_trainer_opts o = small_opts(GAN_SYSTEM_WGAN, GAN_VARIANT_DEFAULT);
    gan_loader *l;
    gan_trainer *t = small_trainer(ctx, &o, 16, &l);
    static const int updates[] = {4, 4, 2, 2, 2, 4, 2};
    for (int i = 0; i < COUNT_OF(updates); i++)
        assert_int_equal(run_steps(ctx, t, 1).d_updates, updates[i]);
    gan_trainer_unref(t);
    gan_loader_unref(l);
}

/* Berthelot et al.: k and M of each step are those of the step's losses. */
static void test_began_control(void **state) {
    gan_context *ctx = *state;
    gan_trainer_opts o = small_opts(GAN_SYSTEM_BEGAN, GAN_VARIANT_DEFAULT);
    o.lambda_k = 0.3;
    o.lr_d = o.lr_g = 1e-3;
    gan_loader *l;
    gan_trainer *t = small_trainer(ctx, &o, 16, &l);
    double k = 0, m;
    for (int i = 0; i < 20; i++) {
        gan_trainer_stats s = run_steps(ctx, t, 1);
        assert_near(s.d_loss, s.real_score - k * s.fake_score, 1e-5);
        k = gan_began_balance(k, s.real_score, s.g_loss, 0.5, 0.3, &m);
        assert_near(s.k, k, 0);
        assert_near(s.measure, m, 0);
    }
    assert_true(k > 0);
    gan_trainer_unref(t);
    gan_loader_unref(l);
}

/* After a few steps a trainer asks the host for no more memory, and holds no more. */
static void test_steady(void **state) {
    gan_context *ctx = *state;
    for (int i = 0; i < COUNT_OF(cases); i++) {
        gan_trainer_opts o = small_opts(cases[i].system, cases[i].variant);
        gan_loader *l;
        gan_trainer *t = small_trainer(ctx, &o, cases[i].side, &l);
        run_steps(ctx, t, 8);
        gan_stats start = stats_of(ctx);
        run_steps(ctx, t, 8);
        gan_stats end = stats_of(ctx);
        assert_int_equal(end.live_bytes, start.live_bytes);
        assert_int_equal(end.host_allocs, start.host_allocs);
        assert_int_equal(end.live_tensors, start.live_tensors);
        assert_int_equal(end.live_nodes, start.live_nodes);
        gan_trainer_unref(t);
        gan_loader_unref(l);
    }
}

/* ---- checkpoints ----------------------------------------------------------------------------- */

/* Twenty steps; or ten, a file, and ten of a fresh trainer in another context of another seed. */
static void check_resume(gan_context *ctx, const gan_trainer_opts *o, int32_t side,
                         const char *path) {
    gan_loader *l, *other_l;
    gan_trainer *t = small_trainer(ctx, o, side, &l);
    run_steps(ctx, t, 10);
    assert_ok(ctx, gan_trainer_save(t, path));
    gan_trainer_stats a = run_steps(ctx, t, 10);

    gan_context_opts c;
    gan_context_opts_init(&c, sizeof c);
    c.seed = 99;
    gan_context *other = context_of(&c);
    gan_trainer *fresh = small_trainer(other, o, side, &other_l);
    run_steps(other, fresh, 1);
    assert_ok(other, gan_trainer_load(fresh, path));
    assert_int_equal(gan_trainer_steps(fresh), 10);
    gan_trainer_opts kept = {.struct_size = sizeof kept};
    assert_ok(other, gan_trainer_opts_load(other, path, &kept));
    assert_memory_equal(&kept, gan_trainer_options(t), sizeof kept);
    gan_trainer_stats b = run_steps(other, fresh, 10);
    assert_memory_equal(&a, &b, sizeof a);
    assert_same_weights(gan_trainer_generator(t), gan_trainer_generator(fresh));
    assert_same_weights(gan_trainer_discriminator(t), gan_trainer_discriminator(fresh));
    if (o->average > 0) assert_same_weights(gan_trainer_averaged(t), gan_trainer_averaged(fresh));
    gan_trainer_unref(fresh);
    gan_loader_unref(other_l);
    gan_context_destroy(other);
    gan_trainer_unref(t);
    gan_loader_unref(l);
}

static void test_resume(void **state) {
    for (int i = 0; i < COUNT_OF(cases); i++) {
        gan_trainer_opts o = small_opts(cases[i].system, cases[i].variant);
        o.average = i % 2 ? 0.9 : 0;
        check_resume(*state, &o, cases[i].side, temp_file("run.safetensors"));
    }
}

/* ---- samples --------------------------------------------------------------------------------- */

static void test_samples(void **state) {
    gan_context *ctx = *state;
    const int32_t labels[] = {0, 2, 1};
    for (int i = 0; i < COUNT_OF(cases); i++) {
        gan_trainer_opts o = small_opts(cases[i].system, cases[i].variant);
        gan_loader *l;
        gan_trainer *t = small_trainer(ctx, &o, cases[i].side, &l);
        run_steps(ctx, t, 1);
        const gan_trainer_opts *p = gan_trainer_options(t);
        int64_t scope = gan_scope_begin(ctx);
        gan_tensor *z = p->latent ? gan_trainer_latents(t, 3)
                                  : gan_rand(ctx, SHAPE(3, p->side, p->side, 1), -1, 1);
        gan_tensor *x = gan_trainer_sample(t, z, p->condition ? labels : NULL);
        assert_made(ctx, x);
        assert_false(gan_tensor_is_tracked(x));
        assert_memory_equal(gan_tensor_shape(x), ((int64_t[]){3, p->side, p->side, 1}),
                            4 * sizeof(int64_t));
        for (int64_t k = 0; k < gan_tensor_size(x) && p->loss != GAN_LOSS_BEGAN; k++)
            assert_true(element(x, k) >= (p->unit_range ? 0 : -1) && element(x, k) <= 1);
        gan_tensor *again = gan_trainer_sample(t, z, p->condition ? labels : NULL);
        if (p->network == GAN_NETWORK_UNET || p->network == GAN_NETWORK_JOINT) /* noise: dropout */
            assert_memory_not_equal(gan_tensor_data(x), gan_tensor_data(again),
                                    (size_t)gan_tensor_size(x) * sizeof(float));
        else /* a function of z, whatever came between */
            assert_same_bits(x, again);
        assert_ok(ctx, gan_trainer_save_onnx(t, temp_file("model.onnx")));
        assert_ok(ctx, gan_trainer_save_model(t, temp_file("model.safetensors")));
        assert_ok(ctx, gan_module_load(gan_trainer_generator(t), temp_file("model.safetensors")));
        gan_scope_end(ctx, scope);
        gan_trainer_unref(t);
        gan_loader_unref(l);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {CONTEXT_TEST(test_trains), CONTEXT_TEST(test_clip),
                                       CONTEXT_TEST(test_warmup), CONTEXT_TEST(test_began_control),
                                       CONTEXT_TEST(test_steady), CONTEXT_TEST(test_resume),
                                       CONTEXT_TEST(test_samples)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
