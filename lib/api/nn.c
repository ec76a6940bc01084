#include "gan/nn.h"

#include "core/context.h"
#include "core/error.h"
#include "core/node.h"
#include "core/options.h"
#include "core/scope.h"
#include "core/tensor_impl.h"
#include "nn/init.h"
#include "nn/layers.h"
#include "ops/op.h"

#include <float.h>
#include <math.h>
#include <string.h>

/* ---- trees ----------------------------------------------------------------------------------- */

static int32_t create_root(gan_context *ctx, const char *function, const module_class *class,
                           gan_module **out) {
    if (!ctx || !out) return error_null(ctx, function);
    int32_t code = context_enter(ctx);
    if (code) return error_report(ctx, code);
    gan_module *m = module_new(ctx, class, NULL, NULL);
    if (!m) return error_report(ctx, GAN_ENOMEM);
    *out = m;
    return GAN_OK;
}

int32_t gan_module_create(gan_context *ctx, gan_module **out) {
    return create_root(ctx, "gan_module_create", &module_tree, out);
}

int32_t gan_sequential_create(gan_context *ctx, gan_module **out) {
    return create_root(ctx, "gan_sequential_create", &module_sequential, out);
}

void gan_module_unref(gan_module *m) {
    if (m) object_release(&m->base);
}

/* 1 if work on m may begin. NULL is what an earlier failure returned: its error is pending. */
static int enter(const gan_module *m) { return m && !context_enter(m->base.ctx); }

static gan_module *add_container(gan_module *parent, const char *name, const module_class *class) {
    if (!enter(parent)) return NULL;
    return module_attach(parent, module_new(parent->base.ctx, class, parent, name), GAN_OK);
}

gan_module *gan_add_module(gan_module *parent, const char *name) {
    return add_container(parent, name, &module_tree);
}

gan_module *gan_add_sequential(gan_module *parent, const char *name) {
    return add_container(parent, name, &module_sequential);
}

static gan_tensor *add_value(const char *function, gan_module *parent, const char *name,
                             gan_tensor *value, int32_t role) {
    if (!enter(parent)) return NULL;
    if (!value || tensor_context(value) != parent->base.ctx) {
        error_set(parent->base.ctx, GAN_EINVAL, "%s: the value is %s", function,
                  value ? "of another context" : "NULL");
        return NULL;
    }
    if (module_check_name(function, parent, name)) return NULL;
    gan_tensor *t = module_add_entry(parent, name, role, LAYOUT_SAME, tensor_shape(value));
    if (t) tensor_copy(t, value);
    return t;
}

gan_tensor *gan_add_parameter(gan_module *parent, const char *name, gan_tensor *value) {
    return add_value("gan_add_parameter", parent, name, value, ROLE_HOST);
}

gan_tensor *gan_add_buffer(gan_module *parent, const char *name, gan_tensor *value) {
    return add_value("gan_add_buffer", parent, name, value, ROLE_BUFFER);
}

gan_module *gan_module_child(gan_module *m, const char *path) {
    return m && path ? module_child(m, path, strlen(path)) : NULL;
}

/* ---- checks of layers' numbers --------------------------------------------------------------- */

/* A size: 1 to INT32_MAX, so that products of two do not overflow. */
static int size_ok(const gan_module *m, const char *function, const char *what, int64_t value) {
    if (value >= 1 && value <= INT32_MAX) return 1;
    error_set(m->base.ctx, GAN_EINVAL, "%s: %s is %lld, must be 1 to %lld", function, what,
              (long long)value, (long long)INT32_MAX);
    return 0;
}

static int number_ok(const gan_module *m, const char *function, const char *what, double value,
                     int ok, const char *range) {
    if (ok) return 1;
    error_set(m->base.ctx, GAN_EINVAL, "%s: %s is %g, must be %s", function, what, value, range);
    return 0;
}

static int finite_ok(const gan_module *m, const char *function, const char *what, double value) {
    return number_ok(m, function, what, value, isfinite(value) != 0, "finite");
}

