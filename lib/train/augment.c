#include "train/augment.h"

#include "core/error.h"
#include "data/pixels.h"
#include "ops/draw.h"
#include "ops/op.h"

enum { RGBA = 4 };

const gan_augment_opts augment_defaults = {.struct_size = sizeof augment_defaults,
                                           .policy = AUGMENT_ALL,
                                           .brightness = 0.5,
                                           .saturation = 1,
                                           .contrast = 0.5,
                                           .translation = 0.125,
                                           .cutout = 0.5};

static double lowest(const gan_augment_opts *o) { return pixels_lowest(o->unit_range); }

static double range_of(const gan_augment_opts *o) { return 1 - lowest(o); }

/* ---- color ----------------------------------------------------------------------------------- */

/* Moves x to or from its mean over the axes by a factor 1 +- range a sample. */
static gan_tensor *spread(gan_tensor *x, const int32_t *axes, int32_t n, double range) {
    gan_tensor *mean = op_mean_axes(x, axes, n, 1, "gan_augment");
    if (!mean) return NULL;
    gan_tensor *factor = draw_per_sample(tensor_context(x), tensor_shape(x), 1 - range, 1 + range);
    return op_add(mean, op_mul(op_sub(x, mean), factor));
}

/* Brightness, then saturation (about each pixel's mean), then contrast (about the image's). */
static gan_tensor *color(gan_tensor *x, const gan_augment_opts *o) {
    double most = o->brightness * range_of(o) / 2;
    x = op_add(x, draw_per_sample(tensor_context(x), tensor_shape(x), -most, most));
    x = spread(x, (int32_t[]){3}, 1, o->saturation);
    return spread(x, (int32_t[]){1, 2, 3}, 3, o->contrast);
}

/* Channels `first` to first + count of (N,H,W,C). */
static gan_tensor *channels(gan_tensor *x, int64_t first, int64_t count) {
    const int64_t *dim = tensor_shape(x)->dim;
    return op_slice(x, (int64_t[]){0, 0, 0, first}, (int64_t[]){dim[0], dim[1], dim[2], count});
}

static int has_alpha(const gan_tensor *x) { return tensor_shape(x)->dim[3] == RGBA; }

/* The colours of RGBA, as far as they are seen. */
static gan_tensor *color_rgba(gan_tensor *x, const gan_augment_opts *o) {
    double range = range_of(o);
    gan_tensor *rgb = channels(x, 0, 3), *alpha = channels(x, 3, 1);
    if (!rgb || !alpha) return NULL;
    gan_tensor *change = op_sub(color(rgb, o), rgb);
    gan_tensor *seen = op_mul(change, op_affine(alpha, 1 / range, -lowest(o) / range));
    rgb = op_add(rgb, seen);
    return rgb ? op_concat((gan_tensor *[]){rgb, alpha}, 2, 3) : NULL;
}

/* ---- translation and cutout ------------------------------------------------------------------ */

/* One axis of one sample: pixel i shows pixel i - shift, and none within [cut, cut + cut_size). */
typedef struct placing {
    int64_t shift, cut, cut_size;
} placing;

/* u in [0, 1) as one of 0 ... count - 1. */
static int64_t whole(real u, int64_t count) {
    int64_t i = (int64_t)((double)u * (double)count);
    return i < count ? i : count - 1;
}

/* From two numbers in [0, 1). The hole's centre is within the image, its ends may not be. */
static placing place(const gan_augment_opts *o, const real *u, int64_t size) {
    placing p = {0};
    if (o->policy & GAN_AUGMENT_TRANSLATION) {
        int64_t most = (int64_t)((double)size * o->translation + 0.5);
        p.shift = whole(u[0], 2 * most + 1) - most;
    }
    if (o->policy & GAN_AUGMENT_CUTOUT) {
        p.cut_size = (int64_t)((double)size * o->cutout + 0.5);
        p.cut = whole(u[1], size + 1 - p.cut_size % 2) - p.cut_size / 2;
    }
    return p;
}

static int is_cut(const placing *p, int64_t i) { return i >= p->cut && i < p->cut + p->cut_size; }

/* The source of each of a sample's H x W pixels, in an image with a blank line above it whose first
 * pixel is number `first`. */
static void find_sources(const placing *y, const placing *x, int64_t h, int64_t w, int64_t first,
                         int32_t *index) {
    for (int64_t i = 0; i < h; i++)
        for (int64_t j = 0; j < w; j++) {
            int64_t row = i - y->shift, column = j - x->shift;
            int seen = row >= 0 && row < h && column >= 0 && column < w;
            if (is_cut(y, i) && is_cut(x, j)) seen = 0;
            *index++ = (int32_t)(seen ? first + (row + 1) * w + column : first);
        }
}

/* x with a blank line above each image. */
static gan_tensor *pad(gan_tensor *x, const gan_augment_opts *o) {
    shape s = *tensor_shape(x);
    s.dim[1] = 1;
    gan_tensor *line = tensor_new(tensor_context(x), &s);
    if (!line) return NULL;
    layout_fill(tensor_context(x), tensor_size(line),
                (real)(has_alpha(x) ? lowest(o) : (lowest(o) + 1) / 2), tensor_data(line));
    return op_concat((gan_tensor *[]){line, x}, 2, 1);
}

/* Both are one gather of pixels, from the images with a blank line above them. */
static gan_tensor *move(gan_tensor *x, const gan_augment_opts *o) {
    gan_context *ctx = tensor_context(x);
    const shape s = *tensor_shape(x);
    int64_t n = s.dim[0], h = s.dim[1], w = s.dim[2], source = (h + 1) * w;
    shape four = shape_2(n, 4);
    gan_tensor *padded = pad(x, o);
    gan_tensor *draws = padded ? draw_uniform(ctx, &four, 0, 1) : NULL;
    if (!draws) return NULL;
    if (n * source > INT32_MAX) {
        error_set(ctx, GAN_EINVAL, "gan_augment: more than 2^31 pixels");
        return NULL;
    }
    storage *index = storage_new(ctx, (size_t)(n * h * w) * sizeof(int32_t));
    if (!index) return NULL;
    for (int64_t i = 0; i < n; i++) {
        const real *u = tensor_values(draws) + 4 * i;
        placing rows = place(o, u, h), columns = place(o, u + 2, w);
        find_sources(&rows, &columns, h, w, i * source, (int32_t *)storage_data(index) + i * h * w);
    }
    return op_pick(padded, index, s.dim[3], &s, 1);
}

gan_tensor *augment(gan_tensor *x, const gan_augment_opts *o) {
    const shape *s = tensor_shape(x);
    if (s->rank != 4 || tensor_size(x) == 0) {
        char text[SHAPE_TEXT];
        error_set(tensor_context(x), GAN_EINVAL, "gan_augment: x is %s, must be (N,H,W,C)",
                  shape_text(s, text));
        return NULL;
    }
    if (o->policy & GAN_AUGMENT_COLOR) x = has_alpha(x) ? color_rgba(x, o) : color(x, o);
    if (x && o->policy & (GAN_AUGMENT_TRANSLATION | GAN_AUGMENT_CUTOUT)) x = move(x, o);
    return x;
}
