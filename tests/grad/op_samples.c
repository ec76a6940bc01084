/* At least one row for every operator of ops.def, named as there. The shapes are small, uneven, and
 * different on every axis, so that a confusion of axes does not go unnoticed. */
#include "check.h"

#include "ops/op.h"

/* ---- elementwise ----------------------------------------------------------------------------- */

BUILD_2(add, gan_add)
BUILD_2(sub, gan_sub)
BUILD_2(mul, gan_mul)
BUILD(mul_by_itself, gan_mul(x[0], x[0])) /* two edges into one node */
BUILD_2(division, gan_div)
BUILD_2(maximum, gan_maximum)
BUILD_2(minimum, gan_minimum)
/* p: activation, number. */
BUILD(bias_act_of, op_bias_act(x[0], x[1], (activation){(int32_t)p[0], p[1]}))
BUILD(affine, op_affine(x[0], p[0], p[1]))
BUILD_1(exponential, gan_exp)
BUILD_1(logarithm, gan_log)
BUILD_NUMBER(root, op_sqrt, int)
BUILD_NUMBER(power, gan_pow, double)
BUILD_1(absolute, gan_abs)
BUILD(clamp, gan_clamp(x[0], p[0], p[1]))
BUILD_NUMBER(leaky_relu, gan_leaky_relu, double)
BUILD_NUMBER(elu, gan_elu, double)
BUILD(elu_gate, op_elu_gate(x[0], x[1], p[0]))
BUILD_1(hyperbolic, gan_tanh)
BUILD_1(sigmoid, gan_sigmoid)
BUILD_1(softplus, gan_softplus)
BUILD_1(safe_reciprocal, op_safe_reciprocal)
BUILD(gate, op_gate(x[0], x[1], p[0], p[1], p[2], p[3]))
BUILD(dropout, op_dropout(x[0], p[0], 17, 5))

/* ---- products -------------------------------------------------------------------------------- */

BUILD(matmul, gan_matmul(x[0], x[1], (int32_t)p[0], (int32_t)p[1]))

/* p: stride, dilation (both h, w), pads (top, bottom, left, right), then two sizes. */
static gan_conv2d_opts conv_opts(const double *p) {
    gan_conv2d_opts o;
    gan_conv2d_opts_init(&o, sizeof o);
    o.stride_h = (int32_t)p[0], o.stride_w = (int32_t)p[1];
    o.dilation_h = (int32_t)p[2], o.dilation_w = (int32_t)p[3];
    o.pad_top = (int32_t)p[4], o.pad_bottom = (int32_t)p[5];
    o.pad_left = (int32_t)p[6], o.pad_right = (int32_t)p[7];
    return o;
}

/* p: activation, number. */
static gan_tensor *conv_bias_act(gan_tensor *const *x, const double *p) {
    gan_conv2d_opts o;
    gan_conv2d_opts_init(&o, sizeof o);
    o.pad_top = o.pad_left = 1;
    return op_conv2d_bias_act(x[0], x[1], x[2], &o, (activation){(int32_t)p[0], p[1]}, "conv");
}

static gan_tensor *conv(gan_tensor *const *x, const double *p) {
    gan_conv2d_opts o = conv_opts(p);
    return gan_conv2d(x[0], x[1], &o);
}

static gan_tensor *data_grad(gan_tensor *const *x, const double *p) {
    gan_conv2d_opts o = conv_opts(p);
    return gan_conv2d_data_grad(x[0], x[1], (int64_t)p[8], (int64_t)p[9], &o);
}

static gan_tensor *weight_grad(gan_tensor *const *x, const double *p) {
    gan_conv2d_opts o = conv_opts(p);
    return gan_conv2d_weight_grad(x[0], x[1], (int64_t)p[8], (int64_t)p[9], &o);
}

/* The three partial derivatives of one geometry: image h x w of c channels, kernel kh x kw, result
 * ho x wo of o channels, for two samples. */
