/* Winograd's method with a kernel that stays at its taps: a panel of it goes to the points, part by
 * part, where it is used, since that takes less time than to read the points, 2 to 6 times as
 * many. Two stages: lines of tiles of the source go to the points; then each unit multiplies some
 * tiles by one panel of the result's channels, takes them back and finishes them. */
#include "kernels/frozen.h"

#include "core/threads.h"

#include <string.h>

/* Tiles of one unit, about: what they are at the points stays in the second-level cache. */
static const int64_t TILES = 64;

/* Elements of a part of a panel of the kernel at the points, at most: it stays there too. A part
 * is a part of the depth. */
static const int64_t PART = 64 * 1024;

/* With more tiles than this the source is what a product waits for, with fewer the kernel. */
static const int64_t FEW_TILES = 24;

/* The kernel at its taps is one at the points of an algorithm that leaves it as it is. */
#define COPY_TAPS(taps)                                                                            \
    static void copy_##taps(int64_t count, const real *from, line_steps in, real *to,              \
                            line_steps out) {                                                      \
        for (int64_t n = 0; n < count; n++, from += in.next, to += out.next)                       \
            for (int t = 0; t < taps * taps; t++)                                                  \
                memcpy(to + t / taps * out.row + t % taps * out.col,                               \
                       from + t / taps * in.row + t % taps * in.col, GEMM_PANEL * sizeof(real));   \
    }
COPY_TAPS(2)
COPY_TAPS(3)

static const winograd_algorithm as_it_is[WINOGRAD_TAPS + 1] = {
    [2] = {.taps = 2, .points = 2, .w_to_points = copy_2},
    [3] = {.taps = 3, .points = 3, .w_to_points = copy_3},
};

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

/* Puts the kernel at its taps in place of the points. */
static winograd_plan at_taps(winograd_plan p) {
    p.f = &as_it_is[p.f->taps];
    p.points = p.f->points * p.f->points;
    return p;
}

/* Panel after panel, the taps of a row side by side. */
static spectrum kernel_at(const frozen_conv *plan, const winograd_plan *p) {
    const int64_t row = p->f->taps * p->f->taps * GEMM_PANEL;
    return (spectrum){
        .point = GEMM_PANEL, .row = row, .panel = in_panels(plan, p) * GEMM_PANEL * row};
}

/* Panels of the depth that a part has. */
static int64_t part_panels(const frozen_conv *plan, const winograd_plan *p) {
    const int64_t most = max_i64(1, PART / (p->points * GEMM_PANEL * GEMM_PANEL));
    return ceil_div(in_panels(plan, p), ceil_div(in_panels(plan, p), most));
}

/* A part of the source, and all of it: part after part. */
static spectrum source_at(const frozen_conv *plan, const winograd_plan *p) {
    return spectrum_rows(p->lines * p->across, part_panels(plan, p));
}

static int64_t source_size(const frozen_conv *plan, const winograd_plan *p) {
    const int64_t parts = ceil_div(in_panels(plan, p), part_panels(plan, p));
    return parts * p->points * source_at(plan, p).point;
}

/* A part of a panel of the kernel at the points. */
static spectrum part_at(const frozen_conv *plan, const winograd_plan *p) {
    return spectrum_panels(part_panels(plan, p) * GEMM_PANEL, 1);
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
    return out_panels(plan, &p) * kernel_at(plan, &p).panel;
}

double frozen_winograd_made(const frozen_conv *plan) {
    conv_geom q;
    const winograd_plan p = plan_of(plan, 1, &q);
    return (double)(p.points * p.x_panels * p.o_panels * GEMM_PANEL * GEMM_PANEL);
}

void frozen_winograd_plan(frozen_conv *plan, int64_t images) {
    plan->stages = 2;
    plan->kernel = frozen_winograd_kernel(plan);
    plan->pack_rows = GEMM_PANEL;
    for (int64_t n = 1; n <= images; n++) { /* of fewer images a unit may have more lines */
        conv_geom q;
        const winograd_plan p = plan_of(plan, n, &q);
        const spectrum tiles = spectrum_rows(lines_at_once(plan, &p) * p.across, 1);
        plan->scratch =
            max_i64(plan->scratch, slot_size(p.points * (tiles.point + part_at(plan, &p).point)));
        plan->workspace = max_i64(plan->workspace, source_size(plan, &p));
    }
}

void frozen_winograd_pack(const frozen_conv *plan, int64_t row, const real *w, real *kernel) {
    conv_geom q;
    const winograd_plan p = at_taps(plan_of(plan, 1, &q));
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
    const range lines = {line, line + 1};
    const int64_t depth = in_panels(job->call->plan, p), step = part_panels(job->call->plan, p);
    spectrum part = job->source;
    part.data += line * p->across * part.row;
    for (range in = {0, 0}; in.begin < depth; in.begin = in.end) {
        in.end = min_i64(in.begin + step, depth);
        if (job->call->plan->forward)
            winograd_load_x(p, job->call->x, lines, in, &part);
        else
            winograd_load_g(p, job->call->x, lines, in, &part);
        part.data += p->points * part.point;
    }
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

/* Rows of a panel go to the points. */
static void load_part(const winograd_call *job, int64_t panel, range in, const spectrum *to) {
    const spectrum *from = &job->kernel;
    const int64_t taps = job->p.f->taps, points = job->p.f->points;
    job->p.f->w_to_points(range_size(in) * GEMM_PANEL,
                          from->data + panel * from->panel + in.begin * GEMM_PANEL * from->row,
                          (line_steps){taps * from->point, from->point, from->row}, to->data,
                          (line_steps){points * to->point, to->point, to->row});
}

/* What the product of a part asks for: the source at the next point, or its share of the rows
 * behind those of the part, of this panel or the next. */
static lookahead next_of(const winograd_call *job, int64_t panel, range in, int64_t tiles,
                         const spectrum *source) {
    const spectrum *kernel = &job->kernel;
    if (tiles > FEW_TILES)
        return (lookahead){source->data + source->point, source->point,
                           tiles * source->row / GEMM_PANEL};
    const int64_t count = range_size(in) * kernel->row / job->p.points;
    return (lookahead){kernel->data + panel * kernel->panel + in.end * GEMM_PANEL * kernel->row,
                       count * GEMM_PANEL, count};
}

static void multiply_panel(void *arg, int64_t chunk, int worker) {
    const winograd_call *job = arg;
    const winograd_plan *p = &job->p;
    const frozen_conv *plan = job->call->plan;
    const int64_t unit = job->first + chunk, panel = unit / job->bands;
    const int64_t line = unit % job->bands * job->lines;
    const range lines = {line, min_i64(line + job->lines, p->lines)};
    const int64_t depth = in_panels(plan, p), step = part_panels(plan, p);
    const int64_t tiles = range_size(lines) * p->across;
    const range out = {panel, panel + 1};
    spectrum source = job->source, part = part_at(plan, p), result = spectrum_rows(tiles, 1);
    source.data += line * p->across * source.row;
    part.data = job->call->scratch + worker * plan->scratch;
    result.data = part.data + p->points * part.point;
    for (range in = {0, 0}; in.begin < depth; in.begin = in.end) {
        in.end = min_i64(in.begin + step, depth);
        load_part(job, panel, in, &part);
        const lookahead next = next_of(job, panel, in, tiles, &source);
        winograd_multiply(p, plan->forward, tiles, in, out, &source, &part, &next, in.begin > 0,
                          &result);
        source.data += p->points * source.point;
    }
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
