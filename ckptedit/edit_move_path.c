/* Moving paths: every file whose path is the old one or lies below it, whatever refers to it. A file that is at its new place takes the identity of what is there now. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "ckptedit/debugger_notes.h"
#include "ckptedit/descriptors.h"
#include "ckptedit/identity.h"
#include "cli/text.h"
#include "schemas/memory.pb-c.h"
#include "schemas/process.pb-c.h"

enum { LISTED = 8 };

/* The new path, malloc()ed; NULL where the old one is not at a component boundary of this one. */
static char *moved_path(const struct request *request, const char *path, size_t length)
{
    size_t old = request->name_length, new = strlen(request->target);
    if (old == 1)
        old = 0; /* "/": everything lies below it */
    while (new > 0 && request->target[new - 1] == '/')
        new--;
    if (length < old || path[0] != '/' || memcmp(path, request->name, old) != 0 || (length > old && path[old] != '/'))
        return NULL;
    bool root = new == 0 && length == old;
    char *moved = malloc(new + (length - old) + 2);
    if (moved == NULL)
        return NULL;
    memcpy(moved, root ? "/" : request->target, root ? 1 : new);
    memcpy(moved + (root ? 1 : new), path + old, length - old);
    moved[(root ? 1 : new) + length - old] = '\0';
    return moved;
}

static char *move_name(void *context, const char *path)
{
    return moved_path(context, path, strlen(path));
}

/* Content in the image and objects of the kernel have names, not paths. */
static bool has_path(const Ckpt__File *file)
{
    return file->type < CKPT__FILE_TYPE__FILE_TYPE_MEMFD && file->path.len > 0;
}

/* Bytes of the file that mappings reach. */
static uint64_t mapped_end(struct edit *edit, uint32_t id, enum ckpt_status *status)
{
    uint64_t end = 0;
    const struct record *record;
    for (size_t i = 0; (record = records_next(&edit->records, CKPT__KIND__KIND_MEMORY, &i, status)) != NULL;) {
        const Ckpt__Memory *memory = (const Ckpt__Memory *)record->message;
        for (size_t n = 0; n < memory->n_mappings; n++) {
            const Ckpt__Mapping *mapping = memory->mappings[n];
            if (mapping->file == id && mapping->offset + (mapping->end - mapping->start) > end)
                end = mapping->offset + (mapping->end - mapping->start);
        }
    }
    return end;
}

static bool same_build(const Ckpt__File *a, const Ckpt__File *b)
{
    return message_bytes_are(&a->build_id, b->build_id.data, b->build_id.len);
}

/* Why the program could not go on with what is there now; NULL. */
static const char *obstacle(const Ckpt__File *old, const Ckpt__File *new, uint64_t mapped)
{
    uint64_t reached = mapped < old->size ? mapped : old->size;
    if (old->type != CKPT__FILE_TYPE__FILE_TYPE_UNSPECIFIED && old->type != new->type)
        return "it is of another type than the file of then";
    if (mapped == 0)
        return NULL;
    if (old->build_id.len > 0 && !same_build(old, new))
        return "it is another build of the program or library";
    return new->size < reached ? "it is shorter than what the program has mapped of it" : NULL;
}

/* Takes the identity of what is at the new place. CLI_FINE, also where nothing is there: the file may be elsewhere, on the host that will resume it. */
static int identify(struct edit *edit, const struct request *request, Ckpt__File *file, const char *path)
{
    enum ckpt_status status = CKPT_OK;
    uint64_t mapped = mapped_end(edit, file->id, &status);
    if (status != CKPT_OK)
        return edit_malformed(edit);
    Ckpt__File *now = message_create(&ckpt__file__descriptor);
    int result = CLI_FINE, error = file->deleted ? -ENOENT : identity_read(now, path);
    const char *why = error == 0 ? obstacle(file, now, mapped) : NULL;
    if (why != NULL)
        result = edit_refuse_fatal(edit, request, "%s: %s", path, why);
    if (result == CLI_FINE) {
        edit_say(edit, "move %.*s to %s, %s", (int)file->path.len, (const char *)file->path.data, path,
                 error == 0      ? "taking the identity of what is there"
                 : file->deleted ? "deleted as before"
                                 : "keeping its identity since nothing is there now");
        if (error == 0)
            identity_read(file, path);
        message_set_bytes(&file->path, path, strlen(path));
    }
    protobuf_c_message_free_unpacked(&now->base, NULL);
    return result;
}

/* The first few paths that there are. */
static int complain_absent(struct edit *edit, const struct request *request)
{
    struct cli_text list = {0};
    enum ckpt_status status = CKPT_OK;
    const struct record *record;
    size_t count = 0;
    for (size_t i = 0; (record = records_next(&edit->records, CKPT__KIND__KIND_FILE, &i, &status)) != NULL;) {
        const Ckpt__File *file = (const Ckpt__File *)record->message;
        if (has_path(file) && count++ < LISTED)
            cli_text_add(&list, "%s%.*s", count > 1 ? ", " : "", (int)file->path.len, (const char *)file->path.data);
    }
    if (count > LISTED)
        cli_text_add(&list, " and %zu more (ckptdump --maps --fds lists them)", count - LISTED);
    edit_refuse(edit, request, "no file has this path or lies below it; there %s %s", count == 1 ? "is" : "are", count > 0 ? cli_text_get(&list) : "none");
    cli_text_deinit(&list);
    return CLI_FAILED;
}

int edit_move_path(struct edit *edit, const struct request *request)
{
    enum ckpt_status status = CKPT_OK;
    struct record *record;
    size_t moved = 0;
    int result = CLI_FINE;
    for (size_t i = 0; result == CLI_FINE && (record = records_next(&edit->records, CKPT__KIND__KIND_FILE, &i, &status)) != NULL;) {
        Ckpt__File *file = (Ckpt__File *)record->message;
        char *path = has_path(file) ? moved_path(request, (const char *)file->path.data, file->path.len) : NULL;
        if (path == NULL)
            continue;
        result = identify(edit, request, file, path);
        record->changed = true;
        moved++;
        free(path);
    }
    if (status != CKPT_OK)
        return edit_malformed(edit);
    if (result == CLI_FINE && moved == 0)
        return complain_absent(edit, request);
    struct request context = *request;
    debugger_notes_move(&edit->records, move_name, &context);
    return result;
}
