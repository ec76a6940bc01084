#include "kernels/conv_winograd.h"

#include "kernels/transpose.h"

#include <string.h>

/* ---- spectra --------------------------------------------------------------------------------- */

/* The next odd multiple of a cache line. */
static int64_t odd_lines(int64_t elements) {
    const int64_t line = 64 / (int64_t)sizeof(real);
    return (ceil_div(elements, line) | 1) * line;
}

spectrum spectrum_rows(int64_t rows, int64_t panels) {
    const int64_t row = odd_lines(panels * GEMM_PANEL);
    return (spectrum){.point = odd_lines(rows * row), .row = row, .panel = GEMM_PANEL};
}

spectrum spectrum_panels(int64_t rows, int64_t panels) {
    const int64_t panel = rows * GEMM_PANEL;
    return (spectrum){.point = odd_lines(panels * panel), .row = GEMM_PANEL, .panel = panel};
}

static line_steps point_steps(const winograd_plan *p, const spectrum *s) {
    return (line_steps){p->f->points * s->point, s->point, s->panel};
}

/* ---- patches: what one transform reads or writes of an image --------------------------------- */

enum { STAGE = WINOGRAD_POINTS * WINOGRAD_POINTS * GEMM_PANEL };

typedef struct image {
    int64_t h, w, c; /* pixels lie (h, w, c) */
    int64_t step;    /* between the pixels of a patch */
} image;

/* `size` pixels each way from pixel (y, x) on, `panels` from channel c on. */
typedef struct patch {
    int64_t y, x, c, size, panels;
} patch;

/* Panels whose pixels and channels all lie in the image: they need no staging. */
static int64_t panels_inside(const image *im, const patch *a) {
    const int64_t last = (a->size - 1) * im->step;
    if (a->y < 0 || a->x < 0 || a->y + last >= im->h || a->x + last >= im->w) return 0;
    return max_i64(0, min_i64(a->panels, (im->c - a->c) / GEMM_PANEL));
}

static line_steps pixel_steps(const image *im) {
    return (line_steps){im->step * im->w * im->c, im->step * im->c, GEMM_PANEL};
}

static line_steps stage_steps(const patch *a) {
    return (line_steps){a->size * GEMM_PANEL, GEMM_PANEL, 0};
}

static void copy_line(const real *from, int64_t count, real *to) {
    if (count == GEMM_PANEL) {
        memcpy(to, from, GEMM_PANEL * sizeof(real));
        return;
    }
    for (int64_t i = 0; i < count; i++) to[i] = from[i];
}

static void add_line(const real *from, int64_t count, real *to) {
    if (count == GEMM_PANEL) {
        for (int64_t i = 0; i < GEMM_PANEL; i++) to[i] += from[i];
        return;
    }
    for (int64_t i = 0; i < count; i++) to[i] += from[i];
}

/* Where the indices of a patch fall inside [0, length). */
static range clip(int64_t first, int64_t step, int64_t size, int64_t length) {
    const int64_t begin = first >= 0 ? 0 : ceil_div(-first, step);
    const int64_t end = first >= length ? 0 : ceil_div(length - first, step);
    return (range){begin, max_i64(begin, min_i64(size, end))};
}

/* One panel of a patch, zeros where it leaves the image. */
static void fill_stage(const image *im, const patch *a, const real *pixels, int64_t c,
                       real *stage) {
    const range rows = clip(a->y, im->step, a->size, im->h);
    const range cols = clip(a->x, im->step, a->size, im->w);
    const int64_t count = max_i64(0, min_i64(GEMM_PANEL, im->c - c));
    memset(stage, 0, (size_t)(a->size * a->size * GEMM_PANEL) * sizeof(real));
    for (int64_t u = rows.begin; u < rows.end; u++)
        for (int64_t v = cols.begin; v < cols.end; v++)
            copy_line(pixels + ((a->y + u * im->step) * im->w + a->x + v * im->step) * im->c + c,
                      count, stage + (u * a->size + v) * GEMM_PANEL);
}

static void load_patch(const image *im, const patch *a, const real *pixels, line_transform f,
                       real *to, line_steps out) {
    const int64_t inside = panels_inside(im, a);
    if (inside > 0)
        f(inside, pixels + (a->y * im->w + a->x) * im->c + a->c, pixel_steps(im), to, out);
    for (int64_t i = inside; i < a->panels; i++) {
        real stage[STAGE];
        fill_stage(im, a, pixels, a->c + i * GEMM_PANEL, stage);
        f(1, stage, stage_steps(a), to + i * out.next, out);
    }
}

