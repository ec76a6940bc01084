#include "core/alloc.h"

#include "core/context.h"
#include "core/error.h"

#include <string.h>

enum {
    ALIGN = 64,
    LARGE_CLASS = 9 * 16,   /* the last class of small blocks: 64 KiB */
    SPLIT_LEAST = 1 << 12,  /* a shorter rest stays with its block */
    REGION_LEAST = 1 << 20, /* and at least a quarter of what there is */
    REGION_SHARE = 4
};

/* In front of every block, in an aligned slot of its own. A small block is all that the host gave
 * in one call; large ones are the parts of a region. */
typedef struct arena_block {
    uint64_t held;                       /* with this header */
    struct arena_block *next, *previous; /* in the cache */
    struct arena_block *below, *above;   /* the neighbours in the region */
    void *raw;                           /* what the host returned, at the region's start */
    int32_t class, cached;
} arena_block;

_Static_assert(sizeof(arena_block) <= ALIGN, "the header's slot");

/* Size classes: sixteen a doubling, from 128 bytes. A small block has all of its class's bytes, so
 * at most a sixteenth is slack; a large one has what was asked for, and the class finds it. */
static int32_t class_of(uint64_t bytes) {
    if (bytes <= 128) return 0;
    int32_t top = 63 - __builtin_clzll(bytes - 1);
    return (top - 7) * 16 + (int32_t)(((bytes - 1) >> (top - 4)) & 15) + 1;
}

static uint64_t class_bytes(int32_t class) {
    if (class == 0) return 128;
    int32_t top = 7 + (class - 1) / 16;
    return (uint64_t)(17 + (class - 1) % 16) << (top - 4);
}

static uint64_t max_u64(uint64_t a, uint64_t b) { return a > b ? a : b; }

/* ---- the cache ------------------------------------------------------------------------------- */

/* Free parts of regions, however short, are kept apart from small blocks. */
static int32_t large_class(uint64_t bytes) {
    int32_t class = class_of(bytes);
    return class > LARGE_CLASS ? class : LARGE_CLASS + 1;
}

static void cache_put(arena *a, arena_block *block) {
    if (block->class > LARGE_CLASS) block->class = large_class(block->held);
    arena_block **list = &a->cache[block->class];
    block->previous = NULL;
    block->next = *list;
    if (block->next) block->next->previous = block;
    *list = block;
    block->cached = 1;
    a->cached += block->held;
}

static void cache_take(arena *a, arena_block *block) {
    if (block->next) block->next->previous = block->previous;
    if (block->previous)
        block->previous->next = block->next;
    else
        a->cache[block->class] = block->next;
    block->cached = 0;
    a->cached -= block->held;
}

/* The lowest block of the smallest class with one that fits: where a block comes to lie depends on
 * what is free and not on when it was freed, so that steps which repeat lie alike. */
static arena_block *cache_find(const arena *a, int32_t class, uint64_t bytes) {
    if (class <= LARGE_CLASS) return a->cache[class];
    arena_block *best = NULL;
    for (; class < ARENA_CLASSES && !best; class ++)
        for (arena_block *b = a->cache[class]; b; b = b->next)
            if (b->held >= bytes && (!best || b < best)) best = b;
    return best;
}

/* ---- parts of regions ------------------------------------------------------------------------ */

/* Cuts off and caches what a block that was taken has more than `bytes`. */
static void split(arena *a, arena_block *block, uint64_t bytes) {
    if (block->class <= LARGE_CLASS || block->held - bytes < SPLIT_LEAST) return;
    arena_block *rest = (arena_block *)(void *)((char *)block + bytes);
    *rest = (arena_block){
        .held = block->held - bytes, .below = block, .above = block->above, .class = block->class};
    if (rest->above) rest->above->below = rest;
    block->above = rest;
    block->held = bytes;
    cache_put(a, rest);
}

static void join(arena_block *low, const arena_block *high) {
    low->held += high->held;
    low->above = high->above;
    if (low->above) low->above->below = low;
}

/* A freed block and its free neighbours as one, which is returned. */
static arena_block *merge(arena *a, arena_block *block) {
    arena_block *above = block->above, *below = block->below;
    if (above && above->cached) {
        cache_take(a, above);
        join(block, above);
    }
    if (below && below->cached) {
        cache_take(a, below);
        join(below, block);
        block = below;
    }
    return block;
}

/* ---- the host -------------------------------------------------------------------------------- */

static int is_whole(const arena_block *block) { return !block->below && !block->above; }

