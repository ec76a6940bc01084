/* The operators as nodes of ONNX. One that the table lacks is refused by its name. */
#include "nn/onnx.h"

#include "autograd/opdef.h"
#include "core/error.h"
#include "ops/op.h"

#include <string.h>

/* How an operator is written: `type` is the row's. Sets out's name and layout. */
typedef int32_t (*write_fn)(onnx_export *x, const node *n, const char *type, onnx_value *out);

static int32_t refuse(const onnx_export *x, const node *n, const char *problem) {
    return error_set(x->ctx, GAN_ENOTSUP, "%s: operator '%s' %s", x->names->function,
                     op_find(n->op)->name, problem);
}

/* ---- shared ---------------------------------------------------------------------------------- */

static void set_layout(onnx_value *v, const int32_t *layout) {
    memcpy(v->layout, layout, (size_t)v->node->shape.rank * sizeof *layout);
}

/* Where the layout has our axis. */
static int32_t place_of(const onnx_value *v, int32_t axis) {
    int32_t i = 0;
    while (v->layout[i] != axis) i++;
    return i;
}

/* out = type(out, b) */
static void join(onnx_export *x, const char *type, onnx_name *out, const onnx_name *b) {
    onnx_node(x, type, 2, (const onnx_name *[]){out, b}, out);
}

static void apply(onnx_export *x, const char *type, onnx_name *out) {
    onnx_node(x, type, 1, (const onnx_name *[]){out}, out);
}

static void apply_alpha(onnx_export *x, const char *type, double alpha, onnx_name *out) {
    size_t mark = onnx_open_node(x, type, 1, (const onnx_name *[]){out}, out);
    onnx_put_float(&x->out, "alpha", alpha);
    protobuf_end(&x->out, mark);
}

static void activate(onnx_export *x, activation act, onnx_name *out) {
    if (act.kind == ACTIVATION_ELU)
        apply_alpha(x, "Elu", act.number, out);
    else if (act.kind == ACTIVATION_LEAKY_RELU && act.number != 0)
        apply_alpha(x, "LeakyRelu", act.number, out);
    else if (act.kind == ACTIVATION_LEAKY_RELU)
        apply(x, "Relu", out);
}

/* Adds (or multiplies by) an input that broadcasts to the result. */
static int32_t join_input(onnx_export *x, const node *n, int32_t i, const char *type,
                          onnx_value *out) {
    onnx_name b;
    int32_t code = onnx_broadcast(x, onnx_input(x, n, i), n->shape.rank, out->layout, &b);
    if (!code) join(x, type, &out->name, &b);
    return code;
}

/* ---- elements -------------------------------------------------------------------------------- */

static void begin_with(const onnx_export *x, const node *n, onnx_value *out) {
    const onnx_value *in = onnx_input(x, n, 0);
    out->name = in->name;
    set_layout(out, in->layout);
}

static int32_t write_unary(onnx_export *x, const node *n, const char *type, onnx_value *out) {
    begin_with(x, n, out);
    apply(x, type, &out->name);
    return GAN_OK;
}

static int32_t write_leaky_relu(onnx_export *x, const node *n, const char *type, onnx_value *out) {
    (void)type;
    begin_with(x, n, out);
    activate(x, (activation){ACTIVATION_LEAKY_RELU, n->attr.f[0]}, &out->name);
    return GAN_OK;
}

static int32_t write_elu(onnx_export *x, const node *n, const char *type, onnx_value *out) {
    begin_with(x, n, out);
    apply_alpha(x, type, n->attr.f[0], &out->name);
    return GAN_OK;
}

static int32_t write_pow(onnx_export *x, const node *n, const char *type, onnx_value *out) {
    begin_with(x, n, out);
    onnx_name exponent = onnx_scalar(x, n->attr.f[0]);
    join(x, type, &out->name, &exponent);
    return GAN_OK;
}

