/* SPDX-License-Identifier: MIT */
#include "common/loop.h"

#include "common/fashion.h"
#include "common/files.h"
#include "common/options.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void fail(const loop *l, int code, const char *text) {
    fprintf(stderr, "%s: %s\n", l->name, text);
    exit(code);
}

void loop_check(const loop *l, int32_t status) {
    if (status < 0) fail(l, 1, l->ctx ? gan_last_error(l->ctx) : gan_status_name(status));
}

/* ---- beginning ------------------------------------------------------------------------------- */

static void read_options(loop *l, const char *about, int argc, char **argv) {
    const option_row rows[] = {
        {"data", OPTION_TEXT, &l->data, 0, 0, "folder of Fashion-MNIST's train-*-ubyte[.gz]"},
        {"out", OPTION_TEXT, &l->out, 0, 0, "the picture that is written at the end"},
        {"minutes", OPTION_NUMBER, &l->minutes, 0, 1e6, "time limit, 0 = none"},
        {"steps", OPTION_INTEGER, &l->steps, 0, 1e12, "most generator steps, 0 = no limit"},
        {"seed", OPTION_INTEGER, &l->seed, 0, 1e15, "of all random numbers"},
        {"threads", OPTION_INTEGER, &l->threads, 0, 256, "0 = one per core"},
    };
    const option_table table = {l->name, about, rows, (int)(sizeof rows / sizeof *rows)};
    int code = options_read(&table, argc, argv);
    if (code >= 0) exit(code);
    if (!*l->data) fail(l, 2, "--data FOLDER is missing: where Fashion-MNIST has its files");
}

/* Whether the picture can be written shows before the work, not after it: as a new file that takes
 * the place of another. */
static void check_out(const loop *l) {
    struct stat there;
    char path[PATH_BYTES];
    if (stat(l->out, &there) == 0 && !S_ISREG(there.st_mode)) fail(l, 1, "--out is no file");
    snprintf(path, sizeof path, "%s.XXXXXX", l->out);
    int file = mkstemp(path);
    if (file < 0) {
        fprintf(stderr, "%s: cannot write %s: %s\n", l->name, l->out, strerror(errno));
        exit(1);
    }
    close(file);
    unlink(path);
}

void loop_open(loop *l, const char *name, const char *about, int argc, char **argv) {
    *l = (loop){.name = name, .data = "", .out = "samples.png", .minutes = 3, .seed = 1};
    read_options(l, about, argc, argv);
    gan_context_opts opts;
    gan_context_opts_init(&opts, sizeof opts);
    opts.seed = (uint64_t)l->seed;
    opts.threads = (int32_t)l->threads;
    loop_check(l, gan_context_create(&opts, &l->ctx));
    loop_check(l, fashion_open(l->ctx, l->data, 1, NULL, &l->images));
    if (!fashion_fits(l->images)) fail(l, 1, "the images are not those of Fashion-MNIST");
    check_out(l);
}

gan_loader *loop_batches(const loop *l, gan_dataset *images, int32_t batch) {
    gan_loader *loader = NULL;
    loop_check(l, fashion_loader(images, batch, l->seed, &loader));
    return loader;
}

gan_module *loop_sequential(const loop *l) {
    gan_module *m = NULL;
    loop_check(l, gan_sequential_create(l->ctx, &m));
    return m;
}

gan_optimizer *loop_adam(const loop *l, gan_module *m, double lr, double beta1, double beta2) {
    gan_adam_opts opts;
    gan_optimizer *adam = NULL;
    gan_adam_opts_init(&opts, sizeof opts);
    opts.lr = lr;
    opts.beta1 = beta1;
    opts.beta2 = beta2;
    loop_check(l, gan_adam_create(m, &opts, &adam));
    return adam;
}

/* ---- a step ---------------------------------------------------------------------------------- */

int loop_next(loop *l) {
    double done = 0;
    if (l->step == 0) {
        progress_begin(&l->bar);
    } else {
        loop_check(l, gan_scope_end(l->ctx, l->scope));
        done = progress_fraction(&l->bar, l->minutes, l->step, l->steps);
        progress_show(&l->bar, done, l->text);
    }
    if (done >= 1) {
        progress_end(&l->bar);
        return 0;
    }
    l->scope = gan_scope_begin(l->ctx);
    l->step++;
    return 1;
}

double loop_item(const loop *l, gan_tensor *scalar) {
    double value = 0;
    loop_check(l, gan_tensor_item(scalar, &value));
    return value;
}

void loop_tell(loop *l, const char *name, double value, const char *other, double other_value) {
    snprintf(l->text, sizeof l->text, "step %lld  %s %.3f  %s %.3f", (long long)l->step, name,
             value, other, other_value);
}

/* ---- the end --------------------------------------------------------------------------------- */

void loop_begin_samples(loop *l) {
    gan_module_train(l->G, 0);
    gan_recording(l->ctx, 0);
}

int loop_close(loop *l, gan_tensor *samples) {
    loop_check(l, gan_png_write_grid(samples, l->out, LOOP_COLUMNS, 2, -1, 1));
    printf("%lld generator steps; %s shows what they led to\n", (long long)l->step, l->out);
    gan_optimizer_unref(l->optimizer_D);
    gan_optimizer_unref(l->optimizer_G);
    gan_module_unref(l->D);
    gan_module_unref(l->G);
    gan_loader_unref(l->loader);
    gan_dataset_unref(l->images);
    gan_context_destroy(l->ctx);
    return 0;
}
