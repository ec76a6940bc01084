/* The direct method: of each phase, blocks of the result's pixels by blocks of its channels.
 *
 * The pixels of all images are rows, in the order (line, place, image): those whose tap is outside
 * the source are together, and are left out where that pays. Part by part of the depth, what the
 * rows see is copied to where it meets the panels, which pass by in the order they lie. */
#include "kernels/frozen.h"

#include "core/threads.h"

#include <string.h>

/* Rows of a block: what they see of one part stays in the second-level cache. */
static const int64_t ROWS = 128;

/* Elements of a block of the result. */
static const int64_t TILE = 64 * 1024;

/* Multiply-adds of a unit, about: some tenth of a millisecond. Of many images six times as many,
 * since what a unit copies is then read by more panels. */
static const int64_t UNIT = 12 * 1000 * 1000, UNIT_OF_MANY = 72 * 1000 * 1000;

/* Rows that are multiplied by themselves are at least so many: fewer wait for their additions. */
static const int64_t SHORTEST = 12;

/* Rows of a kernel that are packed at once: they stay in the second-level cache. */
enum { PACK_ROWS = 8 };

/* Rows of the copy are so many elements longer, so that they do not evict each other. */
enum { GAP = 64 / (int)sizeof(real) };

typedef struct direct_unit {
    window win;
    int64_t phase;
    int64_t row_begin, row_end, panel_begin, panel_end;
} direct_unit;

/* How a phase is cut for so many images. */
typedef struct direct_cut {
    int64_t rows, rows_at_once, row_blocks;
    int64_t panels, panels_at_once, panel_blocks;
} direct_cut;

static direct_cut cut_of(const frozen_conv *plan, const window *win, int64_t images) {
    direct_cut cut = {.rows = images * win->y.out * win->x.out,
                      .panels = ceil_div(plan->channels, GEMM_PANEL)};
    cut.row_blocks = ceil_div(cut.rows, ROWS);
    cut.rows_at_once = ceil_div(cut.rows, max_i64(1, cut.row_blocks));
    const int64_t panel = max_i64(1, cut.rows_at_once * window_taps(win) * win->c * GEMM_PANEL);
    const int64_t room = TILE / max_i64(1, cut.rows_at_once * GEMM_PANEL);
    const int64_t unit = images > FROZEN_STEPPED ? UNIT_OF_MANY : UNIT;
    const int64_t most = max_i64(1, min_i64(unit / panel, room));
    cut.panel_blocks = max_i64(ceil_div(cut.panels, most), min_i64(cut.panels, 2));
    cut.panels_at_once = ceil_div(cut.panels, cut.panel_blocks);
    cut.panel_blocks = ceil_div(cut.panels, cut.panels_at_once);
    return cut;
}

static int64_t phases_of(const frozen_conv *plan) {
    return plan->forward ? 1 : window_phases(&plan->geom);
}

static window window_of(const frozen_conv *plan, int64_t phase) {
    const conv_pass pass = frozen_pass(plan, &plan->geom);
    return conv_pass_window(&pass, phase);
}

/* ---- planning -------------------------------------------------------------------------------- */

double frozen_direct_work(const frozen_conv *plan) {
    double sum = 0;
    for (int64_t f = 0; f < phases_of(plan); f++) {
        const window win = window_of(plan, f);
        const int64_t panels = ceil_div(plan->channels, GEMM_PANEL);
        sum += (double)(win.y.out * win.x.out * window_taps(&win)) *
               (double)(win.c * panels * GEMM_PANEL);
    }
    return sum;
}

int64_t frozen_direct_kernel(const frozen_conv *plan) {
    const conv_pass pass = frozen_pass(plan, &plan->geom);
    return conv_pack_at(&pass, phases_of(plan));
}

void frozen_direct_plan(frozen_conv *plan) {
    plan->kernel = frozen_direct_kernel(plan);
    plan->pack_rows = plan->forward ? GEMM_PANEL : PACK_ROWS;
    const int64_t tile = max_i64(TILE, ROWS * GEMM_PANEL);
    plan->scratch = slot_size(tile + ROWS * (GEMM_DEPTH + GAP));
}

void frozen_direct_pack(const frozen_conv *plan, int64_t row, const real *w, real *kernel) {
    conv_pass pass = frozen_pass(plan, &plan->geom);
    const int64_t end = min_i64(row + plan->pack_rows, plan->geom.o);
    range panels = {0, ceil_div(plan->channels, GEMM_PANEL)};
    if (plan->forward) panels = (range){row / GEMM_PANEL, row / GEMM_PANEL + 1};
    pass.w = w;
    for (int64_t f = 0; f < phases_of(plan); f++) {
        real *const to = kernel + conv_pack_at(&pass, f);
        for (int64_t p = panels.begin; p < panels.end; p++)
            conv_pack_panel(&pass, f, p, row, end, to);
    }
}

