#include "io/sort.h"

static void swap(char *a, char *b, size_t size) {
    for (size_t i = 0; i < size; i++) {
        char kept = a[i];
        a[i] = b[i];
        b[i] = kept;
    }
}

static void sift_down(char *base, size_t parent, size_t count, size_t size, compare_fn compare) {
    for (size_t child; (child = 2 * parent + 1) < count; parent = child) {
        if (child + 1 < count && compare(base + child * size, base + (child + 1) * size) < 0)
            child++;
        if (compare(base + parent * size, base + child * size) >= 0) return;
        swap(base + parent * size, base + child * size, size);
    }
}

void sort(void *array, size_t count, size_t size, compare_fn compare) {
    char *base = array;

    for (size_t parent = count / 2; parent-- > 0;) sift_down(base, parent, count, size, compare);
    for (size_t last = count; last-- > 1;) {
        swap(base, base + last * size, size);
        sift_down(base, 0, last, size, compare);
    }
}
