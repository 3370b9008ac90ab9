/* Memory runs out, at every single allocation of the library in turn: nothing crashes or lies, and each refusal has a sentence. (Leaks are seen where the sanitizers run.) */
#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>

#include <ckptfmt/stream.h>

#include "fmt_image.h"

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
char *__real_strdup(const char *text);
char *__real_strndup(const char *text, size_t length);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);
char *__wrap_strdup(const char *text);
char *__wrap_strndup(const char *text, size_t length);

enum { NEVER = -1 };
static atomic_long left = NEVER; /* allocations until one fails; only that one */
static atomic_long made;

static bool fails(void)
{
    atomic_fetch_add(&made, 1);
    if (atomic_load(&left) == NEVER || atomic_fetch_sub(&left, 1) != 0)
        return false;
    errno = ENOMEM;
    return true;
}

void *__wrap_malloc(size_t size) { return fails() ? NULL : __real_malloc(size); }
void *__wrap_calloc(size_t count, size_t size) { return fails() ? NULL : __real_calloc(count, size); }
void *__wrap_realloc(void *old, size_t size) { return fails() ? NULL : __real_realloc(old, size); }
char *__wrap_strdup(const char *text) { return fails() ? NULL : __real_strdup(text); }
char *__wrap_strndup(const char *text, size_t length) { return fails() ? NULL : __real_strndup(text, length); }

static uint8_t memory[FMT_LENGTH], out[FMT_LENGTH];
static struct ckpt_io raw, packed, child;
static char sentence[600];

static int resolve(void *context, const uint8_t id[CKPT_ID_SIZE], const void *path, size_t path_length, struct ckpt_io *io)
{
    (void)context, (void)id, (void)path, (void)path_length;
    size_t length;
    const void *bytes = ckpt_io_buffer_data(&packed, &length);
    return ckpt_io_from_memory(io, bytes, length);
}

static void build_images(void)
{
    fmt_fill(memory, 2);
    fmt_build(&raw, &(struct fmt_spec){.memory = memory});
    fmt_build(&packed, &(struct fmt_spec){.memory = memory, .level = 1});
    struct ckpt_reader *r = fmt_open(&packed);
    memory[77] ^= 1;
    fmt_build(&child, &(struct fmt_spec){.memory = memory, .level = 1, .parent = r, .parent_path = "parent"});
    memory[77] ^= 1;
    ckpt_reader_destroy(r);
}

/* Something to do. Says in *right whether what came of it is what should; leaves the sentence. */
typedef enum ckpt_status operation(bool *right);

static enum ckpt_status keep(enum ckpt_status status, const char *said)
{
    snprintf(sentence, sizeof(sentence), "%s", said);
    return status;
}

static enum ckpt_status open_image(struct ckpt_reader **r, const struct ckpt_io *image)
{
    struct ckpt_io in;
    size_t length;
    const void *bytes = ckpt_io_buffer_data(image, &length);
    *r = ckpt_reader_create();
    if (*r == NULL)
        return keep(CKPT_NO_MEMORY, "no reader");
    if (ckpt_io_from_memory(&in, bytes, length) != 0)
        return keep(CKPT_NO_MEMORY, "no io");
    ckpt_reader_set_resolver(*r, resolve, NULL);
    return keep(ckpt_reader_open(*r, &in), ckpt_reader_error(*r));
}

static enum ckpt_status finish(struct ckpt_reader *r, enum ckpt_status status)
{
    if (r != NULL && ckpt_reader_error(r)[0] != '\0')
        keep(status, ckpt_reader_error(r));
    ckpt_reader_destroy(r);
    return status;
}

static enum ckpt_status write_image(uint32_t level, const struct ckpt_io *wanted, bool *right)
{
    struct ckpt_io io;
    if (ckpt_io_to_buffer(&io) != 0)
        return keep(CKPT_NO_MEMORY, "no buffer");
    enum ckpt_status status = fmt_write(&io, &(struct fmt_spec){.memory = memory, .level = level});
    *right = fmt_same_bytes(&io, wanted);
    ckpt_io_close(&io);
    return keep(status, "the writer's");
}

static enum ckpt_status write_raw(bool *right) { return write_image(0, &raw, right); }
static enum ckpt_status write_packed(bool *right) { return write_image(1, &packed, right); }

