/* Where the buffers lie: those that are needed at the same time apart, others over each other. */
#include "sampler/sampler.h"

#include "core/alloc.h"
#include "core/threads.h"
#include "ops/table.h"

#include <string.h>

/* More than so much is not worth computing many images together. */
static const int64_t BYTES_AIM = 40 * 1024 * 1024;

enum { ALIGN = 16 }; /* elements */

typedef struct buffer {
    int64_t *at, size;
    size_t begin, end; /* the first and the last step that need it */
} buffer;

typedef struct placing {
    gan_sampler *s;
    buffer *buffers; /* by the place where they lie */
    size_t count;
    int64_t total;
} placing;

static int32_t root_of(const graph *g, int32_t index) {
    while (g->values[index].alias >= 0) index = g->values[index].alias;
    return index;
}

static int64_t aligned(int64_t count) { return (count + ALIGN - 1) / ALIGN * ALIGN; }

/* Into the lowest gap between those that are needed at the same time. */
static void place(placing *p, buffer b) {
    int64_t at = 0;
    b.size = aligned(b.size);
    for (size_t i = 0; i < p->count; i++) {
        const buffer *o = &p->buffers[i];
        if (o->end < b.begin || b.end < o->begin) continue;
        if (at + b.size <= *o->at) break;
        if (at < *o->at + o->size) at = *o->at + o->size;
    }
    *b.at = at;
    size_t i = p->count++;
    for (; i > 0 && *p->buffers[i - 1].at > at; i--) p->buffers[i] = p->buffers[i - 1];
    p->buffers[i] = b;
    if (at + b.size > p->total) p->total = at + b.size;
}

/* The last step that reads the value or what shares its elements. */
static size_t last_use(const gan_sampler *s, int32_t root, size_t from) {
    size_t last = from;
    for (size_t i = from; i < s->step_count; i++) {
        const step *t = &s->steps[i];
        int reads =
            t->kind != STEP_FORWARD && t->kind != STEP_DRAW && root_of(&s->graph, t->in) == root;
        for (int32_t k = 0; t->node && k < t->node->inputs; k++)
            reads |= root_of(&s->graph, t->node->in[k]) == root;
        if (reads) last = i;
    }
    return last;
}

static int64_t stats_size(const step *t) {
    if (!t->node || (t->node->op != OP_normalize && t->node->op != OP_norm_affine)) return 0;
    return 3 * t->node->attr.i[0] * t->node->attr.i[2];
}

static void place_step(placing *p, size_t i) {
    gan_sampler *s = p->s;
    step *t = &s->steps[i];
    if (t->kind != STEP_EMIT) {
        value *v = &s->graph.values[t->out];
        place(p, (buffer){&v->at, s->images * shape_size(&v->shape), i, last_use(s, t->out, i)});
    }
    if (t->conv.workspace) place(p, (buffer){&t->workspace_at, t->conv.workspace, i, i});
    if (stats_size(t)) place(p, (buffer){&t->stats_at, stats_size(t), i, i});
}

static void place_all(placing *p) {
    p->count = 0;
    p->total = 0;
    for (size_t i = 0; i < p->s->step_count; i++) place_step(p, i);
}

/* For fewer images at once the convolutions' workspaces are smaller. */
static void halve_images(gan_sampler *s) {
    s->images /= 2;
    for (size_t i = 0; i < s->step_count; i++) {
        step *t = &s->steps[i];
        const conv_geom geom = t->conv.geom;
        if (t->kind == STEP_CONV) frozen_plan(s->ctx, &geom, t->conv.forward, s->images, &t->conv);
    }
}

static int64_t scratch_size(const gan_sampler *s) {
    int64_t most = 0;
    for (size_t i = 0; i < s->step_count; i++)
        if (s->steps[i].conv.scratch > most) most = s->steps[i].conv.scratch;
    return most * parallel_workers(s->ctx);
}

int32_t place_buffers(gan_sampler *s) {
    graph *g = &s->graph;
    placing p = {.s = s};
    p.buffers = arena_alloc_array(s->ctx, 2 * s->step_count, sizeof *p.buffers);
    if (!p.buffers) return GAN_ENOMEM;
    place_all(&p);
    while (s->images > 1 && p.total > BYTES_AIM / (int64_t)sizeof(real)) {
        halve_images(s);
        place_all(&p);
    }
    arena_free(s->ctx, p.buffers);
    for (size_t i = 0; i < g->value_count; i++)
        g->values[i].at = g->values[root_of(g, (int32_t)i)].at;
    s->memory = arena_alloc_array(s->ctx, (size_t)p.total, sizeof(real));
    s->scratch = arena_alloc_array(s->ctx, (size_t)scratch_size(s), sizeof(real));
    return s->memory && s->scratch ? GAN_OK : GAN_ENOMEM;
}
