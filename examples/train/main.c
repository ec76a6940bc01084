/* Trains any of the published systems on any images, with all that a run of hours asks for:
 * checkpoints, a log, pictures over time and a report in one folder (train/folder.h), and going on
 * after it was stopped or killed, with the same bits as if it had not been.
 *
 * SPDX-License-Identifier: MIT */
#include "common/log.h"
#include "common/program.h"
#include "common/progress.h"
#include "train/folder.h"
#include "train/samples.h"
#include "train/settings.h"
#include "train/source.h"
#include "train/summary.h"

#include <errno.h>
#include <string.h>

typedef struct run {
    settings *s;
    gan_context *ctx;
    gan_dataset *images;
    gan_loader *loader;
    gan_trainer *trainer;
    samples shown;
    FILE *log;
    double seconds;          /* of training, that of earlier calls included */
    int64_t pictured, saved; /* steps of the last samples and checkpoint; -1: none */
} run;

static int fail_library(const run *r) { return fail("%s", gan_last_error(r->ctx)); }

/* ---- making ---------------------------------------------------------------------------------- */

static int32_t make_trainer(run *r, const gan_trainer_opts *o) {
    gan_loader_opts batches;
    gan_loader_opts_init(&batches, sizeof batches);
    int32_t status = gan_trainer_loader_opts(o, &batches);
    batches.seed = (uint64_t)r->s->seed;
    batches.flip = (int32_t)r->s->flip;
    if (status == GAN_OK) status = gan_loader_create(r->images, &batches, &r->loader);
    if (status == GAN_OK) status = gan_trainer_create(r->ctx, o, r->loader, &r->trainer);
    return status;
}

/* Everything in memory, before the folder is touched. The samples' latents are the first numbers
 * after the initial weights: those of a resumed run are the same. */
static int make(run *r) {
    gan_context_opts opts;
    gan_trainer_opts o;
    int code = settings_apply(r->s, &o);
    if (code) return code;
    gan_context_opts_init(&opts, sizeof opts);
    opts.seed = (uint64_t)r->s->seed;
    opts.threads = (int32_t)r->s->threads;
    if (gan_context_create(&opts, &r->ctx) < 0) return fail("cannot make a context");
    if ((code = source_open(r->ctx, r->s, &o, &r->images)) != 0) return code;
    if (make_trainer(r, &o) < 0 || samples_begin(&r->shown, r->ctx, r->trainer, r->images) < 0)
        return fail_library(r);
    return 0;
}

static void unmake(run *r) {
    if (r->log) fclose(r->log);
    samples_end(&r->shown);
    gan_trainer_unref(r->trainer);
    gan_loader_unref(r->loader);
    gan_dataset_unref(r->images);
    gan_context_destroy(r->ctx);
    settings_free(r->s);
}

/* ---- the folder ------------------------------------------------------------------------------ */

static const char *path_of(const run *r, char path[PATH_BYTES], const char *name) {
    return join_path(path, r->s->out, name);
}

static int write_samples(run *r) {
    char name[FILE_BYTES], path[PATH_BYTES];
    int64_t step = gan_trainer_steps(r->trainer);
    if (r->pictured == step) return 0;
    folder_sample_name(name, step);
    if (samples_write(&r->shown, r->trainer, path_of(r, path, name)) < 0) return fail_library(r);
    r->pictured = step;
    return 0;
}

static int write_checkpoint(run *r) {
    char path[PATH_BYTES];
    int64_t step = gan_trainer_steps(r->trainer);
    if (r->saved == step) return 0;
    if (gan_trainer_save(r->trainer, path_of(r, path, "checkpoint.safetensors")) < 0)
        return fail_library(r);
    r->saved = step;
    return 0;
}

/* What is made to be looked at. */
static int write_outputs(run *r) {
    char path[PATH_BYTES], name[FILE_BYTES];
    int gallery = samples_have_gallery(&r->shown);
    if (gan_trainer_save_model(r->trainer, path_of(r, path, "generator.safetensors")) < 0 ||
        gan_trainer_save_onnx(r->trainer, path_of(r, path, "generator.onnx")) < 0 ||
        (gallery && samples_write_gallery(&r->shown, r->trainer, r->s->out) < 0))
        return fail_library(r);
    folder_sample_name(name, r->pictured);
    return folder_animate(r->s->out) ||
           summary_write(&(summary){r->s, r->images, r->trainer, r->seconds, name,
                                    samples_about(&r->shown), gallery ? SAMPLES_GALLERY : NULL,
                                    gallery ? SAMPLES_WAYS : NULL});
}

