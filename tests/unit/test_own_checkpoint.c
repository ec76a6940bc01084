/* Checkpoints of a host's own loop: it goes on with the same bits, and what does not fit is refused
 * before anything changes. */
#include "trainers.h"

#include "train/own_checkpoint.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- a host's loop --------------------------------------------------------------------------- */

enum { SIDE = 4, LATENT = 3, IMAGES = 9 };

typedef enum kind { ADAM, RMSPROP, SGD, CENTERED, PLAIN, MOVED, KINDS } kind;

/* What it makes, and all of it in a checkpoint. */
typedef struct loop {
    gan_context *ctx;
    gan_module *g, *d;
    gan_optimizer *of_g, *of_d;
    gan_loader *batches;
    gan_checkpoint *all;
} loop;

static gan_module *network(gan_context *ctx, int64_t in, int64_t hidden, int64_t out) {
    gan_module *m = NULL;
    assert_ok(ctx, gan_sequential_create(ctx, &m));
    gan_add_dense(m, NULL, in, hidden, 1);
    gan_add_batch_norm(m, NULL, hidden, NULL);
    gan_add_dropout(m, NULL, 0.3);
    assert_made(ctx, gan_add_dense(m, NULL, hidden, out, 1));
    return m;
}

static gan_optimizer *optimizer(gan_context *ctx, gan_module *m, kind which) {
    gan_rmsprop_opts rmsprop;
    gan_sgd_opts sgd;
    gan_optimizer *o = NULL;
    gan_rmsprop_opts_init(&rmsprop, sizeof rmsprop);
    gan_sgd_opts_init(&sgd, sizeof sgd);
    rmsprop.centered = which == RMSPROP || which == CENTERED;
    rmsprop.momentum = which == RMSPROP || which == MOVED ? 0.5 : 0;
    sgd.momentum = 0.5;
    assert_ok(ctx, which == ADAM  ? gan_adam_create(m, NULL, &o)
                   : which == SGD ? gan_sgd_create(m, &sgd, &o)
                                  : gan_rmsprop_create(m, &rmsprop, &o));
    return o;
}

static gan_loader *loader(gan_context *ctx, int32_t images, uint64_t seed) {
    gan_loader_opts o;
    gan_loader *l = NULL;
    gan_loader_opts_init(&o, sizeof o);
    o.batch = 4;
    o.flip = 1;
    o.remainder = GAN_REMAINDER_WRAP;
    o.seed = seed;
    gan_dataset *d = drawn_images(ctx, (drawing){.n = images, .side = SIDE, .channels = 1});
    assert_ok(ctx, gan_loader_create(d, &o, &l));
    gan_dataset_unref(d);
    return l;
}

static loop begin(int threads, kind which, uint64_t seed) {
    loop l = {.ctx = context_with(threads)};
    assert_ok(l.ctx, gan_context_seed(l.ctx, seed));
    l.g = network(l.ctx, LATENT, 8, SIDE * SIDE);
    l.d = network(l.ctx, SIDE * SIDE, 8, 1);
    l.of_g = optimizer(l.ctx, l.g, which);
    l.of_d = optimizer(l.ctx, l.d, which);
    l.batches = loader(l.ctx, IMAGES, seed);
    assert_ok(l.ctx, gan_checkpoint_create(l.ctx, &l.all));
    assert_ok(l.ctx, gan_checkpoint_add_module(l.all, "G", l.g));
    assert_ok(l.ctx, gan_checkpoint_add_module(l.all, "D", l.d));
    assert_ok(l.ctx, gan_checkpoint_add_optimizer(l.all, "of_G", l.of_g));
    assert_ok(l.ctx, gan_checkpoint_add_optimizer(l.all, "of_D", l.of_d));
    assert_ok(l.ctx, gan_checkpoint_add_loader(l.all, "data", l.batches));
    return l;
}

static void end(loop *l) {
    gan_checkpoint_unref(l->all);
    gan_loader_unref(l->batches);
    gan_optimizer_unref(l->of_g);
    gan_optimizer_unref(l->of_d);
    gan_module_unref(l->g);
    gan_module_unref(l->d);
    gan_context_destroy(l->ctx);
}

