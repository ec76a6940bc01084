// gan::context and the guards of scopes and of the recorder: gan/base.h, and what makes tensors.
//
// SPDX-License-Identifier: MIT
#ifndef GAN_CONTEXT_HPP
#define GAN_CONTEXT_HPP

#include "gan/tensor.hpp"

namespace gan {

// Memory, threads, random numbers, errors. Its destruction ends scopes and graphs.
class context {
  public:
    explicit context(const gan_context_opts &opts = context_opts()) {
        gan_context *out = nullptr;
        const int32_t code = gan_context_create(&opts, &out);
        if (code < 0)
            throw error(code, std::string("gan_context_create: ") + gan_status_name(code));
        handle_.reset(out);
    }
    explicit context(uint64_t seed) : context(seeded(seed)) {}

    gan_context *get() const noexcept { return handle_.get(); }

    // Throws for the negative status of a function of C that was given this context or what is its.
    template <class Status> Status check(Status status) const {
        return detail::checked(get(), status);
    }

    tensor zeros(shape dims) const { return taken(gan_zeros(get(), dims.data(), rank(dims))); }
    tensor full(shape dims, double value) const {
        return taken(gan_full(get(), dims.data(), rank(dims), value));
    }
    tensor scalar(double value) const { return taken(gan_scalar(get(), value)); }

    // A copy of as many values as the shape says.
    tensor from_floats(span<const float> values, shape dims) const {
        detail::match(values.size(), dims);
        return taken(gan_from_floats(get(), values.data(), dims.data(), rank(dims)));
    }
    tensor from_doubles(span<const double> values, shape dims) const {
        detail::match(values.size(), dims);
        return taken(gan_from_doubles(get(), values.data(), dims.data(), rank(dims)));
    }
    tensor one_hot(span<const int32_t> labels, int64_t classes) const {
        return taken(
            gan_one_hot(get(), labels.data(), static_cast<int64_t>(labels.size()), classes));
    }
    tensor rand(shape dims, double lo = 0, double hi = 1) const {
        return taken(gan_rand(get(), dims.data(), rank(dims), lo, hi));
    }
    tensor randn(shape dims) const { return taken(gan_randn(get(), dims.data(), rank(dims))); }
    tensor rand_truncated(shape dims, double mean = 0, double std = 1, double bound = 2) const {
        return taken(gan_rand_truncated(get(), dims.data(), rank(dims), mean, std, bound));
    }
    tensor png_read(const std::string &path, int32_t channels = 3, double lo = -1,
                    double hi = 1) const {
        return taken(gan_png_read(get(), path.c_str(), channels, lo, hi));
    }

    void seed(uint64_t seed) { check(gan_context_seed(get(), seed)); }
    void trim() { gan_context_trim(get()); }
    void reset_peak() { gan_context_reset_peak(get()); }
    gan_stats stats() const {
        gan_stats stats = detail::sized<gan_stats>();
        check(gan_context_stats(get(), &stats));
        return stats;
    }

  private:
    static context_opts seeded(uint64_t seed) {
        context_opts opts;
        opts.seed = seed;
        return opts;
    }
    static int32_t rank(shape dims) { return detail::count_of(dims.size()); }

    tensor taken(gan_tensor *borrowed) const { return tensor::taken(get(), borrowed); }

    detail::owner<gan_context, gan_context_destroy> handle_;
};

namespace detail {

// What a context's objects have in common: a handle of their own, and where their errors are
// pending. Without a handle (never made, moved from) it is empty: what can throw refuses it.
template <class T, auto Release> class object {
  public:
    T *get() const noexcept { return handle_.get(); }
    explicit operator bool() const noexcept { return handle_ != nullptr; }
    gan_context *context_handle() const noexcept { return handle_ ? ctx_ : nullptr; }

  protected:
    object() noexcept = default;
    object(gan_context *ctx, T *owned) noexcept : ctx_(ctx), handle_(owned) {}

    // What a function of C makes of the arguments, its last one being where to.
    template <class Create, class First, class... Rest>
    object(gan_context *ctx, Create create, First first, Rest... rest) : ctx_(ctx) {
        T *out = nullptr;
        checked(ctx, create(first, rest..., &out));
        handle_.reset(out);
    }

    void check(int32_t status) const { checked(context_handle(), status); }
    tensor taken(gan_tensor *borrowed) const { return tensor::taken(context_handle(), borrowed); }

  private:
    gan_context *ctx_ = nullptr;
    owner<T, Release> handle_;
};

} // namespace detail

// A scope of the enclosing block: a training step. It must end before its context does.
class scope {
  public:
    explicit scope(const context &ctx)
        : ctx_(ctx.get()), mark_(ctx.check(gan_scope_begin(ctx.get()))) {}
    ~scope() { gan_scope_end(ctx_, mark_); }
    scope(const scope &) = delete;
    scope &operator=(const scope &) = delete;

  private:
    gan_context *ctx_;
    int64_t mark_;
};

// Recording on or off in the enclosing block.
class recording {
  public:
    recording(const context &ctx, bool on)
        : ctx_(ctx.get()), before_(ctx.check(gan_recording(ctx.get(), on))) {}
    ~recording() { gan_recording(ctx_, before_); }
    recording(const recording &) = delete;
    recording &operator=(const recording &) = delete;

  private:
    gan_context *ctx_;
    int32_t before_;
};

// What a function returns, computed with recording off.
template <class F> auto without_graph(const context &ctx, F &&function) {
    const recording off(ctx, false);
    return std::forward<F>(function)();
}

} // namespace gan

#endif
