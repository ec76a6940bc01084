/* Modules: names, shapes, modes, running statistics, copies, initial weights. */
#include "support.h"

#include <math.h>
#include <string.h>

static gan_module *sequential(gan_context *ctx) {
    gan_module *m = NULL;
    assert_ok(ctx, gan_sequential_create(ctx, &m));
    return m;
}

/* ---- trees ----------------------------------------------------------------------------------- */

/* A generator and a norm as a host would name them. */
static gan_module *generator(gan_context *ctx) {
    gan_module *root = NULL;
    assert_ok(ctx, gan_module_create(ctx, &root));
    gan_module *body = gan_add_sequential(root, "main");
    gan_add_dense(body, NULL, 4, 8, 1);
    gan_add_batch_norm(body, NULL, 8, NULL);
    gan_add_relu(body, NULL);
    gan_add_unflatten(body, NULL, 2, 2, 2);
    gan_conv2d_opts o;
    gan_conv2d_opts_init(&o, sizeof o);
    o.stride_h = o.stride_w = 2;
    o.bias = 0;
    gan_add_conv_transpose2d(body, "up", 2, 3, 4, &o);
    assert_made(ctx, gan_add_tanh(body, NULL));
    return root;
}

static void test_names(void **state) {
    gan_context *ctx = *state;
    gan_module *m = generator(ctx);
    static const char *const names[] = {"main.0.weight", "main.0.bias", "main.1.weight",
                                        "main.1.bias", "main.up.weight"};
    assert_int_equal(gan_module_parameter_count(m), COUNT_OF(names));
    for (size_t i = 0; i < gan_module_parameter_count(m); i++) {
        assert_string_equal(gan_module_parameter_name(m, i), names[i]);
        assert_ptr_equal(gan_module_parameter(m, i), gan_module_find(m, names[i]));
        assert_true(gan_tensor_is_tracked(gan_module_parameter(m, i)));
    }
    assert_null(gan_module_parameter(m, 5));
    assert_null(gan_module_parameter_name(m, 5));
    assert_null(gan_module_find(m, "main.9.weight"));
    gan_tensor *running = gan_module_find(m, "main.1.running_var");
    assert_made(ctx, running);
    assert_false(gan_tensor_is_tracked(running));
    assert_non_null(gan_module_find(m, "main.1.num_batches_tracked"));

    /* Seen from a child the path begins there. */
    gan_module *body = gan_module_child(m, "main");
    assert_non_null(body);
    assert_string_equal(gan_module_parameter_name(body, 0), "0.weight");
    assert_ptr_equal(gan_module_child(m, "main.up"), gan_module_child(body, "up"));
    assert_null(gan_module_child(m, "main.7.x"));

    /* A transposed kernel is (inputs, KH, KW, outputs). */
    const int64_t *kernel = gan_tensor_shape(gan_module_find(m, "main.up.weight"));
    assert_true(kernel[0] == 2 && kernel[1] == 4 && kernel[2] == 4 && kernel[3] == 3);
    gan_module_unref(m);
}

static void test_wrong_names(void **state) {
    gan_context *ctx = *state;
    gan_module *m = sequential(ctx);
    assert_made(ctx, gan_add_relu(m, "a"));
    assert_refused(ctx, gan_add_relu(m, "a"), GAN_EINVAL, "\"a\"");
    assert_refused(ctx, gan_add_relu(m, ""), GAN_EINVAL, "name");
    assert_refused(ctx, gan_add_relu(m, "a.b"), GAN_EINVAL, "a.b");
    assert_refused(ctx, gan_add_dense(m, NULL, 0, 3, 1), GAN_EINVAL, "gan_add_dense");
    assert_refused(ctx, gan_add_conv2d(m, NULL, 3, 3, 0, NULL), GAN_EINVAL, "gan_add_conv2d");
    assert_refused(ctx, gan_add_group_norm(m, NULL, 3, 4, NULL), GAN_EINVAL, "gan_add_group_norm");
    assert_refused(ctx, gan_add_dropout(m, NULL, 1.5), GAN_EINVAL, "gan_add_dropout");
    assert_refused(ctx, gan_add_upsample(m, NULL, 5000), GAN_EINVAL, "gan_add_upsample", "1024");
    gan_norm_opts o;
    gan_norm_opts_init(&o, sizeof o);
    o.eps = 1e-40;
    assert_refused(ctx, gan_add_batch_norm(m, NULL, 2, &o), GAN_EINVAL, "gan_add_batch_norm",
                   "eps is 1e-40");
    /* Nothing was added by the failures, and a NULL parent is passed on. */
    assert_non_null(gan_module_child(m, "a"));
    assert_null(gan_module_child(m, "1"));
    assert_null(gan_add_dense(NULL, NULL, 3, 3, 1));
    gan_module_unref(m);
}

