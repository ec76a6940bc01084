#include "gan/io.h"
#include "gan/image.h"

#include "core/alloc.h"
#include "core/context.h"
#include "core/error.h"
#include "core/options.h"
#include "data/pixels.h"
#include "io/idx.h"
#include "io/png.h"
#include "nn/onnx.h"
#include "nn/state.h"
#include "nn/trace.h"

#include <math.h>
#include <string.h>

/* ---- modules --------------------------------------------------------------------------------- */

int32_t gan_module_save(const gan_module *m, const char *path) {
    if (!m || !path) return error_null(m ? m->base.ctx : NULL, "gan_module_save");
    int32_t code = context_enter(m->base.ctx);
    if (!code) code = state_save(m, path, NULL);
    return error_report(m->base.ctx, code);
}

static int32_t check_meaning(gan_context *ctx, const char *function, const char *range) {
    static const char *const known[] = {"-1..1", "0..1", ""};
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (strcmp(range, known[i]) == 0) return GAN_OK;
    return error_set(ctx, GAN_EINVAL, "%s: range is \"%s\", must be \"-1..1\", \"0..1\" or \"\"",
                     function, range);
}

/* What both functions below ask of their arguments. */
static int32_t check_traced(const char *function, const gan_module *m, gan_tensor *input,
                            gan_tensor *output, const char *range) {
    gan_context *ctx = m->base.ctx;
    int32_t code = context_enter(ctx);
    if (!code && (tensor_context(input) != ctx || tensor_context(output) != ctx))
        code = error_set(ctx, GAN_EINVAL, "%s: tensors of different contexts", function);
    const gan_module *training = module_in_training(m);
    if (!code && training)
        code = error_set(ctx, GAN_ESTATE,
                         "%s: '%s' is in training mode: record the forward in evaluation mode",
                         function, training->label);
    return code ? code : check_meaning(ctx, function, range);
}

static int32_t save_traced(const gan_module *m, const char *path, gan_tensor *input,
                           gan_tensor *output, const trace_facts *facts) {
    int32_t code = check_traced(facts->function, m, input, output, facts->range);
    return code ? code : trace_save(m, path, input, output, facts);
}

int32_t gan_module_save_traced(const gan_module *m, const char *path, gan_tensor *input,
                               gan_tensor *output, const char *range) {
    const char *function = "gan_module_save_traced";
    if (!m || !path || !input || !output || !range)
        return error_null(m ? m->base.ctx : NULL, function);
    const trace_facts facts = {.function = function, .range = range};
    return error_report(m->base.ctx, save_traced(m, path, input, output, &facts));
}

static const gan_model_opts model_defaults = {
    .struct_size = sizeof(gan_model_opts), .latent_lo = -1, .latent_hi = 1, .range = "-1..1"};

void gan_model_opts_init(gan_model_opts *opts, size_t size) {
    options_init(opts, size, &model_defaults, sizeof model_defaults);
}

/* Rows of numbers, also as images of one pixel. */
static int is_latent(const shape *s) {
    return s->rank == 2 || (s->rank == 4 && s->dim[1] * s->dim[2] == 1);
}

/* The options fit the tensors. */
static int32_t check_model(gan_context *ctx, const char *function, const gan_tensor *input,
                           const gan_tensor *output, const gan_model_opts *o) {
    const shape *in = tensor_shape(input), *out = tensor_shape(output);
    char text[SHAPE_TEXT];
    if (!o->range) return error_set(ctx, GAN_EINVAL, "%s: range is NULL", function);
    if (o->premultiplied && (out->rank != 4 || out->dim[3] != 4))
        return error_set(ctx, GAN_EINVAL, "%s: premultiplied needs RGBA, the output is %s",
                         function, shape_text(out, text));
    if (o->classes && (o->classes < 0 || !is_latent(in) || o->classes >= in->dim[in->rank - 1]))
        return error_set(ctx, GAN_EINVAL, "%s: %d classes do not fit an input of %s", function,
                         (int)o->classes, shape_text(in, text));
    if (o->uniform && !(o->latent_lo < o->latent_hi && isfinite(o->latent_lo) &&
                        isfinite(o->latent_hi) && is_latent(in)))
        return error_set(ctx, GAN_EINVAL, "%s: latents from [%g, %g) for an input of %s", function,
                         o->latent_lo, o->latent_hi, shape_text(in, text));
    return GAN_OK;
}

