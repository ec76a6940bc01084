#include "io/png.h"

#include "core/error.h"

#if defined(GAN_PNG) && GAN_PNG

#include "core/alloc.h"
#include "io/colour.h"
#include "io/deflate.h"
#include "io/file.h"

#include <inttypes.h>
#include <png.h>
#include <setjmp.h>
#include <stdio.h>
#include <string.h>

enum { MAX_CHUNK_BYTES = 1 << 20 }; /* of one ancillary chunk in memory; only tRNS is read */

/* What one call of png_read or png_write works on. libpng reports an error by longjmp, so all state
 * is here, outside the frames that a jump drops, and `run` is the only place it jumps to. */
typedef struct codec {
    gan_context *ctx;
    const char *path;
    int32_t channels;
    png_structp png;
    png_infop info;
    int32_t status;   /* the first failure */
    char warning[80]; /* the last one, for the text of an error */
    jmp_buf failed;

    /* reading */
    const uint8_t *at; /* the rest of the file */
    size_t left;
    size_t file_bytes;
    png_pixels *out;

    /* writing */
    const uint8_t *pixels;
    uint32_t height, width;
    file_writer file;
} codec;

/* ---- what libpng calls ----------------------------------------------------------------------- */

/* What libpng only warns of it repairs or ignores, except that it also warns of the reason just
 * before an error that does not say it. */
static void on_warning(png_structp png, png_const_charp message) {
    codec *c = png_get_error_ptr(png);
    snprintf(c->warning, sizeof c->warning, " (%s)", message);
}

static void on_error(png_structp png, png_const_charp message) {
    codec *c = png_get_error_ptr(png);
    if (c->status == GAN_OK) {
        c->status = error_set(c->ctx, GAN_EFORMAT, "%s: PNG: %s%s", c->path, message, c->warning);
    }
    longjmp(c->failed, 1);
}

/* libpng may go on after a refusal, with less; this call then fails all the same. */
static png_voidp on_alloc(png_structp png, png_alloc_size_t bytes) {
    codec *c = png_get_mem_ptr(png);
    void *block = arena_alloc(c->ctx, bytes);
    if (block == NULL) c->status = GAN_ENOMEM;
    return block;
}

static void on_free(png_structp png, png_voidp block) {
    codec *c = png_get_mem_ptr(png);
    arena_free(c->ctx, block);
}

static void on_read(png_structp png, png_bytep to, size_t bytes) {
    codec *c = png_get_io_ptr(png);
    if (bytes > c->left) png_error(png, "the file is cut off");
    memcpy(to, c->at, bytes);
    c->at += bytes;
    c->left -= bytes;
}

static void on_write(png_structp png, png_bytep data, size_t bytes) {
    codec *c = png_get_io_ptr(png);
    if (c->status == GAN_OK) c->status = file_writer_append(&c->file, data, bytes);
    if (c->status != GAN_OK) png_error(png, "cannot write");
}

/* The file is synced when it is closed. */
static void on_flush(png_structp png) { (void)png; }

/* ---------------------------------------------------------------------------------------------- */

/* Calls `steps`, which calls libpng; gives how that ended. */
static int32_t run(codec *c, void (*steps)(codec *c)) {
    if (setjmp(c->failed) == 0) steps(c);
    return c->status;
}

/* After the creation of c->png and c->info: 1 if both are there. */
static int created(codec *c) {
    if (c->png != NULL) c->info = png_create_info_struct(c->png);
    if (c->info == NULL && c->status == GAN_OK) {
        c->status = error_set(c->ctx, GAN_ENOTSUP, "%s: libpng %s does not fit", c->path,
                              png_get_libpng_ver(NULL));
    }
    return c->info != NULL;
}

/* ---- reading --------------------------------------------------------------------------------- */

static void check_declared_size(codec *c) {
    uint64_t decoded =
        (uint64_t)png_get_rowbytes(c->png, c->info) * png_get_image_height(c->png, c->info);
    if (decoded / DEFLATE_MAX_RATIO > c->file_bytes) {
        png_error(c->png, "the file is too short for the size it declares");
    }
}

/* The channels of the file's own picture. */
static int32_t own_channels(const codec *c) {
    int type = png_get_color_type(c->png, c->info);
    if ((type & PNG_COLOR_MASK_ALPHA) || png_get_valid(c->png, c->info, PNG_INFO_tRNS)) return 4;
    return (type & PNG_COLOR_MASK_COLOR) ? 3 : 1;
}

/* Asks for 8-bit pixels; gives their channels. A grey picture of a coloured file is made from RGB
 * later, since libpng would weigh with the file's gamma. */
static int32_t request_channels(codec *c) {
    int coloured = (png_get_color_type(c->png, c->info) & PNG_COLOR_MASK_COLOR) != 0;

    png_set_expand(c->png); /* palettes, less than 8 bits, a transparent colour */
    png_set_scale_16(c->png);
    if (c->channels == 4) {
        png_set_add_alpha(c->png, 0xff, PNG_FILLER_AFTER);
    } else {
        png_set_strip_alpha(c->png);
    }
    if (c->channels >= 3 && !coloured) png_set_gray_to_rgb(c->png);
    return coloured && c->channels == 1 ? 3 : c->channels;
}

