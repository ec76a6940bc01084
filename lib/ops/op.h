/* The operators' constructors: what the library itself composes, derivatives included.
 *
 * Each checks its inputs, runs, records, and returns a tensor of the current scope, or NULL with
 * the error set; NULL in gives NULL out. Error texts name the public function that hosts know. */
#ifndef GAN_OPS_OP_H
#define GAN_OPS_OP_H

#include "core/shape.h"
#include "core/tensor.h"
#include "gan/ops.h"
#include "kernels/kernels.h"

/* eltwise.c: two operands, broadcast. */
gan_tensor *op_add(gan_tensor *a, gan_tensor *b);
gan_tensor *op_sub(gan_tensor *a, gan_tensor *b);
gan_tensor *op_mul(gan_tensor *a, gan_tensor *b);
gan_tensor *op_div(gan_tensor *a, gan_tensor *b);
gan_tensor *op_maximum(gan_tensor *a, gan_tensor *b);
gan_tensor *op_minimum(gan_tensor *a, gan_tensor *b);

/* sum += g, of one shape, in place and off the tape: for a sum that nobody else holds. */
void op_add_into(gan_tensor *sum, gan_tensor *g);

/* act(x + bias along the last axis). */
gan_tensor *op_bias_act(gan_tensor *x, gan_tensor *bias, activation act);

/* unary.c */
gan_tensor *op_affine(gan_tensor *x, double factor, double offset);
gan_tensor *op_exp(gan_tensor *x);
gan_tensor *op_log(gan_tensor *x);
gan_tensor *op_sqrt(gan_tensor *x, int safe); /* safe: derivative 0 where the root is < 1e-12 */
gan_tensor *op_pow(gan_tensor *x, double exponent);
gan_tensor *op_abs(gan_tensor *x);
gan_tensor *op_clamp(gan_tensor *x, double lo, double hi);
gan_tensor *op_leaky_relu(gan_tensor *x, double slope);
gan_tensor *op_elu(gan_tensor *x, double alpha);
/* g * (y > 0 ? 1 : y + alpha): g through the elu whose result is y. */
gan_tensor *op_elu_gate(gan_tensor *g, gan_tensor *y, double alpha);
gan_tensor *op_activate(gan_tensor *x, activation act); /* x for none */
gan_tensor *op_tanh(gan_tensor *x);
gan_tensor *op_sigmoid(gan_tensor *x);
gan_tensor *op_softplus(gan_tensor *x);
gan_tensor *op_safe_reciprocal(gan_tensor *x); /* 1/x, and 0 where |x| < 1e-12 */
/* g * (x < t ? below : x > t ? above : at): linear in g, flat in x. Same shapes. */
gan_tensor *op_gate(gan_tensor *g, gan_tensor *x, double t, double below, double at, double above);
/* The mask is a function of (key, counter). */
gan_tensor *op_dropout(gan_tensor *x, double p, uint64_t key, uint64_t counter);

/* matmul.c */
gan_tensor *op_matmul(gan_tensor *a, gan_tensor *b, int ta, int tb);

/* conv.c */
gan_tensor *op_conv(gan_tensor *x, gan_tensor *w, const conv_geom *geom);
gan_tensor *op_conv_data_grad(gan_tensor *g, gan_tensor *w, const conv_geom *geom);
gan_tensor *op_conv_weight_grad(gan_tensor *x, gan_tensor *g, const conv_geom *geom);
/* The public forms: they work out the geometry; opts is complete. */
gan_tensor *op_conv2d(gan_tensor *x, gan_tensor *w, const gan_conv2d_opts *opts, const char *name);
/* act(conv2d + bias (O)) in one pass. */
gan_tensor *op_conv2d_bias_act(gan_tensor *x, gan_tensor *w, gan_tensor *bias,
                               const gan_conv2d_opts *opts, activation act, const char *name);
gan_tensor *op_conv_transpose2d(gan_tensor *x, gan_tensor *w, const gan_conv2d_opts *opts,
                                const char *name);
gan_tensor *op_conv2d_data_grad(gan_tensor *g, gan_tensor *w, int64_t h, int64_t width,
                                const gan_conv2d_opts *opts);
gan_tensor *op_conv2d_weight_grad(gan_tensor *x, gan_tensor *g, int64_t kh, int64_t kw,
                                  const gan_conv2d_opts *opts);
/* Stride, dilation and padding in range; 0, or an error naming `function`. */
int32_t conv2d_opts_check(gan_context *ctx, const char *function, const gan_conv2d_opts *opts);

