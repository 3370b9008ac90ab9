/* What the IMAGE record says about parents, and who finds them. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "reader_state.h"
#include "schemas/image.pb-c.h"

void reader_free_parents(struct ckpt_reader *r)
{
    for (size_t i = 0; i < r->parent_count; i++)
        free(r->parent_names[i].path);
    free(r->parent_names);
    r->parent_names = NULL;
    r->parent_count = 0;
}

static bool take_parent(struct parent_name *name, const Ckpt__Parent *parent)
{
    memcpy(name->id, parent->image_id.data, CKPT_ID_SIZE);
    name->path = malloc(parent->path.len + 1);
    if (name->path == NULL)
        return false;
    if (parent->path.len > 0)
        memcpy(name->path, parent->path.data, parent->path.len);
    name->path[parent->path.len] = 0;
    name->path_length = parent->path.len;
    return true;
}

enum ckpt_status reader_take_parents(struct ckpt_reader *r, const void *image, uint64_t offset)
{
    const Ckpt__Image *message = image;
    reader_free_parents(r);
    if (message->n_parents == 0)
        return CKPT_OK;
    r->parent_names = calloc(message->n_parents, sizeof(*r->parent_names));
    if (r->parent_names == NULL)
        return error_set(&r->error, CKPT_NO_MEMORY, "names of %zu parent images: out of memory", message->n_parents);
    for (size_t i = 0; i < message->n_parents; i++) {
        if (message->parents[i]->image_id.len != CKPT_ID_SIZE)
            return error_set(&r->error, CKPT_CORRUPT, "record IMAGE at 0x%" PRIx64 ": the id of parent image %zu has %zu bytes instead of %d", offset, i,
                             message->parents[i]->image_id.len, CKPT_ID_SIZE);
        if (!take_parent(&r->parent_names[i], message->parents[i]))
            return error_set(&r->error, CKPT_NO_MEMORY, "names of %zu parent images: out of memory", message->n_parents);
        r->parent_count = i + 1;
    }
    return CKPT_OK;
}

void ckpt_reader_set_resolver(struct ckpt_reader *r, ckpt_resolver *resolver, void *context)
{
    r->resolver = resolver;
    r->resolver_context = context;
}

enum ckpt_status ckpt_reader_set_directory(struct ckpt_reader *r, const char *directory)
{
    char *copy = directory != NULL ? strdup(directory) : NULL;
    if (directory != NULL && copy == NULL)
        return error_set(&r->error, CKPT_NO_MEMORY, "the directory's name: out of memory");
    parents_forget(&r->known);
    free(r->directory);
    r->directory = copy;
    return CKPT_OK;
}

size_t ckpt_reader_parent_count(const struct ckpt_reader *r)
{
    return r->parent_count;
}

enum ckpt_status ckpt_reader_parent(struct ckpt_reader *r, size_t i, uint8_t id[CKPT_ID_SIZE], const char **path)
{
    if (i >= r->parent_count)
        return CKPT_END;
    memcpy(id, r->parent_names[i].id, CKPT_ID_SIZE);
    *path = r->parent_names[i].path;
    return CKPT_OK;
}
