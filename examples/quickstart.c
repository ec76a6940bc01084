/* Trains a convolutional WGAN-GP (Gulrajani et al. 2017) on Fashion-MNIST and leaves in a folder
 *
 *     samples.png            a grid of generated images, always of the same latents
 *     log.jsonl              one line a generator step
 *     generator.safetensors  the generator, in evaluation mode, with its own description
 *
 * It uses nothing but the public API; critic_step and generator_step below are Algorithm 1.
 *
 * SPDX-License-Identifier: MIT */
#include "common/fashion.h"
#include "common/files.h"
#include "common/options.h"
#include "common/program.h"
#include "common/progress.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum {
    CRITIC_STEPS = 5, /* n_critic                              */
    GRID = 10,        /* samples.png shows GRID x GRID images  */
    SAVE_EVERY = 250  /* generator steps between two savings   */
};

typedef struct settings {
    const char *data, *out;
    double minutes;
    int64_t steps, batch, seed, threads;
} settings;

typedef struct trainer {
    gan_context *ctx;
    gan_dataset *images;
    gan_loader *loader;
    gan_module *generator, *critic;
    gan_optimizer *generator_adam, *critic_adam;
    gan_tensor *shown; /* latents of samples.png */
    int64_t batch;
} trainer;

/* What a line of the log tells about one generator step and the critic step before it. */
typedef struct measures {
    double critic_loss, wasserstein, penalty, generator_loss;
} measures;

/* ---- Algorithm 1 ----------------------------------------------------------------------------- */

static gan_tensor *latents(const trainer *t, int64_t n) {
    return gan_randn(t->ctx, (int64_t[]){n, FASHION_LATENT}, 2);
}

/* Lines 3-9: one step of the critic on real and generated images and on points between them. */
static int32_t critic_step(trainer *t, measures *m) {
    gan_tensor *real = gan_loader_next(t->loader);
    gan_recording(t->ctx, 0); /* the generator is not trained here */
    gan_tensor *fake = gan_forward(t->generator, latents(t, t->batch));
    gan_recording(t->ctx, 1);

    gan_tensor *points = gan_interpolate(real, fake);
    gan_tensor *penalty = gan_penalty(gan_forward(t->critic, points), points, NULL);
    gan_tensor *distance =
        gan_wasserstein_critic(gan_forward(t->critic, real), gan_forward(t->critic, fake));
    gan_tensor *loss = gan_add(distance, penalty);

    int32_t status = gan_optimizer_minimize(t->critic_adam, loss);
    if (status < 0) return status;
    gan_tensor_item(loss, &m->critic_loss);
    gan_tensor_item(gan_neg(distance), &m->wasserstein);
    return gan_tensor_item(penalty, &m->penalty);
}

/* Lines 11-12: one step of the generator against the critic as it is. */
static int32_t generator_step(trainer *t, measures *m) {
    gan_tensor *fake = gan_forward(t->generator, latents(t, t->batch));
    gan_tensor *loss = gan_wasserstein_generator(gan_forward(t->critic, fake));

    int32_t status = gan_optimizer_minimize(t->generator_adam, loss);
    return status < 0 ? status : gan_tensor_item(loss, &m->generator_loss);
}

/* Lines 2-12. Each step has a scope, so that its tensors go when it ends. */
static int32_t train_step(trainer *t, measures *m) {
    int32_t status = GAN_OK;
    for (int i = 0; i <= CRITIC_STEPS && status == GAN_OK; i++) {
        int64_t scope = gan_scope_begin(t->ctx);
        status = i < CRITIC_STEPS ? critic_step(t, m) : generator_step(t, m);
        gan_scope_end(t->ctx, scope);
    }
    return status;
}

/* ---- setting up and taking down -------------------------------------------------------------- */

static int32_t make_trainer(trainer *t, const settings *s) {
    int32_t status;
    gan_adam_opts adam;
    gan_adam_opts_init(&adam, sizeof adam);
    adam.lr = 8e-4; /* the paper's 1e-4 is for a hundred times as many steps */
    adam.beta1 = 0;
    adam.beta2 = 0.9;
    t->batch = s->batch;
    if ((status = fashion_open(t->ctx, s->data, 0, NULL, &t->images)) < 0 ||
        (status = fashion_loader(t->images, s->batch, s->seed, &t->loader)) < 0 ||
        (status = fashion_generator(t->ctx, FASHION_LATENT, &t->generator)) < 0 ||
        (status = fashion_critic(t->ctx, 1, 0, &t->critic)) < 0 ||
        (status = gan_adam_create(t->generator, &adam, &t->generator_adam)) < 0 ||
        (status = gan_adam_create(t->critic, &adam, &t->critic_adam)) < 0)
        return status;
    return gan_tensor_take(latents(t, GRID * GRID), &t->shown);
}

static void free_trainer(trainer *t) {
    gan_tensor_unref(t->shown);
    gan_optimizer_unref(t->critic_adam);
    gan_optimizer_unref(t->generator_adam);
    gan_module_unref(t->critic);
    gan_module_unref(t->generator);
    gan_loader_unref(t->loader);
    gan_dataset_unref(t->images);
    gan_context_destroy(t->ctx);
}

/* ---- outputs --------------------------------------------------------------------------------- */

