#include "sampler/graph.h"

#include "core/alloc.h"
#include "core/error.h"
#include "gan/train.h"
#include "io/json.h"
#include "kernels/kernels.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int32_t graph_refuse(const graph *g, int32_t code, const char *format, ...) {
    char text[256];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return error_set(g->ctx, code, "%s: gan.graph: %s", g->path, text);
}

/* ---- values ---------------------------------------------------------------------------------- */

static int32_t find_value(const graph *g, const char *name) {
    for (size_t i = g->value_count; i-- > 0;)
        if (strcmp(g->values[i].name, name) == 0) return (int32_t)i;
    return -1;
}

/* The new value's number, or a negative code. */
static int32_t add_value(graph *g, const value *v) {
    if (g->value_count >= GRAPH_VALUES_MOST)
        return graph_refuse(g, GAN_EFORMAT, "more than %d values", (int)GRAPH_VALUES_MOST);
    value *values =
        arena_make_room(g->ctx, g->values, g->value_count, &g->value_capacity, sizeof *values);
    if (!values) return GAN_ENOMEM;
    g->values = values;
    values[g->value_count] = *v;
    return (int32_t)g->value_count++;
}

/* Files have PyTorch's layout: the axis third from the end is memory's last (nn/state.c). */
static shape memory_shape(const safetensors_entry *e) {
    shape s = shape_of(e->rank, e->dims);
    if (s.rank < 3) return s;
    int64_t *last = s.dim + s.rank - 3, c = last[0];
    last[0] = last[1];
    last[1] = last[2];
    last[2] = c;
    return s;
}

static int32_t add_leaf(graph *g, const char *name) {
    const safetensors_entry *e = safetensors_find(&g->file, name);
    if (!e) return graph_refuse(g, GAN_EFORMAT, "there is no tensor '%.64s'", name);
    const int number = e->dtype == SAFETENSORS_F16 || e->dtype == SAFETENSORS_BF16 ||
                       e->dtype == SAFETENSORS_F32 || e->dtype == SAFETENSORS_F64;
    if (!number || e->rank > 4)
        return graph_refuse(g, GAN_EFORMAT, "tensor '%.64s' is of type %s and %d axes", name,
                            safetensors_dtype_name(e->dtype), (int)e->rank);
    return add_value(g, &(value){.name = name,
                                 .shape = memory_shape(e),
                                 .kind = VALUE_CONSTANT,
                                 .leaf = e,
                                 .alias = -1});
}

/* The number of a value that enters a node. */
static int32_t use_value(graph *g, const char *name) {
    int32_t index = find_value(g, name);
    if (index < 0 && name[0] == '%')
        return graph_refuse(g, GAN_EFORMAT, "'%.64s' is used before it is made", name);
    if (index < 0) index = add_leaf(g, name);
    if (index >= 0) g->values[index].uses++;
    return index;
}

/* ---- constants ------------------------------------------------------------------------------- */

/* Elements that are read from the file at once, about: they stay near the core. */
static const int64_t READ_AT_ONCE = 16 * 1024;

enum { NOT_FINITE = -2 }; /* beside file_source_read's reasons */

/* A file's tensor: blocks (across, taps) that are (taps, across) in memory. */
typedef struct leaf_blocks {
    int64_t count, across, taps;
} leaf_blocks;

static leaf_blocks blocks_of(const value *v) {
    const int64_t *d = v->leaf->dims;
    if (v->leaf->rank == 4) return (leaf_blocks){d[0], d[1], d[2] * d[3]};
    if (v->leaf->rank == 3) return (leaf_blocks){1, d[0], d[1] * d[2]};
    const int64_t rows = v->leaf->rank > 0 ? d[0] : 1;
    return (leaf_blocks){rows, rows > 0 ? shape_size(&v->shape) / rows : 0, 1};
}

static int64_t blocks_at_once(const leaf_blocks *b) {
    const int64_t fit = READ_AT_ONCE / (b->across * b->taps + 1);
    return fit < 1 ? 1 : fit;
}

/* Elements: as they lie in the file, of at most 8 bytes, and the same as numbers. */
static int64_t read_room(const value *v) {
    const leaf_blocks b = blocks_of(v);
    const int64_t count = blocks_at_once(&b) < b.count ? blocks_at_once(&b) : b.count;
    return count * b.across * b.taps * (1 + (int64_t)(sizeof(double) / sizeof(real)));
}

