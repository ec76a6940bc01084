/* How the sampler reads a model: types of elements, sources, what is wrong with them, its threads'
 * priority. */
#include "samplers.h"

#include "core/alloc.h"
#include "core/error.h"
#include "io/file.h"
#include "io/safetensors.h"

#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

enum { IMAGES = 3 };

/* ---- model files ----------------------------------------------------------------------------- */

/* Three methods of convolution, an embedded label and batch norms. */
static void make_model(gan_context *ctx, const char *name) {
    const gan_trainer_opts o = model_opts(GAN_SYSTEM_CGAN, 32, 3, 16);
    write_model(ctx, &o, temp_file(name));
}

/* The same numbers in double precision. */
static void widen(gan_context *ctx, const char *from, const char *to) {
    safetensors file;
    assert_ok(ctx, safetensors_read(ctx, temp_file(from), &file));
    for (size_t i = 0; i < file.count; i++) {
        safetensors_entry *e = &file.entries[i];
        if (e->dtype != SAFETENSORS_F32) continue;
        const size_t count = e->bytes / sizeof(float);
        double *wide = malloc(count * sizeof *wide);
        for (size_t k = 0; k < count; k++) wide[k] = safetensors_value(e, (int64_t)k);
        e->dtype = SAFETENSORS_F64;
        e->data = (const uint8_t *)wide;
        e->bytes = count * sizeof *wide;
    }
    assert_ok(ctx, safetensors_write(ctx, temp_file(to), file.entries, file.count, file.metadata,
                                     file.metadata_count));
    for (size_t i = 0; i < file.count; i++)
        if (file.entries[i].dtype == SAFETENSORS_F64) free((void *)(uintptr_t)file.entries[i].data);
    safetensors_release(ctx, &file);
}

/* The largest kernel's last element is infinite. */
static void spoil(gan_context *ctx, const char *from, const char *to) {
    safetensors file;
    assert_ok(ctx, safetensors_read(ctx, temp_file(from), &file));
    size_t largest = 0;
    for (size_t i = 1; i < file.count; i++)
        if (file.entries[i].bytes > file.entries[largest].bytes) largest = i;
    const safetensors_entry *e = &file.entries[largest];
    const float bad = INFINITY;
    assert_int_equal(e->dtype, SAFETENSORS_F32);
    memcpy(file.image + e->at + e->bytes - sizeof bad, &bad, sizeof bad);
    assert_ok(ctx, safetensors_write(ctx, temp_file(to), file.entries, file.count, file.metadata,
                                     file.metadata_count));
    safetensors_release(ctx, &file);
}

static void assert_same_images(gan_sampler *a, gan_sampler *b) {
    float *x = sampled(a, 5, IMAGES), *y = sampled(b, 5, IMAGES);
    assert_memory_equal(x, y, (size_t)(IMAGES * image_size(a)) * sizeof *x);
    free(x);
    free(y);
}

/* ---- tests ----------------------------------------------------------------------------------- */

static void test_wide_types(void **state) {
    gan_context *ctx = *state;
    make_model(ctx, "single");
    widen(ctx, "single", "double");
    gan_sampler *a = sampler_with(temp_file("single"), 2, 8);
    gan_sampler *b = sampler_with(temp_file("double"), 2, 8);
    assert_same_images(a, b);
    gan_sampler_free(a);
    gan_sampler_free(b);
}

/* The host's bytes are read during the call only. */
static void test_memory_is_not_kept(void **state) {
    gan_context *ctx = *state;
    make_model(ctx, "model");
    uint8_t *bytes;
    size_t count;
    assert_ok(ctx, file_read(ctx, temp_file("model"), &bytes, &count));
    uint8_t *copy = malloc(count);
    memcpy(copy, bytes, count);
    gan_sampler_opts o;
    gan_sampler_opts_init(&o, sizeof o);
    o.threads = 2;
    gan_sampler *a = sampler_with(temp_file("model"), 2, 8), *b = NULL;
    assert_int_equal(gan_sampler_load_memory(copy, count, &o, &b), GAN_OK);
    assert_memory_equal(copy, bytes, count);
    memset(copy, 0xff, count);
    free(copy);
    assert_same_images(a, b);
    gan_sampler_free(a);
    gan_sampler_free(b);
    arena_free(ctx, bytes);
}

static void test_refuses_what_is_not_finite(void **state) {
    gan_context *ctx = *state;
    make_model(ctx, "model");
    spoil(ctx, "model", "spoiled");
    for (int32_t threads = 1; threads <= 3; threads++) {
        char text[256];
        gan_sampler_opts o;
        gan_sampler_opts_init(&o, sizeof o);
        o.threads = threads;
        o.error = text;
        o.error_bytes = sizeof text;
        gan_sampler *s = NULL;
        assert_int_equal(gan_sampler_load(temp_file("spoiled"), &o, &s), GAN_EFORMAT);
        assert_null(s);
        assert_non_null(strstr(text, "elements that are not finite"));
    }
}