static FILE *open_log(const char *folder) {
    char path[PATH_BYTES];
    FILE *log = fopen(join_path(path, folder, "log.jsonl"), "w");
    if (log)
        setvbuf(log, NULL, _IOLBF, BUFSIZ); /* a killed run keeps its lines */
    else
        fail("cannot write %s: %s", path, strerror(errno));
    return log;
}

/* JSON has no infinities and no NaN. */
static void log_number(FILE *log, const char *name, double x) {
    if (isfinite(x))
        fprintf(log, ", \"%s\": %.6g", name, x);
    else
        fprintf(log, ", \"%s\": null", name);
}

static int log_step(FILE *log, int64_t step, double seconds, const measures *m) {
    fprintf(log, "{\"step\": %lld", (long long)step);
    log_number(log, "seconds", seconds);
    log_number(log, "critic_loss", m->critic_loss);
    log_number(log, "wasserstein", m->wasserstein);
    log_number(log, "penalty", m->penalty);
    log_number(log, "generator_loss", m->generator_loss);
    fputs("}\n", log);
    return ferror(log) ? fail("cannot write the log: %s", strerror(errno)) : 0;
}

/* The picture and the generator; each file is replaced whole. */
static int32_t save(trainer *t, const char *folder) {
    char picture[PATH_BYTES], weights[PATH_BYTES];
    join_path(picture, folder, "samples.png");
    join_path(weights, folder, "generator.safetensors");

    int64_t scope = gan_scope_begin(t->ctx);
    gan_module_train(t->generator, 0);
    gan_tensor *z = gan_track(t->shown);
    gan_tensor *images = gan_forward(t->generator, z);
    int32_t status = gan_png_write_grid(images, picture, GRID, 2, -1, 1);
    if (status == GAN_OK)
        status = gan_module_save_traced(t->generator, weights, z, images, "-1..1");
    gan_module_train(t->generator, 1);
    gan_scope_end(t->ctx, scope);
    return status;
}

/* ---- the run --------------------------------------------------------------------------------- */

/* Returns the exit code. */
static int train(trainer *t, const settings *s, FILE *log) {
    progress bar;
    progress_begin(&bar);
    double done = 0;
    int64_t step = 0;
    while (done < 1 && !stop_signal) {
        measures m;
        char text[80];
        if (train_step(t, &m) < 0) return fail("%s", gan_last_error(t->ctx));
        step++;
        double seconds = wall_seconds() - bar.started;
        if (log_step(log, step, seconds, &m)) return 1;
        if (step % SAVE_EVERY == 0 && save(t, s->out) < 0)
            return fail("%s", gan_last_error(t->ctx));
        done = progress_fraction(&bar, s->minutes, step, s->steps);
        snprintf(text, sizeof text, "step %lld  distance %.3f", (long long)step, m.wasserstein);
        progress_show(&bar, done, text);
    }
    progress_end(&bar);
    if (save(t, s->out) < 0) return fail("%s", gan_last_error(t->ctx));
    printf("%s after %lld generator steps; %s holds samples.png, log.jsonl and "
           "generator.safetensors\n",
           stop_signal ? "interrupted" : "done", (long long)step, s->out);
    return stop_signal ? 128 + stop_signal : 0;
}

static int run(trainer *t, const settings *s) {
    if (make_trainer(t, s) < 0) return fail("%s", gan_last_error(t->ctx));
    if (!fashion_fits(t->images))
        return fail("the images in %s are not of %d x %d pixels", s->data, FASHION_SIDE,
                    FASHION_SIDE);
    if (make_folder(s->out)) return 1;
    FILE *log = open_log(s->out);
    if (!log) return 1;
    catch_signals();
    int code = train(t, s, log);
    fclose(log);
    return code;
}

int main(int argc, char **argv) {
    settings s = {.data = "", .out = "runs/quickstart", .minutes = 5, .batch = 32, .seed = 1};
    const option_row rows[] = {
        {"data", OPTION_TEXT, &s.data, 0, 0, "folder of train-images-idx3-ubyte[.gz]"},
        {"out", OPTION_TEXT, &s.out, 0, 0, "folder of the outputs"},
        {"minutes", OPTION_NUMBER, &s.minutes, 0, 1e6, "time limit, 0 = none"},
        {"steps", OPTION_INTEGER, &s.steps, 0, 1e12, "most generator steps, 0 = no limit"},
        {"batch", OPTION_INTEGER, &s.batch, 1, FASHION_MAX_BATCH, "images a step"},
        {"seed", OPTION_INTEGER, &s.seed, 0, 1e15, "of all random numbers"},
        {"threads", OPTION_INTEGER, &s.threads, 0, 256, "0 = one per core"},
    };
    const option_table table = {"quickstart", "trains a WGAN-GP on Fashion-MNIST", rows,
                                (int)(sizeof rows / sizeof *rows)};
    int code = options_read(&table, argc, argv);
    if (code >= 0) return code;
    if (!*s.data)
        return fail_usage("--data FOLDER is missing: where Debian's dataset-fashion-mnist has its "
                          "files");

    trainer t = {0};
    gan_context_opts opts;
    gan_context_opts_init(&opts, sizeof opts);
    opts.seed = (uint64_t)s.seed;
    opts.threads = (int32_t)s.threads;
    if (gan_context_create(&opts, &t.ctx) < 0) return fail("cannot make a context");
    code = run(&t, &s);
    free_trainer(&t);
    return code;
}
