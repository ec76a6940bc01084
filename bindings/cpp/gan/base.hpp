// What every other header of the C++ interface stands on: the exception, spans, owners of handles.
//
// SPDX-License-Identifier: MIT
#ifndef GAN_BASE_HPP
#define GAN_BASE_HPP

#include <gan.h>

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <iterator>
#include <memory>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>

namespace gan {

// What a call failed with: a code of GAN_E…, and the library's one line of text.
class error : public std::runtime_error {
  public:
    error(int32_t code, const std::string &text) : std::runtime_error(text), code_(code) {}
    int32_t code() const noexcept { return code_; }

  private:
    int32_t code_;
};

// A pointer and a number of elements, not owned. As a parameter it takes a vector, an array, any
// container with data() and size(), or a braced list, which lives as long as the call.
template <class T> class span {
    // The pointer to a container's elements, where it converts to ours.
    template <class C>
    using pointer_of =
        std::enable_if_t<!std::is_same_v<std::decay_t<C>, span> &&
                         std::is_convertible_v<decltype(std::data(std::declval<C &>())), T *>>;
    struct nothing {};
    using list = std::conditional_t<std::is_const_v<T>,
                                    std::initializer_list<std::remove_const_t<T>>, nothing>;

  public:
    constexpr span() noexcept = default;
    constexpr span(T *data, std::size_t size) noexcept : data_(data), size_(size) {}
    template <class C, class = pointer_of<C>>
    constexpr span(C &&container) noexcept
        : data_(std::data(container)), size_(std::size(container)) {}
    constexpr span(list values) noexcept : span(std::data(values), std::size(values)) {}

    constexpr T *data() const noexcept { return data_; }
    constexpr std::size_t size() const noexcept { return size_; }
    constexpr bool empty() const noexcept { return size_ == 0; }
    constexpr T &operator[](std::size_t i) const noexcept { return data_[i]; }
    constexpr T *begin() const noexcept { return data_; }
    constexpr T *end() const noexcept { return data_ + size_; }

  private:
    T *data_ = nullptr;
    std::size_t size_ = 0;
};

// Sizes of axes: {64, 28, 28, 1}.
using shape = span<const int64_t>;

// An options struct of C that begins with the defaults.
template <class T, void (*Init)(T *, std::size_t)> struct options : T {
    options() : T() { Init(this, sizeof(T)); }
};

using context_opts = options<gan_context_opts, gan_context_opts_init>;
using conv2d_opts = options<gan_conv2d_opts, gan_conv2d_opts_init>;
using kernel_opts = options<gan_kernel_opts, gan_kernel_opts_init>;
using norm_opts = options<gan_norm_opts, gan_norm_opts_init>;
using penalty_opts = options<gan_penalty_opts, gan_penalty_opts_init>;
using augment_opts = options<gan_augment_opts, gan_augment_opts_init>;
using adam_opts = options<gan_adam_opts, gan_adam_opts_init>;
using rmsprop_opts = options<gan_rmsprop_opts, gan_rmsprop_opts_init>;
using sgd_opts = options<gan_sgd_opts, gan_sgd_opts_init>;
using model_opts = options<gan_model_opts, gan_model_opts_init>;
using data_opts = options<gan_data_opts, gan_data_opts_init>;
using sheet_opts = options<gan_sheet_opts, gan_sheet_opts_init>;
using loader_opts = options<gan_loader_opts, gan_loader_opts_init>;
using sampler_opts = options<gan_sampler_opts, gan_sampler_opts_init>;
using sampler_request = options<gan_sampler_request, gan_sampler_request_init>;

namespace detail {

template <auto Release> struct releaser {
    template <class T> void operator()(T *handle) const noexcept { Release(handle); }
};

// A handle that is the object's own, given back by its function of C.
template <class T, auto Release> using owner = std::unique_ptr<T, releaser<Release>>;

// Throws for a status, or with code 0 for a NULL, whose error is pending. Without one the NULL came
// from an empty object.
[[noreturn]] inline void fail(gan_context *ctx, int32_t code) {
    if (!ctx) throw error(code ? code : GAN_EINVAL, "an empty object was used");
    const std::string text = gan_last_error(ctx);
    const int32_t pending = gan_error_code(ctx);
    if (!code && !pending) throw error(GAN_EINVAL, "an empty object was given");
    code = code ? code : pending;
    throw error(code, text.empty() ? gan_status_name(code) : text);
}

// A status or count that is no error.
template <class Status> Status checked(gan_context *ctx, Status status) {
    if (!ctx || status < 0) fail(ctx, static_cast<int32_t>(status < 0 ? status : 0));
    return status;
}

// A handle that is not NULL.
template <class T> T *valid(gan_context *ctx, T *handle) {
    if (!handle) fail(ctx, 0);
    return handle;
}

// C cannot see how long the caller's array is. Negative sizes are its to refuse.
inline void match(std::size_t count, shape dims) {
    std::size_t wanted = 1;
    for (int64_t size : dims) {
        if (size < 0) return;
        const std::size_t n = static_cast<std::size_t>(size);
        wanted = n && wanted > SIZE_MAX / n ? SIZE_MAX : wanted * n;
    }
    if (count != wanted)
        throw error(GAN_EINVAL,
                    std::to_string(count) + " values for a shape of " + std::to_string(wanted));
}

// A struct for results, as C wants it.
template <class T> T sized() {
    T out = {};
    out.struct_size = sizeof out;
    return out;
}

inline int32_t count_of(std::size_t n) {
    if (n > INT32_MAX) throw error(GAN_EINVAL, "a span has more than 2^31 - 1 elements");
    return static_cast<int32_t>(n);
}

} // namespace detail
} // namespace gan

#endif
