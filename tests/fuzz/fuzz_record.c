/* Records, whatever they say: each is unpacked and packed; an image of them is verified; and every view of ckptdump shows them. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "ckptdump/dump.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/items.h"
#include "tests/fuzz/printed.h"

enum { PAGES_AT = 0x10000, PAGES = 4 };

static const uint32_t core_types[8] = {1, 2, 3, 6, 0x53494749, 0x46494c45, 0x202, 99}; /* NT_PRSTATUS, NT_PRFPREG, NT_PRPSINFO, NT_AUXV, NT_SIGINFO, NT_FILE, NT_X86_XSTATE */

/* What was unpacked packs into something that unpacks into the same. */
static void round_trip(uint32_t kind, const ProtobufCMessage *message)
{
    size_t length = protobuf_c_message_get_packed_size(message);
    uint8_t *once = malloc(length + 1), *twice = malloc(length + 1);
    FUZZ_ENSURE(once != NULL && twice != NULL && protobuf_c_message_pack(message, once) == length);
    ProtobufCMessage *again = ckpt_record_unpack(kind, once, length);
    FUZZ_ENSURE(again != NULL);
    FUZZ_ENSURE(protobuf_c_message_get_packed_size(again) == length && protobuf_c_message_pack(again, twice) == length && memcmp(once, twice, length) == 0);
    protobuf_c_message_free_unpacked(again, NULL);
    free(once);
    free(twice);
}

static void check_record(uint32_t kind, const struct item *item)
{
    ProtobufCMessage *message = ckpt_record_unpack(kind, item->body, item->length);
    if (message == NULL)
        return;
    FUZZ_ENSURE(ckpt_record_descriptor(kind) == message->descriptor && ckpt_record_kind_name(kind) != NULL);
    if (protobuf_c_message_check(message))
        round_trip(kind, message);
    protobuf_c_message_free_unpacked(message, NULL);
}

/* The first IMAGE record of the input, made to fit. */
static enum ckpt_status put_image(struct ckpt_writer *w, const uint8_t *data, size_t size)
{
    Ckpt__Image fresh = CKPT__IMAGE__INIT, *given = NULL;
    struct item item;
    for (size_t at = 0; given == NULL && item_at(data, size, at, &item); at = item.end)
        if (item.tag == CKPT__KIND__KIND_IMAGE)
            given = (Ckpt__Image *)ckpt_record_unpack(item.tag, item.body, item.length);
    Ckpt__Image image = given != NULL ? *given : fresh;
    image.n_parents = 0;
    ckpt_writer_fill_image(w, &image);
    enum ckpt_status status = ckpt_writer_message(w, CKPT__KIND__KIND_IMAGE, true, &image);
    if (given != NULL)
        ckpt__image__free_unpacked(given, NULL);
    return status;
}

static void put_notes(struct ckpt_writer *w, const uint8_t *data, size_t size, bool tail)
{
    struct item item;
    for (size_t at = 0; item_at(data, size, at, &item); at = item.end) {
        uint32_t kind = item.tag % ITEM_TAIL % ITEM_KINDS;
        bool last = item.tag < ITEM_CORE && item.tag >= ITEM_TAIL;
        if (last != tail || kind == CKPT__KIND__KIND_IMAGE)
            continue;
        if (item.tag < ITEM_CORE)
            FUZZ_ENSURE(ckpt_writer_record(w, kind, item.tag % 2 == 0, item.body, item.length) == CKPT_OK);
        else if (item.tag < 2 * ITEM_TAIL + ITEM_CORE / 2)
            FUZZ_ENSURE(ckpt_writer_note(w, "CORE", core_types[item.tag % 8], item.body, item.length) == CKPT_OK);
    }
}

/* The notes over a few pages with words in them. False where no image can be made of that. */
static bool make_image(const uint8_t *data, size_t size, struct ckpt_io *io)
{
    static uint8_t pages[PAGES * CKPT_PAGE_SIZE];
    for (size_t i = 0; i < sizeof(pages); i++)
        pages[i] = i % 7 == 0 ? 0 : (uint8_t)(i % 251);
    struct ckpt_writer_options options = {.struct_size = sizeof(options), .compression = size % 2 == 0 ? 1 : 0};
    struct ckpt_writer *w = ckpt_writer_create(io, &options);
    FUZZ_ENSURE(w != NULL);
    bool fine = put_image(w, data, size) == CKPT_OK;
    if (fine) {
        put_notes(w, data, size, false);
        FUZZ_ENSURE(ckpt_writer_extent(w, 1, PAGES_AT, sizeof(pages)) == CKPT_OK);
        FUZZ_ENSURE(ckpt_writer_begin_pages(w) == CKPT_OK);
        FUZZ_ENSURE(ckpt_writer_put(w, 0, 1, PAGES_AT, pages, sizeof(pages)) == CKPT_OK);
        put_notes(w, data, size, true);
        FUZZ_ENSURE(ckpt_writer_finish(w, false, NULL) == CKPT_OK);
    }
    ckpt_writer_destroy(w);
    return fine;
}

static void show(const struct settings *settings, const char *path, const struct view *view)
{
    struct dump dump = {.settings = settings};
    struct printed printed;
    printed_begin(&printed);
    bool open = image_open(&dump.image, path, false) == CLI_FINE;
    if (open && settings->json) {
        cli_json_init(&dump.json, stdout);
        cli_json_object(&dump.json, NULL);
        view->json(&dump);
        cli_json_end_object(&dump.json);
        cli_json_finish(&dump.json);
    } else if (open) {
        view->show(&dump);
    }
    image_deinit(&dump.image);
    printed_end(&printed);
    FUZZ_ENSURE(open);
    FUZZ_ENSURE(printed_is_harmless(&printed));
    FUZZ_ENSURE(!settings->json || printed_is_json(&printed));
    printed_deinit(&printed);
}

/* All that need no argument; the debugger's library is not what is looked at here. */
static void show_all(const char *path, bool json, uint8_t dice)
{
    struct settings settings = {.json = json, .pid = NO_PID, .diff = path, .exact = dice & 1};
    size_t i = 0;
    for (const struct view *view = views; view->name != NULL; view++, i++) {
        bool without = !view->argument || strcmp(view->name, "diff") == 0;
        if (without && strcmp(view->name, "backtrace") != 0 && (i + dice) % 3 == 0 && (!json || view->json != NULL))
            show(&settings, path, view);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct item item;
    for (size_t at = 0; item_at(data, size, at, &item); at = item.end)
        if (item.tag < ITEM_CORE)
            check_record(item.tag % ITEM_TAIL % ITEM_KINDS, &item);
    struct ckpt_io io;
    FUZZ_ENSURE(ckpt_io_to_buffer(&io) == 0);
    if (size > 0 && make_image(data, size, &io)) {
        size_t length;
        char path[40];
        const void *bytes = ckpt_io_buffer_data(&io, &length);
        fuzz_verify(bytes, length);
        int fd = memfd_create("image", MFD_CLOEXEC);
        FUZZ_ENSURE(fd >= 0 && write(fd, bytes, length) == (ssize_t)length);
        snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
        show_all(path, size % 4 < 2, data[size - 1]);
        close(fd);
    }
    ckpt_io_close(&io);
    return 0;
}