/* ---- one unit -------------------------------------------------------------------------------- */

int64_t frozen_direct_units(const frozen_conv *plan, int64_t images) {
    int64_t units = 0;
    for (int64_t f = 0; f < phases_of(plan); f++) {
        const window win = window_of(plan, f);
        const direct_cut cut = cut_of(plan, &win, images);
        units += cut.row_blocks * cut.panel_blocks;
    }
    return units;
}

static direct_unit unit_at(const frozen_conv *plan, int64_t images, int64_t index) {
    for (int64_t f = 0;; f++) {
        const window win = window_of(plan, f);
        const direct_cut cut = cut_of(plan, &win, images);
        const int64_t units = cut.row_blocks * cut.panel_blocks;
        if (index >= units) {
            index -= units;
            continue;
        }
        /* blocks of rows follow each other, so that the panels are still near for the next */
        const int64_t row = index % cut.row_blocks * cut.rows_at_once;
        const int64_t panel = index / cut.row_blocks * cut.panels_at_once;
        return (direct_unit){.win = win,
                             .phase = f,
                             .row_begin = row,
                             .row_end = min_i64(row + cut.rows_at_once, cut.rows),
                             .panel_begin = panel,
                             .panel_end = min_i64(panel + cut.panels_at_once, cut.panels)};
    }
}

/* A part of the depth: `count` elements from channel c of tap (ty, tx) on, of one row of taps. */
typedef struct direct_part {
    int64_t ty, tx, taps, c, count;
} direct_part;

/* The positions along an axis of the result whose tap t is inside the source. */
static range seen_through(const tap_axis *axis, int64_t t) {
    range seen = {0, axis->out};
    const int64_t place = t * axis->step + axis->origin;
    while (seen.begin < seen.end && seen.begin * axis->stride + place < 0) seen.begin++;
    while (seen.end > seen.begin && (seen.end - 1) * axis->stride + place >= axis->in) seen.end--;
    return seen;
}

typedef struct direct_pixel {
    int64_t line, image, place;
} direct_pixel;

static direct_pixel pixel_at(const window *win, int64_t images, int64_t row) {
    const int64_t place = row / images;
    return (direct_pixel){place / win->x.out, row % images, place % win->x.out};
}

/* What row `row` sees of the part; zeros beside the source. */
static void copy_row(const frozen_call *call, const window *win, const direct_part *part,
                     int64_t row, real *to) {
    const direct_pixel p = pixel_at(win, call->images, row);
    const int64_t y = p.line * win->y.stride + part->ty * win->y.step + win->y.origin;
    const int64_t each = part->count / part->taps;
    const real *line = call->x + (p.image * win->y.in + y) * win->x.in * win->c + part->c;
    for (int64_t t = 0; t < part->taps; t++, to += each) {
        const int64_t x = p.place * win->x.stride + (part->tx + t) * win->x.step + win->x.origin;
        if (x >= 0 && x < win->x.in)
            memcpy(to, line + x * win->c, (size_t)each * sizeof(real));
        else
            memset(to, 0, (size_t)each * sizeof(real));
    }
}

/* The rows of a unit that a part is for: runs of rows, one a line, or a single one where lines are
 * whole. */
typedef struct direct_rows {
    range lines, places;
    int64_t across, images; /* rows of a line, images of a place */
    int whole;
} direct_rows;

static direct_rows rows_of(const frozen_call *call, const window *win, const direct_part *part) {
    direct_rows rows = {.lines = seen_through(&win->y, part->ty),
                        .places = {0, win->x.out},
                        .across = win->x.out * call->images,
                        .images = call->images,
                        .whole = 1};
    const range places = seen_through(&win->x, part->tx);
    if (part->taps > 1 || range_size(places) * call->images < SHORTEST) return rows;
    rows.whole = range_size(places) == win->x.out;
    rows.places = places;
    return rows;
}

/* Run i of the rows, as far as it belongs to the unit; an empty one may come before the last. */
static range run_of(const direct_rows *rows, const direct_unit *u, int64_t i) {
    range run = {rows->lines.begin * rows->across, rows->lines.end * rows->across};
    if (!rows->whole) {
        const int64_t line = (rows->lines.begin + i) * rows->across;
        run = (range){line + rows->places.begin * rows->images,
                      line + rows->places.end * rows->images};
    }
    run.begin = max_i64(run.begin, u->row_begin);
    run.end = max_i64(run.begin, min_i64(run.end, u->row_end));
    return run;
}

static int64_t runs_of(const direct_rows *rows) {
    return rows->whole ? 1 : range_size(rows->lines);
}

/* What all rows see of the part, one after the other; how many there are. */
static int64_t copy_rows(const frozen_call *call, const direct_unit *u, const direct_part *part,
                         const direct_rows *rows, real *left) {
    int64_t count = 0;
    for (int64_t i = 0; i < runs_of(rows); i++) {
        const range run = run_of(rows, u, i);
        for (int64_t r = run.begin; r < run.end; r++, count++)
            copy_row(call, &u->win, part, r, left + count * (part->count + GAP));
    }
    return count;
}