/* factor x + offset */
static int32_t write_affine(onnx_export *x, const node *n, const char *type, onnx_value *out) {
    (void)type;
    begin_with(x, n, out);
    onnx_name factor = onnx_scalar(x, n->attr.f[0]), offset = onnx_scalar(x, n->attr.f[1]);
    join(x, "Mul", &out->name, &factor);
    join(x, "Add", &out->name, &offset);
    return GAN_OK;
}

static int32_t write_clamp(onnx_export *x, const node *n, const char *type, onnx_value *out) {
    begin_with(x, n, out);
    onnx_name lo = onnx_scalar(x, n->attr.f[0]), hi = onnx_scalar(x, n->attr.f[1]);
    onnx_node(x, type, 3, (const onnx_name *[]){&out->name, &lo, &hi}, &out->name);
    return GAN_OK;
}

/* In the layout of the operand that depends on the input and has all axes. */
static int32_t write_binary(onnx_export *x, const node *n, const char *type, onnx_value *out) {
    onnx_value *a = onnx_input(x, n, 0), *b = onnx_input(x, n, 1);
    const onnx_value *leader = !a->constant && a->node->shape.rank == n->shape.rank ? a : b;
    if (leader->constant || leader->node->shape.rank != n->shape.rank)
        return refuse(x, n, "gains axes, which is not written as ONNX");
    set_layout(out, leader->layout);
    int32_t code = onnx_broadcast(x, a, n->shape.rank, out->layout, &out->name);
    return code ? code : join_input(x, n, 1, type, out);
}

static int32_t write_bias_act(onnx_export *x, const node *n, const char *type, onnx_value *out) {
    int32_t code = write_binary(x, n, type, out);
    if (!code) activate(x, activation_of(&n->attr), &out->name);
    return code;
}

/* ---- products -------------------------------------------------------------------------------- */

/* (N, K) by a constant, whose layout takes care of its transposition. */
static int32_t write_matmul(onnx_export *x, const node *n, const char *type, onnx_value *out) {
    static const int32_t swapped[] = {1, 0};
    onnx_value *a = onnx_input(x, n, 0), *b = onnx_input(x, n, 1);
    if (a->constant || !b->constant || n->attr.i[0] || b->node->shape.rank != 2)
        return refuse(x, n, "is written as ONNX for samples by a constant matrix only");
    onnx_name w;
    set_layout(out, onnx_same);
    int32_t code = onnx_in_layout(x, a, onnx_same, &out->name);
    if (!code) code = onnx_in_layout(x, b, n->attr.i[1] ? swapped : onnx_same, &w);
    if (!code) join(x, type, &out->name, &w);
    return code;
}

static conv_geom conv_geom_of(const node *n) {
    conv_geom m;
    memcpy(&m, n->attr.i, sizeof m);
    return m;
}

/* What lies behind `in` pixels so that the last window ends there; less than 0 where pixels are
 * left over. */
static int64_t pad_after(int64_t windows, int64_t stride, int64_t k, int64_t dilation, int64_t in,
                         int64_t before) {
    return (windows - 1) * stride + (k - 1) * dilation + 1 - in - before;
}

static int64_t at_least_0(int64_t value) { return value < 0 ? 0 : value; }

/* Opens a node of the images and kernels in ONNX's layouts, with what describes the windows:
 * explicit pads, since runtimes differ about automatic ones. */
