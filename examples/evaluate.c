/* Measures the generator of a run on MNIST or Fashion-MNIST, or the images of a file, against the
 * test images, and leaves
 *
 *     evaluation.json  all measures
 *     nearest.png      samples, and to the right of each the nearest training image
 *
 * Features and classes are those of a LeNet that is trained once and kept in a file. Without a run
 * or a file it tells what the measures are of real images (floor) and of noise (ceiling).
 *
 * SPDX-License-Identifier: MIT */
#include "common/program.h"
#include "common/files.h"
#include "common/gallery.h"
#include "common/idx.h"
#include "common/lenet.h"
#include "common/options.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char PROGRAM[] = "evaluate";

enum {
    SIDE = LENET_SIDE,
    PIXELS = SIDE * SIDE,
    NEIGHBOURS = 5,    /* k of precision and recall                         */
    SHOWN = 50,        /* samples of nearest.png                            */
    COLUMNS = 10,      /* its images a row                                  */
    VALIDATION = 1000, /* rows that choose the width of Parzen's windows    */
    MAX_MEASURES = 32
};

typedef struct settings {
    const char *data, *run, *checkpoint, *images, *classifier, *out;
    int64_t samples, epochs, limit, parzen, seed, threads;
} settings;

typedef struct measure {
    const char *name, *about;
    double value;
} measure;

typedef struct evaluation {
    settings s;
    gan_context *ctx;
    gan_dataset *train, *test;
    gan_module *lenet;
    gan_trainer *trainer; /* NULL without a run                                          */
    gan_dataset *given;   /* pix2pix: the outlines it draws from, else NULL              */
    gan_dataset *samples; /* the images of a file, else NULL                             */
    int64_t n, m;         /* samples, test images                                        */
    float *fakes;         /* (n, PIXELS) in [-1, 1]                                      */
    int32_t *labels;      /* n that the samples were asked for                           */
    float *real_features, *features; /* (m, LENET_FEATURES) of test images, (n, …)       */
    int32_t *classes;                /* n (at least m) that the LeNet takes samples for  */
    measure measures[MAX_MEASURES];
    int count;
} evaluation;

static void add(evaluation *e, const char *name, double value, const char *about) {
    if (e->count < MAX_MEASURES) e->measures[e->count++] = (measure){name, about, value};
}

/* ---- real images ----------------------------------------------------------------------------- */

static int32_t open_data(evaluation *e) {
    gan_data_opts opts;
    gan_data_opts_init(&opts, sizeof opts);
    opts.limit = e->s.limit;
    int32_t status = idx_open(e->ctx, e->s.data, IDX_TRAIN, 1, &opts, &e->train);
    if (status == GAN_OK) status = idx_open(e->ctx, e->s.data, IDX_TEST, 1, &opts, &e->test);
    return status;
}

/* The LeNet, what it sees in the test images, and how often it is right. */
static int32_t prepare_judge(evaluation *e) {
    int32_t status = lenet_cached(e->ctx, e->s.classifier, e->train, e->s.epochs, &e->lenet);
    if (status == GAN_OK) /* from here on whether it was just trained does not matter */
        status = gan_context_seed(e->ctx, (uint64_t)e->s.seed);
    if (status == GAN_OK)
        status = lenet_read_dataset(e->lenet, e->test, e->real_features, e->classes);
    if (status < 0) return status;
    double right = lenet_right(e->classes, gan_dataset_labels(e->test), e->m);
    add(e, "classifier_accuracy", right, "of the LeNet on test images");
    lenet_check(e->s.classifier, right); /* a warning */
    return GAN_OK;
}

static int32_t distance_to_test(evaluation *e, const float *features, int64_t n, const char *name,
                                const char *about) {
    double distance;
    int32_t status = gan_frechet_distance(e->ctx, features, n, e->real_features, e->m,
                                          LENET_FEATURES, &distance);
    if (status == GAN_OK) add(e, name, distance, about);
    return status;
}

