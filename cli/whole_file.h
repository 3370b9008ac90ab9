/* A file that is whole or not there: written without a name, or beside its final name, made durable, and renamed. Whatever ends the program
 * before the commit leaves the old file as it was, and nothing beside it. */
#ifndef CLI_WHOLE_FILE_H
#define CLI_WHOLE_FILE_H

#include <stdbool.h>
#include <sys/types.h>

struct whole_file {
    int fd;            /* to write to, and to read back; -1 when not open */
    int directory;     /* of the final name */
    char *name;        /* in the directory */
    char *temporary;   /* the same, until the commit; NULL: the file has no name yet */
    const char *doing; /* what failed: "creating", "making it durable" …; static */
};

/* `path` is the final name; a symbolic link there is followed. `mode` is subject to the umask. Returns 0 or a negative errno with `doing` set; -EISDIR and -EINVAL (not
 * a regular file) where something is in the way. Call whole_file_close() in any case. */
int whole_file_create(struct whole_file *file, const char *path, mode_t mode);
/* Syncs, renames, syncs the directory. 0 or a negative errno; the old file stays until the rename. */
int whole_file_commit(struct whole_file *file);
/* Closes; without a commit nothing is left. */
void whole_file_close(struct whole_file *file);

#endif
