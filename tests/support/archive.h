/* Zip archives of stored members, as torch.save writes them, for tests that damage them. */
#ifndef TESTS_ARCHIVE_H
#define TESTS_ARCHIVE_H

#include <stddef.h>
#include <stdint.h>

enum { ARCHIVE_MEMBERS = 16 };

typedef struct archive {
    uint8_t *bytes;
    size_t size, room;
    int zip64;  /* numbers that would fit are in extra fields all the same */
    int method; /* of the members that are added next; 0: stored */
    int flags;
    uint8_t central[ARCHIVE_MEMBERS][256];
    size_t central_bytes[ARCHIVE_MEMBERS];
    int members;
} archive;

/* Names are shorter than 100 bytes. */
void archive_add(archive *a, const char *name, const void *data, size_t size);
void archive_end(archive *a);
void archive_release(archive *a);

#endif
