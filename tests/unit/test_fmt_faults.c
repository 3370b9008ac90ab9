/* Every single call of a caller's I/O fails once, in every way that a call can fail. What the library then says is true: it failed and says why, or nothing was lost. Leaks are the
 * sanitizers' to find (make check SAN=1). */
#include <errno.h>
#include <stdio.h>

#include "fmt_image.h"

enum { PIPE_PIECE = 5000 };
enum fault { FAULT_EIO, FAULT_ENOSPC, FAULT_EINTR, FAULT_SHORT, FAULT_END, FAULT_COUNT };
static const char *const fault_names[] = {"EIO", "ENOSPC", "EINTR", "a short count", "nothing"};

/* An io over another one, whose call number `at` fails. */
struct faulty {
    struct ckpt_io io;
    uint64_t position; /* of a pipe */
    long calls, at;
    enum fault fault;
    bool hit;
};

/* Whether to fail this call: *result is what it returns; or, for a short count, *length is halved. */
static bool fails(struct faulty *f, size_t *length, ssize_t *result)
{
    static const int errors[] = {[FAULT_EIO] = EIO, [FAULT_ENOSPC] = ENOSPC, [FAULT_EINTR] = EINTR};
    if (f->calls++ != f->at)
        return false;
    f->hit = true;
    if (f->fault == FAULT_SHORT) {
        *length = (*length + 1) / 2;
        return false;
    }
    *result = f->fault == FAULT_END ? 0 : -errors[f->fault];
    return true;
}

static ssize_t faulty_read_at(void *context, void *buffer, size_t length, uint64_t offset)
{
    struct faulty *f = context;
    ssize_t result;
    return fails(f, &length, &result) ? result : f->io.read_at(f->io.context, buffer, length, offset);
}

static ssize_t faulty_write_at(void *context, const void *buffer, size_t length, uint64_t offset)
{
    struct faulty *f = context;
    ssize_t result;
    return fails(f, &length, &result) ? result : f->io.write_at(f->io.context, buffer, length, offset);
}

static ssize_t faulty_read(void *context, void *buffer, size_t length)
{
    struct faulty *f = context;
    ssize_t result;
    length = length < PIPE_PIECE ? length : PIPE_PIECE;
    if (fails(f, &length, &result))
        return result;
    result = f->io.read_at(f->io.context, buffer, length, f->position);
    f->position += result > 0 ? (uint64_t)result : 0;
    return result;
}

static ssize_t faulty_write(void *context, const void *buffer, size_t length)
{
    struct faulty *f = context;
    ssize_t result;
    if (fails(f, &length, &result))
        return result;
    result = f->io.write_at(f->io.context, buffer, length, f->position);
    f->position += result > 0 ? (uint64_t)result : 0;
    return result;
}

/* Calls that return no count cannot be short or at an end. */
static bool fails_plainly(struct faulty *f, int *result)
{
    size_t length = 1;
    ssize_t error = 0;
    bool failed = fails(f, &length, &error);
    *result = (int)error;
    return failed && error != 0;
}

static int faulty_size(void *context, uint64_t *size)
{
    struct faulty *f = context;
    int result;
    return fails_plainly(f, &result) ? result : f->io.size(f->io.context, size);
}

static int faulty_resize(void *context, uint64_t size)
{
    struct faulty *f = context;
    int result;
    return fails_plainly(f, &result) ? result : f->io.resize(f->io.context, size);
}

static int faulty_next_data(void *context, uint64_t offset, uint64_t *data)
{
    struct faulty *f = context;
    int result;
    *data = offset;
    return fails_plainly(f, &result) ? result : 0;
}

static int faulty_sync(void *context)
{
    int result;
    return fails_plainly(context, &result) ? result : 0;
}

