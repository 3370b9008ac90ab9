#include "checkpt/arena.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK_BYTES = 32768, ALIGNMENT = 16 };

struct arena_block {
    struct arena_block *next;
    size_t used, size;
    _Alignas(ALIGNMENT) unsigned char bytes[];
};

static struct arena_block *add_block(struct arena *arena, size_t size)
{
    struct arena_block *block = calloc(1, sizeof(*block) + size);
    if (block == NULL) {
        fputs("checkpt: out of memory\n", stderr);
        exit(1);
    }
    block->size = size;
    block->next = arena->blocks;
    arena->blocks = block;
    return block;
}

void *arena_alloc(struct arena *arena, size_t size)
{
    size = (size + ALIGNMENT - 1) & ~(size_t)(ALIGNMENT - 1);
    struct arena_block *block = arena->blocks;
    if (block == NULL || block->size - block->used < size)
        block = add_block(arena, size > BLOCK_BYTES ? size : BLOCK_BYTES);
    void *result = block->bytes + block->used;
    block->used += size;
    return result;
}

void *arena_grow(struct arena *arena, const void *old, size_t old_count, size_t count, size_t element)
{
    void *result = arena_alloc(arena, count * element);
    if (old_count > 0)
        memcpy(result, old, old_count * element);
    return result;
}

void *arena_copy(struct arena *arena, const void *data, size_t length)
{
    void *result = arena_alloc(arena, length);
    if (length > 0)
        memcpy(result, data, length);
    return result;
}

char *arena_printf(struct arena *arena, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    va_list again;
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, format, args);
    va_end(args);
    char *result = arena_alloc(arena, (size_t)(n < 0 ? 0 : n) + 1);
    if (n >= 0)
        vsnprintf(result, (size_t)n + 1, format, again);
    va_end(again);
    return result;
}

void arena_deinit(struct arena *arena)
{
    while (arena->blocks != NULL) {
        struct arena_block *next = arena->blocks->next;
        free(arena->blocks);
        arena->blocks = next;
    }
}
