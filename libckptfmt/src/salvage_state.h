/* The inside of salvaging: what packed and raw images have in common. */
#ifndef CKPTFMT_SALVAGE_STATE_H
#define CKPTFMT_SALVAGE_STATE_H

#include "rewrite_state.h"
#include "stream_state.h"
#include "writer_state.h"

/* What a space may hold. */
struct range {
    uint32_t space;
    uint64_t start, end;
};

struct ranges {
    struct range *list; /* ascending, once settled */
    size_t count, room;
};

struct salvage {
    struct ckpt_stream *stream;
    struct ckpt_reader *records;
    struct ckpt_writer *writer;
    struct ckpt_salvage_report report;
    struct ranges ranges;     /* all that the records know */
    struct ranges over_files; /* those where what is not stored is a file's */
    size_t first;             /* ranges before lie before every chunk to come */
    uint64_t ticket;
    bool no_memory;
};

void ranges_add(struct salvage *salvage, struct ranges *ranges, uint32_t space, uint64_t start, uint64_t end);
/* Sorts, and joins what touches or overlaps. */
void ranges_settle(struct ranges *ranges);

/* With the writer's sentence. */
enum ckpt_status salvage_failed(struct salvage *salvage, enum ckpt_status status);
/* A MISSING record behind the pages; space 0: not about memory. */
enum ckpt_status salvage_say(struct salvage *salvage, uint32_t space, uint64_t start, uint64_t end, const char *what);
/* Everything that may lie between two places; `from` without length: from the beginning, `to` NULL: to the end. */
enum ckpt_status salvage_say_unknown(struct salvage *salvage, const struct ckpt_chunk *from, const struct ckpt_chunk *to);
/* A chunk whose bytes are not what its digest says. */
enum ckpt_status salvage_lose(struct salvage *salvage, const struct ckpt_chunk *chunk);

/* A raw image's pages: between the mappings and the tail. Begins the pages by itself. */
enum ckpt_status salvage_raw(struct salvage *salvage, struct rewrite *rewrite);

#endif