static enum ckpt_status write_child(bool *right)
{
    struct ckpt_reader *parent;
    struct ckpt_io io;
    enum ckpt_status status = open_image(&parent, &packed);
    if (status != CKPT_OK || ckpt_io_to_buffer(&io) != 0)
        return finish(parent, status != CKPT_OK ? status : keep(CKPT_NO_MEMORY, "no buffer"));
    memory[77] ^= 1;
    status = fmt_write(&io, &(struct fmt_spec){.memory = memory, .level = 1, .parent = parent, .parent_path = "parent"});
    memory[77] ^= 1;
    *right = fmt_same_bytes(&io, &child);
    ckpt_io_close(&io);
    return finish(parent, keep(status, "the writer's"));
}

static enum ckpt_status verify(const struct ckpt_io *image, bool *right)
{
    struct ckpt_reader *r;
    struct ckpt_verify_options options = {.struct_size = sizeof(options), .threads = 2};
    enum ckpt_status status = open_image(&r, image);
    *right = true;
    return finish(r, status == CKPT_OK ? ckpt_reader_verify(r, &options, NULL) : status);
}

static enum ckpt_status verify_raw(bool *right) { return verify(&raw, right); }
static enum ckpt_status verify_packed(bool *right) { return verify(&packed, right); }
static enum ckpt_status verify_child(bool *right) { return verify(&child, right); }

static enum ckpt_status fill(bool *right)
{
    struct ckpt_reader *r;
    struct ckpt_fill range = {.space = 1, .address = FMT_BASE, .length = FMT_LENGTH, .memory = out};
    enum ckpt_status status = open_image(&r, &child);
    memset(out, 0, sizeof(out));
    if (status == CKPT_OK)
        status = ckpt_reader_fill(r, &range, 1, NULL);
    out[77] ^= 1;
    *right = memcmp(out, memory, FMT_LENGTH) == 0;
    return finish(r, status);
}

static enum ckpt_status read_records(bool *right)
{
    struct ckpt_reader *r;
    struct ckpt_note note;
    ProtobufCMessage *message;
    bool stored;
    size_t position = 0, run = 0;
    enum ckpt_status status = open_image(&r, &packed);
    if (status == CKPT_OK)
        status = ckpt_reader_find_record(r, CKPT__KIND__KIND_MEMORY, &position, &note);
    if (status == CKPT_OK && (status = ckpt_reader_unpack(r, &note, &message)) == CKPT_OK)
        protobuf_c_message_free_unpacked(message, NULL);
    if (status == CKPT_OK)
        status = ckpt_reader_memory(r, 1, FMT_BASE, out, FMT_PUT, &run, &stored);
    *right = true;
    return finish(r, status);
}

static bool is_sound(const struct ckpt_io *image, unsigned changed)
{
    struct ckpt_reader *r = fmt_open(image);
    ckpt_reader_set_resolver(r, resolve, NULL);
    memory[77] ^= (uint8_t)changed;
    fmt_expect(r, memory);
    memory[77] ^= (uint8_t)changed;
    ckpt_reader_destroy(r);
    return true;
}

static enum ckpt_status rewrite(const struct ckpt_io *image, uint32_t pages, unsigned changed, bool *right)
{
    struct ckpt_reader *r;
    struct ckpt_io to;
    struct ckpt_rewrite_options options = {.struct_size = sizeof(options), .pages = pages, .level = 1, .threads = 2};
    enum ckpt_status status = open_image(&r, image);
    if (status != CKPT_OK || ckpt_io_to_buffer(&to) != 0)
        return finish(r, status != CKPT_OK ? status : keep(CKPT_NO_MEMORY, "no buffer"));
    status = ckpt_reader_rewrite(r, &to, &options);
    atomic_store(&left, NEVER);
    *right = status == CKPT_OK && is_sound(&to, changed);
    ckpt_io_close(&to);
    return finish(r, status);
}

static enum ckpt_status copy(bool *right) { return rewrite(&packed, 0, 0, right); }
static enum ckpt_status pack(bool *right) { return rewrite(&raw, CKPT_REWRITE_COMPRESS, 0, right); }
static enum ckpt_status unpack(bool *right) { return rewrite(&packed, CKPT_REWRITE_DECOMPRESS, 0, right); }
static enum ckpt_status flatten(bool *right) { return rewrite(&child, CKPT_REWRITE_FLATTEN, 1, right); }

