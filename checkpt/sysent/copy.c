#include <errno.h>
#include <string.h>

#include "checkpt/sysent/thread.h"

enum { STRIDE = 256, PAGE = 4096 };

int td_copyin(struct thread *td, const void *user, void *to, size_t length)
{
    return length == 0 ? 0 : td->td_operations->read(td, (uint64_t)(uintptr_t)user, to, length);
}

int td_copyout(struct thread *td, const void *from, void *user, size_t length)
{
    return length == 0 ? 0 : td->td_operations->write(td, (uint64_t)(uintptr_t)user, from, length);
}

/* What lies behind the string may be on a page that is not there. */
static size_t stride(uint64_t address, size_t room)
{
    size_t length = PAGE - address % PAGE;
    if (length > STRIDE)
        length = STRIDE;
    return length < room ? length : room;
}

int td_copyinstr(struct thread *td, const void *user, char *to, size_t room, size_t *done)
{
    uint64_t address = (uint64_t)(uintptr_t)user;
    for (size_t at = 0; at < room;) {
        size_t length = stride(address + at, room - at);
        int error = td->td_operations->read(td, address + at, to + at, length);
        if (error != 0)
            return error;
        const char *end = memchr(to + at, '\0', length);
        if (end != NULL) {
            if (done != NULL)
                *done = (size_t)(end - to) + 1;
            return 0;
        }
        at += length;
    }
    return ENAMETOOLONG;
}
