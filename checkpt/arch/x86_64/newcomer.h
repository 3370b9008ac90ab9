/* A program that has just begun is led round by the listener: the bytes behind the system call that its thread waits in become a jump to a
 * detour, in the padding of its code. There it maps a page and calls the listener, which puts the bytes back and fills the page; in the
 * page it gives itself the handlers of default_action.h, and goes on behind the call. Should the listener be gone it puts the bytes back
 * itself. The thread is the only one of its process. */
#ifndef CHECKPT_ARCH_NEWCOMER_H
#define CHECKPT_ARCH_NEWCOMER_H

#define NEWCOMER_CALL 0x2009 /* SYS_newcomer */
#define NEWCOMER_JUMP_SIZE 14
#define NEWCOMER_PAGE_SIZE 4096
#define NEWCOMER_ROOM 320 /* at most, for all of the detour */

/* Offsets in struct newcomer_detour. */
#define NEWCOMER_DISPLACED 0
#define NEWCOMER_HOME 16
#define NEWCOMER_START 24
#define NEWCOMER_LENGTH 32
#define NEWCOMER_PROTECTION 40
#define NEWCOMER_CLEAN 48
#define NEWCOMER_DETOUR_SIZE 56

/* Offsets in struct newcomer_page. */
#define NEWCOMER_ACTION 0
#define NEWCOMER_BACK 32
#define NEWCOMER_FREED 40
#define NEWCOMER_UNCLEAN 48
#define NEWCOMER_NAME 56
#define NEWCOMER_PAGE_DATA_SIZE 88

#ifndef __ASSEMBLER__
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What lies behind the detour's code. */
struct newcomer_detour {
    unsigned char displaced[16];         /* the NEWCOMER_JUMP_SIZE bytes that were at `home` */
    uint64_t home;                       /* behind the system call */
    uint64_t start, length, protection;  /* the pages that these bytes lie in */
    uint64_t clean;                      /* 1: the detour is to be wiped in the end */
};

/* What lies behind the page's code. */
struct newcomer_page {
    struct {
        uint64_t handler, flags, restorer, mask;
    } action;                            /* the kernel's struct sigaction */
    uint64_t back;                       /* where the thread goes on */
    uint64_t freed;                      /* signals to unblock, as a mask */
    uint64_t unclean;                    /* address of the detour's struct; 0: it may stay */
    char name[32];
};

/* Code and struct. The detour is position-independent, and ends 8-aligned where it begins so. */
extern const unsigned char newcomer_detour[], newcomer_detour_end[], newcomer_page[], newcomer_page_end[];
static inline size_t newcomer_detour_code(void) { return (size_t)(newcomer_detour_end - newcomer_detour); }
static inline size_t newcomer_page_code(void) { return (size_t)(newcomer_page_end - newcomer_page); }

/* The jump to `to`, and whether bytes begin one. */
void newcomer_jump(unsigned char jump[NEWCOMER_JUMP_SIZE], uint64_t to);
bool newcomer_is_jump(const unsigned char *bytes);
/* Fills NEWCOMER_PAGE_SIZE bytes with the page's code and data, for a page at `page`. */
void newcomer_page_build(unsigned char *bytes, uint64_t page, const struct newcomer_detour *detour, uint64_t unclean, uint64_t freed);
#endif

#endif
