#include "core/options.h"

#include "core/error.h"

#include <string.h>

enum { OPTIONS_MOST = 4096 };

static int32_t refuse(gan_context *ctx, int32_t code, const char *function, const char *why,
                      uint32_t given) {
    if (!ctx) return code;
    return error_set(ctx, code, "%s: options: struct_size %u %s", function, (unsigned)given, why);
}

static uint32_t size_of(const void *opts) {
    uint32_t given;
    memcpy(&given, opts, sizeof given);
    return given;
}

int32_t options_check_size(gan_context *ctx, const char *function, size_t v1_size,
                           const void *opts) {
    uint32_t given = size_of(opts);
    if (given >= v1_size && given <= OPTIONS_MOST) return GAN_OK;
    return refuse(ctx, GAN_EINVAL, function, "is no size this struct ever had (call its _init)",
                  given);
}

static int32_t refuse_unknown(gan_context *ctx, const char *function, const void *opts) {
    return refuse(ctx, GAN_EABI, function, "sets a field this library does not know",
                  size_of(opts));
}

int32_t options_check_reserved(gan_context *ctx, const char *function, const void *opts,
                               int64_t reserved) {
    return reserved ? refuse_unknown(ctx, function, opts) : GAN_OK;
}

int32_t options_load(gan_context *ctx, const char *function, void *defaults, size_t size,
                     size_t v1_size, const void *src) {
    if (!src) return GAN_OK;
    int32_t code = options_check_size(ctx, function, v1_size, src);
    if (code) return code;
    uint32_t given = size_of(src);
    const unsigned char *bytes = src;
    for (size_t i = size; i < given; i++)
        if (bytes[i]) return refuse_unknown(ctx, function, src);
    memcpy(defaults, src, given < size ? given : size);
    return GAN_OK;
}

void result_give(void *out, const void *result, size_t size) {
    uint32_t room;
    memcpy(&room, out, sizeof room);
    memcpy(out, result, room < size ? room : size);
    memcpy(out, &room, sizeof room);
}

void options_init(void *opts, size_t caller_size, const void *defaults, size_t size) {
    if (!opts || caller_size < sizeof(uint32_t) || caller_size > OPTIONS_MOST) return;
    memset(opts, 0, caller_size);
    memcpy(opts, defaults, caller_size < size ? caller_size : size);
    uint32_t stamp = (uint32_t)caller_size;
    memcpy(opts, &stamp, sizeof stamp);
}
