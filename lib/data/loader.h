/* Loaders: batches of a data set in the order of an epoch. */
#ifndef GAN_DATA_LOADER_H
#define GAN_DATA_LOADER_H

#include "data/dataset.h"
#include "data/pixels.h"

struct gan_loader {
    object base;
    gan_dataset *data; /* owned reference */
    gan_loader_opts opts;
    pixel_levels levels;

    /* The state, and what follows from the epoch. */
    int64_t epoch, position;
    int32_t *order; /* the image at each position */
    uint8_t *flips; /* at each position, mirrored or not; NULL without flip */

    /* The last batch. */
    int64_t count;     /* images; 0 before the first */
    int32_t *index;    /* of them */
    uint8_t *mirrored; /* each of them or not; NULL without flip */
    int32_t *labels;   /* NULL without */
};

/* Options are checked by the caller. */
gan_loader *loader_new(gan_dataset *d, const gan_loader_opts *opts);

/* NULL: GAN_ENOMEM is set, and the state is as it was. */
gan_tensor *loader_next(gan_loader *l);

/* The last batch's images of another data set of as many. */
gan_tensor *loader_batch_of(gan_loader *l, const gan_dataset *d);

void loader_seek(gan_loader *l, int64_t epoch, int64_t position);

#endif
