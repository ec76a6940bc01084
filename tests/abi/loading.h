/* What the tests share that load the library while they run. */
#ifndef TESTS_ABI_LOADING_H
#define TESTS_ABI_LOADING_H

#include "support.h"

int count_threads(void);

/* dlopen with RTLD_NOW and RTLD_LOCAL. */
void *load_library(const char *path);

/* dlsym into a variable of function type: ISO C has no conversion of an object pointer to it. */
void load_symbol(void *handle, const char *name, void *function);

#endif
