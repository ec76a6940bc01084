#include "nn/trace.h"

#include "autograd/grad.h"
#include "autograd/opdef.h"
#include "core/alloc.h"
#include "core/error.h"
#include "io/json.h"
#include "nn/state.h"

#include <stdio.h>
#include <string.h>

enum { RESULT_NAME = 32 };

typedef struct trace {
    gan_context *ctx;
    const char *function;
    const node *input;
    const gan_module *module;
    uint64_t first; /* sequence number before the first result, so that names count from 1 */
} trace;

const entry *trace_entry(const gan_module *m, const node *leaf) {
    for (size_t i = 0; i < m->entry_total; i++) {
        const entry *e = module_entry(m, i);
        if (tensor_node(e->tensor) == leaf) return e;
    }
    return NULL;
}

/* What a leaf is called in the file, or NULL. */
static const char *leaf_name(const trace *t, const node *leaf) {
    if (leaf == t->input) return "input";
    const entry *e = trace_entry(t->module, leaf);
    return e ? module_entry_name(t->module, e) : NULL;
}

static const char *name_of(const trace *t, const node *n, char text[RESULT_NAME]) {
    if (n->op == NODE_LEAF) return leaf_name(t, n);
    snprintf(text, RESULT_NAME, "%%%llu", (unsigned long long)(n->sequence - t->first));
    return text;
}

int32_t trace_refuse_input(const char *function, const node *n) {
    return error_set(
        n->ctx, GAN_EINVAL,
        "%s: operator '%s' reads a tensor that is neither the input nor a parameter or buffer of "
        "the module (constants belong into gan_add_buffer; what is made of frozen parameters or "
        "buffers alone is not recorded)",
        function, op_find(n->op)->name);
}

/* ---- one operator ---------------------------------------------------------------------------- */

/* The next of the space-separated names, or 0. */
static int next_name(const char **names, char *name, size_t size) {
    const char *at = *names + strspn(*names, " ");
    size_t length = strcspn(at, " ");
    if (!length || length >= size) return 0;
    memcpy(name, at, length);
    name[length] = 0;
    *names = at + length;
    return 1;
}

static void put_attributes(json_writer *json, const op_def *def, const op_attr *attr) {
    char name[32];
    const char *ints = def->ints, *floats = def->floats;
    json_put_key(json, "attr");
    json_begin_object(json);
    for (int i = 0; i < ATTR_INTS && next_name(&ints, name, sizeof name); i++) {
        json_put_key(json, name);
        json_put_int(json, attr->i[i]);
    }
    for (int i = 0; i < ATTR_FLOATS && next_name(&floats, name, sizeof name); i++) {
        json_put_key(json, name);
        json_put_double(json, attr->f[i]);
    }
    json_end_object(json);
}

static void put_shape(json_writer *json, const shape *s) {
    json_put_key(json, "shape");
    json_begin_array(json);
    for (int32_t i = 0; i < s->rank; i++) json_put_int(json, s->dim[i]);
    json_end_array(json);
}

static int32_t put_inputs(const trace *t, json_writer *json, const node *n) {
    char text[RESULT_NAME];
    json_put_key(json, "in");
    json_begin_array(json);
    for (int32_t i = 0; i < n->inputs; i++) {
        const char *name = n->in[i].from ? name_of(t, n->in[i].from, text) : NULL;
        if (!name) return trace_refuse_input(t->function, n);
        json_put_string(json, name);
    }
    json_end_array(json);
    return GAN_OK;
}

/* Positions and masks that were chosen for the recorded samples: not in the list, and of no use for
 * others. */
static int is_choice(const op_def *def) {
    static const char *const names[] = {"gather", "scatter_add", "dropout"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcmp(def->name, names[i]) == 0) return 1;
    return 0;
}

