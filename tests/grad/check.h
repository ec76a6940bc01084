/* Derivatives against differences, to any order.
 *
 * f takes tensors and gives one. <u, J v> by central differences is compared with <vjp(u), v> for
 * random u and v. Then the same is asked of the function (x, u) -> vjp(x)(u), which tests the
 * second derivative, and so on. */
#ifndef TESTS_GRAD_CHECK_H
#define TESTS_GRAD_CHECK_H

#include "gan.h"

enum { SAMPLE_INPUTS = 5, SAMPLE_NUMBERS = 12, CHECK_TEXT = 256 };

/* One input: its shape, and the interval its elements are drawn from. */
typedef struct sample_input {
    double lo, hi;
    int32_t rank;
    int64_t dim[GAN_MAX_RANK];
} sample_input;

/* A function to differentiate. Its inputs are the entries of `in` with lo < hi. */
typedef struct sample {
    const char *name; /* of the operator in ops.def, or of the public function */
    gan_tensor *(*build)(gan_tensor *const *x, const double *p);
    int32_t order; /* to which it is checked */
    double p[SAMPLE_NUMBERS];
    sample_input in[SAMPLE_INPUTS];
} sample;

/* Rows of tables: IN(lo, hi, sizes...), X(sizes...) around zero, POSITIVE(sizes...). */
#define IN(lo, hi, ...)                                                                            \
    {                                                                                              \
        lo, hi, (int32_t)(sizeof((int64_t[]){__VA_ARGS__}) / sizeof(int64_t)), { __VA_ARGS__ }     \
    }
#define X(...) IN(-2, 2, __VA_ARGS__)
#define POSITIVE(...) IN(0.5, 2.5, __VA_ARGS__)
#define NUMBER                                                                                     \
    {                                                                                              \
        -2, 2, 0, {                                                                                \
            0                                                                                      \
        }                                                                                          \
    } /* rank 0 */

/* Defines a row's build that is one call: of one tensor, of two, of one and the first number. */
#define BUILD(own, arguments)                                                                      \
    static gan_tensor *own(gan_tensor *const *x, const double *p) {                                \
        (void)p;                                                                                   \
        return arguments;                                                                          \
    }
#define BUILD_1(own, function) BUILD(own, function(x[0]))
#define BUILD_2(own, function) BUILD(own, function(x[0], x[1]))
#define BUILD_NUMBER(own, function, type) BUILD(own, function(x[0], (type)p[0]))

int32_t sample_inputs(const sample *s);

/* Inputs drawn for the sample: tracked leaves of the current scope. */
void sample_draw(gan_context *ctx, const sample *s, gan_tensor **x);

/* 0 if all orders up to s->order agree, else the first that does not, or -1 for an error of the
 * library; `text` then says more. */
int32_t check_sample(gan_context *ctx, const sample *s, char text[CHECK_TEXT]);

/* The tables: every operator of ops.def; public functions. */
extern const sample op_samples[], api_samples[];
extern const int32_t op_sample_count, api_sample_count;

#endif