/* Some blocks, which fit into the room. */
static int read_blocks(const graph *g, const value *v, int64_t begin, int64_t blocks, real *room,
                       real *to) {
    const safetensors_entry *e = v->leaf;
    const leaf_blocks b = blocks_of(v);
    const int64_t block = b.across * b.taps, count = blocks * block;
    const size_t bytes = safetensors_element_bytes(e->dtype);
    const int same = e->dtype == SAFETENSORS_F32 && sizeof(real) == sizeof(float);
    real *plain = b.taps > 1 ? room : to;
    void *raw = same ? plain : room + count;
    const int reason = file_source_read(&g->source, e->at + (size_t)(begin * block) * bytes, raw,
                                        (size_t)count * bytes);
    if (reason) return reason;
    safetensors_entry part = *e;
    part.data = raw;
    for (int64_t i = 0; !same && i < count; i++) plain[i] = (real)safetensors_value(&part, i);
    if (!reduce_finite_part(g->ctx, count, plain)) return NOT_FINITE;
    if (b.taps > 1) layout_transpose_part(g->ctx, blocks, b.across, b.taps, plain, to);
    return 0;
}

static int read_range(const graph *g, const value *v, int64_t begin, int64_t end, real *room,
                      real *to) {
    const leaf_blocks b = blocks_of(v);
    const int64_t step = blocks_at_once(&b);
    int reason = 0;
    for (int64_t i = begin; i < end && !reason; i += step, to += step * b.across * b.taps)
        reason = read_blocks(g, v, i, end - i < step ? end - i : step, room, to);
    return reason;
}

int64_t graph_rows_room(const graph *g, int32_t index) {
    const value *v = &g->values[index];
    return v->data ? 0 : read_room(v);
}

int graph_rows(const graph *g, int32_t index, int64_t begin, int64_t end, real *room, real *to) {
    const value *v = &g->values[index];
    if (!v->data) return read_range(g, v, begin, end, room, to);
    const int64_t row = shape_size(&v->shape) / v->shape.dim[0];
    memcpy(to, v->data + begin * row, (size_t)((end - begin) * row) * sizeof *to);
    return 0;
}

int32_t graph_rows_error(const graph *g, int32_t index, int reason) {
    if (reason != NOT_FINITE) return file_error(g->ctx, g->path, "read", reason);
    return graph_refuse(g, GAN_EFORMAT, "tensor '%.64s' has elements that are not finite",
                        g->values[index].name);
}

/* All of a leaf. */
static real *read_leaf(const graph *g, int32_t index) {
    const value *v = &g->values[index];
    real *to = arena_alloc_array(g->ctx, (size_t)shape_size(&v->shape), sizeof *to);
    real *room = to ? arena_alloc_array(g->ctx, (size_t)read_room(v), sizeof *room) : NULL;
    const int reason = room ? read_range(g, v, 0, blocks_of(v).count, room, to) : 0;
    if (reason) graph_rows_error(g, index, reason);
    arena_free(g->ctx, room);
    if (room && !reason) return to;
    arena_free(g->ctx, to);
    return NULL;
}

const real *graph_constant(graph *g, int32_t index) {
    value *v = &g->values[index];
    if (!v->data) v->data = read_leaf(g, index);
    return v->data;
}

/* ---- JSON ------------------------------------------------------------------------------------ */

static int32_t read_shape(const graph *g, json_reader *r, shape *s) {
    int64_t dims[GAN_MAX_RANK], size = 1;
    int32_t rank = 0;
    json_open_array(r);
    while (json_next_element(r)) {
        if (rank == GAN_MAX_RANK) return graph_refuse(g, GAN_EFORMAT, "a shape has too many axes");
        dims[rank] = json_get_int(r);
        if (dims[rank] < 1 || dims[rank] > INT32_MAX || (size *= dims[rank]) > INT32_MAX)
            return graph_refuse(g, GAN_EFORMAT, "a shape is empty or too large");
        rank++;
    }
    *s = shape_of(rank, dims);
    return GAN_OK;
}

/* Which of the space-separated names it is, or -1. */
static int32_t place_in(const char *names, const char *name) {
    const size_t length = strlen(name);
    for (int32_t i = 0; length; i++) {
        names += strspn(names, " ");
        const size_t here = strcspn(names, " ");
        if (!here) return -1;
        if (here == length && memcmp(names, name, length) == 0) return i;
        names += here;
    }
    return -1;
}

