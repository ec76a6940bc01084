/* One step: discriminator updates, a generator update, and what they are made of. */
#include "train/trainer.h"

#include "autograd/grad.h"
#include "core/context.h"
#include "core/error.h"
#include "core/scope.h"
#include "kernels/kernels.h"
#include "ops/op.h"
#include "train/loss.h"
#include "train/penalty.h"

#include <math.h>
#include <stdio.h>

/* ---- numbers to tell ------------------------------------------------------------------------- */

static void note(double *to, gan_tensor *scalar) {
    if (scalar) *to = (double)*tensor_values(scalar);
}

static void note_mean(double *to, gan_tensor *x) {
    int before = x ? autograd_recording(tensor_context(x), 0) : 0;
    note(to, op_mean_all(x));
    if (x) autograd_recording(tensor_context(x), before);
}

static const gan_trainer_stats no_numbers = {.d_loss = NAN,
                                             .g_loss = NAN,
                                             .real_score = NAN,
                                             .fake_score = NAN,
                                             .penalty = NAN,
                                             .wasserstein = NAN,
                                             .l1 = NAN,
                                             .k = NAN,
                                             .measure = NAN};

/* Puts in front of a pending text whose gradient or loss it is about. */
static int32_t blame(const gan_trainer *t, const char *who, int32_t code) {
    gan_context *ctx = t->base.ctx;
    if (code != GAN_ENONFINITE) return code;
    char text[ERROR_TEXT];
    snprintf(text, sizeof text, "%s", ctx->error_text);
    error_report(ctx, code);
    return error_set(ctx, code, "gan_trainer_step: %s, step %lld: %.400s", who,
                     (long long)t->state.step + 1, text);
}

static int32_t check_loss(const gan_trainer *t, const char *who, gan_tensor *loss, double *value) {
    /* A number to tell may have failed where the loss did not. */
    if (!loss || t->base.ctx->error_code) return error_report(t->base.ctx, GAN_ENOMEM);
    note(value, loss);
    if (isfinite(*value)) return GAN_OK;
    /* a NaN's sign differs between processors */
    return error_set(t->base.ctx, GAN_ENONFINITE, "gan_trainer_step: %s's loss is %g in step %lld",
                     who, isnan(*value) ? (double)NAN : *value, (long long)t->state.step + 1);
}

/* ---- a batch --------------------------------------------------------------------------------- */

typedef struct turn {
    gan_trainer *t;
    gan_trainer_stats *s;
    int64_t n;
    gan_tensor *real;
    gan_tensor *condition; /* of the real images: one-hot labels, the given images, or NULL */
    gan_tensor *fake;      /* of the same condition; recorded where the generator learns from it */
} turn;

static int is_unet(const gan_trainer *t) { return t->opts.network == GAN_NETWORK_UNET; }

static void draw_real(turn *u) {
    gan_trainer *t = u->t;
    gan_tensor *images = loader_next(t->loader);
    u->n = t->loader->count;
    u->real = images && is_unet(t) ? loader_batch_of(t->loader, t->loader->data->pair) : images;
    u->condition = is_unet(t)          ? images
                   : t->opts.condition ? trainer_one_hot(t, t->loader->labels, u->n)
                                       : NULL;
}

/* The generator's images for u->condition: a U-Net makes them of it, others of latents under it. */
static gan_tensor *draw_fake(turn *u, int recorded) {
    gan_trainer *t = u->t;
    gan_tensor *from = is_unet(t) ? u->condition : trainer_latents(t, u->n);
    int before = autograd_recording(t->base.ctx, recorded);
    gan_tensor *fake = trainer_generate(t, t->generator, from, is_unet(t) ? NULL : u->condition);
    autograd_recording(t->base.ctx, before);
    return fake;
}

/* Labels of the data's marginal. */
static gan_tensor *draw_labels(turn *u) {
    gan_trainer *t = u->t;
    gan_context *ctx = t->base.ctx;
    uint64_t counter = random_take(ctx, noise_word_blocks(u->n));
    dataset_draw_labels(t->loader->data, ctx->random_key, counter, u->n, t->labels);
    return trainer_one_hot(t, t->labels, u->n);
}

/* For each real image one of the other labels. */
static gan_tensor *draw_wrong_labels(turn *u) {
    enum { WORDS = 64 };
    gan_trainer *t = u->t;
    gan_context *ctx = t->base.ctx;
    uint64_t words[WORDS], classes = (uint64_t)t->opts.classes;
    for (int64_t i = 0; i < u->n; i++) {
        if (i % WORDS == 0)
            noise_words(ctx, ctx->random_key, random_take(ctx, WORDS / 2), WORDS, words);
        uint64_t shift = 1 + words[i % WORDS] % (classes - 1);
        t->labels[i] = (int32_t)(((uint64_t)t->loader->labels[i] + shift) % classes);
    }
    return trainer_one_hot(t, t->labels, u->n);
}

