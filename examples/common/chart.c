/* SPDX-License-Identifier: MIT */
#include "common/chart.h"

#include <math.h>
#include <stdlib.h>

enum {
    WIDTH = 640,
    HEIGHT = 240,
    LEFT = 58, /* edges of the plot */
    RIGHT = WIDTH - 10,
    TOP = 10,
    BOTTOM = HEIGHT - 26,
    BUCKETS = 120, /* most points of a curve */
    TICKS = 5      /* about so many on an axis */
};

const char chart_style[] =
    "figure{margin:0}\n"
    "figcaption h3{margin:0;font-size:1rem}\n"
    "figcaption p{margin:.1rem 0 .4rem;color:var(--faint);font-size:.85rem}\n"
    "figcaption .key{display:inline-block;margin-right:1.2rem;"
    "font-size:.85rem;font-variant-numeric:tabular-nums}\n"
    "figcaption .key i{display:inline-block;width:1.1rem;height:.25rem;"
    "border-radius:2px;vertical-align:middle;margin-right:.4rem}\n"
    "svg{display:block;width:100%;height:auto}\n"
    "svg text{fill:var(--faint);font-size:11px}\n"
    "svg .grid{stroke:var(--line);stroke-width:1}\n"
    "svg .curve{fill:none;stroke-width:1.6;stroke-linejoin:round}\n"
    "svg .band{opacity:.18}\n";

/* ---- points ---------------------------------------------------------------------------------- */

typedef struct point {
    double step, mean, lo, hi;
} point;

typedef struct curve {
    point points[BUCKETS];
    int count;
    double last; /* the log's last number */
} curve;

/* The number as the axis has it: NaN where it cannot be drawn. */
static double on_axis(const chart *c, double x) {
    if (!isfinite(x)) return NAN;
    return !c->logarithmic ? x : x > 0 ? log10(x) : NAN;
}

/* The column cut into buckets of equally many rows. */
static void make_curve(const chart *c, int column, const log_row *rows, size_t count, curve *out) {
    size_t buckets = count < BUCKETS ? count : BUCKETS;
    out->count = 0;
    out->last = NAN;
    for (size_t b = 0; b < buckets; b++) {
        point p = {.lo = INFINITY, .hi = -INFINITY};
        int n = 0;
        for (size_t i = b * count / buckets; i < (b + 1) * count / buckets; i++) {
            double x = on_axis(c, rows[i].value[column]);
            if (isnan(x)) continue;
            p.step += (double)rows[i].step;
            p.mean += x;
            p.lo = fmin(p.lo, x);
            p.hi = fmax(p.hi, x);
            out->last = rows[i].value[column];
            n++;
        }
        if (n == 0) continue;
        p.step /= n;
        p.mean /= n;
        out->points[out->count++] = p;
    }
}

/* ---- axes ------------------------------------------------------------------------------------ */

typedef struct axis {
    double lo, hi;   /* values at … */
    double from, to; /* … these places */
} axis;

static double place(const axis *a, double x) {
    return a->from + (x - a->lo) / (a->hi - a->lo) * (a->to - a->from);
}

