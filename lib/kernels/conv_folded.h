/* The parts of conv_folded, for who keeps the packed kernel: see conv_folded.c for the method. */
#ifndef GAN_KERNELS_CONV_FOLDED_H
#define GAN_KERNELS_CONV_FOLDED_H

#include "kernels/conv_algorithms.h"

typedef struct fold_job {
    conv_pass pass;
    int64_t in_h, in_w, in_c;
    int64_t out_h, out_w, out_c;
    int64_t kh, kw, sh, sw, dh, pt, pl;
    int64_t products_row;  /* of a source pixel: kernel taps * out_c, filled up */
    int64_t run;           /* of that, a row of taps: kw * out_c */
    int64_t meet;          /* source pixels that meet at a result's */
    int64_t group;         /* elements of the pixels between two source pixels: sw * out_c */
    int64_t sums_row;      /* a row of taps, filled up to `meet` groups and whole vectors */
    int64_t first, groups; /* of a line of the result, in groups; source pixel j is at group j */
    int64_t band, bands;   /* lines of the result, and bands of an image */
    const real *kernel;    /* panels (in_c, kh * kw * out_c) */
    real *scratch;         /* per worker: products, then sums, then a line of the result */
    int64_t scratch_size, sums_at, line_at;
} fold_job;

/* All but the kernel and the scratch, which the caller has. */
fold_job fold_plan(const conv_pass *pass);

/* Elements of the packed kernel. */
int64_t fold_kernel(const fold_job *job);

/* w (o, kh, kw, c) to panels (in_c, kh * kw * out_c). */
void fold_pack(const fold_job *job, const real *w, real *panels);

/* A band of an image of the result, by any thread; scratch: job->scratch_size elements. */
void fold_band(const fold_job *job, int64_t image, int64_t band, real *scratch);

#endif
