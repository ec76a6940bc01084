/* SPDX-License-Identifier: MIT */
#include "common/game.h"

static int32_t make_optimizer(const game *g, gan_module *m, double lr, gan_optimizer **out) {
    if (g->rules->clip > 0) {
        gan_rmsprop_opts opts;
        gan_rmsprop_opts_init(&opts, sizeof opts);
        opts.lr = lr;
        return gan_rmsprop_create(m, &opts, out);
    }
    gan_adam_opts opts;
    gan_adam_opts_init(&opts, sizeof opts);
    opts.lr = lr;
    opts.beta1 = g->rules->beta1;
    opts.beta2 = g->rules->beta2;
    return gan_adam_create(m, &opts, out);
}

int32_t game_begin(game *g) {
    int32_t status = make_optimizer(g, g->generator, g->rules->lr_g, &g->generator_steps);
    if (status < 0) return status;
    return make_optimizer(g, g->discriminator, g->rules->lr_d, &g->discriminator_steps);
}

void game_end(game *g) {
    gan_optimizer_unref(g->generator_steps);
    gan_optimizer_unref(g->discriminator_steps);
    gan_module_unref(g->generator);
    gan_module_unref(g->discriminator);
}

static gan_tensor *generate(const game *g, int64_t n) {
    return gan_forward(g->generator, gan_randn(g->ctx, (int64_t[]){n, g->latent}, 2));
}

gan_tensor *game_fakes(const game *g, int64_t n) {
    int32_t recording = gan_recording(g->ctx, 0);
    gan_tensor *fakes = generate(g, n);
    gan_recording(g->ctx, recording);
    return fakes;
}

/* lambda * mean (||gradient of the scores|| - 1)^2 between real and fake packs, or around the real
 * ones. */
static gan_tensor *penalty_of(const game *g, gan_tensor *real, gan_tensor *fake) {
    gan_penalty_opts opts;
    gan_penalty_opts_init(&opts, sizeof opts);
    opts.lambda = g->rules->lambda;
    gan_tensor *points = g->rules->penalty == GAN_PENALTY_DRAGAN
                             ? gan_dragan_points(real, GAN_DRAGAN_UNIFORM, 0.5)
                             : gan_interpolate(real, fake);
    return gan_penalty_of(g->discriminator, points, &opts);
}

static int32_t update_discriminator(game *g) {
    const game_rules *r = g->rules;
    int64_t n = g->batch * r->packing;
    gan_tensor *real = gan_pack(g->real(g, n), r->packing);
    gan_tensor *fake = gan_pack(game_fakes(g, n), r->packing);
    gan_tensor *loss = gan_discriminator_loss(r->loss, gan_forward(g->discriminator, real),
                                              gan_forward(g->discriminator, fake));
    if (r->penalty != GAN_PENALTY_NONE) loss = gan_add(loss, penalty_of(g, real, fake));

    int32_t status = gan_optimizer_minimize(g->discriminator_steps, loss);
    if (status < 0 || r->clip <= 0) return status;
    return gan_module_clip(g->discriminator, r->clip, 0);
}

static int32_t update_generator(game *g) {
    const game_rules *r = g->rules;
    gan_tensor *fake = gan_pack(generate(g, g->batch * r->packing), r->packing);
    gan_tensor *loss = gan_generator_loss(r->loss, gan_forward(g->discriminator, fake));
    return gan_optimizer_minimize(g->generator_steps, loss);
}

int32_t game_step(game *g) {
    int32_t status = GAN_OK;
    for (int32_t i = 0; i <= g->rules->n_critic && status == GAN_OK; i++) {
        int64_t scope = gan_scope_begin(g->ctx);
        status = i < g->rules->n_critic ? update_discriminator(g) : update_generator(g);
        gan_scope_end(g->ctx, scope);
    }
    return status;
}
