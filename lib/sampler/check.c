/* What each operator demands of shapes and attributes. A file may say anything; forwards trust what
 * they are handed, as constructors (ops/op.h) have checked it for tensors. */
#include "sampler/graph.h"

#include "kernels/kernels.h"
#include "kernels/tiling.h"
#include "ops/table.h"

#include <string.h>

/* No dilation or pad of a window is larger, no stride of a convolution, no side of a pooling: what
 * is beyond is no network, but would take a file of few bytes hours. */
static const int64_t WINDOW_MOST = 1 << 16, STRIDE_MOST = 32, POOL_MOST = 1024;

/* Multiply-adds of one image, and of what depends on the file alone: so many, and so many for each
 * byte of the file. A weight of 4 bytes may be used at 256 x 256 places, which none of the
 * published systems does. An element that an operator reads or writes counts as some of them, as do
 * channels that fill up a vector. */
static const double WORK_MOST = (double)((int64_t)1 << 37), WORK_A_BYTE = 1 << 14;
enum { WORK_ELEMENT = 32, WORK_CHANNELS = 16, WORK_PHASE = 4096 };

typedef struct shapes {
    const shape *in[OP_MAX_INPUTS], *out;
    int32_t inputs;
} shapes;

static int is(const shape *s, shape wanted) { return shape_equal(s, &wanted); }

static int all_within(const int64_t *v, size_t count, int64_t least, int64_t most) {
    for (size_t i = 0; i < count; i++)
        if (v[i] < least || v[i] > most) return 0;
    return 1;
}

static int check_activation(const op_attr *attr) {
    const double kind = attr->f[0];
    return (kind == ACTIVATION_NONE || kind == ACTIVATION_LEAKY_RELU || kind == ACTIVATION_ELU) &&
           attr->f[1] >= 0;
}

static int check_same(const shapes *s, const op_attr *attr) {
    (void)attr;
    return s->inputs == 1 && shape_equal(s->in[0], s->out);
}

static int check_binary(const shapes *s, const op_attr *attr) {
    (void)attr;
    shape both;
    return s->inputs == 2 && shape_broadcast(s->in[0], s->in[1], &both) &&
           shape_equal(&both, s->out);
}

static int check_bias_act(const shapes *s, const op_attr *attr) {
    return s->inputs == 2 && check_activation(attr) && shape_equal(s->in[0], s->out) &&
           s->out->rank > 0 && is(s->in[1], shape_1(s->out->dim[s->out->rank - 1]));
}

static int check_matmul(const shapes *s, const op_attr *attr) {
    if (s->inputs != 2 || s->in[0]->rank != 2 || s->in[1]->rank != 2) return 0;
    const int64_t ta = attr->i[0], tb = attr->i[1];
    if (!all_within(attr->i, 2, 0, 1)) return 0;
    return s->in[0]->dim[1 - ta] == s->in[1]->dim[tb] &&
           is(s->out, shape_2(s->in[0]->dim[ta], s->in[1]->dim[1 - tb]));
}

static int check_conv(const conv_geom *q, const shape *x, const shape *w, const shape *y) {
    const int64_t sizes[] = {q->n, q->h, q->w, q->c, q->o, q->kh, q->kw, q->ho, q->wo};
    const int64_t strides[] = {q->sh, q->sw}, dilations[] = {q->dh, q->dw};
    const int64_t pads[] = {q->pt, q->pl};
    return all_within(sizes, 9, 1, INT32_MAX) && all_within(strides, 2, 1, STRIDE_MOST) &&
           all_within(dilations, 2, 1, WINDOW_MOST) && all_within(pads, 2, 0, WINDOW_MOST) &&
           is(x, shape_4(q->n, q->h, q->w, q->c)) && is(w, shape_4(q->o, q->kh, q->kw, q->c)) &&
           is(y, shape_4(q->n, q->ho, q->wo, q->o));
}

static conv_geom conv_of(const op_attr *attr) {
    conv_geom q;
    memcpy(&q, attr->i, sizeof q);
    return q;
}

static int check_conv_forward(const shapes *s, const op_attr *attr) {
    const conv_geom q = conv_of(attr);
    return s->inputs == 2 && check_conv(&q, s->in[0], s->in[1], s->out);
}

static int check_conv_bias_act(const shapes *s, const op_attr *attr) {
    const conv_geom q = conv_of(attr);
    return s->inputs == 3 && check_activation(attr) && is(s->in[2], shape_1(q.o)) &&
           check_conv(&q, s->in[0], s->in[1], s->out);
}

static int check_conv_data_grad(const shapes *s, const op_attr *attr) {
    const conv_geom q = conv_of(attr);
    return s->inputs == 2 && check_conv(&q, s->out, s->in[1], s->in[0]);
}

static int check_reshape(const shapes *s, const op_attr *attr) {
    (void)attr;
    return s->inputs == 1 && shape_size(s->in[0]) == shape_size(s->out);
}

static int check_broadcast(const shapes *s, const op_attr *attr) {
    (void)attr;
    shape both;
    return s->inputs == 1 && shape_broadcast(s->in[0], s->out, &both) && shape_equal(&both, s->out);
}

