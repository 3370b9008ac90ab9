/* Opening, looking at everything, verifying. */
#include <stdlib.h>

#include "tests/fuzz/fuzz.h"

enum { CHUNKS = 64 };

static void read_notes(struct ckpt_reader *reader)
{
    struct ckpt_note note;
    for (size_t i = 0; ckpt_reader_note(reader, i, &note) == CKPT_OK; i++) {
        ProtobufCMessage *message = NULL;
        if (ckpt_reader_unpack(reader, &note, &message) == CKPT_OK)
            protobuf_c_message_free_unpacked(message, NULL);
    }
    for (uint32_t kind = 0; kind < 20; kind++)
        for (size_t i = 0; ckpt_reader_find_record(reader, kind, &i, &note) == CKPT_OK; i++)
            FUZZ_ENSURE(note.type == kind);
}

static void read_chunk(struct ckpt_reader *reader, const struct ckpt_chunk *chunk)
{
    const struct ckpt_footer *footer = ckpt_reader_footer(reader);
    uint8_t piece[100];
    uint64_t found;
    size_t run;
    bool stored;
    FUZZ_ENSURE(chunk->length > 0 && chunk->length <= footer->chunk_size);
    uint8_t *bytes = malloc(chunk->length + chunk->stored_length);
    FUZZ_ENSURE(bytes != NULL);
    struct ckpt_place place;
    if (ckpt_reader_locate(reader, chunk, &place) == CKPT_OK)
        FUZZ_ENSURE(place.chunk.codec != CKPT_CODEC_PARENT && place.chunk.length == chunk->length && place.fd == -1);
    ckpt_reader_chunk_bytes(reader, chunk, bytes);
    if (chunk->codec != CKPT_CODEC_PARENT)
        FUZZ_ENSURE(ckpt_reader_chunk_stored(reader, chunk, bytes) == CKPT_OK);
    free(bytes);
    if (ckpt_reader_seek_chunk(reader, chunk->space, chunk->address, &found) == CKPT_OK)
        FUZZ_ENSURE(found <= footer->index_count);
    if (ckpt_reader_memory(reader, chunk->space, chunk->address + 10, piece, sizeof(piece), &run, &stored) == CKPT_OK)
        FUZZ_ENSURE(run > 0 && run <= sizeof(piece));
}

struct seen {
    struct ckpt_run last;
    uint64_t entries;
};

/* One behind the other, of all entries. */
static bool see(void *context, const struct ckpt_run *run)
{
    struct seen *seen = context;
    FUZZ_ENSURE(run->count > 0 && run->length > 0 && run->first == seen->entries);
    FUZZ_ENSURE(seen->entries == 0 || seen->last.space < run->space ||
                (seen->last.space == run->space && seen->last.address + seen->last.length <= run->address));
    seen->last = *run;
    seen->entries += run->count;
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    enum ckpt_status status;
    struct ckpt_reader *reader = fuzz_open(data, size, &status);
    struct ckpt_verify_options options = {.struct_size = sizeof(options), .threads = 1};
    struct ckpt_chunk chunk;
    if (status == CKPT_OK) {
        uint64_t faults = 0;
        read_notes(reader);
        ckpt_reader_resumable(reader);
        enum ckpt_status index = ckpt_reader_check_index(reader);
        struct seen seen = {.entries = 0};
        enum ckpt_status runs = ckpt_reader_runs(reader, see, &seen);
        FUZZ_ENSURE(runs == CKPT_OK ? index == CKPT_OK && seen.entries == ckpt_reader_footer(reader)->index_count : runs != CKPT_REFUSED);
        for (uint64_t i = 0; i < CHUNKS && (status = ckpt_reader_chunk(reader, i, &chunk)) != CKPT_END; i++)
            if (status == CKPT_OK)
                read_chunk(reader, &chunk);
        status = ckpt_reader_verify(reader, &options, &faults);
        FUZZ_ENSURE((status == CKPT_OK) == (faults == 0));
        FUZZ_ENSURE(status != CKPT_OK || (index == CKPT_OK && runs == CKPT_OK));
    }
    ckpt_reader_destroy(reader);
    return 0;
}
