#define _XOPEN_SOURCE 700 /* realpath */
#include "io/folder.h"

#include "core/alloc.h"
#include "core/error.h"
#include "io/file.h"
#include "io/sort.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

char *path_join(gan_context *ctx, const char *a, const char *b) {
    size_t front = strlen(a), back = strlen(b);
    char *path = arena_alloc(ctx, front + back + 2);
    if (path == NULL) return NULL;
    memcpy(path, a, front);
    path[front] = '/';
    memcpy(path + front + 1, b, back + 1);
    return path;
}

void name_list_release(gan_context *ctx, name_list *list) {
    for (size_t i = 0; i < list->count; i++) arena_free(ctx, list->names[i]);
    arena_free(ctx, list->names);
    *list = (name_list){0};
}

static int32_t name_list_add(gan_context *ctx, name_list *list, const char *name) {
    char **names = arena_make_room(ctx, list->names, list->count, &list->capacity, sizeof *names);
    if (names == NULL) return GAN_ENOMEM;
    list->names = names;
    names[list->count] = arena_strdup(ctx, name);
    if (names[list->count] == NULL) return GAN_ENOMEM;
    list->count++;
    return GAN_OK;
}

static int compare_names(const void *a, const void *b) {
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* ---------------------------------------------------------------------------------------------- */

/* Whether the path, links resolved, lies below `root`, which is resolved already. */
static int lies_below(const char *root, const char *path) {
    char real[PATH_MAX];
    size_t length = strlen(root);
    if (realpath(path, real) == NULL) return 0;
    return strncmp(real, root, length) == 0 && (real[length] == '/' || root[length - 1] == '/');
}

static int has_suffix(const char *name, const char *suffix) {
    size_t length = strlen(name), end = strlen(suffix);
    return length > end && strcasecmp(name + length - end, suffix) == 0;
}

/* What cannot be looked at (a link to nothing, a file that was removed just now) is not wanted. */
static int is_wanted(const char *root, const char *path, const char *suffix) {
    struct stat info;
    if (lstat(path, &info) != 0) return 0;
    if (S_ISLNK(info.st_mode) && (!lies_below(root, path) || stat(path, &info) != 0)) return 0;
    return suffix == NULL ? S_ISDIR(info.st_mode) : S_ISREG(info.st_mode);
}

static int32_t add_wanted(gan_context *ctx, const char *root, const char *folder, const char *name,
                          const char *suffix, name_list *list) {
    if (name[0] == '.' || (suffix != NULL && !has_suffix(name, suffix))) return GAN_OK;
    char *path = path_join(ctx, folder, name);
    if (path == NULL) return GAN_ENOMEM;
    int32_t status = is_wanted(root, path, suffix) ? name_list_add(ctx, list, name) : GAN_OK;
    arena_free(ctx, path);
    return status;
}

static int32_t read_entries(gan_context *ctx, const char *root, const char *folder, DIR *entries,
                            const char *suffix, name_list *list) {
    for (;;) {
        errno = 0;
        const struct dirent *entry = readdir(entries);
        if (entry == NULL) return errno == 0 ? GAN_OK : file_error(ctx, folder, "list", errno);
        int32_t status = add_wanted(ctx, root, folder, entry->d_name, suffix, list);
        if (status != GAN_OK) return status;
    }
}

int32_t folder_list(gan_context *ctx, const char *root, const char *folder, const char *suffix,
                    name_list *out) {
    char real_root[PATH_MAX];
    if (realpath(root, real_root) == NULL) return file_error(ctx, root, "open", errno);
    if (strcmp(folder, root) != 0 && !lies_below(real_root, folder) && access(folder, F_OK) == 0)
        return error_set(ctx, GAN_EIO, "%s: is a link that leads out of %s", folder, root);
    DIR *entries = opendir(folder);
    if (entries == NULL) return file_error(ctx, folder, "open", errno);

    name_list list = {0};
    int32_t status = read_entries(ctx, real_root, folder, entries, suffix, &list);
    closedir(entries);
    if (status != GAN_OK) {
        name_list_release(ctx, &list);
        return status;
    }
    sort(list.names, list.count, sizeof *list.names, compare_names);
    *out = list;
    return GAN_OK;
}
