/* Data sets for training, and loaders that cut them into batches.
 *
 * A data set holds images of one size as bytes, (N,H,W,C) with C 1 (grey), 3 (RGB) or 4 (RGBA), and
 * optionally a label for each. It is made whole from files or memory, and never changes. Its files
 * are read as if hostile, see io.h; a text that tells of a file names it.
 *
 * Each picture on its way in is
 *   1. resampled, where `fit` says so: a side that shrinks by area averaging, one that grows
 *      bilinearly (pixel centres at half integers), with alpha on premultiplied colours;
 *   2. converted to `channels`: grey by the weights of ITU-R BT.601, which are 0.299 R + 0.587 G +
 *      0.114 B; alpha is dropped by composing on `background`, or begins as opaque;
 *   3. centred in the final image: around it is transparency, or without alpha the background.
 * Alpha can be learned like a colour: the colours of a fully transparent pixel are stored as 0, so
 * that what cannot be seen does not matter.
 *
 * Errors: GAN_EINVAL, GAN_EIO, GAN_EFORMAT, GAN_ENOMEM (also when `byte_limit` is exceeded),
 * GAN_ENOTSUP (PNG files, in a build without libpng), GAN_EABI. *out is the caller's, and written
 * on success only. Paths and names are UTF-8.
 *
 * SPDX-License-Identifier: MIT */
#ifndef GAN_DATA_H
#define GAN_DATA_H

#include "gan/base.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct gan_dataset gan_dataset;
typedef struct gan_loader gan_loader;

/* How a picture comes to size x size pixels. */
enum {
    GAN_FIT_PAD = 0,    /* centred as it is; a larger one is refused                  */
    GAN_FIT_RESIZE = 1, /* its longer side becomes `size`, the rest is padded         */
    GAN_FIT_STRETCH = 2 /* both its sides become `size`                               */
};

/* What is made of the pictures of a source. */
typedef struct gan_data_opts {
    uint32_t struct_size;
    int32_t size;        /* side of the square that pictures are fitted to; 0: as they are, and
                            then all must be equal                                              */
    int32_t fit;         /* GAN_FIT_PAD                                                         */
    int32_t channels;    /* 1, 3 or 4; 0: as they are, and then all must be equal               */
    int32_t pad_to;      /* side of the final image, 28 -> 32; 0: no more padding               */
    uint32_t background; /* 0xRRGGBB; 0                                                         */
    int32_t classes;     /* from_folder: sub-folders are classes; 0                             */
    int32_t skip_bad;    /* files that cannot be used are skipped and counted, not errors; 0    */
    int64_t limit;       /* only the first so many images; 0: all                               */
    uint64_t byte_limit; /* most bytes of pixels; 4 GiB; 0: no limit                            */
} gan_data_opts;
GAN_API void gan_data_opts_init(gan_data_opts *opts, size_t size);

/* ---- sources --------------------------------------------------------------------------------- */

/* In all of them opts NULL stands for the defaults. */

/* IDX files (MNIST's format), plain or gzipped: images of 3 axes (N,H,W), and labels of one (N), or
 * NULL for none. */
GAN_API int32_t gan_dataset_from_idx(gan_context *ctx, const char *images, const char *labels,
                                     const gan_data_opts *opts, gan_dataset **out);

/* The PNG files of a folder (*.png, any case; names that begin with a dot do not count), sorted by
 * name in byte order. With `classes` those of its sub-folders, in the sub-folders' order, whose
 * index is the label. Symbolic links that lead out of the folder are passed over. */
GAN_API int32_t gan_dataset_from_folder(gan_context *ctx, const char *folder,
                                        const gan_data_opts *opts, gan_dataset **out);

/* Pairs for image-to-image training: folder/A and folder/B hold PNG files of the same names. *out
 * is A, and its gan_dataset_pair is B. A name without its counterpart is an error, or skipped. */
GAN_API int32_t gan_dataset_from_pairs(gan_context *ctx, const char *folder,
                                       const gan_data_opts *opts, gan_dataset **out);

/* Where a sprite sheet's cells are. */
typedef struct gan_sheet_opts {
    uint32_t struct_size;
    int32_t cell_width;  /* pixels of a cell; must be set                            */
    int32_t cell_height; /* 0: as cell_width                                         */
    int32_t margin;      /* pixels around all cells; 0                               */
    int32_t spacing;     /* pixels between two cells; 0                              */
    int32_t keep_empty;  /* cells of one colour or fully transparent are kept too; 0 */
} gan_sheet_opts;
GAN_API void gan_sheet_opts_init(gan_sheet_opts *opts, size_t size);

/* The cells of a sprite sheet, one PNG file, row by row. What is left at its right and lower edge
 * and makes no whole cell is passed over. */
GAN_API int32_t gan_dataset_from_sheet(gan_context *ctx, const char *path,
                                       const gan_sheet_opts *sheet, const gan_data_opts *opts,
                                       gan_dataset **out);

/* Copies of an array in memory, shape (N,H,W,C): bytes, or floats in [-1, 1], which are rounded to
 * bytes. labels: N numbers >= 0, or NULL. */
GAN_API int32_t gan_dataset_from_bytes(gan_context *ctx, const uint8_t *pixels,
                                       const int64_t *shape, const int32_t *labels,
                                       const gan_data_opts *opts, gan_dataset **out);
GAN_API int32_t gan_dataset_from_floats(gan_context *ctx, const float *pixels, const int64_t *shape,
                                        const int32_t *labels, const gan_data_opts *opts,
                                        gan_dataset **out);