static void give_back(arena *a, arena_block *block) {
    a->host -= block->held + ALIGN;
    a->free(a->user, block->raw);
}

static void *ask(arena *a, uint64_t bytes) {
    if (a->limit && a->host + bytes + ALIGN > a->limit) return NULL;
    return a->alloc(a->user, bytes + ALIGN);
}

/* A block of `bytes` or, of a large class, more: a region, whose end costs nothing until it is
 * written to. */
static arena_block *from_host(gan_context *ctx, int32_t class, uint64_t bytes) {
    arena *a = &ctx->arena;
    uint64_t held = bytes;
    if (class > LARGE_CLASS && a->keep)
        held =
            max_u64(bytes, max_u64(REGION_LEAST, a->host / REGION_SHARE & ~(uint64_t)(ALIGN - 1)));
    void *raw = ask(a, held);
    if (!raw && (a->cached || held > bytes)) {
        arena_trim(ctx);
        held = bytes;
        raw = ask(a, held);
    }
    if (!raw) return NULL;
    a->host_allocs++;
    a->host += held + ALIGN;
    uintptr_t at = ((uintptr_t)raw + ALIGN - 1) & ~(uintptr_t)(ALIGN - 1);
    arena_block *block = (arena_block *)at;
    *block = (arena_block){.raw = raw, .held = held, .class = class};
    return block;
}

/* ---- blocks ---------------------------------------------------------------------------------- */

static arena_block *take_block(gan_context *ctx, size_t bytes) {
    arena *a = &ctx->arena;
    if (bytes > SIZE_MAX / 4) return NULL;
    uint64_t held = ((uint64_t)bytes + 2 * ALIGN - 1) & ~(uint64_t)(ALIGN - 1);
    int32_t class = class_of(held);
    if (class <= LARGE_CLASS) held = class_bytes(class);
    arena_block *block = cache_find(a, class, held);
    if (block)
        cache_take(a, block);
    else
        block = from_host(ctx, class, held);
    if (block) split(a, block, held);
    return block;
}

void *arena_alloc(gan_context *ctx, size_t bytes) {
    arena *a = &ctx->arena;
    arena_block *block = take_block(ctx, bytes);
    if (!block) {
        error_set(ctx, GAN_ENOMEM, "out of memory: %zu bytes asked for, %llu in use", bytes,
                  (unsigned long long)a->live);
        return NULL;
    }
    a->live += block->held;
    if (a->live > a->peak) a->peak = a->live;
    return (char *)block + ALIGN;
}

void *arena_alloc_array(gan_context *ctx, size_t count, size_t size) {
    if (size && count > SIZE_MAX / 4 / size) return arena_alloc(ctx, SIZE_MAX);
    return arena_alloc(ctx, count * size);
}

void *arena_calloc(gan_context *ctx, size_t bytes) {
    void *block = arena_alloc(ctx, bytes);
    if (block) memset(block, 0, bytes);
    return block;
}

void *arena_grow(gan_context *ctx, void *block, size_t old_bytes, size_t new_bytes) {
    void *larger = arena_alloc(ctx, new_bytes);
    if (!larger) return NULL;
    if (old_bytes) memcpy(larger, block, old_bytes);
    arena_free(ctx, block);
    return larger;
}

void *arena_make_room(gan_context *ctx, void *array, size_t count, size_t *capacity, size_t size) {
    if (count < *capacity) return array;
    size_t wanted = *capacity ? 2 * *capacity : 8;
    void *larger = arena_grow(ctx, array, count * size, wanted * size);
    if (larger) *capacity = wanted;
    return larger;
}

char *arena_strdup(gan_context *ctx, const char *text) {
    size_t bytes = strlen(text) + 1;
    char *copy = arena_alloc(ctx, bytes);
    if (copy) memcpy(copy, text, bytes);
    return copy;
}

void arena_free(gan_context *ctx, void *memory) {
    if (!memory) return;
    arena *a = &ctx->arena;
    arena_block *block = (arena_block *)(void *)((char *)memory - ALIGN);
    a->live -= block->held;
    block = merge(a, block);
    if (a->keep || !is_whole(block))
        cache_put(a, block);
    else
        give_back(a, block);
}

void arena_trim(gan_context *ctx) {
    arena *a = &ctx->arena;
    for (int32_t c = 0; c < ARENA_CLASSES; c++) {
        for (arena_block *block = a->cache[c], *next; block; block = next) {
            next = block->next;
            if (!is_whole(block)) continue;
            cache_take(a, block);
            give_back(a, block);
        }
    }
}
