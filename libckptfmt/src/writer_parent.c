/* Incremental images: a chunk that the parent has at the same address with the same digest is only named. The parent's own references are taken over,
 * so that every reference leads straight to the image that stores the bytes. */
#include <stdlib.h>
#include <string.h>

#include "reader_state.h"
#include "schemas/image.pb-c.h"
#include "writer_state.h"

struct parent_list {
    size_t count;
    Ckpt__Parent *parents, **pointers;
};

static bool take_name(Ckpt__Parent *parent, const uint8_t id[CKPT_ID_SIZE], const char *path, size_t path_length)
{
    ckpt__parent__init(parent);
    parent->image_id.data = malloc(CKPT_ID_SIZE);
    parent->path.data = malloc(path_length + 1);
    if (parent->image_id.data == NULL || parent->path.data == NULL)
        return false;
    memcpy(parent->image_id.data, id, CKPT_ID_SIZE);
    if (path_length > 0)
        memcpy(parent->path.data, path, path_length);
    parent->image_id.len = CKPT_ID_SIZE;
    parent->path.len = path_length;
    return true;
}

static bool take_names(struct parent_list *list, const struct ckpt_reader *reader, const char *path)
{
    size_t count = reader->parent_count + 1;
    list->parents = calloc(count, sizeof(*list->parents));
    list->pointers = calloc(count, sizeof(Ckpt__Parent *));
    if (list->parents == NULL || list->pointers == NULL)
        return false;
    for (size_t i = 0; i < count; i++) {
        list->pointers[i] = &list->parents[i];
        list->count = i + 1;
        const struct parent_name *name = i > 0 ? &reader->parent_names[i - 1] : NULL;
        bool taken = name != NULL ? take_name(&list->parents[i], name->id, name->path, name->path_length)
                                  : take_name(&list->parents[i], reader->footer.facts.image_id, path, strlen(path));
        if (!taken)
            return false;
    }
    return true;
}

void writer_parent_deinit(struct writer_parent *parent)
{
    if (parent->list == NULL)
        return;
    for (size_t i = 0; i < parent->list->count; i++) {
        free(parent->list->parents[i].image_id.data);
        free(parent->list->parents[i].path.data);
    }
    free(parent->list->parents);
    free(parent->list->pointers);
    free(parent->list);
    pthread_mutex_destroy(&parent->lock);
    *parent = (struct writer_parent){.reader = NULL};
}

void writer_fill_parents(const struct writer_parent *parent, void *image)
{
    Ckpt__Image *message = image;
    if (parent->list == NULL)
        return;
    message->n_parents = parent->list->count;
    message->parents = parent->list->pointers;
}

enum ckpt_status ckpt_writer_set_parent(struct ckpt_writer *w, struct ckpt_reader *reader, const char *path)
{
    if (w->phase != WRITER_HEAD || w->head.length > 0 || w->parent.list != NULL)
        return error_set(&w->error, CKPT_INVALID, "a parent after the first note, or a second one");
    if (!reader->opened)
        return error_set(&w->error, CKPT_INVALID, "a parent that is not open");
    if (reader->footer.facts.chunk_size != w->options.chunk_size)
        return error_set(&w->error, CKPT_REFUSED, "the parent's chunks have %u bytes, this image's have %u: none would be equal",
                         reader->footer.facts.chunk_size, w->options.chunk_size);
    if (reader->parent_count >= UINT16_MAX)
        return error_set(&w->error, CKPT_REFUSED, "the parent names %zu parents, and an image cannot name more", reader->parent_count);
    w->parent.list = calloc(1, sizeof(*w->parent.list));
    if (w->parent.list == NULL)
        return error_set(&w->error, CKPT_NO_MEMORY, "the parent's name: out of memory");
    pthread_mutex_init(&w->parent.lock, NULL);
    if (!take_names(w->parent.list, reader, path != NULL ? path : ""))
        return error_set(&w->error, CKPT_NO_MEMORY, "the parent's name: out of memory");
    w->parent.reader = reader;
    w->footer.facts.incompatible_features |= CKPT_FEATURE_PARENT;
    return CKPT_OK;
}

static bool is_same(const struct ckpt_chunk *a, const struct ckpt_chunk *b)
{
    return a->space == b->space && a->address == b->address && a->length == b->length && memcmp(a->digest, b->digest, CKPT_DIGEST_SIZE) == 0;
}

static void refer(struct ckpt_chunk *chunk, const struct ckpt_chunk *in_parent, uint64_t number)
{
    bool further = in_parent->codec == CKPT_CODEC_PARENT;
    chunk->codec = CKPT_CODEC_PARENT;
    chunk->parent = (uint16_t)(further ? in_parent->parent + 1 : 0);
    chunk->offset = further ? in_parent->offset : number;
    chunk->stored_length = 0;
}

static enum ckpt_status match(struct ckpt_reader *parent, struct batch *batch)
{
    uint64_t at;
    struct ckpt_chunk there = {.length = 0};
    enum ckpt_status status = ckpt_reader_seek_chunk(parent, batch->chunks[0].space, batch->chunks[0].address, &at);
    if (status == CKPT_OK)
        status = ckpt_reader_chunk(parent, at, &there);
    for (size_t i = 0; i < batch->count && status == CKPT_OK; i++) {
        struct ckpt_chunk *chunk = &batch->chunks[i];
        while (status == CKPT_OK && there.space == chunk->space && there.address < chunk->address)
            status = ckpt_reader_chunk(parent, ++at, &there);
        if (status == CKPT_OK && is_same(chunk, &there))
            refer(chunk, &there, at);
    }
    return status == CKPT_END ? CKPT_OK : status;
}

enum ckpt_status writer_match_parent(struct ckpt_writer *w, struct batch *batch)
{
    if (batch->count == 0)
        return CKPT_OK;
    pthread_mutex_lock(&w->parent.lock);
    enum ckpt_status status = match(w->parent.reader, batch);
    struct error error = w->parent.reader->error;
    pthread_mutex_unlock(&w->parent.lock);
    if (status == CKPT_OK)
        return CKPT_OK;
    pthread_mutex_lock(&w->lock);
    status = error_set(&w->error, status, "the parent: %s", error.sentence);
    pthread_mutex_unlock(&w->lock);
    return status;
}
