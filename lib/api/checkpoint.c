#include "gan/checkpoint.h"

#include "core/context.h"
#include "core/error.h"
#include "train/own_checkpoint.h"

int32_t gan_checkpoint_create(gan_context *ctx, gan_checkpoint **out) {
    if (!ctx || !out) return error_null(ctx, "gan_checkpoint_create");
    int32_t code = context_enter(ctx);
    if (code) return error_report(ctx, code);
    gan_checkpoint *c = own_checkpoint_new(ctx);
    if (!c) return error_report(ctx, GAN_ENOMEM);
    *out = c;
    return GAN_OK;
}

void gan_checkpoint_unref(gan_checkpoint *c) {
    if (c) object_release(&c->base);
}

/* ---- what is in it --------------------------------------------------------------------------- */

static int32_t add(gan_checkpoint *c, const char *function, const char *name, part_kind kind,
                   object *of) {
    if (!c || !name || !of) return error_null(c ? c->base.ctx : of ? of->ctx : NULL, function);
    gan_context *ctx = c->base.ctx;
    int32_t code = context_enter(ctx);
    if (!code && of->ctx != ctx)
        code = error_set(ctx, GAN_EINVAL, "%s: \"%.80s\" is of another context", function, name);
    if (!code && kind == PART_MODULE && ((gan_module *)of)->depth > 0)
        code = error_set(ctx, GAN_EINVAL, "%s: \"%.80s\" is a part of a module: add the whole",
                         function, name);
    return error_report(ctx, code ? code : own_checkpoint_add(c, function, name, kind, of));
}

int32_t gan_checkpoint_add_module(gan_checkpoint *c, const char *name, gan_module *m) {
    return add(c, "gan_checkpoint_add_module", name, PART_MODULE, m ? &m->base : NULL);
}

int32_t gan_checkpoint_add_optimizer(gan_checkpoint *c, const char *name, gan_optimizer *o) {
    return add(c, "gan_checkpoint_add_optimizer", name, PART_OPTIMIZER, o ? &o->base : NULL);
}

int32_t gan_checkpoint_add_loader(gan_checkpoint *c, const char *name, gan_loader *l) {
    return add(c, "gan_checkpoint_add_loader", name, PART_LOADER, l ? &l->base : NULL);
}

int32_t gan_checkpoint_set(gan_checkpoint *c, const char *name, double value) {
    if (!c || !name) return error_null(c ? c->base.ctx : NULL, "gan_checkpoint_set");
    int32_t code = context_enter(c->base.ctx);
    return error_report(c->base.ctx, code ? code : own_checkpoint_set(c, name, value));
}

int32_t gan_checkpoint_get(const gan_checkpoint *c, const char *name, double *value) {
    const char *function = "gan_checkpoint_get";
    if (!c || !name || !value) return error_null(c ? c->base.ctx : NULL, function);
    gan_context *ctx = c->base.ctx;
    int32_t code = context_enter(ctx);
    const own_number *n = code ? NULL : own_checkpoint_find(c, name);
    if (!code && !n)
        code = error_set(ctx, GAN_EINVAL, "%s: there is no number \"%.80s\"", function, name);
    if (n) *value = n->value;
    return error_report(ctx, code);
}

/* ---- files ----------------------------------------------------------------------------------- */

int32_t gan_checkpoint_save(gan_checkpoint *c, const char *path) {
    if (!c || !path) return error_null(c ? c->base.ctx : NULL, "gan_checkpoint_save");
    int32_t code = context_enter(c->base.ctx);
    return error_report(c->base.ctx, code ? code : own_checkpoint_save(c, path));
}

int32_t gan_checkpoint_load(gan_checkpoint *c, const char *path) {
    if (!c || !path) return error_null(c ? c->base.ctx : NULL, "gan_checkpoint_load");
    int32_t code = context_enter(c->base.ctx);
    return error_report(c->base.ctx, code ? code : own_checkpoint_load(c, path));
}