/* What the discriminator says of the real images and of the fakes. */
typedef struct score_pair {
    gan_tensor *real, *fake;
} score_pair;

/* ---- losses ---------------------------------------------------------------------------------- */

/* Of packed samples. */
static gan_tensor *penalty(turn *u, gan_tensor *images, gan_tensor *fake) {
    const gan_trainer_opts *o = &u->t->opts;
    const gan_penalty_opts p = {.struct_size = sizeof p,
                                .one_sided = o->one_sided,
                                .lambda = o->lambda,
                                .target = o->target};
    gan_tensor *points = NULL;
    if (!images || !fake) return NULL;
    if (o->penalty == GAN_PENALTY_INTERPOLATED) points = penalty_interpolate(images, fake);
    if (o->penalty == GAN_PENALTY_DRAGAN)
        points = penalty_dragan_points(images, o->dragan, o->dragan_scale);
    if (o->penalty == GAN_PENALTY_R1) points = op_track(images);
    gan_tensor *scores = points ? trainer_score(u->t, points, u->condition) : NULL;
    if (!scores) return NULL;
    gan_tensor *smooth = o->penalty == GAN_PENALTY_R1
                             ? penalty_zero_at(scores, points, o->lambda, 0)
                             : penalty_at(scores, points, &p);
    return o->penalty_every > 1 ? op_affine(smooth, o->penalty_every, 0) : smooth;
}

static int has_penalty(const gan_trainer *t) {
    int32_t every = t->opts.penalty_every;
    return t->opts.penalty != GAN_PENALTY_NONE && (every < 2 || t->state.step % every == 0);
}

/* What the fakes count, k times with BEGAN; with matching_aware the mean of it and of what real
 * images under wrong labels do (Reed et al. 2016, Algorithm 1, line 10). */
static gan_tensor *fake_part(turn *u, gan_tensor *wrong_scores, gan_tensor *fake_scores) {
    const gan_trainer_opts *o = &u->t->opts;
    gan_tensor *part = loss_fake(o->loss, fake_scores);
    if (o->loss == GAN_LOSS_BEGAN) part = op_affine(part, u->t->state.k, 0);
    if (!o->matching_aware) return part;
    return op_affine(op_add(loss_fake(o->loss, wrong_scores), part), 0.5, 0);
}

/* `fake` as the discriminator sees it. *scores is what came out for it and for the real images. */
static gan_tensor *discriminator_loss(turn *u, gan_tensor *fake, score_pair *scores) {
    gan_trainer *t = u->t;
    const gan_trainer_opts *o = &t->opts;
    gan_tensor *images = trainer_pack(t, u->real), *wrong = NULL;
    fake = trainer_pack(t, fake);
    scores->real = trainer_score(t, images, u->condition);
    if (o->matching_aware) wrong = trainer_score(t, images, draw_wrong_labels(u));
    scores->fake = trainer_score(t, fake, u->condition);
    gan_tensor *loss = o->relativistic
                           ? loss_real(o->loss, op_sub(scores->real, scores->fake), o->real_target)
                           : op_add(loss_real(o->loss, scores->real, o->real_target),
                                    fake_part(u, wrong, scores->fake));
    if (o->half) loss = op_affine(loss, 0.5, 0);
    note_mean(&u->s->real_score, scores->real);
    note_mean(&u->s->fake_score, scores->fake);
    if (!has_penalty(t)) return loss;
    gan_tensor *smooth = penalty(u, images, fake);
    note(&u->s->penalty, smooth);
    return op_add(loss, smooth);
}

/* `fake` and its scores are recorded; real scores count if relativistic. */
static gan_tensor *generator_loss(turn *u, gan_tensor *fake, score_pair scores) {
    const gan_trainer_opts *o = &u->t->opts;
    gan_tensor *loss =
        loss_generator(o->loss, o->relativistic ? op_sub(scores.fake, scores.real) : scores.fake);
    if (o->l1 == 0) return loss;
    gan_tensor *l1 = op_mean_all(op_abs(op_sub(u->real, fake)));
    note(&u->s->l1, l1);
    return op_add(loss, op_affine(l1, o->l1, 0));
}

/* ---- updates --------------------------------------------------------------------------------- */

static void clip(gan_trainer *t, int32_t when) {
    if (t->opts.clip == when)
        module_clip(t->discriminator, t->opts.clip_bound, t->opts.clip_weights_only);
}

static const char discriminator[] = "the discriminator", generator[] = "the generator";

static int32_t update_discriminator(turn *u) {
    gan_trainer *t = u->t;
    score_pair scores;
    clip(t, GAN_CLIP_BEFORE);
    gan_tensor *loss = discriminator_loss(u, op_detach(u->fake), &scores);
    int32_t code = check_loss(t, discriminator, loss, &u->s->d_loss);
    if (!code) code = blame(t, discriminator, optimizer_minimize(t->optimizer_d, loss));
    if (!code) clip(t, GAN_CLIP_AFTER);
    return code;
}