/* Rates change on the way, and a number follows the loss. */
static void train(loop *l, int steps) {
    gan_context *ctx = l->ctx;
    for (int i = 0; i < steps; i++) {
        double mean = 0;
        gan_checkpoint_get(l->all, "mean", &mean);
        int64_t scope = gan_scope_begin(ctx);
        gan_tensor *true_scores = gan_forward(l->d, gan_flatten(gan_loader_next(l->batches)));
        gan_tensor *fake = gan_forward(l->g, gan_randn(ctx, SHAPE(4, LATENT)));
        gan_tensor *loss = gan_wasserstein_critic(true_scores, gan_forward(l->d, gan_detach(fake)));
        assert_ok(ctx, gan_optimizer_minimize(l->of_d, loss));
        loss = gan_wasserstein_generator(gan_forward(l->d, fake));
        assert_ok(ctx, gan_optimizer_minimize(l->of_g, loss));
        assert_ok(ctx, gan_checkpoint_set(l->all, "mean", 0.9 * mean + 0.1 * item(loss)));
        gan_scope_end(ctx, scope);
        assert_ok(ctx, gan_optimizer_set_lr(l->of_g, 0.9 * gan_optimizer_lr(l->of_g)));
    }
}

static void first_train(loop *l, int steps) {
    assert_ok(l->ctx, gan_checkpoint_set(l->all, "mean", 0));
    train(l, steps);
}

/* All that a step changes, as the file's bytes. */
static unsigned char *bytes_of(loop *l, const char *path, size_t *n) {
    assert_ok(l->ctx, gan_checkpoint_save(l->all, path));
    return read_file(path, n);
}

static void test_goes_on_with_the_same_bits(void **state) {
    (void)state;
    for (kind which = ADAM; which < KINDS; which++) {
        loop whole = begin(1, which, 5), first = begin(2, which, 5), then = begin(1, which, 77);
        first_train(&whole, 9);
        first_train(&first, 4);
        assert_ok(first.ctx, gan_checkpoint_save(first.all, temp_file("run")));
        first_train(&then, 2); /* something else */
        assert_ok(then.ctx, gan_checkpoint_load(then.all, temp_file("run")));
        train(&then, 5);
        size_t n, m;
        unsigned char *a = bytes_of(&whole, temp_file("a"), &n);
        unsigned char *b = bytes_of(&then, temp_file("b"), &m);
        assert_int_equal(n, m);
        assert_memory_equal(a, b, n);
        assert_int_equal(stats_of(whole.ctx).random_count, stats_of(then.ctx).random_count);
        free(a);
        free(b);
        end(&whole), end(&first), end(&then);
    }
}

/* The checkpoint holds its parts. */
static void test_parts_live_on(void **state) {
    (void)state;
    loop l = begin(1, ADAM, 5);
    first_train(&l, 1);
    gan_module_unref(l.d);
    gan_optimizer_unref(l.of_d);
    gan_loader_unref(l.batches);
    l.d = NULL, l.of_d = NULL, l.batches = NULL;
    assert_ok(l.ctx, gan_checkpoint_save(l.all, temp_file("run")));
    assert_ok(l.ctx, gan_checkpoint_load(l.all, temp_file("run")));
    gan_checkpoint *kept = l.all;
    l.all = NULL;
    end(&l);
    assert_int_equal(gan_checkpoint_save(kept, temp_file("run")), GAN_ESTATE);
    gan_checkpoint_unref(kept);
}

static void test_numbers(void **state) {
    gan_context *ctx = *state;
    gan_checkpoint *a = NULL, *b = NULL;
    assert_ok(ctx, gan_checkpoint_create(ctx, &a));
    assert_ok(ctx, gan_checkpoint_create(ctx, &b));
    double value = 7;
    assert_status(ctx, gan_checkpoint_get(a, "step", &value), GAN_EINVAL, "no number \"step\"");
    assert_near(value, 7, 0);
    assert_ok(ctx, gan_checkpoint_set(a, "step", 1));
    assert_ok(ctx, gan_checkpoint_set(a, "step", 9007199254740993.0));
    assert_ok(ctx, gan_checkpoint_set(a, "best", INFINITY));
    assert_ok(ctx, gan_checkpoint_set(b, "other", 3));
    assert_ok(ctx, gan_checkpoint_save(a, temp_file("run")));
    assert_ok(ctx, gan_checkpoint_load(b, temp_file("run")));
    assert_ok(ctx, gan_checkpoint_get(b, "step", &value));
    assert_near(value, 9007199254740993.0, 0);
    assert_ok(ctx, gan_checkpoint_get(b, "best", &value));
    assert_true(isinf(value));
    assert_status(ctx, gan_checkpoint_get(b, "other", &value), GAN_EINVAL, "other");
    gan_checkpoint_unref(a);
    gan_checkpoint_unref(b);
}

