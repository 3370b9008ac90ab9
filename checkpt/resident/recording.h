/* A start file while it is made: what the files that make it share. */
#ifndef CHECKPT_RESIDENT_RECORDING_H
#define CHECKPT_RESIDENT_RECORDING_H

#include "checkpt/resident/record.h"
#include "checkpt/resource/resource.h"
#include "checkpt/thaw/stored.h"

/* A growing array of equal elements; freed with its recording. */
struct recording_list {
    void *elements;
    size_t count, room, element;
};

struct recording {
    const struct record_request *request;
    struct arena *arena;
    struct thaw thaw;             /* reader, image_fd, index and model only */
    const struct model *model;
    struct stored_index index;    /* the image's */
    struct stored stored;         /* runs of the address space */
    const Ckpt__Mapping *stack;   /* the old one: nothing of it is kept */
    struct start_header header;
    struct recording_list mapped, maps, reads, protects, patches;
    char **paths;                 /* of mapped, by index */
};

void *recording_add(struct recording *recording, struct recording_list *list);
/* Reads memory as the image has it; false where it is not stored. */
bool recording_word(const struct recording *recording, uint64_t address, void *word, size_t size);

/* record_maps.c: mappings, reads and protections. After the patches. */
bool recording_maps(struct recording *recording, struct failure *why);
/* record_patches.c */
bool recording_patches(struct recording *recording, struct failure *why);
/* Whether a patch lies in [start, end). */
bool recording_is_patched(const struct recording *recording, uint64_t start, uint64_t end);

#endif
