#include "gan/sampler.h"

#include "core/context.h"
#include "core/error.h"
#include "core/options.h"
#include "data/pixels.h"
#include "sampler/sampler.h"

#include <math.h>
#include <string.h>

enum { IMAGES = 8 };

static const gan_sampler_opts opts_defaults = {.struct_size = sizeof(gan_sampler_opts),
                                               .images = IMAGES};

void gan_sampler_opts_init(gan_sampler_opts *opts, size_t size) {
    options_init(opts, size, &opts_defaults, sizeof opts_defaults);
}

static int32_t load(const char *path, const void *memory, size_t bytes,
                    const gan_sampler_opts *opts, gan_sampler **out) {
    gan_sampler_opts o = opts_defaults;
    int32_t code = options_load(NULL, "gan_sampler_load", &o, sizeof o,
                                V1_SIZE(gan_sampler_opts, error_bytes), opts);
    if (code) return code;
    const char *wrong = !path || !out         ? "gan_sampler_load: an argument is NULL"
                        : o.threads < 0       ? "gan_sampler_load: threads is negative"
                        : !o.alloc != !o.free ? "gan_sampler_load: alloc and free go together"
                                              : NULL;
    if (!wrong) return sampler_load(path, memory, bytes, &o, out);
    sampler_load_text(&o, wrong);
    return GAN_EINVAL;
}

int32_t gan_sampler_load(const char *path, const gan_sampler_opts *opts, gan_sampler **out) {
    return load(path, NULL, 0, opts, out);
}

int32_t gan_sampler_load_memory(const void *file, size_t bytes, const gan_sampler_opts *opts,
                                gan_sampler **out) {
    return load(file ? "memory" : NULL, file, bytes, opts, out);
}

void gan_sampler_free(gan_sampler *s) {
    if (!s) return;
    job_cancel(s);
    sampler_free(s);
}

/* The thread at work may be writing the context's. */
const char *gan_sampler_error(const gan_sampler *s) {
    if (!s) return "";
    return job_is_running(s) ? "a background job is on its way" : s->ctx->error_text;
}

/* Whether a call may go on; `argument`: what must not be NULL. While a job runs, errors are its
 * thread's alone to write. */
static int32_t enter(gan_sampler *s, const char *function, const void *argument) {
    if (!s) return GAN_EINVAL;
    if (job_is_running(s)) return GAN_ESTATE;
    return argument ? GAN_OK : error_null(s->ctx, function);
}

int32_t gan_sampler_describe(const gan_sampler *s, gan_sampler_info *info) {
    if (!s || !info || info->struct_size < sizeof info->struct_size) return GAN_EINVAL;
    gan_sampler_info known;
    sampler_describe(s, &known);
    result_give(info, &known, sizeof known);
    return GAN_OK;
}

/* ---- requests -------------------------------------------------------------------------------- */

/* 1, done, is success of what runs to its end. */
static int32_t report(gan_sampler *s, int32_t code) {
    return code < 0 ? error_report(s->ctx, code) : GAN_OK;
}

int32_t gan_sampler_run(gan_sampler *s, const gan_sampler_request *r) {
    const char *function = "gan_sampler_run";
    const int32_t code = enter(s, function, r);
    return code ? code : report(s, job_run(s, function, r));
}

/* What the caller's pixel options leave, and n. */
static int32_t request_of(gan_sampler *s, const char *function, const gan_sampler_request *pixels,
                          gan_sampler_request *r) {
    gan_sampler_request o;
    gan_sampler_request_init(&o, sizeof o);
    gan_sampler_request_init(r, sizeof *r);
    int32_t code =
        options_load(s->ctx, function, &o, sizeof o, V1_SIZE(gan_sampler_request, colors), pixels);
    r->flags = o.flags;
    r->truncation = o.truncation;
    r->columns = o.columns;
    r->scale = o.scale;
    r->alpha_threshold = o.alpha_threshold;
    r->colors = o.colors;
    return code;
}

int32_t gan_sampler_sample_rgba8(gan_sampler *s, uint64_t seed, const int32_t *labels, int64_t n,
                                 const gan_sampler_request *pixels, uint8_t *rgba, int32_t width,
                                 int32_t height, size_t pitch) {
    const char *function = "gan_sampler_sample_rgba8";
    int32_t code = enter(s, function, rgba);
    if (code) return code;
    gan_sampler_request r;
    code = request_of(s, function, pixels, &r);
    r.n = n;
    r.seed = seed;
    r.labels = labels;
    r.rgba = rgba;
    r.width = width;
    r.height = height;
    r.pitch = pitch;
    return report(s, code ? code : job_run(s, function, &r));
}

int32_t gan_sampler_sample_float(gan_sampler *s, uint64_t seed, const int32_t *labels, int64_t n,
                                 float *images) {
    const char *function = "gan_sampler_sample_float";
    const int32_t code = enter(s, function, images);
    if (code) return code;
    gan_sampler_request r;
    gan_sampler_request_init(&r, sizeof r);
    r.n = n;
    r.seed = seed;
    r.labels = labels;
    r.floats = images;
    return report(s, job_run(s, function, &r));
}

/* A picture as the network's input, in the range of its output; with alpha as data sets have it,
 * whose colours are 0 where nothing is seen of them. */
