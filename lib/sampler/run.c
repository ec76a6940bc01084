/* Runs the steps of a plan over the images of a request: some together, step by step, a step's
 * stages in turn, and of a stage as many units as there is time for. */
#include "sampler/sampler.h"

#include "core/error.h"
#include "core/threads.h"
#include "ops/table.h"

#include <string.h>

/* A slice within a budget takes no longer, so that a wrong expectation costs little. */
static const double SLICE_NS = 300e3;

enum { PROGRESS_ONE = 65536 };

/* ---- units ----------------------------------------------------------------------------------- */

static const step *step_of(const gan_sampler *s) { return &s->steps[s->at.step]; }

static int32_t stages_of(const step *t) { return t->kind == STEP_CONV ? t->conv.stages : 1; }

static int64_t units_of(const gan_sampler *s) {
    const step *t = step_of(s);
    return t->kind == STEP_CONV ? frozen_units(s->ctx, &t->conv, s->at.stage, s->at.images)
                                : s->at.images;
}

/* Units that run at the same time. */
static int64_t side_by_side(const gan_sampler *s) {
    const step *t = step_of(s);
    const int parallel = t->kind == STEP_EMIT || t->kind == STEP_CONV;
    return parallel ? parallel_workers(s->ctx) : 1;
}

static int32_t run_conv(gan_sampler *s, const step *t, int64_t begin, int64_t end) {
    const frozen_call call = {.plan = &t->conv,
                              .images = s->at.images,
                              .x = value_at(s, t->in, 0),
                              .kernel = t->kernel,
                              .bias = t->bias,
                              .act = t->act,
                              .y = value_at(s, t->out, 0),
                              .workspace = s->memory + t->workspace_at,
                              .scratch = s->scratch};
    return frozen_run(s->ctx, &call, s->at.stage, begin, end);
}

/* The statistics that a norm reads, of one image. */
static int32_t measure_norm(gan_sampler *s, const step *t, const op_call *call, real *stats) {
    const graph_node *n = t->node;
    norm_geom geom;
    memcpy(&geom, n->attr.i, sizeof geom);
    return norm_stats(s->ctx, &geom, n->attr.f[n->op == OP_norm_affine ? 2 : 0], call->in[0],
                      stats);
}

static int32_t run_forward(gan_sampler *s, const step *t, int64_t image) {
    const graph_node *n = t->node;
    op_call call = {.ctx = s->ctx,
                    .inputs = n->inputs,
                    .attr = &n->attr,
                    .out_shape = s->graph.values[n->out].shape,
                    .out = value_at(s, n->out, image)};
    for (int32_t i = 0; i < n->inputs; i++) {
        call.in_shape[i] = &s->graph.values[n->in[i]].shape;
        call.in[i] = value_at(s, n->in[i], image);
    }
    int32_t code = GAN_OK;
    if (n->op == OP_normalize || n->op == OP_norm_affine) {
        real *stats = s->memory + t->stats_at;
        code = measure_norm(s, t, &call, stats);
        call.aux = stats;
    }
    return code ? code : op_find(n->op)->forward(&call);
}

typedef struct emitting {
    gan_sampler *s;
    int64_t first;
} emitting;

static void emit(void *arg, int64_t chunk, int worker) {
    const emitting *job = arg;
    gan_sampler *s = job->s;
    const int64_t i = job->first + chunk;
    pixels_emit(s, s->at.first + i, value_at(s, step_of(s)->in, i), worker);
}

static int32_t run_units(gan_sampler *s, int64_t begin, int64_t end) {
    const step *t = step_of(s);
    int32_t code = GAN_OK;
    if (t->kind == STEP_CONV) return run_conv(s, t, begin, end);
    if (t->kind == STEP_EMIT) {
        parallel_for(s->ctx, end - begin, emit, &(emitting){s, begin});
        return GAN_OK;
    }
    for (int64_t i = begin; i < end && !code; i++) {
        if (t->kind == STEP_DRAW)
            code = latent_fill(s, s->at.first + i, value_at(s, t->out, i));
        else
            code = run_forward(s, t, i);
    }
    return code;
}

