/* Places in memory under names: what the next step of a training depends on, written into one file
 * and put back from it. */
#ifndef GAN_TRAIN_PLACES_H
#define GAN_TRAIN_PLACES_H

#include "data/loader.h"
#include "io/safetensors.h"
#include "nn/module.h"
#include "optim/optimizer.h"

typedef struct place {
    char *name; /* "generator.0.weight", "discriminator.0.weight.state1", "state.step" */
    safetensors_dtype dtype;
    shape shape;
    void *data;         /* of elements outside tensors */
    gan_tensor *tensor; /* or NULL; borrowed */
    size_t bytes;
    int undone; /* changes before a step can still fail */
} place;

typedef struct place_list {
    place *at;
    size_t count, capacity;
} place_list;

/* ---- listing --------------------------------------------------------------------------------- */

/* A number of 8 bytes as "part.name". */
int32_t places_add_word(gan_context *ctx, place_list *list, const char *part, const char *name,
                        safetensors_dtype dtype, void *word);

/* All entries of a module (none for NULL) as "part.<entry>"; buffers are `undone` in any case. */
int32_t places_add_module(gan_context *ctx, place_list *list, const char *part, const gan_module *m,
                          int undone);

/* Steps and moments as "part.<parameter>.steps" and "part.<parameter>.state0", ... */
int32_t places_add_optimizer(gan_context *ctx, place_list *list, const char *part,
                             const gan_optimizer *o, int undone);

void places_release(gan_context *ctx, place_list *list);

/* ---- reading and writing them ---------------------------------------------------------------- */

void *place_bytes(const place *p);
void place_put(const place *p, const void *from);

/* ---- files ----------------------------------------------------------------------------------- */

/* Writes all places, and `more` entries behind them, as a checkpoint of `system`. */
int32_t places_write(gan_context *ctx, const char *path, const place_list *list,
                     const safetensors_entry *more, size_t more_count, const char *system);

/* Reads a whole checkpoint of any system; *out is written on success only. */
int32_t places_read(gan_context *ctx, const char *path, safetensors *out);

/* Whether it is of this system; `whose` says what has asked for it: "the trainer". */
int32_t places_check_system(gan_context *ctx, const char *path, const safetensors *file,
                            const char *system, const char *whose);

/* The file's entry like `wanted`, or NULL with the error set. */
const safetensors_entry *places_find(gan_context *ctx, const char *path, const safetensors *file,
                                     const safetensors_entry *wanted, const char *whose);

/* Whether the file has every place, and `others` entries beside them. */
int32_t places_check(gan_context *ctx, const char *path, const place_list *list,
                     const safetensors *file, size_t others, const char *whose);

/* Puts the file's values, which were checked, into their places. */
void places_put(const place_list *list, const safetensors *file);

/* The file's number at a place of 8 bytes that was checked. */
void places_word(const safetensors *file, const char *name, void *word);

/* Counts that steps go on from, never near the end of their range. */
int places_is_count(int64_t n);

/* Of all names and bytes, whatever their order. */
enum { CHECKSUM_TEXT = 17 };
void places_checksum(const safetensors_entry *entries, size_t count, char text[CHECKSUM_TEXT]);

#endif
