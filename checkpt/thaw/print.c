#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/user.h>

#include "checkpt/thaw/print.h"

/* Numbers for results that others use, each sort counted by itself. */
static uint32_t *name_results(const struct plan *plan)
{
    uint32_t *names = calloc(plan->step_count + 1, sizeof(*names));
    uint32_t last[PRINT_RESULTS] = {0};
    if (names == NULL)
        return NULL;
    for (size_t i = 0; i < plan->step_count; i++)
        for (unsigned k = 0; k < plan->steps[i].count; k++)
            if (plan->steps[i].arguments[k].kind == PLAN_ARG_RESULT)
                names[plan->steps[i].arguments[k].value] = 1;
    for (size_t i = 0; i < plan->step_count; i++) {
        const struct print_call *call = print_call_find(plan->steps[i].number);
        if (names[i] != 0)
            names[i] = ++last[call == NULL ? PRINT_RESULT_NUMBER : call->result];
    }
    return names;
}

void print_result_name(struct printer *printer, uint32_t slot)
{
    static const char *const prefixes[PRINT_RESULTS] = {"result", "fd", "tid", "id", "address"};
    const struct print_call *call = print_call_find(printer->plan->steps[slot].number);
    fprintf(printer->out, "%s#%u", prefixes[call == NULL ? PRINT_RESULT_NUMBER : call->result], printer->names[slot]);
}

static void print_outcome(struct printer *printer, uint32_t slot)
{
    const struct plan_step *step = &printer->plan->steps[slot];
    if (step->flags & PLAN_MAY_FAIL)
        fputs(" = ?", printer->out);
    else if (step->flags & PLAN_EXACT && (uint64_t)step->expected > 1u << 20)
        fprintf(printer->out, " = 0x%" PRIx64, (uint64_t)step->expected);
    else if (step->flags & PLAN_EXACT)
        fprintf(printer->out, " = %" PRId64, step->expected);
    if (printer->names[slot] != 0) {
        fputs(step->flags & PLAN_EXACT ? " /* " : " = ", printer->out);
        print_result_name(printer, slot);
        fputs(step->flags & PLAN_EXACT ? " */" : "", printer->out);
    }
    if (step->flags & PLAN_MAY_FAIL)
        fputs(" /* may fail */", printer->out);
}

static void print_call_step(struct printer *printer, uint32_t slot)
{
    const struct plan_step *step = &printer->plan->steps[slot];
    const struct print_call *call = print_call_find(step->number);
    printer->step = step;
    if (call != NULL)
        fprintf(printer->out, "%s(", call->name);
    else
        fprintf(printer->out, "syscall_%ld(", step->number);
    for (unsigned i = 0; i < step->count; i++) {
        fputs(i == 0 ? "" : ", ", printer->out);
        print_argument(printer, call == NULL ? PRINT_ANY : call->kinds[i], &step->arguments[i]);
    }
    fputc(')', printer->out);
    print_outcome(printer, slot);
}

static const char *register_name(size_t offset)
{
    static const char *const names[] = {"r15", "r14", "r13", "r12", "rbp", "rbx", "r11", "r10", "r9", "r8", "rax", "rcx", "rdx", "rsi", "rdi"};
    return offset / sizeof(uint64_t) < sizeof(names) / sizeof(names[0]) ? names[offset / sizeof(uint64_t)] : "?";
}

static void print_store(struct printer *printer, const struct plan_step *step)
{
    const struct plan_arg *address = &step->arguments[0];
    if (address->kind == PLAN_ARG_REGISTER) {
        fprintf(printer->out, "/* thread %" PRIu64 "'s */ %s = ", address->value >> 16, register_name(address->value & 0xffff));
        print_argument(printer, PRINT_ANY, &step->arguments[1]);
        return;
    }
    uint64_t base = address->kind == PLAN_ARG_DATA ? printer->plan->area.data + printer->plan->data_list[address->value].offset : address->value;
    fprintf(printer->out, "*(int *)0x%" PRIx64 " = ", base);
    print_argument(printer, PRINT_ANY, &step->arguments[1]);
    if (step->arguments[2].value != 0)
        fprintf(printer->out, " /* keeping bits 0x%" PRIx64 " */", step->arguments[2].value);
}

static void print_leave(struct printer *printer, const struct plan_list *list)
{
    struct user_regs_struct registers;
    memcpy(&registers, list->context.registers, sizeof(registers));
    if (printer->plan->list_count > PLAN_FIRST_THREAD + 1)
        fputs("/* waits here for all threads */\n", printer->out);
    fputs("rt_sigreturn({mask=", printer->out);
    print_signal_set(printer->out, list->context.signal_mask);
    fprintf(printer->out, "}) /* on at 0x%llx */", registers.rip);
}

static void print_list(struct printer *printer, const struct plan_list *list)
{
    for (uint32_t i = list->first; i != PLAN_NONE; i = printer->plan->steps[i].next) {
        const struct plan_step *step = &printer->plan->steps[i];
        fputs(step->note != NULL ? step->note : "", printer->out);
        if (step->kind == INTERPRETER_STORE)
            print_store(printer, step);
        else if (step->kind == INTERPRETER_GATHER)
            fputs("/* waits until all other threads wait */", printer->out);
        else if (step->kind == INTERPRETER_LEAVE)
            print_leave(printer, list);
        else
            print_call_step(printer, i);
        fputc('\n', printer->out);
    }
}

void plan_print(const struct plan *plan, FILE *out)
{
    struct printer printer = {.plan = plan, .out = out, .names = name_results(plan)};
    if (printer.names == NULL)
        return;
    for (size_t i = PLAN_FIRST_THREAD; i < plan->list_count; i++) {
        if (plan->list_count > PLAN_FIRST_THREAD + 1)
            fprintf(out, "%s/* thread %zu%s */\n", i == PLAN_FIRST_THREAD ? "" : "\n", i - PLAN_FIRST_THREAD, i == PLAN_FIRST_THREAD ? ", the leader" : "");
        print_list(&printer, &plan->lists[i]);
    }
    free(printer.names);
}
