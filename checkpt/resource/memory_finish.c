/* Once everything is in memory: protection, names, advice, locks, seals, and the layout that the kernel keeps of the whole. */
#include <errno.h>
#include <fcntl.h>
#include <linux/prctl.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "checkpt/resource/memory_thaw.h"
#include "checkpt/thaw/rights.h"
#include "checkpt/uapi.h"

#ifndef PR_SET_VMA
#define PR_SET_VMA 0x53564d41 /* 5.17 */
#define PR_SET_VMA_ANON_NAME 0
#endif

static const struct {
    uint32_t advice;
    int call;
} advices[] = {
    {CKPT__ADVICE__ADVICE_SEQUENTIAL, MADV_SEQUENTIAL}, {CKPT__ADVICE__ADVICE_RANDOM, MADV_RANDOM},
    {CKPT__ADVICE__ADVICE_DONTFORK, MADV_DONTFORK},     {CKPT__ADVICE__ADVICE_DONTDUMP, MADV_DONTDUMP},
    {CKPT__ADVICE__ADVICE_WIPEONFORK, MADV_WIPEONFORK}, {CKPT__ADVICE__ADVICE_HUGEPAGE, MADV_HUGEPAGE},
    {CKPT__ADVICE__ADVICE_NOHUGEPAGE, MADV_NOHUGEPAGE}, {CKPT__ADVICE__ADVICE_MERGEABLE, MADV_MERGEABLE},
};

/* DONTFORK and WIPEONFORK change what the program finds; the others only how fast it is, and may be unknown to this kernel. */
static void plan_advice(struct memory_thaw *m, const Ckpt__Mapping *mapping)
{
    const uint32_t must = CKPT__ADVICE__ADVICE_DONTFORK | CKPT__ADVICE__ADVICE_WIPEONFORK;
    for (size_t i = 0; i < sizeof(advices) / sizeof(advices[0]); i++) {
        if ((mapping->advice & advices[i].advice) == 0)
            continue;
        const struct plan_arg arguments[] = {PLAN_NUMBER(mapping->start), PLAN_NUMBER(mapping->end - mapping->start), PLAN_NUMBER(advices[i].call)};
        plan_call(m->thaw->plan, (advices[i].advice & must) != 0 ? 0 : PLAN_MAY_FAIL, 0, memory_what(m, mapping, "advice"), SYS_madvise, arguments, 3);
    }
    for (size_t i = 0; i < mapping->n_guards; i++)
        PLAN_CALL(m->thaw->plan, memory_what(m, mapping, "guard pages (they need Linux 6.13)"), SYS_madvise, PLAN_NUMBER(mapping->guards[i]->start),
                  PLAN_NUMBER(mapping->guards[i]->end - mapping->guards[i]->start), PLAN_NUMBER(MADV_GUARD_INSTALL));
}

static void plan_name(struct memory_thaw *m, const Ckpt__Mapping *mapping)
{
    char name[81] = {0};
    if (mapping->name.len == 0 || mapping->name.len >= sizeof(name))
        return;
    memcpy(name, mapping->name.data, mapping->name.len);
    uint32_t data = plan_data(m->thaw->plan, name, mapping->name.len + 1, 1);
    PLAN_TRY(m->thaw->plan, memory_what(m, mapping, "name"), SYS_prctl, PLAN_NUMBER(PR_SET_VMA), PLAN_NUMBER(PR_SET_VMA_ANON_NAME),
             PLAN_NUMBER(mapping->start), PLAN_NUMBER(mapping->end - mapping->start), PLAN_DATA(data));
}

static void plan_lock(struct memory_thaw *m, const Ckpt__Mapping *mapping)
{
    if ((mapping->flags & MAP_LOCKED) == 0)
        return;
    bool on_fault = (mapping->advice & CKPT__ADVICE__ADVICE_LOCKONFAULT) != 0;
    PLAN_CALL(m->thaw->plan, memory_what(m, mapping, "locking it into memory (raise the limit with ulimit -l)"), SYS_mlock2,
              PLAN_NUMBER(mapping->start), PLAN_NUMBER(mapping->end - mapping->start), PLAN_NUMBER(on_fault ? MLOCK_ONFAULT : 0));
}