/* In place: a grey pixel is written no later than its colours are read. */
static void rgb_to_grey(uint8_t *pixels, size_t count) {
    for (size_t i = 0; i < count; i++) {
        pixels[i] = colour_grey(pixels + 3 * i);
    }
}

static void decode(codec *c) {
    c->png = png_create_read_struct_2(PNG_LIBPNG_VER_STRING, c, on_error, on_warning, c, on_alloc,
                                      on_free);
    if (!created(c)) return;
    png_set_read_fn(c->png, c, on_read);
    png_set_user_limits(c->png, PNG_MAX_SIDE, PNG_MAX_SIDE);
    png_set_chunk_malloc_max(c->png, MAX_CHUNK_BYTES);
    png_set_crc_action(c->png, PNG_CRC_ERROR_QUIT, PNG_CRC_ERROR_QUIT);
    png_set_keep_unknown_chunks(c->png, PNG_HANDLE_CHUNK_NEVER, NULL, -1); /* all but tRNS */

    png_read_info(c->png, c->info);
    check_declared_size(c);
    if (c->channels == 0) c->channels = own_channels(c);
    int32_t channels = request_channels(c);
    int passes = png_set_interlace_handling(c->png);
    png_read_update_info(c->png, c->info);

    size_t height = png_get_image_height(c->png, c->info);
    size_t width = png_get_image_width(c->png, c->info);
    size_t row = width * (size_t)channels;
    if (png_get_rowbytes(c->png, c->info) != row) png_error(c->png, "unexpected pixel layout");
    c->out->data = arena_alloc_array(c->ctx, height, row);
    if (c->out->data == NULL) {
        c->status = GAN_ENOMEM;
        return;
    }
    for (int pass = 0; pass < passes; pass++) {
        for (size_t y = 0; y < height; y++) png_read_row(c->png, c->out->data + y * row, NULL);
    }
    png_read_end(c->png, NULL);

    if (channels > c->channels) rgb_to_grey(c->out->data, height * width);
    c->out->height = (int64_t)height;
    c->out->width = (int64_t)width;
    c->out->channels = c->channels;
}

int32_t png_read(gan_context *ctx, const char *path, int32_t channels, png_pixels *out) {
    uint8_t *file;
    png_pixels pixels = {0};
    codec c = {.ctx = ctx, .path = path, .channels = channels, .out = &pixels};
    int32_t status = file_read(ctx, path, &file, &c.file_bytes);
    if (status != GAN_OK) return status;

    c.at = file;
    c.left = c.file_bytes;
    status = run(&c, decode);
    png_destroy_read_struct(&c.png, &c.info, NULL);
    arena_free(ctx, file);
    if (status == GAN_OK) {
        *out = pixels;
    } else {
        arena_free(ctx, pixels.data);
    }
    return status;
}

/* ---- writing --------------------------------------------------------------------------------- */

static void encode(codec *c) {
    c->png = png_create_write_struct_2(PNG_LIBPNG_VER_STRING, c, on_error, on_warning, c, on_alloc,
                                       on_free);
    if (!created(c)) return;
    png_set_write_fn(c->png, c, on_write, on_flush);

    int colour = c->channels == 1   ? PNG_COLOR_TYPE_GRAY
                 : c->channels == 3 ? PNG_COLOR_TYPE_RGB
                                    : PNG_COLOR_TYPE_RGB_ALPHA;
    png_set_IHDR(c->png, c->info, c->width, c->height, 8, colour, PNG_INTERLACE_NONE,
                 PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    png_write_info(c->png, c->info);
    size_t row = (size_t)c->width * (size_t)c->channels;
    for (size_t y = 0; y < c->height; y++) png_write_row(c->png, c->pixels + y * row);
    png_write_end(c->png, c->info);
}

int32_t png_write(gan_context *ctx, const char *path, const uint8_t *pixels, int64_t height,
                  int64_t width, int32_t channels) {
    if (height < 1 || width < 1 || height > PNG_MAX_SIDE || width > PNG_MAX_SIDE) {
        return error_set(ctx, GAN_EINVAL,
                         "%s: a picture of %" PRId64 " x %" PRId64
                         " pixels; each side must be 1 to %d",
                         path, height, width, PNG_MAX_SIDE);
    }

    codec c = {.ctx = ctx,
               .path = path,
               .channels = channels,
               .pixels = pixels,
               .height = (uint32_t)height,
               .width = (uint32_t)width};
    int32_t status = file_writer_open(&c.file, ctx, path);
    if (status != GAN_OK) return status;
    status = run(&c, encode);
    png_destroy_write_struct(&c.png, &c.info);
    return file_writer_close(&c.file, status);
}

#else

static int32_t unsupported(gan_context *ctx, const char *path) {
    return error_set(ctx, GAN_ENOTSUP, "%s: this build has no PNG", path);
}

int32_t png_read(gan_context *ctx, const char *path, int32_t channels, png_pixels *out) {
    (void)channels;
    (void)out;
    return unsupported(ctx, path);
}

int32_t png_write(gan_context *ctx, const char *path, const uint8_t *pixels, int64_t height,
                  int64_t width, int32_t channels) {
    (void)pixels;
    (void)height;
    (void)width;
    (void)channels;
    return unsupported(ctx, path);
}

#endif
