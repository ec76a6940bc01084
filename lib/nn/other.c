/* Embedding, dropout, minibatch deviation, and layers that only move elements. */
#include "nn/layers.h"

#include "core/context.h"
#include "nn/init.h"
#include "ops/op.h"

/* ---- embedding ------------------------------------------------------------------------------- */

static gan_tensor *embedding_forward(gan_module *m, const int32_t *labels, int64_t n) {
    return op_gather(module_own(m, "weight"), labels, n, m->label);
}

static const module_class module_embedding = {.name = "embedding",
                                              .forward_labels = embedding_forward};

gan_module *embedding_add(gan_module *parent, const char *name, int64_t classes, int64_t width) {
    gan_module *m = module_new(parent->base.ctx, &module_embedding, parent, name);
    if (!m) return NULL;
    shape s = shape_2(classes, width);
    gan_tensor *table = module_add_entry(m, "weight", ROLE_TABLE, LAYOUT_SAME, &s);
    if (table) init_normal(table, 1);
    return module_attach(parent, m, table ? GAN_OK : GAN_ENOMEM);
}

/* ---- dropout --------------------------------------------------------------------------------- */

/* number: p. */
static gan_tensor *dropout_forward(gan_module *m, gan_tensor *x) {
    gan_context *ctx = m->base.ctx;
    if (!m->training) return x;
    uint64_t counter = random_take(ctx, noise_blocks(tensor_size(x)));
    return op_dropout(x, m->number[0], ctx->random_key, counter);
}

static const module_class module_dropout = {
    .name = "dropout", .two_modes = 1, .forward = dropout_forward};

gan_module *dropout_add(gan_module *parent, const char *name, double p) {
    gan_module *m = module_new(parent->base.ctx, &module_dropout, parent, name);
    if (m) m->number[0] = p;
    return module_attach(parent, m, GAN_OK);
}

/* ---- minibatch standard deviation ------------------------------------------------------------ */

/* size: group. */
static gan_tensor *minibatch_std_forward(gan_module *m, gan_tensor *x) {
    return op_minibatch_std(x, m->size.dim[0]);
}

static const module_class module_minibatch_std = {.name = "minibatch_std",
                                                  .forward = minibatch_std_forward};

gan_module *minibatch_std_add(gan_module *parent, const char *name, int64_t group) {
    gan_module *m = module_new(parent->base.ctx, &module_minibatch_std, parent, name);
    if (m) m->size = shape_1(group);
    return module_attach(parent, m, GAN_OK);
}

/* ---- moving elements ------------------------------------------------------------------------- */

static gan_tensor *flatten_forward(gan_module *m, gan_tensor *x) {
    int32_t rank = tensor_shape(x)->rank;
    if (rank != 4 && rank != 2) return layer_refuse(m, x, "(N, H, W, C)");
    return op_flatten(x);
}

static const module_class module_flatten = {.name = "flatten", .forward = flatten_forward};

gan_module *flatten_add(gan_module *parent, const char *name) {
    gan_module *m = module_new(parent->base.ctx, &module_flatten, parent, name);
    return module_attach(parent, m, GAN_OK);
}

/* size: c, h, w. */
static gan_tensor *unflatten_forward(gan_module *m, gan_tensor *x) {
    const int64_t *d = m->size.dim, c = d[0], h = d[1], w = d[2];
    const shape *s = tensor_shape(x);
    if (s->rank != 2 || s->dim[1] != c * h * w)
        return layer_refuse(m, x, "(N, %lld)", (long long)(c * h * w));
    return op_unflatten(x, c, h, w);
}

static const module_class module_unflatten = {.name = "unflatten", .forward = unflatten_forward};

gan_module *unflatten_add(gan_module *parent, const char *name, int64_t c, int64_t h, int64_t w) {
    gan_module *m = module_new(parent->base.ctx, &module_unflatten, parent, name);
    if (!m) return NULL;
    m->size = shape_of(3, (int64_t[]){c, h, w});
    return module_attach(parent, m, GAN_OK);
}

/* size: factor. */
static gan_tensor *upsample_forward(gan_module *m, gan_tensor *x) {
    if (tensor_shape(x)->rank != 4) return layer_refuse(m, x, "(N, H, W, C)");
    return op_upsample_nearest(x, (int32_t)m->size.dim[0]);
}

static const module_class module_upsample = {.name = "upsample", .forward = upsample_forward};

gan_module *upsample_add(gan_module *parent, const char *name, int32_t factor) {
    gan_module *m = module_new(parent->base.ctx, &module_upsample, parent, name);
    if (m) m->size = shape_1(factor);
    return module_attach(parent, m, GAN_OK);
}
