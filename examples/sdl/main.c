/* A wall of generated sprites that turns its pages, at 60 frames a second, with SDL2.
 *
 *     sdl --model generator.safetensors
 *
 * space: the next page; c: the next class; p: pause; escape: the end.
 *
 * SPDX-License-Identifier: MIT */
#define SDL_MAIN_HANDLED
#include "wall.h"

#include "common/options.h"
#include "common/program.h"
#include "common/progress.h"

#include <gan.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { RATE = 60, GAP = 4 };

typedef struct settings {
    const char *model, *screenshot;
    int64_t seed, class, columns, rows, zoom, frames, threads;
    double budget, hold; /* milliseconds of a frame, seconds of a page */
} settings;

typedef struct show {
    const settings *s;
    SDL_Window *window;
    SDL_Renderer *renderer;
    gan_sampler *sampler;
    wall wall;
    int32_t label;
    uint64_t seed;
    int paused, ended;
} show;

/* ---- beginning and end ----------------------------------------------------------------------- */

static int load_sampler(show *a) {
    char text[512] = "";
    gan_sampler_opts o;
    gan_sampler_opts_init(&o, sizeof o);
    o.threads = (int32_t)a->s->threads;
    o.error = text;
    o.error_bytes = sizeof text;
    return gan_sampler_load(a->s->model, &o, &a->sampler) < 0 ? fail("%s", text) : 0;
}

static int fail_sdl(void) { return fail("%s", SDL_GetError()); }

static int fail_wall(const show *a) {
    const char *text = gan_sampler_error(a->sampler);
    return *text ? fail("%s", text) : fail_sdl();
}

static int open_window(show *a) {
    gan_sampler_info info = {.struct_size = sizeof info};
    gan_sampler_describe(a->sampler, &info);
    const int64_t width = a->s->columns * (a->s->zoom * info.width + GAP);
    const int64_t height = a->s->rows * (a->s->zoom * info.height + GAP);
    if (width > 16384 || height > 16384) return fail("a wall of so many pixels fits no window");
    SDL_SetMainReady();
    SDL_SetHint(SDL_HINT_RENDER_SCALE_QUALITY, "nearest");
    if (SDL_Init(SDL_INIT_VIDEO)) return fail_sdl();
    a->window = SDL_CreateWindow("libgan: a wall of sprites", SDL_WINDOWPOS_CENTERED,
                                 SDL_WINDOWPOS_CENTERED, (int)width, (int)height, 0);
    if (!a->window) return fail_sdl();
    a->renderer = SDL_CreateRenderer(a->window, -1, 0);
    if (!a->renderer) return fail_sdl();
    return wall_open(&a->wall, a->renderer, a->sampler, (int)a->s->columns, (int)a->s->rows)
               ? fail_sdl()
               : 0;
}

static void close_all(show *a) {
    if (a->wall.sampler) wall_close(&a->wall);
    gan_sampler_free(a->sampler);
    if (a->renderer) SDL_DestroyRenderer(a->renderer);
    if (a->window) SDL_DestroyWindow(a->window);
    SDL_Quit();
}

/* ---- a frame --------------------------------------------------------------------------------- */

static void next_page(show *a) {
    wall_turn(&a->wall, a->seed, a->label);
    a->seed += (uint64_t)(a->s->columns * a->s->rows);
}

static void next_class(show *a) {
    if (++a->label >= a->wall.info.classes) a->label = -1;
    next_page(a);
}

static void take_events(show *a) {
    SDL_Event e;
    while (SDL_PollEvent(&e)) {
        if (e.type == SDL_QUIT) a->ended = 1;
        if (e.type != SDL_KEYDOWN) continue;
        switch (e.key.keysym.sym) {
        case SDLK_ESCAPE:
            a->ended = 1;
            break;
        case SDLK_SPACE:
            next_page(a);
            break;
        case SDLK_c:
            next_class(a);
            break;
        case SDLK_p:
            a->paused = !a->paused;
            break;
        default:
            break;
        }
    }
}

/* Where a sprite is in the window. */
static SDL_Rect place(const show *a, int column, int row) {
    const int w = (int)a->s->zoom * a->wall.info.width, h = (int)a->s->zoom * a->wall.info.height;
    return (SDL_Rect){column * (w + GAP) + GAP / 2, row * (h + GAP) + GAP / 2, w, h};
}

static void draw(show *a) {
    SDL_SetRenderDrawColor(a->renderer, 38, 59, 46, 255);
    SDL_RenderClear(a->renderer);
    const int w = a->wall.info.width, h = a->wall.info.height;
    for (int column = 0; column < a->wall.columns; column++)
        for (int row = 0; row < a->wall.rows; row++) {
            const SDL_Rect from = {column * w, row * h, w, h}, to = place(a, column, row);
            SDL_RenderCopy(a->renderer, a->wall.pages[0].texture, &from, &to);
        }
}

/* ---- the picture ----------------------------------------------------------------------------- */

/* Bytes of RGB as a PNG by libgan, whose pictures are tensors. */
static int write_png(const char *path, const uint8_t *rgb, int64_t width, int64_t height) {
    gan_context *ctx = NULL;
    const int64_t size = width * height * 3, shape[] = {1, height, width, 3};
    float *values = malloc((size_t)size * sizeof *values);
    if (!values || gan_context_create(NULL, &ctx) < 0) {
        free(values);
        return fail("there is no memory for a picture");
    }
    for (int64_t i = 0; i < size; i++) values[i] = (float)rgb[i];
    gan_tensor *picture = gan_from_floats(ctx, values, shape, 4);
    const int code =
        gan_png_write_grid(picture, path, 1, 0, 0, 255) < 0 ? fail("%s", gan_last_error(ctx)) : 0;
    gan_context_destroy(ctx); /* and with it the picture, which is its scope's */
    free(values);
    return code;
}