/* The parameter's element count can be worked with. */
static int shape_ok(const gan_module *m, const char *function, const shape *s) {
    shape checked;
    return !shape_check(m->base.ctx, function, s->dim, s->rank, &checked);
}

/* ---- layers ---------------------------------------------------------------------------------- */

gan_module *gan_add_dense(gan_module *parent, const char *name, int64_t in, int64_t out,
                          int32_t bias) {
    const char *function = "gan_add_dense";
    if (!enter(parent) || !size_ok(parent, function, "in", in) ||
        !size_ok(parent, function, "out", out))
        return NULL;
    shape weight = shape_2(out, in);
    return shape_ok(parent, function, &weight) ? dense_add(parent, name, in, out, bias) : NULL;
}

gan_module *gan_add_maxout(gan_module *parent, const char *name, int64_t in, int64_t out,
                           int32_t pieces) {
    const char *function = "gan_add_maxout";
    if (!enter(parent) || !size_ok(parent, function, "in", in) ||
        !size_ok(parent, function, "out", out) || !size_ok(parent, function, "pieces", pieces))
        return NULL;
    shape weight = shape_2(out * pieces, in);
    return shape_ok(parent, function, &weight) ? maxout_add(parent, name, in, out, pieces) : NULL;
}

/* Completes and checks what both convolutions take. */
static int conv_ok(const gan_module *m, const char *function, int64_t in, int64_t out, int32_t k,
                   const gan_conv2d_opts *given, gan_conv2d_opts *o) {
    gan_context *ctx = m->base.ctx;
    shape kernel = shape_4(out, k, k, in);
    gan_conv2d_opts_init(o, sizeof *o);
    return size_ok(m, function, "in", in) && size_ok(m, function, "out", out) &&
           size_ok(m, function, "k", k) && shape_ok(m, function, &kernel) &&
           !options_load(ctx, function, o, sizeof *o, V1_SIZE(gan_conv2d_opts, bias), given) &&
           !conv2d_opts_check(ctx, function, o);
}

gan_module *gan_add_conv2d(gan_module *parent, const char *name, int64_t in, int64_t out, int32_t k,
                           const gan_conv2d_opts *opts) {
    gan_conv2d_opts o;
    if (!enter(parent) || !conv_ok(parent, "gan_add_conv2d", in, out, k, opts, &o)) return NULL;
    return conv2d_add(parent, name, in, out, k, &o);
}

gan_module *gan_add_conv_transpose2d(gan_module *parent, const char *name, int64_t in, int64_t out,
                                     int32_t k, const gan_conv2d_opts *opts) {
    gan_conv2d_opts o;
    if (!enter(parent) || !conv_ok(parent, "gan_add_conv_transpose2d", in, out, k, opts, &o))
        return NULL;
    return conv_transpose2d_add(parent, name, in, out, k, &o);
}

static const gan_norm_opts norm_defaults = {
    .struct_size = sizeof(gan_norm_opts), .affine = 1, .eps = 1e-5, .momentum = 0.1};

void gan_norm_opts_init(gan_norm_opts *opts, size_t size) {
    options_init(opts, size, &norm_defaults, sizeof norm_defaults);
}

/* Begins, completes and checks what all norms take. */
static int norm_ok(const gan_module *m, const char *function, const gan_norm_opts *given,
                   gan_norm_opts *o) {
    *o = norm_defaults;
    return enter(m) &&
           !options_load(m->base.ctx, function, o, sizeof *o, V1_SIZE(gan_norm_opts, momentum),
                         given) &&
           number_ok(m, function, "eps", o->eps, o->eps >= FLT_MIN && isfinite(o->eps),
                     "finite, 1.2e-38 or more") &&
           number_ok(m, function, "momentum", o->momentum, o->momentum >= 0 && o->momentum <= 1,
                     "in [0, 1]");
}

gan_module *gan_add_batch_norm(gan_module *parent, const char *name, int64_t channels,
                               const gan_norm_opts *opts) {
    const char *function = "gan_add_batch_norm";
    gan_norm_opts o;
    if (!norm_ok(parent, function, opts, &o) || !size_ok(parent, function, "channels", channels))
        return NULL;
    return batch_norm_add(parent, name, channels, &o);
}

