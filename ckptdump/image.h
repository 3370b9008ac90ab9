/* An opened image and its records, unpacked by kind when first asked for. */
#ifndef CKPTDUMP_IMAGE_H
#define CKPTDUMP_IMAGE_H

#include <ckptfmt/ckptfmt.h>

#include "ckptdump/input.h"
#include "schemas/files.pb-c.h"
#include "schemas/image.pb-c.h"
#include "schemas/memory.pb-c.h"
#include "schemas/process.pb-c.h"
#include "schemas/record.pb-c.h"

enum { IMAGE_KINDS = 32 }; /* kinds of record that there are views for; schemas/record.proto */

struct image_list {
    ProtobufCMessage **messages; /* in file order */
    size_t count;
    bool loaded;
};

struct image_object {
    uint32_t file;                     /* FILE id */
    uint32_t sort;
    const ProtobufCMessage *message;
};

enum { IMAGE_CHUNKS_KEPT = 64 };

struct image {
    const char *path;                  /* "standard input" for "-" */
    struct ckpt_reader *reader;        /* NULL: an ordinary core file */
    struct foreign *foreign;           /* NULL: a checkpoint image */
    struct ckpt_stream *stream;        /* to be verified in passing: then there is nothing else */
    struct input input;                /* what it comes from */
    int input_fd;                      /* standard input, or its copy, for the reader; -1 */
    uint32_t root;                     /* the first process: image-local number */
    uint32_t process;                  /* whose memory and registers are shown; image-local number */
    bool damaged;                      /* a record could not be read; the complaint is printed */
    struct image_list lists[IMAGE_KINDS];
    uint64_t last_seek;                /* where the last search of the index ended: the next one often ends there too, or behind it */
    struct {
        uint64_t number;               /* i + 1; 0: none */
        struct ckpt_chunk chunk;
    } chunks[IMAGE_CHUNKS_KEPT];       /* index entries that were read, by i modulo */
    Ckpt__File **files;                /* by id, ascending */
    Ckpt__OpenFile **open_files;       /* by id, ascending */
    struct image_object *objects;      /* by file, ascending: objects.c */
    size_t object_count;
    bool objects_known;
};

struct foreign;

/* Opens `path`, borrowed; "-" is standard input. `once`: where that is a pipe that gives a packed image, it becomes image->stream, to be read in one pass. Complains and returns the exit status where it cannot: CLI_FAILED for a damaged or refused file, CLI_MISUSE
 * where nothing could be read. CLI_FINE on success. Always deinit. */
int image_open(struct image *image, const char *path, bool once);
void image_deinit(struct image *image);

/* Shows the process with this pid instead of the first. CLI_FINE, or CLI_MISUSE after a complaint that lists those present. */
int image_select(struct image *image, uint64_t pid);

/* The debuggers' notes one after the other, with the process that each belongs to. Zero-initialise. */
struct note_cursor {
    size_t next;
    uint32_t process; /* image-local number, of the note that was given last */
};
bool image_next_note(struct image *image, struct note_cursor *cursor, struct ckpt_note *note);
/* The i-th note of any owner. False behind the last. */
bool image_note(struct image *image, size_t i, struct ckpt_note *note);
/* All records of a kind. Those that are malformed are complained of, and left out. Borrowed. */
const struct image_list *image_records(struct image *image, Ckpt__Kind kind);
/* The first record of a kind, or NULL. */
const void *image_record(struct image *image, Ckpt__Kind kind);
/* The PROCESS record with this image-local number, or NULL. */
const Ckpt__Process *image_process(struct image *image, uint32_t process);
/* The pid of that process; the number itself where there is none. */
int32_t image_pid(struct image *image, uint32_t process);
/* NULL where there is none. */
const Ckpt__File *image_file(struct image *image, uint32_t id);
const Ckpt__OpenFile *image_open_file(struct image *image, uint32_t id);
/* A complaint about this image; marks it damaged. */
void image_complain(struct image *image, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
