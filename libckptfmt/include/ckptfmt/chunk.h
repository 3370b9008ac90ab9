/* Chunks: runs of pages of a space, as the index describes them. */
#ifndef CKPTFMT_CHUNK_H
#define CKPTFMT_CHUNK_H

#include <stdint.h>

#include <ckptfmt/format.h>

enum ckpt_codec {
    CKPT_CODEC_RAW = 0,    /* the bytes as they are */
    CKPT_CODEC_ZSTD = 1,   /* one zstd frame */
    CKPT_CODEC_PARENT = 2, /* the same digest's chunk in the parent image number `parent` */
};

/* One index entry. A chunk never crosses a multiple of the chunk size, and chunks of a space are ascending, not overlapping. */
struct ckpt_chunk {
    uint32_t space;
    uint16_t codec;                  /* enum ckpt_codec */
    uint16_t parent;                 /* which of Image.parents, for CKPT_CODEC_PARENT */
    uint64_t address;                /* in the space; a multiple of the page size */
    uint64_t length;                 /* bytes of memory; a multiple of the page size */
    uint64_t offset;                 /* in the file; page-aligned for raw */
    uint64_t stored_length;          /* bytes in the file */
    uint64_t stored_check;           /* XXH3-64 of the stored bytes where they are packed, else 0: checks a copy without unpacking */
    uint8_t digest[CKPT_DIGEST_SIZE]; /* XXH3-128 of the memory's bytes, canonical (big-endian) form */
};

/* Where a chunk's bytes lie. */
struct ckpt_place {
    struct ckpt_chunk chunk;         /* as the image that stores them describes it: raw or packed */
    uint8_t image_id[CKPT_ID_SIZE];  /* that image's */
    int32_t fd;                      /* its descriptor, borrowed until the next call on the reader; -1 where it was not opened from one */
    uint32_t reserved;               /* 0 */
};

/* Chunks that follow one another, without a gap: of one space and one codec. Raw ones lie behind one another in the file, too, so that the whole run
 * is one piece of it; those of a parent have numbers there that follow one another. */
struct ckpt_run {
    uint32_t space;
    uint16_t codec;
    uint16_t parent;
    uint64_t address, length;        /* in the space; bytes of memory */
    uint64_t offset;                 /* the first chunk's */
    uint64_t first, count;           /* index entries */
};

#endif