static int32_t open_conv(onnx_export *x, const node *n, const char *type, int inputs,
                         onnx_value *out, size_t *mark) {
    conv_geom m = conv_geom_of(n);
    onnx_name in[3];
    int32_t code = onnx_in_layout(x, onnx_input(x, n, 0), onnx_nchw, &in[0]);
    if (!code) code = onnx_in_layout(x, onnx_input(x, n, 1), onnx_nchw, &in[1]);
    if (!code && inputs == 3) code = onnx_in_layout(x, onnx_input(x, n, 2), onnx_same, &in[2]);
    if (code) return code;
    int64_t below = pad_after(m.ho, m.sh, m.kh, m.dh, m.h, m.pt);
    int64_t right = pad_after(m.wo, m.sw, m.kw, m.dw, m.w, m.pl);
    set_layout(out, onnx_nchw);
    *mark =
        onnx_open_node(x, type, inputs, (const onnx_name *[]){&in[0], &in[1], &in[2]}, &out->name);
    onnx_put_ints(&x->out, "kernel_shape", (const int64_t[]){m.kh, m.kw}, 2);
    onnx_put_ints(&x->out, "strides", (const int64_t[]){m.sh, m.sw}, 2);
    onnx_put_ints(&x->out, "dilations", (const int64_t[]){m.dh, m.dw}, 2);
    onnx_put_ints(&x->out, "pads",
                  (const int64_t[]){m.pt, m.pl, at_least_0(below), at_least_0(right)}, 4);
    return GAN_OK;
}

static int32_t write_conv(onnx_export *x, const node *n, const char *type, onnx_value *out) {
    size_t mark;
    int32_t code = open_conv(x, n, type, 2, out, &mark);
    if (!code) protobuf_end(&x->out, mark);
    return code;
}

static int32_t write_conv_bias_act(onnx_export *x, const node *n, const char *type,
                                   onnx_value *out) {
    size_t mark;
    int32_t code = open_conv(x, n, type, 3, out, &mark);
    if (code) return code;
    protobuf_end(&x->out, mark);
    activate(x, activation_of(&n->attr), &out->name);
    return GAN_OK;
}

/* The result, the convolution's larger image, has pixels that no window reached. */
static int32_t write_conv_transpose(onnx_export *x, const node *n, const char *type,
                                    onnx_value *out) {
    conv_geom m = conv_geom_of(n);
    int64_t more_h = -pad_after(m.ho, m.sh, m.kh, m.dh, m.h, m.pt);
    int64_t more_w = -pad_after(m.wo, m.sw, m.kw, m.dw, m.w, m.pl);
    size_t mark;
    int32_t code = open_conv(x, n, type, 2, out, &mark);
    if (code) return code;
    onnx_put_ints(&x->out, "output_padding",
                  (const int64_t[]){at_least_0(more_h), at_least_0(more_w)}, 2);
    protobuf_end(&x->out, mark);
    return GAN_OK;
}

/* ---- layout ---------------------------------------------------------------------------------- */

/* Whether the elements lie in the same order in this layout: only axes of size 1 are moved. */
static int is_row_major(const shape *s, const int32_t *layout) {
    int32_t last = 0; /* the samples' axis stays the first, whatever its size here */
    for (int32_t i = 1; i < s->rank; i++) {
        if (s->dim[layout[i]] == 1) continue;
        if (layout[i] < last) return 0;
        last = layout[i];
    }
    return 1;
}

/* Reshapes *name to the sizes of s in a layout, with any number of samples. */
static void put_reshape(onnx_export *x, const shape *s, const int32_t *layout, onnx_name *name) {
    int64_t dims[GAN_MAX_RANK] = {0}; /* 0: as it was */
    for (int32_t i = 1; i < s->rank; i++) dims[i] = s->dim[layout[i]];
    onnx_name to = onnx_ints(x, dims, s->rank);
    join(x, "Reshape", name, &to);
}

static int32_t write_reshape(onnx_export *x, const node *n, const char *type, onnx_value *out) {
    (void)type;
    onnx_value *in = onnx_input(x, n, 0);
    const shape *from = &in->node->shape, *to = &n->shape;
    if (!from->rank || !to->rank || from->dim[0] != to->dim[0])
        return refuse(x, n, "moves elements between samples");
    begin_with(x, n, out);
    if (shape_equal(from, to)) return GAN_OK;
    int32_t code =
        is_row_major(from, in->layout) ? GAN_OK : onnx_in_layout(x, in, onnx_same, &out->name);
    if (code) return code;
    int images = to->rank == 4 && is_row_major(to, onnx_nchw);
    set_layout(out, images ? onnx_nchw : onnx_same);
    put_reshape(x, to, out->layout, &out->name);
    return GAN_OK;
}