/* Rows [0, top) and [bottom, size) and columns [0, left) of a patch add to what is there. */
typedef struct adding {
    int64_t top, bottom, left;
} adding;

static void empty_stage(const image *im, const patch *a, const adding *add, const real *stage,
                        int64_t c, real *pixels) {
    const range rows = clip(a->y, im->step, a->size, im->h);
    const range cols = clip(a->x, im->step, a->size, im->w);
    const int64_t count = max_i64(0, min_i64(GEMM_PANEL, im->c - c));
    for (int64_t u = rows.begin; u < rows.end; u++) {
        const int64_t left = u < add->top || u >= add->bottom ? a->size : add->left;
        for (int64_t v = cols.begin; v < cols.end; v++) {
            real *to = pixels + ((a->y + u * im->step) * im->w + a->x + v * im->step) * im->c + c;
            const real *from = stage + (u * a->size + v) * GEMM_PANEL;
            if (v < left)
                add_line(from, count, to);
            else
                copy_line(from, count, to);
        }
    }
}

static void store_patch(const image *im, const patch *a, const adding *add, line_transform f,
                        const real *from, line_steps in, real *pixels) {
    const int storing = add->top == 0 && add->bottom >= a->size && add->left == 0;
    const int64_t inside = storing ? panels_inside(im, a) : 0;
    if (inside > 0)
        f(inside, from, in, pixels + (a->y * im->w + a->x) * im->c + a->c, pixel_steps(im));
    for (int64_t i = inside; i < a->panels; i++) {
        real stage[STAGE];
        f(1, from + i * in.next, in, stage, stage_steps(a));
        empty_stage(im, a, add, stage, a->c + i * GEMM_PANEL, pixels);
    }
}

/* Asks for the pixels of a patch to come near: its lines are too far apart and too short for the
 * processor to foresee them. The first `known` columns have come for a neighbour. Inlined, because
 * gcc 12 drops calls of a function that does nothing else. */
static inline __attribute__((always_inline)) void prefetch_patch(const int writing, const image *im,
                                                                 const patch *a, int64_t known,
                                                                 const real *pixels) {
    enum { LINE = 64 / (int)sizeof(real) };
    const range rows = clip(a->y, im->step, a->size, im->h);
    const range cols = clip(a->x, im->step, a->size, im->w);
    const int64_t count = min_i64(a->panels * GEMM_PANEL, im->c - a->c);
    for (int64_t u = rows.begin; u < rows.end; u++)
        for (int64_t v = max_i64(cols.begin, known); v < cols.end; v++) {
            const real *at =
                pixels + ((a->y + u * im->step) * im->w + a->x + v * im->step) * im->c + a->c;
            for (int64_t i = 0; i < count; i += LINE)
                if (writing)
                    __builtin_prefetch(at + i, 1, 2);
                else
                    __builtin_prefetch(at + i, 0, 2);
        }
}

/* ---- the three operands as patches ----------------------------------------------------------- */

static image image_x(const conv_geom *q) { return (image){q->h, q->w, q->c, q->sh}; }
static image image_g(const conv_geom *q) { return (image){q->ho, q->wo, q->o, 1}; }
static image image_w(const conv_geom *q) { return (image){q->kh, q->kw, q->c, q->sh}; }

/* The next run of x's panels that belong to one phase, as a patch of the kernel, whose origin is
 * the phase itself. */
static patch phase_patch(const winograd_plan *p, range panels) {
    const int64_t phase = panels.begin / p->c_panels, first = panels.begin % p->c_panels;
    return (patch){.y = phase / p->geom->sw,
                   .x = phase % p->geom->sw,
                   .c = first * GEMM_PANEL,
                   .size = p->f->taps,
                   .panels = min_i64(range_size(panels), p->c_panels - first)};
}

/* The same of x, in tile (line, j). */
static patch x_patch(const winograd_plan *p, range panels, int64_t line, int64_t j) {
    const conv_geom *q = p->geom;
    patch a = phase_patch(p, panels);
    a.y += line % p->image_lines * p->f->m * q->sh - q->pt;
    a.x += j * p->f->m * q->sw - q->pl;
    a.size = p->f->points;
    return a;
}