/* The distance of as many training images as there are test images. */
static int32_t measure_floor(evaluation *e) {
    int64_t n = gan_dataset_size(e->train) < e->m ? gan_dataset_size(e->train) : e->m;
    gan_dataset *part = NULL;
    float *features = malloc((size_t)(n * LENET_FEATURES) * sizeof *features);
    int32_t status = features ? GAN_OK : GAN_ENOMEM;
    const int64_t shape[] = {n, SIDE, SIDE, 1};
    if (status == GAN_OK)
        status =
            gan_dataset_from_bytes(e->ctx, gan_dataset_pixels(e->train), shape, NULL, NULL, &part);
    if (status == GAN_OK) status = lenet_read_dataset(e->lenet, part, features, NULL);
    if (status == GAN_OK)
        status = distance_to_test(e, features, n, "frechet_floor", "the same of training images");
    gan_dataset_unref(part);
    free(features);
    return status;
}

/* Of uniform noise; takes the room for the samples' features. */
static int32_t measure_ceiling(evaluation *e) {
    int32_t status = GAN_OK;
    for (int64_t i = 0; i < e->n && status == GAN_OK; i += LENET_BATCH) {
        int64_t shape[] = {e->n - i < LENET_BATCH ? e->n - i : LENET_BATCH, SIDE, SIDE, 1};
        int64_t scope = gan_scope_begin(e->ctx);
        status = lenet_read(e->lenet, gan_rand(e->ctx, shape, 4, -1, 1),
                            e->features + i * LENET_FEATURES, NULL);
        gan_scope_end(e->ctx, scope);
    }
    if (status < 0) return status;
    return distance_to_test(e, e->features, e->n, "frechet_ceiling", "the same of uniform noise");
}

/* ---- generated images ------------------------------------------------------------------------ */

/* The trainer as the checkpoint tells that it was made, without data. */
static int32_t load_trainer(evaluation *e, const char *checkpoint) {
    gan_trainer_opts opts = {.struct_size = sizeof opts};
    int32_t status = gan_trainer_opts_load(e->ctx, checkpoint, &opts);
    if (status == GAN_OK) status = gan_trainer_create(e->ctx, &opts, NULL, &e->trainer);
    if (status == GAN_OK) status = gan_trainer_load(e->trainer, checkpoint);
    return status;
}

/* What pix2pix draws from: outlines of the test images, padded to its side. */
static int32_t open_given(evaluation *e, int32_t side) {
    gan_data_opts opts;
    gan_data_opts_init(&opts, sizeof opts);
    opts.limit = e->s.limit;
    opts.pad_to = side;
    gan_dataset *padded = NULL;
    int32_t status = idx_open(e->ctx, e->s.data, IDX_TEST, 1, &opts, &padded);
    if (status == GAN_OK) status = gan_dataset_outlines(padded, 0.2, &e->given);
    gan_dataset_unref(padded);
    return status;
}

/* Images in the range and size of the LeNet: padding is cut off. */
static gan_tensor *for_lenet(gan_tensor *images, const gan_trainer_opts *o) {
    int64_t edge = (o->side - SIDE) / 2;
    const int64_t start[] = {0, edge, edge, 0}, size[] = {gan_tensor_dim(images, 0), SIDE, SIDE, 1};
    gan_tensor *cut = gan_slice(images, start, size);
    return o->unit_range ? gan_add_scalar(gan_scale(cut, 2), -1) : cut;
}

/* Samples i to i + n: pixels, features and classes. given: a loader of outlines, or NULL. */
static int32_t sample_batch(evaluation *e, gan_loader *given, int64_t i, int64_t n) {
    const gan_trainer_opts *o = gan_trainer_options(e->trainer);
    const int32_t *asked = o->condition ? e->labels + i : NULL;
    gan_tensor *z = given ? gan_loader_next(given) : gan_trainer_latents(e->trainer, n);
    if (given) memcpy(e->labels + i, gan_loader_labels(given), (size_t)n * sizeof *e->labels);
    gan_tensor *images = for_lenet(gan_trainer_sample(e->trainer, z, asked), o);
    int32_t status = gan_tensor_read(images, e->fakes + i * PIXELS, n * PIXELS);
    if (status < 0) return status;
    return lenet_read(e->lenet, images, e->features + i * LENET_FEATURES, e->classes + i);
}

