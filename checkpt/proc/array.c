#include "checkpt/proc/array.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void *proc_array_add(struct proc_array *array)
{
    if (array->count == array->capacity) {
        size_t capacity = array->capacity == 0 ? 32 : array->capacity * 2;
        void *grown = reallocarray(array->elements, capacity, array->element);
        if (grown == NULL) {
            fputs("checkpt: out of memory\n", stderr);
            exit(1);
        }
        array->elements = grown;
        array->capacity = capacity;
    }
    void *last = (char *)array->elements + array->count++ * array->element;
    memset(last, 0, array->element);
    return last;
}

void *proc_array_keep(struct proc_array *array, struct arena *arena, size_t *count)
{
    void *kept = arena_copy(arena, array->elements, array->count * array->element);
    *count = array->count;
    proc_array_drop(array);
    return kept;
}

void proc_array_drop(struct proc_array *array)
{
    free(array->elements);
    array->elements = NULL;
    array->count = array->capacity = 0;
}
