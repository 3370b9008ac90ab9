/* The lines of a file in /proc, one at a time, in constant memory. */
#ifndef CHECKPT_PROC_LINES_H
#define CHECKPT_PROC_LINES_H

#include <stddef.h>

#include "checkpt/failure.h"

enum { PROC_LINE_MAX = 32768 }; /* the longest: a path of 4096 bytes, each escaped as \ooo */

struct proc_lines {
    int fd;
    const char *name;  /* for sentences; borrowed */
    size_t start, end; /* of what is read and not handed out */
    bool at_end;
    char buffer[PROC_LINE_MAX + 1];
};

/* Opens `name` below the /proc/PID directory. Sentences: "/proc file status: …". */
bool proc_lines_open(struct proc_lines *lines, int directory, const char *name, struct failure *why);
/* The next line without its newline, valid until the next call; NULL at the end of the file. A read error counts as its end: files of a process
 * that exits meanwhile end early, and readers check that they have seen what they need. */
char *proc_lines_next(struct proc_lines *lines);
void proc_lines_close(struct proc_lines *lines);

#endif
