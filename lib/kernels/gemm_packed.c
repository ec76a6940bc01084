/* The product of a matrix as it lies and one in panels, after Goto and van de Geijn, "Anatomy of
 * High-Performance Matrix Multiplication", 2008: a tile of the result stays in registers while a
 * part of the depth runs through it.
 *
 * The left factor is only ever broadcast element by element, so it needs no packing, unless its
 * elements along the depth are so far apart that they collide in the cache. */
#include "kernels/gemm_packed.h"

#include <stddef.h>
#include <string.h>

/* With two vectors a row, 24 of 32 registers or 12 of 16. */
#if GEMM_VECTOR == 64
#define GEMM_ROWS 12
#else
#define GEMM_ROWS 6
#endif

typedef real vec __attribute__((vector_size(GEMM_VECTOR)));
/* A vector in memory, at any element. */
typedef real vec_at __attribute__((vector_size(GEMM_VECTOR), aligned(sizeof(real)), may_alias));

enum {
    LANES = GEMM_VECTOR / (int)sizeof(real),
    VECTORS = GEMM_PANEL / LANES, /* across a tile of the result */
    ROWS = GEMM_ROWS,             /* of a tile */
    BLOCK = 192                   /* rows of the left factor: they stay in the second-level cache */
};

_Static_assert(BLOCK % GEMM_PANEL == 0 && BLOCK % ROWS == 0, "blocks hold whole panels and tiles");

/* The tile of `rows` rows and `vectors` vectors, both constants where this is inlined. */
static inline __attribute__((always_inline)) void multiply_tile(const int rows, const int vectors,
                                                                const gemm_strip *t) {
    vec sum[ROWS][VECTORS];
    const real *b = t->b;
    const int64_t row = t->row, step = t->step, b_step = t->b_step, ldc = t->ldc;
    real *const c = t->c;
    const char *next = t->next;
#pragma GCC unroll 12
    for (int i = 0; i < rows; i++)
#pragma GCC unroll 2
        for (int v = 0; v < vectors; v++) {
            __builtin_prefetch(c + i * ldc + v * LANES, 1);
            sum[i][v] = (vec){0};
        }
    for (int64_t r = 0; r < t->runs; r++) {
        const real *a = t->a + r * t->run_step;
        for (int64_t p = 0; p < t->run; p++) {
            vec across[VECTORS];
            __builtin_prefetch(next);
            next += t->next_step;
            for (int v = 0; v < vectors; v++) across[v] = *(const vec_at *)(b + v * LANES);
#pragma GCC unroll 12
            for (int i = 0; i < rows; i++)
#pragma GCC unroll 2
                for (int v = 0; v < vectors; v++) sum[i][v] += a[i * row] * across[v];
            a += step;
            b += b_step;
        }
    }
#pragma GCC unroll 12
    for (int i = 0; i < rows; i++)
#pragma GCC unroll 2
        for (int v = 0; v < vectors; v++) {
            vec_at *to = (vec_at *)(c + i * ldc + v * LANES);
            if (t->accumulate) sum[i][v] += *to;
            *to = sum[i][v];
        }
}

#define TILE_ROWS(rows, vectors)                                                                   \
    case rows:                                                                                     \
        multiply_tile(rows, vectors, t);                                                           \
        break

#if GEMM_ROWS == 12
#define TILE_ROWS_ABOVE_6(vectors)                                                                 \
    TILE_ROWS(7, vectors);                                                                         \
    TILE_ROWS(8, vectors);                                                                         \
    TILE_ROWS(9, vectors);                                                                         \
    TILE_ROWS(10, vectors);                                                                        \
    TILE_ROWS(11, vectors);                                                                        \
    TILE_ROWS(12, vectors)
#else
#define TILE_ROWS_ABOVE_6(vectors)
#endif

#define TILE(vectors)                                                                              \
    TILE_ROWS(1, vectors);                                                                         \
    TILE_ROWS(2, vectors);                                                                         \
    TILE_ROWS(3, vectors);                                                                         \
    TILE_ROWS(4, vectors);                                                                         \
    TILE_ROWS(5, vectors);                                                                         \
    TILE_ROWS(6, vectors);                                                                         \
    TILE_ROWS_ABOVE_6(vectors)

