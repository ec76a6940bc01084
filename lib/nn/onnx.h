/* A network as an ONNX model, made of the operators that its forward recorded.
 *
 * Images are NHWC here and NCHW there. Each value of the model has a layout: axis i of it is axis
 * layout[i] of ours. A transposition of ours changes the layout only; a node Transpose is written
 * where an operator needs another one. Axis 0 counts the samples, whatever their number. What does
 * not depend on the input (batch norm's scale, a weight over its spectral norm) is computed here
 * and written as a constant. */
#ifndef GAN_NN_ONNX_H
#define GAN_NN_ONNX_H

#include "core/node.h"
#include "io/onnx.h"
#include "nn/module.h"

typedef struct onnx_names {
    const char *function;       /* for error texts */
    const char *input, *output; /* of the model */
    int64_t classes; /* > 0: the input's last columns are labels' one-hot rows, which the model
                        makes itself of a second input "labels" */
} onnx_names;

/* Writes the graph between `input` (a tracked leaf) and `output`. */
int32_t onnx_save(const gan_module *m, const char *path, const onnx_names *names, gan_tensor *input,
                  gan_tensor *output, const char *range);

/* ---- for the operators (onnx_ops.c) ---------------------------------------------------------- */

enum { ONNX_NAME = 256 };

typedef struct onnx_name {
    char text[ONNX_NAME];
} onnx_name;

typedef struct onnx_value {
    const node *node;
    gan_tensor *constant; /* NULL: depends on the input, and has a name */
    const entry *entry;   /* the parameter or buffer that the constant is, or NULL */
    int uses;             /* as a constant of the model */
    onnx_name name;
    int32_t layout[GAN_MAX_RANK];
} onnx_value;

typedef struct onnx_export {
    gan_context *ctx;
    const gan_module *module;
    const onnx_names *names;
    protobuf out;
    onnx_value *values; /* of all nodes of the graph */
    size_t count;
    long long fresh; /* names made so far */
} onnx_export;

extern const int32_t onnx_nchw[4], onnx_same[GAN_MAX_RANK];

/* Input i of an operator. */
onnx_value *onnx_input(const onnx_export *x, const node *n, int32_t i);

/* The value in the given layout, as the name of a constant or of a result. */
int32_t onnx_in_layout(onnx_export *x, onnx_value *v, const int32_t *layout, onnx_name *name);

/* The same, broadcast to `rank` axes. */
int32_t onnx_broadcast(onnx_export *x, onnx_value *v, int32_t rank, const int32_t *layout,
                       onnx_name *name);

/* A new constant. */
onnx_name onnx_scalar(onnx_export *x, double value);
onnx_name onnx_floats(onnx_export *x, const float *values, int64_t count);
onnx_name onnx_filled(onnx_export *x, double value, int64_t count);
onnx_name onnx_ints(onnx_export *x, const int64_t *values, int64_t count);

/* A node from `inputs` names to a fresh one in *out, which may be one of the inputs; and one with
 * attributes, until protobuf_end(&x->out, mark). */
void onnx_node(onnx_export *x, const char *type, int inputs, const onnx_name *const *in,
               onnx_name *out);
size_t onnx_open_node(onnx_export *x, const char *type, int inputs, const onnx_name *const *in,
                      onnx_name *out);

/* Writes the nodes of one operator, whose result's name and layout it sets. */
int32_t onnx_operator(onnx_export *x, const node *n, onnx_value *out);

#endif
