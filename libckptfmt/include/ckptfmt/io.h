/* Where bytes come from and go to. File and memory implementations are here; callers may bring their own. */
#ifndef CKPTFMT_IO_H
#define CKPTFMT_IO_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <ckptfmt/version.h>

/* Every callback returns a count or 0 on success and a negative errno on failure. Short counts are allowed and EINTR is
 * retried by the library. NULL callbacks mean "cannot". `context` is handed to each. */
struct ckpt_io {
    size_t struct_size; /* sizeof(struct ckpt_io) */
    void *context;
    /* Up to `length` bytes at `offset`; 0 at the end of the file. May be called from several threads at once. */
    ssize_t (*read_at)(void *context, void *buffer, size_t length, uint64_t offset);
    /* May be called from several threads at once, for ranges that do not overlap. */
    ssize_t (*write_at)(void *context, const void *buffer, size_t length, uint64_t offset);
    /* Sequential I/O for pipes; used when read_at or write_at is NULL. */
    ssize_t (*read)(void *context, void *buffer, size_t length);
    ssize_t (*write)(void *context, const void *buffer, size_t length);
    /* The size in bytes. */
    int (*size)(void *context, uint64_t *size);
    /* Sets the size; called once by the writer before the pages. Optional. */
    int (*resize)(void *context, uint64_t size);
    /* The first offset >= `offset` that may hold data (SEEK_DATA); the size where only a hole follows. Optional. */
    int (*next_data)(void *context, uint64_t offset, uint64_t *data);
    /* Makes what was written durable. Optional. */
    int (*sync)(void *context);
    /* Releases the context. Optional. */
    void (*close)(void *context);
};

CKPT_BEGIN_DECLS
/* I/O on a descriptor, which stays the caller's (closing the io does not close it). Regular files and block devices get
 * read_at/write_at/size/next_data; pipes, sockets and terminals get read/write only. Returns 0 or a negative errno. */
CKPT_API int ckpt_io_from_fd(struct ckpt_io *io, int fd);
/* Opens PATH for reading. Closing the io closes the file. Returns 0 or a negative errno. */
CKPT_API int ckpt_io_open(struct ckpt_io *io, const char *path);
/* Reads from the caller's memory, which must outlive the io. */
CKPT_API int ckpt_io_from_memory(struct ckpt_io *io, const void *data, size_t length);
/* Writes to a growing buffer. ckpt_io_buffer_data() borrows it until the io is closed. */
CKPT_API int ckpt_io_to_buffer(struct ckpt_io *io);
CKPT_API const void *ckpt_io_buffer_data(const struct ckpt_io *io, size_t *length);
/* Reads `source` (a pipe) to its end into an unnamed file in `directory` (NULL: $TMPDIR, else /var/tmp) and makes *io of it, for what needs to seek.
 * The source stays the caller's. `limit` bytes at most (0: no limit), else -EFBIG. Returns 0 or a negative errno. */
CKPT_API int ckpt_io_spool(struct ckpt_io *io, const struct ckpt_io *source, const char *directory, uint64_t limit);
/* Calls io->close if there is one and clears *io. NULL is allowed. */
CKPT_API void ckpt_io_close(struct ckpt_io *io);
CKPT_END_DECLS

#endif
