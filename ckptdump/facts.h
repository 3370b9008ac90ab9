/* What an image says, as short lines of text with a key each, so that two images can be compared. */
#ifndef CKPTDUMP_FACTS_H
#define CKPTDUMP_FACTS_H

#include "ckptdump/image.h"
#include "cli/text.h"

struct fact {
    uint64_t order; /* facts are in this order, then by key */
    char *key, *value;
};

struct facts {
    struct fact *list;
    size_t count;
};

struct facts_section {
    const char *name; /* NULL ends the list */
    void (*collect)(struct image *image, struct facts *facts);
};
extern const struct facts_section facts_sections[];

/* Adds one; takes both texts, which are left empty. */
void facts_add(struct facts *facts, uint64_t order, struct cli_text *key, struct cli_text *value);
void facts_sort(struct facts *facts);
void facts_deinit(struct facts *facts);

/* Where an image has several processes, "pid 4712 " begins the key of what belongs to one. */
void facts_begin_key(struct image *image, uint32_t process, struct cli_text *key);

void collect_identity(struct image *image, struct facts *facts);
void collect_threads(struct image *image, struct facts *facts);
void collect_descriptors(struct image *image, struct facts *facts);
void collect_signals(struct image *image, struct facts *facts);
void collect_mappings(struct image *image, struct facts *facts);

#endif
