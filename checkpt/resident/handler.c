#include "checkpt/resident/handler.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#define HANDLERS "/proc/sys/fs/binfmt_misc"
enum { MAGIC_MAX = 256 /* what the kernel has read of a file by then: BINPRM_BUF_SIZE */, LINE_MAX_BYTES = 1920 /* MAX_REGISTER_LENGTH */ };

bool handler_is_possible(void)
{
    if (access(HANDLERS "/register", W_OK) == 0)
        return true;
    return mount("binfmt_misc", HANDLERS, "binfmt_misc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) == 0 && access(HANDLERS "/register", W_OK) == 0;
}

#define PREFIX "checkpt-resident-"
static void handler_name(char name[64], uint32_t id)
{
    snprintf(name, 64, PREFIX "%u", id);
}

static bool put(const char *path, const char *text, size_t length)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    bool done = write(fd, text, length) == (ssize_t)length;
    int error = errno;
    close(fd);
    errno = error;
    return done;
}

bool handler_is_shared(int fd, const char *other)
{
    unsigned char magic[2][MAGIC_MAX];
    int other_fd = open(other, O_RDONLY | O_CLOEXEC);
    ssize_t count = pread(fd, magic[0], MAGIC_MAX, 0), other_count = other_fd >= 0 ? pread(other_fd, magic[1], MAGIC_MAX, 0) : -1;
    if (other_fd >= 0)
        close(other_fd);
    return count > 0 && count == other_count && memcmp(magic[0], magic[1], (size_t)count) == 0;
}

/* Flags: P, argv[0] is kept; O, the binary comes as a descriptor, readable or not; C, whose set-id bits hold, for one that only begins like a resident one; F, the starter is
 * opened now, and is the same one in every mount namespace. */
bool handler_add(uint32_t id, int fd, const char *start, struct failure *why)
{
    unsigned char magic[MAGIC_MAX];
    char name[64], line[LINE_MAX_BYTES];
    ssize_t count = pread(fd, magic, sizeof(magic), 0);
    if (count <= 0)
        return failure_set(why, "the binary cannot be read");
    handler_name(name, id);
    size_t length = (size_t)snprintf(line, sizeof(line), ":%s:M:0:", name);
    for (ssize_t i = 0; i < count && length < sizeof(line); i++)
        length += (size_t)snprintf(line + length, sizeof(line) - length, "\\x%02x", magic[i]);
    if (length < sizeof(line))
        length += (size_t)snprintf(line + length, sizeof(line) - length, "::%s:POCF", start);
    if (length >= sizeof(line))
        return failure_set(why, "%s: its name is too long for the kernel's handlers", start);
    return put(HANDLERS "/register", line, length) || failure_errno(why, "registering a handler with the kernel (" HANDLERS ")");
}

void handler_remove(uint32_t id)
{
    char name[64], path[128];
    handler_name(name, id);
    snprintf(path, sizeof(path), HANDLERS "/%s", name);
    put(path, "-1", 2);
}

bool handler_exists(uint32_t id)
{
    char name[64], path[128];
    handler_name(name, id);
    snprintf(path, sizeof(path), HANDLERS "/%s", name);
    return access(path, F_OK) == 0;
}

/* The next id from `folder`; 0: the last was read. */
static uint32_t next_id(DIR *folder)
{
    for (struct dirent *found; folder != NULL && (found = readdir(folder)) != NULL;)
        if (strncmp(found->d_name, PREFIX, strlen(PREFIX)) == 0)
            return (uint32_t)strtoul(found->d_name + strlen(PREFIX), NULL, 10);
    return 0;
}

uint32_t handler_highest(void)
{
    DIR *folder = opendir(HANDLERS);
    uint32_t highest = 0;
    for (uint32_t id; (id = next_id(folder)) != 0;)
        highest = id > highest ? id : highest;
    if (folder != NULL)
        closedir(folder);
    return highest;
}

/* One at a time: a folder that changes while it is read need not show everything. */
void handler_remove_all(void)
{
    uint32_t last = 0;
    for (uint32_t id; (id = handler_highest()) != 0 && id != last; last = id)
        handler_remove(id);
}