/* ---- the cursor ------------------------------------------------------------------------------ */

static void enter_stage(gan_sampler *s) {
    s->at.unit = 0;
    s->at.units = units_of(s);
}

static void enter_images(gan_sampler *s) {
    const int64_t left = s->request.n - s->at.first;
    s->at.images = left < s->at.together ? left : s->at.together;
    s->at.step = 0;
    s->at.stage = 0;
    if (left > 0) enter_stage(s);
}

static void tell_progress(gan_sampler *s) {
    const double done =
        (double)s->at.first + (double)s->at.images * (double)s->at.step / (double)s->step_count;
    atomic_store_explicit(&s->progress, (int)(done / (double)s->request.n * PROGRESS_ONE),
                          memory_order_relaxed);
}

static void next_stage(gan_sampler *s) {
    if (++s->at.stage < stages_of(step_of(s))) {
        enter_stage(s);
        return;
    }
    s->at.stage = 0;
    if (++s->at.step < s->step_count) {
        enter_stage(s);
    } else {
        s->at.first += s->at.images;
        enter_images(s);
    }
    tell_progress(s);
}

void run_begin(gan_sampler *s, int64_t together) {
    s->at = (cursor){.together = together};
    atomic_store(&s->progress, 0);
    /* What the images' pixels cost depends on the request: one image of it tells. */
    s->steps[s->step_count - 1].unit_ns[0] = 0;
    enter_images(s);
}

/* ---- slices ---------------------------------------------------------------------------------- */

/* How long the units that run at once are expected to take. */
static double round_ns(const gan_sampler *s) {
    return step_of(s)->unit_ns[s->at.stage] * (double)s->at.images;
}

static int64_t rounds_within(const gan_sampler *s, double ns) {
    const double one = round_ns(s), rounds = one > 0 ? ns / one : 1;
    return rounds < 1 ? 1 : rounds > 1e6 ? 1000000 : (int64_t)rounds;
}

/* The end of the next slice. */
static int64_t slice_end(const gan_sampler *s, double ns) {
    const int64_t units = rounds_within(s, ns < SLICE_NS ? ns : SLICE_NS) * side_by_side(s);
    return units < s->at.units - s->at.unit ? s->at.unit + units : s->at.units;
}

/* Expectations follow what is measured, half-way each time. */
static void learn(gan_sampler *s, int64_t units, double ns) {
    const int64_t rounds = (units + side_by_side(s) - 1) / side_by_side(s);
    double *known = &s->steps[s->at.step].unit_ns[s->at.stage];
    const double measured = ns / (double)rounds / (double)s->at.images;
    *known = *known > 0 ? (*known + measured) / 2 : measured;
}

int32_t run_on(gan_sampler *s, int64_t deadline) {
    for (int first = 1; s->at.first < s->request.n; first = 0) {
        if (atomic_load_explicit(&s->cancelled, memory_order_relaxed)) return 0;
        int64_t end = s->at.units, before = 0;
        if (deadline) {
            before = clock_ns();
            const double left = (double)(deadline - before);
            if (!first && round_ns(s) > left) return 0;
            end = slice_end(s, left);
        }
        const int32_t code = run_units(s, s->at.unit, end);
        if (code) return code;
        if (deadline) learn(s, end - s->at.unit, (double)(clock_ns() - before));
        s->at.unit = end;
        if (end == s->at.units) next_stage(s);
    }
    return 1;
}

int32_t run_warm(gan_sampler *s) {
    gan_sampler_request_init(&s->request, sizeof s->request);
    run_begin(s, 1);
    int32_t code = GAN_OK;
    while (!code) code = run_on(s, INT64_MAX);
    return code < 0 ? code : GAN_OK;
}
