/* An array that grows while a file is read, and is then copied to the caller's arena once: a growing array inside the arena would leave its outgrown
 * halves there (a program may have 100,000 mappings). */
#ifndef CHECKPT_PROC_ARRAY_H
#define CHECKPT_PROC_ARRAY_H

#include "checkpt/arena.h"

struct proc_array {
    void *elements;
    size_t count, capacity, element;
};

/* A zeroed new last element. Ends the program where memory ran out, as arenas do. */
void *proc_array_add(struct proc_array *array);
/* Copies the elements to the arena and frees the array. */
void *proc_array_keep(struct proc_array *array, struct arena *arena, size_t *count);
void proc_array_drop(struct proc_array *array);

#endif
