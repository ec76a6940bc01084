/* Judges a run of the quickstart: can a linear classifier, trained on the real images, tell several
 * classes among 1,000 generated ones, and did the critic's estimate of the distance fall?
 * Exit code 0 if both hold, 1 if not.
 *
 * SPDX-License-Identifier: MIT */
#include "common/fashion.h"
#include "common/options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    PIXELS = FASHION_SIDE * FASHION_SIDE,
    BATCH = 100,
    CLASSIFIER_STEPS = 3000,
    SAMPLES = 1000,
    CLASSES_WANTED = 6,
    SHARE_WANTED = SAMPLES * 3 / 100
};

typedef struct judge {
    gan_context *ctx;
    gan_dataset *data;
    gan_loader *loader;
    gan_module *classifier, *generator;
    gan_optimizer *adam;
} judge;

static gan_tensor *logits(judge *j, gan_tensor *images) {
    return gan_forward(j->classifier, gan_reshape(images, (int64_t[]){-1, PIXELS}, 2));
}

/* Softmax regression on pixels. */
static int32_t train_classifier(judge *j) {
    int32_t status = GAN_OK;
    for (int step = 0; step < CLASSIFIER_STEPS && status == GAN_OK; step++) {
        int64_t scope = gan_scope_begin(j->ctx);
        gan_tensor *scores = logits(j, gan_loader_next(j->loader));
        status = gan_optimizer_minimize(
            j->adam, gan_cross_entropy(scores, gan_loader_labels(j->loader), BATCH));
        gan_scope_end(j->ctx, scope);
    }
    return status;
}

/* Adds to count[c] the images that the classifier takes for class c. */
static int32_t count_classes(judge *j, gan_tensor *images, int count[FASHION_CLASSES]) {
    float scores[SAMPLES][FASHION_CLASSES];
    gan_tensor *result = logits(j, images);
    int32_t status = gan_tensor_read(result, &scores[0][0], gan_tensor_size(result));
    for (int64_t i = 0; status == GAN_OK && i < gan_tensor_dim(result, 0); i++) {
        int best = 0;
        for (int c = 1; c < FASHION_CLASSES; c++)
            if (scores[i][c] > scores[i][best]) best = c;
        count[best]++;
    }
    return status;
}

static int32_t classify_samples(judge *j, int count[FASHION_CLASSES]) {
    int64_t scope = gan_scope_begin(j->ctx);
    gan_recording(j->ctx, 0);
    gan_module_train(j->generator, 0);
    gan_tensor *z = gan_randn(j->ctx, (int64_t[]){SAMPLES, FASHION_LATENT}, 2);
    int32_t status = count_classes(j, gan_forward(j->generator, z), count);
    gan_recording(j->ctx, 1);
    gan_scope_end(j->ctx, scope);
    return status;
}

/* Opens the data, loads the generator and makes a classifier to train. */
static int32_t prepare(judge *j, const char *data, const char *weights) {
    int32_t status;
    if ((status = fashion_open(j->ctx, data, 1, NULL, &j->data)) < 0 ||
        (status = fashion_loader(j->data, BATCH, 0, &j->loader)) < 0 ||
        (status = fashion_generator(j->ctx, FASHION_LATENT, &j->generator)) < 0 ||
        (status = gan_module_load(j->generator, weights)) < 0 ||
        (status = gan_sequential_create(j->ctx, &j->classifier)) < 0)
        return status;
    gan_add_dense(j->classifier, NULL, PIXELS, FASHION_CLASSES, 1);
    return gan_adam_create(j->classifier, NULL, &j->adam);
}

/* Whether enough classes are among the samples; -1 after a message. */
static int judge_classes(judge *j, const char *data, const char *weights) {
    int count[FASHION_CLASSES] = {0}, found = 0, status = prepare(j, data, weights);
    if (status == GAN_OK && !fashion_fits(j->data)) {
        fprintf(stderr, "check_quickstart: the files in %s are not Fashion-MNIST\n", data);
        return -1;
    }
    if (status < 0 || train_classifier(j) < 0 || classify_samples(j, count) < 0) {
        fprintf(stderr, "check_quickstart: %s\n", gan_last_error(j->ctx));
        return -1;
    }
    printf("samples per class:");
    for (int c = 0; c < FASHION_CLASSES; c++) {
        printf(" %d", count[c]);
        found += count[c] >= SHARE_WANTED;
    }
    printf("; classes with at least %d of %d: %d (%d wanted)\n", SHARE_WANTED, SAMPLES, found,
           CLASSES_WANTED);
    return found >= CLASSES_WANTED;
}

/* Reads the log's estimates; the caller frees them. */
static double *read_estimates(const char *path, size_t *n) {
    static const char key[] = "\"wasserstein\": ";
    char line[512];
    double *values = NULL;
    FILE *log = fopen(path, "r");
    *n = 0;
    while (log && fgets(line, sizeof line, log)) {
        const char *at = strstr(line, key);
        double *more = realloc(values, (*n + 1) * sizeof *values);
        if (!more || !at) {
            free(more ? more : values);
            fclose(log);
            return NULL;
        }
        values = more;
        values[(*n)++] = strtod(at + sizeof key - 1, NULL);
    }
    if (log) fclose(log);
    return values;
}

static int judge_log(const char *path) {
    size_t n = 0;
    double highest = 0, last = 0, *values = read_estimates(path, &n);
    if (!values) {
        fprintf(stderr, "check_quickstart: %s is not a log of the quickstart\n", path);
        return -1;
    }
    size_t tail = n - n / 10 < n ? n - n / 10 : 0;
    for (size_t i = 0; i < n; i++) {
        if (values[i] > highest) highest = values[i];
        if (i >= tail) last += values[i] / (double)(n - tail);
    }
    free(values);
    printf("estimate of the distance: at most %.3f, in the last tenth of %zu steps %.3f (half of "
           "the most wanted)\n",
           highest, n, last);
    return last <= highest / 2;
}

int main(int argc, char **argv) {
    const char *data = "", *run = "runs/quickstart";
    const option_row rows[] = {
        {"data", OPTION_TEXT, &data, 0, 0, "folder of Fashion-MNIST's files"},
        {"run", OPTION_TEXT, &run, 0, 0, "folder that the quickstart wrote"},
    };
    const option_table table = {"check_quickstart", "judges a run of the quickstart", rows, 2};
    int code = options_read(&table, argc, argv);
    if (code >= 0) return code;

    char weights[4096], log[4096];
    snprintf(weights, sizeof weights, "%s/generator.safetensors", run);
    snprintf(log, sizeof log, "%s/log.jsonl", run);

    judge j = {0};
    if (gan_context_create(NULL, &j.ctx) < 0) return 1;
    int classes = judge_classes(&j, data, weights), fell = judge_log(log);
    gan_optimizer_unref(j.adam);
    gan_module_unref(j.classifier);
    gan_module_unref(j.generator);
    gan_loader_unref(j.loader);
    gan_dataset_unref(j.data);
    gan_context_destroy(j.ctx);
    return classes > 0 && fell > 0 ? 0 : 1;
}
