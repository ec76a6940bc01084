/* The table of options: what checks them, and what a checkpoint tells of them. */
#include "train/presets.h"

#include "core/error.h"
#include "train/augment.h"
#include "train/networks.h"

#include <math.h>
#include <string.h>

#define MOST 1000000000

#define ROW(name, number, fixed, later, least, most)                                               \
    { #name, offsetof(gan_trainer_opts, name), number, fixed, later, least, most }
#define FIXED(name, least, most) ROW(name, 0, 1, 0, least, most)
#define FREE(name, least, most) ROW(name, 0, 0, 0, least, most)
#define NUMBER(name, least, most) ROW(name, 1, 0, 0, least, most)
#define FIXED_LATER(name, least, most) ROW(name, 0, 1, 1, least, most)
#define FREE_LATER(name, least, most) ROW(name, 0, 0, 1, least, most)

const preset_option preset_options[] = {
    FIXED(system, GAN_SYSTEM_GAN, GAN_SYSTEM_BEGAN),
    FIXED(side, 1, 256),
    FIXED(channels, 1, 4),
    FIXED(classes, 0, 65536),
    FIXED(input_channels, 0, 4),
    FREE(batch, 1, 65536),
    FIXED(unit_range, 0, 1),
    FIXED(network, GAN_NETWORK_MAXOUT, GAN_NETWORK_LABELLED),
    FIXED(width, 1, 8192),
    FIXED(norm, GAN_NORM_NONE, GAN_NORM_LAYER),
    FIXED(condition, GAN_CONDITION_NONE, GAN_CONDITION_PROJECTION),
    FIXED(packing, 1, 64),
    FIXED(latent, 0, 65536),
    FIXED(latent_kind, GAN_LATENT_NORMAL, GAN_LATENT_UNIFORM),
    FIXED_LATER(skips, 0, 1),
    NUMBER(latent_lo, -1e9, 1e9),
    NUMBER(latent_hi, -1e9, 1e9),
    FREE(loss, GAN_LOSS_MINIMAX, GAN_LOSS_BEGAN),
    FREE(update, GAN_UPDATE_FRESH, GAN_UPDATE_SIMULTANEOUS),
    FREE(half, 0, 1),
    FREE(matching_aware, 0, 1),
    NUMBER(real_target, 0, 1),
    NUMBER(l1, 0, 1e9),
    FREE(n_critic, 1, 10000),
    FREE(warmup_critic, 0, 10000),
    FREE(warmup_steps, 0, MOST),
    FREE(warmup_every, 0, MOST),
    FREE(penalty, GAN_PENALTY_NONE, GAN_PENALTY_R1),
    FREE(one_sided, 0, 1),
    NUMBER(lambda, 0, 1e9),
    NUMBER(target, 0, 1e9),
    FREE(dragan, GAN_DRAGAN_UNIFORM, GAN_DRAGAN_GAUSSIAN),
    FREE(clip, GAN_CLIP_NONE, GAN_CLIP_BEFORE),
    FREE(clip_weights_only, 0, 1),
    NUMBER(clip_bound, 1e-9, 1e9),
    NUMBER(dragan_scale, 0, 1e9),
    FIXED(optimizer, GAN_OPTIMIZER_ADAM, GAN_OPTIMIZER_SGD),
    FIXED(rmsprop_tf1, 0, 1),
    NUMBER(lr_g, 0, 1e9),
    NUMBER(lr_d, 0, 1e9),
    NUMBER(beta1, 0, 1),
    NUMBER(beta2, 0, 1),
    NUMBER(alpha, 0, 1),
    NUMBER(momentum, 0, 1),
    NUMBER(momentum_end, 0, 1),
    FREE(momentum_epochs, 0, MOST),
    FREE(halve_every, 0, MOST),
    FREE(halve_stalled, 0, 1),
    FREE_LATER(linear_steps, 0, MOST),
    FREE_LATER(linear_from, 0, MOST),
    NUMBER(lr_decay, 1, 1e9),
    NUMBER(lr_floor, 0, 1e9),
    NUMBER(gamma, 0, 1),
    NUMBER(lambda_k, 0, 1e9),
    NUMBER(average, 0, 1),
    FREE_LATER(augment, 0, AUGMENT_ALL),
    FREE_LATER(relativistic, 0, 1),
    FIXED_LATER(premultiply, 0, 1),
    FREE_LATER(penalty_every, 0, MOST),
};

const size_t preset_option_count = sizeof preset_options / sizeof *preset_options;

double preset_option_value(const preset_option *row, const gan_trainer_opts *o) {
    const char *at = (const char *)o + row->offset;
    double number;
    int32_t integer;
    if (row->number) {
        memcpy(&number, at, sizeof number);
        return number;
    }
    memcpy(&integer, at, sizeof integer);
    return integer;
}

static int32_t check_ranges(gan_context *ctx, const gan_trainer_opts *o) {
    for (size_t i = 0; i < preset_option_count; i++) {
        const preset_option *row = &preset_options[i];
        double value = preset_option_value(row, o);
        if (!(value >= row->least && value <= row->most))
            return error_set(ctx, GAN_EINVAL,
                             "gan_trainer_create: %s is %.10g, must be %.10g to %.10g", row->name,
                             value, row->least, row->most);
    }
    return GAN_OK;
}

/* Whether no discriminator of these networks has a place for a norm. */
static int is_without_norm(int32_t network) {
    switch (network) {
    case GAN_NETWORK_MAXOUT:
    case GAN_NETWORK_DENSE:
    case GAN_NETWORK_JOINT:
        return 1;
    default:
        return network_reconstructs(network);
    }
}

/* What does not go together: the first row that holds is the error. */
static const char *disagreement(const gan_trainer_opts *o) {
    int unet = o->network == GAN_NETWORK_UNET, autoencoder = network_reconstructs(o->network);
    int labels = o->condition != GAN_CONDITION_NONE;
    const struct {
        int wrong;
        const char *text;
    } rows[] = {
        {(o->loss == GAN_LOSS_BEGAN) != autoencoder,
         "the loss of BEGAN and an autoencoder need each other"},
        {(o->latent == 0) != unet, "latent must be 0 with a U-Net, and above 0 without"},
        {unet && o->input_channels < 1,
         "a U-Net needs input_channels, of the images that it is given"},
        {o->norm != GAN_NORM_NONE && is_without_norm(o->network),
         "the discriminator of this network has no norm: norm must be 0"},
        {unet && o->update == GAN_UPDATE_FRESH,
         "a U-Net's generator is updated on the same fakes, or simultaneously"},
        {!unet && o->l1 > 0, "l1 needs a U-Net, whose targets are known"},
        {labels && (unet || autoencoder), "this network takes no labels: condition must be 0"},
        {!labels && (o->network == GAN_NETWORK_JOINT || o->network == GAN_NETWORK_LABELLED),
         "this network needs labels: set condition"},
        {labels && o->classes < 1, "condition is set, but the data has no labels"},
        {labels && o->packing > 1, "packing and labels do not go together"},
        {o->packing > 1 && (unet || autoencoder), "this network cannot be packed"},
        {o->condition == GAN_CONDITION_PROJECTION && o->network != GAN_NETWORK_DCGAN,
         "projection needs the networks of DCGAN"},
        {o->matching_aware && (!labels || o->classes < 2),
         "matching_aware needs labels of two classes or more"},
        {o->matching_aware && o->loss == GAN_LOSS_BEGAN, "matching_aware needs another loss"},
        {o->penalty != GAN_PENALTY_NONE && o->norm == GAN_NORM_BATCH,
         "a penalty needs samples apart: norm must not be batch norm"},
        {o->penalty_every > 1 && o->penalty == GAN_PENALTY_NONE, "penalty_every needs a penalty"},
        {o->augment && unet, "augment needs a discriminator of images alone: no U-Net"},
        {o->augment && o->packing > 1, "augment and packing do not go together"},
        {o->relativistic && autoencoder, "relativistic needs another loss than BEGAN's"},
        {o->relativistic && o->matching_aware,
         "relativistic and matching_aware exclude each other"},
        {o->premultiply && (unet || o->channels != 4), "premultiply needs RGBA and no U-Net"},
        {o->halve_stalled && o->halve_every && o->loss != GAN_LOSS_BEGAN,
         "halve_stalled needs BEGAN's measure"},
        {o->latent_kind == GAN_LATENT_UNIFORM && !(o->latent_lo < o->latent_hi),
         "latent_lo must be below latent_hi"},
        {o->linear_from && o->linear_from >= o->linear_steps,
         "linear_from must be below linear_steps"},
        {o->momentum_end > 0 && !(o->momentum > 0), "momentum_end needs a momentum above 0"},
        {o->beta1 >= 1 || o->beta2 >= 1 || o->alpha >= 1 || o->momentum >= 1 ||
             o->momentum_end >= 1 || o->average >= 1,
         "betas, alpha, momentum and average must be below 1"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (rows[i].wrong) return rows[i].text;
    return NULL;
}

int32_t preset_check(gan_context *ctx, const gan_trainer_opts *o) {
    int32_t code = check_ranges(ctx, o);
    if (code) return code;
    int32_t side = preset_side(o->network, o->side);
    if (side != o->side)
        return error_set(ctx, GAN_EINVAL,
                         "gan_trainer_create: %s takes no images of side %d%s%.0d (pad_to of "
                         "gan_data_opts pads them)",
                         preset_name(o->system), (int)o->side, side ? ", the next is " : "",
                         (int)side);
    const char *text = disagreement(o);
    return text ? error_set(ctx, GAN_EINVAL, "gan_trainer_create: %s", text) : GAN_OK;
}
