/* damage IMAGE…: cuts each small image at every length, and flips every bit of it, all in memory, and looks at what the library makes of it. Prints TAP. STEP=N: only every N-th. */
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <ckptfmt/ckptfmt.h>
#include <ckptfmt/stream.h>

enum { EHDR_SIZE = 64, MAGIC_SIZE = 8, BEGIN_SIZE = 80, SHOWN = 20 };

struct image {
    const char *name;
    uint8_t *bytes, *sound;    /* to be damaged; as it was */
    size_t size;
    struct ckpt_footer footer; /* of the sound image */
    struct ckpt_io rewritten;  /* what rewriting the sound image gives */
    unsigned long trials, problems;
};

struct outcome {
    enum ckpt_status status;
    bool opened, index_named;
    uint64_t faults, offset; /* of the first fault in pages */
    char sentence[512];
};

static void problem(struct image *image, const char *what, size_t at, const char *found)
{
    if (image->problems++ < SHOWN)
        printf("# %s: %s 0x%zx: %s\n", image->name, what, at, found);
}

static bool note_fault(void *context, const struct ckpt_fault *fault)
{
    struct outcome *outcome = context;
    outcome->index_named = outcome->index_named || strncmp(fault->sentence, "index", 5) == 0;
    if (outcome->faults++ == 0)
        outcome->offset = fault->offset;
    return true;
}

static void look(const uint8_t *bytes, size_t size, struct outcome *outcome)
{
    struct ckpt_io io;
    struct ckpt_reader *reader = ckpt_reader_create();
    *outcome = (struct outcome){.offset = UINT64_MAX};
    if (reader == NULL || ckpt_io_from_memory(&io, bytes, size) != 0)
        abort();
    outcome->status = ckpt_reader_open(reader, &io);
    outcome->opened = outcome->status == CKPT_OK;
    struct ckpt_verify_options options = {.struct_size = sizeof(options), .context = outcome, .fault = note_fault, .threads = 1};
    if (outcome->opened)
        outcome->status = ckpt_reader_verify(reader, &options, NULL);
    snprintf(outcome->sentence, sizeof(outcome->sentence), "%s", ckpt_reader_error(reader));
    ckpt_reader_destroy(reader);
}

static enum ckpt_status stream(const uint8_t *bytes, size_t size)
{
    struct ckpt_io io;
    struct ckpt_stream *s = ckpt_stream_create();
    if (s == NULL || ckpt_io_from_memory(&io, bytes, size) != 0)
        abort();
    enum ckpt_status status = ckpt_stream_open(s, &io);
    if (status == CKPT_OK)
        status = ckpt_stream_verify(s, NULL, NULL);
    ckpt_stream_destroy(s);
    return status;
}

/* The result is the caller's to close. */
static enum ckpt_status rewrite(const uint8_t *bytes, size_t size, struct ckpt_io *sink)
{
    struct ckpt_io io;
    struct ckpt_reader *reader = ckpt_reader_create();
    if (reader == NULL || ckpt_io_from_memory(&io, bytes, size) != 0 || ckpt_io_to_buffer(sink) != 0)
        abort();
    enum ckpt_status status = ckpt_reader_open(reader, &io);
    if (status == CKPT_OK)
        status = ckpt_reader_rewrite(reader, sink, NULL);
    ckpt_reader_destroy(reader);
    return status;
}

/* Damage never comes out of an edit as something sound: the result is bad, or what the sound image's edit is. */
static void check_rewrite(struct image *image, size_t bit)
{
    struct ckpt_io sink;
    struct outcome outcome;
    size_t size, right_size;
    enum ckpt_status status = rewrite(image->bytes, image->size, &sink);
    const void *bytes = ckpt_io_buffer_data(&sink, &size), *right = ckpt_io_buffer_data(&image->rewritten, &right_size);
    if (status == CKPT_OK) {
        look(bytes, size, &outcome);
        if (outcome.status == CKPT_OK && (size != right_size || memcmp(bytes, right, size) != 0))
            problem(image, "bit", bit, "an edit makes another sound image of it");
    }
    ckpt_io_close(&sink);
}

/* What must be said of damage at `at`. */
static bool is_right(const struct image *image, size_t at, const struct outcome *o)
{
    const struct ckpt_footer *f = &image->footer;
    size_t footer = image->size - CKPT_FOOTER_SIZE;
    char expected[128] = "";
    if (o->status == CKPT_OK || o->sentence[0] == '\0')
        return false;
    if (at < EHDR_SIZE)
        return !o->opened;
    if (at < f->head_size)
        snprintf(expected, sizeof(expected), "head (0x0 to 0x%" PRIx64 "): digest differs", f->head_size);
    else if (at >= footer + MAGIC_SIZE)
        snprintf(expected, sizeof(expected), "footer at 0x%zx: digest differs", footer);
    else if (at >= footer)
        snprintf(expected, sizeof(expected), "truncated: the file ends at 0x%zx, without a footer", image->size);
    else if (at >= f->tail_offset)
        snprintf(expected, sizeof(expected), "tail records (0x%" PRIx64 " to 0x%zx): digest differs", f->tail_offset, footer);
    if (expected[0] != '\0')
        return !o->opened && strcmp(o->sentence, expected) == 0;
    if (at >= f->index_offset)
        return o->opened && o->index_named;
    return o->opened && o->faults == 1 && o->offset <= at && at - o->offset < f->chunk_size;
}

