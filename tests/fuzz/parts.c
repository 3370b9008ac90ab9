#include "tests/fuzz/parts.h"

#include <string.h>
#include <xxhash.h>

#include <ckptfmt/format.h>

enum {
    CHECKED_SIZE = 72, DESCRIPTION_SIZE = 80, PROCESS_HEADER = 8, DIGEST_AT = 240, ID_AT = 40, FEATURES_AT = 16, HEAD_SIZE_AT = 72, PAGES_END_AT = 80, INDEX_AT = 88,
    COUNT_AT = 96, TAIL_AT = 104, TAIL_SIZE_AT = 112, FILE_SIZE_AT = 120, HEAD_DIGEST_AT = 128, TAIL_DIGEST_AT = 144, INDEX_DIGEST_AT = 160,
    ENTRY_CODEC = 4, ENTRY_LENGTH = 16, ENTRY_OFFSET = 24, ENTRY_STORED = 32, ENTRY_CHECK = 40, ENTRY_DIGEST = 48,
};

uint64_t parts_get(const uint8_t *at, size_t size)
{
    uint64_t value = 0;
    for (size_t i = 0; i < size; i++)
        value |= (uint64_t)at[i] << (8 * i);
    return value;
}

void parts_put(uint8_t *at, size_t size, uint64_t value)
{
    for (size_t i = 0; i < size; i++)
        at[i] = (uint8_t)(value >> (8 * i));
}

bool parts_find(struct parts *parts, uint8_t *bytes, size_t size)
{
    static const uint8_t magic[8] = {0x89, 'C', 'K', 'P', 'T', '\r', '\n', 0x1a};
    if (size < 64 + CKPT_FOOTER_SIZE || memcmp(bytes + size - CKPT_FOOTER_SIZE, magic, sizeof(magic)) != 0)
        return false;
    const uint8_t *footer = bytes + size - CKPT_FOOTER_SIZE;
    uint64_t end = size - CKPT_FOOTER_SIZE, head = parts_get(footer + HEAD_SIZE_AT, 8), pages = parts_get(footer + PAGES_END_AT, 8);
    uint64_t index = parts_get(footer + INDEX_AT, 8), count = parts_get(footer + COUNT_AT, 8), tail = parts_get(footer + TAIL_AT, 8);
    if (head < 64 || head > pages || pages > index || index > end || count > (end - index) / CKPT_INDEX_ENTRY_SIZE || tail != index + count * CKPT_INDEX_ENTRY_SIZE)
        return false;
    *parts = (struct parts){bytes, size, head, pages, index, count, tail, end - tail, (parts_get(footer + FEATURES_AT, 8) & CKPT_FEATURE_PACKED) != 0};
    return true;
}

static void put_digest(uint8_t *at, const void *bytes, size_t length)
{
    XXH128_canonical_t canonical;
    XXH128_canonicalFromHash(&canonical, XXH3_128bits(bytes, length));
    memcpy(at, canonical.digest, sizeof(canonical.digest));
}

static void fix_chunk(struct parts *p, uint8_t *entry)
{
    uint64_t codec = parts_get(entry + ENTRY_CODEC, 2), offset = parts_get(entry + ENTRY_OFFSET, 8), stored = parts_get(entry + ENTRY_STORED, 8);
    if (codec > 1 || offset > p->size || stored > p->size - offset)
        return;
    if (codec == 0)
        put_digest(entry + ENTRY_DIGEST, p->bytes + offset, stored);
    else
        parts_put(entry + ENTRY_CHECK, 8, XXH3_64bits(p->bytes + offset, stored));
}

static void put_check(uint8_t *description)
{
    parts_put(description + CHECKED_SIZE, DESCRIPTION_SIZE - CHECKED_SIZE, XXH3_64bits(description, CHECKED_SIZE));
}

