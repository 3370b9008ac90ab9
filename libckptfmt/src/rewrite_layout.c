/* Extents as a freeze makes them: gaps inside an anonymous mapping or a content space stay holes of one extent, over files every run has its own. */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "rewrite_state.h"
#include "schemas/files.pb-c.h"
#include "schemas/image.pb-c.h"
#include "schemas/memory.pb-c.h"
#include "schemas/record.pb-c.h"

enum { GAP_MAX = 1 << 20 };

struct extents {
    struct rewrite *rewrite;
    struct ckpt_writer *writer;
    Ckpt__Memory *memory; /* the root process's; may be NULL */
    size_t next;          /* the first mapping that ends behind the last chunk */
};

static ProtobufCMessage *find_message(struct ckpt_reader *r, uint32_t kind, bool (*fits)(const ProtobufCMessage *, uint32_t), uint32_t number)
{
    struct ckpt_note note;
    for (size_t i = 0; ckpt_reader_find_record(r, kind, &i, &note) == CKPT_OK; i++) {
        ProtobufCMessage *message = ckpt_record_unpack(kind, note.body, note.length);
        if (message != NULL && fits(message, number))
            return message;
        if (message != NULL)
            protobuf_c_message_free_unpacked(message, NULL);
    }
    return NULL;
}

static bool any(const ProtobufCMessage *message, uint32_t number)
{
    (void)number;
    return message != NULL;
}

static bool of_process(const ProtobufCMessage *message, uint32_t number)
{
    return ((const Ckpt__Memory *)message)->process == number;
}

static Ckpt__Memory *root_memory(struct ckpt_reader *r)
{
    Ckpt__Image *image = (Ckpt__Image *)find_message(r, CKPT__KIND__KIND_IMAGE, any, 0);
    uint32_t root = image != NULL && image->root_process != 0 ? image->root_process : 1;
    if (image != NULL)
        protobuf_c_message_free_unpacked(&image->base, NULL);
    return (Ckpt__Memory *)find_message(r, CKPT__KIND__KIND_MEMORY, of_process, root);
}

/* Files with a space of their own, sorted by id. */
struct file_space {
    uint32_t file, space;
};

static int compare_files(const void *a, const void *b)
{
    const struct file_space *x = a, *y = b;
    return (x->file > y->file) - (x->file < y->file);
}

static struct file_space *file_spaces(struct ckpt_reader *r, size_t *count)
{
    struct ckpt_note note;
    struct file_space *list = malloc((r->note_count + 1) * sizeof(*list));
    *count = 0;
    for (size_t i = 0; list != NULL && ckpt_reader_find_record(r, CKPT__KIND__KIND_FILE, &i, &note) == CKPT_OK; i++) {
        Ckpt__File *file = (Ckpt__File *)ckpt_record_unpack(note.type, note.body, note.length);
        if (file == NULL)
            continue;
        list[(*count)++] = (struct file_space){file->id, file->space};
        protobuf_c_message_free_unpacked(&file->base, NULL);
    }
    if (list != NULL)
        qsort(list, *count, sizeof(*list), compare_files);
    return list;
}

static struct ckpt_mapping describe(const Ckpt__Memory *memory, const Ckpt__Mapping *m, const struct file_space *files, size_t count)
{
    bool shared = (m->flags & MAP_SHARED) != 0;
    const struct file_space key = {.file = m->file}, *file = count > 0 ? bsearch(&key, files, count, sizeof(key), compare_files) : NULL;
    return (struct ckpt_mapping){.start = m->start, .end = m->end, .protection = m->protection,
                                 .space = !shared ? memory->space : file != NULL ? file->space : 0,
                                 .space_address = shared ? m->offset : m->start};
}

static enum ckpt_status add_mappings(struct extents *e)
{
    size_t count;
    struct file_space *files = file_spaces(e->rewrite->reader, &count);
    enum ckpt_status status = files != NULL ? CKPT_OK : error_set(&e->rewrite->reader->error, CKPT_NO_MEMORY, "mappings: out of memory");
    for (size_t i = 0; e->memory != NULL && i < e->memory->n_mappings && status == CKPT_OK; i++) {
        struct ckpt_mapping mapping = describe(e->memory, e->memory->mappings[i], files, count);
        status = ckpt_writer_mapping(e->writer, &mapping);
        if (status != CKPT_OK)
            error_set(&e->rewrite->reader->error, status, "%s", ckpt_writer_error(e->writer));
    }
    free(files);
    return status;
}

/* Whether a hole from `from` to `to` may be part of an extent. */
static bool may_join(struct extents *e, uint32_t space, uint64_t from, uint64_t to)
{
    const Ckpt__Memory *memory = e->memory;
    if (to - from >= GAP_MAX)
        return false;
    if (memory == NULL || space != memory->space)
        return true;
    while (e->next < memory->n_mappings && memory->mappings[e->next]->end <= from - 1)
        e->next++;
    const Ckpt__Mapping *m = e->next < memory->n_mappings ? memory->mappings[e->next] : NULL;
    bool inside = m != NULL && m->start < from && to < m->end;
    return inside ? m->file == 0 || to == from : false;
}

static enum ckpt_status add_extent(struct extents *e, const struct ckpt_chunk *extent)
{
    enum ckpt_status status = extent->length > 0 ? ckpt_writer_extent_whole(e->writer, extent->space, extent->address, extent->length) : CKPT_OK;
    return status == CKPT_OK ? status : error_set(&e->rewrite->reader->error, status, "%s", ckpt_writer_error(e->writer));
}

static enum ckpt_status add_extents(struct extents *e)
{
    struct ckpt_reader *r = e->rewrite->reader;
    struct ckpt_chunk open = {.length = 0}, chunk;
    enum ckpt_status status;
    for (uint64_t i = 0; (status = ckpt_reader_chunk(r, i, &chunk)) == CKPT_OK; i++) {
        uint64_t end = open.address + open.length;
        if (open.length > 0 && chunk.space == open.space && chunk.address >= end && may_join(e, chunk.space, end, chunk.address)) {
            open.length = chunk.address + chunk.length - open.address;
            continue;
        }
        status = add_extent(e, &open);
        if (status != CKPT_OK)
            return status;
        open = chunk;
    }
    return status == CKPT_END ? add_extent(e, &open) : status;
}

enum ckpt_status rewrite_mappings(struct rewrite *w, struct ckpt_writer *writer)
{
    struct extents e = {.rewrite = w, .writer = writer, .memory = root_memory(w->reader)};
    enum ckpt_status status = add_mappings(&e);
    if (e.memory != NULL)
        protobuf_c_message_free_unpacked(&e.memory->base, NULL);
    return status;
}

enum ckpt_status rewrite_extents(struct rewrite *w, struct ckpt_writer *writer)
{
    struct extents e = {.rewrite = w, .writer = writer, .memory = root_memory(w->reader)};
    enum ckpt_status status = add_extents(&e);
    if (e.memory != NULL)
        protobuf_c_message_free_unpacked(&e.memory->base, NULL);
    return status;
}

enum ckpt_status rewrite_layout(struct rewrite *w, struct ckpt_writer *writer)
{
    enum ckpt_status status = rewrite_mappings(w, writer);
    return status == CKPT_OK ? rewrite_extents(w, writer) : status;
}
