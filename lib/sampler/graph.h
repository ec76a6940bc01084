/* The network in a model file: gan.graph's operators (nn/trace.h), and the tensors they name. */
#ifndef GAN_SAMPLER_GRAPH_H
#define GAN_SAMPLER_GRAPH_H

#include "autograd/opdef.h"
#include "core/error.h"
#include "io/safetensors.h"

enum {
    GRAPH_NODES_MOST = 4096, /* names are looked up one by one */
    GRAPH_VALUES_MOST = 4 * GRAPH_NODES_MOST,
    VALUE_CONSTANT = 1, /* known from the file: `data` once it was asked for */
    VALUE_SAMPLE = 2    /* depends on the input; axis 0 is the batch's, of 1 */
};

typedef struct value {
    const char *name;
    shape shape;
    int32_t kind;
    int32_t uses;                  /* as an input of nodes, and as the output */
    const safetensors_entry *leaf; /* of a constant that is in the file */
    real *data;                    /* of a constant: owned */

    /* Where a sample's value lies among the buffers (place.c). */
    int32_t alias; /* shares the elements of that value, or -1 */
    int64_t at;
} value;

typedef struct graph_node {
    int32_t op, inputs, out;
    int32_t in[OP_MAX_INPUTS];
    op_attr attr;
    int32_t absorbed; /* is part of another step */
} graph_node;

typedef struct graph {
    gan_context *ctx;
    const char *path;   /* for error texts */
    char *text;         /* the JSON, decoded in place: names point into it */
    file_source source; /* the model, */
    safetensors file;   /* and what is in it */
    value *values;
    size_t value_count, value_capacity;
    graph_node *nodes;
    size_t node_count, node_capacity;
    double work;   /* of the nodes so far, in multiply-adds (check.c) */
    int64_t batch; /* the traced one; shapes here are those of a batch of 1 */
    int32_t input, output;

    int32_t classes;     /* of the label whose one follows the latent; 0: none */
    int32_t latent_kind; /* GAN_LATENT_… */
    double latent_lo, latent_hi;
    double lo, hi;     /* the output's range */
    int premultiplied; /* the output's colours */
} graph;

/* Reads a model from a path, or from `bytes` bytes of memory that stay until graph_close_file. What
 * a failure leaves is released as a whole graph is. */
int32_t graph_read(gan_context *ctx, const char *path, const void *memory, size_t bytes, graph *g);
void graph_release(graph *g);

/* The weights as they lie in the file are no longer needed. */
void graph_close_file(graph *g);

/* GAN_EFORMAT with a text: "<path>: gan.graph: …". */
int32_t graph_refuse(const graph *g, int32_t code, const char *format, ...) PRINTF_LIKE(3, 4);

/* A constant's elements in the order of memory, which the graph keeps; NULL with the error set. */
const real *graph_constant(graph *g, int32_t index);

/* Rows [begin, end) of axis 0 of a constant of rank 2 or 4, in the order of memory, to `to`, by any
 * thread. room: graph_rows_room elements. Returns 0 or why not, for graph_rows_error. */
int64_t graph_rows_room(const graph *g, int32_t index);
int graph_rows(const graph *g, int32_t index, int64_t begin, int64_t end, real *room, real *to);
int32_t graph_rows_error(const graph *g, int32_t index, int reason);

/* check.c: rewrites the attributes of a node of samples for a batch of 1, then checks that shapes
 * and attributes are those of its operator, so that its forward may trust them, and that with it
 * the network does not take too long. */
int32_t graph_check(graph *g, graph_node *n);

#endif
