/* Winograd's method with a kernel that stays at the points. Two stages: lines of tiles of the
 * source go to the points; then each unit multiplies some tiles by one panel of the result's
 * channels, takes them back and finishes them. */
#include "kernels/frozen.h"

#include "core/threads.h"

#include <string.h>

/* Tiles of one unit, about: what they are at the points stays in the second-level cache. */
static const int64_t TILES = 64;

enum { STAGE_LOAD, STAGE_MULTIPLY };

/* The plan for so many images; q is where its geometry is kept. */
static winograd_plan plan_of(const frozen_conv *plan, int64_t images, conv_geom *q) {
    *q = plan->geom;
    q->n = images;
    return winograd_plan_of(q, &winograd_algorithms[plan->algorithm]);
}

static int64_t in_panels(const frozen_conv *plan, const winograd_plan *p) {
    return plan->forward ? p->x_panels : p->o_panels;
}

static int64_t out_panels(const frozen_conv *plan, const winograd_plan *p) {
    return plan->forward ? p->o_panels : p->x_panels;
}

/* Lines of tiles of one unit: any of the forward pass, whole images of the data gradient, where
 * neighbouring lines add to the same pixels. */
static int64_t lines_at_once(const frozen_conv *plan, const winograd_plan *p) {
    const int64_t lines = min_i64(p->lines, max_i64(1, TILES / p->across));
    return plan->forward ? lines : max_i64(1, lines / p->image_lines) * p->image_lines;
}

static spectrum kernel_at(const frozen_conv *plan, const winograd_plan *p) {
    return spectrum_panels(in_panels(plan, p) * GEMM_PANEL, out_panels(plan, p));
}

static spectrum source_at(const frozen_conv *plan, const winograd_plan *p) {
    return spectrum_rows(p->lines * p->across, in_panels(plan, p));
}

/* ---- planning -------------------------------------------------------------------------------- */

double frozen_winograd_work(const frozen_conv *plan) {
    conv_geom q;
    const winograd_plan p = plan_of(plan, 1, &q);
    return (double)(p.lines * p.across * p.points) *
           (double)(p.x_panels * p.o_panels * GEMM_PANEL * GEMM_PANEL);
}

int64_t frozen_winograd_kernel(const frozen_conv *plan) {
    conv_geom q;
    const winograd_plan p = plan_of(plan, 1, &q);
    return p.points * kernel_at(plan, &p).point;
}

void frozen_winograd_plan(frozen_conv *plan, int64_t images) {
    plan->stages = 2;
    plan->kernel = frozen_winograd_kernel(plan);
    plan->pack_rows = GEMM_PANEL;
    for (int64_t n = 1; n <= images; n++) { /* of fewer images a unit may have more lines */
        conv_geom q;
        const winograd_plan p = plan_of(plan, n, &q);
        const spectrum tiles = spectrum_rows(lines_at_once(plan, &p) * p.across, 1);
        plan->scratch = max_i64(plan->scratch, slot_size(p.points * tiles.point));
        plan->workspace = max_i64(plan->workspace, p.points * source_at(plan, &p).point);
    }
}

void frozen_winograd_pack(const frozen_conv *plan, int64_t row, const real *w, real *kernel) {
    conv_geom q;
    const winograd_plan p = plan_of(plan, 1, &q);
    const range o = {row / GEMM_PANEL, row / GEMM_PANEL + 1}, x = {0, p.x_panels};
    spectrum part = kernel_at(plan, &p);
    part.data = kernel + o.begin * (plan->forward ? part.panel : GEMM_PANEL * part.row);
    if (plan->forward)
        winograd_load_w_transposed(&p, w, x, o, &part);
    else
        winograd_load_w(&p, w, o, x, &part);
}

/* ---- running --------------------------------------------------------------------------------- */

typedef struct winograd_call {
    const frozen_call *call;
    winograd_plan p;
    conv_geom geom;
    spectrum source, kernel;
    int64_t first, lines, bands;
} winograd_call;

