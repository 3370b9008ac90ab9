/* Changes between a program of its user's and a set-id one, again and again: turncoat DIRECTORY [once]. The file of its name is set-id root, DIRECTORY/plain a copy that is not.
 * With rights it holds in memory what only root may read, DIRECTORY/secret. With "once" it changes when DIRECTORY/go is there, and stays. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static char secret[64];
static char path[4096];

static const char *in(const char *directory, const char *name)
{
    snprintf(path, sizeof(path), "%s/%s", directory, name);
    return path;
}

static void mark(const char *directory, const char *name)
{
    close(open(in(directory, name), O_CREAT | O_WRONLY | O_CLOEXEC, 0644));
}

static void rest(long nanoseconds)
{
    nanosleep(&(struct timespec){.tv_nsec = nanoseconds}, NULL);
}

static int ended(const char *directory)
{
    struct stat status;
    return stat(in(directory, "stop"), &status) == 0;
}

static void with_rights(const char *directory, int once)
{
    int fd = open(in(directory, "secret"), O_RDONLY | O_CLOEXEC);
    if (fd < 0 || read(fd, secret, sizeof(secret) - 1) <= 0)
        exit(3);
    close(fd);
    mark(directory, "has-rights");
    while (once && !ended(directory))
        rest(1000000);
    rest(2000000);
    memset(secret, 0, sizeof(secret));
    if (setresgid(getgid(), getgid(), getgid()) != 0 || setresuid(getuid(), getuid(), getuid()) != 0)
        exit(4);
}

int main(int argc, char **argv)
{
    struct stat status;
    int once = argc > 2;
    if (argc < 2)
        return 2;
    int rights = geteuid() != getuid();
    if (rights)
        with_rights(argv[1], once);
    mark(argv[1], "ready");
    if (ended(argv[1]))
        return 0;
    if (!rights)
        rest(2000000);
    while (!rights && once && stat(in(argv[1], "go"), &status) != 0)
        rest(1000000);
    argv[0] = (char *)(rights ? in(argv[1], "plain") : in(argv[1], "turncoat"));
    execv(argv[0], argv);
    return 5;
}
