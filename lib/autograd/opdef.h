/* What an operator is: a forward over plain arrays, and a derivative made of other operators.
 *
 * The two halves see different types on purpose. A forward gets pointers to elements. A derivative
 * gets an opaque record and tensors, so all it can do is call operators: that is why every
 * gradient can be differentiated again. */
#ifndef GAN_AUTOGRAD_OPDEF_H
#define GAN_AUTOGRAD_OPDEF_H

#include "core/activation.h"
#include "core/node.h"
#include "core/real.h"
#include "core/tensor.h"

enum { OP_MAX_INPUTS = 16 };

/* A forward's arguments. `out` is uninitialised. */
typedef struct op_call {
    gan_context *ctx;
    int32_t inputs;
    const shape *in_shape[OP_MAX_INPUTS];
    const real *in[OP_MAX_INPUTS];
    const op_attr *attr;
    const void *aux;
    shape out_shape;
    real *out;
} op_call;

/* 0, or GAN_ENOMEM with the error set. */
typedef int32_t (*op_forward_fn)(const op_call *call);

/* The recorded operation, as a derivative sees it. */
typedef node op_record;

/* The gradient with respect to input i, given the output's gradient g: any shape that broadcasts
 * from input i's (the engine sums it back). NULL only with an error set. */
typedef gan_tensor *(*op_vjp_fn)(const op_record *r, gan_tensor *g, int32_t i);

/* What the derivatives in all inputs begin with: the output's gradient through an activation fused
 * into the operator. */
typedef gan_tensor *(*op_before_fn)(const op_record *r, gan_tensor *g);

/* The gradients in all inputs at once, out[i] of input i's shape where bit i of `wanted` is set, by
 * kernels that pass over memory less often than the derivatives do one by one. Nothing records it:
 * the engine calls it only where nobody will differentiate the result. 0, or a code with the error
 * set. */
typedef int32_t (*op_gradients_fn)(const op_record *r, gan_tensor *g, uint32_t wanted,
                                   gan_tensor **out);

/* 1 if row n of the output (of `samples` equal parts) depends only on part n of input i. */
typedef int (*op_rows_fn)(const op_record *r, int32_t i, int64_t samples);

typedef struct op_def {
    const char *name;
    op_forward_fn forward; /* NULL: the output shares the input's elements */
    op_vjp_fn vjp;
    op_before_fn before;       /* NULL: nothing is fused */
    op_gradients_fn gradients; /* NULL: one by one */
    op_rows_fn rows;
    uint32_t reads; /* inputs whose elements the derivative reads, as bits; or OP_READS_OUTPUT */
    uint32_t flat;  /* inputs with derivative zero almost everywhere, as bits */
    const char *ints, *floats; /* names of the attributes */
} op_def;

#define OP_READS_OUTPUT 0x80000000u

const op_def *op_find(int32_t op); /* ops/table.c */

/* ---- for constructors ------------------------------------------------------------------------ */

/* Runs the operator and records it if one of the inputs is tracked. The constructor has checked the
 * inputs (op_ready) and worked out the output's shape. attr, aux may be NULL; aux is not
 * consumed. */
gan_tensor *op_apply(int32_t op, int32_t inputs, gan_tensor *const *in, const op_attr *attr,
                     storage *aux, const shape *out);

/* 1 if no tensor is NULL, all belong to one live context. Otherwise the error is set and the
 * constructor returns NULL. */
int op_ready(const char *function, int32_t inputs, gan_tensor *const *in);

/* ---- for derivatives ------------------------------------------------------------------------- */

/* Input i or the output as a tensor of the graph, elements included: only what `reads` names. NULL
 * with GAN_ESTATE set when they were released or overwritten since. */
gan_tensor *record_input(const op_record *r, int32_t i);
gan_tensor *record_output(const op_record *r);

const shape *record_input_shape(const op_record *r, int32_t i);
const shape *record_output_shape(const op_record *r);
const op_attr *record_attr(const op_record *r);
storage *record_aux(const op_record *r);

/* The activation that a fused operator ends with: its first two float attributes. */
static inline activation activation_of(const op_attr *attr) {
    return (activation){(int32_t)attr->f[0], attr->f[1]};
}

#endif
