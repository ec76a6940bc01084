/* The sampler: a trained generator, frozen for run time.
 *
 * A model file that describes itself (gan_trainer_save_model, gan_module_save_traced) is loaded and
 * planned once: batch norm is folded into the layer before it, activations are fused, weights are
 * packed, buffers placed, threads started. From then on a call asks the allocator for nothing,
 * starts no thread and holds no lock while it computes (waking sleeping threads passes through
 * one).
 *
 *     gan_sampler *sprites = NULL;
 *     if (gan_sampler_load("generator.safetensors", NULL, &sprites) < 0) ...
 *     gan_sampler_sample_rgba8(sprites, seed, NULL, 1, NULL, pixels, 64, 64, 64 * 4);
 *
 * Sprite i of a request with seed s is the sprite of seed s + i: the same bits on one machine,
 * whatever the number of sprites, their place, threads and slices. The bits of gan_forward differ
 * in rounding.
 *
 * A sampler needs no context. It belongs to one thread at a time; different samplers are
 * independent. No callback is ever called from a thread of the sampler's. A forked child cannot use
 * its parent's sampler (GAN_ESTATE) beyond gan_sampler_free; it loads its own.
 *
 * SPDX-License-Identifier: MIT */
#ifndef GAN_SAMPLER_H
#define GAN_SAMPLER_H

#include "gan/base.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct gan_sampler gan_sampler;

/* How a sampler is made. */
typedef struct gan_sampler_opts {
    uint32_t struct_size; /* set by gan_sampler_opts_init                                       */
    int32_t threads;      /* that compute, with the caller's, 256 at most; 0 = one per core     */
    int32_t images;       /* computed together at most, 1 to 64: many are faster each, and take
                             more memory; 8                                                     */
    int32_t background;   /* 1: one thread more, for gan_sampler_start; 0                       */
    int32_t nice;         /* added to the priority number of the sampler's own threads, 0 to 19 */
    int32_t classes;      /* of a file that does not say how many of its input's numbers are the
                             one-hot label behind the latent; 0                                 */
    uint64_t cpus;        /* cores that the sampler's own threads may use, core k at bit k; 0 =
                             all                                                                */
    uint64_t byte_limit;  /* most bytes held from the allocator at once; 0 = 1 GiB and eight
                             times the file                                                     */
    gan_alloc_fn alloc;   /* NULL: malloc. Called by load and free only, on their thread        */
    gan_free_fn free;     /* NULL: free; both or neither                                        */
    void *user;           /* first argument of both                                             */
    char *error;          /* where a load that fails (but for struct_size) puts its text, or NULL */
    size_t error_bytes;   /* room there, the final 0 included                                   */
} gan_sampler_opts;

/* Fills `opts` with the defaults. */
GAN_API void gan_sampler_opts_init(gan_sampler_opts *opts, size_t size);

/* Loads a model. opts NULL: defaults. Any content of the file gives an error or a sampler, within
 * byte_limit. Errors: GAN_EIO, GAN_EFORMAT (no description, or one that is wrong), GAN_ENOTSUP (an
 * operator, or a mixing of samples, that the sampler does not have; more than 1.4e11 multiply-adds
 * an image and 65,536 for each weight of the file), GAN_EINVAL, GAN_ENOMEM, GAN_EABI; *out is
 * written on success only. */
GAN_API int32_t gan_sampler_load(const char *path, const gan_sampler_opts *opts, gan_sampler **out);

/* The same from a file's bytes, which are not kept. */
GAN_API int32_t gan_sampler_load_memory(const void *file, size_t bytes,
                                        const gan_sampler_opts *opts, gan_sampler **out);

/* Cancels what runs, joins the threads, frees everything. NULL is allowed. */
GAN_API void gan_sampler_free(gan_sampler *s);

/* The text of the last error, one line; "" if there was none. Valid until the next call. While a
 * background job runs, it says that it does. */
