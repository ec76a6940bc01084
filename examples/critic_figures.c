/* What clipping and the gradient penalty make of a critic: Figure 1 of Gulrajani et al. 2017,
 * "Improved Training of Wasserstein GANs", as numbers and as one picture of value surfaces.
 *
 * As there, critics are trained while the generator stays where it is: its samples are real points
 * with noise N(0, I) added. The upper half of the table is of critics of three hidden layers on
 * three distributions, the lower half of twelve on the swiss roll.
 *
 * SPDX-License-Identifier: MIT */
#include "common/mixture.h"
#include "common/options.h"
#include "common/program.h"
#include "common/progress.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    SHALLOW = 3, /* hidden layers */
    DEEP = 12,
    SIDE = 128,    /* points of a surface a row         */
    LEVELS = 12,   /* bands of values                   */
    SHOWN = 400,   /* real points on a surface          */
    PROBES = 1024, /* points where gradients are looked at */
    MAX_TRIALS = 16
};

static const double EXTENT = 3; /* surfaces are of [-3, 3]^2, rows from above */

/* ---- a critic -------------------------------------------------------------------------------- */

typedef struct trial {
    mixture *data;
    double scale; /* of its points, as in the code of the paper */
    int depth;
    double clip; /* bound of the weights, 0: gradient penalty */
    /* what came out */
    double at_bound;     /* share of the weights beyond 0.99 of the bound                       */
    double norm;         /* mean norm of the gradient between real and fake                     */
    double slope;        /* of log10 of the layers' gradient norms, a layer nearer to the score */
    double linear;       /* R^2 of a plane through the values at the centres                    */
    double curved;       /* the same of a paraboloid                                            */
    double peaks;        /* centres above their eight neighbours of half a step                 */
    float (*surface)[3]; /* SIDE x SIDE colours, or NULL */
} trial;

typedef struct settings {
    const char *out;
    int64_t steps, deep_steps, width, batch, seed, threads;
    double lambda;
} settings;

typedef struct critic {
    gan_context *ctx;
    const settings *s;
    const trial *t;
    gan_module *net;
    gan_module *layers[DEEP + 1]; /* the dense ones */
    gan_optimizer *optimizer;
} critic;

static int32_t critic_build(critic *c) {
    int32_t status = gan_sequential_create(c->ctx, &c->net);
    if (status < 0) return status;
    for (int i = 0; i <= c->t->depth; i++) {
        int64_t in = i ? c->s->width : 2, out = i < c->t->depth ? c->s->width : 1;
        c->layers[i] = gan_add_dense(c->net, NULL, in, out, 1);
        if (i < c->t->depth) gan_add_relu(c->net, NULL);
    }
    return gan_module_init(c->net, GAN_INIT_HE_UNIFORM, sqrt(2));
}

/* The rates of the code: RMSProp 5e-5 with clipping, Adam 1e-4 (0.5, 0.9) with the penalty. */
static int32_t critic_optimizer(critic *c) {
    if (c->t->clip > 0) {
        gan_rmsprop_opts rmsprop;
        gan_rmsprop_opts_init(&rmsprop, sizeof rmsprop);
        rmsprop.lr = 5e-5;
        return gan_rmsprop_create(c->net, &rmsprop, &c->optimizer);
    }
    gan_adam_opts adam;
    gan_adam_opts_init(&adam, sizeof adam);
    adam.lr = 1e-4;
    adam.beta1 = 0.5;
    adam.beta2 = 0.9;
    return gan_adam_create(c->net, &adam, &c->optimizer);
}

/* n real points and n of the generator, which are these with noise. */
static void draw(const critic *c, int64_t n, gan_tensor **real, gan_tensor **fake) {
    *real = gan_scale(mixture_draw(c->ctx, c->t->data, n), c->t->scale);
    *fake = gan_add(*real, gan_randn(c->ctx, (int64_t[]){n, 2}, 2));
}

static int32_t critic_step(critic *c) {
    gan_tensor *real, *fake;
    gan_penalty_opts opts;
    gan_penalty_opts_init(&opts, sizeof opts);
    opts.lambda = c->s->lambda;
    int64_t scope = gan_scope_begin(c->ctx);
    draw(c, c->s->batch, &real, &fake);
    gan_tensor *loss = gan_wasserstein_critic(gan_forward(c->net, real), gan_forward(c->net, fake));
    if (c->t->clip == 0)
        loss = gan_add(loss, gan_penalty_of(c->net, gan_interpolate(real, fake), &opts));
    int32_t status = gan_optimizer_minimize(c->optimizer, loss);
    if (status == GAN_OK && c->t->clip > 0) status = gan_module_clip(c->net, c->t->clip, 0);
    gan_scope_end(c->ctx, scope);
    return status;
}

