/* A thread of its own that runs one function at a time and sleeps in between. */
#ifndef GAN_CORE_RUNNER_H
#define GAN_CORE_RUNNER_H

#include "core/threads.h"

typedef struct runner runner;
typedef void (*runner_fn)(void *arg);

/* Starts the thread. NULL with GAN_ENOMEM set; a system that refuses threads is such a case too. */
runner *runner_create(gan_context *ctx, thread_place place);

/* Joins it, when what runs has ended. In a forked child there is nothing to join. NULL is allowed.
 */
void runner_destroy(gan_context *ctx, runner *r);

/* It is not busy. What the caller wrote before is seen by fn; what fn wrote, after runner_busy has
 * said 0 or runner_wait has returned. */
void runner_start(runner *r, runner_fn fn, void *arg);
int runner_busy(runner *r);
void runner_wait(runner *r);

#endif
