/* SPDX-License-Identifier: MIT */
#include "common/files.h"
#include "common/program.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int make_folder(const char *folder) {
    char path[PATH_BYTES];
    size_t length = strlen(folder);
    if (length == 0 || length > PATH_BYTES - FILE_BYTES)
        return fail("the name of the output folder is %s", length ? "too long" : "empty");
    memcpy(path, folder, length + 1);
    for (char *end = path; end;) {
        end = strchr(end + 1, '/');
        if (end) *end = '\0';
        if (mkdir(path, 0777) && errno != EEXIST)
            return fail("cannot make the folder %s: %s", path, strerror(errno));
        if (end) *end = '/';
    }
    return 0;
}

const char *join_path(char path[PATH_BYTES], const char *folder, const char *name) {
    int length = snprintf(path, PATH_BYTES, "%s/%s", folder, name);
    if (length < 0) path[0] = '\0';
    return path;
}

int file_exists(const char *path) { return access(path, F_OK) == 0; }

int read_file(const char *path, char **content, size_t *bytes) {
    FILE *f = fopen(path, "rb");
    struct stat info;
    if (!f || fstat(fileno(f), &info)) {
        int reason = errno;
        if (f) fclose(f);
        return fail("cannot read %s: %s", path, strerror(reason));
    }
    size_t size = S_ISREG(info.st_mode) ? (size_t)info.st_size : 0;
    char *text = malloc(size + 1);
    size_t got = text ? fread(text, 1, size, f) : 0;
    fclose(f);
    if (!text || got < size) {
        free(text);
        return fail("cannot read %s: %s", path, text ? "it became shorter" : "out of memory");
    }
    text[size] = '\0';
    *content = text;
    if (bytes) *bytes = size;
    return 0;
}

int new_file_open(new_file *f, const char *folder, const char *name) {
    char hidden[FILE_BYTES];
    snprintf(hidden, sizeof hidden, ".%s.tmp", name);
    join_path(f->path, folder, name);
    join_path(f->temporary, folder, hidden);
    f->stream = fopen(f->temporary, "wb");
    return f->stream ? 0 : fail("cannot write %s: %s", f->path, strerror(errno));
}

int new_file_close(new_file *f, int keep) {
    errno = 0;
    /* The flush first: what had failed before fails again, and says why. */
    int bad = fflush(f->stream) || ferror(f->stream) || fsync(fileno(f->stream));
    int reason = errno ? errno : EIO;
    if (fclose(f->stream) && !bad) {
        bad = 1;
        reason = errno;
    }
    if (keep && !bad && rename(f->temporary, f->path)) {
        bad = 1;
        reason = errno;
    }
    if (!keep || bad) unlink(f->temporary);
    if (!keep) return 1;
    return bad ? fail("cannot write %s: %s", f->path, strerror(reason)) : 0;
}
