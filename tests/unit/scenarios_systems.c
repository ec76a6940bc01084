/* Scenarios of data sets, trainers and metrics. */
#include "scenarios.h"

#include "datasets.h"
#include "training.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- data sets ------------------------------------------------------------------------------- */

/* Takes a data set through a loader. Drops it. */
static int32_t load_from(gan_context *ctx, gan_dataset *d) {
    gan_loader_opts o;
    gan_loader_opts_init(&o, sizeof o);
    o.batch = 2;
    o.flip = 1;
    o.remainder = GAN_REMAINDER_WRAP;
    gan_loader *l = POISON;
    int32_t code = checked(gan_loader_create(d, &o, &l), &l);
    gan_dataset_unref(d);
    if (code) return code;
    int64_t mark = gan_scope_begin(ctx);
    if (mark < 0) code = (int32_t)mark;
    if (!code) code = made(ctx, gan_loader_next(l));
    if (!code && gan_dataset_pair(d)) code = made(ctx, gan_loader_pairs(l));
    if (!code) code = made(ctx, gan_dataset_image(d, 0));
    if (mark >= 0) gan_scope_end(ctx, mark);
    gan_loader_unref(l);
    return code;
}

static int32_t data_from_arrays(gan_context *ctx) {
    static const float values[2 * 3 * 3 * 4] = {0.5f, -0.5f};
    const int32_t labels[2] = {1, 0};
    gan_data_opts o = data_options();
    o.size = 5;
    o.fit = GAN_FIT_RESIZE;
    gan_dataset *d = POISON, *outlines = POISON;
    int32_t code = checked(
        gan_dataset_from_floats(ctx, values, (const int64_t[]){2, 3, 3, 4}, labels, &o, &d), &d);
    if (code) return code;
    code = checked(gan_dataset_outlines(d, 0.2, &outlines), &outlines);
    gan_dataset_unref(d);
    return code ? code : load_from(ctx, outlines);
}

/* Two pictures in each of A and B, which are one under four names. Its writing may not fail. */
static void make_pictures(void) {
    static const char *const names[] = {"A/2.png", "B/1.png", "B/2.png"};
    uint8_t bytes[4 * 4 * 4];
    for (int i = 0; i < COUNT_OF(bytes); i++) bytes[i] = (uint8_t)(5 * i);
    gan_context *ctx = context_with(1);
    make_folder(temp_file("A"));
    make_folder(temp_file("B"));
    write_png(ctx, temp_file("A/1.png"), 4, 4, 4, bytes);
    for (int i = 0; i < COUNT_OF(names); i++)
        assert_int_equal(link(temp_file("A/1.png"), temp_file(names[i])), 0);
    gan_context_destroy(ctx);
}

/* Read as pairs, as classes and as sheets. */
static int32_t data_from_files_in(gan_context *ctx) {
    gan_data_opts o = data_options();
    o.classes = o.skip_bad = 1; /* a lack of memory is no bad file */
    gan_sheet_opts sheet;
    gan_sheet_opts_init(&sheet, sizeof sheet);
    sheet.cell_width = 2;
    gan_dataset *d = POISON;
    int32_t code = checked(gan_dataset_from_pairs(ctx, temp_folder(), &o, &d), &d);
    if (!code) code = load_from(ctx, d);
    d = POISON;
    if (!code) code = checked(gan_dataset_from_folder(ctx, temp_folder(), &o, &d), &d);
    if (!code) code = load_from(ctx, d);
    d = POISON;
    const char *path = temp_file("A/1.png");
    if (!code) code = checked(gan_dataset_from_sheet(ctx, path, &sheet, &o, &d), &d);
    return code ? code : load_from(ctx, d);
}

static int32_t data_from_files(gan_context *ctx) {
    if (without_png()) return GAN_OK;
    make_pictures();
    int32_t code = data_from_files_in(ctx);
    temp_remove();
    return code;
}

static int32_t data_from_idx_through(gan_context *ctx, const char *path) {
    write_file(path, idx_bytes, sizeof idx_bytes);
    gan_dataset *d = POISON;
    int32_t code = checked(gan_dataset_from_idx(ctx, path, NULL, NULL, &d), &d);
    return code ? code : load_from(ctx, d);
}

/* ---- a host's own loop ----------------------------------------------------------------------- */

/* Loads the saved one again, which must leave the numbers as they are. */
static int32_t use_checkpoint(gan_checkpoint *c, const char *path) {
    int32_t code = gan_checkpoint_set(c, "step", 3);
    if (!code) code = gan_checkpoint_save(c, path);
    if (!code) code = gan_checkpoint_set(c, "step", 4);
    if (code) return code;
    code = gan_checkpoint_load(c, path);
    double step = 0;
    gan_checkpoint_get(c, "step", &step);
    return step == (code ? 4 : 3) ? code : SCENARIO_BROKEN;
}