/* Both halves of the panel. */
static void multiply_full(int rows, const gemm_strip *t) {
    switch (rows) { TILE(VECTORS); }
}

/* The first half of the panel. */
static void multiply_half(int rows, const gemm_strip *t) {
    switch (rows) { TILE(1); }
}

/* The tile at the right edge, `cols` wide: whole vectors go to a buffer, and their columns from
 * there to the result. */
static void multiply_edge(int rows, int64_t cols, const gemm_strip *t) {
    real buffer[ROWS * GEMM_PANEL];
    gemm_strip whole = *t;
    whole.accumulate = 0;
    whole.c = buffer;
    whole.ldc = GEMM_PANEL;
    if (cols > LANES)
        multiply_full(rows, &whole);
    else
        multiply_half(rows, &whole);
    for (int i = 0; i < rows; i++)
        for (int64_t j = 0; j < cols; j++) {
            real *to = t->c + i * t->ldc + j;
            *to = t->accumulate ? *to + buffer[i * GEMM_PANEL + j] : buffer[i * GEMM_PANEL + j];
        }
}

int64_t gemm_strip_steps(int64_t rows, int64_t depth) { return ceil_div(rows, ROWS) * depth; }

/* Tiles are as equal as can be: one of a single row would wait for its own additions. */
void gemm_multiply_strip(gemm_strip *strip) {
    const int64_t tiles = ceil_div(strip->rows, ROWS);
    const int64_t least = strip->rows / max_i64(1, tiles), more = strip->rows - tiles * least;
    gemm_strip t = *strip;
    for (int64_t tile = 0; tile < tiles; tile++) {
        const int height = (int)(tile < more ? least + 1 : least);
        if (t.cols == GEMM_PANEL)
            multiply_full(height, &t);
        else if (t.cols == LANES)
            multiply_half(height, &t);
        else
            multiply_edge(height, t.cols, &t);
        t.a += height * t.row;
        t.c += height * t.ldc;
        t.next += t.runs * t.run * t.next_step;
    }
    strip->next = t.next;
}

/* What the first panel has come past when the tile at `a` passes it: contiguous rows are asked for
 * two tiles ahead, panels of them one panel ahead. */
static void prefetch_left(const gemm_left *left, const real *a, gemm_strip *t) {
    if (left->panel != GEMM_PANEL * left->row) {
        t->next = (const char *)(a + left->panel);
        t->next_step = (int64_t)sizeof(real) * left->step / ceil_div(GEMM_PANEL, ROWS);
    } else if (left->step == 1 && left->row == t->run) {
        t->next = (const char *)(a + 2 * ROWS * left->row);
        t->next_step = ROWS * (int64_t)sizeof(real);
    }
}

/* One part of the depth, one block of rows. The panel after the present one comes in meanwhile:
 * kernels that do not stay near the core pass by once for each few rows. */
static void multiply_block(int64_t rows, int64_t n, const gemm_left *a, const real *block,
                           const gemm_right *b, gemm_strip t) {
    const int64_t height = a->panel == GEMM_PANEL * a->row ? rows : GEMM_PANEL;
    const int64_t tiles = ceil_div(rows, height) * ceil_div(height, ROWS);
    real *const c = t.c;
    for (int64_t j = 0; j < n; j += GEMM_PANEL) {
        t.cols = min_i64(GEMM_PANEL, n - j);
        t.next = (const char *)(t.b + b->panel);
        t.next_step = GEMM_PANEL * (int64_t)sizeof(real) / tiles;
        for (int64_t i = 0; i < rows; i += height) {
            t.a = block + i / GEMM_PANEL * a->panel;
            t.c = c + i * t.ldc + j;
            t.rows = min_i64(height, rows - i);
            if (j == 0) prefetch_left(a, t.a, &t);
            gemm_multiply_strip(&t);
        }
        t.b += b->panel;
    }
}

