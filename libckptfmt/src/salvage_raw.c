/* A raw image ends with its index, so a cut takes the index and the digests first. The program headers, in front, say where the index was and where
 * the pages of the root process's mappings lie. Entries that are left are believed, one by one, where the bytes are what their digests say. Behind
 * the last of them pages are taken as they lie: what is not zero was certainly stored. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "digest.h"
#include "index.h"
#include "io.h"
#include "salvage_state.h"

enum { TAIL_HEADER = 1, INDEX_HEADER = 2 };

/* A run of pages in the file, as a program header has it, in the space that they belong to. */
struct piece {
    uint32_t space;
    uint64_t address, length, offset;
};

struct raw {
    struct salvage *salvage;
    struct ckpt_reader *records;
    struct piece *pieces;    /* ascending; behind the last entry */
    size_t piece_count;
    uint8_t *bytes;          /* of one chunk */
    bool footer, complete;   /* it is there; all entries of the index are */
    struct ckpt_chunk last;  /* of the entries */
};

static const struct segment *header_of(const struct ckpt_reader *r, uint64_t i, uint32_t type)
{
    return i < r->segment_count && r->segments[i].type == type ? &r->segments[i] : NULL;
}

/* A footer that is there belongs to these records, or nothing does. */
static enum ckpt_status read_footer(struct raw *raw)
{
    struct ckpt_reader *r = raw->records;
    uint8_t bytes[CKPT_FOOTER_SIZE];
    struct footer footer;
    struct error unused;
    uint64_t at = r->file_size - CKPT_FOOTER_SIZE;
    if (r->file_size < CKPT_FOOTER_SIZE || io_read_at(&r->io, bytes, sizeof(bytes), at) != 0 || !footer_has_magic(bytes) ||
        footer_decode(bytes, r->file_size, &footer, &unused) != CKPT_OK)
        return CKPT_OK;
    if (memcmp(footer.head_digest, r->footer.head_digest, CKPT_DIGEST_SIZE) != 0)
        return error_set(&r->error, CKPT_CORRUPT, "head (0x0 to 0x%" PRIx64 "): digest differs", r->footer.facts.head_size);
    raw->footer = true;
    r->footer = footer;
    return CKPT_OK;
}

/* Without its footer, the program headers say where the index is; what the file still has of it. */
static void find_index(struct raw *raw)
{
    struct ckpt_reader *r = raw->records;
    struct ckpt_footer *f = &r->footer.facts;
    const struct segment *s = header_of(r, INDEX_HEADER, CKPT_PT_INDEX);
    bool known = s != NULL && s->offset >= f->head_size && s->offset % CKPT_PAGE_SIZE == 0 && s->offset <= UINT64_MAX / 2;
    f->pages_end = f->index_offset = known ? s->offset : r->file_size;
    uint64_t wanted = known ? s->file_size / CKPT_INDEX_ENTRY_SIZE : 0, left = f->index_offset < r->file_size ? (r->file_size - f->index_offset) / CKPT_INDEX_ENTRY_SIZE : 0;
    f->index_count = wanted < left ? wanted : left;
    raw->complete = known && wanted <= left;
}

/* The entries up to the first that cannot be one. Where the index has a digest, it is right, or no entry is believed: an address cannot be checked by
 * itself. */
static enum ckpt_status check_index(struct raw *raw)
{
    struct ckpt_reader *r = raw->records;
    uint64_t count = 0;
    enum ckpt_status status = CKPT_OK;
    struct ckpt_chunk chunk;
    if (raw->footer)
        status = ckpt_reader_check_index(r);
    raw->complete = raw->footer ? status == CKPT_OK : raw->complete;
    if (status == CKPT_OK) {
        while ((status = ckpt_reader_chunk(r, count, &chunk)) == CKPT_OK && (count == 0 || index_in_order(&raw->last, &chunk))) {
            raw->last = chunk;
            count++;
        }
        raw->complete = raw->complete && status == CKPT_END;
    }
    r->footer.facts.index_count = count;
    return status == CKPT_IO || status == CKPT_NO_MEMORY ? status : CKPT_OK;
}

