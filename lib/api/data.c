#include "gan/data.h"

#include "core/alloc.h"
#include "core/context.h"
#include "core/error.h"
#include "core/options.h"
#include "core/tensor.h"
#include "data/dataset.h"
#include "data/loader.h"
#include "data/pixels.h"
#include "io/png.h"
#include "kernels/kernels.h"

#include <math.h>

/* ---- options --------------------------------------------------------------------------------- */

enum { MAX_COLOUR = 0xffffff };

static const gan_data_opts data_defaults = {.struct_size = sizeof(gan_data_opts),
                                            .byte_limit = (uint64_t)1 << 32};
static const gan_sheet_opts sheet_defaults = {.struct_size = sizeof(gan_sheet_opts)};
static const gan_loader_opts loader_defaults = {
    .struct_size = sizeof(gan_loader_opts), .batch = 64, .shuffle = 1, .lo = -1, .hi = 1};

void gan_data_opts_init(gan_data_opts *opts, size_t size) {
    options_init(opts, size, &data_defaults, sizeof data_defaults);
}

void gan_sheet_opts_init(gan_sheet_opts *opts, size_t size) {
    options_init(opts, size, &sheet_defaults, sizeof sheet_defaults);
}

void gan_loader_opts_init(gan_loader_opts *opts, size_t size) {
    options_init(opts, size, &loader_defaults, sizeof loader_defaults);
}

typedef struct option {
    const char *name;
    int64_t value, least, most;
} option;

static int32_t check(gan_context *ctx, const char *function, const option *options, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (options[i].value < options[i].least || options[i].value > options[i].most)
            return error_set(ctx, GAN_EINVAL, "%s: %s is %lld, must be %lld to %lld", function,
                             options[i].name, (long long)options[i].value,
                             (long long)options[i].least, (long long)options[i].most);
    return GAN_OK;
}

#define CHECK(ctx, function, ...)                                                                  \
    check(ctx, function, (const option[]){__VA_ARGS__},                                            \
          sizeof((const option[]){__VA_ARGS__}) / sizeof(option))

static int32_t check_data(gan_context *ctx, const char *function, const gan_data_opts *o) {
    if (o->channels && !pixels_are_channels(o->channels))
        return error_set(ctx, GAN_EINVAL, "%s: channels is %d, must be 0, 1, 3 or 4", function,
                         (int)o->channels);
    return CHECK(ctx, function, {"size", o->size, 0, PNG_MAX_SIDE},
                 {"fit", o->fit, GAN_FIT_PAD, GAN_FIT_STRETCH},
                 {"pad_to", o->pad_to, 0, PNG_MAX_SIDE},
                 {"background", o->background, 0, MAX_COLOUR}, {"limit", o->limit, 0, INT64_MAX});
}

/* What each source begins with: enters the context, and makes the plan of its options. */
static int32_t begin(gan_context *ctx, const char *function, const gan_data_opts *opts,
                     data_plan *plan) {
    *plan = (data_plan){.function = function, .opts = data_defaults};
    int32_t code = context_enter(ctx);
    if (!code)
        code = options_load(ctx, function, &plan->opts, sizeof plan->opts,
                            V1_SIZE(gan_data_opts, byte_limit), opts);
    return code ? code : check_data(ctx, function, &plan->opts);
}

/* ---- sources --------------------------------------------------------------------------------- */

int32_t gan_dataset_from_idx(gan_context *ctx, const char *images, const char *labels,
                             const gan_data_opts *opts, gan_dataset **out) {
    const char *function = "gan_dataset_from_idx";
    if (!ctx || !images || !out) return error_null(ctx, function);
    data_plan plan;
    int32_t code = begin(ctx, function, opts, &plan);
    return error_report(ctx, code ? code : data_from_idx(ctx, &plan, images, labels, out));
}

int32_t gan_dataset_from_folder(gan_context *ctx, const char *folder, const gan_data_opts *opts,
                                gan_dataset **out) {
    const char *function = "gan_dataset_from_folder";
    if (!ctx || !folder || !out) return error_null(ctx, function);
    data_plan plan;
    int32_t code = begin(ctx, function, opts, &plan);
    return error_report(ctx, code ? code : data_from_folder(ctx, &plan, folder, out));
}

