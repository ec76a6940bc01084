// Modules: gan/nn.h and the files of weights of gan/io.h.
//
// SPDX-License-Identifier: MIT
#ifndef GAN_NN_HPP
#define GAN_NN_HPP

#include "gan/context.hpp"
#include "gan/ops.hpp"

namespace gan {

// A borrowed module: a layer, or any module as a parameter. Copies refer to the same tree.
class module_ref {
  public:
    module_ref() noexcept = default; // empty
    module_ref(gan_context *ctx, gan_module *borrowed) noexcept : ctx_(ctx), handle_(borrowed) {}

    gan_module *get() const noexcept { return handle_; }
    explicit operator bool() const noexcept { return handle_ != nullptr; }
    gan_context *context() const noexcept { return ctx_; }

    tensor operator()(const tensor &x) const {
        return tensor::taken(handle_ ? ctx_ : x.context(), gan_forward(get(), x.get()));
    }
    tensor forward_labels(span<const int32_t> labels) const {
        return taken(gan_forward_labels(get(), labels.data(), static_cast<int64_t>(labels.size())));
    }

    // ---- children; without a name they are numbered ----

    module_ref add_module(const char *name = nullptr) const {
        return child(gan_add_module(get(), name));
    }
    module_ref add_sequential(const char *name = nullptr) const {
        return child(gan_add_sequential(get(), name));
    }
    tensor add_parameter(const char *name, const tensor &value) const {
        return tensor::shared(ctx_, gan_add_parameter(get(), name, value.get()));
    }
    tensor add_buffer(const char *name, const tensor &value) const {
        return tensor::shared(ctx_, gan_add_buffer(get(), name, value.get()));
    }
    // The descendant at a dotted path, or an empty reference.
    module_ref find_module(const char *path) const { return {ctx_, gan_module_child(get(), path)}; }

    module_ref add_dense(int64_t in, int64_t out, bool bias = true,
                         const char *name = nullptr) const {
        return child(gan_add_dense(get(), name, in, out, bias));
    }
    module_ref add_conv2d(int64_t in, int64_t out, int32_t k,
                          const gan_conv2d_opts &opts = conv2d_opts(),
                          const char *name = nullptr) const {
        return child(gan_add_conv2d(get(), name, in, out, k, &opts));
    }
    module_ref add_conv_transpose2d(int64_t in, int64_t out, int32_t k,
                                    const gan_conv2d_opts &opts = conv2d_opts(),
                                    const char *name = nullptr) const {
        return child(gan_add_conv_transpose2d(get(), name, in, out, k, &opts));
    }
    module_ref add_batch_norm(int64_t channels, const gan_norm_opts &opts = norm_opts(),
                              const char *name = nullptr) const {
        return child(gan_add_batch_norm(get(), name, channels, &opts));
    }
    module_ref add_instance_norm(int64_t channels, const gan_norm_opts &opts = norm_opts(),
                                 const char *name = nullptr) const {
        return child(gan_add_instance_norm(get(), name, channels, &opts));
    }
    module_ref add_layer_norm(shape sample, const gan_norm_opts &opts = norm_opts(),
                              const char *name = nullptr) const {
        return child(
            gan_add_layer_norm(get(), name, sample.data(), detail::count_of(sample.size()), &opts));
    }
    module_ref add_group_norm(int32_t groups, int64_t channels,
                              const gan_norm_opts &opts = norm_opts(),
                              const char *name = nullptr) const {
        return child(gan_add_group_norm(get(), name, groups, channels, &opts));
    }
    module_ref add_relu(const char *name = nullptr) const {
        return child(gan_add_relu(get(), name));
    }
    module_ref add_leaky_relu(double slope, const char *name = nullptr) const {
        return child(gan_add_leaky_relu(get(), name, slope));
    }
    module_ref add_elu(double alpha = 1, const char *name = nullptr) const {
        return child(gan_add_elu(get(), name, alpha));
    }
    module_ref add_tanh(const char *name = nullptr) const {
        return child(gan_add_tanh(get(), name));
    }
    module_ref add_sigmoid(const char *name = nullptr) const {
        return child(gan_add_sigmoid(get(), name));
    }
    module_ref add_softplus(const char *name = nullptr) const {
        return child(gan_add_softplus(get(), name));
    }
    module_ref add_maxout(int64_t in, int64_t out, int32_t pieces,
                          const char *name = nullptr) const {
        return child(gan_add_maxout(get(), name, in, out, pieces));
    }
    module_ref add_embedding(int64_t classes, int64_t width, const char *name = nullptr) const {
        return child(gan_add_embedding(get(), name, classes, width));
    }
    module_ref add_dropout(double p, const char *name = nullptr) const {
        return child(gan_add_dropout(get(), name, p));
    }
    module_ref add_minibatch_std(int64_t group = 0, const char *name = nullptr) const {
        return child(gan_add_minibatch_std(get(), name, group));
    }
    module_ref add_flatten(const char *name = nullptr) const {
        return child(gan_add_flatten(get(), name));
    }
    module_ref add_unflatten(int64_t c, int64_t h, int64_t w, const char *name = nullptr) const {
        return child(gan_add_unflatten(get(), name, c, h, w));
    }
    module_ref add_upsample(int32_t factor, const char *name = nullptr) const {
        return child(gan_add_upsample(get(), name, factor));
    }

