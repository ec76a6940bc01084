/* SPDX-License-Identifier: MIT */
#include "train/settings.h"
#include "common/files.h"
#include "common/flat_json.h"
#include "common/options.h"
#include "common/program.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char CONFIG[] = "config.json";

/* ---- the options ----------------------------------------------------------------------------- */

enum { ROWS = 36, SYSTEMS = 16 };

static option_table table_of(settings *s, option_row rows[ROWS]) {
    const option_row all[] = {
        {"system", OPTION_TEXT, &s->system, 0, 0,
         "gan, dcgan, cgan, pix2pix, wgan, wgan-gp, dragan or began"},
        {"variant", OPTION_TEXT, &s->variant, 0, 0, "default, paper, code or lucic"},
        {"data", OPTION_TEXT, &s->data, 0, 0, "fashion-mnist, mnist, a folder, or a sheet.png"},
        {"mnist", OPTION_TEXT, &s->mnist, 0, 0, "folder of MNIST's files; else $GAN_MNIST"},
        {"cell", OPTION_INTEGER, &s->cell, 1, 16384, "pixels of a sheet's cells"},
        {"size", OPTION_INTEGER, &s->size, 1, 256, "side of the images, in pixels"},
        {"channels", OPTION_TEXT, &s->channels, 0, 0, "grey, rgb or rgba; else as in the files"},
        {"limit", OPTION_INTEGER, &s->limit, 1, 1e12, "only the first so many images"},
        {"flip", OPTION_FLAG, &s->flip, 0, 1, "mirror images at random"},
        {"out", OPTION_TEXT, &s->out, 0, 0, "folder of the run"},
        {"steps", OPTION_INTEGER, &s->steps, 1, 1e12, "generator steps, resumed ones included"},
        {"resume", OPTION_FLAG, &s->resume, 0, 1, "go on with the run in the folder"},
        {"force", OPTION_FLAG, &s->force, 0, 1, "replace the run in the folder"},
        {"batch", OPTION_INTEGER, &s->batch, 1, 65536, "images a discriminator update"},
        {"width", OPTION_INTEGER, &s->width, 1, 8192, "of the networks' narrowest layer"},
        {"latent", OPTION_INTEGER, &s->latent, 1, 65536, "numbers the generator starts from"},
        {"no-skips", OPTION_FLAG, &s->no_skips, 0, 1, "pix2pix: encoder and decoder, no U-Net"},
        {"loss", OPTION_TEXT, &s->loss, 0, 0, "minimax, non-saturating, lsgan, hinge, wasserstein"},
        {"lr", OPTION_NUMBER, &s->lr, 0, 1e9, "learning rate of both networks"},
        {"linear-steps", OPTION_INTEGER, &s->linear_steps, 1, 1e9, "after which the rate is 0"},
        {"linear-from", OPTION_INTEGER, &s->linear_from, 1, 1e9, "steps before it begins to fall"},
        {"beta1", OPTION_NUMBER, &s->beta1, 0, 0.999999, "of Adam"},
        {"n-critic", OPTION_INTEGER, &s->n_critic, 1, 10000, "discriminator updates a step"},
        {"lambda", OPTION_NUMBER, &s->lambda, 0, 1e9, "weight of the penalty; pix2pix: of L1"},
        {"gamma", OPTION_NUMBER, &s->gamma, 0, 1, "began: variety against quality"},
        {"norm", OPTION_TEXT, &s->norm, 0, 0, "of the discriminator: none, batch, instance, layer"},
        {"penalty", OPTION_TEXT, &s->penalty, 0, 0, "none, interpolated, dragan or r1"},
        {"penalty-every", OPTION_INTEGER, &s->penalty_every, 1, 1e9, "steps between penalties"},
        {"relativistic", OPTION_FLAG, &s->relativistic, 0, 1, "score real against generated"},
        {"augment", OPTION_TEXT, &s->augment, 0, 0, "some of color,translation,cutout, or all"},
        {"premultiply", OPTION_FLAG, &s->premultiply, 0, 1, "learn rgba with colours times alpha"},
        {"average", OPTION_NUMBER, &s->average, 0, 0.999999, "decay of an averaged generator"},
        {"seed", OPTION_INTEGER, &s->seed, 0, 1e15, "of all random numbers"},
        {"threads", OPTION_INTEGER, &s->threads, 0, 256, "0 = one per core"},
        {"save-every", OPTION_INTEGER, &s->save_every, 1, 1e12, "steps between checkpoints"},
        {"sample-every", OPTION_INTEGER, &s->sample_every, 1, 1e12, "steps between samples"},
    };
    _Static_assert(sizeof all / sizeof *all == ROWS, "one row each");
    memcpy(rows, all, sizeof all);
    return (option_table){"train", "trains any published system", rows, ROWS};
}

