/* The published systems as options, and the table of all options. */
#ifndef GAN_TRAIN_PRESETS_H
#define GAN_TRAIN_PRESETS_H

#include "gan/train.h"

/* NULL for a wrong number; "gan", … */
const char *preset_name(int32_t system);
int32_t preset_find(const char *name);

/* *o is all zero for a wrong system or variant. */
void preset_fill(int32_t system, int32_t variant, gan_trainer_opts *o);

/* The smallest side >= `side` that the network takes; 0: none. */
int32_t preset_side(int32_t network, int32_t side);

/* ---- the table of options -------------------------------------------------------------------- */

typedef struct preset_option {
    const char *name;
    size_t offset; /* in gan_trainer_opts */
    int number;    /* a double, not an int32_t */
    int fixed;     /* it decides over names, shapes or meaning of what a checkpoint holds */
    int later;     /* checkpoints may lack it, and were made as by GAN_SYSTEM_GAN's preset */
    double least, most;
} preset_option;

extern const preset_option preset_options[];
extern const size_t preset_option_count;

double preset_option_value(const preset_option *row, const gan_trainer_opts *o);

/* Each option in its range, and all of them in agreement; the sizes are filled in. 0, or GAN_EINVAL
 * with a text. */
int32_t preset_check(gan_context *ctx, const gan_trainer_opts *o);

#endif
