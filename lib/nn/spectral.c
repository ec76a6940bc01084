/* Spectral norm (Miyato et al. 2018, "Spectral Normalization for Generative Adversarial Networks",
 * Algorithm 1), in the form of PyTorch's torch.nn.utils.spectral_norm.
 *
 * The kernel as a matrix W (O,K), a row for each output: in memory (O,K), or for transposed
 * convolutions (K,O). Beside it are u (O) and v (K), the estimates of its first singular vectors.
 */
#include "nn/layers.h"

#include "autograd/grad.h"
#include "core/node.h"
#include "core/scope.h"
#include "nn/init.h"
#include "ops/op.h"

#include <math.h>

/* A new layer's vectors are those after so many steps, as in PyTorch's parametrization. */
enum { FIRST_STEPS = 15 };

static gan_tensor *as_row(gan_tensor *t) {
    shape row = shape_2(1, tensor_size(t));
    return op_reshape(t, &row);
}

static gan_tensor *as_matrix(const gan_module *m, gan_tensor *kernel) {
    int64_t outputs = tensor_size(module_own(m, "weight_u"));
    int64_t others = tensor_size(kernel) / outputs;
    shape matrix = m->class->outputs_last ? shape_2(others, outputs) : shape_2(outputs, others);
    return op_reshape(kernel, &matrix);
}

/* The buffer has v in PyTorch's order of a convolution's inputs, (I,KH,KW); in memory they are
 * (KH,KW,I). Others have the same order on both sides. */
static gan_tensor *reorder(const gan_module *m, gan_tensor *kernel, gan_tensor *v, int to_memory) {
    const shape *s = tensor_shape(kernel);
    if (!v || m->class->outputs_last || s->rank != 4) return v;
    int64_t kh = s->dim[1], kw = s->dim[2], in = s->dim[3];
    shape from = to_memory ? shape_of(3, (int64_t[]){in, kh, kw}) : shape_of(3, s->dim + 1);
    const int32_t *perm = to_memory ? (int32_t[]){1, 2, 0} : (int32_t[]){2, 0, 1};
    return op_reshape(op_transpose(op_reshape(v, &from), perm), tensor_shape(v));
}

/* W^T u and W v, as rows. */
static gan_tensor *to_inputs(const gan_module *m, gan_tensor *u, gan_tensor *matrix) {
    return op_matmul(u, matrix, 0, m->class->outputs_last);
}

static gan_tensor *to_outputs(const gan_module *m, gan_tensor *v, gan_tensor *matrix) {
    return op_matmul(v, matrix, 0, !m->class->outputs_last);
}

static gan_tensor *unit(gan_tensor *row) {
    return op_div(row, op_clamp(op_row_norm(row), 1e-12, INFINITY));
}

/* One step of the power iteration (lines 3 and 4), into the buffers: v = W^T u / |.|,
 * u = W v / |.|. Gives the new ones, which graphs may save: the buffers move again with the next
 * forward. */
static int32_t power_step(gan_module *m, gan_tensor *kernel, gan_tensor **u, gan_tensor **v) {
    gan_tensor *u_kept = module_own(m, "weight_u"), *v_kept = module_own(m, "weight_v");
    int before = autograd_recording(m->base.ctx, 0);
    gan_tensor *matrix = as_matrix(m, kernel);
    *v = unit(to_inputs(m, as_row(u_kept), matrix));
    *u = unit(to_outputs(m, *v, matrix));
    gan_tensor *v_ordered = reorder(m, kernel, *v, 0);
    autograd_recording(m->base.ctx, before);
    if (!*u || !v_ordered) return GAN_ENOMEM;
    /* A kernel of zeros, or with a NaN, has no direction: u would not come back from it. */
    if (!(reduce_sum_squares(m->base.ctx, tensor_size(*u), tensor_values(*u)) > 0)) return GAN_OK;
    tensor_copy(u_kept, *u);
    tensor_copy(v_kept, v_ordered);
    return GAN_OK;
}

