#include "nn/onnx.h"

#include "autograd/grad.h"
#include "autograd/opdef.h"
#include "core/alloc.h"
#include "core/error.h"
#include "core/scope.h"
#include "io/file.h"
#include "nn/trace.h"
#include "ops/op.h"

#include <stdio.h>
#include <string.h>

const int32_t onnx_nchw[4] = {0, 3, 1, 2}, onnx_same[GAN_MAX_RANK] = {0, 1, 2, 3, 4, 5};

/* ---- names and constants --------------------------------------------------------------------- */

static onnx_name fresh(onnx_export *x, const char *what) {
    onnx_name name;
    snprintf(name.text, sizeof name.text, "%s_%lld", what, ++x->fresh);
    return name;
}

onnx_name onnx_scalar(onnx_export *x, double value) {
    onnx_name name = fresh(x, "number");
    float f = (float)value;
    onnx_put_constant(&x->out, name.text, ONNX_FLOAT, 0, NULL, &f, sizeof f);
    return name;
}

onnx_name onnx_ints(onnx_export *x, const int64_t *values, int64_t count) {
    onnx_name name = fresh(x, "numbers");
    onnx_put_constant(&x->out, name.text, ONNX_INT64, 1, &count, values, (size_t)count * 8);
    return name;
}

onnx_name onnx_floats(onnx_export *x, const float *values, int64_t count) {
    onnx_name name = fresh(x, "numbers");
    onnx_put_constant(&x->out, name.text, ONNX_FLOAT, 1, &count, values,
                      (size_t)count * sizeof *values);
    return name;
}

/* The elements as float; the caller frees them. */
static float *floats_of(gan_context *ctx, const gan_tensor *t) {
    float *to = arena_alloc_array(ctx, (size_t)tensor_size(t), sizeof *to);
    for (int64_t i = 0; to && i < tensor_size(t); i++) to[i] = (float)tensor_values(t)[i];
    return to;
}

static int32_t put_tensor(onnx_export *x, const gan_tensor *t, const onnx_name *name) {
    const shape *s = tensor_shape(t);
    float *values = floats_of(x->ctx, t);
    if (!values) return GAN_ENOMEM;
    onnx_put_constant(&x->out, name->text, ONNX_FLOAT, s->rank, s->dim, values,
                      (size_t)tensor_size(t) * sizeof *values);
    arena_free(x->ctx, values);
    return x->out.status;
}

onnx_name onnx_filled(onnx_export *x, double value, int64_t count) {
    onnx_name name = fresh(x, "numbers");
    const shape s = shape_1(count);
    gan_tensor *t = tensor_new(x->ctx, &s);
    if (t) layout_fill(x->ctx, count, value, tensor_data(t));
    if (!t || put_tensor(x, t, &name)) x->out.status = GAN_ENOMEM;
    return name;
}

/* A constant seen with shape s, in a layout of that shape's axes. Parameters keep their names; who
 * is used again has a number behind it. */
static int32_t put_constant(onnx_export *x, onnx_value *v, const shape *s, const int32_t *layout,
                            onnx_name *name) {
    const char *path = v->entry ? module_entry_name(x->module, v->entry) : "constant";
    if (strlen(path) > ONNX_NAME - 32)
        return error_set(x->ctx, GAN_ENOTSUP, "%s: the name '%.64s' is too long",
                         x->names->function, path);
    if (v->entry && !v->uses++)
        snprintf(name->text, sizeof name->text, "%s", path);
    else
        *name = fresh(x, path);
    gan_tensor *t = op_reshape(v->constant, s);
    if (t && memcmp(layout, onnx_same, (size_t)s->rank * sizeof *layout) != 0)
        t = op_transpose(t, layout);
    return t ? put_tensor(x, t, name) : GAN_ENOMEM;
}

/* ---- values ---------------------------------------------------------------------------------- */

static onnx_value *find(const onnx_export *x, const node *n) {
    size_t i = 0;
    while (i < x->count && x->values[i].node != n) i++;
    return i < x->count ? &x->values[i] : NULL;
}

