/* Networks that are told the label at every layer: Radford et al. 2016, mnist/train_cond_dcgan.py
 * of the authors' code. Norms have neither gain nor shift; weights are N(0, 0.02). */
#include "train/networks.h"

#include "ops/op.h"

/* What runs one after the other, each on what the one before gave and the label. */
static const char *const parts[] = {"0", "1", "2", "3"};
enum { PARTS = sizeof parts / sizeof *parts };

/* Kernels of 5x5 between even sides. */
static const conv_plan halve = {5, 2, 2, 2, 0}, twice = {5, 2, 2, 1, 0};

static int64_t units(const gan_trainer_opts *o) { return 16 * (int64_t)o->width; }

/* Of the smallest image. */
static int64_t small_channels(const gan_trainer_opts *o) { return 2 * (int64_t)o->width; }

static builder build_parts(gan_context *ctx) {
    builder b = build_tree(ctx);
    b.norm_plain = 1;
    b.norm_eps = 1e-8;
    return b;
}

/* z -> 16w -> 2w of a quarter of the side -> w of half -> images. */
static gan_module *labelled_generator(gan_context *ctx, const gan_trainer_opts *o) {
    builder b = build_parts(ctx);
    build_part(&b, parts[0]);
    build_dense(&b, network_code_size(o), units(o), 0);
    build_norm(&b, GAN_NORM_BATCH, 1, units(o));
    build_relu(&b);
    build_part(&b, parts[1]);
    build_dense(&b, units(o) + o->classes, network_quarter_size(o), 0);
    build_norm(&b, GAN_NORM_BATCH, 1, network_quarter_size(o));
    build_relu(&b);
    build_unflatten(&b, small_channels(o), network_quarter(o), network_quarter(o));
    build_part(&b, parts[2]);
    build_conv_up(&b, small_channels(o) + o->classes, o->width, twice);
    build_norm(&b, GAN_NORM_BATCH, 0, o->width);
    build_relu(&b);
    build_part(&b, parts[3]);
    build_conv_up(&b, o->width + o->classes, o->channels, conv_before(twice, GAN_NORM_NONE));
    build_output(&b, o);
    build_init(&b, GAN_INIT_NORMAL, 0.02, 0);
    return build_finish(&b);
}

/* images -> w of half the side -> 2w of a quarter -> 16w -> score. */
static gan_module *labelled_discriminator(gan_context *ctx, const gan_trainer_opts *o) {
    int bias = o->norm != GAN_NORM_BATCH;
    builder b = build_parts(ctx);
    build_part(&b, parts[0]);
    build_conv(&b, o->channels + o->classes, o->width, conv_before(halve, GAN_NORM_NONE));
    build_leaky_relu(&b);
    build_part(&b, parts[1]);
    build_conv(&b, o->width + o->classes, small_channels(o), conv_before(halve, o->norm));
    build_norm(&b, o->norm, network_quarter(o), small_channels(o));
    build_leaky_relu(&b);
    build_flatten(&b);
    build_part(&b, parts[2]);
    build_dense(&b, network_quarter_size(o) + o->classes, units(o), bias);
    if (o->norm == GAN_NORM_BATCH) build_norm(&b, o->norm, 1, units(o));
    build_leaky_relu(&b);
    build_part(&b, parts[3]);
    build_dense(&b, units(o) + o->classes, 1, 1);
    build_init(&b, GAN_INIT_NORMAL, 0.02, 0);
    return build_finish(&b);
}

/* One-hot labels behind x's features, or as constant maps behind its channels. */
static gan_tensor *join(gan_tensor *x, gan_tensor *labels) {
    if (!x || !labels) return NULL;
    const shape *s = tensor_shape(x);
    gan_tensor *more = s->rank == 4 ? op_label_maps(labels, s->dim[1], s->dim[2]) : labels;
    return more ? op_concat((gan_tensor *[]){x, more}, 2, s->rank - 1) : NULL;
}

static gan_tensor *run(gan_module *m, gan_tensor *x, gan_tensor *labels) {
    for (int i = 0; i < PARTS; i++) x = module_forward(network_part(m, parts[i]), join(x, labels));
    return x;
}

/* z and the label are the columns of the code; the second part's are units and label. */
static gan_tensor *labelled_generate(gan_module *g, gan_tensor *code) {
    int64_t n = tensor_shape(code)->dim[0], all = tensor_shape(code)->dim[1];
    const shape *first = tensor_shape(module_entry(network_part(g, parts[0]), 0)->tensor);
    const shape *second = tensor_shape(module_entry(network_part(g, parts[1]), 0)->tensor);
    int64_t classes = second->dim[1] - first->dim[0];
    gan_tensor *z = op_slice(code, (int64_t[]){0, 0}, (int64_t[]){n, all - classes});
    gan_tensor *y = op_slice(code, (int64_t[]){0, all - classes}, (int64_t[]){n, classes});
    return run(g, z, y);
}

const network_class network_labelled = {.generator = labelled_generator,
                                        .discriminator = labelled_discriminator,
                                        .generate = labelled_generate,
                                        .score = run,
                                        .norm_of_vectors = 1};
