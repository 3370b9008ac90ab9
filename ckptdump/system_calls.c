#include "ckptdump/system_calls.h"

#include <stddef.h>

/* Made of the kernel's header <asm/unistd_64.h> when this is built. */
static const char *const names[] = {
#include "system_call_names.h"
};

const char *system_call_name(uint64_t number)
{
    return number < sizeof(names) / sizeof(names[0]) ? names[number] : NULL;
}
