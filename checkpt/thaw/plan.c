#include "checkpt/thaw/plan.h"

#include <errno.h>
#include <linux/sched.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "checkpt/arch/x86_64/segments.h"
#include "checkpt/thaw/plan_state.h"

enum { FIRST_ROOM = 64 };
#define THREAD_FLAGS (CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM)

void *plan_room(void *array, size_t *room, size_t count, size_t element)
{
    if (count <= *room)
        return array;
    size_t grown = *room == 0 ? FIRST_ROOM : *room;
    while (grown < count)
        grown *= 2;
    array = reallocarray(array, grown, element);
    if (array == NULL) {
        fputs("checkpt: out of memory\n", stderr);
        exit(1);
    }
    *room = grown;
    return array;
}

static struct plan_list *list(struct plan *plan, size_t index)
{
    plan->lists = plan_room(plan->lists, &plan->list_room, index + 1, sizeof(*plan->lists));
    for (; plan->list_count <= index; plan->list_count++)
        plan->lists[plan->list_count] = (struct plan_list){.first = PLAN_NONE, .last = PLAN_NONE};
    return &plan->lists[index];
}

struct plan *plan_create(void)
{
    struct plan *plan = calloc(1, sizeof(*plan));
    if (plan == NULL) {
        fputs("checkpt: out of memory\n", stderr);
        exit(1);
    }
    list(plan, PLAN_FIRST_THREAD)->started = true;
    plan->current = PLAN_FIRST_THREAD;
    return plan;
}

void plan_destroy(struct plan *plan)
{
    if (plan == NULL)
        return;
    if (plan->area.start != 0)
        munmap((void *)(uintptr_t)plan->area.start, plan->area.end - plan->area.start);
    for (size_t i = 0; i < plan->world.held_count; i++)
        munmap((void *)(uintptr_t)plan->world.held[i].start, plan->world.held[i].end - plan->world.held[i].start);
    world_deinit(&plan->world);
    arena_deinit(&plan->arena);
    free(plan->steps);
    free(plan->lists);
    free(plan->data_list);
    free(plan->pointers);
    free(plan->data);
    free(plan->texts);
    free(plan);
}

uint32_t plan_data(struct plan *plan, const void *bytes, size_t length, size_t alignment)
{
    size_t offset = (plan->data_size + alignment - 1) / alignment * alignment;
    plan->data = plan_room(plan->data, &plan->data_room, offset + length, 1);
    memset(plan->data + plan->data_size, 0, offset - plan->data_size);
    if (bytes == NULL)
        memset(plan->data + offset, 0, length);
    else
        memcpy(plan->data + offset, bytes, length);
    plan->data_size = offset + length;
    plan->data_list = plan_room(plan->data_list, &plan->datum_room, plan->datum_count + 1, sizeof(*plan->data_list));
    plan->data_list[plan->datum_count] = (struct plan_datum){offset, length};
    return (uint32_t)plan->datum_count++;
}

uint32_t plan_data_part(struct plan *plan, uint32_t handle, size_t offset, size_t length)
{
    plan->data_list = plan_room(plan->data_list, &plan->datum_room, plan->datum_count + 1, sizeof(*plan->data_list));
    plan->data_list[plan->datum_count] = (struct plan_datum){plan->data_list[handle].offset + offset, length};
    return (uint32_t)plan->datum_count++;
}

static void point(struct plan *plan, uint32_t handle, size_t offset, struct plan_arg target, size_t target_offset)
{
    plan->pointers = plan_room(plan->pointers, &plan->pointer_room, plan->pointer_count + 1, sizeof(*plan->pointers));
    plan->pointers[plan->pointer_count++] = (struct plan_pointer){plan->data_list[handle].offset + offset, target, target_offset};
}

void plan_pointer(struct plan *plan, uint32_t handle, size_t offset, uint32_t target, size_t target_offset)
{
    point(plan, handle, offset, PLAN_DATA(target), target_offset);
}

void plan_thread(struct plan *plan, size_t thread)
{
    plan->current = PLAN_FIRST_THREAD + thread;
    list(plan, plan->current);
}

