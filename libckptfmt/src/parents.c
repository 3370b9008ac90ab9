/* A chain is followed in a loop, whatever its length; an entry that is met again (Brent's algorithm) is a circle. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "grow.h"
#include "parents.h"

enum { OPEN_MAX = 32, ID_TEXT = 2 * CKPT_ID_SIZE + 1 };

struct parent {
    uint8_t id[CKPT_ID_SIZE];
    struct ckpt_reader *reader; /* NULL: not open now */
    unsigned pins;
    uint64_t used;
    struct error *failure;      /* why it cannot be opened: asked once */
    enum ckpt_status status;
};

struct parents {
    struct parent *list;
    size_t count, room, open;
    uint64_t clock;
};

void parents_destroy(struct parents *parents)
{
    if (parents == NULL)
        return;
    for (size_t i = 0; i < parents->count; i++) {
        ckpt_reader_destroy(parents->list[i].reader);
        free(parents->list[i].failure);
    }
    free(parents->list);
    free(parents);
}

static void id_text(const uint8_t id[CKPT_ID_SIZE], char text[ID_TEXT])
{
    for (size_t i = 0; i < CKPT_ID_SIZE; i++)
        snprintf(text + 2 * i, 3, "%02x", id[i]);
}

static struct parent *find(struct ckpt_reader *r, const uint8_t id[CKPT_ID_SIZE])
{
    if (r->parents == NULL)
        r->parents = calloc(1, sizeof(*r->parents));
    struct parents *parents = r->parents;
    if (parents == NULL)
        return NULL;
    for (size_t i = 0; i < parents->count; i++)
        if (memcmp(parents->list[i].id, id, CKPT_ID_SIZE) == 0)
            return &parents->list[i];
    struct parent *list = grow(parents->list, parents->count, &parents->room, sizeof(*list));
    if (list == NULL)
        return NULL;
    parents->list = list;
    struct parent *parent = &parents->list[parents->count++];
    *parent = (struct parent){.status = CKPT_OK};
    memcpy(parent->id, id, CKPT_ID_SIZE);
    return parent;
}

/* Closes the one that was not used for longest, where too many are open. */
static void make_room(struct parents *parents)
{
    struct parent *oldest = NULL;
    if (parents->open < OPEN_MAX)
        return;
    for (size_t i = 0; i < parents->count; i++) {
        struct parent *p = &parents->list[i];
        if (p->reader != NULL && p->pins == 0 && (oldest == NULL || p->used < oldest->used))
            oldest = p;
    }
    if (oldest == NULL)
        return;
    ckpt_reader_destroy(oldest->reader);
    oldest->reader = NULL;
    parents->open--;
}

static enum ckpt_status check_id(struct ckpt_reader *opened, const uint8_t id[CKPT_ID_SIZE])
{
    char found[ID_TEXT];
    if (memcmp(opened->footer.facts.image_id, id, CKPT_ID_SIZE) == 0)
        return CKPT_OK;
    id_text(opened->footer.facts.image_id, found);
    return error_set(&opened->error, CKPT_REFUSED, "the file that was found is another image, %s", found);
}

static enum ckpt_status open_found(struct ckpt_reader *r, const struct parent_name *name, struct ckpt_reader **reader, struct error *error)
{
    struct ckpt_io io = {.struct_size = 0};
    int result = r->resolver != NULL ? r->resolver(r->resolver_context, name->id, name->path, name->path_length, &io)
                                     : parents_find(r, name->id, name->path, name->path_length, &io);
    if (result != 0)
        return error_set(error, CKPT_NOT_FOUND, "it was not found: %s", strerror(-result));
    struct ckpt_reader *opened = ckpt_reader_create();
    if (opened == NULL) {
        ckpt_io_close(&io);
        return error_set(error, CKPT_NO_MEMORY, "out of memory");
    }
    enum ckpt_status status = ckpt_reader_open(opened, &io);
    if (status == CKPT_OK)
        status = check_id(opened, name->id);
    if (status == CKPT_OK) {
        *reader = opened;
        return CKPT_OK;
    }
    *error = opened->error;
    ckpt_reader_destroy(opened);
    return status;
}

