/* Starting a program, resident or not, in the place of this one: the kernel has loaded us as the interpreter of the program's binary, and has laid out a stack for us, which
 * becomes the program's.
 *
 * Freestanding: no C library, no writable data, no relocations, because this code moves itself out of the program's way. */
#ifndef CHECKPT_RESIDENT_START_H
#define CHECKPT_RESIDENT_START_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "checkpt/resident/start_file.h"

/* The stack that the kernel has laid out. */
struct start_stack {
    uint64_t *words;           /* argc, argv[], NULL, envp[], NULL, the auxiliary vector */
    uint64_t argc;
    char **argv, **envp;
    uint64_t *auxv;            /* pairs */
    uint64_t strings_end;      /* of the arguments' and the environment's, which lie one behind the other; 0: not known yet */
};

struct start {
    struct start_stack stack;  /* the program's: our own arguments are taken off */
    const char *path;          /* of the binary */
    int binary;                /* descriptor */
    const struct start_header *header; /* the start file, mapped; NULL */
    uint64_t header_size;
    int image;
    const char *why_not;       /* why it starts the ordinary way */
    bool is_unknown;           /* that is not because of anything about a registration: there is none of this file */
};

/* stack.c */
void stack_read(struct start_stack *stack, uint64_t *words);
/* Takes the first `count` arguments off. */
void stack_shift(struct start_stack *stack, size_t count);
/* An entry of the auxiliary vector; NULL: there is none. */
uint64_t *stack_aux(const struct start_stack *stack, uint64_t type);
/* The program's path instead of ours, where the kernel did not know of it: AT_EXECFN and the thread's name. */
void stack_name(const struct start_stack *stack, const char *path);
/* The program's own layout, with this stack's arguments and environment: PR_SET_MM_MAP. `executable`: the binary, where it may be set. */
void stack_set_layout(const struct start_stack *stack, const struct start_layout *layout, int executable);

enum { START_NAME_MAX = 4096 };
/* own.c: what /proc/self/exe reads as: false where that is no program's name but our own. */
bool own_name(char name[START_NAME_MAX]);
/* Whether it is the name of the file that is open. */
bool own_is_that_of(int fd);

/* lookup.c: opens the start file for the binary, and everything that it depends on is as it was. False with why_not. */
bool lookup(struct start *start);
const void *lookup_array(const struct start_header *header, uint64_t offset);
bool lookup_is_unchanged(int fd, const struct start_identity *then);
/* One more start, for `checkpt resident -l`. */
void lookup_count(const struct start *start);

/* become.c: builds the program's memory and goes on in it. Returns, with why_not and as if nothing had been, where something has changed or is in the way. Runs in a copy
 * of this code. */
void become_resident(struct start *start);

/* ordinary.c: loads the binary and its dynamic linker as the kernel would. Runs in a copy of this code, so that the executable can be set. */
_Noreturn void become_ordinary(struct start *start);

/* log.c: a line to the system's log. */
void log_ordinary(const struct start *start);

/* entry.S */
extern __attribute__((visibility("hidden"))) const char start_code[], start_code_end[]; /* from the linker script: all of us */
_Noreturn void start_jump(uint64_t stack, uint64_t rip, uint64_t rax);

#endif
