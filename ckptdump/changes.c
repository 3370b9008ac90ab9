#include "ckptdump/changes.h"

#include <string.h>
#include <sys/stat.h>

#include "ckptdump/backing.h"
#include "ckptdump/memory.h"
#include "ckptdump/pages.h"

enum { BLOCK = 65536, PAGE = CKPT_PAGE_SIZE };

struct side {
    struct image *image;
    struct backing backing;
    struct memory_run run;
    uint8_t block[BLOCK];
};

struct comparison {
    struct side sides[2];
    const Ckpt__Mapping *mapping;
    uint64_t start, end; /* changed pages that are not told yet */
    change_found *found;
    void *context;
};

static void tell(struct comparison *c)
{
    if (c->start < c->end)
        c->found(c->context, c->start, c->end, c->mapping);
    c->start = c->end = 0;
}

static void changed(struct comparison *c, uint64_t address, uint64_t length)
{
    if (c->end != address || c->start == c->end) {
        tell(c);
        c->start = address;
    }
    c->end = address + length;
}

/* The chunk that stored bytes are in. */
static bool chunk_of(struct side *side, struct ckpt_chunk *chunk)
{
    uint64_t i = 0;
    return side->image->foreign == NULL && pages_seek(side->image, side->run.space, side->run.space_address, &i) && i < pages_count(side->image) &&
           pages_chunk(side->image, i, chunk);
}

/* Whether digests say that the rest of both chunks is the same. */
static bool same_chunks(struct comparison *c)
{
    struct ckpt_chunk a, b;
    if (c->sides[0].run.source != MEMORY_STORED || c->sides[1].run.source != MEMORY_STORED)
        return false;
    if (!chunk_of(&c->sides[0], &a) || !chunk_of(&c->sides[1], &b))
        return false;
    return a.length == b.length && c->sides[0].run.space_address - a.address == c->sides[1].run.space_address - b.address &&
           memcmp(a.digest, b.digest, sizeof(a.digest)) == 0;
}

static bool same_file(const Ckpt__File *a, const Ckpt__File *b)
{
    if (a->inode != b->inode || a->device != b->device || a->size != b->size || (a->modified == NULL) != (b->modified == NULL))
        return false;
    if (a->modified != NULL && (a->modified->seconds != b->modified->seconds || a->modified->nanoseconds != b->modified->nanoseconds))
        return false;
    return a->path.len == b->path.len && (a->path.len == 0 || memcmp(a->path.data, b->path.data, a->path.len) == 0);
}

/* Both have the same bytes, because neither has any of its own. */
static bool same_source(const struct memory_run *a, const struct memory_run *b)
{
    if (a->source != b->source || a->source == MEMORY_STORED)
        return false;
    if (a->source != MEMORY_FILE)
        return true;
    return a->file_offset == b->file_offset && same_file(a->file, b->file);
}

/* False where memory is damaged; *known is false where nobody has the bytes any more. */
static bool fetch(struct side *side, uint64_t address, uint64_t length, bool *known)
{
    struct memory_run run;
    *known = false;
    for (uint64_t done = 0; done < length; done += run.length) {
        if (!memory_read(side->image, address + done, side->block + done, (size_t)(length - done), &run))
            return false;
        bool file = run.source == MEMORY_FILE && backing_read(&side->backing, run.file, run.file_offset, side->block + done, (size_t)run.length);
        if (run.source != MEMORY_STORED && run.source != MEMORY_ZERO && !file)
            return true;
    }
    *known = true;
    return true;
}

enum content { CONTENT_STORED, CONTENT_ZEROS, CONTENT_FILE, CONTENT_UNKNOWN };

/* What the run of a side has, without a look at it. *length becomes less where a file ends inside: behind its end there are zeros. */
static enum content content_of(struct side *side, uint64_t *length)
{
    const struct memory_run *run = &side->run;
    struct stat status;
    if (run->source != MEMORY_FILE)
        return run->source == MEMORY_STORED ? CONTENT_STORED : run->source == MEMORY_ZERO ? CONTENT_ZEROS : CONTENT_UNKNOWN;
    int fd = backing_open(&side->backing, run->file);
    if (fd < 0 || fstat(fd, &status) != 0)
        return CONTENT_UNKNOWN;
    uint64_t size = (uint64_t)status.st_size, left = run->file_offset < size ? size - run->file_offset : 0;
    if (left == 0)
        return CONTENT_ZEROS;
    left = (left + PAGE - 1) / PAGE * PAGE;
    *length = left < *length ? left : *length;
    return CONTENT_FILE;
}

/* A run of which nothing is stored may have any length: where both sides are known without a look, or one cannot be known, the whole of it is settled at once. */
static bool settled(struct comparison *c, uint64_t address, uint64_t *length)
{
    enum content old = content_of(&c->sides[0], length), new = content_of(&c->sides[1], length);
    if (old == CONTENT_STORED || new == CONTENT_STORED)
        return false;
    if (old == CONTENT_UNKNOWN || new == CONTENT_UNKNOWN)
        changed(c, address, *length);
    else if (old != CONTENT_ZEROS || new != CONTENT_ZEROS)
        return false;
    return true;
}

static bool compare_block(struct comparison *c, uint64_t address, uint64_t length)
{
    bool known[2];
    for (size_t i = 0; i < 2; i++)
        if (!fetch(&c->sides[i], address, length, &known[i]))
            return false;
    for (uint64_t at = 0; at < length; at += PAGE) {
        size_t part = length - at < PAGE ? (size_t)(length - at) : PAGE;
        if (!known[0] || !known[1] || memcmp(c->sides[0].block + at, c->sides[1].block + at, part) != 0)
            changed(c, address + at, part);
    }
    return true;
}

/* What differs at `address`, for *length bytes at most; *length becomes how many are done. */
static bool compare_at(struct comparison *c, uint64_t address, uint64_t *length)
{
    for (size_t i = 0; i < 2; i++) {
        struct side *side = &c->sides[i];
        if (!memory_locate(side->image, address, *length, &side->run))
            return false;
        *length = side->run.length < *length ? side->run.length : *length;
    }
    bool mapped = c->sides[1].run.source != MEMORY_UNMAPPED; /* what is not mapped in one is told with the mappings */
    if (!mapped || same_source(&c->sides[0].run, &c->sides[1].run) || same_chunks(c))
        return true;
    if (settled(c, address, length))
        return true;
    if (*length > BLOCK)
        *length = BLOCK;
    return compare_block(c, address, *length);
}

static bool compare_mappings(struct comparison *c, const Ckpt__Memory *memory)
{
    for (size_t i = 0; i < memory->n_mappings; i++) {
        c->mapping = memory->mappings[i];
        for (uint64_t at = c->mapping->start; at < c->mapping->end;) {
            uint64_t length = c->mapping->end - at;
            if (!compare_at(c, at, &length))
                return false;
            at += length;
        }
        tell(c);
    }
    return true;
}

bool changes_find(struct image *old, struct image *new, change_found *found, void *context)
{
    struct comparison c = {.sides = {{.image = old}, {.image = new}}, .found = found, .context = context};
    const Ckpt__Memory *memory = memory_of(old);
    backing_init(&c.sides[0].backing);
    backing_init(&c.sides[1].backing);
    bool fine = memory == NULL || compare_mappings(&c, memory);
    backing_deinit(&c.sides[0].backing);
    backing_deinit(&c.sides[1].backing);
    return fine;
}