/* `less`: what is cut off. */
static enum ckpt_status open_stream(struct ckpt_stream **s, const struct ckpt_io *image, size_t less)
{
    struct ckpt_io in;
    size_t length;
    const void *bytes = ckpt_io_buffer_data(image, &length);
    *s = ckpt_stream_create();
    if (*s == NULL || ckpt_io_from_memory(&in, bytes, length - less) != 0)
        return keep(CKPT_NO_MEMORY, "no stream");
    ckpt_stream_allow_raw(*s);
    return keep(ckpt_stream_open(*s, &in), ckpt_stream_error(*s));
}

static enum ckpt_status finish_stream(struct ckpt_stream *s, enum ckpt_status status)
{
    if (s != NULL && ckpt_stream_error(s)[0] != '\0')
        keep(status, ckpt_stream_error(s));
    ckpt_stream_destroy(s);
    return status;
}

static enum ckpt_status stream(bool *right)
{
    struct ckpt_stream *s;
    enum ckpt_status status = open_stream(&s, &packed, 0);
    *right = true;
    return finish_stream(s, status == CKPT_OK ? ckpt_stream_verify(s, NULL, NULL) : status);
}

static enum ckpt_status salvage(const struct ckpt_io *image, size_t less, bool *right)
{
    struct ckpt_stream *s;
    struct ckpt_io to;
    enum ckpt_status status = open_stream(&s, image, less);
    if (status != CKPT_OK || ckpt_io_to_buffer(&to) != 0)
        return finish_stream(s, status != CKPT_OK ? status : keep(CKPT_NO_MEMORY, "no buffer"));
    status = ckpt_stream_salvage(s, &to, NULL);
    atomic_store(&left, NEVER);
    *right = status == CKPT_OK && is_sound(&to, 0);
    ckpt_io_close(&to);
    return finish_stream(s, status);
}

static enum ckpt_status salvage_packed(bool *right) { return salvage(&packed, 0, right); }
static enum ckpt_status salvage_raw(bool *right) { return salvage(&raw, 100, right); }

/* Once with memory enough, to count; then without each allocation in turn. */
static void each_allocation(operation *run)
{
    bool right = false;
    build_images();
    cr_assert_eq(run(&right), CKPT_OK, "%s", sentence); /* what is made once is made now */
    atomic_store(&made, 0);
    cr_assert_eq(run(&right), CKPT_OK, "%s", sentence);
    cr_assert(right);
    long count = atomic_load(&made);
    long refused = 0;
    cr_assert_gt(count, 2);
    for (long at = 0; at < count; at += at < 150 || count - at < 50 ? 1 : count / 100 + 1) {
        atomic_store(&left, at);
        sentence[0] = '\0';
        right = false;
        enum ckpt_status status = run(&right);
        atomic_store(&left, NEVER);
        refused += status != CKPT_OK;
        if (status == CKPT_OK)
            cr_assert(right, "allocation %ld: said to be well, and is not", at);
        else
            cr_assert(sentence[0] != '\0', "allocation %ld: no sentence", at);
    }
    cr_assert_gt(refused, 0);
    ckpt_io_close(&raw);
    ckpt_io_close(&packed);
    ckpt_io_close(&child);
}

Test(fmt_memory, write_raw) { each_allocation(write_raw); }
Test(fmt_memory, write_packed) { each_allocation(write_packed); }
Test(fmt_memory, write_child) { each_allocation(write_child); }
Test(fmt_memory, verify_raw) { each_allocation(verify_raw); }
Test(fmt_memory, verify_packed) { each_allocation(verify_packed); }
Test(fmt_memory, verify_child) { each_allocation(verify_child); }
Test(fmt_memory, fill) { each_allocation(fill); }
Test(fmt_memory, read_records) { each_allocation(read_records); }
Test(fmt_memory, copy) { each_allocation(copy); }
Test(fmt_memory, pack) { each_allocation(pack); }
Test(fmt_memory, unpack) { each_allocation(unpack); }
Test(fmt_memory, flatten) { each_allocation(flatten); }
Test(fmt_memory, stream) { each_allocation(stream); }
Test(fmt_memory, salvage_packed) { each_allocation(salvage_packed); }
Test(fmt_memory, salvage_raw) { each_allocation(salvage_raw); }