GAN_API const char *gan_sampler_error(const gan_sampler *s);

/* What a sampler is. */
typedef struct gan_sampler_info {
    uint32_t struct_size; /* set it to sizeof before the call                        */
    int32_t height;       /* of an image; 1 where the result is a plain row          */
    int32_t width;        /* likewise                                                */
    int32_t channels;     /* or the row's numbers                                    */
    int32_t latent;       /* numbers of a latent; 0: the input is an image           */
    int32_t classes;      /* 0: no labels                                            */
    int32_t input_height; /* of an input image, else 0                               */
    int32_t input_width;
    int32_t input_channels;
    int32_t images;   /* computed together                                           */
    int32_t threads;  /* that compute                                                */
    int32_t reserved; /* 0                                                           */
    double lo, hi;    /* range of the image's numbers: black and white               */
    uint64_t bytes;   /* held from the allocator                                     */
    uint64_t allocs;  /* calls of the allocator so far; constant after load          */
    uint64_t weights; /* bytes of the weights as they are kept                       */
} gan_sampler_info;

/* Fills `info` up to its struct_size. */
GAN_API int32_t gan_sampler_describe(const gan_sampler *s, gan_sampler_info *info);

/* ---- requests -------------------------------------------------------------------------------- */

/* How pixels are written; bits. */
enum {
    GAN_PIXELS_BGRA = 1,        /* blue first                                                    */
    GAN_PIXELS_PREMULTIPLY = 2, /* colours are multiplied by alpha                               */
    GAN_PIXELS_OPAQUE = 4       /* alpha is 255 also where the network generates one             */
};

/* What is wanted: n images, as pixels, as floats, or both.
 *
 * Floats are the network's own numbers; pixels have straight alpha, also of a network that was
 * trained on premultiplied colours, where its file says so (gan_trainer_save_model,
 * gan_module_save_model). Of pixels, image i is the cell in column i % columns and row i
 * / columns; nothing else in rgba is written, so that margins are the host's. Grey is repeated in
 * red, green and blue; alpha is 255 where the network has none; where alpha is 0, so are the
 * colours. The order is: threshold, colours, premultiplication.
 *
 * With `colors` each image is reduced by itself: of its pixels with alpha above 0, the group with
 * the largest squared error is cut at its mean along its widest axis until there are so many
 * groups, and each becomes its mean. */
typedef struct gan_sampler_request {
    uint32_t struct_size;    /* set by gan_sampler_request_init                              */
    uint32_t flags;          /* GAN_PIXELS_…; 0                                              */
    int64_t n;               /* images; 1                                                    */
    uint64_t seed;           /* of the first; 0                                              */
    const int32_t *labels;   /* (n) classes, or NULL: each is drawn from its seed            */
    const float *input;      /* (n, latent) latents, or (n, h, w, c) input images; NULL:
                                latents are drawn                                            */
    double truncation;       /* drawn normal latents lie within so many standard deviations,
                                uniform ones within that share of their range; 0 = all       */
    float *floats;           /* (n, height, width, channels), or NULL                        */
    uint8_t *rgba;           /* rows of pixels of 4 bytes, the top row first, or NULL        */
    int32_t width, height;   /* pixels of a row, and rows                                    */
    size_t pitch;            /* bytes from row to row, never backwards                       */
    int32_t columns;         /* cells of the grid in a row; 0 = as many as fit               */
    int32_t scale;           /* every pixel becomes so many by so many, 1 to 64; 1           */
    int32_t alpha_threshold; /* 1 to 255: alpha below is 0, others 255; 0 = as generated     */
    int32_t colors;          /* 2 to 256: the most colours of an image; 0 = all              */
} gan_sampler_request;

/* Fills `r` with the defaults. */
GAN_API void gan_sampler_request_init(gan_sampler_request *r, size_t size);