/* As many as stand where they should. */
static void fix_descriptions(struct parts *p)
{
    size_t at = p->head_size + DESCRIPTION_SIZE;
    for (size_t i = 0; i < p->index_count && at + DESCRIPTION_SIZE <= p->pages_end; i++) {
        const uint8_t *entry = p->bytes + p->index_offset + i * CKPT_INDEX_ENTRY_SIZE;
        uint64_t codec = parts_get(entry + ENTRY_CODEC, 2), stored = parts_get(entry + ENTRY_STORED, 8);
        bool own = codec <= 1 && parts_get(entry + ENTRY_OFFSET, 8) == at + DESCRIPTION_SIZE;
        parts_put(p->bytes + at, 4, 0x184d2a5c);
        parts_put(p->bytes + at + 4, 4, DESCRIPTION_SIZE - PROCESS_HEADER + (own && codec == 0 ? stored : 0));
        memcpy(p->bytes + at + PROCESS_HEADER, entry, CKPT_INDEX_ENTRY_SIZE);
        put_check(p->bytes + at);
        at += DESCRIPTION_SIZE + (own ? stored : 0);
        if (at > p->pages_end)
            return;
    }
}

static void fix_control(struct parts *p, size_t at, uint64_t codec, uint64_t address, const uint8_t *digest)
{
    if (at < p->head_size || at + DESCRIPTION_SIZE > p->pages_end)
        return;
    uint8_t *d = p->bytes + at;
    memset(d, 0, DESCRIPTION_SIZE);
    parts_put(d, 4, 0x184d2a5c);
    parts_put(d + 4, 4, DESCRIPTION_SIZE - PROCESS_HEADER);
    parts_put(d + 8 + ENTRY_CODEC, 2, codec);
    parts_put(d + 8 + 8, 8, address);
    parts_put(d + 8 + ENTRY_OFFSET, 8, at);
    memcpy(d + 8 + ENTRY_DIGEST, digest, CKPT_DIGEST_SIZE);
    put_check(d);
}

static void fix_digests(struct parts *p, bool descriptions)
{
    uint8_t *footer = p->bytes + p->size - CKPT_FOOTER_SIZE, id[3 * CKPT_DIGEST_SIZE];
    put_digest(footer + HEAD_DIGEST_AT, p->bytes, p->head_size);
    put_digest(footer + INDEX_DIGEST_AT, p->bytes + p->index_offset, p->index_count * CKPT_INDEX_ENTRY_SIZE);
    put_digest(footer + TAIL_DIGEST_AT, p->bytes + p->tail_offset, p->tail_size);
    if (p->packed && descriptions) {
        fix_control(p, p->head_size, 1, 0, footer + HEAD_DIGEST_AT);
        if (p->pages_end >= DESCRIPTION_SIZE)
            fix_control(p, p->pages_end - DESCRIPTION_SIZE, 2, p->index_count, footer + INDEX_DIGEST_AT);
    }
    memcpy(id, footer + HEAD_DIGEST_AT, CKPT_DIGEST_SIZE);
    memcpy(id + CKPT_DIGEST_SIZE, footer + INDEX_DIGEST_AT, CKPT_DIGEST_SIZE);
    memcpy(id + 2 * CKPT_DIGEST_SIZE, footer + TAIL_DIGEST_AT, CKPT_DIGEST_SIZE);
    put_digest(footer + ID_AT, id, sizeof(id));
    parts_put(footer + FILE_SIZE_AT, 8, p->size);
    parts_put(footer + TAIL_SIZE_AT, 8, p->tail_size);
    put_digest(footer + DIGEST_AT, footer, DIGEST_AT);
}

void parts_fix(struct parts *p, unsigned what)
{
    if (what & PARTS_FIX_CHUNKS)
        for (size_t i = 0; i < p->index_count; i++)
            fix_chunk(p, p->bytes + p->index_offset + i * CKPT_INDEX_ENTRY_SIZE);
    if (p->packed && (what & PARTS_FIX_DESCRIPTIONS))
        fix_descriptions(p);
    if (what & PARTS_FIX_DIGESTS)
        fix_digests(p, (what & PARTS_FIX_DESCRIPTIONS) != 0);
}
