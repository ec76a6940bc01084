/* Which modes do five systems find of mixtures in the plane (common/mixture.h), with networks of
 * two hidden layers of 128 units that train in minutes? One JSON line is kept for each system, data
 * and seed; the table at the end is over the seeds.
 *
 * SPDX-License-Identifier: MIT */
#include "common/program.h"
#include "common/mixture.h"
#include "common/options.h"
#include "common/trials.h"

#include <string.h>

enum {
    LATENT = 256,
    WIDTH = 128,
    SAMPLES = 2500, /* as VEEGAN and PacGAN judge by */
    MAX_CENTRES = 200
};

static gan_tensor *draw(const game *g, int64_t n) { return mixture_draw(g->ctx, g->data, n); }

/* ---- systems --------------------------------------------------------------------------------- */

/* Rates and betas of the first networks of this kind (Metz et al. 2017, unrolled GANs); WGAN's and
 * WGAN-GP's own, with the lambda of the latter's toy examples. */
static const game_rules systems[] = {
    {"gan", GAN_LOSS_NON_SATURATING, GAN_PENALTY_NONE, 1, 1, 0, 0, 1e-3, 1e-4, 0.5, 0.999},
    {"gan-packed-2", GAN_LOSS_NON_SATURATING, GAN_PENALTY_NONE, 2, 1, 0, 0, 1e-3, 1e-4, 0.5, 0.999},
    {"wgan", GAN_LOSS_WASSERSTEIN, GAN_PENALTY_NONE, 1, 5, 0, 0.01, 5e-5, 5e-5, 0, 0},
    {"wgan-gp", GAN_LOSS_WASSERSTEIN, GAN_PENALTY_INTERPOLATED, 1, 5, 0.1, 0, 1e-3, 1e-3, 0.5, 0.9},
    {"dragan", GAN_LOSS_NON_SATURATING, GAN_PENALTY_DRAGAN, 1, 1, 10, 0, 1e-3, 1e-3, 0.5, 0.9}};
enum { SYSTEMS = sizeof systems / sizeof *systems };

/* Two hidden layers with tanh, weights orthogonal times 1.4. */
static int32_t network(gan_context *ctx, int64_t in, int64_t out, gan_module **net) {
    int32_t status = gan_sequential_create(ctx, net);
    if (status < 0) return status;
    for (int layer = 0; layer < 2; layer++) {
        gan_add_dense(*net, NULL, layer ? WIDTH : in, WIDTH, 1);
        gan_add_tanh(*net, NULL);
    }
    gan_add_dense(*net, NULL, WIDTH, out, 1);
    return gan_module_init(*net, GAN_INIT_ORTHOGONAL, 1.4);
}

/* ---- trials ---------------------------------------------------------------------------------- */

static int32_t build(game *g, void *user) {
    g->real = draw;
    g->data = user;
    int32_t status = network(g->ctx, LATENT, 2, &g->generator);
    if (status < 0) return status;
    return network(g->ctx, 2 * g->rules->packing, 1, &g->discriminator);
}

static int32_t judge(const game *g, void *user, double numbers[TRIAL_NUMBERS]) {
    const mixture *m = user;
    gan_modes found = {.struct_size = sizeof found};
    float centres[MAX_CENTRES][2], points[SAMPLES][2];
    for (int i = 0; i < m->centres; i++) {
        double xy[2];
        mixture_centre(m, i, xy);
        for (int axis = 0; axis < 2; axis++) centres[i][axis] = (float)xy[axis];
    }
    int64_t scope = gan_scope_begin(g->ctx);
    int32_t status = gan_tensor_read(game_fakes(g, SAMPLES), &points[0][0], 2 * SAMPLES);
    gan_scope_end(g->ctx, scope);
    if (status < 0) return status;
    status = gan_mode_statistics(g->ctx, &points[0][0], SAMPLES, 2, &centres[0][0], m->centres,
                                 m->std, 3, &found);
    numbers[0] = (double)found.found;
    numbers[1] = found.high_quality;
    numbers[2] = found.kl;
    return status;
}

static trial_kind kind_of(mixture *m) {
    return (trial_kind){.data = m->name,
                        .user = m,
                        .latent = LATENT,
                        .build = build,
                        .judge = judge,
                        .numbers = {"modes", "high_quality", "kl"},
                        .units = {1, 100, 1}};
}

static int wanted(const char *choice, const char *name) {
    return strcmp(choice, "all") == 0 || strcmp(choice, name) == 0;
}

/* Calls trials_play for all that was chosen; seeds are outermost, so that a run that is cut short
 * has told something of each. count_only: leaves their number in t->total instead. */
static int all_trials(trials *t, const char *system, const char *data, int count_only) {
    int code = 0;
    for (int seed = 1; seed <= t->seeds; seed++)
        for (int d = 0; d < MIXTURES; d++)
            for (int i = 0; i < SYSTEMS && !code; i++) {
                if (!wanted(data, mixtures[d].name) || !wanted(system, systems[i].name)) continue;
                trial_kind kind = kind_of(&mixtures[d]);
                if (count_only)
                    t->total++;
                else
                    code = trials_play(t, &kind, &systems[i], seed);
            }
    return code;
}

static void print_table(const trials *t) {
    for (int d = 0; d < MIXTURES; d++) {
        trial_kind kind = kind_of(&mixtures[d]);
        if (d == 0) trials_print_head(&kind);
        for (int i = 0; i < SYSTEMS; i++) trials_print_line(t, &kind, &systems[i]);
    }
}

int main(int argc, char **argv) {
    const char *system = "all", *data = "all";
    trials t = {.program = "mixtures",
                .out = "mixtures.jsonl",
                .steps = 25000,
                .seeds = 10,
                .batch = 512,
                .threads = 1,
                .counts_critic = 1};
    const option_row rows[] = {
        {"system", OPTION_TEXT, &system, 0, 0, "gan, gan-packed-2, wgan, wgan-gp, dragan"},
        {"data", OPTION_TEXT, &data, 0, 0, "ring, grid, roll"},
        {"out", OPTION_TEXT, &t.out, 0, 0, "file of the results"},
        {"steps", OPTION_INTEGER, &t.steps, 1, 1e9, "of the discriminator, a trial"},
        {"seeds", OPTION_INTEGER, &t.seeds, 1, 1e6, "trials of each kind"},
        {"batch", OPTION_INTEGER, &t.batch, 1, MIXTURE_POINTS / 2, "points (packs) a step"},
        {"threads", OPTION_INTEGER, &t.threads, 0, 256, "0 = one per core"},
        {"resume", OPTION_FLAG, &t.resume, 0, 1, "keep the trials that the file has"},
    };
    const option_table table = {t.program, "counts the modes that systems find in the plane", rows,
                                (int)(sizeof rows / sizeof *rows)};
    program_begin("mixtures");
    int code = options_read(&table, argc, argv);
    if (code >= 0) return code;
    all_trials(&t, system, data, 1);
    if (!t.total) {
        fail("no system '%s' or no data '%s'; see --help", system, data);
        return 2;
    }
    if (trials_begin(&t)) return 1;
    code = all_trials(&t, system, data, 0);
    trials_end(&t);
    if (!code) print_table(&t);
    return code;
}
