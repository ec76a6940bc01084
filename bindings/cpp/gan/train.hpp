// Systems and the trainer: gan/train.h.
//
// SPDX-License-Identifier: MIT
#ifndef GAN_TRAIN_HPP
#define GAN_TRAIN_HPP

#include "gan/data.hpp"
#include "gan/nn.hpp"

namespace gan {

// The preset of a system: trainer_opts o("wgan-gp"); o.width = 32;
struct trainer_opts : gan_trainer_opts {
    explicit trainer_opts(int32_t number, int32_t variant = GAN_VARIANT_DEFAULT)
        : gan_trainer_opts() {
        gan_trainer_opts_init(this, sizeof(gan_trainer_opts), number, variant);
    }
    explicit trainer_opts(const std::string &name, int32_t variant = GAN_VARIANT_DEFAULT)
        : trainer_opts(gan_system_find(name.c_str()), variant) {}

    // Those of the trainer that wrote a checkpoint.
    static trainer_opts load(const context &ctx, const std::string &path) {
        trainer_opts opts(0);
        opts.struct_size = sizeof(gan_trainer_opts);
        ctx.check(gan_trainer_opts_load(ctx.get(), path.c_str(), &opts));
        return opts;
    }

    // A loader's options with the system's batch and range of pixels.
    gan::loader_opts loader_opts() const {
        gan::loader_opts batches;
        const int32_t code = gan_trainer_loader_opts(this, &batches);
        if (code < 0) throw error(code, "gan_trainer_loader_opts: no such system");
        return batches;
    }
};

// Trains a system. Keeps its loader.
class trainer : public detail::object<gan_trainer, gan_trainer_unref> {
  public:
    trainer() noexcept = default; // empty

    // An empty loader: for sampling from a checkpoint.
    trainer(const context &ctx, const gan_trainer_opts &opts, const loader &batches)
        : object(ctx.get(), gan_trainer_create, ctx.get(), &opts, batches.get()) {}

    gan_trainer_stats step() {
        gan_trainer_stats stats = detail::sized<gan_trainer_stats>();
        check(gan_trainer_step(get(), &stats));
        return stats;
    }

    module_ref generator() const { return {context_handle(), gan_trainer_generator(get())}; }
    module_ref discriminator() const {
        return {context_handle(), gan_trainer_discriminator(get())};
    }
    module_ref averaged() const { // or empty
        return {context_handle(), gan_trainer_averaged(get())};
    }

    const gan_trainer_opts &options() const {
        return *detail::valid(context_handle(), gan_trainer_options(get()));
    }
    int64_t steps() const noexcept { return gan_trainer_steps(get()); }

    // labels: one a sample, or none.
    tensor latents(int64_t n) const { return taken(gan_trainer_latents(get(), n)); }
    tensor sample(const tensor &z, span<const int32_t> labels = {}) const {
        return taken(gan_trainer_sample(get(), z.get(), match(labels, z)));
    }
    tensor generate(const tensor &z, span<const int32_t> labels = {}) const {
        return taken(gan_trainer_generate(get(), z.get(), match(labels, z)));
    }
    // given: the images that pix2pix was given, or an empty tensor.
    tensor score(const tensor &images, const tensor &given = tensor(),
                 span<const int32_t> labels = {}) const {
        return taken(gan_trainer_score(get(), images.get(), given.get(), match(labels, images)));
    }

    void save_model(const std::string &path) const {
        check(gan_trainer_save_model(get(), path.c_str()));
    }
    void save_onnx(const std::string &path) const {
        check(gan_trainer_save_onnx(get(), path.c_str()));
    }
    void save(const std::string &path) const { check(gan_trainer_save(get(), path.c_str())); }
    void load(const std::string &path) { check(gan_trainer_load(get(), path.c_str())); }

  private:
    static const int32_t *match(span<const int32_t> labels, const tensor &samples) {
        if (labels.empty()) return nullptr;
        if (static_cast<int64_t>(labels.size()) != samples.dim(0))
            throw error(GAN_EINVAL, std::to_string(labels.size()) + " labels for " +
                                        std::to_string(samples.dim(0)) + " samples");
        return labels.data();
    }
};

// ---- pieces; loss is one of GAN_LOSS_… ----------------------------------------------------------

inline tensor real_loss(int32_t loss, const tensor &real_scores, double target = 1) {
    return detail::result(real_scores, gan_real_loss(loss, real_scores.get(), target));
}
inline tensor fake_loss(int32_t loss, const tensor &fake_scores) {
    return detail::result(fake_scores, gan_fake_loss(loss, fake_scores.get()));
}
inline tensor generator_loss(int32_t loss, const tensor &fake_scores) {
    return detail::result(fake_scores, gan_generator_loss(loss, fake_scores.get()));
}
inline tensor discriminator_loss(int32_t loss, const tensor &real_scores,
                                 const tensor &fake_scores) {
    return detail::result(real_scores, fake_scores,
                          gan_discriminator_loss(loss, real_scores.get(), fake_scores.get()));
}
inline tensor dragan_points(const tensor &real, int32_t mode = GAN_DRAGAN_UNIFORM,
                            double scale = 0.5) {
    return detail::result(real, gan_dragan_points(real.get(), mode, scale));
}
inline tensor reconstruction_error(const tensor &x, const tensor &reconstruction) {
    return detail::result(x, reconstruction,
                          gan_reconstruction_error(x.get(), reconstruction.get()));
}

} // namespace gan

#endif