#define GEOMETRY(order, h, w, c, kh, kw, ho, wo, o, ...)                                           \
    {"conv", conv, order, {__VA_ARGS__}, {X(2, h, w, c), X(o, kh, kw, c)}},                        \
        {"conv_data_grad",                                                                         \
         data_grad,                                                                                \
         order,                                                                                    \
         {__VA_ARGS__, h, w},                                                                      \
         {X(2, ho, wo, o), X(o, kh, kw, c)}},                                                      \
    {                                                                                              \
        "conv_weight_grad", weight_grad, order, {__VA_ARGS__, kh, kw}, {                           \
            X(2, h, w, c), X(2, ho, wo, o)                                                         \
        }                                                                                          \
    }

/* ---- reductions ------------------------------------------------------------------------------ */

/* p: rank and sizes of the result. */
static shape shape_from(const double *p) {
    shape s = {.rank = (int32_t)p[0]};
    for (int32_t i = 0; i < s.rank; i++) s.dim[i] = (int64_t)p[1 + i];
    return s;
}

static gan_tensor *sum_to(gan_tensor *const *x, const double *p) {
    shape to = shape_from(p);
    return op_sum_to(x[0], &to);
}

static gan_tensor *broadcast_to(gan_tensor *const *x, const double *p) {
    shape to = shape_from(p);
    return op_broadcast_to(x[0], &to);
}

BUILD_1(row_norm, gan_l2_norm)
BUILD_1(log_softmax, gan_log_softmax)

/* ---- layout ---------------------------------------------------------------------------------- */

static gan_tensor *reshape(gan_tensor *const *x, const double *p) {
    shape to = shape_from(p);
    return op_reshape(x[0], &to);
}

static gan_tensor *transpose(gan_tensor *const *x, const double *p) {
    int32_t perm[GAN_MAX_RANK];
    for (int32_t i = 0; i < GAN_MAX_RANK; i++) perm[i] = (int32_t)p[i];
    return gan_transpose(x[0], perm);
}

BUILD(concat_2, gan_concat(x, 2, (int32_t)p[0]))
BUILD(concat_3, gan_concat(x, 3, (int32_t)p[0]))

static void two_lists(const double *p, int64_t *a, int64_t *b) {
    for (int32_t i = 0; i < SAMPLE_NUMBERS / 2; i++) {
        a[i] = (int64_t)p[i];
        b[i] = (int64_t)p[SAMPLE_NUMBERS / 2 + i];
    }
}

static gan_tensor *slice(gan_tensor *const *x, const double *p) {
    int64_t start[SAMPLE_NUMBERS / 2], size[SAMPLE_NUMBERS / 2];
    two_lists(p, start, size);
    return gan_slice(x[0], start, size);
}

static gan_tensor *pad(gan_tensor *const *x, const double *p) {
    int64_t before[SAMPLE_NUMBERS / 2], after[SAMPLE_NUMBERS / 2];
    two_lists(p, before, after);
    return gan_pad(x[0], before, after);
}

/* p: rows of the result, number of indices, indices. */
static int64_t indices(const double *p, int32_t *index) {
    int64_t n = (int64_t)p[1];
    for (int64_t i = 0; i < n; i++) index[i] = (int32_t)p[2 + i];
    return n;
}

static gan_tensor *gather(gan_tensor *const *x, const double *p) {
    int32_t index[SAMPLE_NUMBERS];
    int64_t n = indices(p, index);
    return gan_gather(x[0], index, n);
}

static gan_tensor *scatter_add(gan_tensor *const *x, const double *p) {
    int32_t index[SAMPLE_NUMBERS];
    int64_t n = indices(p, index);
    return gan_scatter_add(x[0], index, n, (int64_t)p[0]);
}

/* ---- pooling and normalisation --------------------------------------------------------------- */

/* p: sizes of image (h, w) and result (ho, wo), kernel, stride, pad (all h, w); 2 samples of 3
 * channels. */
static pool_geom pool_from(const double *p) {
    return (pool_geom){.n = 2,
                       .c = 3,
                       .h = (int64_t)p[0],
                       .w = (int64_t)p[1],
                       .ho = (int64_t)p[2],
                       .wo = (int64_t)p[3],
                       .kh = (int64_t)p[4],
                       .kw = (int64_t)p[5],
                       .sh = (int64_t)p[6],
                       .sw = (int64_t)p[7],
                       .pt = (int64_t)p[8],
                       .pl = (int64_t)p[9]};
}

