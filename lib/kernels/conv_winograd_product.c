/* The matrix products at the points.
 *
 * Where the kernel is smaller than stride * taps, some phases have a tap less: their kernel is zero
 * at infinity, whose coordinate is the last tap. These products are left out. A 3x3 kernel with
 * stride 2 takes (4 * 2 + 1)^2 products of single phases instead of (5 * 2)^2. */
#include "kernels/conv_winograd.h"

#include <string.h>

/* Whether the kernel's phase is other than zero at the point. */
static int meets(const winograd_plan *p, int64_t phase, int64_t point) {
    const conv_geom *q = p->geom;
    const int64_t last_tap = p->f->taps - 1, infinity = p->f->points - 1;
    const int64_t y = phase / q->sw + last_tap * q->sh, x = phase % q->sw + last_tap * q->sw;
    return (y < q->kh || point / p->f->points < infinity) &&
           (x < q->kw || point % p->f->points < infinity);
}

/* The first of these panels of x up to where `meets` changes. */
static range next_run(const winograd_plan *p, range panels, int64_t point, int *met) {
    range run = {panels.begin, panels.begin};
    *met = meets(p, panels.begin / p->c_panels, point);
    while (run.end < panels.end && meets(p, run.end / p->c_panels, point) == *met)
        run.end = min_i64(panels.end, (run.end / p->c_panels + 1) * p->c_panels);
    return run;
}

/* Products that are left out are zero. */
static void clear_columns(int64_t rows, int64_t cols, real *c, int64_t ldc) {
    for (int64_t i = 0; i < rows; i++) memset(c + i * ldc, 0, (size_t)cols * sizeof(real));
}

/* By one panel, whose next point lies at `behind`. */
static void multiply_once(int64_t point, int64_t rows, int64_t depth, const gemm_left *left,
                          const real *panel, const real *behind, const lookahead *next,
                          int accumulate, const spectrum *to) {
    gemm_packed_once(rows, GEMM_PANEL, depth, left, panel,
                     next ? next->data + point * next->step : behind, next ? next->count : depth,
                     accumulate, to->data + point * to->point, to->row);
}

/* Columns of the result that are x's. */
static void multiply_columns(const winograd_plan *p, int64_t point, int64_t rows, int64_t depth,
                             const gemm_left *left, range panels, const spectrum *right,
                             const lookahead *next, int accumulate, const spectrum *to) {
    for (range rest = panels; rest.begin < rest.end;) {
        int met;
        const range run = next_run(p, rest, point, &met);
        const int64_t panel = run.begin - panels.begin, cols = range_size(run) * GEMM_PANEL;
        real *const c = to->data + point * to->point + panel * to->panel;
        const gemm_right there = {right->data + point * right->point + panel * right->panel,
                                  right->panel};
        if (met && range_size(panels) == 1 && left->panel == GEMM_PANEL * left->row)
            multiply_once(point, rows, depth, left, there.data, there.data + right->point, next,
                          accumulate, to);
        else if (met)
            gemm_packed(rows, cols, depth, left, &there, accumulate, c, to->row);
        else if (!accumulate)
            clear_columns(rows, cols, c, to->row);
        rest.begin = run.end;
    }
}

/* The inner dimension is x's. */
static void multiply_depth(const winograd_plan *p, int64_t point, int64_t rows, range in,
                           int64_t out_panels, const spectrum *source, const spectrum *kernel,
                           const lookahead *next, int accumulate, const spectrum *to) {
    real *const c = to->data + point * to->point;
    for (range rest = in; rest.begin < rest.end;) {
        int met;
        const range run = next_run(p, rest, point, &met);
        const gemm_left left = gemm_left_rows(source->data + point * source->point +
                                                  (run.begin - in.begin) * source->panel,
                                              source->row);
        const gemm_right right = {kernel->data + point * kernel->point +
                                      (run.begin - in.begin) * GEMM_PANEL * kernel->row,
                                  kernel->panel};
        const int64_t depth = range_size(run) * GEMM_PANEL;
        if (met && out_panels == 1)
            multiply_once(point, rows, depth, &left, right.data, right.data + kernel->point, next,
                          accumulate, to);
        else if (met)
            gemm_packed(rows, out_panels * GEMM_PANEL, depth, &left, &right, accumulate, c,
                        to->row);
        accumulate |= met;
        rest.begin = run.end;
    }
    if (!accumulate) clear_columns(rows, out_panels * GEMM_PANEL, c, to->row);
}

void winograd_multiply(const winograd_plan *p, int forward, int64_t rows, range in, range out,
                       const spectrum *source, const spectrum *kernel, const lookahead *next,
                       int accumulate, const spectrum *to) {
    for (int64_t k = 0; k < p->points; k++) {
        if (forward) {
            multiply_depth(p, k, rows, in, range_size(out), source, kernel, next, accumulate, to);
        } else {
            const gemm_left left = gemm_left_rows(source->data + k * source->point, source->row);
            multiply_columns(p, k, rows, range_size(in) * GEMM_PANEL, &left, out, kernel, next,
                             accumulate, to);
        }
    }
}

void winograd_correlate(const winograd_plan *p, int64_t tiles, range o_panels, range x_panels,
                        const spectrum *g, const spectrum *x, const spectrum *to) {
    for (int64_t k = 0; k < p->points; k++) {
        const gemm_left left = {g->data + k * g->point + o_panels.begin * g->panel, 1, GEMM_PANEL,
                                g->panel};
        multiply_columns(p, k, range_size(o_panels) * GEMM_PANEL, tiles, &left, x_panels, x, NULL,
                         0, to);
    }
}
