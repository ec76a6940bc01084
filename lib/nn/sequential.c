/* Bare trees and sequentials, and how any module is run. */
#include "nn/layers.h"

#include "core/error.h"
#include "core/scope.h"

static gan_tensor *cannot(const gan_module *m, const char *why) {
    error_set(m->base.ctx, GAN_EINVAL, "%s %s", m->label, why);
    return NULL;
}

gan_tensor *module_forward(gan_module *m, gan_tensor *x) {
    if (!x) return NULL;
    if (m->class->forward) return m->class->forward(m, x);
    if (m->class->forward_activated) return m->class->forward_activated(m, x, (activation){0});
    if (m->class->forward_labels) return cannot(m, "takes labels: use gan_forward_labels");
    return cannot(m, "has no forward of its own: run its children");
}

gan_tensor *module_forward_labels(gan_module *m, const int32_t *labels, int64_t n) {
    if (m->class->forward_labels) return m->class->forward_labels(m, labels, n);
    return cannot(m, "does not take labels: use gan_forward");
}

/* Runs child i, with the activation that follows where the two are one pass. Returns how many
 * children that were. */
static size_t run_child(gan_module *m, size_t i, gan_tensor **x) {
    gan_module *child = m->children[i];
    activation act = {ACTIVATION_NONE, 0};
    if (child->class->forward_activated && i + 1 < m->child_count)
        act = activation_of_module(m->children[i + 1]);
    int fused = act.kind != ACTIVATION_NONE;
    *x = fused ? child->class->forward_activated(child, *x, act) : module_forward(child, *x);
    return fused ? 2 : 1;
}

/* What no graph needs goes as soon as the next child has run. */
static gan_tensor *run_from(gan_module *m, size_t first, gan_tensor *x) {
    gan_context *ctx = m->base.ctx;
    if (!x) return NULL;
    int64_t mark = scope_begin(ctx);
    if (mark < 1) return NULL;
    for (size_t i = first; i < m->child_count && x;) {
        i += run_child(m, i, &x);
        x = scope_keep(ctx, mark, x);
    }
    return scope_escape(ctx, mark, x);
}

static gan_tensor *sequential_forward(gan_module *m, gan_tensor *x) { return run_from(m, 0, x); }

/* The first child takes the labels. */
static gan_tensor *sequential_forward_labels(gan_module *m, const int32_t *labels, int64_t n) {
    if (m->child_count == 0) return cannot(m, "is empty: nothing takes the labels");
    return run_from(m, 1, module_forward_labels(m->children[0], labels, n));
}

const module_class module_tree = {.name = "module", .container = 1};
const module_class module_sequential = {.name = "sequential",
                                        .container = 1,
                                        .forward = sequential_forward,
                                        .forward_labels = sequential_forward_labels};