static int32_t sample_all(evaluation *e) {
    gan_loader_opts opts;
    gan_loader_opts_init(&opts, sizeof opts);
    opts.remainder = GAN_REMAINDER_WRAP;
    opts.shuffle = 0;
    opts.lo = gan_trainer_options(e->trainer)->unit_range ? 0 : -1;
    int32_t status = gan_dataset_draw_labels(e->test, e->labels, e->n);
    for (int64_t i = 0; i < e->n && status == GAN_OK; i += opts.batch) {
        gan_loader *given = NULL;
        int64_t n = e->n - i < LENET_BATCH ? e->n - i : LENET_BATCH,
                scope = gan_scope_begin(e->ctx);
        opts.batch = (int32_t)n;
        if (e->given) status = gan_loader_create(e->given, &opts, &given);
        if (given) status = gan_loader_seek(given, 0, i % gan_dataset_size(e->given));
        if (status == GAN_OK) status = sample_batch(e, given, i, n);
        gan_loader_unref(given);
        gan_scope_end(e->ctx, scope);
    }
    return status;
}

/* The same of a file's images. */
static int32_t read_samples(evaluation *e) {
    gallery_read(e->samples, 0, e->n, -1, e->fakes);
    return lenet_read_dataset(e->lenet, e->samples, e->features, e->classes);
}

/* ---- measures -------------------------------------------------------------------------------- */

static int32_t measure_distances(evaluation *e) {
    double kid, error;
    int32_t status = distance_to_test(e, e->features, e->n, "frechet",
                                      "LeNet-Frechet distance to the test images");
    if (status == GAN_OK)
        status = gan_kernel_distance(e->ctx, e->features, e->n, e->real_features, e->m,
                                     LENET_FEATURES, NULL, &kid, &error);
    if (status < 0) return status;
    add(e, "kid", kid, "kernel distance of the same features");
    add(e, "kid_error", error, "its standard error");
    return GAN_OK;
}

static int32_t measure_variety(evaluation *e) {
    gan_prdc p = {.struct_size = sizeof p};
    int32_t status = gan_precision_recall(e->ctx, e->real_features, e->m, e->features, e->n,
                                          LENET_FEATURES, NEIGHBOURS, &p);
    if (status < 0) return status;
    add(e, "precision", p.precision, "samples that look real, k = 5");
    add(e, "recall", p.recall, "test images that could be samples");
    add(e, "density", p.density, "precision without outliers' balls");
    add(e, "coverage", p.coverage, "test images with a sample near");
    return GAN_OK;
}

static int32_t measure_classes(evaluation *e) {
    double shares[LENET_CLASSES] = {0};
    const int32_t *labels = gan_dataset_labels(e->test);
    for (int64_t i = 0; i < e->m; i++) shares[labels[i]] += 1 / (double)e->m;
    gan_histogram h = {.struct_size = sizeof h};
    int32_t status = gan_histogram_statistics(e->ctx, e->classes, e->n, LENET_CLASSES, shares, &h);
    if (status < 0) return status;
    add(e, "classes", (double)h.present, "that the LeNet finds, of 10");
    add(e, "classes_kl", h.kl, "KL(classes || those of the test set), nats");
    add(e, "classes_tv", h.total_variation, "total variation of the same");
    if (e->trainer && (gan_trainer_options(e->trainer)->condition || e->given))
        add(e, "label_accuracy", lenet_right(e->labels, e->classes, e->n),
            "samples that are of the class they should be");
    return GAN_OK;
}

