#include "scenarios.h"

#include "archive.h"
#include "datasets.h"
#include "training.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- results --------------------------------------------------------------------------------- */

int32_t checked(int32_t code, const void *out) {
    const void *value;
    memcpy(&value, out, sizeof value);
    return (code != GAN_OK) == (value == POISON) ? code : SCENARIO_BROKEN;
}

int32_t made(gan_context *ctx, const void *t) { return t ? GAN_OK : gan_error_code(ctx); }

int32_t in_scope(gan_context *ctx, gan_tensor *(*expression)(gan_context *ctx)) {
    int64_t mark = gan_scope_begin(ctx);
    if (mark < 0) return (int32_t)mark;
    int32_t code = made(ctx, expression(ctx));
    int32_t end = gan_scope_end(ctx, mark);
    return code ? code : end;
}

int32_t with_file(gan_context *ctx, int32_t (*run)(gan_context *ctx, const char *path)) {
    int32_t code = run(ctx, temp_file("file"));
    temp_remove();
    return code;
}

/* ---- tensors and operators ------------------------------------------------------------------- */

static int32_t take(gan_context *ctx) {
    int64_t mark = gan_scope_begin(ctx);
    if (mark < 0) return (int32_t)mark;
    gan_tensor *t = gan_full(ctx, SHAPE(2, 3), 1), *mine = POISON;
    int32_t code = t ? checked(gan_tensor_take(t, &mine), &mine) : gan_error_code(ctx);
    gan_scope_end(ctx, mark);
    if (!code) gan_tensor_unref(mine);
    return code;
}

static int32_t nested_scopes(gan_context *ctx) {
    int64_t outer = gan_scope_begin(ctx);
    if (outer < 0) return (int32_t)outer;
    int32_t code = GAN_OK;
    for (int i = 0; i < 70 && !code; i++) { /* the list of scopes grows */
        int64_t inner = gan_scope_begin(ctx);
        code = inner < 0 ? (int32_t)inner : made(ctx, gan_scalar(ctx, i));
    }
    gan_scope_end(ctx, outer);
    return code;
}

static gan_tensor *arithmetic(gan_context *ctx) {
    gan_tensor *x = gan_track(gan_rand(ctx, SHAPE(3, 4), 1, 2)), *y = gan_randn(ctx, SHAPE(4));
    gan_tensor *z = gan_div(gan_sub(gan_mul(x, y), y), gan_maximum(x, gan_minimum(x, y)));
    return gan_add(gan_log(gan_abs(z)), gan_softplus(gan_clamp(gan_pow(x, 1.5), 0, 9)));
}

static gan_tensor *products(gan_context *ctx) {
    gan_tensor *x = gan_track(gan_randn(ctx, SHAPE(2, 6, 6, 3)));
    gan_tensor *w = gan_randn(ctx, SHAPE(4, 3, 3, 3));
    gan_conv2d_opts o;
    gan_conv2d_opts_init(&o, sizeof o);
    o.stride_h = o.stride_w = 2;
    o.pad_top = o.pad_left = 1;
    gan_tensor *y = gan_conv2d(x, w, &o);
    gan_tensor *up = gan_conv_transpose2d(y, w, &o);
    return gan_matmul(gan_flatten(up), gan_flatten(up), 0, 1);
}

static gan_tensor *reductions(gan_context *ctx) {
    gan_tensor *x = gan_track(gan_randn(ctx, SHAPE(4, 3, 5)));
    const int32_t axes[2] = {0, 2};
    gan_tensor *sum = gan_add(gan_sum(x, axes, 2, 0), gan_mean(x, axes, 2, 0));
    gan_tensor *more = gan_add(gan_max(x, axes, 2, 0), gan_std(x, axes, 2, 0, 1));
    return gan_add(gan_sum_all(gan_mul(sum, more)), gan_mean_all(gan_l2_norm(x)));
}