static int32_t read_source(gan_sampler *s, const char *function, const uint8_t *source,
                           size_t pitch) {
    gan_sampler_info info = {.struct_size = sizeof info};
    sampler_describe(s, &info);
    const int32_t channels = info.input_channels;
    if (!pixels_are_channels(channels))
        return error_set(s->ctx, GAN_ENOTSUP, "%s: this network's input is no picture", function);
    if (!request_pitch_fits(pitch, info.input_width, info.input_height))
        return error_set(s->ctx, GAN_EINVAL,
                         "%s: source rows are %zu bytes apart, must hold %d "
                         "pixels",
                         function, pitch, (int)info.input_width);
    const pixel_levels levels = pixels_levels(info.lo, info.hi);
    float *to = s->source;
    for (int32_t y = 0; y < info.input_height; y++)
        for (int32_t x = 0; x < info.input_width; x++) {
            const uint8_t *pixel = source + (size_t)y * pitch + (size_t)(4 * x);
            const int unseen = channels == 4 && pixel[3] == 0;
            for (int32_t c = 0; c < channels; c++) *to++ = (float)levels.of[unseen ? 0 : pixel[c]];
        }
    return GAN_OK;
}

int32_t gan_sampler_translate_rgba8(gan_sampler *s, const uint8_t *source, size_t source_pitch,
                                    const gan_sampler_request *pixels, uint8_t *rgba, int32_t width,
                                    int32_t height, size_t pitch) {
    const char *function = "gan_sampler_translate_rgba8";
    int32_t code = enter(s, function, source ? rgba : NULL);
    if (code) return code;
    gan_sampler_request r;
    code = request_of(s, function, pixels, &r);
    if (!code) code = read_source(s, function, source, source_pitch);
    r.input = s->source;
    r.rgba = rgba;
    r.width = width;
    r.height = height;
    r.pitch = pitch;
    return report(s, code ? code : job_run(s, function, &r));
}

int32_t gan_sampler_latent(gan_sampler *s, uint64_t seed, double truncation, float *z) {
    const char *function = "gan_sampler_latent";
    int32_t code = enter(s, function, z);
    if (code) return code;
    code = context_enter(s->ctx);
    if (!code && (latent_is_image(s) || !(truncation >= 0) || !isfinite(truncation)))
        code = error_set(s->ctx, GAN_EINVAL, "%s: truncation is %g, or the input is an image",
                         function, truncation);
    if (code) return error_report(s->ctx, code);
    latent_draw(s, seed, truncation, s->draft);
    for (int64_t i = 0; i < latent_size(s); i++) z[i] = (float)s->draft[i];
    return GAN_OK;
}

int32_t gan_latent_slerp(const float *a, const float *b, int64_t n, double t, float *out) {
    if (!a || !b || !out || n < 1 || !(t >= 0 && t <= 1)) return GAN_EINVAL;
    double aa = 0, bb = 0, ab = 0;
    for (int64_t i = 0; i < n; i++) {
        aa += (double)a[i] * (double)a[i];
        bb += (double)b[i] * (double)b[i];
        ab += (double)a[i] * (double)b[i];
    }
    const double cosine = aa > 0 && bb > 0 ? ab / sqrt(aa * bb) : 1;
    const double angle = acos(cosine < -1 ? -1 : cosine > 1 ? 1 : cosine), sine = sin(angle);
    const int straight = sine < 1e-6;
    const double of_a = straight ? 1 - t : sin((1 - t) * angle) / sine;
    const double of_b = straight ? t : sin(t * angle) / sine;
    for (int64_t i = 0; i < n; i++) out[i] = (float)(of_a * (double)a[i] + of_b * (double)b[i]);
    return GAN_OK;
}

/* ---- jobs ------------------------------------------------------------------------------------ */

int32_t gan_sampler_begin(gan_sampler *s, const gan_sampler_request *r) {
    const int32_t code = enter(s, "gan_sampler_begin", r);
    return code ? code : error_report(s->ctx, job_begin(s, r));
}

int32_t gan_sampler_step(gan_sampler *s, int64_t budget_us) {
    int32_t code = enter(s, "gan_sampler_step", s);
    if (code) return code;
    code = job_step(s, budget_us);
    return code < 0 ? error_report(s->ctx, code) : code;
}

double gan_sampler_progress(const gan_sampler *s) {
    return s ? (double)atomic_load_explicit(&s->progress, memory_order_relaxed) / 65536 : 0;
}

void gan_sampler_cancel(gan_sampler *s) {
    if (s) job_cancel(s);
}

int32_t gan_sampler_start(gan_sampler *s, const gan_sampler_request *r) {
    const int32_t code = enter(s, "gan_sampler_start", r);
    return code ? code : error_report(s->ctx, job_start(s, r));
}

int32_t gan_sampler_poll(gan_sampler *s) {
    if (!s) return GAN_EINVAL;
    const int32_t code = job_poll(s);
    return code < 0 ? error_report(s->ctx, code) : code;
}

int32_t gan_sampler_wait(gan_sampler *s) {
    if (!s) return GAN_EINVAL;
    const int32_t code = job_wait(s);
    return code < 0 ? error_report(s->ctx, code) : code;
}
