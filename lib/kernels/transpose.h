/* Transposes of small blocks, for what packs matrices. */
#ifndef GAN_KERNELS_TRANSPOSE_H
#define GAN_KERNELS_TRANSPOSE_H

#include "core/real.h"

#include <stdint.h>

/* In memory, at any element. */
typedef real quad __attribute__((vector_size(4 * sizeof(real)), aligned(sizeof(real)), may_alias));

#if defined(__clang__) || __GNUC__ >= 12
#define QUAD_OF(a, b, i, j, k, l) __builtin_shufflevector(a, b, i, j, k, l)
#else
typedef __typeof__((quad){0} < (quad){0}) quad_index;
#define QUAD_OF(a, b, i, j, k, l) __builtin_shuffle(a, b, (quad_index){i, j, k, l})
#endif

/* to (4, 4) = the transpose of from (4, 4), whose rows are so far apart. */
static inline void transpose_4x4(const real *from, int64_t from_row, real *to, int64_t to_row) {
    const quad a = *(const quad *)from, b = *(const quad *)(from + from_row);
    const quad c = *(const quad *)(from + 2 * from_row), d = *(const quad *)(from + 3 * from_row);
    const quad ab_low = QUAD_OF(a, b, 0, 4, 1, 5), ab_high = QUAD_OF(a, b, 2, 6, 3, 7);
    const quad cd_low = QUAD_OF(c, d, 0, 4, 1, 5), cd_high = QUAD_OF(c, d, 2, 6, 3, 7);
    *(quad *)to = QUAD_OF(ab_low, cd_low, 0, 1, 4, 5);
    *(quad *)(to + to_row) = QUAD_OF(ab_low, cd_low, 2, 3, 6, 7);
    *(quad *)(to + 2 * to_row) = QUAD_OF(ab_high, cd_high, 0, 1, 4, 5);
    *(quad *)(to + 3 * to_row) = QUAD_OF(ab_high, cd_high, 2, 3, 6, 7);
}

/* to (cols, rows) = the transpose of from (rows, cols). */
static inline void transpose_block(int64_t rows, int64_t cols, const real *from, int64_t from_row,
                                   real *to, int64_t to_row) {
    const int64_t whole_rows = rows / 4 * 4, whole_cols = cols / 4 * 4;
    for (int64_t i = 0; i < whole_rows; i += 4)
        for (int64_t j = 0; j < whole_cols; j += 4)
            transpose_4x4(from + i * from_row + j, from_row, to + j * to_row + i, to_row);
    for (int64_t i = 0; i < rows; i++)
        for (int64_t j = i < whole_rows ? whole_cols : 0; j < cols; j++)
            to[j * to_row + i] = from[i * from_row + j];
}

#endif
