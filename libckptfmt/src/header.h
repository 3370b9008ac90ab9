/* The ELF header and the program headers. */
#ifndef CKPTFMT_HEADER_H
#define CKPTFMT_HEADER_H

#include <stddef.h>
#include <stdint.h>

#include "error.h"

enum { HEADER_EHDR_SIZE = 64, HEADER_PHDR_SIZE = 56, HEADER_SHDR_SIZE = 64 };

struct segment {
    uint32_t type, flags;
    uint64_t offset, address, file_size, memory_size, alignment;
};

/* Bytes of ELF header, `count` program headers and, past 0xfffe of them, the section header that holds their number. */
uint64_t header_size(uint64_t count);
/* Encodes header and program headers: header_size(count) bytes. */
void header_encode(const struct segment *segments, uint64_t count, uint8_t *bytes, size_t length);

struct header {
    uint64_t segments_offset, segment_count;
};
/* Decodes the first bytes of a file (`length` of them, at most HEADER_EHDR_SIZE needed). With PN_XNUM segment_count is 0xffff and *section_offset
 * says where the section header lies; else it is 0. */
enum ckpt_status header_decode(const uint8_t *bytes, size_t length, struct header *header, uint64_t *section_offset, struct error *error);
/* The number of program headers from that section header. */
uint32_t header_decode_count(const uint8_t bytes[HEADER_SHDR_SIZE]);
void header_decode_segment(const uint8_t bytes[HEADER_PHDR_SIZE], struct segment *segment);

#endif