int32_t gan_dataset_from_pairs(gan_context *ctx, const char *folder, const gan_data_opts *opts,
                               gan_dataset **out) {
    const char *function = "gan_dataset_from_pairs";
    if (!ctx || !folder || !out) return error_null(ctx, function);
    data_plan plan;
    int32_t code = begin(ctx, function, opts, &plan);
    return error_report(ctx, code ? code : data_from_pairs(ctx, &plan, folder, out));
}

static int32_t load_sheet(gan_context *ctx, const char *function, const gan_sheet_opts *opts,
                          gan_sheet_opts *sheet) {
    *sheet = sheet_defaults;
    int32_t code = options_load(ctx, function, sheet, sizeof *sheet,
                                V1_SIZE(gan_sheet_opts, keep_empty), opts);
    if (!code && sheet->cell_height == 0) sheet->cell_height = sheet->cell_width;
    return code ? code
                : CHECK(ctx, function, {"cell_width", sheet->cell_width, 1, PNG_MAX_SIDE},
                        {"cell_height", sheet->cell_height, 1, PNG_MAX_SIDE},
                        {"margin", sheet->margin, 0, PNG_MAX_SIDE},
                        {"spacing", sheet->spacing, 0, PNG_MAX_SIDE});
}

int32_t gan_dataset_from_sheet(gan_context *ctx, const char *path, const gan_sheet_opts *sheet,
                               const gan_data_opts *opts, gan_dataset **out) {
    const char *function = "gan_dataset_from_sheet";
    if (!ctx || !path || !out) return error_null(ctx, function);
    data_plan plan;
    gan_sheet_opts cells;
    int32_t code = begin(ctx, function, opts, &plan);
    if (!code) code = load_sheet(ctx, function, sheet, &cells);
    return error_report(ctx, code ? code : data_from_sheet(ctx, &plan, path, &cells, out));
}

/* A host's array as a stack without pixels yet. */
static int32_t stack_of(gan_context *ctx, const char *function, const int64_t *dims,
                        const int32_t *labels, shape *s, picture_stack *stack) {
    int32_t code = shape_check(ctx, function, dims, 4, s);
    if (code) return code;
    if (!pixels_are_channels(dims[3]))
        return error_set(ctx, GAN_EINVAL, "%s: %lld channels, must be 1, 3 or 4", function,
                         (long long)dims[3]);
    *stack = (picture_stack){.name = function,
                             .count = dims[0],
                             .height = dims[1],
                             .width = dims[2],
                             .channels = (int32_t)dims[3],
                             .labels = labels};
    return GAN_OK;
}

/* Floats in [-1, 1] as bytes. */
static int32_t to_bytes(gan_context *ctx, const char *function, const float *from, int64_t n,
                        uint8_t *to) {
    for (int64_t i = 0; i < n; i++) {
        if (!(from[i] >= -1 && from[i] <= 1))
            return error_set(ctx, GAN_EINVAL, "%s: number %lld is %g, must be -1 to 1", function,
                             (long long)i, (double)from[i]);
        to[i] = pixels_byte((double)from[i], -1, 1);
    }
    return GAN_OK;
}

/* From one of the two arrays. */
static int32_t from_array(gan_context *ctx, const char *function, const uint8_t *bytes,
                          const float *floats, const int64_t *dims, const int32_t *labels,
                          const gan_data_opts *opts, gan_dataset **out) {
    if (!ctx || !(bytes || floats) || !dims || !out) return error_null(ctx, function);
    data_plan plan;
    shape s;
    picture_stack stack;
    int32_t code = begin(ctx, function, opts, &plan);
    if (!code) code = stack_of(ctx, function, dims, labels, &s, &stack);
    if (code) return error_report(ctx, code);
    uint8_t *rounded = floats ? arena_alloc(ctx, (size_t)shape_size(&s)) : NULL;
    if (floats && !rounded) return error_report(ctx, GAN_ENOMEM);
    stack.pixels = floats ? rounded : bytes;
    if (floats) code = to_bytes(ctx, function, floats, shape_size(&s), rounded);
    if (!code) code = data_from_stack(ctx, &plan, &stack, out);
    arena_free(ctx, rounded);
    return error_report(ctx, code);
}

