/* Convolutions that both the correctness test (unit/test_conv.c) and the benchmark (bench/conv.c)
 * run, and what their results should be. */
#ifndef TESTS_CONV_PROBLEMS_H
#define TESTS_CONV_PROBLEMS_H

#include <stdint.h>

#include "gan.h"

/* T(x, w, g) = <conv(x, w), g> with x (n, h, w, c), the kernel (o, kh, kw, c), g (n, ho, wo, o). */
typedef struct conv_problem {
    int transposed; /* the layer goes from g to x: forward is T's derivative in x */
    int64_t n, c, o, h, w;
    int32_t kh, kw, stride, dilation;
    int32_t top, left, bottom, right; /* zeros around x */
} conv_problem;

enum { CONV_LAYERS = 17, CONV_PROBLEMS = CONV_LAYERS + 54 };

/* The layers of the benchmark, then small ones of every kind for the test. */
extern const conv_problem conv_problems[CONV_PROBLEMS];

int64_t conv_problem_ho(const conv_problem *p);
int64_t conv_problem_wo(const conv_problem *p);

/* "conv-n64-c64-128-px32-k4s2": batch, channels from and to, side of the layer's input. */
enum { CONV_NAME = 96 };
const char *conv_problem_name(const conv_problem *p, char name[CONV_NAME]);

/* Multiply-adds of the direct method. */
double conv_problem_work(const conv_problem *p);

gan_conv2d_opts conv_problem_opts(const conv_problem *p);

/* What each is the derivative by: of x the data gradient, of w the weight gradient, of g the
 * convolution. */
enum { CONV_OF_X, CONV_OF_W, CONV_OF_G, CONV_OPERANDS };

int64_t conv_problem_size(const conv_problem *p, int operand);

/* By the library. Operands in the order of the names above. */
gan_tensor *conv_problem_run(const conv_problem *p, int operand, gan_tensor *const operands[3]);

/* ||y - z|| / ||z|| over `samples` elements spread over the result y, z being their sums in double
 * precision as the definition has them. */
double conv_problem_error(const conv_problem *p, int operand, const double *const operands[3],
                          const double *y, int64_t samples);

#endif