static void test_hosts_own_modules(void **state) {
    gan_context *ctx = *state;
    gan_module *m = NULL;
    assert_ok(ctx, gan_module_create(ctx, &m));
    gan_tensor *w = gan_add_parameter(m, "gain", gan_full(ctx, SHAPE(2), 3));
    gan_tensor *b = gan_add_buffer(m, "count", gan_scalar(ctx, 7));
    assert_made(ctx, w);
    assert_made(ctx, b);
    assert_true(gan_tensor_is_tracked(w));
    assert_false(gan_tensor_is_tracked(b));
    assert_int_equal(gan_module_parameter_count(m), 1);
    assert_values(gan_module_find(m, "count"), SCALAR, 7);
    assert_refused(ctx, gan_forward(m, w), GAN_EINVAL, "forward");
    gan_module_unref(m);
}

/* ---- forward --------------------------------------------------------------------------------- */

static void set(gan_context *ctx, gan_module *m, const char *name, const double *values) {
    gan_tensor *t = gan_module_find(m, name);
    assert_non_null(t);
    assert_ok(ctx, gan_tensor_write_doubles(t, values, gan_tensor_size(t)));
}

static void test_dense(void **state) {
    gan_context *ctx = *state;
    gan_module *m = sequential(ctx);
    gan_add_dense(m, NULL, 3, 2, 1);
    set(ctx, m, "0.weight", (const double[]){1, 2, 3, 4, 5, 6});
    set(ctx, m, "0.bias", (const double[]){10, 20});
    assert_values(gan_forward(m, VALUES(ctx, SHAPE(1, 3), 1, 0, -1)), SHAPE(1, 2), 8, 18);
    assert_refused(ctx, gan_forward(m, gan_zeros(ctx, SHAPE(2, 4))), GAN_EINVAL, "(2, 4)");
    gan_module_unref(m);
}

static void test_shapes_of_a_network(void **state) {
    gan_context *ctx = *state;
    gan_module *m = generator(ctx);
    gan_tensor *y = gan_forward(gan_module_child(m, "main"), gan_randn(ctx, SHAPE(5, 4)));
    assert_made(ctx, y);
    const int64_t expected[] = {5, 6, 6, 3};
    for (int32_t i = 0; i < 4; i++) assert_int_equal(gan_tensor_dim(y, i), expected[i]);
    assert_refused(ctx, gan_forward(gan_module_child(m, "main.up"), gan_zeros(ctx, SHAPE(5, 4))),
                   GAN_EINVAL, "main.up", "(5, 4)");
    gan_module_unref(m);
}

static void test_batch_norm(void **state) {
    gan_context *ctx = *state;
    gan_module *m = sequential(ctx);
    gan_norm_opts o;
    gan_norm_opts_init(&o, sizeof o);
    o.momentum = 0.5;
    gan_add_batch_norm(m, NULL, 2, &o);
    gan_tensor *x = VALUES(ctx, SHAPE(3, 2), 1, 10, 2, 10, 3, 40);
    assert_values(gan_module_find(m, "0.running_var"), SHAPE(2), 1, 1);
    gan_tensor *y = gan_forward(m, x);
    assert_values(gan_sum(y, AXES(0), 0), SHAPE(2), 0, 0);
    assert_values(gan_module_find(m, "0.running_mean"), SHAPE(2), 1, 10);
    assert_values(gan_module_find(m, "0.running_var"), SHAPE(2), 1, 150.5); /* unbiased */
    assert_values(gan_module_find(m, "0.num_batches_tracked"), SCALAR, 1);

    /* Evaluation mode uses them and leaves them. */
    assert_ok(ctx, gan_module_train(m, 0));
    y = gan_forward(m, VALUES(ctx, SHAPE(1, 2), 2, 10));
    assert_near(element(y, 0), 1 / sqrt(1 + 1e-5), 1e-6);
    assert_near(element(y, 1), 0, 1e-6);
    assert_values(gan_module_find(m, "0.running_mean"), SHAPE(2), 1, 10);
    assert_refused(ctx, gan_forward(m, gan_zeros(ctx, SHAPE(2, 3, 2))), GAN_EINVAL,
                   "0 (batch_norm)", "(2, 3, 2)");

    /* Non-finite batches do not poison them. */
    assert_ok(ctx, gan_module_train(m, 1));
    gan_forward(m, VALUES(ctx, SHAPE(2, 2), (double)NAN, 1, 2, (double)INFINITY));
    assert_values(gan_module_find(m, "0.running_mean"), SHAPE(2), 1, 10);
    assert_values(gan_module_find(m, "0.running_var"), SHAPE(2), 1, 150.5);
    gan_module_unref(m);
}