/* The outlines of images, for training from drawings: *out is a data set (N,H,W,1) with the labels
 * of d, and its gan_dataset_pair is d. A pixel is 255 where
 *     max over v in {L A, A} of sqrt((Sx * v)^2 + (Sy * v)^2) / 4 >= threshold,
 * and 0 elsewhere: L is the luminance (BT.601) and A the alpha, both in [0, 1], A 1 without alpha;
 * Sx = (-1 0 1; -2 0 2; -1 0 1) and Sy its transpose are Sobel's masks, with the image's edge
 * pixels repeated outside. A step from 0 to 1 gives 1. threshold > 0; 0.2 finds most of what an eye
 * sees. */
GAN_API int32_t gan_dataset_outlines(gan_dataset *d, double threshold, gan_dataset **out);

/* Another owned reference. Returns d. NULL is allowed. */
GAN_API gan_dataset *gan_dataset_ref(gan_dataset *d);

/* Gives a reference back; from any thread, NULL is allowed. A loader keeps its data set, and a data
 * set its pair. */
GAN_API void gan_dataset_unref(gan_dataset *d);

/* ---- looking --------------------------------------------------------------------------------- */

/* These read only the handle; NULL: 0, or NULL. What they point at is valid as long as d. */
GAN_API int64_t gan_dataset_size(const gan_dataset *d);          /* images */
GAN_API const int64_t *gan_dataset_shape(const gan_dataset *d);  /* N, H, W, C */
GAN_API const uint8_t *gan_dataset_pixels(const gan_dataset *d); /* row-major */
GAN_API const int32_t *gan_dataset_labels(const gan_dataset *d); /* N of them, or NULL */
GAN_API int64_t gan_dataset_class_count(const gan_dataset *d); /* largest label + 1, sub-folders */
GAN_API const char *gan_dataset_class_name(const gan_dataset *d, /* the sub-folder's, or NULL */
                                           int64_t label);
GAN_API int64_t gan_dataset_skipped(const gan_dataset *d);   /* files, see skip_bad */
GAN_API gan_dataset *gan_dataset_pair(const gan_dataset *d); /* borrowed, or NULL */

/* Image i as a tensor (1,H,W,C), bytes mapped from 0..255 to [-1, 1]. */
GAN_API gan_tensor *gan_dataset_image(const gan_dataset *d, int64_t i);

/* Draws n labels as they are distributed in the data (each that of an image drawn uniformly, with
 * replacement), from the context's random numbers. */
GAN_API int32_t gan_dataset_draw_labels(const gan_dataset *d, int32_t *labels, int64_t n);

/* ---- loaders --------------------------------------------------------------------------------- */

/* What becomes of an epoch's last images when they do not fill a batch. */
enum {
    GAN_REMAINDER_DROP = 0, /* they are left out; fewer images than a batch are an error */
    GAN_REMAINDER_KEEP = 1, /* they are a smaller batch                                  */
    GAN_REMAINDER_WRAP = 2  /* the next epoch fills the batch, or several do             */
};

/* How a data set is cut into batches. */
typedef struct gan_loader_opts {
    uint32_t struct_size;
    int32_t batch;     /* images a batch; 64                                   */
    uint64_t seed;     /* of the order and the flips; 0                        */
    int32_t shuffle;   /* a new order each epoch; 1                            */
    int32_t flip;      /* each image is mirrored left to right or not; 0       */
    int32_t remainder; /* GAN_REMAINDER_DROP                                   */
    uint32_t reserved;
    double lo, hi;       /* what 0 and 255 become: -1 and 1, so that x is x / 127.5 - 1 */
    int32_t premultiply; /* the colours of RGBA are multiplied by alpha, with 0 for none: where
                            little is seen of them, they vary little; 0              */
    int32_t reserved2;
} gan_loader_opts;
GAN_API void gan_loader_opts_init(gan_loader_opts *opts, size_t size);

/* A loader over a data set, at the beginning of epoch 0. The order of an epoch is a permutation of
 * all images that depends on (seed, epoch) alone (Fisher and Yates' shuffle on Philox 4x32-10), a
 * flip depends on (seed, epoch, position): (epoch, position) is all the state there is. */
GAN_API int32_t gan_loader_create(gan_dataset *d, const gan_loader_opts *opts, gan_loader **out);
GAN_API void gan_loader_unref(gan_loader *l); /* from any thread; NULL is allowed */

/* The next batch (n,H,W,C), of the current scope. Without end: epochs follow each other. After an
 * error the state is as it was. */
GAN_API gan_tensor *gan_loader_next(gan_loader *l);

/* Of the batch that gan_loader_next gave last: its labels (n of them, the loader's, until the next
 * batch; NULL without labels or before the first batch), and the images' counterparts from
 * gan_dataset_pair, flipped as they are, a tensor of the current scope. */
GAN_API const int32_t *gan_loader_labels(const gan_loader *l);
GAN_API gan_tensor *gan_loader_pairs(gan_loader *l);

/* Where the next batch begins: the epoch, and the images of it that are behind. position is 0
 * exactly when an epoch begins. Either pointer may be NULL. */
GAN_API int32_t gan_loader_tell(const gan_loader *l, int64_t *epoch, int64_t *position);

/* Goes to 0 <= epoch, 0 <= position <= gan_dataset_size. Where no batch can begin any more, that is
 * the next epoch's beginning. */
GAN_API int32_t gan_loader_seek(gan_loader *l, int64_t epoch, int64_t position);

#ifdef __cplusplus
}
#endif

#endif
