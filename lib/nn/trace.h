/* A network as the list of operators that its forward recorded. */
#ifndef GAN_NN_TRACE_H
#define GAN_NN_TRACE_H

#include "core/node.h"
#include "nn/module.h"

/* What the operators do not tell. */
typedef struct trace_facts {
    const char *function;        /* for the texts of errors */
    const char *range;           /* of the output's numbers: "-1..1", "0..1" or "" */
    int32_t premultiplied;       /* colours are multiplied by alpha */
    int32_t classes;             /* of the label whose one follows the latent, or 0 */
    const char *latent;          /* "normal", "uniform", or NULL for another input */
    double latent_lo, latent_hi; /* of uniform ones */
} trace_facts;

/* The recorded operations from `input`, a tracked leaf, to `output`, in creation order and with the
 * leaves they read: an arena block, the caller's. Errors name `function`. */
int32_t trace_collect(const char *function, gan_tensor *input, gan_tensor *output, node ***nodes,
                      size_t *count);

/* The parameter or buffer of m that this leaf is, or NULL. */
const entry *trace_entry(const gan_module *m, const node *leaf);

/* Sets the error that `n` reads a tensor that is neither the input nor one of the module's. */
int32_t trace_refuse_input(const char *function, const node *n);

/* Writes m's file of weights, and in it the graph between `input` (a tracked leaf) and `output` as
 * JSON:
 *
 *   {"version": 1, "input": "input", "shape": [1, 128], "output": "%9", "range": "-1..1",
 *    "alpha": "premultiplied", "classes": 10, "latent": "uniform", "latent_lo": -1, "latent_hi": 1,
 *    "nodes": [{"op": "matmul", "in": ["input", "main.0.weight"], "out": "%1", "shape": [1, 4096],
 *               "attr": {"transpose_a": 0, "transpose_b": 1}}, ...]}
 *
 * Operators and attributes are those of ops.def. Names that begin with % are results; the others
 * are the input and the module's parameters and buffers. What the facts leave open is not there.
 * Every tensor that enters must be one of these. */
int32_t trace_save(const gan_module *m, const char *path, gan_tensor *input, gan_tensor *output,
                   const trace_facts *facts);

#endif
