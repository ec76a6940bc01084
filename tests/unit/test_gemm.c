/* Matrix products against sums in double precision: the packed one, whose source is compiled in as
 * it is for each instruction set, with every way the left factor can lie, and those that the
 * library's table of kernels offers. Run with the float and with the double library. */
#include "support.h"

#include "core/context.h"
#include "kernels/gemm_packed.h"
#include "kernels/kernels.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { LARGEST = 70, TRIALS = 400, DEEP = 3 * GEMM_DEPTH };

#ifdef GAN_FLOAT64
static const double TOLERANCE = 1e-14;
#else
static const double TOLERANCE = 1e-6;
#endif

/* ---- numbers --------------------------------------------------------------------------------- */

static uint64_t random_state;

static uint64_t random_bits(void) {
    random_state = random_state * 6364136223846793005u + 1442695040888963407u;
    return random_state >> 33;
}

static int64_t random_up_to(int64_t most) { return 1 + (int64_t)(random_bits() % (uint64_t)most); }

static real *random_reals(int64_t count) {
    real *x = malloc((size_t)count * sizeof *x);
    assert_non_null(x);
    for (int64_t i = 0; i < count; i++) x[i] = (real)random_bits() / (real)(1u << 30) - 1;
    return x;
}

/* A factor of a product: element (i, j) at data[i * row + j * column]. */
typedef struct matrix {
    const real *data;
    int64_t row, column;
} matrix;

/* c (m, n), rows ldc apart, is A B, plus what it was before if `accumulate`; and what lies between
 * its rows is as before. */
static void check(int64_t m, int64_t n, int64_t k, matrix a, matrix b, int accumulate,
                  const real *before, const real *c, int64_t ldc) {
    for (int64_t i = 0; i < m; i++) {
        for (int64_t j = 0; j < n; j++) {
            double sum = accumulate ? (double)before[i * ldc + j] : 0, size = 1;
            for (int64_t p = 0; p < k; p++) {
                const double term = (double)a.data[i * a.row + p * a.column] *
                                    (double)b.data[p * b.row + j * b.column];
                sum += term;
                size += fabs(term);
            }
            if (!(fabs((double)c[i * ldc + j] - sum) <= TOLERANCE * size))
                fail_msg("(%d, %d, %d): element (%d, %d) is %g, not %g", (int)m, (int)n, (int)k,
                         (int)i, (int)j, (double)c[i * ldc + j], sum);
        }
        if (memcmp(c + i * ldc + n, before + i * ldc + n, (size_t)(ldc - n) * sizeof(real)) != 0)
            fail_msg("(%d, %d, %d): written behind row %d", (int)m, (int)n, (int)k, (int)i);
    }
}

/* The result's memory before, and a copy to compute in; NaN where it is not accumulated to. */
static real *spoiled(int64_t count, int accumulate, real **before) {
    *before = random_reals(count);
    real *c = malloc((size_t)count * sizeof *c);
    assert_non_null(c);
    for (int64_t i = 0; i < count && !accumulate; i++) (*before)[i] = NAN;
    memcpy(c, *before, (size_t)count * sizeof *c);
    return c;
}

/* ---- the packed product ---------------------------------------------------------------------- */

static real *packed(int tb, int64_t k, int64_t n, const real *b, int64_t ldb) {
    real *panels = random_reals(ceil_div(n, GEMM_PANEL) * GEMM_PANEL * k);
    gemm_pack(tb, k, n, b, ldb, panels);
    return panels;
}

/* The same, each panel `distance` elements from the one before. */
static real *packed_apart(int tb, int64_t k, int64_t n, const real *b, int64_t ldb,
                          int64_t distance) {
    real *panels = random_reals(ceil_div(n, GEMM_PANEL) * distance);
    for (int64_t j = 0; j < n; j += GEMM_PANEL)
        gemm_pack(tb, k, min_i64(GEMM_PANEL, n - j), b + j * (tb ? ldb : 1), ldb,
                  panels + j / GEMM_PANEL * distance);
    return panels;
}

enum { ROWS, TRANSPOSED, PANELS, LEFTS };

static void try_packed(int64_t m, int64_t n, int64_t k, int lies, int tb, int accumulate) {
    const int64_t lda = (lies == ROWS ? k : m) + random_up_to(5) - 1;
    const int64_t ldb = (tb ? k : n) + random_up_to(5) - 1, ldc = n + random_up_to(40) - 1;
    real *a = random_reals((lies == ROWS ? m : k) * lda), *before;
    real *b = random_reals((tb ? n : k) * ldb), *c = spoiled(m * ldc, accumulate, &before);
    const int64_t distance = GEMM_PANEL * (k + random_up_to(4) - 1);
    real *panels = packed_apart(tb, k, n, b, ldb, distance), *a_panels = NULL;
    const gemm_right right = {panels, distance};
    gemm_left left = gemm_left_rows(a, lda);
    if (lies == TRANSPOSED) left = gemm_left_transposed(a, lda);
    if (lies == PANELS) {
        a_panels = packed(0, k, m, a, lda);
        left = gemm_left_panels(a_panels, k);
    }
    gemm_packed(m, n, k, &left, &right, accumulate, c, ldc);
    check(m, n, k, lies == ROWS ? (matrix){a, lda, 1} : (matrix){a, 1, lda},
          tb ? (matrix){b, 1, ldb} : (matrix){b, ldb, 1}, accumulate, before, c, ldc);
    free(a);
    free(b);
    free(c);
    free(before);
    free(panels);
    free(a_panels);
}

