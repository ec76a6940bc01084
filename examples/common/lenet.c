/* SPDX-License-Identifier: MIT */
#include "common/lenet.h"

#include "common/program.h"
#include "common/progress.h"

#include <unistd.h>

enum { TRAIN_BATCH = 128, CHANNELS = 16 };

int lenet_fits(const gan_dataset *d) {
    const int64_t *shape = gan_dataset_shape(d);
    return shape[1] == LENET_SIDE && shape[2] == LENET_SIDE && gan_dataset_labels(d) &&
           gan_dataset_class_count(d) <= LENET_CLASSES;
}

/* ---- the network ----------------------------------------------------------------------------- */

static int32_t build(gan_context *ctx, gan_module **out) {
    gan_conv2d_opts same;
    gan_conv2d_opts_init(&same, sizeof same);
    same.pad_top = same.pad_bottom = same.pad_left = same.pad_right = 2;
    gan_module *net = NULL;
    int32_t status = gan_module_create(ctx, &net);
    if (status < 0) return status;

    gan_add_conv2d(net, "conv1", 1, CHANNELS, 5, &same);           /* (N,28,28,16), pooled 14 */
    gan_add_conv2d(net, "conv2", CHANNELS, 2 * CHANNELS, 5, NULL); /* (N,10,10,32), pooled 5  */
    gan_add_dense(net, "dense1", 2 * CHANNELS * 5 * 5, 120, 1);
    gan_add_dense(net, "dense2", 120, LENET_FEATURES, 1);
    gan_add_dropout(net, "dropout", 0.3);
    gan_add_dense(net, "dense3", LENET_FEATURES, LENET_CLASSES, 1);
    if ((status = gan_error_code(ctx)) < 0)
        gan_module_unref(net);
    else
        *out = net;
    return status;
}

static gan_tensor *run(gan_module *net, const char *layer, gan_tensor *x) {
    return gan_forward(gan_module_child(net, layer), x);
}

/* (N,28,28,1) to (N, LENET_FEATURES). */
static gan_tensor *features_of(gan_module *net, gan_tensor *x) {
    x = gan_max_pool2d(gan_relu(run(net, "conv1", x)), 2, 2, 0);
    x = gan_max_pool2d(gan_relu(run(net, "conv2", x)), 2, 2, 0);
    x = gan_relu(run(net, "dense1", gan_flatten(x)));
    return gan_relu(run(net, "dense2", x));
}

/* Features to scores (N, LENET_CLASSES). */
static gan_tensor *scores_of(gan_module *net, gan_tensor *features) {
    return run(net, "dense3", run(net, "dropout", features));
}

/* ---- training -------------------------------------------------------------------------------- */

static int32_t train_step(gan_context *ctx, gan_module *net, gan_loader *loader,
                          gan_optimizer *adam) {
    int64_t scope = gan_scope_begin(ctx);
    gan_tensor *scores = scores_of(net, features_of(net, gan_loader_next(loader)));
    int32_t status = gan_optimizer_minimize(
        adam, gan_cross_entropy(scores, gan_loader_labels(loader), TRAIN_BATCH));
    gan_scope_end(ctx, scope);
    return status;
}

/* Adam, its rate going down in a straight line. */
static int32_t train(gan_context *ctx, gan_module *net, gan_dataset *images, int64_t epochs) {
    gan_loader_opts opts;
    gan_loader_opts_init(&opts, sizeof opts);
    opts.batch = TRAIN_BATCH;
    opts.remainder = GAN_REMAINDER_WRAP;
    gan_loader *loader = NULL;
    gan_optimizer *adam = NULL;
    int32_t status = gan_loader_create(images, &opts, &loader);
    if (status == GAN_OK) status = gan_adam_create(net, NULL, &adam);
    int64_t steps = epochs * gan_dataset_size(images) / TRAIN_BATCH;
    progress bar;
    progress_begin(&bar);
    for (int64_t i = 0; i < steps && status == GAN_OK; i++) {
        gan_optimizer_set_lr(adam, gan_ramp(1e-3, 1e-5, i, 0, steps));
        status = train_step(ctx, net, loader, adam);
        progress_show(&bar, (double)(i + 1) / (double)steps, "training the LeNet");
    }
    progress_end(&bar);
    gan_optimizer_unref(adam);
    gan_loader_unref(loader);
    return status;
}

