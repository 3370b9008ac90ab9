#include <stdio.h>
#include <string.h>

#include "checkpt/thaw/plan_state.h"

enum { ERRNO_END = 134 };

static void *memory(uint64_t address)
{
    return (void *)(uintptr_t)address;
}

static uint64_t step_address(const struct plan *plan, uint32_t index)
{
    return index == PLAN_NONE ? 0 : plan->area.steps + index * sizeof(struct interpreter_step);
}

static size_t size_of_frame(const struct plan *plan, const struct plan_list *list)
{
    return sigframe_size(&plan->xsave, list->context.xsave, list->context.xsave_size);
}

static uint64_t register_address(const struct plan *plan, uint64_t value)
{
    uint64_t frame = plan->area.frames;
    for (size_t i = 0; i < value >> 16; i++)
        frame += size_of_frame(plan, &plan->lists[PLAN_FIRST_THREAD + i]);
    return frame + sigframe_register(value & 0xffff);
}

static uint64_t value_of(const struct plan *plan, const struct plan_arg *arg)
{
    switch ((int)arg->kind) {
    case PLAN_ARG_DATA:
        return plan->area.data + plan->data_list[arg->value].offset;
    case PLAN_ARG_RESULT:
        return step_address(plan, (uint32_t)arg->value) + STEP_RESULT;
    case PLAN_ARG_THREAD:
        return plan->area.threads + arg->value * sizeof(struct interpreter_thread);
    case PLAN_ARG_REGISTER:
        return register_address(plan, arg->value);
    default:
        return arg->value;
    }
}

static void lower_step(const struct plan *plan, const struct plan_step *from, struct interpreter_step *to)
{
    *to = (struct interpreter_step){
        .kind = from->kind,
        .number = (uint32_t)from->number,
        .expected = from->expected,
        .what = {plan->area.texts + from->what, from->what_length},
        .next = step_address(plan, from->next),
    };
    if (from->flags & PLAN_MAY_FAIL)
        to->flags |= INTERPRETER_MAY_FAIL;
    if (from->flags & PLAN_EXACT)
        to->flags |= INTERPRETER_EXACT;
    for (unsigned i = 0; i < from->count; i++) {
        to->arguments[i] = value_of(plan, &from->arguments[i]);
        if (from->arguments[i].kind == PLAN_ARG_RESULT)
            to->indirect |= (uint8_t)(1u << i);
    }
}

static void lower_steps(struct plan *plan)
{
    struct interpreter_step *steps = memory(plan->area.steps);
    struct interpreter_hint *hint = memory(plan->area.hints);
    for (size_t i = 0; i < plan->step_count; i++) {
        const struct plan_step *step = &plan->steps[i];
        lower_step(plan, step, &steps[i]);
        if (step->number_of_hints == 0)
            continue;
        steps[i].hints = (uint64_t)(uintptr_t)hint;
        for (unsigned k = 0; k < step->number_of_hints; k++, hint++) {
            const struct plan_hint *from = &step->hints[k];
            *hint = (struct interpreter_hint){(uint64_t)from->error, {plan->area.texts + from->text, from->length}};
        }
        hint++; /* the end: error 0, as the memory is */
    }
}

static void lower_errors(struct plan *plan)
{
    struct interpreter_text *errors = memory(plan->area.errors);
    for (int i = 0; i < ERRNO_END; i++) {
        const char *text = strerrordesc_np(i), *name = strerrorname_np(i);
        char both[128];
        if (i == 0 || text == NULL || name == NULL)
            snprintf(both, sizeof(both), "an error that this program does not know");
        else
            snprintf(both, sizeof(both), "%s (%s)", text, name);
        uint32_t length;
        errors[i].address = plan->area.texts + plan_text(plan, both, "", &length);
        errors[i].length = length;
    }
}

static struct interpreter_text piece(struct plan *plan, const char *text)
{
    uint32_t length;
    uint32_t offset = plan_text(plan, text, "", &length);
    return (struct interpreter_text){plan->area.texts + offset, length};
}

static void lower_control(struct plan *plan)
{
    const struct plan_area *area = &plan->area;
    struct interpreter_control *control = memory(area->control);
    *control = (struct interpreter_control){
        .total = (uint32_t)(plan->list_count - PLAN_FIRST_THREAD),
        .rest = area->rest,
        .rest_size = area->aside - area->rest,
        .kept = area->start,
        .kept_size = area->rest - area->start,
        .errors = area->errors,
        .error_count = ERRNO_END,
    };
    control->pieces[PIECE_TEXT] = piece(plan, "got 0x");
    control->pieces[PIECE_BETWEEN] = piece(plan, " instead of 0x");
    control->pieces[PIECE_END] = piece(plan, "\n");
}

static void lower_threads(const struct plan *plan)
{
    struct interpreter_thread *threads = memory(plan->area.threads);
    uint64_t frame = plan->area.frames;
    for (size_t i = PLAN_FIRST_THREAD; i < plan->list_count; i++) {
        const struct plan_list *list = &plan->lists[i];
        threads[i - PLAN_FIRST_THREAD] = (struct interpreter_thread){step_address(plan, list->first), frame, plan->area.control};
        sigframe_build(&plan->xsave, memory(frame), frame, &list->context);
        frame += size_of_frame(plan, list);
    }
}

static void lower_data(const struct plan *plan)
{
    if (plan->data_size > 0)
        memcpy(memory(plan->area.data), plan->data, plan->data_size);
    for (size_t i = 0; i < plan->pointer_count; i++) {
        const struct plan_pointer *pointer = &plan->pointers[i];
        uint64_t address = value_of(plan, &pointer->target) + pointer->target_offset;
        memcpy(memory(plan->area.data + pointer->offset), &address, sizeof(address));
    }
}

void plan_lower(struct plan *plan)
{
    memcpy(memory(plan->area.start), interpreter_code, (size_t)(interpreter_code_end - interpreter_code));
    lower_steps(plan);
    lower_errors(plan);
    lower_control(plan);
    lower_threads(plan);
    lower_data(plan);
    memcpy(memory(plan->area.texts), plan->texts, plan->texts_size);
}