static patch g_patch(const winograd_plan *p, range panels, int64_t line, int64_t j) {
    return (patch){.y = line % p->image_lines * p->f->m,
                   .x = j * p->f->m,
                   .c = panels.begin * GEMM_PANEL,
                   .size = p->f->m,
                   .panels = range_size(panels)};
}

/* Where the image that a line of tiles belongs to begins. */
static int64_t image_at(const winograd_plan *p, const image *im, int64_t line) {
    return line / p->image_lines * im->h * im->w * im->c;
}

/* A tile: its line, its place there, its row of a spectrum. */
typedef struct tile_at {
    int64_t line, j, row;
} tile_at;

static tile_at next_tile(const winograd_plan *p, tile_at t) {
    const int last = t.j + 1 == p->across;
    return (tile_at){t.line + last, last ? 0 : t.j + 1, t.row + 1};
}

void winograd_load_x(const winograd_plan *p, const real *x, range lines, range panels,
                     const spectrum *to) {
    const image im = image_x(p->geom);
    for (tile_at t = {lines.begin, 0, 0}; t.line < lines.end; t = next_tile(p, t)) {
        const tile_at next = next_tile(p, t);
        for (range left = panels; left.begin < left.end;) {
            const patch a = x_patch(p, left, t.line, t.j);
            const patch b = x_patch(p, left, next.line, next.j);
            if (next.line < lines.end)
                prefetch_patch(0, &im, &b, next.j > 0 ? p->f->taps - 1 : 0,
                               x + image_at(p, &im, next.line));
            load_patch(&im, &a, x + image_at(p, &im, t.line), p->f->x_to_points,
                       to->data + t.row * to->row + (left.begin - panels.begin) * to->panel,
                       point_steps(p, to));
            left.begin += a.panels;
        }
    }
}

void winograd_load_g(const winograd_plan *p, const real *g, range lines, range panels,
                     const spectrum *to) {
    const image im = image_g(p->geom);
    for (tile_at t = {lines.begin, 0, 0}; t.line < lines.end; t = next_tile(p, t)) {
        const tile_at next = next_tile(p, t);
        const patch a = g_patch(p, panels, t.line, t.j), b = g_patch(p, panels, next.line, next.j);
        if (next.line < lines.end) prefetch_patch(0, &im, &b, 0, g + image_at(p, &im, next.line));
        load_patch(&im, &a, g + image_at(p, &im, t.line), p->f->g_to_points,
                   to->data + t.row * to->row, point_steps(p, to));
    }
}

/* The pixels of a patch that was just stored. */
static void finish_patch(const image *im, const patch *a, const conv_epilogue *epilogue,
                         real *pixels) {
    const range rows = clip(a->y, im->step, a->size, im->h);
    const range cols = clip(a->x, im->step, a->size, im->w);
    const int64_t count = min_i64(a->panels * GEMM_PANEL, im->c - a->c);
    for (int64_t u = rows.begin; u < rows.end; u++)
        for (int64_t v = cols.begin; v < cols.end; v++)
            epilogue_apply(epilogue, a->c, count,
                           pixels + ((a->y + u) * im->w + a->x + v) * im->c + a->c);
}

void winograd_store_g(const winograd_plan *p, const spectrum *from, range lines, range panels,
                      const conv_epilogue *epilogue, real *g) {
    const image im = image_g(p->geom);
    const adding none = {0, p->f->m, 0};
    for (tile_at t = {lines.begin, 0, 0}; t.line < lines.end; t = next_tile(p, t)) {
        const tile_at next = next_tile(p, t);
        const patch a = g_patch(p, panels, t.line, t.j), b = g_patch(p, panels, next.line, next.j);
        if (next.line < lines.end) prefetch_patch(1, &im, &b, 0, g + image_at(p, &im, next.line));
        store_patch(&im, &a, &none, p->f->points_to_g, from->data + t.row * from->row,
                    point_steps(p, from), g + image_at(p, &im, t.line));
        if (epilogue) finish_patch(&im, &a, epilogue, g + image_at(p, &im, t.line));
    }
}

/* Within a line, tiles are stored from left to right, lines from the top to the bottom. */
static adding overlap(const winograd_plan *p, range lines, int64_t line, int64_t j, int above,
                      int below) {
    const int64_t shared = p->f->taps - 1, place = line % p->image_lines;
    adding add = {0, p->f->points, j > 0 ? shared : 0};
    if (place > 0 && (line > lines.begin || above)) add.top = shared;
    if (place + 1 < p->image_lines && line + 1 == lines.end && below) add.bottom = p->f->m;
    return add;
}