/* reduce.c */
gan_tensor *op_sum_to(gan_tensor *x, const shape *to); /* the adjoint of broadcasting; x if equal */
gan_tensor *op_broadcast_to(gan_tensor *x, const shape *to); /* x if equal */
gan_tensor *op_sum_axes(gan_tensor *x, const int32_t *axes, int32_t n, int keep, const char *name);
gan_tensor *op_mean_axes(gan_tensor *x, const int32_t *axes, int32_t n, int keep, const char *name);
gan_tensor *op_max_axes(gan_tensor *x, const int32_t *axes, int32_t n, int keep);
gan_tensor *op_std_axes(gan_tensor *x, const int32_t *axes, int32_t n, int keep, int correction);
gan_tensor *op_sum_all(gan_tensor *x);
gan_tensor *op_mean_all(gan_tensor *x);
gan_tensor *op_row_norm(gan_tensor *x);    /* (N,...) to (N) */
gan_tensor *op_log_softmax(gan_tensor *x); /* over the last axis */
gan_tensor *op_cross_entropy(gan_tensor *logits, const int32_t *labels, int64_t n);

/* layout.c */
gan_tensor *op_reshape(gan_tensor *x, const shape *to); /* equal sizes */
gan_tensor *op_reshape_infer(gan_tensor *x, const int64_t *dims, int32_t rank);
gan_tensor *op_transpose(gan_tensor *x, const int32_t *perm);
gan_tensor *op_flatten(gan_tensor *x);
gan_tensor *op_unflatten(gan_tensor *x, int64_t c, int64_t h, int64_t w);
gan_tensor *op_concat(gan_tensor *const *xs, int32_t n, int32_t axis);
gan_tensor *op_slice(gan_tensor *x, const int64_t *start, const int64_t *size);
gan_tensor *op_pad(gan_tensor *x, const int64_t *before, const int64_t *after);
gan_tensor *op_detach(gan_tensor *x);
gan_tensor *op_track(gan_tensor *x);

/* discriminator.c: compositions of the others */
gan_tensor *op_pack(gan_tensor *x, int64_t m);
gan_tensor *op_minibatch_std(gan_tensor *x, int64_t group);
gan_tensor *op_projection(gan_tensor *features, gan_tensor *embedded);
gan_tensor *op_label_maps(gan_tensor *rows, int64_t h, int64_t w);
/* (n, classes), whose sizes have been checked; labels may be NULL for n 0. */
gan_tensor *op_one_hot(const char *function, gan_context *ctx, const int32_t *labels, int64_t n,
                       int64_t classes);

/* gather.c */
gan_tensor *op_gather(gan_tensor *x, const int32_t *index, int64_t n, const char *name);
gan_tensor *op_scatter_add(gan_tensor *x, const int32_t *index, int64_t n, int64_t rows);
/* Runs of `width` elements of x, by number; consumes `index` (int32, one per run of `to`). aligned:
 * block n of the output reads block n of x only, along axis 0. */
gan_tensor *op_pick(gan_tensor *x, storage *index, int64_t width, const shape *to, int aligned);

/* pool.c */
gan_tensor *op_pool_sum(gan_tensor *x, const pool_geom *geom);
gan_tensor *op_pool_spread(gan_tensor *y, const pool_geom *geom);
enum { UPSAMPLE_MOST = 1024 }; /* the largest factor */
gan_tensor *op_upsample_nearest(gan_tensor *x, int32_t factor);
gan_tensor *op_avg_pool(gan_tensor *x, int32_t size, int32_t stride, int32_t pad);
gan_tensor *op_max_pool(gan_tensor *x, int32_t size, int32_t stride, int32_t pad);

/* norm.c. The operators read the statistics of x, which they work out where `stats` is NULL, and
 * keep for their derivatives: a cache of what x determines, never an input of its own. */
/* (3, a, b): mean, biased variance, 1 / sqrt(var + eps). The caller's; NULL with the error set. */
storage *op_norm_stats(gan_tensor *x, const norm_geom *geom, double eps);
gan_tensor *op_normalize(gan_tensor *x, const norm_geom *geom, double eps, storage *stats);
gan_tensor *op_norm_project(gan_tensor *x, gan_tensor *g, const norm_geom *geom, double eps,
                            storage *stats);
gan_tensor *op_norm_project_grad(gan_tensor *x, gan_tensor *g, gan_tensor *u, const norm_geom *geom,
                                 double eps, storage *stats);
/* (a, 1, b, 1) */
gan_tensor *op_norm_scale(gan_tensor *x, const norm_geom *geom, double eps, storage *stats);
gan_tensor *op_norm_dot(gan_tensor *x, gan_tensor *g, const norm_geom *geom, double eps,
                        storage *stats);
/* act(normalize(x) * gain + shift). gain and shift broadcast to x and have b * r2 elements each. */
gan_tensor *op_norm_affine(gan_tensor *x, gan_tensor *gain, gan_tensor *shift,
                           const norm_geom *geom, double eps, activation act, storage *stats);
/* The four group geometries; 0, or an error naming `function`. */
int32_t norm_geom_batch(const char *function, gan_tensor *x, norm_geom *geom);
int32_t norm_geom_instance(const char *function, gan_tensor *x, norm_geom *geom);
int32_t norm_geom_layer(const char *function, gan_tensor *x, norm_geom *geom);
int32_t norm_geom_group(const char *function, gan_tensor *x, int32_t groups, norm_geom *geom);

#endif
