#include "nn/init.h"

#include "core/alloc.h"
#include "core/context.h"
#include "core/error.h"
#include "gan/nn.h"
#include "kernels/kernels.h"

#include <math.h>

/* ---- independent elements -------------------------------------------------------------------- */

double init_fan_in(const shape *s) {
    double fan = 1;
    for (int32_t i = 1; i < s->rank; i++) fan *= (double)s->dim[i];
    return fan;
}

static double fan_out(const shape *s) {
    double fan = 1;
    for (int32_t i = 0; i < s->rank - 1; i++) fan *= (double)s->dim[i];
    return fan;
}

void init_constant(gan_tensor *t, double value) {
    layout_fill(tensor_context(t), tensor_size(t), value, tensor_data(t));
    tensor_touch(t);
}

static void draw_normal(gan_context *ctx, int64_t n, double std, real *y) {
    noise_normal(ctx, ctx->random_key, random_take(ctx, noise_blocks(n)), n, 0, std, y);
}

void init_normal(gan_tensor *t, double std) {
    draw_normal(tensor_context(t), tensor_size(t), std, tensor_data(t));
    tensor_touch(t);
}

void init_uniform(gan_tensor *t, double bound) {
    gan_context *ctx = tensor_context(t);
    int64_t n = tensor_size(t);
    noise_uniform(ctx, ctx->random_key, random_take(ctx, noise_blocks(n)), n, -bound, bound,
                  tensor_data(t));
    tensor_touch(t);
}

/* ---- orthogonal ------------------------------------------------------------------------------ */

/* In partial sums, so that the compiler may use vectors. */
static double dot(int64_t n, const double *a, const double *b) {
    enum { LANES = 8 };
    double sum[LANES] = {0}, total = 0;
    int64_t whole = n - n % LANES;
    for (int64_t i = 0; i < whole; i += LANES)
        for (int64_t k = 0; k < LANES; k++) sum[k] += a[i + k] * b[i + k];
    for (int64_t i = whole; i < n; i++) total += a[i] * b[i];
    for (int64_t k = 0; k < LANES; k++) total += sum[k];
    return total;
}

/* Takes the parts along the k unit vectors of `basis` out of v. Rounding leaves a little of them
 * after the first pass; a second is enough (Giraud et al. 2005). */
static void orthogonalise(int64_t n, int64_t k, const double *basis, double *v) {
    for (int pass = 0; pass < 2; pass++)
        for (int64_t j = 0; j < k; j++) {
            const double *q = basis + j * n;
            double along = dot(n, q, v);
            for (int64_t i = 0; i < n; i++) v[i] -= along * q[i];
        }
}

/* Fills basis (k, n), k <= n, with orthonormal rows of uniformly distributed directions (Saxe et
 * al. 2014): Gram-Schmidt on normal vectors. */
static void draw_basis(gan_context *ctx, int64_t k, int64_t n, double *basis, real *scratch) {
    for (int64_t j = 0; j < k; j++) {
        double *v = basis + j * n, length = 0;
        /* What is left of a vector that lies among the others has no direction: draw another. */
        while (length < 1e-6) {
            draw_normal(ctx, n, 1, scratch);
            for (int64_t i = 0; i < n; i++) v[i] = (double)scratch[i];
            orthogonalise(n, j, basis, v);
            length = sqrt(dot(n, v, v));
        }
        for (int64_t i = 0; i < n; i++) v[i] /= length;
    }
}

/* t as a matrix (rows, cols): its rows are orthogonal, or its columns if there are more rows. */
static int32_t init_orthogonal(gan_tensor *t, double gain) {
    gan_context *ctx = tensor_context(t);
    int64_t rows = tensor_shape(t)->dim[0];
    int64_t cols = rows ? tensor_size(t) / rows : 0;
    if (cols == 0) return GAN_OK;
    int wide = rows <= cols;
    int64_t k = wide ? rows : cols, n = wide ? cols : rows;
    double *basis = arena_alloc_array(ctx, (size_t)tensor_size(t), sizeof *basis);
    real *scratch = arena_alloc_array(ctx, (size_t)n, sizeof *scratch);
    if (basis && scratch) {
        real *w = tensor_data(t);
        draw_basis(ctx, k, n, basis, scratch);
        for (int64_t j = 0; j < k; j++)
            for (int64_t i = 0; i < n; i++)
                w[wide ? j * n + i : i * k + j] = (real)(gain * basis[j * n + i]);
        tensor_touch(t);
    }
    int32_t code = basis && scratch ? GAN_OK : GAN_ENOMEM;
    arena_free(ctx, basis);
    arena_free(ctx, scratch);
    return code;
}

/* ---- by number ------------------------------------------------------------------------------- */

int32_t init_tensor(gan_tensor *t, int32_t method, double a) {
    const shape *s = tensor_shape(t);
    double in = init_fan_in(s), both = in + fan_out(s);
    if (tensor_size(t) == 0) return GAN_OK;
    switch (method) {
    case GAN_INIT_NORMAL:
        init_normal(t, a);
        return GAN_OK;
    case GAN_INIT_UNIFORM:
        init_uniform(t, a);
        return GAN_OK;
    case GAN_INIT_XAVIER_UNIFORM: /* Glorot & Bengio 2010, eq. 16 */
        init_uniform(t, a * sqrt(6 / both));
        return GAN_OK;
    case GAN_INIT_XAVIER_NORMAL:
        init_normal(t, a * sqrt(2 / both));
        return GAN_OK;
    case GAN_INIT_HE_UNIFORM: /* He et al. 2015, eq. 10 */
        init_uniform(t, a * sqrt(3 / in));
        return GAN_OK;
    case GAN_INIT_HE_NORMAL:
        init_normal(t, a / sqrt(in));
        return GAN_OK;
    default:
        return init_orthogonal(t, a);
    }
}