static gan_tensor *layout(gan_context *ctx) {
    gan_tensor *x = gan_track(gan_randn(ctx, SHAPE(2, 2, 3, 2)));
    gan_tensor *flat = gan_flatten(x), *back = gan_unflatten(flat, 2, 2, 3);
    gan_tensor *joined = gan_concat((gan_tensor *[]){x, back}, 2, 3);
    const int64_t none[4] = {0, 0, 0, 0}, one[4] = {0, 1, 1, 0}, size[4] = {2, 2, 3, 4};
    gan_tensor *cut = gan_slice(gan_pad(joined, one, none), none, size);
    const int32_t index[3] = {1, 0, 1};
    gan_tensor *rows = gan_scatter_add(gan_gather(cut, index, 3), index, 3, 2);
    return gan_transpose(gan_broadcast(rows, SHAPE(2, 2, 2, 3, 4)),
                         (const int32_t[]){4, 3, 2, 1, 0});
}

static gan_tensor *images(gan_context *ctx) {
    gan_tensor *x = gan_track(gan_randn(ctx, SHAPE(2, 4, 4, 2)));
    gan_tensor *pooled = gan_add(gan_avg_pool2d(x, 2, 2, 0), gan_max_pool2d(x, 2, 2, 0));
    gan_tensor *y = gan_upsample_nearest(gan_dropout(pooled, 0.3), 2);
    y = gan_instance_normalize(gan_batch_normalize(y, 1e-5), 1e-5);
    return gan_layer_normalize(gan_group_normalize(y, 2, 1e-5), 1e-5);
}

static gan_tensor *probability(gan_context *ctx) {
    gan_tensor *x = gan_track(gan_randn(ctx, SHAPE(3, 4)));
    const int32_t labels[3] = {0, 2, 1};
    gan_tensor *loss = gan_cross_entropy(x, labels, 3);
    loss = gan_add(loss, gan_bce_with_logits(gan_sum_all(gan_softmax(x)), 0.9));
    return gan_add(loss, gan_wasserstein_critic(x, gan_embedding(x, labels, 3)));
}

static gan_tensor *random_numbers(gan_context *ctx) {
    gan_tensor *a = gan_rand_truncated(ctx, SHAPE(50), 0, 1, 2);
    return gan_add(a, gan_randn(ctx, SHAPE(50)));
}

static gan_tensor *discriminators(gan_context *ctx) {
    gan_tensor *x = gan_track(gan_randn(ctx, SHAPE(4, 3, 3, 2)));
    const int32_t labels[4] = {0, 2, 1, 1};
    gan_tensor *maps = gan_label_maps(gan_one_hot(ctx, labels, 4, 3), 3, 3);
    gan_tensor *seen = gan_concat((gan_tensor *[]){gan_augment(x, NULL), maps}, 2, 3);
    gan_tensor *features = gan_flatten(gan_minibatch_std(seen, 2));
    gan_tensor *scores = gan_projection(features, features);
    gan_tensor *loss = gan_add(gan_relativistic_discriminator(scores, gan_neg(scores)),
                               gan_zero_penalty(scores, x, 2, 1));
    return gan_add(loss, gan_mean_all(gan_pack(seen, 2)));
}

#define EXPRESSION(name)                                                                           \
    static int32_t run_##name(gan_context *ctx) { return in_scope(ctx, name); }
EXPRESSION(arithmetic)
EXPRESSION(products)
EXPRESSION(reductions)
EXPRESSION(layout)
EXPRESSION(images)
EXPRESSION(probability)
EXPRESSION(discriminators)
EXPRESSION(random_numbers)
#undef EXPRESSION

/* ---- differentiation ------------------------------------------------------------------------- */

static int32_t gradients(gan_context *ctx, gan_tensor *(*expression)(gan_context *ctx),
                         gan_tensor *x, uint32_t flags) {
    gan_tensor *y = gan_sum_all(gan_square(gan_mul(expression(ctx), gan_sum_all(x))));
    gan_tensor *g[2] = {POISON, POISON}, *wrt[2] = {x, y};
    int32_t code = y ? checked(gan_grad(y, wrt, 2, flags, g), &g[0]) : gan_error_code(ctx);
    if (code) return g[1] == POISON ? code : SCENARIO_BROKEN;
    if (flags & GAN_GRAD_CREATE_GRAPH) {
        gan_tensor *again = POISON, *total = gan_sum_all(g[0]);
        code = total ? checked(gan_grad(total, &x, 1, 0, &again), &again) : gan_error_code(ctx);
        if (!code) gan_tensor_unref(again);
    }
    gan_tensor_unref(g[0]);
    gan_tensor_unref(g[1]);
    return code;
}

