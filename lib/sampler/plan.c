/* From operators to steps: what depends on the file alone is computed, what follows a convolution
 * or product channel by channel joins it, kernels are packed. */
#include "sampler/sampler.h"

#include "core/alloc.h"
#include "core/error.h"
#include "core/threads.h"
#include "ops/table.h"

#include <string.h>

/* ---- constants ------------------------------------------------------------------------------- */

/* Batch norm's factor 1 / sqrt(var + eps), a weight over its largest singular value, and so on. */
static int32_t fold_constant(graph *g, const graph_node *n) {
    value *out = &g->values[n->out];
    const op_def *def = op_find(n->op);
    op_call call = {.ctx = g->ctx, .inputs = n->inputs, .attr = &n->attr, .out_shape = out->shape};
    if (n->op == OP_normalize || n->op == OP_norm_affine)
        return graph_refuse(g, GAN_ENOTSUP, "operator %s of constants", def->name);
    for (int32_t i = 0; i < n->inputs; i++) {
        call.in_shape[i] = &g->values[n->in[i]].shape;
        call.in[i] = graph_constant(g, n->in[i]);
        if (!call.in[i]) return GAN_ENOMEM;
    }
    const size_t count = (size_t)shape_size(&out->shape);
    call.out = out->data = arena_alloc_array(g->ctx, count, sizeof(real));
    if (!call.out) return GAN_ENOMEM;
    if (def->forward) return def->forward(&call);
    memcpy(call.out, call.in[0], count * sizeof(real));
    return GAN_OK;
}

/* ---- steps ----------------------------------------------------------------------------------- */

static step *add_step(gan_sampler *s, step_kind kind) {
    step *added = &s->steps[s->step_count++]; /* there is room for one a node and two more */
    *added = (step){.kind = kind};
    return added;
}

static int is_constant(const graph *g, int32_t index) {
    return g->values[index].kind == VALUE_CONSTANT;
}

/* A convolution or product of samples with a kernel of the file's. */
static int is_linear(const graph *g, const graph_node *n) {
    const int known = n->op == OP_conv || n->op == OP_conv_bias_act || n->op == OP_conv_data_grad ||
                      n->op == OP_matmul;
    return known && !is_constant(g, n->in[0]) && is_constant(g, n->in[1]);
}

static conv_geom geom_of(const graph *g, const graph_node *n, int *forward) {
    conv_geom q = {.n = 1, .h = 1, .w = 1, .kh = 1, .kw = 1, .ho = 1, .wo = 1};
    *forward = n->op != OP_conv_data_grad;
    if (n->op != OP_matmul) {
        memcpy(&q, n->attr.i, sizeof q);
        return q;
    }
    /* a product is a convolution of one pixel; with B (in, out) the transposed one */
    *forward = (int)n->attr.i[1];
    q.sh = q.sw = q.dh = q.dw = 1;
    q.c = g->values[n->in[1]].shape.dim[1];
    q.o = g->values[n->in[1]].shape.dim[0];
    return q;
}

/* A convolution as it is put together: y = act(scale * conv(x, w) + bias), by channel. */
typedef struct merging {
    gan_sampler *s;
    conv_geom geom;
    int forward;
    int64_t channels;
    real *scale, *bias;
    activation act;
    int32_t out;
} merging;

/* The only node that reads the value, or NULL. */
static graph_node *only_reader(graph *g, int32_t index) {
    if (g->values[index].uses != 1 || index == g->output) return NULL;
    for (size_t i = 0; i < g->node_count; i++)
        for (int32_t k = 0; k < g->nodes[i].inputs; k++)
            if (g->nodes[i].in[k] == index) return &g->nodes[i];
    return NULL;
}

/* The operand beside the merged value, one number a channel; NULL if it is something else. */
static const real *by_channel(const merging *m, const graph_node *n) {
    graph *g = &m->s->graph;
    const int32_t other = n->in[n->in[0] == m->out];
    const shape *v = &g->values[other].shape, *out = &g->values[m->out].shape;
    if (n->inputs != 2 || !is_constant(g, other) || v->rank < 1 || out->rank < 2 ||
        v->dim[v->rank - 1] != m->channels || shape_size(v) != m->channels ||
        out->dim[out->rank - 1] != m->channels || !shape_equal(out, &g->values[n->out].shape))
        return NULL;
    return graph_constant(g, other);
}