static struct ckpt_io seekable(struct faulty *f)
{
    return (struct ckpt_io){.struct_size = sizeof(struct ckpt_io), .context = f, .read_at = faulty_read_at, .write_at = faulty_write_at, .size = faulty_size,
                            .resize = faulty_resize, .next_data = faulty_next_data, .sync = faulty_sync};
}

static struct ckpt_io pipe_io(struct faulty *f)
{
    return (struct ckpt_io){.struct_size = sizeof(struct ckpt_io), .context = f, .read = faulty_read, .write = faulty_write};
}

static uint8_t memory[FMT_LENGTH], out[FMT_LENGTH];
static struct ckpt_io raw, packed, parent, child;
static char sentence[600];

static int resolve(void *context, const uint8_t id[CKPT_ID_SIZE], const void *path, size_t path_length, struct ckpt_io *io)
{
    (void)id, (void)path, (void)path_length;
    struct faulty *f = context;
    size_t length;
    f->io = parent;
    ckpt_io_buffer_data(&parent, &length);
    *io = seekable(f);
    return length > 0 ? 0 : -ENOENT;
}

static void build_images(void)
{
    fmt_fill(memory, 2);
    fmt_build(&raw, &(struct fmt_spec){.memory = memory});
    fmt_build(&packed, &(struct fmt_spec){.memory = memory, .level = 1});
    fmt_build(&parent, &(struct fmt_spec){.memory = memory, .level = 1});
    struct ckpt_reader *r = fmt_open(&parent);
    memory[77] ^= 1;
    fmt_build(&child, &(struct fmt_spec){.memory = memory, .level = 1, .parent = r, .parent_path = "parent"});
    memory[77] ^= 1;
    ckpt_reader_destroy(r);
}

/* A thing to do over a faulty io. Returns its status and leaves a sentence; true results are compared by the caller through *matches. */
typedef enum ckpt_status operation(struct faulty *f, bool *matches);

static enum ckpt_status finish_reader(struct ckpt_reader *r, enum ckpt_status status)
{
    snprintf(sentence, sizeof(sentence), "%s", ckpt_reader_error(r));
    ckpt_reader_destroy(r);
    return status;
}

static enum ckpt_status write_image(struct faulty *f, uint32_t level, bool to_pipe, const struct ckpt_io *wanted, bool *matches)
{
    cr_assert_eq(ckpt_io_to_buffer(&f->io), 0);
    struct ckpt_io io = to_pipe ? pipe_io(f) : seekable(f);
    enum ckpt_status status = fmt_write(&io, &(struct fmt_spec){.memory = memory, .level = level});
    *matches = fmt_same_bytes(&f->io, wanted);
    ckpt_io_close(&f->io);
    snprintf(sentence, sizeof(sentence), "%s", status == CKPT_OK ? "" : "the writer's");
    return status;
}

static enum ckpt_status write_raw(struct faulty *f, bool *matches) { return write_image(f, 0, false, &raw, matches); }
static enum ckpt_status write_packed(struct faulty *f, bool *matches) { return write_image(f, 1, false, &packed, matches); }
static enum ckpt_status write_pipe(struct faulty *f, bool *matches) { return write_image(f, 1, true, &packed, matches); }

static enum ckpt_status verify(struct faulty *f, const struct ckpt_io *image)
{
    struct ckpt_io io = seekable(f);
    struct ckpt_reader *r = ckpt_reader_create();
    struct ckpt_verify_options options = {.struct_size = sizeof(options), .threads = 2};
    f->io = *image;
    enum ckpt_status status = ckpt_reader_open(r, &io);
    return finish_reader(r, status == CKPT_OK ? ckpt_reader_verify(r, &options, NULL) : status);
}

static enum ckpt_status verify_raw(struct faulty *f, bool *matches) { *matches = true; return verify(f, &raw); }
static enum ckpt_status verify_packed(struct faulty *f, bool *matches) { *matches = true; return verify(f, &packed); }

