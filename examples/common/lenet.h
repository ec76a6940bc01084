/* A LeNet-5 (LeCun et al. 1998) with rectifiers and wider layers: the judge of generated digits and
 * clothes. Its 84 features take the place of Inception's in the distances between distributions.
 *
 * SPDX-License-Identifier: MIT */
#ifndef COMMON_LENET_H
#define COMMON_LENET_H

#include <gan.h>

enum {
    LENET_SIDE = 28,     /* pixels of an image    */
    LENET_FEATURES = 84, /* before the last layer */
    LENET_CLASSES = 10,
    LENET_EPOCHS = 12, /* of its training       */
    LENET_BATCH = 250  /* images a forward pass */
};

/* Whether a data set has images of its size, and labels of its classes. */
int lenet_fits(const gan_dataset *d);

/* Reads the trained network from the file; where there is none, trains it for `epochs` on the
 * labelled images (N,28,28,1) and writes the file. *out is the caller's. */
int32_t lenet_cached(gan_context *ctx, const char *file, gan_dataset *images, int64_t epochs,
                     gan_module **out);

/* Of n images in [-1, 1], a tensor (n,28,28,1): features (n, LENET_FEATURES) and the classes it
 * takes them for; either may be NULL. Nothing is recorded. */
int32_t lenet_read(gan_module *net, gan_tensor *images, float *features, int32_t *classes);

/* The same of all images of a data set, batch by batch. */
int32_t lenet_read_dataset(gan_module *net, gan_dataset *images, float *features, int32_t *classes);

/* The share of n images that it took for what their labels say. */
double lenet_right(const int32_t *classes, const int32_t *labels, int64_t n);

/* Returns 0, or 1 after a message: so small a share of real images says that the network of this
 * file has learnt others. */
int lenet_check(const char *file, double right);

#endif