static int32_t gradients_of(gan_context *ctx, gan_tensor *(*expression)(gan_context *ctx),
                            uint32_t flags) {
    int64_t mark = gan_scope_begin(ctx);
    if (mark < 0) return (int32_t)mark;
    gan_tensor *x = gan_track(gan_randn(ctx, SHAPE(3)));
    int32_t code = x ? gradients(ctx, expression, x, flags) : gan_error_code(ctx);
    gan_scope_end(ctx, mark);
    return code;
}

static int32_t first_order(gan_context *ctx) { return gradients_of(ctx, images, 0); }
static int32_t second_order(gan_context *ctx) {
    return gradients_of(ctx, reductions, GAN_GRAD_CREATE_GRAPH);
}

static gan_tensor *differentiated(gan_context *ctx) {
    gan_tensor *x = gan_track(gan_randn(ctx, SHAPE(2, 3)));
    gan_tensor *g = gan_grad_of(gan_sum_all(gan_tanh(x)), x, GAN_GRAD_CREATE_GRAPH);
    return gan_grad_of(gan_sum_all(gan_square(g)), x, 0);
}
static int32_t inside_expressions(gan_context *ctx) { return in_scope(ctx, differentiated); }

/* ---- modules --------------------------------------------------------------------------------- */

/* Biases and norms that end with an activation, and a sweep that is not recorded through them. */
static gan_tensor *fused_layers(gan_context *ctx, gan_module *m) {
    if (!gan_add_conv2d(m, NULL, 2, 3, 2, NULL) || !gan_add_elu(m, NULL, 1) ||
        !gan_add_batch_norm(m, NULL, 3, NULL) || !gan_add_relu(m, NULL) ||
        !gan_add_layer_norm(m, NULL, (const int64_t[]){2, 2, 3}, 3, NULL) ||
        !gan_add_elu(m, NULL, 0.5))
        return NULL;
    gan_tensor *x = gan_track(gan_randn(ctx, SHAPE(2, 3, 3, 2)));
    return gan_grad_of(gan_sum_all(gan_square(gan_forward(m, x))), x, 0);
}

static int32_t fused(gan_context *ctx) {
    gan_module *m = NULL;
    int32_t code = gan_sequential_create(ctx, &m);
    if (code) return code;
    int64_t mark = gan_scope_begin(ctx);
    code = mark < 0 ? (int32_t)mark : made(ctx, fused_layers(ctx, m));
    if (mark > 0) gan_scope_end(ctx, mark);
    gan_module_unref(m);
    return code;
}

/* One of every layer that takes features, then a forward. */
static int32_t fill_and_run(gan_context *ctx, gan_module *m) {
    gan_add_dense(m, NULL, 4, 6, 1);
    gan_add_batch_norm(m, NULL, 6, NULL);
    gan_add_maxout(m, NULL, 6, 4, 2);
    gan_add_layer_norm(m, NULL, (const int64_t[]){4}, 1, NULL);
    gan_add_group_norm(m, "group", 2, 4, NULL);
    gan_add_dropout(m, NULL, 0.2);
    if (!gan_add_sigmoid(m, NULL)) return gan_error_code(ctx);
    size_t n = gan_module_parameter_count(m);
    /* A failed addition must not have left half a layer behind. */
    if (!gan_module_child(m, "6") || n != 10) {
        int32_t code = gan_error_code(ctx);
        return code ? code : SCENARIO_BROKEN;
    }
    int64_t mark = gan_scope_begin(ctx);
    if (mark < 0) return (int32_t)mark;
    int32_t code = made(ctx, gan_forward(m, gan_randn(ctx, SHAPE(3, 4))));
    gan_scope_end(ctx, mark);
    return code;
}

static int32_t modules(gan_context *ctx) {
    gan_module *m = POISON;
    int32_t code = checked(gan_sequential_create(ctx, &m), &m);
    if (code) return code;
    code = fill_and_run(ctx, m);
    if (!code) code = gan_module_init(m, GAN_INIT_ORTHOGONAL, 1);
    gan_module_unref(m);
    return code;
}

