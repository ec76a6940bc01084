#include "data/dataset.h"

#include "core/alloc.h"
#include "core/error.h"
#include "core/tensor.h"
#include "kernels/kernels.h"

static void dataset_destroy(object *o) {
    gan_dataset *d = (gan_dataset *)o;
    if (d->pair) object_unref(&d->pair->base);
    name_list_release(o->ctx, &d->class_names);
    arena_free(o->ctx, d->pixels);
    arena_free(o->ctx, d->labels);
    object_free(o);
}

gan_dataset *dataset_new(gan_context *ctx, const data_plan *plan, int64_t available, int labelled) {
    int64_t limit = plan->opts.limit;
    gan_dataset *d = object_new(ctx, sizeof *d, dataset_destroy);
    if (!d) return NULL;
    d->capacity = limit && limit < available ? limit : available;
    if (d->capacity > INT32_MAX) {
        error_set(ctx, GAN_EINVAL, "%s: %lld images, at most %d are possible: set limit",
                  plan->function, (long long)d->capacity, INT32_MAX);
    } else if (labelled) {
        d->labels = arena_alloc_array(ctx, (size_t)d->capacity, sizeof *d->labels);
    }
    if (d->capacity <= INT32_MAX && (d->labels || !labelled)) return d;
    object_unref(&d->base);
    return NULL;
}

int64_t dataset_image_bytes(const gan_dataset *d) { return d->dims[1] * d->dims[2] * d->dims[3]; }

/* Makes the room, as the first image wants it. */
static int32_t make_room(gan_dataset *d, const data_plan *plan, const fitting *f) {
    gan_context *ctx = d->base.ctx;
    uint64_t limit = plan->opts.byte_limit;
    uint64_t image = (uint64_t)f->height * (uint64_t)f->width * (uint64_t)f->channels;
    if (limit && (uint64_t)d->capacity > limit / image)
        return error_set(ctx, GAN_ENOMEM,
                         "%s: %lld images of (%lld, %lld, %d) bytes are more than byte_limit %llu",
                         plan->function, (long long)d->capacity, (long long)f->height,
                         (long long)f->width, (int)f->channels, (unsigned long long)limit);
    d->pixels = arena_alloc_array(ctx, (size_t)d->capacity, (size_t)image);
    if (!d->pixels) return GAN_ENOMEM;
    d->dims[1] = f->height;
    d->dims[2] = f->width;
    d->dims[3] = f->channels;
    return GAN_OK;
}

static int32_t check_alike(const gan_dataset *d, const picture *p, const fitting *f) {
    if (f->height == d->dims[1] && f->width == d->dims[2] && f->channels == d->dims[3])
        return GAN_OK;
    return error_set(d->base.ctx, GAN_EINVAL,
                     "%s: %lld x %lld pixels of %d channels, those before have %lld x %lld of "
                     "%lld: set size or channels",
                     p->name, (long long)f->width, (long long)f->height, (int)f->channels,
                     (long long)d->dims[2], (long long)d->dims[1], (long long)d->dims[3]);
}

int32_t dataset_add(gan_dataset *d, const data_plan *plan, const picture *p) {
    fitting f;
    int32_t code = fit_measure(d->base.ctx, plan, p, &f);
    if (!code) code = d->pixels ? check_alike(d, p, &f) : make_room(d, plan, &f);
    if (!code)
        code = fit_draw(d->base.ctx, plan, p, &f, d->pixels + d->dims[0] * dataset_image_bytes(d));
    if (!code) d->dims[0]++;
    return code;
}

/* ---- statistics ------------------------------------------------------------------------------ */

gan_tensor *dataset_means(const gan_dataset *d, int premultiplied) {
    shape s = shape_4(1, d->dims[1], d->dims[2], d->dims[3]);
    gan_tensor *means = tensor_new(d->base.ctx, &s);
    int64_t size = dataset_image_bytes(d), channels = d->dims[3];
    for (int64_t i = 0; means && i < size; i++) {
        int64_t sum = 0, alpha = premultiplied && i % channels < 3 ? 3 - i % channels : 0;
        for (int64_t k = 0; k < d->dims[0]; k++) {
            const uint8_t *pixel = d->pixels + k * size + i;
            sum += (int64_t)*pixel * (alpha ? pixel[alpha] : 255);
        }
        tensor_data(means)[i] = (real)((double)sum / (255.0 * 255.0 * (double)d->dims[0]));
    }
    return means;
}

/* ---- labels ---------------------------------------------------------------------------------- */

void dataset_draw_labels(const gan_dataset *d, uint64_t key, uint64_t counter, int64_t n,
                         int32_t *labels) {
    enum { WORDS = 128 };
    uint64_t words[WORDS];
    for (int64_t done = 0; done < n; done += WORDS) {
        int64_t now = n - done < WORDS ? n - done : WORDS;
        noise_words(d->base.ctx, key, counter, now, words);
        counter += noise_word_blocks(now);
        for (int64_t i = 0; i < now; i++)
            labels[done + i] = d->labels[words[i] % (uint64_t)d->dims[0]];
    }
}
