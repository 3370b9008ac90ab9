/* The program's own filters of system calls. The leader installs them last of all, in all threads at once, when these wait at the barrier; the few calls that are left
 * are judged by them. */
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>

#include "checkpt/arch/x86_64/audit.h"
#include "checkpt/thaw/filter.h"
#include "checkpt/thaw/plan_state.h"

enum { ONLY_ONE = 1 };

static bool allow(const struct plan_filter *filters, size_t count, long number)
{
    const struct seccomp_data call = {.nr = (int)number, .arch = ARCH_AUDIT};
    for (size_t i = 0; i < count; i++)
        if (!filter_allows(filters[i].code, filters[i].size / sizeof(struct sock_filter), &call))
            return false;
    return true;
}

const char *plan_filters_forbid(const struct plan_filter *filters, size_t count, size_t threads)
{
    static const struct {
        long number;
        size_t threads; /* from so many on */
        const char *name;
    } needed[] = {
        {SYS_munmap, 1, "munmap"}, {SYS_mprotect, 1, "mprotect"}, {SYS_rt_sigreturn, 1, "rt_sigreturn"}, {SYS_futex, 2, "futex"},
    };
    for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++)
        if (threads >= needed[i].threads && !allow(filters, count, needed[i].number))
            return needed[i].name;
    return count > ONLY_ONE && !allow(filters, count - 1, SYS_seccomp) ? "seccomp" : NULL;
}

/* struct sock_fprog */
struct program {
    uint16_t length;
    uint16_t pad[3];
    uint64_t code;
};

static void install(struct plan *plan, const struct plan_filter *filter, bool in_all, size_t n)
{
    char what[64];
    struct program program = {.length = (uint16_t)(filter->size / sizeof(struct sock_filter))};
    uint32_t code = plan_data(plan, filter->code, filter->size, sizeof(uint64_t)), data = plan_data(plan, &program, sizeof(program), sizeof(uint64_t));
    plan_pointer(plan, data, offsetof(struct program, code), code, 0);
    snprintf(what, sizeof(what), "filter %zu of its system calls: installing it", n);
    PLAN_EXPECT(plan, 0, what, SYS_seccomp, PLAN_NUMBER(SECCOMP_SET_MODE_FILTER), PLAN_NUMBER(filter->flags | (in_all ? SECCOMP_FILTER_FLAG_TSYNC : 0u)),
                PLAN_DATA(data));
}

void plan_filters(struct plan *plan, const struct plan_context *context)
{
    bool in_all = plan->list_count > PLAN_FIRST_THREAD + ONLY_ONE;
    if (context->filter_count > 0 && in_all)
        plan_append(plan, INTERPRETER_GATHER, 0, NULL, -1);
    for (size_t i = 0; i < context->filter_count; i++)
        install(plan, &context->filters[i], in_all, i + 1);
}