static enum ckpt_status read_memory(struct faulty *f, bool *matches)
{
    struct ckpt_io io = seekable(f);
    struct ckpt_reader *r = ckpt_reader_create();
    bool stored;
    f->io = packed;
    enum ckpt_status status = ckpt_reader_open(r, &io);
    for (size_t done = 0, run; done < FMT_LENGTH && status == CKPT_OK; done += run)
        status = ckpt_reader_memory(r, 1, FMT_BASE + done, out + done, FMT_LENGTH - done, &run, &stored);
    *matches = memcmp(out, memory, FMT_LENGTH) == 0;
    return finish_reader(r, status);
}

static enum ckpt_status fill(struct faulty *f, bool *matches)
{
    struct ckpt_io io = seekable(f);
    struct ckpt_reader *r = ckpt_reader_create();
    struct ckpt_fill range = {.space = 1, .address = FMT_BASE, .length = FMT_LENGTH, .memory = out};
    f->io = raw;
    memset(out, 0, sizeof(out));
    enum ckpt_status status = ckpt_reader_open(r, &io);
    if (status == CKPT_OK)
        status = ckpt_reader_fill(r, &range, 1, NULL);
    *matches = memcmp(out, memory, FMT_LENGTH) == 0;
    return finish_reader(r, status);
}

/* The child is sound; what fails is the parent's io. */
static enum ckpt_status from_parent(struct faulty *f, bool *matches)
{
    struct ckpt_reader *r = fmt_open(&child);
    struct ckpt_fill range = {.space = 1, .address = FMT_BASE, .length = FMT_LENGTH, .memory = out};
    ckpt_reader_set_resolver(r, resolve, f);
    memset(out, 0, sizeof(out));
    enum ckpt_status status = ckpt_reader_fill(r, &range, 1, NULL);
    out[77] ^= 1;
    *matches = memcmp(out, memory, FMT_LENGTH) == 0;
    return finish_reader(r, status);
}

static bool is_sound(const struct ckpt_io *image)
{
    struct ckpt_reader *r = ckpt_reader_create();
    struct ckpt_io io;
    size_t length, run;
    bool stored, same = true;
    const void *bytes = ckpt_io_buffer_data(image, &length);
    cr_assert_eq(ckpt_io_from_memory(&io, bytes, length), 0);
    enum ckpt_status status = ckpt_reader_open(r, &io);
    if (status == CKPT_OK)
        status = ckpt_reader_verify(r, NULL, NULL);
    for (size_t done = 0; done < FMT_LENGTH && status == CKPT_OK; done += run)
        status = ckpt_reader_memory(r, 1, FMT_BASE + done, out + done, FMT_LENGTH - done, &run, &stored);
    same = memcmp(out, memory, FMT_LENGTH) == 0;
    ckpt_reader_destroy(r);
    return status == CKPT_OK && same;
}

/* Source and sink are the same faulty io's business in turn. */
static enum ckpt_status rewrite(struct faulty *f, const struct ckpt_io *image, uint32_t pages, bool sink_fails, bool *matches)
{
    struct ckpt_io good, faulty_io = seekable(f), to;
    struct ckpt_reader *r = ckpt_reader_create();
    struct ckpt_rewrite_options options = {.struct_size = sizeof(options), .pages = pages, .level = 1, .threads = 2};
    size_t length;
    const void *bytes = ckpt_io_buffer_data(image, &length);
    enum ckpt_status status;
    cr_assert_eq(ckpt_io_to_buffer(&to), 0);
    cr_assert_eq(ckpt_io_from_memory(&good, bytes, length), 0);
    f->io = sink_fails ? to : *image;
    if (sink_fails) {
        status = ckpt_reader_open(r, &good);
    } else {
        ckpt_io_close(&good);
        status = ckpt_reader_open(r, &faulty_io);
    }
    if (status == CKPT_OK)
        status = ckpt_reader_rewrite(r, sink_fails ? &faulty_io : &to, &options);
    *matches = is_sound(&to);
    ckpt_io_close(&to);
    return finish_reader(r, status);
}

