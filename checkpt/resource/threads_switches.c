#include <asm/prctl.h>
#include <linux/securebits.h>
#include <stddef.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "checkpt/resource/threads.h"
#include "checkpt/thaw/plan.h"
#include "checkpt/tracee/tracee.h"

enum { SECURE_BITS, MACHINE_CHECK, TIME_STAMPS, CPUID, MEMORY_POLICY };

/* Nodes that the kernel can have at most, and one more, which is how these calls count. */
enum { NODES = 1024, MOST_NODES = NODES + 1 };
struct room {
    int32_t time_stamps, memory_policy;
    uint64_t unused;
    unsigned char nodes[NODES / 8];
};
_Static_assert(sizeof(struct room) == THREADS_SWITCHES_ROOM, "room for the answers");

void threads_ask_switches(uint64_t room, struct tracee_call *calls)
{
    calls[SECURE_BITS] = (struct tracee_call){.number = SYS_prctl, .arguments = {PR_GET_SECUREBITS}};
    calls[MACHINE_CHECK] = (struct tracee_call){.number = SYS_prctl, .arguments = {PR_MCE_KILL_GET}};
    calls[TIME_STAMPS] = (struct tracee_call){.number = SYS_prctl, .arguments = {PR_GET_TSC, room + offsetof(struct room, time_stamps)}};
    calls[CPUID] = (struct tracee_call){.number = SYS_arch_prctl, .arguments = {ARCH_GET_CPUID}};
    calls[MEMORY_POLICY] = (struct tracee_call){
        .number = SYS_get_mempolicy, .arguments = {room + offsetof(struct room, memory_policy), room + offsetof(struct room, nodes), MOST_NODES}};
}

static void fill_policy(struct arena *arena, Ckpt__Thread *record, const struct room *room)
{
    size_t size = sizeof(room->nodes);
    while (size > 0 && room->nodes[size - 1] == 0)
        size--;
    record->memory_policy = (uint32_t)room->memory_policy;
    record->memory_nodes = (ProtobufCBinaryData){size, arena_copy(arena, room->nodes, size)};
}

void threads_fill_switches(struct arena *arena, Ckpt__Thread *record, const struct tracee_call *calls, const void *answers)
{
    struct room room;
    memcpy(&room, answers, sizeof(room));
    record->securebits = calls[SECURE_BITS].result > 0 ? (uint32_t)calls[SECURE_BITS].result : 0;
    record->keep_capabilities = (record->securebits & SECBIT_KEEP_CAPS) != 0;
    record->machine_check = calls[MACHINE_CHECK].result >= 0 ? (uint32_t)calls[MACHINE_CHECK].result + 1 : 0;
    record->no_time_stamps = calls[TIME_STAMPS].result == 0 && room.time_stamps == PR_TSC_SIGSEGV;
    record->no_cpuid = calls[CPUID].result == 0;
    if (calls[MEMORY_POLICY].result == 0 && room.memory_policy != 0)
        fill_policy(arena, record, &room);
}

static void plan_machine_check(struct plan *plan, uint32_t wanted)
{
    if (wanted == (uint32_t)prctl(PR_MCE_KILL_GET, 0, 0, 0, 0) + 1)
        return;
    bool is_default = wanted == PR_MCE_KILL_DEFAULT + 1;
    PLAN_TRY(plan, "thread: what a memory error does", SYS_prctl, PLAN_NUMBER(PR_MCE_KILL), PLAN_NUMBER(is_default ? PR_MCE_KILL_CLEAR : PR_MCE_KILL_SET),
             PLAN_NUMBER(is_default ? 0 : wanted - 1), PLAN_NUMBER(0), PLAN_NUMBER(0));
}

/* This host may have fewer nodes: then memory comes from anywhere. */
static void plan_policy(struct plan *plan, const Ckpt__Thread *record)
{
    unsigned char nodes[NODES / 8] = {0};
    if (record->memory_nodes.len > 0)
        memcpy(nodes, record->memory_nodes.data, record->memory_nodes.len < sizeof(nodes) ? record->memory_nodes.len : sizeof(nodes));
    uint32_t data = plan_data(plan, nodes, sizeof(nodes), sizeof(uint64_t));
    PLAN_TRY(plan, "thread: memory policy", SYS_set_mempolicy, PLAN_NUMBER(record->memory_policy), PLAN_DATA(data), PLAN_NUMBER(MOST_NODES));
}

static uint32_t own_policy(void)
{
    int policy = 0;
    return syscall(SYS_get_mempolicy, &policy, NULL, 0, NULL, 0) == 0 ? (uint32_t)policy : 0;
}

/* What checkpt has by itself every thread has already. */
void threads_plan_switches(struct plan *plan, const Ckpt__Thread *record)
{
    int time_stamps = PR_TSC_ENABLE;
    prctl(PR_GET_TSC, &time_stamps);
    if (record->keep_capabilities != (prctl(PR_GET_KEEPCAPS) > 0))
        PLAN_TRY(plan, "thread: keeping capabilities", SYS_prctl, PLAN_NUMBER(PR_SET_KEEPCAPS), PLAN_NUMBER(record->keep_capabilities));
    if (record->memory_policy != 0 || own_policy() != 0)
        plan_policy(plan, record);
    if (record->machine_check != 0)
        plan_machine_check(plan, record->machine_check);
    if (record->no_time_stamps != (time_stamps == PR_TSC_SIGSEGV))
        PLAN_CALL(plan, "thread: time stamps", SYS_prctl, PLAN_NUMBER(PR_SET_TSC), PLAN_NUMBER(record->no_time_stamps ? PR_TSC_SIGSEGV : PR_TSC_ENABLE));
    if (record->no_cpuid != (syscall(SYS_arch_prctl, ARCH_GET_CPUID, 0) == 0))
        PLAN_CALL(plan, "thread: CPUID", SYS_arch_prctl, PLAN_NUMBER(ARCH_SET_CPUID), PLAN_NUMBER(record->no_cpuid ? 0 : 1));
}
