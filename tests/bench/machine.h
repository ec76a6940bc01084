/* What the machine can do at best, measured at the time of the call: the roof that the benchmarks'
 * figures are held against.
 *
 * SPDX-License-Identifier: MIT */
#ifndef BENCH_MACHINE_H
#define BENCH_MACHINE_H

/* Floating-point operations a second of fused multiply-adds (a multiplication and an addition
 * without them) in registers, all threads together; 0 if the threads cannot be started. */
double machine_peak(int threads);

/* Bytes a second, read and written, of copies much larger than the caches; 0 likewise. */
double machine_copy(int threads);

#endif
