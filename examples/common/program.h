/* What the programs do alike: their messages, and ending when they are asked to.
 *
 * SPDX-License-Identifier: MIT */
#ifndef COMMON_PROGRAM_H
#define COMMON_PROGRAM_H

#include <signal.h>

/* The name that begins every message; static storage. */
void program_begin(const char *name);

/* "name: text" as one line on stderr. Returns 1, the exit code for what went wrong. */
int fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The same for a wrong argument. Returns 2. */
int fail_usage(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* SIGINT and SIGTERM set stop_signal to their number; a second one ends the program at once. */
extern volatile sig_atomic_t stop_signal;
void catch_signals(void);

#endif