int32_t gan_dataset_from_bytes(gan_context *ctx, const uint8_t *pixels, const int64_t *shape_,
                               const int32_t *labels, const gan_data_opts *opts,
                               gan_dataset **out) {
    return from_array(ctx, "gan_dataset_from_bytes", pixels, NULL, shape_, labels, opts, out);
}

int32_t gan_dataset_from_floats(gan_context *ctx, const float *pixels, const int64_t *shape_,
                                const int32_t *labels, const gan_data_opts *opts,
                                gan_dataset **out) {
    return from_array(ctx, "gan_dataset_from_floats", NULL, pixels, shape_, labels, opts, out);
}

int32_t gan_dataset_outlines(gan_dataset *d, double threshold, gan_dataset **out) {
    if (!d || !out) return error_null(d ? d->base.ctx : NULL, "gan_dataset_outlines");
    gan_context *ctx = d->base.ctx;
    int32_t code = context_enter(ctx);
    if (!code && !(isfinite(threshold) && threshold > 0))
        code =
            error_set(ctx, GAN_EINVAL,
                      "gan_dataset_outlines: threshold is %g, must be finite, above 0", threshold);
    return error_report(ctx, code ? code : data_outlines(d, threshold, out));
}

gan_dataset *gan_dataset_ref(gan_dataset *d) {
    if (d) object_ref(&d->base);
    return d;
}

void gan_dataset_unref(gan_dataset *d) {
    if (d) object_release(&d->base);
}

/* ---- looking --------------------------------------------------------------------------------- */

int64_t gan_dataset_size(const gan_dataset *d) { return d ? d->dims[0] : 0; }

const int64_t *gan_dataset_shape(const gan_dataset *d) { return d ? d->dims : NULL; }

const uint8_t *gan_dataset_pixels(const gan_dataset *d) { return d ? d->pixels : NULL; }

const int32_t *gan_dataset_labels(const gan_dataset *d) { return d ? d->labels : NULL; }

int64_t gan_dataset_class_count(const gan_dataset *d) { return d ? d->classes : 0; }

const char *gan_dataset_class_name(const gan_dataset *d, int64_t label) {
    return d && label >= 0 && (uint64_t)label < d->class_names.count ? d->class_names.names[label]
                                                                     : NULL;
}

int64_t gan_dataset_skipped(const gan_dataset *d) { return d ? d->skipped : 0; }

gan_dataset *gan_dataset_pair(const gan_dataset *d) { return d ? d->pair : NULL; }

gan_tensor *gan_dataset_image(const gan_dataset *d, int64_t i) {
    if (!d || context_enter(d->base.ctx)) return NULL;
    gan_context *ctx = d->base.ctx;
    if (i < 0 || i >= d->dims[0]) {
        error_set(ctx, GAN_EINVAL, "gan_dataset_image: image %lld of %lld", (long long)i,
                  (long long)d->dims[0]);
        return NULL;
    }
    shape s = shape_4(1, d->dims[1], d->dims[2], d->dims[3]);
    gan_tensor *image = tensor_new(ctx, &s);
    if (!image) return NULL;
    pixel_levels levels = pixels_levels(-1, 1);
    int64_t bytes = dataset_image_bytes(d);
    pixels_to_reals(&levels, d->pixels + i * bytes, bytes, tensor_data(image));
    return image;
}

