/* One product by BLAS: the one file that sees cblas.h. */
#include "kernels/kernels.h"

#include <cblas.h>

#ifdef GAN_FLOAT64
#define blas_gemm cblas_dgemm
#define blas_gemv cblas_dgemv
#else
#define blas_gemm cblas_sgemm
#define blas_gemv cblas_sgemv
#endif

/* Clears also what is not a number. */
static void clear(int64_t m, int64_t n, real *c, int64_t ldc) {
    for (int64_t i = 0; i < m; i++)
        for (int64_t j = 0; j < n; j++) c[i * ldc + j] = 0;
}

void gemm_serial(int ta, int tb, int64_t m, int64_t n, int64_t k, const real *a, int64_t lda,
                 const real *b, int64_t ldb, int accumulate, real *c, int64_t ldc) {
    if (m <= 0 || n <= 0) return;
    const CBLAS_TRANSPOSE op_a = ta ? CblasTrans : CblasNoTrans;
    const CBLAS_TRANSPOSE op_b = tb ? CblasTrans : CblasNoTrans;
    const int vector = m == 1 || n == 1;
    if (!accumulate && (k <= 0 || vector)) clear(m, n, c, ldc);
    if (k <= 0) return;
    if (m == 1) /* the row c = op(B)^T a: the vector form reads B once, unpacked */
        blas_gemv(CblasRowMajor, tb ? CblasNoTrans : CblasTrans, (int)(tb ? n : k),
                  (int)(tb ? k : n), 1, b, (int)ldb, a, ta ? (int)lda : 1, 1, c, 1);
    else if (n == 1) /* the column c = op(A) b */
        blas_gemv(CblasRowMajor, op_a, (int)(ta ? k : m), (int)(ta ? m : k), 1, a, (int)lda, b,
                  tb ? 1 : (int)ldb, 1, c, (int)ldc);
    else
        blas_gemm(CblasRowMajor, op_a, op_b, (int)m, (int)n, (int)k, 1, a, (int)lda, b, (int)ldb,
                  accumulate ? 1 : 0, c, (int)ldc);
}
