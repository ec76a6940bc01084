#include "sampler/sampler.h"

#include "core/alloc.h"
#include "core/context.h"
#include "core/error.h"
#include "gan/train.h"
#include "kernels/isa.h"

#include <stdio.h>
#include <string.h>

/* Without a limit of the host's: so much, and so many times the file. */
static const uint64_t BYTES_MOST = (uint64_t)1 << 30;
static const uint64_t FILE_SHARE = 8;

void sampler_load_text(const gan_sampler_opts *o, const char *text) {
    if (o->error && o->error_bytes) snprintf(o->error, o->error_bytes, "%s", text);
}

static int32_t check_options(gan_context *ctx, const gan_sampler_opts *o) {
    if (o->images < 1 || o->images > IMAGES_MOST)
        return error_set(ctx, GAN_EINVAL, "gan_sampler_load: images is %d, must be 1 to %d",
                         (int)o->images, (int)IMAGES_MOST);
    if (o->nice < 0 || o->nice > 19)
        return error_set(ctx, GAN_EINVAL, "gan_sampler_load: nice is %d, must be 0 to 19",
                         (int)o->nice);
    if (o->classes < 0 || (o->background & ~1))
        return error_set(ctx, GAN_EINVAL, "gan_sampler_load: classes is %d, background %d",
                         (int)o->classes, (int)o->background);
    return GAN_OK;
}

static int32_t check_graph(gan_sampler *s, const gan_sampler_opts *o) {
    graph *g = &s->graph;
    if (!g->classes) g->classes = o->classes;
    if (g->classes && (latent_is_image(s) || latent_size(s) < 1))
        return graph_refuse(g, GAN_EINVAL, "%d classes of an input of %lld numbers",
                            (int)g->classes, (long long)latent_input_size(s));
    if (g->latent_kind == GAN_LATENT_UNIFORM && !(g->latent_lo < g->latent_hi))
        return graph_refuse(g, GAN_EFORMAT, "latents from %g to %g", g->latent_lo, g->latent_hi);
    return GAN_OK;
}

/* What a call needs beside the buffers of the steps. */
static int32_t make_room(gan_sampler *s) {
    const shape *v = &s->graph.values[s->graph.output].shape;
    const size_t workers = (size_t)parallel_workers(s->ctx);
    const size_t pixels = workers * (size_t)(v->rank == 4 ? v->dim[1] * v->dim[2] : 1);
    const size_t input = (size_t)latent_input_size(s);
    s->cell = arena_alloc_array(s->ctx, pixels, 4);
    s->palette = arena_alloc_array(s->ctx, pixels, sizeof *s->palette);
    s->draft = arena_alloc_array(s->ctx, input, sizeof *s->draft);
    s->source = arena_alloc_array(s->ctx, input, sizeof *s->source);
    return s->cell && s->palette && s->draft && s->source ? GAN_OK : GAN_ENOMEM;
}

static thread_place place_of(const gan_sampler_opts *o) { return (thread_place){o->nice, o->cpus}; }

static int32_t start_runner(gan_sampler *s, const gan_sampler_opts *o) {
    if (!o->background) return GAN_OK;
    s->runner = runner_create(s->ctx, place_of(o));
    return s->runner ? GAN_OK : GAN_ENOMEM;
}

static int32_t build(gan_sampler *s, const gan_sampler_opts *o) {
    int32_t code = check_graph(s, o);
    parallel_start(s->ctx, place_of(o)); /* before the first region */
    if (!code) code = plan_steps(s);
    graph_close_file(&s->graph);
    if (!code) code = place_buffers(s);
    if (!code) code = make_room(s);
    arena_trim(s->ctx);
    if (!code) code = start_runner(s, o);
    return code ? code : run_warm(s);
}

static int32_t load(gan_sampler *s, const char *path, const void *memory, size_t bytes,
                    const gan_sampler_opts *o) {
    gan_context *ctx = s->ctx;
    int32_t code = check_options(ctx, o);
    if (!code) code = graph_read(ctx, path, memory, bytes, &s->graph);
    if (code) return code;
    if (!o->byte_limit) ctx->arena.limit = BYTES_MOST + FILE_SHARE * s->graph.source.bytes;
    s->images = o->images;
    s->started_code = GAN_ESTATE;
    return build(s, o);
}

static int32_t create(const gan_sampler_opts *o, gan_sampler **out) {
    const gan_context_opts context = {.struct_size = sizeof context,
                                      .threads = o->threads,
                                      .byte_limit = o->byte_limit,
                                      .alloc = o->alloc,
                                      .free = o->free,
                                      .user = o->user};
    const struct kernels *kernels = kernels_choose();
    gan_context *ctx;
    int32_t code = kernels ? context_create(&context, kernels, &ctx) : GAN_ENOTSUP;
    if (code) return code;
    *out = arena_calloc(ctx, sizeof **out);
    if (*out)
        (*out)->ctx = ctx;
    else
        context_destroy(ctx);
    return *out ? GAN_OK : GAN_ENOMEM;
}

int32_t sampler_load(const char *path, const void *memory, size_t bytes, const gan_sampler_opts *o,
                     gan_sampler **out) {
    gan_sampler *s;
    int32_t code = create(o, &s);
    if (code) {
        sampler_load_text(
            o, "gan_sampler_load: no memory, or GAN_ISA names kernels that are not there");
        return code;
    }
    code = load(s, path, memory, bytes, o);
    if (code) {
        sampler_load_text(o, s->ctx->error_text);
        code = error_report(s->ctx, code);
        sampler_free(s);
        return code;
    }
    *out = s;
    return GAN_OK;
}

/* Also of what a failing load has left. */
void sampler_free(gan_sampler *s) {
    gan_context *ctx = s->ctx;
    runner_destroy(ctx, s->runner);
    plan_release(s);
    graph_release(&s->graph);
    arena_free(ctx, s->memory);
    arena_free(ctx, s->scratch);
    arena_free(ctx, s->cell);
    arena_free(ctx, s->palette);
    arena_free(ctx, s->draft);
    arena_free(ctx, s->source);
    arena_free(ctx, s);
    context_destroy(ctx);
}

void sampler_describe(const gan_sampler *s, gan_sampler_info *info) {
    const shape *in = &s->graph.values[s->graph.input].shape;
    const shape *out = &s->graph.values[s->graph.output].shape;
    const int image = latent_is_image(s);
    *info = (gan_sampler_info){.height = 1,
                               .width = 1,
                               .channels = (int32_t)shape_size(out),
                               .latent = image ? 0 : (int32_t)latent_size(s),
                               .classes = s->graph.classes,
                               .images = (int32_t)s->images,
                               .threads = parallel_workers(s->ctx),
                               .lo = s->graph.lo,
                               .hi = s->graph.hi,
                               .bytes = s->ctx->arena.host,
                               .allocs = s->ctx->arena.host_allocs,
                               .weights = s->weights};
    if (out->rank == 4) {
        info->height = (int32_t)out->dim[1];
        info->width = (int32_t)out->dim[2];
        info->channels = (int32_t)out->dim[3];
    }
    if (image) {
        info->input_height = (int32_t)in->dim[1];
        info->input_width = (int32_t)in->dim[2];
        info->input_channels = (int32_t)in->dim[3];
    }
}