/* Options that belong to a call, not to the run. */
static int is_of_call(const option_row *row) {
    return strcmp(row->name, "out") == 0 || strcmp(row->name, "resume") == 0 ||
           strcmp(row->name, "force") == 0;
}

static int system_choice(const char *name) {
    const char *names[SYSTEMS] = {NULL};
    for (int32_t i = 1; i < SYSTEMS && gan_system_name(i); i++) names[i - 1] = gan_system_name(i);
    return option_choice("system", name, names) + 1;
}

static const char *const variants[] = {"default", "paper", "code", "lucic", NULL};
static const char *const losses[] = {"minimax", "non-saturating", "lsgan",
                                     "hinge",   "wasserstein",    NULL};
static const char *const norms[] = {"none", "batch", "instance", "layer", NULL};
static const char *const penalties[] = {"none", "interpolated", "dragan", "r1", NULL};
static const char *const channel_names[] = {"grey", "rgb", "rgba", NULL};

/* The sum of GAN_AUGMENT_ of names with commas; -1 after a message. */
static int32_t augment_policy(const char *names) {
    static const char *const kinds[] = {"color", "translation", "cutout", "all", NULL};
    static const int32_t policies[] = {
        GAN_AUGMENT_COLOR, GAN_AUGMENT_TRANSLATION, GAN_AUGMENT_CUTOUT,
        GAN_AUGMENT_COLOR | GAN_AUGMENT_TRANSLATION | GAN_AUGMENT_CUTOUT};
    int32_t policy = 0;
    while (*names) {
        char name[16];
        size_t length = strcspn(names, ",");
        snprintf(name, sizeof name, "%.*s", (int)length, names);
        int kind = option_choice("augment", name, kinds);
        if (kind < 0) return -1;
        policy |= policies[kind];
        names += length + (names[length] == ',');
    }
    return policy;
}

/* -1 to go on, or the exit code after a message. */
static int check(const settings *s) {
    if (!*s->out) return fail_usage("--out FOLDER is missing: where the run is kept");
    if (s->resume && s->force) return fail_usage("--resume and --force exclude each other");
    if (!*s->system) return fail_usage("--system NAME is missing; see --help");
    if (!*s->data) return fail_usage("--data is missing: fashion-mnist, mnist, a folder or a file");
    if (s->steps < 1) return fail_usage("--steps N is missing");
    if (system_choice(s->system) < 1 || option_choice("variant", s->variant, variants) < 0 ||
        (*s->channels && option_choice("channels", s->channels, channel_names) < 0) ||
        (*s->loss && option_choice("loss", s->loss, losses) < 0) ||
        (*s->norm && option_choice("norm", s->norm, norms) < 0) ||
        (*s->penalty && option_choice("penalty", s->penalty, penalties) < 0) ||
        augment_policy(s->augment) < 0)
        return 2;
    return -1;
}

/* ---- config.json ----------------------------------------------------------------------------- */

int settings_are_kept(const char *folder) {
    char path[PATH_BYTES];
    return file_exists(join_path(path, folder, CONFIG));
}

static int load(settings *s, const option_table *table) {
    char path[PATH_BYTES], *key, *value;
    int more;
    if (!settings_are_kept(s->out)) return fail("%s holds no run to resume", s->out);
    if (read_file(join_path(path, s->out, CONFIG), &s->kept, NULL)) return 1;
    flat_json j = {.at = s->kept};
    while ((more = flat_json_next(&j, &key, &value)) > 0)
        if (options_set(table, key, value))
            return fail("%s: '%s' is no option with a value that train knows", path, key);
    return more < 0 ? fail("%s: is no configuration of a run", path) : -1;
}

static int is_known_data(const char *data) {
    return strcmp(data, "fashion-mnist") == 0 || strcmp(data, "mnist") == 0;
}

/* A place of data, wherever the run is resumed from. */
static void put_place(FILE *f, const char *name) {
    char *whole = is_known_data(name) ? NULL : realpath(name, NULL);
    flat_json_put(f, whole ? whole : name);
    free(whole);
}