/* ---- least squares --------------------------------------------------------------------------- */

enum { TERMS = 6 }; /* 1, x, y; x^2, xy, y^2 */

/* Solves the n equations a x = b by elimination with pivots; leaves x in b. */
static void solve(int n, double a[TERMS][TERMS], double b[TERMS]) {
    for (int k = 0; k < n; k++) {
        int p = k;
        for (int i = k + 1; i < n; i++)
            if (fabs(a[i][k]) > fabs(a[p][k])) p = i;
        for (int j = 0; j < n; j++) {
            double t = a[k][j];
            a[k][j] = a[p][j];
            a[p][j] = t;
        }
        double t = b[k];
        b[k] = b[p];
        b[p] = t;
        for (int i = 0; i < n; i++) {
            if (i == k) continue;
            double f = a[i][k] / a[k][k];
            for (int j = k; j < n; j++) a[i][j] -= f * a[k][j];
            b[i] -= f * b[k];
        }
    }
    for (int k = 0; k < n; k++) b[k] /= a[k][k];
}

/* R^2 of the best sum of the first `terms` terms for values at n points. */
static double fit(int terms, const float (*xy)[2], const float *value, int n) {
    double a[TERMS][TERMS] = {{0}}, b[TERMS] = {0}, mean = 0, residual = 0, total = 0;
    double(*row)[TERMS] = malloc((size_t)n * sizeof *row);
    if (!row) return NAN;
    for (int i = 0; i < n; i++) {
        double x = xy[i][0], y = xy[i][1];
        const double term[TERMS] = {1, x, y, x * x, x * y, y * y};
        for (int j = 0; j < terms; j++) {
            row[i][j] = term[j];
            for (int k = 0; k < terms; k++) a[j][k] += term[j] * term[k];
            b[j] += term[j] * value[i];
        }
        mean += value[i] / (double)n;
    }
    solve(terms, a, b);
    for (int i = 0; i < n; i++) {
        double e = value[i];
        for (int j = 0; j < terms; j++) e -= b[j] * row[i][j];
        residual += e * e;
        total += (value[i] - mean) * (value[i] - mean);
    }
    free(row);
    return 1 - residual / total;
}

/* ---- measures -------------------------------------------------------------------------------- */

static int32_t values_at(const critic *c, const float (*xy)[2], int64_t n, float *value) {
    int64_t scope = gan_scope_begin(c->ctx);
    gan_recording(c->ctx, 0);
    gan_tensor *points = gan_from_floats(c->ctx, &xy[0][0], (int64_t[]){n, 2}, 2);
    int32_t status = gan_tensor_read(gan_forward(c->net, points), value, n);
    gan_recording(c->ctx, 1);
    gan_scope_end(c->ctx, scope);
    return status;
}

static void measure_weights(const critic *c, trial *t) {
    int64_t count = 0, at_bound = 0;
    for (size_t i = 0; i < gan_module_parameter_count(c->net); i++) {
        gan_tensor *w = gan_module_parameter(c->net, i);
        if (gan_tensor_rank(w) < 2) continue;
        for (int64_t k = 0; k < gan_tensor_size(w); k++)
            at_bound += fabsf(gan_tensor_data(w)[k]) > 0.99 * t->clip;
        count += gan_tensor_size(w);
    }
    t->at_bound = t->clip > 0 ? (double)at_bound / (double)count : NAN;
}

static int32_t measure_norm(const critic *c, trial *t) {
    gan_tensor *real, *fake;
    draw(c, PROBES, &real, &fake);
    gan_tensor *points = gan_interpolate(real, fake);
    gan_tensor *g = gan_grad_of(gan_sum_all(gan_forward(c->net, points)), points, 0);
    return gan_tensor_item(gan_mean_all(gan_l2_norm(g)), &t->norm);
}

static double norm_of(const gan_tensor *x) {
    double square = 0;
    for (int64_t i = 0; i < gan_tensor_size(x); i++)
        square += (double)gan_tensor_data(x)[i] * (double)gan_tensor_data(x)[i];
    return sqrt(square);
}