/* The tail, where all of it is there. */
static bool read_tail(struct raw *raw)
{
    struct ckpt_reader *r = raw->records;
    struct ckpt_footer *f = &r->footer.facts;
    const struct segment *s = header_of(r, TAIL_HEADER, 4);
    uint8_t digest[CKPT_DIGEST_SIZE];
    size_t before = r->note_count;
    uint64_t offset = raw->footer ? f->tail_offset : s != NULL ? s->offset : 0, size = raw->footer ? f->tail_size : s != NULL ? s->file_size : 0;
    if (size == 0)
        return raw->footer || header_of(r, TAIL_HEADER, 0) != NULL;
    if (offset > r->file_size || size > r->file_size - offset || size > READER_PART_MAX || (r->tail = malloc(size)) == NULL)
        return false;
    if (io_read_at(&r->io, r->tail, size, offset) != 0)
        return false;
    f->tail_offset = offset;
    f->tail_size = size;
    digest_of(r->tail, size, digest);
    bool fine = (!raw->footer || memcmp(digest, r->footer.tail_digest, sizeof(digest)) == 0) && reader_decode_tail_notes(r) == CKPT_OK;
    if (!fine)
        r->note_count = before;
    return fine;
}

static int compare_pieces(const void *a, const void *b)
{
    const struct piece *x = a, *y = b;
    if (x->space != y->space)
        return x->space < y->space ? -1 : 1;
    return (x->address > y->address) - (x->address < y->address);
}

static bool is_behind(const struct raw *raw, const struct piece *piece)
{
    const struct ckpt_chunk *last = &raw->last;
    return last->length == 0 || piece->space > last->space || (piece->space == last->space && piece->address >= last->address + last->length);
}

/* Where a program header's pages belong: the mapping around them says so. */
static bool place(const struct layout *layout, const struct segment *s, struct piece *piece)
{
    size_t low = 0, high = layout->mapping_count;
    while (low < high) { /* the first that ends behind it */
        size_t middle = low + (high - low) / 2;
        if (layout->mappings[middle].end <= s->address)
            low = middle + 1;
        else
            high = middle;
    }
    const struct ckpt_mapping *m = low < layout->mapping_count ? &layout->mappings[low] : NULL;
    if (m == NULL || m->space == 0 || s->address < m->start || s->file_size > m->end - s->address)
        return false;
    *piece = (struct piece){m->space, m->space_address + (s->address - m->start), s->file_size, s->offset};
    return true;
}

/* Cuts off what the last entry covers. */
static bool trim(const struct raw *raw, struct piece *piece)
{
    uint64_t end = raw->last.address + raw->last.length;
    if (!is_behind(raw, piece) && piece->space == raw->last.space && piece->address + piece->length > end) {
        piece->offset += end - piece->address;
        piece->length -= end - piece->address;
        piece->address = end;
    }
    return is_behind(raw, piece);
}

static bool find_pieces(struct raw *raw)
{
    const struct ckpt_reader *r = raw->records;
    size_t kept = 0;
    raw->pieces = calloc(r->segment_count > 0 ? r->segment_count : 1, sizeof(*raw->pieces));
    for (uint64_t i = 0; raw->pieces != NULL && !raw->complete && i < r->segment_count; i++) {
        const struct segment *s = &r->segments[i];
        struct piece *piece = &raw->pieces[raw->piece_count];
        bool sound = s->type == 1 && s->file_size > 0 && (s->file_size | s->offset | s->address) % CKPT_PAGE_SIZE == 0 && s->offset >= r->footer.facts.head_size &&
                     s->offset <= UINT64_MAX / 2 && s->file_size <= UINT64_MAX / 2;
        if (sound && place(&raw->salvage->writer->layout, s, piece) && trim(raw, piece))
            raw->piece_count++;
    }
    if (raw->piece_count > 0)
        qsort(raw->pieces, raw->piece_count, sizeof(*raw->pieces), compare_pieces);
    for (size_t i = 0; i < raw->piece_count; i++) { /* content that is mapped twice lies once in the file */
        const struct piece *last = kept > 0 ? &raw->pieces[kept - 1] : NULL, *p = &raw->pieces[i];
        if (last == NULL || p->space != last->space || p->address >= last->address + last->length)
            raw->pieces[kept++] = *p;
    }
    raw->piece_count = kept;
    return raw->pieces != NULL;
}

static enum ckpt_status add_extents(struct raw *raw, struct rewrite *w)
{
    struct salvage *s = raw->salvage;
    enum ckpt_status status = rewrite_extents(w, s->writer);
    for (size_t i = 0; i < raw->piece_count && status == CKPT_OK; i++) {
        status = ckpt_writer_extent(s->writer, raw->pieces[i].space, raw->pieces[i].address, raw->pieces[i].length);
        if (status != CKPT_OK)
            salvage_failed(s, status);
    }
    return status;
}

