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
    ckpt_reader_chunk_bytes(reader, chunk, bytes);
    if (chunk->codec != CKPT_CODEC_PARENT)
        FUZZ_ENSURE(ckpt_reader_chunk_stored(reader, chunk, bytes) == CKPT_OK);
    free(bytes);
    if (ckpt_reader_seek_chunk(reader, chunk->space, chunk->address, &found) == CKPT_OK)
        FUZZ_ENSURE(found <= footer->index_count);
    if (ckpt_reader_memory(reader, chunk->space, chunk->address + 10, piece, sizeof(piece), &run, &stored) == CKPT_OK)
        FUZZ_ENSURE(run > 0 && run <= sizeof(piece));
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
        for (uint64_t i = 0; i < CHUNKS && (status = ckpt_reader_chunk(reader, i, &chunk)) != CKPT_END; i++)
            if (status == CKPT_OK)
                read_chunk(reader, &chunk);
        status = ckpt_reader_verify(reader, &options, &faults);
        FUZZ_ENSURE((status == CKPT_OK) == (faults == 0));
        FUZZ_ENSURE(status != CKPT_OK || index == CKPT_OK);
    }
    ckpt_reader_destroy(reader);
    return 0;
}
