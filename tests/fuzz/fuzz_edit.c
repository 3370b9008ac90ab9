/* Rewriting: what is made of a sound image is sound, and its memory is what it was. */
#include <stdlib.h>
#include <string.h>

#include "tests/fuzz/edits.h"
#include "tests/fuzz/fuzz.h"

struct edit {
    uint8_t choice;
    bool drops;      /* some notes */
    size_t notes;
    struct fuzz_sink sink;
};

static enum ckpt_edit filter(void *context, const struct ckpt_note *note, const void **body, size_t *length)
{
    struct edit *edit = context;
    edit->notes++;
    if (!edit->drops || edit->notes % 3 != edit->choice % 3 || (note->type == 1 && strcmp(note->name, CKPT_NOTE_NAME) == 0))
        return CKPT_EDIT_KEEP;
    if (edit->choice & 64)
        return CKPT_EDIT_DROP;
    *body = "";
    *length = 0;
    return CKPT_EDIT_REPLACE;
}

static bool change(void *context, const struct ckpt_chunk *chunk, uint8_t *bytes)
{
    (void)context;
    if (bytes != NULL)
        memset(bytes, 0, chunk->length / 2);
    return (chunk->address / CKPT_PAGE_SIZE) % 2 == 0;
}

static void same_memory(struct ckpt_reader *one, const void *bytes, size_t size)
{
    enum ckpt_status status;
    struct ckpt_reader *two = fuzz_open(bytes, size, &status);
    struct ckpt_chunk chunk;
    FUZZ_ENSURE(status == CKPT_OK);
    for (uint64_t i = 0; ckpt_reader_chunk(one, i, &chunk) == CKPT_OK; i++) {
        uint8_t *a = malloc(chunk.length), *b = malloc(chunk.length);
        FUZZ_ENSURE(a != NULL && b != NULL && ckpt_reader_chunk_bytes(one, &chunk, a) == CKPT_OK);
        for (size_t done = 0, run; done < chunk.length; done += run) {
            bool stored;
            FUZZ_ENSURE(ckpt_reader_memory(two, chunk.space, chunk.address + done, b + done, chunk.length - done, &run, &stored) == CKPT_OK);
        }
        FUZZ_ENSURE(memcmp(a, b, chunk.length) == 0);
        free(a);
        free(b);
    }
    ckpt_reader_destroy(two);
}

static bool is_sound(struct edit *edit)
{
    size_t length;
    const void *bytes = ckpt_io_buffer_data(&edit->sink.inner, &length);
    return fuzz_verify(bytes, length) == CKPT_OK;
}

/* What ckptedit makes of it. */
static void edit_as_ckptedit(struct ckpt_reader *reader, const uint8_t *dice, bool sound)
{
    struct edit edit = {0};
    struct ckpt_io sink = fuzz_sink(&edit.sink);
    bool made = edits_make(reader, dice, &sink);
    FUZZ_ENSURE(!made || !sound || is_sound(&edit));
    ckpt_io_close(&edit.sink.inner);
}

/* The library's part: any note dropped or replaced, pages packed, unpacked, flattened, changed. */
static void rewrite(struct ckpt_reader *reader, const uint8_t *dice, bool sound)
{
    static const uint32_t pages[] = {0, CKPT_REWRITE_COMPRESS, CKPT_REWRITE_DECOMPRESS, CKPT_REWRITE_FLATTEN, CKPT_REWRITE_FLATTEN | CKPT_REWRITE_COMPRESS,
                                     CKPT_REWRITE_FLATTEN | CKPT_REWRITE_DECOMPRESS, 0, 0};
    struct edit edit = {.choice = dice[0], .drops = dice[1] % 4 == 0};
    bool changes = dice[2] % 4 == 0;
    struct ckpt_rewrite_options options = {.struct_size = sizeof(options), .context = &edit, .note = filter, .pages = pages[dice[0] % 8], .level = 1,
                                           .threads = 1, .change = changes ? change : NULL};
    struct ckpt_io sink = fuzz_sink(&edit.sink);
    if (ckpt_reader_rewrite(reader, &sink, &options) == CKPT_OK && sound && !edit.drops) {
        size_t length;
        const void *bytes = ckpt_io_buffer_data(&edit.sink.inner, &length);
        FUZZ_ENSURE(is_sound(&edit));
        if (!changes)
            same_memory(reader, bytes, length);
    }
    ckpt_io_close(&edit.sink.inner);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    enum ckpt_status status;
    struct ckpt_reader *reader = fuzz_open(data, size, &status);
    if (status == CKPT_OK) {
        /* The id changes with every byte, so it is as good as dice. */
        const uint8_t *dice = ckpt_reader_footer(reader)->image_id;
        bool sound = fuzz_verify(data, size) == CKPT_OK;
        if (dice[3] % 2 == 0)
            rewrite(reader, dice, sound);
        else
            edit_as_ckptedit(reader, dice, sound);
    }
    ckpt_reader_destroy(reader);
    return 0;
}