/* A layer and the activation behind it are one pass; alone they are two. */
static void test_fused_activations(void **state) {
    gan_context *ctx = *state;
    gan_module *m = sequential(ctx);
    gan_add_dense(m, NULL, 5, 6, 1);
    gan_add_elu(m, NULL, 0.7);
    gan_add_batch_norm(m, NULL, 6, NULL);
    gan_add_elu(m, NULL, 1);
    gan_add_layer_norm(m, NULL, SHAPE(6), NULL);
    gan_add_leaky_relu(m, NULL, 0.2);
    gan_add_dense(m, NULL, 6, 4, 1);
    gan_add_elu(m, NULL, -0.5); /* not fused: its result does not tell its derivative */
    gan_tensor *x = gan_track(gan_randn(ctx, SHAPE(8, 5))), *alone = x;
    for (int32_t i = 0; i < 8; i++) {
        char name[2] = {(char)('0' + i), 0};
        alone = gan_forward(gan_module_child(m, name), alone);
    }
    gan_tensor *fused = gan_forward(m, x);
    assert_near(item(gan_max(gan_abs(gan_sub(fused, alone)), NULL, 0, 0)), 0, 1e-5);
    gan_tensor *g = gan_grad_of(gan_sum_all(gan_square(fused)), x, 0);
    gan_tensor *h = gan_grad_of(gan_sum_all(gan_square(alone)), x, 0);
    assert_near(item(gan_max(gan_abs(gan_sub(g, h)), NULL, 0, 0)), 0, 1e-4);
    gan_module_unref(m);
}

static void test_dropout(void **state) {
    gan_context *ctx = *state;
    gan_module *m = sequential(ctx);
    gan_add_dropout(m, NULL, 0.5);
    gan_tensor *x = gan_full(ctx, SHAPE(1000), 1), *y = gan_forward(m, x);
    assert_near(item(gan_mean_all(y)), 1, 0.2);
    assert_near(item(gan_max(y, NULL, 0, 0)), 2, 0);
    assert_ok(ctx, gan_module_train(m, 0));
    assert_same_bits(gan_forward(m, x), x);
    gan_module_unref(m);
}

static void test_maxout_and_embedding(void **state) {
    gan_context *ctx = *state;
    gan_module *m = sequential(ctx), *e = sequential(ctx);
    gan_add_maxout(m, NULL, 2, 2, 3);
    gan_tensor *w = gan_module_parameter(m, 0);
    assert_made(ctx, w);
    assert_int_equal(gan_tensor_dim(w, 0), 6);
    assert_int_equal(gan_tensor_dim(gan_forward(m, gan_zeros(ctx, SHAPE(4, 2))), 1), 2);
    gan_module *table = gan_add_embedding(e, "table", 3, 2);
    assert_made(ctx, table);
    set(ctx, e, "table.weight", (const double[]){1, 2, 3, 4, 5, 6});
    assert_values(gan_forward_labels(table, (const int32_t[]){2, 0}, 2), SHAPE(2, 2), 5, 6, 1, 2);
    assert_null(gan_forward_labels(table, (const int32_t[]){3}, 1));
    assert_int_equal(gan_error_code(ctx), GAN_EINVAL);
    assert_null(gan_forward(table, gan_zeros(ctx, SHAPE(1, 3))));
    assert_int_equal(gan_error_code(ctx), GAN_EINVAL);
    gan_module_unref(m);
    gan_module_unref(e);
}

static void test_freeze(void **state) {
    gan_context *ctx = *state;
    gan_module *m = sequential(ctx);
    gan_add_dense(m, NULL, 2, 1, 1);
    gan_tensor *x = gan_track(VALUES(ctx, SHAPE(1, 2), 1, 2)), *g[2];
    gan_tensor *w = gan_module_parameter(m, 0);
    assert_ok(ctx, gan_module_freeze(m, 1));
    assert_false(gan_tensor_is_tracked(w));
    assert_ok(ctx, gan_grad(gan_forward(m, x), (gan_tensor *[]){w, x}, 2, 0, g));
    assert_values(g[0], SHAPE(1, 2), 0, 0);
    assert_true(element(g[1], 0) != 0);
    gan_tensor_unref(g[0]);
    gan_tensor_unref(g[1]);
    assert_ok(ctx, gan_module_freeze(m, 0));
    assert_ok(ctx, gan_grad(gan_forward(m, x), (gan_tensor *[]){w, x}, 2, 0, g));
    assert_values(g[0], SHAPE(1, 2), 1, 2);
    gan_tensor_unref(g[0]);
    gan_tensor_unref(g[1]);
    gan_module_unref(m);
}