static enum ckpt_status copy_from(struct faulty *f, bool *matches) { return rewrite(f, &raw, 0, false, matches); }
static enum ckpt_status copy_to(struct faulty *f, bool *matches) { return rewrite(f, &packed, 0, true, matches); }
static enum ckpt_status pack_from(struct faulty *f, bool *matches) { return rewrite(f, &raw, CKPT_REWRITE_COMPRESS, false, matches); }
static enum ckpt_status pack_to(struct faulty *f, bool *matches) { return rewrite(f, &raw, CKPT_REWRITE_COMPRESS, true, matches); }
static enum ckpt_status unpack_from(struct faulty *f, bool *matches) { return rewrite(f, &packed, CKPT_REWRITE_DECOMPRESS, false, matches); }
static enum ckpt_status unpack_to(struct faulty *f, bool *matches) { return rewrite(f, &packed, CKPT_REWRITE_DECOMPRESS, true, matches); }

static enum ckpt_status finish_stream(struct ckpt_stream *s, enum ckpt_status status)
{
    snprintf(sentence, sizeof(sentence), "%s", ckpt_stream_error(s));
    ckpt_stream_destroy(s);
    return status;
}

static enum ckpt_status stream(struct faulty *f, bool *matches)
{
    struct ckpt_io io = pipe_io(f);
    struct ckpt_stream *s = ckpt_stream_create();
    f->io = packed;
    enum ckpt_status status = ckpt_stream_open(s, &io);
    *matches = true;
    return finish_stream(s, status == CKPT_OK ? ckpt_stream_verify(s, NULL, NULL) : status);
}

static enum ckpt_status salvage_to(struct faulty *f, bool *matches)
{
    struct ckpt_io in, io = pipe_io(f);
    struct ckpt_stream *s = ckpt_stream_create();
    size_t length;
    const void *bytes = ckpt_io_buffer_data(&packed, &length);
    cr_assert_eq(ckpt_io_from_memory(&in, bytes, length), 0);
    cr_assert_eq(ckpt_io_to_buffer(&f->io), 0);
    cr_assert_eq(ckpt_stream_open(s, &in), CKPT_OK);
    enum ckpt_status status = ckpt_stream_salvage(s, &io, NULL);
    *matches = is_sound(&f->io);
    ckpt_io_close(&f->io);
    return finish_stream(s, status);
}

/* A raw image without its footer, between two io of which one fails. What cannot be read is said to be missing. */
static enum ckpt_status salvage_raw(const struct ckpt_io *in, const struct ckpt_io *sink)
{
    struct ckpt_stream *s = ckpt_stream_create();
    ckpt_stream_allow_raw(s);
    enum ckpt_status status = ckpt_stream_open(s, in);
    return finish_stream(s, status == CKPT_OK ? ckpt_stream_salvage(s, sink, NULL) : status);
}

static enum ckpt_status salvage_raw_to(struct faulty *f, bool *matches)
{
    struct ckpt_io in, io = seekable(f);
    size_t length;
    const void *bytes = ckpt_io_buffer_data(&raw, &length);
    cr_assert_eq(ckpt_io_from_memory(&in, bytes, length - 100), 0);
    cr_assert_eq(ckpt_io_to_buffer(&f->io), 0);
    enum ckpt_status status = salvage_raw(&in, &io);
    *matches = is_sound(&f->io);
    ckpt_io_close(&f->io);
    return status;
}