/* Of the line of least squares. */
static double slope_of(const double *x, const double *y, int n) {
    double mean_x = 0, mean_y = 0, above = 0, below = 0;
    for (int i = 0; i < n; i++) {
        mean_x += x[i] / n;
        mean_y += y[i] / n;
    }
    for (int i = 0; i < n; i++) {
        above += (x[i] - mean_x) * (y[i] - mean_y);
        below += (x[i] - mean_x) * (x[i] - mean_x);
    }
    return above / below;
}

/* Norms of the gradients of the loss by the hidden layers' activations, of the batch as a whole;
 * the slope of their logarithm over the layers. */
static int32_t measure_slope(const critic *c, trial *t) {
    gan_tensor *real, *fake, *hidden[DEEP], *grads[DEEP];
    draw(c, PROBES, &real, &fake);
    gan_tensor *x = gan_concat((gan_tensor *[]){real, fake}, 2, 0);
    for (int i = 0; i < t->depth; i++) x = hidden[i] = gan_relu(gan_forward(c->layers[i], x));
    gan_tensor *score = gan_forward(c->layers[t->depth], x);
    const int64_t half[] = {PROBES, 1}, first[] = {0, 0}, second[] = {PROBES, 0};
    gan_tensor *loss =
        gan_wasserstein_critic(gan_slice(score, first, half), gan_slice(score, second, half));
    int32_t status = gan_grad(loss, hidden, (size_t)t->depth, 0, grads);
    if (status < 0) return status;
    double at[DEEP], norm[DEEP];
    int n = 0;
    for (int i = 0; i < t->depth; i++) {
        at[n] = i;
        norm[n] = log10(norm_of(grads[i]));
        n += isfinite(norm[n]) != 0; /* where float does not underflow */
        gan_tensor_unref(grads[i]);
    }
    t->slope = slope_of(at, norm, n);
    return GAN_OK;
}

/* How the values at the grid's centres go on between them. */
static int32_t measure_centres(const critic *c, trial *t) {
    enum { AROUND = 9, MOST = 25 };
    float xy[MOST * AROUND][2], value[MOST * AROUND], centre[MOST][2], at_centre[MOST];
    int n = t->data->centres;
    for (int i = 0; i < n; i++)
        for (int k = 0; k < AROUND; k++) {
            double at[2];
            mixture_centre(t->data, i, at);
            at[0] += k % 3 - 1; /* the centres' step is 2 */
            at[1] += k / 3 - 1;
            for (int axis = 0; axis < 2; axis++)
                xy[i * AROUND + k][axis] = (float)(t->scale * at[axis]);
        }
    int32_t status = values_at(c, xy, (int64_t)n * AROUND, value);
    if (status < 0) return status;
    t->peaks = 0;
    for (int i = 0; i < n; i++) {
        const float *around = value + i * AROUND, here = around[AROUND / 2];
        int higher = 0;
        for (int k = 0; k < AROUND; k++) higher += around[k] >= here;
        t->peaks += higher == 1; /* itself */
        at_centre[i] = here;
        for (int axis = 0; axis < 2; axis++) centre[i][axis] = xy[i * AROUND + AROUND / 2][axis];
    }
    t->linear = fit(3, (const float(*)[2])centre, at_centre, n);
    t->curved = fit(TERMS, (const float(*)[2])centre, at_centre, n);
    return status;
}

/* ---- surfaces -------------------------------------------------------------------------------- */

/* Where a pixel is in the plane, and the other way round; -1: outside. */
static float place_of(int pixel) { return (float)(EXTENT * (2 * (pixel + 0.5) / SIDE - 1)); }
static int pixel_of(double place) {
    double at = floor((place / EXTENT + 1) / 2 * SIDE);
    return at >= 0 && at < SIDE ? (int)at : -1;
}

