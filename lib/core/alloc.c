#include "core/alloc.h"

#include "core/context.h"
#include "core/error.h"

#include <string.h>

enum { ALIGN = 64 };

/* In front of every block, in an aligned slot of its own. */
typedef struct arena_block {
    void *raw; /* what the host's allocator returned */
    uint64_t held;
    struct arena_block *next; /* in the cache */
    int32_t class;
} arena_block;

/* Size classes: sixteen a doubling, from 128 bytes. Most large blocks are a power of two and a
 * header: at most a sixteenth of a block is slack. */
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

static void give_back(gan_context *ctx, arena_block *block) {
    arena *a = &ctx->arena;
    a->free(a->user, block->raw);
}

static arena_block *from_host(gan_context *ctx, int32_t class) {
    arena *a = &ctx->arena;
    uint64_t bytes = class_bytes(class);
    if (a->limit && a->live + a->cached + bytes > a->limit) arena_trim(ctx);
    if (a->limit && a->live + a->cached + bytes > a->limit) return NULL;
    void *raw = a->alloc(a->user, bytes);
    if (!raw && a->cached) {
        arena_trim(ctx);
        raw = a->alloc(a->user, bytes);
    }
    if (!raw) return NULL;
    a->host_allocs++;
    uintptr_t at = ((uintptr_t)raw + ALIGN - 1) & ~(uintptr_t)(ALIGN - 1);
    arena_block *block = (arena_block *)at;
    *block = (arena_block){.raw = raw, .held = bytes, .class = class};
    return block;
}

void *arena_alloc(gan_context *ctx, size_t bytes) {
    arena *a = &ctx->arena;
    arena_block *block = NULL;
    if (bytes <= SIZE_MAX / 4) {
        int32_t class = class_of((uint64_t)bytes + 2 * ALIGN);
        block = a->cache[class];
        if (block) {
            a->cache[class] = block->next;
            a->cached -= block->held;
        } else {
            block = from_host(ctx, class);
        }
    }
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
    if (!a->keep) {
        give_back(ctx, block);
        return;
    }
    block->next = a->cache[block->class];
    a->cache[block->class] = block;
    a->cached += block->held;
}

void arena_trim(gan_context *ctx) {
    arena *a = &ctx->arena;
    for (int32_t c = 0; c < ARENA_CLASSES; c++) {
        while (a->cache[c]) {
            arena_block *block = a->cache[c];
            a->cache[c] = block->next;
            a->cached -= block->held;
            give_back(ctx, block);
        }
    }
}