static int32_t checkpoint_of(gan_context *ctx, gan_module *m, const char *path) {
    gan_optimizer *o = POISON;
    gan_checkpoint *c = POISON;
    int32_t code = checked(gan_adam_create(m, NULL, &o), &o);
    if (code) return code;
    code = checked(gan_checkpoint_create(ctx, &c), &c);
    if (!code) {
        code = gan_checkpoint_add_module(c, "G", m);
        if (!code) code = gan_checkpoint_add_optimizer(c, "adam", o);
        if (!code) code = use_checkpoint(c, path);
        gan_checkpoint_unref(c);
    }
    gan_optimizer_unref(o);
    return code;
}

static int32_t own_checkpoint_through(gan_context *ctx, const char *path) {
    gan_module *m = POISON;
    int32_t code = checked(gan_sequential_create(ctx, &m), &m);
    if (code) return code;
    code = made(ctx, gan_add_dense(m, NULL, 2, 1, 1));
    if (!code) code = checkpoint_of(ctx, m, path);
    gan_module_unref(m);
    return code;
}

static int32_t own_checkpoint(gan_context *ctx) { return with_file(ctx, own_checkpoint_through); }

/* ---- trainers -------------------------------------------------------------------------------- */

/* A step, of which a failed one leaves no trace in the discriminator. */
static int32_t whole_step(gan_trainer *t) {
    gan_tensor *w = gan_module_parameter(gan_trainer_discriminator(t), 0);
    float before[64], after[64];
    if (gan_tensor_size(w) > COUNT_OF(before)) return SCENARIO_BROKEN;
    gan_tensor_read(w, before, gan_tensor_size(w));
    int32_t code = gan_trainer_step(t, NULL);
    gan_tensor_read(w, after, gan_tensor_size(w));
    int same = memcmp(before, after, (size_t)gan_tensor_size(w) * sizeof *before) == 0;
    return (code != GAN_OK) == same ? code : SCENARIO_BROKEN;
}

static int32_t use_trainer(gan_context *ctx, gan_trainer *t, const char *path) {
    const int32_t label = 1;
    int32_t code = gan_module_spectral_norm(gan_trainer_discriminator(t));
    if (!code) code = whole_step(t);
    int64_t mark = code ? code : gan_scope_begin(ctx);
    if (mark < 0) return (int32_t)mark;
    code = made(ctx, gan_trainer_sample(t, gan_trainer_latents(t, 1), &label));
    gan_scope_end(ctx, mark);
    if (!code) code = gan_trainer_save_model(t, path);
    if (!code) code = gan_trainer_save_onnx(t, path);
    if (!code) code = gan_trainer_save(t, path);
    gan_trainer_opts o = {.struct_size = sizeof o};
    if (!code) code = gan_trainer_opts_load(ctx, path, &o);
    return code ? code : gan_trainer_load(t, path);
}

/* On two images of this side and so many channels, at most 8 x 8 numbers. */
static int32_t train_on_two(gan_context *ctx, const gan_trainer_opts *o, int64_t side,
                            int64_t channels, const char *path) {
    static const uint8_t pixels[2 * 8 * 8] = {1, 2, 3, 4, 250, 251, 252, 253};
    gan_loader_opts batches;
    gan_loader_opts_init(&batches, sizeof batches);
    gan_trainer_loader_opts(o, &batches);
    gan_dataset *d = POISON;
    gan_loader *l = POISON;
    gan_trainer *t = POISON;
    int32_t code =
        checked(gan_dataset_from_bytes(ctx, pixels, (const int64_t[]){2, side, side, channels},
                                       (const int32_t[]){0, 1}, NULL, &d),
                &d);
    if (code) return code;
    code = checked(gan_loader_create(d, &batches, &l), &l);
    gan_dataset_unref(d);
    if (code) return code;
    code = checked(gan_trainer_create(ctx, o, l, &t), &t);
    gan_loader_unref(l);
    if (code) return code;
    code = use_trainer(ctx, t, path);
    gan_trainer_unref(t);
    return code;
}

/* Dense networks for images of four pixels, with labels, an average and a penalty. */
static int32_t trainer_through(gan_context *ctx, const char *path) {
    gan_trainer_opts o;
    gan_trainer_opts_init(&o, sizeof o, GAN_SYSTEM_DRAGAN, GAN_VARIANT_CODE);
    o.batch = o.width = o.latent = 2;
    o.condition = GAN_CONDITION_MAPS;
    o.average = 0.5;
    return train_on_two(ctx, &o, 2, 1, path);
}