/* sigma = u^T W v, differentiable in W with u and v as constants (section 2.1). */
static gan_tensor *largest_singular_value(const gan_module *m, gan_tensor *kernel, gan_tensor *u,
                                          gan_tensor *v) {
    const shape number = shape_scalar();
    gan_tensor *product = op_matmul(to_inputs(m, u, as_matrix(m, kernel)), v, 0, 1);
    return product ? op_reshape(product, &number) : NULL;
}

/* With the vectors that are kept. Where x is tracked they are recorded as if they were parameters,
 * so that a trace from x to the result says where every number comes from. */
static gan_tensor *value_as_kept(const gan_module *m, gan_tensor *kernel, gan_tensor *x) {
    gan_tensor *u = module_own(m, "weight_u"), *v = module_own(m, "weight_v");
    tensor_make_leaf(u, !tensor_tracked(x));
    tensor_make_leaf(v, !tensor_tracked(x));
    gan_tensor *sigma =
        largest_singular_value(m, kernel, as_row(u), reorder(m, kernel, as_row(v), 1));
    tensor_make_leaf(u, 1);
    tensor_make_leaf(v, 1);
    return sigma;
}

static gan_tensor *value_of_next_step(gan_module *m, gan_tensor *kernel) {
    gan_tensor *u, *v;
    return power_step(m, kernel, &u, &v) ? NULL : largest_singular_value(m, kernel, u, v);
}

gan_tensor *affine_kernel(const gan_module *m) {
    gan_tensor *plain = module_own(m, "weight");
    return plain ? plain : module_own(m, "weight_orig");
}

gan_tensor *affine_weight(gan_module *m, gan_tensor *x) {
    gan_tensor *kernel = module_own(m, "weight_orig");
    if (!kernel) return module_own(m, "weight");
    gan_tensor *sigma = m->training ? value_of_next_step(m, kernel) : value_as_kept(m, kernel, x);
    return op_mul(kernel, op_safe_reciprocal(sigma)); /* a kernel of zeros stays as it is */
}

/* ---- setting up ------------------------------------------------------------------------------ */

static int32_t iterate(gan_module *m, gan_tensor *kernel) {
    gan_context *ctx = m->base.ctx;
    gan_tensor *u, *v;
    int64_t mark = scope_begin(ctx);
    int32_t code = mark < 0 ? (int32_t)mark : GAN_OK;
    for (int i = 0; i < FIRST_STEPS && !code; i++) code = power_step(m, kernel, &u, &v);
    scope_escape(ctx, mark, NULL);
    return code;
}

static int32_t add_vectors(gan_module *m, gan_tensor *kernel) {
    const shape *s = tensor_shape(kernel);
    int64_t outputs = s->dim[m->class->outputs_last ? s->rank - 1 : 0];
    shape left = shape_1(outputs), right = shape_1(tensor_size(kernel) / outputs);
    gan_tensor *u = module_add_entry(m, "weight_u", ROLE_BUFFER, LAYOUT_SAME, &left);
    gan_tensor *v = u ? module_add_entry(m, "weight_v", ROLE_BUFFER, LAYOUT_SAME, &right) : NULL;
    if (!v) return GAN_ENOMEM;
    init_normal(u, 1);
    return iterate(m, kernel);
}

/* A layer is under spectral norm when its weight has the other name, which comes last. */
static int32_t normalise_layer(gan_module *m) {
    size_t before = m->entry_count;
    int32_t code = add_vectors(m, module_own(m, "weight"));
    if (!code) code = module_rename_entry(m, module_own_entry(m, "weight"), "weight_orig");
    if (code) module_drop_entries(m, before);
    return code;
}

int32_t module_spectral_norm(gan_module *m) {
    const entry *weight = module_own_entry(m, "weight");
    int32_t code = weight && weight->role == ROLE_WEIGHT ? normalise_layer(m) : GAN_OK;
    for (size_t i = 0; i < m->child_count && !code; i++)
        code = module_spectral_norm(m->children[i]);
    return code;
}
