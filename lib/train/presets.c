#include "train/presets.h"

#include <math.h>
#include <string.h>

/* ---- names ----------------------------------------------------------------------------------- */

static const char *const names[] = {
    [GAN_SYSTEM_GAN] = "gan",       [GAN_SYSTEM_DCGAN] = "dcgan",
    [GAN_SYSTEM_CGAN] = "cgan",     [GAN_SYSTEM_PIX2PIX] = "pix2pix",
    [GAN_SYSTEM_WGAN] = "wgan",     [GAN_SYSTEM_WGAN_GP] = "wgan-gp",
    [GAN_SYSTEM_DRAGAN] = "dragan", [GAN_SYSTEM_BEGAN] = "began"};

enum { NAMES = sizeof names / sizeof *names };

const char *preset_name(int32_t system) {
    return system >= GAN_SYSTEM_GAN && system < NAMES ? names[system] : NULL;
}

int32_t preset_find(const char *name) {
    for (int32_t i = GAN_SYSTEM_GAN; i < NAMES; i++)
        if (strcmp(names[i], name) == 0) return i;
    return 0;
}

/* ---- published configurations ---------------------------------------------------------------- */

/* What most of them share. */
static const gan_trainer_opts common = {.struct_size = sizeof(gan_trainer_opts),
                                        .batch = 64,
                                        .network = GAN_NETWORK_DCGAN,
                                        .width = 64,
                                        .packing = 1,
                                        .skips = 1,
                                        .latent = 100,
                                        .latent_kind = GAN_LATENT_NORMAL,
                                        .latent_lo = -1,
                                        .latent_hi = 1,
                                        .loss = GAN_LOSS_NON_SATURATING,
                                        .update = GAN_UPDATE_FRESH,
                                        .real_target = 1,
                                        .n_critic = 1,
                                        .lambda = 10,
                                        .target = 1,
                                        .clip_bound = 0.01,
                                        .dragan = GAN_DRAGAN_UNIFORM,
                                        .dragan_scale = 0.5,
                                        .optimizer = GAN_OPTIMIZER_ADAM,
                                        .beta1 = 0.5,
                                        .beta2 = 0.999,
                                        .alpha = 0.99,
                                        .lr_decay = 1,
                                        .gamma = 0.5,
                                        .lambda_k = 0.001};

static void set_lr(gan_trainer_opts *o, double lr) { o->lr_g = o->lr_d = lr; }

static void use_uniform(gan_trainer_opts *o, double lo, double hi) {
    o->latent_kind = GAN_LATENT_UNIFORM;
    o->latent_lo = lo;
    o->latent_hi = hi;
}

/* Goodfellow et al. 2014, mnist.yaml of the authors' code: both networks from one pass, gradient
 * descent with falling rate and rising momentum, latents of unit variance. */
static void gan(gan_trainer_opts *o) {
    o->network = GAN_NETWORK_MAXOUT;
    o->width = 1200;
    o->batch = 100;
    o->unit_range = 1;
    use_uniform(o, -sqrt(3), sqrt(3));
    o->update = GAN_UPDATE_SIMULTANEOUS;
    o->half = 1;
    o->optimizer = GAN_OPTIMIZER_SGD;
    set_lr(o, 0.1);
    o->lr_decay = 1.000004;
    o->lr_floor = 1e-6;
    o->momentum = 0.5;
    o->momentum_end = 0.7;
    o->momentum_epochs = 250;
}

/* Radford et al. 2016, as in dcgan.torch and PyTorch's examples; the paper has batches of 128 and
 * uniform latents. */
static void dcgan(gan_trainer_opts *o, int32_t variant) {
    o->norm = GAN_NORM_BATCH;
    o->update = GAN_UPDATE_SAME_FAKES;
    set_lr(o, 2e-4);
    if (variant != GAN_VARIANT_PAPER) return;
    o->batch = 128;
    use_uniform(o, -1, 1);
}