/* ---- the whole tree -------------------------------------------------------------------------- */

static void test_copy(void **state) {
    gan_context *ctx = *state, *other = context_with(1);
    gan_context_seed(other, 99);
    gan_module *to = generator(ctx), *from = generator(other);
    assert_ok(ctx, gan_module_copy(to, from));
    for (size_t i = 0; i < gan_module_parameter_count(to); i++)
        assert_same_bits(gan_module_parameter(to, i), gan_module_parameter(from, i));

    /* Nothing is copied unless all fits. */
    gan_module *a = sequential(ctx), *b = sequential(ctx);
    gan_add_dense(a, NULL, 2, 2, 1);
    gan_add_dense(a, NULL, 2, 3, 1);
    gan_add_dense(b, NULL, 2, 2, 1);
    gan_add_dense(b, NULL, 2, 4, 1);
    double before = element(gan_module_parameter(a, 0), 0);
    assert_status(ctx, gan_module_copy(a, b), GAN_EINVAL, "gan_module_copy", "1.weight", "(3, 2)",
                  "(4, 2)");
    assert_near(element(gan_module_parameter(a, 0), 0), before, 0);
    assert_status(ctx, gan_module_copy(a, from), GAN_EINVAL, "gan_module_copy", "0.weight");
    gan_module_unref(a);
    gan_module_unref(b);
    gan_module_unref(to);
    gan_module_unref(from);
    gan_context_destroy(other);
}

static void test_clip(void **state) {
    gan_context *ctx = *state;
    for (int32_t weights_only = 0; weights_only <= 1; weights_only++) {
        gan_module *m = sequential(ctx);
        gan_add_dense(m, NULL, 1, 2, 1);
        gan_add_layer_norm(m, NULL, (const int64_t[]){2}, 1, NULL);
        set(ctx, m, "0.weight", (const double[]){-5, 0.005});
        set(ctx, m, "0.bias", (const double[]){3, -3});
        assert_ok(ctx, gan_module_clip(m, 0.01, weights_only));
        double bias = weights_only ? 3 : 0.01, gain = weights_only ? 1 : 0.01;
        assert_values(gan_module_find(m, "0.weight"), SHAPE(2, 1), -0.01, 0.005);
        assert_values(gan_module_find(m, "0.bias"), SHAPE(2), bias, -bias);
        assert_values(gan_module_find(m, "1.weight"), SHAPE(2), gain, gain);
        assert_status(ctx, gan_module_clip(m, -1, 0), GAN_EINVAL, "gan_module_clip");
        gan_module_unref(m);
    }
}

/* Sums over no samples are 0; the heap's blocks are not. */
static void test_norm_of_no_samples(void **state) {
    (void)state;
    heap h = {0};
    gan_context_opts opts = heap_opts(&h);
    opts.flags = GAN_CONTEXT_NO_CACHE;
    gan_context *ctx = context_of(&opts);
    gan_module *m = sequential(ctx);
    gan_add_dense(m, NULL, 3, 4, 1);
    gan_add_layer_norm(m, NULL, (const int64_t[]){4}, 1, NULL);
    for (int order = 0; order < 2; order++) {
        gan_tensor *loss = gan_sum_all(gan_forward(m, gan_zeros(ctx, SHAPE(0, 3))));
        gan_tensor *w[] = {gan_module_find(m, "1.weight"), gan_module_find(m, "1.bias")}, *g[2];
        assert_ok(ctx, gan_grad(loss, w, 2, order ? GAN_GRAD_CREATE_GRAPH : 0, g));
        for (int i = 0; i < 2; i++) {
            assert_values(g[i], SHAPE(4), 0, 0, 0, 0);
            gan_tensor_unref(g[i]);
        }
    }
    gan_module_unref(m);
    gan_context_destroy(ctx);
    assert_int_equal(h.blocks, 0);
}

/* ---- initial weights ------------------------------------------------------------------------- */

static void moments(gan_tensor *t, double *deviation, double *largest) {
    gan_tensor *flat = gan_reshape(t, SHAPE(-1));
    *deviation = item(gan_std(flat, NULL, 0, 0, 0));
    *largest = item(gan_max(gan_abs(flat), NULL, 0, 0));
    assert_near(item(gan_mean_all(flat)), 0, 5 * *deviation / sqrt((double)gan_tensor_size(t)));
}

