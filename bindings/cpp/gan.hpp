// libgan for C++17: header-only classes over the C interface. Link with -lgan, as C does.
//
//     double critic_step(gan::context &ctx, gan::module_ref G, gan::module_ref D,
//                        gan::optimizer &adam, const gan::tensor &real) {
//         gan::scope step(ctx);                     // all graphs of the step end with it
//         gan::tensor fake = gan::without_graph(ctx, [&] { return G(ctx.randn({64, 128})); });
//         gan::tensor x = gan::interpolate(real, fake);
//         gan::tensor loss = gan::mean(D(fake)) - gan::mean(D(real)) + gan::penalty(D(x), x);
//         adam.minimize(loss);
//         return loss.item();
//     }
//
// The C headers are the reference: shapes, formulas and errors are said there, and here only what
// differs in C++:
//
// - Every handle is owned by one object, which gives it back: move-only, empty after a move. A
//   tensor that an operator returns is the caller's, not its scope's; gan::scope ends graphs.
//   gan::module_ref is a borrowed module (a layer, a trainer's generator) and must not outlive
//   what it came from. Objects may be destroyed after their context, but not used.
// - What C reports by a status or NULL is thrown as gan::error, with the code and the text.
//   Destructors throw nothing.
// - Arrays are gan::span: of a std::vector, an array, a braced list, or pointer and size. A span
//   does not own; what a function returns as a span is valid as long as the object it came from.
// - Option structs have their C fields, and begin with the defaults: gan::adam_opts o; o.lr = 1e-4;
// - get() is the C handle, for functions of C that have no counterpart here: those that take no
//   handle (versions, names of systems, schedules). context::check throws for their statuses.
//
// Threads: as in C, a context and all that was made from it belong to one thread at a time, but
// objects may be destroyed in any (not the context, nor guards).
//
// SPDX-License-Identifier: MIT
#ifndef GAN_HPP
#define GAN_HPP

#include "gan/base.hpp"
#include "gan/tensor.hpp"
#include "gan/ops.hpp"
#include "gan/context.hpp"
#include "gan/nn.hpp"
#include "gan/loss.hpp"
#include "gan/optim.hpp"
#include "gan/data.hpp"
#include "gan/train.hpp"
#include "gan/checkpoint.hpp"
#include "gan/metrics.hpp"
#include "gan/sampler.hpp"

#endif
