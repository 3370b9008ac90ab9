#include "footer.h"

#include <inttypes.h>
#include <string.h>

#include "cursor.h"
#include "digest.h"

enum { RESERVED_AT = 176, DIGEST_AT = CKPT_FOOTER_SIZE - CKPT_DIGEST_SIZE };

/* As PNG's: shows a transfer that stripped bit 7 or translated line ends. */
static const uint8_t magic[8] = {0x89, 'C', 'K', 'P', 'T', '\r', '\n', 0x1a};

static const uint64_t known_incompatible = CKPT_FEATURE_PACKED | CKPT_FEATURE_PARENT;

void footer_encode(const struct footer *footer, uint8_t bytes[CKPT_FOOTER_SIZE])
{
    const struct ckpt_footer *f = &footer->facts;
    struct cursor c = cursor_over(bytes, CKPT_FOOTER_SIZE);
    cursor_put_bytes(&c, magic, sizeof(magic));
    cursor_put(&c, f->version_major, 2);
    cursor_put(&c, f->version_minor, 2);
    cursor_put(&c, CKPT_FOOTER_SIZE, 4);
    cursor_put(&c, f->incompatible_features, 8);
    cursor_put(&c, f->read_only_features, 8);
    cursor_put(&c, f->compatible_features, 8);
    cursor_put_bytes(&c, f->image_id, CKPT_ID_SIZE);
    cursor_put(&c, f->page_size, 4);
    cursor_put(&c, f->chunk_size, 4);
    cursor_put(&c, f->digest_algorithm, 4);
    cursor_put(&c, CKPT_INDEX_ENTRY_SIZE, 4);
    cursor_put(&c, f->head_size, 8);
    cursor_put(&c, f->pages_end, 8);
    cursor_put(&c, f->index_offset, 8);
    cursor_put(&c, f->index_count, 8);
    cursor_put(&c, f->tail_offset, 8);
    cursor_put(&c, f->tail_size, 8);
    cursor_put(&c, f->file_size, 8);
    cursor_put_bytes(&c, footer->head_digest, CKPT_DIGEST_SIZE);
    cursor_put_bytes(&c, footer->tail_digest, CKPT_DIGEST_SIZE);
    cursor_put_bytes(&c, footer->index_digest, CKPT_DIGEST_SIZE);
    cursor_put_zeros(&c, DIGEST_AT - RESERVED_AT);
    digest_of(bytes, DIGEST_AT, bytes + DIGEST_AT);
}

bool footer_has_magic(const uint8_t bytes[CKPT_FOOTER_SIZE])
{
    return memcmp(bytes, magic, sizeof(magic)) == 0;
}

static enum ckpt_status check_version(const struct ckpt_footer *f, struct error *error)
{
    if (f->version_major != CKPT_FORMAT_MAJOR)
        return error_set(error, CKPT_UNSUPPORTED, "format version %u.%u: this library reads %d.x", f->version_major, f->version_minor,
                         CKPT_FORMAT_MAJOR);
    uint64_t unknown = f->incompatible_features & ~known_incompatible;
    if (unknown != 0)
        return error_set(error, CKPT_UNSUPPORTED, "incompatible feature bits 0x%" PRIx64 " are not known to this library", unknown);
    if (f->digest_algorithm != DIGEST_XXH3_128)
        return error_set(error, CKPT_UNSUPPORTED, "digest algorithm %u is not known to this library", f->digest_algorithm);
    return CKPT_OK;
}

static enum ckpt_status check_sizes(const struct ckpt_footer *f, struct error *error)
{
    if (f->page_size != CKPT_PAGE_SIZE)
        return error_set(error, CKPT_UNSUPPORTED, "page size %u: this library reads %d", f->page_size, CKPT_PAGE_SIZE);
    if (f->chunk_size < f->page_size || (f->chunk_size & (f->chunk_size - 1)) != 0 || f->chunk_size > CKPT_CHUNK_SIZE_MAX)
        return error_set(error, CKPT_CORRUPT, "chunk size %u is not a power of two between the page size and 16 MiB", f->chunk_size);
    return CKPT_OK;
}

enum ckpt_status footer_check_facts(const struct ckpt_footer *f, struct error *error)
{
    enum ckpt_status status = check_version(f, error);
    return status == CKPT_OK ? check_sizes(f, error) : status;
}

