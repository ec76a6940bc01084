/* Systems: the published generative adversarial networks, and a trainer that runs each of them.
 *
 * A system is a preset: gan_trainer_opts_init fills a struct with networks, losses, optimizers and
 * schedules as they were published, the host changes what it wants, gan_trainer_create builds the
 * networks and gan_trainer_step trains. Nothing happens in the trainer that a host could not write:
 * its losses, points and controls are the functions below, those of loss.h, and optim.h.
 *
 *     gan_trainer_opts o;
 *     gan_trainer_opts_init(&o, sizeof o, GAN_SYSTEM_WGAN_GP, GAN_VARIANT_DEFAULT);
 *     gan_loader_opts l;
 *     gan_loader_opts_init(&l, sizeof l);
 *     gan_trainer_loader_opts(&o, &l);                     // its batch, and the range of pixels
 *     gan_loader_create(data, &l, &loader);
 *     gan_trainer_create(ctx, &o, loader, &trainer);
 *     gan_trainer_stats stats = {.struct_size = sizeof stats};
 *     while (...) gan_trainer_step(trainer, &stats);
 *
 * In formulas r are the discriminator's scores (logits) of real samples, f those of generated ones,
 * sp(t) = log(1 + e^t), and all are means over the batch.
 *
 * SPDX-License-Identifier: MIT */
#ifndef GAN_TRAIN_H
#define GAN_TRAIN_H

#include "gan/augment.h"
#include "gan/base.h"
#include "gan/data.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct gan_trainer gan_trainer;

/* ---- systems --------------------------------------------------------------------------------- */

/* Numbers are never reused. */
enum {
    GAN_SYSTEM_GAN = 1,     /* "gan": Goodfellow et al. 2014, its networks for MNIST      */
    GAN_SYSTEM_DCGAN = 2,   /* "dcgan": Radford et al. 2016                               */
    GAN_SYSTEM_CGAN = 3,    /* "cgan": Mirza & Osindero 2014, with convolutional networks */
    GAN_SYSTEM_PIX2PIX = 4, /* "pix2pix": Isola et al. 2017                               */
    GAN_SYSTEM_WGAN = 5,    /* "wgan": Arjovsky et al. 2017                               */
    GAN_SYSTEM_WGAN_GP = 6, /* "wgan-gp": Gulrajani et al. 2017                           */
    GAN_SYSTEM_DRAGAN = 7,  /* "dragan": Kodali et al. 2017                               */
    GAN_SYSTEM_BEGAN = 8    /* "began": Berthelot et al. 2017                             */
};

/* Where a paper and its authors' code differ; gan and pix2pix have one preset of these only.
 *
 *              default                       paper                         code
 *   dcgan      batch 64, normal latents      batch 128, uniform latents    as default
 *   cgan       DCGAN's networks, -1..1       dense and maxout networks     labels at every layer,
 *                                                                          batch 128, 0..1
 *   wgan       warm-up, clips after          no warm-up                    clips before
 *   wgan-gp    Adam (0, 0.9), pixels -1..1   as default                    Adam (0.5, 0.9), 0..1,
 *                                                                          batch 50
 *   dragan     uniform noise, convolutions   Gaussian noise                dense networks, 0..1,
 *                                                                          batch 128
 *   began      lr 1e-4, halved when M        as default                    8e-5, halved each
 *              stalls                                                      100,000 steps
 *
 * GAN_VARIANT_LUCIC is of gan, wgan, wgan-gp, dragan and began: the comparison of Lucic et al.
 * 2018, "Are GANs created equal?", in which all have the same generator (GAN_NETWORK_INFO), 64
 * uniform latents, batches of 64, Adam, and the rates that its code begins with. gan is its
 * non-saturating GAN; with GAN_LOSS_MINIMAX its minimax GAN, with GAN_LOSS_LSGAN, rates 2e-4 and
 * beta1 0.5 its LSGAN. Its steps are discriminator updates: 15,625 of them are 3,125 steps where
 * n_critic is 5. */
enum {
    GAN_VARIANT_DEFAULT = 0,
    GAN_VARIANT_PAPER = 1,
    GAN_VARIANT_CODE = 2,
    GAN_VARIANT_LUCIC = 3
};