static void add_bias(merging *m, const real *bias, real factor) {
    for (int64_t c = 0; c < m->channels; c++) m->bias[c] += factor * bias[c];
}

static void multiply(merging *m, const real *by) {
    for (int64_t c = 0; c < m->channels; c++) {
        m->scale[c] *= by[c];
        m->bias[c] *= by[c];
    }
}

/* Takes the node over if it can. */
static int absorb(merging *m, const graph_node *n) {
    const real *other;
    switch (n->op) {
    case OP_mul:
        if (!(other = by_channel(m, n))) return 0;
        multiply(m, other);
        return 1;
    case OP_add:
        if (!(other = by_channel(m, n))) return 0;
        add_bias(m, other, 1);
        return 1;
    case OP_sub:
        if (n->in[0] != m->out || !(other = by_channel(m, n))) return 0;
        add_bias(m, other, -1);
        return 1;
    case OP_bias_act:
        if (n->in[0] != m->out || !(other = by_channel(m, n))) return 0;
        add_bias(m, other, 1);
        m->act = activation_of(&n->attr);
        return 1;
    case OP_leaky_relu:
    case OP_elu:
        if (!(n->attr.f[0] >= 0)) return 0;
        m->act =
            (activation){n->op == OP_elu ? ACTIVATION_ELU : ACTIVATION_LEAKY_RELU, n->attr.f[0]};
        return 1;
    default:
        return 0;
    }
}

static void absorb_followers(merging *m) {
    graph_node *next;
    while (m->act.kind == ACTIVATION_NONE && (next = only_reader(&m->s->graph, m->out)) &&
           absorb(m, next)) {
        next->absorbed = 1;
        m->out = next->out;
    }
}

typedef struct packing {
    const merging *m;
    step *to;
    int32_t weight;
    real *rows; /* per worker: some rows of the kernel, and room to read them */
    int64_t room_at, size;
    atomic_int reason; /* why a row could not be read */
} packing;

static void pack_rows(void *arg, int64_t chunk, int worker) {
    packing *job = arg;
    gan_sampler *s = job->m->s;
    const int64_t at_once = job->to->conv.pack_rows, begin = chunk * at_once;
    const int64_t end = begin + at_once < job->m->geom.o ? begin + at_once : job->m->geom.o;
    real *rows = job->rows + worker * job->size;
    const int reason = graph_rows(&s->graph, job->weight, begin, end, rows + job->room_at, rows);
    if (reason) {
        atomic_store(&job->reason, reason);
        return;
    }
    frozen_pack(s->ctx, &job->to->conv, begin, job->m->scale, rows, job->to->kernel);
}

/* From the file to the packed kernel, some rows at a time: none of them goes far from its core on
 * the way. */
static int32_t pack_kernel(const merging *m, int32_t weight, step *to) {
    gan_sampler *s = m->s;
    const conv_geom *q = &m->geom;
    packing job = {.m = m, .to = to, .weight = weight};
    const int64_t at_once = to->conv.pack_rows < q->o ? to->conv.pack_rows : q->o;
    job.room_at = at_once * q->kh * q->kw * q->c;
    job.size = job.room_at + graph_rows_room(&s->graph, weight);
    const int64_t workers = parallel_workers(s->ctx);
    job.rows = arena_alloc_array(s->ctx, (size_t)(workers * job.size), sizeof(real));
    if (!job.rows) return GAN_ENOMEM;
    parallel_for(s->ctx, (q->o + at_once - 1) / at_once, pack_rows, &job);
    arena_free(s->ctx, job.rows);
    const int reason = atomic_load(&job.reason);
    return reason ? graph_rows_error(&s->graph, weight, reason) : GAN_OK;
}

