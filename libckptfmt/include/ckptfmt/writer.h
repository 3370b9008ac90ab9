/* The writer: notes and records, then mappings and extents, then pages, then tail records, then finish. One pass.
 *
 * Raw (a sink that can seek): each extent is one contiguous, page-aligned range of the file with holes where nothing was put; memory use does not
 * grow with the pages.
 * Packed (any sink): chunks are compressed by the threads that put them; equal chunks share one copy; memory use grows by the index, 64 bytes a
 * chunk. The bytes written do not depend on threads or timing. */
#ifndef CKPTFMT_WRITER_H
#define CKPTFMT_WRITER_H

#include <stdbool.h>
#include <stddef.h>

#include <ckptfmt/chunk.h>
#include <ckptfmt/format.h>
#include <ckptfmt/io.h>
#include <ckptfmt/status.h>

struct ckpt_writer;

struct ckpt_writer_options {
    size_t struct_size;        /* sizeof(struct ckpt_writer_options) */
    uint32_t chunk_size;       /* bytes, a power of two >= the page size; 0: ckpt_default_chunk_size(compression) */
    uint32_t compression;      /* 0 raw; otherwise zstd level */
    uint64_t read_only_features;
    uint64_t compatible_features;
    uint64_t incompatible_features; /* CKPT_FEATURE_PARENT: ckpt_writer_put_stored() may be given chunks that lie in a parent; the caller's IMAGE record names it */
};

/* A mapping of the root process, for the program headers that debuggers read. */
struct ckpt_mapping {
    uint64_t start, end;       /* addresses */
    uint32_t protection;       /* PROT_* */
    uint32_t space;            /* where its pages are; 0: not stored, the file has them */
    uint64_t space_address;    /* address in the space of `start` */
};

CKPT_BEGIN_DECLS
/* What memory is cut into (bytes) unless somebody chooses: CKPT_CHUNK_SIZE_DEFAULT for raw images (`compression` 0); for packed ones as much as zstd
 * looks back at that level, times two or more: CKPT_CHUNK_SIZE_PACKED, or CKPT_CHUNK_SIZE_MAX from level 7 on. Since 1.0. */
CKPT_API uint32_t ckpt_default_chunk_size(uint32_t compression);

/* `sink` is copied and stays the caller's to close. options may be NULL. NULL only when memory ran out. */
CKPT_API struct ckpt_writer *ckpt_writer_create(const struct ckpt_io *sink, const struct ckpt_writer_options *options);
CKPT_API void ckpt_writer_destroy(struct ckpt_writer *writer);
CKPT_API const char *ckpt_writer_error(const struct ckpt_writer *writer);

/* Makes the image incremental: a chunk that `parent`, an open image, has at the same address with the same digest is named, not stored. Before any
 * note; the parent is borrowed and not to be used otherwise until the writer is destroyed. `path` is where the parent will be looked for besides the
 * image's own directory. Chunk sizes must be equal. Since 1.0. */
struct ckpt_reader;
CKPT_API enum ckpt_status ckpt_writer_set_parent(struct ckpt_writer *writer, struct ckpt_reader *parent, const char *path);

/* Before the pages. Notes of the root process in the order that debuggers expect: NT_PRSTATUS first. Each is copied. */
CKPT_API enum ckpt_status ckpt_writer_note(struct ckpt_writer *writer, const char *name, uint32_t type, const void *body, size_t length);
/* The same layout for a process other than the root (image-local number >= 2). */
CKPT_API enum ckpt_status ckpt_writer_process_note(struct ckpt_writer *writer, uint32_t process, const char *name, uint32_t type,
                                                   const void *body, size_t length);
/* A record. After the pages have begun it goes to the tail. The first of all must be the IMAGE record; its version, features, page_size and chunk_size are the
 * caller's to set with ckpt_writer_fill_image() before packing. */
CKPT_API enum ckpt_status ckpt_writer_record(struct ckpt_writer *writer, uint32_t kind, bool critical, const void *body, size_t length);
/* The same from a message: packs it. */
CKPT_API enum ckpt_status ckpt_writer_message(struct ckpt_writer *writer, uint32_t kind, bool critical, const void *message);
/* Sets version, features, page and chunk size of a Ckpt__Image to what this writer will write, and, after ckpt_writer_set_parent(), its parents
 * (borrowed from the writer); otherwise parents stay what the caller has named. */
CKPT_API void ckpt_writer_fill_image(const struct ckpt_writer *writer, void *image);

/* A mapping of the root process, ascending. */
CKPT_API enum ckpt_status ckpt_writer_mapping(struct ckpt_writer *writer, const struct ckpt_mapping *mapping);
/* A range of a space in which pages may be put, ascending within the space, spaces ascending. Each becomes one contiguous range of the file. */
CKPT_API enum ckpt_status ckpt_writer_extent(struct ckpt_writer *writer, uint32_t space, uint64_t address, uint64_t length);
/* The same for a range that is not zero where nothing is stored, but has a file behind it: pages of zeros that are put in it are stored too. */
CKPT_API enum ckpt_status ckpt_writer_extent_whole(struct ckpt_writer *writer, uint32_t space, uint64_t address, uint64_t length);
/* Lays the file out and writes the head. No note, mapping or extent may follow. */
CKPT_API enum ckpt_status ckpt_writer_begin_pages(struct ckpt_writer *writer);

/* Pages of one extent. `ticket` numbers the calls 0, 1, 2 … in ascending (space, address) order; `address` and `address + length` lie on chunk
 * boundaries or on the extent's ends. Zero pages are left out, but in whole extents. May be called from several threads at once and a little out of
 * order: every ticket is used exactly once. A call that comes before its turn leaves its pages behind, or waits for lower tickets; a failure may be
 * told by a later call. `data` may be NULL: nothing is stored for this range. */
CKPT_API enum ckpt_status ckpt_writer_put(struct ckpt_writer *writer, uint64_t ticket, uint32_t space, uint64_t address, const void *data,
                                          size_t length);
/* For editors and backup tools: a chunk whose stored bytes (chunk->stored_length of them; codec, check and digest as given) are copied as they lie.
 * One whose codec is "parent" has none (`stored` NULL) and needs an image whose IMAGE record names that parent. Packed chunks do not go into a raw
 * image. */
CKPT_API enum ckpt_status ckpt_writer_put_stored(struct ckpt_writer *writer, uint64_t ticket, const struct ckpt_chunk *chunk, const void *stored);

/* Index, tail records, footer, program headers; then io.sync if asked. `id` may be NULL. */
CKPT_API enum ckpt_status ckpt_writer_finish(struct ckpt_writer *writer, bool sync, uint8_t id[CKPT_ID_SIZE]);
CKPT_END_DECLS

#endif