/* Opens and pins. */
static enum ckpt_status open_parent(struct ckpt_reader *r, const struct parent_name *name, struct ckpt_reader **reader, struct error *error)
{
    struct parent *parent = find(r, name->id);
    if (parent == NULL)
        return error_set(error, CKPT_NO_MEMORY, "out of memory");
    if (parent->failure != NULL) {
        *error = *parent->failure;
        return parent->status;
    }
    if (parent->reader == NULL) {
        make_room(r->parents);
        parent->status = open_found(r, name, &parent->reader, error);
        if (parent->status != CKPT_OK) {
            parent->failure = malloc(sizeof(*error));
            if (parent->failure != NULL)
                *parent->failure = *error;
            return parent->status;
        }
        r->parents->open++;
    }
    parent->used = ++r->parents->clock;
    parent->pins++;
    *reader = parent->reader;
    return CKPT_OK;
}

void parents_release(struct ckpt_reader *r, struct ckpt_reader *owner)
{
    for (size_t i = 0; owner != r && r->parents != NULL && i < r->parents->count; i++)
        if (r->parents->list[i].reader == owner)
            r->parents->list[i].pins--;
}

/* One step: *owner and *chunk become the parent and its entry. */
static enum ckpt_status step(struct ckpt_reader *r, struct ckpt_reader **owner, struct ckpt_chunk *chunk, struct error *error)
{
    struct ckpt_reader *from = *owner, *next = NULL;
    if (chunk->parent >= from->parent_count)
        return error_set(error, CKPT_CORRUPT, "parent image number %u: the image names only %zu", chunk->parent, from->parent_count);
    const struct parent_name *name = &from->parent_names[chunk->parent];
    struct ckpt_chunk found = {.length = 0};
    enum ckpt_status status = open_parent(r, name, &next, error);
    if (status == CKPT_OK) {
        status = ckpt_reader_chunk(next, chunk->offset, &found);
        if (status == CKPT_END)
            status = error_set(error, CKPT_CORRUPT, "it has no index entry %" PRIu64, chunk->offset);
        else if (status != CKPT_OK)
            *error = next->error;
        else if (found.length != chunk->length || memcmp(found.digest, chunk->digest, CKPT_DIGEST_SIZE) != 0)
            status = error_set(error, CKPT_CORRUPT, "its index entry %" PRIu64 " is another chunk", chunk->offset);
        if (status != CKPT_OK)
            parents_release(r, next);
    }
    if (status != CKPT_OK) {
        char id[ID_TEXT];
        id_text(name->id, id);
        return error_at(error, status, "parent image %s (%.*s)", id, (int)(name->path_length < 200 ? name->path_length : 200), name->path);
    }
    parents_release(r, from);
    *owner = next;
    *chunk = found;
    return CKPT_OK;
}

enum ckpt_status parents_resolve(struct ckpt_reader *r, const struct ckpt_chunk *chunk, struct ckpt_reader **owner, struct ckpt_chunk *found)
{
    struct ckpt_reader *at = r;
    struct ckpt_chunk entry = *chunk;
    struct error error = {.sentence = ""};
    uint8_t mark[CKPT_ID_SIZE] = {0};
    uint64_t mark_entry = UINT64_MAX;
    for (uint64_t steps = 0, limit = 1; entry.codec == CKPT_CODEC_PARENT; steps++) {
        uint64_t number = entry.offset;
        enum ckpt_status status = step(r, &at, &entry, &error);
        if (status == CKPT_OK && number == mark_entry && memcmp(at->footer.facts.image_id, mark, sizeof(mark)) == 0) {
            status = error_set(&error, CKPT_CORRUPT, "the chain of parent images leads back to itself");
            parents_release(r, at);
            at = r;
        }
        if (status != CKPT_OK) {
            parents_release(r, at);
            r->error = error;
            return error_at(&r->error, status, "pages 0x%" PRIx64 "-0x%" PRIx64 " of space %u", chunk->address, chunk->address + chunk->length, chunk->space);
        }
        if (steps == limit) {
            memcpy(mark, at->footer.facts.image_id, sizeof(mark));
            mark_entry = number;
            limit *= 2;
        }
    }
    *owner = at;
    *found = entry;
    return CKPT_OK;
}