gan_module *gan_add_instance_norm(gan_module *parent, const char *name, int64_t channels,
                                  const gan_norm_opts *opts) {
    const char *function = "gan_add_instance_norm";
    gan_norm_opts o;
    if (!norm_ok(parent, function, opts, &o) || !size_ok(parent, function, "channels", channels))
        return NULL;
    return instance_norm_add(parent, name, channels, &o);
}

gan_module *gan_add_layer_norm(gan_module *parent, const char *name, const int64_t *sizes,
                               int32_t rank, const gan_norm_opts *opts) {
    const char *function = "gan_add_layer_norm";
    gan_norm_opts o;
    shape sample;
    if (!norm_ok(parent, function, opts, &o)) return NULL;
    if (rank != 1 && rank != 3) {
        error_set(parent->base.ctx, GAN_EINVAL,
                  "%s: rank is %d, must be 1 (features) or 3 (h, w, c)", function, (int)rank);
        return NULL;
    }
    if (shape_check(parent->base.ctx, function, sizes, rank, &sample)) return NULL;
    for (int32_t i = 0; i < rank; i++)
        if (!size_ok(parent, function, "a size", sample.dim[i])) return NULL;
    return layer_norm_add(parent, name, &sample, &o);
}

gan_module *gan_add_group_norm(gan_module *parent, const char *name, int32_t groups,
                               int64_t channels, const gan_norm_opts *opts) {
    const char *function = "gan_add_group_norm";
    gan_norm_opts o;
    if (!norm_ok(parent, function, opts, &o) || !size_ok(parent, function, "groups", groups) ||
        !size_ok(parent, function, "channels", channels))
        return NULL;
    if (channels % groups) {
        error_set(parent->base.ctx, GAN_EINVAL, "%s: %lld channels do not make %d equal groups",
                  function, (long long)channels, (int)groups);
        return NULL;
    }
    return group_norm_add(parent, name, groups, channels, &o);
}

static gan_module *add_activation(const char *function, gan_module *parent, const char *name,
                                  const module_class *class, const char *what, double number) {
    if (!enter(parent) || !finite_ok(parent, function, what, number)) return NULL;
    return activation_add(parent, name, class, number);
}

gan_module *gan_add_relu(gan_module *parent, const char *name) {
    return add_activation("gan_add_relu", parent, name, &module_relu, "", 0);
}

gan_module *gan_add_leaky_relu(gan_module *parent, const char *name, double slope) {
    return add_activation("gan_add_leaky_relu", parent, name, &module_leaky_relu, "slope", slope);
}

gan_module *gan_add_elu(gan_module *parent, const char *name, double alpha) {
    return add_activation("gan_add_elu", parent, name, &module_elu, "alpha", alpha);
}

gan_module *gan_add_tanh(gan_module *parent, const char *name) {
    return add_activation("gan_add_tanh", parent, name, &module_tanh, "", 0);
}

gan_module *gan_add_sigmoid(gan_module *parent, const char *name) {
    return add_activation("gan_add_sigmoid", parent, name, &module_sigmoid, "", 0);
}

gan_module *gan_add_softplus(gan_module *parent, const char *name) {
    return add_activation("gan_add_softplus", parent, name, &module_softplus, "", 0);
}

gan_module *gan_add_embedding(gan_module *parent, const char *name, int64_t classes,
                              int64_t width) {
    const char *function = "gan_add_embedding";
    if (!enter(parent) || !size_ok(parent, function, "classes", classes) ||
        !size_ok(parent, function, "width", width))
        return NULL;
    shape table = shape_2(classes, width);
    return shape_ok(parent, function, &table) ? embedding_add(parent, name, classes, width) : NULL;
}

gan_module *gan_add_dropout(gan_module *parent, const char *name, double p) {
    if (!enter(parent) ||
        !number_ok(parent, "gan_add_dropout", "p", p, p >= 0 && p < 1, "in [0, 1)"))
        return NULL;
    return dropout_add(parent, name, p);
}

