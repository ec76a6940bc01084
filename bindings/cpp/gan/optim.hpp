// Optimizers: gan/optim.h, whose schedules are used as they are (gan_ramp, gan_step_decay).
//
// SPDX-License-Identifier: MIT
#ifndef GAN_OPTIM_HPP
#define GAN_OPTIM_HPP

#include "gan/nn.hpp"

namespace gan {

// Over all parameters of a module. It keeps them alive, also when the module is gone.
class optimizer : public detail::object<gan_optimizer, gan_optimizer_unref> {
  public:
    optimizer() noexcept = default; // empty
    optimizer(module_ref m, const gan_adam_opts &opts) : optimizer(m, opts, gan_adam_create) {}
    optimizer(module_ref m, const gan_rmsprop_opts &opts)
        : optimizer(m, opts, gan_rmsprop_create) {}
    optimizer(module_ref m, const gan_sgd_opts &opts) : optimizer(m, opts, gan_sgd_create) {}

    // One step down the loss, whose graph is consumed.
    void minimize(const tensor &loss) { check(gan_optimizer_minimize(get(), loss.get())); }

    // One step with the caller's gradients, one a parameter; an empty one skips it.
    void step(span<const tensor> grads) {
        std::vector<gan_tensor *> list;
        list.reserve(grads.size());
        for (const tensor &grad : grads) list.push_back(grad.get());
        check(gan_optimizer_step(get(), list.data(), list.size()));
    }

    std::size_t parameter_count() const noexcept { return gan_optimizer_parameter_count(get()); }
    tensor parameter(std::size_t i) const {
        return tensor::shared(context_handle(), gan_optimizer_parameter(get(), i));
    }

    double lr() const noexcept { return gan_optimizer_lr(get()); }
    void set_lr(double lr) { check(gan_optimizer_set_lr(get(), lr)); }
    double momentum() const noexcept { return gan_optimizer_momentum(get()); }
    void set_momentum(double momentum) { check(gan_optimizer_set_momentum(get(), momentum)); }
    double grad_norm() const noexcept { return gan_optimizer_grad_norm(get()); }

  private:
    template <class Opts>
    optimizer(module_ref m, const Opts &opts,
              int32_t (*create)(gan_module *, const Opts *, gan_optimizer **))
        : object(m.context(), create, m.get(), &opts) {}
};

inline optimizer adam(module_ref m, const gan_adam_opts &opts = adam_opts()) { return {m, opts}; }
inline optimizer rmsprop(module_ref m, const gan_rmsprop_opts &opts = rmsprop_opts()) {
    return {m, opts};
}
inline optimizer sgd(module_ref m, const gan_sgd_opts &opts = sgd_opts()) { return {m, opts}; }

} // namespace gan

#endif