int32_t gan_dataset_draw_labels(const gan_dataset *d, int32_t *labels, int64_t n) {
    const char *function = "gan_dataset_draw_labels";
    if (!d || (n && !labels)) return error_null(d ? d->base.ctx : NULL, function);
    gan_context *ctx = d->base.ctx;
    int32_t code = context_enter(ctx);
    if (!code) code = CHECK(ctx, function, {"n", n, 0, INT64_MAX / 4});
    if (!code && !d->labels)
        code = error_set(ctx, GAN_EINVAL, "%s: the data set has no labels", function);
    if (!code)
        dataset_draw_labels(d, ctx->random_key, random_take(ctx, noise_word_blocks(n)), n, labels);
    return error_report(ctx, code);
}

/* ---- loaders --------------------------------------------------------------------------------- */

static int32_t check_loader(const gan_dataset *d, const gan_loader_opts *o) {
    const char *function = "gan_loader_create";
    gan_context *ctx = d->base.ctx;
    shape s;
    int32_t code = CHECK(ctx, function, {"batch", o->batch, 1, INT32_MAX},
                         {"remainder", o->remainder, GAN_REMAINDER_DROP, GAN_REMAINDER_WRAP});
    if (!code) code = pixels_check_range(ctx, function, o->lo, o->hi);
    if (!code && o->remainder == GAN_REMAINDER_DROP && d->dims[0] < o->batch)
        code = error_set(ctx, GAN_EINVAL,
                         "%s: %lld images do not fill a batch of %d: set remainder or batch",
                         function, (long long)d->dims[0], (int)o->batch);
    if (!code)
        code = shape_check(ctx, function, (int64_t[]){o->batch, d->dims[1], d->dims[2], d->dims[3]},
                           4, &s);
    return code;
}

int32_t gan_loader_create(gan_dataset *d, const gan_loader_opts *opts, gan_loader **out) {
    const char *function = "gan_loader_create";
    if (!d || !out) return error_null(d ? d->base.ctx : NULL, function);
    gan_context *ctx = d->base.ctx;
    gan_loader_opts o = loader_defaults;
    int32_t code = context_enter(ctx);
    if (!code) code = options_load(ctx, function, &o, sizeof o, V1_SIZE(gan_loader_opts, hi), opts);
    if (!code) code = options_check_reserved(ctx, function, &o, o.reserved | (int64_t)o.reserved2);
    if (!code) code = check_loader(d, &o);
    if (code) return error_report(ctx, code);
    gan_loader *l = loader_new(d, &o);
    if (!l) return error_report(ctx, GAN_ENOMEM);
    *out = l;
    return GAN_OK;
}

void gan_loader_unref(gan_loader *l) {
    if (l) object_release(&l->base);
}

gan_tensor *gan_loader_next(gan_loader *l) {
    return l && !context_enter(l->base.ctx) ? loader_next(l) : NULL;
}

const int32_t *gan_loader_labels(const gan_loader *l) { return l && l->count ? l->labels : NULL; }

gan_tensor *gan_loader_pairs(gan_loader *l) {
    if (!l || context_enter(l->base.ctx)) return NULL;
    if (l->count && l->data->pair) return loader_batch_of(l, l->data->pair);
    error_set(l->base.ctx, l->count ? GAN_EINVAL : GAN_ESTATE, "gan_loader_pairs: %s",
              l->count ? "the data set is not one of pairs" : "there was no batch yet");
    return NULL;
}

int32_t gan_loader_tell(const gan_loader *l, int64_t *epoch, int64_t *position) {
    if (!l) return error_null(NULL, "gan_loader_tell");
    int32_t code = context_enter(l->base.ctx);
    if (code) return error_report(l->base.ctx, code);
    if (epoch) *epoch = l->epoch;
    if (position) *position = l->position;
    return GAN_OK;
}

int32_t gan_loader_seek(gan_loader *l, int64_t epoch, int64_t position) {
    const char *function = "gan_loader_seek";
    if (!l) return error_null(NULL, function);
    gan_context *ctx = l->base.ctx;
    int32_t code = context_enter(ctx);
    if (!code)
        code = CHECK(ctx, function, {"epoch", epoch, 0, INT64_MAX / 4},
                     {"position", position, 0, l->data->dims[0]});
    if (!code) loader_seek(l, epoch, position);
    return error_report(ctx, code);
}