/* Goodfellow et al. 2014: pixels 0..1, the width chosen on the last sixth of the training set. */
static int32_t measure_parzen(evaluation *e) {
    int64_t first = gan_dataset_size(e->train) / 6 * 5, v = gan_dataset_size(e->train) - first;
    if (v > VALIDATION) v = VALIDATION;
    size_t row = PIXELS * sizeof(float);
    float *samples = malloc((size_t)e->n * row), *test = malloc((size_t)e->m * row),
          *validation = malloc((size_t)v * row);
    gan_parzen p = {.struct_size = sizeof p};
    int32_t status = samples && test && validation ? GAN_OK : GAN_ENOMEM;
    if (status == GAN_OK) {
        for (int64_t i = 0; i < e->n * PIXELS; i++) samples[i] = (e->fakes[i] + 1) / 2;
        gallery_read(e->test, 0, e->m, 0, test);
        gallery_read(e->train, first, v, 0, validation);
        status = gan_parzen_log_likelihood(e->ctx, samples, e->n, validation, v, test, e->m, PIXELS,
                                           NULL, 0, &p);
    }
    free(samples);
    free(test);
    free(validation);
    if (status < 0) return status;
    add(e, "parzen", p.log_likelihood, "Parzen log-likelihood of the test images, nats");
    add(e, "parzen_error", p.standard_error, "its standard error");
    add(e, "parzen_sigma", p.sigma, "width of the windows");
    return GAN_OK;
}

/* Of pix2pix: mean |target - sample| of pixels in [-1, 1], where the targets are the images whose
 * outlines were given. */
static void measure_error(evaluation *e) {
    float target[PIXELS];
    double sum = 0;
    for (int64_t i = 0; i < e->n; i++) {
        gallery_read(e->test, i % e->m, 1, -1, target);
        for (int64_t k = 0; k < PIXELS; k++) sum += fabs(e->fakes[i * PIXELS + k] - target[k]);
    }
    add(e, "l1", sum / (double)(e->n * PIXELS), "mean difference to the outlines' images");
}

/* Radford et al. 2016: how wrong a nearest neighbour classifier is of the test images that has
 * nothing but samples and the labels they were asked for. */
static int32_t measure_neighbours(evaluation *e) {
    float *test = malloc((size_t)(e->m * PIXELS) * sizeof *test);
    double error;
    if (!test) return GAN_ENOMEM;
    gallery_read(e->test, 0, e->m, -1, test);
    int32_t status =
        gan_nearest_neighbour_error(e->ctx, e->fakes, e->labels, e->n, test,
                                    gan_dataset_labels(e->test), e->m, PIXELS, NULL, NULL, &error);
    free(test);
    if (status == GAN_OK)
        add(e, "neighbour_error", error, "of test images, by the label of the nearest sample");
    return status;
}

/* ---- nearest.png ----------------------------------------------------------------------------- */

static int32_t show_nearest(evaluation *e, const char *path) {
    double mean;
    int64_t n = e->n < SHOWN ? e->n : SHOWN;
    int32_t status = gallery_write_nearest(e->ctx, e->train, e->fakes, n, COLUMNS, path, &mean);
    if (status == GAN_OK) add(e, "nearest", mean, "mean distance in pixels of nearest.png's pairs");
    return status;
}

/* ---- report ---------------------------------------------------------------------------------- */

static void print_table(const evaluation *e) {
    for (int i = 0; i < e->count; i++)
        printf("%-20s %10.4f  %s\n", e->measures[i].name, e->measures[i].value,
               e->measures[i].about);
}