static int32_t update_generator(turn *u) {
    gan_trainer *t = u->t;
    gan_tensor *of_real = u->condition;
    score_pair scores = {NULL, NULL};
    if (t->opts.update == GAN_UPDATE_FRESH) {
        gan_tensor *z = trainer_latents(t, u->n);
        if (t->opts.condition) u->condition = draw_labels(u);
        u->fake = trainer_generate(t, t->generator, z, u->condition);
    }
    scores.fake = trainer_score(t, trainer_pack(t, u->fake), u->condition);
    if (t->opts.relativistic) scores.real = trainer_score(t, trainer_pack(t, u->real), of_real);
    gan_tensor *loss = generator_loss(u, u->fake, scores);
    int32_t code = check_loss(t, generator, loss, &u->s->g_loss);
    return code ? code : blame(t, generator, optimizer_minimize(t->optimizer_g, loss));
}

/* Both gradients from one pass, then both steps. */
static int32_t update_both(turn *u) {
    gan_trainer *t = u->t;
    score_pair scores;
    clip(t, GAN_CLIP_BEFORE);
    gan_tensor *d_loss = discriminator_loss(u, u->fake, &scores);
    gan_tensor *g_loss = generator_loss(u, u->fake, scores);
    int32_t code = check_loss(t, discriminator, d_loss, &u->s->d_loss);
    if (!code) code = check_loss(t, generator, g_loss, &u->s->g_loss);
    if (!code) code = optimizer_sweep(t->optimizer_d, d_loss, GAN_GRAD_RETAIN);
    if (!code) code = optimizer_sweep(t->optimizer_g, g_loss, 0);
    if (!code)
        code = blame(t, discriminator, optimizer_step(t->optimizer_d, t->optimizer_d->grads));
    if (!code) clip(t, GAN_CLIP_AFTER);
    return code ? code : blame(t, generator, optimizer_step(t->optimizer_g, t->optimizer_g->grads));
}

/* A batch, and what is learned from it; the generator learns from the last of a step. */
static int32_t take_turn(turn *u, int last) {
    int both = u->t->opts.update == GAN_UPDATE_SIMULTANEOUS && last;
    draw_real(u);
    if (!u->real) return error_report(u->t->base.ctx, GAN_ENOMEM);
    u->fake = draw_fake(u, last && u->t->opts.update != GAN_UPDATE_FRESH);
    if (both) return update_both(u);
    int32_t code = update_discriminator(u);
    return code || !last ? code : update_generator(u);
}

static int32_t updates(const gan_trainer *t) {
    const gan_trainer_opts *o = &t->opts;
    int64_t step = t->state.step;
    int warm = step < o->warmup_steps || (o->warmup_every && step % o->warmup_every == 0);
    return o->warmup_critic && warm ? o->warmup_critic : o->n_critic;
}

/* ---- the step -------------------------------------------------------------------------------- */

static int32_t take_turns(gan_trainer *t, gan_trainer_stats *s) {
    gan_context *ctx = t->base.ctx;
    int32_t code = GAN_OK;
    s->d_updates = updates(t);
    for (int32_t i = 1; i <= s->d_updates && !code; i++) {
        turn u = {.t = t, .s = s};
        int64_t mark = scope_begin(ctx);
        code = mark < 0 ? (int32_t)mark : take_turn(&u, i == s->d_updates);
        if (mark > 0) scope_escape(ctx, mark, NULL);
    }
    return code;
}

/* After both updates, which can fail no more. */
static void finish(gan_trainer *t, gan_trainer_stats *s) {
    const gan_trainer_opts *o = &t->opts;
    double measure = 0;
    if (o->loss == GAN_LOSS_BEGAN) {
        t->state.k = loss_began_balance(t->state.k, s->real_score, s->g_loss, o->gamma, o->lambda_k,
                                        &measure);
        s->k = t->state.k;
        s->measure = measure;
    }
    if (o->loss == GAN_LOSS_WASSERSTEIN) s->wasserstein = s->real_score - s->fake_score;
    s->d_grad_norm = t->optimizer_d->grad_norm;
    s->g_grad_norm = t->optimizer_g->grad_norm;
    s->lr_d = t->optimizer_d->lr;
    s->lr_g = t->optimizer_g->lr;
    schedule_end(t, measure);
    s->step = t->state.step;
    s->epoch = t->loader->epoch;
}

int32_t trainer_step(gan_trainer *t, gan_trainer_stats *out) {
    gan_context *ctx = t->base.ctx;
    gan_trainer_stats s = no_numbers;
    int32_t code = checkpoint_list(t, "gan_trainer_step");
    if (code) return code;
    module_train(t->generator, 1);
    module_train(t->discriminator, 1);
    schedule_begin(t);
    checkpoint_keep(t);
    int before = autograd_recording(ctx, 1);
    code = take_turns(t, &s);
    autograd_recording(ctx, before);
    if (code) {
        checkpoint_restore(t);
        return code;
    }
    finish(t, &s);
    *out = s;
    return GAN_OK;
}
