/* Contexts, errors, scopes and the recorder: what every other header stands on.
 *
 * Ownership, in one sentence: what comes back as a value is borrowed (from its scope or its
 * parent); what comes back through `**out` is the caller's, to be given back by the matching
 * `_unref`, `_destroy` or `_free`.
 *
 * Threads: a context and everything made from it belong to one thread at a time; different contexts
 * are independent. Only the `_unref` functions may be called from any thread at any time.
 *
 * SPDX-License-Identifier: MIT */
#ifndef GAN_BASE_H
#define GAN_BASE_H

#include <stddef.h>
#include <stdint.h>

#if defined(GAN_BUILDING) && defined(__GNUC__)
#define GAN_API __attribute__((visibility("default")))
#else
#define GAN_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* The release that these headers are of. */
#define GAN_VERSION_MAJOR 0
#define GAN_VERSION_MINOR 1
#define GAN_VERSION_PATCH 0

/* The binary interface's number, equal to the SONAME's; it changes when a program built before can
 * no longer run. */
#define GAN_ABI_VERSION 0

/* The largest number of axes of a tensor. */
#define GAN_MAX_RANK 6

/* Status codes: 0 or a negative number. Numbers are never reused. */
enum {
    GAN_OK = 0,
    GAN_EINVAL = -1,     /* an argument, shape or option is wrong                        */
    GAN_ENOMEM = -2,     /* the allocator, or the context's byte limit, refused          */
    GAN_ESTATE = -3,     /* right call, wrong moment: spent graph, dead context, fork    */
    GAN_ENODIFF = -4,    /* reserved: every operator has a derivative                    */
    GAN_EUNREACHED = -5, /* GAN_GRAD_STRICT: a tensor does not influence the result      */
    GAN_ENONFINITE = -6, /* an infinity or NaN where training cannot go on               */
    GAN_EMIXED = -7,     /* a penalised critic mixes samples                             */
    GAN_EIO = -8,        /* the operating system refused a file                          */
    GAN_EFORMAT = -9,    /* a file's content is not what it should be                    */
    GAN_ENOTSUP = -10,   /* this build does not have it                                  */
    GAN_EABI = -11       /* an options struct from a different, unknown version          */
};

typedef struct gan_context gan_context;
typedef struct gan_tensor gan_tensor;
typedef struct gan_module gan_module;
typedef struct gan_optimizer gan_optimizer;

/* The ABI version of the library that was loaded: compare with GAN_ABI_VERSION. */
GAN_API uint32_t gan_abi_version(void);

/* "0.1.0": the release. Static storage. */
GAN_API const char *gan_version(void);

/* One line about the build: element type, BLAS, PNG, compiler. Static storage. */
GAN_API const char *gan_build_info(void);

/* Bytes of one tensor element: 4. (8 in the test-only float64 build.) */
GAN_API size_t gan_element_size(void);

/* The name of a status code: "GAN_EINVAL". Static storage; "GAN_?" for an unknown one. */
GAN_API const char *gan_status_name(int32_t code);

/* ---- context --------------------------------------------------------------------------------- */

/* Memory functions of the host. Both are called only inside an API call, on its thread.
 * `alloc` returns at least `bytes` bytes aligned to 16, or NULL. */
typedef void *(*gan_alloc_fn)(void *user, size_t bytes);
typedef void (*gan_free_fn)(void *user, void *block);

/* Flags of a context. */
enum {
    GAN_CONTEXT_NO_CACHE = 1 /* give every block straight back to the allocator (for debuggers) */
};

/* What a context is made with. */
typedef struct gan_context_opts {
    uint32_t struct_size; /* set by gan_context_opts_init                              */
    int32_t threads;      /* with the caller's, 256 at most; 0 = one per core           */
    uint64_t seed;        /* of the random numbers                                      */
    uint64_t byte_limit;  /* most bytes held from the allocator at once; 0 = no limit   */
    gan_alloc_fn alloc;   /* NULL: malloc                                               */
    gan_free_fn free;     /* NULL: free; both or neither                                */
    void *user;           /* first argument of both                                     */
    uint32_t flags;       /* GAN_CONTEXT_…                                              */
    uint32_t reserved;    /* 0                                                          */
} gan_context_opts;

