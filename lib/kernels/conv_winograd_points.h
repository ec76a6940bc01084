/* The matrices of Winograd's minimal filtering algorithms, made from their points.
 *
 * F(m, r) computes m results of a correlation with r taps, y[i] = sum over j of d[i + j] w[j], by
 * n = m + r - 1 multiplications instead of m r:
 *
 *     y = A^T [(G w) . (B^T d)]        A: (n, m), G: (n, r), B^T: (n, n)
 *
 * (S. Winograd, Arithmetic Complexity of Computations, 1980; A. Lavin and S. Gray, Fast Algorithms
 * for Convolutional Neural Networks, 2016.) By transposition this is Toom's and Cook's way to
 * multiply polynomials: evaluate both at n - 1 points and at infinity, multiply, interpolate. With
 * the points p, each with N = product of (p - q) over the other points q,
 *
 *     row p of A is (1, p, p^2, ...), of G (1, p, p^2, ...) / N,
 *     row p of B^T holds the coefficients of the product of (x - q) over the other points q,
 *
 * and for infinity A and G have (0, ..., 0, 1), B^T the product over all points. Small points of
 * both signs keep the rounding errors small; 0 is always among them. */
#ifndef GAN_KERNELS_CONV_WINOGRAD_POINTS_H
#define GAN_KERNELS_CONV_WINOGRAD_POINTS_H

#include "core/real.h"

/* Coefficients, lowest first, of the product of (x - point). */
#define PRODUCT_1(p) (real) - (p), 1
#define PRODUCT_2(p, q) (real)((p) * (q)), (real) - ((p) + (q)), 1
#define PRODUCT_3(p, q, r)                                                                         \
    (real) - ((p) * (q) * (r)), (real)((p) * (q) + (p) * (r) + (q) * (r)),                         \
        (real) - ((p) + (q) + (r)), 1
#define PRODUCT_4(p, q, r, s)                                                                      \
    (real)((p) * (q) * (r) * (s)), (real) - ((p) * (q) * ((r) + (s)) + ((p) + (q)) * (r) * (s)),   \
        (real)((p) * (q) + (r) * (s) + ((p) + (q)) * ((r) + (s))),                                 \
        (real) - ((p) + (q) + (r) + (s)), 1

/* (1, p, p^2, ...) / n. */
#define POWERS_2(p, n) (real)(1 / (n)), (real)((p) / (n))
#define POWERS_3(p, n) POWERS_2(p, n), (real)((p) * (p) / (n))
#define POWERS_4(p, n) POWERS_3(p, n), (real)((p) * (p) * (p) / (n))

/* N of the point p among the points 0, q, r, s. */
#define SCALE_3(p, q, r) ((p) * ((p) - (q)) * ((p) - (r)))
#define SCALE_4(p, q, r, s) ((p) * ((p) - (q)) * ((p) - (r)) * ((p) - (s)))

/* clang-format off */

/* Three points: 0, 1, infinity. */
static const real bt_3[3][3] = {
    {PRODUCT_1(1.), 0},
    {0, 1, 0},
    {0, PRODUCT_1(1.)}};
static const real a_3_2[3][2] = {{1, 0}, {1, 1}, {0, 1}};
static const real g_3_2[3][2] = {{-1, 0}, {1, 1}, {0, 1}};

/* Four points: 0, p, q, infinity. */
#define P 1.
#define Q (-1.)
static const real bt_4[4][4] = {
    {PRODUCT_2(P, Q), 0},
    {0, PRODUCT_1(Q), 0},
    {0, PRODUCT_1(P), 0},
    {0, PRODUCT_2(P, Q)}};
static const real a_4_2[4][2] = {{1, 0}, {POWERS_2(P, 1.)}, {POWERS_2(Q, 1.)}, {0, 1}};
static const real a_4_3[4][3] = {{1, 0, 0}, {POWERS_3(P, 1.)}, {POWERS_3(Q, 1.)}, {0, 0, 1}};
#define N_0 (P * Q)
#define N_P (P * (P - Q))
#define N_Q (Q * (Q - P))
static const real g_4_2[4][2] = {
    {POWERS_2(0., N_0)}, {POWERS_2(P, N_P)}, {POWERS_2(Q, N_Q)}, {0, 1}};
static const real g_4_3[4][3] = {
    {POWERS_3(0., N_0)}, {POWERS_3(P, N_P)}, {POWERS_3(Q, N_Q)}, {0, 0, 1}};
#undef N_0
#undef N_P
#undef N_Q

/* Five points: 0, p, q, r, infinity. */
#define R 2.
static const real bt_5[5][5] = {
    {PRODUCT_3(P, Q, R), 0},
    {0, PRODUCT_2(Q, R), 0},
    {0, PRODUCT_2(P, R), 0},
    {0, PRODUCT_2(P, Q), 0},
    {0, PRODUCT_3(P, Q, R)}};
static const real a_5_4[5][4] = {
    {1, 0, 0, 0}, {POWERS_4(P, 1.)}, {POWERS_4(Q, 1.)}, {POWERS_4(R, 1.)}, {0, 0, 0, 1}};
static const real g_5_2[5][2] = {
    {POWERS_2(0., -P * Q * R)},
    {POWERS_2(P, SCALE_3(P, Q, R))},
    {POWERS_2(Q, SCALE_3(Q, P, R))},
    {POWERS_2(R, SCALE_3(R, P, Q))},
    {0, 1}};
#undef R

/* Six points: 0, p, q, r, s, infinity. */
#define R .5
#define S (-2.)
static const real bt_6[6][6] = {
    {PRODUCT_4(P, Q, R, S), 0},
    {0, PRODUCT_3(Q, R, S), 0},
    {0, PRODUCT_3(P, R, S), 0},
    {0, PRODUCT_3(P, Q, S), 0},
    {0, PRODUCT_3(P, Q, R), 0},
    {0, PRODUCT_4(P, Q, R, S)}};
static const real a_6_4[6][4] = {
    {1, 0, 0, 0}, {POWERS_4(P, 1.)}, {POWERS_4(Q, 1.)}, {POWERS_4(R, 1.)}, {POWERS_4(S, 1.)},
    {0, 0, 0, 1}};
static const real g_6_3[6][3] = {
    {POWERS_3(0., P * Q * R * S)},
    {POWERS_3(P, SCALE_4(P, Q, R, S))},
    {POWERS_3(Q, SCALE_4(Q, P, R, S))},
    {POWERS_3(R, SCALE_4(R, P, Q, S))},
    {POWERS_3(S, SCALE_4(S, P, Q, R))},
    {0, 0, 1}};
#undef P
#undef Q
#undef R
#undef S

/* clang-format on */

#endif
