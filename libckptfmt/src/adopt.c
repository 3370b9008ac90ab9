#include "adopt.h"

#include <stdint.h>
#include <string.h>

enum { SIZE_MAX_SANE = 4096 };

bool adopt_options(void *to, size_t size, const void *from)
{
    size_t theirs;
    memset(to, 0, size);
    if (from == NULL)
        return true;
    memcpy(&theirs, from, sizeof(theirs));
    if (theirs < sizeof(theirs) || theirs > SIZE_MAX_SANE)
        return false;
    for (size_t i = size; i < theirs; i++)
        if (((const uint8_t *)from)[i] != 0)
            return false;
    memcpy(to, from, theirs < size ? theirs : size);
    memcpy(to, &size, sizeof(size));
    return true;
}
