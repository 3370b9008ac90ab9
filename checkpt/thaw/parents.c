#include "checkpt/thaw/parents.h"

#include <stdlib.h>

static enum ckpt_status read_chunk(struct ckpt_reader *reader, const struct ckpt_chunk *chunk)
{
    void *bytes = malloc(chunk->length);
    enum ckpt_status status = bytes != NULL ? ckpt_reader_chunk_bytes(reader, chunk, bytes) : CKPT_NO_MEMORY;
    free(bytes);
    return status;
}

/* A parent may be named that nothing is taken from any more. */
static enum ckpt_status read_one_of_each(struct ckpt_reader *reader, bool *seen, size_t count)
{
    enum ckpt_status status = CKPT_OK;
    struct ckpt_chunk chunk;
    for (uint64_t i = 0; status == CKPT_OK && count > 0; i++) {
        status = ckpt_reader_chunk(reader, i, &chunk);
        if (status != CKPT_OK || chunk.codec != CKPT_CODEC_PARENT || seen[chunk.parent])
            continue;
        seen[chunk.parent] = true;
        count--;
        status = read_chunk(reader, &chunk);
    }
    return status;
}

bool parents_are_there(struct ckpt_reader *reader, struct failure *why)
{
    size_t count = ckpt_reader_parent_count(reader);
    if (count == 0)
        return true;
    bool *seen = calloc(UINT16_MAX + 1, sizeof(*seen)); /* whatever a chunk says */
    enum ckpt_status status = seen != NULL ? read_one_of_each(reader, seen, count) : CKPT_NO_MEMORY;
    free(seen);
    if (status == CKPT_NO_MEMORY)
        return failure_set(why, "looking for parents: out of memory");
    return status == CKPT_OK || status == CKPT_END || failure_set(why, "%s", ckpt_reader_error(reader));
}
