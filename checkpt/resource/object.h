/* Objects of the kernel that descriptors lead to and that no path opens again: pipes, sockets, eventfds … Each sort of them is a resource in a file of its own; what the files
 * resource has to ask it, while it goes through the descriptors, is here. The order of a freeze:
 *   fate (also before the stop), then OPEN_FILE and FILE records of all descriptors are made, then each object's resource collects its own records: model_add_object().
 * And of a thaw: check; then, when the first descriptor of an object has its turn, make(); then, with every descriptor at its number, the object's resource's plan().
 * To add one: a `struct object` in the list of object.c, its resource in all.h, resource.c (behind files) and thaw/order.c (behind files), a kind in schemas/record.proto, its
 * descriptor in libckptfmt/src/record.c, a line in ckptdump/objects.c and one in ckptdump/schema.c. References, emitting, loading, dropping go by the rules of schemas/README.md. */
#ifndef CHECKPT_RESOURCE_OBJECT_H
#define CHECKPT_RESOURCE_OBJECT_H

#include "checkpt/resource/files.h"

struct making;

struct object {
    const char *name;    /* of its resource, "pipes": the subject of a finding */
    const char *saved;   /* what explain says of those that are saved, behind their number: "made anew, with what is unread" */
    bool is_single;      /* each open file is one, and its inode says nothing, as with anonymous inodes: FILE records are not shared, and have no inode */

    /* Freezing. Whether a descriptor leads to one. */
    bool (*is_one)(const struct proc_fd *fd);
    /* Whether it is the program's own beyond doubt: then it is not the caller's even as 0 to 2, or under a number that an ancestor has it by. NULL: never. */
    bool (*is_own)(const struct freeze *freeze, const struct proc_fd *fd);
    /* What becomes of one that is not the caller's: object_saved(), or FILES_REFUSED with the reason. */
    struct files_fate (*fate)(const struct freeze *freeze, const struct proc_fd *fd, struct arena *arena);

    /* Thawing. Whether a FILE record stands for one. */
    bool (*is_its)(const Ckpt__File *file);
    /* Plans the calls that make it and its open files, and hands each of those over with making_place(). */
    bool (*make)(struct making *making, const Ckpt__File *file, struct failure *why);
};

extern const struct object *const objects[]; /* up to NULL */
const struct object *object_of_fd(const struct proc_fd *fd);       /* NULL: it is none */
const struct object *object_of_file(const Ckpt__File *file);

struct files_fate object_saved(const struct object *object, const char *noun);

/* Stopped: our duplicate of the program's descriptor (freeze->numbers has one for each open file); -1 with the sentence. The caller closes it. */
int object_duplicate(const struct freeze *freeze, uint32_t number, struct failure *why);

#endif
