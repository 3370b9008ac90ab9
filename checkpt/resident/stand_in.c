#include "checkpt/resident/stand_in.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

static int make_file_system(void)
{
    int context = fsopen("tmpfs", FSOPEN_CLOEXEC), root = -1;
    if (context < 0)
        return -1;
    if (fsconfig(context, FSCONFIG_SET_STRING, "mode", "755", 0) == 0 && fsconfig(context, FSCONFIG_CMD_CREATE, NULL, NULL, 0) == 0)
        root = fsmount(context, FSMOUNT_CLOEXEC, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV);
    int error = errno;
    close(context);
    errno = error;
    return root;
}

/* Folders of its name, one in another. */
static bool make_folders(int root, const char *binary)
{
    char path[PATH_MAX];
    snprintf(path, sizeof(path), "%s", binary + 1);
    for (char *slash = path; (slash = strchr(slash, '/')) != NULL; slash++) {
        *slash = '\0';
        if (mkdirat(root, path, 0755) != 0 && errno != EEXIST)
            return false;
        *slash = '/';
    }
    return true;
}

static bool copy(int from, int to)
{
    struct stat status;
    if (fstat(from, &status) != 0)
        return false;
    for (off_t at = 0; at < status.st_size;)
        if (sendfile(to, from, &at, (size_t)(status.st_size - at)) <= 0)
            return false;
    return fchmod(to, 0755) == 0;
}

static bool copy_into(int root, const char *starter, const char *binary)
{
    int from = open(starter, O_RDONLY | O_CLOEXEC);
    int to = from >= 0 ? openat(root, binary + 1, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0755) : -1;
    bool done = to >= 0 && copy(from, to);
    int error = errno;
    if (to >= 0)
        close(to); /* what is open for writing cannot be executed */
    if (from >= 0)
        close(from);
    errno = error;
    return done;
}

bool stand_in_make(const char *starter, const char *binary, int *fd, struct failure *why)
{
    int root = make_file_system();
    int made = root >= 0 && make_folders(root, binary) && copy_into(root, starter, binary) ? openat(root, binary + 1, O_PATH | O_CLOEXEC) : -1;
    if (made < 0)
        failure_errno(why, "%s: copying it to memory", starter);
    else
        *fd = made;
    if (root >= 0)
        close(root);
    return made >= 0;
}
