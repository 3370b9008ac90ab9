#include "ckptedit/attributes.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <sys/xattr.h>

enum { LIST_MOST = 65536, VALUE_MOST = 65536 }; /* XATTR_LIST_MAX, XATTR_SIZE_MAX of Linux */

static bool may_be_refused(const char *name, int error)
{
    bool ours = strncmp(name, "user.", 5) == 0 || strncmp(name, "system.posix_acl", 16) == 0;
    return error == ENOTSUP || (!ours && error == EPERM);
}

static int copy_one(int from, int to, const char *name, char *value)
{
    ssize_t length = fgetxattr(from, name, value, VALUE_MOST);
    if (length < 0)
        return errno == ENODATA ? 0 : -errno;
    return fsetxattr(to, name, value, (size_t)length, 0) == 0 || may_be_refused(name, errno) ? 0 : -errno;
}

int attributes_copy(int from, int to)
{
    char *list = malloc(LIST_MOST), *value = malloc(VALUE_MOST);
    ssize_t length = list != NULL && value != NULL ? flistxattr(from, list, LIST_MOST) : 0;
    int error = list == NULL || value == NULL ? -ENOMEM : length < 0 && errno != ENOTSUP ? -errno : 0;
    for (const char *name = list; error == 0 && name < list + length; name += strlen(name) + 1)
        error = copy_one(from, to, name, value);
    free(list);
    free(value);
    return error;
}