/* The same networks with all that a few sprites ask for. */
static int32_t sprites_through(gan_context *ctx, const char *path) {
    gan_trainer_opts o;
    gan_trainer_opts_init(&o, sizeof o, GAN_SYSTEM_DRAGAN, GAN_VARIANT_CODE);
    o.batch = o.width = o.latent = 2;
    o.penalty = GAN_PENALTY_R1;
    o.augment = GAN_AUGMENT_COLOR | GAN_AUGMENT_TRANSLATION | GAN_AUGMENT_CUTOUT;
    o.relativistic = o.premultiply = 1;
    return train_on_two(ctx, &o, 2, 4, path);
}

/* Convolutions: an autoencoder against a generator with batch norm. */
static int32_t autoencoder_through(gan_context *ctx, const char *path) {
    gan_trainer_opts o;
    gan_trainer_opts_init(&o, sizeof o, GAN_SYSTEM_BEGAN, GAN_VARIANT_LUCIC);
    o.batch = o.latent = 2;
    o.width = o.n_critic = 1;
    return train_on_two(ctx, &o, 8, 1, path);
}

static int32_t trainer(gan_context *ctx) { return with_file(ctx, trainer_through); }
static int32_t sprites(gan_context *ctx) { return with_file(ctx, sprites_through); }
static int32_t autoencoder(gan_context *ctx) { return with_file(ctx, autoencoder_through); }
static int32_t data_from_idx(gan_context *ctx) { return with_file(ctx, data_from_idx_through); }

/* ---- metrics --------------------------------------------------------------------------------- */

/* Results of `bytes` bytes that were all POISON_BYTE before the call: as with pointers, written if
 * and only if it succeeded. */
enum { POISON_BYTE = 0x5a };

static int32_t measured(int32_t code, const void *out, size_t bytes) {
    const unsigned char *at = out;
    size_t same = 0;
    while (same < bytes && at[same] == POISON_BYTE) same++;
    return (code != GAN_OK) == (same == bytes) ? code : SCENARIO_BROKEN;
}

static const float rows[8] = {0, 1, 2, 3, 5, 4, 6, 7};

static int32_t metrics(gan_context *ctx) {
    double mean[2], cov[4], out[4][2];
    int64_t index[3];
    memset(mean, POISON_BYTE, sizeof mean);
    memset(cov, POISON_BYTE, sizeof cov);
    memset(out, POISON_BYTE, sizeof out);
    memset(index, POISON_BYTE, sizeof index);
    int32_t code = gan_feature_statistics(ctx, rows, 4, 2, mean, cov);
    code = measured(measured(code, mean, sizeof mean), cov, sizeof cov);
    if (!code) code = measured(gan_frechet_distance(ctx, rows, 4, rows, 3, 2, out[0]), out[0], 8);
    if (!code)
        code = measured(gan_kernel_distance(ctx, rows, 4, rows, 3, 2, NULL, out[1], out[2]), out[1],
                        8);
    if (!code) {
        code = gan_nearest_neighbours(ctx, rows, 4, rows, 2, 2, index, out[3]);
        code = measured(measured(code, index, 16), out[3], sizeof out[3]);
    }
    return code;
}

/* The struct's results lie behind struct_size and a reserved field. */
#define MEASURED(type, call)                                                                       \
    do {                                                                                           \
        type out;                                                                                  \
        memset(&out, POISON_BYTE, sizeof out);                                                     \
        out.struct_size = sizeof out;                                                              \
        int32_t code = measured(call, (const char *)&out + 8, sizeof out - 8);                     \
        if (code) return code;                                                                     \
    } while (0)

static int32_t metrics_in_structs(gan_context *ctx) {
    const int32_t labels[3] = {1, 0, 1};
    MEASURED(gan_prdc, gan_precision_recall(ctx, rows, 4, rows, 3, 2, 2, &out));
    MEASURED(gan_parzen,
             gan_parzen_log_likelihood(ctx, rows, 4, rows, 3, rows, 2, 2, NULL, 0, &out));
    MEASURED(gan_modes, gan_mode_statistics(ctx, rows, 4, 2, rows, 2, 1, 3, &out));
    MEASURED(gan_histogram, gan_histogram_statistics(ctx, labels, 3, 2, NULL, &out));
    return GAN_OK;
}

static const scenario scenarios[] = {
    {"data from arrays", data_from_arrays},
    {"data from files", data_from_files},
    {"data from idx", data_from_idx},
    {"metrics", metrics},
    {"metrics in structs", metrics_in_structs},
    {"own checkpoint", own_checkpoint},
    {"trainer", trainer},
    {"sprites", sprites},
    {"autoencoder", autoencoder},
};

const scenario_list system_scenarios = {scenarios, COUNT_OF(scenarios)};
