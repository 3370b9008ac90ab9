#include <fcntl.h>
#include <linux/membarrier.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "checkpt/resource/process.h"
#include "checkpt/thaw/plan.h"
#include "checkpt/tracee/tracee.h"

/* Newer than the headers of some distributions. */
enum {
    GET_REGISTRATIONS = 1 << 9 /* 6.3 */, SET_DENY_WRITE_EXEC = 65 /* PR_SET_MDWE, 6.3 */, GET_DENY_WRITE_EXEC = 66, SET_MERGE = 67 /* PR_SET_MEMORY_MERGE, 6.4 */,
    GET_MERGE = 68, USE_RSEQ = 1 << 7 /* MEMBARRIER_CMD_PRIVATE_EXPEDITED_RSEQ, 5.10 */, REGISTER_RSEQ = 1 << 8,
};

enum { REGISTRATIONS, FIRST_BARRIER, BARRIERS = 3, DENY_WRITE_EXEC = FIRST_BARRIER + BARRIERS, MERGE, LOCAL_DESCRIPTORS };

/* A barrier that is not registered for is refused, which tells where the kernel cannot list what is. */
static const struct {
    uint32_t use, registration;
} barriers[BARRIERS] = {
    {MEMBARRIER_CMD_PRIVATE_EXPEDITED, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED},
    {MEMBARRIER_CMD_PRIVATE_EXPEDITED_SYNC_CORE, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_SYNC_CORE},
    {USE_RSEQ, REGISTER_RSEQ},
};

void process_ask_memory(uint64_t room, struct tracee_call *calls)
{
    calls[REGISTRATIONS] = (struct tracee_call){.number = SYS_membarrier, .arguments = {GET_REGISTRATIONS}};
    for (int i = 0; i < BARRIERS; i++)
        calls[FIRST_BARRIER + i] = (struct tracee_call){.number = SYS_membarrier, .arguments = {barriers[i].use}};
    calls[DENY_WRITE_EXEC] = (struct tracee_call){.number = SYS_prctl, .arguments = {GET_DENY_WRITE_EXEC}};
    calls[MERGE] = (struct tracee_call){.number = SYS_prctl, .arguments = {GET_MERGE}};
    calls[LOCAL_DESCRIPTORS] = (struct tracee_call){.number = SYS_modify_ldt, .arguments = {0, room, sizeof(uint64_t)}};
}

static uint32_t registrations(const struct tracee_call *calls)
{
    uint32_t found = 0;
    if (calls[REGISTRATIONS].result >= 0)
        return (uint32_t)calls[REGISTRATIONS].result;
    for (int i = 0; i < BARRIERS; i++)
        found |= calls[FIRST_BARRIER + i].result == 0 ? barriers[i].registration : 0;
    return found;
}

bool process_fill_memory(struct freeze *freeze, const struct tracee_call *calls, struct failure *why)
{
    Ckpt__Process *process = &freeze->model->process;
    struct failure ignored;
    int64_t filter;
    if (calls[LOCAL_DESCRIPTORS].result > 0)
        return failure_set(why, "it has segments of its own (modify_ldt), as emulators have, which cannot be saved yet");
    process->membarrier = registrations(calls);
    process->deny_write_exec = calls[DENY_WRITE_EXEC].result > 0 ? (uint32_t)calls[DENY_WRITE_EXEC].result : 0;
    process->memory_merge = calls[MERGE].result > 0;
    process->has_core_filter = proc_number(freeze->directory, "coredump_filter", 16, &filter, &ignored);
    if (process->has_core_filter)
        process->core_filter = (uint32_t)filter;
    return true;
}

static uint32_t own_core_filter(void)
{
    struct failure ignored;
    int64_t filter = -1;
    int directory = open("/proc/self", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (directory >= 0 && !proc_number(directory, "coredump_filter", 16, &filter, &ignored))
        filter = -1;
    if (directory >= 0)
        close(directory);
    return (uint32_t)filter;
}

static void plan_core_filter(struct thaw *thaw)
{
    static const char path[] = "/proc/self/coredump_filter";
    const Ckpt__Process *process = &thaw->model->process;
    char text[16];
    int length = snprintf(text, sizeof(text), "0x%x", process->core_filter);
    if (!process->has_core_filter || process->core_filter == own_core_filter())
        return;
    uint32_t path_data = plan_data(thaw->plan, path, sizeof(path), 1), data = plan_data(thaw->plan, text, (size_t)length, 1);
    uint32_t slot = PLAN_CALL(thaw->plan, "process: opening coredump_filter", SYS_openat, PLAN_NUMBER(AT_FDCWD), PLAN_DATA(path_data),
                              PLAN_NUMBER(O_WRONLY | O_CLOEXEC));
    PLAN_TRY(thaw->plan, "process: coredump_filter", SYS_write, PLAN_RESULT(slot), PLAN_DATA(data), PLAN_NUMBER(length));
    PLAN_CALL(thaw->plan, "process: closing coredump_filter", SYS_close, PLAN_RESULT(slot));
}

void process_plan_memory(struct thaw *thaw)
{
    const Ckpt__Process *process = &thaw->model->process;
    for (uint32_t bit = 1; bit != 0; bit <<= 1)
        if ((process->membarrier & bit) != 0)
            PLAN_CALL(thaw->plan, "process: registering for memory barriers", SYS_membarrier, PLAN_NUMBER(bit), PLAN_NUMBER(0), PLAN_NUMBER(0));
    plan_core_filter(thaw);
    if (process->memory_merge)
        PLAN_TRY(thaw->plan, "process: merging memory", SYS_prctl, PLAN_NUMBER(SET_MERGE), PLAN_NUMBER(1), PLAN_NUMBER(0), PLAN_NUMBER(0), PLAN_NUMBER(0));
    if (process->deny_write_exec != 0)
        PLAN_CALL(thaw->plan, "process: no memory to write to and execute (it needs Linux 6.3)", SYS_prctl, PLAN_NUMBER(SET_DENY_WRITE_EXEC),
                  PLAN_NUMBER(process->deny_write_exec), PLAN_NUMBER(0), PLAN_NUMBER(0), PLAN_NUMBER(0));
}