/* ---- refused --------------------------------------------------------------------------------- */

static void test_refused_parts(void **state) {
    gan_context *ctx = *state;
    loop l = begin(1, ADAM, 5);
    gan_module *m = network(ctx, 1, 1, 1);
    gan_checkpoint *c = NULL;
    assert_ok(ctx, gan_checkpoint_create(ctx, &c));
    assert_ok(ctx, gan_checkpoint_add_module(c, "a-B_9", m));
    assert_status(ctx, gan_checkpoint_add_module(c, "a-B_9", m), GAN_EINVAL, "\"a-B_9\" already");
    static const char *const names[] = {
        "", "a.b", "a b", "\xc3\xa4",
        "0123456789012345678901234567890123456789012345678901234567890"};
    for (int i = 0; i < COUNT_OF(names); i++) {
        assert_status(ctx, gan_checkpoint_add_module(c, names[i], m), GAN_EINVAL, "letters");
        assert_status(ctx, gan_checkpoint_set(c, names[i], 1), GAN_EINVAL, "letters");
    }
    assert_status(ctx, gan_checkpoint_add_module(c, "layer", gan_module_child(m, "0")), GAN_EINVAL,
                  "part of a module");
    assert_status(ctx, gan_checkpoint_add_module(c, "d", l.d), GAN_EINVAL, "another context");
    assert_status(ctx, gan_checkpoint_add_optimizer(c, "o", l.of_d), GAN_EINVAL, "another context");
    assert_status(ctx, gan_checkpoint_add_loader(c, "l", l.batches), GAN_EINVAL, "another context");
    assert_status(ctx, gan_checkpoint_add_loader(c, "l", NULL), GAN_EINVAL, "NULL");
    assert_status(ctx, gan_checkpoint_add_module(c, NULL, m), GAN_EINVAL, "NULL");
    assert_int_equal(gan_checkpoint_add_module(NULL, "m", NULL), GAN_EINVAL);
    gan_checkpoint_unref(c);
    gan_module_unref(m);
    end(&l);
}

/* The file is refused with the text, and all is as it was. */
static void assert_load_refused(loop *l, const char *path, const char *text) {
    size_t n, m;
    unsigned char *before = bytes_of(l, temp_file("now"), &n);
    assert_status(l->ctx, gan_checkpoint_load(l->all, path), GAN_EFORMAT, text);
    unsigned char *after = bytes_of(l, temp_file("now"), &m);
    assert_int_equal(n, m);
    assert_memory_equal(before, after, n);
    free(before);
    free(after);
}

static void test_refused_files(void **state) {
    (void)state;
    const char *path = temp_file("run");
    loop ours = begin(1, ADAM, 5), theirs = begin(1, ADAM, 6), other = begin(1, SGD, 6);
    first_train(&ours, 2);
    first_train(&theirs, 3);
    assert_status(ours.ctx, gan_checkpoint_load(ours.all, temp_file("none")), GAN_EIO, "none");

    assert_ok(other.ctx, gan_checkpoint_save(other.all, path));
    assert_load_refused(&ours, path, "optimizer.of_G.0.weight.state1' is missing");
    assert_ok(theirs.ctx, gan_module_save(theirs.g, path));
    assert_load_refused(&ours, path, "no checkpoint");

    double lr = theirs.of_d->lr;
    const double wrong[] = {NAN, -1, INFINITY};
    for (int i = 0; i < COUNT_OF(wrong); i++) {
        theirs.of_d->lr = wrong[i];
        assert_ok(theirs.ctx, gan_checkpoint_save(theirs.all, path));
        assert_load_refused(&ours, path, "'optimizer.of_D' is out of its range");
    }
    theirs.of_d->lr = lr;
    theirs.of_d->momentum = 0.5; /* without a velocity */
    assert_ok(theirs.ctx, gan_checkpoint_save(theirs.all, path));
    assert_load_refused(&ours, path, "'optimizer.of_D' is out of its range");
    theirs.of_d->momentum = 0;
    const int64_t position = theirs.batches->position;
    theirs.batches->position = IMAGES + 1;
    assert_ok(theirs.ctx, gan_checkpoint_save(theirs.all, path));
    assert_load_refused(&ours, path, "'loader.data' is out of its range");
    theirs.batches->position = position;

    gan_loader *fewer = loader(theirs.ctx, 5, 1);
    gan_checkpoint *c = NULL;
    assert_ok(theirs.ctx, gan_checkpoint_create(theirs.ctx, &c));
    assert_ok(theirs.ctx, gan_checkpoint_add_module(c, "G", theirs.g));
    assert_ok(theirs.ctx, gan_checkpoint_add_module(c, "D", theirs.d));
    assert_ok(theirs.ctx, gan_checkpoint_add_optimizer(c, "of_G", theirs.of_g));
    assert_ok(theirs.ctx, gan_checkpoint_add_optimizer(c, "of_D", theirs.of_d));
    assert_ok(theirs.ctx, gan_checkpoint_save(c, path));
    assert_load_refused(&ours, path, "'loader.data.seed' is missing");
    assert_ok(theirs.ctx, gan_checkpoint_add_loader(c, "data", fewer));
    assert_ok(theirs.ctx, gan_checkpoint_save(c, path));
    assert_load_refused(&ours, path, "with 5 images, the loader has 9");
    gan_checkpoint_unref(c);
    gan_loader_unref(fewer);

    assert_ok(theirs.ctx, gan_checkpoint_add_module(theirs.all, "more", theirs.g));
    assert_ok(theirs.ctx, gan_checkpoint_save(theirs.all, path));
    assert_load_refused(&ours, path, "tensors");
    end(&ours), end(&theirs), end(&other);
}

