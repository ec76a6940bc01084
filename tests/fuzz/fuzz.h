/* What the fuzz targets share. Each target is one file with LLVMFuzzerTestOneInput: libFuzzer makes
 * inputs for it (run.sh), replay.c runs it on the seeds. A failure is a signal. */
#ifndef TESTS_FUZZ_H
#define TESTS_FUZZ_H

#include "gan.h"

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The path of a file of these bytes, which is in memory only; the next call replaces it. */
const char *fuzz_file(const uint8_t *data, size_t size);

/* A context that is refused more than `factor` times the bytes of the file and a constant. */
gan_context *fuzz_context(size_t size, size_t factor);

/* What every call must keep: the codes of files, a text of one line, never out of memory. Gives the
 * code, with none pending. */
int32_t fuzz_check(gan_context *ctx, int32_t code);

/* Ends the context, which must hold nothing but what it began with. */
void fuzz_end(gan_context *ctx);

/* A network of layers with both layouts of files and a buffer of integers; the caller's. */
gan_module *fuzz_network(gan_context *ctx);

/* Loads the file into that network, whole and as a part; memory as in fuzz_context. */
void fuzz_load_weights(const uint8_t *data, size_t size, size_t factor);

void fuzz_require(int condition);

#endif