/* The name of system number 1, 2, …; NULL if there is none. Static storage. */
GAN_API const char *gan_system_name(int32_t system);

/* The number of a name: gan_system_find("wgan-gp"); 0 if there is none. */
GAN_API int32_t gan_system_find(const char *name);

/* The side of the images that the system's networks take for pictures of `side` pixels: the next
 * one that fits (began and pix2pix: 28 -> 32), for gan_data_opts.pad_to. 0: below 1, or beyond the
 * largest. */
GAN_API int32_t gan_system_side(int32_t system, int32_t side);

/* The same of networks by their GAN_NETWORK_ number, which other variants of a system may have. */
GAN_API int32_t gan_network_side(int32_t network, int32_t side);

/* ---- choices --------------------------------------------------------------------------------- */

/* Networks. w is the width, s the side, c the channels. Biases begin at 0; but with
 * GAN_NETWORK_MAXOUT the generator's output begins at the data's mean image. */
enum {
    GAN_NETWORK_MAXOUT = 1, /* dense w relu, w relu, s s c; maxout w/5 x 5 twice, dropout */
    GAN_NETWORK_DCGAN = 2, /* 4x4 transposed convolutions of stride 2, batch norm, relu; mirrored */
    GAN_NETWORK_SAME5 = 3, /* 5x5 of stride 2, no norm in the generator: gan_mnist.py of WGAN-GP  */
    GAN_NETWORK_DENSE = 4, /* one hidden layer of w units each: the notebook of DRAGAN            */
    GAN_NETWORK_JOINT = 5, /* Mirza & Osindero's: dense and maxout over image and label           */
    GAN_NETWORK_UNET = 6,  /* U-Net with skips, instance norm; patches of two or three levels     */
    GAN_NETWORK_AUTOENCODER = 7, /* Berthelot's decoder, and encoder and decoder; ELU */
    GAN_NETWORK_INFO = 8, /* Chen et al. 2016, InfoGAN: dense 16w, 2w of s/4, 4x4 of stride 2, batch
                             norm; mirrored. Sides are multiples of 4 */
    GAN_NETWORK_INFO_AUTOENCODER = 9, /* its generator, and an autoencoder like it: Lucic's */
    GAN_NETWORK_LABELLED = 10 /* DCGAN's code for MNIST: dense 16w, 2w of s/4, 5x5 of stride 2,
                                 batch norm, labels at every layer; mirrored. Multiples of 4 */
};

/* Losses of real scores, fake scores, and of the generator. */
enum {
    GAN_LOSS_MINIMAX = 1,        /* sp(-r)        sp(f)         -sp(f)       */
    GAN_LOSS_NON_SATURATING = 2, /* sp(-r)        sp(f)         sp(-f)       */
    GAN_LOSS_LSGAN = 3,          /* (r - 1)^2/2   f^2/2         (f - 1)^2/2  */
    GAN_LOSS_HINGE = 4,          /* max(0, 1 - r) max(0, 1 + f) -f           */
    GAN_LOSS_WASSERSTEIN = 5,    /* -r            f             -f           */
    GAN_LOSS_BEGAN = 6           /* r             -f            f; see gan_reconstruction_error */
};

/* What keeps the discriminator smooth: lambda * mean (||gradient of scores|| - target)^2 at … */
enum {
    GAN_PENALTY_NONE = 0,
    GAN_PENALTY_INTERPOLATED = 1, /* between real and fake: gan_interpolate              */
    GAN_PENALTY_DRAGAN = 2,       /* around real samples: gan_dragan_points              */
    GAN_PENALTY_R1 = 3            /* real samples: gan_zero_penalty of weight lambda     */
};

/* The optimizers of optim.h. */
enum { GAN_OPTIMIZER_ADAM = 1, GAN_OPTIMIZER_RMSPROP = 2, GAN_OPTIMIZER_SGD = 3 };

/* The norms of nn.h. */
enum { GAN_NORM_NONE = 0, GAN_NORM_BATCH = 1, GAN_NORM_INSTANCE = 2, GAN_NORM_LAYER = 3 };

