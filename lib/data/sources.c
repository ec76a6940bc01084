#include "data/dataset.h"

#include "core/alloc.h"
#include "core/error.h"
#include "io/idx.h"
#include "io/png.h"

#include <string.h>

/* Hands over a data set, or drops it. */
static int32_t finish(gan_dataset *d, int32_t code, gan_dataset **out) {
    if (code)
        object_unref(&d->base);
    else
        *out = d;
    return code;
}

/* ---- stacks ---------------------------------------------------------------------------------- */

static int32_t copy_labels(gan_dataset *d, const picture_stack *stack) {
    for (int64_t i = 0; i < d->capacity; i++) {
        int32_t label = stack->labels[i];
        if (label < 0)
            return error_set(d->base.ctx, GAN_EINVAL, "%s: label %lld is %d, must be 0 or more",
                             stack->name, (long long)i, (int)label);
        d->labels[i] = label;
        if (label >= d->classes) d->classes = (int64_t)label + 1;
    }
    return GAN_OK;
}

int32_t data_from_stack(gan_context *ctx, const data_plan *plan, const picture_stack *stack,
                        gan_dataset **out) {
    if (stack->count < 1 || stack->height < 1 || stack->width < 1)
        return error_set(ctx, GAN_EINVAL, "%s: %lld images of %lld x %lld pixels", stack->name,
                         (long long)stack->count, (long long)stack->width,
                         (long long)stack->height);
    gan_dataset *d = dataset_new(ctx, plan, stack->count, stack->labels != NULL);
    if (!d) return GAN_ENOMEM;
    int32_t code = stack->labels ? copy_labels(d, stack) : GAN_OK;
    int64_t bytes = stack->height * stack->width * stack->channels;
    for (int64_t i = 0; i < d->capacity && !code; i++) {
        picture p = {.name = stack->name,
                     .pixels = stack->pixels + i * bytes,
                     .height = stack->height,
                     .width = stack->width,
                     .channels = stack->channels};
        code = dataset_add(d, plan, &p);
    }
    return finish(d, code, out);
}

/* ---- IDX ------------------------------------------------------------------------------------- */

/* The labels of `count` images as numbers, a block of the arena. */
static int32_t read_idx_labels(gan_context *ctx, const char *path, int64_t count, int32_t **out) {
    idx_file file;
    int32_t code = idx_read(ctx, path, &file);
    if (code) return code;
    int32_t *labels = NULL;
    if (file.rank != 1 || file.dims[0] != count)
        code = error_set(ctx, GAN_EFORMAT, "%s: %lld items of %d axes, not labels of %lld images",
                         path, (long long)file.dims[0], (int)file.rank, (long long)count);
    else if (!(labels = arena_alloc_array(ctx, (size_t)count, sizeof *labels)))
        code = GAN_ENOMEM;
    for (int64_t i = 0; i < count && !code; i++) labels[i] = file.data[i];
    idx_release(ctx, &file);
    if (!code) *out = labels;
    return code;
}

static int32_t from_idx_file(gan_context *ctx, const data_plan *plan, const char *path,
                             const idx_file *file, const char *labels_path, gan_dataset **out) {
    if (file->rank != 3)
        return error_set(ctx, GAN_EFORMAT, "%s: an array of %d axes, images have 3", path,
                         (int)file->rank);
    int32_t *labels = NULL;
    int32_t code = GAN_OK;
    if (labels_path) code = read_idx_labels(ctx, labels_path, file->dims[0], &labels);
    if (code) return code;
    picture_stack stack = {.name = path,
                           .pixels = file->data,
                           .count = file->dims[0],
                           .height = file->dims[1],
                           .width = file->dims[2],
                           .channels = 1,
                           .labels = labels};
    code = data_from_stack(ctx, plan, &stack, out);
    arena_free(ctx, labels);
    return code;
}

int32_t data_from_idx(gan_context *ctx, const data_plan *plan, const char *images,
                      const char *labels, gan_dataset **out) {
    idx_file file;
    int32_t code = idx_read(ctx, images, &file);
    if (code) return code;
    code = from_idx_file(ctx, plan, images, &file, labels, out);
    idx_release(ctx, &file);
    return code;
}

/* ---- sprite sheets --------------------------------------------------------------------------- */

/* A sheet, and the cell that is looked at. */
typedef struct cutter {
    const png_pixels *sheet;
    gan_sheet_opts o;
    int64_t columns, rows;
    uint8_t *cell; /* (cell_height, cell_width, channels) */
} cutter;

