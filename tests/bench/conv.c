/* Times the convolution layers of DCGAN- and BEGAN-like networks in each direction.
 *
 * GFLOP/s are effective: the operations of the direct method over the time, whatever the library
 * does instead. The peak is that of fused multiply-adds, measured in the same run; layers with few
 * channels on a side are bound by memory and judged by the bytes of their operands over the time,
 * against the rate of a copy.
 *
 * SPDX-License-Identifier: MIT */
#include "common/options.h"
#include "common/progress.h"
#include "conv_problems.h"
#include "machine.h"

#include <gan.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SAMPLES = 1024, FEW_CHANNELS = 4, REPS = 1000 };

typedef struct bench {
    gan_context *ctx;
    const char *only, *direction;
    int64_t reps, tsv;
    double peak, copy; /* a second */
} bench;

typedef struct operands {
    gan_tensor *tensor[CONV_OPERANDS];
    double *values[CONV_OPERANDS];
} operands;

static void stop(const bench *b) {
    fprintf(stderr, "conv: %s\n", b->ctx ? gan_last_error(b->ctx) : "out of memory");
    exit(1);
}

static double *values_of(const bench *b, gan_tensor *t) {
    const int64_t count = gan_tensor_size(t);
    double *values = malloc((size_t)count * sizeof *values);
    if (!values || gan_tensor_read_doubles(t, values, count)) stop(b);
    return values;
}

static int by_size(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The median of the runs' times, after one that is not counted; *y is a result. */
static double median_seconds(const bench *b, const conv_problem *p, int operand, const operands *in,
                             double **y) {
    double seconds[REPS];
    for (int64_t i = -1; i < b->reps; i++) {
        const int64_t scope = gan_scope_begin(b->ctx);
        const double started = wall_seconds();
        gan_tensor *result = conv_problem_run(p, operand, in->tensor);
        if (!result) stop(b);
        if (i >= 0) seconds[i] = wall_seconds() - started;
        if (i < 0) *y = values_of(b, result);
        gan_scope_end(b->ctx, scope);
    }
    qsort(seconds, (size_t)b->reps, sizeof *seconds, by_size);
    return seconds[b->reps / 2];
}

static double operand_bytes(const conv_problem *p) {
    int64_t size = 0;
    for (int i = 0; i < CONV_OPERANDS; i++) size += conv_problem_size(p, i);
    return (double)size * (double)sizeof(float);
}

static void print_row(const bench *b, const conv_problem *p, const char *direction, double seconds,
                      double error) {
    char name[CONV_NAME];
    const double rate = 2 * conv_problem_work(p) / seconds, bytes = operand_bytes(p) / seconds;
    const int few = p->c <= FEW_CHANNELS || p->o <= FEW_CHANNELS;
    conv_problem_name(p, name);
    if (b->tsv) {
        printf("%s\t%s\t%.3f\t%.1f\t%.3f\t%.2e\t%.1f\t%.3f\n", name, direction, seconds * 1e3,
               rate / 1e9, rate / b->peak, error, bytes / 1e9, bytes / b->copy);
    } else {
        printf("%-28s %-6s %9.3f ms %8.1f GFLOP/s %6.2f of peak  error %.1e", name, direction,
               seconds * 1e3, rate / 1e9, rate / b->peak, error);
        if (few) printf("  %6.1f GB/s %5.2f of copy", bytes / 1e9, bytes / b->copy);
        putchar('\n');
    }
    fflush(stdout);
}

static const char *direction_name(const conv_problem *p, int operand) {
    if (operand == CONV_OF_W) return "wgrad";
    return operand == (p->transposed ? CONV_OF_X : CONV_OF_G) ? "fwd" : "dgrad";
}

static void time_direction(const bench *b, const conv_problem *p, int operand, const operands *in) {
    const char *const direction = direction_name(p, operand);
    if (!strstr(direction, b->direction)) return;
    double *y = NULL;
    const double seconds = median_seconds(b, p, operand, in, &y);
    const double error =
        conv_problem_error(p, operand, (const double *const *)in->values, y, SAMPLES);
    free(y);
    print_row(b, p, direction, seconds, error);
}

static void time_layer(const bench *b, const conv_problem *p) {
    const int64_t scope = gan_scope_begin(b->ctx);
    const int64_t shapes[CONV_OPERANDS][4] = {
        [CONV_OF_X] = {p->n, p->h, p->w, p->c},
        [CONV_OF_W] = {p->o, p->kh, p->kw, p->c},
        [CONV_OF_G] = {p->n, conv_problem_ho(p), conv_problem_wo(p), p->o}};
    operands in;
    for (int i = 0; i < CONV_OPERANDS; i++) {
        in.tensor[i] = gan_randn(b->ctx, shapes[i], 4);
        if (!in.tensor[i]) stop(b);
        in.values[i] = values_of(b, in.tensor[i]);
    }
    time_direction(b, p, p->transposed ? CONV_OF_X : CONV_OF_G, &in);
    time_direction(b, p, p->transposed ? CONV_OF_G : CONV_OF_X, &in);
    time_direction(b, p, CONV_OF_W, &in);
    for (int i = 0; i < CONV_OPERANDS; i++) free(in.values[i]);
    gan_scope_end(b->ctx, scope);
}

static void time_layers(const bench *b, int64_t threads) {
    if (b->tsv)
        printf(
            "#layer\tdirection\tms\tgflops\tshare_of_peak\terror\tgbytes_per_s\tshare_of_copy\n");
    else
        printf("%d threads: peak %.1f GFLOP/s, copy %.1f GB/s; medians of %d\n", (int)threads,
               b->peak / 1e9, b->copy / 1e9, (int)b->reps);
    for (int i = 0; i < CONV_LAYERS; i++) {
        char name[CONV_NAME];
        if (strstr(conv_problem_name(&conv_problems[i], name), b->only))
            time_layer(b, &conv_problems[i]);
    }
}

int main(int argc, char **argv) {
    bench b = {.only = "", .direction = "", .reps = 7};
    int64_t threads = 2;
    const option_row rows[] = {
        {"threads", OPTION_INTEGER, &threads, 1, 256, "threads of the context"},
        {"reps", OPTION_INTEGER, &b.reps, 1, REPS, "runs of each; the median counts"},
        {"only", OPTION_TEXT, &b.only, 0, 0, "layers whose name has this in it"},
        {"direction", OPTION_TEXT, &b.direction, 0, 0, "fwd, dgrad or wgrad"},
        {"tsv", OPTION_FLAG, &b.tsv, 0, 0, "columns separated by tabs, for programs"},
    };
    const option_table table = {"conv", "times convolution layers in each direction", rows, 5};
    const int code = options_read(&table, argc, argv);
    if (code >= 0) return code;

    gan_context_opts opts;
    gan_context_opts_init(&opts, sizeof opts);
    opts.threads = (int32_t)threads;
    b.peak = machine_peak((int)threads);
    b.copy = machine_copy((int)threads);
    if (b.peak <= 0 || b.copy <= 0 || gan_context_create(&opts, &b.ctx) < 0) stop(&b);
    time_layers(&b, threads);
    gan_context_destroy(b.ctx);
    return 0;
}