/* Mirza & Osindero 2014, section 4.1, or DCGAN's networks with labels. */
static void cgan(gan_trainer_opts *o, int32_t variant) {
    if (variant == GAN_VARIANT_PAPER) {
        gan(o);
        o->network = GAN_NETWORK_JOINT;
        use_uniform(o, 0, 1);
        o->lr_decay = 1.00004;
    } else {
        dcgan(o, variant);
    }
    if (variant == GAN_VARIANT_CODE) { /* Radford et al. 2016's for MNIST, labels at every layer */
        o->network = GAN_NETWORK_LABELLED;
        o->batch = 128;
        o->unit_range = 1;
        o->update = GAN_UPDATE_FRESH;
        use_uniform(o, -1, 1);
    }
    o->condition = GAN_CONDITION_MAPS;
}

/* Isola et al. 2017. One image a batch, whose batch norm is instance norm. */
static void pix2pix(gan_trainer_opts *o) {
    o->network = GAN_NETWORK_UNET;
    o->norm = GAN_NORM_INSTANCE;
    o->batch = 1;
    o->latent = 0;
    o->update = GAN_UPDATE_SAME_FAKES;
    o->half = 1;
    o->l1 = 100;
    set_lr(o, 2e-4);
}

/* Arjovsky et al. 2017, Algorithm 1; the code's warm-up, and its clipping before each update. */
static void wgan(gan_trainer_opts *o, int32_t variant) {
    o->norm = GAN_NORM_BATCH;
    o->loss = GAN_LOSS_WASSERSTEIN;
    o->optimizer = GAN_OPTIMIZER_RMSPROP;
    set_lr(o, 5e-5);
    o->clip = variant == GAN_VARIANT_CODE ? GAN_CLIP_BEFORE : GAN_CLIP_AFTER;
    o->n_critic = 5;
    if (variant == GAN_VARIANT_PAPER) return;
    o->warmup_critic = 100;
    o->warmup_steps = 25;
    o->warmup_every = 500;
}

/* Gulrajani et al. 2017, Algorithm 1, and gan_mnist.py of the code. */
static void wgan_gp(gan_trainer_opts *o, int32_t variant) {
    o->network = GAN_NETWORK_SAME5;
    o->latent = 128;
    o->loss = GAN_LOSS_WASSERSTEIN;
    o->penalty = GAN_PENALTY_INTERPOLATED;
    o->n_critic = 5;
    set_lr(o, 1e-4);
    o->beta1 = 0;
    o->beta2 = 0.9;
    if (variant != GAN_VARIANT_CODE) return;
    o->batch = 50;
    o->unit_range = 1;
    o->beta1 = 0.5;
}

/* Kodali et al. 2017. The paper's variance c = 10 is taken to be of grey levels, for it does not
 * say of what. */
static void dragan(gan_trainer_opts *o, int32_t variant) {
    use_uniform(o, -1, 1);
    o->penalty = GAN_PENALTY_DRAGAN;
    set_lr(o, 1e-4);
    o->beta2 = 0.9;
    if (variant == GAN_VARIANT_PAPER) {
        o->dragan = GAN_DRAGAN_GAUSSIAN;
        o->dragan_scale = 10 / (127.5 * 127.5);
    } else if (variant == GAN_VARIANT_CODE) {
        o->network = GAN_NETWORK_DENSE;
        o->width = 128;
        o->batch = 128;
        o->unit_range = 1;
    }
}

/* Berthelot et al. 2017; rates by the PyTorch or the TensorFlow code of carpedm20. */
static void began(gan_trainer_opts *o, int32_t variant) {
    o->network = GAN_NETWORK_AUTOENCODER;
    o->batch = 16;
    o->latent = 64;
    use_uniform(o, -1, 1);
    o->loss = GAN_LOSS_BEGAN;
    o->beta1 = 0.9;
    o->lr_floor = 2e-5;
    set_lr(o, variant == GAN_VARIANT_CODE ? 8e-5 : 1e-4);
    o->halve_every = variant == GAN_VARIANT_CODE ? 100000 : 10000;
    o->halve_stalled = variant != GAN_VARIANT_CODE;
}

/* Lucic et al. 2018: one set of networks for all systems, rates and betas that their code
 * (params.py) begins with. The generator learns on the latents of the discriminator's update, but
 * for WGAN-GP. */
