#include "ckptedit/redactions.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void redactions_deinit(struct redactions *redactions)
{
    free(redactions->list);
    *redactions = (struct redactions){0};
}

static int compare(const void *a, const void *b)
{
    const struct redaction *x = a, *y = b;
    if (x->space != y->space)
        return x->space < y->space ? -1 : 1;
    return x->address < y->address ? -1 : x->address > y->address;
}

/* Lengths, not ends, are compared: a range may end with the last address. */
static bool joins(const struct redaction *first, const struct redaction *next)
{
    uint64_t distance = next->address - first->address;
    return first->space == next->space && (distance < first->length || (distance == first->length && first->reason == next->reason));
}

static void extend(struct redaction *first, const struct redaction *next)
{
    uint64_t length = next->address - first->address + next->length;
    first->length = length > first->length ? length : first->length;
}

/* A match in every place of a gigabyte must not take many: what continues the last one becomes part of it. */
void redactions_add(struct redactions *redactions, const struct redaction *redaction)
{
    struct redaction *last = redactions->count > 0 ? &redactions->list[redactions->count - 1] : NULL;
    if (last != NULL && last->address <= redaction->address && last->reason == redaction->reason && joins(last, redaction)) {
        extend(last, redaction);
        return;
    }
    if (redactions->count == redactions->room) {
        redactions->room = redactions->room == 0 ? 16 : redactions->room * 2;
        redactions->list = realloc(redactions->list, redactions->room * sizeof(*redactions->list));
        if (redactions->list == NULL) {
            fputs("ckptedit: out of memory\n", stderr);
            exit(1);
        }
    }
    redactions->list[redactions->count++] = *redaction;
}

void redactions_merge(struct redactions *redactions)
{
    if (redactions->count == 0)
        return;
    qsort(redactions->list, redactions->count, sizeof(*redactions->list), compare);
    size_t kept = 0;
    for (size_t i = 1; i < redactions->count; i++) {
        const struct redaction *next = &redactions->list[i];
        if (joins(&redactions->list[kept], next))
            extend(&redactions->list[kept], next);
        else
            redactions->list[++kept] = *next;
    }
    redactions->count = kept + 1;
}

/* The first range that ends behind the chunk's begin. */
static size_t first_behind(const struct redactions *redactions, const struct ckpt_chunk *chunk)
{
    size_t low = 0, high = redactions->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct redaction *r = &redactions->list[middle];
        bool before = r->space != chunk->space ? r->space < chunk->space : r->address < chunk->address && chunk->address - r->address >= r->length;
        if (before)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

bool redactions_change(void *context, const struct ckpt_chunk *chunk, uint8_t *bytes)
{
    const struct redactions *redactions = context;
    bool touched = false;
    for (size_t i = first_behind(redactions, chunk); i < redactions->count; i++) {
        const struct redaction *r = &redactions->list[i];
        if (r->space != chunk->space || (r->address > chunk->address && r->address - chunk->address >= chunk->length))
            break;
        touched = true;
        if (bytes == NULL)
            break;
        uint64_t from = r->address > chunk->address ? r->address - chunk->address : 0;
        uint64_t skipped = r->address < chunk->address ? chunk->address - r->address : 0;
        uint64_t length = r->length - skipped < chunk->length - from ? r->length - skipped : chunk->length - from;
        memset(bytes + from, 0, length);
    }
    return touched;
}
