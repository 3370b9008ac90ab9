/* A resumed program that checkpoints itself again: self-again HOW. Its first image, first.ckpt, is what its memory is mapped from then. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/checkpoint.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/victims/victim.h"

enum { BYTES = 8 << 20 };

static void over_itself(void)
{
    struct stat before, after;
    int fd = open("first.ckpt", O_RDWR);
    stat("first.ckpt", &before);
    demand(sys_checkpoint(CKPT_FREEZE, fd, -1, -1) == -1 && errno == ETXTBSY, "writing over its own image: %s", strerror(errno));
    stat("first.ckpt", &after);
    demand(before.st_size == after.st_size && before.st_mtim.tv_nsec == after.st_mtim.tv_nsec, "its own image was touched");
    puts("refused");
}

static void by_rename(void)
{
    int fd = open("new.ckpt", O_RDWR | O_CREAT | O_TRUNC, 0600), result = sys_checkpoint(CKPT_FREEZE, fd, -1, -1);
    demand(result >= 0, "%s", strerror(errno));
    demand(result > 0 || rename("new.ckpt", "first.ckpt") == 0, "rename: %s", strerror(errno));
    puts(result == 0 ? "again" : "resumed again");
}

static void removed_before(void)
{
    demand(remove("first.ckpt") == 0, "remove: %s", strerror(errno));
    int result = sys_checkpoint(CKPT_FREEZE, open("first.ckpt", O_RDWR | O_CREAT | O_EXCL, 0600), -1, -1);
    demand(result >= 0, "%s", strerror(errno));
    puts(result == 0 ? "again" : "resumed again");
}

static void by_template(void)
{
    int result = sys_checkpoint(CKPT_FREEZE, -1, -1, -1);
    demand(result >= 0, "%s", strerror(errno));
    puts(result == 0 ? "again" : "resumed again");
}

static const struct {
    const char *name;
    void (*again)(void);
} ways[] = {{"over-itself", over_itself}, {"rename", by_rename}, {"remove", removed_before}, {"template", by_template}};

int main(int argc, char **argv)
{
    void (*again)(void) = NULL;
    char *memory = malloc(BYTES);
    for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]) && argc > 1; i++)
        if (strcmp(ways[i].name, argv[1]) == 0)
            again = ways[i].again;
    if (again == NULL)
        return 2;
    pattern_fill(memory, BYTES, 1);
    int fd = open("first.ckpt", O_RDWR | O_CREAT | O_TRUNC, 0600), result = sys_checkpoint(CKPT_FREEZE, fd, -1, -1);
    demand(result >= 0, "%s", strerror(errno));
    if (result == 0)
        return 0;
    close(fd);
    memory[0]++;
    memory[BYTES / 2]++;
    again();
    memory[0]--;
    memory[BYTES / 2]--;
    pattern_check(memory, BYTES, 1, "memory");
    return 0;
}
