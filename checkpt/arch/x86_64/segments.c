#include "checkpt/arch/x86_64/segments.h"

#include <asm/prctl.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/user.h>

#include "checkpt/arch/x86_64/xsave.h"
#include "checkpt/thaw/plan.h"

#ifndef ARCH_REQ_XCOMP_PERM
#define ARCH_REQ_XCOMP_PERM 0x1023
#endif

void segments_plan(struct plan *plan, const void *area, const void *xsave, size_t xsave_size)
{
    struct user_regs_struct registers;
    memcpy(&registers, area, sizeof(registers));
    if (xsave_in_use(xsave, xsave_size) >> XSAVE_TILE_DATA & 1)
        PLAN_CALL(plan, "registers: asking leave for tile data", SYS_arch_prctl, PLAN_NUMBER(ARCH_REQ_XCOMP_PERM), PLAN_NUMBER(XSAVE_TILE_DATA));
    PLAN_CALL(plan, "registers: setting the FS base", SYS_arch_prctl, PLAN_NUMBER(ARCH_SET_FS), PLAN_NUMBER(registers.fs_base));
    if (registers.gs_base != 0)
        PLAN_CALL(plan, "registers: setting the GS base", SYS_arch_prctl, PLAN_NUMBER(ARCH_SET_GS), PLAN_NUMBER(registers.gs_base));
}