uint32_t plan_text(struct plan *plan, const char *text, const char *suffix, uint32_t *length)
{
    size_t head = strlen(text), tail = strlen(suffix);
    plan->texts = plan_room(plan->texts, &plan->texts_room, plan->texts_size + head + tail, 1);
    memcpy(plan->texts + plan->texts_size, text, head);
    memcpy(plan->texts + plan->texts_size + head, suffix, tail);
    uint32_t offset = (uint32_t)plan->texts_size;
    plan->texts_size += head + tail;
    *length = (uint32_t)(head + tail);
    return offset;
}

struct plan_step *plan_append(struct plan *plan, uint8_t kind, unsigned flags, const char *what, long number)
{
    plan->steps = plan_room(plan->steps, &plan->step_room, plan->step_count + 1, sizeof(*plan->steps));
    uint32_t index = (uint32_t)plan->step_count++;
    struct plan_step *step = &plan->steps[index];
    *step = (struct plan_step){.kind = kind, .flags = (uint8_t)flags, .next = PLAN_NONE, .number = number, .note = plan->note};
    plan->note = NULL;
    if (what != NULL)
        step->what = plan_text(plan, what, ": ", &step->what_length);
    struct plan_list *to = &plan->lists[plan->current];
    if (to->first == PLAN_NONE)
        to->first = index;
    else
        plan->steps[to->last].next = index;
    to->last = index;
    return step;
}

uint32_t plan_call(struct plan *plan, unsigned flags, int64_t expected, const char *what, long number, const struct plan_arg *arguments, size_t count)
{
    struct plan_step *step = plan_append(plan, INTERPRETER_CALL, flags, what, number);
    step->expected = expected;
    step->count = (uint8_t)(count < PLAN_ARGUMENTS ? count : PLAN_ARGUMENTS);
    memcpy(step->arguments, arguments, step->count * sizeof(*arguments));
    return (uint32_t)(step - plan->steps);
}

void plan_move(struct plan *plan, uint64_t from, uint64_t size, uint64_t to, const char *what)
{
    PLAN_EXPECT(plan, to, what, SYS_mremap, PLAN_NUMBER(from), PLAN_NUMBER(size), PLAN_NUMBER(size), PLAN_NUMBER(MREMAP_MAYMOVE | MREMAP_FIXED),
                PLAN_NUMBER(to));
}

void plan_note(struct plan *plan, const char *format, ...)
{
    char text[256];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    plan->note = arena_printf(&plan->arena, "%s/* %s */\n", plan->note != NULL ? plan->note : "", text);
}

static void store(struct plan *plan, struct plan_arg address, struct plan_arg value, uint32_t keep)
{
    struct plan_step *step = plan_append(plan, INTERPRETER_STORE, 0, NULL, -1);
    step->count = 3;
    step->arguments[0] = address;
    step->arguments[1] = value;
    step->arguments[2] = PLAN_NUMBER(keep);
}

void plan_store(struct plan *plan, uint64_t address, struct plan_arg value, uint32_t keep)
{
    store(plan, PLAN_NUMBER(address), value, keep);
}

void plan_store_data(struct plan *plan, uint32_t handle, struct plan_arg value, uint32_t keep)
{
    store(plan, PLAN_DATA(handle), value, keep);
}

void plan_store_register(struct plan *plan, size_t thread, size_t offset, struct plan_arg value, uint32_t keep)
{
    store(plan, (struct plan_arg){PLAN_ARG_REGISTER, plan_register(thread, offset)}, value, keep);
}

/* clone(2) will do where any id is good, and is allowed where clone3(2) is filtered. */
static void start_with_any_tid(struct plan *plan, size_t thread, const char *what)
{
    struct plan_step *step = plan_append(plan, INTERPRETER_START, 0, what, SYS_clone);
    step->count = 5;
    step->arguments[0] = PLAN_NUMBER(THREAD_FLAGS);
    step->arguments[1] = (struct plan_arg){PLAN_ARG_THREAD, thread};
}