static void flip_bits(struct image *image, size_t step)
{
    bool packed = (image->footer.incompatible_features & CKPT_FEATURE_PACKED) != 0;
    for (size_t bit = 0; bit < image->size * 8; bit += step) {
        size_t at = bit / 8;
        uint8_t mask = (uint8_t)(1u << bit % 8);
        struct outcome outcome;
        image->bytes[at] ^= mask;
        look(image->bytes, image->size, &outcome);
        if (!is_right(image, at, &outcome))
            problem(image, "bit at", at, outcome.sentence);
        if (packed && stream(image->bytes, image->size) == CKPT_OK)
            problem(image, "bit at", at, "the stream's reader finds nothing");
        if (bit % 8 == at % 8 || step > 1)
            check_rewrite(image, bit);
        image->bytes[at] ^= mask;
        image->trials++;
    }
}

static const char *expected_of_length(size_t length, char text[64])
{
    snprintf(text, 64, length == 0 ? "the file is empty" : length < EHDR_SIZE ? "truncated: the file ends at %zu, inside the ELF header" : "truncated: ", length);
    return text;
}

static void cut(struct image *image, size_t step)
{
    bool packed = (image->footer.incompatible_features & CKPT_FEATURE_PACKED) != 0;
    for (size_t length = 0; length < image->size; length += step) {
        struct outcome outcome;
        char text[64];
        uint8_t *part = malloc(length + 1); /* of its own, so that a sanitizer sees a step beyond it */
        memcpy(part, image->bytes, length);
        look(part, length, &outcome);
        enum ckpt_status wanted = length == 0 ? CKPT_NOT_IMAGE : CKPT_TRUNCATED;
        expected_of_length(length, text);
        if (outcome.status != wanted || strncmp(outcome.sentence, text, strlen(text)) != 0)
            problem(image, "cut at", length, outcome.sentence);
        if (packed && stream(part, length) == CKPT_OK)
            problem(image, "cut at", length, "the stream's reader finds nothing");
        free(part);
        image->trials++;
    }
}

/* What is saved of a packed image that was cut behind its head is sound, and says that something is missing. */
static void salvage(struct image *image, size_t step)
{
    for (size_t length = image->footer.head_size + 128; length < image->size; length += step) {
        struct ckpt_io io, sink;
        struct outcome outcome;
        size_t size;
        struct ckpt_salvage_report report = {.struct_size = sizeof(report)};
        struct ckpt_stream *s = ckpt_stream_create();
        if (s == NULL || ckpt_io_from_memory(&io, image->bytes, length) != 0 || ckpt_io_to_buffer(&sink) != 0)
            abort();
        enum ckpt_status status = ckpt_stream_open(s, &io);
        if (status == CKPT_OK)
            status = ckpt_stream_salvage(s, &sink, &report);
        const void *bytes = ckpt_io_buffer_data(&sink, &size);
        if (status == CKPT_OK)
            look(bytes, size, &outcome);
        if (status != CKPT_OK || outcome.status != CKPT_OK)
            problem(image, "salvaged from", length, status != CKPT_OK ? ckpt_stream_error(s) : outcome.sentence);
        else if (report.whole)
            problem(image, "salvaged from", length, "nothing is missing");
        ckpt_stream_destroy(s);
        ckpt_io_close(&sink);
        image->trials++;
    }
}

/* The first chunk of a salvaged image that is not one of the sound image's, at its address and with its bytes; UINT64_MAX: there is none. */
static uint64_t find_foreign(const struct image *image, const void *bytes, size_t size)
{
    struct ckpt_io io, sound;
    struct ckpt_reader *reader = ckpt_reader_create(), *original = ckpt_reader_create();
    uint64_t foreign = UINT64_MAX, count;
    if (reader == NULL || original == NULL || ckpt_io_from_memory(&io, bytes, size) != 0 || ckpt_io_from_memory(&sound, image->sound, image->size) != 0 ||
        ckpt_reader_open(reader, &io) != CKPT_OK || ckpt_reader_open(original, &sound) != CKPT_OK)
        abort();
    count = ckpt_reader_footer(original)->index_count;
    for (uint64_t i = 0; i < ckpt_reader_footer(reader)->index_count && foreign == UINT64_MAX; i++) {
        struct ckpt_chunk chunk, known = {.space = 0};
        bool found = false;
        if (ckpt_reader_chunk(reader, i, &chunk) != CKPT_OK)
            abort();
        for (uint64_t k = 0; k < count && !found; k++)
            found = ckpt_reader_chunk(original, k, &known) == CKPT_OK && known.space == chunk.space && known.address == chunk.address &&
                    known.length == chunk.length && memcmp(known.digest, chunk.digest, CKPT_DIGEST_SIZE) == 0;
        foreign = found ? UINT64_MAX : chunk.address;
    }
    ckpt_reader_destroy(reader);
    ckpt_reader_destroy(original);
    return foreign;
}