static enum ckpt_status salvage_raw_from(struct faulty *f, bool *matches)
{
    struct ckpt_io in = seekable(f), to;
    size_t length;
    const void *bytes = ckpt_io_buffer_data(&raw, &length);
    cr_assert_eq(ckpt_io_from_memory(&f->io, bytes, length - 100), 0);
    cr_assert_eq(ckpt_io_to_buffer(&to), 0);
    enum ckpt_status status = salvage_raw(&in, &to);
    *matches = true;
    if (status == CKPT_OK) {
        struct ckpt_reader *r = fmt_open(&to);
        *matches = ckpt_reader_verify(r, NULL, NULL) == CKPT_OK;
        ckpt_reader_destroy(r);
    }
    ckpt_io_close(&f->io);
    ckpt_io_close(&to);
    return status;
}

static enum ckpt_status spool(struct faulty *f, bool *matches)
{
    struct ckpt_io io = pipe_io(f), file;
    f->io = raw;
    int error = ckpt_io_spool(&file, &io, NULL, 0);
    snprintf(sentence, sizeof(sentence), "%s", error != 0 ? strerror(-error) : "");
    *matches = true;
    if (error != 0)
        return CKPT_IO;
    struct ckpt_reader *r = ckpt_reader_create();
    enum ckpt_status status = ckpt_reader_open(r, &file);
    return finish_reader(r, status == CKPT_OK ? ckpt_reader_verify(r, NULL, NULL) : status);
}

/* One pass without a fault tells how many calls there are; then each fails once in each way. A large number of calls is sampled, but beginning and end are not. */
static void all_faults(operation *run)
{
    bool matches = false;
    struct faulty calm = {.at = -1};
    build_images();
    cr_assert_eq(run(&calm, &matches), CKPT_OK, "%s", sentence);
    cr_assert(matches);
    cr_assert_gt(calm.calls, 3);
    for (long at = 0; at < calm.calls; at += at < 60 || calm.calls - at < 60 ? 1 : 7) {
        for (enum fault fault = 0; fault < FAULT_COUNT; fault++) {
            struct faulty f = {.at = at, .fault = fault};
            enum ckpt_status status = run(&f, &matches);
            cr_assert(f.hit, "call %ld was not made", at);
            if (status == CKPT_OK)
                cr_assert(matches, "call %ld: %s: said to be well, and is not", at, fault_names[fault]);
            else
                cr_assert(sentence[0] != 0, "call %ld: %s: no sentence", at, fault_names[fault]);
            if (fault == FAULT_SHORT || fault == FAULT_EINTR)
                cr_assert_eq(status, CKPT_OK, "call %ld: %s: %s", at, fault_names[fault], sentence);
        }
    }
    ckpt_io_close(&raw);
    ckpt_io_close(&packed);
    ckpt_io_close(&parent);
    ckpt_io_close(&child);
}

Test(fmt_faults, write_raw) { all_faults(write_raw); }
Test(fmt_faults, write_packed) { all_faults(write_packed); }
Test(fmt_faults, write_pipe) { all_faults(write_pipe); }
Test(fmt_faults, verify_raw) { all_faults(verify_raw); }
Test(fmt_faults, verify_packed) { all_faults(verify_packed); }
Test(fmt_faults, read_memory) { all_faults(read_memory); }
Test(fmt_faults, fill) { all_faults(fill); }
Test(fmt_faults, from_parent) { all_faults(from_parent); }
Test(fmt_faults, copy_from) { all_faults(copy_from); }
Test(fmt_faults, copy_to) { all_faults(copy_to); }
Test(fmt_faults, pack_from) { all_faults(pack_from); }
Test(fmt_faults, pack_to) { all_faults(pack_to); }
Test(fmt_faults, unpack_from) { all_faults(unpack_from); }
Test(fmt_faults, unpack_to) { all_faults(unpack_to); }
Test(fmt_faults, stream) { all_faults(stream); }
Test(fmt_faults, salvage_to) { all_faults(salvage_to); }
Test(fmt_faults, salvage_raw_to) { all_faults(salvage_raw_to); }
Test(fmt_faults, salvage_raw_from) { all_faults(salvage_raw_from); }
Test(fmt_faults, spool) { all_faults(spool); }
