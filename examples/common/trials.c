/* SPDX-License-Identifier: MIT */
#include "common/trials.h"

#include "common/program.h"
#include "common/results.h"

#include <errno.h>
#include <string.h>

/* How the lines of a system begin; with a seed above 0, how the one of a trial begins. */
static void make_key(const trials *t, const trial_kind *kind, const game_rules *rules, int seed,
                     char key[RESULTS_KEY]) {
    int length = snprintf(
        key, RESULTS_KEY,
        "{\"system\": \"%s\", \"data\": \"%s\", \"steps\": %lld, \"batch\": %lld, \"seed\": ",
        rules->name, kind->data, (long long)t->steps, (long long)t->batch);
    if (seed) snprintf(key + length, RESULTS_KEY - (size_t)length, "%d,", seed);
}

int trials_begin(trials *t) {
    t->results = results_open(t->out, (int)t->resume);
    if (!t->results) return fail("cannot write %s: %s", t->out, strerror(errno));
    progress_begin(&t->bar);
    return 0;
}

void trials_end(trials *t) {
    progress_end(&t->bar);
    fclose(t->results);
}

/* ---- a trial --------------------------------------------------------------------------------- */

static int32_t train(trials *t, const char *data, game *g) {
    char text[80];
    snprintf(text, sizeof text, "trial %d of %d: %s on %s", t->done + 1, t->total, g->rules->name,
             data);
    const int64_t steps = t->counts_critic ? t->steps / g->rules->n_critic : t->steps;
    int32_t status = game_begin(g);
    for (int64_t step = 0; step < steps && status == GAN_OK; step++) {
        status = game_step(g);
        progress_show(&t->bar, (t->done + (double)step / (double)steps) / t->total, text);
    }
    return status;
}

static int write_line(trials *t, const trial_kind *kind, const char *key, const double *numbers,
                      double seconds) {
    char begun[RESULTS_KEY];
    snprintf(begun, sizeof begun, "%.*s", (int)strlen(key) - 1, key); /* numbers add the comma */
    fputs(begun, t->results);
    for (int i = 0; i < TRIAL_NUMBERS && kind->numbers[i]; i++)
        results_number(t->results, kind->numbers[i], numbers[i]);
    results_number(t->results, "seconds", seconds);
    fputs("}\n", t->results);
    return ferror(t->results) ? fail("cannot write %s", t->out) : 0;
}

int trials_play(trials *t, const trial_kind *kind, const game_rules *rules, int seed) {
    char key[RESULTS_KEY];
    make_key(t, kind, rules, seed, key);
    if (t->resume && results_has(t->out, key)) {
        t->done++;
        return 0;
    }
    gan_context_opts opts;
    gan_context_opts_init(&opts, sizeof opts);
    opts.seed = (uint64_t)seed;
    opts.threads = (int32_t)t->threads;
    game g = {.rules = rules, .batch = t->batch, .latent = kind->latent};
    if (gan_context_create(&opts, &g.ctx) < 0) return fail("cannot make a context");

    double numbers[TRIAL_NUMBERS], started = wall_seconds();
    int32_t status = kind->build(&g, kind->user);
    if (status == GAN_OK) status = train(t, kind->data, &g);
    if (status == GAN_OK) status = kind->judge(&g, kind->user, numbers);
    int code = status < 0 ? fail("%s on %s, seed %d: %s", rules->name, kind->data, seed,
                                 gan_last_error(g.ctx))
                          : write_line(t, kind, key, numbers, wall_seconds() - started);
    game_end(&g);
    gan_context_destroy(g.ctx);
    t->done++;
    return code;
}

/* ---- the table ------------------------------------------------------------------------------- */

void trials_print_head(const trial_kind *kind) {
    printf("%-14s %-14s %5s", "system", "data", "seeds");
    for (int i = 0; i < TRIAL_NUMBERS && kind->numbers[i]; i++) {
        char name[32];
        snprintf(name, sizeof name, "%s%s", kind->numbers[i], kind->units[i] > 1 ? " %" : "");
        printf("  %-16s", name);
    }
    putchar('\n');
}

void trials_print_line(const trials *t, const trial_kind *kind, const game_rules *rules) {
    char key[RESULTS_KEY];
    make_key(t, kind, rules, 0, key);
    results_summary s = results_summarise(t->out, key, "seconds");
    if (!s.count) return;
    printf("%-14s %-14s %5d", rules->name, kind->data, s.count);
    for (int i = 0; i < TRIAL_NUMBERS && kind->numbers[i]; i++) {
        char cell[32];
        s = results_summarise(t->out, key, kind->numbers[i]);
        snprintf(cell, sizeof cell, "%.2f +- %.2f", s.mean * kind->units[i],
                 s.standard_error * kind->units[i]);
        printf("  %-16s", s.count ? cell : "-");
    }
    putchar('\n');
}