static int check_transpose(const shapes *s, const op_attr *attr) {
    unsigned seen = 0;
    if (s->inputs != 1 || s->in[0]->rank != s->out->rank) return 0;
    for (int32_t i = 0; i < s->out->rank; i++) {
        const int64_t axis = attr->i[i];
        if (axis < 0 || axis >= s->out->rank || seen >> axis & 1 ||
            s->out->dim[i] != s->in[0]->dim[axis])
            return 0;
        seen |= 1u << axis;
    }
    return 1;
}

static int check_concat(const shapes *s, const op_attr *attr) {
    const int64_t axis = attr->i[0];
    if (s->inputs < 1 || axis < 0 || axis >= s->out->rank) return 0;
    shape sum = *s->in[0];
    for (int32_t i = 0; i < s->inputs; i++) {
        shape alike = *s->in[i];
        if (alike.rank != s->out->rank) return 0;
        if (i > 0) sum.dim[axis] += alike.dim[axis];
        alike.dim[axis] = s->in[0]->dim[axis];
        if (!shape_equal(&alike, s->in[0])) return 0;
    }
    return shape_equal(&sum, s->out);
}

/* The box `small` at attr's places lies in `large`. */
static int holds(const shape *large, const shape *small, const op_attr *attr) {
    if (large->rank != small->rank) return 0;
    for (int32_t i = 0; i < large->rank; i++)
        if (attr->i[i] < 0 || attr->i[i] > large->dim[i] - small->dim[i]) return 0;
    return 1;
}

static int check_slice(const shapes *s, const op_attr *attr) {
    return s->inputs == 1 && holds(s->in[0], s->out, attr);
}

static int check_pad(const shapes *s, const op_attr *attr) {
    return s->inputs == 1 && holds(s->out, s->in[0], attr);
}

static pool_geom pool_of(const op_attr *attr) {
    pool_geom m;
    memcpy(&m, attr->i, sizeof m);
    return m;
}

static int check_pool(const op_attr *attr, const shape *x, const shape *y) {
    const pool_geom m = pool_of(attr);
    const int64_t sizes[] = {m.n, m.h, m.w, m.c, m.ho, m.wo};
    const int64_t steps[] = {m.kh, m.kw, m.sh, m.sw}, pads[] = {m.pt, m.pl};
    return all_within(sizes, 6, 1, INT32_MAX) && all_within(steps, 4, 1, POOL_MOST) &&
           all_within(pads, 2, 0, WINDOW_MOST) && is(x, shape_4(m.n, m.h, m.w, m.c)) &&
           is(y, shape_4(m.n, m.ho, m.wo, m.c));
}

static int check_pool_sum(const shapes *s, const op_attr *attr) {
    return s->inputs == 1 && check_pool(attr, s->in[0], s->out);
}

static int check_pool_spread(const shapes *s, const op_attr *attr) {
    return s->inputs == 1 && check_pool(attr, s->out, s->in[0]);
}

static int check_norm(const shapes *s, const op_attr *attr) {
    const int64_t *m = attr->i;
    return s->inputs >= 1 && all_within(m, 4, 1, INT32_MAX) && m[0] <= INT32_MAX / m[1] &&
           m[0] * m[1] <= INT32_MAX / m[2] && m[0] * m[1] * m[2] <= INT32_MAX / m[3] &&
           m[0] * m[1] * m[2] * m[3] == shape_size(s->out) && shape_equal(s->in[0], s->out);
}

static int check_normalize(const shapes *s, const op_attr *attr) {
    return s->inputs == 1 && attr->f[0] >= 0 && check_norm(s, attr);
}

static int check_norm_affine(const shapes *s, const op_attr *attr) {
    if (s->inputs != 3 || !check_activation(attr) || !(attr->f[2] >= 0) || !check_norm(s, attr))
        return 0;
    const int64_t size = attr->i[2] * attr->i[3];
    return shape_size(s->in[1]) == size && shape_size(s->in[2]) == size;
}

typedef int (*check_fn)(const shapes *s, const op_attr *attr);

/* NULL: the sampler does not have it. */
static check_fn check_of(int32_t op) {
    static const check_fn checks[OP_COUNT] = {
        [OP_add] = check_binary,
        [OP_sub] = check_binary,
        [OP_mul] = check_binary,
        [OP_div] = check_binary,
        [OP_maximum] = check_binary,
        [OP_minimum] = check_binary,
        [OP_bias_act] = check_bias_act,
        [OP_affine] = check_same,
        [OP_exp] = check_same,
        [OP_log] = check_same,
        [OP_sqrt] = check_same,
        [OP_pow] = check_same,
        [OP_abs] = check_same,
        [OP_clamp] = check_same,
        [OP_leaky_relu] = check_same,
        [OP_elu] = check_same,
        [OP_tanh] = check_same,
        [OP_sigmoid] = check_same,
        [OP_softplus] = check_same,
        [OP_safe_reciprocal] = check_same,
        [OP_matmul] = check_matmul,
        [OP_conv] = check_conv_forward,
        [OP_conv_bias_act] = check_conv_bias_act,
        [OP_conv_data_grad] = check_conv_data_grad,
        [OP_reshape] = check_reshape,
        [OP_broadcast_to] = check_broadcast,
        [OP_transpose] = check_transpose,
        [OP_concat] = check_concat,
        [OP_slice] = check_slice,
        [OP_pad] = check_pad,
        [OP_pool_sum] = check_pool_sum,
        [OP_pool_spread] = check_pool_spread,
        [OP_normalize] = check_normalize,
        [OP_norm_affine] = check_norm_affine,
    };
    return checks[op];
}

