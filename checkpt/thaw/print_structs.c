#include <inttypes.h>
#include <linux/sched.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <time.h>

#include "checkpt/thaw/print.h"
#include "cli/socket_names.h"

enum { IOVECS_SHOWN = 4, WORDS_SHOWN = 16 };

struct kernel_sigaction {
    uint64_t handler, flags, restorer, mask;
};

/* Copies a structure out, as nothing says that data is aligned; prints plain bytes where it is too short. */
#define TAKE(type, name) \
    type name; \
    if (length < sizeof(name)) { \
        print_bytes(printer, data, length); \
        return; \
    } \
    memcpy(&name, data, sizeof(name))

void print_signal_action(struct printer *printer, const void *data, size_t length)
{
    static const char *const handlers[] = {"SIG_DFL", "SIG_IGN"};
    TAKE(struct kernel_sigaction, action);
    if (action.handler < 2)
        fprintf(printer->out, "{sa_handler=%s", handlers[action.handler]);
    else
        fprintf(printer->out, "{sa_handler=0x%" PRIx64, action.handler);
    fputs(", sa_mask=", printer->out);
    print_signal_set(printer->out, action.mask);
    fputs(", sa_flags=", printer->out);
    print_bits(printer->out, NAMES_SA, action.flags);
    if (action.restorer != 0)
        fprintf(printer->out, ", sa_restorer=0x%" PRIx64, action.restorer);
    fputc('}', printer->out);
}

void print_signal_info(struct printer *printer, const void *data, size_t length)
{
    TAKE(siginfo_t, info);
    fputs("{si_signo=", printer->out);
    print_signal(printer->out, (uint64_t)info.si_signo);
    fprintf(printer->out, ", si_code=%d, si_pid=%d, si_uid=%u, si_value=0x%" PRIx64 "}", info.si_code, info.si_pid, info.si_uid,
            (uint64_t)(uintptr_t)info.si_value.sival_ptr);
}

void print_signal_event(struct printer *printer, const void *data, size_t length)
{
    TAKE(struct sigevent, event);
    fprintf(printer->out, "{sigev_value=0x%" PRIx64 ", sigev_signo=", (uint64_t)(uintptr_t)event.sigev_value.sival_ptr);
    print_signal(printer->out, (uint64_t)event.sigev_signo);
    fputs(", sigev_notify=", printer->out);
    print_name(printer->out, NAMES_SIGEV, (uint64_t)event.sigev_notify);
    fputc('}', printer->out);
}

void print_signal_stack(struct printer *printer, const void *data, size_t length)
{
    TAKE(stack_t, stack);
    fprintf(printer->out, "{ss_sp=0x%" PRIx64 ", ss_flags=", (uint64_t)(uintptr_t)stack.ss_sp);
    print_bits(printer->out, NAMES_SS, (uint32_t)stack.ss_flags);
    fprintf(printer->out, ", ss_size=%zu}", stack.ss_size);
}

void print_itimerval(struct printer *printer, const void *data, size_t length)
{
    TAKE(struct itimerval, timer);
    fprintf(printer->out, "{it_interval={%ld, %06ld us}, it_value={%ld, %06ld us}}", timer.it_interval.tv_sec, timer.it_interval.tv_usec,
            timer.it_value.tv_sec, timer.it_value.tv_usec);
}

void print_itimerspec(struct printer *printer, const void *data, size_t length)
{
    TAKE(struct itimerspec, timer);
    fprintf(printer->out, "{it_interval={%ld, %09ld ns}, it_value={%ld, %09ld ns}}", timer.it_interval.tv_sec, timer.it_interval.tv_nsec,
            timer.it_value.tv_sec, timer.it_value.tv_nsec);
}

void print_timespec(struct printer *printer, const void *data, size_t length)
{
    TAKE(struct timespec, time);
    fprintf(printer->out, "{%ld, %09ld ns}", time.tv_sec, time.tv_nsec);
}

static void print_one_limit(FILE *out, const char *name, rlim_t limit)
{
    if (limit == RLIM_INFINITY)
        fprintf(out, "%s=RLIM_INFINITY", name);
    else
        fprintf(out, "%s=%ju", name, (uintmax_t)limit);
}

void print_limit(struct printer *printer, const void *data, size_t length)
{
    TAKE(struct rlimit, limit);
    fputc('{', printer->out);
    print_one_limit(printer->out, "rlim_cur", limit.rlim_cur);
    print_one_limit(printer->out, ", rlim_max", limit.rlim_max);
    fputc('}', printer->out);
}

void print_iovec(struct printer *printer, const void *data, size_t length)
{
    size_t count = length / sizeof(struct iovec);
    fputc('[', printer->out);
    for (size_t i = 0; i < count && i < IOVECS_SHOWN; i++) {
        struct iovec vector;
        memcpy(&vector, (const char *)data + i * sizeof(vector), sizeof(vector));
        fprintf(printer->out, "%s{iov_base=0x%" PRIx64 ", iov_len=%zu}", i == 0 ? "" : ", ", (uint64_t)(uintptr_t)vector.iov_base, vector.iov_len);
    }
    fputs(count > IOVECS_SHOWN ? ", ...]" : "]", printer->out);
}

/* Which thread a clone3(2) starts is told by its stack: the end of it is the thread's block. */
void print_clone_args(struct printer *printer, const void *data, size_t length)
{
    TAKE(struct clone_args, args);
    fputs("{flags=", printer->out);
    print_bits(printer->out, NAMES_CLONE, args.flags);
    uint64_t thread = (args.stack + args.stack_size - printer->plan->area.threads) / sizeof(struct interpreter_thread);
    if (thread < printer->plan->list_count)
        fprintf(printer->out, ", stack=/* list of thread %" PRIu64 " */", thread);
    if (args.set_tid_size == 1)
        fprintf(printer->out, ", set_tid=[%" PRId64 "], set_tid_size=1", printer->step->expected);
    fputc('}', printer->out);
}

void print_epoll_event(struct printer *printer, const void *data, size_t length)
{
    TAKE(struct epoll_event, event);
    fputs("{events=", printer->out);
    print_bits(printer->out, NAMES_EPOLL, event.events);
    fprintf(printer->out, ", data=0x%" PRIx64 "}", event.data.u64);
}

/* "{AF_INET 127.0.0.1:80}" */
void print_address(struct printer *printer, const void *data, size_t length)
{
    struct cli_text text = {0};
    uint16_t family = 0;
    memcpy(&family, data, length < sizeof(family) ? length : sizeof(family));
    cli_add_name(&text, cli_socket_families, family);
    cli_text_add(&text, " ");
    cli_add_address(&text, data, length);
    fprintf(printer->out, "{%s}", cli_text_get(&text));
    cli_text_deinit(&text);
}

void print_words(struct printer *printer, const void *data, size_t length)
{
    fputc('[', printer->out);
    for (size_t i = 0; i < length / sizeof(uint32_t) && i < WORDS_SHOWN; i++) {
        uint32_t word;
        memcpy(&word, (const char *)data + i * sizeof(word), sizeof(word));
        fprintf(printer->out, word > 9999 ? "%s0x%x" : "%s%u", i == 0 ? "" : ", ", word);
    }
    fputs(length / sizeof(uint32_t) > WORDS_SHOWN ? ", ...]" : "]", printer->out);
}
