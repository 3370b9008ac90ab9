/* A module with one system call of its own, tally(name, &count): counts how often a name was given, for all programs under one `checkpt run`.
 *
 *     cc -shared -fPIC -o tally.so tally.c
 *     checkpt run --module tally.so ./your-program
 *
 * and in your-program, in C or any other language:
 *
 *     syscall(0x2080, "name", &count);
 */
#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/sysent.h>

#define SYS_tally (SYS_BASE + 0x80)

struct tally_args {
    SYSCALL_ARG(const char *, name);    /* in the caller's memory: td_copyinstr() */
    SYSCALL_ARG(long *, count);         /* likewise: td_copyout() */
};

enum { NAME_SIZE = 32, NAMES = 1000 };
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static struct {
    char name[NAME_SIZE];
    long count;
} tallies[NAMES];

static long *find(const char *name)
{
    for (int i = 0; i < NAMES; i++) {
        if (tallies[i].count == 0)
            strcpy(tallies[i].name, name);
        if (strcmp(tallies[i].name, name) == 0)
            return &tallies[i].count;
    }
    return NULL;
}

/* Several threads may be in here at a time, so what they share is under a lock; the caller's memory is reached outside of it. */
static int sys_tally(struct thread *td, struct tally_args *args)
{
    char name[NAME_SIZE];
    int error = td_copyinstr(td, args->name, name, sizeof(name), NULL);
    if (error != 0)
        return error;
    pthread_mutex_lock(&mutex);
    long *found = find(name), count = found != NULL ? ++*found : 0;
    pthread_mutex_unlock(&mutex);
    if (found == NULL)
        return ENOSPC;
    td->td_retval[0] = count;
    return args->count != NULL ? td_copyout(td, &count, args->count, sizeof(count)) : 0;
}

static struct syscall_helper_data calls[] = {SYSCALL_INIT_HELPER_F(tally, SYF_CAPENABLED), SYSCALL_INIT_LAST};
SYSCALL_MODULE("tally", calls, 0);