/* Bands of values from blue to yellow, lines between them; real points are red. */
static int32_t draw_surface(const critic *c, trial *t) {
    static float xy[SIDE * SIDE][2], value[SIDE * SIDE], point[SHOWN][2];
    float lo = INFINITY, hi = -INFINITY;
    for (int i = 0; i < SIDE * SIDE; i++) {
        xy[i][0] = place_of(i % SIDE);
        xy[i][1] = -place_of(i / SIDE);
    }
    int32_t status = values_at(c, (const float(*)[2])xy, SIDE * SIDE, value);
    if (status < 0) return status;
    for (int i = 0; i < SIDE * SIDE; i++) {
        lo = fminf(lo, value[i]);
        hi = fmaxf(hi, value[i]);
    }
    for (int i = 0; i < SIDE * SIDE; i++) value[i] = LEVELS * (value[i] - lo) / (hi - lo);
    for (int i = 0; i < SIDE * SIDE; i++) {
        float v = fminf(floorf(value[i]), LEVELS - 1) / (LEVELS - 1);
        int right = i % SIDE < SIDE - 1 ? i + 1 : i, under = i + SIDE < SIDE * SIDE ? i + SIDE : i;
        int edge =
            floorf(value[right]) != floorf(value[i]) || floorf(value[under]) != floorf(value[i]);
        float light = edge ? 0.6F : 1;
        t->surface[i][0] = light * (0.15F + 0.8F * v);
        t->surface[i][1] = light * (0.2F + 0.65F * v);
        t->surface[i][2] = light * (0.55F - 0.25F * v);
    }
    gan_tensor *real = gan_scale(mixture_draw(c->ctx, t->data, SHOWN), t->scale);
    status = gan_tensor_read(real, &point[0][0], 2 * SHOWN);
    for (int i = 0; i < SHOWN && status == GAN_OK; i++) {
        int x = pixel_of(point[i][0]), y = pixel_of(-(double)point[i][1]);
        if (x < 0 || y < 0) continue;
        float *colour = t->surface[y * SIDE + x];
        colour[0] = 0.9F;
        colour[1] = colour[2] = 0.1F;
    }
    return status;
}

/* ---- trials ---------------------------------------------------------------------------------- */

static int32_t measure(const critic *c, trial *t) {
    int64_t scope = gan_scope_begin(c->ctx);
    int32_t status = measure_norm(c, t);
    measure_weights(c, t);
    if (status == GAN_OK) status = measure_slope(c, t);
    if (status == GAN_OK && t->data == &mixtures[MIXTURE_GRID]) status = measure_centres(c, t);
    if (status == GAN_OK && t->surface) status = draw_surface(c, t);
    gan_scope_end(c->ctx, scope);
    return status;
}

static void trial_name(const trial *t, char text[32]) {
    if (t->clip > 0)
        snprintf(text, 32, "clipped to %g", t->clip);
    else
        snprintf(text, 32, "gradient penalty");
}

/* Trains and measures; `part` of all trials are over. */
static int32_t play(trial *t, const settings *s, progress *bar, double part, double share) {
    char name[32], text[80];
    trial_name(t, name);
    snprintf(text, sizeof text, "%s, %d layers, %s", t->data->name, t->depth, name);
    gan_context_opts opts;
    gan_context_opts_init(&opts, sizeof opts);
    opts.seed = (uint64_t)s->seed;
    opts.threads = (int32_t)s->threads;
    critic c = {.s = s, .t = t};
    int32_t status = gan_context_create(&opts, &c.ctx);
    if (status < 0) return status;
    int64_t steps = t->depth == DEEP ? s->deep_steps : s->steps;
    status = critic_build(&c);
    if (status == GAN_OK) status = critic_optimizer(&c);
    for (int64_t i = 0; i < steps && status == GAN_OK; i++) {
        status = critic_step(&c);
        progress_show(bar, part + share * (double)i / (double)steps, text);
    }
    if (status == GAN_OK) status = measure(&c, t);
    if (status < 0) fail("%s: %s", text, gan_last_error(c.ctx));
    gan_optimizer_unref(c.optimizer);
    gan_module_unref(c.net);
    gan_context_destroy(c.ctx);
    return status;
}

static void print_number(double x, int width, const char *format) {
    char text[32] = "-";
    if (isfinite(x)) snprintf(text, sizeof text, format, x);
    printf("  %*s", width, text);
}