/* Fans as PyTorch counts them: of a (64,4,4,32) kernel 512 in and 1024 out. */
static void test_distributions(void **state) {
    gan_context *ctx = *state;
    const struct {
        int32_t method;
        double a, deviation, bound;
    } cases[] = {
        {GAN_INIT_NORMAL, 0.02, 0.02, 0},
        {GAN_INIT_UNIFORM, 0.3, 0.3 / sqrt(3), 0.3},
        {GAN_INIT_XAVIER_UNIFORM, 2, 2 * sqrt(2. / 1536), 2 * sqrt(6. / 1536)},
        {GAN_INIT_XAVIER_NORMAL, 2, 2 * sqrt(2. / 1536), 0},
        {GAN_INIT_HE_UNIFORM, sqrt(2), sqrt(2. / 512), sqrt(6. / 512)},
        {GAN_INIT_HE_NORMAL, sqrt(2), sqrt(2. / 512), 0},
    };
    gan_module *m = sequential(ctx);
    gan_add_conv2d(m, NULL, 32, 64, 4, NULL);
    gan_tensor *w = gan_module_find(m, "0.weight");
    double deviation, largest;
    moments(w, &deviation, &largest); /* PyTorch's default: uniform +- 1 / sqrt(fan_in) */
    assert_near(deviation, 1 / sqrt(3 * 512.), 0.0005);
    assert_in_range((int64_t)(largest * 1e6), 43000, 44195);
    for (int i = 0; i < COUNT_OF(cases); i++) {
        set(ctx, m, "0.bias", (const double[64]){1});
        assert_ok(ctx, gan_module_init(m, cases[i].method, cases[i].a));
        moments(w, &deviation, &largest);
        assert_near(deviation, cases[i].deviation, 0.02 * cases[i].deviation);
        if (cases[i].bound > 0) assert_near(largest, cases[i].bound, 0.01 * cases[i].bound);
        assert_near(element(gan_module_find(m, "0.bias"), 0), 0, 0);
    }
    assert_status(ctx, gan_module_init(m, 99, 1), GAN_EINVAL, "gan_module_init", "99");
    gan_module_unref(m);
}

static void test_orthogonal(void **state) {
    gan_context *ctx = *state;
    static const int64_t sizes[][2] = {{5, 9}, {9, 5}, {6, 6}, {1, 4}};
    for (int i = 0; i < COUNT_OF(sizes); i++) {
        int64_t rows = sizes[i][0], cols = sizes[i][1], n = rows < cols ? rows : cols;
        gan_tensor *w = gan_zeros(ctx, sizes[i], 2);
        assert_ok(ctx, gan_init(w, GAN_INIT_ORTHOGONAL, 1.5));
        gan_tensor *gram = gan_matmul(w, w, rows > cols, rows <= cols);
        for (int64_t k = 0; k < n * n; k++)
            assert_near(element(gram, k), k % (n + 1) ? 0 : 2.25, 1e-5);
    }
    assert_status(ctx, gan_init(gan_zeros(ctx, SHAPE(3)), GAN_INIT_ORTHOGONAL, 1), GAN_EINVAL,
                  "gan_init", "rank is 1");
}

/* Norms and embeddings keep their own. */
static void test_init_leaves_norms(void **state) {
    gan_context *ctx = *state;
    gan_module *m = sequential(ctx);
    gan_add_batch_norm(m, NULL, 2, NULL);
    gan_add_embedding(m, NULL, 2, 1);
    set(ctx, m, "1.weight", (const double[]){5, 6});
    assert_ok(ctx, gan_module_init(m, GAN_INIT_NORMAL, 0.02));
    assert_values(gan_module_find(m, "0.weight"), SHAPE(2), 1, 1);
    assert_values(gan_module_find(m, "1.weight"), SHAPE(2, 1), 5, 6);
    gan_module_unref(m);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        CONTEXT_TEST(test_names),
        CONTEXT_TEST(test_wrong_names),
        CONTEXT_TEST(test_hosts_own_modules),
        CONTEXT_TEST(test_dense),
        CONTEXT_TEST(test_shapes_of_a_network),
        CONTEXT_TEST(test_batch_norm),
        CONTEXT_TEST(test_fused_activations),
        CONTEXT_TEST(test_dropout),
        CONTEXT_TEST(test_maxout_and_embedding),
        CONTEXT_TEST(test_freeze),
        CONTEXT_TEST(test_copy),
        CONTEXT_TEST(test_clip),
        cmocka_unit_test(test_norm_of_no_samples),
        CONTEXT_TEST(test_distributions),
        CONTEXT_TEST(test_orthogonal),
        CONTEXT_TEST(test_init_leaves_norms),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
