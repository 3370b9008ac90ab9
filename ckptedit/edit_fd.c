/* Pointing a descriptor at another file. Flags, position and locks of the open file stay; descriptors that share it keep the old one. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>

#include "ckptedit/descriptors.h"
#include "ckptedit/identity.h"

enum { TMPFILE = 020200000 }; /* O_TMPFILE as x86-64 has it: the kernel keeps it in a file's flags */

/* Why the thaw could not open it like that; NULL. */
static const char *obstacle(const Ckpt__File *file, uint32_t flags)
{
    bool directory = file->type == CKPT__FILE_TYPE__FILE_TYPE_DIRECTORY;
    if (file->type == CKPT__FILE_TYPE__FILE_TYPE_SOCKET)
        return "it is a socket, which cannot be opened by its path";
    if (file->type == CKPT__FILE_TYPE__FILE_TYPE_FIFO)
        return "it is a FIFO, whose other end nobody holds";
    if (file->type == CKPT__FILE_TYPE__FILE_TYPE_BLOCK_DEVICE)
        return "it is a block device";
    if (directory && (flags & O_ACCMODE) != O_RDONLY)
        return "it is a directory, and the descriptor is open for writing";
    return !directory && (flags & O_DIRECTORY) != 0 ? "it is no directory, and the descriptor was opened with O_DIRECTORY" : NULL;
}

/* The open file to change: a descriptor's own, or a copy where others share it. NULL after a complaint. */
static Ckpt__OpenFile *own_open_file(struct edit *edit, const struct request *request, int *result)
{
    struct record *record, *descriptors;
    size_t at;
    Ckpt__Descriptors *all = descriptors_find(edit, request, &descriptors, &at, result);
    if (all == NULL)
        return NULL;
    uint32_t old = all->descriptors[at]->open_file, id = open_file_next_id(edit, result);
    Ckpt__OpenFile *open_file = *result == CLI_FINE ? open_file_find(edit, old, &record, result) : NULL;
    if (open_file == NULL) {
        if (*result == CLI_FINE)
            *result = edit_refuse(edit, request, "its open file %u is not in the image", old);
        return NULL;
    }
    size_t sharers = open_file_sharers(edit, old, result);
    if (*result != CLI_FINE || sharers <= 1) {
        record->changed = true;
        return *result == CLI_FINE ? open_file : NULL;
    }
    open_file = message_copy(&open_file->base);
    if (open_file == NULL) {
        *result = edit_refuse(edit, request, "its open file %u cannot be copied", old);
        return NULL;
    }
    edit_say(edit, "give descriptor %u an open file of its own, since %zu others share it", all->descriptors[at]->number, sharers - 1);
    open_file->id = all->descriptors[at]->open_file = id;
    descriptors->changed = true;
    records_add(&edit->records, CKPT__KIND__KIND_OPEN_FILE, true, open_file);
    return open_file;
}

static void say(struct edit *edit, const struct request *request, const Ckpt__File *file, const Ckpt__OpenFile *open_file)
{
    struct record *record;
    int ignored;
    const Ckpt__File *old = file_find(edit, open_file->file, &record, &ignored);
    edit_say(edit, "point descriptor %" PRIu64 " at %.*s, %s of %" PRIu64 " bytes, instead of %.*s, position %" PRIu64 "%s", request->number, (int)file->path.len,
             (const char *)file->path.data, file->inode != 0 ? identity_type(file->type) : "which is not there, as if", file->size,
             old != NULL ? (int)old->path.len : 0, old != NULL ? (const char *)old->path.data : "", open_file->offset,
             file->type == CKPT__FILE_TYPE__FILE_TYPE_REGULAR && open_file->offset > file->size ? ", behind its end" : "");
}

static int point(struct edit *edit, const struct request *request, Ckpt__File *file)
{
    int result;
    Ckpt__OpenFile *open_file = own_open_file(edit, request, &result);
    if (open_file != NULL) {
        const char *why = obstacle(file, (open_file->flags & TMPFILE) == TMPFILE ? open_file->flags & ~(uint32_t)TMPFILE : open_file->flags);
        result = why != NULL ? edit_refuse_fatal(edit, request, "%.*s: %s", (int)file->path.len, (const char *)file->path.data, why) : CLI_FINE;
    }
    if (result != CLI_FINE) {
        protobuf_c_message_free_unpacked(&file->base, NULL);
        return result;
    }
    say(edit, request, file, open_file);
    if ((open_file->flags & TMPFILE) == TMPFILE)
        open_file->flags &= ~(uint32_t)TMPFILE;
    if (file->type == CKPT__FILE_TYPE__FILE_TYPE_DIRECTORY)
        open_file->offset = 0; /* a position in a directory means nothing in another */
    open_file->inherited = 0;
    file_released(edit, open_file->file);
    open_file->file = file_add(edit, file, &result); /* messages stay where they are, though records move */
    return result;
}

int edit_fd(struct edit *edit, const struct request *request)
{
    int result;
    Ckpt__File *file = file_look_at(edit, request, request->target, &result);
    return file != NULL ? point(edit, request, file) : result;
}
