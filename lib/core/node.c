#include "core/node.h"

#include "core/alloc.h"
#include "core/context.h"
#include "core/tensor_impl.h"

node *node_new(gan_context *ctx, int32_t op, int32_t inputs, const shape *s) {
    node *n = arena_calloc(ctx, sizeof *n + (size_t)inputs * sizeof n->in[0]);
    if (!n) return NULL;
    n->ctx = ctx;
    n->refs = 1;
    n->op = op;
    n->shape = *s;
    n->inputs = inputs;
    n->sequence = ++ctx->node_sequence;
    n->older = ctx->nodes;
    if (n->older) n->older->newer = n;
    ctx->nodes = n;
    ctx->live_nodes++;
    return n;
}

void node_ref(node *n) {
    if (n) n->refs++;
}

void node_spend(node *n) {
    for (int32_t i = 0; i < n->inputs; i++) {
        storage_unref(n->in[i].value);
        n->in[i].value = NULL;
    }
    storage_unref(n->aux);
    storage_unref(n->result);
    n->aux = n->result = NULL;
    n->spent = 1;
}

static void unlink_node(node *n) {
    if (n->older) n->older->newer = n->newer;
    if (n->newer)
        n->newer->older = n->older;
    else
        n->ctx->nodes = n->older;
}

void node_unref(node *n) {
    if (!n || --n->refs) return;
    node *dying = n;
    n->next_dying = NULL;
    while (dying) {
        node *d = dying;
        dying = d->next_dying;
        node_spend(d);
        for (int32_t i = 0; i < d->inputs; i++) {
            node *from = d->in[i].from;
            if (from && --from->refs == 0) {
                from->next_dying = dying;
                dying = from;
            }
        }
        unlink_node(d);
        d->ctx->live_nodes--;
        arena_free(d->ctx, d);
    }
}

/* A constant leaf is left, which its handles hold. */
static void cut(node *n) {
    node_spend(n);
    for (int32_t i = 0; i < n->inputs; i++) node_unref(n->in[i].from);
    n->inputs = 0;
    n->op = NODE_LEAF;
    n->constant = 1;
}

void node_cut_since(gan_context *ctx, uint64_t sequence) {
    for (node *n = ctx->nodes, *older; n && n->sequence > sequence; n = older) {
        if (n->op != NODE_LEAF) cut(n); /* what this frees is older than n */
        older = n->older;
    }
}

int32_t tensor_make_leaf(gan_tensor *t, int constant) {
    if (!t->node) {
        t->node = node_new(t->base.ctx, NODE_LEAF, 0, &t->shape);
        if (!t->node) return GAN_ENOMEM;
    }
    t->node->constant = constant;
    return GAN_OK;
}

const node *tensor_node(const gan_tensor *t) { return t->node; }

int tensor_tracked(const gan_tensor *t) { return t->node && !t->node->constant; }
