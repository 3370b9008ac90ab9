/* A recipe: how an image is put together again. A header, then parts in the order of the file: bytes that are kept in the recipe, or a chunk of the store. What no part covers is zero. */
#ifndef CHUNKSTORE_RECIPE_H
#define CHUNKSTORE_RECIPE_H

#include "store.h"

struct part {
    uint64_t offset, length;
    struct key key;           /* of a chunk; not for bytes */
    const uint8_t *bytes;     /* NULL for a chunk; borrowed from the recipe */
};

struct recipe {
    uint64_t file_size;
    uint8_t id[CKPT_ID_SIZE];
    uint8_t *data;
    size_t length, room, at;
};

/* Writing. false when memory ran out. */
bool recipe_begin(struct recipe *recipe, uint64_t file_size, const uint8_t id[CKPT_ID_SIZE]);
bool recipe_add_bytes(struct recipe *recipe, uint64_t offset, const void *bytes, size_t length);
bool recipe_add_chunk(struct recipe *recipe, uint64_t offset, const struct key *key);
bool recipe_save(const struct recipe *recipe, int store, const char *name);

/* Reading. */
bool recipe_load(struct recipe *recipe, int store, const char *name);
/* false at the end, or with *damaged set. */
bool recipe_next(struct recipe *recipe, struct part *part, bool *damaged);

void recipe_deinit(struct recipe *recipe);

#endif