void gemm_packed(int64_t m, int64_t n, int64_t k, const gemm_left *a, const gemm_right *b,
                 int accumulate, real *c, int64_t ldc) {
    const int64_t parts = max_i64(1, ceil_div(k, GEMM_DEPTH));
    for (int64_t part = 0; part < parts; part++) {
        const int64_t from = k * part / parts;
        gemm_strip t = {.runs = 1,
                        .run = k * (part + 1) / parts - from,
                        .row = a->row,
                        .step = a->step,
                        .b = b->data + from * GEMM_PANEL,
                        .b_step = GEMM_PANEL,
                        .accumulate = accumulate || part > 0,
                        .ldc = ldc};
        for (int64_t i = 0; i < m; i += BLOCK) {
            t.c = c + i * ldc;
            multiply_block(min_i64(BLOCK, m - i), n, a,
                           a->data + i / GEMM_PANEL * a->panel + from * a->step, b, t);
        }
    }
}

void gemm_strip_ahead(gemm_strip *strip, const real *ahead, int64_t count) {
    const int64_t steps = gemm_strip_steps(strip->rows, strip->runs * strip->run);
    strip->next = (const char *)ahead;
    strip->next_step = count * GEMM_PANEL * (int64_t)sizeof(real) / max_i64(1, steps);
}

void gemm_packed_once(int64_t m, int64_t cols, int64_t k, const gemm_left *a, const real *panel,
                      const real *ahead, int64_t count, int accumulate, real *c, int64_t ldc) {
    const int64_t parts = max_i64(1, ceil_div(k, GEMM_DEPTH));
    for (int64_t part = 0; part < parts; part++) {
        const int64_t from = k * part / parts, to = k * (part + 1) / parts;
        gemm_strip t = {.rows = m,
                        .cols = cols,
                        .runs = 1,
                        .run = to - from,
                        .a = a->data + from * a->step,
                        .row = a->row,
                        .step = a->step,
                        .b = panel + from * GEMM_PANEL,
                        .b_step = GEMM_PANEL,
                        .accumulate = accumulate || part > 0,
                        .c = c,
                        .ldc = ldc};
        const int last = part + 1 == parts;
        gemm_strip_ahead(&t, last ? ahead : panel + to * GEMM_PANEL, last ? count : to - from);
        gemm_multiply_strip(&t);
    }
}

/* ---- packing --------------------------------------------------------------------------------- */

/* One panel of `cols` columns: `to` (k, GEMM_PANEL). */
static void pack_rows(int64_t k, int64_t cols, const real *b, int64_t ldb, real *restrict to) {
    if (cols == GEMM_PANEL) {
        for (int64_t p = 0; p < k; p++)
            memcpy(to + p * GEMM_PANEL, b + p * ldb, GEMM_PANEL * sizeof(real));
        return;
    }
    for (int64_t p = 0; p < k; p++)
        for (int64_t j = 0; j < GEMM_PANEL; j++)
            to[p * GEMM_PANEL + j] = j < cols ? b[p * ldb + j] : 0;
}

static void pack_columns(int64_t k, int64_t cols, const real *b, int64_t ldb, real *restrict to) {
    if (cols == GEMM_PANEL) {
        for (int64_t p = 0; p < k; p++)
            for (int64_t j = 0; j < GEMM_PANEL; j++) to[p * GEMM_PANEL + j] = b[j * ldb + p];
        return;
    }
    for (int64_t p = 0; p < k; p++)
        for (int64_t j = 0; j < GEMM_PANEL; j++)
            to[p * GEMM_PANEL + j] = j < cols ? b[j * ldb + p] : 0;
}

void gemm_pack(int tb, int64_t k, int64_t n, const real *b, int64_t ldb, real *panels) {
    for (int64_t j = 0; j < n; j += GEMM_PANEL) {
        const int64_t cols = min_i64(GEMM_PANEL, n - j);
        if (tb)
            pack_columns(k, cols, b + j * ldb, ldb, panels + j * k);
        else
            pack_rows(k, cols, b + j, ldb, panels + j * k);
    }
}
