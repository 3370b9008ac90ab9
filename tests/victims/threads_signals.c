#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "tests/victims/threads.h"
#include "tests/victims/victim.h"

#ifndef sigev_notify_thread_id
#define sigev_notify_thread_id _sigev_un._tid
#endif

enum { ALTSTACK = 32768, NAPS = 60000, QUEUED = 3 };
enum source { MONOTONIC, REALTIME, BOOT_TO_THREAD, ITIMER_R, ITIMER_V, ITIMER_P, SOURCES };

/* What a handler can reach: the thread's own storage. */
static __thread volatile unsigned long fired[SOURCES];
static __thread struct {
    unsigned long seen[SOURCES];
    uint8_t *altstack;
    timer_t timers[4]; /* the last is far away, and checked for the time left */
} own;

#define RT(n) (SIGRTMIN + (n))
enum { QUEUED_RT = 1, THREAD_RT = 2 };

static void on_timer(int number, siginfo_t *info, void *context)
{
    (void)context;
    int source = info->si_code == SI_TIMER ? info->si_value.sival_int - 1000 : number == SIGALRM ? ITIMER_R : number == SIGVTALRM ? ITIMER_V : ITIMER_P;
    uint8_t here = 0;
    demand(source >= 0 && source < SOURCES, "a timer's value is %d", info->si_value.sival_int);
    demand(own.altstack != NULL && &here > own.altstack && &here < own.altstack + ALTSTACK, "a handler is not on its alternate stack");
    fired[source]++;
}

void threads_signals_block(void)
{
    sigset_t all;
    sigfillset(&all);
    sigdelset(&all, SIGTERM);
    sigdelset(&all, SIGINT);
    pthread_sigmask(SIG_SETMASK, &all, NULL);
}

static void arm_posix(enum source source, clockid_t clock, int notify, long ns)
{
    struct sigevent event = {.sigev_notify = notify, .sigev_signo = RT(3 + (int)source), .sigev_value.sival_int = 1000 + (int)source};
    const struct itimerspec time = {{0, ns}, {0, ns}};
    event.sigev_notify_thread_id = (pid_t)syscall(SYS_gettid);
    demand(timer_create(clock, &event, &own.timers[source]) == 0 && timer_settime(own.timers[source], 0, &time, NULL) == 0,
           "timer %d: making it: %s", (int)source, strerror(errno));
}

static void arm_far(void)
{
    struct sigevent event = {.sigev_notify = SIGEV_NONE};
    const struct itimerspec time = {{7, 8}, {3600, 0}};
    demand(timer_create(CLOCK_MONOTONIC, &event, &own.timers[3]) == 0 && timer_settime(own.timers[3], 0, &time, NULL) == 0,
           "the far timer: making it: %s", strerror(errno));
}

static void handle(int number)
{
    struct sigaction action = {.sa_sigaction = on_timer, .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART};
    sigset_t one;
    sigaddset(&action.sa_mask, SIGHUP);
    sigaction(number, &action, NULL);
    sigemptyset(&one);
    sigaddset(&one, number);
    pthread_sigmask(SIG_UNBLOCK, &one, NULL);
}

static void leave_pending(void)
{
    for (int i = 1; i <= QUEUED; i++)
        demand(sigqueue(getpid(), RT(QUEUED_RT), (union sigval){.sival_int = 11 * i}) == 0, "sigqueue: %s", strerror(errno));
    demand(pthread_sigqueue(pthread_self(), RT(THREAD_RT), (union sigval){.sival_ptr = &own}) == 0, "pthread_sigqueue failed");
    raise(SIGHUP);
}

