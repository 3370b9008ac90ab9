#include "ckptdump/range.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/options.h"

bool range_parse(const char *text, uint64_t *address, uint64_t *length)
{
    size_t prefix = strncmp(text, "0x", 2) == 0 || strncmp(text, "0X", 2) == 0 ? 2 : 0;
    size_t digits = strspn(text + prefix, "0123456789abcdefABCDEF");
    const char *end = text + prefix + digits;
    if (digits == 0 || digits > 16 || sscanf(text + prefix, "%16" SCNx64, address) != 1)
        return false;
    return *end == '\0' || (*end == ',' && cli_number(end + 1, length));
}
