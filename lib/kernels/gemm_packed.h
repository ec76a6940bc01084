/* Matrix products of which one factor lies in panels: packed once, or written so by what makes it,
 * and used by many products. For the inside of lib/kernels, which is compiled once for each
 * instruction set: the panel's width depends on it.
 *
 * The panels of a matrix (k, n) are its columns, GEMM_PANEL at a time: element (p, j) is at
 *     gemm_panel_at(k, j) + p * GEMM_PANEL,
 * so that a panel's row is one or two vectors. The last panel is filled up with columns that take
 * part in the arithmetic but not in the result: they should hold zeros, and no NaN or denormals,
 * for speed. */
#ifndef GAN_KERNELS_GEMM_PACKED_H
#define GAN_KERNELS_GEMM_PACKED_H

#include "core/real.h"
#include "kernels/tiling.h"

/* Bytes of a vector register. */
#if defined(__AVX512F__)
#define GEMM_VECTOR 64
#elif defined(__AVX__)
#define GEMM_VECTOR 32
#else
#define GEMM_VECTOR 16
#endif

enum { GEMM_PANEL = 2 * GEMM_VECTOR / (int)sizeof(real) };

/* Depth of a product at once: that much of a panel stays in the first-level cache. */
enum { GEMM_DEPTH = 256 };

/* Where column j of row 0 lies in the panels of a matrix of k rows. */
static inline int64_t gemm_panel_at(int64_t k, int64_t j) {
    return j / GEMM_PANEL * GEMM_PANEL * k + j % GEMM_PANEL;
}

/* panels = those of op(B) (k, n). tb 0: B is (k, n), its rows ldb apart; 1: it is (n, k). */
void gemm_pack(int tb, int64_t k, int64_t n, const real *b, int64_t ldb, real *panels);

/* How the left factor (m, k) lies in memory: element (i, p) is at
 *     data[i / GEMM_PANEL * panel + i % GEMM_PANEL * row + p * step]. */
typedef struct gemm_left {
    const real *data;
    int64_t row, step, panel;
} gemm_left;

/* Rows that are lda apart. */
static inline gemm_left gemm_left_rows(const real *a, int64_t lda) {
    return (gemm_left){a, lda, 1, GEMM_PANEL * lda};
}

/* The transpose of (k, m), whose rows are lda apart. With large rows, panels are faster. */
static inline gemm_left gemm_left_transposed(const real *a, int64_t lda) {
    return (gemm_left){a, 1, lda, GEMM_PANEL};
}

/* The transpose of (k, m), which lies in panels. */
static inline gemm_left gemm_left_panels(const real *panels, int64_t k) {
    return (gemm_left){panels, 1, GEMM_PANEL, GEMM_PANEL * k};
}

/* A right factor in panels that are `panel` elements apart: GEMM_PANEL times the depth or, where
 * they are a part of the depth of larger ones, more. */
typedef struct gemm_right {
    const real *data;
    int64_t panel;
} gemm_right;

/* All of a matrix of k rows. */
static inline gemm_right gemm_right_panels(const real *panels, int64_t k) {
    return (gemm_right){panels, GEMM_PANEL * k};
}

/* Rows that lie at even distances, times a part of one panel. The depth is `runs` runs of `run`
 * elements, which follow each other in the panel: element (i, p) of the left factor is at
 *     a[i * row + p / run * run_step + p % run * step]. */
typedef struct gemm_strip {
    int64_t rows, cols; /* of the result; cols <= GEMM_PANEL */
    int64_t runs, run;
    const real *a;
    int64_t row, run_step, step;
    const real *b;  /* the panel, at the first step of the depth */
    int64_t b_step; /* and from step to step: GEMM_PANEL; more where it is a matrix's columns */
    int accumulate;
    real *c;
    int64_t ldc;
    const char *next;  /* what will be read soon: each step prefetches it, so many bytes on; or */
    int64_t next_step; /* NULL and 0. Advanced by the product. */
} gemm_strip;

/* C = A B, or C += A B. A depth of more than GEMM_DEPTH leaves the first-level cache. */
void gemm_multiply_strip(gemm_strip *strip);

/* How many steps that takes, for so many rows and so large a depth. */
int64_t gemm_strip_steps(int64_t rows, int64_t depth);

/* C (m, n) = A B, or C += A B if `accumulate`; the rows of C are ldc apart. One call on the
 * calling thread. The order of the additions depends on k only. */
void gemm_packed(int64_t m, int64_t n, int64_t k, const gemm_left *a, const gemm_right *b,
                 int accumulate, real *c, int64_t ldc);

/* Lets a strip ask for `count` steps of the panel at `ahead` while it runs, evenly: pages are too
 * short for the processor to foresee a kernel that passes by once. */
void gemm_strip_ahead(gemm_strip *strip, const real *ahead, int64_t count);

/* C (m, cols) = A B, or C += A B, for one panel and rows of A at even distances; meanwhile the
 * `count` steps of a panel at `ahead` are asked for. */
void gemm_packed_once(int64_t m, int64_t cols, int64_t k, const gemm_left *a, const real *panel,
                      const real *ahead, int64_t count, int accumulate, real *c, int64_t ldc);

#endif
