#include "data/dataset.h"

#include "core/alloc.h"
#include "core/context.h"
#include "core/error.h"
#include "io/png.h"

#include <string.h>

static const char SUFFIX[] = ".png";

/* ---- one file -------------------------------------------------------------------------------- */

static int32_t add_file(gan_dataset *d, const data_plan *plan, const char *folder,
                        const char *name) {
    gan_context *ctx = d->base.ctx;
    char *path = path_join(ctx, folder, name);
    if (!path) return GAN_ENOMEM;
    png_pixels pixels;
    int32_t code = png_read(ctx, path, 0, &pixels);
    if (!code) {
        picture p = {.name = path,
                     .pixels = pixels.data,
                     .height = pixels.height,
                     .width = pixels.width,
                     .channels = pixels.channels};
        code = dataset_add(d, plan, &p);
        arena_free(ctx, pixels.data);
    }
    arena_free(ctx, path);
    return code;
}

/* Gives how adding a file ended: its own fault is counted and forgotten where the plan says so. */
static int32_t or_skip(gan_dataset *d, const data_plan *plan, int32_t code) {
    int own = code == GAN_EIO || code == GAN_EFORMAT || code == GAN_EINVAL;
    if (!own || !plan->opts.skip_bad) return code;
    d->base.ctx->error_code = 0;
    d->skipped++;
    return GAN_OK;
}

/* Hands over a data set that has images. */
static int32_t finish(gan_dataset *d, int32_t code, const char *folder, gan_dataset **out) {
    if (!code && d->dims[0] == 0)
        code = error_set(d->base.ctx, GAN_EFORMAT, "%s: none of its %lld PNG files can be used",
                         folder, (long long)d->skipped);
    if (code)
        object_unref(&d->base);
    else
        *out = d;
    return code;
}

/* ---- a folder -------------------------------------------------------------------------------- */

static int32_t no_files(gan_context *ctx, const char *folder) {
    return error_set(ctx, GAN_EFORMAT, "%s: no PNG files", folder);
}

/* Adds files until there are enough. */
static int32_t add_files(gan_dataset *d, const data_plan *plan, const char *folder,
                         const name_list *files, int32_t label) {
    int32_t code = GAN_OK;
    for (size_t i = 0; i < files->count && d->dims[0] < d->capacity && !code; i++) {
        if (d->labels) d->labels[d->dims[0]] = label;
        code = or_skip(d, plan, add_file(d, plan, folder, files->names[i]));
    }
    return code;
}

static int32_t from_files(gan_context *ctx, const data_plan *plan, const char *folder,
                          gan_dataset **out) {
    name_list files;
    int32_t code = folder_list(ctx, folder, folder, SUFFIX, &files);
    if (code) return code;
    gan_dataset *d = NULL;
    if (files.count == 0)
        code = no_files(ctx, folder);
    else if (!(d = dataset_new(ctx, plan, (int64_t)files.count, 0)))
        code = GAN_ENOMEM;
    if (!code) code = finish(d, add_files(d, plan, folder, &files, 0), folder, out);
    name_list_release(ctx, &files);
    return code;
}

/* ---- sub-folders as classes ------------------------------------------------------------------ */

/* The files of each class. */
typedef struct class_files {
    const char *folder;
    name_list classes;
    char **folders; /* paths, one a class; NULL from `listed` on */
    name_list *files;
    size_t listed;
    int64_t count; /* of all files */
} class_files;

static int32_t list_classes(gan_context *ctx, class_files *c) {
    int32_t code = folder_list(ctx, c->folder, c->folder, NULL, &c->classes);
    if (code) return code;
    size_t n = c->classes.count;
    if (n == 0) return error_set(ctx, GAN_EFORMAT, "%s: no sub-folders", c->folder);
    if (!(c->folders = arena_calloc(ctx, n * sizeof *c->folders)) ||
        !(c->files = arena_calloc(ctx, n * sizeof *c->files)))
        return GAN_ENOMEM;
    for (; c->listed < n && !code; c->listed++) {
        char *folder = path_join(ctx, c->folder, c->classes.names[c->listed]);
        if (!folder) return GAN_ENOMEM;
        c->folders[c->listed] = folder;
        code = folder_list(ctx, c->folder, folder, SUFFIX, &c->files[c->listed]);
        c->count += (int64_t)c->files[c->listed].count;
    }
    if (!code && c->count == 0) code = no_files(ctx, c->folder);
    return code;
}

static void release_classes(gan_context *ctx, class_files *c) {
    for (size_t i = 0; i < c->listed; i++) {
        arena_free(ctx, c->folders[i]);
        name_list_release(ctx, &c->files[i]);
    }
    arena_free(ctx, c->folders);
    arena_free(ctx, c->files);
    name_list_release(ctx, &c->classes);
}