static int write_json(const evaluation *e, const char *path) {
    FILE *file = fopen(path, "w");
    if (!file) return fail("cannot write %s: %s", path, strerror(errno));
    fprintf(file, "{\n  \"samples\": %lld", (long long)e->n);
    if (e->trainer)
        fprintf(file, ",\n  \"system\": \"%s\",\n  \"steps\": %lld",
                gan_system_name(gan_trainer_options(e->trainer)->system),
                (long long)gan_trainer_steps(e->trainer));
    for (int i = 0; i < e->count; i++) {
        const measure *m = &e->measures[i];
        if (isfinite(m->value))
            fprintf(file, ",\n  \"%s\": %.8g", m->name, m->value);
        else
            fprintf(file, ",\n  \"%s\": null", m->name);
    }
    fputs("\n}\n", file);
    int bad = ferror(file);
    if (fclose(file) || bad) return fail("cannot write %s: %s", path, strerror(errno));
    return 0;
}

/* ---- the program ----------------------------------------------------------------------------- */

static int32_t make_room(evaluation *e) {
    size_t n = (size_t)e->n, m = (size_t)e->m, most = n > m ? n : m;
    e->fakes = malloc(n * PIXELS * sizeof(float));
    e->labels = malloc(n * sizeof(int32_t));
    e->features = malloc(n * LENET_FEATURES * sizeof(float));
    e->real_features = malloc(m * LENET_FEATURES * sizeof(float));
    e->classes = malloc(most * sizeof(int32_t));
    return e->fakes && e->labels && e->features && e->real_features && e->classes ? GAN_OK
                                                                                  : GAN_ENOMEM;
}

static void release(evaluation *e) {
    free(e->fakes);
    free(e->labels);
    free(e->features);
    free(e->real_features);
    free(e->classes);
    gan_dataset_unref(e->given);
    gan_dataset_unref(e->samples);
    gan_trainer_unref(e->trainer);
    gan_module_unref(e->lenet);
    gan_dataset_unref(e->test);
    gan_dataset_unref(e->train);
    gan_context_destroy(e->ctx);
}

static int fail_status(const evaluation *e, int32_t status) {
    const char *text = gan_last_error(e->ctx);
    return fail("%s", *text ? text : gan_status_name(status));
}

static int32_t measure_samples(evaluation *e, const char *picture) {
    int32_t status = e->samples ? read_samples(e) : sample_all(e);
    if (status == GAN_OK) status = measure_distances(e);
    if (status == GAN_OK) status = measure_variety(e);
    if (status == GAN_OK) status = measure_classes(e);
    if (status == GAN_OK && e->s.parzen) status = measure_parzen(e);
    if (status == GAN_OK && e->given) measure_error(e);
    if (status == GAN_OK && e->trainer && gan_trainer_options(e->trainer)->condition)
        status = measure_neighbours(e);
    return status < 0 ? status : show_nearest(e, picture);
}

/* What is measured, if anything is: a checkpoint's generator, or a file's images. 0, or the exit
 * code after a message. */
static int open_subject(evaluation *e, const char *checkpoint) {
    int32_t status = GAN_OK;
    if (*e->s.images) {
        status = gan_dataset_from_idx(e->ctx, e->s.images, NULL, NULL, &e->samples);
        if (status < 0) return fail_status(e, status);
        const int64_t *shape = gan_dataset_shape(e->samples);
        if (shape[0] <= NEIGHBOURS || shape[1] != SIDE || shape[2] != SIDE)
            return fail("%s has %lld images of %lld x %lld, not more than %d of 28 x 28 pixels",
                        e->s.images, (long long)shape[0], (long long)shape[2], (long long)shape[1],
                        NEIGHBOURS);
        e->n = shape[0];
    } else if (*e->s.checkpoint || *e->s.run) {
        if ((status = load_trainer(e, checkpoint)) < 0) return fail_status(e, status);
        const gan_trainer_opts *o = gan_trainer_options(e->trainer);
        if (o->channels != 1 || o->side < SIDE || o->side > 32)
            return fail("%s makes images of %d x %d x %d, not of 28 x 28 grey pixels", checkpoint,
                        o->side, o->side, o->channels);
        if (o->input_channels && (status = open_given(e, o->side)) < 0)
            return fail_status(e, status);
    }
    return 0;
}

