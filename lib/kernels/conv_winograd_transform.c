#include "kernels/conv_winograd_transform.h"

#include "kernels/conv_winograd_points.h"

typedef real vec __attribute__((vector_size(GEMM_VECTOR)));
/* A vector in memory, at any element. */
typedef real vec_at __attribute__((vector_size(GEMM_VECTOR), aligned(sizeof(real)), may_alias));

enum { LANES = GEMM_VECTOR / (int)sizeof(real) };

#if defined(__clang__)
#define UNROLL _Pragma("clang loop unroll(full)")
#define KEEP _Pragma("clang loop unroll(disable)")
#else
#define UNROLL _Pragma("GCC unroll 6")
#define KEEP _Pragma("GCC unroll 1")
#endif

#define INLINE static inline __attribute__((always_inline))

/* A constant matrix (rows, cols), or the transpose of what lies there. */
typedef struct matrix {
    const real *data;
    int rows, cols, transposed;
} matrix;

INLINE real entry(const matrix *m, int i, int j) {
    return m->transposed ? m->data[j * m->rows + i] : m->data[i * m->cols + j];
}

/* to[i] = sum over j of M[i][j] from[j]. Everything but the vectors is known to the compiler: zeros
 * cost nothing, ones no multiplication. */
INLINE void apply(const matrix *m, const vec *from, vec *to) {
    UNROLL
    for (int i = 0; i < m->rows; i++) {
        vec sum = {0};
        int any = 0;
        UNROLL
        for (int j = 0; j < m->cols; j++) {
            const real factor = entry(m, i, j);
            if (factor == 0) continue;
            sum = any ? sum + factor * from[j] : factor * from[j];
            any = 1;
        }
        to[i] = sum;
    }
}

INLINE void transform_lane(const matrix *m, const real *from, line_steps in, real *to,
                           line_steps out) {
    vec half[WINOGRAD_POINTS][WINOGRAD_POINTS]; /* M D, transposed */
    KEEP for (int j = 0; j < m->cols; j++) {
        vec column[WINOGRAD_POINTS];
        UNROLL
        for (int i = 0; i < m->cols; i++) column[i] = *(const vec_at *)(from + i * in.row);
        apply(m, column, half[j]);
        from += in.col;
    }
    KEEP for (int i = 0; i < m->rows; i++) {
        vec row[WINOGRAD_POINTS], result[WINOGRAD_POINTS];
        UNROLL
        for (int j = 0; j < m->cols; j++) row[j] = half[j][i];
        apply(m, row, result);
        UNROLL
        for (int j = 0; j < m->rows; j++) *(vec_at *)(to + j * out.col) = result[j];
        to += out.row;
    }
}

INLINE void transform(const matrix *m, int64_t count, const real *from, line_steps in, real *to,
                      line_steps out) {
    KEEP for (int64_t n = 0; n < count; n++) {
        KEEP for (int lane = 0; lane < GEMM_PANEL; lane += LANES)
            transform_lane(m, from + lane, in, to + lane, out);
        from += in.next;
        to += out.next;
    }
}

/* A function for a table of constants, (rows, cols) as it lies, and one for its transpose. */
#define TRANSFORM(name, table, rows, cols, transposed)                                             \
    static void name(int64_t count, const real *from, line_steps in, real *to, line_steps out) {   \
        const matrix m = {&(table)[0][0], rows, cols, transposed};                                 \
        transform(&m, count, from, in, to, out);                                                   \
    }
#define TRANSFORM_BOTH(table, rows, cols)                                                          \
    TRANSFORM(apply_##table, table, rows, cols, 0)                                                 \
    TRANSFORM(apply_##table##_t, table, cols, rows, 1)

TRANSFORM_BOTH(bt_3, 3, 3)
TRANSFORM_BOTH(bt_4, 4, 4)
TRANSFORM_BOTH(bt_5, 5, 5)
TRANSFORM_BOTH(bt_6, 6, 6)
TRANSFORM_BOTH(a_3_2, 3, 2)
TRANSFORM_BOTH(a_4_2, 4, 2)
TRANSFORM_BOTH(a_4_3, 4, 3)
TRANSFORM_BOTH(a_5_4, 5, 4)
TRANSFORM_BOTH(a_6_4, 6, 4)
TRANSFORM_BOTH(g_3_2, 3, 2)
TRANSFORM_BOTH(g_4_2, 4, 2)
TRANSFORM_BOTH(g_4_3, 4, 3)
TRANSFORM_BOTH(g_5_2, 5, 2)
TRANSFORM_BOTH(g_6_3, 6, 3)

#define ALGORITHM(m, taps, bt, a, g)                                                               \
    {                                                                                              \
        m, taps, (m) + (taps)-1, apply_##bt, apply_##g, apply_##a, apply_##bt##_t, apply_##g##_t,  \
            apply_##a##_t                                                                          \
    }

const winograd_algorithm winograd_algorithms[WINOGRAD_ALGORITHMS] = {
    ALGORITHM(2, 2, bt_3, a_3_2, g_3_2), ALGORITHM(3, 2, bt_4, a_4_3, g_4_2),
    ALGORITHM(4, 2, bt_5, a_5_4, g_5_2), ALGORITHM(2, 3, bt_4, a_4_2, g_4_3),
    ALGORITHM(4, 3, bt_6, a_6_4, g_6_3),
};
