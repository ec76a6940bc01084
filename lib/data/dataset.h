/* The data set: images of one size as bytes. It is made empty, with room for as many images as its
 * source may give, filled by dataset_add, and from then on never changes. */
#ifndef GAN_DATA_DATASET_H
#define GAN_DATA_DATASET_H

#include "core/object.h"
#include "data/fit.h"
#include "io/folder.h"

struct gan_dataset {
    object base;
    int64_t dims[4];  /* N, H, W, C */
    int64_t capacity; /* images there is room for */
    uint8_t *pixels;  /* NULL before the first image, which decides H, W and C */
    int32_t *labels;  /* or NULL */
    int64_t classes;
    name_list class_names; /* empty, or one for each class */
    int64_t skipped;
    gan_dataset *pair; /* owned reference, or NULL */
};

/* Room for `available` images, or for plan's limit; labels if `labelled`. */
gan_dataset *dataset_new(gan_context *ctx, const data_plan *plan, int64_t available, int labelled);

/* Fits a picture into the next place. GAN_EINVAL if the result is unlike the images before. */
int32_t dataset_add(gan_dataset *d, const data_plan *plan, const picture *p);

/* Bytes of one image. */
int64_t dataset_image_bytes(const gan_dataset *d);

/* The mean of each pixel over all images, (1,H,W,C), in [0, 1]; premultiplied: of colour times
 * alpha. */
gan_tensor *dataset_means(const gan_dataset *d, int premultiplied);

/* The labels of n images drawn with replacement: a function of (key, counter), of which it uses
 * noise_word_blocks(n) values. */
void dataset_draw_labels(const gan_dataset *d, uint64_t key, uint64_t counter, int64_t n,
                         int32_t *labels);

/* data/sources.c: from pictures that lie in memory, in one file. */
typedef struct picture_stack {
    const char *name;
    const uint8_t *pixels;
    int64_t count, height, width;
    int32_t channels;
    const int32_t *labels; /* or NULL */
} picture_stack;
int32_t data_from_stack(gan_context *ctx, const data_plan *plan, const picture_stack *stack,
                        gan_dataset **out);
int32_t data_from_idx(gan_context *ctx, const data_plan *plan, const char *images,
                      const char *labels, gan_dataset **out);
int32_t data_from_sheet(gan_context *ctx, const data_plan *plan, const char *path,
                        const gan_sheet_opts *sheet, gan_dataset **out);

/* data/folder.c: from many files. */
int32_t data_from_folder(gan_context *ctx, const data_plan *plan, const char *folder,
                         gan_dataset **out);
int32_t data_from_pairs(gan_context *ctx, const data_plan *plan, const char *folder,
                        gan_dataset **out);

/* data/outline.c */
int32_t data_outlines(gan_dataset *d, double threshold, gan_dataset **out);

#endif
