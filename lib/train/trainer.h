/* The trainer: two networks, their optimizers, a loader, and what changes from step to step. */
#ifndef GAN_TRAIN_TRAINER_H
#define GAN_TRAIN_TRAINER_H

#include "gan/train.h"
#include "train/networks.h"
#include "train/places.h"
#include "train/presets.h"

/* What changes, beside tensors and moments. The places in streams are those of the context and the
 * loader, as trainer_capture found them. */
typedef struct trainer_state {
    int64_t step;     /* done */
    int64_t halvings; /* of the rates */
    double k;         /* BEGAN */
    double m_sum;     /* of M since the last look at it; NaN: not of all steps since */
    double m_best;    /* the least mean at such a look; infinite before the first */
    uint64_t random_key, random_counter;
    uint64_t loader_seed;
    int64_t epoch, position;
    int64_t images; /* of the loader; 0 without one */
} trainer_state;

struct gan_trainer {
    object base;
    gan_trainer_opts opts;
    const network_class *networks;
    gan_module *generator, *discriminator;
    gan_module *averaged; /* or NULL */
    gan_optimizer *optimizer_g, *optimizer_d;
    gan_loader *loader; /* owned reference, or NULL */
    trainer_state state;

    place_list places;
    size_t listed;   /* entries of the networks among them */
    uint8_t *backup; /* of the undone places, one after the other */
    int32_t *labels; /* room for a batch's */
};

/* Options are checked, sizes filled in. */
gan_trainer *trainer_new(gan_context *ctx, const gan_trainer_opts *opts, gan_loader *loader);

/* ---- networks run (trainer.c) ---------------------------------------------------------------- */

gan_tensor *trainer_latents(gan_trainer *t, int64_t n);

/* The one-hot rows of labels (n, classes). NULL labels, or out of range: NULL with the error set.
 */
gan_tensor *trainer_one_hot(gan_trainer *t, const int32_t *labels, int64_t n);

/* Images of z with one-hot labels, or NULL where there are none. */
gan_tensor *trainer_generate(gan_trainer *t, gan_module *generator, gan_tensor *z,
                             gan_tensor *labels);

/* In evaluation mode, from the averaged generator if there is one; with straight alpha. Recorded,
 * but for that. */
gan_tensor *trainer_sample(gan_trainer *t, gan_tensor *z, gan_tensor *labels);

/* Of packed samples, which are augmented first. */
gan_tensor *trainer_score(gan_trainer *t, gan_tensor *x, gan_tensor *condition);

/* (N,H,W,C) to (N/m,H,W,mC): what the discriminator scores together. x itself for m 1. */
gan_tensor *trainer_pack(gan_trainer *t, gan_tensor *x);

/* Writes the generator, with its description. */
int32_t trainer_save_model(gan_trainer *t, const char *path);
int32_t trainer_save_onnx(gan_trainer *t, const char *path);

/* ---- training -------------------------------------------------------------------------------- */

/* step.c: *s is written on success only; a failed step leaves no trace. */
int32_t trainer_step(gan_trainer *t, gan_trainer_stats *s);

/* schedule.c: the rates and the momentum of the next step. */
void schedule_begin(gan_trainer *t);
/* What follows a step with measure M (0 without). */
void schedule_end(gan_trainer *t, double measure);

/* checkpoint.c: lists all places, again where a host has changed the networks since: spectral norm
 * adds vectors to them. Before all that follows; what a failure leaves is the trainer's. */
int32_t checkpoint_list(gan_trainer *t, const char *function);
void checkpoint_release(gan_trainer *t);

/* Keeps what a step may change before it can fail no more, and puts it back. */
void checkpoint_keep(gan_trainer *t);
void checkpoint_restore(gan_trainer *t);

int32_t checkpoint_save(gan_trainer *t, const char *path);
int32_t checkpoint_load(gan_trainer *t, const char *path);

/* Fills the options with those of a file; what an error leaves in them is of no use. */
int32_t checkpoint_options(gan_context *ctx, const char *path, gan_trainer_opts *o);

#endif
