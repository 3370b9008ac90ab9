/* Threads that wait for calls and make them. There is always one that waits: whoever takes a call and leaves none behind starts another.
 *
 * A thread of the program that is interrupted in its call, by a signal or by being frozen, is made to call again by the kernel, or calls
 * again itself where the kernel lets the call fail with EINTR, under a new id. The call is not made twice then: the new notification is
 * answered by the call that is under way. */
#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "checkpt/listen/caller.h"
#include "checkpt/listen/handover.h"
#include "checkpt/listen/listen.h"
#include "checkpt/listen/newcomer.h"
#include "checkpt/listen/standby.h"

/* linux/seccomp.h, Linux 6.6: the answering thread's CPU goes straight to the caller */
#ifndef SECCOMP_IOCTL_NOTIF_SET_FLAGS
#define SECCOMP_IOCTL_NOTIF_SET_FLAGS _IOW('!', 4, __u64)
#define SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP (1ul << 0)
#endif

enum { THREADS_MAX = 256, IDLE_MAX = 6, REQUEST_MAX = 512, STACK_SIZE = 256 << 10, GRACE_MS = 1000 };

struct listener {
    struct listen_options options;
    int fd, end;             /* end: closed when it is over */
    pthread_mutex_t mutex;
    pthread_cond_t again;    /* a caller called again */
    size_t threads, idle;
    struct caller *callers;  /* whose calls are under way */
    uint64_t *latest;        /* notification, for the standby; NULL: there is none */
    uint64_t held;           /* signals that the first program blocks until it has begun, as a mask */
};

static void *serve(void *listener);

static bool start_thread(struct listener *listener)
{
    pthread_attr_t attributes;
    pthread_t thread;
    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    pthread_attr_setstacksize(&attributes, STACK_SIZE);
    bool started = pthread_create(&thread, &attributes, serve, listener) == 0;
    pthread_attr_destroy(&attributes);
    return started;
}

/* With the lock held. */
static void keep_one_idle(struct listener *listener)
{
    if (listener->idle > 0 || listener->threads >= THREADS_MAX || !start_thread(listener))
        return;
    listener->threads++;
    listener->idle++;
}

static bool is_same_call(const struct caller *caller, const struct seccomp_notif *request)
{
    return caller->thread.td_tid == (pid_t)request->pid && caller->call.nr == request->data.nr &&
           memcmp(caller->call.args, request->data.args, caller->argument_count * sizeof(*caller->call.args)) == 0;
}

/* True where the call is under way: it will answer. */
static bool is_repeated(struct listener *listener, const struct seccomp_notif *request)
{
    for (struct caller *caller = listener->callers; caller != NULL; caller = caller->next)
        if (is_same_call(caller, request)) {
            __atomic_store_n(&caller->answer_to, request->id, __ATOMIC_RELEASE);
            pthread_cond_broadcast(&listener->again);
            return true;
        }
    return false;
}

static bool answer(const struct listener *listener, uint64_t id, int error, long value)
{
    struct seccomp_notif_resp response = {.id = id, .val = error == 0 ? value : 0, .error = -error};
    return ioctl(listener->fd, SECCOMP_IOCTL_NOTIF_SEND, &response) == 0 || errno != ENOENT;
}

static bool is_gone(const struct caller *caller)
{
    return syscall(SYS_tkill, caller->thread.td_tid, 0) != 0 && errno == ESRCH;
}

static void unlist(struct listener *listener, const struct caller *caller)
{
    struct caller **link = &listener->callers;
    while (*link != caller)
        link = &(*link)->next;
    *link = caller->next;
}

/* With the lock held: once answered a caller may make the same call afresh, which must not find this one. A caller that was interrupted is
 * on its way back here, unless it has died, has been stopped, or a handler lets its call fail with EINTR. */
static void answer_latest(struct listener *listener, const struct caller *caller, int error)
{
    struct timespec deadline;
    uint64_t id = caller->answer_to;
    clock_gettime(CLOCK_REALTIME, &deadline);
    deadline.tv_sec += GRACE_MS / 1000;
    while (!answer(listener, id, error, caller->thread.td_retval[0]) && !is_gone(caller)) {
        while (id == caller->answer_to)
            if (pthread_cond_timedwait(&listener->again, &listener->mutex, &deadline) != 0)
                return;
        id = caller->answer_to;
    }
}

static void make_call(struct listener *listener, struct caller *caller)
{
    uint64_t arguments[SYSENT_ARGUMENTS_MAX];
    for (size_t i = 0; i < SYSENT_ARGUMENTS_MAX; i++)
        arguments[i] = caller->call.args[i];
    int error = sysent_call(listener->options.table, caller->call.nr, listener->options.capability_mode, &caller->thread, arguments);
    pthread_mutex_lock(&listener->mutex);
    answer_latest(listener, caller, error);
    unlist(listener, caller);
}