/* How latents are distributed: N(0, 1), or U[latent_lo, latent_hi). */
enum { GAN_LATENT_NORMAL = 1, GAN_LATENT_UNIFORM = 2 };

/* How the two networks take turns. */
enum {
    GAN_UPDATE_FRESH = 1,       /* the generator is updated on latents of its own         */
    GAN_UPDATE_SAME_FAKES = 2,  /* on the last discriminator update's, scored again       */
    GAN_UPDATE_SIMULTANEOUS = 3 /* both from one pass, of the networks as they were       */
};

/* When gan_module_clip is called: never, after or before each discriminator update. */
enum { GAN_CLIP_NONE = 0, GAN_CLIP_AFTER = 1, GAN_CLIP_BEFORE = 2 };

/* How the discriminator sees labels: as gan_label_maps, or by gan_projection. */
enum { GAN_CONDITION_NONE = 0, GAN_CONDITION_MAPS = 1, GAN_CONDITION_PROJECTION = 2 };

/* The noise of gan_dragan_points. */
enum { GAN_DRAGAN_UNIFORM = 1, GAN_DRAGAN_GAUSSIAN = 2 };

/* gan_trainer_opts_init sets every field; no value means "as the preset says", except the four
 * sizes, which 0 leaves to the loader's data. */
typedef struct gan_trainer_opts {
    uint32_t struct_size;
    int32_t system; /* GAN_SYSTEM_…, which the checkpoint names */

    /* Data and networks. */
    int32_t side, channels, classes; /* of images; 0: as the loader's data. classes only if
                                        `condition`, else 0                                */
    int32_t input_channels;      /* pix2pix: of the given images; 0: as the loader's            */
    int32_t batch;               /* as published: see gan_trainer_loader_opts                   */
    int32_t unit_range;          /* pixels are 0: -1..1, 1: 0..1                                */
    int32_t network;             /* GAN_NETWORK_…                                               */
    int32_t width;               /* channels (units) of the narrowest layer                     */
    int32_t norm;                /* GAN_NORM_… of the discriminator; 0 with dense networks and
                                    autoencoders, which have none                               */
    int32_t condition;           /* GAN_CONDITION_…: labels, as maps beside the image's channels
                                    or by projection (Miyato & Koyama 2018)                     */
    int32_t packing;             /* samples that the discriminator sees together (Lin et al.
                                    2018); 1                                                    */
    int32_t latent;              /* size of z                                                   */
    int32_t latent_kind;         /* GAN_LATENT_…                                                */
    int32_t skips;               /* 1: the U-Net's decoder sees the encoder's levels; 0: not    */
    double latent_lo, latent_hi; /* of uniform latents                                     */

    /* The game. */
    int32_t loss;           /* GAN_LOSS_…                                                  */
    int32_t update;         /* GAN_UPDATE_…                                                */
    int32_t half;           /* the discriminator's loss without penalty counts half        */
    int32_t matching_aware; /* real images with wrong labels are fakes too, the mean of both
                               (Reed et al. 2016)                                          */
    double real_target;     /* 1; 0.9 smooths the labels of real samples (the first two
                               losses)                                                     */
    double l1;              /* weight of mean |target - generated| in the generator's loss;
                               pix2pix                                                     */
    int32_t n_critic;       /* discriminator updates a step                                */
    int32_t warmup_critic;  /* so many in the first warmup_steps steps and in each
                               warmup_every-th; 0: never                                   */
    int32_t warmup_steps, warmup_every;

    /* Smoothness. */
    int32_t penalty;   /* GAN_PENALTY_…                                                    */
    int32_t one_sided; /* only norms above the target count                                */
    double lambda;     /* its weight                                                       */
    double target;     /* its norm: 1 (the k of DRAGAN)                                    */
    int32_t dragan;    /* GAN_DRAGAN_…                                                     */
    int32_t clip;      /* GAN_CLIP_…: the discriminator's parameters, after or before each of
                          its updates                                                      */
    int32_t clip_weights_only; /* not biases, gains and shifts                             */
    int32_t reserved;          /* 0 */
    double clip_bound;
    double dragan_scale; /* of gan_dragan_points                                           */

    /* Optimizers. */
    int32_t optimizer;   /* GAN_OPTIMIZER_… of both networks                               */
    int32_t rmsprop_tf1; /* see gan_rmsprop_opts                                           */
    double lr_g, lr_d;   /* at the beginning                                               */
    double beta1, beta2; /* Adam                                                           */
    double alpha;        /* RMSProp                                                        */
    double momentum;     /* SGD, at the beginning                                          */
    double momentum_end; /* reached in a straight line at epoch momentum_epochs            */
    int32_t momentum_epochs;
    int32_t halve_every; /* steps after which both rates are halved: if the mean of M over them
                            is no new least (halve_stalled), or always; 0: never           */
    int32_t halve_stalled;
    int32_t linear_steps; /* both rates fall in a straight line, to 0 after so many steps (from
                             linear_from on); 0: they do not                               */
    double lr_decay;      /* both rates are divided by it after each step; 1                    */
    double lr_floor;      /* and never fall below this by a schedule                            */

    /* BEGAN. */
    double gamma, lambda_k; /* see gan_began_balance                                       */

    double average; /* decay of the averaged generator, gan_module_average after each step;
                       0: none                                                             */

    /* Little data, and sprites. */
    int32_t augment;       /* a sum of GAN_AUGMENT_…: all that the discriminator sees goes through
                              gan_augment with this policy and the data's range; 0: nothing     */
    int32_t relativistic;  /* 1: scores count against those of the other kind: the discriminator
                              minimises the real part of its loss at r - f, the generator its loss
                              at f - r; with the second loss, RpGAN (see loss.h)                */
    int32_t premultiply;   /* of RGBA: the networks know colours multiplied by alpha, as the
                              loader's option gives them; 0                                     */
    int32_t penalty_every; /* the penalty is taken in each so-many-th step only, and counts so
                              many times there (Karras et al. 2020, appendix B); 0 and 1: in all */
    int32_t linear_from;   /* steps that linear_steps leaves the rates as they are, before they
                              begin to fall: below linear_steps; 0                           */
    int32_t reserved2;     /* 0                                                                 */
} gan_trainer_opts;

