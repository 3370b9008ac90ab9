#include "index.h"

#include <inttypes.h>

#include "cursor.h"
#include "packer.h"

void index_encode(const struct ckpt_chunk *chunk, uint8_t bytes[CKPT_INDEX_ENTRY_SIZE])
{
    struct cursor c = cursor_over(bytes, CKPT_INDEX_ENTRY_SIZE);
    cursor_put(&c, chunk->space, 4);
    cursor_put(&c, chunk->codec, 2);
    cursor_put(&c, chunk->parent, 2);
    cursor_put(&c, chunk->address, 8);
    cursor_put(&c, chunk->length, 8);
    cursor_put(&c, chunk->offset, 8);
    cursor_put(&c, chunk->stored_length, 8);
    cursor_put(&c, chunk->stored_check, 8);
    cursor_put_bytes(&c, chunk->digest, CKPT_DIGEST_SIZE);
}

bool index_decode(const uint8_t bytes[CKPT_INDEX_ENTRY_SIZE], struct ckpt_chunk *chunk)
{
    struct cursor c = cursor_over(bytes, CKPT_INDEX_ENTRY_SIZE);
    chunk->space = cursor_u32(&c);
    chunk->codec = cursor_u16(&c);
    chunk->parent = cursor_u16(&c);
    chunk->address = cursor_u64(&c);
    chunk->length = cursor_u64(&c);
    chunk->offset = cursor_u64(&c);
    chunk->stored_length = cursor_u64(&c);
    chunk->stored_check = cursor_u64(&c);
    cursor_bytes(&c, chunk->digest, CKPT_DIGEST_SIZE);
    return chunk->codec == CKPT_CODEC_ZSTD || chunk->stored_check == 0;
}

enum ckpt_status index_check_shape(const struct ckpt_chunk *chunk, const struct ckpt_footer *footer, struct error *error)
{
    uint64_t in_page = footer->page_size - 1, window = footer->chunk_size; /* both are powers of two */
    if (chunk->space == 0)
        return error_set(error, CKPT_CORRUPT, "space 0");
    if (((chunk->address | chunk->length) & in_page) != 0 || chunk->length == 0)
        return error_set(error, CKPT_CORRUPT, "address 0x%" PRIx64 " or length 0x%" PRIx64 " is not a whole number of pages", chunk->address,
                         chunk->length);
    if (chunk->length > UINT64_MAX - chunk->address)
        return error_set(error, CKPT_CORRUPT, "address 0x%" PRIx64 " with length 0x%" PRIx64 " reaches the end of all addresses", chunk->address, chunk->length);
    if (chunk->length > window || ((chunk->address ^ (chunk->address + chunk->length - 1)) & ~(window - 1)) != 0)
        return error_set(error, CKPT_CORRUPT, "address 0x%" PRIx64 " with length 0x%" PRIx64 " crosses a multiple of the chunk size",
                         chunk->address, chunk->length);
    bool sized = chunk->codec == CKPT_CODEC_RAW    ? chunk->stored_length == chunk->length
                 : chunk->codec == CKPT_CODEC_ZSTD ? chunk->stored_length > 0 && chunk->stored_length <= chunk->length + PACKER_OVERHEAD
                                                   : chunk->stored_length == 0;
    if (chunk->codec > CKPT_CODEC_PARENT)
        return error_set(error, CKPT_UNSUPPORTED, "codec %u is not known to this library", chunk->codec);
    bool packed = (footer->incompatible_features & CKPT_FEATURE_PACKED) != 0;
    if ((chunk->codec == CKPT_CODEC_ZSTD && !packed) || (chunk->codec == CKPT_CODEC_PARENT && !(footer->incompatible_features & CKPT_FEATURE_PARENT)))
        return error_set(error, CKPT_CORRUPT, "codec %u does not go with the image's features", chunk->codec);
    if (!sized || (chunk->codec != CKPT_CODEC_PARENT && chunk->parent != 0))
        return error_set(error, CKPT_CORRUPT, "stored length 0x%" PRIx64 " does not go with its codec", chunk->stored_length);
    return CKPT_OK;
}

enum ckpt_status index_check(const struct ckpt_chunk *chunk, const struct ckpt_footer *footer, struct error *error)
{
    enum ckpt_status status = index_check_shape(chunk, footer, error);
    bool packed = (footer->incompatible_features & CKPT_FEATURE_PACKED) != 0;
    if (status != CKPT_OK || chunk->codec == CKPT_CODEC_PARENT)
        return status;
    if (chunk->offset < footer->head_size || chunk->offset > footer->pages_end ||
        footer->pages_end - chunk->offset < chunk->stored_length)
        return error_set(error, CKPT_CORRUPT, "its bytes at 0x%" PRIx64 " lie outside the pages", chunk->offset);
    if (!packed && (chunk->offset & (footer->page_size - 1)) != 0)
        return error_set(error, CKPT_CORRUPT, "its bytes at 0x%" PRIx64 " are not aligned to a page", chunk->offset);
    return CKPT_OK;
}

bool index_continues(const uint8_t bytes[CKPT_INDEX_ENTRY_SIZE], const struct ckpt_run *run, const struct ckpt_footer *footer, uint64_t *length)
{
    struct cursor c = cursor_over(bytes, CKPT_INDEX_ENTRY_SIZE);
    uint64_t kind = cursor_u64(&c), address = cursor_u64(&c), size = cursor_u64(&c), offset = cursor_u64(&c), stored_length = cursor_u64(&c);
    uint64_t window = footer->chunk_size, in_page = footer->page_size - 1;
    *length = size;
    return kind == run->space && run->codec == CKPT_CODEC_RAW && address == run->address + run->length && offset == run->offset + run->length &&
           size != 0 && (size & in_page) == 0 && size <= window - (address & (window - 1)) && size <= UINT64_MAX - address &&
           size == stored_length && cursor_u64(&c) == 0 && offset <= footer->pages_end && footer->pages_end - offset >= size;
}

bool index_in_order(const struct ckpt_chunk *last, const struct ckpt_chunk *chunk)
{
    if (last->space != chunk->space)
        return last->space < chunk->space;
    return last->address + last->length <= chunk->address;
}

bool index_ends_behind(const struct ckpt_chunk *chunk, uint32_t space, uint64_t address)
{
    if (chunk->space != space)
        return chunk->space > space;
    return chunk->address + chunk->length > address;
}
