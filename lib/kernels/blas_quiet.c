/* Keeps the OpenBLAS inside the library from writing to the host's stdout and stderr.
 *
 * Its warnings (an unknown CPU, a failed mmap) and fatal texts go through a handful of libc calls;
 * the static library is linked with -Wl,--wrap for each, so that they come here. libgan itself
 * calls none of them. */
#include <stddef.h>
#include <stdio.h>

int __wrap___printf_chk(int flag, const char *format, ...);
int __wrap___fprintf_chk(FILE *file, int flag, const char *format, ...);
int __wrap_puts(const char *text);
int __wrap_fputs(const char *text, FILE *file);
size_t __wrap_fwrite(const void *data, size_t size, size_t count, FILE *file);
void __wrap_perror(const char *text);

int __wrap___printf_chk(int flag, const char *format, ...) {
    (void)flag;
    (void)format;
    return 0;
}

int __wrap___fprintf_chk(FILE *file, int flag, const char *format, ...) {
    (void)file;
    (void)flag;
    (void)format;
    return 0;
}

int __wrap_puts(const char *text) {
    (void)text;
    return 0;
}

int __wrap_fputs(const char *text, FILE *file) {
    (void)text;
    (void)file;
    return 0;
}

size_t __wrap_fwrite(const void *data, size_t size, size_t count, FILE *file) {
    (void)data;
    (void)size;
    (void)file;
    return count;
}

void __wrap_perror(const char *text) { (void)text; }