/* A program that has just begun, or a call that looks like its first. */
static void let_begin(struct listener *listener, const struct seccomp_notif *request)
{
    struct seccomp_notif_resp response = {.id = request->id, .flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE};
    keep_one_idle(listener);
    pthread_mutex_unlock(&listener->mutex);
    struct caller caller;
    caller_init(&caller, listener->fd, request);
    newcomer_meet(&caller);
    ioctl(listener->fd, SECCOMP_IOCTL_NOTIF_SEND, &response);
    pthread_mutex_lock(&listener->mutex);
}

/* With the lock held, before and after. */
static void handle(struct listener *listener, const struct seccomp_notif *request)
{
    struct caller caller;
    if (request->data.nr < SYS_BASE) {
        let_begin(listener, request);
        return;
    }
    if (is_repeated(listener, request))
        return;
    caller_init(&caller, listener->fd, request);
    caller.voice = listener->options.voice;
    caller.held = &listener->held;
    caller.argument_count = sysent_argument_count(listener->options.table, request->data.nr);
    caller.next = listener->callers;
    listener->callers = &caller;
    keep_one_idle(listener);
    pthread_mutex_unlock(&listener->mutex);
    make_call(listener, &caller);
}

static bool is_over(const struct listener *listener)
{
    struct pollfd watched = {.fd = listener->fd, .events = 0};
    return poll(&watched, 1, 0) > 0 && (watched.revents & (POLLHUP | POLLERR | POLLNVAL)) != 0;
}

/* Kernels may have more to tell than we know of; it is they who say how long it is. */
union request {
    struct seccomp_notif notification;
    char room[REQUEST_MAX];
};

static void *serve(void *argument)
{
    struct listener *listener = argument;
    bool stays = true;
    while (stays) {
        union request request;
        memset(&request, 0, sizeof(request));
        if (ioctl(listener->fd, SECCOMP_IOCTL_NOTIF_RECV, &request) != 0) {
            if (errno != EINTR && is_over(listener))
                return NULL;
            continue;
        }
        if (listener->latest != NULL)
            __atomic_store_n(listener->latest, request.notification.id, __ATOMIC_RELEASE);
        pthread_mutex_lock(&listener->mutex);
        listener->idle--;
        handle(listener, &request.notification);
        stays = listener->idle < IDLE_MAX;
        listener->idle += stays;
        listener->threads -= !stays;
        pthread_mutex_unlock(&listener->mutex);
    }
    return NULL;
}

/* Waiting in the kernel for a call does not end with the last caller on every kernel; polling does. */
static void *watch(void *argument)
{
    struct listener *listener = argument;
    struct pollfd watched = {.fd = listener->fd, .events = 0};
    while (poll(&watched, 1, -1) < 0 && errno == EINTR)
        ;
    close(listener->end);
    return NULL;
}

struct listener *listen_create(const struct listen_options *options)
{
    struct listener *listener = calloc(1, sizeof(*listener));
    if (listener == NULL)
        return NULL;
    listener->options = *options;
    listener->fd = listener->end = -1;
    pthread_mutex_init(&listener->mutex, NULL);
    pthread_cond_init(&listener->again, NULL);
    return listener;
}

static bool begin(struct listener *listener, int *end)
{
    pthread_t watcher;
    int both[2];
    struct seccomp_notif_sizes sizes;
    if (syscall(SYS_seccomp, SECCOMP_GET_NOTIF_SIZES, 0, &sizes) != 0 || sizes.seccomp_notif > REQUEST_MAX ||
        sizes.seccomp_notif_resp > sizeof(struct seccomp_notif_resp)) {
        errno = ENOSYS;
        return false;
    }
    listener->latest = standby_start(listener->fd);
    if (pipe2(both, O_CLOEXEC) != 0)
        return false;
    *end = both[0];
    listener->end = both[1];
    ioctl(listener->fd, SECCOMP_IOCTL_NOTIF_SET_FLAGS, SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP);
    pthread_mutex_lock(&listener->mutex);
    keep_one_idle(listener);
    bool begun = listener->threads > 0;
    pthread_mutex_unlock(&listener->mutex);
    errno = EAGAIN;
    return begun && pthread_create(&watcher, NULL, watch, listener) == 0;
}

int listen_take(struct listener *listener, int channel, struct failure *why)
{
    int end = -1;
    why->sentence[0] = '\0';
    listener->fd = handover_receive(channel, &listener->held);
    if (listener->fd < 0 && errno != 0)
        failure_errno(why, "receiving the listener");
    if (listener->fd < 0)
        return -1;
    if (begin(listener, &end))
        return end;
    failure_errno(why, "serving registered system calls");
    return -1;
}