int32_t lenet_cached(gan_context *ctx, const char *file, gan_dataset *images, int64_t epochs,
                     gan_module **out) {
    gan_module *net = NULL;
    int32_t status = build(ctx, &net);
    if (status < 0) return status;
    if (access(file, F_OK) == 0) {
        status = gan_module_load(net, file);
    } else {
        status = train(ctx, net, images, epochs);
        if (status == GAN_OK) status = gan_module_save(net, file);
    }
    if (status == GAN_OK) status = gan_module_train(net, 0);
    if (status == GAN_OK)
        *out = net;
    else
        gan_module_unref(net);
    return status;
}

/* ---- judging --------------------------------------------------------------------------------- */

static void take_best(const float *scores, int64_t n, int32_t *classes) {
    for (int64_t i = 0; i < n; i++, scores += LENET_CLASSES) {
        classes[i] = 0;
        for (int32_t c = 1; c < LENET_CLASSES; c++)
            if (scores[c] > scores[classes[i]]) classes[i] = c;
    }
}

/* At most LENET_BATCH images. */
static int32_t read_batch(gan_module *net, gan_tensor *images, float *features, int32_t *classes) {
    float scores[LENET_BATCH * LENET_CLASSES];
    int64_t n = gan_tensor_dim(images, 0);
    gan_tensor *f = features_of(net, images);
    int32_t status = gan_tensor_read(scores_of(net, f), scores, n * LENET_CLASSES);
    if (status == GAN_OK && features) status = gan_tensor_read(f, features, n * LENET_FEATURES);
    if (status == GAN_OK && classes) take_best(scores, n, classes);
    return status;
}

int32_t lenet_read(gan_module *net, gan_tensor *images, float *features, int32_t *classes) {
    gan_context *ctx = gan_tensor_context(gan_module_parameter(net, 0));
    int64_t n = gan_tensor_dim(images, 0);
    int32_t status = images ? GAN_OK : gan_error_code(ctx), recording = gan_recording(ctx, 0);
    for (int64_t i = 0; i < n && status == GAN_OK; i += LENET_BATCH) {
        int64_t size[] = {n - i < LENET_BATCH ? n - i : LENET_BATCH, LENET_SIDE, LENET_SIDE, 1};
        int64_t scope = gan_scope_begin(ctx);
        status = read_batch(net, gan_slice(images, (int64_t[]){i, 0, 0, 0}, size),
                            features ? features + i * LENET_FEATURES : NULL,
                            classes ? classes + i : NULL);
        gan_scope_end(ctx, scope);
    }
    gan_recording(ctx, recording);
    return status;
}

int32_t lenet_read_dataset(gan_module *net, gan_dataset *images, float *features,
                           int32_t *classes) {
    gan_context *ctx = gan_tensor_context(gan_module_parameter(net, 0));
    gan_loader_opts opts;
    gan_loader_opts_init(&opts, sizeof opts);
    opts.batch = LENET_BATCH;
    opts.shuffle = 0;
    opts.remainder = GAN_REMAINDER_KEEP;
    gan_loader *loader = NULL;
    int32_t status = gan_loader_create(images, &opts, &loader);
    for (int64_t i = 0; i < gan_dataset_size(images) && status == GAN_OK; i += LENET_BATCH) {
        int64_t scope = gan_scope_begin(ctx);
        status = lenet_read(net, gan_loader_next(loader),
                            features ? features + i * LENET_FEATURES : NULL,
                            classes ? classes + i : NULL);
        gan_scope_end(ctx, scope);
    }
    gan_loader_unref(loader);
    return status;
}

double lenet_right(const int32_t *classes, const int32_t *labels, int64_t n) {
    int64_t equal = 0;
    for (int64_t i = 0; i < n; i++) equal += classes[i] == labels[i];
    return (double)equal / (double)n;
}

int lenet_check(const char *file, double right) {
    if (right >= 0.9) return 0;
    return fail("%s is right for %.1f %% of the real images only: is it of other data?", file,
                100 * right);
}
