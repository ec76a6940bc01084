#include "kernels/conv_window.h"

#include "kernels/tiling.h"

#include <string.h>

static tap_axis axis_forward(int64_t in, int64_t out, int64_t taps, int64_t stride,
                             int64_t dilation, int64_t pad) {
    return (tap_axis){.out = out,
                      .in = in,
                      .taps = taps,
                      .stride = stride,
                      .step = dilation,
                      .origin = -pad,
                      .out_step = 1,
                      .tap_step = 1};
}

static int64_t gcd(int64_t a, int64_t b) { return b == 0 ? a : gcd(b, a % b); }

/* Position p = r + s*i of x is met by tap a at place (p + pad - a*d) / s of g where that divides.
 * The taps that do are first, first + s/gcd, ...; they are taken from the last to the first, so
 * that the places in g ascend and neighbours are copied in one piece. */
static tap_axis axis_data_grad(int64_t in, int64_t out, int64_t taps, int64_t s, int64_t d,
                               int64_t pad, int64_t r) {
    const int64_t every = s / gcd(s, d);
    tap_axis axis = {.out = out > r ? ceil_div(out - r, s) : 0,
                     .in = in,
                     .stride = 1,
                     .step = d / gcd(s, d),
                     .out_first = r,
                     .out_step = s,
                     .tap_step = -every};
    for (int64_t a = 0; a < min_i64(taps, every); a++) {
        if ((r + pad - a * d) % s == 0) {
            axis.taps = ceil_div(taps - a, every);
            axis.tap_first = a + (axis.taps - 1) * every;
            axis.origin = (r + pad - axis.tap_first * d) / s;
        }
    }
    return axis;
}

window window_forward(const conv_geom *q) {
    return (window){axis_forward(q->h, q->ho, q->kh, q->sh, q->dh, q->pt),
                    axis_forward(q->w, q->wo, q->kw, q->sw, q->dw, q->pl), q->n, q->c};
}

int64_t window_phases(const conv_geom *q) { return min_i64(q->sh, q->h) * min_i64(q->sw, q->w); }

window window_data_grad(const conv_geom *q, int64_t phase) {
    const int64_t across = min_i64(q->sw, q->w);
    return (window){axis_data_grad(q->ho, q->h, q->kh, q->sh, q->dh, q->pt, phase / across),
                    axis_data_grad(q->wo, q->w, q->kw, q->sw, q->dw, q->pl, phase % across), q->n,
                    q->o};
}

/* The phases (y, x) are row-major, and a phase's taps are y's times x's. */
int64_t window_taps_before(const conv_geom *q, int64_t phase) {
    const int64_t across = min_i64(q->sw, q->w), end = phase / across, rest = phase % across;
    int64_t above = 0, row = 0, before = 0, beside = 0;
    for (int64_t r = 0; r < across; r++) {
        const int64_t taps = axis_data_grad(q->wo, q->w, q->kw, q->sw, q->dw, q->pl, r).taps;
        row += taps;
        if (r < rest) before += taps;
    }
    for (int64_t r = 0; r < min_i64(end + 1, min_i64(q->sh, q->h)); r++) {
        const int64_t taps = axis_data_grad(q->ho, q->h, q->kh, q->sh, q->dh, q->pt, r).taps;
        if (r < end) above += taps;
        if (r == end) beside = taps;
    }
    return above * row + beside * before;
}

static int axis_covers(const tap_axis *axis) {
    return axis->out == 1 && axis->taps == axis->in && axis->step == 1 && axis->origin == 0;
}

static int axis_is_pointwise(const tap_axis *axis) {
    return axis->taps == 1 && axis->out == axis->in && axis->stride == 1 && axis->origin == 0;
}

int window_is_matrix(const window *win) {
    return (axis_covers(&win->y) && axis_covers(&win->x)) ||
           (axis_is_pointwise(&win->y) && axis_is_pointwise(&win->x));
}

window_pixel window_pixel_at(const window *win, int64_t row) {
    const int64_t line = row / win->x.out;
    return (window_pixel){line / win->y.out, line % win->y.out, row % win->x.out};
}

void window_pixel_next(const window *win, window_pixel *p) {
    if (++p->j < win->x.out) return;
    p->j = 0;
    if (++p->i < win->y.out) return;
    p->i = 0;
    p->image++;
}

static void clear(real *to, int64_t count) { memset(to, 0, (size_t)count * sizeof(real)); }

static void copy(real *to, const real *from, int64_t count) {
    memcpy(to, from, (size_t)count * sizeof(real));
}

/* `count` taps along x, the first at place `first` of a line of the image. */
static void unfold_line(const window *win, int64_t count, int64_t first, const real *line,
                        real *to) {
    const int64_t step = win->x.step, c = win->c, past = win->x.in - first;
    if (step == 1 && first >= 0 && count <= past) { /* most lines: one piece */
        copy(to, line + first * c, count * c);
        return;
    }
    /* [lo, hi): the taps that fall inside the line */
    const int64_t lo = first >= 0 ? 0 : min_i64(ceil_div(-first, step), count);
    const int64_t hi = past <= 0 ? lo : max_i64(lo, min_i64(ceil_div(past, step), count));
    clear(to, lo * c);
    for (int64_t t = lo; t < hi; t++) copy(to + t * c, line + (first + t * step) * c, c);
    clear(to + hi * c, (count - hi) * c);
}

/* What output pixel p sees through `count` taps from (ty, tx) on. */
static void unfold_row(const window *win, int64_t ty, int64_t tx, int64_t count,
                       const window_pixel *p, const real *source, real *to) {
    while (count > 0) {
        const int64_t across = min_i64(win->x.taps - tx, count);
        const int64_t y = p->i * win->y.stride + ty * win->y.step + win->y.origin;
        const int64_t x = p->j * win->x.stride + tx * win->x.step + win->x.origin;
        if (y < 0 || y >= win->y.in)
            clear(to, across * win->c);
        else
            unfold_line(win, across, x, source + (p->image * win->y.in + y) * win->x.in * win->c,
                        to);
        to += across * win->c;
        count -= across;
        tx = 0;
        ty++;
    }
}

void window_unfold(const window *win, const window_part *part, const real *source, real *matrix) {
    const int64_t ty = part->tap_begin / win->x.taps, tx = part->tap_begin % win->x.taps;
    const int64_t taps = part->tap_end - part->tap_begin;
    window_pixel p = window_pixel_at(win, part->row_begin);
    for (int64_t r = part->row_begin; r < part->row_end; r++) {
        unfold_row(win, ty, tx, taps, &p, source, matrix);
        matrix += taps * win->c;
        window_pixel_next(win, &p);
    }
}

int64_t window_line_step(const window *win) {
    return (win->x.step == 1 ? win->x.stride : win->x.taps) * win->c;
}

int64_t window_line_size(const window *win, int64_t positions) {
    return (positions - 1) * window_line_step(win) + win->x.taps * win->c;
}

void window_copy_line(const window *win, int64_t image, int64_t y, int64_t j, int64_t positions,
                      const real *source, real *to) {
    if (y < 0 || y >= win->y.in) {
        clear(to, window_line_size(win, positions));
        return;
    }
    const real *line = source + (image * win->y.in + y) * win->x.in * win->c;
    const int64_t first = j * win->x.stride + win->x.origin;
    if (win->x.step == 1) {
        unfold_line(win, (positions - 1) * win->x.stride + win->x.taps, first, line, to);
        return;
    }
    for (int64_t i = 0; i < positions; i++)
        unfold_line(win, win->x.taps, first + i * win->x.stride, line,
                    to + i * window_line_step(win));
}