/* Two of these have as many moments, of the same sizes. */
static void test_moments_of_another_kind(void **state) {
    (void)state;
    for (kind a = ADAM; a < KINDS; a++) {
        loop ours = begin(1, a, 5);
        for (kind b = ADAM; b < KINDS; b++) {
            loop theirs = begin(1, b, 5);
            assert_ok(theirs.ctx, gan_checkpoint_save(theirs.all, temp_file("run")));
            int32_t code = gan_checkpoint_load(ours.all, temp_file("run"));
            assert_int_equal(code, a == b ? GAN_OK : GAN_EFORMAT);
            end(&theirs);
        }
        end(&ours);
    }
}

static void test_damaged_files(void **state) {
    (void)state;
    loop l = begin(1, ADAM, 5);
    first_train(&l, 1);
    size_t n;
    unsigned char *bytes = bytes_of(&l, temp_file("run"), &n);
    for (size_t i = 0; i < n; i += 97) {
        bytes[i] ^= 0x20;
        write_file(temp_file("run"), bytes, n);
        assert_int_equal(gan_checkpoint_load(l.all, temp_file("run")), GAN_EFORMAT);
        bytes[i] ^= 0x20;
    }
    write_file(temp_file("run"), bytes, n);
    assert_ok(l.ctx, gan_checkpoint_load(l.all, temp_file("run")));
    free(bytes);
    end(&l);
}

/* Each other's files. */
static void test_trainers_files(void **state) {
    gan_context *ctx = *state;
    gan_loader *l;
    const gan_trainer_opts o = small_opts(GAN_SYSTEM_DCGAN, GAN_VARIANT_DEFAULT);
    gan_trainer *t = small_trainer(ctx, &o, 16, &l);
    gan_checkpoint *c = NULL;
    assert_ok(ctx, gan_checkpoint_create(ctx, &c));
    assert_ok(ctx, gan_checkpoint_save(c, temp_file("own")));
    assert_ok(ctx, gan_trainer_save(t, temp_file("trainer")));
    assert_status(ctx, gan_checkpoint_load(c, temp_file("trainer")), GAN_EFORMAT,
                  "of system dcgan");
    assert_status(ctx, gan_trainer_load(t, temp_file("own")), GAN_EFORMAT, "of system own");
    gan_checkpoint_unref(c);
    gan_trainer_unref(t);
    gan_loader_unref(l);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        FOLDER_TEST(test_goes_on_with_the_same_bits),
        FOLDER_TEST(test_parts_live_on),
        CONTEXT_TEST(test_numbers),
        CONTEXT_TEST(test_refused_parts),
        FOLDER_TEST(test_refused_files),
        FOLDER_TEST(test_moments_of_another_kind),
        FOLDER_TEST(test_damaged_files),
        CONTEXT_TEST(test_trainers_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