static int32_t trees(gan_context *ctx) {
    gan_module *a = POISON, *b = POISON;
    int32_t code = checked(gan_module_create(ctx, &a), &a);
    if (code) return code;
    code = checked(gan_module_create(ctx, &b), &b);
    if (code) {
        gan_module_unref(a);
        return code;
    }
    gan_module *const both[2] = {a, b};
    int64_t mark = gan_scope_begin(ctx);
    if (mark < 0) code = (int32_t)mark;
    for (int i = 0; i < 2 && !code; i++) {
        gan_module *inner = gan_add_module(both[i], "inner");
        gan_add_parameter(inner, "w", gan_randn(ctx, SHAPE(3)));
        gan_add_buffer(inner, "n", gan_scalar(ctx, 1));
        if (!gan_module_find(both[i], "inner.n")) code = gan_error_code(ctx);
    }
    if (!code) code = gan_module_copy(a, b);
    gan_scope_end(ctx, mark);
    gan_module_unref(a);
    gan_module_unref(b);
    return code;
}

/* A failed call leaves no layer half under spectral norm. */
static int32_t spectral(gan_context *ctx, gan_module *m) {
    int32_t code = gan_module_spectral_norm(m);
    int32_t under = gan_module_find(m, "0.weight_orig") != NULL;
    if (gan_module_state_count(m) != (under ? 6u : 4u) + (gan_module_find(m, "2.weight_u") ? 2 : 0))
        return SCENARIO_BROKEN;
    if (code) return under && gan_module_find(m, "2.weight_orig") ? SCENARIO_BROKEN : code;
    int64_t mark = gan_scope_begin(ctx);
    if (mark < 0) return (int32_t)mark;
    for (int32_t on = 1; on >= 0 && !code; on--) {
        gan_module_train(m, on);
        code = made(ctx, gan_forward(m, gan_randn(ctx, SHAPE(1, 3, 3, 2))));
    }
    gan_scope_end(ctx, mark);
    return code;
}

static int32_t spectral_norm(gan_context *ctx) {
    gan_module *m = POISON;
    int32_t code = checked(gan_sequential_create(ctx, &m), &m);
    if (code) return code;
    int built = gan_add_conv2d(m, NULL, 2, 3, 2, NULL) && gan_add_flatten(m, NULL) &&
                gan_add_dense(m, NULL, 12, 1, 1);
    code = built ? spectral(ctx, m) : gan_error_code(ctx);
    gan_module_unref(m);
    return code;
}

static int32_t optimizers(gan_context *ctx) {
    gan_module *m = POISON;
    gan_optimizer *adam = POISON, *rmsprop = POISON, *sgd = POISON;
    int32_t code = checked(gan_sequential_create(ctx, &m), &m);
    if (code) return code;
    if (!gan_add_dense(m, NULL, 3, 2, 1)) code = gan_error_code(ctx);
    if (!code) code = checked(gan_adam_create(m, NULL, &adam), &adam);
    if (!code) code = checked(gan_rmsprop_create(m, NULL, &rmsprop), &rmsprop);
    if (!code) code = checked(gan_sgd_create(m, NULL, &sgd), &sgd);
    gan_optimizer_unref(adam == POISON ? NULL : adam);
    gan_optimizer_unref(rmsprop == POISON ? NULL : rmsprop);
    gan_optimizer_unref(sgd == POISON ? NULL : sgd);
    gan_module_unref(m);
    return code;
}

/* A failed step changes no parameter. */
static int32_t training_steps(gan_context *ctx) {
    training t;
    int32_t code = training_create(&t, ctx, 2);
    if (code) return code;
    float before[64], after[64];
    gan_tensor *w = gan_module_parameter(t.critic, 0);
    code = gan_tensor_read(w, before, gan_tensor_size(w));
    if (!code) code = training_critic_step(&t);
    if (code) {
        gan_tensor_read(w, after, gan_tensor_size(w));
        if (memcmp(before, after, (size_t)gan_tensor_size(w) * sizeof(float)) != 0)
            code = SCENARIO_BROKEN;
    } else {
        code = training_generator_step(&t);
    }
    training_release(&t);
    return code;
}

/* ---- files ----------------------------------------------------------------------------------- */