onnx_value *onnx_input(const onnx_export *x, const node *n, int32_t i) {
    return find(x, n->in[i].from);
}

size_t onnx_open_node(onnx_export *x, const char *type, int inputs, const onnx_name *const *in,
                      onnx_name *out) {
    const char *names[OP_MAX_INPUTS];
    for (int i = 0; i < inputs; i++) names[i] = in[i]->text;
    onnx_name result = fresh(x, type);
    size_t mark = onnx_begin_node(&x->out, type, inputs, names, result.text);
    *out = result;
    return mark;
}

void onnx_node(onnx_export *x, const char *type, int inputs, const onnx_name *const *in,
               onnx_name *out) {
    protobuf_end(&x->out, onnx_open_node(x, type, inputs, in, out));
}

int32_t onnx_in_layout(onnx_export *x, onnx_value *v, const int32_t *layout, onnx_name *name) {
    const shape *s = &v->node->shape;
    if (v->constant) return put_constant(x, v, s, layout, name);
    *name = v->name;
    if (memcmp(v->layout, layout, (size_t)s->rank * sizeof *layout) == 0) return GAN_OK;
    int64_t perm[GAN_MAX_RANK] = {0};
    for (int32_t i = 0; i < s->rank; i++)
        for (int32_t k = 0; k < s->rank; k++)
            if (v->layout[k] == layout[i]) perm[i] = k;
    const onnx_name *in[] = {name};
    size_t mark = onnx_open_node(x, "Transpose", 1, in, name);
    onnx_put_ints(&x->out, "perm", perm, s->rank);
    protobuf_end(&x->out, mark);
    return x->out.status;
}

int32_t onnx_broadcast(onnx_export *x, onnx_value *v, int32_t rank, const int32_t *layout,
                       onnx_name *name) {
    const shape whole = shape_lead(&v->node->shape, rank);
    if (v->constant) return put_constant(x, v, &whole, layout, name);
    if (v->node->shape.rank == rank) return onnx_in_layout(x, v, layout, name);
    return error_set(x->ctx, GAN_ENOTSUP,
                     "%s: results of different ranks are broadcast, which is not written as ONNX",
                     x->names->function);
}

/* ---- the graph ------------------------------------------------------------------------------- */

/* Runs an operator once more, on constants: with the positions it had, which a sweep releases. */
static int32_t evaluate(const onnx_export *x, const node *n, onnx_value *out) {
    if (n->spent)
        return error_set(x->ctx, GAN_ESTATE,
                         "%s: the graph of '%s' has been consumed by an earlier sweep",
                         x->names->function, op_find(n->op)->name);
    gan_tensor *in[OP_MAX_INPUTS];
    for (int32_t i = 0; i < n->inputs; i++) in[i] = onnx_input(x, n, i)->constant;
    out->constant = op_apply(n->op, n->inputs, in, &n->attr, n->aux, &n->shape);
    return out->constant ? GAN_OK : GAN_ENOMEM;
}

static int32_t add_leaf(const onnx_export *x, onnx_value *out) {
    out->entry = trace_entry(x->module, out->node);
    if (out->entry) out->constant = out->entry->tensor;
    return GAN_OK;
}

static int32_t add_operator(onnx_export *x, const node *n, onnx_value *out) {
    int constant = 1;
    for (int32_t i = 0; i < n->inputs; i++) {
        const onnx_value *in = n->in[i].from ? onnx_input(x, n, i) : NULL;
        if (!in || !(in->constant || in->name.text[0]))
            return trace_refuse_input(x->names->function, n);
        if (!in->constant) constant = 0;
    }
    return constant ? evaluate(x, n, out) : onnx_operator(x, n, out);
}