/* Repeats along axes of size 1, for any number of samples. */
static int32_t write_broadcast(onnx_export *x, const node *n, const char *type, onnx_value *out) {
    const shape *from = &onnx_input(x, n, 0)->node->shape;
    int64_t dims[GAN_MAX_RANK];
    if (from->rank != n->shape.rank || from->dim[0] != n->shape.dim[0])
        return refuse(x, n, "gains axes or samples, which is not written as ONNX");
    begin_with(x, n, out);
    dims[0] = 1; /* as it was */
    for (int32_t i = 1; i < n->shape.rank; i++) dims[i] = n->shape.dim[out->layout[i]];
    onnx_name to = onnx_ints(x, dims, n->shape.rank);
    join(x, type, &out->name, &to);
    return GAN_OK;
}

/* Axis k of the result is axis p[k] of x: no node, another view of the same value. */
static int32_t write_transpose(onnx_export *x, const node *n, const char *type, onnx_value *out) {
    (void)type;
    const onnx_value *in = onnx_input(x, n, 0);
    if (n->attr.i[0] != 0) return refuse(x, n, "moves the axis of the samples");
    out->name = in->name;
    for (int32_t i = 0; i < n->shape.rank; i++)
        for (int32_t k = 0; k < n->shape.rank; k++)
            if (n->attr.i[k] == in->layout[i]) out->layout[i] = k;
    return GAN_OK;
}

static int32_t write_concat(onnx_export *x, const node *n, const char *type, onnx_value *out) {
    onnx_name in[OP_MAX_INPUTS];
    const onnx_name *names[OP_MAX_INPUTS];
    int32_t axis = (int32_t)n->attr.i[0];
    if (axis == 0) return refuse(x, n, "moves the axis of the samples");
    for (int32_t i = 0; i < n->inputs; i++)
        if (onnx_input(x, n, i)->constant) return refuse(x, n, "joins samples with a constant");
    begin_with(x, n, out);
    for (int32_t i = 0; i < n->inputs; i++) {
        int32_t code = onnx_in_layout(x, onnx_input(x, n, i), out->layout, &in[i]);
        if (code) return code;
        names[i] = &in[i];
    }
    size_t mark = onnx_open_node(x, type, n->inputs, names, &out->name);
    onnx_put_int(&x->out, "axis", place_of(out, axis));
    protobuf_end(&x->out, mark);
    return GAN_OK;
}

/* [attr, attr + size of the result) of each axis but the samples'. */
static int32_t write_slice(onnx_export *x, const node *n, const char *type, onnx_value *out) {
    const shape *from = &onnx_input(x, n, 0)->node->shape;
    int64_t starts[GAN_MAX_RANK], ends[GAN_MAX_RANK], axes[GAN_MAX_RANK];
    if (n->attr.i[0] != 0 || from->dim[0] != n->shape.dim[0])
        return refuse(x, n, "takes some of the samples");
    begin_with(x, n, out);
    for (int32_t i = 1; i < n->shape.rank; i++) {
        int32_t axis = out->layout[i];
        axes[i] = i;
        starts[i] = n->attr.i[axis];
        ends[i] = starts[i] + n->shape.dim[axis];
    }
    int64_t count = n->shape.rank - 1;
    if (!count) return GAN_OK;
    onnx_name a = onnx_ints(x, starts + 1, count), b = onnx_ints(x, ends + 1, count),
              c = onnx_ints(x, axes + 1, count);
    onnx_node(x, type, 4, (const onnx_name *[]){&out->name, &a, &b, &c}, &out->name);
    return GAN_OK;
}

