/* `plain COMMAND…`: runs it with descriptors 0 to 2 alone, whatever else whoever runs the tests has open. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    if (argc < 2) {
        fprintf(stderr, "usage: plain COMMAND…\n");
        return 2;
    }
    syscall(SYS_close_range, STDERR_FILENO + 1, ~0u, 0);
    execvp(argv[1], argv + 1);
    fprintf(stderr, "plain: %s: %s\n", argv[1], strerror(errno));
    return 127;
}
