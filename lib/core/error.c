#include "core/error.h"

#include "core/context.h"

#include <stdarg.h>
#include <stdio.h>

/* Names out of files may hold anything; the text stays one line. */
static void keep_one_line(char *text) {
    for (; *text; text++)
        if ((unsigned char)*text < 0x20 || *text == 0x7f) *text = '?';
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

int32_t error_null(gan_context *ctx, const char *function) {
    if (!ctx) return GAN_EINVAL;
    error_set(ctx, GAN_EINVAL, "%s: an argument is NULL", function);
    return error_report(ctx, GAN_EINVAL);
}
