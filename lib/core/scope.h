/* Scopes: who keeps the results of operators alive. */
#ifndef GAN_CORE_SCOPE_H
#define GAN_CORE_SCOPE_H

#include "gan/base.h"

/* Gives the caller's reference to the current scope and returns t; on failure drops it and returns
 * NULL with GAN_ENOMEM set. */
gan_tensor *scope_adopt(gan_tensor *t);

/* Takes t out of whichever scope holds it, so that its reference is the caller's. 0 if none does.
 */
int scope_disown(gan_tensor *t);

/* The mark to end the scope with (> 0), or a negative code. */
int64_t scope_begin(gan_context *ctx);

/* The same for a function of t, when its context can be entered. */
int64_t scope_begin_for(gan_tensor *t);

/* Ends it and all inside; what was recorded in it is cut when no scope is left open. */
int32_t scope_end(gan_context *ctx, int64_t mark);

/* Ends what the scope holds but `result` (a tensor of it, or NULL), and leaves the scope open.
 * Returns result, or NULL with GAN_ENOMEM set. */
gan_tensor *scope_keep(gan_context *ctx, int64_t mark, gan_tensor *result);

/* Ends an inner scope but keeps `result` (a tensor of it, or NULL) in the one around. Returns
 * result. */
gan_tensor *scope_escape(gan_context *ctx, int64_t mark, gan_tensor *result);

/* Everything, at the context's end. */
void scope_end_all(gan_context *ctx);

#endif
