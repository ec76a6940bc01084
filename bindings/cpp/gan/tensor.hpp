// gan::tensor: gan/tensor.h.
//
// SPDX-License-Identifier: MIT
#ifndef GAN_TENSOR_HPP
#define GAN_TENSOR_HPP

#include "gan/base.hpp"

#include <vector>

namespace gan {

// An owned tensor. Made by a context, an operator or a module.
class tensor {
  public:
    tensor() noexcept = default; // empty

    // Takes over an owned reference, as C's functions return through **out.
    explicit tensor(gan_tensor *owned) noexcept : handle_(owned) {}

    // What C's operators return: moved out of its scope. What a module or another holder owns: one
    // more reference. NULL throws the pending error.
    static tensor taken(gan_context *ctx, gan_tensor *borrowed) {
        gan_tensor *owned = nullptr;
        detail::checked(ctx, gan_tensor_take(detail::valid(ctx, borrowed), &owned));
        return tensor(owned);
    }
    static tensor shared(gan_context *ctx, gan_tensor *borrowed) {
        return tensor(gan_tensor_ref(detail::valid(ctx, borrowed)));
    }

    // The same tensor once more: nothing is copied.
    tensor share() const { return shared(context(), get()); }

    gan_tensor *get() const noexcept { return handle_.get(); }
    explicit operator bool() const noexcept { return handle_ != nullptr; }
    gan_context *context() const noexcept { return gan_tensor_context(get()); }

    int32_t rank() const noexcept { return gan_tensor_rank(get()); }
    int64_t dim(int32_t axis) const noexcept { return gan_tensor_dim(get(), axis); }
    gan::shape shape() const noexcept {
        return {gan_tensor_shape(get()), static_cast<std::size_t>(rank())};
    }
    std::size_t size() const noexcept { return static_cast<std::size_t>(gan_tensor_size(get())); }
    bool is_tracked() const noexcept { return gan_tensor_is_tracked(get()) != 0; }

    // The elements, not copied: valid until the next update.
    span<const float> data() const {
        return {detail::valid(context(), gan_tensor_data(get())), size()};
    }
    std::vector<float> to_vector() const {
        std::vector<float> values(size());
        read(values);
        return values;
    }
    // As many as the tensor has.
    void read(span<float> values) const {
        check(gan_tensor_read(get(), values.data(), static_cast<int64_t>(values.size())));
    }
    void write(span<const float> values) {
        check(gan_tensor_write(get(), values.data(), static_cast<int64_t>(values.size())));
    }
    // Of a tensor of one element.
    double item() const {
        double value = 0;
        check(gan_tensor_item(get(), &value));
        return value;
    }

  private:
    void check(int32_t status) const { detail::checked(context(), status); }

    detail::owner<gan_tensor, gan_tensor_unref> handle_;
};

namespace detail {

// The result of an operator on x.
inline tensor result(const tensor &x, gan_tensor *borrowed) {
    return tensor::taken(x.context(), borrowed);
}

// Of an operator on two, of which one may be empty: then its error is in the other's context.
inline tensor result(const tensor &a, const tensor &b, gan_tensor *borrowed) {
    return tensor::taken((a ? a : b).context(), borrowed);
}

// The C handles of several tensors; empty ones are NULL.
inline std::vector<gan_tensor *> handles(span<const tensor *const> tensors) {
    std::vector<gan_tensor *> list;
    list.reserve(tensors.size());
    for (const tensor *t : tensors) list.push_back(t ? t->get() : nullptr);
    return list;
}

inline gan_context *context_of(span<const tensor *const> tensors) {
    for (const tensor *t : tensors)
        if (t && *t) return t->context();
    return nullptr;
}

} // namespace detail
} // namespace gan

#endif