static void print_sprites(const show *a) {
    const page *p = &a->wall.pages[0];
    for (int column = 0; column < a->wall.columns; column++)
        for (int row = 0; row < a->wall.rows; row++) {
            const SDL_Rect to = place(a, column, row);
            printf("sprite %llu %d at %d %d times %d\n",
                   (unsigned long long)p->seed + (unsigned)(column * a->wall.rows + row), p->label,
                   to.x, to.y, (int)a->s->zoom);
        }
}

/* What was drawn, before it is shown; and which sprites: seed, class, place, zoom. */
static int take_picture(show *a) {
    int width, height;
    if (SDL_GetRendererOutputSize(a->renderer, &width, &height)) return fail_sdl();
    uint8_t *rgb = malloc((size_t)width * (size_t)height * 3);
    int code =
        !rgb || SDL_RenderReadPixels(a->renderer, NULL, SDL_PIXELFORMAT_RGB24, rgb, width * 3);
    code = code ? fail_sdl() : write_png(a->s->screenshot, rgb, width, height);
    free(rgb);
    if (!code) print_sprites(a);
    return code;
}

/* ---- the loop -------------------------------------------------------------------------------- */

enum { KEPT = 65536 }; /* frame times, the last so many */

static int by_size(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void tell(const show *a, double *times, int64_t n, double seconds) {
    const int64_t kept = n < KEPT ? n : KEPT;
    if (n < 1) return;
    qsort(times, (size_t)kept, sizeof *times, by_size);
    printf("%lld frames in %.2f s, %.1f a second; 99th percentile of frame time %.2f ms, longest "
           "%.2f ms; %lld pages painted\n",
           (long long)n, seconds, (double)n / seconds, 1e3 * times[(kept * 99 + 99) / 100 - 1],
           1e3 * times[kept - 1], (long long)a->wall.painted);
}

/* Sleeps until the time for the next frame, and returns it; a late frame moves those after it. */
static double wait_for(double due) {
    const double now = wall_seconds();
    if (now > due) return now;
    SDL_Delay((uint32_t)(1e3 * (due - now)));
    return due;
}

static int run(show *a) {
    static double times[KEPT];
    const double began = wall_seconds();
    double due = began, turned = began - a->s->hold;
    int64_t n = 0;
    while (!a->ended && !stop_signal) {
        const double start = wall_seconds();
        take_events(a);
        if (!a->paused && wall_is_whole(&a->wall) && start >= turned + a->s->hold) next_page(a);
        const int code = wall_step(&a->wall, (int64_t)(1e3 * a->s->budget));
        if (code < 0) return fail_wall(a);
        if (code) turned = start;
        draw(a);
        SDL_RenderPresent(a->renderer);
        times[n++ % KEPT] = wall_seconds() - start;
        if (n == a->s->frames) a->ended = 1;
        due = wait_for(due + 1.0 / RATE);
    }
    tell(a, times, n, wall_seconds() - began);
    if (!*a->s->screenshot) return 0;
    draw(a);
    return take_picture(a);
}

int main(int argc, char **argv) {
    settings s = {.model = "",
                  .screenshot = "",
                  .seed = 1,
                  .class = -1,
                  .columns = 12,
                  .rows = 7,
                  .zoom = 2,
                  .threads = 1,
                  .budget = 4,
                  .hold = 1.5};
    const option_row rows[] = {
        {"model", OPTION_TEXT, &s.model, 0, 0, "generator.safetensors of a run; else $GAN_MODEL"},
        {"seed", OPTION_INTEGER, &s.seed, 0, 1e15, "of the first sprite"},
        {"class", OPTION_INTEGER, &s.class, -1, 1e6, "of the sprites; -1: any"},
        {"columns", OPTION_INTEGER, &s.columns, 1, 64, "of sprites"},
        {"rows", OPTION_INTEGER, &s.rows, 1, 64, "of sprites"},
        {"zoom", OPTION_INTEGER, &s.zoom, 1, 16, "pixels of the window a pixel"},
        {"budget", OPTION_NUMBER, &s.budget, 0, 1000, "milliseconds of a frame for the sampler"},
        {"hold", OPTION_NUMBER, &s.hold, 0, 1e6, "seconds a page stays before the next is begun"},
        {"threads", OPTION_INTEGER, &s.threads, 0, 256, "of the sampler; 0 = one per core"},
        {"frames", OPTION_INTEGER, &s.frames, 0, 1e12, "after which it ends; 0: it does not"},
        {"screenshot", OPTION_TEXT, &s.screenshot, 0, 0, "PNG file of the last frame"},
    };
    const option_table table = {"sdl", "shows a wall of generated sprites", rows,
                                sizeof rows / sizeof *rows};
    if (getenv("GAN_MODEL")) s.model = getenv("GAN_MODEL");
    int code = options_read(&table, argc, argv);
    if (code >= 0) return code;
    if (!*s.model) return fail_usage("--model FILE is missing; see --help");
    catch_signals();
    show a = {.s = &s, .seed = (uint64_t)s.seed};
    code = load_sampler(&a);
    a.label = a.sampler ? (int32_t)s.class : -1;
    if (!code) code = open_window(&a);
    if (!code) code = run(&a);
    close_all(&a);
    return code;
}