int settings_keep(settings *s) {
    option_row rows[ROWS];
    table_of(s, rows);
    new_file f;
    if (new_file_open(&f, s->out, CONFIG)) return 1;
    const char *separator = "{\n";
    for (int i = 0; i < ROWS; i++) {
        const option_row *row = &rows[i];
        if (is_of_call(row) || !option_is_set(row)) continue;
        fprintf(f.stream, "%s  \"%s\": ", separator, row->name);
        separator = ",\n";
        if (row->value == &s->data || row->value == &s->mnist)
            put_place(f.stream, *(const char **)row->value);
        else if (row->kind == OPTION_TEXT)
            flat_json_put(f.stream, *(const char **)row->value);
        else if (row->kind == OPTION_NUMBER)
            flat_json_put_number(f.stream, *(double *)row->value);
        else
            fprintf(f.stream, "%lld", (long long)*(int64_t *)row->value);
    }
    fputs("\n}\n", f.stream);
    return new_file_close(&f, 1);
}

int settings_read(settings *s, int argc, char **argv) {
    option_row rows[ROWS];
    *s = (settings){.system = "",
                    .variant = "default",
                    .data = "",
                    .mnist = getenv("GAN_MNIST"),
                    .channels = "",
                    .loss = "",
                    .norm = "",
                    .penalty = "",
                    .augment = "",
                    .out = "",
                    .size = 32,
                    .seed = 1,
                    .save_every = 500,
                    .sample_every = 100,
                    .lr = -1,
                    .beta1 = -1,
                    .lambda = -1,
                    .gamma = -1,
                    .average = -1};
    if (!s->mnist) s->mnist = "";
    option_table table = table_of(s, rows);
    int code = options_read(&table, argc, argv);
    if (code < 0 && s->resume && *s->out) {
        code = load(s, &table);
        if (code < 0) code = options_read(&table, argc, argv); /* what is given now goes first */
    }
    return code < 0 ? check(s) : code;
}

void settings_free(settings *s) { free(s->kept); }

/* ---- what they mean -------------------------------------------------------------------------- */

static void set_integer(int32_t *field, int64_t given) {
    if (given > 0) *field = (int32_t)given;
}

static void set_number(double *field, double given) {
    if (given >= 0) *field = given;
}

int settings_apply(const settings *s, gan_trainer_opts *o) {
    gan_trainer_opts_init(o, sizeof *o, gan_system_find(s->system),
                          (int32_t)option_choice("variant", s->variant, variants));
    if (!o->system) return fail_usage("--variant %s: %s has none", s->variant, s->system);
    if (*s->penalty)
        o->penalty = GAN_PENALTY_NONE + option_choice("penalty", s->penalty, penalties);
    int penalised = o->penalty != GAN_PENALTY_NONE, unet = o->network == GAN_NETWORK_UNET;
    if (s->latent > 0 && o->latent == 0) return fail_usage("--latent: %s has none", s->system);
    if (s->gamma >= 0 && o->loss != GAN_LOSS_BEGAN)
        return fail_usage("--gamma is for began, not %s", s->system);
    if (s->lambda >= 0 && !penalised && !unet)
        return fail_usage("--lambda: %s has no penalty to weigh", s->system);
    if (s->no_skips && !unet) return fail_usage("--no-skips is for pix2pix, not %s", s->system);
    if (s->beta1 >= 0 && o->optimizer != GAN_OPTIMIZER_ADAM)
        return fail_usage("--beta1: %s does not use Adam", s->system);
    if (*s->loss) o->loss = GAN_LOSS_MINIMAX + option_choice("loss", s->loss, losses);
    if (*s->norm) o->norm = GAN_NORM_NONE + option_choice("norm", s->norm, norms);
    if (s->no_skips) o->skips = 0;
    if (s->relativistic) o->relativistic = 1;
    if (s->premultiply) o->premultiply = 1;
    if (*s->augment) o->augment = augment_policy(s->augment);
    set_integer(&o->penalty_every, s->penalty_every);
    set_integer(&o->batch, s->batch);
    set_integer(&o->width, s->width);
    set_integer(&o->latent, s->latent);
    set_integer(&o->n_critic, s->n_critic);
    set_number(&o->lr_g, s->lr);
    set_number(&o->lr_d, s->lr);
    set_integer(&o->linear_steps, s->linear_steps);
    set_integer(&o->linear_from, s->linear_from);
    set_number(&o->beta1, s->beta1);
    set_number(unet ? &o->l1 : &o->lambda, s->lambda);
    set_number(&o->gamma, s->gamma);
    set_number(&o->average, s->average);
    return 0;
}

int32_t settings_channels(const settings *s) {
    static const int32_t counts[] = {1, 3, 4};
    return *s->channels ? counts[option_choice("channels", s->channels, channel_names)] : 0;
}