/* The value of the input; the model makes the labels' part of it of their numbers. */
static void put_input(onnx_export *x, const shape *s, onnx_value *v) {
    const onnx_names *names = x->names;
    shape own = *s;
    if (s->rank == 4)
        own = shape_4(s->dim[0], s->dim[3], s->dim[1], s->dim[2]);
    else if (s->rank == 2)
        own.dim[1] -= names->classes;
    memcpy(v->layout, s->rank == 4 ? onnx_nchw : onnx_same, (size_t)s->rank * sizeof *v->layout);
    snprintf(v->name.text, sizeof v->name.text, "%s", names->input);
    onnx_put_value(&x->out, ONNX_GRAPH_INPUT, names->input, ONNX_FLOAT, own.rank, own.dim);
    if (!names->classes) return;
    onnx_name labels = {"labels"}, depth = onnx_ints(x, &names->classes, 1);
    onnx_name values = onnx_floats(x, (const float[]){0, 1}, 2);
    onnx_put_value(&x->out, ONNX_GRAPH_INPUT, labels.text, ONNX_INT64, 1, own.dim);
    onnx_node(x, "OneHot", 3, (const onnx_name *[]){&labels, &depth, &values}, &labels);
    const onnx_name *both[] = {&v->name, &labels};
    size_t mark = onnx_open_node(x, "Concat", 2, both, &v->name);
    onnx_put_int(&x->out, "axis", 1);
    protobuf_end(&x->out, mark);
}

static int32_t put_output(onnx_export *x, gan_tensor *output) {
    onnx_value *v = find(x, tensor_node(output));
    shape s = *tensor_shape(output);
    onnx_name name;
    int32_t code = onnx_in_layout(x, v, s.rank == 4 ? onnx_nchw : onnx_same, &name);
    if (code) return code;
    if (s.rank == 4) s = shape_4(s.dim[0], s.dim[3], s.dim[1], s.dim[2]);
    const char *in[] = {name.text};
    protobuf_end(&x->out, onnx_begin_node(&x->out, "Identity", 1, in, x->names->output));
    onnx_put_value(&x->out, ONNX_GRAPH_OUTPUT, x->names->output, ONNX_FLOAT, s.rank, s.dim);
    return x->out.status;
}

static int32_t put_graph(onnx_export *x, size_t total, gan_tensor *input, gan_tensor *output) {
    int32_t code = GAN_OK;
    while (x->count < total && !code) {
        onnx_value *v = &x->values[x->count++];
        if (v->node == tensor_node(input))
            put_input(x, tensor_shape(input), v);
        else
            code = v->node->op == NODE_LEAF ? add_leaf(x, v) : add_operator(x, v->node, v);
        if (!code) code = x->out.status;
    }
    return code ? code : put_output(x, output);
}

static int32_t write_file(const onnx_export *x, const char *path) {
    file_writer w;
    int32_t code = file_writer_open(&w, x->ctx, path);
    if (code) return code;
    file_writer_append(&w, x->out.bytes, x->out.length);
    return file_writer_close(&w, GAN_OK);
}

static int32_t save(onnx_export *x, const char *path, size_t total, gan_tensor *input,
                    gan_tensor *output, const char *range) {
    int64_t mark = scope_begin(x->ctx);
    if (mark < 0) return (int32_t)mark;
    int before = autograd_recording(x->ctx, 0);
    x->out = protobuf_write(x->ctx);
    size_t graph = onnx_begin_model(&x->out, gan_version(), range);
    int32_t code = put_graph(x, total, input, output);
    protobuf_end(&x->out, graph);
    if (!code) code = x->out.status;
    if (!code) code = write_file(x, path);
    protobuf_release(&x->out);
    autograd_recording(x->ctx, before);
    scope_escape(x->ctx, mark, NULL);
    return code;
}

int32_t onnx_save(const gan_module *m, const char *path, const onnx_names *names, gan_tensor *input,
                  gan_tensor *output, const char *range) {
    onnx_export x = {.ctx = m->base.ctx, .module = m, .names = names};
    node **nodes;
    size_t total;
    int32_t code = trace_collect(names->function, input, output, &nodes, &total);
    if (code) return code;
    x.values = arena_calloc(x.ctx, total * sizeof *x.values);
    for (size_t i = 0; x.values && i < total; i++) x.values[i].node = nodes[i];
    code = x.values ? save(&x, path, total, input, output, range) : GAN_ENOMEM;
    arena_free(x.ctx, x.values);
    arena_free(x.ctx, nodes);
    return code;
}
