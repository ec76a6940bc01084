#include "conv_problems.h"

#include <math.h>
#include <stdio.h>

#define SQUARE(n, c, o, side, k, s, pad)                                                           \
    { 0, n, c, o, side, side, k, k, s, 1, pad, pad, pad, pad }
#define TRANSPOSED(n, c, o, side, k, s, pad)                                                       \
    { 1, n, c, o, side, side, k, k, s, 1, pad, pad, pad, pad }

const conv_problem conv_problems[CONV_PROBLEMS] = {
    /* DCGAN's critic and generator */
    SQUARE(64, 3, 64, 64, 4, 2, 1),
    SQUARE(64, 64, 128, 32, 4, 2, 1),
    SQUARE(64, 128, 256, 16, 4, 2, 1),
    SQUARE(64, 256, 512, 8, 4, 2, 1),
    TRANSPOSED(64, 512, 1024, 8, 4, 2, 1),
    TRANSPOSED(64, 256, 512, 16, 4, 2, 1),
    TRANSPOSED(64, 128, 256, 32, 4, 2, 1),
    TRANSPOSED(64, 3, 128, 64, 4, 2, 1),
    /* BEGAN */
    SQUARE(16, 64, 64, 64, 3, 1, 1),
    SQUARE(16, 128, 128, 32, 3, 1, 1),
    SQUARE(16, 192, 192, 16, 3, 1, 1),
    SQUARE(16, 128, 128, 64, 3, 2, 1),
    SQUARE(16, 192, 192, 32, 3, 2, 1),
    SQUARE(16, 256, 256, 16, 3, 2, 1),
    SQUARE(16, 3, 64, 64, 3, 1, 1),
    SQUARE(16, 64, 3, 64, 3, 1, 1),
    /* the first DCGAN's kernel */
    SQUARE(64, 64, 128, 32, 5, 2, 2),
    /* one geometry of each kind: channels beside the width of vectors, sides beside that of tiles,
     * pixels that no window reads, padding on some sides only */
    {0, 3, 17, 33, 18, 14, 4, 4, 2, 1, 1, 1, 1, 1},
    {0, 2, 32, 16, 15, 13, 4, 4, 2, 1, 0, 1, 2, 0},
    {0, 9, 16, 48, 6, 6, 4, 4, 2, 1, 1, 1, 1, 1},
    {0, 17, 24, 24, 4, 4, 4, 4, 2, 1, 1, 1, 1, 1},
    {0, 5, 40, 20, 19, 21, 4, 4, 2, 1, 2, 2, 2, 2},
    {1, 20, 16, 32, 8, 8, 4, 4, 2, 1, 1, 1, 1, 1},
    {0, 1, 32, 32, 66, 34, 4, 4, 2, 1, 1, 1, 1, 1},
    {0, 4, 16, 16, 19, 18, 4, 4, 2, 1, 0, 0, 0, 0},
    {0, 2, 16, 16, 130, 10, 4, 4, 2, 1, 1, 1, 1, 1},
    {0, 2, 17, 19, 23, 25, 3, 3, 1, 1, 1, 1, 1, 1},
    {0, 3, 32, 16, 14, 14, 3, 3, 1, 1, 0, 0, 0, 0},
    {0, 6, 16, 16, 6, 6, 3, 3, 1, 1, 1, 1, 1, 1},
    {0, 1, 48, 64, 31, 18, 3, 3, 1, 1, 2, 2, 2, 2},
    {0, 4, 16, 32, 12, 12, 2, 2, 1, 1, 0, 1, 1, 0},
    {0, 4, 32, 32, 17, 16, 3, 3, 2, 1, 1, 1, 1, 1},
    {0, 4, 16, 32, 18, 19, 5, 5, 2, 1, 2, 2, 2, 2},
    {1, 4, 32, 32, 20, 20, 5, 5, 2, 1, 2, 2, 1, 1},
    {0, 4, 32, 16, 21, 13, 6, 6, 2, 1, 2, 2, 2, 2},
    {0, 4, 32, 32, 16, 16, 4, 3, 2, 1, 1, 1, 1, 1},
    {0, 2, 16, 16, 12, 12, 3, 3, 1, 2, 2, 2, 2, 2},
    {0, 4, 16, 16, 9, 9, 5, 5, 3, 1, 2, 2, 2, 2},
    {0, 5, 24, 40, 7, 9, 1, 1, 1, 1, 0, 0, 0, 0},
    {0, 5, 24, 40, 4, 4, 4, 4, 1, 1, 0, 0, 0, 0},
    {0, 3, 4, 20, 16, 16, 4, 4, 2, 1, 1, 1, 1, 1},
    {0, 3, 20, 1, 16, 16, 3, 3, 1, 1, 1, 1, 1, 1},
    /* few channels on one side or on both: 1 to 9 of them, each kind of stride, dilation and
     * padding, kernels wider than the image, lines and images too small to be worth a block */
    {0, 3, 3, 21, 19, 23, 4, 4, 2, 1, 1, 1, 1, 1},
    {0, 2, 1, 33, 13, 12, 5, 5, 2, 1, 2, 2, 2, 2},
    {0, 2, 5, 18, 17, 11, 3, 3, 3, 1, 0, 2, 1, 0},
    {0, 2, 2, 40, 15, 16, 5, 3, 3, 1, 2, 1, 2, 1},
    {0, 2, 3, 17, 16, 18, 3, 3, 1, 2, 2, 2, 2, 2},
    {0, 2, 7, 24, 20, 17, 3, 4, 2, 3, 1, 5, 4, 0},
    {0, 2, 19, 4, 18, 15, 3, 3, 1, 2, 2, 1, 3, 2},
    {0, 2, 21, 6, 12, 17, 4, 5, 1, 1, 0, 3, 2, 1},
    {0, 2, 16, 3, 9, 10, 3, 3, 1, 1, 4, 5, 4, 5},
    {0, 3, 9, 35, 18, 18, 4, 4, 2, 1, 1, 1, 1, 1},
    {0, 3, 35, 9, 18, 18, 3, 3, 1, 1, 1, 1, 1, 1},
    {0, 2, 8, 11, 5, 4, 7, 7, 1, 1, 3, 3, 3, 3},
    {0, 2, 3, 12, 4, 5, 9, 8, 2, 1, 4, 4, 4, 4},
    {0, 2, 12, 2, 3, 3, 7, 6, 1, 1, 5, 4, 3, 4},
    {0, 1, 3, 16, 3, 700, 3, 3, 1, 1, 1, 1, 1, 1},
    {0, 1, 16, 3, 600, 1, 5, 1, 2, 1, 2, 0, 2, 0},
    {0, 2, 4, 3, 23, 22, 4, 4, 5, 1, 1, 1, 1, 1},
    {0, 2, 3, 3, 20, 20, 2, 2, 3, 2, 0, 0, 0, 0},
    {1, 3, 3, 22, 20, 22, 4, 4, 2, 1, 1, 1, 1, 1},
    {1, 2, 24, 5, 19, 18, 3, 3, 2, 1, 1, 1, 1, 1},
    /* the same by implicit GEMM: depths and widths of several blocks, ragged at each end */
    {0, 3, 24, 40, 17, 19, 3, 3, 1, 2, 2, 2, 2, 2},
    {0, 2, 50, 70, 21, 18, 3, 3, 3, 1, 1, 1, 1, 1},
    {0, 1, 150, 37, 22, 25, 3, 2, 1, 2, 1, 0, 0, 1},
    {0, 1, 150, 37, 22, 25, 3, 2, 1, 1, 1, 0, 0, 1},
    {0, 2, 19, 100, 34, 16, 2, 2, 4, 1, 0, 0, 0, 0},
    {0, 1, 12, 20, 1, 900, 1, 5, 1, 1, 0, 2, 0, 2},
    /* few pixels and a large kernel, which is used where it lies */
    {1, 1, 128, 137, 8, 8, 4, 4, 2, 1, 1, 1, 1, 1},
    {1, 3, 96, 310, 7, 5, 3, 3, 1, 2, 2, 1, 0, 2},
    {1, 2, 64, 460, 9, 6, 3, 3, 2, 1, 0, 2, 1, 1},
};