static void test_packed(void **state) {
    (void)state;
    for (int i = 0; i < TRIALS; i++)
        try_packed(random_up_to(LARGEST), random_up_to(LARGEST), random_up_to(LARGEST), i % LEFTS,
                   i / LEFTS % 2, i / LEFTS / 2 % 2);
    for (int lies = 0; lies < LEFTS; lies++) { /* several blocks of rows, several of the depth */
        try_packed(401, 3, 7, lies, 0, 1);
        try_packed(13, GEMM_PANEL + 1, DEEP + 1, lies, 1, 0);
    }
    try_packed(5, 5, 0, ROWS, 0, 0);
    try_packed(5, 5, 0, ROWS, 0, 1);
}

/* A strip's left factor in one matrix: its runs are unfolded for the check. */
static void try_strip(int64_t rows, int64_t cols, int64_t runs, int64_t run, int accumulate) {
    const int64_t k = runs * run, ldc = cols + random_up_to(5) - 1;
    const int64_t row = random_up_to(9), run_step = random_up_to(90), step = random_up_to(4);
    real *a = random_reals(rows * row + runs * run_step + run * step), *before;
    real *unfolded = random_reals(rows * k), *b = random_reals(k * cols);
    real *c = spoiled(rows * ldc, accumulate, &before), *panel = packed(0, k, cols, b, cols);
    for (int64_t i = 0; i < rows; i++)
        for (int64_t p = 0; p < k; p++)
            unfolded[i * k + p] = a[i * row + p / run * run_step + p % run * step];
    gemm_strip strip = {.rows = rows,
                        .b_step = GEMM_PANEL,
                        .cols = cols,
                        .runs = runs,
                        .run = run,
                        .a = a,
                        .row = row,
                        .run_step = run_step,
                        .step = step,
                        .b = panel,
                        .accumulate = accumulate,
                        .c = c,
                        .ldc = ldc,
                        .next = (const char *)b,
                        .next_step = 1};
    gemm_multiply_strip(&strip);
    assert_int_equal(strip.next - (const char *)b, gemm_strip_steps(rows, k));
    check(rows, cols, k, (matrix){unfolded, k, 1}, (matrix){b, cols, 1}, accumulate, before, c,
          ldc);
    free(a);
    free(unfolded);
    free(b);
    free(c);
    free(before);
    free(panel);
}

static void test_strips(void **state) {
    (void)state;
    for (int i = 0; i < TRIALS; i++)
        try_strip(random_up_to(LARGEST), random_up_to(GEMM_PANEL), random_up_to(6),
                  random_up_to(20), i % 2);
    for (int64_t rows = 1; rows <= 24; rows++) {
        try_strip(rows, GEMM_PANEL, 2, 5, 1); /* whole panels and halves have their own ways */
        try_strip(rows, GEMM_PANEL / 2, 3, 4, 0);
    }
}

/* ---- the library's --------------------------------------------------------------------------- */

static void try_gemm(gan_context *ctx, int64_t m, int64_t n, int64_t k, int ta, int tb) {
    real *a = random_reals(m * k), *b = random_reals(k * n), *before;
    real *c = spoiled(m * n, 0, &before);
    gemm(ctx, ta, tb, m, n, k, a, b, c);
    check(m, n, k, ta ? (matrix){a, 1, m} : (matrix){a, k, 1},
          tb ? (matrix){b, 1, k} : (matrix){b, n, 1}, 0, before, c, n);
    free(a);
    free(b);
    free(c);
    free(before);
}

static void test_gemm(void **state) {
    (void)state;
    gan_context *ctx = context_with(3);
    for (int i = 0; i < TRIALS; i++)
        try_gemm(ctx, random_up_to(LARGEST), random_up_to(LARGEST), random_up_to(LARGEST), i % 2,
                 i / 2 % 2);
    for (int i = 0; i < 4; i++) { /* vectors, and work for several threads */
        try_gemm(ctx, 1, 67, 130, i % 2, i / 2);
        try_gemm(ctx, 69, 1, 300, i % 2, i / 2);
        try_gemm(ctx, 150, 210, 333, i % 2, i / 2);
    }
    gan_context_destroy(ctx);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_packed),
        cmocka_unit_test(test_strips),
        cmocka_unit_test(test_gemm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
