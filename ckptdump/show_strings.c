/* Text in stored memory: every space's chunks in order, so that nothing is read twice. A piece may cross from one chunk into the next. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ckptdump/dump.h"
#include "cli/text.h"

enum { STRING_LEAST = 4 };

struct scan {
    uint8_t *bytes;      /* carried bytes, then a chunk's */
    size_t length, carried;
    uint32_t space;
    uint64_t address;    /* of bytes[0] */
};

typedef size_t scan_part(const struct scan *scan, const char *pattern, bool last);

static void print_place(const struct scan *scan, size_t at)
{
    if (scan->space != 1)
        printf("space %u ", scan->space);
    printf("%012" PRIx64, scan->address + at);
}

/* Prints what it finds; returns how many bytes at the end may begin something that goes on. */
static size_t find_strings(const struct scan *scan, const char *pattern, bool last)
{
    (void)pattern;
    size_t start = 0;
    for (size_t i = 0; i <= scan->length; i++) {
        if (i < scan->length && scan->bytes[i] >= ' ' && scan->bytes[i] <= '~')
            continue;
        bool goes_on = i == scan->length && !last && i - start < CKPT_PAGE_SIZE;
        if (goes_on)
            return i - start;
        if (i - start >= STRING_LEAST) {
            print_place(scan, start);
            printf("  %.*s\n", (int)(i - start), (const char *)scan->bytes + start);
        }
        start = i + 1;
    }
    return 0;
}

static size_t find_pattern(const struct scan *scan, const char *pattern, bool last)
{
    size_t wanted = strlen(pattern);
    const uint8_t *at = scan->bytes, *end = scan->bytes + scan->length;
    while ((at = memmem(at, (size_t)(end - at), pattern, wanted)) != NULL) {
        print_place(scan, (size_t)(at - scan->bytes));
        putchar('\n');
        at++;
    }
    return last ? 0 : scan->length < wanted - 1 ? scan->length : wanted - 1;
}

static bool scan_chunk(struct dump *dump, struct scan *scan, const struct ckpt_chunk *chunk)
{
    uint8_t *bigger = realloc(scan->bytes, scan->carried + chunk->length);
    if (bigger == NULL) {
        image_complain(&dump->image, "reading memory: out of memory");
        return false;
    }
    scan->bytes = bigger;
    if (ckpt_reader_chunk_bytes(dump->image.reader, chunk, scan->bytes + scan->carried) != CKPT_OK) {
        image_complain(&dump->image, "reading memory: %s", ckpt_reader_error(dump->image.reader));
        return false;
    }
    scan->length = scan->carried + chunk->length;
    return true;
}

static void scan_all(struct dump *dump, scan_part *part, const char *pattern)
{
    uint64_t count = ckpt_reader_footer(dump->image.reader)->index_count;
    struct scan scan = {0};
    struct ckpt_chunk chunk, next = {0};
    bool more = count > 0 && ckpt_reader_chunk(dump->image.reader, 0, &next) == CKPT_OK;
    for (uint64_t i = 1; more; i++) {
        chunk = next;
        more = i < count && ckpt_reader_chunk(dump->image.reader, i, &next) == CKPT_OK;
        bool joined = more && next.space == chunk.space && next.address == chunk.address + chunk.length;
        scan.space = chunk.space;
        scan.address = chunk.address - scan.carried;
        if (!scan_chunk(dump, &scan, &chunk)) {
            scan.carried = 0;
            continue;
        }
        scan.carried = part(&scan, pattern, !joined);
        memmove(scan.bytes, scan.bytes + scan.length - scan.carried, scan.carried);
    }
    free(scan.bytes);
}

void show_strings(struct dump *dump)
{
    scan_all(dump, find_strings, NULL);
}

void show_search(struct dump *dump)
{
    if (dump->settings->search[0] != '\0')
        scan_all(dump, find_pattern, dump->settings->search);
}
