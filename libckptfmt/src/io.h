/* Whole reads and writes over a caller's ckpt_io: short counts and EINTR end here. */
#ifndef CKPTFMT_IO_INTERNAL_H
#define CKPTFMT_IO_INTERNAL_H

#include <stdbool.h>

#include <ckptfmt/io.h>

/* 0, a negative errno, or -ENODATA where the file ends first. */
int io_read_at(const struct ckpt_io *io, void *buffer, size_t length, uint64_t offset);
/* 0 or a negative errno. */
int io_write_at(const struct ckpt_io *io, const void *data, size_t length, uint64_t offset);
int io_write(const struct ckpt_io *io, const void *data, size_t length);
/* These too do not end with EINTR. A missing resize or sync is done. */
int io_size(const struct ckpt_io *io, uint64_t *size);
int io_resize(const struct ckpt_io *io, uint64_t size);
int io_sync(const struct ckpt_io *io);
/* The descriptor that an io is over; -1: none. */
int io_descriptor(const struct ckpt_io *io);
/* Closing the io, which is over a descriptor, will close that. */
void io_own_fd(struct ckpt_io *io);
/* Copies the callbacks that a caller of an older or newer header knows; false where struct_size is impossible. */
bool io_adopt(struct ckpt_io *io, const struct ckpt_io *callers);

#endif
