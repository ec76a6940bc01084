/* Model files and samplers of small trainers. */
#ifndef TESTS_SAMPLERS_H
#define TESTS_SAMPLERS_H

#include "support.h"

/* Options of an untrained system: `side` pixels, `channels` channels, `width` of its networks; 3
 * classes where it takes labels. */
gan_trainer_opts model_opts(int32_t system, int32_t side, int32_t channels, int32_t width);

/* Writes the generator of a trainer that has not trained, its batch norms' statistics moved. */
void write_model(gan_context *ctx, const gan_trainer_opts *o, const char *path);

/* A sampler of `threads` threads; prints the text if there is none. */
gan_sampler *sampler_with(const char *path, int32_t threads, int32_t images);

/* The same of such a trainer's generator, by way of the test's file "model". */
gan_sampler *sampler_of(gan_context *ctx, const gan_trainer_opts *o, int32_t threads,
                        int32_t images);

gan_sampler_info info_of(const gan_sampler *s);

/* Floats of one of its images. */
int64_t image_size(const gan_sampler *s);

/* n images from seed on, to be freed. */
float *sampled(gan_sampler *s, uint64_t seed, int64_t n);

void sampler_ok_at(const gan_sampler *s, int32_t code, const char *file, int line);
#define assert_sampler_ok(s, code) sampler_ok_at(s, code, __FILE__, __LINE__)

/* The code came back, and the text holds `text`. */
void sampler_refused_at(const gan_sampler *s, int32_t got, int32_t code, const char *text,
                        const char *file, int line);
#define assert_sampler_refused(s, got, code, text)                                                 \
    sampler_refused_at(s, got, code, text, __FILE__, __LINE__)

#endif
