/* SPDX-License-Identifier: MIT */
#include "machine.h"

#include "common/progress.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

enum { ROUNDS = 5, THREADS = 256 };

typedef struct share {
    pthread_t thread;
    pthread_barrier_t *start;
    double (*work)(struct share *); /* what was done, in operations or bytes */
    char *from, *to;
    size_t bytes;
    double rate; /* of the best round */
    volatile float sink;
} share;

/* ---- arithmetic: ten independent sums hide the latency --------------------------------------- */

enum { SUMS = 10, STEPS = 4000000 };

#if defined(__x86_64__)
__attribute__((target("avx2,fma"))) static double multiply_add_avx2(share *s) {
    __m256 sum[SUMS];
    const __m256 a = _mm256_set1_ps(0.999f), b = _mm256_set1_ps(1e-3f);
    for (int i = 0; i < SUMS; i++) sum[i] = _mm256_set1_ps((float)i);
    for (int step = 0; step < STEPS; step++) {
#pragma GCC unroll 10
        for (int i = 0; i < SUMS; i++) sum[i] = _mm256_fmadd_ps(sum[i], a, b);
    }
    for (int i = 0; i < SUMS; i++) s->sink = _mm256_cvtss_f32(sum[i]);
    return 2.0 * 8 * SUMS * STEPS;
}
#endif

static double multiply_add(share *s) {
    typedef float vector __attribute__((vector_size(16)));
    vector sum[SUMS];
    const vector a = {0.999f, 0.999f, 0.999f, 0.999f}, b = {1e-3f, 1e-3f, 1e-3f, 1e-3f};
    for (int i = 0; i < SUMS; i++) sum[i] = b * (float)i;
    for (int step = 0; step < STEPS; step++) {
#pragma GCC unroll 10
        for (int i = 0; i < SUMS; i++) sum[i] = sum[i] * a + b;
    }
    for (int i = 0; i < SUMS; i++) s->sink = sum[i][0];
    return 2.0 * 4 * SUMS * STEPS;
}

/* ---- memory ---------------------------------------------------------------------------------- */

enum { COPY_BYTES = 64 << 20 };

static double copy(share *s) {
    memcpy(s->to, s->from, s->bytes);
    return 2.0 * (double)s->bytes;
}

/* ---- all threads at once --------------------------------------------------------------------- */

static void *run(void *arg) {
    share *s = arg;
    for (int round = 0; round < ROUNDS; round++) {
        pthread_barrier_wait(s->start);
        const double started = wall_seconds();
        const double done = s->work(s);
        const double rate = done / (wall_seconds() - started);
        if (rate > s->rate) s->rate = rate;
    }
    return NULL;
}

/* The sum of the threads' best rates. The caller's thread does nothing meanwhile. */
static double measure(double (*work)(share *), int threads, char *from, char *to, size_t bytes) {
    share shares[THREADS] = {0};
    pthread_barrier_t start;
    double sum = 0;
    int started = 0;
    if (pthread_barrier_init(&start, NULL, (unsigned)threads)) return 0;
    while (started < threads) {
        share *s = &shares[started];
        const size_t part = bytes / (size_t)threads;
        *s = (share){.start = &start, .work = work, .bytes = part};
        s->from = from + (size_t)started * part;
        s->to = to + (size_t)started * part;
        if (pthread_create(&s->thread, NULL, run, s)) exit(1); /* the others would wait for ever */
        started++;
    }
    for (int i = 0; i < threads; i++) {
        pthread_join(shares[i].thread, NULL);
        sum += shares[i].rate;
    }
    pthread_barrier_destroy(&start);
    return sum;
}

double machine_peak(int threads) {
    double (*work)(share *) = multiply_add;
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) work = multiply_add_avx2;
#endif
    return measure(work, threads, NULL, NULL, 0);
}

double machine_copy(int threads) {
    char *from = malloc(COPY_BYTES), *to = malloc(COPY_BYTES);
    double rate = 0;
    if (from && to) {
        memset(from, 1, COPY_BYTES); /* pages that are there */
        memset(to, 2, COPY_BYTES);
        rate = measure(copy, threads, from, to, COPY_BYTES);
    }
    free(from);
    free(to);
    return rate;
}
