/* Checkpoints of a host's own loop: parts under names, and numbers. */
#ifndef GAN_TRAIN_OWN_CHECKPOINT_H
#define GAN_TRAIN_OWN_CHECKPOINT_H

#include "gan/checkpoint.h"
#include "train/places.h"

typedef enum part_kind { PART_MODULE, PART_OPTIMIZER, PART_LOADER } part_kind;

typedef struct part {
    char *name;
    part_kind kind;
    object *of; /* a reference of its own */
} part;

typedef struct own_number {
    char *name;
    double value;
} own_number;

typedef struct number_list {
    own_number *at;
    size_t count, capacity;
} number_list;

struct gan_checkpoint {
    object base;
    part *parts;
    size_t count, capacity;
    number_list numbers;
};

gan_checkpoint *own_checkpoint_new(gan_context *ctx);

/* The object is of this context. */
int32_t own_checkpoint_add(gan_checkpoint *c, const char *function, const char *name,
                           part_kind kind, object *of);

int32_t own_checkpoint_set(gan_checkpoint *c, const char *name, double value);
/* NULL: there is none. */
const own_number *own_checkpoint_find(const gan_checkpoint *c, const char *name);

int32_t own_checkpoint_save(gan_checkpoint *c, const char *path);
int32_t own_checkpoint_load(gan_checkpoint *c, const char *path);

#endif