static void load_line(void *arg, int64_t chunk, int worker) {
    (void)worker;
    const winograd_call *job = arg;
    const winograd_plan *p = &job->p;
    const int64_t line = job->first + chunk;
    const range lines = {line, line + 1}, panels = {0, in_panels(job->call->plan, p)};
    spectrum part = job->source;
    part.data += line * p->across * part.row;
    if (job->call->plan->forward)
        winograd_load_x(p, job->call->x, lines, panels, &part);
    else
        winograd_load_g(p, job->call->x, lines, panels, &part);
}

/* The pixels of one phase and panel in the images of these lines: cleared where no tile may come,
 * or finished when all tiles have added to them. */
static void visit_phase(const winograd_call *job, range lines, int64_t panel,
                        const conv_epilogue *epilogue) {
    const conv_geom *q = &job->geom;
    const int64_t phase = panel / job->p.c_panels, c = panel % job->p.c_panels * GEMM_PANEL;
    const int64_t count = min_i64(GEMM_PANEL, q->c - c), end = lines.end / job->p.image_lines;
    /* pixel s i + r - pad is of phase r */
    const int64_t top = (phase / q->sw + (q->sh - 1) * q->pt) % q->sh;
    const int64_t left = (phase % q->sw + (q->sw - 1) * q->pl) % q->sw;
    for (int64_t i = lines.begin / job->p.image_lines; i < end; i++)
        for (int64_t y = top; y < q->h; y += q->sh)
            for (int64_t x = left; x < q->w; x += q->sw) {
                real *pixel = job->call->y + ((i * q->h + y) * q->w + x) * q->c + c;
                if (epilogue)
                    epilogue_apply(epilogue, c, count, pixel);
                else
                    memset(pixel, 0, (size_t)count * sizeof(real));
            }
}

static void multiply_panel(void *arg, int64_t chunk, int worker) {
    const winograd_call *job = arg;
    const winograd_plan *p = &job->p;
    const frozen_conv *plan = job->call->plan;
    const int64_t unit = job->first + chunk, panel = unit / job->bands;
    const int64_t line = unit % job->bands * job->lines;
    const range lines = {line, min_i64(line + job->lines, p->lines)};
    const range in = {0, in_panels(plan, p)}, out = {panel, panel + 1};
    spectrum source = job->source, kernel = job->kernel;
    spectrum result = spectrum_rows(range_size(lines) * p->across, 1);
    source.data += line * p->across * source.row;
    kernel.data += panel * kernel.panel;
    result.data = job->call->scratch + worker * plan->scratch;
    winograd_multiply(p, plan->forward, range_size(lines) * p->across, in, out, &source, &kernel, 0,
                      &result);
    const conv_epilogue epilogue = {job->call->bias, job->call->act};
    if (plan->forward) {
        winograd_store_g(p, &result, lines, out, &epilogue, job->call->y);
        return;
    }
    if (!winograd_covers_x(p)) visit_phase(job, lines, panel, NULL);
    winograd_store_x(p, &result, lines, out, 0, 0, job->call->y);
    visit_phase(job, lines, panel, &epilogue);
}

int64_t frozen_winograd_units(const frozen_conv *plan, int32_t stage, int64_t images) {
    conv_geom q;
    const winograd_plan p = plan_of(plan, images, &q);
    if (stage == STAGE_LOAD) return p.lines;
    return out_panels(plan, &p) * ceil_div(p.lines, lines_at_once(plan, &p));
}

void frozen_winograd_run(gan_context *ctx, const frozen_call *call, int32_t stage, int64_t begin,
                         int64_t end) {
    winograd_call job = {.call = call, .first = begin};
    job.p = plan_of(call->plan, call->images, &job.geom);
    job.source = source_at(call->plan, &job.p);
    job.source.data = call->workspace;
    job.kernel = kernel_at(call->plan, &job.p);
    job.kernel.data = call->kernel;
    job.lines = lines_at_once(call->plan, &job.p);
    job.bands = ceil_div(job.p.lines, job.lines);
    parallel_for(ctx, end - begin, stage == STAGE_LOAD ? load_line : multiply_panel, &job);
}
