#include "data/pixels.h"

#include "core/error.h"

#include <math.h>

int pixels_are_channels(int64_t c) { return c == 1 || c == 3 || c == 4; }

pixel_levels pixels_levels(double lo, double hi) {
    pixel_levels levels;
    for (int b = 0; b < 256; b++) levels.of[b] = (real)(lo + (hi - lo) * b / 255);
    return levels;
}

int32_t pixels_check_range(gan_context *ctx, const char *function, double lo, double hi) {
    if (isfinite(lo) && isfinite(hi) && lo < hi) return GAN_OK;
    return error_set(ctx, GAN_EINVAL, "%s: %g to %g is no range", function, lo, hi);
}

void pixels_to_reals(const pixel_levels *levels, const uint8_t *from, int64_t n, real *to) {
    for (int64_t i = 0; i < n; i++) to[i] = levels->of[from[i]];
}

void pixels_mirrored(const pixel_levels *levels, const uint8_t *from, int64_t width,
                     int64_t channels, real *to) {
    for (int64_t x = 0; x < width; x++)
        pixels_to_reals(levels, from + (width - 1 - x) * channels, channels, to + x * channels);
}

enum { RGBA = 4 };

void pixels_premultiply(real *rgba, int64_t count, double lo, double hi) {
    for (int64_t i = 0; i < count; i++, rgba += RGBA) {
        double alpha = ((double)rgba[3] - lo) / (hi - lo);
        for (int c = 0; c < 3; c++) rgba[c] = (real)(lo + ((double)rgba[c] - lo) * alpha);
    }
}

void pixels_straighten(real *rgba, int64_t count, double lo, double hi) {
    for (int64_t i = 0; i < count; i++, rgba += RGBA) {
        double alpha = ((double)rgba[3] - lo) / (hi - lo);
        int seen = pixels_byte((double)rgba[3], lo, hi) > 0;
        for (int c = 0; c < 3; c++)
            rgba[c] = (real)(seen ? fmin(hi, lo + ((double)rgba[c] - lo) / alpha) : lo);
    }
}

uint8_t pixels_byte(double value, double lo, double hi) {
    double level = (value - lo) / (hi - lo) * 255;
    if (!(level > 0)) return 0; /* NaN too */
    return level >= 255 ? 255 : (uint8_t)(level + 0.5);
}
