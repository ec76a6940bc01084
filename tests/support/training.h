/* A WGAN-GP small enough to train in a test: 8 x 8 images, convolutions, batch norm in the
 * generator, instance norm in the critic. */
#ifndef TESTS_TRAINING_H
#define TESTS_TRAINING_H

#include "gan.h"

typedef struct training {
    gan_context *ctx;
    gan_module *generator, *critic;
    gan_optimizer *of_generator, *of_critic;
    gan_tensor *real; /* (BATCH, 8, 8, 1), kept */
} training;

enum { TRAINING_BATCH = 8, TRAINING_LATENT = 6 };

/* Networks of `width` channels. 0 or a code of the library; on failure what was made is released.
 */
int32_t training_create(training *t, gan_context *ctx, int64_t width);
void training_release(training *t);

/* One step of the critic, or of the generator; each in a scope of its own. 0 or a code. */
int32_t training_critic_step(training *t);
int32_t training_generator_step(training *t);

/* Samples, borrowed from the current scope. */
gan_tensor *training_sample(training *t, int64_t n);

#endif
