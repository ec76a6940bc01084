/* Nodes of the tape: one for each recorded operation and each tracked leaf.
 *
 * A node points at the nodes of its inputs and at the values its derivative will read, never at its
 * own result's handle: there is no cycle, so reference counts suffice. A handle that the host drops
 * frees its elements unless a derivative needs them. */
#ifndef GAN_CORE_NODE_H
#define GAN_CORE_NODE_H

#include "core/shape.h"
#include "core/tensor.h"

enum { NODE_LEAF = -1, ATTR_INTS = 20, ATTR_FLOATS = 4 };

/* An operator's numbers: integers, then floats, named in ops.def. */
typedef struct op_attr {
    int64_t i[ATTR_INTS];
    double f[ATTR_FLOATS];
} op_attr;

typedef struct edge {
    struct node *from; /* NULL: a constant */
    storage *value;    /* saved for the derivative, or NULL */
    uint64_t version;  /* of value when it was saved */
    shape shape;
} edge;

typedef struct node {
    gan_context *ctx;
    struct node *older, *newer; /* all of a context */
    int64_t refs;
    uint64_t sequence; /* creation order: inputs come before results */
    int32_t op;        /* row of ops.def, or NODE_LEAF */
    int32_t constant;  /* a leaf without gradients: buffers, frozen parameters */
    int32_t spent;     /* a sweep, or the end of its scope, has released what was saved */

    op_attr attr;
    storage *aux;    /* positions of gather and scatter, statistics of a norm; or NULL */
    storage *result; /* the output's elements where the derivative reads them */
    uint64_t result_version;
    shape shape; /* of the output */

    /* Scratch of the sweep numbered `sweep`. */
    uint64_t sweep;
    int32_t leads; /* to a wrt */
    gan_tensor *grad;

    struct node *next_dying;
    int32_t inputs;
    edge in[];
} node;

/* A node without saved values, owned by the caller; NULL with GAN_ENOMEM set. */
node *node_new(gan_context *ctx, int32_t op, int32_t inputs, const shape *s);

void node_ref(node *n);   /* NULL is allowed */
void node_unref(node *n); /* by worklist, not recursion: chains may be long */

/* Lets go of the saved values; a sweep over it is an error from then on. */
void node_spend(node *n);

/* Cuts the tape behind `sequence`: what is left of each operation recorded since is a constant
 * leaf. Leaves stay as they are. */
void node_cut_since(gan_context *ctx, uint64_t sequence);

/* The tensor is a leaf of the graph from now on; frozen: a constant one. */
int32_t tensor_make_leaf(gan_tensor *t, int constant);

/* What made t, or its leaf; NULL for a constant. Borrowed. */
const node *tensor_node(const gan_tensor *t);

/* 1 if operations on t are recorded. */
int tensor_tracked(const gan_tensor *t);

#endif
