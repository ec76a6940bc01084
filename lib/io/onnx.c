#include "io/onnx.h"

/* Field numbers, by message. */
enum {
    MODEL_IR_VERSION = 1,
    MODEL_PRODUCER = 2,
    MODEL_PRODUCER_VERSION = 3,
    MODEL_GRAPH = 7,
    MODEL_OPSET = 8,
    MODEL_METADATA = 14,
    OPSET_VERSION = 2,
    METADATA_KEY = 1,
    METADATA_VALUE = 2,
    GRAPH_NODE = 1,
    GRAPH_NAME = 2,
    GRAPH_CONSTANT = 5,
    NODE_INPUT = 1,
    NODE_OUTPUT = 2,
    NODE_NAME = 3,
    NODE_TYPE = 4,
    NODE_ATTRIBUTE = 5,
    ATTRIBUTE_NAME = 1,
    ATTRIBUTE_FLOAT = 2,
    ATTRIBUTE_INT = 3,
    ATTRIBUTE_STRING = 4,
    ATTRIBUTE_INTS = 8,
    ATTRIBUTE_TYPE = 20,
    TENSOR_DIMS = 1,
    TENSOR_TYPE = 2,
    TENSOR_NAME = 8,
    TENSOR_DATA = 9,
    VALUE_NAME = 1,
    VALUE_TYPE = 2,
    TYPE_TENSOR = 1,
    TYPE_ELEMENT = 1,
    TYPE_SHAPE = 2,
    SHAPE_DIM = 1,
    DIM_SIZE = 1,
    DIM_NAME = 2
};

/* AttributeProto.AttributeType */
enum { TYPE_FLOAT = 1, TYPE_INT = 2, TYPE_STRING = 3, TYPE_INTS = 7 };

enum { IR_VERSION = 8, OPSET = 17 };

size_t onnx_begin_model(protobuf *p, const char *version, const char *range) {
    protobuf_int(p, MODEL_IR_VERSION, IR_VERSION);
    protobuf_string(p, MODEL_PRODUCER, "libgan");
    protobuf_string(p, MODEL_PRODUCER_VERSION, version);
    size_t mark = protobuf_begin(p, MODEL_OPSET);
    protobuf_int(p, OPSET_VERSION, OPSET);
    protobuf_end(p, mark);
    mark = protobuf_begin(p, MODEL_METADATA);
    protobuf_string(p, METADATA_KEY, "gan.range");
    protobuf_string(p, METADATA_VALUE, range);
    protobuf_end(p, mark);
    mark = protobuf_begin(p, MODEL_GRAPH);
    protobuf_string(p, GRAPH_NAME, "libgan");
    return mark;
}

void onnx_put_value(protobuf *p, int field, const char *name, int type, int32_t rank,
                    const int64_t *dims) {
    size_t value = protobuf_begin(p, field);
    protobuf_string(p, VALUE_NAME, name);
    size_t types = protobuf_begin(p, VALUE_TYPE), tensor = protobuf_begin(p, TYPE_TENSOR);
    protobuf_int(p, TYPE_ELEMENT, type);
    size_t shape = protobuf_begin(p, TYPE_SHAPE);
    for (int32_t i = 0; i < rank; i++) {
        size_t dim = protobuf_begin(p, SHAPE_DIM);
        if (i == 0)
            protobuf_string(p, DIM_NAME, "batch");
        else
            protobuf_int(p, DIM_SIZE, dims[i]);
        protobuf_end(p, dim);
    }
    protobuf_end(p, shape);
    protobuf_end(p, tensor);
    protobuf_end(p, types);
    protobuf_end(p, value);
}

void onnx_put_constant(protobuf *p, const char *name, int type, int32_t rank, const int64_t *dims,
                       const void *data, size_t bytes) {
    size_t tensor = protobuf_begin(p, GRAPH_CONSTANT);
    for (int32_t i = 0; i < rank; i++) protobuf_int(p, TENSOR_DIMS, dims[i]);
    protobuf_int(p, TENSOR_TYPE, type);
    protobuf_string(p, TENSOR_NAME, name);
    protobuf_bytes(p, TENSOR_DATA, data, bytes);
    protobuf_end(p, tensor);
}

size_t onnx_begin_node(protobuf *p, const char *type, int inputs, const char *const *in,
                       const char *out) {
    size_t node = protobuf_begin(p, GRAPH_NODE);
    for (int i = 0; i < inputs; i++) protobuf_string(p, NODE_INPUT, in[i]);
    protobuf_string(p, NODE_OUTPUT, out);
    protobuf_string(p, NODE_NAME, out);
    protobuf_string(p, NODE_TYPE, type);
    return node;
}

static size_t begin_attribute(protobuf *p, const char *name, int type) {
    size_t attribute = protobuf_begin(p, NODE_ATTRIBUTE);
    protobuf_string(p, ATTRIBUTE_NAME, name);
    protobuf_int(p, ATTRIBUTE_TYPE, type);
    return attribute;
}

void onnx_put_int(protobuf *p, const char *name, int64_t value) {
    size_t attribute = begin_attribute(p, name, TYPE_INT);
    protobuf_int(p, ATTRIBUTE_INT, value);
    protobuf_end(p, attribute);
}

void onnx_put_ints(protobuf *p, const char *name, const int64_t *values, int count) {
    size_t attribute = begin_attribute(p, name, TYPE_INTS);
    for (int i = 0; i < count; i++) protobuf_int(p, ATTRIBUTE_INTS, values[i]);
    protobuf_end(p, attribute);
}

void onnx_put_float(protobuf *p, const char *name, double value) {
    size_t attribute = begin_attribute(p, name, TYPE_FLOAT);
    protobuf_float(p, ATTRIBUTE_FLOAT, (float)value);
    protobuf_end(p, attribute);
}

void onnx_put_string(protobuf *p, const char *name, const char *value) {
    size_t attribute = begin_attribute(p, name, TYPE_STRING);
    protobuf_string(p, ATTRIBUTE_STRING, value);
    protobuf_end(p, attribute);
}