static int32_t weights_through(gan_context *ctx, const char *path) {
    gan_module *m = NULL;
    int32_t code = gan_sequential_create(ctx, &m);
    if (code) return code;
    if (!gan_add_conv2d(m, NULL, 2, 3, 2, NULL) || !gan_add_batch_norm(m, NULL, 3, NULL))
        code = gan_error_code(ctx);
    if (!code) code = gan_module_save(m, path);
    if (!code) code = gan_module_load(m, path);
    int64_t mark = code ? 0 : gan_scope_begin(ctx);
    if (mark > 0) {
        gan_tensor *x = gan_track(gan_randn(ctx, SHAPE(1, 3, 3, 2)));
        gan_module_train(m, 0);
        gan_tensor *y = gan_forward(m, x);
        code = y ? gan_module_save_traced(m, path, x, y, "") : gan_error_code(ctx);
        if (!code) code = gan_module_save_onnx(m, path, x, y, "");
        gan_scope_end(ctx, mark);
    } else if (mark < 0) {
        code = (int32_t)mark;
    }
    gan_module_unref(m);
    return code;
}

/* {"a": every second of four numbers}, which is copied; see test_pth.c */
static const char pickle[] =
    "\x80\x02}X\1\0\0\0a"
    "ctorch._utils\n_rebuild_tensor_v2\n((X\7\0\0\0storagectorch\nFloatStorage\nX\1\0\0\0"
    "0X\3\0\0\0cpuK\4tQK\0K\2\x85K\2\x85\x89"
    "ccollections\nOrderedDict\n)RtRs.";

static int32_t pth_through(gan_context *ctx, const char *path) {
    static const float numbers[4] = {1, 2, 3, 4};
    archive a = {0};
    archive_add(&a, "w/data.pkl", pickle, sizeof pickle - 1);
    archive_add(&a, "w/data/0", numbers, sizeof numbers);
    archive_end(&a);
    write_file(path, a.bytes, a.size);
    archive_release(&a);
    gan_module *m = NULL;
    int32_t code = gan_module_create(ctx, &m);
    if (code) return code;
    gan_tensor *start = gan_zeros(ctx, SHAPE(2));
    code = made(ctx, start ? gan_add_parameter(m, "a", start) : NULL);
    if (!code) code = gan_module_load(m, path);
    gan_module_unref(m);
    return code;
}

/* One image of two pixels. */
const unsigned char idx_bytes[18] = {0, 0, 8, 3, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 2, 7, 9};

static int32_t idx_through(gan_context *ctx, const char *path) {
    write_file(path, idx_bytes, sizeof idx_bytes);
    gan_idx *idx = POISON;
    int32_t code = checked(gan_idx_open(ctx, path, &idx), &idx);
    if (code) return code;
    int64_t mark = gan_scope_begin(ctx);
    code =
        mark < 0 ? (int32_t)mark : made(ctx, gan_idx_images(idx, (const int32_t[]){0, 0}, 2, 0, 1));
    gan_scope_end(ctx, mark);
    gan_idx_unref(idx);
    return code;
}

static int32_t png_through(gan_context *ctx, const char *path) {
    if (without_png()) return GAN_OK;
    int64_t mark = gan_scope_begin(ctx);
    if (mark < 0) return (int32_t)mark;
    gan_tensor *x = gan_rand(ctx, SHAPE(3, 4, 4, 3), 0, 1);
    int32_t code = x ? gan_png_write_grid(x, path, 2, 1, 0, 1) : gan_error_code(ctx);
    if (!code) code = made(ctx, gan_png_read(ctx, path, 3, 0, 1));
    gan_scope_end(ctx, mark);
    return code;
}

static int32_t weights(gan_context *ctx) { return with_file(ctx, weights_through); }
static int32_t pth(gan_context *ctx) { return with_file(ctx, pth_through); }
static int32_t idx(gan_context *ctx) { return with_file(ctx, idx_through); }
static int32_t png(gan_context *ctx) { return with_file(ctx, png_through); }

static const scenario scenarios[] = {
    {"take", take},
    {"nested scopes", nested_scopes},
    {"arithmetic", run_arithmetic},
    {"products", run_products},
    {"reductions", run_reductions},
    {"layout", run_layout},
    {"images", run_images},
    {"probability", run_probability},
    {"discriminators", run_discriminators},
    {"random numbers", run_random_numbers},
    {"first order", first_order},
    {"second order", second_order},
    {"gradients inside expressions", inside_expressions},
    {"modules", modules},
    {"fused layers", fused},
    {"trees", trees},
    {"spectral norm", spectral_norm},
    {"optimizers", optimizers},
    {"training", training_steps},
    {"weights", weights},
    {"pth", pth},
    {"idx", idx},
    {"png", png},
};

const scenario_list core_scenarios = {scenarios, COUNT_OF(scenarios)};