static int32_t write_pad(onnx_export *x, const node *n, const char *type, onnx_value *out) {
    const shape *from = &onnx_input(x, n, 0)->node->shape;
    int64_t pads[2 * GAN_MAX_RANK];
    int32_t rank = n->shape.rank;
    if (from->dim[0] != n->shape.dim[0]) return refuse(x, n, "adds samples");
    begin_with(x, n, out);
    for (int32_t i = 0; i < rank; i++) {
        int32_t axis = out->layout[i];
        pads[i] = n->attr.i[axis];
        pads[rank + i] = n->shape.dim[axis] - from->dim[axis] - pads[i];
    }
    onnx_name amounts = onnx_ints(x, pads, 2 * rank);
    join(x, type, &out->name, &amounts);
    return GAN_OK;
}

/* ---- windows --------------------------------------------------------------------------------- */

static pool_geom pool_geom_of(const node *n) {
    pool_geom m;
    memcpy(&m, n->attr.i, sizeof m);
    return m;
}

/* Sums over windows: their means with zeros outside, times their size. */
static int32_t write_pool_sum(onnx_export *x, const node *n, const char *type, onnx_value *out) {
    pool_geom m = pool_geom_of(n);
    int64_t below = pad_after(m.ho, m.sh, m.kh, 1, m.h, m.pt);
    int64_t right = pad_after(m.wo, m.sw, m.kw, 1, m.w, m.pl);
    set_layout(out, onnx_nchw);
    int32_t code = onnx_in_layout(x, onnx_input(x, n, 0), onnx_nchw, &out->name);
    if (code) return code;
    size_t mark = onnx_open_node(x, type, 1, (const onnx_name *[]){&out->name}, &out->name);
    onnx_put_ints(&x->out, "kernel_shape", (const int64_t[]){m.kh, m.kw}, 2);
    onnx_put_ints(&x->out, "strides", (const int64_t[]){m.sh, m.sw}, 2);
    onnx_put_ints(&x->out, "pads",
                  (const int64_t[]){m.pt, m.pl, at_least_0(below), at_least_0(right)}, 4);
    onnx_put_int(&x->out, "count_include_pad", 1);
    protobuf_end(&x->out, mark);
    onnx_name size = onnx_scalar(x, (double)(m.kh * m.kw));
    join(x, "Mul", &out->name, &size);
    return GAN_OK;
}

/* Windows side by side: each pixel kh x kw times, nearest upsampling. */
static int32_t write_pool_spread(onnx_export *x, const node *n, const char *type, onnx_value *out) {
    pool_geom m = pool_geom_of(n);
    if (m.kh != m.sh || m.kw != m.sw || m.pt || m.pl || m.h != m.ho * m.kh || m.w != m.wo * m.kw)
        return refuse(x, n, "has windows that overlap or are padded");
    const float factors[] = {1, 1, (float)m.kh, (float)m.kw};
    const onnx_name none = {""};
    set_layout(out, onnx_nchw);
    int32_t code = onnx_in_layout(x, onnx_input(x, n, 0), onnx_nchw, &out->name);
    if (code) return code;
    onnx_name scales = onnx_floats(x, factors, 4);
    size_t mark =
        onnx_open_node(x, type, 3, (const onnx_name *[]){&out->name, &none, &scales}, &out->name);
    onnx_put_string(&x->out, "mode", "nearest");
    onnx_put_string(&x->out, "coordinate_transformation_mode", "asymmetric");
    onnx_put_string(&x->out, "nearest_mode", "floor");
    protobuf_end(&x->out, mark);
    return GAN_OK;
}

/* ---- norms ----------------------------------------------------------------------------------- */

/* Over groups (N, r1, b, r2) of each sample: images' channels are cut into b groups, which are the
 * instances of (N, b, everything else). */
