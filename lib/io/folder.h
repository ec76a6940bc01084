/* What a folder contains, by name. Failures are GAN_EIO and name the folder. */
#ifndef GAN_IO_FOLDER_H
#define GAN_IO_FOLDER_H

#include "gan/base.h"

typedef struct name_list {
    char **names; /* sorted in byte order */
    size_t count, capacity;
} name_list;

/* The names in `folder` of regular files that end in `suffix`, in any case of its letters, or of
 * folders when suffix is NULL. Not among them: names that begin with a dot, and symbolic links that
 * lead out of `root`, the folder or one above it. *out is written on success only. */
int32_t folder_list(gan_context *ctx, const char *root, const char *folder, const char *suffix,
                    name_list *out);
void name_list_release(gan_context *ctx, name_list *list);

/* "a/b", a block of the arena; NULL with GAN_ENOMEM set. */
char *path_join(gan_context *ctx, const char *a, const char *b);

#endif
