#include "checkpt/thaw/stored.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

void stored_deinit(struct stored *stored)
{
    free(stored->list);
    *stored = (struct stored){0};
}

void stored_source_deinit(struct stored_source *source)
{
    free(source->buffer);
    source->buffer = NULL;
}

int stored_descriptor(struct thaw *thaw, struct failure *why)
{
    int fd = fcntl(thaw->image_fd, F_DUPFD_CLOEXEC, thaw->next_high);
    if (fd < 0)
        failure_errno(why, "descriptor %d, above the program's (raise the limit with ulimit -n)", thaw->next_high);
    else
        thaw->next_high = fd + 1;
    return fd;
}

static bool add_run(struct stored *stored, const struct stored_run *run, struct failure *why)
{
    struct stored_run *last = stored->count > 0 ? &stored->list[stored->count - 1] : NULL;
    if (last != NULL && last->address + last->length == run->address && last->offset + last->length == run->offset && last->fd == run->fd) {
        last->length += run->length;
        return true;
    }
    if (stored->count == stored->room) {
        size_t room = stored->room == 0 ? 64 : stored->room * 2;
        struct stored_run *list = reallocarray(stored->list, room, sizeof(*list));
        if (list == NULL)
            return failure_set(why, "list of %zu stored ranges: out of memory", room);
        stored->list = list;
        stored->room = room;
    }
    stored->list[stored->count++] = *run;
    return true;
}

static bool refuse(const struct thaw *thaw, struct failure *why)
{
    return failure_set(why, "%s", ckpt_reader_error(thaw->reader));
}

static bool begin_unpacking(struct stored_source *source, uint32_t chunk_size, struct failure *why)
{
    int memory = memfd_create("checkpt-unpacked", MFD_CLOEXEC);
    source->buffer = malloc(chunk_size);
    if (memory < 0 || source->buffer == NULL)
        return failure_errno(why, "memory for unpacked pages");
    source->unpacked = stored_descriptor(source->thaw, why);
    bool done = source->unpacked >= 0 && (dup3(memory, source->unpacked, O_CLOEXEC) >= 0 || failure_errno(why, "memory for unpacked pages"));
    close(memory);
    return done;
}

static bool unpack(struct stored_source *source, const struct ckpt_chunk *chunk, struct stored_run *run, struct failure *why)
{
    struct ckpt_reader *reader = source->thaw->reader;
    if (source->unpacked < 0 && !begin_unpacking(source, ckpt_reader_footer(reader)->chunk_size, why))
        return false;
    if (ckpt_reader_chunk_bytes(reader, chunk, source->buffer) != CKPT_OK)
        return refuse(source->thaw, why);
    if (pwrite(source->unpacked, source->buffer, chunk->length, (off_t)source->unpacked_size) != (ssize_t)chunk->length)
        return failure_errno(why, "keeping unpacked pages in memory");
    run->fd = source->unpacked;
    run->offset = source->unpacked_size;
    source->unpacked_size += chunk->length;
    return true;
}

bool stored_runs(struct stored_source *source, uint32_t space, struct stored *stored, struct failure *why)
{
    struct ckpt_reader *reader = source->thaw->reader;
    struct ckpt_chunk chunk;
    uint64_t i;
    if (ckpt_reader_seek_chunk(reader, space, 0, &i) != CKPT_OK)
        return refuse(source->thaw, why);
    for (;; i++) {
        enum ckpt_status status = ckpt_reader_chunk(reader, i, &chunk);
        if (status == CKPT_END || (status == CKPT_OK && chunk.space != space))
            return true;
        if (status != CKPT_OK)
            return refuse(source->thaw, why);
        struct stored_run run = {chunk.address, chunk.length, chunk.offset, source->thaw->image_fd};
        if (chunk.codec != CKPT_CODEC_RAW && !unpack(source, &chunk, &run, why))
            return false;
        if (!add_run(stored, &run, why))
            return false;
    }
}

/* A raw chunk is not read, and digested, whole for the sake of a word. */
bool stored_peek(const struct thaw *thaw, uint32_t space, uint64_t address, void *buffer, size_t length)
{
    uint64_t i;
    struct ckpt_chunk chunk;
    if (ckpt_reader_seek_chunk(thaw->reader, space, address, &i) != CKPT_OK || ckpt_reader_chunk(thaw->reader, i, &chunk) != CKPT_OK)
        return false;
    if (chunk.space != space || chunk.address > address || chunk.address + chunk.length - address < length)
        return false;
    if (chunk.codec == CKPT_CODEC_RAW)
        return pread(thaw->image_fd, buffer, length, (off_t)(chunk.offset + (address - chunk.address))) == (ssize_t)length;
    size_t run;
    bool stored;
    return ckpt_reader_memory(thaw->reader, space, address, buffer, length, &run, &stored) == CKPT_OK && run == length && stored;
}
