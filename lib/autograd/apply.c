#include "autograd/grad.h"
#include "autograd/opdef.h"

#include "core/context.h"
#include "core/error.h"
#include "core/scope.h"
#include "core/tensor_impl.h"

int op_ready(const char *function, int32_t inputs, gan_tensor *const *in) {
    gan_context *ctx = NULL;
    int missing = 0;
    for (int32_t i = 0; i < inputs; i++) {
        if (!in[i])
            missing = 1;
        else if (!ctx)
            ctx = in[i]->base.ctx;
        else if (ctx != in[i]->base.ctx) {
            error_set(ctx, GAN_EINVAL, "%s: tensors of different contexts", function);
            return 0;
        }
    }
    if (!ctx || context_enter(ctx)) return 0;
    /* Usually the NULL is an earlier failure, whose error is pending and stays. */
    if (missing) error_set(ctx, GAN_EINVAL, "%s: a tensor is NULL", function);
    return !missing;
}

static int wants_record(const gan_context *ctx, const op_def *def, int32_t inputs,
                        gan_tensor *const *in) {
    if (!ctx->recording) return 0;
    for (int32_t i = 0; i < inputs; i++)
        if (tensor_tracked(in[i]) && !(def->flat >> i & 1)) return 1;
    return 0;
}

/* Without an activation there is none to pass back through. */
static int reads_output(const op_def *def, const op_attr *attr) {
    return (def->reads & OP_READS_OUTPUT) &&
           !(def->before && activation_of(attr).kind == ACTIVATION_NONE);
}

static int32_t record(gan_context *ctx, const op_def *def, int32_t op, int32_t inputs,
                      gan_tensor *const *in, const op_attr *attr, storage *aux, gan_tensor *out) {
    node *n = node_new(ctx, op, inputs, &out->shape);
    if (!n) return GAN_ENOMEM;
    if (attr) n->attr = *attr;
    n->aux = storage_ref(aux);
    if (reads_output(def, attr)) {
        n->result = storage_ref(out->storage);
        n->result_version = out->storage->version;
    }
    for (int32_t i = 0; i < inputs; i++) {
        edge *e = &n->in[i];
        e->shape = in[i]->shape;
        e->from = in[i]->node;
        node_ref(e->from);
        if (def->reads >> i & 1) {
            e->value = storage_ref(in[i]->storage);
            e->version = in[i]->storage->version;
        }
    }
    out->node = n;
    return GAN_OK;
}

static int32_t run_forward(gan_context *ctx, const op_def *def, int32_t inputs,
                           gan_tensor *const *in, const op_attr *attr, storage *aux,
                           gan_tensor *out) {
    op_call call = {.ctx = ctx,
                    .inputs = inputs,
                    .attr = attr,
                    .aux = aux ? storage_data(aux) : NULL,
                    .out_shape = out->shape,
                    .out = tensor_data(out)};
    for (int32_t i = 0; i < inputs; i++) {
        call.in_shape[i] = &in[i]->shape;
        call.in[i] = tensor_values(in[i]);
    }
    return def->forward(&call);
}

gan_tensor *op_apply(int32_t op, int32_t inputs, gan_tensor *const *in, const op_attr *attr,
                     storage *aux, const shape *out_shape) {
    const op_def *def = op_find(op);
    gan_context *ctx = in[0]->base.ctx;
    gan_tensor *out =
        def->forward ? tensor_new(ctx, out_shape) : tensor_over(ctx, out_shape, in[0]->storage);
    if (!out) return NULL;
    if (def->forward && run_forward(ctx, def, inputs, in, attr, aux, out)) return NULL;
    if (wants_record(ctx, def, inputs, in) && record(ctx, def, op, inputs, in, attr, aux, out))
        return NULL;
    return out;
}

/* ---- what a derivative sees ------------------------------------------------------------------ */

static gan_tensor *saved(const op_record *r, const shape *s, storage *value, uint64_t version,
                         node *from) {
    const char *name = op_find(r->op)->name;
    if (!value) {
        autograd_refuse_spent(r->ctx, name);
        return NULL;
    }
    if (value->version != version) {
        error_set(r->ctx, GAN_ESTATE,
                  "the graph of '%s' is stale: values it had saved were overwritten", name);
        return NULL;
    }
    gan_tensor *t = tensor_over(r->ctx, s, value);
    if (!t) return NULL;
    node_ref(from);
    t->node = from;
    return t;
}

gan_tensor *record_input(const op_record *r, int32_t i) {
    const edge *e = &r->in[i];
    return saved(r, &e->shape, e->value, e->version, e->from);
}

gan_tensor *record_output(const op_record *r) {
    /* The record is its own output's node; the engine holds it alive, so the cast is sound. */
    union {
        const node *in;
        node *out;
    } self = {r};
    return saved(r, &r->shape, r->result, r->result_version, self.out);
}

const shape *record_input_shape(const op_record *r, int32_t i) { return &r->in[i].shape; }

const shape *record_output_shape(const op_record *r) { return &r->shape; }

const op_attr *record_attr(const op_record *r) { return &r->attr; }

storage *record_aux(const op_record *r) { return r->aux; }
