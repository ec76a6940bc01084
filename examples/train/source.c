/* SPDX-License-Identifier: MIT */
#include "train/source.h"
#include "common/fashion.h"
#include "common/files.h"
#include "common/program.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static const double OUTLINE = 0.2; /* threshold of gan_dataset_outlines */

typedef struct source {
    gan_context *ctx;
    const settings *s;
    int labelled, paired;
    gan_data_opts opts;
} source;

/* ---- where it is ----------------------------------------------------------------------------- */

/* The folder of Debian's dataset-fashion-mnist; 1 after a message if it is not installed. */
static int find_fashion(char folder[PATH_BYTES]) {
    static const char file[] = "/train-images-idx3-ubyte";
    char line[PATH_BYTES];
    folder[0] = '\0';
    FILE *list = popen("dpkg -L dataset-fashion-mnist 2>/dev/null", "r");
    while (list && fgets(line, sizeof line, list)) {
        char *end = strstr(line, file);
        if (!end) continue;
        *end = '\0';
        strcpy(folder, line);
    }
    if (list) pclose(list);
    return *folder ? 0
                   : fail("fashion-mnist is not here: install Debian's package "
                          "dataset-fashion-mnist, or give its folder to --data");
}

static int find(const settings *s, char place[PATH_BYTES]) {
    if (strcmp(s->data, "fashion-mnist") == 0) return find_fashion(place);
    int mnist = strcmp(s->data, "mnist") == 0;
    if (mnist && !*s->mnist)
        return fail_usage("--data mnist needs the folder of its files: --mnist FOLDER or "
                          "$GAN_MNIST");
    snprintf(place, PATH_BYTES, "%s", mnist ? s->mnist : s->data);
    return 0;
}

static int is_folder(const char *path) {
    struct stat info;
    return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

/* ---- what it is ------------------------------------------------------------------------------ */

/* Pictures that are drawn pixel by pixel are padded, not grown. */
static int32_t fit_of(int64_t theirs, int64_t size) {
    return theirs <= size ? GAN_FIT_PAD : GAN_FIT_RESIZE;
}

static int32_t open_sheet(source *from, const char *path, gan_dataset **out) {
    gan_sheet_opts sheet;
    gan_sheet_opts_init(&sheet, sizeof sheet);
    sheet.cell_width = (int32_t)from->s->cell;
    from->opts.fit = fit_of(from->s->cell, from->s->size);
    return gan_dataset_from_sheet(from->ctx, path, &sheet, &from->opts, out);
}

static int32_t open_folder(source *from, const char *path, gan_dataset **out) {
    char a[PATH_BYTES], b[PATH_BYTES];
    if (fashion_is_there(path)) {
        from->opts.fit = fit_of(FASHION_SIDE, from->s->size);
        return fashion_open(from->ctx, path, from->labelled, &from->opts, out);
    }
    from->opts.fit = GAN_FIT_RESIZE;
    from->opts.classes = from->labelled;
    if (from->paired && is_folder(join_path(a, path, "A")) && is_folder(join_path(b, path, "B")))
        return gan_dataset_from_pairs(from->ctx, path, &from->opts, out);
    return gan_dataset_from_folder(from->ctx, path, &from->opts, out);
}

/* Replaces images without pairs by their outlines, whose pairs they are. */
static int32_t pair_with_outlines(gan_dataset **d) {
    gan_dataset *outlines = NULL;
    int32_t status = gan_dataset_outlines(*d, OUTLINE, &outlines);
    if (status < 0) return status;
    gan_dataset_unref(*d);
    *d = outlines;
    return status;
}

int source_open(gan_context *ctx, const settings *s, const gan_trainer_opts *o, gan_dataset **out) {
    char place[PATH_BYTES];
    source from = {.ctx = ctx,
                   .s = s,
                   .labelled = o->condition != GAN_CONDITION_NONE,
                   .paired = o->network == GAN_NETWORK_UNET};
    gan_data_opts_init(&from.opts, sizeof from.opts);
    from.opts.size = (int32_t)s->size;
    from.opts.pad_to = gan_network_side(o->network, (int32_t)s->size);
    from.opts.channels = settings_channels(s);
    from.opts.limit = s->limit;

    int code = find(s, place);
    if (code) return code;
    if (from.opts.pad_to == 0)
        return fail_usage("--size %lld is none that %s takes", (long long)s->size, s->system);
    int folder = is_folder(place);
    if (!folder && !file_exists(place)) return fail("cannot open %s: %s", place, strerror(errno));
    if (!folder && s->cell < 1)
        return fail_usage("--cell N is missing: the pixels of a cell of the sheet %s", place);
    int32_t status = folder ? open_folder(&from, place, out) : open_sheet(&from, place, out);
    if (status == GAN_OK && from.paired && !gan_dataset_pair(*out))
        status = pair_with_outlines(out);
    return status < 0 ? fail("%s", gan_last_error(ctx)) : 0;
}