static void print_table(const trial *trials, int count) {
    printf("%-6s %6s  %-18s  %8s  %8s  %7s  %9s  %9s  %5s\n", "data", "layers", "critic",
           "at bound", "gradient", "slope", "linear R2", "curved R2", "peaks");
    for (int i = 0; i < count; i++) {
        const trial *t = &trials[i];
        char name[32];
        trial_name(t, name);
        printf("%-6s %6d  %-18s", t->data->name, t->depth, name);
        print_number(t->at_bound, 8, "%.3f");
        print_number(t->norm, 8, "%.3g");
        print_number(t->slope, 7, "%.3f");
        print_number(t->linear, 9, "%.3f");
        print_number(t->curved, 9, "%.3f");
        print_number(t->peaks, 5, "%.0f");
        putchar('\n');
    }
}

/* The surfaces of the first `count` trials, three a row. */
static int32_t write_surfaces(const float *surfaces, int count, const char *path) {
    gan_context *ctx;
    int32_t status = gan_context_create(NULL, &ctx);
    if (status < 0) return status;
    gan_tensor *images = gan_from_floats(ctx, surfaces, (int64_t[]){count, SIDE, SIDE, 3}, 4);
    status = gan_png_write_grid(images, path, MIXTURES, 4, 0, 1);
    if (status < 0) fail("%s", gan_last_error(ctx));
    gan_context_destroy(ctx);
    return status;
}

static int run(const settings *s) {
    /* 2 / 1.414, 1 / 2.828, and the roll as it is */
    static const double scales[MIXTURES] = {1.41421356, 0.35355339, 1};
    static const double clips[] = {0.1, 0.01, 0.001, 0};
    static float surfaces[2 * MIXTURES][SIDE * SIDE][3];
    trial trials[MAX_TRIALS];
    int count = 0;
    const trial none = {.linear = NAN, .curved = NAN, .peaks = NAN};
    for (int i = 0; i < 2 * MIXTURES; i++, count++) {
        trials[count] = none;
        trials[count].data = &mixtures[i % MIXTURES];
        trials[count].scale = scales[i % MIXTURES];
        trials[count].depth = SHALLOW;
        trials[count].clip = i < MIXTURES ? 0.01 : 0;
        trials[count].surface = surfaces[count];
    }
    for (size_t i = 0; i < sizeof clips / sizeof *clips; i++, count++) {
        trials[count] = none;
        trials[count].data = &mixtures[MIXTURE_ROLL];
        trials[count].scale = scales[MIXTURE_ROLL];
        trials[count].depth = DEEP;
        trials[count].clip = clips[i];
    }
    /* an empty picture first: a place that cannot be written is told at once */
    if (write_surfaces(&surfaces[0][0][0], 2 * MIXTURES, s->out) < 0) return 1;
    progress bar;
    progress_begin(&bar);
    int32_t status = GAN_OK;
    for (int i = 0; i < count && status == GAN_OK; i++)
        status = play(&trials[i], s, &bar, (double)i / count, 1.0 / count);
    if (status == GAN_OK) progress_show(&bar, 1, "done");
    progress_end(&bar);
    if (status == GAN_OK) status = write_surfaces(&surfaces[0][0][0], 2 * MIXTURES, s->out);
    if (status < 0) return 1;
    print_table(trials, count);
    return 0;
}

int main(int argc, char **argv) {
    settings s = {.out = "critics.png",
                  .steps = 2000,
                  .deep_steps = 1000,
                  .width = 128,
                  .batch = 256,
                  .seed = 1,
                  .threads = 1,
                  .lambda = 10};
    const option_row rows[] = {
        {"out", OPTION_TEXT, &s.out, 0, 0, "picture of the surfaces"},
        {"steps", OPTION_INTEGER, &s.steps, 1, 1e9, "of critics of three hidden layers"},
        {"deep-steps", OPTION_INTEGER, &s.deep_steps, 1, 1e9, "of critics of twelve"},
        {"width", OPTION_INTEGER, &s.width, 1, 4096, "units of a hidden layer"},
        {"batch", OPTION_INTEGER, &s.batch, 1, MIXTURE_POINTS, "real points a step"},
        {"lambda", OPTION_NUMBER, &s.lambda, 0, 1e9, "weight of the gradient penalty"},
        {"seed", OPTION_INTEGER, &s.seed, 0, 1e15, "of all random numbers"},
        {"threads", OPTION_INTEGER, &s.threads, 0, 256, "0 = one per core"},
    };
    const option_table table = {"critic_figures",
                                "shows what clipping and the gradient penalty do to critics", rows,
                                (int)(sizeof rows / sizeof *rows)};
    int code = options_read(&table, argc, argv);
    return code >= 0 ? code : run(&s);
}
