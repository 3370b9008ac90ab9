/* What a plan is made of, for the files that build, place, run and print it. */
#ifndef CHECKPT_THAW_PLAN_STATE_H
#define CHECKPT_THAW_PLAN_STATE_H

#include "checkpt/arch/x86_64/interpreter.h"
#include "checkpt/arch/x86_64/sigframe.h"
#include "checkpt/arena.h"
#include "checkpt/thaw/plan.h"
#include "checkpt/thaw/world.h"

#define PLAN_NONE UINT32_MAX
#define PLAN_ARGUMENTS 6

struct plan_hint {
    int error;
    uint32_t text, length; /* in texts */
};
enum { PLAN_HINTS = 2 };

struct plan_step {
    uint8_t kind;            /* INTERPRETER_* */
    uint8_t flags;           /* PLAN_* */
    uint8_t count;           /* of arguments */
    uint8_t number_of_hints;
    uint32_t next;           /* index of the list's next step, PLAN_NONE at its end */
    long number;
    struct plan_arg arguments[PLAN_ARGUMENTS];
    int64_t expected;
    uint32_t what, what_length; /* in texts */
    const char *note;        /* printed before it; NULL */
    const struct plan_hint *hints; /* up to PLAN_HINTS */
};

/* The world's list is run before the leader's; thread N's is lists[N + 1]. */
enum { PLAN_WORLD = 0, PLAN_FIRST_THREAD = 1 };
struct plan_list {
    uint32_t first, last;    /* steps */
    bool started, left;
    struct sigframe_context context; /* where left */
};

struct plan_datum {
    size_t offset, length;   /* in data */
};

struct plan_pointer {        /* 8 bytes of data that become an address */
    size_t offset;           /* in data */
    struct plan_arg target;
    size_t target_offset;
};

struct plan_area {           /* where everything lies once it is sealed; addresses are valid in checkpt too */
    uint64_t start;          /* kept part: code, control block, frames */
    uint64_t control, frames;
    uint64_t rest;           /* anonymous, gone after the barrier: threads, hints, errors, texts, steps, data */
    uint64_t threads, hints, errors, texts, prefix, steps, data;
    uint64_t aside;          /* room for special mappings and the redirected vdso: nothing of it is left in the usual case */
    uint64_t end;
};

struct plan {
    struct arena arena;
    struct plan_step *steps;      size_t step_count, step_room;
    struct plan_list *lists;      size_t list_count, list_room;
    struct plan_datum *data_list; size_t datum_count, datum_room;
    struct plan_pointer *pointers; size_t pointer_count, pointer_room;
    unsigned char *data;          size_t data_size, data_room;
    char *texts;                  size_t texts_size, texts_room;
    size_t current;               /* list that the next call goes to */
    size_t hint_count;
    const char *note;             /* of the next step */
    struct xsave_host xsave;
    struct world world;
    struct plan_area area;        /* start 0: not sealed */
};

/* PLAN_ARG_REGISTER's value. */
static inline uint64_t plan_register(size_t thread, size_t offset)
{
    return (uint64_t)thread << 16 | offset;
}

/* Makes room for `count` elements; ends the program where memory ran out. Returns the array. */
void *plan_room(void *array, size_t *room, size_t count, size_t element);
/* Appends text, ending in `suffix`; returns its offset in texts. */
uint32_t plan_text(struct plan *plan, const char *text, const char *suffix, uint32_t *length);
/* The step that a slot names; a slot is its index. */
struct plan_step *plan_append(struct plan *plan, uint8_t kind, unsigned flags, const char *what, long number);

/* The calls that install the filters of a leader's context; nothing may come behind them. */
void plan_filters(struct plan *plan, const struct plan_context *context);

/* Copies everything to its place, which is mapped already: area is complete. */
void plan_lower(struct plan *plan);

#endif