static enum ckpt_status check_parts(const struct ckpt_footer *f, uint64_t file_size, struct error *error)
{
    if (f->file_size != file_size)
        return error_set(error, f->file_size > file_size ? CKPT_TRUNCATED : CKPT_CORRUPT,
                         "it says that the file has %" PRIu64 " bytes, but it has %" PRIu64, f->file_size, file_size);
    enum ckpt_status status = check_sizes(f, error);
    if (status != CKPT_OK)
        return status;
    uint64_t end = file_size - CKPT_FOOTER_SIZE;
    bool ordered = f->head_size <= f->pages_end && f->pages_end <= f->index_offset && f->index_offset - f->pages_end < 8 && f->index_offset % 8 == 0 &&
                   f->index_offset <= end && f->index_count <= (end - f->index_offset) / CKPT_INDEX_ENTRY_SIZE &&
                   f->tail_offset == f->index_offset + f->index_count * CKPT_INDEX_ENTRY_SIZE && f->tail_size == end - f->tail_offset;
    if (!ordered || f->head_size % f->page_size != 0)
        return error_set(error, CKPT_CORRUPT, "head, pages, index and tail do not lie in order inside the file");
    return CKPT_OK;
}

enum ckpt_status footer_decode(const uint8_t bytes[CKPT_FOOTER_SIZE], uint64_t file_size, struct footer *footer, struct error *error)
{
    struct ckpt_footer *f = &footer->facts;
    uint8_t digest[CKPT_DIGEST_SIZE];
    digest_of(bytes, DIGEST_AT, digest);
    if (!footer_has_magic(bytes))
        return error_set(error, CKPT_CORRUPT, "its magic number is missing");
    if (memcmp(digest, bytes + DIGEST_AT, sizeof(digest)) != 0)
        return error_set(error, CKPT_CORRUPT, "digest differs");
    struct cursor c = cursor_over(bytes, CKPT_FOOTER_SIZE);
    cursor_take(&c, sizeof(magic));
    f->version_major = cursor_u16(&c);
    f->version_minor = cursor_u16(&c);
    uint32_t footer_size = cursor_u32(&c);
    f->incompatible_features = cursor_u64(&c);
    f->read_only_features = cursor_u64(&c);
    f->compatible_features = cursor_u64(&c);
    cursor_bytes(&c, f->image_id, CKPT_ID_SIZE);
    f->page_size = cursor_u32(&c);
    f->chunk_size = cursor_u32(&c);
    f->digest_algorithm = cursor_u32(&c);
    uint32_t entry_size = cursor_u32(&c);
    f->head_size = cursor_u64(&c);
    f->pages_end = cursor_u64(&c);
    f->index_offset = cursor_u64(&c);
    f->index_count = cursor_u64(&c);
    f->tail_offset = cursor_u64(&c);
    f->tail_size = cursor_u64(&c);
    f->file_size = cursor_u64(&c);

    cursor_bytes(&c, footer->head_digest, CKPT_DIGEST_SIZE);
    cursor_bytes(&c, footer->tail_digest, CKPT_DIGEST_SIZE);
    cursor_bytes(&c, footer->index_digest, CKPT_DIGEST_SIZE);
    bool reserved = cursor_zeros(&c, DIGEST_AT - RESERVED_AT);
    enum ckpt_status status = check_version(f, error);
    if (status != CKPT_OK)
        return status;
    if (footer_size != CKPT_FOOTER_SIZE)
        return error_set(error, CKPT_CORRUPT, "it says that it has %u bytes instead of %d", footer_size, CKPT_FOOTER_SIZE);
    if (!reserved)
        return error_set(error, CKPT_CORRUPT, "reserved bytes are not zero");
    if (entry_size != CKPT_INDEX_ENTRY_SIZE)
        return error_set(error, CKPT_CORRUPT, "index entries of %u bytes instead of %d", entry_size, CKPT_INDEX_ENTRY_SIZE);
    status = check_parts(f, file_size, error);
    if (status != CKPT_OK)
        return status;
    uint8_t id[CKPT_ID_SIZE];
    digest_image_id(footer->head_digest, footer->index_digest, footer->tail_digest, id);
    if (memcmp(id, f->image_id, sizeof(id)) != 0)
        return error_set(error, CKPT_CORRUPT, "the image id is not that of its parts");
    return CKPT_OK;
}