static int compare(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* From the first to the 99th hundredth of all means, so that a few outliers do not flatten the
 * rest, and a little more. */
static axis value_axis(const curve *curves, int n) {
    double all[CHART_SERIES * BUCKETS];
    int count = 0;
    for (int s = 0; s < n; s++)
        for (int i = 0; i < curves[s].count; i++) all[count++] = curves[s].points[i].mean;
    qsort(all, (size_t)count, sizeof *all, compare);
    double lo = all[count / 100], hi = all[count - 1 - count / 100];
    double more = hi > lo ? 0.06 * (hi - lo) : fmax(0.1 * fabs(lo), 1e-3);
    return (axis){lo - more, hi + more, BOTTOM, TOP};
}

static axis step_axis(const log_row *rows, size_t count) {
    double lo = (double)rows[0].step, hi = (double)rows[count - 1].step;
    return (axis){lo, hi > lo ? hi : lo + 1, LEFT, RIGHT};
}

/* 1, 2 or 5 times a power of ten, about `TICKS` times in the range. */
static double tick_step(const axis *a) {
    double rough = (a->hi - a->lo) / TICKS, power = pow(10, floor(log10(rough)));
    double times = rough / power;
    return power * (times > 7 ? 10 : times > 3.5 ? 5 : times > 1.5 ? 2 : 1);
}

/* A line at x on the axis, with the number it stands for. */
static void draw_value_tick(FILE *f, const axis *y, double x, double label) {
    if (x < y->lo || x > y->hi) return;
    fprintf(f,
            "<path class=\"grid\" d=\"M%d %.1fH%d\"/>"
            "<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%.3g</text>\n",
            LEFT, place(y, x), RIGHT, LEFT - 6, place(y, x) + 4, label);
}

static void draw_value_ticks(FILE *f, const axis *y) {
    double step = tick_step(y);
    for (double x = ceil(y->lo / step) * step; x <= y->hi; x += step)
        draw_value_tick(f, y, x, fabs(x) < step / 2 ? 0 : x);
}

/* Powers of ten; twice and five times them too where they are few. */
static void draw_power_ticks(FILE *f, const axis *y) {
    int few = y->hi - y->lo < 2;
    for (double power = floor(y->lo); power <= y->hi; power++)
        for (int times = 1; times <= (few ? 5 : 1); times += times == 2 ? 3 : 1)
            draw_value_tick(f, y, power + log10(times), times * pow(10, power));
}

static void draw_step_ticks(FILE *f, const axis *x) {
    double step = fmax(tick_step(x), 1);
    for (double n = ceil(x->lo / step) * step; n <= x->hi; n += step)
        fprintf(f, "<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%.0f</text>\n", place(x, n),
                HEIGHT - 8, n);
}

/* ---- drawing --------------------------------------------------------------------------------- */

/* A value outside the axis is drawn on the plot's edge. */
static double height(const axis *y, double value) {
    return place(y, fmin(fmax(value, y->lo), y->hi));
}

static void draw_curve(FILE *f, const curve *c, int number, const axis *x, const axis *y) {
    fprintf(f, "<path class=\"band\" style=\"fill:var(--s%d)\" d=\"", number);
    for (int i = 0; i < c->count; i++)
        fprintf(f, "%c%.1f %.1f", i ? 'L' : 'M', place(x, c->points[i].step),
                height(y, c->points[i].hi));
    for (int i = c->count - 1; i >= 0; i--)
        fprintf(f, "L%.1f %.1f", place(x, c->points[i].step), height(y, c->points[i].lo));
    fprintf(f, "Z\"/>\n<path class=\"curve\" style=\"stroke:var(--s%d)\" d=\"", number);
    for (int i = 0; i < c->count; i++)
        fprintf(f, "%c%.1f %.1f", i ? 'L' : 'M', place(x, c->points[i].step),
                height(y, c->points[i].mean));
    fputs("\"/>\n", f);
}

void chart_write(FILE *f, const chart *c, const log_row *rows, size_t count) {
    const char *names[CHART_SERIES];
    int n = 0;
    curve *curves = malloc(CHART_SERIES * sizeof *curves);
    for (int s = 0; curves && s < CHART_SERIES && c->series[s].name; s++) {
        make_curve(c, c->series[s].column, rows, count, &curves[n]);
        if (curves[n].count) names[n++] = c->series[s].name;
    }
    if (n > 0) {
        axis x = step_axis(rows, count), y = value_axis(curves, n);
        fprintf(f, "<figure><figcaption><h3>%s</h3><p>%s</p>", c->title, c->about);
        for (int s = 0; s < n; s++)
            fprintf(f, "<span class=\"key\"><i style=\"background:var(--s%d)\"></i>%s %.4g</span>",
                    s, names[s], curves[s].last);
        fprintf(f, "</figcaption>\n<svg viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"%s\">\n",
                WIDTH, HEIGHT, c->title);
        (c->logarithmic ? draw_power_ticks : draw_value_ticks)(f, &y);
        draw_step_ticks(f, &x);
        for (int s = 0; s < n; s++) draw_curve(f, &curves[s], s, &x, &y);
        fputs("</svg></figure>\n", f);
    }
    free(curves);
}
