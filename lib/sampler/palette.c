/* Fewer colours by cutting groups of pixels: the one with the largest squared error, at its mean
 * along its widest axis (X. Wu, Efficient Statistical Computations for Optimal Color Quantization,
 * 1991, with the mean in the optimal cut's place). Sums are of whole numbers, and their products,
 * which go beyond 64 bits, are rounded one by one: the result is the same everywhere. */
#include "sampler/sampler.h"

enum { COLORS_MOST = 256, AXES = 3, RGBA = 4 };

/* The pixels order[begin, begin + count) of those with alpha. */
typedef struct group {
    int64_t begin, count, sum[AXES], squares[AXES];
} group;

static void group_add(group *g, const uint8_t *pixel) {
    g->count++;
    for (int c = 0; c < AXES; c++) {
        g->sum[c] += pixel[c];
        g->squares[c] += pixel[c] * pixel[c];
    }
}

/* count times the squared error along an axis, or of all. */
static double axis_error(const group *g, int c) {
    const double squares = (double)g->count * (double)g->squares[c];
    const double mean = (double)g->sum[c] * (double)g->sum[c];
    return squares - mean;
}

static double error_of(const group *g) {
    const double sum = axis_error(g, 0) + axis_error(g, 1) + axis_error(g, 2);
    return g->count ? sum / (double)g->count : 0;
}

static int widest_axis(const group *g) {
    int widest = 0;
    for (int c = 1; c < AXES; c++)
        if (axis_error(g, c) > axis_error(g, widest)) widest = c;
    return widest;
}

/* Moves the pixels of group `from` above its mean to its end: they are the new group `to`. */
static void cut(const uint8_t *rgba, int32_t *order, group *all, int32_t from, int32_t to) {
    const group old = all[from];
    const int axis = widest_axis(&old);
    int64_t low = old.begin, high = old.begin + old.count;
    all[from] = (group){.begin = low};
    all[to] = (group){0};
    while (low < high) {
        const int32_t i = order[low];
        const uint8_t *pixel = rgba + (int64_t)i * RGBA;
        const int above = pixel[axis] * old.count > old.sum[axis];
        group_add(&all[above ? to : from], pixel);
        if (above) {
            order[low] = order[--high];
            order[high] = i;
        } else {
            low++;
        }
    }
    all[to].begin = low;
}

void palette_reduce(uint8_t *rgba, int64_t count, int32_t colors, int32_t *order) {
    group all[COLORS_MOST] = {{0}};
    for (int64_t i = 0; i < count; i++) {
        if (!rgba[i * RGBA + 3]) continue;
        order[all[0].count] = (int32_t)i;
        group_add(&all[0], rgba + i * RGBA);
    }
    int32_t made = 1;
    for (; made < colors; made++) {
        int32_t worst = 0;
        for (int32_t k = 1; k < made; k++)
            if (error_of(&all[k]) > error_of(&all[worst])) worst = k;
        if (!(error_of(&all[worst]) > 0)) break;
        cut(rgba, order, all, worst, made);
    }
    for (const group *g = all; g < all + made; g++)
        for (int64_t i = g->begin; i < g->begin + g->count; i++)
            for (int c = 0; c < AXES; c++)
                rgba[order[i] * (int64_t)RGBA + c] =
                    (uint8_t)((2 * g->sum[c] + g->count) / (2 * g->count));
}
