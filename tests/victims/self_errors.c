/* Every way in which sys_checkpoint() fails: self-errors CASE prints the name of the error. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/checkpoint.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

static int file(int flags)
{
    return open("errors.ckpt", flags | O_CREAT, 0600);
}

static int unknown_type(void)
{
    return sys_checkpoint(3, file(O_RDWR), -1, -1);
}

static int other_pid(void)
{
    return sys_checkpoint(CKPT_FREEZE, file(O_RDWR), getppid(), -1);
}

static int thaw_pid(void)
{
    return sys_checkpoint(CKPT_THAW, file(O_RDWR), getpid(), 1);
}

static int closed(void)
{
    return sys_checkpoint(CKPT_FREEZE, 77, -1, -1);
}

static int minus_one_and_pid(void)
{
    return sys_checkpoint(CKPT_FREEZE, -1, getpid(), -1);
}

static int read_only(void)
{
    return sys_checkpoint(CKPT_FREEZE, file(O_RDONLY), -1, -1);
}

static int directory(void)
{
    return sys_checkpoint(CKPT_FREEZE, open(".", O_RDONLY), -1, -1);
}

static int device(void)
{
    return sys_checkpoint(CKPT_FREEZE, open("/dev/null", O_RDWR), -1, -1);
}

static int thaw_write_only(void)
{
    return sys_checkpoint(CKPT_THAW, file(O_WRONLY), -1, 1);
}

static int thaw_closed(void)
{
    return sys_checkpoint(CKPT_THAW, 77, -1, 1);
}

static int thaw_no_image(void)
{
    int fd = file(O_RDWR | O_TRUNC);
    return write(fd, "not an image", 12) == 12 ? sys_checkpoint(CKPT_THAW, fd, -1, 1) : 0;
}

static int full(void)
{
    const struct rlimit limit = {4096, 4096};
    setrlimit(RLIMIT_FSIZE, &limit);
    return sys_checkpoint(CKPT_FREEZE, file(O_RDWR | O_TRUNC), -1, -1);
}

static int no_core(void)
{
    const struct rlimit limit = {0, 0};
    setrlimit(RLIMIT_CORE, &limit);
    return sys_checkpoint(CKPT_FREEZE, file(O_RDWR), -1, -1);
}

static int in_the_way(void)
{
    return socket(AF_NETLINK, SOCK_RAW, 0) >= 0 ? sys_checkpoint(CKPT_FREEZE, file(O_RDWR), -1, -1) : 0;
}

/* The helper has none of them, and who waits for it is not taken for somebody else. */
static int pipes(void)
{
    char bytes[8];
    int both[2], ended[2];
    if (pipe(both) != 0 || pipe(ended) != 0 || write(both[1], "unread", 6) != 6 || close(ended[1]) != 0)
        return -1;
    int value = sys_checkpoint(CKPT_FREEZE, file(O_RDWR), -1, -1);
    if (value >= 0 && (read(both[0], bytes, sizeof(bytes)) != 6 || read(ended[0], bytes, sizeof(bytes)) != 0)) {
        errno = EPIPE;
        return -1;
    }
    return value;
}

static int plain(void)
{
    return sys_checkpoint(CKPT_FREEZE, file(O_RDWR), -1, -1);
}

static int own_pid(void)
{
    return sys_checkpoint(CKPT_FREEZE, file(O_RDWR), getpid(), -1);
}

static const struct {
    const char *name;
    int (*call)(void);
} cases[] = {
    {"unknown-type", unknown_type}, {"other-pid", other_pid}, {"thaw-pid", thaw_pid}, {"closed", closed}, {"minus-one-and-pid", minus_one_and_pid},
    {"read-only", read_only}, {"directory", directory}, {"device", device}, {"thaw-write-only", thaw_write_only}, {"thaw-closed", thaw_closed},
    {"thaw-no-image", thaw_no_image}, {"full", full}, {"no-core", no_core}, {"in-the-way", in_the_way}, {"pipes", pipes}, {"plain", plain}, {"own-pid", own_pid},
};

int main(int argc, char **argv)
{
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]) && argc > 1; i++) {
        if (strcmp(cases[i].name, argv[1]) != 0)
            continue;
        int value = cases[i].call();
        puts(value == -1 ? strerrorname_np(errno) : value == 0 ? "fine" : "resumed");
        return 0;
    }
    return 2;
}
