#include "scenarios.h"

#include "archive.h"
#include "datasets.h"
#include "training.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- results --------------------------------------------------------------------------------- */

/* `out` points at the out-parameter of the call that returned `code`, poisoned before: it must have
 * been written if and only if the call succeeded. */
static int32_t checked(int32_t code, const void *out) {
    const void *value;
    memcpy(&value, out, sizeof value);
    return (code != GAN_OK) == (value == POISON) ? code : SCENARIO_BROKEN;
}

/* An expression's end. */
static int32_t made(gan_context *ctx, const void *t) { return t ? GAN_OK : gan_error_code(ctx); }

/* Runs an expression in a scope. */
static int32_t in_scope(gan_context *ctx, gan_tensor *(*expression)(gan_context *ctx)) {
    int64_t mark = gan_scope_begin(ctx);
    if (mark < 0) return (int32_t)mark;
    int32_t code = made(ctx, expression(ctx));
    int32_t end = gan_scope_end(ctx, mark);
    return code ? code : end;
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
static const unsigned char idx_bytes[] = {0, 0, 8, 3, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 2, 7, 9};

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

/* ---- data sets ------------------------------------------------------------------------------- */

/* Takes a data set through a loader. Drops it. */
static int32_t load_from(gan_context *ctx, gan_dataset *d) {
    gan_loader_opts o;
    gan_loader_opts_init(&o, sizeof o);
    o.batch = 2;
    o.flip = 1;
    o.remainder = GAN_REMAINDER_WRAP;
    gan_loader *l = POISON;
    int32_t code = checked(gan_loader_create(d, &o, &l), &l);
    gan_dataset_unref(d);
    if (code) return code;
    int64_t mark = gan_scope_begin(ctx);
    if (mark < 0) code = (int32_t)mark;
    if (!code) code = made(ctx, gan_loader_next(l));
    if (!code && gan_dataset_pair(d)) code = made(ctx, gan_loader_pairs(l));
    if (!code) code = made(ctx, gan_dataset_image(d, 0));
    if (mark >= 0) gan_scope_end(ctx, mark);
    gan_loader_unref(l);
    return code;
}

static int32_t data_from_arrays(gan_context *ctx) {
    static const float values[2 * 3 * 3 * 4] = {0.5f, -0.5f};
    const int32_t labels[2] = {1, 0};
    gan_data_opts o = data_options();
    o.size = 5;
    o.fit = GAN_FIT_RESIZE;
    gan_dataset *d = POISON, *outlines = POISON;
    int32_t code = checked(
        gan_dataset_from_floats(ctx, values, (const int64_t[]){2, 3, 3, 4}, labels, &o, &d), &d);
    if (code) return code;
    code = checked(gan_dataset_outlines(d, 0.2, &outlines), &outlines);
    gan_dataset_unref(d);
    return code ? code : load_from(ctx, outlines);
}

/* Two pictures in each of A and B, which are one under four names. Its writing may not fail. */
static void make_pictures(const temp_dir *dir) {
    static const char *const names[] = {"A/2.png", "B/1.png", "B/2.png"};
    uint8_t bytes[4 * 4 * 4];
    for (int i = 0; i < COUNT_OF(bytes); i++) bytes[i] = (uint8_t)(5 * i);
    gan_context *ctx = context_with(1);
    make_folder(temp_file(dir, "A"));
    make_folder(temp_file(dir, "B"));
    write_png(ctx, temp_file(dir, "A/1.png"), 4, 4, 4, bytes);
    for (int i = 0; i < COUNT_OF(names); i++)
        assert_int_equal(link(temp_file(dir, "A/1.png"), temp_file(dir, names[i])), 0);
    gan_context_destroy(ctx);
}

/* Read as pairs, as classes and as sheets. */
static int32_t data_from_files_in(gan_context *ctx, const temp_dir *dir) {
    gan_data_opts o = data_options();
    o.classes = o.skip_bad = 1; /* a lack of memory is no bad file */
    gan_sheet_opts sheet;
    gan_sheet_opts_init(&sheet, sizeof sheet);
    sheet.cell_width = 2;
    gan_dataset *d = POISON;
    int32_t code = checked(gan_dataset_from_pairs(ctx, dir->path, &o, &d), &d);
    if (!code) code = load_from(ctx, d);
    d = POISON;
    if (!code) code = checked(gan_dataset_from_folder(ctx, dir->path, &o, &d), &d);
    if (!code) code = load_from(ctx, d);
    d = POISON;
    const char *path = temp_file(dir, "A/1.png");
    if (!code) code = checked(gan_dataset_from_sheet(ctx, path, &sheet, &o, &d), &d);
    return code ? code : load_from(ctx, d);
}

static int32_t data_from_files(gan_context *ctx) {
    if (without_png()) return GAN_OK;
    temp_dir dir;
    temp_make(&dir);
    make_pictures(&dir);
    int32_t code = data_from_files_in(ctx, &dir);
    temp_remove(&dir);
    return code;
}

static int32_t data_from_idx_through(gan_context *ctx, const char *path) {
    write_file(path, idx_bytes, sizeof idx_bytes);
    gan_dataset *d = POISON;
    int32_t code = checked(gan_dataset_from_idx(ctx, path, NULL, NULL, &d), &d);
    return code ? code : load_from(ctx, d);
}

/* ---- trainers -------------------------------------------------------------------------------- */

/* A step, of which a failed one leaves no trace in the discriminator. */
static int32_t whole_step(gan_trainer *t) {
    gan_tensor *w = gan_module_parameter(gan_trainer_discriminator(t), 0);
    float before[64], after[64];
    if (gan_tensor_size(w) > COUNT_OF(before)) return SCENARIO_BROKEN;
    gan_tensor_read(w, before, gan_tensor_size(w));
    int32_t code = gan_trainer_step(t, NULL);
    gan_tensor_read(w, after, gan_tensor_size(w));
    int same = memcmp(before, after, (size_t)gan_tensor_size(w) * sizeof *before) == 0;
    return (code != GAN_OK) == same ? code : SCENARIO_BROKEN;
}

static int32_t use_trainer(gan_context *ctx, gan_trainer *t, const char *path) {
    const int32_t label = 1;
    int32_t code = whole_step(t);
    int64_t mark = code ? code : gan_scope_begin(ctx);
    if (mark < 0) return (int32_t)mark;
    code = made(ctx, gan_trainer_sample(t, gan_trainer_latents(t, 1), &label));
    gan_scope_end(ctx, mark);
    if (!code) code = gan_trainer_save_model(t, path);
    if (!code) code = gan_trainer_save_onnx(t, path);
    if (!code) code = gan_trainer_save(t, path);
    gan_trainer_opts o = {.struct_size = sizeof o};
    if (!code) code = gan_trainer_opts_load(ctx, path, &o);
    return code ? code : gan_trainer_load(t, path);
}

/* On two images of this side and so many channels, at most 8 x 8 numbers. */
static int32_t train_on_two(gan_context *ctx, const gan_trainer_opts *o, int64_t side,
                            int64_t channels, const char *path) {
    static const uint8_t pixels[2 * 8 * 8] = {1, 2, 3, 4, 250, 251, 252, 253};
    gan_loader_opts batches;
    gan_loader_opts_init(&batches, sizeof batches);
    gan_trainer_loader_opts(o, &batches);
    gan_dataset *d = POISON;
    gan_loader *l = POISON;
    gan_trainer *t = POISON;
    int32_t code =
        checked(gan_dataset_from_bytes(ctx, pixels, (const int64_t[]){2, side, side, channels},
                                       (const int32_t[]){0, 1}, NULL, &d),
                &d);
    if (code) return code;
    code = checked(gan_loader_create(d, &batches, &l), &l);
    gan_dataset_unref(d);
    if (code) return code;
    code = checked(gan_trainer_create(ctx, o, l, &t), &t);
    gan_loader_unref(l);
    if (code) return code;
    code = use_trainer(ctx, t, path);
    gan_trainer_unref(t);
    return code;
}

/* Dense networks for images of four pixels, with labels, an average and a penalty. */
static int32_t trainer_through(gan_context *ctx, const char *path) {
    gan_trainer_opts o;
    gan_trainer_opts_init(&o, sizeof o, GAN_SYSTEM_DRAGAN, GAN_VARIANT_CODE);
    o.batch = o.width = o.latent = 2;
    o.condition = GAN_CONDITION_MAPS;
    o.average = 0.5;
    return train_on_two(ctx, &o, 2, 1, path);
}

/* The same networks with all that a few sprites ask for. */
static int32_t sprites_through(gan_context *ctx, const char *path) {
    gan_trainer_opts o;
    gan_trainer_opts_init(&o, sizeof o, GAN_SYSTEM_DRAGAN, GAN_VARIANT_CODE);
    o.batch = o.width = o.latent = 2;
    o.penalty = GAN_PENALTY_R1;
    o.augment = GAN_AUGMENT_COLOR | GAN_AUGMENT_TRANSLATION | GAN_AUGMENT_CUTOUT;
    o.relativistic = o.premultiply = 1;
    return train_on_two(ctx, &o, 2, 4, path);
}

/* Convolutions: an autoencoder against a generator with batch norm. */
static int32_t autoencoder_through(gan_context *ctx, const char *path) {
    gan_trainer_opts o;
    gan_trainer_opts_init(&o, sizeof o, GAN_SYSTEM_BEGAN, GAN_VARIANT_LUCIC);
    o.batch = o.latent = 2;
    o.width = o.n_critic = 1;
    return train_on_two(ctx, &o, 8, 1, path);
}

static int32_t with_file(gan_context *ctx, int32_t (*run)(gan_context *ctx, const char *path)) {
    temp_dir dir;
    temp_make(&dir);
    int32_t code = run(ctx, temp_file(&dir, "file"));
    temp_remove(&dir);
    return code;
}

static int32_t weights(gan_context *ctx) { return with_file(ctx, weights_through); }
static int32_t pth(gan_context *ctx) { return with_file(ctx, pth_through); }
static int32_t idx(gan_context *ctx) { return with_file(ctx, idx_through); }
static int32_t png(gan_context *ctx) { return with_file(ctx, png_through); }
static int32_t trainer(gan_context *ctx) { return with_file(ctx, trainer_through); }
static int32_t sprites(gan_context *ctx) { return with_file(ctx, sprites_through); }
static int32_t autoencoder(gan_context *ctx) { return with_file(ctx, autoencoder_through); }
static int32_t data_from_idx(gan_context *ctx) { return with_file(ctx, data_from_idx_through); }

/* ---- metrics --------------------------------------------------------------------------------- */

/* Results of `bytes` bytes that were all POISON_BYTE before the call: as with pointers, written if
 * and only if it succeeded. */
enum { POISON_BYTE = 0x5a };

static int32_t measured(int32_t code, const void *out, size_t bytes) {
    const unsigned char *at = out;
    size_t same = 0;
    while (same < bytes && at[same] == POISON_BYTE) same++;
    return (code != GAN_OK) == (same == bytes) ? code : SCENARIO_BROKEN;
}

static const float rows[8] = {0, 1, 2, 3, 5, 4, 6, 7};

static int32_t metrics(gan_context *ctx) {
    double mean[2], cov[4], out[4][2];
    int64_t index[3];
    memset(mean, POISON_BYTE, sizeof mean);
    memset(cov, POISON_BYTE, sizeof cov);
    memset(out, POISON_BYTE, sizeof out);
    memset(index, POISON_BYTE, sizeof index);
    int32_t code = gan_feature_statistics(ctx, rows, 4, 2, mean, cov);
    code = measured(measured(code, mean, sizeof mean), cov, sizeof cov);
    if (!code) code = measured(gan_frechet_distance(ctx, rows, 4, rows, 3, 2, out[0]), out[0], 8);
    if (!code)
        code = measured(gan_kernel_distance(ctx, rows, 4, rows, 3, 2, NULL, out[1], out[2]), out[1],
                        8);
    if (!code) {
        code = gan_nearest_neighbours(ctx, rows, 4, rows, 2, 2, index, out[3]);
        code = measured(measured(code, index, 16), out[3], sizeof out[3]);
    }
    return code;
}

/* The struct's results lie behind struct_size and a reserved field. */
#define MEASURED(type, call)                                                                       \
    do {                                                                                           \
        type out;                                                                                  \
        memset(&out, POISON_BYTE, sizeof out);                                                     \
        out.struct_size = sizeof out;                                                              \
        int32_t code = measured(call, (const char *)&out + 8, sizeof out - 8);                     \
        if (code) return code;                                                                     \
    } while (0)

static int32_t metrics_in_structs(gan_context *ctx) {
    const int32_t labels[3] = {1, 0, 1};
    MEASURED(gan_prdc, gan_precision_recall(ctx, rows, 4, rows, 3, 2, 2, &out));
    MEASURED(gan_parzen,
             gan_parzen_log_likelihood(ctx, rows, 4, rows, 3, rows, 2, 2, NULL, 0, &out));
    MEASURED(gan_modes, gan_mode_statistics(ctx, rows, 4, 2, rows, 2, 1, 3, &out));
    MEASURED(gan_histogram, gan_histogram_statistics(ctx, labels, 3, 2, NULL, &out));
    return GAN_OK;
}

const scenario scenarios[] = {
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
    {"data from arrays", data_from_arrays},
    {"data from files", data_from_files},
    {"data from idx", data_from_idx},
    {"metrics", metrics},
    {"metrics in structs", metrics_in_structs},
    {"trainer", trainer},
    {"sprites", sprites},
    {"autoencoder", autoencoder},
};

const int32_t scenario_count = COUNT_OF(scenarios);