/* How many cells lie side by side in `length` pixels. */
static int64_t cells_in(int64_t length, const gan_sheet_opts *o, int32_t cell) {
    int64_t room = length - 2 * (int64_t)o->margin;
    return room < cell ? 0 : (room + o->spacing) / ((int64_t)cell + o->spacing);
}

static void cut(const cutter *c, int64_t i) {
    int64_t top = c->o.margin + i / c->columns * ((int64_t)c->o.cell_height + c->o.spacing);
    int64_t left = c->o.margin + i % c->columns * ((int64_t)c->o.cell_width + c->o.spacing);
    int64_t channels = c->sheet->channels, row = c->o.cell_width * channels;
    for (int64_t y = 0; y < c->o.cell_height; y++)
        memcpy(c->cell + y * row, c->sheet->data + ((top + y) * c->sheet->width + left) * channels,
               (size_t)row);
}

/* Whether the cell is of one colour, or all of it transparent. */
static int is_empty(const cutter *c) {
    int64_t channels = c->sheet->channels;
    int64_t count = (int64_t)c->o.cell_height * c->o.cell_width;
    int one_colour = 1, transparent = channels == 4;
    for (int64_t i = 0; i < count && (one_colour || transparent); i++) {
        const uint8_t *pixel = c->cell + i * channels;
        one_colour = one_colour && memcmp(pixel, c->cell, (size_t)channels) == 0;
        transparent = transparent && pixel[3] == 0;
    }
    return one_colour || transparent;
}

/* Cuts cell i; gives whether it is wanted. */
static int cut_wanted(const cutter *c, int64_t i) {
    cut(c, i);
    return c->o.keep_empty || !is_empty(c);
}

static int32_t add_cells(const cutter *c, gan_dataset *d, const data_plan *plan, const char *path) {
    picture p = {.name = path,
                 .pixels = c->cell,
                 .height = c->o.cell_height,
                 .width = c->o.cell_width,
                 .channels = c->sheet->channels};
    int32_t code = GAN_OK;
    for (int64_t i = 0; d->dims[0] < d->capacity && !code; i++)
        if (cut_wanted(c, i)) code = dataset_add(d, plan, &p);
    return code;
}

static int32_t from_cells(gan_context *ctx, const data_plan *plan, const char *path,
                          const cutter *c, gan_dataset **out) {
    int64_t wanted = 0;
    for (int64_t i = 0; i < c->rows * c->columns; i++) wanted += cut_wanted(c, i);
    if (wanted == 0)
        return error_set(ctx, GAN_EFORMAT, "%s: all %lld cells are empty", path,
                         (long long)(c->rows * c->columns));
    gan_dataset *d = dataset_new(ctx, plan, wanted, 0);
    if (!d) return GAN_ENOMEM;
    return finish(d, add_cells(c, d, plan, path), out);
}

static int32_t cut_sheet(gan_context *ctx, const data_plan *plan, const char *path, cutter *c,
                         gan_dataset **out) {
    c->columns = cells_in(c->sheet->width, &c->o, c->o.cell_width);
    c->rows = cells_in(c->sheet->height, &c->o, c->o.cell_height);
    if (c->columns == 0 || c->rows == 0)
        return error_set(ctx, GAN_EINVAL,
                         "%s: a sheet of %lld x %lld pixels has no cell of %d x %d with margin %d",
                         path, (long long)c->sheet->width, (long long)c->sheet->height,
                         (int)c->o.cell_width, (int)c->o.cell_height, (int)c->o.margin);
    c->cell = arena_alloc_array(ctx, (size_t)c->o.cell_height * (size_t)c->o.cell_width,
                                (size_t)c->sheet->channels);
    if (!c->cell) return GAN_ENOMEM;
    int32_t code = from_cells(ctx, plan, path, c, out);
    arena_free(ctx, c->cell);
    return code;
}

int32_t data_from_sheet(gan_context *ctx, const data_plan *plan, const char *path,
                        const gan_sheet_opts *sheet, gan_dataset **out) {
    png_pixels pixels;
    int32_t code = png_read(ctx, path, 0, &pixels);
    if (code) return code;
    cutter c = {.sheet = &pixels, .o = *sheet};
    code = cut_sheet(ctx, plan, path, &c, out);
    arena_free(ctx, pixels.data);
    return code;
}