static const struct plan_hint *tid_hints(struct plan *plan, int32_t tid)
{
    struct plan_hint hints[PLAN_HINTS] = {{.error = EEXIST}, {.error = EPERM}};
    const char *taken = arena_printf(&plan->arena, "thread id %d is taken; without --pid the threads get new ids", tid);
    hints[0].text = plan_text(plan, taken, "", &hints[0].length);
    hints[1].text = plan_text(plan, "choosing thread ids needs CAP_CHECKPOINT_RESTORE; without --pid the threads get new ids", "", &hints[1].length);
    return arena_copy(&plan->arena, hints, sizeof(hints));
}

static void start_with_tid(struct plan *plan, size_t thread, int32_t tid, const char *what)
{
    /* The stack "ends" at the thread's block, which is where the kernel puts the stack pointer. */
    struct clone_args args = {.flags = THREAD_FLAGS, .set_tid_size = 1, .stack_size = sizeof(struct interpreter_thread)};
    uint32_t tid_data = plan_data(plan, &tid, sizeof(tid), sizeof(tid));
    uint32_t data = plan_data(plan, &args, sizeof(args), sizeof(uint64_t));
    point(plan, data, offsetof(struct clone_args, set_tid), PLAN_DATA(tid_data), 0);
    point(plan, data, offsetof(struct clone_args, stack), (struct plan_arg){PLAN_ARG_THREAD, thread}, -sizeof(struct interpreter_thread));
    struct plan_step *step = plan_append(plan, INTERPRETER_START, PLAN_EXACT, what, SYS_clone3);
    step->expected = tid;
    step->count = 2;
    step->arguments[0] = PLAN_DATA(data);
    step->arguments[1] = PLAN_NUMBER(sizeof(args));
    step->hints = tid_hints(plan, tid);
    step->number_of_hints = PLAN_HINTS;
    plan->hint_count += PLAN_HINTS + 1;
}

uint32_t plan_start_thread(struct plan *plan, size_t thread, int32_t set_tid, const char *what)
{
    size_t current = plan->current;
    list(plan, PLAN_FIRST_THREAD + thread)->started = true;
    plan->current = PLAN_FIRST_THREAD;
    if (set_tid == 0)
        start_with_any_tid(plan, thread, what);
    else
        start_with_tid(plan, thread, set_tid, what);
    uint32_t slot = (uint32_t)plan->step_count - 1;
    plan->current = current;
    return slot;
}

void plan_leave(struct plan *plan, size_t thread, const struct plan_context *context)
{
    size_t current = plan->current;
    plan_thread(plan, thread);
    segments_plan(plan, context->registers, context->xsave, context->xsave_size);
    plan_filters(plan, context);
    struct plan_list *leaving = &plan->lists[plan->current];
    leaving->left = true;
    leaving->context = (struct sigframe_context){
        .registers = arena_copy(&plan->arena, context->registers, SIGFRAME_REGISTERS_SIZE),
        .xsave = arena_copy(&plan->arena, context->xsave, context->xsave_size),
        .xsave_size = context->xsave_size,
        .signal_mask = context->signal_mask,
        .stack_address = context->stack_address,
        .stack_size = context->stack_size,
        .stack_flags = context->stack_flags,
    };
    plan_append(plan, INTERPRETER_LEAVE, 0, NULL, SYS_rt_sigreturn);
    plan->current = current;
}

void plan_reserve(struct plan *plan, uint64_t start, uint64_t end)
{
    world_reserve(&plan->world, start, end);
}

void plan_vdso(struct plan *plan, uint64_t start, uint64_t end, uint64_t vdso_start, const void *bytes, size_t size)
{
    struct world *world = &plan->world;
    free(world->old_text);
    world->old_text = malloc(size + 1);
    if (world->old_text == NULL || size > end - vdso_start)
        size = 0;
    else
        memcpy(world->old_text, bytes, size);
    world->old_text_size = size;
    world->old_special = (struct world_range){start, end};
    world->old_vdso = vdso_start;
    world_reserve(world, start, end);
}