void winograd_store_x(const winograd_plan *p, const spectrum *from, range lines, range panels,
                      int above, int below, real *x) {
    const image im = image_x(p->geom);
    for (tile_at t = {lines.begin, 0, 0}; t.line < lines.end; t = next_tile(p, t)) {
        const tile_at next = next_tile(p, t);
        const adding add = overlap(p, lines, t.line, t.j, above, below);
        for (range left = panels; left.begin < left.end;) {
            const patch a = x_patch(p, left, t.line, t.j);
            const patch b = x_patch(p, left, next.line, next.j);
            if (next.line < lines.end)
                prefetch_patch(1, &im, &b, next.j > 0 ? p->f->taps - 1 : 0,
                               x + image_at(p, &im, next.line));
            store_patch(&im, &a, &add, p->f->points_to_x,
                        from->data + t.row * from->row + (left.begin - panels.begin) * from->panel,
                        point_steps(p, from), x + image_at(p, &im, t.line));
            left.begin += a.panels;
        }
    }
}

/* ---- the kernel ------------------------------------------------------------------------------ */

/* Channels of o in these panels; those behind the last are zeros. */
static range channels_of(const winograd_plan *p, range o_panels) {
    return (range){min_i64(o_panels.begin * GEMM_PANEL, p->geom->o),
                   min_i64(o_panels.end * GEMM_PANEL, p->geom->o)};
}

/* One panel of x's channels in one phase, as a patch of the kernel. */
static patch panel_patch(const winograd_plan *p, int64_t panel) {
    return phase_patch(p, (range){panel, panel + 1});
}

/* As pixel_steps, but from kernel to kernel. */
static line_steps kernel_steps(const image *im) {
    line_steps steps = pixel_steps(im);
    steps.next = im->h * im->w * im->c;
    return steps;
}

/* Kernels that are transformed in one go while the next ones are asked for. */
enum { KERNELS = 8 };

/* As point_steps, but from row to row. */
static line_steps row_steps(const winograd_plan *p, const spectrum *s) {
    line_steps steps = point_steps(p, s);
    steps.next = s->row;
    return steps;
}

/* The same patch of `count` kernels. */
static void load_kernels(const winograd_plan *p, const image *im, const patch *a, int64_t count,
                         const real *kernels, real *rows, line_steps out) {
    const line_steps in = kernel_steps(im);
    if (panels_inside(im, a))
        p->f->w_to_points(count, kernels + (a->y * im->w + a->x) * im->c + a->c, in, rows, out);
    else
        for (int64_t i = 0; i < count; i++)
            load_patch(im, a, kernels + i * in.next, p->f->w_to_points, rows + i * out.next, out);
}

static void store_kernels(const winograd_plan *p, const image *im, const patch *a, int accumulate,
                          int64_t count, const real *rows, line_steps in, real *kernels) {
    const line_steps out = kernel_steps(im);
    const adding add = {accumulate ? p->f->taps : 0, p->f->taps, 0};
    if (!accumulate && panels_inside(im, a))
        p->f->points_to_w(count, rows, in, kernels + (a->y * im->w + a->x) * im->c + a->c, out);
    else
        for (int64_t i = 0; i < count; i++)
            store_patch(im, a, &add, p->f->points_to_w, rows + i * in.next, in,
                        kernels + i * out.next);
}

/* The kernels `o` of w, and how many of them make one go from `i` on; the go after it is asked
 * for. */
static inline __attribute__((always_inline)) int64_t next_kernels(const int writing,
                                                                  const image *im, const patch *a,
                                                                  range o, int64_t i,
                                                                  const real *w) {
    for (int64_t k = i + KERNELS; k < min_i64(i + 2 * KERNELS, o.end); k++)
        prefetch_patch(writing, im, a, 0, w + k * im->h * im->w * im->c);
    return min_i64(KERNELS, o.end - i);
}

void winograd_load_w(const winograd_plan *p, const real *w, range o_panels, range x_panels,
                     const spectrum *to) {
    const image im = image_w(p->geom);
    const line_steps out = row_steps(p, to);
    const range o = {0, range_size(channels_of(p, o_panels))};
    for (int64_t panel = x_panels.begin; panel < x_panels.end; panel++) {
        const patch a = panel_patch(p, panel);
        real *const rows = to->data + (panel - x_panels.begin) * to->panel;
        for (int64_t i = o.begin; i < o.end; i += KERNELS)
            load_kernels(p, &im, &a, next_kernels(0, &im, &a, o, i, w), w + i * im.h * im.w * im.c,
                         rows + i * to->row, out);
        for (int64_t i = o.end; i < range_size(o_panels) * GEMM_PANEL; i++)
            for (int64_t k = 0; k < p->points; k++)
                memset(rows + i * to->row + k * to->point, 0, GEMM_PANEL * sizeof(real));
    }
}

