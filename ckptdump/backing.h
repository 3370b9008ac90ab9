/* The files behind mappings, for what an image leaves to them: opened only where they are what they were at the freeze. */
#ifndef CKPTDUMP_BACKING_H
#define CKPTDUMP_BACKING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ckptdump/image.h"

struct backing {
    const Ckpt__File *file; /* the one that was asked for last */
    int fd;                 /* -1: not as it was */
    bool trust;             /* files are taken for what they were where nothing says anything else (ordinary core files do not) */
    char why[200];          /* why it is not */
};

/* Begins with none. */
void backing_init(struct backing *backing);
void backing_deinit(struct backing *backing);
/* Opens the file, which an image recorded, unless it is the last one. A descriptor, borrowed, or -1 with backing->why. */
int backing_open(struct backing *backing, const Ckpt__File *file);
/* Its bytes, zeros behind its end. False with backing->why. */
bool backing_read(struct backing *backing, const Ckpt__File *file, uint64_t offset, void *buffer, size_t length);

#endif