/* Runs a request at once. Errors: GAN_EINVAL (a size, label or pointer, named in the text),
 * GAN_ESTATE (a job is on its way), GAN_ENOTSUP (pixels of an image that has not 1, 3 or 4
 * channels). */
GAN_API int32_t gan_sampler_run(gan_sampler *s, const gan_sampler_request *r);

/* The same for n drawn images into rgba. pixels: NULL, or a request whose flags, truncation,
 * columns, scale, alpha_threshold and colors are taken. */
GAN_API int32_t gan_sampler_sample_rgba8(gan_sampler *s, uint64_t seed, const int32_t *labels,
                                         int64_t n, const gan_sampler_request *pixels,
                                         uint8_t *rgba, int32_t width, int32_t height,
                                         size_t pitch);

/* And for n images (n, height, width, channels) of floats. */
GAN_API int32_t gan_sampler_sample_float(gan_sampler *s, uint64_t seed, const int32_t *labels,
                                         int64_t n, float *images);

/* Image to image (pix2pix): one picture of the input's size, RGBA8 with rows source_pitch apart, to
 * the generated one. Of the source's four channels those that the network knows are used; grey is
 * red's. Where it knows alpha, colours under alpha 0 count as 0, as data sets have them. */
GAN_API int32_t gan_sampler_translate_rgba8(gan_sampler *s, const uint8_t *source,
                                            size_t source_pitch, const gan_sampler_request *pixels,
                                            uint8_t *rgba, int32_t width, int32_t height,
                                            size_t pitch);

/* The latent (latent numbers) that a seed draws; truncation as in a request. */
GAN_API int32_t gan_sampler_latent(gan_sampler *s, uint64_t seed, double truncation, float *z);

/* out = the point at t, 0 to 1, of the great arc from a to b, each of n numbers (K. Shoemake,
 * Animating Rotation with Quaternion Curves, 1985): normal latents keep their length on the way.
 *     out = (a sin((1 - t) angle) + b sin(t angle)) / sin(angle)
 * Straight where they are parallel. out may be a or b. */
GAN_API int32_t gan_latent_slerp(const float *a, const float *b, int64_t n, double t, float *out);

/* ---- within a frame's budget ----------------------------------------------------------------- */

/* Takes a request on; the memory it points to must live until it is done or cancelled. GAN_ESTATE
 * while another one is on its way. Labels and inputs are not copied, but read when their images'
 * turn comes: a label that is no class by then ends the request with GAN_EINVAL. */
GAN_API int32_t gan_sampler_begin(gan_sampler *s, const gan_sampler_request *r);

/* Works for about budget_us microseconds, on the caller's and the sampler's threads, in slices
 * finer than a layer: at least one, at most as many as are expected to fit. 1: done; 0: there is
 * more; negative: an error, GAN_ESTATE without a request. */
GAN_API int32_t gan_sampler_step(gan_sampler *s, int64_t budget_us);

/* How much of the current or last request is done, 0 to 1. May be called while a background job
 * runs. */
GAN_API double gan_sampler_progress(const gan_sampler *s);

/* Gives up what is on its way; images that are finished stay where they were written. Returns when
 * nothing touches the request's memory any more. */
GAN_API void gan_sampler_cancel(gan_sampler *s);

/* ---- in the background ----------------------------------------------------------------------- */

/* Takes a request on and returns at once; the sampler's own thread works on it. The request's
 * memory must live, labels and inputs unchanged, until poll or wait says that it is done, or cancel
 * returns. GAN_ESTATE without the option `background` or while another one is on its way. */
GAN_API int32_t gan_sampler_start(gan_sampler *s, const gan_sampler_request *r);

/* 1: done; 0: not yet; negative: it failed, or nothing was started (GAN_ESTATE). */
GAN_API int32_t gan_sampler_poll(gan_sampler *s);

/* Sleeps until it is done; then as poll. */
GAN_API int32_t gan_sampler_wait(gan_sampler *s);

#ifdef __cplusplus
}
#endif

#endif
