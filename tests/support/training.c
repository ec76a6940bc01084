#include "training.h"

static void add_conv(gan_module *m, int64_t in, int64_t out, int transposed) {
    gan_conv2d_opts o;
    gan_conv2d_opts_init(&o, sizeof o);
    o.stride_h = o.stride_w = 2;
    o.pad_top = o.pad_bottom = o.pad_left = o.pad_right = 1;
    if (transposed)
        gan_add_conv_transpose2d(m, NULL, in, out, 4, &o);
    else
        gan_add_conv2d(m, NULL, in, out, 4, &o);
}

static void build_generator(gan_module *m, int64_t width) {
    gan_add_dense(m, NULL, TRAINING_LATENT, width * 4, 1);
    gan_add_unflatten(m, NULL, width, 2, 2);
    add_conv(m, width, width, 1);
    gan_add_batch_norm(m, NULL, width, NULL);
    gan_add_relu(m, NULL);
    add_conv(m, width, 1, 1);
    gan_add_tanh(m, NULL);
}

static void build_critic(gan_module *m, int64_t width) {
    add_conv(m, 1, width, 0);
    gan_add_leaky_relu(m, NULL, 0.2);
    add_conv(m, width, width, 0);
    gan_add_instance_norm(m, NULL, width, NULL);
    gan_add_leaky_relu(m, NULL, 0.2);
    gan_add_flatten(m, NULL);
    gan_add_dense(m, NULL, width * 4, 1, 1);
}

static int32_t optimizers(training *t) {
    gan_adam_opts o;
    gan_adam_opts_init(&o, sizeof o);
    o.lr = 1e-3;
    o.beta1 = 0;
    o.beta2 = 0.9;
    int32_t code = gan_adam_create(t->generator, &o, &t->of_generator);
    return code ? code : gan_adam_create(t->critic, &o, &t->of_critic);
}

static int32_t keep_batch(training *t) {
    int64_t mark = gan_scope_begin(t->ctx);
    if (mark < 0) return (int32_t)mark;
    gan_tensor *real = gan_rand(t->ctx, (const int64_t[]){TRAINING_BATCH, 8, 8, 1}, 4, -1, 1);
    int32_t code = real ? gan_tensor_take(real, &t->real) : gan_error_code(t->ctx);
    gan_scope_end(t->ctx, mark);
    return code;
}

int32_t training_create(training *t, gan_context *ctx, int64_t width) {
    *t = (training){.ctx = ctx};
    int32_t code = gan_sequential_create(ctx, &t->generator);
    if (!code) code = gan_sequential_create(ctx, &t->critic);
    if (!code) {
        build_generator(t->generator, width);
        build_critic(t->critic, width);
        code = gan_error_code(ctx); /* of whichever layer failed */
    }
    if (!code) code = optimizers(t);
    if (!code) code = keep_batch(t);
    if (code) training_release(t);
    return code;
}

void training_release(training *t) {
    gan_tensor_unref(t->real);
    gan_optimizer_unref(t->of_generator);
    gan_optimizer_unref(t->of_critic);
    gan_module_unref(t->generator);
    gan_module_unref(t->critic);
    *t = (training){0};
}

gan_tensor *training_sample(training *t, int64_t n) {
    return gan_forward(t->generator, gan_randn(t->ctx, (const int64_t[]){n, TRAINING_LATENT}, 2));
}

int32_t training_critic_step(training *t) {
    int64_t mark = gan_scope_begin(t->ctx);
    if (mark < 0) return (int32_t)mark;
    gan_recording(t->ctx, 0);
    gan_tensor *fake = training_sample(t, TRAINING_BATCH);
    gan_recording(t->ctx, 1);
    gan_tensor *points = gan_interpolate(t->real, fake);
    gan_tensor *penalty = gan_penalty(gan_forward(t->critic, points), points, NULL);
    gan_tensor *wasserstein =
        gan_wasserstein_critic(gan_forward(t->critic, t->real), gan_forward(t->critic, fake));
    int32_t code = gan_optimizer_minimize(t->of_critic, gan_add(wasserstein, penalty));
    gan_scope_end(t->ctx, mark);
    return code;
}

int32_t training_generator_step(training *t) {
    int64_t mark = gan_scope_begin(t->ctx);
    if (mark < 0) return (int32_t)mark;
    gan_tensor *scores = gan_forward(t->critic, training_sample(t, TRAINING_BATCH));
    int32_t code = gan_optimizer_minimize(t->of_generator, gan_wasserstein_generator(scores));
    gan_scope_end(t->ctx, mark);
    return code;
}
