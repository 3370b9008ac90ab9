/* The files behind a program's mappings, looked at from outside, most of them before the program is stopped: what can be mapped again from its
 * path at the thaw, and what has to be saved. */
#ifndef CHECKPT_RESOURCE_SURVEY_H
#define CHECKPT_RESOURCE_SURVEY_H

#include <sys/stat.h>

#include "cli/elf_object.h"
#include "checkpt/resource/resource.h"

struct survey_file {
    uint64_t device, inode;      /* as maps shows them: some file systems tell stat(2) other numbers */
    const char *path;            /* borrowed from the mapping */
    bool reachable;              /* its path leads to it, and it may be read */
    bool is_image;               /* a checkpoint image: its private mappings are memory of the program's own */
    bool has_status;
    struct stat status;
    bool code_seen;              /* a mapping with PROT_EXEC came by: discards is known */
    bool discards;               /* its code calls madvise(2) by itself */
    size_t build_id_size;
    uint8_t build_id[ELF_BUILD_ID_MAX];
    uint32_t id;                 /* the File record made of it; 0 none yet */
};

struct survey {
    struct arena *arena;
    int directory;               /* /proc/PID */
    struct survey_file **files;
    size_t count, room;
    struct survey_file *last;
};

struct survey *survey_create(struct arena *arena, int directory);
/* The file behind a mapping (inode not 0), looked at the first time it is asked for. */
struct survey_file *survey_find(struct survey *survey, const struct proc_mapping *mapping);
/* Opens the file behind a mapping for reading, by its path where that leads to it, else through /proc/PID/map_files (which takes rights). -1 with errno
 * where neither works, or it is no regular file. */
int survey_open(const struct survey *survey, const struct proc_mapping *mapping);

#endif
