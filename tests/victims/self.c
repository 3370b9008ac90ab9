/* A program that checkpoints itself: self MODE [FILE|COUNT]. It exits with 10 more than what sys_checkpoint() returned, after everything that it had before has been found
 * to be there still. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/checkpoint.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/victims/victim.h"

enum { PATTERN_BYTES = 3 << 20, RESULT_BASE = 10 };

static volatile int result = -100;
static int image = -1;

static void checkpoint(void)
{
    result = sys_checkpoint(CKPT_FREEZE, image, -1, -1);
    demand(result >= 0, "sys_checkpoint: %s", strerror(errno));
}

static void handle(int signal)
{
    (void)signal;
    checkpoint();
}

static void from_main(void)
{
    checkpoint();
}

static void from_handler(void)
{
    signal(SIGCKPT, handle);
    raise(SIGCKPT);
}

static void from_small_stack(void)
{
    static char room[8192];
    const stack_t stack = {.ss_sp = room, .ss_size = sizeof(room)};
    const struct sigaction action = {.sa_handler = handle, .sa_flags = SA_ONSTACK};
    sigaltstack(&stack, NULL);
    sigaction(SIGCKPT, &action, NULL);
    raise(SIGCKPT);
}

static void *thread(void *unused)
{
    (void)unused;
    checkpoint();
    return NULL;
}

static void from_thread(void)
{
    pthread_t other;
    pthread_create(&other, NULL, thread, NULL);
    pthread_join(other, NULL);
}

static void to_template(void)
{
    image = -1;
    checkpoint();
}

/* What is open in the resumed program is the image: an ELF core file, at its beginning. */
static void check_image(void)
{
    char magic[4] = "";
    struct stat status;
    if (image <= STDERR_FILENO || result == 0)
        return;
    demand(fstat(image, &status) == 0 && S_ISREG(status.st_mode), "descriptor %d is no file", image);
    demand(lseek(image, 0, SEEK_CUR) == 0, "descriptor %d is not at the beginning", image);
    demand(read(image, magic, 4) == 4 && memcmp(magic, "\177ELF", 4) == 0, "descriptor %d does not lead to the image", image);
}

static int freeze(void (*from)(void), const char *path)
{
    uint64_t *memory = malloc(PATTERN_BYTES);
    volatile double sum = 0.1;
    sigset_t mask, before;
    image = strcmp(path, "-") == 0 ? STDOUT_FILENO : open(path, O_RDWR | O_CREAT | O_TRUNC, 0666);
    demand(image >= 0, "%s: %s", path, strerror(errno));
    pattern_fill(memory, PATTERN_BYTES, 1);
    pthread_sigmask(SIG_SETMASK, NULL, &before);
    from();
    pthread_sigmask(SIG_SETMASK, NULL, &mask);
    for (int i = 1; i <= 64; i++)
        demand(sigismember(&mask, i) == sigismember(&before, i), "the signal mask has changed");
    demand(sum + 0.2 > 0.3 && sum + 0.2 < 0.30001, "floating point has changed");
    pattern_check(memory, PATTERN_BYTES, 1, "memory");
    check_image();
    return RESULT_BASE + result;
}

static int count_lines(const char *path)
{
    char line[4096];
    int count = 0;
    FILE *file = fopen(path, "re");
    while (file != NULL && fgets(line, sizeof(line), file) != NULL)
        count++;
    if (file != NULL)
        fclose(file);
    return count;
}

static int count_open(void)
{
    int count = 0;
    for (int fd = 0; fd < 1024; fd++)
        count += fcntl(fd, F_GETFD) >= 0;
    return count;
}

/* Nothing is left behind. */
static int many(int times)
{
    int lines = count_lines("/proc/self/maps"), open_files = count_open();
    for (int i = 0; i < times; i++) {
        image = open("many.ckpt", O_RDWR | O_CREAT | O_TRUNC, 0600);
        checkpoint();
        demand(result == 0, "resumed");
        close(image);
    }
    demand(count_open() == open_files, "%d descriptors instead of %d", count_open(), open_files);
    demand(count_lines("/proc/self/maps") == lines, "%d mappings instead of %d", count_lines("/proc/self/maps"), lines);
    demand(waitpid(-1, NULL, __WALL | WNOHANG) < 0 && errno == ECHILD, "there is a child");
    return 0;
}

/* At the same time, each to a file of its own. */
static void *one_of_four(void *name)
{
    int fd = open(name, O_RDWR | O_CREAT | O_TRUNC, 0600), returned = sys_checkpoint(CKPT_FREEZE, fd, -1, -1);
    demand(returned >= 0, "%s: %s", (char *)name, strerror(errno));
    close(fd);
    return (void *)(intptr_t)returned;
}

static int four(void)
{
    static char names[4][12] = {"0.ckpt", "1.ckpt", "2.ckpt", "3.ckpt"};
    pthread_t threads[4];
    int resumed = 0;
    for (int i = 0; i < 4; i++)
        pthread_create(&threads[i], NULL, one_of_four, names[i]);
    for (int i = 0; i < 4; i++) {
        void *returned;
        pthread_join(threads[i], &returned);
        resumed += returned != NULL;
    }
    demand(resumed <= 1, "%d calls returned from a thaw", resumed);
    return RESULT_BASE + resumed;
}

static int thaw(const char *path, const char *retval)
{
    int fd = strcmp(path, "-") == 0 ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    int failed = sys_checkpoint(CKPT_THAW, fd, -1, atoi(retval));
    int error = errno;
    demand(failed == -1, "it came back with %d", failed);
    demand(strcmp(path, "-") == 0 || (fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0, "the descriptor's flag is gone");
    printf("%s\n", strerrorname_np(error));
    return 3;
}

static const struct {
    const char *name;
    void (*from)(void);
} modes[] = {{"main", from_main}, {"handler", from_handler}, {"small-stack", from_small_stack}, {"thread", from_thread}, {"template", to_template}};

int main(int argc, char **argv)
{
    const char *mode = argc > 1 ? argv[1] : "", *argument = argc > 2 ? argv[2] : "x.ckpt";
    for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++)
        if (strcmp(modes[i].name, mode) == 0)
            return freeze(modes[i].from, argument);
    if (strcmp(mode, "many") == 0)
        return many(atoi(argument));
    if (strcmp(mode, "four") == 0)
        return four();
    if (strcmp(mode, "thaw") == 0)
        return thaw(argument, argc > 3 ? argv[3] : "1");
    return 2;
}