/* Fills `opts` with the system's preset. A wrong system or variant leaves system 0, which
 * gan_trainer_create refuses. */
GAN_API void gan_trainer_opts_init(gan_trainer_opts *opts, size_t size, int32_t system,
                                   int32_t variant);

/* Sets the batch, the range of pixels and premultiply in a loader's options to what the system asks
 * for, and lets epochs follow each other without a gap (GAN_REMAINDER_WRAP). GAN_EINVAL: NULL, a
 * wrong system or struct_size, or premultiply for a struct of an older header, without the field.
 */
GAN_API int32_t gan_trainer_loader_opts(const gan_trainer_opts *opts, gan_loader_opts *loader);

/* ---- the trainer ----------------------------------------------------------------------------- */

/* Builds the networks, with initial weights from the context's random numbers. The loader, which
 * the trainer keeps, gives real images of one side, and labels or pairs where the system wants
 * them: with pix2pix its images are the given ones and their pairs the targets. NULL: a trainer
 * that cannot step, for sampling from a checkpoint; sizes must be set then. *out is the caller's.
 */
GAN_API int32_t gan_trainer_create(gan_context *ctx, const gan_trainer_opts *opts,
                                   gan_loader *loader, gan_trainer **out);
GAN_API void gan_trainer_unref(gan_trainer *t); /* from any thread; NULL is allowed */

/* Numbers of one step; NaN where the system has no such number, or the step took no penalty. Losses
 * and scores are those of the last discriminator update and of the generator update, each before
 * its step. */
