/* Two networks against each other by one of the published rules, for networks and data that
 * gan/train.h has no preset of: the programs around mode collapse. Their parts are public
 * functions: losses, points of penalties, packs, clipping.
 *
 * SPDX-License-Identifier: MIT */
#ifndef COMMON_GAME_H
#define COMMON_GAME_H

#include <gan.h>

typedef struct game_rules {
    const char *name;
    int32_t loss;        /* GAN_LOSS_…                                            */
    int32_t penalty;     /* GAN_PENALTY_NONE, _INTERPOLATED or _DRAGAN             */
    int32_t packing;     /* samples that the discriminator sees together           */
    int32_t n_critic;    /* discriminator updates a step                           */
    double lambda;       /* of the penalty                                         */
    double clip;         /* bound of the discriminator's parameters, 0: none       */
    double lr_g, lr_d;   /* of Adam, or with `clip` of RMSProp                     */
    double beta1, beta2; /* Adam                                                   */
} game_rules;

typedef struct game {
    gan_context *ctx;
    const game_rules *rules;
    gan_module *generator, *discriminator; /* rows of the latter's batch are packs         */
    int64_t batch, latent;                 /* packs a batch, numbers of z ~ N(0, I)        */
    gan_tensor *(*real)(const struct game *g, int64_t n); /* n samples of the current scope */
    void *data;                                           /* for `real`                     */
    gan_optimizer *generator_steps, *discriminator_steps;
} game;

/* Makes the optimizers; all else has been set. game_end gives them and the networks back, also
 * after an error. */
int32_t game_begin(game *g);
void game_end(game *g);

/* n_critic updates of the discriminator and one of the generator. */
int32_t game_step(game *g);

/* n generated samples, of the current scope; not recorded. */
gan_tensor *game_fakes(const game *g, int64_t n);

#endif