static int32_t read_attributes(const graph *g, json_reader *r, graph_node *n) {
    const op_def *def = n->op < 0 ? NULL : op_find(n->op);
    const char *key;
    if (!def) return graph_refuse(g, GAN_EFORMAT, "attributes before their operator");
    json_open_object(r);
    while ((key = json_next_key(r))) {
        const int32_t i = place_in(def->ints, key), f = place_in(def->floats, key);
        if (i >= 0)
            n->attr.i[i] = json_get_int(r);
        else if (f >= 0)
            n->attr.f[f] = json_get_double(r);
        else
            return graph_refuse(g, GAN_EFORMAT, "%s has no attribute '%.64s'", def->name, key);
    }
    return GAN_OK;
}

static int32_t read_op(const graph *g, const char *name, graph_node *n) {
    for (n->op = 0; name && op_find(n->op); n->op++)
        if (strcmp(op_find(n->op)->name, name) == 0) return GAN_OK;
    return graph_refuse(g, GAN_ENOTSUP, "there is no operator '%.64s'", name ? name : "");
}

static int32_t read_inputs(graph *g, json_reader *r, graph_node *n) {
    json_open_array(r);
    while (json_next_element(r)) {
        const char *name = json_get_string(r);
        if (!name) return GAN_OK;
        if (n->inputs == OP_MAX_INPUTS)
            return graph_refuse(g, GAN_EFORMAT, "an operator has too many inputs");
        const int32_t index = use_value(g, name);
        if (index < 0) return index;
        n->in[n->inputs++] = index;
    }
    return GAN_OK;
}

/* Axis 0 of what depends on the input is the batch: 1 from here on. */
static int32_t make_sample(const graph *g, value *v) {
    if (v->shape.rank < 1 || v->shape.dim[0] != g->batch)
        return graph_refuse(g, GAN_ENOTSUP, "'%.64s' has no axis for the samples", v->name);
    v->shape.dim[0] = 1;
    v->kind = VALUE_SAMPLE;
    return GAN_OK;
}

static int32_t add_result(graph *g, graph_node *n, value *v) {
    int sample = 0;
    for (int32_t i = 0; i < n->inputs; i++) sample |= g->values[n->in[i]].kind == VALUE_SAMPLE;
    v->kind = VALUE_CONSTANT;
    int32_t code = sample ? make_sample(g, v) : GAN_OK;
    if (!code && find_value(g, v->name) >= 0)
        code = graph_refuse(g, GAN_EFORMAT, "'%.64s' is made twice", v->name);
    if (code) return code;
    n->out = add_value(g, v);
    return n->out < 0 ? n->out : graph_check(g, n);
}

static int32_t read_node(graph *g, json_reader *r) {
    graph_node n = {.op = -1};
    value out = {.alias = -1};
    const char *key;
    int32_t code = GAN_OK;
    json_open_object(r);
    while (!code && (key = json_next_key(r))) {
        if (strcmp(key, "op") == 0)
            code = read_op(g, json_get_string(r), &n);
        else if (strcmp(key, "in") == 0)
            code = read_inputs(g, r, &n);
        else if (strcmp(key, "out") == 0)
            out.name = json_get_string(r);
        else if (strcmp(key, "shape") == 0)
            code = read_shape(g, r, &out.shape);
        else if (strcmp(key, "attr") == 0)
            code = read_attributes(g, r, &n);
        else
            json_skip(r);
    }
    if (code || r->problem) return code;
    if (n.op < 0 || !out.name || g->input < 0 || g->node_count == GRAPH_NODES_MOST)
        return graph_refuse(g, GAN_EFORMAT,
                            "a node lacks its operator or name, or is one too many");
    code = add_result(g, &n, &out);
    if (code) return code;
    graph_node *nodes =
        arena_make_room(g->ctx, g->nodes, g->node_count, &g->node_capacity, sizeof *nodes);
    if (!nodes) return GAN_ENOMEM;
    g->nodes = nodes;
    nodes[g->node_count++] = n;
    return GAN_OK;
}

static int32_t read_input(graph *g, const char *name, const shape *s) {
    if (g->input >= 0) return GAN_OK;
    if (s->rank < 2) return graph_refuse(g, GAN_ENOTSUP, "the input has %d axes", (int)s->rank);
    value v = {.name = name, .shape = *s, .alias = -1};
    g->batch = s->dim[0];
    int32_t code = make_sample(g, &v);
    if (code) return code;
    g->input = add_value(g, &v);
    return g->input < 0 ? g->input : GAN_OK;
}

static void read_bounds(graph *g, const char *range) {
    g->lo = range && strcmp(range, "0..1") == 0 ? 0 : -1;
    g->hi = 1;
}

