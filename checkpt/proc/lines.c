#include "checkpt/proc/lines.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

bool proc_lines_open(struct proc_lines *lines, int directory, const char *name, struct failure *why)
{
    int fd = openat(directory, name, O_RDONLY | O_CLOEXEC);
    if (fd < 0 && (errno == ENOENT || errno == ESRCH))
        return failure_set(why, "/proc file %s: no such process or thread any more", name);
    if (fd < 0)
        return failure_errno(why, "/proc file %s: opening", name);
    lines->fd = fd;
    lines->name = name;
    lines->start = lines->end = 0;
    lines->at_end = false;
    return true;
}

static void fill(struct proc_lines *lines)
{
    memmove(lines->buffer, lines->buffer + lines->start, lines->end - lines->start);
    lines->end -= lines->start;
    lines->start = 0;
    ssize_t n;
    do
        n = read(lines->fd, lines->buffer + lines->end, PROC_LINE_MAX - lines->end);
    while (n < 0 && errno == EINTR);
    if (n <= 0)
        lines->at_end = true;
    else
        lines->end += (size_t)n;
}

char *proc_lines_next(struct proc_lines *lines)
{
    for (;;) {
        char *line = lines->buffer + lines->start;
        char *newline = memchr(line, '\n', lines->end - lines->start);
        if (newline != NULL) {
            *newline = '\0';
            lines->start = (size_t)(newline + 1 - lines->buffer);
            return line;
        }
        if (lines->at_end || lines->end - lines->start == PROC_LINE_MAX)
            break;
        fill(lines);
    }
    if (lines->start == lines->end)
        return NULL;
    char *last = lines->buffer + lines->start;
    lines->buffer[lines->end] = '\0';
    lines->start = lines->end;
    return last;
}

void proc_lines_close(struct proc_lines *lines)
{
    close(lines->fd);
    lines->fd = -1;
}
