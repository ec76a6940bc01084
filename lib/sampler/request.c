#include "sampler/sampler.h"

#include "core/context.h"
#include "core/error.h"
#include "core/options.h"
#include "data/pixels.h"

#include <math.h>

enum { SCALE_MOST = 64, COLORS_MOST = 256 };

static const uint32_t FLAGS = GAN_PIXELS_BGRA | GAN_PIXELS_PREMULTIPLY | GAN_PIXELS_OPAQUE;

void gan_sampler_request_init(gan_sampler_request *r, size_t size) {
    const gan_sampler_request defaults = {.struct_size = sizeof defaults, .n = 1, .scale = 1};
    options_init(r, size, &defaults, sizeof defaults);
}

static int32_t check_inputs(const gan_sampler *s, const char *function,
                            const gan_sampler_request *r) {
    if (r->n < 1 || r->n > INT32_MAX)
        return error_set(s->ctx, GAN_EINVAL, "%s: n is %lld, must be positive", function,
                         (long long)r->n);
    if (!r->input && latent_is_image(s))
        return error_set(s->ctx, GAN_EINVAL, "%s: input is NULL, this network needs images",
                         function);
    if (!(r->truncation >= 0) || !isfinite(r->truncation))
        return error_set(s->ctx, GAN_EINVAL, "%s: truncation is %g, must be 0 or more", function,
                         r->truncation);
    int32_t code = GAN_OK;
    for (int64_t i = 0; r->labels && i < r->n && !code; i++)
        code = latent_check_label(s, function, i, r->labels[i]);
    return code;
}

static int32_t check_pixels(const gan_sampler *s, const char *function,
                            const gan_sampler_request *r) {
    const shape *v = &s->graph.values[s->graph.output].shape;
    if (v->rank != 4 || !pixels_are_channels(v->dim[3]))
        return error_set(s->ctx, GAN_ENOTSUP, "%s: no pixels of images of %d channels", function,
                         (int)v->dim[v->rank - 1]);
    if ((r->flags & ~FLAGS) || r->scale < 1 || r->scale > SCALE_MOST)
        return error_set(s->ctx, GAN_EINVAL, "%s: flags are %u, scale is %d, must be 1 to %d",
                         function, (unsigned)r->flags, (int)r->scale, (int)SCALE_MOST);
    if (r->alpha_threshold < 0 || r->alpha_threshold > 255 || r->colors < 0 || r->colors == 1 ||
        r->colors > COLORS_MOST)
        return error_set(s->ctx, GAN_EINVAL,
                         "%s: alpha_threshold is %d, must be 0 to 255; colors %d, 0 or 2 to %d",
                         function, (int)r->alpha_threshold, (int)r->colors, (int)COLORS_MOST);
    return GAN_OK;
}

int request_pitch_fits(size_t pitch, int64_t width, int64_t rows) {
    return pitch / 4 >= (size_t)width && pitch <= (size_t)PTRDIFF_MAX / (size_t)rows;
}

/* Fills in the columns, and checks that the grid lies within the host's rows. */
static int32_t fit_grid(const gan_sampler *s, const char *function, gan_sampler_request *r) {
    const shape *v = &s->graph.values[s->graph.output].shape;
    const int64_t width = v->dim[2] * r->scale, height = v->dim[1] * r->scale;
    if (r->columns == 0) r->columns = (int32_t)(r->width / width);
    const int64_t columns = r->columns < r->n ? r->columns : r->n;
    const int64_t rows = r->columns > 0 ? (r->n + r->columns - 1) / r->columns : 0;
    if (r->columns < 1 || r->height < 0 || columns * width > r->width ||
        rows * height > r->height || !request_pitch_fits(r->pitch, r->width, rows * height))
        return error_set(s->ctx, GAN_EINVAL,
                         "%s: %lld cells of %lld x %lld in %d columns do not fit into %d x %d "
                         "pixels, rows %zu bytes apart",
                         function, (long long)r->n, (long long)width, (long long)height,
                         (int)r->columns, (int)r->width, (int)r->height, r->pitch);
    return GAN_OK;
}

int32_t request_take(gan_sampler *s, const char *function, const gan_sampler_request *given) {
    gan_sampler_request r;
    gan_sampler_request_init(&r, sizeof r);
    int32_t code = context_enter(s->ctx);
    if (!code && s->state != SAMPLER_IDLE)
        code = error_set(s->ctx, GAN_ESTATE, "%s: another request is on its way", function);
    if (!code)
        code = options_load(s->ctx, function, &r, sizeof r, V1_SIZE(gan_sampler_request, colors),
                            given);
    if (!code) code = check_inputs(s, function, &r);
    if (!code && !r.rgba && !r.floats)
        code = error_set(s->ctx, GAN_EINVAL, "%s: there is no place for the images", function);
    if (!code && r.rgba) code = check_pixels(s, function, &r);
    if (!code && r.rgba) code = fit_grid(s, function, &r);
    if (!code) s->request = r;
    return code;
}
