/* Modules: named trees of parameters and children. */
#ifndef GAN_NN_MODULE_H
#define GAN_NN_MODULE_H

#include "core/activation.h"
#include "core/object.h"
#include "core/tensor.h"
#include "gan/nn.h"

/* How a parameter's memory relates to PyTorch's layout, which files keep. */
enum {
    LAYOUT_SAME = 0,   /* as in memory                                                          */
    LAYOUT_KERNEL = 1, /* (O,KH,KW,I) in memory, (O,I,KH,KW) in files; likewise transposed ones */
    LAYOUT_CHW = 2     /* (H,W,C) in memory, (C,H,W) in files: layer norm's                     */
};

/* What a parameter is for: initialisers and weight clipping choose by it. */
enum {
    ROLE_WEIGHT = 1, /* of a dense layer or a convolution */
    ROLE_BIAS = 2,   /* likewise                          */
    ROLE_GAIN = 3,   /* of a norm                         */
    ROLE_SHIFT = 4,  /* of a norm                         */
    ROLE_TABLE = 5,  /* of an embedding                   */
    ROLE_HOST = 6,   /* a host's own parameter            */
    ROLE_BUFFER = 7  /* saved, not trained                */
};

typedef struct entry {
    char *path;         /* from the root: "main.0.weight" */
    const char *name;   /* its last part: "weight"        */
    gan_tensor *tensor; /* owned                          */
    int32_t role, layout;
    int32_t integer;   /* int64 in files (num_batches_tracked)              */
    int32_t statistic; /* a buffer that is averaged as the parameters are   */
} entry;

/* The kinds of modules. gan_add_<name> is the public function that makes one. */
typedef struct module_class {
    const char *name;
    int32_t container;    /* takes children and a host's parameters */
    int32_t outputs_last; /* the weight's last axis counts outputs, not its first */
    int32_t two_modes;    /* training mode computes something else than evaluation mode */
    /* NULL: no forward of its own. The input is not NULL. */
    gan_tensor *(*forward)(gan_module *m, gan_tensor *x);
    /* Instead of forward, for layers that can end with an activation in the same pass. */
    gan_tensor *(*forward_activated)(gan_module *m, gan_tensor *x, activation act);
    gan_tensor *(*forward_labels)(gan_module *m, const int32_t *labels, int64_t n);
} module_class;

/* A tree grows, but nothing in it moves or goes away before the root does: paths are fixed, and
 * listings need no cache, only the totals. */
struct gan_module {
    object base;
    const module_class *class;
    gan_module *parent; /* borrowed; NULL: a root */
    int32_t depth;      /* below the root */
    char *path;         /* from the root: "main.3"; "" for the root */
    const char *name;   /* its last part */
    char *label;        /* for error texts: "main.3 (conv2d)" */
    int32_t training;
    int32_t cumulative; /* batch norm: running statistics are plain means over forwards */

    /* What the layer needs besides its parameters; each kind says what it keeps here. */
    double number[2];
    shape size;
    gan_conv2d_opts conv;

    entry *entries;
    size_t entry_count, entry_capacity;
    gan_module **children; /* owned */
    size_t child_count, child_capacity;

    size_t entry_total, parameter_total; /* of the whole tree below and with m */
};

extern const module_class module_tree, module_sequential;

/* ---- building -------------------------------------------------------------------------------- */

/* A module without parameters, the caller's; parent NULL: a root. With a parent it has its path
 * there, and joins it by module_attach. The name is checked; NULL numbers it. On failure NULL, with
 * the error set. */
gan_module *module_new(gan_context *ctx, const module_class *class, const gan_module *parent,
                       const char *name);

/* Adds a parameter or a buffer, with uninitialised elements. */
gan_tensor *module_add_entry(gan_module *m, const char *name, int32_t role, int32_t layout,
                             const shape *s);

/* Takes back the entries that were added after the first `count`. */
void module_drop_entries(gan_module *m, size_t count);

int32_t module_rename_entry(gan_module *m, entry *e, const char *name);

/* Makes m its parent's child and returns it; with a `code` other than 0, or on failure, gives it up
 * and returns NULL: the parent is as it was. m NULL gives NULL. */
gan_module *module_attach(gan_module *parent, gan_module *m, int32_t code);

/* 0 if something called `name` may be added to m; `function` is for the error text. */
int32_t module_check_name(const char *function, const gan_module *m, const char *name);

/* ---- looking --------------------------------------------------------------------------------- */

/* Entry i < m->entry_total of the tree, or parameter i < m->parameter_total: a module's own in the
 * order in which they were added, then its children's. NULL if there is none. */
entry *module_entry(const gan_module *m, size_t i);
entry *module_parameter(const gan_module *m, size_t i);

/* The dotted name of one of the tree's entries as seen from m. */
const char *module_entry_name(const gan_module *m, const entry *e);

/* By dotted path; NULL, without an error, if there is none. */
entry *module_find(const gan_module *m, const char *path);
gan_module *module_child(const gan_module *m, const char *path, size_t length);

/* The module's own entry or tensor of that name, or NULL. */
entry *module_own_entry(const gan_module *m, const char *name);
gan_tensor *module_own(const gan_module *m, const char *name);

/* ---- the whole tree -------------------------------------------------------------------------- */

void module_train(gan_module *m, int32_t on);
/* A layer that is in training mode and computes something else there, or NULL. */
const gan_module *module_in_training(const gan_module *m);
void module_freeze(gan_module *m, int32_t frozen);
int32_t module_copy(gan_module *to, const gan_module *from);
int32_t module_average(gan_module *average, const gan_module *m, double decay);
void module_average_statistics(gan_module *m, int32_t on);
int32_t module_init(gan_module *m, int32_t method, double a);
void module_clip(gan_module *m, double bound, int32_t weights_only);

/* ---- forward (sequential.c) ------------------------------------------------------------------ */

gan_tensor *module_forward(gan_module *m, gan_tensor *x);
gan_tensor *module_forward_labels(gan_module *m, const int32_t *labels, int64_t n);

#endif