static void lucic(gan_trainer_opts *o) {
    o->network = GAN_NETWORK_INFO;
    o->norm = GAN_NORM_BATCH;
    o->unit_range = 1;
    o->latent = 64;
    use_uniform(o, -1, 1);
    o->update = GAN_UPDATE_SAME_FAKES;
    set_lr(o, 1e-4);
    switch (o->system) {
    case GAN_SYSTEM_GAN:
        set_lr(o, 5e-5);
        o->beta1 = 0;
        break;
    case GAN_SYSTEM_WGAN: /* by Adam, as the others */
        set_lr(o, 5e-5);
        o->loss = GAN_LOSS_WASSERSTEIN;
        o->clip = GAN_CLIP_AFTER;
        o->n_critic = 5;
        break;
    case GAN_SYSTEM_WGAN_GP:
        o->loss = GAN_LOSS_WASSERSTEIN;
        o->update = GAN_UPDATE_FRESH;
        o->penalty = GAN_PENALTY_INTERPOLATED;
        o->norm = GAN_NORM_NONE;
        o->n_critic = 5;
        break;
    case GAN_SYSTEM_DRAGAN: /* its norm is one of the study's two choices */
        o->penalty = GAN_PENALTY_DRAGAN;
        o->norm = GAN_NORM_NONE;
        break;
    default: /* BEGAN. k moves once a step, there by 0.001 after each of the 5 updates */
        o->network = GAN_NETWORK_INFO_AUTOENCODER;
        o->loss = GAN_LOSS_BEGAN;
        o->norm = GAN_NORM_NONE;
        o->n_critic = 5;
        o->gamma = 0.75;
        o->lambda_k = 0.005;
    }
}

static int has_variant(int32_t system, int32_t variant) {
    if (variant == GAN_VARIANT_LUCIC) return system == GAN_SYSTEM_GAN || system >= GAN_SYSTEM_WGAN;
    return variant >= GAN_VARIANT_DEFAULT && variant <= GAN_VARIANT_CODE;
}

void preset_fill(int32_t system, int32_t variant, gan_trainer_opts *o) {
    memset(o, 0, sizeof *o);
    if (!preset_name(system) || !has_variant(system, variant)) return;
    *o = common;
    o->system = system;
    if (variant == GAN_VARIANT_LUCIC) {
        lucic(o);
        return;
    }
    switch (system) {
    case GAN_SYSTEM_GAN:
        gan(o);
        break;
    case GAN_SYSTEM_DCGAN:
        dcgan(o, variant);
        break;
    case GAN_SYSTEM_CGAN:
        cgan(o, variant);
        break;
    case GAN_SYSTEM_PIX2PIX:
        pix2pix(o);
        break;
    case GAN_SYSTEM_WGAN:
        wgan(o, variant);
        break;
    case GAN_SYSTEM_WGAN_GP:
        wgan_gp(o, variant);
        break;
    case GAN_SYSTEM_DRAGAN:
        dragan(o, variant);
        break;
    default:
        began(o, variant);
    }
}

/* ---- sides ----------------------------------------------------------------------------------- */

enum { SIDE_MOST = 256 };

/* Whether halving it, rounding up or only where it is even, ends between least and most. */
static int halves_to(int32_t side, int round_up, int32_t least, int32_t most) {
    while (side > most && (round_up || side % 2 == 0)) side = (side + round_up) / 2;
    return side >= least && side <= most;
}

static int takes(int32_t network, int32_t side) {
    switch (network) {
    case GAN_NETWORK_DCGAN: /* from 4 to 7 pixels, by 2 */
        return side >= 8 && halves_to(side, 0, 4, 7);
    case GAN_NETWORK_SAME5: /* from 4 pixels */
        return side >= 8 && halves_to(side, 1, 4, 4);
    case GAN_NETWORK_UNET: /* from 1 pixel */
        return side >= 16 && halves_to(side, 0, 1, 1);
    case GAN_NETWORK_AUTOENCODER: /* from 8 pixels */
        return side >= 16 && halves_to(side, 0, 8, 8);
    case GAN_NETWORK_INFO:
    case GAN_NETWORK_INFO_AUTOENCODER:
    case GAN_NETWORK_LABELLED:
        return side >= 8 && side % 4 == 0;
    default:
        return side >= 1;
    }
}

int32_t preset_side(int32_t network, int32_t side) {
    if (side < 1) return 0;
    while (side <= SIDE_MOST && !takes(network, side)) side++;
    return side <= SIDE_MOST ? side : 0;
}
