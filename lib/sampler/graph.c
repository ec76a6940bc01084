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

/* Where the elements can be used as they lie in the file, or NULL. */
static const real *as_they_lie(const safetensors_entry *e) {
    const int same = e->dtype == SAFETENSORS_F32 && sizeof(real) == sizeof(float);
    return same && (uintptr_t)e->data % _Alignof(real) == 0 ? (const void *)e->data : NULL;
}

static real *copy_out(const graph *g, const safetensors_entry *e, size_t count) {
    real *to = arena_alloc_array(g->ctx, count, sizeof *to);
    for (size_t i = 0; to && i < count; i++) to[i] = (real)safetensors_value(e, (int64_t)i);
    return to;
}

/* `plain` is in the file's order. */
static real *to_memory(const graph *g, const value *v, const real *plain) {
    static const int32_t last[3][4] = {{0}, {1, 2, 0}, {0, 2, 3, 1}};
    const safetensors_entry *e = v->leaf;
    const size_t count = (size_t)shape_size(&v->shape);
    if (!reduce_all_finite(g->ctx, (int64_t)count, plain)) {
        graph_refuse(g, GAN_EFORMAT, "tensor '%.64s' has elements that are not finite", e->name);
        return NULL;
    }
    real *to = arena_alloc_array(g->ctx, count, sizeof *to);
    if (to && e->rank < 3) memcpy(to, plain, count * sizeof *to);
    if (to && e->rank >= 3)
        layout_transpose(g->ctx, e->rank, e->dims, last[e->rank - 2], plain, to);
    return to;
}

static real *decode(const graph *g, const value *v) {
    const real *plain = as_they_lie(v->leaf);
    if (plain) return to_memory(g, v, plain);
    real *copy = copy_out(g, v->leaf, (size_t)shape_size(&v->shape));
    real *to = copy ? to_memory(g, v, copy) : NULL;
    arena_free(g->ctx, copy);
    return to;
}

const real *graph_constant(graph *g, int32_t index) {
    value *v = &g->values[index];
    if (!v->data) v->data = decode(g, v);
    return v->data;
}

real *graph_constant_copy(graph *g, int32_t index) {
    const value *v = &g->values[index];
    if (!v->data) return decode(g, v);
    const size_t count = (size_t)shape_size(&v->shape);
    real *to = arena_alloc_array(g->ctx, count, sizeof *to);
    if (to) memcpy(to, v->data, count * sizeof *to);
    return to;
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

static void read_range(graph *g, const char *range) {
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
            read_range(g, json_get_string(r));
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

static int32_t read_memory(gan_context *ctx, const char *name, const void *memory, size_t bytes,
                           safetensors *out) {
    uint8_t *image = arena_alloc(ctx, bytes);
    if (!image) return GAN_ENOMEM;
    memcpy(image, memory, bytes);
    return safetensors_parse(ctx, name, image, bytes, out);
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
    int32_t code = memory ? read_memory(ctx, path, memory, bytes, &g->file)
                          : safetensors_read(ctx, path, &g->file);
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
