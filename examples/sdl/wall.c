/* SPDX-License-Identifier: MIT */
#include "wall.h"

#include <stdlib.h>

static SDL_Texture *make_texture(SDL_Renderer *renderer, int width, int height) {
    /* The order of bytes that most drivers have themselves. */
    SDL_Texture *t = SDL_CreateTexture(renderer, SDL_PIXELFORMAT_BGRA32,
                                       SDL_TEXTUREACCESS_STREAMING, width, height);
    void *pixels;
    int pitch;
    if (!t) return NULL;
    if (SDL_SetTextureBlendMode(t, SDL_BLENDMODE_BLEND) ||
        SDL_LockTexture(t, NULL, &pixels, &pitch)) {
        SDL_DestroyTexture(t);
        return NULL;
    }
    SDL_memset(pixels, 0, (size_t)pitch * (size_t)height);
    SDL_UnlockTexture(t);
    return t;
}

int wall_open(wall *w, SDL_Renderer *renderer, gan_sampler *sampler, int columns, int rows) {
    *w = (wall){.sampler = sampler, .columns = columns, .rows = rows, .column = columns};
    w->info.struct_size = sizeof w->info;
    gan_sampler_describe(sampler, &w->info);
    w->labels = malloc((size_t)rows * sizeof *w->labels);
    for (int i = 0; i < 2; i++)
        w->pages[i].texture =
            make_texture(renderer, columns * w->info.width, rows * w->info.height);
    return w->labels && w->pages[0].texture && w->pages[1].texture ? 0 : -1;
}

/* The sampler may not touch the column's memory when it is unlocked. */
static void give_up(wall *w) {
    gan_sampler_cancel(w->sampler);
    if (w->locked) SDL_UnlockTexture(w->pages[1].texture);
    w->locked = 0;
}

void wall_close(wall *w) {
    give_up(w);
    for (int i = 0; i < 2; i++)
        if (w->pages[i].texture) SDL_DestroyTexture(w->pages[i].texture);
    free(w->labels);
}

void wall_turn(wall *w, uint64_t seed, int32_t label) {
    give_up(w);
    w->pages[1].seed = seed;
    w->pages[1].label = label;
    for (int i = 0; i < w->rows; i++) w->labels[i] = label;
    w->column = 0;
}

/* Locks a column of the hidden page, and asks for its sprites. The rows of a locked part are as far
 * from each other as those of the whole texture: that is the pitch. */
static int begin_column(wall *w) {
    const SDL_Rect part = {w->column * w->info.width, 0, w->info.width, w->rows * w->info.height};
    page *hidden = &w->pages[1];
    void *pixels;
    int pitch;
    if (SDL_LockTexture(hidden->texture, &part, &pixels, &pitch)) return -1;
    w->locked = 1;
    gan_sampler_request r;
    gan_sampler_request_init(&r, sizeof r);
    r.n = w->rows;
    r.columns = 1;
    r.seed = hidden->seed + (uint64_t)(w->column * w->rows);
    r.labels = hidden->label < 0 ? NULL : w->labels;
    r.flags = GAN_PIXELS_BGRA;
    r.alpha_threshold = 128;
    r.colors = 16;
    r.rgba = pixels;
    r.width = part.w;
    r.height = part.h;
    r.pitch = (size_t)pitch;
    return gan_sampler_begin(w->sampler, &r) < 0 ? -1 : 0;
}

static void show_hidden(wall *w) {
    const page shown = w->pages[0];
    w->pages[0] = w->pages[1];
    w->pages[1] = shown;
    w->painted++;
}

int wall_is_whole(const wall *w) { return w->column == w->columns; }

int wall_step(wall *w, int64_t budget_us) {
    if (wall_is_whole(w)) return 0;
    if (!w->locked && begin_column(w)) return -1;
    const int32_t done = gan_sampler_step(w->sampler, budget_us);
    if (done <= 0) return done;
    SDL_UnlockTexture(w->pages[1].texture); /* uploads the column */
    w->locked = 0;
    if (++w->column < w->columns) return 0;
    show_hidden(w);
    return 1;
}
