/* The inside of rewriting: what the new image's notes are, and two ways to its pages: copying them as they lie, or making them anew. */
#ifndef CKPTFMT_REWRITE_STATE_H
#define CKPTFMT_REWRITE_STATE_H

#include <ckptfmt/edit.h>
#include <ckptfmt/writer.h>

#include "notes.h"
#include "reader_state.h"

struct rewrite {
    struct ckpt_reader *reader;
    struct ckpt_io sink;
    struct ckpt_rewrite_options options;
    struct note_area head, process, tail;
    struct footer footer;   /* the new one; its features are settled first */
    uint64_t shift;         /* copying: what to add to offsets behind the head, modulo 2^64 */
    uint64_t position;      /* copying packed pages: where the next description lies in the old file */
};

/* Fills the three areas: filtered, appended to, the IMAGE record as the new footer's features want it. */
enum ckpt_status rewrite_notes(struct rewrite *rewrite);
/* Stored pages as they lie; only what says where they are changes. */
enum ckpt_status rewrite_copy(struct rewrite *rewrite);
/* Through a writer. */
enum ckpt_status rewrite_build(struct rewrite *rewrite);
/* Tells the writer which mappings and extents there are: the records know the mappings, the index what is stored. */
enum ckpt_status rewrite_layout(struct rewrite *rewrite, struct ckpt_writer *writer);

/* The halves of that. */
enum ckpt_status rewrite_mappings(struct rewrite *rewrite, struct ckpt_writer *writer);
enum ckpt_status rewrite_extents(struct rewrite *rewrite, struct ckpt_writer *writer);

/* Of zstd, where pages are packed. */
uint32_t rewrite_level(const struct rewrite *rewrite);
bool rewrite_go_on(struct rewrite *rewrite, uint64_t done, uint64_t total);
enum ckpt_status rewrite_stopped(struct rewrite *rewrite);

#endif