int32_t gan_module_save_model(const gan_module *m, const char *path, gan_tensor *input,
                              gan_tensor *output, const gan_model_opts *opts) {
    const char *function = "gan_module_save_model";
    if (!m || !path || !input || !output) return error_null(m ? m->base.ctx : NULL, function);
    gan_context *ctx = m->base.ctx;
    gan_model_opts o = model_defaults;
    int32_t code = context_enter(ctx);
    if (!code)
        code = options_load(ctx, function, &o, sizeof o, V1_SIZE(gan_model_opts, range), opts);
    if (!code) code = check_model(ctx, function, input, output, &o);
    if (code) return error_report(ctx, code);
    const char *law = o.uniform ? "uniform" : "normal";
    const trace_facts facts = {.function = function,
                               .range = o.range,
                               .premultiplied = o.premultiplied,
                               .classes = o.classes,
                               .latent = is_latent(tensor_shape(input)) ? law : NULL,
                               .latent_lo = o.latent_lo,
                               .latent_hi = o.latent_hi};
    return error_report(ctx, save_traced(m, path, input, output, &facts));
}

int32_t gan_module_save_onnx(const gan_module *m, const char *path, gan_tensor *input,
                             gan_tensor *output, const char *range) {
    static const onnx_names names = {
        .function = "gan_module_save_onnx", .input = "input", .output = "output"};
    if (!m || !path || !input || !output || !range)
        return error_null(m ? m->base.ctx : NULL, names.function);
    int32_t code = check_traced(names.function, m, input, output, range);
    if (!code) code = onnx_save(m, path, &names, input, output, range);
    return error_report(m->base.ctx, code);
}

static int32_t load(const char *function, gan_module *m, const char *path, const char *part) {
    if (!m || !path || !part) return error_null(m ? m->base.ctx : NULL, function);
    int32_t code = context_enter(m->base.ctx);
    if (!code) code = state_load(m, path, part);
    return error_report(m->base.ctx, code);
}

int32_t gan_module_load(gan_module *m, const char *path) {
    return load("gan_module_load", m, path, "");
}

int32_t gan_module_load_part(gan_module *m, const char *path, const char *part) {
    return load("gan_module_load_part", m, path, part);
}

/* ---- IDX ------------------------------------------------------------------------------------- */

struct gan_idx {
    object base;
    idx_file file;
};

static void idx_destroy(object *o) {
    gan_idx *idx = (gan_idx *)o;
    idx_release(o->ctx, &idx->file);
    object_free(o);
}

int32_t gan_idx_open(gan_context *ctx, const char *path, gan_idx **out) {
    if (!ctx || !path || !out) return error_null(ctx, "gan_idx_open");
    int32_t code = context_enter(ctx);
    idx_file file;
    if (!code) code = idx_read(ctx, path, &file);
    if (code) return error_report(ctx, code);
    gan_idx *idx = object_new(ctx, sizeof *idx, idx_destroy);
    if (!idx) {
        idx_release(ctx, &file);
        return error_report(ctx, GAN_ENOMEM);
    }
    idx->file = file;
    *out = idx;
    return GAN_OK;
}

void gan_idx_unref(gan_idx *idx) {
    if (idx) object_release(&idx->base);
}

int32_t gan_idx_rank(const gan_idx *idx) { return idx ? idx->file.rank : 0; }

int64_t gan_idx_dim(const gan_idx *idx, int32_t axis) {
    return idx && axis >= 0 && axis < idx->file.rank ? idx->file.dims[axis] : 0;
}

const uint8_t *gan_idx_data(const gan_idx *idx) { return idx ? idx->file.data : NULL; }

/* ---- images -----------------------------------------------------------------------------------
 */

/* Before memory is taken for images, whose size a file without any may declare as it likes. */
static int32_t check_index(const gan_idx *idx, const char *name, const int32_t *index, int64_t n) {
    for (int64_t i = 0; i < n; i++) {
        int64_t item = index ? index[i] : -1;
        if (item < 0 || item >= idx->file.dims[0])
            return error_set(idx->base.ctx, GAN_EINVAL,
                             "%s: index %lld is %lld, there are %lld items", name, (long long)i,
                             (long long)item, (long long)idx->file.dims[0]);
    }
    return GAN_OK;
}

gan_tensor *gan_idx_images(const gan_idx *idx, const int32_t *index, int64_t n, double lo,
                           double hi) {
    const char *name = "gan_idx_images";
    if (!idx || context_enter(idx->base.ctx)) return NULL;
    gan_context *ctx = idx->base.ctx;
    const idx_file *f = &idx->file;
    if (f->rank != 3) {
        error_set(ctx, GAN_EINVAL, "%s: the file has %d axes, images have 3", name, (int)f->rank);
        return NULL;
    }
    shape s;
    if (pixels_check_range(ctx, name, lo, hi) ||
        shape_check(ctx, name, (int64_t[]){n, f->dims[1], f->dims[2], 1}, 4, &s) ||
        check_index(idx, name, index, n))
        return NULL;
    int64_t pixels = f->dims[1] * f->dims[2];
    gan_tensor *images = tensor_new(ctx, &s);
    pixel_levels levels = pixels_levels(lo, hi);
    for (int64_t i = 0; images && i < n; i++)
        pixels_to_reals(&levels, f->data + index[i] * pixels, pixels,
                        tensor_data(images) + i * pixels);
    return images;
}

