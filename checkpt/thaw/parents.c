#include "checkpt/thaw/parents.h"

#include <stdlib.h>

static enum ckpt_status read_first(struct ckpt_reader *reader, const struct ckpt_run *run)
{
    struct ckpt_chunk chunk;
    enum ckpt_status status = ckpt_reader_chunk(reader, run->first, &chunk);
    if (status != CKPT_OK)
        return status;
    void *bytes = malloc(chunk.length);
    status = bytes != NULL ? ckpt_reader_chunk_bytes(reader, &chunk, bytes) : CKPT_NO_MEMORY;
    free(bytes);
    return status;
}

/* A parent may be named that nothing is taken from any more. */
static enum ckpt_status read_one_of_each(struct ckpt_reader *reader, const struct stored_index *index, bool *seen)
{
    enum ckpt_status status = CKPT_OK;
    for (size_t i = 0; status == CKPT_OK && i < index->count; i++) {
        const struct ckpt_run *run = &index->list[i];
        if (run->codec != CKPT_CODEC_PARENT || seen[run->parent])
            continue;
        seen[run->parent] = true;
        status = read_first(reader, run);
    }
    return status;
}

bool parents_are_there(struct ckpt_reader *reader, const struct stored_index *index, struct failure *why)
{
    if (ckpt_reader_parent_count(reader) == 0)
        return true;
    bool *seen = calloc(UINT16_MAX + 1, sizeof(*seen)); /* whatever a chunk says */
    enum ckpt_status status = seen != NULL ? read_one_of_each(reader, index, seen) : CKPT_NO_MEMORY;
    free(seen);
    if (status == CKPT_NO_MEMORY)
        return failure_set(why, "looking for parents: out of memory");
    return status == CKPT_OK || failure_set(why, "%s", ckpt_reader_error(reader));
}
