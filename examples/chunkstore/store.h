/* The directory: chunks/XX/KEY, recipes/NAME. */
#ifndef CHUNKSTORE_STORE_H
#define CHUNKSTORE_STORE_H

#include <stdbool.h>
#include <stdint.h>

#include <ckptfmt/ckptfmt.h>

/* What names a chunk's stored bytes: the digest of its memory, and how that is stored. */
struct key {
    uint8_t digest[CKPT_DIGEST_SIZE];
    uint64_t codec, length, check;
};

enum { KEY_TEXT = 128 };

struct key key_of(const struct ckpt_chunk *chunk);
void key_path(const struct key *key, char path[KEY_TEXT]);

/* A descriptor of the store's directory, made where it is missing; -1 with a message. */
int store_open(const char *path);
bool store_has(int store, const struct key *key);
/* Writes beside the final name, then renames: a chunk or recipe that is there is whole. false with a message. */
bool store_write(int store, const char *name, const void *bytes, size_t length);
/* Reads a whole chunk of key->length bytes. */
bool store_read(int store, const struct key *key, void *bytes);

void complain(const char *what, const char *why);

#endif
