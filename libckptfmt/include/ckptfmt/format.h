/* Constants of format 1.0 and the facts of an image that its footer states. Numbers here are pinned by FORMAT.md. */
#ifndef CKPTFMT_FORMAT_H
#define CKPTFMT_FORMAT_H

#include <stdbool.h>
#include <stdint.h>

#include <ckptfmt/version.h>

#define CKPT_FORMAT_MAJOR 1
#define CKPT_FORMAT_MINOR 0
#define CKPT_NOTE_NAME "CKPT"               /* owner of our notes */
#define CKPT_RECORD_CRITICAL 0x80000000u    /* bit of n_type: a reader that does not know the kind must not thaw */
#define CKPT_PT_INDEX 0x60636b69u           /* p_type of the index segment: PT_LOOS + "cki" */
#define CKPT_PT_NOTE 0x60636b6eu            /* p_type of the notes of processes other than the root: PT_LOOS + "ckn" */
#define CKPT_FOOTER_SIZE 256
#define CKPT_INDEX_ENTRY_SIZE 64
#define CKPT_DIGEST_SIZE 16
#define CKPT_ID_SIZE 16
#define CKPT_NOTE_PROCESS 0x7fffffffu        /* note "CKPT" in the process segment: u32 number of the process whose notes follow */
#define CKPT_PAGE_SIZE 4096
#define CKPT_CHUNK_SIZE_DEFAULT 65536          /* of raw images */
#define CKPT_CHUNK_SIZE_PACKED (8u << 20)     /* of packed ones: what is far apart packs better together; at high levels _MAX: see ckpt_default_chunk_size() */
#define CKPT_CHUNK_SIZE_MAX (16u << 20)
#define CKPT_COMPRESSION_DEFAULT 3          /* zstd's level */

/* Incompatible features: a reader that does not know a set bit refuses the file. */
#define CKPT_FEATURE_PACKED (1ull << 0)   /* some chunks are compressed */
#define CKPT_FEATURE_PARENT (1ull << 1)   /* some chunks lie in a parent image */
/* Read-only compatible features: unknown bits allow dump and verify, not thaw or edit. */
#define CKPT_FEATURE_REDACTED (1ull << 0)
#define CKPT_FEATURE_SALVAGED (1ull << 1)

struct ckpt_footer {
    uint16_t version_major;
    uint16_t version_minor;
    uint64_t incompatible_features;
    uint64_t read_only_features;
    uint64_t compatible_features;
    uint8_t image_id[CKPT_ID_SIZE]; /* derived from the content: equal images have equal ids */
    uint32_t page_size;
    uint32_t chunk_size;
    uint32_t digest_algorithm;      /* 1: XXH3-128 */
    uint64_t head_size;             /* ELF header, program headers, notes, padding: [0, head_size) */
    uint64_t pages_end;             /* pages lie in [head_size, pages_end) */
    uint64_t index_offset;
    uint64_t index_count;
    uint64_t tail_offset;           /* the second note segment; 0 size where there is none */
    uint64_t tail_size;
    uint64_t file_size;
};

#endif