/* Batch sizes among the attributes, and axis 0 where samples would mix. 0: they would. */
static int make_single(const graph *g, graph_node *n) {
    int64_t *i = n->attr.i;
    switch (n->op) {
    case OP_conv:
    case OP_conv_bias_act:
    case OP_conv_data_grad:
    case OP_pool_sum:
    case OP_pool_spread:
    case OP_normalize:
    case OP_norm_affine:
        if (i[0] != g->batch) return 0; /* statistics over the batch, for example */
        i[0] = 1;
        return 1;
    case OP_transpose:
    case OP_slice:
    case OP_pad:
        return i[0] == 0;
    case OP_concat:
        return i[0] != 0;
    case OP_matmul:
        return i[0] == 0 && g->values[n->in[0]].kind == VALUE_SAMPLE;
    default:
        return 1;
    }
}

/* Operands of samples have all axes of the result: axis 0 is the samples'. */
static int samples_line_up(const graph *g, const graph_node *n) {
    for (int32_t i = 0; i < n->inputs; i++) {
        const value *v = &g->values[n->in[i]];
        const int whole = n->op == OP_reshape || v->shape.rank == g->values[n->out].shape.rank;
        if (v->kind == VALUE_SAMPLE && !whole) return 0;
    }
    return 1;
}

/* ---- how long it would take ------------------------------------------------------------------ */

static double channels_of(int64_t c) { return c < WORK_CHANNELS ? WORK_CHANNELS : (double)c; }

static double conv_work(const op_attr *attr, int forward) {
    const conv_geom q = conv_of(attr);
    /* each phase of a stride is looked for among all */
    const double phases = forward ? 0 : (double)(min_i64(q.sh, q.h) * min_i64(q.sw, q.w));
    const double places = (double)q.n * (double)q.ho * (double)q.wo;
    return WORK_PHASE * phases * phases +
           places * (double)(q.kh * q.kw) *
               (forward ? channels_of(q.o) * (double)q.c : channels_of(q.c) * (double)q.o);
}

static double pool_work(const op_attr *attr) {
    const pool_geom m = pool_of(attr);
    return (double)(m.n * m.c) * (double)(m.ho * m.wo) * (double)(m.kh * m.kw);
}

/* Of a node that was checked. */
static double work_of(const shapes *s, const graph_node *n) {
    double elements = (double)shape_size(s->out);
    for (int32_t i = 0; i < s->inputs; i++) elements += (double)shape_size(s->in[i]);
    const double work = WORK_ELEMENT * elements;
    switch (n->op) {
    case OP_conv:
    case OP_conv_bias_act:
        return work + conv_work(&n->attr, 1);
    case OP_conv_data_grad:
        return work + conv_work(&n->attr, 0);
    case OP_matmul:
        return work + (double)shape_size(s->out) * (double)s->in[0]->dim[1 - n->attr.i[0]];
    case OP_pool_sum:
    case OP_pool_spread:
        return work + pool_work(&n->attr);
    default:
        return work;
    }
}

static int32_t add_work(graph *g, double work) {
    const double most = WORK_MOST + WORK_A_BYTE * (double)g->source.bytes;
    g->work += work;
    if (g->work <= most) return GAN_OK;
    return graph_refuse(g, GAN_ENOTSUP,
                        "an image would take more than %.2g multiply-adds, the most for a file of "
                        "%llu bytes",
                        most, (unsigned long long)g->source.bytes);
}

int32_t graph_check(graph *g, graph_node *n) {
    const char *name = op_find(n->op)->name;
    const check_fn check = check_of(n->op);
    if (!check) return graph_refuse(g, GAN_ENOTSUP, "operator %s cannot be run here", name);
    const int sample = g->values[n->out].kind == VALUE_SAMPLE;
    if (sample && (!make_single(g, n) || !samples_line_up(g, n)))
        return graph_refuse(g, GAN_ENOTSUP, "operator %s mixes samples", name);
    shapes s = {.out = &g->values[n->out].shape, .inputs = n->inputs};
    for (int32_t i = 0; i < n->inputs; i++) s.in[i] = &g->values[n->in[i]].shape;
    if (check(&s, &n->attr)) return add_work(g, work_of(&s, n));
    return graph_refuse(g, GAN_EFORMAT, "operator %s: '%.64s' does not fit its inputs", name,
                        g->values[n->out].name);
}