static void test_a_file_cut_while_it_is_read(void **state) {
    gan_context *ctx = *state;
    make_model(ctx, "model");
    file_source source;
    uint8_t byte;
    assert_ok(ctx, file_source_open(ctx, temp_file("model"), &source));
    assert_int_equal(file_source_read(&source, source.bytes - 1, &byte, 1), 0);
    assert_int_equal(truncate(temp_file("model"), (off_t)source.bytes / 2), 0);
    assert_int_equal(file_source_read(&source, source.bytes - 1, &byte, 1), FILE_SHORT);
    safetensors file;
    assert_ok(ctx, safetensors_read_header(ctx, "model", &source, &file)); /* is still there */
    safetensors_release(ctx, &file);
    assert_int_equal(truncate(temp_file("model"), 4), 0);
    const int32_t code = error_report(ctx, safetensors_read_header(ctx, "model", &source, &file));
    assert_int_equal(code, GAN_EIO);
    assert_non_null(strstr(gan_last_error(ctx), "became shorter"));
    file_source_close(&source);
}

static void test_a_refusal_of_arguments_says_why(void **state) {
    (void)state;
    char text[64] = "as it was";
    gan_sampler *s = NULL;
    gan_sampler_opts o;
    gan_sampler_opts_init(&o, sizeof o);
    o.error = text;
    o.error_bytes = sizeof text;
    assert_int_equal(gan_sampler_load(NULL, &o, &s), GAN_EINVAL);
    assert_string_equal(text, "gan_sampler_load: an argument is NULL");
    o.threads = -1;
    assert_int_equal(gan_sampler_load("none", &o, &s), GAN_EINVAL);
    assert_string_equal(text, "gan_sampler_load: threads is negative");
    assert_null(s);
}

#ifdef __linux__
/* How many of the process's threads have this priority number. */
static int threads_of_nice(int nice) {
    int found = 0;
    DIR *tasks = opendir("/proc/self/task");
    assert_non_null(tasks);
    for (const struct dirent *entry; (entry = readdir(tasks));) {
        char path[300], line[1024];
        snprintf(path, sizeof path, "/proc/self/task/%s/stat", entry->d_name);
        FILE *file = entry->d_name[0] == '.' ? NULL : fopen(path, "r");
        if (!file) continue;
        const char *at = fgets(line, sizeof line, file) ? strrchr(line, ')') : NULL;
        for (int field = 2; at && field < 19; field++) at = strchr(at + 1, ' ');
        found += at && strtol(at, NULL, 10) == nice;
        fclose(file);
    }
    closedir(tasks);
    return found;
}

/* Also of the threads that load. */
static void test_threads_go_where_they_are_told(void **state) {
    gan_context *ctx = *state;
    make_model(ctx, "model");
    const int own = getpriority(PRIO_PROCESS, 0), least = own < 0 ? own + 19 : 19;
    const int before = threads_of_nice(least);
    gan_sampler_opts o;
    gan_sampler_opts_init(&o, sizeof o);
    o.threads = 3;
    o.nice = 19;
    gan_sampler *s = NULL;
    assert_int_equal(gan_sampler_load(temp_file("model"), &o, &s), GAN_OK);
    free(sampled(s, 0, IMAGES));
    int found = threads_of_nice(least);
    for (int i = 0; i < 1000 && found < before + 2; i++) { /* one may not have had a core yet */
        nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
        found = threads_of_nice(least);
    }
    assert_int_equal(found, before + 2);
    gan_sampler_free(s);
}
#endif

/* ---- a host's own network -------------------------------------------------------------------- */

/* Latents as images of one pixel, as convolutions take them. */
static void test_latents_of_one_pixel(void **state) {
    gan_context *ctx = *state;
    gan_module *m = NULL;
    assert_ok(ctx, gan_sequential_create(ctx, &m));
    assert_made(ctx, gan_add_conv_transpose2d(m, NULL, 8, 1, 2, NULL));
    gan_tensor *x = gan_track(gan_zeros(ctx, SHAPE(1, 1, 1, 8)));
    gan_model_opts o;
    gan_model_opts_init(&o, sizeof o);
    o.uniform = 1;
    o.latent_lo = 2, o.latent_hi = 3;
    o.classes = 3;
    assert_ok(ctx, gan_module_save_model(m, temp_file("model"), x, gan_forward(m, x), &o));
    gan_sampler *s = sampler_with(temp_file("model"), 1, 1);
    float z[5];
    assert_int_equal(info_of(s).latent, 5);
    assert_sampler_ok(s, gan_sampler_latent(s, 1, 0, z));
    for (int i = 0; i < 5; i++) assert_true(z[i] >= 2 && z[i] < 3);
    gan_sampler_free(s);
    gan_module_unref(m);
}