void threads_signals_begin(void)
{
    const stack_t stack = {.ss_sp = own.altstack = malloc(ALTSTACK), .ss_size = ALTSTACK};
    const struct itimerval real = {{0, 13000}, {0, 13000}}, virtual = {{0, 20000}, {0, 20000}}, prof = {{0, 30000}, {0, 30000}};
    signal(SIGUSR2, SIG_IGN);
    sigaltstack(&stack, NULL);
    leave_pending();
    for (int source = 0; source <= BOOT_TO_THREAD; source++)
        handle(RT(3 + source));
    handle(SIGALRM);
    handle(SIGVTALRM);
    handle(SIGPROF);
    arm_posix(MONOTONIC, CLOCK_MONOTONIC, SIGEV_SIGNAL, 7000000);
    arm_posix(REALTIME, CLOCK_REALTIME, SIGEV_SIGNAL, 11000000);
    arm_posix(BOOT_TO_THREAD, CLOCK_BOOTTIME, SIGEV_THREAD_ID, 9000000);
    arm_far();
    setitimer(ITIMER_REAL, &real, NULL);
    setitimer(ITIMER_VIRTUAL, &virtual, NULL);
    setitimer(ITIMER_PROF, &prof, NULL);
}

static void check_actions(void)
{
    struct sigaction action;
    stack_t stack;
    sigset_t blocked, pending;
    sigaction(SIGUSR2, NULL, &action);
    demand(action.sa_handler == SIG_IGN, "SIGUSR2 is ignored no more");
    sigaction(SIGALRM, NULL, &action);
    demand(action.sa_sigaction == on_timer && (action.sa_flags & (SA_SIGINFO | SA_ONSTACK | SA_RESTART)) == (SA_SIGINFO | SA_ONSTACK | SA_RESTART) &&
               sigismember(&action.sa_mask, SIGHUP) == 1 && sigismember(&action.sa_mask, SIGTERM) == 0, "the action of SIGALRM is not what it was");
    sigaltstack(NULL, &stack);
    demand(stack.ss_sp == own.altstack && stack.ss_size == ALTSTACK && stack.ss_flags == 0, "the alternate stack is not what it was");
    pthread_sigmask(SIG_SETMASK, NULL, &blocked);
    demand(sigismember(&blocked, SIGHUP) == 1 && sigismember(&blocked, SIGTERM) == 0 && sigismember(&blocked, SIGALRM) == 0, "the mask is not what it was");
    sigpending(&pending);
    demand(sigismember(&pending, SIGHUP) == 1 && sigismember(&pending, RT(QUEUED_RT)) == 1 && sigismember(&pending, RT(THREAD_RT)) == 1,
           "a pending signal is lost");
}

static void check_far(void)
{
    struct itimerspec left;
    demand(timer_gettime(own.timers[3], &left) == 0, "the far timer: %s", strerror(errno));
    demand(left.it_value.tv_sec > 3000 && left.it_value.tv_sec < 3600 && left.it_interval.tv_sec == 7 && left.it_interval.tv_nsec == 8,
           "the far timer has %ld s left", (long)left.it_value.tv_sec);
}

void threads_signals_check(void)
{
    check_actions();
    check_far();
    for (int source = 0; source < SOURCES; source++) {
        for (int naps = 0; fired[source] == own.seen[source]; naps++) {
            demand(naps < NAPS, "timer %d does not fire", source);
            victim_nap(1);
        }
        own.seen[source] = fired[source];
    }
}

static void take(int number, siginfo_t *info)
{
    const struct timespec now = {0};
    sigset_t one;
    sigemptyset(&one);
    sigaddset(&one, number);
    do
        demand(sigtimedwait(&one, info, &now) == number || errno == EINTR, "signal %d is not pending: %s", number, strerror(errno));
    while (info->si_signo != number);
}

void threads_signals_end(void)
{
    siginfo_t info = {0};
    const struct timespec now = {0};
    sigset_t waiting;
    threads_signals_block();
    for (int i = 1; i <= QUEUED; i++) {
        info.si_signo = 0;
        take(RT(QUEUED_RT), &info);
        demand(info.si_code == SI_QUEUE && info.si_value.sival_int == 11 * i, "the queued signal %d has value %d", i, info.si_value.sival_int);
    }
    take(RT(THREAD_RT), &info);
    demand(info.si_value.sival_ptr == &own && info.si_uid == getuid(), "the thread's own signal lost its value");
    take(SIGHUP, &info);
    sigemptyset(&waiting);
    sigaddset(&waiting, RT(QUEUED_RT));
    sigaddset(&waiting, RT(THREAD_RT));
    sigaddset(&waiting, SIGHUP);
    demand(sigtimedwait(&waiting, &info, &now) == -1 && errno == EAGAIN, "signal %d is pending twice", info.si_signo);
}