static int32_t read_graph(graph *g, json_reader *r) {
    const char *key, *input = NULL, *output = NULL;
    shape s = {0};
    int32_t code = GAN_OK;
    json_open_object(r);
    while (!code && (key = json_next_key(r))) {
        if (strcmp(key, "input") == 0) {
            input = json_get_string(r);
        } else if (strcmp(key, "shape") == 0) {
            code = read_shape(g, r, &s);
            if (!code && input) code = read_input(g, input, &s);
        } else if (strcmp(key, "output") == 0) {
            output = json_get_string(r);
        } else if (strcmp(key, "range") == 0) {
            read_bounds(g, json_get_string(r));
        } else if (strcmp(key, "alpha") == 0) {
            const char *alpha = json_get_string(r);
            g->premultiplied = alpha && strcmp(alpha, "premultiplied") == 0;
        } else if (strcmp(key, "version") == 0) {
            const int64_t version = json_get_int(r);
            if (version != 1 && !r->problem)
                code = graph_refuse(g, GAN_ENOTSUP, "version %lld", (long long)version);
        } else if (strcmp(key, "classes") == 0) {
            const int64_t classes = json_get_int(r);
            g->classes = classes > 0 && classes <= INT32_MAX ? (int32_t)classes : 0;
        } else if (strcmp(key, "latent") == 0) {
            const char *law = json_get_string(r);
            g->latent_kind =
                law && strcmp(law, "uniform") == 0 ? GAN_LATENT_UNIFORM : GAN_LATENT_NORMAL;
        } else if (strcmp(key, "latent_lo") == 0) {
            g->latent_lo = json_get_double(r);
        } else if (strcmp(key, "latent_hi") == 0) {
            g->latent_hi = json_get_double(r);
        } else if (strcmp(key, "nodes") == 0) {
            json_open_array(r);
            while (!code && json_next_element(r)) code = read_node(g, r);
        } else {
            json_skip(r);
        }
    }
    if (!code) json_finish(r);
    if (!code && r->problem)
        code = graph_refuse(g, GAN_EFORMAT, "%s at byte %zu", r->problem, r->where);
    if (code) return code;
    g->output = output ? find_value(g, output) : -1;
    if (g->output < 0 || g->values[g->output].kind != VALUE_SAMPLE)
        return graph_refuse(g, GAN_EFORMAT, "there is no output made from the input");
    g->values[g->output].uses++;
    return GAN_OK;
}

/* ---- files ----------------------------------------------------------------------------------- */

/* The source, and the header of what it holds. */
static int32_t open_file(graph *g, const void *memory, size_t bytes) {
    const file_source there = {.descriptor = -1, .memory = memory, .bytes = bytes};
    int32_t code = GAN_OK;
    g->source = there;
    if (!memory) code = file_source_open(g->ctx, g->path, &g->source);
    return code ? code : safetensors_read_header(g->ctx, g->path, &g->source, &g->file);
}

int32_t graph_read(gan_context *ctx, const char *path, const void *memory, size_t bytes, graph *g) {
    *g = (graph){.ctx = ctx,
                 .path = path,
                 .input = -1,
                 .output = -1,
                 .latent_kind = GAN_LATENT_NORMAL,
                 .latent_lo = -1,
                 .latent_hi = 1,
                 .lo = -1,
                 .hi = 1};
    int32_t code = open_file(g, memory, bytes);
    if (code) return code;
    const char *text = safetensors_metadata(&g->file, "gan.graph");
    if (!text) {
        code = error_set(ctx, GAN_EFORMAT,
                         "%s: no gan.graph: weights alone, written without a description", path);
    } else if (!(g->text = arena_strdup(ctx, text))) {
        code = GAN_ENOMEM;
    } else {
        json_reader r = json_read(g->text, strlen(g->text));
        code = read_graph(g, &r);
    }
    return code;
}

void graph_close_file(graph *g) {
    file_source_close(&g->source);
    safetensors_release(g->ctx, &g->file);
    g->file = (safetensors){0};
    for (size_t i = 0; i < g->value_count; i++) g->values[i].leaf = NULL;
}

void graph_release(graph *g) {
    if (!g->ctx) return; /* was never read */
    for (size_t i = 0; i < g->value_count; i++) arena_free(g->ctx, g->values[i].data);
    arena_free(g->ctx, g->values);
    arena_free(g->ctx, g->nodes);
    arena_free(g->ctx, g->text);
    graph_close_file(g);
}
