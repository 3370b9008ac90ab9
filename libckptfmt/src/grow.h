/* Arrays that grow by one element at a time. */
#ifndef CKPTFMT_GROW_H
#define CKPTFMT_GROW_H

#include <stddef.h>
#include <stdlib.h>

/* The list, moved where it must be, with room for one element more; NULL when memory ran out: the list is as it was. */
static inline void *grow(void *list, size_t count, size_t *room, size_t size)
{
    size_t wanted = *room == 0 ? 16 : *room * 2;
    if (count < *room)
        return list;
    void *bigger = realloc(list, wanted * size);
    if (bigger != NULL)
        *room = wanted;
    return bigger;
}

#endif
