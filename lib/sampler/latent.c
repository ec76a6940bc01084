/* Inputs: a sprite's numbers are functions of its own seed only. */
#include "sampler/sampler.h"

#include "core/error.h"
#include "gan/train.h"

#include <string.h>

/* Where the label is drawn in the stream of a seed, far from the latent. */
static const uint64_t LABEL_COUNTER = (uint64_t)1 << 32;

int64_t latent_input_size(const gan_sampler *s) {
    return shape_size(&s->graph.values[s->graph.input].shape);
}

int64_t latent_size(const gan_sampler *s) { return latent_input_size(s) - s->graph.classes; }

int latent_is_image(const gan_sampler *s) {
    const shape *v = &s->graph.values[s->graph.input].shape;
    return v->rank == 4 && v->dim[1] * v->dim[2] > 1;
}

void latent_draw(gan_sampler *s, uint64_t seed, double truncation, real *z) {
    const graph *g = &s->graph;
    const int64_t n = latent_size(s);
    if (g->latent_kind == GAN_LATENT_UNIFORM) {
        const double middle = (g->latent_lo + g->latent_hi) / 2;
        const double share = truncation > 0 && truncation < 1 ? truncation : 1;
        const double half = (g->latent_hi - g->latent_lo) / 2 * share;
        noise_uniform(s->ctx, seed, 0, n, middle - half, middle + half, z);
    } else if (truncation > 0) {
        noise_truncated_normal(s->ctx, seed, 0, n, 0, 1, truncation, z);
    } else {
        noise_normal(s->ctx, seed, 0, n, 0, 1, z);
    }
}

static int32_t label_of(gan_sampler *s, int64_t image) {
    if (s->request.labels) return s->request.labels[image];
    uint64_t word;
    noise_words(s->ctx, s->request.seed + (uint64_t)image, LABEL_COUNTER, 1, &word);
    return (int32_t)(word % (uint64_t)s->graph.classes);
}

int32_t latent_check_label(const gan_sampler *s, const char *function, int64_t image,
                           int32_t label) {
    const int32_t classes = s->graph.classes;
    if (label >= 0 && label < classes) return GAN_OK;
    return error_set(s->ctx, GAN_EINVAL, "%s: label %lld is %d, there are %d classes", function,
                     (long long)image, (int)label, (int)classes);
}

int32_t latent_fill(gan_sampler *s, int64_t image, real *input) {
    const gan_sampler_request *r = &s->request;
    const int64_t n = latent_size(s);
    if (r->input)
        for (int64_t i = 0; i < n; i++) input[i] = (real)r->input[image * n + i];
    else
        latent_draw(s, r->seed + (uint64_t)image, r->truncation, input);
    if (!s->graph.classes) return GAN_OK;
    memset(input + n, 0, (size_t)s->graph.classes * sizeof *input);
    const int32_t label = label_of(s, image);
    const int32_t code = latent_check_label(s, "gan_sampler", image, label);
    if (!code) input[n + label] = 1;
    return code;
}
