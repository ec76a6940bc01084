/* SPDX-License-Identifier: MIT */
#include "train/folder.h"
#include "common/apng.h"
#include "common/program.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FRAMES = 60, FRAME_TIME = 120, LAST_TIME = 2500 };

/* ---- claiming -------------------------------------------------------------------------------- */

int folder_claim(const char *folder) {
    char path[PATH_BYTES];
    struct flock claim = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    if (make_folder(folder)) return 1;
    int file = open(join_path(path, folder, ".lock"), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (file < 0) return fail("cannot write into %s: %s", folder, strerror(errno));
    if (fcntl(file, F_SETLK, &claim) == 0) return 0; /* the file stays open */
    int reason = errno;
    close(file);
    if (reason == EACCES || reason == EAGAIN) return fail("another run is at work in %s", folder);
    return 0; /* a file system without locks */
}

/* ---- names ----------------------------------------------------------------------------------- */

static const char *const outputs[] = {
    "config.json", "checkpoint.safetensors", "generator.onnx", "generator.safetensors",
    "log.jsonl",   "animation.png",          "gallery.png",    "interpolation.png",
    "report.html"};

void folder_sample_name(char name[FILE_BYTES], int64_t step) {
    snprintf(name, FILE_BYTES, "samples-%08lld.png", (long long)step);
}

static int ends_in(const char *name, const char *end) {
    size_t length = strlen(name), more = strlen(end);
    return length >= more && strcmp(name + length - more, end) == 0;
}

static int is_sample(const char *name) {
    return strncmp(name, "samples-", 8) == 0 && strspn(name + 8, "0123456789") >= 8 &&
           ends_in(name, ".png");
}

static int64_t step_of(const char *sample) { return strtoll(sample + 8, NULL, 10); }

static int is_unfinished(const char *name) { return name[0] == '.' && ends_in(name, ".tmp"); }

/* The names in the folder that `wanted` accepts, in their order; a list to free, as are its
 * names. -1 after a message. */
static int list_names(const char *folder, int (*wanted)(const char *), struct dirent ***list) {
    struct dirent **all;
    int n = scandir(folder, &all, NULL, alphasort), kept = 0;
    if (n < 0) {
        fail("cannot read the folder %s: %s", folder, strerror(errno));
        return -1;
    }
    for (int i = 0; i < n; i++) {
        if (wanted(all[i]->d_name))
            all[kept++] = all[i];
        else
            free(all[i]);
    }
    *list = all;
    return kept;
}

static void free_names(struct dirent **list, int n) {
    for (int i = 0; i < n; i++) free(list[i]);
    free(list);
}

int64_t folder_newest_sample(const char *folder, int64_t most) {
    struct dirent **list;
    int64_t newest = -1;
    int n = list_names(folder, is_sample, &list);
    for (int i = 0; i < n; i++) {
        int64_t step = step_of(list[i]->d_name);
        if (step <= most && step > newest) newest = step;
    }
    if (n >= 0) free_names(list, n);
    return newest;
}

/* ---- removing -------------------------------------------------------------------------------- */

static int remove_file(const char *folder, const char *name) {
    char path[PATH_BYTES];
    if (unlink(join_path(path, folder, name)) == 0 || errno == ENOENT) return 0;
    return fail("cannot remove %s: %s", path, strerror(errno));
}

static int remove_files(const char *folder, int (*wanted)(const char *)) {
    struct dirent **list;
    int bad = 0, n = list_names(folder, wanted, &list);
    for (int i = 0; i < n && !bad; i++) bad = remove_file(folder, list[i]->d_name);
    if (n >= 0) free_names(list, n);
    return bad || n < 0;
}

int folder_cut_samples(const char *folder, int64_t last) {
    struct dirent **list;
    int bad = 0, n = list_names(folder, is_sample, &list);
    for (int i = 0; i < n && !bad; i++)
        if (step_of(list[i]->d_name) > last) bad = remove_file(folder, list[i]->d_name);
    if (n >= 0) free_names(list, n);
    return bad || n < 0;
}

int folder_clear(const char *folder) {
    for (size_t i = 0; i < sizeof outputs / sizeof *outputs; i++)
        if (remove_file(folder, outputs[i])) return 1;
    return remove_files(folder, is_sample) || folder_tidy(folder);
}

int folder_tidy(const char *folder) { return remove_files(folder, is_unfinished); }

/* ---- the animation --------------------------------------------------------------------------- */

static int animate(const char *folder, struct dirent **list, int n) {
    const char *frames[FRAMES];
    char(*paths)[PATH_BYTES] = malloc(FRAMES * sizeof *paths);
    int count = n < FRAMES ? n : FRAMES;
    if (!paths) return fail("no memory for the animation");
    for (int i = 0; i < count; i++) { /* the first and the last, and evenly between */
        int place = count > 1 ? (int)((int64_t)i * (n - 1) / (count - 1)) : 0;
        frames[i] = join_path(paths[i], folder, list[place]->d_name);
    }
    int bad = apng_write(folder, "animation.png", frames, (size_t)count,
                         (apng_timing){FRAME_TIME, LAST_TIME});
    free(paths);
    return bad;
}

int folder_animate(const char *folder) {
    struct dirent **list;
    int n = list_names(folder, is_sample, &list);
    if (n < 0) return 1;
    int bad = n > 0 && animate(folder, list, n);
    free_names(list, n);
    return bad;
}