static int32_t write_normalize_eps(onnx_export *x, const node *n, const char *type, double eps,
                                   onnx_value *out) {
    norm_geom m;
    memcpy(&m, n->attr.i, sizeof m);
    onnx_value *in = onnx_input(x, n, 0);
    if (in->constant || m.a != n->shape.dim[0])
        return refuse(x, n, "has statistics of the batch: run the network in evaluation mode");
    set_layout(out, n->shape.rank == 4 ? onnx_nchw : onnx_same);
    int32_t code = onnx_in_layout(x, in, out->layout, &out->name);
    if (code) return code;
    onnx_name groups = onnx_ints(x, (const int64_t[]){0, m.b, -1}, 3);
    onnx_name ones = onnx_filled(x, 1, m.b), zeros = onnx_filled(x, 0, m.b);
    join(x, "Reshape", &out->name, &groups);
    size_t mark =
        onnx_open_node(x, type, 3, (const onnx_name *[]){&out->name, &ones, &zeros}, &out->name);
    onnx_put_float(&x->out, "epsilon", eps);
    protobuf_end(&x->out, mark);
    put_reshape(x, &n->shape, out->layout, &out->name);
    return x->out.status;
}

static int32_t write_normalize(onnx_export *x, const node *n, const char *type, onnx_value *out) {
    return write_normalize_eps(x, n, type, n->attr.f[0], out);
}

/* act(normalize(x) gain + shift) */
static int32_t write_norm_affine(onnx_export *x, const node *n, const char *type, onnx_value *out) {
    int32_t code = write_normalize_eps(x, n, type, n->attr.f[2], out);
    if (!code) code = join_input(x, n, 1, "Mul", out);
    if (!code) code = join_input(x, n, 2, "Add", out);
    if (!code) activate(x, activation_of(&n->attr), &out->name);
    return code;
}

/* ---------------------------------------------------------------------------------------------- */

static const struct {
    const char *name;
    write_fn write;
    const char *type;
} operators[] = {
    {"add", write_binary, "Add"},
    {"sub", write_binary, "Sub"},
    {"mul", write_binary, "Mul"},
    {"div", write_binary, "Div"},
    {"maximum", write_binary, "Max"},
    {"minimum", write_binary, "Min"},
    {"bias_act", write_bias_act, "Add"},
    {"affine", write_affine, NULL},
    {"exp", write_unary, "Exp"},
    {"log", write_unary, "Log"},
    {"sqrt", write_unary, "Sqrt"},
    {"pow", write_pow, "Pow"},
    {"abs", write_unary, "Abs"},
    {"clamp", write_clamp, "Clip"},
    {"leaky_relu", write_leaky_relu, NULL},
    {"elu", write_elu, "Elu"},
    {"tanh", write_unary, "Tanh"},
    {"sigmoid", write_unary, "Sigmoid"},
    {"softplus", write_unary, "Softplus"},
    {"matmul", write_matmul, "MatMul"},
    {"conv", write_conv, "Conv"},
    {"conv_bias_act", write_conv_bias_act, "Conv"},
    {"conv_data_grad", write_conv_transpose, "ConvTranspose"},
    {"reshape", write_reshape, NULL},
    {"broadcast_to", write_broadcast, "Expand"},
    {"transpose", write_transpose, NULL},
    {"concat", write_concat, "Concat"},
    {"slice", write_slice, "Slice"},
    {"pad", write_pad, "Pad"},
    {"pool_sum", write_pool_sum, "AveragePool"},
    {"pool_spread", write_pool_spread, "Resize"},
    {"normalize", write_normalize, "InstanceNormalization"},
    {"norm_affine", write_norm_affine, "InstanceNormalization"},
};

int32_t onnx_operator(onnx_export *x, const node *n, onnx_value *out) {
    for (size_t i = 0; i < sizeof operators / sizeof *operators; i++)
        if (strcmp(operators[i].name, op_find(n->op)->name) == 0)
            return operators[i].write(x, n, operators[i].type, out);
    return refuse(x, n, "is not written as ONNX");
}
