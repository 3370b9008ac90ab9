#include "checkpt/run/terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { NAME_MAX_BYTES = 64 };

static bool open_pair(struct terminal *terminal, struct failure *why)
{
    char name[NAME_MAX_BYTES];
    terminal->master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
    if (terminal->master < 0 || grantpt(terminal->master) != 0 || unlockpt(terminal->master) != 0 ||
        ptsname_r(terminal->master, name, sizeof(name)) != 0)
        return failure_errno(why, "making a terminal for the program");
    terminal->slave = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);
    return terminal->slave >= 0 || failure_errno(why, "%s", name);
}

bool terminal_open(struct terminal *terminal, int user, struct failure *why)
{
    struct termios modes;
    *terminal = (struct terminal){.user = -1, .master = -1, .slave = -1};
    terminal->user = fcntl(user, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    if (terminal->user < 0 || tcgetattr(terminal->user, &modes) != 0)
        return failure_errno(why, "reading the terminal's modes");
    if (!open_pair(terminal, why))
        return false;
    if (tcsetattr(terminal->slave, TCSANOW, &modes) != 0)
        return failure_errno(why, "setting the modes of the program's terminal");
    terminal_copy_size(terminal);
    return true;
}

static void close_one(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

void terminal_close(struct terminal *terminal)
{
    close_one(&terminal->user);
    close_one(&terminal->master);
    close_one(&terminal->slave);
}

void terminal_copy_size(const struct terminal *terminal)
{
    struct winsize size;
    if (ioctl(terminal->user, TIOCGWINSZ, &size) == 0)
        ioctl(terminal->master, TIOCSWINSZ, &size);
}

bool terminal_take(struct terminal *terminal)
{
    struct termios modes;
    if (tcgetpgrp(terminal->user) != getpgrp())
        return terminal->raw = false;
    terminal_copy_size(terminal);
    if (tcgetattr(terminal->user, &modes) != 0)
        return false;
    cfmakeraw(&modes);
    terminal->raw = tcsetattr(terminal->user, TCSADRAIN, &modes) == 0;
    return terminal->raw;
}

void terminal_give_back(struct terminal *terminal)
{
    struct termios modes;
    if (terminal->raw && tcgetattr(terminal->master, &modes) == 0)
        tcsetattr(terminal->user, TCSADRAIN, &modes);
    terminal->raw = false;
}

size_t terminal_find(const struct terminal *terminal, struct terminal_quote *quote, int character, const unsigned char *typed, size_t count)
{
    struct termios modes;
    if (character < 0 || tcgetattr(terminal->master, &modes) != 0 || (modes.c_lflag & ISIG) == 0) {
        quote->quoted = false;
        return count;
    }
    bool may_quote = (modes.c_lflag & (ICANON | IEXTEN)) == (ICANON | IEXTEN) && modes.c_cc[VLNEXT] != _POSIX_VDISABLE;
    for (size_t i = 0; i < count; i++) {
        if (quote->quoted)
            quote->quoted = false;
        else if (typed[i] == character)
            return i;
        else
            quote->quoted = may_quote && typed[i] == modes.c_cc[VLNEXT];
    }
    return count;
}