gan_module *gan_add_minibatch_std(gan_module *parent, const char *name, int64_t group) {
    if (!enter(parent)) return NULL;
    if (group < 0) {
        error_set(parent->base.ctx, GAN_EINVAL,
                  "gan_add_minibatch_std: group is %lld, must be 0 (the whole batch) or more",
                  (long long)group);
        return NULL;
    }
    return minibatch_std_add(parent, name, group);
}

gan_module *gan_add_flatten(gan_module *parent, const char *name) {
    return enter(parent) ? flatten_add(parent, name) : NULL;
}

gan_module *gan_add_unflatten(gan_module *parent, const char *name, int64_t c, int64_t h,
                              int64_t w) {
    const char *function = "gan_add_unflatten";
    if (!enter(parent) || !size_ok(parent, function, "c", c) ||
        !size_ok(parent, function, "h", h) || !size_ok(parent, function, "w", w))
        return NULL;
    shape image = shape_of(3, (int64_t[]){c, h, w});
    return shape_ok(parent, function, &image) ? unflatten_add(parent, name, c, h, w) : NULL;
}

gan_module *gan_add_upsample(gan_module *parent, const char *name, int32_t factor) {
    if (!enter(parent) || !number_ok(parent, "gan_add_upsample", "factor", factor,
                                     factor >= 1 && factor <= UPSAMPLE_MOST, "1 to 1024"))
        return NULL;
    return upsample_add(parent, name, factor);
}

/* ---- forward --------------------------------------------------------------------------------- */

/* 1 if m and x are there and belong together. */
static int forward_ok(const gan_module *m, const gan_tensor *x) {
    if (!m && !x) return 0;
    gan_context *ctx = m ? m->base.ctx : tensor_context(x);
    if (context_enter(ctx)) return 0;
    if (!m || !x)
        error_set(ctx, GAN_EINVAL, "gan_forward: %s is NULL", m ? "x" : "m");
    else if (tensor_context(x) != ctx)
        error_set(ctx, GAN_EINVAL, "gan_forward: x is of another context than %s", m->label);
    else
        return 1;
    return 0;
}

gan_tensor *gan_forward(gan_module *m, gan_tensor *x) {
    if (!forward_ok(m, x)) return NULL;
    int64_t mark = scope_begin(m->base.ctx);
    return mark < 0 ? NULL : scope_escape(m->base.ctx, mark, module_forward(m, x));
}

gan_tensor *gan_forward_labels(gan_module *m, const int32_t *labels, int64_t n) {
    if (!enter(m)) return NULL;
    int64_t mark = scope_begin(m->base.ctx);
    return mark < 0 ? NULL : scope_escape(m->base.ctx, mark, module_forward_labels(m, labels, n));
}

/* What status functions on a whole module begin with. */
static int32_t begin(const gan_module *m, const char *function) {
    return m ? context_enter(m->base.ctx) : error_null(NULL, function);
}

int32_t gan_module_train(gan_module *m, int32_t on) {
    int32_t code = begin(m, "gan_module_train");
    if (code) return m ? error_report(m->base.ctx, code) : code;
    module_train(m, on != 0);
    return GAN_OK;
}

int32_t gan_module_freeze(gan_module *m, int32_t frozen) {
    int32_t code = begin(m, "gan_module_freeze");
    if (code) return m ? error_report(m->base.ctx, code) : code;
    module_freeze(m, frozen != 0);
    return GAN_OK;
}

/* ---- parameters ------------------------------------------------------------------------------ */

size_t gan_module_parameter_count(const gan_module *m) { return m ? m->parameter_total : 0; }

gan_tensor *gan_module_parameter(const gan_module *m, size_t i) {
    const entry *e = m ? module_parameter(m, i) : NULL;
    return e ? e->tensor : NULL;
}

const char *gan_module_parameter_name(const gan_module *m, size_t i) {
    const entry *e = m ? module_parameter(m, i) : NULL;
    return e ? module_entry_name(m, e) : NULL;
}

size_t gan_module_state_count(const gan_module *m) { return m ? m->entry_total : 0; }

gan_tensor *gan_module_state(const gan_module *m, size_t i) {
    const entry *e = m ? module_entry(m, i) : NULL;
    return e ? e->tensor : NULL;
}

