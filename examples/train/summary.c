/* SPDX-License-Identifier: MIT */
#include "train/summary.h"
#include "common/report.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { FACTS = 48 };

typedef struct facts {
    report_fact list[FACTS];
    size_t count;
} facts;

__attribute__((format(printf, 3, 4))) static void add(facts *f, const char *name,
                                                      const char *format, ...) {
    va_list args;
    if (f->count == FACTS) return;
    report_fact *fact = &f->list[f->count++];
    fact->name = name;
    va_start(args, format);
    vsnprintf(fact->value, sizeof fact->value, format, args);
    va_end(args);
}

static const char *const losses[] = {
    [GAN_LOSS_MINIMAX] = "minimax",         [GAN_LOSS_NON_SATURATING] = "non-saturating",
    [GAN_LOSS_LSGAN] = "least squares",     [GAN_LOSS_HINGE] = "hinge",
    [GAN_LOSS_WASSERSTEIN] = "Wasserstein", [GAN_LOSS_BEGAN] = "BEGAN's balance"};

static const char *const penalties[] = {[GAN_PENALTY_NONE] = "none",
                                        [GAN_PENALTY_INTERPOLATED] = "between real and generated",
                                        [GAN_PENALTY_DRAGAN] = "around real images",
                                        [GAN_PENALTY_R1] = "R1, at real images"};

static const char *const networks[] = {[GAN_NETWORK_MAXOUT] = "dense and maxout",
                                       [GAN_NETWORK_DCGAN] = "DCGAN, 4 x 4 convolutions",
                                       [GAN_NETWORK_SAME5] = "5 x 5 convolutions",
                                       [GAN_NETWORK_DENSE] = "one dense layer",
                                       [GAN_NETWORK_JOINT] = "dense and maxout, image and label",
                                       [GAN_NETWORK_UNET] = "U-Net and patches",
                                       [GAN_NETWORK_AUTOENCODER] = "decoder and autoencoder",
                                       [GAN_NETWORK_INFO] = "InfoGAN's, 4 x 4 convolutions",
                                       [GAN_NETWORK_INFO_AUTOENCODER] =
                                           "InfoGAN's, an autoencoder like it",
                                       [GAN_NETWORK_LABELLED] = "DCGAN's, labels at every layer"};

static const char *base_name(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash && slash[1] ? slash + 1 : path;
}

static long long weights(const gan_module *m) {
    long long sum = 0;
    for (size_t i = 0; i < gan_module_parameter_count(m); i++)
        sum += gan_tensor_size(gan_module_parameter(m, i));
    return sum;
}

static void add_data(facts *f, const summary *s, const gan_trainer_opts *o) {
    add(f, "Data", "%s, %lld images%s", base_name(s->s->data),
        (long long)gan_dataset_size(s->images), s->s->flip ? ", mirrored at random" : "");
    add(f, "Images", "%d x %d, %s", (int)o->side, (int)o->side,
        o->channels == 1   ? "grey"
        : o->channels == 3 ? "RGB"
        : o->premultiply   ? "RGBA, colours times alpha"
                           : "RGBA");
    if (o->classes) add(f, "Classes", "%d", (int)o->classes);
}

static void add_networks(facts *f, const summary *s, const gan_trainer_opts *o) {
    add(f, "Networks", "%s", networks[o->network]);
    add(f, "Width", "%d", (int)o->width);
    if (o->latent)
        add(f, "Latents", "%d, %s", (int)o->latent,
            o->latent_kind == GAN_LATENT_NORMAL ? "normal" : "uniform");
    add(f, "Weights of the generator", "%lld", weights(gan_trainer_generator(s->trainer)));
    add(f, "Weights of the discriminator", "%lld", weights(gan_trainer_discriminator(s->trainer)));
    if (o->average > 0) add(f, "Averaged generator", "decay %.7g", o->average);
}

static void add_game(facts *f, const gan_trainer_opts *o) {
    add(f, "Loss", "%s%s", losses[o->loss], o->relativistic ? ", relativistic" : "");
    if (o->l1 > 0) add(f, "Weight of L1", "%g", o->l1);
    if (o->penalty)
        add(f, "Gradient penalty", "%s, weight %g%s", penalties[o->penalty], o->lambda,
            o->penalty_every > 1 ? ", lazy" : "");
    if (o->augment)
        add(f, "The discriminator sees", "images changed at random:%s%s%s",
            o->augment & GAN_AUGMENT_COLOR ? " colour" : "",
            o->augment & GAN_AUGMENT_TRANSLATION ? " translation" : "",
            o->augment & GAN_AUGMENT_CUTOUT ? " cutout" : "");
    if (o->clip) add(f, "Weights clipped to", "%g", o->clip_bound);
    if (o->loss == GAN_LOSS_BEGAN) add(f, "Balance", "gamma %g, lambda %g", o->gamma, o->lambda_k);
    add(f, "Discriminator updates a step", "%d", (int)o->n_critic);
    add(f, "Batch", "%d", (int)o->batch);
}

static void add_optimizer(facts *f, const gan_trainer_opts *o) {
    if (o->optimizer == GAN_OPTIMIZER_ADAM)
        add(f, "Optimizer", "Adam (%g, %g)", o->beta1, o->beta2);
    else if (o->optimizer == GAN_OPTIMIZER_RMSPROP)
        add(f, "Optimizer", "RMSProp (%g)", o->alpha);
    else
        add(f, "Optimizer", "SGD, momentum %g to %g", o->momentum, o->momentum_end);
    if (o->lr_d == o->lr_g)
        add(f, "Learning rate", "%g", o->lr_g);
    else
        add(f, "Learning rates", "%g, discriminator %g", o->lr_g, o->lr_d);
}

int summary_write(const summary *s) {
    const gan_trainer_opts *o = gan_trainer_options(s->trainer);
    facts f = {.count = 0};
    char title[120], text[160];
    long long steps = (long long)gan_trainer_steps(s->trainer);
    char asked[32] = "";
    int minutes = (int)(s->seconds / 60);
    add(&f, "System", "%s%s%s", gan_system_name(o->system),
        strcmp(s->s->variant, "default") ? ", variant " : "",
        strcmp(s->s->variant, "default") ? s->s->variant : "");
    add_data(&f, s, o);
    add_networks(&f, s, o);
    add_game(&f, o);
    add_optimizer(&f, o);
    add(&f, "Seed", "%lld", (long long)s->s->seed);
    add(&f, "Build", "%s", gan_build_info());
    snprintf(title, sizeof title, "%s on %s", gan_system_name(o->system), base_name(s->s->data));
    if (steps < s->s->steps) snprintf(asked, sizeof asked, " of %lld", (long long)s->s->steps);
    snprintf(text, sizeof text, "%lld%s steps, %d:%02d minutes of training", steps, asked, minutes,
             (int)(s->seconds - 60.0 * minutes));
    return report_write(&(report){.folder = s->s->out,
                                  .title = title,
                                  .summary = text,
                                  .animation = "animation.png",
                                  .samples = s->samples,
                                  .pictured = s->pictured,
                                  .gallery = s->gallery,
                                  .ways = s->ways,
                                  .facts = f.list,
                                  .fact_count = f.count});
}
