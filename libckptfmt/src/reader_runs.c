/* The whole index in one pass: its digest, every entry by itself, their order, and entries joined to runs. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "digest.h"
#include "index.h"
#include "io.h"
#include "reader_state.h"

enum { BLOCK_ENTRIES = 1024 };

struct pass {
    struct ckpt_reader *reader;
    ckpt_run_seen *seen;
    void *context;
    struct ckpt_run run;       /* count 0: none yet */
    enum ckpt_status status;   /* of the entries; the digest's verdict goes before it */
    struct error error;
};

static bool continues(const struct ckpt_run *run, const struct ckpt_chunk *chunk)
{
    if (run->count == 0 || chunk->space != run->space || chunk->codec != run->codec || chunk->parent != run->parent || chunk->address != run->address + run->length)
        return false;
    return chunk->codec == CKPT_CODEC_RAW      ? chunk->offset == run->offset + run->length
           : chunk->codec == CKPT_CODEC_PARENT ? chunk->offset == run->offset + run->count
                                               : true;
}

static bool hand_over(struct pass *pass)
{
    if (pass->run.count == 0 || pass->seen == NULL || pass->seen(pass->context, &pass->run))
        return true;
    pass->status = error_set(&pass->error, CKPT_REFUSED, "reading the index: stopped by the caller");
    return false;
}

static bool in_order(const struct ckpt_run *run, const struct ckpt_chunk *chunk)
{
    const struct ckpt_chunk before = {.space = run->space, .address = run->address, .length = run->length};
    return run->count == 0 || index_in_order(&before, chunk);
}

static void take_entry(struct pass *pass, const uint8_t *bytes, uint64_t i)
{
    const struct ckpt_footer *footer = &pass->reader->footer.facts;
    struct ckpt_chunk chunk;
    pass->status = reader_decode_entry(pass->reader, bytes, i, &chunk, &pass->error);
    if (pass->status == CKPT_OK && !in_order(&pass->run, &chunk))
        pass->status = error_set(&pass->error, CKPT_CORRUPT, "index entry %" PRIu64 " at 0x%" PRIx64 ": not in order, or it overlaps the one before", i,
                                 footer->index_offset + i * CKPT_INDEX_ENTRY_SIZE);
    if (pass->status != CKPT_OK)
        return;
    if (continues(&pass->run, &chunk)) {
        pass->run.length += chunk.length;
        pass->run.count++;
    } else if (hand_over(pass)) {
        pass->run = (struct ckpt_run){.space = chunk.space, .codec = chunk.codec, .parent = chunk.parent, .address = chunk.address, .length = chunk.length,
                                      .offset = chunk.offset, .first = i, .count = 1};
    }
}

static void take_block(struct pass *pass, const uint8_t *bytes, uint64_t first, uint64_t count)
{
    const struct ckpt_footer *footer = &pass->reader->footer.facts;
    uint64_t length;
    for (uint64_t i = 0; i < count && pass->status == CKPT_OK; i++, bytes += CKPT_INDEX_ENTRY_SIZE) {
        if (pass->run.count > 0 && index_continues(bytes, &pass->run, footer, &length)) {
            pass->run.length += length;
            pass->run.count++;
        } else {
            take_entry(pass, bytes, first + i);
        }
    }
}

/* An entry that is wrong does not end it: where the digest differs, too, that is the better answer. */
static enum ckpt_status read_all(struct pass *pass, uint8_t *bytes, struct digest_stream *stream)
{
    struct ckpt_reader *r = pass->reader;
    uint64_t count = r->footer.facts.index_count;
    for (uint64_t first = 0, got; first < count; first += got) {
        got = count - first < BLOCK_ENTRIES ? count - first : BLOCK_ENTRIES;
        uint64_t at = r->footer.facts.index_offset + first * CKPT_INDEX_ENTRY_SIZE;
        int error = io_read_at(&r->io, bytes, got * CKPT_INDEX_ENTRY_SIZE, at);
        if (error != 0)
            return reader_io(r, error, "the index", at);
        digest_update(stream, bytes, got * CKPT_INDEX_ENTRY_SIZE);
        if (pass->seen != NULL)
            take_block(pass, bytes, first, got);
    }
    return CKPT_OK;
}

static enum ckpt_status check_digest(struct ckpt_reader *r, struct digest_stream *stream)
{
    const struct ckpt_footer *f = &r->footer.facts;
    uint8_t digest[CKPT_DIGEST_SIZE];
    digest_end(stream, digest);
    if (memcmp(digest, r->footer.index_digest, sizeof(digest)) == 0)
        return CKPT_OK;
    return error_set(&r->error, CKPT_CORRUPT, "index (0x%" PRIx64 " to 0x%" PRIx64 "): digest differs", f->index_offset,
                     f->index_offset + f->index_count * CKPT_INDEX_ENTRY_SIZE);
}

static enum ckpt_status pass_run(struct pass *pass)
{
    struct ckpt_reader *r = pass->reader;
    uint8_t *bytes = malloc(BLOCK_ENTRIES * CKPT_INDEX_ENTRY_SIZE);
    struct digest_stream *stream = digest_create();
    enum ckpt_status status = CKPT_OK;
    if (bytes == NULL || stream == NULL)
        status = error_set(&r->error, CKPT_NO_MEMORY, "checking the index: out of memory");
    if (status == CKPT_OK)
        status = read_all(pass, bytes, stream);
    if (status == CKPT_OK)
        status = check_digest(r, stream);
    digest_destroy(stream);
    free(bytes);
    return status;
}

enum ckpt_status ckpt_reader_check_index(struct ckpt_reader *r)
{
    struct pass pass = {.reader = r, .status = CKPT_OK};
    return pass_run(&pass);
}

enum ckpt_status ckpt_reader_runs(struct ckpt_reader *r, ckpt_run_seen *seen, void *context)
{
    struct pass pass = {.reader = r, .seen = seen, .context = context, .status = CKPT_OK};
    enum ckpt_status status = pass_run(&pass);
    if (status != CKPT_OK)
        return status;
    if (pass.status == CKPT_OK && hand_over(&pass))
        return CKPT_OK;
    r->error = pass.error;
    return pass.status;
}
