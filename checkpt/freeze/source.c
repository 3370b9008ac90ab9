#include "checkpt/freeze/source.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

bool source_open(struct source *source, pid_t pid, bool is_snapshot, struct failure *why)
{
    char name[64];
    *source = (struct source){.pid = pid, .is_snapshot = is_snapshot, .memory = -1, .pagemap = -1};
    snprintf(name, sizeof(name), "/proc/%d/mem", pid);
    source->memory = open(name, O_RDONLY | O_CLOEXEC);
    if (source->memory < 0)
        return failure_errno(why, "opening %s", name);
    snprintf(name, sizeof(name), "/proc/%d/pagemap", pid);
    source->pagemap = open(name, O_RDONLY | O_CLOEXEC);
    return source->pagemap >= 0 || failure_errno(why, "opening %s", name);
}

void source_close(struct source *source)
{
    if (source->memory >= 0)
        close(source->memory);
    if (source->pagemap >= 0)
        close(source->pagemap);
}

/* process_vm_readv(2) is the faster one, and heeds the protection; /proc/PID/mem sees through it. The first pins pages, for which the kernel gives a snapshot
 * copies of its own (FAULT_FLAG_UNSHARE, since 5.19): all of the program's memory once more. */
static ssize_t read_pinned(const struct source *source, uint64_t address, unsigned char *buffer, size_t length)
{
    struct iovec local = {buffer, length}, remote = {(void *)(uintptr_t)address, length};
    return source->is_snapshot ? 0 : process_vm_readv(source->pid, &local, 1, &remote, 1, 0);
}

static bool read_memory(const struct source *source, uint64_t address, unsigned char *buffer, size_t length)
{
    ssize_t n = read_pinned(source, address, buffer, length);
    size_t done = n > 0 ? (size_t)n : 0;
    while (done < length) {
        n = pread(source->memory, buffer + done, length - done, (off_t)(address + done));
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        done += (size_t)n;
    }
    return true;
}

void source_overlap(const struct source *source, uint64_t address, unsigned char *buffer, size_t length)
{
    if (!read_memory(source, address, buffer, length))
        memset(buffer, 0, length);
}

struct runs {
    const struct source *source;
    uint64_t start, done; /* `done`: up to here the buffer is filled */
    unsigned char *buffer;
    struct failure *why;
    bool any;
};

static bool read_run(void *context, const struct proc_range *run)
{
    struct runs *runs = context;
    memset(runs->buffer + (runs->done - runs->start), 0, run->start - runs->done);
    if (!read_memory(runs->source, run->start, runs->buffer + (run->start - runs->start), run->end - run->start))
        return failure_errno(runs->why, "reading memory at 0x%" PRIx64, run->start);
    runs->done = run->end;
    runs->any = true;
    return true;
}

/* The page tables are looked at again, piece by piece: nothing needs to remember all the runs. */
static bool read_written(const struct source *source, const struct extent *extent, uint64_t address, unsigned char *buffer, size_t length, bool *any,
                         struct failure *why)
{
    (void)extent;
    struct runs runs = {.source = source, .start = address, .done = address, .buffer = buffer, .why = why};
    if (!proc_pages(source->pagemap, address, address + length, PROC_PAGE_PRIVATE, read_run, &runs, why))
        return false;
    memset(buffer + (runs.done - address), 0, address + length - runs.done);
    *any = runs.any;
    return true;
}

/* Behind the end of a mapped file there is nothing to read. */
static bool read_whole(const struct source *source, const struct extent *extent, uint64_t address, unsigned char *buffer, size_t length, bool *any,
                       struct failure *why)
{
    (void)extent;
    (void)why;
    *any = true;
    if (read_memory(source, address, buffer, length))
        return true;
    for (size_t i = 0; i < length; i += CKPT_PAGE_SIZE)
        if (!read_memory(source, address + i, buffer + i, CKPT_PAGE_SIZE))
            memset(buffer + i, 0, CKPT_PAGE_SIZE);
    return true;
}

static bool read_through(const struct source *source, const struct extent *extent, uint64_t address, unsigned char *buffer, size_t length, bool *any,
                         struct failure *why)
{
    return read_whole(source, extent, address + extent->shift, buffer, length, any, why);
}

static bool read_bytes(const struct source *source, const struct extent *extent, uint64_t address, unsigned char *buffer, size_t length, bool *any,
                       struct failure *why)
{
    (void)source;
    (void)why;
    memcpy(buffer, (const unsigned char *)extent->bytes + (address - extent->address), length);
    *any = true;
    return true;
}

static bool read_file(const struct source *source, const struct extent *extent, uint64_t address, unsigned char *buffer, size_t length, bool *any,
                      struct failure *why)
{
    (void)source;
    size_t done = 0;
    while (done < length) {
        ssize_t n = pread(extent->fd, buffer + done, length - done, (off_t)(address + done));
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return failure_errno(why, "reading shared content at 0x%" PRIx64, address + done);
        if (n == 0)
            break;
        done += (size_t)n;
    }
    memset(buffer + done, 0, length - done);
    *any = done > 0;
    return true;
}

bool source_read(const struct source *source, const struct extent *extent, uint64_t address, unsigned char *buffer, size_t length, bool *any,
                 struct failure *why)
{
    static bool (*const readers[])(const struct source *, const struct extent *, uint64_t, unsigned char *, size_t, bool *, struct failure *) = {
        [EXTENT_WRITTEN] = read_written, [EXTENT_WHOLE] = read_whole,     [EXTENT_BYTES] = read_bytes,
        [EXTENT_FILE] = read_file,       [EXTENT_THROUGH] = read_through,
    };
    return readers[extent->source](source, extent, address, buffer, length, any, why);
}