static int evaluate(evaluation *e) {
    char checkpoint[PATH_BYTES], picture[PATH_BYTES], json[PATH_BYTES];
    const char *out = *e->s.out ? e->s.out : *e->s.run ? e->s.run : ".";
    snprintf(checkpoint, sizeof checkpoint, "%s%s", *e->s.checkpoint ? e->s.checkpoint : e->s.run,
             *e->s.checkpoint ? "" : "/checkpoint.safetensors");
    if (make_folder(out)) return 1;
    join_path(picture, out, "nearest.png");
    join_path(json, out, "evaluation.json");

    int32_t status = open_data(e);
    if (status < 0) return fail_status(e, status);
    if (!lenet_fits(e->train) || !lenet_fits(e->test))
        return fail("the images in %s are not of 28 x 28 pixels and 10 classes", e->s.data);
    e->n = e->s.samples;
    int code = open_subject(e, checkpoint);
    if (code) return code;
    e->m = gan_dataset_size(e->test);
    status = make_room(e);
    if (status == GAN_OK) status = prepare_judge(e);
    if (status == GAN_OK) status = measure_floor(e);
    if (status == GAN_OK) status = measure_ceiling(e);
    if (status == GAN_OK && (e->trainer || e->samples)) status = measure_samples(e, picture);
    if (status < 0) return fail_status(e, status);
    print_table(e);
    return write_json(e, json);
}

int main(int argc, char **argv) {
    evaluation e = {.s = {.data = "",
                          .run = "",
                          .checkpoint = "",
                          .images = "",
                          .classifier = "lenet.safetensors",
                          .out = "",
                          .samples = 10000,
                          .epochs = LENET_EPOCHS,
                          .seed = 1}};
    settings *s = &e.s;
    const option_row rows[] = {
        {"data", OPTION_TEXT, &s->data, 0, 0, "folder of the four IDX files"},
        {"run", OPTION_TEXT, &s->run, 0, 0, "folder with checkpoint.safetensors"},
        {"checkpoint", OPTION_TEXT, &s->checkpoint, 0, 0, "or the file itself"},
        {"images", OPTION_TEXT, &s->images, 0, 0, "or an IDX file of generated images"},
        {"classifier", OPTION_TEXT, &s->classifier, 0, 0, "the LeNet's file, made if missing"},
        {"out", OPTION_TEXT, &s->out, 0, 0, "folder of the outputs; the run's"},
        {"samples", OPTION_INTEGER, &s->samples, NEIGHBOURS + 1, 1e6, "generated images"},
        {"epochs", OPTION_INTEGER, &s->epochs, 1, 1000, "of the LeNet's training"},
        {"limit", OPTION_INTEGER, &s->limit, 0, 1e9, "only so many images of a file, 0 = all"},
        {"parzen", OPTION_FLAG, &s->parzen, 0, 1, "the Parzen log-likelihood too"},
        {"seed", OPTION_INTEGER, &s->seed, 0, 1e15, "of all random numbers"},
        {"threads", OPTION_INTEGER, &s->threads, 0, 256, "0 = one per core"},
    };
    const option_table table = {PROGRAM, "measures a generator of digits or clothes", rows,
                                (int)(sizeof rows / sizeof *rows)};
    program_begin(PROGRAM);
    int code = options_read(&table, argc, argv);
    if (code >= 0) return code;
    if (!*s->data) {
        fail("--data FOLDER is missing: where MNIST's or Fashion-MNIST's files are");
        return 2;
    }
    if (*s->images && (*s->run || *s->checkpoint)) {
        fail("--images is measured instead of a run, not with one");
        return 2;
    }
    gan_context_opts opts;
    gan_context_opts_init(&opts, sizeof opts);
    opts.seed = (uint64_t)s->seed;
    opts.threads = (int32_t)s->threads;
    if (gan_context_create(&opts, &e.ctx) < 0) return fail("cannot make a context");
    code = evaluate(&e);
    release(&e);
    return code;
}
