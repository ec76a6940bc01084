/* SPDX-License-Identifier: MIT */
#include "common/program.h"

#include <stdarg.h>
#include <stdio.h>

static const char *program = "";

void program_begin(const char *name) { program = name; }

static void complain(const char *format, va_list args) {
    fprintf(stderr, "%s: ", program);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
}

int fail(const char *format, ...) {
    va_list args;
    va_start(args, format);
    complain(format, args);
    va_end(args);
    return 1;
}

int fail_usage(const char *format, ...) {
    va_list args;
    va_start(args, format);
    complain(format, args);
    va_end(args);
    return 2;
}

volatile sig_atomic_t stop_signal;

static void on_signal(int number) { stop_signal = number; }

void catch_signals(void) {
    struct sigaction action = {.sa_handler = on_signal,
                               .sa_flags = (int)(SA_RESETHAND | SA_RESTART)};
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}
