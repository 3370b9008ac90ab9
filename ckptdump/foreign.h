/* Ordinary core files, read with libelf: what is in them of a checkpoint's records, so that the same views show
 * them. They lack what a program needs to go on. */
#ifndef CKPTDUMP_FOREIGN_H
#define CKPTDUMP_FOREIGN_H

#include <ckptfmt/ckptfmt.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct image;

enum { FOREIGN_SPACE = 1 };

struct foreign {
    int fd;
    uint64_t size;             /* of the file */
    struct Elf *elf;           /* libelf's, which owns the notes' bytes */
    struct ckpt_note *notes;
    size_t note_count;
    struct ckpt_chunk *chunks; /* of FOREIGN_SPACE: what the file has of its segments, a piece at a time */
    size_t chunk_count;
    uint16_t machine;          /* EM_* */
    int signal;                /* that ended the program; 0: none */
    char arguments[81];        /* what the kernel keeps of the command line */
};

/* Whether the file is an ELF core file that no checkpoint ever was. */
bool foreign_is_core(int fd);
/* Makes image->foreign and the records of it; `fd` stays the caller's. Complains and returns the exit status where it cannot. */
int foreign_open(struct image *image, int fd);
void foreign_destroy(struct foreign *foreign);
/* Turns the notes and the segments (image->foreign) into records of `image`. Ends the program where memory runs out. */
void foreign_records(struct image *image);
/* Room for `count` zeroed elements. Ends the program where memory runs out. */
void *foreign_room(size_t count, size_t size);
/* Bytes of the file. False, with a complaint. */
bool foreign_read(struct image *image, uint64_t offset, void *buffer, uint64_t length);

#endif