/* What the entries say, where it is so. */
static enum ckpt_status copy_entries(struct raw *raw)
{
    struct salvage *s = raw->salvage;
    struct ckpt_reader *r = raw->records;
    struct ckpt_chunk chunk;
    enum ckpt_status status = CKPT_OK;
    for (uint64_t i = 0; status == CKPT_OK && ckpt_reader_chunk(r, i, &chunk) == CKPT_OK; i++) {
        bool inside = chunk.codec == CKPT_CODEC_PARENT || (chunk.offset <= r->file_size && chunk.length <= r->file_size - chunk.offset);
        bool sound = inside && (chunk.codec == CKPT_CODEC_PARENT || fetch_bytes(&r->fetch, &r->io, &chunk, raw->bytes) == CKPT_OK);
        if (!sound) {
            status = salvage_lose(s, &chunk);
            continue;
        }
        s->report.chunks++;
        status = ckpt_writer_put_stored(s->writer, s->ticket++, &chunk, raw->bytes);
        if (status != CKPT_OK)
            salvage_failed(s, status);
    }
    return status;
}

static bool is_zero(const uint8_t *page)
{
    static const uint8_t zeros[CKPT_PAGE_SIZE];
    return memcmp(page, zeros, CKPT_PAGE_SIZE) == 0;
}

/* Whether a page of zeros is what a page is that was not stored. */
static bool zeros_are_nothing(const struct salvage *s, uint32_t space, uint64_t address)
{
    if ((s->records->footer.facts.incompatible_features & CKPT_FEATURE_PARENT) != 0)
        return false;
    size_t low = 0, high = s->over_files.count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct range *r = &s->over_files.list[middle];
        if (r->space < space || (r->space == space && r->end <= address))
            low = middle + 1;
        else
            high = middle;
    }
    const struct range *r = low < s->over_files.count ? &s->over_files.list[low] : NULL;
    return r == NULL || r->space != space || address < r->start;
}

/* Counts the pages of a block that were certainly stored, and says of which nobody knows. */
static enum ckpt_status judge(struct salvage *s, const struct piece *block, const uint8_t *bytes)
{
    enum ckpt_status status = CKPT_OK;
    uint64_t stored = 0;
    for (uint64_t at = 0, from = 0; at <= block->length && status == CKPT_OK; at += CKPT_PAGE_SIZE) {
        bool zero = at < block->length && is_zero(bytes + at);
        bool unknown = zero && !zeros_are_nothing(s, block->space, block->address + at);
        stored += at < block->length && !zero ? CKPT_PAGE_SIZE : 0;
        if (unknown)
            continue;
        if (from < at)
            status = salvage_say(s, block->space, block->address + from, block->address + at, "pages: zeros, or not stored at all: which of the two is lost");
        from = at + CKPT_PAGE_SIZE;
    }
    s->report.chunks += stored > 0;
    s->report.unverified_bytes += stored;
    return status;
}

static enum ckpt_status copy_piece(struct raw *raw, const struct piece *piece)
{
    struct salvage *s = raw->salvage;
    const struct ckpt_reader *r = raw->records;
    uint64_t window = r->footer.facts.chunk_size, there = piece->offset < r->file_size ? (r->file_size - piece->offset) / CKPT_PAGE_SIZE * CKPT_PAGE_SIZE : 0;
    enum ckpt_status status = CKPT_OK;
    there = there < piece->length ? there : piece->length;
    for (uint64_t done = 0; done < there && status == CKPT_OK;) {
        struct piece block = {piece->space, piece->address + done, window - (piece->address + done) % window, piece->offset + done};
        block.length = block.length < there - done ? block.length : there - done;
        uint64_t data = block.offset;
        bool hole = r->io.next_data != NULL && r->io.next_data(r->io.context, block.offset, &data) == 0 && data >= block.offset + block.length;
        memset(raw->bytes, 0, block.length);
        if (!hole && io_read_at(&r->io, raw->bytes, block.length, block.offset) != 0) {
            status = salvage_say(s, block.space, block.address, block.address + block.length, "pages: they cannot be read");
        } else {
            status = judge(s, &block, raw->bytes);
            if (status == CKPT_OK && !hole && (status = ckpt_writer_put(s->writer, s->ticket++, block.space, block.address, raw->bytes, block.length)) != CKPT_OK)
                salvage_failed(s, status);
        }
        done += block.length;
    }
    return status != CKPT_OK || there == piece->length ? status
                                                       : salvage_say(s, piece->space, piece->address + there, piece->address + piece->length, "pages: the file ended before them");
}

