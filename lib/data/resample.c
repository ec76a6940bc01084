#include "data/resample.h"

#include "core/alloc.h"

#include <string.h>

/* How the m places of an axis are made of its n old ones: place j is the sum over k < count of
 * weight[j * count + k] times old place first[j] + k. The weights of a place sum to 1. */
typedef struct taps {
    int64_t count;
    int64_t *first;
    float *weight;
} taps;

static int64_t at_most(int64_t a, int64_t b) { return a < b ? a : b; }
static int64_t at_least(int64_t a, int64_t b) { return a > b ? a : b; }

/* Place j covers the old axis from j n / m to (j + 1) n / m; in units of 1 / m all is integer. */
static void area_taps(taps *t, int64_t n, int64_t m, int64_t j) {
    int64_t begin = j * n, end = begin + n;
    t->first[j] = at_most(begin / m, n - t->count);
    for (int64_t k = 0; k < t->count; k++) {
        int64_t i = t->first[j] + k;
        int64_t overlap = at_most((i + 1) * m, end) - at_least(i * m, begin);
        t->weight[j * t->count + k] = overlap > 0 ? (float)overlap / (float)n : 0;
    }
}

/* The centre of place j lies at (j + 1/2) n / m - 1/2 between two old centres; beyond the first and
 * the last there is more of the same. */
static void bilinear_taps(taps *t, int64_t n, int64_t m, int64_t j) {
    int64_t centre = (2 * j + 1) * n - m; /* in units of 1 / (2 m); more than -m */
    int64_t left = centre < 0 ? -1 : centre / (2 * m);
    float right_share = (float)(centre - 2 * m * left) / (float)(2 * m);
    int64_t i = at_least(left, 0), next = at_most(left + 1, n - 1);
    t->first[j] = at_most(i, n - t->count);
    float *weight = t->weight + j * t->count;
    for (int64_t k = 0; k < t->count; k++) weight[k] = 0;
    weight[i - t->first[j]] += 1 - right_share;
    weight[next - t->first[j]] += right_share;
}

static void taps_release(gan_context *ctx, taps *t) {
    arena_free(ctx, t->first);
    arena_free(ctx, t->weight);
}

static int32_t taps_make(gan_context *ctx, int64_t n, int64_t m, taps *t) {
    int64_t needed = m < n ? (n + m - 1) / m + 1 : m > n ? 2 : 1;
    t->count = at_most(needed, n);
    t->first = arena_alloc_array(ctx, (size_t)m, sizeof *t->first);
    t->weight = arena_alloc_array(ctx, (size_t)(m * t->count), sizeof *t->weight);
    if (t->first == NULL || t->weight == NULL) {
        taps_release(ctx, t);
        return GAN_ENOMEM;
    }
    for (int64_t j = 0; j < m; j++) {
        if (m > n)
            bilinear_taps(t, n, m, j);
        else
            area_taps(t, n, m, j);
    }
    return GAN_OK;
}

/* ---------------------------------------------------------------------------------------------- */

/* A pixel as numbers, colours multiplied by alpha. */
static void load_pixel(const uint8_t *from, int32_t channels, float *to) {
    float alpha = channels == 4 ? (float)from[3] / 255 : 1;
    for (int32_t c = 0; c < channels; c++) to[c] = c == 3 ? from[3] : (float)from[c] * alpha;
}

static uint8_t nearest_byte(float value) {
    return value <= 0 ? 0 : value >= 255 ? 255 : (uint8_t)(value + 0.5f);
}

static void store_pixel(const float *from, int32_t channels, uint8_t *to) {
    uint8_t alpha = channels == 4 ? nearest_byte(from[3]) : 255;
    if (alpha == 0) {
        memset(to, 0, (size_t)channels);
        return;
    }
    float scale = channels == 4 ? 255 / from[3] : 1;
    for (int32_t c = 0; c < channels; c++) to[c] = c == 3 ? alpha : nearest_byte(from[c] * scale);
}

/* One row: to (t's places, channels). */
static void resample_row(const uint8_t *from, int32_t channels, const taps *t, int64_t places,
                         float *to) {
    for (int64_t j = 0; j < places; j++) {
        float sum[4] = {0};
        for (int64_t k = 0; k < t->count; k++) {
            float pixel[4], weight = t->weight[j * t->count + k];
            load_pixel(from + (t->first[j] + k) * channels, channels, pixel);
            for (int32_t c = 0; c < channels; c++) sum[c] += weight * pixel[c];
        }
        memcpy(to + j * channels, sum, (size_t)channels * sizeof *sum);
    }
}

/* All columns of one new row: from (height, width, channels). */
static void resample_columns(const float *from, int64_t width, int32_t channels, const taps *t,
                             int64_t j, uint8_t *to) {
    for (int64_t x = 0; x < width; x++) {
        float sum[4] = {0};
        for (int64_t k = 0; k < t->count; k++) {
            const float *pixel = from + ((t->first[j] + k) * width + x) * channels;
            for (int32_t c = 0; c < channels; c++) sum[c] += t->weight[j * t->count + k] * pixel[c];
        }
        store_pixel(sum, channels, to + x * channels);
    }
}

int32_t resample(gan_context *ctx, const uint8_t *from, int64_t height, int64_t width,
                 int32_t channels, int64_t new_height, int64_t new_width, uint8_t *to) {
    taps across, down;
    int32_t status = taps_make(ctx, width, new_width, &across);
    if (status != GAN_OK) return status;
    status = taps_make(ctx, height, new_height, &down);
    if (status != GAN_OK) {
        taps_release(ctx, &across);
        return status;
    }

    size_t row = (size_t)(new_width * channels);
    float *rows = arena_alloc_array(ctx, (size_t)height * row, sizeof *rows);
    if (rows == NULL) {
        status = GAN_ENOMEM;
    } else {
        for (int64_t y = 0; y < height; y++)
            resample_row(from + y * width * channels, channels, &across, new_width,
                         rows + (size_t)y * row);
        for (int64_t y = 0; y < new_height; y++)
            resample_columns(rows, new_width, channels, &down, y, to + (size_t)y * row);
    }
    arena_free(ctx, rows);
    taps_release(ctx, &across);
    taps_release(ctx, &down);
    return status;
}