static int64_t windows(int64_t size, int64_t pads, int64_t k, int64_t stride, int64_t dilation) {
    return (size + pads - dilation * (k - 1) - 1) / stride + 1;
}

int64_t conv_problem_ho(const conv_problem *p) {
    return windows(p->h, p->top + p->bottom, p->kh, p->stride, p->dilation);
}

int64_t conv_problem_wo(const conv_problem *p) {
    return windows(p->w, p->left + p->right, p->kw, p->stride, p->dilation);
}

const char *conv_problem_name(const conv_problem *p, char name[CONV_NAME]) {
    const int64_t from = p->transposed ? p->o : p->c, to = p->transposed ? p->c : p->o;
    const int64_t side = p->transposed ? conv_problem_ho(p) : p->h;
    snprintf(name, CONV_NAME, "%s-n%lld-c%lld-%lld-px%lld-k%ds%d",
             p->transposed ? "deconv" : "conv", (long long)p->n, (long long)from, (long long)to,
             (long long)side, (int)p->kh, (int)p->stride);
    return name;
}

double conv_problem_work(const conv_problem *p) {
    return (double)(p->n * conv_problem_ho(p) * conv_problem_wo(p)) *
           (double)(p->o * p->kh * p->kw * p->c);
}

gan_conv2d_opts conv_problem_opts(const conv_problem *p) {
    gan_conv2d_opts opts;
    gan_conv2d_opts_init(&opts, sizeof opts);
    opts.stride_h = opts.stride_w = p->stride;
    opts.dilation_h = opts.dilation_w = p->dilation;
    opts.pad_top = p->top;
    opts.pad_left = p->left;
    opts.pad_bottom = p->bottom;
    opts.pad_right = p->right;
    return opts;
}

int64_t conv_problem_size(const conv_problem *p, int operand) {
    if (operand == CONV_OF_X) return p->n * p->h * p->w * p->c;
    if (operand == CONV_OF_W) return p->o * p->kh * p->kw * p->c;
    return p->n * conv_problem_ho(p) * conv_problem_wo(p) * p->o;
}