/* Fills `opts` (of `size` bytes: sizeof) with the defaults. Each options struct has such a
 * function; a struct from an older header is completed with defaults, one from a newer header is
 * refused (GAN_EABI) when it uses what this library does not know. */
GAN_API void gan_context_opts_init(gan_context_opts *opts, size_t size);

/* Makes a context. opts NULL: defaults. Starts no thread. It computes with the best instruction set
 * of the processor that the build knows, unless the environment variable GAN_ISA names another
 * ("baseline", "avx2", "avx512"): results differ in the last bits. Errors: GAN_EINVAL, GAN_ENOMEM,
 * GAN_EABI, GAN_ENOTSUP (GAN_ISA names none that is there); *out is written on success only. */
GAN_API int32_t gan_context_create(const gan_context_opts *opts, gan_context **out);

/* Joins the threads, releases all scopes and graphs. Handles the caller still owns stay valid for
 * `_unref` and for what only reads the handle (gan_tensor_data, gan_tensor_shape): any other use of
 * them is GAN_ESTATE. NULL is allowed. */
GAN_API void gan_context_destroy(gan_context *ctx);

/* Gives cached memory back to the allocator. */
GAN_API void gan_context_trim(gan_context *ctx);

/* Restarts the random numbers: the same seed gives the same numbers. */
GAN_API int32_t gan_context_seed(gan_context *ctx, uint64_t seed);

/* What a context holds and has done. */
typedef struct gan_stats {
    uint32_t struct_size;   /* set it to sizeof before the call                            */
    int32_t threads;        /* threads that take part in a parallel region                 */
    uint64_t live_bytes;    /* handed out: tensors, graphs, handles, scratch; not cached   */
    uint64_t peak_bytes;    /* the most of them at once since gan_context_reset_peak       */
    uint64_t cached_bytes;  /* kept for reuse, or to be used first                         */
    uint64_t host_allocs;   /* calls of the allocator so far; constant in the steady state */
    uint64_t live_tensors;  /* handles alive                                               */
    uint64_t live_nodes;    /* recorded operations and tracked leaves alive                */
    uint64_t worker_chunks; /* chunks of work done by threads other than the caller's      */
    uint64_t random_count;  /* position in the stream of random numbers, in blocks of four */
} gan_stats;

/* Fills `stats` up to its struct_size. */
GAN_API int32_t gan_context_stats(gan_context *ctx, gan_stats *stats);

/* Starts peak_bytes again from live_bytes, to find the peak of what follows: of one training step,
 * say. A context begins that way. NULL is allowed. */
GAN_API void gan_context_reset_peak(gan_context *ctx);

/* ---- errors ---------------------------------------------------------------------------------- */

/* Functions that return a status return 0 or a negative GAN_E… code. Operators return NULL on
 * failure, and NULL in gives NULL out, so an expression is checked once, at its end: the first
 * error stays until it is read. A status function that is given such a NULL returns that pending
 * code, or GAN_EINVAL where no other argument tells it the context. One that fails on its own while
 * an error is pending returns the pending one, too: gan_error_code takes away what a host has dealt
 * with. */

/* The text of the last error, one line: function, argument, shapes. "" if there was none. Valid
 * until the next call with this context. */
GAN_API const char *gan_last_error(const gan_context *ctx);

/* The pending error's code, or 0; reading it clears the pending mark (not the text). */
GAN_API int32_t gan_error_code(gan_context *ctx);

/* ---- scopes ---------------------------------------------------------------------------------- */

/* What an operator returns lives until its scope ends. Without an open scope it lives until the
 * context is destroyed, so a training step opens one. Returns the mark (> 0) that ends it, or a
 * negative code. */
GAN_API int64_t gan_scope_begin(gan_context *ctx);

/* Ends the scope and every one opened inside it. When the outermost ends, what was recorded in it
 * is cut: results taken out of it keep their values and are constants from then on. */
GAN_API int32_t gan_scope_end(gan_context *ctx, int64_t mark);

/* ---- recorder -------------------------------------------------------------------------------- */

/* Turns recording on (1, the initial state) or off (0) and returns what it was. An operation is
 * recorded while recording is on and one of its inputs is tracked: a parameter, a tensor from
 * gan_track, or the result of a recorded operation. */
GAN_API int32_t gan_recording(gan_context *ctx, int32_t on);

#ifdef __cplusplus
}
#endif

#endif
