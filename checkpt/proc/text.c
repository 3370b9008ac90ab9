#include "checkpt/proc/text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FIRST_ROOM = 16384 };

static char *read_all(int fd, size_t *length)
{
    size_t room = FIRST_ROOM, used = 0;
    char *text = malloc(room);
    while (text != NULL) {
        ssize_t n = read(fd, text + used, room - used - 1);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            free(text);
            return NULL;
        }
        if (n == 0)
            break;
        used += (size_t)n;
        if (room - used < 4096) {
            room *= 2;
            char *bigger = realloc(text, room);
            if (bigger == NULL)
                free(text);
            text = bigger;
        }
    }
    if (text != NULL) {
        text[used] = 0;
        *length = used;
    }
    return text;
}

char *proc_text(int directory, const char *name, size_t *length, struct failure *why)
{
    int fd = openat(directory, name, O_RDONLY | O_CLOEXEC);
    char *text = fd >= 0 ? read_all(fd, length) : NULL;
    if (text == NULL)
        failure_errno(why, "reading %s of /proc", name);
    if (fd >= 0)
        close(fd);
    return text;
}

char *proc_line(char **text)
{
    char *line = *text;
    if (line == NULL || *line == 0)
        return NULL;
    char *end = strchr(line, '\n');
    if (end != NULL)
        *end++ = 0;
    *text = end;
    return line;
}

const char *proc_value(const char *line, const char *key)
{
    size_t length = strlen(key);
    if (strncmp(line, key, length) != 0)
        return NULL;
    line += length;
    while (*line == ' ' || *line == '\t')
        line++;
    return line;
}

static bool is_octal(char c)
{
    return c >= '0' && c <= '7';
}

size_t proc_unescape(char *name)
{
    char *out = name;
    for (const char *in = name; *in != 0; out++) {
        if (in[0] == '\\' && is_octal(in[1]) && is_octal(in[2]) && is_octal(in[3])) {
            *out = (char)((in[1] - '0') * 64 + (in[2] - '0') * 8 + (in[3] - '0'));
            in += 4;
        } else {
            *out = *in++;
        }
    }
    *out = 0;
    return (size_t)(out - name);
}