static int32_t put_node(const trace *t, json_writer *json, const node *n) {
    char text[RESULT_NAME];
    const op_def *def = op_find(n->op);
    if (is_choice(def))
        return error_set(t->ctx, GAN_ENOTSUP,
                         "%s: operator '%s' has chosen for the recorded samples (labels: as "
                         "one-hot columns of the input, times the table)",
                         t->function, def->name);
    json_begin_object(json);
    json_put_key(json, "op");
    json_put_string(json, def->name);
    int32_t code = put_inputs(t, json, n);
    if (code) return code;
    json_put_key(json, "out");
    json_put_string(json, name_of(t, n, text));
    put_shape(json, &n->shape);
    put_attributes(json, def, &n->attr);
    json_end_object(json);
    return json->status;
}

/* ---- the graph ------------------------------------------------------------------------------- */

static int32_t put_nodes(const trace *t, json_writer *json, node *const *nodes, size_t count) {
    int32_t code = GAN_OK;
    json_put_key(json, "nodes");
    json_begin_array(json);
    for (size_t i = 0; i < count && !code; i++)
        if (nodes[i]->op != NODE_LEAF) code = put_node(t, json, nodes[i]);
    json_end_array(json);
    return code ? code : json->status;
}

static int contains(node *const *nodes, size_t count, const node *n) {
    for (size_t i = 0; i < count; i++)
        if (nodes[i] == n) return 1;
    return 0;
}

int32_t trace_collect(const char *function, gan_tensor *input, gan_tensor *output, node ***nodes,
                      size_t *count) {
    gan_context *ctx = tensor_context(input);
    const node *from = tensor_node(input);
    if (!from || from->op != NODE_LEAF || !tensor_node(output))
        return error_set(
            ctx, GAN_EINVAL,
            "%s: the input must be tracked (gan_track) and the output recorded from it", function);
    *nodes = autograd_collect(output, count);
    if (!*nodes) return GAN_ENOMEM;
    if (contains(*nodes, *count, from)) return GAN_OK;
    arena_free(ctx, *nodes);
    return error_set(ctx, GAN_EINVAL, "%s: the output does not depend on the input", function);
}

static uint64_t before_first_result(node *const *nodes, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (nodes[i]->op != NODE_LEAF) return nodes[i]->sequence - 1;
    return 0;
}

static void put_facts(json_writer *json, const trace_facts *facts) {
    json_put_key(json, "range");
    json_put_string(json, facts->range);
    if (facts->premultiplied) {
        json_put_key(json, "alpha");
        json_put_string(json, "premultiplied");
    }
    if (facts->classes) {
        json_put_key(json, "classes");
        json_put_int(json, facts->classes);
    }
    if (!facts->latent) return;
    json_put_key(json, "latent");
    json_put_string(json, facts->latent);
    if (strcmp(facts->latent, "uniform") != 0) return;
    json_put_key(json, "latent_lo");
    json_put_double(json, facts->latent_lo);
    json_put_key(json, "latent_hi");
    json_put_double(json, facts->latent_hi);
}

static int32_t put_graph(const gan_module *m, gan_tensor *input, gan_tensor *output,
                         const trace_facts *facts, json_writer *json) {
    gan_context *ctx = m->base.ctx;
    trace t = {.ctx = ctx, .function = facts->function, .input = tensor_node(input), .module = m};
    node **nodes;
    size_t count;
    int32_t code = trace_collect(facts->function, input, output, &nodes, &count);
    if (code) return code;
    t.first = before_first_result(nodes, count);
    char text[RESULT_NAME];
    json_begin_object(json);
    json_put_key(json, "version");
    json_put_int(json, 1);
    json_put_key(json, "input");
    json_put_string(json, "input");
    put_shape(json, tensor_shape(input));
    json_put_key(json, "output");
    json_put_string(json, name_of(&t, tensor_node(output), text));
    put_facts(json, facts);
    code = put_nodes(&t, json, nodes, count);
    json_end_object(json);
    arena_free(ctx, nodes);
    return code ? code : json->status;
}

int32_t trace_save(const gan_module *m, const char *path, gan_tensor *input, gan_tensor *output,
                   const trace_facts *facts) {
    json_writer json = json_write(m->base.ctx);
    int32_t code = put_graph(m, input, output, facts, &json);
    if (!code) code = state_save(m, path, json.text);
    json_writer_release(&json);
    return code;
}