/* A dense layer of `in` numbers that gives one pixel, half of red at half of alpha. */
static gan_module *one_pixel(gan_context *ctx, int64_t in) {
    gan_module *m = NULL;
    const double half_red[] = {0, -1, -1, 0}; /* in -1..1 */
    assert_ok(ctx, gan_sequential_create(ctx, &m));
    gan_add_dense(m, NULL, in, 4, 1);
    assert_made(ctx, gan_add_unflatten(m, NULL, 4, 1, 1));
    gan_init(gan_module_find(m, "0.weight"), GAN_INIT_NORMAL, 0);
    assert_ok(ctx, gan_tensor_write_doubles(gan_module_find(m, "0.bias"), half_red, 4));
    return m;
}

static void test_what_a_model_tells(void **state) {
    gan_context *ctx = *state;
    gan_module *m = one_pixel(ctx, 8);
    gan_tensor *x = gan_track(gan_zeros(ctx, SHAPE(1, 8))), *y = gan_forward(m, x);
    gan_model_opts o;
    gan_model_opts_init(&o, sizeof o);
    for (o.premultiplied = 0; o.premultiplied < 2; o.premultiplied++) {
        o.classes = 3;
        o.uniform = o.premultiplied;
        o.latent_lo = 2, o.latent_hi = 3;
        assert_ok(ctx, gan_module_save_model(m, temp_file("model"), x, y, &o));
        gan_sampler *s = sampler_with(temp_file("model"), 1, 1);
        assert_int_equal(info_of(s).classes, 3);
        assert_int_equal(info_of(s).latent, 5);
        uint8_t pixel[4];
        float z[5];
        assert_sampler_ok(s,
                          gan_sampler_sample_rgba8(s, 1, (int32_t[]){0}, 1, NULL, pixel, 1, 1, 4));
        assert_int_equal(pixel[0], o.premultiplied ? 255 : 128);
        assert_int_equal(pixel[3], 128);
        assert_sampler_ok(s, gan_sampler_latent(s, 1, 0, z));
        for (int i = 0; i < 5; i++) assert_int_equal(z[i] >= 2 && z[i] < 3, o.uniform);
        gan_sampler_free(s);
    }
    gan_module_unref(m);
}

static void test_wrong_model_options(void **state) {
    gan_context *ctx = *state;
    gan_module *m = one_pixel(ctx, 2);
    gan_tensor *x = gan_track(gan_zeros(ctx, SHAPE(1, 2))), *y = gan_forward(m, x);
    gan_model_opts o;
#define REFUSED(wrong, output, text)                                                               \
    gan_model_opts_init(&o, sizeof o);                                                             \
    wrong;                                                                                         \
    assert_status(ctx, gan_module_save_model(m, "nowhere/model", x, output, &o), GAN_EINVAL, text)
    REFUSED(o.premultiplied = 1, gan_reshape(y, SHAPE(1, 4)), "needs RGBA, the output is (1, 4)");
    REFUSED(o.classes = 2, y, "2 classes do not fit an input of (1, 2)");
    REFUSED(o.classes = -1, y, "-1 classes");
    REFUSED((o.uniform = 1, o.latent_hi = -1), y, "[-1, -1)");
    REFUSED((o.uniform = 1, o.latent_hi = INFINITY), y, "[-1, inf)");
    REFUSED(o.range = NULL, y, "range is NULL");
    REFUSED(o.range = "0..255", y, "0..255");
    REFUSED(x = gan_zeros(ctx, SHAPE(1, 2)), y, "gan_module_save_model: the input must be tracked");
#undef REFUSED
    gan_module_unref(m);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        CONTEXT_TEST(test_wide_types),
        CONTEXT_TEST(test_what_a_model_tells),
        CONTEXT_TEST(test_wrong_model_options),
        CONTEXT_TEST(test_latents_of_one_pixel),
        CONTEXT_TEST(test_memory_is_not_kept),
        CONTEXT_TEST(test_refuses_what_is_not_finite),
        CONTEXT_TEST(test_a_file_cut_while_it_is_read),
        CONTEXT_TEST(test_a_refusal_of_arguments_says_why),
#ifdef __linux__
        CONTEXT_TEST(test_threads_go_where_they_are_told),
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
