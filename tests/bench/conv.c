/* Times single convolution layers of DCGAN- and BEGAN-like networks in each direction, on the
 * list of peers/torch_conv.py.
 *
 * SPDX-License-Identifier: MIT */
#include "common/options.h"
#include "common/progress.h"

#include <gan.h>

#include <stdio.h>
#include <stdlib.h>

enum { REPS = 5 };

typedef struct layer {
    int transposed;
    int64_t n, in, out, side; /* batch, channels in and out, side of the input */
    int32_t k, stride, pad;
} layer;

static const layer layers[] = {
    {0, 64, 3, 64, 64, 4, 2, 1},    {0, 64, 64, 128, 32, 4, 2, 1},  {0, 64, 128, 256, 16, 4, 2, 1},
    {0, 64, 256, 512, 8, 4, 2, 1},  {1, 64, 1024, 512, 4, 4, 2, 1}, {1, 64, 512, 256, 8, 4, 2, 1},
    {1, 64, 256, 128, 16, 4, 2, 1}, {1, 64, 128, 3, 32, 4, 2, 1},   {0, 16, 64, 64, 64, 3, 1, 1},
    {0, 16, 128, 128, 32, 3, 1, 1}, {0, 16, 192, 192, 16, 3, 1, 1},
};

/* Every layer is a convolution of the larger image x to the smaller g; a transposed one is its data
 * gradient, run the other way round. */
typedef struct problem {
    gan_tensor *x, *w, *g;
    gan_conv2d_opts opts;
    int64_t side; /* of x */
} problem;

static gan_tensor *forward(const problem *p) { return gan_conv2d(p->x, p->w, &p->opts); }

static gan_tensor *data_grad(const problem *p) {
    return gan_conv2d_data_grad(p->g, p->w, p->side, p->side, &p->opts);
}

static gan_tensor *weight_grad(const problem *p) {
    int64_t k = gan_tensor_dim(p->w, 1);
    return gan_conv2d_weight_grad(p->x, p->g, k, k, &p->opts);
}

/* The shortest of REPS runs after one that is not counted. */
static double best_seconds(gan_context *ctx, gan_tensor *(*run)(const problem *),
                           const problem *p) {
    double best = 1e9;
    for (int i = 0; i <= REPS; i++) {
        int64_t scope = gan_scope_begin(ctx);
        double started = wall_seconds();
        if (!run(p)) {
            fprintf(stderr, "conv: %s\n", gan_last_error(ctx));
            exit(1);
        }
        double seconds = wall_seconds() - started;
        if (i > 0 && seconds < best) best = seconds;
        gan_scope_end(ctx, scope);
    }
    return best;
}

static void print_direction(const char *name, double seconds, double operations) {
    printf("  %s %8.2f ms %6.1f GFLOP/s", name, seconds * 1e3, operations / seconds / 1e9);
}

static void time_layer(gan_context *ctx, const layer *l) {
    int64_t scope = gan_scope_begin(ctx);
    problem p = {0};
    gan_conv2d_opts_init(&p.opts, sizeof p.opts);
    p.opts.stride_h = p.opts.stride_w = l->stride;
    p.opts.pad_top = p.opts.pad_bottom = p.opts.pad_left = p.opts.pad_right = l->pad;

    /* A transposed layer's input is the convolution's result. */
    int64_t small = l->transposed ? l->side : (l->side + 2 * l->pad - l->k) / l->stride + 1;
    int64_t from = l->transposed ? l->out : l->in, to = l->transposed ? l->in : l->out;
    p.side = l->transposed ? l->side * l->stride : l->side;
    p.x = gan_randn(ctx, (int64_t[]){l->n, p.side, p.side, from}, 4);
    p.w = gan_randn(ctx, (int64_t[]){to, l->k, l->k, from}, 4);
    p.g = gan_randn(ctx, (int64_t[]){l->n, small, small, to}, 4);

    double operations = 2.0 * (double)(l->n * from * to * l->k * l->k * small * small);
    double ahead = best_seconds(ctx, l->transposed ? data_grad : forward, &p);
    double data = best_seconds(ctx, l->transposed ? forward : data_grad, &p);
    double weight = best_seconds(ctx, weight_grad, &p);
    printf("%-6s n%d %4d->%4d %2dpx k%ds%d:", l->transposed ? "deconv" : "conv", (int)l->n,
           (int)l->in, (int)l->out, (int)l->side, l->k, l->stride);
    print_direction("fwd", ahead, operations);
    print_direction(" bwd", data + weight, 2 * operations);
    print_direction(" data", data, operations);
    print_direction("weight", weight, operations);
    putchar('\n');
    fflush(stdout);
    gan_scope_end(ctx, scope);
}

int main(int argc, char **argv) {
    int64_t threads = 2;
    const option_row rows[] = {
        {"threads", OPTION_INTEGER, &threads, 0, 256, "threads of the context"},
    };
    const option_table table = {"conv", "times convolution layers in each direction", rows, 1};
    int code = options_read(&table, argc, argv);
    if (code >= 0) return code;

    gan_context *ctx = NULL;
    gan_context_opts opts;
    gan_context_opts_init(&opts, sizeof opts);
    opts.threads = (int32_t)threads;
    if (gan_context_create(&opts, &ctx) < 0) return 1;
    for (size_t i = 0; i < sizeof layers / sizeof *layers; i++) time_layer(ctx, &layers[i]);
    gan_context_destroy(ctx);
    return 0;
}