/* ---- PNG ------------------------------------------------------------------------------------- */

gan_tensor *gan_png_read(gan_context *ctx, const char *path, int32_t channels, double lo,
                         double hi) {
    const char *name = "gan_png_read";
    if (!ctx || context_enter(ctx)) return NULL;
    if (!path || !pixels_are_channels(channels)) {
        error_set(ctx, GAN_EINVAL, "%s: %s", name,
                  path ? "channels must be 1, 3 or 4" : "path is NULL");
        return NULL;
    }
    png_pixels pixels;
    if (pixels_check_range(ctx, name, lo, hi) || png_read(ctx, path, channels, &pixels))
        return NULL;
    shape s = shape_4(1, pixels.height, pixels.width, channels);
    gan_tensor *image = tensor_new(ctx, &s);
    pixel_levels levels = pixels_levels(lo, hi);
    if (image) pixels_to_reals(&levels, pixels.data, tensor_size(image), tensor_data(image));
    arena_free(ctx, pixels.data);
    return image;
}

/* Where the cells of a grid lie. */
typedef struct grid {
    int64_t n, h, w, c, columns, gap, height, width;
} grid;

static int32_t grid_of(gan_tensor *images, int32_t columns, int32_t gap, grid *g) {
    const char *name = "gan_png_write_grid";
    gan_context *ctx = tensor_context(images);
    const shape *s = tensor_shape(images);
    char text[SHAPE_TEXT];
    if (s->rank != 4 || tensor_size(images) == 0 || !pixels_are_channels(s->dim[3]))
        return error_set(ctx, GAN_EINVAL, "%s: images are %s, must be (N,H,W,C), C 1, 3 or 4", name,
                         shape_text(s, text));
    if (columns < 1 || gap < 0 || gap > PNG_MAX_SIDE)
        return error_set(ctx, GAN_EINVAL, "%s: %d columns, gap %d", name, (int)columns, (int)gap);
    *g = (grid){.n = s->dim[0], .h = s->dim[1], .w = s->dim[2], .c = s->dim[3], .gap = gap};
    g->columns = columns < g->n ? columns : g->n;
    int64_t rows = (g->n + g->columns - 1) / g->columns, most = PNG_MAX_SIDE;
    if (g->h > most || g->w > most || rows > most || g->columns > most ||
        (g->height = rows * g->h + (rows - 1) * gap) > most ||
        (g->width = g->columns * g->w + (g->columns - 1) * gap) > most)
        return error_set(ctx, GAN_EINVAL, "%s: %s in %lld columns is larger than %lld pixels", name,
                         shape_text(s, text), (long long)g->columns, (long long)most);
    return GAN_OK;
}

static void draw_cell(uint8_t *picture, const grid *g, const real *image, int64_t i, double lo,
                      double hi) {
    int64_t top = i / g->columns * (g->h + g->gap), left = i % g->columns * (g->w + g->gap);
    for (int64_t y = 0; y < g->h; y++) {
        uint8_t *row = picture + ((top + y) * g->width + left) * g->c;
        for (int64_t x = 0; x < g->w * g->c; x++)
            row[x] = pixels_byte((double)image[y * g->w * g->c + x], lo, hi);
    }
}

int32_t gan_png_write_grid(gan_tensor *images, const char *path, int32_t columns, int32_t gap,
                           double lo, double hi) {
    if (!images) return GAN_EINVAL;
    gan_context *ctx = tensor_context(images);
    if (!path) return error_null(ctx, "gan_png_write_grid");
    grid g = {0};
    int32_t code = context_enter(ctx);
    if (!code) code = pixels_check_range(ctx, "gan_png_write_grid", lo, hi);
    if (!code) code = grid_of(images, columns, gap, &g);
    if (code) return error_report(ctx, code);
    size_t bytes = (size_t)(g.height * g.width * g.c);
    uint8_t *picture = arena_alloc(ctx, bytes);
    if (!picture) return error_report(ctx, GAN_ENOMEM);
    memset(picture, 255, bytes); /* gaps are white; with alpha, opaque */
    const real *values = tensor_values(images);
    for (int64_t i = 0; i < g.n; i++)
        draw_cell(picture, &g, values + i * g.h * g.w * g.c, i, lo, hi);
    code = png_write(ctx, path, picture, g.height, g.width, (int32_t)g.c);
    arena_free(ctx, picture);
    return error_report(ctx, code);
}