static gan_tensor *pool_sum_of(gan_tensor *const *x, const double *p) {
    pool_geom m = pool_from(p);
    return op_pool_sum(x[0], &m);
}

static gan_tensor *pool_spread_of(gan_tensor *const *x, const double *p) {
    pool_geom m = pool_from(p);
    return op_pool_spread(x[0], &m);
}

#define POOL(h, w, ho, wo, ...)                                                                    \
    {"pool_sum", pool_sum_of, 2, {h, w, ho, wo, __VA_ARGS__}, {X(2, h, w, 3)}}, {                  \
        "pool_spread", pool_spread_of, 2, {h, w, ho, wo, __VA_ARGS__}, { X(2, ho, wo, 3) }         \
    }

/* p: the four factors a, r1, b, r2, then eps. */
static norm_geom norm_from(const double *p) {
    return (norm_geom){(int64_t)p[0], (int64_t)p[1], (int64_t)p[2], (int64_t)p[3]};
}

static gan_tensor *normalize(gan_tensor *const *x, const double *p) {
    norm_geom m = norm_from(p);
    return op_normalize(x[0], &m, p[4], NULL);
}

static gan_tensor *norm_project_of(gan_tensor *const *x, const double *p) {
    norm_geom m = norm_from(p);
    return op_norm_project(x[0], x[1], &m, p[4], NULL);
}

static gan_tensor *norm_project_grad_of(gan_tensor *const *x, const double *p) {
    norm_geom m = norm_from(p);
    return op_norm_project_grad(x[0], x[1], x[2], &m, p[4], NULL);
}

static gan_tensor *norm_scale_of(gan_tensor *const *x, const double *p) {
    norm_geom m = norm_from(p);
    return op_norm_scale(x[0], &m, p[4], NULL);
}

static gan_tensor *norm_dot_of(gan_tensor *const *x, const double *p) {
    norm_geom m = norm_from(p);
    return op_norm_dot(x[0], x[1], &m, p[4], NULL);
}

/* p: then activation, number. */
static gan_tensor *norm_affine_of(gan_tensor *const *x, const double *p) {
    norm_geom m = norm_from(p);
    activation act = {(int32_t)p[5], p[6]};
    return op_norm_affine(x[0], x[1], x[2], &m, p[4], act, NULL);
}

/* All four over x of the shape `...`, seen as (a, r1, b, r2). */
#define NORM(a, r1, b, r2, eps, ...)                                                               \
    {"normalize", normalize, 3, {a, r1, b, r2, eps}, {X(__VA_ARGS__)}},                            \
        {"norm_project",                                                                           \
         norm_project_of,                                                                          \
         3,                                                                                        \
         {a, r1, b, r2, eps},                                                                      \
         {X(__VA_ARGS__), X(__VA_ARGS__)}},                                                        \
        {"norm_project_grad",                                                                      \
         norm_project_grad_of,                                                                     \
         2,                                                                                        \
         {a, r1, b, r2, eps},                                                                      \
         {X(__VA_ARGS__), X(__VA_ARGS__), X(__VA_ARGS__)}},                                        \
        {"norm_dot", norm_dot_of, 3, {a, r1, b, r2, eps}, {X(__VA_ARGS__), X(__VA_ARGS__)}}, {     \
        "norm_scale", norm_scale_of, 3, {a, r1, b, r2, eps}, { X(__VA_ARGS__) }                    \
    }

/* ---- the table ------------------------------------------------------------------------------- */

/* Two operands: equal shapes, then broadcast in every way. `second` is X, or POSITIVE to stay away
 * from zero. */
#define BINARY(name, build, order, second)                                                         \
    {name, build, order, {0}, {X(3, 4), second(3, 4)}},                                            \
        {name, build, order, {0}, {X(2, 3, 4), second(4)}},                                        \
        {name, build, order, {0}, {X(4), second(2, 3, 4)}},                                        \
        {name, build, order, {0}, {X(2, 3, 4), second(3, 1)}},                                     \
        {name, build, order, {0}, {X(1, 4), second(3, 1)}},                                        \
        {name, build, order, {0}, {X(2, 1, 3, 1, 2), second(4, 1, 3, 2)}}, {                       \
        name, build, order, {0}, { NUMBER, second(2, 3) }                                          \
    }

