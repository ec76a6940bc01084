// gan::checkpoint: gan/checkpoint.h.
//
// SPDX-License-Identifier: MIT
#ifndef GAN_CHECKPOINT_HPP
#define GAN_CHECKPOINT_HPP

#include "gan/context.hpp"
#include "gan/data.hpp"
#include "gan/nn.hpp"
#include "gan/optim.hpp"

#include <string>

namespace gan {

// All that the next step of a loop depends on, in one file.
class checkpoint : public detail::object<gan_checkpoint, gan_checkpoint_unref> {
  public:
    checkpoint() noexcept = default; // empty
    explicit checkpoint(const context &ctx) : object(ctx.get(), gan_checkpoint_create, ctx.get()) {}

    void add(const std::string &name, module_ref m) {
        check(gan_checkpoint_add_module(get(), name.c_str(), m.get()));
    }
    void add(const std::string &name, const optimizer &o) {
        check(gan_checkpoint_add_optimizer(get(), name.c_str(), o.get()));
    }
    void add(const std::string &name, const loader &l) {
        check(gan_checkpoint_add_loader(get(), name.c_str(), l.get()));
    }

    // Numbers of the host's.
    void set(const std::string &name, double value) {
        check(gan_checkpoint_set(get(), name.c_str(), value));
    }
    double number(const std::string &name) const {
        double value = 0;
        check(gan_checkpoint_get(get(), name.c_str(), &value));
        return value;
    }

    void save(const std::string &path) { check(gan_checkpoint_save(get(), path.c_str())); }
    void load(const std::string &path) { check(gan_checkpoint_load(get(), path.c_str())); }
};

} // namespace gan

#endif
