// The sampler, which needs no context: gan/sampler.h.
//
// SPDX-License-Identifier: MIT
#ifndef GAN_SAMPLER_HPP
#define GAN_SAMPLER_HPP

#include "gan/base.hpp"

#include <vector>

namespace gan {

// A generator that was loaded. Its destruction cancels what is on its way, so that memory of a
// request that was begun or started must outlive it: declare the memory first.
class sampler {
  public:
    sampler() noexcept = default; // empty
    explicit sampler(const std::string &path, const gan_sampler_opts &opts = sampler_opts()) {
        load(opts, [&path](const gan_sampler_opts *o, gan_sampler **out) {
            return gan_sampler_load(path.c_str(), o, out);
        });
    }
    // From a file's bytes, which are not kept.
    explicit sampler(span<const uint8_t> file, const gan_sampler_opts &opts = sampler_opts()) {
        load(opts, [file](const gan_sampler_opts *o, gan_sampler **out) {
            return gan_sampler_load_memory(file.data(), file.size(), o, out);
        });
    }

    gan_sampler *get() const noexcept { return handle_.get(); }
    explicit operator bool() const noexcept { return handle_ != nullptr; }

    gan_sampler_info info() const {
        gan_sampler_info info = detail::sized<gan_sampler_info>();
        check(gan_sampler_describe(get(), &info));
        return info;
    }

    // ---- at once ----

    void run(const gan_sampler_request &r) { check(gan_sampler_run(get(), &r)); }

    // n images (n, height, width, channels). labels: one an image, or none.
    std::vector<float> sample_float(uint64_t seed, int64_t n, span<const int32_t> labels = {}) {
        if (n < 1 || n > INT32_MAX) // as C does, which comes after the vector
            throw error(GAN_EINVAL, "gan_sampler_sample_float: n is " + std::to_string(n) +
                                        ", must be positive");
        const gan_sampler_info i = info();
        const int64_t one = int64_t(i.height) * i.width * i.channels;
        std::vector<float> images(static_cast<std::size_t>(n * one));
        check(gan_sampler_sample_float(get(), seed, match(labels, n), n, images.data()));
        return images;
    }
    // n images into rows of pixels. pixels: their flags, truncation, columns, scale,
    // alpha_threshold and colors.
    void sample_rgba8(uint64_t seed, int64_t n, span<uint8_t> rgba, int32_t width, int32_t height,
                      std::size_t pitch, span<const int32_t> labels = {},
                      const gan_sampler_request &pixels = sampler_request()) {
        match(rgba.size(), width, height, pitch);
        check(gan_sampler_sample_rgba8(get(), seed, match(labels, n), n, &pixels, rgba.data(),
                                       width, height, pitch));
    }
    // Image to image.
    void translate_rgba8(span<const uint8_t> source, std::size_t source_pitch, span<uint8_t> rgba,
                         int32_t width, int32_t height, std::size_t pitch,
                         const gan_sampler_request &pixels = sampler_request()) {
        const gan_sampler_info i = info();
        match(source.size(), i.input_width, i.input_height, source_pitch);
        match(rgba.size(), width, height, pitch);
        check(gan_sampler_translate_rgba8(get(), source.data(), source_pitch, &pixels, rgba.data(),
                                          width, height, pitch));
    }

    // The latent that a seed draws.
    std::vector<float> latent(uint64_t seed, double truncation = 0) {
        std::vector<float> z(static_cast<std::size_t>(info().latent));
        check(gan_sampler_latent(get(), seed, truncation, z.data()));
        return z;
    }

    // ---- within a frame's budget, and in the background ----

    void begin(const gan_sampler_request &r) { check(gan_sampler_begin(get(), &r)); }
    bool step(int64_t budget_us) { return check(gan_sampler_step(get(), budget_us)) == 1; }

    void start(const gan_sampler_request &r) { check(gan_sampler_start(get(), &r)); }
    bool poll() { return check(gan_sampler_poll(get())) == 1; } // whether it is done
    void wait() { check(gan_sampler_wait(get())); }

    void cancel() noexcept { gan_sampler_cancel(get()); }
    double progress() const noexcept { return gan_sampler_progress(get()); }

  private:
    template <class Load> void load(gan_sampler_opts opts, Load load) {
        char text[512] = "";
        opts.error = text;
        opts.error_bytes = sizeof text;
        gan_sampler *out = nullptr;
        const int32_t code = load(&opts, &out);
        if (code < 0) throw error(code, *text ? text : gan_status_name(code));
        handle_.reset(out);
    }

    int32_t check(int32_t code) const {
        if (!get()) throw error(GAN_EINVAL, "an empty object was used");
        if (code >= 0) return code;
        const std::string text = gan_sampler_error(get());
        throw error(code, text.empty() ? gan_status_name(code) : text);
    }

    static const int32_t *match(span<const int32_t> labels, int64_t n) {
        if (labels.empty()) return nullptr;
        detail::match(labels.size(), {n});
        return labels.data();
    }
    // C cannot see how long the caller's pixels are. Negative sizes and short rows are its to
    // refuse.
    static void match(std::size_t bytes, int32_t width, int32_t height, std::size_t pitch) {
        if (width < 1 || height < 1) return;
        const std::size_t row = 4 * static_cast<std::size_t>(width),
                          others = static_cast<std::size_t>(height) - 1;
        if (bytes < row || (others && pitch > (bytes - row) / others))
            throw error(GAN_EINVAL, std::to_string(bytes) + " bytes for " + std::to_string(height) +
                                        " rows of " + std::to_string(width) + " pixels");
    }

    detail::owner<gan_sampler, gan_sampler_free> handle_;
};

// The latent at t, 0 to 1, on the great arc from a to b.
inline std::vector<float> latent_slerp(span<const float> a, span<const float> b, double t) {
    detail::match(b.size(), {static_cast<int64_t>(a.size())});
    std::vector<float> out(a.size());
    const int32_t code =
        gan_latent_slerp(a.data(), b.data(), static_cast<int64_t>(a.size()), t, out.data());
    if (code < 0)
        throw error(code, "gan_latent_slerp: t must be 0 to 1, latents must not be empty");
    return out;
}

} // namespace gan

#endif
