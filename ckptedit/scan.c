#include "ckptedit/scan.h"

#include <stdlib.h>
#include <string.h>

struct scan {
    struct ckpt_reader *reader;
    const struct pattern *pattern;
    scan_found *found;
    void *context;
    uint8_t *bytes;      /* what was carried on, then a chunk's */
    size_t length;
    size_t seen;         /* of them: in these, no match begins any more */
    uint32_t space;
    uint64_t address;    /* of bytes[0] */
};

/* Hands on the matches that are sure to be whole, and keeps the bytes in which another one may begin, and one before them. */
static void look(struct scan *scan, bool last)
{
    size_t reach = pattern_reach(scan->pattern), from = scan->seen, at, length;
    size_t sure = last ? scan->length : scan->length > reach ? scan->length - reach : 0;
    while (from < sure && pattern_find(scan->pattern, scan->bytes, scan->length, from, &at, &length) && at < sure) {
        scan->found(scan->context, scan->space, scan->address + at, length);
        from = pattern_next(scan->pattern, at, length);
    }
    from = from > sure ? from : sure;
    size_t gone = from > 0 ? from - 1 : 0;
    memmove(scan->bytes, scan->bytes + gone, scan->length - gone);
    scan->address += gone;
    scan->length -= gone;
    scan->seen = from - gone;
}

static enum ckpt_status scan_chunk(struct scan *scan, const struct ckpt_chunk *chunk)
{
    bool goes_on = chunk->space == scan->space && chunk->address == scan->address + scan->length;
    if (!goes_on) {
        look(scan, true);
        scan->space = chunk->space;
        scan->address = chunk->address;
        scan->length = scan->seen = 0;
    }
    enum ckpt_status status = ckpt_reader_chunk_bytes(scan->reader, chunk, scan->bytes + scan->length);
    if (status == CKPT_OK) {
        scan->length += chunk->length;
        look(scan, false);
    }
    return status;
}

enum ckpt_status scan_memory(struct ckpt_reader *reader, const struct pattern *pattern, scan_found *found, void *context)
{
    const struct ckpt_footer *footer = ckpt_reader_footer(reader);
    struct scan scan = {.reader = reader, .pattern = pattern, .found = found, .context = context};
    scan.bytes = malloc(1 + pattern_reach(pattern) + footer->chunk_size);
    enum ckpt_status status = scan.bytes != NULL ? CKPT_OK : CKPT_NO_MEMORY;
    struct ckpt_chunk chunk;
    for (uint64_t i = 0; status == CKPT_OK && i < footer->index_count; i++) {
        status = ckpt_reader_chunk(reader, i, &chunk);
        if (status == CKPT_OK)
            status = scan_chunk(&scan, &chunk);
    }
    if (status == CKPT_OK)
        look(&scan, true);
    free(scan.bytes);
    return status;
}
