/* Runs a target without libFuzzer: on every file of the folders that are named, and on every cut of
 * it. */
#include "fuzz.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_BYTES = 1 << 20, MAX_CUTS = 1024 };

static int replay_file(const char *folder, const char *name) {
    char path[1024];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "rb");
    uint8_t *bytes = file ? malloc(MAX_BYTES) : NULL;
    if (!bytes) {
        perror(path);
        exit(1);
    }
    size_t size = fread(bytes, 1, MAX_BYTES, file), step = 1 + size / MAX_CUTS;
    fclose(file);
    int runs = 0;
    for (size_t cut = 0; cut < size; cut += step, runs++) {
        uint8_t *part = malloc(cut ? cut : 1); /* of its own size, so that ASan sees its end */
        memcpy(part, bytes, cut);
        LLVMFuzzerTestOneInput(part, cut);
        free(part);
    }
    LLVMFuzzerTestOneInput(bytes, size);
    free(bytes);
    return runs + 1;
}

static int replay_folder(const char *path) {
    int runs = 0;
    DIR *folder = opendir(path);
    for (struct dirent *item; folder && (item = readdir(folder));)
        if (item->d_name[0] != '.') runs += replay_file(path, item->d_name);
    if (folder) closedir(folder);
    return runs;
}

int main(int count, char **folders) {
    int runs = 0;
    for (int i = 1; i < count; i++) runs += replay_folder(folders[i]);
    printf("%d runs\n", runs);
    return runs == 0;
}
