/* What the parts of the pipes victim offer: each makes its pipes, demands every round what can be seen without changing them, and in the end takes them apart. */
#ifndef TESTS_VICTIMS_PIPES_H
#define TESTS_VICTIMS_PIPES_H

#include "tests/victims/victim.h"

/* What lies unread in pipes, as a stream or packets, and how much has room. */
void unread_make(void);
void unread_check(void);
void unread_end(void);

/* Ends: flags, numbers, several open files of one, gone ones, who is told. */
void ends_make(void);
void ends_check(void);
void ends_end(void);

/* FIFOs. */
void fifos_make(void);
void fifos_check(void);
void fifos_end(void);

/* Threads that wait in read(2), write(2) and poll(2). */
void waiting_make(void);
void waiting_check(void);

int unread_in(int fd);
void make_pipe(int ends[2], int flags);
void put(int fd, const void *bytes, size_t length);
/* Reads once, and demands `expected` bytes. */
void take(int fd, void *room, size_t length, size_t expected, const char *what);

#endif