const char *gan_module_state_name(const gan_module *m, size_t i) {
    const entry *e = m ? module_entry(m, i) : NULL;
    return e ? module_entry_name(m, e) : NULL;
}

gan_tensor *gan_module_find(const gan_module *m, const char *name) {
    const entry *e = m && name ? module_find(m, name) : NULL;
    return e ? e->tensor : NULL;
}

/* What functions of two trees begin with. */
static int32_t begin_two(const char *function, const gan_module *to, const gan_module *from) {
    if (!to || !from) return error_null(to ? to->base.ctx : NULL, function);
    int32_t code = context_enter(to->base.ctx);
    if (code || !context_enter(from->base.ctx)) return code;
    return error_set(to->base.ctx, GAN_ESTATE, "%s: the source's context is destroyed", function);
}

int32_t gan_module_copy(gan_module *to, const gan_module *from) {
    int32_t code = begin_two("gan_module_copy", to, from);
    if (!code) code = module_copy(to, from);
    return to ? error_report(to->base.ctx, code) : code;
}

int32_t gan_module_average(gan_module *average, const gan_module *m, double decay) {
    const char *function = "gan_module_average";
    int32_t code = begin_two(function, average, m);
    if (!code &&
        !number_ok(average, function, "decay", decay, decay >= 0 && decay <= 1, "in [0, 1]"))
        code = GAN_EINVAL;
    if (!code) code = module_average(average, m, decay);
    return average ? error_report(average->base.ctx, code) : code;
}

int32_t gan_module_average_statistics(gan_module *m, int32_t on) {
    int32_t code = begin(m, "gan_module_average_statistics");
    if (code) return m ? error_report(m->base.ctx, code) : code;
    module_average_statistics(m, on != 0);
    return GAN_OK;
}

int32_t gan_module_spectral_norm(gan_module *m) {
    int32_t code = begin(m, "gan_module_spectral_norm");
    if (!m) return code;
    return error_report(m->base.ctx, code ? code : module_spectral_norm(m));
}

int32_t gan_module_clip(gan_module *m, double bound, int32_t weights_only) {
    int32_t code = begin(m, "gan_module_clip");
    if (!m) return code;
    if (!code && !number_ok(m, "gan_module_clip", "bound", bound, bound > 0, "positive"))
        code = GAN_EINVAL;
    if (!code) module_clip(m, bound, weights_only);
    return error_report(m->base.ctx, code);
}

/* ---- initialisers ---------------------------------------------------------------------------- */

static int32_t init_check(gan_context *ctx, const char *function, int32_t method, double a) {
    if (method < GAN_INIT_NORMAL || method > GAN_INIT_ORTHOGONAL)
        return error_set(ctx, GAN_EINVAL, "%s: method %d is none of GAN_INIT_...", function,
                         (int)method);
    if (!(a >= 0) || !isfinite(a))
        return error_set(ctx, GAN_EINVAL, "%s: a is %g, must be finite, 0 or more", function, a);
    return GAN_OK;
}

int32_t gan_module_init(gan_module *m, int32_t method, double a) {
    int32_t code = begin(m, "gan_module_init");
    if (!m) return code;
    if (!code) code = init_check(m->base.ctx, "gan_module_init", method, a);
    return error_report(m->base.ctx, code ? code : module_init(m, method, a));
}

int32_t gan_init(gan_tensor *t, int32_t method, double a) {
    if (!t) return error_null(NULL, "gan_init");
    gan_context *ctx = t->base.ctx;
    int32_t code = context_enter(ctx);
    if (!code) code = init_check(ctx, "gan_init", method, a);
    if (!code && t->shape.rank < 2)
        code = error_set(ctx, GAN_EINVAL, "gan_init: rank is %d, must be 2 or more",
                         (int)t->shape.rank);
    if (!code && t->node && t->node->op != NODE_LEAF)
        code = error_set(ctx, GAN_ESTATE, "gan_init: t is the result of a recorded operation");
    return error_report(ctx, code ? code : init_tensor(t, method, a));
}
