/* A kernel resource: what every file of this folder provides. See checkpt/DESIGN.md, "How to add a resource".
 * Resources never call each other; they share the model, the inventory and the session handed to them. */
#ifndef CHECKPT_RESOURCE_H
#define CHECKPT_RESOURCE_H

#include "checkpt/model/model.h"
#include "checkpt/proc/proc.h"
#include "checkpt/progress.h"

struct tracee;
struct plan;

/* One line of `checkpt explain` or `checkpt check`. What is lost does not stand in the way, but is told before a thaw too. */
enum verdict { VERDICT_SAVED, VERDICT_CHANGED, VERDICT_LOST, VERDICT_REFUSED };
struct finding {
    enum verdict verdict;
    const char *subject;   /* "fd 7", "mapping 7f…-7f…", "timers" */
    const char *sentence;  /* "pipe: pipes are not supported yet" */
    const char *way_out;   /* what the user can do: a flag, a command; NULL */
};
struct findings {
    struct arena *arena;
    struct finding *list;
    size_t count;
    size_t refused;        /* how many of them are VERDICT_REFUSED */
};
void findings_add(struct findings *findings, enum verdict verdict, const char *subject, const char *way_out, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

struct freeze_options {
    bool exit;             /* --exit */
    int mode;              /* 0 auto, 1 stop and copy, 2 fork */
    unsigned threads;      /* copying threads, 0 auto */
    unsigned level;        /* of zstd; 0: pages as they are, but packed where the output cannot seek */
    uint32_t chunk_size;   /* bytes; 0: the parent's, or what suits the pages */
    const char *parent;    /* an image: what it has already is only named; NULL: none */
    bool memory_only;      /* what a start from its memory alone needs: no descriptors, signals, timers or limits */
};

/* The thread that asked for this image with sys_checkpoint(): what it gets to know in the resumed program. See CheckpointCall in schemas/threads.proto. */
struct freeze_caller {
    pid_t tid;             /* 0: nobody asked */
    uint64_t resumed_word;
};

/* A descriptor that the image goes to: wherever the program has that file open it gets the image itself when it is resumed. */
struct freeze_sink {
    bool is_descriptor;
    uint64_t device, inode;
};

/* The content of a FILE that its resource has read already, in the model's arena: whole pages, zeros behind the file's size. */
struct freeze_content {
    uint32_t space;        /* File.space */
    const void *bytes;
    uint64_t length;
};

/* Freezing. Before the stop only `directory` and `stat`/`status` are valid; `tracee` is NULL. While stopped all are. */
struct freeze {
    pid_t pid;
    int directory;         /* /proc/PID */
    struct freeze_options options;
    struct freeze_caller caller;
    pid_t asker;           /* who froze it, or had it frozen by somebody with more rights */
    bool is_guarded;       /* by somebody with more rights: what has not been looked into yet may turn out to be none of the asker's business */
    struct freeze_sink sink;
    struct model *model;
    struct tracee *tracee;
    struct proc_stat stat;
    struct proc_status status;
    struct proc_mapping *maps;  size_t map_count;  /* with vm_flags */
    struct proc_fd *fds;        size_t fd_count;
    uint32_t *numbers;     /* by OPEN_FILE id - 1: the first descriptor of it, once files are collected */
    struct freeze_content *contents; size_t content_count; /* freeze_add_content() */
    struct sharers *sharers; /* who else has the program's pipes: resource/sharers.h */
    struct survey *survey; /* the files behind the mappings, looked at before the stop: resource/survey.h */
    struct watched *watched; /* the files that inotify watches: resource/watched.h */
    struct sockets_survey *sockets; /* sockets as such, and who has them: resource/sockets.h */
};

/* Gives a FILE a space for content that was read: `bytes`, which are copied. Its size is set too. */
void freeze_add_content(struct freeze *freeze, Ckpt__File *file, const void *bytes, uint64_t length);
/* NULL: it is still to be read. */
const struct freeze_content *freeze_content(const struct freeze *freeze, uint32_t space);

enum changed_policy { CHANGED_REFUSE, CHANGED_IGNORE, CHANGED_TRUNCATE };
struct thaw_options {
    bool keep_pid;         /* --pid: the original pid and thread ids */
    bool copy;             /* --copy: read all memory, map nothing from the image */
    bool verify;           /* --verify: check every digest first */
    const int *descriptor; /* of the image, instead of its path, which then is for messages only; NULL: none */
    const int *retval;     /* what sys_checkpoint() returns in the resumed program; NULL: what the image says */
    bool credentials_of_image; /* --credentials=image: the users, groups and capabilities of the program instead of the caller's */
    bool redacted_ok;      /* --redacted-ok: memory that was redacted is zeros */
    bool incomplete_ok;    /* --incomplete-ok: so is memory that could not be salvaged */
    const struct progress *progress; /* of verifying and unpacking; NULL: nobody waits */
    bool stdio_of_image;   /* --stdio=image: 0 to 2 are not the caller's where they can be opened again */
    enum changed_policy changed; /* --changed=refuse|ignore|truncate: files that changed since the freeze; truncate cuts what the program was writing back to its size of then */
};

struct thaw {
    const char *path;      /* of the image */
    struct ckpt_reader *reader;
    int image_fd;
    const struct stored_index *index; /* the reader's, checked: thaw/stored.h */
    const struct model *model;
    struct thaw_options options;
    struct plan *plan;
    /* Descriptors of the plan's own: all are above the program's, from `high` on, and none is left open when the threads go on. */
    int high, next_high;   /* the first of them; the next that is free */
    int *content;          /* by File id - 1: the descriptor that has the content of a file with a space of its own; -1: none.
                            * memory's plan opens them, before any other resource's plan */
    uint32_t *thread_slots; /* by thread: slot of its new id in the plan; threads' plan starts them, before timers' and files' plans */
};

struct resource_ops {
    const char *name;      /* the noun: schema, view and test have the same */
    bool beside_memory;    /* left out by freeze_options.memory_only */
    /* Before stopping anything, from /proc alone: what is saved, changed, lost or refused. */
    void (*explain)(struct freeze *freeze, struct findings *findings);
    /* Stopped: whether this is a moment to freeze it in. Otherwise it is let go on a little, and stopped again; a few times only. NULL: any moment is. */
    bool (*is_moment)(const struct freeze *freeze);
    /* Stopped: kernel -> record. Calls inside the program go through tracee_calls(), many per stop. */
    bool (*collect)(struct freeze *freeze, struct failure *why);
    /* Thaw, before anything is touched: can this host do it? */
    void (*check)(struct thaw *thaw, struct findings *findings);
    /* Record -> system calls. */
    bool (*plan)(struct thaw *thaw, struct failure *why);
};

/* All resources; the order is that of collecting. The order of planning is thaw/order.c's. */
extern const struct resource_ops *const resources[];
extern const size_t resource_count;

#endif
