#include "autograd/grad.h"

#include "autograd/opdef.h"
#include "core/alloc.h"
#include "core/context.h"
#include "core/error.h"
#include "core/scope.h"
#include "core/tensor_impl.h"
#include "ops/op.h"

int autograd_recording(gan_context *ctx, int on) {
    int before = ctx->recording;
    ctx->recording = on;
    return before;
}

int32_t autograd_refuse_spent(gan_context *ctx, const char *op) {
    return error_set(ctx, GAN_ESTATE,
                     "the graph of '%s' has been consumed by an earlier sweep "
                     "(GAN_GRAD_RETAIN keeps it, gan_detach cuts it)",
                     op);
}

/* ---- the nodes below y ----------------------------------------------------------------------- */

typedef struct node_list {
    node **at;
    size_t count, capacity;
} node_list;

static int32_t push(gan_context *ctx, node_list *list, node *n) {
    node **room = arena_make_room(ctx, list->at, list->count, &list->capacity, sizeof(node *));
    if (!room) return GAN_ENOMEM;
    list->at = room;
    list->at[list->count++] = n;
    return GAN_OK;
}

/* Adds n unless this sweep has met it. */
static int32_t meet(gan_context *ctx, node_list *list, node *n) {
    if (!n || n->sweep == ctx->sweep) return GAN_OK;
    n->sweep = ctx->sweep;
    n->leads = 0;
    return push(ctx, list, n);
}

/* In creation order, so inputs come before what was made of them: the context's nodes are the
 * newest first. */
static int32_t collect(gan_context *ctx, node *root, node_list *list) {
    ctx->sweep++;
    int32_t code = meet(ctx, list, root);
    for (size_t i = 0; i < list->count && !code; i++)
        for (int32_t k = 0; k < list->at[i]->inputs && !code; k++)
            code = meet(ctx, list, list->at[i]->in[k].from);
    size_t place = code ? 0 : list->count;
    for (node *n = ctx->nodes; place > 0; n = n->older)
        if (n->sweep == ctx->sweep) list->at[--place] = n;
    return code;
}

node **autograd_collect(gan_tensor *y, size_t *count) {
    node_list list = {0};
    if (collect(y->base.ctx, y->node, &list)) {
        arena_free(y->base.ctx, list.at);
        return NULL;
    }
    *count = list.count;
    return list.at;
}

static int differentiable(const node *n, int32_t i) {
    return n->in[i].from && !(op_find(n->op)->flat >> i & 1);
}

/* Marks what leads to a wrt, so that nothing else is computed. */
static void mark_leading(gan_context *ctx, const node_list *list, gan_tensor *const *wrt,
                         size_t n) {
    for (size_t i = 0; i < n; i++) {
        node *leaf = wrt[i]->node;
        if (leaf && leaf->sweep == ctx->sweep && !leaf->constant) leaf->leads = 1;
    }
    for (size_t i = 0; i < list->count; i++) {
        node *m = list->at[i];
        for (int32_t k = 0; k < m->inputs; k++)
            if (differentiable(m, k) && m->in[k].from->leads) m->leads = 1;
    }
}

/* ---- the sweep ------------------------------------------------------------------------------- */

/* Nobody but its one handle sees the elements, so they may change. */
static int is_sole(const gan_tensor *t) {
    return atomic_load(&t->base.refs) == 1 && t->storage->refs == 1 && !t->node;
}

/* The node's gradient is a reference held outside every scope until its turn has passed. */
static int32_t accumulate(node *n, gan_tensor *g) {
    if (n->grad && is_sole(n->grad) && !n->ctx->recording) {
        op_add_into(n->grad, g);
        return GAN_OK;
    }
    if (n->grad) {
        gan_tensor *sum = op_add(n->grad, g);
        if (!sum) return GAN_ENOMEM;
        object_unref(&n->grad->base);
        n->grad = NULL;
        g = sum;
    }
    object_ref(&g->base);
    n->grad = g;
    return GAN_OK;
}

static int32_t pending(gan_context *ctx) { return ctx->error_code ? ctx->error_code : GAN_ENOMEM; }

static int wanted(const node *n, int32_t i) { return differentiable(n, i) && n->in[i].from->leads; }

static int wants_any(const node *n) {
    for (int32_t i = 0; i < n->inputs; i++)
        if (wanted(n, i)) return 1;
    return 0;
}

/* As propagate, for an operator that gives all its gradients at once. */
static int32_t propagate_at_once(gan_context *ctx, const op_def *def, node *n) {
    gan_tensor *g[OP_MAX_INPUTS] = {0};
    uint32_t bits = 0;
    for (int32_t i = 0; i < n->inputs; i++) bits |= (uint32_t)wanted(n, i) << i;
    int32_t code = def->gradients(n, n->grad, bits, g);
    for (int32_t i = 0; i < n->inputs && !code; i++)
        if (bits >> i & 1) code = accumulate(n->in[i].from, g[i]);
    return code ? pending(ctx) : GAN_OK;
}

