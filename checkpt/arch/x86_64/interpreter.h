/* The interpreter of a plan: position-independent code that runs lists of system calls with nothing else mapped. It uses no stack and no
 * memory but what is laid out here, so that it can take down the world it was started from.
 *
 * The image of it (interpreter_code … interpreter_code_end) is copied to its place and entered at +interpreter_entry_offset with the address of a
 * struct interpreter_thread. It does not return: every list ends in INTERPRETER_LEAVE, every failure in exit_group(1). */
#ifndef CHECKPT_ARCH_INTERPRETER_H
#define CHECKPT_ARCH_INTERPRETER_H

#define INTERPRETER_CALL 0
#define INTERPRETER_STORE 1  /* *(u32 *)[0] = (*(u32 *)[0] & [2]) | ([1] & ~[2]) */
#define INTERPRETER_START 2  /* a clone: the child goes on with the struct interpreter_thread that its stack pointer points at */
#define INTERPRETER_GATHER 4 /* waits until all other lists are at their end */
#define INTERPRETER_LEAVE 3  /* barrier, then rt_sigreturn */

#define INTERPRETER_MAY_FAIL 1
#define INTERPRETER_EXACT 2

/* Offsets, for the assembler; the compiler holds them against the structures. */
#define STEP_KIND 0
#define STEP_FLAGS 1
#define STEP_INDIRECT 2
#define STEP_NUMBER 4
#define STEP_ARGUMENTS 8
#define STEP_EXPECTED 56
#define STEP_RESULT 64
#define STEP_WHAT 72
#define STEP_HINTS 88
#define STEP_NEXT 96

#define THREAD_FIRST 0
#define THREAD_FRAME 8
#define THREAD_CONTROL 16

#define CONTROL_ARRIVED 0
#define CONTROL_GO 4
#define CONTROL_TOTAL 8
#define CONTROL_FAILING 12
#define CONTROL_REST 16
#define CONTROL_REST_SIZE 24
#define CONTROL_KEPT 32
#define CONTROL_KEPT_SIZE 40
#define CONTROL_ERRORS 48
#define CONTROL_ERROR_COUNT 56
#define CONTROL_PIECES 64
#define CONTROL_DIGITS 176

#define PIECE_PREFIX 0
#define PIECE_WHAT 1
#define PIECE_TEXT 2
#define PIECE_GOT 3
#define PIECE_BETWEEN 4
#define PIECE_WANTED 5
#define PIECE_END 6
#define PIECE_COUNT 7

#ifndef __ASSEMBLER__
#include <stdint.h>

struct interpreter_text { /* also a struct iovec */
    uint64_t address, length;
};

struct interpreter_hint { /* another text for one errno of one step; an array ends with error 0 */
    uint64_t error;
    struct interpreter_text text;
};

struct interpreter_step {
    uint8_t kind, flags;
    uint8_t indirect;      /* bit n: argument n is the address of the value */
    uint8_t unused;
    uint32_t number;       /* of the system call */
    uint64_t arguments[6];
    int64_t expected;      /* INTERPRETER_EXACT */
    int64_t result;        /* out */
    struct interpreter_text what;
    uint64_t hints;        /* address of struct interpreter_hint[], 0 for none */
    uint64_t next;         /* address of the list's next step */
};

struct interpreter_thread {
    uint64_t first;        /* address of the list's first step */
    uint64_t frame;        /* address of its signal frame */
    uint64_t control;      /* address of the only struct interpreter_control */
};

/* Lies with the code and the frames in the kept part, which stays mapped. */
struct interpreter_control {
    uint32_t arrived, go;  /* barrier: how many lists have come to their end; 1: on with the program */
    uint32_t total;        /* lists in all */
    uint32_t failing;      /* somebody is already reporting */
    uint64_t rest, rest_size; /* unmapped at the barrier */
    uint64_t kept, kept_size; /* made read-only at the barrier */
    uint64_t errors, error_count; /* struct interpreter_text[], by errno */
    struct interpreter_text pieces[PIECE_COUNT]; /* of the message; WHAT, TEXT, GOT, WANTED are filled on failure */
    char digits[2][16];
};

extern const char interpreter_code[], interpreter_code_end[], interpreter_entry[];

#define INTERPRETER_AT(type, member, offset) _Static_assert(__builtin_offsetof(struct type, member) == (offset), #member)
INTERPRETER_AT(interpreter_step, flags, STEP_FLAGS);
INTERPRETER_AT(interpreter_step, indirect, STEP_INDIRECT);
INTERPRETER_AT(interpreter_step, number, STEP_NUMBER);
INTERPRETER_AT(interpreter_step, arguments, STEP_ARGUMENTS);
INTERPRETER_AT(interpreter_step, expected, STEP_EXPECTED);
INTERPRETER_AT(interpreter_step, result, STEP_RESULT);
INTERPRETER_AT(interpreter_step, what, STEP_WHAT);
INTERPRETER_AT(interpreter_step, hints, STEP_HINTS);
INTERPRETER_AT(interpreter_step, next, STEP_NEXT);
INTERPRETER_AT(interpreter_thread, frame, THREAD_FRAME);
INTERPRETER_AT(interpreter_thread, control, THREAD_CONTROL);
INTERPRETER_AT(interpreter_control, go, CONTROL_GO);
INTERPRETER_AT(interpreter_control, total, CONTROL_TOTAL);
INTERPRETER_AT(interpreter_control, failing, CONTROL_FAILING);
INTERPRETER_AT(interpreter_control, rest, CONTROL_REST);
INTERPRETER_AT(interpreter_control, kept, CONTROL_KEPT);
INTERPRETER_AT(interpreter_control, errors, CONTROL_ERRORS);
INTERPRETER_AT(interpreter_control, pieces, CONTROL_PIECES);
INTERPRETER_AT(interpreter_control, digits, CONTROL_DIGITS);
#endif

#endif
