/* Shapes: up to GAN_MAX_RANK sizes, passed around by value inside the library. */
#ifndef GAN_CORE_SHAPE_H
#define GAN_CORE_SHAPE_H

#include "gan/base.h"

typedef struct shape {
    int32_t rank;
    int64_t dim[GAN_MAX_RANK];
} shape;

shape shape_of(int32_t rank, const int64_t *dims);
shape shape_scalar(void);
shape shape_1(int64_t a);
shape shape_2(int64_t a, int64_t b);
shape shape_4(int64_t a, int64_t b, int64_t c, int64_t d);

/* Number of elements. */
int64_t shape_size(const shape *s);
int shape_equal(const shape *a, const shape *b);

/* Checks a host's shape: rank in range, no negative size, an element count whose bytes fit. Errors
 * name `function`. */
int32_t shape_check(gan_context *ctx, const char *function, const int64_t *dims, int32_t rank,
                    shape *out);

/* NumPy's rule. 0 if the two do not broadcast. */
int shape_broadcast(const shape *a, const shape *b, shape *out);

/* The same sizes with leading ones, so that the rank is `rank`. */
shape shape_lead(const shape *s, int32_t rank);

/* axis < 0 counts from the end. Returns the axis, or -1 if there is none such. */
int32_t shape_axis(const shape *s, int32_t axis);

/* "(2, 3)", for error texts. */
enum { SHAPE_TEXT = 8 + GAN_MAX_RANK * 22 };
const char *shape_text(const shape *s, char text[SHAPE_TEXT]);

#endif