/* Adds one part to the tile, whose row 0 is u->row_begin. */
static void add_part(const frozen_call *call, const direct_unit *u, const direct_part *part,
                     const real *kernel, real *tile, real *left) {
    const window *win = &u->win;
    const direct_rows rows = rows_of(call, win, part);
    const int64_t count = copy_rows(call, u, part, &rows, left);
    if (count == 0) return;
    const int64_t ld = part->count + GAP, depth = window_taps(win) * win->c;
    const int64_t from = (part->ty * win->x.taps + part->tx) * win->c + part->c;
    const int64_t width = (u->panel_end - u->panel_begin) * GEMM_PANEL;
    gemm_strip strip = {.rows = count,
                        .cols = GEMM_PANEL,
                        .runs = 1,
                        .run = part->count,
                        .row = ld,
                        .step = 1,
                        .b_step = GEMM_PANEL,
                        .accumulate = 1,
                        .ldc = width};
    for (int64_t p = u->panel_begin; p < u->panel_end; p++) {
        const int last = p + 1 == u->panel_end;
        strip.b = kernel + (p * depth + from) * GEMM_PANEL;
        strip.rows = count;
        gemm_strip_ahead(&strip,
                         last ? kernel + (u->panel_begin * depth + from + part->count) * GEMM_PANEL
                              : strip.b + depth * GEMM_PANEL,
                         part->count);
        strip.a = left;
        for (int64_t i = 0; i < runs_of(&rows); i++) {
            const range run = run_of(&rows, u, i);
            strip.rows = range_size(run);
            strip.c = tile + (run.begin - u->row_begin) * width + (p - u->panel_begin) * GEMM_PANEL;
            gemm_multiply_strip(&strip);
            strip.a += strip.rows * ld;
        }
    }
}

/* The tile to the result, which is finished there. */
static void store_tile(const frozen_call *call, const direct_unit *u, const real *tile) {
    const conv_geom *q = &call->plan->geom;
    const window *win = &u->win;
    const int64_t height = call->plan->forward ? q->ho : q->h;
    const int64_t width = call->plan->forward ? q->wo : q->w;
    const int64_t channels = call->plan->channels, col = u->panel_begin * GEMM_PANEL;
    const int64_t cols = min_i64(u->panel_end * GEMM_PANEL, channels) - col;
    const conv_epilogue epilogue = {call->bias, call->act};
    for (int64_t r = u->row_begin; r < u->row_end; r++) {
        const direct_pixel p = pixel_at(win, call->images, r);
        const int64_t y = win->y.out_first + p.line * win->y.out_step;
        const int64_t x = win->x.out_first + p.place * win->x.out_step;
        real *to = call->y + ((p.image * height + y) * width + x) * channels + col;
        memcpy(to, tile, (size_t)cols * sizeof(real));
        epilogue_apply(&epilogue, col, cols, to);
        tile += (u->panel_end - u->panel_begin) * GEMM_PANEL;
    }
}

typedef struct direct_job {
    const frozen_call *call;
    int64_t first;
} direct_job;

static void run_unit(void *arg, int64_t chunk, int worker) {
    const direct_job *job = arg;
    const frozen_call *call = job->call;
    const direct_unit u = unit_at(call->plan, call->images, job->first + chunk);
    const window *win = &u.win;
    const conv_pass pass = frozen_pass(call->plan, &call->plan->geom);
    const real *kernel = call->kernel + conv_pack_at(&pass, u.phase);
    real *tile = call->scratch + worker * call->plan->scratch;
    const int64_t size = (u.row_end - u.row_begin) * (u.panel_end - u.panel_begin) * GEMM_PANEL;
    memset(tile, 0, (size_t)size * sizeof(real));
    const int64_t taps = min_i64(win->x.taps, max_i64(1, GEMM_DEPTH / max_i64(1, win->c)));
    const int64_t pieces = taps > 1 ? 1 : max_i64(1, ceil_div(win->c, GEMM_DEPTH));
    for (int64_t ty = 0; ty < win->y.taps; ty++)
        for (int64_t tx = 0; tx < win->x.taps; tx += taps)
            for (int64_t i = 0; i < pieces; i++) {
                const int64_t c = win->c * i / pieces;
                direct_part part = {ty, tx, min_i64(taps, win->x.taps - tx), c, 0};
                part.count = part.taps * (win->c * (i + 1) / pieces - c);
                add_part(call, &u, &part, kernel, tile, tile + size);
            }
    store_tile(call, &u, tile);
}

void frozen_direct_run(gan_context *ctx, const frozen_call *call, int64_t begin, int64_t end) {
    direct_job job = {call, begin};
    parallel_for(ctx, end - begin, run_unit, &job);
}