static int32_t from_classes(gan_context *ctx, const data_plan *plan, const char *folder,
                            gan_dataset **out) {
    class_files c = {.folder = folder};
    int32_t code = list_classes(ctx, &c);
    gan_dataset *d = NULL;
    if (!code && !(d = dataset_new(ctx, plan, c.count, 1))) code = GAN_ENOMEM;
    if (!code) {
        for (size_t i = 0; i < c.classes.count && !code; i++)
            code = add_files(d, plan, c.folders[i], &c.files[i], (int32_t)i);
        d->classes = (int64_t)c.classes.count;
        d->class_names = c.classes; /* its now */
        c.classes = (name_list){0};
        code = finish(d, code, folder, out);
    }
    release_classes(ctx, &c);
    return code;
}

int32_t data_from_folder(gan_context *ctx, const data_plan *plan, const char *folder,
                         gan_dataset **out) {
    const int32_t pending = error_put_aside(ctx);
    const int32_t code = plan->opts.classes ? from_classes(ctx, plan, folder, out)
                                            : from_files(ctx, plan, folder, out);
    error_put_back(ctx, pending);
    return code;
}

/* ---- pairs ----------------------------------------------------------------------------------- */

/* The two sides, [0] of A and [1] of B. */
typedef struct sides {
    char *folder[2];
    name_list files[2];
} sides;

static int32_t list_sides(gan_context *ctx, const char *folder, sides *s) {
    static const char *const names[2] = {"A", "B"};
    int32_t code = GAN_OK;
    for (int i = 0; i < 2 && !code; i++) {
        s->folder[i] = path_join(ctx, folder, names[i]);
        code = s->folder[i] ? folder_list(ctx, folder, s->folder[i], SUFFIX, &s->files[i])
                            : GAN_ENOMEM;
        if (!code && s->files[i].count == 0) code = no_files(ctx, s->folder[i]);
    }
    return code;
}

static void release_sides(gan_context *ctx, sides *s) {
    for (int i = 0; i < 2; i++) {
        arena_free(ctx, s->folder[i]);
        name_list_release(ctx, &s->files[i]);
    }
}

/* Both or none. */
static int32_t add_pair(gan_dataset *a, const data_plan *plan, const sides *s, const char *name) {
    int32_t code = add_file(a, plan, s->folder[0], name);
    if (code) return code;
    code = add_file(a->pair, plan, s->folder[1], name);
    if (code && --a->dims[0] == 0) { /* nor do its sizes hold for the others */
        arena_free(a->base.ctx, a->pixels);
        a->pixels = NULL;
    }
    return code;
}

/* Walks both sorted lists together. */
static int32_t add_pairs(gan_dataset *a, const data_plan *plan, const sides *s) {
    gan_context *ctx = a->base.ctx;
    int32_t code = GAN_OK;
    size_t at[2] = {0, 0};
    const name_list *files = s->files;
    while ((at[0] < files[0].count || at[1] < files[1].count) && a->dims[0] < a->capacity &&
           !code) {
        int order = at[0] == files[0].count ? 1
                    : at[1] == files[1].count
                        ? -1
                        : strcmp(files[0].names[at[0]], files[1].names[at[1]]);
        if (order == 0) {
            code = add_pair(a, plan, s, files[0].names[at[0]]);
        } else {
            int lacking = order < 0, having = !lacking;
            code =
                error_set(ctx, GAN_EFORMAT, "%s: %s, which is in %s, is missing",
                          s->folder[lacking], files[having].names[at[having]], s->folder[having]);
        }
        code = or_skip(a, plan, code);
        if (order <= 0) at[0]++;
        if (order >= 0) at[1]++;
    }
    return code;
}

int32_t data_from_pairs(gan_context *ctx, const data_plan *plan, const char *folder,
                        gan_dataset **out) {
    const int32_t pending = error_put_aside(ctx);
    sides s = {0};
    int32_t code = list_sides(ctx, folder, &s);
    gan_dataset *a = NULL;
    int64_t most = (int64_t)s.files[0].count;
    if (!code && !(a = dataset_new(ctx, plan, most, 0))) code = GAN_ENOMEM;
    if (!code) {
        a->pair = dataset_new(ctx, plan, most, 0);
        code = a->pair ? add_pairs(a, plan, &s) : GAN_ENOMEM;
        code = finish(a, code, folder, out);
    }
    release_sides(ctx, &s);
    error_put_back(ctx, pending);
    return code;
}