/* A flipped bit among packed pages loses a chunk, or no more than what shares its bytes; what is saved is where and what it was. */
static void salvage_flipped(struct image *image, size_t step)
{
    uint64_t count = image->footer.index_count;
    for (size_t bit = (image->footer.head_size + BEGIN_SIZE) * 8; bit < image->footer.pages_end * 8; bit += step) {
        struct ckpt_io io, sink;
        size_t size, at = bit / 8;
        uint8_t mask = (uint8_t)(1u << bit % 8);
        struct ckpt_salvage_report report = {.struct_size = sizeof(report)};
        struct ckpt_stream *s = ckpt_stream_create();
        image->bytes[at] ^= mask;
        if (s == NULL || ckpt_io_from_memory(&io, image->bytes, image->size) != 0 || ckpt_io_to_buffer(&sink) != 0)
            abort();
        enum ckpt_status status = ckpt_stream_open(s, &io);
        if (status == CKPT_OK)
            status = ckpt_stream_salvage(s, &sink, &report);
        const void *bytes = ckpt_io_buffer_data(&sink, &size);
        bool end = at >= image->footer.pages_end - BEGIN_SIZE;
        if (status != CKPT_OK)
            problem(image, "salvaged with a bit flipped at", at, ckpt_stream_error(s));
        else if (find_foreign(image, bytes, size) != UINT64_MAX)
            problem(image, "salvaged with a bit flipped at", at, "a chunk that is not the image's");
        else if (report.whole || (!end && report.missing_ranges == 0) || report.chunks + 3 < count)
            problem(image, "salvaged with a bit flipped at", at, "what is missing is not what was lost");
        ckpt_stream_destroy(s);
        ckpt_io_close(&sink);
        image->bytes[at] ^= mask;
        image->trials++;
    }
}

static bool load(struct image *image, const char *path)
{
    FILE *file = fopen(path, "rb");
    struct ckpt_reader *reader = ckpt_reader_create();
    if (file == NULL || reader == NULL || fseek(file, 0, SEEK_END) != 0)
        return false;
    *image = (struct image){.name = path, .size = (size_t)ftell(file)};
    image->bytes = malloc(image->size);
    image->sound = malloc(image->size);
    rewind(file);
    bool whole = image->bytes != NULL && image->sound != NULL && fread(image->bytes, 1, image->size, file) == image->size &&
                 memcpy(image->sound, image->bytes, image->size) != NULL && ckpt_reader_open_path(reader, path) == CKPT_OK &&
                 ckpt_reader_verify(reader, NULL, NULL) == CKPT_OK;
    fclose(file);
    image->footer = *ckpt_reader_footer(reader);
    ckpt_reader_destroy(reader);
    return whole && rewrite(image->bytes, image->size, &image->rewritten) == CKPT_OK;
}

int main(int argc, char **argv)
{
    static const struct {
        const char *what;
        void (*run)(struct image *image, size_t step);
        bool packed_only;
    } tests[] = {{"cut at every length", cut, false}, {"every bit flipped", flip_bits, false}, {"salvaged from every length", salvage, true},
                 {"salvaged with every bit flipped", salvage_flipped, true}};
    const char *text = getenv("STEP");
    size_t step = text != NULL ? strtoul(text, NULL, 10) : 1;
    int number = 0;
    for (int i = 1; i < argc; i++) {
        struct image image;
        if (!load(&image, argv[i])) {
            printf("not ok %d - %s is sound\n", ++number, argv[i]);
            continue;
        }
        for (size_t t = 0; t < sizeof(tests) / sizeof(tests[0]); t++) {
            if (tests[t].packed_only && (image.footer.incompatible_features & CKPT_FEATURE_PACKED) == 0)
                continue;
            image.trials = image.problems = 0;
            tests[t].run(&image, step > 0 ? step : 1);
            printf("%s %d - %s: %s (%lu trials)\n", image.problems > 0 || image.trials == 0 ? "not ok" : "ok", ++number, argv[i], tests[t].what, image.trials);
            fflush(stdout);
        }
        ckpt_io_close(&image.rewritten);
        free(image.bytes);
        free(image.sound);
    }
    printf("1..%d\n", number);
    return 0;
}