static int32_t pack(merging *m, int32_t weight, step *to) {
    gan_sampler *s = m->s;
    gan_context *ctx = s->ctx;
    frozen_plan(ctx, &m->geom, m->forward, s->images, &to->conv);
    to->kernel = arena_alloc_array(ctx, (size_t)to->conv.kernel, sizeof(real));
    to->bias = arena_alloc_array(ctx, (size_t)to->conv.channels, sizeof(real));
    if (!to->kernel || !to->bias) return GAN_ENOMEM;
    for (int64_t c = 0; c < to->conv.channels; c++) to->bias[c] = m->bias[c % m->channels];
    s->weights += (uint64_t)(to->conv.kernel + to->conv.channels) * sizeof(real);
    return pack_kernel(m, weight, to);
}

static int32_t plan_linear(gan_sampler *s, const graph_node *n) {
    merging m = {.s = s, .out = n->out};
    m.geom = geom_of(&s->graph, n, &m.forward);
    m.channels = m.forward ? m.geom.o : m.geom.c;
    m.scale = arena_alloc_array(s->ctx, 2 * (size_t)m.channels, sizeof(real));
    if (!m.scale) return GAN_ENOMEM;
    m.bias = m.scale + m.channels;
    for (int64_t c = 0; c < m.channels; c++) m.scale[c] = 1, m.bias[c] = 0;
    const real *own = n->op == OP_conv_bias_act ? graph_constant(&s->graph, n->in[2]) : m.bias;
    if (own && own != m.bias) {
        add_bias(&m, own, 1);
        m.act = activation_of(&n->attr);
    }
    absorb_followers(&m);
    step *to = add_step(s, STEP_CONV);
    int32_t code = own ? pack(&m, n->in[1], to) : GAN_ENOMEM;
    to->in = n->in[0];
    to->out = m.out;
    to->act = m.act;
    arena_free(s->ctx, m.scale);
    return code;
}

/* The constants that an operator's forward will read. */
static int32_t plan_forward(gan_sampler *s, const graph_node *n) {
    for (int32_t i = 0; i < n->inputs; i++)
        if (is_constant(&s->graph, n->in[i]) && !graph_constant(&s->graph, n->in[i]))
            return GAN_ENOMEM;
    step *to = add_step(s, STEP_FORWARD);
    to->node = n;
    to->out = n->out;
    return GAN_OK;
}

/* Constants that went into kernels are let go. */
static void drop_constants(gan_sampler *s) {
    for (size_t i = 0; i < s->graph.value_count; i++) s->graph.values[i].uses = 0;
    for (size_t i = 0; i < s->step_count; i++)
        for (int32_t k = 0; s->steps[i].node && k < s->steps[i].node->inputs; k++)
            s->graph.values[s->steps[i].node->in[k]].uses++;
    for (size_t i = 0; i < s->graph.value_count; i++) {
        value *v = &s->graph.values[i];
        if (v->uses) continue;
        arena_free(s->ctx, v->data);
        v->data = NULL;
    }
}

static int32_t plan_node(gan_sampler *s, graph_node *n) {
    graph *g = &s->graph;
    if (n->absorbed) return GAN_OK;
    if (is_constant(g, n->out)) return GAN_OK;
    if (n->op == OP_reshape) {
        const int32_t of = g->values[n->in[0]].alias; /* of a chain the first: one hop to it */
        g->values[n->out].alias = of < 0 ? n->in[0] : of;
        return GAN_OK;
    }
    return is_linear(g, n) ? plan_linear(s, n) : plan_forward(s, n);
}

int32_t plan_steps(gan_sampler *s) {
    graph *g = &s->graph;
    int32_t code = GAN_OK;
    s->steps = arena_alloc_array(s->ctx, g->node_count + 2, sizeof *s->steps);
    if (!s->steps) return GAN_ENOMEM;
    for (size_t i = 0; i < g->node_count && !code; i++)
        if (is_constant(g, g->nodes[i].out)) code = fold_constant(g, &g->nodes[i]);
    add_step(s, STEP_DRAW)->out = g->input;
    for (size_t i = 0; i < g->node_count && !code; i++) code = plan_node(s, &g->nodes[i]);
    add_step(s, STEP_EMIT)->in = g->output;
    drop_constants(s);
    return code;
}

void plan_release(gan_sampler *s) {
    for (size_t i = 0; i < s->step_count; i++) {
        arena_free(s->ctx, s->steps[i].kernel);
        arena_free(s->ctx, s->steps[i].bias);
    }
    arena_free(s->ctx, s->steps);
}
