#include "samplers.h"

#include <stdlib.h>
#include <string.h>

gan_trainer_opts model_opts(int32_t system, int32_t side, int32_t channels, int32_t width) {
    gan_trainer_opts o;
    gan_trainer_opts_init(&o, sizeof o, system, GAN_VARIANT_DEFAULT);
    o.side = gan_system_side(system, side);
    o.channels = channels;
    o.width = width;
    if (o.condition) o.classes = 3;
    if (o.network == GAN_NETWORK_UNET) o.input_channels = 3;
    return o;
}

/* Means and variances as after some training. */
static void move_statistics(gan_module *g) {
    for (size_t i = 0; i < gan_module_state_count(g); i++) {
        const char *name = gan_module_state_name(g, i);
        gan_tensor *t = gan_module_state(g, i);
        const int mean = strstr(name, "running_mean") != NULL;
        if (!mean && !strstr(name, "running_var")) continue;
        float values[4096];
        const int64_t n = gan_tensor_size(t);
        assert_true(n <= 4096);
        for (int64_t k = 0; k < n; k++)
            values[k] = (float)(k * 7 % 11) * (mean ? 0.01F : 0.02F) + (mean ? -0.05F : 0.01F);
        assert_int_equal(gan_tensor_write(t, values, n), GAN_OK);
    }
}

void write_model(gan_context *ctx, const gan_trainer_opts *o, const char *path) {
    gan_trainer *t = NULL;
    assert_ok(ctx, gan_trainer_create(ctx, o, NULL, &t));
    gan_module *averaged = gan_trainer_averaged(t);
    move_statistics(averaged ? averaged : gan_trainer_generator(t));
    assert_ok(ctx, gan_trainer_save_model(t, path));
    gan_trainer_unref(t);
}

gan_sampler *sampler_with(const char *path, int32_t threads, int32_t images) {
    char text[256] = "";
    gan_sampler_opts o;
    gan_sampler_opts_init(&o, sizeof o);
    o.threads = threads;
    o.images = images;
    o.background = 1;
    o.error = text;
    o.error_bytes = sizeof text;
    gan_sampler *s = NULL;
    if (gan_sampler_load(path, &o, &s)) print_error("%s\n", text);
    assert_non_null(s);
    return s;
}

gan_sampler *sampler_of(gan_context *ctx, const gan_trainer_opts *o, int32_t threads,
                        int32_t images) {
    const char *path = temp_file("model");
    write_model(ctx, o, path);
    return sampler_with(path, threads, images);
}

gan_sampler_info info_of(const gan_sampler *s) {
    gan_sampler_info info = {.struct_size = sizeof info};
    assert_int_equal(gan_sampler_describe(s, &info), GAN_OK);
    return info;
}

int64_t image_size(const gan_sampler *s) {
    const gan_sampler_info info = info_of(s);
    return (int64_t)info.height * info.width * info.channels;
}

float *sampled(gan_sampler *s, uint64_t seed, int64_t n) {
    float *images = malloc((size_t)(n * image_size(s)) * sizeof *images);
    assert_non_null(images);
    assert_sampler_ok(s, gan_sampler_sample_float(s, seed, NULL, n, images));
    return images;
}

void sampler_ok_at(const gan_sampler *s, int32_t code, const char *file, int line) {
    if (code) print_error("%s: %s\n", gan_status_name(code), gan_sampler_error(s));
    _assert_int_equal((LargestIntegralType)code, GAN_OK, file, line);
}

void sampler_refused_at(const gan_sampler *s, int32_t got, int32_t code, const char *text,
                        const char *file, int line) {
    if (got != code || !strstr(gan_sampler_error(s), text))
        print_error("%s, \"%s\" instead of %s, \"%s\"\n", gan_status_name(got),
                    gan_sampler_error(s), gan_status_name(code), text);
    _assert_int_equal((LargestIntegralType)got, (LargestIntegralType)code, file, line);
    _assert_true(strstr(gan_sampler_error(s), text) != NULL, text, file, line);
}