/* Hands the node's gradient to its inputs. The caller's scope holds what is shared between them. */
static int32_t propagate(gan_context *ctx, node *n) {
    const op_def *def = op_find(n->op);
    if (n->spent) return autograd_refuse_spent(ctx, def->name);
    if (def->gradients && !ctx->recording) return propagate_at_once(ctx, def, n);
    gan_tensor *through = def->before ? def->before(n, n->grad) : n->grad;
    if (!through) return pending(ctx);
    for (int32_t i = 0; i < n->inputs; i++) {
        if (!wanted(n, i)) continue;
        int64_t mark = scope_begin(ctx);
        if (mark < 0) return (int32_t)mark;
        gan_tensor *g = op_sum_to(def->vjp(n, through, i), &n->in[i].shape);
        int32_t code = g ? accumulate(n->in[i].from, g) : pending(ctx);
        scope_escape(ctx, mark, NULL);
        if (code) return pending(ctx);
    }
    return GAN_OK;
}

static int is_wrt(const node *n, gan_tensor *const *wrt, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (wrt[i]->node == n) return 1;
    return 0;
}

static void drop_grad(node *n) {
    if (n->grad) object_unref(&n->grad->base);
    n->grad = NULL;
}

/* From the newest node to the oldest. Without `keep`, what a node had saved is released as soon as
 * its gradient has passed through it. */
static int32_t sweep_back(gan_context *ctx, const node_list *list, gan_tensor *const *wrt, size_t n,
                          int keep) {
    for (size_t i = list->count; i-- > 0;) {
        node *m = list->at[i];
        if (m->op == NODE_LEAF || !m->grad) continue;
        int64_t mark = scope_begin(ctx);
        if (mark < 0) return (int32_t)mark;
        const int passes = wants_any(m);
        int32_t code = passes ? propagate(ctx, m) : GAN_OK;
        scope_escape(ctx, mark, NULL);
        if (code) return code;
        if (passes && !keep) node_spend(m);
        if (!is_wrt(m, wrt, n)) drop_grad(m);
    }
    return GAN_OK;
}

/* Puts the collected gradients into the scope. All or none. */
static int32_t deliver(gan_context *ctx, const char *function, gan_tensor *const *wrt, size_t n,
                       uint32_t flags, gan_tensor **grads) {
    for (size_t i = 0; i < n; i++) {
        node *m = wrt[i]->node;
        int reached = m && m->sweep == ctx->sweep && m->grad;
        if (!reached && (flags & GAN_GRAD_STRICT))
            return error_set(ctx, GAN_EUNREACHED, "%s: wrt[%zu] does not influence the result",
                             function, i);
    }
    for (size_t i = 0; i < n; i++) {
        node *m = wrt[i]->node;
        gan_tensor *g = m && m->sweep == ctx->sweep ? m->grad : NULL;
        if (g) object_ref(&g->base);
        if (g && !scope_adopt(g)) return GAN_ENOMEM;
    }
    for (size_t i = 0; i < n; i++) {
        node *m = wrt[i]->node;
        grads[i] = m && m->sweep == ctx->sweep ? m->grad : NULL;
    }
    return GAN_OK;
}

int32_t autograd_sweep(const char *function, gan_tensor *y, gan_tensor *cotangent,
                       gan_tensor *const *wrt, size_t n, uint32_t flags, gan_tensor **grads) {
    gan_context *ctx = y->base.ctx;
    if (y->node && y->node->op == NODE_LEAF && y->node->spent)
        return error_set(ctx, GAN_ESTATE, "%s: the scope in which y was recorded has ended",
                         function);
    int create = (flags & GAN_GRAD_CREATE_GRAPH) != 0;
    int keep = create || (flags & GAN_GRAD_RETAIN);
    node_list list = {0};
    int32_t code = collect(ctx, y->node, &list);
    int before = autograd_recording(ctx, create);
    /* The list's nodes may lose their last handle while inner scopes close: hold the root. */
    node *root = y->node;
    node_ref(root);
    if (!code && root) {
        mark_leading(ctx, &list, wrt, n);
        code = accumulate(root, cotangent);
    }
    if (!code) code = sweep_back(ctx, &list, wrt, n, keep);
    if (!code) code = deliver(ctx, function, wrt, n, flags, grads);
    for (size_t i = 0; i < list.count; i++) drop_grad(list.at[i]);
    node_unref(root);
    autograd_recording(ctx, before);
    arena_free(ctx, list.at);
    return code;
}

/* ---- do samples stay apart? ------------------------------------------------------------------ */

int autograd_rows_kept(gan_tensor *y, gan_tensor *x, int64_t samples, const char **name,
                       int32_t *code) {
    gan_context *ctx = y->base.ctx;
    node_list list = {0};
    *name = NULL;
    *code = collect(ctx, y->node, &list);
    if (!*code) mark_leading(ctx, &list, &x, 1);
    for (size_t i = 0; i < list.count && !*code && !*name; i++) {
        const node *m = list.at[i];
        if (m->op == NODE_LEAF || !m->leads || m == x->node) continue;
        for (int32_t k = 0; k < m->inputs; k++)
            if (m->in[k].from && m->in[k].from->leads && !op_find(m->op)->rows(m, k, samples))
                *name = op_find(m->op)->name;
    }
    arena_free(ctx, list.at);
    return !*code && !*name;
}
