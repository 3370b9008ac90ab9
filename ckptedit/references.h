/* Which open files and files an image's records refer to. */
#ifndef CKPTEDIT_REFERENCES_H
#define CKPTEDIT_REFERENCES_H

#include "ckptedit/records.h"

/* A set of ids. Zero-initialise. */
struct references {
    uint32_t *ids; /* ascending once collected */
    size_t count, room;
};
void references_deinit(struct references *references);
/* False where memory ran out. Sort before asking. */
bool references_add(struct references *references, uint32_t id);
void references_sort(struct references *references);
bool references_has(const struct references *references, uint32_t id);

/* Collect what records that are not dropped refer to. CKPT_OK, or a status with the sentence on the reader (CKPT_NO_MEMORY: without). */
enum ckpt_status references_to_open_files(struct references *references, struct records *records);
enum ckpt_status references_to_files(struct references *references, struct records *records);

/* Whether records of a kind are about an object that a FILE record stands for: PIPE and its like. They go with it, so that this is none of the references to it. */
bool references_is_object(Ckpt__Kind kind);
/* The field `file` of such a record, its first: see schemas/README.md. */
uint32_t references_own_file(const ProtobufCMessage *message);

#endif
