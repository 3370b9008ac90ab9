/* A program that loads slowly and makes itself resident: later runs begin behind the loading, in an entry of its own.
 *
 *     warm register | handler | threads | removed | unregister ID    prints what the call returns, or the error's name
 *     warm tell ARG…    prints how it was started and what it has loaded; exits with 3
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/resident.h>
#include <unistd.h>

extern char **environ;

enum { COUNT = 1 << 18 };
static uint32_t *table;
static int loads; /* how often it was loaded in the life of this memory */
static const char *start = "main";

void entry(void);
__asm__(".globl entry\nentry: xor %ebp, %ebp\n mov %rsp, %rdi\n and $-16, %rsp\n call begin\n hlt\n");

static void load(void)
{
    table = malloc(COUNT * sizeof(*table));
    table[0] = 1;
    for (uint32_t i = 1; i < COUNT; i++)
        table[i] = table[i - 1] * 1664525u + 1013904223u;
    loads++;
}

static int is_loaded(void)
{
    uint32_t value = 1;
    for (uint32_t i = 0; i < COUNT; i++, value = value * 1664525u + 1013904223u)
        if (table[i] != value)
            return 0;
    return 1;
}

static void print_result(int result)
{
    if (result >= 0)
        printf("%d\n", result);
    else
        printf("%s\n", strerrorname_np(errno));
    fflush(stdout);
}

static void *wait_for_end(void *argument)
{
    pthread_mutex_lock(argument);
    pthread_mutex_unlock(argument);
    return NULL;
}

/* In a handler, on its own stack. */
static int handled;
static void handle(int signal_number)
{
    (void)signal_number;
    handled = exec_sys_register((void *)(uintptr_t)entry);
}

static int register_in_handler(void)
{
    static char room[1 << 16];
    const stack_t stack = {.ss_sp = room, .ss_size = sizeof(room)};
    struct sigaction action = {.sa_handler = handle, .sa_flags = SA_ONSTACK};
    sigaltstack(&stack, NULL);
    sigaction(SIGUSR1, &action, NULL);
    raise(SIGUSR1);
    return handled;
}

/* Of two threads one could not begin again. */
static int register_with_threads(void)
{
    pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
    pthread_t thread;
    pthread_mutex_lock(&mutex);
    pthread_create(&thread, NULL, wait_for_end, &mutex);
    int result = exec_sys_register((void *)(uintptr_t)entry), error = errno;
    pthread_mutex_unlock(&mutex);
    pthread_join(thread, NULL);
    errno = error;
    return result;
}

static int tell(int argc, char **argv)
{
    printf("started in %s, loaded %d times, %s\n", start, loads, is_loaded() ? "all there" : "BROKEN");
    for (int i = 0; i < argc; i++)
        printf("argv %s\n", argv[i]);
    printf("MARK %s, name %s, AT_EXECFN %s, pid %d\n", getenv("MARK") != NULL ? getenv("MARK") : "(none)", program_invocation_name, (char *)getauxval(AT_EXECFN),
           getpid() == gettid());
    for (int i = 0; i < 16; i++)
        printf("%02x", ((const unsigned char *)getauxval(AT_RANDOM))[i]);
    printf(" random\n");
    char *more = malloc(8 << 20);
    memset(more, 1, 8 << 20);
    free(more);
    fflush(stdout);
    return system("exit 5") == 5 << 8 ? 3 : 1;
}

static int command(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "tell";
    if (strcmp(what, "register") == 0)
        print_result(exec_sys_register((void *)(uintptr_t)entry));
    else if (strcmp(what, "handler") == 0)
        print_result(register_in_handler());
    else if (strcmp(what, "threads") == 0)
        print_result(register_with_threads());
    else if (strcmp(what, "removed") == 0)
        print_result(unlink(argv[0]) != 0 ? -1 : exec_sys_register((void *)(uintptr_t)entry));
    else if (strcmp(what, "unregister") == 0 && argc > 2)
        print_result(exec_sys_unregister(atoi(argv[2])));
    else
        return tell(argc, argv);
    /* it has gone on: nothing of it has changed */
    return is_loaded() && loads == 1 ? 0 : 1;
}

__attribute__((noreturn, used)) static void begin(uint64_t *stack)
{
    start = "entry";
    exit(command((int)stack[0], (char **)(stack + 1)));
}

int main(int argc, char **argv)
{
    load();
    return command(argc, argv);
}
