#include "core/error.h"

#include "core/context.h"
#include "core/utf8.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Names out of files may hold anything, and are cut anywhere; the text stays one line of UTF-8. */
static void keep_one_line(char *text) {
    const char *end = text + strlen(text);
    while (text < end) {
        size_t length = utf8_length(text, end);
        if (length == 0 || (unsigned char)*text < 0x20 || *text == 0x7f) *text = '?';
        text += length ? length : 1;
    }
}

int32_t error_set(gan_context *ctx, int32_t code, const char *format, ...) {
    if (ctx->error_code) return ctx->error_code; /* the first error stays */
    ctx->error_code = code;
    va_list args;
    va_start(args, format);
    vsnprintf(ctx->error_text, sizeof ctx->error_text, format, args);
    va_end(args);
    keep_one_line(ctx->error_text);
    return code;
}

int32_t error_report(gan_context *ctx, int32_t code) {
    if (code && ctx->error_code) {
        code = ctx->error_code;
        ctx->error_code = 0;
    }
    return code;
}

int32_t error_put_aside(gan_context *ctx) {
    const int32_t pending = ctx->error_code;
    ctx->error_code = 0;
    return pending;
}

void error_put_back(gan_context *ctx, int32_t pending) {
    if (pending) ctx->error_code = pending;
}

int32_t error_null(gan_context *ctx, const char *function) {
    if (!ctx) return GAN_EINVAL;
    error_set(ctx, GAN_EINVAL, "%s: an argument is NULL", function);
    return error_report(ctx, GAN_EINVAL);
}
