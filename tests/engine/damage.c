/* Damages copies of an image and looks at what a program says: `damage cut STEP IMAGE PROGRAM [OPTION...]` at every STEP-th length (and at each of the first and
 * last 300), `damage flip COUNT IMAGE PROGRAM...` with one flipped bit each: the exit status must be 1 or 2, with one sentence. `survive`: 0 is well, too. */
#include <fcntl.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

enum { NEAR_END = 300, COPY = 250, MESSAGES = 251 };

struct trial {
    char **arguments;  /* with the copy's name at the end */
    uint8_t *image;
    size_t size;
    bool may_succeed;
    unsigned long runs;
};

/* What the program wrote to stderr is in `said`; -1: a signal ended it. */
static int run(struct trial *trial, char *said, size_t room)
{
    pid_t pid;
    int status;
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, MESSAGES, 2);
    if (ftruncate(MESSAGES, 0) != 0 || lseek(MESSAGES, 0, SEEK_SET) != 0 || posix_spawn(&pid, trial->arguments[0], &actions, NULL, trial->arguments, environ) != 0) {
        fprintf(stderr, "damage: %s: it cannot be started\n", trial->arguments[0]);
        exit(2);
    }
    posix_spawn_file_actions_destroy(&actions);
    waitpid(pid, &status, 0);
    ssize_t n = pread(MESSAGES, said, room - 1, 0);
    said[n > 0 ? n : 0] = '\0';
    trial->runs++;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static bool judge(struct trial *trial, const char *what, size_t where)
{
    char said[4096];
    int status = run(trial, said, sizeof(said));
    const char *end = strchr(said, '\n');
    if (status == 0 && trial->may_succeed)
        return true;
    if ((status == 1 || status == 2) && end != NULL && end > said + 10 && (end[1] == '\0' || trial->may_succeed))
        return true;
    fprintf(stderr, "%s %zu: exit status %d, and on stderr: %s\n", what, where, status, said[0] != '\0' ? said : "nothing");
    return false;
}

static bool cut(struct trial *trial, size_t step)
{
    bool fine = true;
    for (size_t length = trial->size; length-- > 0 && fine;) {
        if (length % step != 0 && length >= NEAR_END && length + NEAR_END < trial->size)
            continue;
        fine = ftruncate(COPY, (off_t)length) == 0 && judge(trial, "cut to length", length);
    }
    return fine;
}

static bool flip(struct trial *trial, size_t count)
{
    uint64_t state = 4711;
    bool fine = true;
    for (size_t i = 0; i < count && fine; i++) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        size_t bit = (size_t)(state >> 20) % (trial->size * 8);
        uint8_t byte = trial->image[bit / 8] ^ (uint8_t)(1u << bit % 8);
        fine = pwrite(COPY, &byte, 1, (off_t)(bit / 8)) == 1 && judge(trial, "flipped bit", bit);
        fine = pwrite(COPY, &trial->image[bit / 8], 1, (off_t)(bit / 8)) == 1 && fine;
    }
    return fine;
}

static bool load(struct trial *trial, const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat status;
    if (fd < 0 || fstat(fd, &status) != 0)
        return false;
    trial->size = (size_t)status.st_size;
    trial->image = mmap(NULL, trial->size, PROT_READ, MAP_PRIVATE, fd, 0);
    close(fd);
    return trial->image != MAP_FAILED && dup2(memfd_create("copy", 0), COPY) == COPY && dup2(memfd_create("messages", 0), MESSAGES) == MESSAGES &&
           write(COPY, trial->image, trial->size) == (ssize_t)trial->size;
}

int main(int argc, char **argv)
{
    struct trial trial = {.may_succeed = argc > 1 && strcmp(argv[1], "survive") == 0};
    char *arguments[16] = {NULL};
    if (argc < 5 || argc > 12 || !load(&trial, argv[3])) {
        fprintf(stderr, "usage: damage cut STEP|flip COUNT|survive COUNT IMAGE PROGRAM [OPTION...]\n");
        return 2;
    }
    memcpy(arguments, argv + 4, (size_t)(argc - 4) * sizeof(*argv));
    char name[] = "/dev/fd/250";
    arguments[argc - 4] = name;
    trial.arguments = arguments;
    size_t number = strtoul(argv[2], NULL, 10);
    bool fine = strcmp(argv[1], "cut") == 0 ? cut(&trial, number) : flip(&trial, number);
    fprintf(stderr, "%lu runs\n", trial.runs);
    return fine ? 0 : 1;
}
