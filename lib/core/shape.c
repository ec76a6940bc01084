#include "core/shape.h"

#include "core/error.h"
#include "core/real.h"

#include <stdio.h>
#include <string.h>

shape shape_of(int32_t rank, const int64_t *dims) {
    shape s = {0};
    s.rank = rank;
    for (int32_t i = 0; i < rank; i++) s.dim[i] = dims[i];
    return s;
}

shape shape_scalar(void) { return shape_of(0, NULL); }

shape shape_1(int64_t a) { return shape_of(1, &a); }

shape shape_2(int64_t a, int64_t b) { return shape_of(2, (int64_t[]){a, b}); }

shape shape_4(int64_t a, int64_t b, int64_t c, int64_t d) {
    return shape_of(4, (int64_t[]){a, b, c, d});
}

int64_t shape_size(const shape *s) {
    int64_t n = 1;
    for (int32_t i = 0; i < s->rank; i++) n *= s->dim[i];
    return n;
}

int shape_equal(const shape *a, const shape *b) {
    return a->rank == b->rank && memcmp(a->dim, b->dim, (size_t)a->rank * sizeof a->dim[0]) == 0;
}

int32_t shape_check(gan_context *ctx, const char *function, const int64_t *dims, int32_t rank,
                    shape *out) {
    if (rank < 0 || rank > GAN_MAX_RANK)
        return error_set(ctx, GAN_EINVAL, "%s: rank is %d, must be 0 to %d", function, (int)rank,
                         GAN_MAX_RANK);
    if (rank > 0 && !dims)
        return error_set(ctx, GAN_EINVAL, "%s: shape is NULL, rank is %d", function, (int)rank);
    /* The product of the sizes other than 0 is bounded too, so that strides never overflow. */
    int64_t most = INT64_MAX / 2 / (int64_t)sizeof(double);
    for (int32_t i = 0; i < rank; i++) {
        if (dims[i] < 0)
            return error_set(ctx, GAN_EINVAL, "%s: size of axis %d is %lld, must be at least 0",
                             function, (int)i, (long long)dims[i]);
        if (dims[i] > most)
            return error_set(ctx, GAN_EINVAL, "%s: too many elements: axis %d is %lld", function,
                             (int)i, (long long)dims[i]);
        if (dims[i] > 0) most /= dims[i];
    }
    *out = shape_of(rank, dims);
    return GAN_OK;
}

int shape_broadcast(const shape *a, const shape *b, shape *out) {
    int32_t rank = a->rank > b->rank ? a->rank : b->rank;
    shape x = shape_lead(a, rank), y = shape_lead(b, rank);
    for (int32_t i = 0; i < rank; i++) {
        if (x.dim[i] == 1)
            x.dim[i] = y.dim[i];
        else if (y.dim[i] != 1 && y.dim[i] != x.dim[i])
            return 0;
    }
    *out = x;
    return 1;
}

shape shape_lead(const shape *s, int32_t rank) {
    shape r = {0};
    r.rank = rank;
    int32_t lead = rank - s->rank;
    for (int32_t i = 0; i < rank; i++) r.dim[i] = i < lead ? 1 : s->dim[i - lead];
    return r;
}

int32_t shape_axis(const shape *s, int32_t axis) {
    if (axis < 0) axis += s->rank;
    return axis >= 0 && axis < s->rank ? axis : -1;
}

const char *shape_text(const shape *s, char text[SHAPE_TEXT]) {
    size_t at = 0;
    text[at++] = '(';
    for (int32_t i = 0; i < s->rank; i++)
        at += (size_t)snprintf(text + at, SHAPE_TEXT - at, i ? ", %lld" : "%lld",
                               (long long)s->dim[i]);
    text[at++] = ')';
    text[at] = 0;
    return text;
}
