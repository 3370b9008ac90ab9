/* A checkpoint in memory: the records of one image, unpacked. Freeze fills it (resources' `collect`) and emits it to a writer;
 * thaw loads it from a reader and resources' `plan` turn it into system calls. Everything is in `arena`. */
#ifndef CHECKPT_MODEL_H
#define CHECKPT_MODEL_H

#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/procfs.h>
#include <sys/user.h>

#include <ckptfmt/ckptfmt.h>

#include "checkpt/arena.h"
#include "checkpt/failure.h"
#include "schemas/credentials.pb-c.h"
#include "schemas/files.pb-c.h"
#include "schemas/image.pb-c.h"
#include "schemas/limits.pb-c.h"
#include "schemas/memory.pb-c.h"
#include "schemas/process.pb-c.h"
#include "schemas/record.pb-c.h"
#include "schemas/signals.pb-c.h"
#include "schemas/threads.pb-c.h"
#include "schemas/timers.pb-c.h"

#define MODEL_PROCESS 1 /* image-local number of the only process so far; its address space is space 1 */

struct model_thread {
    Ckpt__Thread record;
    struct user_regs_struct registers; /* as ptrace gives them, orig_rax and the -ERESTART* result included */
    const void *xsave;                 /* NT_X86_XSTATE, standard format */
    size_t xsave_size;
    siginfo_t *last_signal;            /* NT_SIGINFO for debuggers; may be NULL */
};

/* Records of objects of the kernel that descriptors lead to: PIPE and whatever comes behind it in schemas/record.proto. All are critical. */
enum { MODEL_OBJECTS_FROM = 16, MODEL_OBJECTS_TO = 32 };
struct model_objects {
    ProtobufCMessage **list; /* ascending by FILE */
    size_t count;
};

struct model {
    struct arena arena;
    ProtobufCMessage **unpacked;  /* what model_load() has to free */
    size_t unpacked_count;
    Ckpt__Image image;
    Ckpt__Process process;
    Ckpt__Memory memory;
    struct model_thread *threads; /* [0] is the leader */
    size_t thread_count;
    Ckpt__File **files;           /* by id - 1 */
    size_t file_count;
    Ckpt__OpenFile **open_files;  /* by id - 1 */
    size_t open_file_count;
    Ckpt__Descriptors descriptors;
    struct model_objects objects[MODEL_OBJECTS_TO - MODEL_OBJECTS_FROM]; /* model_objects() */
    Ckpt__SignalActions signal_actions;
    Ckpt__PendingSignals **pending;
    size_t pending_count;
    Ckpt__Timers timers;
    Ckpt__Limits limits;
    Ckpt__Credentials credentials;
    Ckpt__TidWords tid_words;
    const void *auxv;
    size_t auxv_size;
    const char *arguments;        /* the command line, spaces between: what NT_PRPSINFO shows. Not NULL while freezing */
    uint32_t next_space;          /* the next free space number, from 2 */
};

void model_init(struct model *model);
void model_deinit(struct model *model);

/* Adds and returns a zeroed, initialised message; its id is set. */
Ckpt__File *model_add_file(struct model *model);
Ckpt__OpenFile *model_add_open_file(struct model *model);
/* A message that stays, whose kind is one of those above. False: there is one about the same FILE. */
bool model_add_object(struct model *model, uint32_t kind, void *message);
/* The one about a FILE, or NULL. */
const void *model_object(const struct model *model, uint32_t kind, uint32_t file);
const struct model_objects *model_objects(const struct model *model, uint32_t kind);
Ckpt__File *model_file(const struct model *model, uint32_t id);           /* NULL where there is none */
Ckpt__OpenFile *model_open_file(const struct model *model, uint32_t id);
/* The mapping that holds an address, or NULL. */
const Ckpt__Mapping *model_find_mapping(const struct model *model, uint64_t address);

/* Writes notes (NT_PRSTATUS first) and head records, in the format's order. */
bool model_emit(const struct model *model, struct ckpt_writer *writer, struct failure *why);
/* Unpacks and cross-checks everything that a thaw relies on: every reference resolves, mappings ascend, numbers are in range. */
bool model_load(struct model *model, struct ckpt_reader *reader, struct failure *why);

#endif
