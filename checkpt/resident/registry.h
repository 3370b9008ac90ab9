/* The resident programs of this machine: a folder that is root's, with an image, a start file and a count for each, and the kernel's handlers that lead execve(2) there. */
#ifndef CHECKPT_RESIDENT_REGISTRY_H
#define CHECKPT_RESIDENT_REGISTRY_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "checkpt/failure.h"
#include "checkpt/resident/start_file.h"
#include "checkpt/resource/resource.h"

struct registry {
    int lock;                  /* held while it is open */
    bool has_handlers;         /* binfmt_misc can be used */
};

enum { STORE_NAME = 64 /* of a program's files in the store */ };
struct registry_entry {
    uint32_t id;
    enum start_kind kind;
    uint64_t entry;            /* address; 0: where its dynamic linker was */
    uint64_t size;             /* of its image, bytes on the file system */
    uint64_t uses;
    char *path;                /* of the binary, malloc()ed with the list */
    struct start_identity binary;
    char base[STORE_NAME];
    bool has_handler;          /* the kernel starts it */
};

/* errno-like reasons, for exec_sys_register(2). */
struct registry_result {
    int error;                 /* EEXIST, ENOENT, EPERM, 0: see the sentence */
};

/* Root only: EPERM. Makes the store where it is missing. */
bool registry_open(struct registry *registry, struct registry_result *result, struct failure *why);
void registry_close(struct registry *registry);

/* All of them, ascending by id; malloc()ed. registry_free_list() frees. Anybody may. */
bool registry_list(struct registry_entry **list, size_t *count, struct failure *why);
void registry_free_list(struct registry_entry *list, size_t count);

/* Makes room for a binary, before anything is started: EEXIST where it is resident already, ENOENT, EPERM (set-id). What is left of another of its name goes. */
bool registry_make_room(const struct registry *registry, const char *binary, struct registry_result *result, struct failure *why);

struct registry_add {
    const char *binary;        /* its path */
    pid_t pid;                 /* the process whose memory it begins with */
    enum start_kind kind;
    uint64_t entry;
    struct freeze_caller caller; /* where it asked itself */
};
/* Freezes the process, whose program runs on, and registers its binary. EEXIST where it is resident already; ENOENT where there is no such file. */
bool registry_register(struct registry *registry, const struct registry_add *add, uint32_t *id, struct registry_result *result, struct failure *why);

/* By id, or (id 0) by the binary's path, or (id 0, NULL) all. *count receives how many went; ENOENT where there was none. */
bool registry_remove(struct registry *registry, uint32_t id, const char *binary, size_t *count, struct registry_result *result, struct failure *why);

#endif