gan_tensor *conv_problem_run(const conv_problem *p, int operand, gan_tensor *const operands[3]) {
    const gan_conv2d_opts opts = conv_problem_opts(p);
    if (operand == CONV_OF_X)
        return gan_conv2d_data_grad(operands[CONV_OF_G], operands[CONV_OF_W], p->h, p->w, &opts);
    if (operand == CONV_OF_W)
        return gan_conv2d_weight_grad(operands[CONV_OF_X], operands[CONV_OF_G], p->kh, p->kw,
                                      &opts);
    return gan_conv2d(operands[CONV_OF_X], operands[CONV_OF_W], &opts);
}

/* ---- the definition -------------------------------------------------------------------------- */

/* One term of T has indices of all axes; x, w and g hold the elements that meet in it. */
typedef struct place {
    int64_t n, i, j, o, a, b, c;
} place;

static double at_x(const conv_problem *p, const double *x, const place *t) {
    const int64_t y = t->i * p->stride + t->a * p->dilation - p->top;
    const int64_t z = t->j * p->stride + t->b * p->dilation - p->left;
    if (y < 0 || z < 0 || y >= p->h || z >= p->w) return 0;
    return x[((t->n * p->h + y) * p->w + z) * p->c + t->c];
}

static double at_w(const conv_problem *p, const double *w, const place *t) {
    return w[((t->o * p->kh + t->a) * p->kw + t->b) * p->c + t->c];
}

static double at_g(const conv_problem *p, const double *g, const place *t) {
    return g[((t->n * conv_problem_ho(p) + t->i) * conv_problem_wo(p) + t->j) * p->o + t->o];
}

static double element_of_g(const conv_problem *p, const double *x, const double *w, int64_t at) {
    const int64_t wo = conv_problem_wo(p), pixel = at / p->o;
    place t = {.o = at % p->o, .j = pixel % wo};
    t.i = pixel / wo % conv_problem_ho(p);
    t.n = pixel / wo / conv_problem_ho(p);
    double sum = 0;
    for (t.a = 0; t.a < p->kh; t.a++)
        for (t.b = 0; t.b < p->kw; t.b++)
            for (t.c = 0; t.c < p->c; t.c++) sum += at_x(p, x, &t) * at_w(p, w, &t);
    return sum;
}

static double element_of_w(const conv_problem *p, const double *x, const double *g, int64_t at) {
    const int64_t tap = at / p->c;
    place t = {.c = at % p->c, .b = tap % p->kw, .a = tap / p->kw % p->kh};
    t.o = tap / p->kw / p->kh;
    double sum = 0;
    for (t.n = 0; t.n < p->n; t.n++)
        for (t.i = 0; t.i < conv_problem_ho(p); t.i++)
            for (t.j = 0; t.j < conv_problem_wo(p); t.j++) sum += at_x(p, x, &t) * at_g(p, g, &t);
    return sum;
}

/* Where tap a on an axis comes from, for place `y` of x: an index below `length`, or -1. */
static int64_t origin(int64_t y, int64_t a, int64_t pad, int64_t stride, int64_t dilation,
                      int64_t length) {
    const int64_t from = y + pad - a * dilation;
    return from < 0 || from % stride != 0 || from / stride >= length ? -1 : from / stride;
}

static double element_of_x(const conv_problem *p, const double *w, const double *g, int64_t at) {
    const int64_t pixel = at / p->c, y = pixel / p->w % p->h, z = pixel % p->w;
    place t = {.c = at % p->c, .n = pixel / p->w / p->h};
    double sum = 0;
    for (t.a = 0; t.a < p->kh; t.a++)
        for (t.b = 0; t.b < p->kw; t.b++) {
            t.i = origin(y, t.a, p->top, p->stride, p->dilation, conv_problem_ho(p));
            t.j = origin(z, t.b, p->left, p->stride, p->dilation, conv_problem_wo(p));
            if (t.i < 0 || t.j < 0) continue;
            for (t.o = 0; t.o < p->o; t.o++) sum += at_w(p, w, &t) * at_g(p, g, &t);
        }
    return sum;
}

double conv_problem_error(const conv_problem *p, int operand, const double *const operands[3],
                          const double *y, int64_t samples) {
    const double *x = operands[CONV_OF_X], *w = operands[CONV_OF_W], *g = operands[CONV_OF_G];
    const int64_t size = conv_problem_size(p, operand);
    double error = 0, norm = 0;
    if (samples > size) samples = size;
    for (int64_t i = 0; i < samples; i++) {
        /* evenly spread, with a remainder that walks through all channels and columns */
        const int64_t at = i * (size / samples) + i % (size / samples);
        const double z = operand == CONV_OF_X   ? element_of_x(p, w, g, at)
                         : operand == CONV_OF_W ? element_of_w(p, x, g, at)
                                                : element_of_g(p, x, w, at);
        error += (y[at] - z) * (y[at] - z);
        norm += z * z;
    }
    return sqrt(error / norm);
}
