#include "checkpt/thaw/stored.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool add_to_index(void *context, const struct ckpt_run *run)
{
    struct stored_index *index = context;
    if (index->count == index->room) {
        size_t room = index->room == 0 ? 64 : index->room * 2;
        struct ckpt_run *list = reallocarray(index->list, room, sizeof(*list));
        if (list == NULL)
            return false;
        index->list = list;
        index->room = room;
    }
    index->list[index->count++] = *run;
    return true;
}

bool stored_index_read(struct stored_index *index, struct ckpt_reader *reader, struct failure *why)
{
    enum ckpt_status status = ckpt_reader_runs(reader, add_to_index, index);
    if (status == CKPT_REFUSED)
        return failure_set(why, "list of more than %zu stored ranges: out of memory", index->count);
    if (status == CKPT_IO)
        why->exit_status = 2;
    return status == CKPT_OK || failure_set(why, "%s", ckpt_reader_error(reader));
}

void stored_index_deinit(struct stored_index *index)
{
    free(index->list);
    *index = (struct stored_index){0};
}

void stored_deinit(struct stored *stored)
{
    free(stored->list);
    *stored = (struct stored){0};
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

bool stored_add(struct stored *stored, const struct stored_run *run, struct failure *why)
{
    struct stored_run *last = stored->count > 0 ? &stored->list[stored->count - 1] : NULL;
    bool follows = last != NULL && last->address + last->length == run->address && last->fd == run->fd;
    if (follows && (run->fd == STORED_PACKED || last->offset + last->length == run->offset)) {
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

static size_t first_of_space(const struct stored_index *index, uint32_t space)
{
    size_t low = 0, high = index->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (index->list[middle].space < space)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* The reader closes parents that it has not needed for a while: the plan's descriptors stay. */
static int descriptor_of(struct stored_source *source, const struct ckpt_place *place)
{
    struct failure ignored;
    for (size_t i = 0; i < source->parent_count; i++)
        if (memcmp(source->parents[i].id, place->image_id, CKPT_ID_SIZE) == 0)
            return source->parents[i].fd;
    if (place->fd < 0 || source->parent_count == STORED_PARENTS_MAX)
        return STORED_PACKED;
    struct stored_parent *parent = &source->parents[source->parent_count];
    parent->fd = stored_descriptor(source->thaw, &ignored);
    if (parent->fd < 0 || dup3(place->fd, parent->fd, O_CLOEXEC) < 0)
        return STORED_PACKED;
    memcpy(parent->id, place->image_id, CKPT_ID_SIZE);
    source->parent_count++;
    return parent->fd;
}

/* A run of chunks that are in a parent: each may lie in another one, as that names its own. */
static bool add_parents(struct stored_source *source, const struct ckpt_run *found, struct stored *stored, struct failure *why)
{
    struct ckpt_reader *reader = source->thaw->reader;
    for (uint64_t i = found->first; i < found->first + found->count; i++) {
        struct ckpt_chunk chunk;
        struct ckpt_place place;
        if (ckpt_reader_chunk(reader, i, &chunk) != CKPT_OK || ckpt_reader_locate(reader, &chunk, &place) != CKPT_OK)
            return refuse(source->thaw, why);
        struct stored_run run = {chunk.address, chunk.length, place.chunk.offset, STORED_PACKED};
        if (place.chunk.codec == CKPT_CODEC_RAW)
            run.fd = descriptor_of(source, &place);
        if (!stored_add(stored, &run, why))
            return false;
    }
    return true;
}

static bool add_found(struct stored_source *source, const struct ckpt_run *found, struct stored *stored, struct failure *why)
{
    struct stored_run run = {found->address, found->length, found->offset, found->codec == CKPT_CODEC_RAW ? source->thaw->image_fd : STORED_PACKED};
    return found->codec == CKPT_CODEC_PARENT ? add_parents(source, found, stored, why) : stored_add(stored, &run, why);
}

bool stored_runs(struct stored_source *source, uint32_t space, struct stored *stored, struct failure *why)
{
    const struct stored_index *index = source->thaw->index;
    for (size_t i = first_of_space(index, space); i < index->count && index->list[i].space == space; i++)
        if (!add_found(source, &index->list[i], stored, why))
            return false;
    return true;
}

/* What of [address, address + length) one chunk has; 0 where it is not stored. A raw chunk is not read, and digested, whole for the sake of a word. */
static size_t peek_chunk(const struct thaw *thaw, uint32_t space, uint64_t address, void *buffer, size_t length)
{
    uint64_t i;
    struct ckpt_chunk chunk;
    if (ckpt_reader_seek_chunk(thaw->reader, space, address, &i) != CKPT_OK || ckpt_reader_chunk(thaw->reader, i, &chunk) != CKPT_OK)
        return 0;
    if (chunk.space != space || chunk.address > address || chunk.length <= address - chunk.address)
        return 0;
    uint64_t left = chunk.length - (address - chunk.address);
    size_t part = length < left ? length : (size_t)left, run;
    bool stored;
    if (chunk.codec == CKPT_CODEC_RAW)
        return pread(thaw->image_fd, buffer, part, (off_t)(chunk.offset + (address - chunk.address))) == (ssize_t)part ? part : 0;
    return ckpt_reader_memory(thaw->reader, space, address, buffer, part, &run, &stored) == CKPT_OK && stored ? run : 0;
}

/* The [vdso] may lie across the end of a chunk. */
bool stored_peek(const struct thaw *thaw, uint32_t space, uint64_t address, void *buffer, size_t length)
{
    for (size_t done = 0; done < length;) {
        size_t part = peek_chunk(thaw, space, address + done, (char *)buffer + done, length - done);
        if (part == 0)
            return false;
        done += part;
    }
    return true;
}
