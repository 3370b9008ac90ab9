#include "cli/whole_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { TEMPORARY_TRIES = 100, TEMPORARY_NAME = 200 };

static int failed(struct whole_file *file, const char *doing)
{
    file->doing = doing;
    return errno != 0 ? -errno : -EIO;
}

/* The path behind symbolic links, malloc()ed; a link that leads nowhere yet stays as it is. */
static char *final_path(const char *path)
{
    char *resolved = realpath(path, NULL);
    return resolved != NULL ? resolved : strdup(path);
}

static int open_directory(struct whole_file *file, char *path)
{
    char *slash = strrchr(path, '/');
    file->name = strdup(slash != NULL ? slash + 1 : path);
    if (slash != NULL)
        slash[slash == path] = '\0';
    file->directory = open(slash != NULL ? path : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (file->directory < 0 || file->name == NULL)
        return failed(file, "opening its directory");
    return 0;
}

static int check_target(struct whole_file *file)
{
    struct stat status;
    errno = EISDIR;
    if (file->name[0] == '\0')
        return failed(file, "creating");
    if (fstatat(file->directory, file->name, &status, AT_SYMLINK_NOFOLLOW) != 0 || S_ISREG(status.st_mode))
        return 0;
    errno = S_ISDIR(status.st_mode) ? EISDIR : EINVAL;
    return failed(file, "replacing it");
}

/* ".NAME.PID-N": names only have to differ from what is there. */
static char *temporary_name(const char *name, unsigned attempt)
{
    char *text = NULL;
    return asprintf(&text, ".%.*s.%d-%u", TEMPORARY_NAME, name, (int)getpid(), attempt) < 0 ? NULL : text;
}

/* For file systems without O_TMPFILE. */
static int create_named(struct whole_file *file, mode_t mode)
{
    for (unsigned attempt = 0; attempt < TEMPORARY_TRIES; attempt++) {
        char *name = temporary_name(file->name, attempt);
        file->fd = name != NULL ? openat(file->directory, name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode) : -1;
        if (file->fd >= 0) {
            file->temporary = name;
            return 0;
        }
        free(name);
        if (errno != EEXIST)
            break;
    }
    return failed(file, "creating");
}

int whole_file_create(struct whole_file *file, const char *path, mode_t mode)
{
    *file = (struct whole_file){.fd = -1, .directory = -1};
    char *target = final_path(path);
    int error = target != NULL ? open_directory(file, target) : failed(file, "creating");
    free(target);
    if (error == 0)
        error = check_target(file);
    if (error != 0)
        return error;
    file->fd = openat(file->directory, ".", O_RDWR | O_TMPFILE | O_CLOEXEC, mode);
    if (file->fd >= 0)
        return 0;
    if (errno == EOPNOTSUPP || errno == EISDIR || errno == EINVAL || errno == ENOENT)
        return create_named(file, mode);
    return failed(file, "creating");
}

/* linkat() does not replace, so the file gets a temporary name for the moment until the rename. */
static int give_name(struct whole_file *file)
{
    char self[32];
    snprintf(self, sizeof(self), "/proc/self/fd/%d", file->fd);
    for (unsigned attempt = 0; attempt < TEMPORARY_TRIES; attempt++) {
        char *name = temporary_name(file->name, attempt);
        if (name == NULL)
            return failed(file, "naming it");
        if (linkat(AT_FDCWD, self, file->directory, name, AT_SYMLINK_FOLLOW) == 0 || linkat(file->fd, "", file->directory, name, AT_EMPTY_PATH) == 0) {
            file->temporary = name;
            return 0;
        }
        free(name);
        if (errno != EEXIST)
            break;
    }
    return failed(file, "naming it");
}

int whole_file_commit(struct whole_file *file)
{
    if (fsync(file->fd) != 0)
        return failed(file, "making it durable");
    if (file->temporary == NULL) {
        int error = give_name(file);
        if (error != 0)
            return error;
    }
    if (renameat(file->directory, file->temporary, file->directory, file->name) != 0)
        return failed(file, "renaming it into place");
    free(file->temporary);
    file->temporary = NULL;
    return fsync(file->directory) == 0 || errno == EINVAL ? 0 : failed(file, "making its name durable");
}

void whole_file_close(struct whole_file *file)
{
    if (file->temporary != NULL)
        unlinkat(file->directory, file->temporary, 0);
    if (file->fd >= 0)
        close(file->fd);
    if (file->directory >= 0)
        close(file->directory);
    free(file->temporary);
    free(file->name);
    *file = (struct whole_file){.fd = -1, .directory = -1};
}
