/* Checkpoints of a training loop of one's own: all that its next step depends on, in one file. (A
 * gan_trainer has its own: gan_trainer_save.)
 *
 *     gan_checkpoint *all;
 *     gan_checkpoint_create(ctx, &all);
 *     gan_checkpoint_add_module(all, "G", G);
 *     gan_checkpoint_add_optimizer(all, "adam_G", adam_G);
 *     gan_checkpoint_add_loader(all, "data", loader);
 *     ...
 *     double step = 0;
 *     if (resume && (gan_checkpoint_load(all, path) || gan_checkpoint_get(all, "step", &step)))
 *         return fail(gan_last_error(ctx));           // the next save would replace the file
 *     while (step < steps) {
 *         ...                                         // one step
 *         gan_checkpoint_set(all, "step", ++step);
 *         if (fmod(step, 1000) == 0 && gan_checkpoint_save(all, path)) return fail(...);
 *     }
 *
 * What was loaded goes on with the same bits as without the interruption, for any number of
 * threads. A file holds weights and buffers in memory's layout; an optimizer's moments, steps, rate
 * and momentum; a loader's seed, epoch and position; numbers of the host's; where the context's
 * random numbers are; and a checksum. It does not hold how things were made: a host makes the same
 * modules, optimizers and loaders before it loads. What exists between two steps only (graphs,
 * scopes, a loader's last batch, modes of training and recording, frozen parameters) is not in it.
 *
 * A checkpoint is used by one thread, as its context is. Functions return GAN_OK, or a negative
 * code with the text in gan_last_error.
 *
 * SPDX-License-Identifier: MIT */
#ifndef GAN_CHECKPOINT_H
#define GAN_CHECKPOINT_H

#include "gan/data.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct gan_checkpoint gan_checkpoint;

/* An empty one: random numbers only. *out is the caller's. */
GAN_API int32_t gan_checkpoint_create(gan_context *ctx, gan_checkpoint **out);
GAN_API void gan_checkpoint_unref(gan_checkpoint *c); /* from any thread; NULL is allowed */

/* Adds a part under a name of its own: letters, digits, _ and -, at most 60. The checkpoint keeps
 * it alive. Modules are roots; what is added to them later belongs to them. GAN_EINVAL: the name,
 * one that is there already, a layer of a module, another context. */
GAN_API int32_t gan_checkpoint_add_module(gan_checkpoint *c, const char *name, gan_module *m);
GAN_API int32_t gan_checkpoint_add_optimizer(gan_checkpoint *c, const char *name, gan_optimizer *o);
GAN_API int32_t gan_checkpoint_add_loader(gan_checkpoint *c, const char *name, gan_loader *l);

/* A number of the host's, by names as above: sets it for the next save; gives the one that was set
 * or loaded last (GAN_EINVAL: there is none of that name, and *value is untouched). */
GAN_API int32_t gan_checkpoint_set(gan_checkpoint *c, const char *name, double value);
GAN_API int32_t gan_checkpoint_get(const gan_checkpoint *c, const char *name, double *value);

/* Writes the file whole or not at all: one that is there is replaced at the end. GAN_EIO,
 * GAN_ENOMEM. */
GAN_API int32_t gan_checkpoint_save(gan_checkpoint *c, const char *path);

/* Puts everything back, the numbers that were set included: they become those of the file. The file
 * must have the parts that were added, in their names, types and shapes, and no others; optimizers
 * of the same kinds, a loader as many images. On an error nothing has changed: GAN_EFORMAT names
 * what is wrong with the file; GAN_EIO where it cannot be opened or read. */
GAN_API int32_t gan_checkpoint_load(gan_checkpoint *c, const char *path);

#ifdef __cplusplus
}
#endif

#endif
