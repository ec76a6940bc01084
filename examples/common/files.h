/* Folders and whole files. What goes wrong is told by `fail`, and the functions return its 1.
 *
 * SPDX-License-Identifier: MIT */
#ifndef COMMON_FILES_H
#define COMMON_FILES_H

#include <stddef.h>
#include <stdio.h>

enum {
    PATH_BYTES = 4096,
    FILE_BYTES = 64 /* of them for a file's name in an output folder */
};

/* Makes a folder and those above it, and leaves room in PATH_BYTES for a file's name. */
int make_folder(const char *folder);

/* folder/name, shortened if it must be. Returns `path`. */
const char *join_path(char path[PATH_BYTES], const char *folder, const char *name);

int file_exists(const char *path);

/* The whole file, *bytes long (NULL is allowed) and ended by a NUL: the caller's, to free. */
int read_file(const char *path, char **content, size_t *bytes);

/* A file that takes the place of `path` when it is closed with `keep`, and leaves what is there
 * untouched otherwise. Errors while writing are seen by new_file_close. */
typedef struct new_file {
    FILE *stream;
    char path[PATH_BYTES], temporary[PATH_BYTES];
} new_file;
int new_file_open(new_file *f, const char *folder, const char *name);
int new_file_close(new_file *f, int keep);

#endif