/* The program headers tell of the root process's mappings: between their pieces nothing was stored. Nobody knows about other spaces. */
static enum ckpt_status say_other_spaces(struct raw *raw)
{
    struct salvage *s = raw->salvage;
    const struct layout *layout = &s->writer->layout;
    struct ranges mapped = {.count = 0};
    enum ckpt_status status = CKPT_OK;
    for (size_t i = 0; i < layout->mapping_count; i++)
        ranges_add(s, &mapped, layout->mappings[i].space, 0, 1);
    ranges_settle(&mapped);
    for (size_t i = 0, at = 0; i < s->ranges.count && status == CKPT_OK; i++) {
        const struct range *r = &s->ranges.list[i];
        struct piece rest = {.space = r->space, .address = r->start, .length = r->end - r->start};
        while (at < mapped.count && mapped.list[at].space < r->space)
            at++;
        if ((at == mapped.count || mapped.list[at].space != r->space) && trim(raw, &rest))
            status = salvage_say(s, rest.space, rest.address, rest.address + rest.length, "pages: whether and with what they were stored is lost");
    }
    free(mapped.list);
    return status;
}

static enum ckpt_status copy_pieces(struct raw *raw)
{
    enum ckpt_status status = CKPT_OK;
    for (size_t i = 0; i < raw->piece_count && status == CKPT_OK; i++)
        status = copy_piece(raw, &raw->pieces[i]);
    return status == CKPT_OK && !raw->complete ? say_other_spaces(raw) : status;
}

/* What could not be checked, as a record. */
static enum ckpt_status say_unverified(struct raw *raw)
{
    struct salvage *s = raw->salvage;
    char what[200], pages[60] = "";
    bool some = s->report.unverified_bytes > 0;
    s->report.unverified = !raw->footer;
    if (raw->footer && !some)
        return CKPT_OK;
    snprintf(pages, sizeof(pages), "%" PRIu64 " bytes of pages ", s->report.unverified_bytes);
    snprintf(what, sizeof(what), "digests: %s%s%swere taken over as they lay, and nothing says whether they are right", raw->footer ? "" : "the records ",
             !raw->footer && some ? "and " : "", some ? pages : "");
    return salvage_say(s, 0, 0, 0, what);
}

static enum ckpt_status copy_all(struct raw *raw, struct rewrite *w)
{
    struct salvage *s = raw->salvage;
    enum ckpt_status status = add_extents(raw, w);
    if (status != CKPT_OK)
        return status;
    status = ckpt_writer_begin_pages(s->writer);
    if (status != CKPT_OK)
        return salvage_failed(s, status);
    status = copy_entries(raw);
    if (status == CKPT_OK)
        status = copy_pieces(raw);
    return status == CKPT_OK ? say_unverified(raw) : status;
}

enum ckpt_status salvage_raw(struct salvage *s, struct rewrite *w)
{
    struct raw raw = {.salvage = s, .records = s->records};
    struct ckpt_reader *r = s->records;
    r->io = s->stream->io;
    r->io.close = NULL; /* the stream's */
    r->opened = true;
    int error = io_size(&r->io, &r->file_size);
    enum ckpt_status status = error != 0 ? reader_io(r, error, "its size", 0) : read_footer(&raw);
    if (status == CKPT_OK && !raw.footer)
        find_index(&raw);
    if (status == CKPT_OK)
        status = check_index(&raw);
    raw.bytes = malloc(r->footer.facts.chunk_size);
    if (status == CKPT_OK && (raw.bytes == NULL || !find_pieces(&raw)))
        status = error_set(&r->error, CKPT_NO_MEMORY, "salvaging: out of memory");
    if (status == CKPT_OK)
        status = copy_all(&raw, w);
    if (status == CKPT_OK)
        s->report.tail_lost = !read_tail(&raw);
    s->report.stopped_at = r->file_size;
    r->opened = false;
    free(raw.pieces);
    free(raw.bytes);
    return status;
}
