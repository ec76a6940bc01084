#include "gan/base.h"

#include "autograd/grad.h"
#include "core/alloc.h"
#include "core/context.h"
#include "core/error.h"
#include "core/options.h"
#include "core/real.h"
#include "core/scope.h"
#include "core/threads.h"
#include "kernels/isa.h"

#define TEXT(x) #x
#define TEXT_OF(x) TEXT(x)

#ifdef GAN_FLOAT64
#define ELEMENT "float64 (test only)"
#else
#define ELEMENT "float32"
#endif
#ifndef GAN_BLAS_NAME
#define GAN_BLAS_NAME "BLAS"
#endif
#if GAN_PNG
#define PNG "libpng"
#else
#define PNG "no PNG"
#endif

uint32_t gan_abi_version(void) { return GAN_ABI_VERSION; }

const char *gan_version(void) {
    return TEXT_OF(GAN_VERSION_MAJOR) "." TEXT_OF(GAN_VERSION_MINOR) "." TEXT_OF(GAN_VERSION_PATCH);
}

const char *gan_build_info(void) {
    return "libgan " TEXT_OF(GAN_VERSION_MAJOR) "." TEXT_OF(GAN_VERSION_MINOR) "." TEXT_OF(
        GAN_VERSION_PATCH) ", " ELEMENT ", " GAN_BLAS_NAME ", " PNG ", compiler " __VERSION__;
}

size_t gan_element_size(void) { return sizeof(real); }

const char *gan_status_name(int32_t code) {
    static const char *const names[] = {"GAN_OK",         "GAN_EINVAL",  "GAN_ENOMEM",
                                        "GAN_ESTATE",     "GAN_ENODIFF", "GAN_EUNREACHED",
                                        "GAN_ENONFINITE", "GAN_EMIXED",  "GAN_EIO",
                                        "GAN_EFORMAT",    "GAN_ENOTSUP", "GAN_EABI"};
    int32_t count = (int32_t)(sizeof names / sizeof names[0]);
    return code <= 0 && code > -count ? names[-code] : "GAN_?";
}

/* ---- context --------------------------------------------------------------------------------- */

static const gan_context_opts context_defaults = {.struct_size = sizeof(gan_context_opts)};

void gan_context_opts_init(gan_context_opts *opts, size_t size) {
    options_init(opts, size, &context_defaults, sizeof context_defaults);
}

int32_t gan_context_create(const gan_context_opts *opts, gan_context **out) {
    gan_context_opts o = context_defaults;
    int32_t code = options_load(NULL, "gan_context_create", &o, sizeof o,
                                V1_SIZE(gan_context_opts, reserved), opts);
    if (!code) code = options_check_reserved(NULL, "gan_context_create", &o, o.reserved);
    if (code) return code;
    if (!out || o.threads < 0 || !o.alloc != !o.free || (o.flags & ~(uint32_t)GAN_CONTEXT_NO_CACHE))
        return GAN_EINVAL;
    const struct kernels *kernels = kernels_choose(); /* may not have what GAN_ISA names */
    return kernels ? context_create(&o, kernels, out) : GAN_ENOTSUP;
}

void gan_context_destroy(gan_context *ctx) {
    if (ctx) context_destroy(ctx);
}

void gan_context_trim(gan_context *ctx) {
    if (ctx && !context_enter(ctx)) arena_trim(ctx);
}

int32_t gan_context_seed(gan_context *ctx, uint64_t seed) {
    if (!ctx) return GAN_EINVAL;
    int32_t code = context_enter(ctx);
    if (!code) {
        ctx->random_key = seed;
        ctx->random_counter = 0;
    }
    return error_report(ctx, code);
}

int32_t gan_context_stats(gan_context *ctx, gan_stats *stats) {
    if (!ctx || !stats) return error_null(ctx, "gan_context_stats");
    int32_t code = context_enter(ctx);
    if (!code && stats->struct_size < V1_SIZE(gan_stats, random_count))
        code = error_set(ctx, GAN_EINVAL, "gan_context_stats: struct_size is %u, must be its size",
                         (unsigned)stats->struct_size);
    if (code) return error_report(ctx, code);
    gan_stats s = {.threads = parallel_workers(ctx),
                   .live_bytes = ctx->arena.live,
                   .peak_bytes = ctx->arena.peak,
                   .cached_bytes = ctx->arena.cached,
                   .host_allocs = ctx->arena.host_allocs,
                   .live_tensors = ctx->live_tensors,
                   .live_nodes = ctx->live_nodes,
                   .worker_chunks = pool_worker_chunks(ctx),
                   .random_count = ctx->random_counter};
    result_give(stats, &s, sizeof s);
    return GAN_OK;
}

void gan_context_reset_peak(gan_context *ctx) {
    if (ctx && !context_enter(ctx)) ctx->arena.peak = ctx->arena.live;
}

/* ---- errors ---------------------------------------------------------------------------------- */

const char *gan_last_error(const gan_context *ctx) { return ctx ? ctx->error_text : ""; }

int32_t gan_error_code(gan_context *ctx) {
    if (!ctx) return GAN_EINVAL;
    int32_t code = ctx->error_code;
    ctx->error_code = GAN_OK;
    return code;
}

/* ---- scopes and recorder --------------------------------------------------------------------- */

int64_t gan_scope_begin(gan_context *ctx) {
    if (!ctx) return GAN_EINVAL;
    int32_t code = context_enter(ctx);
    int64_t mark = code ? code : scope_begin(ctx);
    return mark < 0 ? error_report(ctx, (int32_t)mark) : mark;
}

int32_t gan_scope_end(gan_context *ctx, int64_t mark) {
    if (!ctx) return GAN_EINVAL;
    int32_t code = context_enter(ctx);
    return error_report(ctx, code ? code : scope_end(ctx, mark));
}

int32_t gan_recording(gan_context *ctx, int32_t on) {
    return ctx ? autograd_recording(ctx, on != 0) : 0;
}