    // ---- the tree ----

    void train(bool on = true) const { check(gan_module_train(get(), on)); }
    void eval() const { train(false); }
    void freeze(bool frozen = true) const { check(gan_module_freeze(get(), frozen)); }
    void init(int32_t method, double a = 1) const { check(gan_module_init(get(), method, a)); }
    void clip(double bound, bool weights_only = false) const {
        check(gan_module_clip(get(), bound, weights_only));
    }
    void spectral_norm() const { check(gan_module_spectral_norm(get())); }
    void copy_from(module_ref other) const { check(gan_module_copy(get(), other.get())); }
    // This tree is the average.
    void average(module_ref other, double decay) const {
        check(gan_module_average(get(), other.get(), decay));
    }
    void average_statistics(bool on) const { check(gan_module_average_statistics(get(), on)); }

    std::size_t parameter_count() const noexcept { return gan_module_parameter_count(get()); }
    tensor parameter(std::size_t i) const {
        return tensor::shared(ctx_, gan_module_parameter(get(), i));
    }
    const char *parameter_name(std::size_t i) const {
        return detail::valid(ctx_, gan_module_parameter_name(get(), i));
    }
    std::size_t state_count() const noexcept { return gan_module_state_count(get()); }
    tensor state(std::size_t i) const { return tensor::shared(ctx_, gan_module_state(get(), i)); }
    const char *state_name(std::size_t i) const {
        return detail::valid(ctx_, gan_module_state_name(get(), i));
    }
    // The parameter or buffer of a dotted name, or an empty tensor.
    tensor find(const char *name) const {
        return tensor(gan_tensor_ref(gan_module_find(get(), name)));
    }

    // ---- files ----

    void save(const std::string &path) const { check(gan_module_save(get(), path.c_str())); }
    void save_traced(const std::string &path, const tensor &input, const tensor &output,
                     const std::string &range = "") const {
        check(
            gan_module_save_traced(get(), path.c_str(), input.get(), output.get(), range.c_str()));
    }
    void save_model(const std::string &path, const tensor &input, const tensor &output,
                    const gan_model_opts &opts = model_opts()) const {
        check(gan_module_save_model(get(), path.c_str(), input.get(), output.get(), &opts));
    }
    void save_onnx(const std::string &path, const tensor &input, const tensor &output,
                   const std::string &range = "") const {
        check(gan_module_save_onnx(get(), path.c_str(), input.get(), output.get(), range.c_str()));
    }
    void load(const std::string &path) const { check(gan_module_load(get(), path.c_str())); }
    void load_part(const std::string &path, const std::string &part) const {
        check(gan_module_load_part(get(), path.c_str(), part.c_str()));
    }

  private:
    friend class module;

    module_ref child(gan_module *added) const { return {ctx_, detail::valid(ctx_, added)}; }
    tensor taken(gan_tensor *borrowed) const { return tensor::taken(ctx_, borrowed); }
    void check(int32_t status) const { detail::checked(handle_ ? ctx_ : nullptr, status); }

    gan_context *ctx_ = nullptr;
    gan_module *handle_ = nullptr;
};

// A root that the object owns: a bare tree, or a sequential.
class module : public module_ref {
  public:
    module() noexcept = default; // empty
    explicit module(const gan::context &ctx) : module(ctx, gan_module_create) {}
    static module sequential(const gan::context &ctx) { return {ctx, gan_sequential_create}; }

    module(module &&other) noexcept :module_ref(other), owned_(std::move(other.owned_)) {
        other.forget();
    }
    module &operator=(module &&other) noexcept {
        module_ref::operator=(other);
        owned_ = std::move(other.owned_);
        if (this != &other) other.forget();
        return *this;
    }

  private:
    module(const gan::context &ctx, int32_t (*create)(gan_context *, gan_module **)) {
        ctx_ = ctx.get();
        detail::checked(ctx_, create(ctx_, &handle_));
        owned_.reset(handle_);
    }
    void forget() noexcept { module_ref::operator=(module_ref()); }

    detail::owner<gan_module, gan_module_unref> owned_;
};

// A root that runs its children in order.
inline module sequential(const context &ctx) { return module::sequential(ctx); }

// One tensor drawn anew, by a method of GAN_INIT_….
inline void init(const tensor &t, int32_t method, double a = 1) {
    detail::checked(t.context(), gan_init(t.get(), method, a));
}

} // namespace gan

#endif
