/* Sorting without memory. */
#ifndef GAN_IO_SORT_H
#define GAN_IO_SORT_H

#include <stddef.h>

typedef int (*compare_fn)(const void *a, const void *b);

/* Heapsort: unlike the C library's qsort it takes no memory outside the arena and stays n log n for
 * an adversary's order. */
void sort(void *array, size_t count, size_t size, compare_fn compare);

#endif
