/* Our own name: the kernel has started us under a program's where that program is resident by a file of its own (see stand_in.h), and as checkpt-start where not. */
#include "checkpt/resident/start/start.h"
#include "checkpt/resident/start/syscalls.h"

#define OWN_NAME "/checkpt-start"
enum { LINK = 32 };

static bool read_link(const char *link, char name[START_NAME_MAX])
{
    long length = CALL_3(SYS_readlink, link, name, START_NAME_MAX - 1);
    name[length > 0 ? length : 0] = '\0';
    return length > 0;
}

static bool ends(const char *text, const char *with)
{
    const char *end = text, *with_end = with;
    while (*end != '\0')
        end++;
    while (*with_end != '\0')
        with_end++;
    while (with_end > with && end > text && end[-1] == with_end[-1])
        end--, with_end--;
    return with_end == with;
}

bool own_name(char name[START_NAME_MAX])
{
    return read_link("/proc/self/exe", name) && !ends(name, OWN_NAME);
}

bool own_is_that_of(int fd)
{
    char own[START_NAME_MAX], binary[START_NAME_MAX], link[LINK], *at = link;
    const char *folder = "/proc/self/fd/";
    unsigned number = (unsigned)fd, power = 1;
    while (*folder != '\0')
        *at++ = *folder++;
    while (number / power >= 10)
        power *= 10;
    for (; power > 0; power /= 10)
        *at++ = (char)('0' + number / power % 10);
    *at = '\0';
    if (!own_name(own) || !read_link(link, binary))
        return false;
    unsigned i = 0;
    while (own[i] != '\0' && own[i] == binary[i])
        i++;
    return own[i] == binary[i];
}
