// Operators and differentiation: gan/ops.h and gan/grad.h.
//
// SPDX-License-Identifier: MIT
#ifndef GAN_OPS_HPP
#define GAN_OPS_HPP

#include "gan/tensor.hpp"

namespace gan {

// ---- arithmetic, with broadcasting --------------------------------------------------------------

inline tensor operator+(const tensor &a, const tensor &b) {
    return detail::result(a, b, gan_add(a.get(), b.get()));
}
inline tensor operator-(const tensor &a, const tensor &b) {
    return detail::result(a, b, gan_sub(a.get(), b.get()));
}
inline tensor operator*(const tensor &a, const tensor &b) {
    return detail::result(a, b, gan_mul(a.get(), b.get()));
}
inline tensor operator/(const tensor &a, const tensor &b) {
    return detail::result(a, b, gan_div(a.get(), b.get()));
}
inline tensor operator-(const tensor &x) { return detail::result(x, gan_neg(x.get())); }

inline tensor operator+(const tensor &x, double value) {
    return detail::result(x, gan_add_scalar(x.get(), value));
}
inline tensor operator*(const tensor &x, double factor) {
    return detail::result(x, gan_scale(x.get(), factor));
}
inline tensor operator+(double value, const tensor &x) { return x + value; }
inline tensor operator-(const tensor &x, double value) { return x + -value; }
inline tensor operator-(double value, const tensor &x) { return -x + value; }
inline tensor operator*(double factor, const tensor &x) { return x * factor; }
inline tensor operator/(const tensor &x, double value) {
    return x / detail::result(x, gan_scalar(x.context(), value));
}
inline tensor operator/(double value, const tensor &x) {
    return detail::result(x, gan_scalar(x.context(), value)) / x;
}

inline tensor maximum(const tensor &a, const tensor &b) {
    return detail::result(a, b, gan_maximum(a.get(), b.get()));
}
inline tensor minimum(const tensor &a, const tensor &b) {
    return detail::result(a, b, gan_minimum(a.get(), b.get()));
}

// ---- one operand --------------------------------------------------------------------------------

inline tensor square(const tensor &x) { return detail::result(x, gan_square(x.get())); }
inline tensor exp(const tensor &x) { return detail::result(x, gan_exp(x.get())); }
inline tensor log(const tensor &x) { return detail::result(x, gan_log(x.get())); }
inline tensor sqrt(const tensor &x) { return detail::result(x, gan_sqrt(x.get())); }
inline tensor pow(const tensor &x, double exponent) {
    return detail::result(x, gan_pow(x.get(), exponent));
}
inline tensor abs(const tensor &x) { return detail::result(x, gan_abs(x.get())); }
inline tensor clamp(const tensor &x, double lo, double hi) {
    return detail::result(x, gan_clamp(x.get(), lo, hi));
}
inline tensor relu(const tensor &x) { return detail::result(x, gan_relu(x.get())); }
inline tensor leaky_relu(const tensor &x, double slope) {
    return detail::result(x, gan_leaky_relu(x.get(), slope));
}
inline tensor elu(const tensor &x, double alpha = 1) {
    return detail::result(x, gan_elu(x.get(), alpha));
}
inline tensor tanh(const tensor &x) { return detail::result(x, gan_tanh(x.get())); }
inline tensor sigmoid(const tensor &x) { return detail::result(x, gan_sigmoid(x.get())); }
inline tensor softplus(const tensor &x) { return detail::result(x, gan_softplus(x.get())); }

// ---- products -----------------------------------------------------------------------------------

inline tensor matmul(const tensor &a, const tensor &b, bool transpose_a = false,
                     bool transpose_b = false) {
    return detail::result(a, b, gan_matmul(a.get(), b.get(), transpose_a, transpose_b));
}
inline tensor conv2d(const tensor &x, const tensor &w,
                     const gan_conv2d_opts &opts = conv2d_opts()) {
    return detail::result(x, w, gan_conv2d(x.get(), w.get(), &opts));
}
inline tensor conv_transpose2d(const tensor &x, const tensor &w,
                               const gan_conv2d_opts &opts = conv2d_opts()) {
    return detail::result(x, w, gan_conv_transpose2d(x.get(), w.get(), &opts));
}
inline tensor conv2d_data_grad(const tensor &g, const tensor &w, int64_t h, int64_t width,
                               const gan_conv2d_opts &opts = conv2d_opts()) {
    return detail::result(g, w, gan_conv2d_data_grad(g.get(), w.get(), h, width, &opts));
}
inline tensor conv2d_weight_grad(const tensor &x, const tensor &g, int64_t kh, int64_t kw,
                                 const gan_conv2d_opts &opts = conv2d_opts()) {
    return detail::result(x, g, gan_conv2d_weight_grad(x.get(), g.get(), kh, kw, &opts));
}

// ---- reductions: over the listed axes, or all ---------------------------------------------------

inline tensor sum(const tensor &x, span<const int32_t> axes = {}, bool keep = false) {
    return detail::result(x, gan_sum(x.get(), axes.data(), detail::count_of(axes.size()), keep));
}
inline tensor mean(const tensor &x, span<const int32_t> axes = {}, bool keep = false) {
    return detail::result(x, gan_mean(x.get(), axes.data(), detail::count_of(axes.size()), keep));
}
inline tensor max(const tensor &x, span<const int32_t> axes = {}, bool keep = false) {
    return detail::result(x, gan_max(x.get(), axes.data(), detail::count_of(axes.size()), keep));
}
inline tensor std(const tensor &x, span<const int32_t> axes = {}, bool keep = false,
                  int32_t correction = 1) {
    return detail::result(
        x, gan_std(x.get(), axes.data(), detail::count_of(axes.size()), keep, correction));
}
inline tensor l2_norm(const tensor &x) { return detail::result(x, gan_l2_norm(x.get())); }

// ---- layout -------------------------------------------------------------------------------------

namespace detail {

// C reads as many entries as x has axes.
template <class T> T *per_axis(const tensor &x, span<T> values) {
    if (values.size() != static_cast<std::size_t>(x.rank()))
        throw error(GAN_EINVAL, std::to_string(values.size()) + " entries for a tensor of " +
                                    std::to_string(x.rank()) + " axes");
    return values.data();
}

} // namespace detail

inline tensor reshape(const tensor &x, shape dims) {
    return detail::result(x, gan_reshape(x.get(), dims.data(), detail::count_of(dims.size())));
}
inline tensor flatten(const tensor &x) { return detail::result(x, gan_flatten(x.get())); }
inline tensor unflatten(const tensor &x, int64_t c, int64_t h, int64_t w) {
    return detail::result(x, gan_unflatten(x.get(), c, h, w));
}
inline tensor transpose(const tensor &x, span<const int32_t> permutation) {
    return detail::result(x, gan_transpose(x.get(), detail::per_axis(x, permutation)));
}
inline tensor broadcast(const tensor &x, shape dims) {
    return detail::result(x, gan_broadcast(x.get(), dims.data(), detail::count_of(dims.size())));
}
inline tensor concat(span<const tensor *const> tensors, int32_t axis) {
    const auto list = detail::handles(tensors);
    return tensor::taken(detail::context_of(tensors),
                         gan_concat(list.data(), detail::count_of(list.size()), axis));
}
inline tensor slice(const tensor &x, shape start, shape size) {
    return detail::result(
        x, gan_slice(x.get(), detail::per_axis(x, start), detail::per_axis(x, size)));
}
inline tensor pad(const tensor &x, shape before, shape after) {
    return detail::result(
        x, gan_pad(x.get(), detail::per_axis(x, before), detail::per_axis(x, after)));
}
inline tensor gather(const tensor &x, span<const int32_t> index) {
    return detail::result(x, gan_gather(x.get(), index.data(), static_cast<int64_t>(index.size())));
}
inline tensor scatter_add(const tensor &x, span<const int32_t> index, int64_t rows) {
    return detail::result(
        x, gan_scatter_add(x.get(), index.data(), static_cast<int64_t>(index.size()), rows));
}
inline tensor embedding(const tensor &table, span<const int32_t> labels) {
    return detail::result(
        table, gan_embedding(table.get(), labels.data(), static_cast<int64_t>(labels.size())));
}
inline tensor detach(const tensor &x) { return detail::result(x, gan_detach(x.get())); }
inline tensor track(const tensor &x) { return detail::result(x, gan_track(x.get())); }

// ---- images, discriminators, normalisation, probability -----------------------------------------

inline tensor upsample_nearest(const tensor &x, int32_t factor) {
    return detail::result(x, gan_upsample_nearest(x.get(), factor));
}
inline tensor avg_pool2d(const tensor &x, int32_t size, int32_t stride, int32_t pad = 0) {
    return detail::result(x, gan_avg_pool2d(x.get(), size, stride, pad));
}
inline tensor max_pool2d(const tensor &x, int32_t size, int32_t stride, int32_t pad = 0) {
    return detail::result(x, gan_max_pool2d(x.get(), size, stride, pad));
}

inline tensor pack(const tensor &x, int64_t m) { return detail::result(x, gan_pack(x.get(), m)); }
inline tensor minibatch_std(const tensor &x, int64_t group = 0) {
    return detail::result(x, gan_minibatch_std(x.get(), group));
}
inline tensor projection(const tensor &features, const tensor &embedded) {
    return detail::result(features, embedded, gan_projection(features.get(), embedded.get()));
}
inline tensor label_maps(const tensor &rows, int64_t h, int64_t w) {
    return detail::result(rows, gan_label_maps(rows.get(), h, w));
}

inline tensor batch_normalize(const tensor &x, double eps = 1e-5) {
    return detail::result(x, gan_batch_normalize(x.get(), eps));
}
inline tensor instance_normalize(const tensor &x, double eps = 1e-5) {
    return detail::result(x, gan_instance_normalize(x.get(), eps));
}
inline tensor layer_normalize(const tensor &x, double eps = 1e-5) {
    return detail::result(x, gan_layer_normalize(x.get(), eps));
}
inline tensor group_normalize(const tensor &x, int32_t groups, double eps = 1e-5) {
    return detail::result(x, gan_group_normalize(x.get(), groups, eps));
}

inline tensor softmax(const tensor &x) { return detail::result(x, gan_softmax(x.get())); }
inline tensor log_softmax(const tensor &x) { return detail::result(x, gan_log_softmax(x.get())); }
inline tensor cross_entropy(const tensor &logits, span<const int32_t> labels) {
    return detail::result(logits, gan_cross_entropy(logits.get(), labels.data(),
                                                    static_cast<int64_t>(labels.size())));
}
inline tensor dropout(const tensor &x, double p) {
    return detail::result(x, gan_dropout(x.get(), p));
}

inline void png_write_grid(const tensor &images, const std::string &path, int32_t columns = 8,
                           int32_t gap = 2, double lo = -1, double hi = 1) {
    detail::checked(images.context(),
                    gan_png_write_grid(images.get(), path.c_str(), columns, gap, lo, hi));
}

// ---- differentiation ----------------------------------------------------------------------------

// d y / d x for a y of one element; flags are a sum of GAN_GRAD_….
inline tensor grad(const tensor &y, const tensor &x, uint32_t flags = 0) {
    gan_tensor *input = x.get(), *out = nullptr;
    detail::checked(y.context(), gan_grad(y.get(), &input, 1, flags, &out));
    return tensor(out);
}

namespace detail {

// The gradients that a sweep gives to `inputs`.
template <class Sweep>
std::vector<tensor> sweep(const tensor &y, span<const tensor *const> inputs, Sweep &&run) {
    const auto list = handles(inputs);
    std::vector<gan_tensor *> out(list.size());
    std::vector<tensor> gradients(list.size()); // before the sweep: nothing may throw after it
    checked(y.context(), run(list, out.data()));
    for (std::size_t i = 0; i < out.size(); i++) gradients[i] = tensor(out[i]);
    return gradients;
}

} // namespace detail

// With respect to several: grad(y, {&a, &b}).
inline std::vector<tensor> grad(const tensor &y, span<const tensor *const> inputs,
                                uint32_t flags = 0) {
    return detail::sweep(y, inputs, [&](const auto &list, gan_tensor **out) {
        return gan_grad(y.get(), list.data(), list.size(), flags, out);
    });
}
// The gradients of sum(cotangent * y), for a y of any shape.
inline std::vector<tensor> vjp(const tensor &y, const tensor &cotangent,
                               span<const tensor *const> inputs, uint32_t flags = 0) {
    return detail::sweep(y, inputs, [&](const auto &list, gan_tensor **out) {
        return gan_vjp(y.get(), cotangent.get(), list.data(), list.size(), flags, out);
    });
}

} // namespace gan

#endif