typedef struct gan_trainer_stats {
    uint32_t struct_size; /* set it to sizeof before the call                              */
    int32_t d_updates;    /* discriminator updates in this step                            */
    int64_t step;         /* steps done, this one included                                 */
    int64_t epoch;        /* of the loader                                                 */
    double d_loss;        /* with the penalty                                              */
    double g_loss;
    double real_score, fake_score; /* means of r and f                                     */
    double penalty;                /* lambda included                                      */
    double wasserstein;            /* real_score - fake_score; Wasserstein loss only       */
    double l1;                     /* mean |target - generated|; pix2pix                   */
    double d_grad_norm, g_grad_norm;
    double k, measure; /* BEGAN: k after the step, and M                                   */
    double lr_d, lr_g; /* of this step                                                     */
} gan_trainer_stats;

/* One step as the papers count: n_critic discriminator updates and a generator update.
 *
 * A discriminator update, in this order: clipping (GAN_CLIP_BEFORE); the next batch of the loader;
 * latents; the generator's images, unrecorded, under the batch's labels; the scores of the real
 * images, of those under wrong labels, of the fakes; the points and the penalty, at their scores;
 * the loss, the optimizer's step; clipping (GAN_CLIP_AFTER). A generator update: latents, and
 * labels of the data's marginal; its images, their scores, the loss, the optimizer's step. Then k,
 * the schedules and the average. GAN_UPDATE_SAME_FAKES: the last discriminator update's images are
 * recorded, and scored once more instead of new ones. With `relativistic` the generator update
 * scores its images, then the last real ones again. With `augment` each scoring augments first. A
 * host's loop that calls the public functions in this order gets the same bits from the same seed;
 * not with matching_aware, for no public function draws wrong labels.
 *
 * A step that fails, for whatever reason, leaves no trace: weights, moments, statistics, k, the
 * loader's place and that of the random numbers are as before, also when the discriminator's
 * updates had gone through. A loss or gradient that is not finite is GAN_ENONFINITE, and the text
 * tells whose and which. An error that was pending before stays so. `stats` may be NULL; it is
 * filled up to its struct_size, on success only.
 */
GAN_API int32_t gan_trainer_step(gan_trainer *t, gan_trainer_stats *stats);

/* The networks; borrowed. `averaged` is NULL without `average`. gan_module_spectral_norm of the
 * discriminator goes right after gan_trainer_create, before gan_trainer_load, too: checkpoints then
 * have its vectors. What changes the generator's layers must change the averaged one's alike, or
 * the next step is GAN_ESTATE. */
GAN_API gan_module *gan_trainer_generator(const gan_trainer *t);
GAN_API gan_module *gan_trainer_discriminator(const gan_trainer *t);
GAN_API gan_module *gan_trainer_averaged(const gan_trainer *t);

/* The options in force, sizes filled in; valid as long as t. Steps done so far. */
GAN_API const gan_trainer_opts *gan_trainer_options(const gan_trainer *t);
GAN_API int64_t gan_trainer_steps(const gan_trainer *t);

/* n latents (n, latent) of the system's distribution, of the current scope: the context's next
 * random numbers, so a host that shows samples between steps keeps their latents. */
GAN_API gan_tensor *gan_trainer_latents(gan_trainer *t, int64_t n);

/* Images (n,s,s,c) of latents (n, latent), or with pix2pix of given images (n,s,s,input_channels),
 * of the current scope and in the range of the data, from the averaged generator if there is one.
 * labels: n of them with labels, else NULL. Batch norm uses its running statistics.
 * GAN_NETWORK_UNET and GAN_NETWORK_JOINT keep dropout on: it is the noise of the one, and what the
 * images of the other vary by, however much their latents differ. With `premultiply` colours are
 * divided by alpha again, as files and screens have them. Not recorded. */
GAN_API gan_tensor *gan_trainer_sample(gan_trainer *t, gan_tensor *z, const int32_t *labels);

/* The same from the generator that is trained, in the mode it is in (training, unless the host
 * changed it), recorded while recording is on: for a host's own loop. */
GAN_API gan_tensor *gan_trainer_generate(gan_trainer *t, gan_tensor *z, const int32_t *labels);

/* The discriminator's scores: (n/packing, 1), (n,h,w,1) of patches, or BEGAN's errors (n). With
 * `augment` of the images augmented at random, as in training. given: the images that pix2pix was
 * given, else NULL. */
GAN_API gan_tensor *gan_trainer_score(gan_trainer *t, gan_tensor *images, gan_tensor *given,
                                      const int32_t *labels);

