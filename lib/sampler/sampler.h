/* The sampler's inside: a graph is planned into steps once; requests run them. */
#ifndef GAN_SAMPLER_SAMPLER_H
#define GAN_SAMPLER_SAMPLER_H

#include "core/runner.h"
#include "gan/sampler.h"
#include "kernels/kernels.h"
#include "sampler/graph.h"

#include <stdatomic.h>

enum { IMAGES_MOST = 64, STAGES_MOST = 2 };

typedef enum step_kind {
    STEP_DRAW,    /* fills the input                                   */
    STEP_CONV,    /* a convolution or product with all that follows it */
    STEP_FORWARD, /* an operator's own forward, image by image          */
    STEP_EMIT     /* floats and pixels                                 */
} step_kind;

typedef struct step {
    step_kind kind;
    int32_t in, out; /* values; in: of a convolution */

    /* STEP_CONV */
    frozen_conv conv;
    activation act;
    real *kernel, *bias;
    int64_t workspace_at;

    /* STEP_FORWARD */
    const graph_node *node;
    int64_t stats_at; /* room for the statistics of a norm */

    double unit_ns[STAGES_MOST]; /* how long a unit takes for one image; as measured */
} step;

/* Where a request is. */
typedef struct cursor {
    int64_t first, images, together; /* the images at work, and most of them */
    size_t step;
    int32_t stage;
    int64_t unit, units;
} cursor;

typedef enum sampler_state { SAMPLER_IDLE, SAMPLER_STEPPING, SAMPLER_STARTED } sampler_state;

struct gan_sampler {
    gan_context *ctx;
    graph graph;
    step *steps;
    size_t step_count;
    int64_t images;   /* together */
    real *memory;     /* of the buffers; value.at for `images` images each */
    real *scratch;    /* of convolutions, per worker */
    uint8_t *cell;    /* per worker: the pixels of an image, RGBA, */
    int32_t *palette; /* and their groups */
    real *draft;      /* an input */
    float *source;    /* the same as a host's */
    uint64_t weights; /* bytes */
    runner *runner;   /* or NULL */

    sampler_state state;
    gan_sampler_request request; /* complete; columns are filled in */
    cursor at;
    int32_t started_code; /* of the job that the runner has done */
    atomic_int cancelled;
    atomic_int progress; /* in 1/65536 */
};

/* A value's elements of one image. */
static inline real *value_at(const gan_sampler *s, int32_t index, int64_t image) {
    const value *v = &s->graph.values[index];
    return v->kind == VALUE_CONSTANT ? v->data : s->memory + v->at + image * shape_size(&v->shape);
}

/* ---- plan.c: s->graph to s->steps, weights packed ----------------------------------------------
 */

int32_t plan_steps(gan_sampler *s);
void plan_release(gan_sampler *s);

/* ---- place.c: s->memory and s->scratch ------------------------------------------------------- */

int32_t place_buffers(gan_sampler *s);

/* ---- load.c ---------------------------------------------------------------------------------- */

/* From a path, or from memory. opts are complete; on failure their text is written. */
int32_t sampler_load(const char *path, const void *memory, size_t bytes,
                     const gan_sampler_opts *opts, gan_sampler **out);
/* Puts the text, which outlives the context that it was written in, where the host wants it. */
void sampler_load_text(const gan_sampler_opts *o, const char *text);
void sampler_free(gan_sampler *s);
void sampler_describe(const gan_sampler *s, gan_sampler_info *info);

/* ---- request.c ------------------------------------------------------------------------------- */

/* Takes the host's request over, checked and with what was open filled in. An error names
 * `function`. */
int32_t request_take(gan_sampler *s, const char *function, const gan_sampler_request *r);

/* Whether `rows` rows of `width` pixels RGBA can lie `pitch` bytes apart; both are positive. */
int request_pitch_fits(size_t pitch, int64_t width, int64_t rows);

/* ---- job.c ----------------------------------------------------------------------------------- */

/* 1 or a negative code. */
int32_t job_run(gan_sampler *s, const char *function, const gan_sampler_request *r);
int32_t job_begin(gan_sampler *s, const gan_sampler_request *r);
int32_t job_step(gan_sampler *s, int64_t budget_us);
int32_t job_start(gan_sampler *s, const gan_sampler_request *r);
int32_t job_poll(gan_sampler *s);
int32_t job_wait(gan_sampler *s);
void job_cancel(gan_sampler *s);

/* Whether a thread of the sampler's is at work on it. */
int job_is_running(const gan_sampler *s);

/* ---- run.c ----------------------------------------------------------------------------------- */

/* At the beginning of s->request, `together` images at once. */
void run_begin(gan_sampler *s, int64_t together);

/* Until it is done (1), until the time `deadline` (core/threads.h; 0: none) or s->cancelled (0), or
 * a negative code. */
int32_t run_on(gan_sampler *s, int64_t deadline);

/* One image that nobody sees, to measure the steps and have the kernels' scratch at hand. */
int32_t run_warm(gan_sampler *s);

/* ---- latent.c, pixels.c, palette.c ----------------------------------------------------------- */

/* The latent of a seed: (latent). */
void latent_draw(gan_sampler *s, uint64_t seed, double truncation, real *z);

/* Numbers of the input, the label's one-hot row included. */
int64_t latent_input_size(const gan_sampler *s);

/* Whether inputs are images, which are not drawn. */
int latent_is_image(const gan_sampler *s);

/* Whether label number `image` of a request is a class. An error names `function`. */
int32_t latent_check_label(const gan_sampler *s, const char *function, int64_t image,
                           int32_t label);

/* The input of image `image` of the request. Its label is looked at again: the host's memory may
 * have changed since the request was taken. */
int32_t latent_fill(gan_sampler *s, int64_t image, real *input);

/* Numbers of the input that are the latent's: all, but for the label's. */
int64_t latent_size(const gan_sampler *s);

/* Writes image `image` of the request, whose numbers are `from`; with the scratch of `worker`. */
void pixels_emit(const gan_sampler *s, int64_t image, const real *from, int worker);

/* Reduces the colours of `count` RGBA pixels of alpha above 0 to at most `colors`. order: room for
 * `count` numbers. */
void palette_reduce(uint8_t *rgba, int64_t count, int32_t colors, int32_t *order);

#endif
