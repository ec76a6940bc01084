/* The messages of ONNX (onnx.proto3) that a network is written with, on the wire format of
 * protobuf.h: opset 17, IR version 8. The caller knows the operators. */
#ifndef GAN_IO_ONNX_H
#define GAN_IO_ONNX_H

#include "io/protobuf.h"

/* TensorProto.DataType */
enum { ONNX_FLOAT = 1, ONNX_INT64 = 7 };

/* Fields of GraphProto. */
enum { ONNX_GRAPH_INPUT = 11, ONNX_GRAPH_OUTPUT = 12 };

/* A model, up to the inside of its graph, which protobuf_end ends with the mark that this returns.
 * `range` is kept as metadata "gan.range". */
size_t onnx_begin_model(protobuf *p, const char *version, const char *range);

/* An input or output (field) of the graph: `dims` behind a first axis called "batch". */
void onnx_put_value(protobuf *p, int field, const char *name, int type, int32_t rank,
                    const int64_t *dims);

/* A constant; its elements in row-major order. */
void onnx_put_constant(protobuf *p, const char *name, int type, int32_t rank, const int64_t *dims,
                       const void *data, size_t bytes);

/* A node with one output; attributes may follow until protobuf_end with the mark. */
size_t onnx_begin_node(protobuf *p, const char *type, int inputs, const char *const *in,
                       const char *out);
void onnx_put_int(protobuf *p, const char *name, int64_t value);
void onnx_put_ints(protobuf *p, const char *name, const int64_t *values, int count);
void onnx_put_float(protobuf *p, const char *name, double value);
void onnx_put_string(protobuf *p, const char *name, const char *value);

#endif
