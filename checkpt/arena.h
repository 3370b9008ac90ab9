/* Memory that is freed all at once: what one freeze or thaw builds. */
#ifndef CHECKPT_ARENA_H
#define CHECKPT_ARENA_H

#include <stddef.h>

struct arena {
    struct arena_block *blocks;
};

/* Zeroed memory, aligned for any object; ends the program with a message where memory ran out (checkpt has nothing to
 * undo then that its own death would not undo). */
void *arena_alloc(struct arena *arena, size_t size);
/* Grows an array that was the arena's: returns `count` elements' worth, the old ones copied, the rest zero. */
void *arena_grow(struct arena *arena, const void *old, size_t old_count, size_t count, size_t element);
void *arena_copy(struct arena *arena, const void *data, size_t length);
char *arena_printf(struct arena *arena, const char *format, ...) __attribute__((format(printf, 2, 3)));
void arena_deinit(struct arena *arena);

#endif