const sample op_samples[] = {
    BINARY("add", add, 3, X),
    BINARY("sub", sub, 3, X),
    BINARY("mul", mul, 3, X),
    {"mul", mul_by_itself, 3, {0}, {X(3, 4)}},
    BINARY("div", division, 3, POSITIVE),
    {"div", division, 3, {0}, {X(3, 4), IN(-2.5, -0.5, 3, 4)}},
    BINARY("maximum", maximum, 2, X),
    BINARY("minimum", minimum, 2, X),

    {"bias_act", bias_act_of, 3, {ACTIVATION_NONE}, {X(3, 4), X(4)}},
    {"bias_act", bias_act_of, 3, {ACTIVATION_LEAKY_RELU, 0.2}, {X(3, 4), POSITIVE(4)}},
    {"bias_act", bias_act_of, 3, {ACTIVATION_LEAKY_RELU, 0}, {X(2, 2, 3, 5), POSITIVE(5)}},
    {"bias_act", bias_act_of, 3, {ACTIVATION_ELU, 0.7}, {X(3, 4), POSITIVE(4)}},

    {"conv_bias_act", conv_bias_act, 2, {ACTIVATION_NONE}, {X(2, 4, 3, 2), X(3, 3, 3, 2), X(3)}},
    {"conv_bias_act",
     conv_bias_act,
     2,
     {ACTIVATION_LEAKY_RELU, 0.2},
     {X(2, 4, 3, 2), X(3, 3, 3, 2), POSITIVE(3)}},
    {"conv_bias_act",
     conv_bias_act,
     2,
     {ACTIVATION_ELU, 0.7},
     {X(2, 4, 3, 2), X(3, 3, 3, 2), POSITIVE(3)}},

    {"affine", affine, 3, {-1.5, 0.25}, {X(3, 4)}},
    {"affine", affine, 3, {0, 1}, {X(5)}},
    {"exp", exponential, 3, {0}, {X(3, 4)}},
    {"log", logarithm, 3, {0}, {POSITIVE(3, 4)}},
    {"sqrt", root, 3, {0}, {POSITIVE(3, 4)}},
    {"sqrt", root, 3, {1}, {POSITIVE(3, 4)}},
    {"pow", power, 3, {3}, {X(3, 4)}},
    {"pow", power, 3, {2}, {X(3, 4)}},
    {"pow", power, 3, {1}, {X(3, 4)}},
    {"pow", power, 2, {0}, {X(3, 4)}},
    {"pow", power, 3, {-1.5}, {POSITIVE(3, 4)}},
    {"pow", power, 3, {0.5}, {POSITIVE(3, 4)}},
    {"abs", absolute, 2, {0}, {X(3, 4)}},
    {"clamp", clamp, 2, {-0.7, 0.4}, {X(3, 5)}},
    {"clamp", clamp, 2, {-5, 5}, {X(3)}},
    {"leaky_relu", leaky_relu, 3, {0.2}, {X(3, 4)}},
    {"leaky_relu", leaky_relu, 3, {0}, {X(3, 4)}},
    {"leaky_relu", leaky_relu, 3, {1.5}, {X(2, 2, 3)}},
    {"elu", elu, 3, {1}, {X(3, 4)}},
    {"elu", elu, 3, {0.5}, {X(3, 4)}},
    {"elu", elu, 3, {0}, {X(3, 4)}},
    {"elu", elu, 3, {-0.5}, {X(3, 4)}},
    {"elu_gate", elu_gate, 3, {0.5}, {X(3, 4), X(3, 4)}},
    {"elu_gate", elu_gate, 3, {1}, {X(3, 1), X(3, 4)}},
    {"tanh", hyperbolic, 3, {0}, {X(3, 4)}},
    {"sigmoid", sigmoid, 3, {0}, {X(3, 4)}},
    {"sigmoid", sigmoid, 3, {0}, {IN(-20, 20, 6)}},
    {"softplus", softplus, 3, {0}, {X(3, 4)}},
    {"softplus", softplus, 3, {0}, {IN(-20, 20, 6)}},
    {"safe_reciprocal", safe_reciprocal, 3, {0}, {POSITIVE(3, 4)}},
    {"safe_reciprocal", safe_reciprocal, 3, {0}, {IN(-2, -1, 5)}},
    {"gate", gate, 3, {0, 0.2, 0.2, 1}, {X(3, 4), X(3, 4)}},
    {"gate", gate, 3, {0.5, -1, 0, 2}, {X(3, 1), X(3, 4)}},
    {"gate", leaky_relu, 3, {-0.5}, {X(3, 4)}}, /* a negative slope cannot be seen in the result */
    {"dropout", dropout, 2, {0.3}, {X(5, 4)}},
    {"dropout", dropout, 2, {0}, {X(4)}},

    {"matmul", matmul, 3, {0, 0}, {X(3, 4), X(4, 2)}},
    {"matmul", matmul, 3, {0, 1}, {X(3, 4), X(2, 4)}},
    {"matmul", matmul, 3, {1, 0}, {X(4, 3), X(4, 2)}},
    {"matmul", matmul, 3, {1, 1}, {X(4, 3), X(2, 4)}},
    {"matmul", matmul, 2, {0, 0}, {X(1, 5), X(5, 1)}},
    {"matmul", matmul, 2, {0, 1}, {X(4, 1), X(3, 1)}},

    /* order, h, w, c, kh, kw, ho, wo, o; strides, dilations, pads */
    GEOMETRY(3, 4, 5, 2, 3, 2, 2, 4, 3, 1, 1, 1, 1, 0, 0, 0, 0),
    GEOMETRY(3, 6, 6, 2, 4, 4, 3, 3, 2, 2, 2, 1, 1, 1, 1, 1, 1),
    GEOMETRY(2, 5, 4, 2, 3, 3, 5, 4, 3, 1, 1, 1, 1, 1, 1, 1, 1),
    GEOMETRY(2, 5, 7, 3, 3, 2, 2, 3, 2, 2, 3, 1, 1, 1, 0, 0, 2),
    GEOMETRY(2, 6, 5, 2, 2, 3, 5, 2, 2, 1, 2, 2, 1, 0, 1, 0, 0),
    GEOMETRY(2, 7, 6, 1, 3, 2, 2, 3, 2, 3, 2, 2, 2, 1, 1, 2, 0),
    GEOMETRY(2, 3, 4, 3, 1, 1, 3, 4, 2, 1, 1, 1, 1, 0, 0, 0, 0),
    GEOMETRY(2, 3, 3, 2, 3, 3, 1, 1, 4, 1, 1, 1, 1, 0, 0, 0, 0),
    GEOMETRY(2, 6, 6, 1, 2, 2, 2, 2, 1, 3, 3, 1, 1, 0, 0, 0, 0), /* rows that no window reads */
    GEOMETRY(2, 8, 8, 3, 5, 5, 4, 4, 2, 2, 2, 1, 1, 2, 1, 2, 1),

    {"sum_to", sum_to, 3, {2, 3, 1}, {X(3, 4)}},
    {"sum_to", sum_to, 3, {1, 4}, {X(2, 3, 4)}},
    {"sum_to", sum_to, 3, {0}, {X(2, 3)}},
    {"sum_to", sum_to, 2, {4, 2, 1, 3, 1}, {X(2, 4, 3, 2)}},
    {"broadcast_to", broadcast_to, 3, {3, 2, 3, 4}, {X(3, 1)}},
    {"broadcast_to", broadcast_to, 3, {2, 3, 4}, {NUMBER}},
    {"broadcast_to", broadcast_to, 2, {5, 2, 1, 3, 2, 2}, {X(1, 3, 1, 2)}},
    {"row_norm", row_norm, 3, {0}, {X(3, 4)}},
    {"row_norm", row_norm, 3, {0}, {X(2, 2, 3, 2)}},
    {"row_norm", row_norm, 3, {0}, {POSITIVE(4)}},
    {"log_softmax", log_softmax, 3, {0}, {X(3, 4)}},
    {"log_softmax", log_softmax, 3, {0}, {X(5)}},
    {"log_softmax", log_softmax, 2, {0}, {X(2, 3, 4)}},

    {"reshape", reshape, 3, {2, 4, 3}, {X(2, 6)}},
    {"reshape", reshape, 2, {0}, {X(1, 1)}},
    {"transpose", transpose, 3, {1, 0}, {X(3, 4)}},
    {"transpose", transpose, 3, {0, 3, 1, 2}, {X(2, 2, 3, 4)}},
    {"transpose", transpose, 2, {2, 0, 4, 1, 5, 3}, {X(2, 1, 3, 2, 1, 2)}},
    {"concat", concat_2, 3, {0}, {X(2, 3), X(1, 3)}},
    {"concat", concat_3, 2, {1}, {X(2, 3), X(2, 1), X(2, 2)}},
    {"concat", concat_2, 2, {-1}, {X(2, 2, 3, 1), X(2, 2, 3, 2)}},
    {"slice", slice, 3, {1, 0, 0, 0, 0, 0, 2, 3}, {X(4, 3)}},
    {"slice", slice, 2, {0, 1, 2, 0, 0, 0, 2, 2, 1}, {X(2, 4, 3)}},
    {"pad", pad, 3, {1, 0, 0, 0, 0, 0, 2, 3}, {X(2, 3)}},
    {"pad", pad, 2, {0, 1, 2, 0, 0, 0, 0, 0, 1}, {X(2, 2, 3)}},
    {"gather", gather, 3, {0, 5, 2, 0, 2, 1, 2}, {X(4, 3)}},
    {"gather", gather, 2, {0, 2, 3, 0}, {X(4)}},
    {"scatter_add", scatter_add, 3, {4, 5, 2, 0, 2, 1, 2}, {X(5, 3)}},
    {"scatter_add", scatter_add, 2, {3, 2, 1, 1}, {X(2)}},

    /* h, w, ho, wo; kernel, stride, pad */
    POOL(4, 6, 2, 3, 2, 2, 2, 2, 0, 0),
    POOL(5, 4, 3, 3, 3, 2, 1, 1, 0, 0),
    POOL(5, 5, 3, 3, 3, 3, 2, 2, 1, 1),
    POOL(7, 6, 2, 2, 2, 3, 3, 3, 0, 0),

    /* a, r1, b, r2, eps; shape: batch, instance, layer, group */
    NORM(1, 6, 3, 1, 1e-5, 6, 3),
    NORM(1, 8, 2, 1, 1e-5, 2, 2, 2, 2),
    NORM(2, 4, 3, 1, 1e-5, 2, 2, 2, 3),
    NORM(3, 1, 1, 5, 1e-3, 3, 5),
    NORM(2, 1, 1, 12, 1e-5, 2, 2, 2, 3),
    NORM(2, 4, 2, 2, 0.1, 2, 2, 2, 4),
    {"norm_affine",
     norm_affine_of,
     3,
     {1, 6, 3, 1, 1e-5, ACTIVATION_LEAKY_RELU, 0.2},
     {X(6, 3), POSITIVE(3), X(3)}},
    {"norm_affine",
     norm_affine_of,
     3,
     {2, 4, 3, 1, 1e-5, ACTIVATION_LEAKY_RELU, 0},
     {X(2, 2, 2, 3), X(3), X(3)}},
    {"norm_affine",
     norm_affine_of,
     3,
     {1, 6, 3, 1, 1e-5, ACTIVATION_ELU, 0.8},
     {X(6, 3), POSITIVE(3), X(3)}},
    {"norm_affine", norm_affine_of, 3, {3, 1, 1, 5, 1e-3, ACTIVATION_NONE}, {X(3, 5), X(5), X(5)}},
    {"norm_affine",
     norm_affine_of,
     2,
     {2, 1, 1, 12, 1e-5, ACTIVATION_LEAKY_RELU, 0.2},
     {X(2, 2, 2, 3), X(2, 2, 3), X(2, 2, 3)}},
    {"norm_affine",
     norm_affine_of,
     2,
     {2, 1, 2, 3, 1e-3, ACTIVATION_ELU, 1},
     {X(2, 6), POSITIVE(6), X(6)}},
    {"norm_affine",
     norm_affine_of,
     2,
     {2, 4, 2, 2, 0.1, ACTIVATION_LEAKY_RELU, 0.2},
     {X(2, 2, 2, 4), POSITIVE(4), X(4)}},
};

const int32_t op_sample_count = (int32_t)(sizeof op_samples / sizeof op_samples[0]);