/* Writes the generator that gan_trainer_sample runs, with its description, as
 * gan_module_save_traced. With labels its input is (n, latent + classes): z, then the label's one
 * among zeros. It is described without dropout. The description tells of `premultiply`,
 * and gan_sampler's pixels have straight alpha. */
GAN_API int32_t gan_trainer_save_model(gan_trainer *t, const char *path);

/* Writes the same generator as an ONNX model, as gan_module_save_onnx. Inputs: "latent" (N, latent)
 * and, with labels, "labels" (N) as int64 numbers; or "image" (N,C,H,W) of pix2pix; without
 * dropout. Output: "images" (N,C,H,W) in the range of the data, premultiplied with `premultiply`.
 */
GAN_API int32_t gan_trainer_save_onnx(gan_trainer *t, const char *path);

/* Writes all that the next step depends on into one safetensors file: weights in memory's layout,
 * averages, moments, the context's random state, the loader's place, k, schedules, options, and a
 * checksum. */
GAN_API int32_t gan_trainer_save(gan_trainer *t, const char *path);

/* Continues from such a file: the next steps have the same bits as they would have had. The trainer
 * must have been made with the same system, sizes, networks and optimizers, and a loader of as many
 * images; other options are those of the trainer. GAN_EFORMAT names what is wrong with the file,
 * and nothing has changed. Changes the context's random state and the loader's place and seed. */
GAN_API int32_t gan_trainer_load(gan_trainer *t, const char *path);

/* The options of the trainer that wrote such a file, sizes filled in: what gan_trainer_create needs
 * for one that can load it. Set opts->struct_size to sizeof before; written on success only.
 * Errors as above; GAN_EABI names an option of a run that opts, of an older header, has no room
 * for. */
GAN_API int32_t gan_trainer_opts_load(gan_context *ctx, const char *path, gan_trainer_opts *opts);

/* ---- pieces ---------------------------------------------------------------------------------- */

/* Scalars of the table at GAN_LOSS_…. target: 1, or less to smooth the labels (the first two). The
 * discriminator minimises gan_add(gan_real_loss, gan_fake_loss) in all but BEGAN, where fakes count
 * k times. */
GAN_API gan_tensor *gan_real_loss(int32_t loss, gan_tensor *real_scores, double target);
GAN_API gan_tensor *gan_fake_loss(int32_t loss, gan_tensor *fake_scores);
GAN_API gan_tensor *gan_generator_loss(int32_t loss, gan_tensor *fake_scores);

/* gan_real_loss(loss, real_scores, 1) + gan_fake_loss(loss, fake_scores). */
GAN_API gan_tensor *gan_discriminator_loss(int32_t loss, gan_tensor *real_scores,
                                           gan_tensor *fake_scores);

/* Where DRAGAN looks at the gradient, as a tracked leaf: real samples with noise.
 * GAN_DRAGAN_UNIFORM (the authors' code): x + a * scale * std(x) * u, where std is of the whole
 * batch, u ~ U[0,1) an element and a ~ U[0,1) a sample; scale 0.5.
 * GAN_DRAGAN_GAUSSIAN (the paper): x + sqrt(scale) * N(0, 1); scale is the variance c. */
GAN_API gan_tensor *gan_dragan_points(gan_tensor *real, int32_t mode, double scale);

/* Each sample's mean |x - reconstruction| (n): the scores of BEGAN's discriminator, an autoencoder.
 * Same shapes. */
GAN_API gan_tensor *gan_reconstruction_error(gan_tensor *x, gan_tensor *reconstruction);

/* BEGAN's control (Berthelot et al. 2017, section 3.4): with the losses L(x) and L(G(z)) of a step
 *     k + lambda_k * (gamma * L(x) - L(G(z))), kept in [0, 1], is returned, and
 *     M = L(x) + |gamma * L(x) - L(G(z))| is left in *measure (NULL is allowed). */
GAN_API double gan_began_balance(double k, double real_loss, double fake_loss, double gamma,
                                 double lambda_k, double *measure);

#ifdef __cplusplus
}
#endif

#endif