static void plan_mapping(struct memory_thaw *m, const Ckpt__Mapping *mapping)
{
    const uint32_t while_filled = PROT_READ | PROT_WRITE;
    if (memory_is_filled(m, mapping) && mapping->protection != while_filled)
        PLAN_CALL(m->thaw->plan, memory_what(m, mapping, "protecting it"), SYS_mprotect, PLAN_NUMBER(mapping->start),
                  PLAN_NUMBER(mapping->end - mapping->start), PLAN_NUMBER(mapping->protection));
    plan_name(m, mapping);
    plan_advice(m, mapping);
    plan_lock(m, mapping);
    if ((mapping->advice & CKPT__ADVICE__ADVICE_SEALED) != 0)
        PLAN_TRY(m->thaw->plan, memory_what(m, mapping, "sealing it"), SYS_mseal, PLAN_NUMBER(mapping->start),
                 PLAN_NUMBER(mapping->end - mapping->start), PLAN_NUMBER(0));
}

static uint32_t layout_data(struct memory_thaw *m)
{
    const struct model *model = m->thaw->model;
    const Ckpt__Layout *layout = model->memory.layout;
    struct prctl_mm_map map = {
        .start_code = layout->start_code, .end_code = layout->end_code, .start_data = layout->start_data, .end_data = layout->end_data,
        .start_brk = layout->start_brk,   .brk = layout->brk,           .start_stack = layout->start_stack, .arg_start = layout->arg_start,
        .arg_end = layout->arg_end,       .env_start = layout->env_start, .env_end = layout->env_end,      .exe_fd = (uint32_t)-1,
        .auxv_size = (uint32_t)model->auxv_size,
    };
    uint32_t data = plan_data(m->thaw->plan, &map, sizeof(map), sizeof(uint64_t));
    if (model->auxv_size > 0) {
        uint32_t auxv = plan_data(m->thaw->plan, model->auxv, model->auxv_size, sizeof(uint64_t));
        plan_pointer(m->thaw->plan, data, offsetof(struct prctl_mm_map, auxv), auxv, 0);
    }
    return data;
}

static void plan_set_layout(struct memory_thaw *m, uint32_t data, unsigned flags, const char *what)
{
    const struct plan_arg arguments[] = {PLAN_NUMBER(PR_SET_MM), PLAN_NUMBER(PR_SET_MM_MAP), PLAN_DATA(data), PLAN_NUMBER(sizeof(struct prctl_mm_map)),
                                         PLAN_NUMBER(0)};
    plan_call(m->thaw->plan, flags, 0, what, SYS_prctl, arguments, sizeof(arguments) / sizeof(arguments[0]));
}

/* Without rights /proc/PID/exe stays checkpt's; the rest is set all the same. */
static void plan_layout(struct memory_thaw *m)
{
    struct plan *plan = m->thaw->plan;
    const Ckpt__File *exe = model_file(m->thaw->model, m->thaw->model->process.executable);
    if (m->thaw->model->memory.layout == NULL)
        return;
    uint32_t data = layout_data(m);
    plan_set_layout(m, data, 0, "layout of memory (PR_SET_MM_MAP; the kernel needs CONFIG_CHECKPOINT_RESTORE)");
    if (exe == NULL || exe->deleted || exe->path.len == 0 || !rights_checkpoint_restore())
        return;
    char path[4096 + 1] = {0};
    memcpy(path, exe->path.data, exe->path.len);
    uint32_t path_data = plan_data(plan, path, exe->path.len + 1, 1);
    uint32_t fd = PLAN_CALL(plan, "executable: opening", SYS_openat, PLAN_NUMBER(AT_FDCWD), PLAN_DATA(path_data), PLAN_NUMBER(O_RDONLY | O_CLOEXEC));
    plan_store_data(plan, plan_data_part(plan, data, offsetof(struct prctl_mm_map, exe_fd), sizeof(uint32_t)), PLAN_RESULT(fd), 0);
    plan_set_layout(m, data, PLAN_MAY_FAIL, "executable");
    PLAN_CALL(plan, "executable: closing", SYS_close, PLAN_RESULT(fd));
}

void memory_plan_finish(struct memory_thaw *m)
{
    const Ckpt__Memory *memory = &m->thaw->model->memory;
    for (size_t i = 0; i < memory->n_mappings; i++)
        if (!memory->mappings[i]->special)
            plan_mapping(m, memory->mappings[i]);
    plan_layout(m);
    if (memory->lock_future)
        PLAN_CALL(m->thaw->plan, "memory: locking what comes (raise the limit with ulimit -l)", SYS_mlockall,
                  PLAN_NUMBER(MCL_FUTURE | (memory->lock_future_on_fault ? MCL_ONFAULT : 0)));
}