void winograd_store_w(const winograd_plan *p, const spectrum *from, range o_panels, range x_panels,
                      int accumulate, real *w) {
    const image im = image_w(p->geom);
    const line_steps in = row_steps(p, from);
    const range o = channels_of(p, o_panels);
    for (int64_t panel = x_panels.begin; panel < x_panels.end; panel++) {
        const patch a = panel_patch(p, panel);
        const real *const rows = from->data + (panel - x_panels.begin) * from->panel;
        for (int64_t i = o.begin; i < o.end; i += KERNELS)
            store_kernels(p, &im, &a, accumulate, next_kernels(1, &im, &a, o, i, w),
                          rows + (i - o.begin) * from->row, in, w + i * im.h * im.w * im.c);
    }
}

/* One tap: stage (c, o) = w (o, c), of one panel each, zeros where they end. */
static void transpose_tap(const real *w, int64_t distance, int64_t c, int64_t o, real *stage) {
    if (c < GEMM_PANEL || o < GEMM_PANEL) memset(stage, 0, GEMM_PANEL * GEMM_PANEL * sizeof(real));
    transpose_block(o, c, w, distance, stage, GEMM_PANEL);
}

/* One panel of o, one of x's channels in one phase; w begins with the panel. */
typedef struct square {
    int64_t o_panel, x_panel;
} square;

static void prefetch_square(const winograd_plan *p, const real *w, square s) {
    const image im = image_w(p->geom);
    const patch a = panel_patch(p, s.x_panel);
    const range o = channels_of(p, (range){s.o_panel, s.o_panel + 1});
    for (int64_t i = 0; i < range_size(o); i++)
        prefetch_patch(0, &im, &a, 0, w + i * im.h * im.w * im.c);
}

static void load_square(const winograd_plan *p, const real *w, square s, real *to, line_steps out) {
    enum { SQUARE = GEMM_PANEL * GEMM_PANEL };
    real stage[WINOGRAD_TAPS * WINOGRAD_TAPS * SQUARE];
    const conv_geom *q = p->geom;
    const patch a = panel_patch(p, s.x_panel);
    const range o = channels_of(p, (range){s.o_panel, s.o_panel + 1});
    const int64_t taps = p->f->taps, c_count = min_i64(GEMM_PANEL, q->c - a.c);
    for (int64_t u = 0; u < taps; u++)
        for (int64_t v = 0; v < taps; v++) {
            const int64_t y = a.y + u * q->sh, x = a.x + v * q->sw;
            const int64_t inside = y < q->kh && x < q->kw;
            transpose_tap(inside ? w + (y * q->kw + x) * q->c + a.c : w, q->kh * q->kw * q->c,
                          inside ? c_count : 0, range_size(o), stage + (u * taps + v) * SQUARE);
        }
    p->f->w_to_points(GEMM_PANEL, stage, (line_steps){taps * SQUARE, SQUARE, GEMM_PANEL}, to, out);
}

void winograd_load_w_transposed(const winograd_plan *p, const real *w, range x_panels,
                                range o_panels, const spectrum *to) {
    const int64_t distance = GEMM_PANEL * p->geom->kh * p->geom->kw * p->geom->c; /* of panels */
    line_steps out = point_steps(p, to);
    out.next = to->row;
    for (square s = {o_panels.begin, x_panels.begin}; s.x_panel < x_panels.end;) {
        square next = {s.o_panel + 1, s.x_panel};
        if (next.o_panel == o_panels.end) next = (square){o_panels.begin, s.x_panel + 1};
        if (next.x_panel < x_panels.end)
            prefetch_square(p, w + (next.o_panel - o_panels.begin) * distance, next);
        load_square(p, w + (s.o_panel - o_panels.begin) * distance, s,
                    to->data + (s.x_panel - x_panels.begin) * GEMM_PANEL * to->row +
                        (s.o_panel - o_panels.begin) * to->panel,
                    out);
        s = next;
    }
}
