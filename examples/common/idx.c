/* SPDX-License-Identifier: MIT */
#include "common/idx.h"

#include "common/files.h"

#include <stdio.h>

/* folder/part-rest, or folder/part-rest.gz if only that is there. */
static void find(const char *folder, const char *part, const char *rest, char path[PATH_BYTES]) {
    snprintf(path, PATH_BYTES, "%s/%s-%s", folder, part, rest);
    if (!file_exists(path)) snprintf(path, PATH_BYTES, "%s/%s-%s.gz", folder, part, rest);
}

int idx_is_there(const char *folder, const char *part) {
    char images[PATH_BYTES];
    find(folder, part, "images-idx3-ubyte", images);
    return file_exists(images);
}

int32_t idx_open(gan_context *ctx, const char *folder, const char *part, int labelled,
                 const gan_data_opts *opts, gan_dataset **out) {
    char images[PATH_BYTES], labels[PATH_BYTES];
    find(folder, part, "images-idx3-ubyte", images);
    find(folder, part, "labels-idx1-ubyte", labels);
    return gan_dataset_from_idx(ctx, images, labelled ? labels : NULL, opts, out);
}