static int open_log(run *r) {
    char path[PATH_BYTES];
    r->log = fopen(path_of(r, path, "log.jsonl"), r->s->resume ? "a" : "w");
    if (!r->log) return fail("cannot write %s: %s", path, strerror(errno));
    setvbuf(r->log, NULL, _IOLBF, BUFSIZ); /* a killed run keeps its lines */
    return 0;
}

/* A new run: its configuration, written last, says that all the rest is there. */
static int begin(run *r) {
    if (r->s->force && folder_clear(r->s->out)) return 1;
    return write_samples(r) || write_checkpoint(r) || open_log(r) || settings_keep(r->s);
}

/* Takes up a run where its checkpoint was written: what the log and pictures tell of later steps,
 * which a kill has lost, is dropped. */
static int resume(run *r) {
    char path[PATH_BYTES];
    if (folder_tidy(r->s->out)) return 1;
    if (gan_trainer_load(r->trainer, path_of(r, path, "checkpoint.safetensors")) < 0)
        return fail_library(r);
    r->saved = gan_trainer_steps(r->trainer);
    r->pictured = folder_newest_sample(r->s->out, r->saved);
    return folder_cut_samples(r->s->out, r->saved) ||
           log_cut(path_of(r, path, "log.jsonl"), r->saved, &r->seconds) || open_log(r) ||
           settings_keep(r->s);
}

/* ---- training -------------------------------------------------------------------------------- */

/* The checkpoint comes last, as the noise of samples and of the gallery (dropout) takes random
 * numbers: those that a resumed run draws next are the same. */
static int after_step(run *r, int64_t step) {
    int save = step % r->s->save_every == 0;
    if (step % r->s->sample_every == 0 && write_samples(r)) return 1;
    return save && ((r->pictured >= 0 && write_outputs(r)) || write_checkpoint(r));
}

static int train_step(run *r, gan_trainer_stats *stats, log_row *row) {
    double before = wall_seconds();
    if (gan_trainer_step(r->trainer, stats) < 0) return fail_library(r);
    double taken = wall_seconds() - before;
    r->seconds += taken;
    *row = log_row_of(stats, r->seconds,
                      (double)stats->d_updates * gan_trainer_options(r->trainer)->batch / taken);
    log_write(r->log, row);
    if (ferror(r->log)) return fail("cannot write the log: %s", strerror(errno));
    return 0;
}

static void show(progress *bar, const run *r, int64_t first, const log_row *row) {
    char text[120];
    snprintf(text, sizeof text, "step %lld of %lld  d %.3f  g %.3f  %.0f images/s",
             (long long)row->step, (long long)r->s->steps, row->value[LOG_D_LOSS],
             row->value[LOG_G_LOSS], row->value[LOG_IMAGES_PER_SECOND]);
    progress_show(bar, (double)(row->step - first) / (double)(r->s->steps - first), text);
}

/* What is made after the last checkpoint is not in it: nor would it be there in a longer run.
 * Returns the exit code. After a failure the last checkpoint stays as it was. */
static int train(run *r) {
    gan_trainer_stats stats = {.struct_size = sizeof stats};
    int64_t first = gan_trainer_steps(r->trainer), step = first;
    log_row row;
    progress bar;
    int bad = 0;
    progress_begin(&bar);
    while (step < r->s->steps && !stop_signal && !bad) {
        bad = train_step(r, &stats, &row) || after_step(r, stats.step);
        step = gan_trainer_steps(r->trainer);
        if (!bad) show(&bar, r, first, &row);
    }
    if (step > first) progress_end(&bar);
    if (bad || write_checkpoint(r) || write_samples(r) || write_outputs(r)) return 1;
    printf("%s after %lld steps: %s/report.html\n", stop_signal ? "interrupted" : "done",
           (long long)step, r->s->out);
    return stop_signal ? 128 + stop_signal : 0;
}

/* Returns the exit code. */
static int start(run *r) {
    const settings *s = r->s;
    if (!s->resume && !s->force && settings_are_kept(s->out))
        return fail("%s holds a run already: --resume goes on with it, --force replaces it",
                    s->out);
    int code = make(r);
    if (code) return code;
    if (folder_claim(s->out) || (s->resume ? resume(r) : begin(r))) return 1;
    catch_signals();
    return train(r);
}

int main(int argc, char **argv) {
    settings s;
    run r = {.s = &s, .pictured = -1, .saved = -1};
    int code = settings_read(&s, argc, argv);
    if (code < 0) code = start(&r);
    unmake(&r);
    return code;
}
