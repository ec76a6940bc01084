/* A wall of generated sprites in two textures of SDL: one is shown, while the sampler paints the
 * other, column by column, into the memory that SDL_LockTexture gives.
 *
 * SPDX-License-Identifier: MIT */
#ifndef SDL_WALL_H
#define SDL_WALL_H

#include <SDL.h>
#include <gan/sampler.h>

typedef struct page {
    SDL_Texture *texture;
    uint64_t seed; /* of its first sprite; sprite (column, row) has seed + column * rows + row */
    int32_t label; /* of all its sprites, or -1: any                                           */
} page;

typedef struct wall {
    gan_sampler *sampler;
    gan_sampler_info info;
    page pages[2];      /* the one that is shown, the one that is painted */
    int columns, rows;  /* of sprites                                     */
    int32_t *labels;    /* (rows), what a request points to               */
    int column, locked; /* that is next or under way                      */
    int64_t painted;    /* pages so far                                   */
} wall;

/* The textures for a loaded sampler; both are clear. -1 after an error of SDL's; it is closed all
 * the same. */
int wall_open(wall *w, SDL_Renderer *renderer, gan_sampler *sampler, int columns, int rows);
void wall_close(wall *w);

/* Begins another page; what was under way is given up. label -1: any. */
void wall_turn(wall *w, uint64_t seed, int32_t label);

/* Whether no page is under way. */
int wall_is_whole(const wall *w);

/* Works on the hidden page for about budget_us. 1: it is whole, and shown from now on; 0: not yet,
 * or there is nothing to do; -1: an error of the sampler's or SDL's. */
int wall_step(wall *w, int64_t budget_us);

#endif
